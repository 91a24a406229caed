from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.database import reading
from app.errors import NotFound
from app.models import BodyOfEvidence, Rating
from app.queries.pair_inputs import load_pair_inputs
from app.queries.ratings import certainty_rank, get_rating, get_rating_what_if, load_summaries
from app.queries.what_if import Asked
from app.synthesis.body import PairInput
from app.synthesis.what_if import published_until
from app.vocabulary import Certainty
from tests.query_count import counted_queries

NECK_PAIN = ("neck-pain", "craniosacral-therapy")
THIS_YEAR = 2026


def until(year: int) -> Asked:
    return Asked(published_until=year)


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


class TestCertaintyRank:
    def test_orders_by_strength_and_not_by_the_alphabet(self, session: Session) -> None:
        rank = certainty_rank(col(BodyOfEvidence.certainty))
        ranks = dict(session.execute(select(col(BodyOfEvidence.certainty), rank)).all())
        assert ranks == {certainty: list(Certainty).index(Certainty(certainty)) for certainty in ranks}
        assert ranks["low"] < ranks["very-low"]


class TestLoadSummaries:
    def test_every_condition_has_a_headline_for_every_intervention(self, session: Session) -> None:
        with counted_queries(session) as sent:
            found = load_summaries(session, ["neck-pain", "tinnitus"])
        assert len(sent) == 1
        assert found.keys() == {"neck-pain", "tinnitus"}
        for rows in found.values():
            assert [row["intervention"] for row in rows] == ["craniosacral-therapy", "osteopathic-manipulative-treatment"]


class TestGetRating:
    @pytest.mark.parametrize("condition", ["neck-pain", "infant-colic", "tinnitus"])
    def test_takes_seven_queries(self, session: Session, condition: str) -> None:
        with counted_queries(session) as sent:
            get_rating(session, condition, "craniosacral-therapy")
        assert len(sent) == 7

    def test_serves_what_is_stored_word_for_word(self, session: Session) -> None:
        stored = session.get_one(Rating, NECK_PAIN).content
        served = get_rating(session, *NECK_PAIN)
        assert {name: served[name] for name in stored} == stored

    def test_names_the_part_that_is_unknown(self, session: Session) -> None:
        with pytest.raises(NotFound, match="no condition 'neck-pane'; the nearest: neck-pain"):
            get_rating(session, "neck-pane", "craniosacral-therapy")
        with pytest.raises(NotFound, match="no intervention 'cranio-therapy'; the nearest: craniosacral-therapy"):
            get_rating(session, "neck-pain", "cranio-therapy")


class TestGetRatingWhatIf:
    def test_until_this_year_is_the_stored_rating_where_every_year_is_known(self, session: Session) -> None:
        compared = 0
        for row in session.execute(select(Rating)).scalars():
            served = get_rating_what_if(session, row.condition, row.intervention, until(THIS_YEAR))
            if not served["left_out"]["unknown_year"]:
                assert {name: served[name] for name in row.content} == row.content
                compared += 1
        assert compared > 60

    def test_the_literature_of_an_earlier_year_gives_an_earlier_rating(self, session: Session) -> None:
        certainties = {year: get_rating_what_if(session, *NECK_PAIN, until(year))["certainty"] for year in (1990, 2015, 2016)}
        assert certainties == {1990: "no-evidence", 2015: "very-low", 2016: "low"}

    def test_as_of_is_the_end_of_the_year_but_never_after_the_stored_day(self, session: Session) -> None:
        stored = session.get_one(Rating, NECK_PAIN).as_of
        assert get_rating_what_if(session, *NECK_PAIN, until(2015))["as_of"] == "2015-12-31"
        assert get_rating_what_if(session, *NECK_PAIN, until(THIS_YEAR))["as_of"] == stored.isoformat()

    def test_the_number_of_queries_does_not_depend_on_the_pair_but_for_chains_of_papers_on_the_same_people(self, session: Session) -> None:
        counts = set()
        for condition in ("neck-pain", "infant-colic", "tinnitus"):
            with counted_queries(session) as sent:
                get_rating_what_if(session, condition, "craniosacral-therapy", until(2015))
            counts.add(len([statement for statement in sent if "shared_participants" not in statement]))
        assert len(counts) == 1

    def test_stores_nothing(self, session: Session) -> None:
        before = session.get_one(Rating, NECK_PAIN).model_dump()
        get_rating_what_if(session, *NECK_PAIN, until(1990))
        session.expire_all()
        assert session.get_one(Rating, NECK_PAIN).model_dump() == before


class TestPublishedUntil:
    @pytest.fixture
    def pair(self, session: Session) -> PairInput:
        return load_pair_inputs(session, [("infant-colic", "craniosacral-therapy")], as_of=date(2026, 11, 22))[0]

    def test_keeps_studies_of_the_year_itself(self, pair: PairInput) -> None:
        year = max(study.year for study in pair.studies if study.year is not None)
        kept = {study.key for study in published_until(pair, year).studies}
        assert kept == {study.key for study in pair.studies if study.year is not None}
        assert {study.key for study in published_until(pair, year - 1).studies} < kept

    def test_a_registration_does_not_know_a_later_report(self, pair: PairInput) -> None:
        reported = [row for row in pair.registrations if row.linked]
        assert [row.key for row in reported] == ["nct03675763-2018-infant-colic"]
        linked = {year: _reports(published_until(pair, year), reported[0].key) for year in (2018, 2019, 2022)}
        assert linked == {
            2018: [],
            2019: ["castejon-castejon-2019-infant-colic"],
            2022: ["castejon-castejon-2019-infant-colic", "castejon-castejon-2022-infant-colic"],
        }


def _reports(pair: PairInput, registration: str) -> list[str]:
    return [study.key for row in pair.registrations if row.key == registration for study in row.linked]
