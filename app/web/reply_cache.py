"""Encoded answers to anonymous reads, kept in front of the router until the ledger says that they are old.

An answer to an anonymous GET is a function of address, representation and ledger. A kept reply remembers the subjects of
the ledger that it was made from (`app/queries/made_from.py`); when the ledger has moved, the new entries name what they
touch and just those replies are dropped. Answers of which nobody said what they were made from are never kept.
"""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol

from app.queries.ledger_clock import Moved
from app.queries.made_from import MadeFrom
from app.web.answer import Answer, RawHeaders
from app.web.conditional import tag_is_named
from app.web.encodings import takes_gzip
from app.web.read_point import LEAST
from app.web.server_timing import PREFER

READS = frozenset({"GET", "HEAD"})
PERSONAL = frozenset({b"authorization", b"cookie"})
ONCE = frozenset({b"accept", b"accept-encoding", b"if-none-match"})
UNUSUAL = PERSONAL | ONCE | {b"content-encoding", b"content-length", b"transfer-encoding", LEAST, PREFER}
"""With one of these, or one of `ONCE` or `LEAST` a second time, a read is not plain: it passes the kept replies by."""
NOT_IN_304 = frozenset({b"content-type", b"content-length", b"content-encoding", b"content-security-policy"})
OVERHEAD = 2_000
"""Bytes that a kept reply is counted with besides its body."""
LARGEST_SHARE = 16
"""A single reply larger than this part of the whole is not kept."""
LONG_STRETCH = 5_000
"""Entries after which everything is dropped instead of asking what they touch."""
MAX_ACCEPT = 256
TOUCH_ALL_PAGES = frozenset(
    {"study", "rating", "appraisal", "sign-off", "notice", "comment", "assignment", "extraction", "double-extraction", "import"}
)
"""Kinds of records whose entries name every page that shows them. An entry about any other (a condition gets another name, a key another
holder, all ratings are computed anew) is rare and may show anywhere: it drops everything."""
SHOW_ANYWHERE = frozenset({"study.accepted", "study.retracted"})
"""So does what makes a document the accepted one: a study shows wherever it is counted, listed, tied to another or drawn."""
MAX_QUERY = 1_024
"""Bytes of a query, and `MAX_ACCEPT` of a field Accept, beyond which an answer is not kept: they are part of its key."""

Scope = MutableMapping[str, Any]
Key = tuple[str, bytes, bytes, bool]


class Clock(Protocol):
    def read(self, *, sure: bool) -> int: ...
    def moved(self, after: int, until: int) -> Moved: ...


class Asked(NamedTuple):
    """What of a plain read decides on the answer, and what is sent back with it."""

    key: Key
    none_match: bytes | None
    origin: bytes | None
    request_id: bytes | None
    least: bytes | None
    """`Min-Evidence-Revision`."""


@dataclass(frozen=True, slots=True)
class KeptReply:
    tag: bytes
    headers: RawHeaders
    """All that do not differ from request to request."""
    headers_304: RawHeaders
    body: bytes
    route: str | None
    made_from: MadeFrom

    def answers_304(self, none_match: bytes | None) -> bool:
        """Whether the client holds these very bytes; InvalidHeader where If-None-Match cannot be read."""
        if none_match is None:
            return False
        return none_match == self.tag or tag_is_named(none_match.decode("latin-1"), self.tag.decode("latin-1"))

    @property
    def size(self) -> int:
        return len(self.body) + OVERHEAD


@dataclass(slots=True)
class _Index:
    """Which kept replies to drop for a subject."""

    everything: set[Key] = field(default_factory=set)
    subjects: defaultdict[str, set[Key]] = field(default_factory=lambda: defaultdict(set))
    records: defaultdict[str, set[Key]] = field(default_factory=lambda: defaultdict(set))

    def places(self, made_from: MadeFrom) -> list[tuple[defaultdict[str, set[Key]], str]]:
        return [(self.subjects, one) for one in made_from.subjects] + [(self.records, one) for one in made_from.records]

    def add(self, key: Key, made_from: MadeFrom) -> None:
        if made_from.everything:
            self.everything.add(key)
        for place, subject in self.places(made_from):
            place[subject].add(key)

    def discard(self, key: Key, made_from: MadeFrom) -> None:
        self.everything.discard(key)
        for place, subject in self.places(made_from):
            place[subject].discard(key)
            if not place[subject]:
                del place[subject]

    def hit_by(self, moved: Moved) -> set[Key]:
        found = set(self.everything)
        for subject in moved.touched:
            found |= self.subjects.get(subject, set())
        for record in moved.records:
            found |= self.records.get(record, set())
        return found


def made_from_of(scope: Scope) -> MadeFrom:
    """The notebook of this request; what is noted where no door stands in front is noted for nobody."""
    notebook: MadeFrom = scope.setdefault("state", {}).setdefault("made_from", MadeFrom())
    return notebook


def make_kept(answer: Answer, made_from: MadeFrom) -> KeptReply | None:
    """What to keep of an answer that has left; None where another request might be answered differently."""
    headers = dict(answer.lasting_headers)
    public = headers.get(b"cache-control", b"").startswith(b"public")
    if answer.status != HTTPStatus.OK or answer.whole_body is None or not made_from.noted or not public or b"etag" not in headers:
        return None
    headers_304 = [pair for pair in answer.lasting_headers if pair[0] not in NOT_IN_304]
    return KeptReply(headers[b"etag"], answer.lasting_headers, headers_304, answer.whole_body, answer.route, made_from)


def may_show_anywhere(moved: Moved) -> bool:
    return not SHOW_ANYWHERE.isdisjoint(moved.actions) or any(record.partition(":")[0] not in TOUCH_ALL_PAGES for record in moved.records)


def read_plainly(scope: Scope) -> Asked | None:
    """What a read asks for; None where it is no plain anonymous read."""
    if scope["method"] not in READS:
        return None
    accept = encodings = none_match = origin = request_id = least = None
    for name, value in scope["headers"]:
        if name == b"accept" and accept is None:
            accept = value
        elif name == b"accept-encoding" and encodings is None:
            encodings = value
        elif name == b"if-none-match" and none_match is None:
            none_match = value
        elif name == b"origin":
            origin = value
        elif name == b"x-request-id":
            request_id = value
        elif name in UNUSUAL:
            if name != LEAST or least is not None:
                return None
            least = value
    query, accept = scope.get("query_string", b""), accept or b""
    if len(accept) > MAX_ACCEPT or len(query) > MAX_QUERY:
        return None
    return Asked((scope["path"], query, accept, takes_gzip(encodings or b"")), none_match, origin, request_id, least)


class ReplyCache:
    """Used in the event loop only. `budget` is in bytes; with 0 nothing is kept, and the clock is read all the same."""

    def __init__(self, clock: Clock, budget: int) -> None:
        self._clock = clock
        self._budget = budget
        self._kept: OrderedDict[Key, KeptReply] = OrderedDict()
        self._index = _Index()
        self._bytes = 0
        self._sequence = -1
        self._fresh_in: asyncio.AbstractEventLoop | None = None
        """The loop in whose present turn the clock was read."""

    def sequence(self, *, sure: bool = False) -> int:
        """The ledger's newest entry; what it and those before it touch has been dropped when this returns.

        `sure`: not a moment old, for the answer to a write and all reads after it.
        Read once in a turn of the event loop. That is never too late: whatever else is answered in this turn had arrived before
        the reading, so that no commit acknowledged before it was asked can be missed.
        """
        turn = asyncio.get_running_loop()
        if sure or self._fresh_in is not turn:
            newest = self._clock.read(sure=sure)
            if newest != self._sequence:
                self._drop_until(newest)
            self._fresh_in = turn
            turn.call_soon(self._look_again)
        return self._sequence

    def find(self, key: Key) -> KeptReply | None:
        """The reply kept for that key. `sequence()` must have been asked in the same turn."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def keep(self, key: Key, reply: KeptReply, begun_at: int) -> None:
        """Keep a reply whose making began when the ledger stood at `begun_at`, unless what it was made from has moved since,
        or it says more than this process has heard of: its number must not be higher than the one it would be given with."""
        if reply.size * LARGEST_SHARE > self._budget or not self._still_holds(reply.made_from, begun_at):
            return
        if reply.made_from.sequence > self._sequence:
            return
        self._drop(key)
        self._kept[key] = reply
        self._index.add(key, reply.made_from)
        self._bytes += reply.size
        while self._bytes > self._budget:
            self._drop(next(iter(self._kept)))

    def _still_holds(self, made_from: MadeFrom, begun_at: int) -> bool:
        now = self.sequence()
        if now == begun_at:
            return True
        if made_from.everything or now - begun_at > LONG_STRETCH or now < begun_at:
            return False
        moved = self._clock.moved(begun_at, now)
        untouched = made_from.subjects.isdisjoint(moved.touched) and made_from.records.isdisjoint(moved.records)
        return untouched and not may_show_anywhere(moved)

    def _look_again(self) -> None:
        self._fresh_in = None

    def _drop_until(self, newest: int) -> None:
        """A ledger that went back is another one (a copy was put in its place): nothing of the old one holds."""
        if self._kept:
            moved = self._clock.moved(self._sequence, newest) if 0 < newest - self._sequence <= LONG_STRETCH else None
            if moved is None or may_show_anywhere(moved):
                self._clear()
            else:
                for key in self._index.hit_by(moved):
                    self._drop(key)
        self._sequence = newest

    def _clear(self) -> None:
        self._kept.clear()
        self._index = _Index()
        self._bytes = 0

    def _drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._index.discard(key, kept.made_from)
            self._bytes -= kept.size
