from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import reading, transaction
from app.errors import NotFound
from app.models import Condition
from app.queries.condition_page import load_positions, make_summary, short_label
from app.queries.conditions import CONDITIONS, get_condition_page, list_conditions
from app.queries.filters import ListQuery
from tests.query_count import counted_queries

QUERIES_OF_A_PAGE = 9  # condition, ratings, relatives, claims, studies, documents beside, reports, positions, meta


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


def asked(**params: str) -> ListQuery:
    return CONDITIONS.parse("/v1/conditions", params.items())


def bare_condition(slug: str) -> Condition:
    """A condition without a rating, which none of the actions would leave so."""
    words = {"name": slug, "description": slug, "body_system": "general", "age_group": "mixed"}
    return Condition(slug=slug, **words, synonyms=[], codes={}, sources=[], version=1)


class TestGetConditionPage:
    @pytest.mark.parametrize("slug", ["migraine", "fibromyalgia", "headache", "tinnitus"])
    def test_the_number_of_queries_does_not_depend_on_what_the_condition_holds(self, session: Session, slug: str) -> None:
        with counted_queries(session) as sent:
            get_condition_page(session, slug)
        assert len(sent) == QUERIES_OF_A_PAGE

    def test_a_condition_without_anything_costs_the_same(self, engine: Engine) -> None:
        with transaction(engine) as session:
            session.add(bare_condition("hiccups"))
        with reading(engine) as session, counted_queries(session) as sent:
            page = get_condition_page(session, "hiccups")
        assert len(sent) == QUERIES_OF_A_PAGE
        assert page["summary"] == "This condition has not been rated yet."
        assert (page["ratings"], page["studies"], page["studies_total"], page["claims"], page["positions"]) == ([], [], 0, [], [])

    def test_an_unknown_slug_names_the_nearest(self, session: Session) -> None:
        with pytest.raises(NotFound) as problem:
            get_condition_page(session, "migrane")
        assert problem.value.members["nearest"][0] == "migraine"
        assert "'migrane'; the nearest: migraine" in problem.value.detail


class TestListConditions:
    def test_ratings_of_the_whole_page_are_one_query(self, session: Session) -> None:
        counts = set()
        for limit in ("1", "200"):
            with counted_queries(session) as sent:
                list_conditions(session, asked(limit=limit))
            counts.add(len(sent))
        assert counts == {2}

    def test_pages_join_to_the_whole_in_every_order(self, session: Session) -> None:
        for sort in ("slug", "-name", "certainty", "-certainty,name", "-eligible_studies", "eligible_studies,-slug"):
            whole = [item["slug"] for item in list_conditions(session, asked(sort=sort, limit="200")).items]
            walked: list[str] = []
            cursor: str | None = ""
            while cursor is not None:
                page = list_conditions(session, asked(sort=sort, limit="7", **({"cursor": cursor} if cursor else {})))
                walked += [item["slug"] for item in page.items]
                cursor = page.next
            assert walked == whole
            assert len(whole) == 46

    def test_a_condition_without_any_rating_is_listed_last_by_certainty(self, engine: Engine) -> None:
        with transaction(engine) as session:
            session.add_all([bare_condition("hiccups"), bare_condition("aches")])
        with reading(engine) as session:
            assert [item["slug"] for item in list_conditions(session, asked(sort="certainty")).items] == ["aches", "hiccups"]


class TestMakeSummary:
    def test_a_rating_without_evidence_says_which_treatment_it_means(self) -> None:
        ratings = [
            {"certainty": "low", "intervention_name": "A", "sentence": "Neck pain: A may help."},
            {"certainty": "no-evidence", "intervention_name": "Bee stings", "sentence": "No eligible study was found."},
        ]
        assert make_summary(ratings) == "Neck pain: A may help. Bee stings: no eligible study was found."


class TestShortLabel:
    @pytest.mark.parametrize(
        ("authors", "year", "label"),
        [
            (["Haller H", "Lauche R"], 2016, "Haller 2016"),
            (["Castro-Sánchez, Adelaida"], None, "Castro-Sánchez undated"),
            (["王 小明"], 2017, "王 2017"),
            ([], 2020, "A trial 2020"),
        ],
    )
    def test_names_the_first_author_and_the_year(self, authors: list[str], year: int | None, label: str) -> None:
        assert short_label(authors, year, "[A trial]") == label


class TestLoadPositions:
    def test_finds_statements_that_name_the_condition_and_no_longer_slug(self, session: Session) -> None:
        assert [row["id"] for row in load_positions(session, "tinnitus")] == ["british-tinnitus-association-2019"]
        assert load_positions(session, "tinnit") == []
