"""A load generator for one core: keep-alive connections that each send the next request when the answer is whole.

Reads what to do as JSON from standard input and tells on standard output what it saw. Speaks just as much HTTP/1.1 as our answers need:
a status line, `Content-Length` or an answer without body.
"""

import asyncio
import json
import re
import sys
import time
from collections import Counter
from itertools import cycle

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Client(asyncio.Protocol):
    def __init__(self, requests: "cycle[bytes]", until: float, done: "asyncio.Future[None]") -> None:
        self.requests, self.until, self.done = requests, until, done
        self.buffer = b""
        self.times: list[float] = []
        self.statuses: Counter[str] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = LENGTH.search(self.buffer, 0, end)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self.buffer) < whole:
            return
        now = time.perf_counter()
        self.times.append(now - self.sent)
        self.statuses[self.buffer[9:12].decode()] += 1
        self.buffer = self.buffer[whole:]
        if now < self.until:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def _ask(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(next(self.requests))  # type: ignore[attr-defined]


def requests_of(asked: dict) -> "cycle[bytes]":  # type: ignore[type-arg]
    headers = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "127.0.0.1", **asked["headers"]}.items())
    return cycle([f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode() for path in asked["paths"]])


async def drive(asked: dict) -> dict:  # type: ignore[type-arg]
    loop = asyncio.get_running_loop()
    requests, begun = requests_of(asked), time.perf_counter()
    clients, ends = [], []
    for _ in range(asked["connections"]):
        done = loop.create_future()
        _, client = await loop.create_connection(
            lambda done=done: Client(requests, begun + asked["seconds"], done), "127.0.0.1", asked["port"]
        )
        clients.append(client)
        ends.append(done)
    await asyncio.gather(*ends)
    times = sorted(one for client in clients for one in client.times)
    statuses = sum((client.statuses for client in clients), Counter())
    return {
        "answers": len(times),
        "seconds": time.perf_counter() - begun,
        "p50_ms": times[len(times) // 2] * 1000,
        "p99_ms": times[int(len(times) * 0.99)] * 1000,
        "statuses": statuses,
    }


if __name__ == "__main__":
    import uvloop

    json.dump(uvloop.run(drive(json.load(sys.stdin))), sys.stdout)
