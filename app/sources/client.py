"""The one HTTP client for literature services: pace, time limits, repeats, the store of replies, and what leaves this server.

It asks only the hosts that the settings name, follows no redirect away from them, and turns every failure into a problem of
`sources/errors.py`. What is stored and shown of an address leaves our key and e-mail address out.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx

from app.errors import SourceProblem, SourceReplyInvalid, SourceTimeout, SourceUnavailable, UnknownIdentifier
from app.settings import Settings
from app.sources.pacing import Clock, pacer_for
from app.sources.reply_store import ReplyStore, StoredReply
from app.sources.service import KEPT, Service, services_of

MAX_ATTEMPTS = 4
FIRST_PAUSE = 0.5  # seconds; doubled after every attempt
MAX_REDIRECTS = 3
NO_SUCH_RECORD = frozenset({404, 410})
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # worth asking again
TOOL = "evidence-ledger"  # the name NCBI wants to know us by
E_MAIL = re.compile(r"^[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>()]+$")
THIS_MACHINE: dict[str, httpx.BaseTransport | None] = {  # never through a proxy
    "all://127.0.0.1": None,
    "all://localhost": None,
    "all://[::1]": None,
}


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """What a service said, read; `url` can be opened by anyone, `fetched_at` is when the service last stood by it."""

    url: str
    fetched_at: datetime
    sha256: str
    content: T


Told = Callable[[str, SourceProblem | None], None]
"""Hears of every question that a service was really asked: its name, and the problem, or None where it answered."""


def tell_nobody(_service: str, _problem: SourceProblem | None) -> None:
    """Whoever does not keep how the services fare."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    headers: httpx.Headers


class _Passing(Exception):
    """A failure that may pass: what to raise if it does not, and how long the service asked us to wait."""

    def __init__(self, problem: SourceProblem, retry_after: float | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.retry_after = retry_after


class SourceClient:
    """Make one for the process and close it; its methods may be called from many threads."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell: Told = tell_nobody,
        kept: timedelta = KEPT,
    ) -> None:
        self.services = services_of(settings, kept)
        self._settings = settings
        self._store = ReplyStore(settings.source_cache) if settings.source_cache else None
        self._sleep, self._clock, self._now, self._tell = sleep, clock, now, tell
        self.report: Told = tell
        """For whoever reads the replies and finds that the service has failed though it answered."""
        contact = settings.contact or ""
        self._e_mail = contact if E_MAIL.match(contact) else None
        self._transport = transport
        self._http: httpx.Client | None = None
        self._making = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        if self._http is not None:
            self._http.close()

    def get(self, service: Service, path: str, params: Mapping[str, str], read: Callable[[bytes], T]) -> Reply[T]:
        """Ask for `path` under the service's address. `read` turns the body into what is wanted, ValueError if it cannot."""
        url = httpx.URL(service.base_url + path, params=dict(params) or None)
        stored = self._store.find(str(url)) if self._store else None
        if stored and self._now() - stored.fetched_at < service.kept:
            with suppress(ValueError):  # an entry that can no longer be read is asked for anew
                return _reply(str(url), stored, read(stored.body))
        answer = self._ask(service, self._private(service, url), _conditional(stored))
        try:
            fresh = self._accept(service, answer, stored)
            content = self._read(service, fresh, read)
        except SourceProblem as problem:
            self._tell(service.name, problem)
            raise
        self._tell(service.name, None)
        if self._store:
            self._store.keep(str(url), fresh)
        return _reply(str(url), fresh, content)

    def _connections(self) -> httpx.Client:
        """Made at the first question: to load the certificates of the world takes longer than all else at the start of the service."""
        with self._making:
            if self._http is None:
                headers = {"User-Agent": _user_agent(self._settings.public_url, self._e_mail)}
                self._http = httpx.Client(headers=headers, follow_redirects=False, transport=self._transport, mounts=THIS_MACHINE)
            return self._http

    def _read(self, service: Service, fresh: StoredReply, read: Callable[[bytes], T]) -> T:
        try:
            return read(fresh.body)
        except ValueError as error:
            raise SourceReplyInvalid(f"{service.title} sent a reply that cannot be read: {error}.") from error

    def _private(self, service: Service, url: httpx.URL) -> httpx.URL:
        """The address with what is between the service and us."""
        key = self._settings.pubmed_api_key
        ours = {
            **({"tool": TOOL} if service.key_parameter else {}),
            **({service.key_parameter: key.get_secret_value()} if service.key_parameter and key else {}),
            **({service.contact_parameter: self._e_mail} if service.contact_parameter and self._e_mail else {}),
        }
        return url.copy_merge_params(ours) if ours else url

    def _accept(self, service: Service, answer: _Answer, stored: StoredReply | None) -> StoredReply:
        etag, last_modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        if answer.status == 304 and stored:
            return StoredReply(stored.body, self._now(), etag or stored.etag, last_modified or stored.last_modified)
        media = answer.headers.get("Content-Type", "")
        if service.media not in media.lower():
            raise SourceReplyInvalid(f"{service.title} sent {media.split(';')[0] or 'a reply without a media type'}, not {service.media}.")
        return StoredReply(answer.body, self._now(), etag, last_modified)

    def _ask(self, service: Service, url: httpx.URL, headers: Mapping[str, str]) -> _Answer:
        self._connections()  # before a turn is reserved: to make them takes a while
        pacer = pacer_for(service.base_url, service.per_second)
        deadline = self._clock() + self._settings.source_total_seconds
        for attempt in range(1, MAX_ATTEMPTS + 1):
            wait = pacer.reserve(deadline - self._clock())
            if wait is None:
                raise SourceUnavailable(f"{service.title} is being asked too much from here; try again later.")
            self._sleep(wait)
            try:
                return self._follow(service, url, headers, deadline)
            except UnknownIdentifier:
                self._tell(service.name, None)
                raise
            except SourceProblem as problem:
                self._tell(service.name, problem)
                raise
            except _Passing as passing:
                pause = max(FIRST_PAUSE * 2 ** (attempt - 1), passing.retry_after or 0)
                if passing.retry_after:
                    pacer.hold(passing.retry_after)
                if attempt == MAX_ATTEMPTS or self._clock() + pause >= deadline:
                    self._tell(service.name, passing.problem)
                    raise passing.problem from passing.__cause__
                self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _follow(self, service: Service, url: httpx.URL, headers: Mapping[str, str], deadline: float) -> _Answer:
        """One attempt, with redirects inside the service."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._send(service, url, headers, deadline)
            if answer.status not in {301, 302, 303, 307, 308}:
                return _judge(service, answer)
            url = _inside(service, url, answer.headers.get("Location", ""))
        raise SourceReplyInvalid(f"{service.title} redirects in a circle.")

    def _send(self, service: Service, url: httpx.URL, headers: Mapping[str, str], deadline: float) -> _Answer:
        left = max(deadline - self._clock(), 0.01)
        read, connect = min(self._settings.source_read_seconds, left), min(self._settings.source_connect_seconds, left)
        limits = httpx.Timeout(read, connect=connect)
        try:
            with self._connections().stream("GET", url, headers=dict(headers), timeout=limits) as response:
                return _Answer(response.status_code, self._body(service, response, deadline), response.headers)
        except httpx.TimeoutException as error:
            raise _Passing(SourceTimeout(f"{service.title} did not answer in time.")) from error
        except (httpx.RemoteProtocolError, httpx.DecodingError) as error:
            raise _Passing(SourceReplyInvalid(f"{service.title} sent a broken reply.")) from error
        except httpx.TransportError as error:
            raise _Passing(SourceUnavailable(f"{service.title} cannot be reached.")) from error
        except (httpx.InvalidURL, httpx.StreamError, httpx.HTTPError) as error:
            raise SourceReplyInvalid(f"{service.title} cannot be asked this way.") from error

    def _body(self, service: Service, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > service.max_bytes:
                raise SourceReplyInvalid(f"{service.title} sent more than {service.max_bytes:,} bytes.")
            if self._clock() > deadline:
                raise SourceTimeout(f"{service.title} sends its reply too slowly.")
        return bytes(body)


def _user_agent(public_url: str, e_mail: str | None) -> str:
    """Who asks and with what. The library is named because guards compare it with the way it opens a connection."""
    agent = f"EvidenceLedger/1 (+{public_url}{f'; mailto:{e_mail}' if e_mail else ''}) python-httpx/{httpx.__version__}"
    return agent.encode("ascii", "ignore").decode()  # a header holds no other characters


def _reply(url: str, stored: StoredReply, content: T) -> Reply[T]:
    return Reply(url, stored.fetched_at, hashlib.sha256(stored.body).hexdigest(), content)


def _conditional(stored: StoredReply | None) -> dict[str, str]:
    if stored is None:
        return {}
    headers = {"If-None-Match": stored.etag, "If-Modified-Since": stored.last_modified}
    return {name: value for name, value in headers.items() if value}


def _judge(service: Service, answer: _Answer) -> _Answer:
    if answer.status in {200, 304}:
        return answer
    if answer.status in NO_SUCH_RECORD:
        raise UnknownIdentifier(f"{service.title} has no such record.")
    if answer.status in PASSING:
        wait = seconds_to_wait(answer.headers.get("Retry-After"))
        headers = {"Retry-After": str(max(1, round(wait)))} if wait is not None else {}
        raise _Passing(SourceUnavailable(f"{service.title} answers with status {answer.status}.", headers=headers), wait)
    raise SourceUnavailable(f"{service.title} refuses the request with status {answer.status}.")


def seconds_to_wait(retry_after: str | None) -> float | None:
    """`Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3); None if it is absent or neither."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _inside(service: Service, url: httpx.URL, location: str) -> httpx.URL:
    """Where a redirect leads, if that is the same origin; our key and address go nowhere else."""
    try:
        target = url.join(location)
    except httpx.InvalidURL as error:
        raise SourceReplyInvalid(f"{service.title} redirects to no address.") from error
    if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
        raise SourceReplyInvalid(f"{service.title} redirects to another host, {target.host}; this was not followed.")
    return target
