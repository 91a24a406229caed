from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.database import reading
from app.queries.published_reviews import Conclusion, StandingBeside, load_beside, review_row
from app.schemas.study import ReviewSynthesis, StudyDocument
from app.vocabulary import Certainty, ConclusionDirection, Design, Finding, StudyKind
from tests.query_count import counted_queries

RATED: dict[str, Conclusion] = {"cst": (Certainty.LOW, Finding.FAVOURS_INTERVENTION)}


def review(intervention: str | None, synthesis: ReviewSynthesis | None) -> StandingBeside:
    document = StudyDocument(
        title="A review", kind=StudyKind.SYNTHESIS, design=Design.SYSTEMATIC_REVIEW, intervention=intervention, synthesis=synthesis
    )
    return StandingBeside("an-id", "a-review", document)


class TestLoadBeside:
    @pytest.fixture
    def session(self, seeded_engine: Engine) -> Iterator[Session]:
        with reading(seeded_engine) as opened:
            yield opened

    def test_takes_one_query_and_gives_the_newest_first(self, session: Session) -> None:
        with counted_queries(session) as sent:
            found = load_beside(session, "infant-colic", [StudyKind.SYNTHESIS])
        assert len(sent) == 1
        years = [row.document.year for row in found if row.document.year is not None]
        assert years == sorted(years, reverse=True)
        assert {row.document.kind for row in found} == {StudyKind.SYNTHESIS}


class TestReviewRow:
    def test_compares_its_conclusion_with_the_rating_of_its_intervention(self) -> None:
        for direction, agreement in (
            (ConclusionDirection.FAVOURS_INTERVENTION, "agrees"),
            (ConclusionDirection.MIXED, "partly"),
            (ConclusionDirection.INCONCLUSIVE, "differs"),
            (None, "not-comparable"),
        ):
            row = review_row(review("cst", ReviewSynthesis(conclusion_direction=direction)), RATED)
            assert row["agreement"] == agreement
            assert row["agreement_reason"]

    def test_a_review_of_nothing_rated_here_cannot_be_compared(self) -> None:
        settled = ReviewSynthesis(conclusion_direction=ConclusionDirection.FAVOURS_INTERVENTION)
        assert review_row(review(None, settled), RATED)["agreement"] == "not-comparable"
        assert review_row(review("acupuncture", settled), RATED)["agreement"] == "not-comparable"

    def test_what_a_review_does_not_say_is_null(self) -> None:
        row = review_row(review("cst", None), RATED)
        unknown = ("certainty", "included_studies", "included_participants", "conclusion", "conclusion_direction", "year")
        assert [row[name] for name in unknown] == [None] * len(unknown)
        assert row["included_known"] == 0
