"""Hot reads: what an answer that is kept costs, beside a server that does nothing but send the same bytes.

    .venv/bin/python benchmarks/reads.py --database sqlite:////tmp/evidence.sqlite3       # a seeded database

Ratios of the server's CPU time in one run: rounds interleaved, median of the rounds. Above 1: the product is cheaper.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.serving import Server, drive, serve_peer, serve_product

PATH = "/v1/conditions/migraine"
PACKED = {"Accept-Encoding": "gzip"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--database", required=True)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    given = options.parse_args()
    with ExitStack() as stack:
        product = stack.enter_context(serve_product(given.database))
        body, tag = fetch(product)
        floor = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".gz"))
        floor.write(body)
        floor.flush()
        place = {"FLOOR_BODY": floor.name}
        bare = stack.enter_context(serve_peer("benchmarks.peers.floors:bare", place))
        starlette = stack.enter_context(serve_peer("benchmarks.peers.floors:starlette", place))
        asked: dict[str, tuple[Server, dict[str, str]]] = {
            "product": (product, PACKED),
            "product 304": (product, {**PACKED, "If-None-Match": tag}),
            "bare ASGI": (bare, PACKED),
            "Starlette route": (starlette, PACKED),
        }
        costs: dict[str, list[float]] = {name: [] for name in asked}
        for server, headers in asked.values():
            drive(server, [PATH], seconds=0.5, headers=headers)
        for _ in range(given.rounds):
            for name, (server, headers) in asked.items():
                driven = drive(server, [PATH], seconds=given.seconds, headers=headers)
                if set(driven.statuses) - {"200", "304"}:
                    raise SystemExit(f"{name} answered {dict(driven.statuses)}")
                costs[name].append(driven.cpu_us)
    say(f"{len(body)} bytes packed; CPU of the server, median of {given.rounds} rounds (range)")
    for name, values in costs.items():
        say(f"  {name:<16} {median(values):6.1f} us ({min(values):.1f} to {max(values):.1f})")
    for ours in ("product", "product 304"):
        for floor_name in ("Starlette route", "bare ASGI"):
            ratios = [floor_cost / own for own, floor_cost in zip(costs[ours], costs[floor_name], strict=True)]
            say(f"  {ours} against {floor_name}: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    return 0


def fetch(server: Server) -> tuple[bytes, str]:
    """The bytes as they travel, and their tag."""
    with httpx.stream("GET", f"http://127.0.0.1:{server.port}{PATH}", headers=PACKED) as response:
        return b"".join(response.iter_raw()), response.headers["ETag"]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
