"""The one door: a raw ASGI callable in front of the router. What must hold on every answer is done here, once.

In this order: request id · OPTIONS · what no route should have to refuse · rate limit · the app, with HEAD asked as GET.
A plain anonymous read whose answer is kept (`app/web/reply_cache.py`) takes a shorter way: rate limit, freshness, answer. It is counted
like all others, and has no line in the log: writing that line costs more than the answer.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.errors import BodyTooLarge, InternalError, InvalidQuery, NotFound, Problem, UnsupportedMediaType
from app.settings import Settings
from app.web.answer import Answer, Message, Send, encode_headers
from app.web.cross_origin import CrossOrigin
from app.web.problems import problem_response
from app.web.rate_limit import RateLimit
from app.web.read_point import LEAST, ReadPoint, least_revision, read_point_of
from app.web.reply_cache import READS, Clock, ReplyCache, made_from_of, make_kept, read_plainly
from app.web.request_context import assign_request_id, request_id_from, request_id_of
from app.web.routes import allowed_methods
from app.web.security_headers import FIXED, transport_headers
from app.web.server_timing import begin_timing
from app.web.short_way import ShortWay

UNCOUNTED = ("/health/",)  # the orchestrator asks often and must always be answered

TAKES_FILES = ("POST", "/v1/imports")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Observe = Callable[[str, str | None, int | None, float], None]
log = structlog.get_logger("evidence.door")


def observe_nothing(_method: str, _route: str | None, _status: int | None, _seconds: float) -> None:
    """Where nobody counts."""


class Door:
    def __init__(
        self, app: FastAPI, settings: Settings, clock: Clock, observe: Observe = observe_nothing, short_way: ShortWay | None = None
    ) -> None:
        """`clock` gives the ledger's newest entry; it is read in the event loop for every answer.

        `observe` hears of every answer: method, template of the route, status, seconds.
        """
        self.app = app
        self._short_way = short_way
        self._max_body = settings.max_body_bytes
        self._max_file = settings.max_import_bytes
        self._replies = ReplyCache(clock, settings.reply_cache_bytes)
        self._observe = observe
        self._rate_limit = RateLimit(settings)
        self._cross_origin = CrossOrigin(settings.cors_origins)
        self._fixed = encode_headers({**FIXED, **transport_headers(settings.public_url)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        if await self._serve_kept(scope, send, begun):
            return
        request_id = assign_request_id(scope)
        answer = self._answer_to(scope, send, request_id)
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._serve_or_refuse(scope, receive, answer)
            finally:
                self._log_access(scope, answer, begun)

    async def _serve_kept(self, scope: Scope, send: Send, begun: float) -> bool:
        """Answer a plain read from what is kept; False where nothing is, or where the whole way must be gone."""
        asked = read_plainly(scope)
        sequence = self._sequence_or_none() if asked is not None else None
        if asked is None or sequence is None or (kept := self._replies.find(asked.key)) is None:
            return False
        try:
            if asked.least is not None and least_revision([asked.least]) > sequence:
                return False
            unchanged = kept.answers_304(asked.none_match)
            limits = self._rate_limit.admit(scope)
        except Problem:  # told the whole way: a field that cannot be read, a limit that is reached
            return False
        headers = [
            *(kept.headers_304 if unchanged else kept.headers),
            *self._cross_origin.headers(asked.origin),
            (b"x-request-id", request_id_from(asked.request_id)),
            (b"evidence-revision", b"%d" % sequence),
            *encode_headers(limits),
        ]
        status, body = (304, b"") if unchanged else (200, b"" if scope["method"] == "HEAD" else kept.body)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._observe(scope["method"], kept.route, status, time.perf_counter() - begun)
        return True

    async def _serve_or_refuse(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        try:
            await self._serve(scope, receive, answer)
        except Problem as problem:
            await self._send_problem(problem, scope, receive, answer)
        except ClientDisconnect:
            log.info("client left", method=scope["method"], path=scope["path"])
        except Exception:
            log.exception("crash", method=scope["method"], path=scope["path"])
            if answer.status is None:
                await self._send_problem(InternalError(), scope, receive, answer)
            elif not answer.finished:
                raise  # half an answer has left: the server must cut the connection, or it would pass for whole

    async def _serve(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        if scope["method"] == "OPTIONS":
            await self._answer_options(scope, receive, answer)
            return
        point = read_point_of(scope)
        point.begun_at = self._sequence_or_none()
        self._refuse_early(scope)
        if not scope["path"].startswith(UNCOUNTED):
            answer.add_headers(self._rate_limit.admit(scope))
        point.least = least_revision([value for name, value in scope["headers"] if name == LEAST])
        await self._ask_app(scope, receive, answer)
        if point.again and answer.status is None:
            await self._ask_app(scope, receive, answer)
        if answer.status == 401:
            self._rate_limit.count_failed_key(scope)
        self._keep(scope, answer, point)

    async def _ask_app(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else {**scope}  # the router writes in it
        if self._short_way is not None and read_plainly(scope) is not None and (short := await self._short_way.answer(inner)):
            response, answer.route = short
            await response(inner, receive, answer.send)
            return
        try:
            await self.app(inner, self._limit_body(receive, self._limit_of(scope)), answer.send)
        finally:
            answer.route = getattr(inner.get("route"), "path", None)

    def _keep(self, scope: Scope, answer: Answer, point: ReadPoint) -> None:
        asked = read_plainly(scope)
        if asked is None or point.begun_at is None:
            return
        made_from = made_from_of(scope)
        made_from.sequence = max(made_from.sequence, point.answered_from or 0)
        kept = make_kept(answer, made_from)
        try:
            if kept is not None:
                self._replies.keep(asked.key, kept, point.begun_at)
        except Exception:  # the answer has left, and was good
            log.exception("reply not kept")

    async def _answer_options(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        methods = allowed_methods(self.app, scope)
        if not methods:
            raise NotFound(f"There is no address {scope['path']}.")
        headers = {"Allow": ", ".join(methods), "Cache-Control": "no-store"}
        if "access-control-request-method" in Headers(scope=scope):
            headers |= self._cross_origin.preflight_headers(methods)
        await Response(status_code=204, headers=headers)(scope, receive, answer.send)

    def _refuse_early(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if "\x00" in scope["path"]:
            raise NotFound("An address cannot hold the character U+0000.")
        if b"%00" in scope.get("query_string", b"") or b"\x00" in scope.get("query_string", b""):
            raise InvalidQuery("A parameter cannot hold the character U+0000.")
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise UnsupportedMediaType("Send the body without Content-Encoding.", headers={"Accept-Encoding": "identity"})
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > self._limit_of(scope):
            raise self._body_too_large(self._limit_of(scope))

    def _limit_of(self, scope: Scope) -> int:
        """A file of references may be larger than what JSON says."""
        return self._max_file if (scope["method"], scope["path"]) == TAKES_FILES else self._max_body

    def _limit_body(self, receive: Receive, limit: int) -> Receive:
        """Count what arrives: a chunked body states no length beforehand."""
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b"")) if message["type"] == "http.request" else 0
            if received > limit:
                raise self._body_too_large(limit)
            return message

        return receive_within_limit

    def _body_too_large(self, limit: int) -> BodyTooLarge:
        return BodyTooLarge(f"The limit is {limit} bytes.", headers={"Connection": "close"})

    def _answer_to(self, scope: Scope, send: Send, request_id: str) -> Answer:
        origin = dict(scope["headers"]).get(b"origin")
        headers = [*self._cross_origin.headers(origin), (b"x-request-id", request_id.encode("latin-1"))]
        vary = "Origin" if self._cross_origin.varies() else None
        return Answer(
            send,
            headless=scope["method"] == "HEAD",
            fixed=self._fixed,
            headers=headers,
            vary=vary,
            sequence=lambda: self._stands_at(scope),
            timing=begin_timing(scope),
        )

    def _stands_at(self, scope: Scope) -> int | None:
        """What `Evidence-Revision` says: from which state an answer was made, never a later one. A read that did not ask began after
        what was known when it came; what it says of itself may be later. After a write it is the newest entry there is."""
        point = read_point_of(scope)
        if scope["method"] in READS:
            if point.answered_from is not None or point.begun_at is None:
                return point.answered_from
            return max(point.begun_at, made_from_of(scope).sequence)
        newest = self._sequence_or_none(sure=True)  # also, so that this process keeps nothing that the write made old
        return newest if point.answered_from is None else point.answered_from

    def _sequence_or_none(self, *, sure: bool = False) -> int | None:
        try:
            return self._replies.sequence(sure=sure)
        except Exception:
            log.exception("sequence unreadable")  # the answer may well be the 503 that says so
            return None

    async def _send_problem(self, problem: Problem, scope: Scope, receive: Receive, answer: Answer) -> None:
        response = problem_response(problem, instance=scope["path"], request_id=request_id_of(scope))
        await response(scope, receive, answer.send)

    def _log_access(self, scope: Scope, answer: Answer, begun: float) -> None:
        seconds = time.perf_counter() - begun
        self._observe(scope["method"], answer.route, answer.status, seconds)
        milliseconds = round(seconds * 1000, 1)
        log.info("request", method=scope["method"], path=scope["path"], status=answer.status, bytes=answer.bytes, ms=milliseconds)
