"""Pages of what was worked out and stands in no table: the same cursors and orders as `paging.py` gives, over items at hand."""

from collections.abc import Callable, Iterable, Sequence
from functools import cmp_to_key
from typing import Any, TypeVar

from app.queries.paging import Page, PageRequest, SortTerm, decode_cursor, encode_cursor

T = TypeVar("T")


def page_of(items: Iterable[T], sort: Sequence[SortTerm], request: PageRequest, value: Callable[[T, str], Any]) -> Page[T]:
    """One page; `value` gives an item's value of a sort key. The last term of `sort` must be unique."""

    def values(item: T) -> list[Any]:
        return [value(item, term.key.name) for term in sort]

    def compare(one: Sequence[Any], other: Sequence[Any]) -> int:
        return next((order for order in map(_order, sort, one, other) if order), 0)

    walk = sorted(items, key=lambda item: cmp_to_key(compare)(values(item)))
    total = len(walk) if request.count else None
    if request.cursor is not None:
        last = decode_cursor(request, sort)
        walk = [item for item in walk if compare(values(item), last) > 0]
    kept = walk[: request.limit]
    following = encode_cursor(request, sort, values(kept[-1])) if len(walk) > request.limit else None
    return Page(kept, request.limit, following, total)


def _order(term: SortTerm, one: Any, other: Any) -> int:
    """Where one value stands to another: what has none comes last, whichever way the key is sorted."""
    if one is None or other is None:
        return (one is None) - (other is None)
    order: int = (one > other) - (one < other)
    return -order if term.descending else order
