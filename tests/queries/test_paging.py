import base64
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import Session

from app.errors import InvalidCursor
from app.queries.paging import Page, PageRequest, SortKey, SortTerm, bind_cursor, link_next, paginate
from tests.queries.scratch import ROWS, row, thing

KEYS = {
    "id": SortKey("id", thing.c.id, int, nullable=False),
    "year": SortKey("year", thing.c.year, int),
    "title": SortKey("title", thing.c.title, str, nullable=False),
    "weight": SortKey("weight", thing.c.weight, float),
    "serial": SortKey("serial", thing.c.serial, int),
    "day": SortKey("day", thing.c.day, date),
    "moment": SortKey("moment", thing.c.moment, datetime),
    "public_id": SortKey("public_id", thing.c.public_id, UUID, nullable=False),
    "open": SortKey("open", thing.c.open, bool),
}
ALL = {number: row(number) for number in range(1, ROWS + 1)}
ORDERS = [
    "id",
    "-id",
    "year,id",
    "-year,id",
    "year,-id",
    "title,id",
    "-title,year,id",
    "weight,-title,id",
    "-weight,-year,-id",
    "serial,-id",
    "-day,weight,id",
    "moment,id",
    "-moment,-id",
    "open,year,title,id",
    "-public_id",
]


def terms(order: str) -> list[SortTerm]:
    return [SortTerm(KEYS[name.removeprefix("-")], name.startswith("-")) for name in order.split(",")]


def expected(order: str) -> list[int]:
    """Python's own sorting: by the last key first, missing values always at the end."""
    numbers = sorted(ALL)
    for term in reversed(terms(order)):
        name = term.key.name
        filled = [n for n in numbers if ALL[n][name] is not None]
        filled.sort(key=lambda n: ALL[n][name], reverse=term.descending)
        numbers = filled + [n for n in numbers if ALL[n][name] is None]
    return numbers


def walk(session: Session, order: str, limit: int) -> list[Page[Any]]:
    pages: list[Page[Any]] = []
    cursor: str | None = None
    while True:
        pages.append(paginate(session, select(thing.c.id), terms(order), PageRequest(limit, cursor, binding="b")))
        cursor = pages[-1].next
        if cursor is None:
            return pages
        assert len(pages) <= ROWS


def forged(values: Sequence[Any], binding: str = "b") -> str:
    return base64.urlsafe_b64encode(json.dumps([binding, values]).encode()).decode().rstrip("=")


class TestPaginate:
    @pytest.mark.parametrize("order", ORDERS)
    @pytest.mark.parametrize("limit", [1, 7, 19, 200])
    def test_walking_all_pages_gives_the_full_list_in_order(self, things: Session, order: str, limit: int) -> None:
        pages = walk(things, order, limit)
        assert [number for page in pages for number in page.items] == expected(order)
        assert all(len(page.items) == limit for page in pages[:-1])

    def test_the_last_page_may_be_full(self, things: Session) -> None:
        pages = walk(things, "id", ROWS)
        assert len(pages) == 1
        assert pages[0].next is None

    def test_missing_values_come_last_both_ways(self, things: Session) -> None:
        for order in ("year,id", "-year,id"):
            (page,) = walk(things, order, 200)
            missing = [ALL[number]["year"] is None for number in page.items]
            assert missing == sorted(missing)

    def test_an_empty_list_is_a_page(self, things: Session) -> None:
        page = paginate(things, select(thing.c.id).where(thing.c.id < 0), terms("id"), PageRequest(count=True))
        assert page == Page([], 25, None, 0)

    def test_counts_only_when_asked_and_all_matches(self, things: Session) -> None:
        statement = select(thing.c.id).where(thing.c.id <= 30)
        first = paginate(things, statement, terms("id"), PageRequest(10, count=True, binding="b"))
        second = paginate(things, statement, terms("id"), PageRequest(10, first.next, count=True, binding="b"))
        assert (first.total, second.total) == (30, 30)
        assert paginate(things, statement, terms("id"), PageRequest(10)).total is None

    def test_several_columns_give_rows_by_name(self, things: Session) -> None:
        page = paginate(things, select(thing.c.id, thing.c.title), terms("-year,id"), PageRequest(3))
        assert [item.title for item in page.items] == [ALL[item.id]["title"] for item in page.items]

    def test_a_key_declared_without_nulls_that_holds_one_is_an_error_not_a_lost_row(self, things: Session) -> None:
        wrong = [SortTerm(SortKey("year", thing.c.year, int, nullable=False), descending=True), SortTerm(KEYS["id"])]
        unordered = select(thing.c.id).where(thing.c.year.is_(None))
        with pytest.raises(ValueError, match="declared without NULLs"):
            paginate(things, unordered, wrong, PageRequest(1))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3, unique=True),
        st.lists(st.booleans(), min_size=4),
        st.integers(1, 60),
    )
    def test_any_order_and_limit_lose_and_repeat_nothing(self, things: Session, names: list[str], down: list[bool], limit: int) -> None:
        order = ",".join(("-" if falling else "") + name for name, falling in zip([*names, "id"], down, strict=False))
        order = order if order.endswith("id") else order + ",id"
        if order.split(",")[:-1].count("id") or order.split(",")[:-1].count("-id"):
            return
        assert [number for page in walk(things, order, limit) for number in page.items] == expected(order)


class TestCursor:
    def test_of_other_filters_or_sort_is_refused(self, things: Session) -> None:
        cursor = paginate(things, select(thing.c.id), terms("id"), PageRequest(5, binding="b")).next
        with pytest.raises(InvalidCursor, match="other filters"):
            paginate(things, select(thing.c.id), terms("id"), PageRequest(5, cursor, binding="c"))

    def test_may_be_used_with_another_limit(self, things: Session) -> None:
        cursor = paginate(things, select(thing.c.id), terms("id"), PageRequest(5, binding="b")).next
        assert paginate(things, select(thing.c.id), terms("id"), PageRequest(2, cursor, binding="b")).items == [6, 7]

    @pytest.mark.parametrize(
        "values",
        [
            [],
            [2001],
            [2001, 1, 1],
            ["x", 1],
            [2**31, 1],
            [2**70, 1],
            [-(2**70), 1],
            [{"a": 1}, 1],
            [[1], 1],
            [2001, None],
            [2001, "1x"],
            [2001.5, 1],
        ],
    )
    def test_forged_values_are_refused(self, things: Session, values: list[Any]) -> None:
        with pytest.raises(InvalidCursor, match="damaged"):
            paginate(things, select(thing.c.id), terms("year,id"), PageRequest(5, forged(values), binding="b"))

    @pytest.mark.parametrize(
        ("order", "value"),
        [
            ("title,id", "nul\x00"),
            ("title,id", "\ud800"),
            ("title,id", 5),
            ("weight,id", float("inf")),
            ("weight,id", float("nan")),
            ("serial,id", 2**63),
            ("day,id", "2020-13-01"),
            ("moment,id", "yesterday"),
            ("public_id,id", "no-uuid"),
        ],
    )
    def test_values_that_a_driver_would_choke_on_are_refused(self, things: Session, order: str, value: Any) -> None:
        with pytest.raises(InvalidCursor):
            paginate(things, select(thing.c.id), terms(order), PageRequest(5, forged([value, 1]), binding="b"))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
    def test_any_text_is_a_page_or_an_invalid_cursor(self, things: Session, text: str) -> None:
        with pytest.raises(InvalidCursor):
            paginate(things, select(thing.c.id), terms("year,id"), PageRequest(5, text, binding="b"))

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.sampled_from(ORDERS),
        st.lists(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates().map(str) | st.datetimes().map(str),
            min_size=1,
            max_size=4,
        ),
    )
    def test_any_forged_values_are_a_page_or_an_invalid_cursor(self, things: Session, order: str, values: list[Any]) -> None:
        try:
            page = paginate(things, select(thing.c.id), terms(order), PageRequest(5, forged(values), binding="b"))
        except InvalidCursor:
            return
        assert len(page.items) <= 5

    def test_deep_nesting_is_refused(self, things: Session) -> None:
        text = base64.urlsafe_b64encode(b"[" * 20_000).decode().rstrip("=")
        with pytest.raises(InvalidCursor):
            paginate(things, select(thing.c.id), terms("id"), PageRequest(5, text, binding="b"))


class TestBindCursor:
    def test_does_not_depend_on_the_order_of_parameters(self) -> None:
        one = bind_cursor("/v1/studies", [("a", "1"), ("b", "2")], terms("id"))
        assert one == bind_cursor("/v1/studies", [("b", "2"), ("a", "1")], terms("id"))

    def test_limit_count_fields_and_cursor_are_free(self) -> None:
        free = [("limit", "5"), ("count", "true"), ("fields", "id"), ("cursor", "x")]
        assert bind_cursor("/v1/studies", free, terms("id")) == bind_cursor("/v1/studies", [], terms("id"))

    def test_address_filters_and_sort_are_bound(self) -> None:
        made = {
            bind_cursor("/v1/studies", [], terms("id")),
            bind_cursor("/v1/claims", [], terms("id")),
            bind_cursor("/v1/studies", [("a", "1")], terms("id")),
            bind_cursor("/v1/studies", [], terms("-id")),
        }
        assert len(made) == 4


class TestEnvelope:
    def test_has_the_form_of_every_list(self) -> None:
        page = Page([1, 2], 2, "abc", None)
        assert page.envelope() == {"items": [1, 2], "page": {"limit": 2, "next": "abc", "total": None}}
        assert page.envelope(["a"])["items"] == ["a"]


class TestLinkNext:
    def test_repeats_the_query_with_the_next_cursor(self) -> None:
        link = link_next("/v1/studies", [("q", "a b&c"), ("cursor", "old"), ("limit", "2")], Page([], 2, "new", None))
        assert link == {"Link": '</v1/studies?q=a+b%26c&limit=2&cursor=new>; rel="next"'}

    def test_is_absent_on_the_last_page(self) -> None:
        assert link_next("/v1/studies", [], Page([], 2, None, None)) == {}

    def test_cannot_be_broken_out_of(self) -> None:
        link = link_next('/v1/"><x', [('">', '">\r\n')], Page([], 2, "new", None))["Link"]
        assert not set('"\r\n') & set(link.removesuffix('; rel="next"'))
        assert link.count(">") == 1
