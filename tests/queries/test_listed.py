"""Pages of items at hand are those that a database would give."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Integer, String, column

from app.errors import InvalidCursor
from app.queries.listed import page_of
from app.queries.paging import PageRequest, SortKey, SortTerm

SEQUENCE, NAME = SortKey("sequence", column("sequence", Integer), int), SortKey("name", column("name", String), nullable=False)
rows = st.lists(st.tuples(st.none() | st.integers(0, 5), st.text("abc", max_size=3)), unique_by=lambda row: row[1], max_size=12)


def value(row: tuple[int | None, str], name: str) -> Any:
    return row[0] if name == "sequence" else row[1]


class TestPageOf:
    @given(rows, st.booleans(), st.booleans(), st.integers(1, 4))
    def test_walking_through_gives_each_once_in_order(self, items: list[Any], down: bool, down_names: bool, limit: int) -> None:
        sort = [SortTerm(SEQUENCE, down), SortTerm(NAME, down_names)]
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = page_of(items, sort, PageRequest(limit, cursor, count=True, binding="b"), value)
            found += page.items
            assert (page.total, len(page.items) <= limit) == (len(items), True)
            if (cursor := page.next) is None:
                break
        wanted = sorted(items, key=lambda row: row[1], reverse=down_names)
        numbered = sorted((row for row in wanted if row[0] is not None), key=lambda row: row[0], reverse=down)
        assert found == [*numbered, *(row for row in wanted if row[0] is None)]

    def test_a_page_goes_on_behind_a_row_that_is_gone(self) -> None:
        sort = [SortTerm(SEQUENCE), SortTerm(NAME)]
        first = page_of([(1, "a"), (2, "b"), (3, "c")], sort, PageRequest(2, binding="b"), value)
        second = page_of([(1, "a"), (3, "c")], sort, PageRequest(2, first.next, binding="b"), value)
        assert second.items == [(3, "c")]

    def test_a_cursor_of_another_list_is_refused(self) -> None:
        sort = [SortTerm(SEQUENCE), SortTerm(NAME)]
        first = page_of([(1, "a"), (2, "b")], sort, PageRequest(1, binding="b"), value)
        with pytest.raises(InvalidCursor):
            page_of([(1, "a")], sort, PageRequest(1, first.next, binding="other"), value)
