from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import reading
from app.queries.claims import CLAIMS, get_claim, list_claims
from app.queries.interventions import INTERVENTIONS, get_intervention, list_interventions
from app.queries.outcomes import OUTCOMES, get_outcome, list_outcomes
from app.queries.safety import get_safety
from app.queries.studies import STUDIES, STUDIES_OF_CONDITION, list_studies, table_for
from app.queries.study_page import find_visible_study, get_study_page
from tests.query_count import counted_queries


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


def ask(session: Session, **params: str) -> list[Any]:
    table = table_for(list(params.items()))
    return list_studies(session, table.parse("/v1/studies", params.items()), table).items


class TestTableFor:
    def test_one_condition_is_read_along_its_own_index(self) -> None:
        assert table_for([("condition", "migraine")]) is STUDIES_OF_CONDITION

    @pytest.mark.parametrize(
        "params",
        [
            [],
            [("condition", "migraine,headache")],
            [("condition", "migraine"), ("condition", "headache")],
            [("condition__not", "migraine")],
        ],
    )
    def test_anything_else_is_tested_study_by_study(self, params: list[tuple[str, str]]) -> None:
        assert table_for(params) is STUDIES

    def test_both_tables_take_the_same_parameters(self) -> None:
        assert STUDIES.describe() == STUDIES_OF_CONDITION.describe()


class TestListStudies:
    def test_a_condition_walks_the_index_of_its_studies(self, session: Session) -> None:
        if session.get_bind().dialect.name != "sqlite":
            assert len(ask(session, condition="migraine")) > 5
            return
        with counted_queries(session) as sent:
            ask(session, condition="migraine", limit="2")
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sent[0]}", ("x",) * sent[0].count("?"))]
        assert plan[0].startswith("SEARCH study_condition USING COVERING INDEX list_index_of_condition (condition=?)")
        assert plan[1].startswith("SEARCH study USING")

    def test_one_condition_and_the_same_among_several_give_the_same(self, session: Session) -> None:
        alone = [item["id"] for item in ask(session, condition="migraine", limit="200")]
        among = [item["id"] for item in ask(session, condition="migraine,migraine", limit="200")]
        assert alone == among

    @pytest.mark.parametrize("limit", ["1", "25", "200"])
    def test_two_queries_whatever_the_length(self, session: Session, limit: str) -> None:
        with counted_queries(session) as sent:
            ask(session, limit=limit)
        assert len(sent) == 2


class TestGetStudyPage:
    @pytest.mark.parametrize("key", ["haller-2016-neck-pain", "haller-2020-chronic-pain-review", "wojcik-2023-stress-hormones"])
    def test_at_most_four_queries_whatever_the_study_is_tied_to(self, session: Session, key: str) -> None:
        with counted_queries(session) as sent:
            get_study_page(session, find_visible_study(session, key, None), None)
        assert len(sent) <= 4


class TestOtherReads:
    """The number of queries of the reads beside studies."""

    def test_of_claims(self, session: Session) -> None:
        for limit, number in (("1", 1), ("200", 1)):
            with counted_queries(session) as sent:
                list_claims(session, CLAIMS.parse("/", [("limit", limit)]))
            assert len(sent) == number
        with counted_queries(session) as sent:
            get_claim(session, "roya-treats-migraine")
        assert len(sent) == 2

    def test_of_interventions(self, session: Session) -> None:
        with counted_queries(session) as sent:
            list_interventions(session, INTERVENTIONS.parse("/", []))
        assert len(sent) == 2
        for slug in ("craniosacral-therapy", "osteopathic-manipulative-treatment"):
            with counted_queries(session) as sent:
                get_intervention(session, slug)
            assert len(sent) == 4
            session.expunge_all()
            with counted_queries(session) as sent:
                get_safety(session, slug)
            assert len(sent) == 6
            session.expunge_all()

    def test_of_outcomes(self, session: Session) -> None:
        with counted_queries(session) as sent:
            list_outcomes(session, OUTCOMES.parse("/", [("limit", "200")]))
        assert len(sent) == 2
        with counted_queries(session) as sent:
            get_outcome(session, "pain-intensity")
        assert len(sent) == 4
