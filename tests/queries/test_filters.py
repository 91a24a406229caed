from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import exists, func, select
from sqlmodel import Session

from app.errors import InvalidQuery, ParameterProblem
from app.queries.filter_values import MAX_VALUES
from app.queries.filters import Field, FilterTable
from app.queries.paging import SortKey, paginate
from app.vocabulary import Design
from tests.queries.scratch import ROWS, row, thing

other = thing.alias("other")
TABLE = FilterTable(
    fields=[
        Field("year", thing.c.year, type=int, operators={"eq", "gte", "lte", "not"}),
        Field("design", thing.c.design, type=Design),
        Field("title", thing.c.title),
        Field("public_id", thing.c.public_id, type=UUID, operators=("eq",)),
        Field("open", thing.c.open, type=bool, operators=("eq",)),
        Field("weight", thing.c.weight, type=float, operators=("gte", "lte")),
        Field("twin_of", type=int, condition=lambda ids: exists().where(other.c.id.in_(ids), other.c.title == thing.c.title)),
        Field("q", condition=lambda words: func.lower(thing.c.title).contains(words[0].lower()), whole=True, operators=("eq",)),
    ],
    sort_keys=[SortKey("year", thing.c.year, int), SortKey("title", thing.c.title, str, nullable=False)],
    tie=SortKey("id", thing.c.id, int, nullable=False),
    default_sort="-year",
)
ALL = {number: row(number) for number in range(1, ROWS + 1)}


def found(session: Session, *params: tuple[str, str]) -> set[int]:
    query = TABLE.parse("/things", [*params, ("limit", "200")])
    return set(paginate(session, query.apply(select(thing.c.id)), query.sort, query.page).items)


def refused(*params: tuple[str, str]) -> list[ParameterProblem]:
    with pytest.raises(InvalidQuery) as caught:
        TABLE.parse("/things", params)
    return [error for error in caught.value.errors if isinstance(error, ParameterProblem)]


def rows_where(**wanted: Iterable[Any]) -> set[int]:
    return {number for number, values in ALL.items() if all(values[name] in allowed for name, allowed in wanted.items())}


class TestFilter:
    def test_no_filter_gives_all(self, things: Session) -> None:
        assert found(things) == set(ALL)

    def test_commas_mean_or(self, things: Session) -> None:
        assert found(things, ("year", "2001,2003")) == rows_where(year=(2001, 2003))

    def test_a_repeated_parameter_means_or_as_well(self, things: Session) -> None:
        assert found(things, ("year", "2001"), ("year", "2003")) == found(things, ("year", "2001,2003"))

    def test_two_fields_mean_and(self, things: Session) -> None:
        both = rows_where(year=(2001,), design=(Design.COHORT,))
        assert both
        assert found(things, ("year", "2001"), ("design", "cohort")) == both

    def test_bounds_include_their_value(self, things: Session) -> None:
        assert found(things, ("year__gte", "2001"), ("year__lte", "2002")) == rows_where(year=(2001, 2002))

    def test_not_keeps_the_rows_without_a_value(self, things: Session) -> None:
        assert found(things, ("design__not", "cohort")) == rows_where(design=(Design.OVERVIEW, None))
        assert found(things, ("year__not", "2001,2002")) == rows_where(year=(2000, 2003, 2004, None))

    def test_a_backslash_keeps_a_comma_in_the_value(self, things: Session) -> None:
        assert found(things, ("title", "title 1\\, é,title 2\\, é")) == rows_where(title=("title 1, é", "title 2, é"))

    def test_a_whole_value_keeps_its_commas(self, things: Session) -> None:
        assert found(things, ("q", "TITLE 1, ")) == rows_where(title=("title 1, é",))

    def test_a_condition_of_its_own_and_its_opposite(self, things: Session) -> None:
        twins = rows_where(title=("title 1, é", "title 2, é"))
        assert found(things, ("twin_of", "1,2")) == twins
        assert found(things, ("twin_of__not", "1,2")) == set(ALL) - twins

    def test_identifiers_booleans_and_floats(self, things: Session) -> None:
        assert found(things, ("public_id", str(ALL[5]["public_id"]))) == {5}
        assert found(things, ("open", "true")) == rows_where(open=(True,))
        assert found(things, ("weight__gte", "1.5")) == {n for n, values in ALL.items() if (values["weight"] or 0) >= 1.5}

    def test_every_filter_of_the_table_runs_on_the_engine(self, things: Session) -> None:
        samples = {int: "1", str: "a", Design: "cohort", UUID: str(UUID(int=1)), bool: "false", float: "0.5"}
        for name, (field, _) in TABLE.parameters.items():
            assert found(things, (name, samples[field.type])) <= set(ALL)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([*TABLE.names, "year__", "__not", "nonsense", ""]),
                st.text(max_size=20)
                | st.sampled_from(["2001", "-1", "9999999999", "1e999", "cohort", "true", "\\,", ",", "id", "-id", "a.b"]),
            ),
            max_size=5,
        )
    )
    def test_any_query_is_answered_or_refused(self, things: Session, params: list[tuple[str, str]]) -> None:
        params = [(name, value.replace("\x00", "")) for name, value in params if name != "cursor"]
        try:
            query = TABLE.parse("/things", params)
        except InvalidQuery:
            return
        page = paginate(things, query.apply(select(thing.c.id)), query.sort, query.page)
        assert len(page.items) <= query.page.limit


class TestRefusal:
    @pytest.mark.parametrize(("wrong", "right"), [("yaer", "year"), ("year__get", "year__gte"), ("desing", "design"), ("limt", "limit")])
    def test_an_unknown_parameter_names_the_nearest(self, wrong: str, right: str) -> None:
        (error,) = refused((wrong, "1"))
        assert error.parameter == wrong
        assert f"did you mean '{right}'?" in error.detail
        assert error.allowed is not None
        assert right in error.allowed

    def test_where_none_is_near_all_are_named(self) -> None:
        (error,) = refused(("zzzzzzzz", "1"))
        assert error.detail.endswith("year__gte, year__lte, year__not.")

    def test_an_operator_that_a_field_does_not_have_is_unknown(self) -> None:
        (error,) = refused(("design__gte", "cohort"))
        assert "there is no parameter 'design__gte'" in error.detail

    def test_a_closed_choice_names_its_values(self) -> None:
        (error,) = refused(("design", "cohrt"))
        assert error.allowed == [design.value for design in Design]
        assert "'cohrt' is none of randomised-trial," in error.detail

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("year", "abc"),
            ("year", "1.5"),
            ("year", "2147483648"),
            ("year", "1_000"),
            ("year", "٣"),
            ("year", ""),
            ("year", "2001,"),
            ("weight__gte", "nan"),
            ("weight__gte", "1e999"),
            ("weight__gte", "inf"),
            ("open", "yes"),
            ("public_id", "1"),
            ("title", "x" * 501),
            ("limit", "0"),
            ("limit", "201"),
            ("limit", "ten"),
            ("count", "1"),
            ("sort", ""),
            ("cursor", ""),
            ("fields", ""),
        ],
    )
    def test_a_value_of_the_wrong_type_is_named(self, name: str, value: str) -> None:
        (error,) = refused((name, value))
        assert error.parameter == name
        assert error.detail.endswith(".")

    @pytest.mark.parametrize("name", ["year__gte", "q", "sort", "limit", "cursor", "count", "fields"])
    def test_what_can_be_meant_only_once_may_not_be_repeated(self, name: str) -> None:
        value = {"sort": "year", "count": "true"}.get(name, "7")
        (error,) = refused((name, value), (name, value))
        assert "more than once" in error.detail

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        assert [error.parameter for error in refused(("yaer", "1"), ("design", "x"), ("limit", "0"))] == ["yaer", "design", "limit"]

    def test_too_many_values_are_refused(self) -> None:
        (error,) = refused(("year", ",".join(["1"] * (MAX_VALUES + 1))))
        assert str(MAX_VALUES) in error.detail


class TestSort:
    def test_the_default_ends_with_the_unique_key(self) -> None:
        assert [str(term) for term in TABLE.parse("/things", []).sort] == ["-year", "id"]

    def test_the_unique_key_may_come_first_and_ends_it(self) -> None:
        assert [str(term) for term in TABLE.parse("/things", [("sort", "title,-id,year")]).sort] == ["title", "-id"]

    def test_an_unknown_key_names_the_nearest(self) -> None:
        (error,) = refused(("sort", "-yaer"))
        assert error.detail == "there is no sort key 'yaer'; did you mean 'year'?"
        assert error.allowed == ["id", "title", "year"]

    @pytest.mark.parametrize("sort", ["year,year", "year,-year", "year,", "--year"])
    def test_nonsense_is_refused(self, sort: str) -> None:
        assert refused(("sort", sort))[0].parameter == "sort"


class TestPageParameters:
    def test_defaults(self) -> None:
        query = TABLE.parse("/things", [])
        assert (query.page.limit, query.page.cursor, query.page.count, query.fields) == (25, None, False, None)

    def test_are_read(self) -> None:
        query = TABLE.parse("/things", [("limit", "200"), ("cursor", "abc"), ("count", "true"), ("fields", "id,title")])
        assert (query.page.limit, query.page.cursor, query.page.count, query.fields) == (200, "abc", True, "id,title")

    def test_values_are_kept_for_who_ranks_by_them(self) -> None:
        assert TABLE.parse("/things", [("q", "a, b"), ("year", "2001")]).values == {"q": ["a, b"], "year": [2001]}

    def test_the_default_sort_said_aloud_binds_the_same_cursor(self) -> None:
        assert TABLE.parse("/things", [("sort", "-year,id")]).page.binding == TABLE.parse("/things", []).page.binding


class TestDescribe:
    def test_every_parameter_stands_in_the_openapi_document(self) -> None:
        described = {parameter["name"]: parameter for parameter in TABLE.describe()}
        assert set(described) == set(TABLE.names)
        assert described["design"]["schema"]["items"]["enum"] == [design.value for design in Design]
        assert described["design"]["explode"] is False
        assert described["year__gte"]["schema"] == {"type": "integer"}
        assert described["sort"]["schema"]["items"]["enum"] == ["year", "-year", "title", "-title", "id", "-id"]
        assert described["limit"]["schema"]["maximum"] == 200


class TestField:
    def test_an_operator_that_the_grammar_does_not_have_is_refused_at_start(self) -> None:
        with pytest.raises(ValueError, match="the operators are eq, not, gte, lte"):
            FilterTable([Field("x", thing.c.id, operators={"gt"})], [], SortKey("id", thing.c.id, int))

    def test_a_condition_of_its_own_has_no_bounds(self) -> None:
        with pytest.raises(ValueError, match="only eq and not"):
            FilterTable([Field("x", condition=lambda _: thing.c.id > 0, operators={"gte"})], [], SortKey("id", thing.c.id, int))
