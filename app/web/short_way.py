"""The short way of a plain read that is not kept: from the door to the function of its route, past routing and dependencies.

Both take several times what the answer itself does. The function is the route's own, given what its dependencies would give an anonymous
read: a session and nobody. Whatever is not plain (a key, a parameter, another method), and whatever goes wrong, takes the whole way and
is told there: nothing was sent yet. PostgreSQL is waited for, so its reads go to a thread; SQLite answers a short read at once.
"""

import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Problem
from app.queries.made_from import NOTED
from app.queries.read_source import ReadSource
from app.web.read_point import AskedAgain, read_point_of, view
from app.web.reply_cache import made_from_of

Scope = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A GET. `answer` takes the request, a session and the groups of the path."""

    route: str
    """The template of the route whose function it is."""
    path: re.Pattern[str]
    answer: Callable[..., Response]
    takes_query: bool = False
    at_once: bool = False
    """Whether SQLite answers it within the event loop: it must take less than a millisecond."""


class ShortWay:
    def __init__(self, ways: Sequence[Way], source: ReadSource) -> None:
        self._ways = ways
        self._source = source
        self._waits = source.primary.dialect.name != "sqlite"

    async def answer(self, scope: Scope) -> tuple[Response, str] | None:
        """The answer to a plain read, whose scope this is, and its route; None where the whole way must be gone."""
        for way in self._ways:
            found = way.path.fullmatch(scope["path"])
            if found is None or (scope.get("query_string") and not way.takes_query):
                continue
            if way.at_once and not self._waits:
                response = self._ask(way, scope, found.groupdict())
            else:
                response = await run_in_threadpool(self._ask, way, scope, found.groupdict())
            return None if response is None else (response, way.route)
        return None

    def _ask(self, way: Way, scope: Scope, named: dict[str, str]) -> Response | None:
        point = read_point_of(scope)
        try:
            with view(point, self._source, point.settle(self._source, is_get=True, has_key=False)) as session:
                session.info[NOTED] = made_from_of(scope)
                return way.answer(Request(scope), session, **named)
        except Problem:  # told the whole way
            return None
        except AskedAgain:  # the whole way settles anew where to read
            point.start_again()
            return None
