"""Pages by keyset: a cursor holds the sort values of the last row, and the next page begins right behind it.

Rows without a value come last, whichever way a key is sorted, on SQLite and PostgreSQL alike; ties are broken by the
last key, which must be unique. A cursor is bound to the address, the filters and the sort it was given for. A page costs the same at any
depth: what lies behind the cursor is asked for stretch by stretch, each a range of the index that the list is sorted by.
"""

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python
from sqlalchemy import BigInteger, ColumnElement, Select, func, literal, select
from sqlalchemy.orm import Session

from app.errors import InvalidCursor

DEFAULT_LIMIT = 25
MAX_LIMIT = 200
UNBOUND_PARAMETERS = frozenset({"cursor", "limit", "count", "fields", "sort"})  # sort is bound in its parsed form

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column that a list can be sorted by. `nullable=False` lets the database walk a plain index; only where it holds.

    Behind a `unique` one no other can change the order.
    """

    name: str
    column: Any
    type: Any = str
    nullable: bool = True
    unique: bool = False


@dataclass(frozen=True, slots=True)
class SortTerm:
    key: SortKey
    descending: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.descending else ''}{self.key.name}"


@dataclass(frozen=True, slots=True)
class PageRequest:
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    count: bool = False
    binding: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: list[T]
    limit: int
    next: str | None
    total: int | None

    def envelope(self, items: Sequence[Any] | None = None) -> dict[str, Any]:
        """The form in which every list leaves; `items` are the read shapes where they differ from the rows."""
        return {"items": self.items if items is None else items, "page": {"limit": self.limit, "next": self.next, "total": self.total}}


def paginate(
    session: Session, statement: Select[Any], sort: Sequence[SortTerm], request: PageRequest, *, where: Sequence[Any] = (), walk: Any = None
) -> Page[Any]:
    """One page of `statement` (without order and limit), of its rows that `where` lets through. The last term of `sort` must be unique.

    A statement that selects one thing gives those things; one that selects several gives rows, to be read by name. `walk` is what
    `walk_of` makes of the same statement and order, where the caller has kept it.
    """
    walk = walk if walk is not None else walk_of(statement, sort)
    rows: list[Any] = []
    for stretch in _stretches(sort, request):
        wanted = request.limit + 1 - len(rows)
        rows += Session.execute(session, walk.where(*where, *stretch).limit(wanted)).all()  # SQLModel's own `execute` warns
        if len(rows) > request.limit:
            break
    kept = rows[: request.limit]
    following = encode_cursor(request, sort, kept[-1][-len(sort) :]) if len(rows) > request.limit else None
    single = bool(kept) and len(kept[0]) - len(sort) == 1
    total = _total(session, statement.where(*where)) if request.count else None
    return Page([row[0] for row in kept] if single else list(kept), request.limit, following, total)


def walk_of(statement: Select[Any], sort: Sequence[SortTerm]) -> Select[Any]:
    """The statement in the order of the list, with the values that a cursor holds."""
    labels = [term.key.column.label(f"sort_{place}") for place, term in enumerate(sort)]
    return statement.add_columns(*labels).order_by(None).order_by(*_order(sort))


def bind_cursor(path: str, params: Iterable[tuple[str, str]], sort: Sequence[SortTerm]) -> str:
    """A short hash of all that decides which rows a list holds and in which order."""
    filters = sorted((name, value) for name, value in params if name not in UNBOUND_PARAMETERS)
    text = json.dumps([path, filters, [str(term) for term in sort]])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def link_next(path: str, params: Iterable[tuple[str, str]], page: Page[Any]) -> Mapping[str, str]:
    """The header `Link: <…>; rel="next"` (RFC 8288) of a page; empty on the last one."""
    if page.next is None:
        return {}
    kept = [(name, value) for name, value in params if name != "cursor"]
    return {"Link": f'<{quote(path)}?{urlencode([*kept, ("cursor", page.next)])}>; rel="next"'}


def _total(session: Session, statement: Select[Any]) -> int:
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    total: int = Session.execute(session, counted).scalar_one()
    return total


def _order(sort: Sequence[SortTerm]) -> list[Any]:
    order: list[Any] = []
    for term in sort:
        directed = term.key.column.desc() if term.descending else term.key.column.asc()
        order.append(directed.nulls_last() if term.key.nullable else directed)
    return order


def _stretches(sort: Sequence[SortTerm], request: PageRequest) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """What lies behind the cursor, in the order of the list, each stretch one that an index can be entered at.

    First the rows that are equal in all keys but the last and later in that, then those equal in one key fewer, and so on; of a key
    that may be missing the missing ones behind the others. A page mostly lies within the first.
    """
    if request.cursor is None:
        yield ()
        return
    values = decode_cursor(request, sort)
    equal = [term.key.column.is_(None) if value is None else term.key.column == value for term, value in zip(sort, values, strict=True)]
    for place in reversed(range(len(sort))):
        term, value = sort[place], values[place]
        if value is None:  # nothing comes after a missing value but other missing values
            continue
        yield (*equal[:place], _later(term, value))
        if term.key.nullable:
            yield (*equal[:place], term.key.column.is_(None))


def _later(term: SortTerm, value: Any) -> ColumnElement[bool]:
    column = term.key.column
    bound = literal(value, column.type)  # SQLAlchemy compares a bare True or False only for equality
    later: ColumnElement[bool] = column < bound if term.descending else column > bound
    return later


def encode_cursor(request: PageRequest, sort: Sequence[SortTerm], values: Sequence[Any]) -> str:
    """The cursor of the page behind a row with these sort values."""
    for term, value in zip(sort, values, strict=True):
        if value is None and not term.key.nullable:
            raise ValueError(f"the sort key {term.key.name} is declared without NULLs but holds one")
    text = json.dumps([request.binding, to_jsonable_python(list(values))], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(request: PageRequest, sort: Sequence[SortTerm]) -> list[Any]:
    """The sort values in the cursor of a request; InvalidCursor if it is damaged or was given for something else."""
    try:
        padded = (request.cursor or "").encode("ascii") + b"=" * (-len(request.cursor or "") % 4)
        binding, values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(binding, str) or not isinstance(values, list) or len(values) != len(sort):
            raise ValueError("not the shape of a cursor")
        if binding != request.binding:
            raise InvalidCursor("The cursor was given for other filters or another sort order.")
        return [_checked(term.key, value) for term, value in zip(sort, values, strict=True)]
    except (ValueError, TypeError, RecursionError, ValidationError):
        raise InvalidCursor("The cursor is damaged: give it back exactly as `page.next` had it.") from None


def _checked(key: SortKey, value: Any) -> Any:
    """The value as the key's type. Clients can write cursors too, so whatever a driver would choke on is refused."""
    if value is None:
        if not key.nullable:
            raise ValueError("a missing value")
        return None
    typed = TypeAdapter(key.type).validate_python(value)
    if isinstance(typed, float) and not math.isfinite(typed):
        raise ValueError("not finite")
    if isinstance(typed, int) and abs(typed) >= 2 ** (63 if isinstance(key.column.type, BigInteger) else 31):
        raise ValueError("out of range")
    if isinstance(typed, str):
        if "\x00" in typed:
            raise ValueError("U+0000")
        typed.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return typed
