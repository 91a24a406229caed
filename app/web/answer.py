"""What leaves through the door: the answer's own headers, those that every answer carries, and no body after HEAD.

Works on raw header pairs, because it runs on every answer.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders

from app.web.security_headers import content_security_policy
from app.web.server_timing import Timing

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
RawHeaders = list[tuple[bytes, bytes]]
NOT_MODIFIED = 304


def encode_headers(headers: Mapping[str, str]) -> RawHeaders:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


class Answer:
    """Stands between the app and the server; `send` takes the place of the server's."""

    def __init__(
        self,
        send: Send,
        *,
        headless: bool,
        fixed: RawHeaders,
        headers: Iterable[tuple[bytes, bytes]],
        vary: str | None,
        sequence: Callable[[], int | None],
        timing: Timing | None = None,
    ) -> None:
        """`fixed` headers stand on every answer; `headers` are those of this one."""
        self._send = send
        self._headless = headless
        self._fixed = fixed
        self._headers = list(headers)
        self._vary = vary
        self._sequence = sequence
        self._timing = timing
        self.status: int | None = None
        self.bytes = 0
        self.route: str | None = None
        """The template of the route that answered."""
        self.finished = False
        self._begun = False
        self.lasting_headers: RawHeaders = []
        """All that the same answer to another request would carry too."""
        self.whole_body: bytes | None = None
        """What was answered, before HEAD takes it away; None unless it came in one piece."""

    def add_headers(self, headers: Mapping[str, str]) -> None:
        self._headers += encode_headers(headers)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            await self._send({**message, "headers": self._complete(message)})
        elif message["type"] == "http.response.body":
            await self._send_body(message)
        else:
            await self._send(message)

    async def _send_body(self, message: Message) -> None:
        last = not message.get("more_body", False)
        self.whole_body = message.get("body", b"") if last and not self._begun else None
        self.finished, self._begun = last, True
        body = b"" if self._headless else message.get("body", b"")
        self.bytes += len(body)
        await self._send({**message, "body": body})

    def _complete(self, message: Message) -> RawHeaders:
        """The answer's own headers win over those of the door."""
        raw: RawHeaders = list(message.get("headers", []))
        own = dict(raw)
        raw += [pair for pair in self._fixed if pair[0] not in own]
        # A 304 updates the headers of the page that the client holds (RFC 9111, 3.2): a policy for another type would break it.
        if b"content-security-policy" not in own and message["status"] != NOT_MODIFIED:
            raw.append((b"content-security-policy", content_security_policy(own.get(b"content-type", b""))))
        if self._vary:
            MutableHeaders(raw=raw).add_vary_header(self._vary)
        self.lasting_headers = list(raw)
        raw += [pair for pair in self._headers if pair[0] not in own]
        if (sequence := self._sequence()) is not None:
            raw.append((b"evidence-revision", b"%d" % sequence))
        if self._timing is not None:
            raw += self._timing.headers()
        return raw
