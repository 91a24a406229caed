from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.database import reading
from app.errors import NotFound
from app.models import BodyOfEvidence
from app.queries.evidence import EVIDENCE, get_evidence, list_evidence
from app.queries.evidence_map import EVIDENCE_MAP, get_evidence_map
from app.queries.filters import ListQuery
from tests.query_count import counted_queries

NECK_PAIN = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


def asked(**params: str) -> ListQuery:
    return EVIDENCE.parse("/v1/evidence", params.items())


class TestListEvidence:
    def test_a_page_is_two_queries(self, session: Session) -> None:
        for limit in ("1", "200"):
            with counted_queries(session) as sent:
                list_evidence(session, asked(limit=limit))
            assert len(sent) == 2

    def test_items_say_what_the_stored_explanation_says(self, session: Session) -> None:
        stored = {row.id: row.explanation for row in session.execute(select(BodyOfEvidence)).scalars()}
        items = list_evidence(session, asked(limit="200")).items
        assert {item["id"] for item in items} == stored.keys()
        for item in items:
            explanation = stored[item["id"]]
            shared = item.keys() - {"id", "href"}
            assert {name: item[name] for name in shared} == {name: explanation[name] for name in shared}
            assert isinstance(item["n_is_estimated"], bool)


class TestGetEvidence:
    def test_takes_three_queries(self, session: Session) -> None:
        for body in session.execute(select(col(BodyOfEvidence.id)).limit(5)).scalars().all():
            with counted_queries(session) as sent:
                get_evidence(session, body)
            assert len(sent) == 3

    def test_every_study_of_the_explanation_has_an_address(self, session: Session) -> None:
        for body in session.execute(select(col(BodyOfEvidence.id))).scalars().all():
            answer = get_evidence(session, body)
            rows = [*answer["studies"], *answer["passed_over"], *answer["not_usable"]]
            assert all(row["href"].startswith("/v1/studies/") for row in rows)

    def test_an_unknown_body_names_the_nearest_of_its_condition(self, session: Session) -> None:
        with pytest.raises(NotFound) as problem:
            get_evidence(session, NECK_PAIN.replace("sham", "shame"))
        assert problem.value.members["nearest"][0] == NECK_PAIN

    def test_an_unknown_condition_names_none(self, session: Session) -> None:
        with pytest.raises(NotFound, match="/v1/evidence lists all"):
            get_evidence(session, "nothing")


class TestGetEvidenceMap:
    @pytest.mark.parametrize(("params", "queries"), [({}, 3), ({"intervention": "craniosacral-therapy"}, 4), ({"certainty": "high"}, 3)])
    def test_takes_the_same_queries_whatever_it_holds(self, session: Session, params: dict[str, str], queries: int) -> None:
        with counted_queries(session) as sent:
            get_evidence_map(session, EVIDENCE_MAP.parse("/v1/evidence-map", params.items()))
        assert len(sent) == queries
