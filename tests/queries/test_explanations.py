import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.appraisals import make_appraisal
from app.actions.reference_records import KINDS, put_record, read_record
from app.database import make_engine, reading, transaction
from app.errors import InvalidQuery, NotFound
from app.models import BodyOfEvidence, Outcome, Study, StudyRevision
from app.queries.evidence import get_evidence
from app.queries.explanations import OUTDATED, get_explained_evidence
from app.queries.pair_inputs import load_pair_inputs
from app.queries.what_if import Asked
from app.synthesis.rating import body_to_json, rate_one_body
from app.synthesis.what_if import NOTHING_TO_JUDGE, RATIO_ABOVE_ONE
from app.vocabulary import Domain, LeavingOut
from tests.factories import CLARA
from tests.query_count import counted_queries

NECK_PAIN = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
COLIC = "infant-colic.craniosacral-therapy.crying-time.inactive.post-treatment"
DIRECTIONS = "migraine.craniosacral-therapy.headache-impact.none.post-treatment"
RATIO = "otitis-media.craniosacral-therapy.infection-episodes.sham.post-treatment"
QUERIES = 12
QUERIES_ON_OTHER_TERMS = 11
WITHOUT_HIGH = Asked(without=LeavingOut.HIGH_RISK)


@pytest.fixture
def session(seeded_engine: Engine) -> Iterator[Session]:
    with reading(seeded_engine) as opened:
        yield opened


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, allow_nan=False, default=str))


class TestAsStored:
    def test_every_body_computed_again_is_the_stored_one(self, session: Session) -> None:
        """What is explained is what is served: the explanation rests on the same body, number by number."""
        stored = {row.id: row for row in session.execute(select(BodyOfEvidence)).scalars()}
        pairs = {(row.condition, row.intervention) for row in stored.values()}
        days = dict.fromkeys(pairs, datetime(2026, 11, 22, tzinfo=UTC).date())
        inputs = {(one.condition, one.intervention): one for one in load_pair_inputs(session, pairs, as_of=days)}
        for body, row in stored.items():
            again = rate_one_body(inputs[row.condition, row.intervention], body)
            assert again is not None
            assert as_json(body_to_json(again[0])) | {"in_headline": row.in_headline} == as_json(row.explanation)

    def test_all_that_is_stored_is_served_as_it_is(self, session: Session) -> None:
        for body in (NECK_PAIN, COLIC, DIRECTIONS):
            stored, served = get_evidence(session, body), get_explained_evidence(session, body)
            assert {name: served[name] for name in stored} == stored
            assert served["what_if"] is None

    @pytest.mark.parametrize("body", [NECK_PAIN, COLIC, DIRECTIONS, RATIO])
    def test_the_number_of_queries_does_not_depend_on_the_body(self, session: Session, body: str) -> None:
        with counted_queries(session) as sent:
            get_explained_evidence(session, body)
        assert len(sent) == QUERIES

    def test_the_explanation_is_of_the_stored_level(self, session: Session) -> None:
        for body in session.execute(select(col(BodyOfEvidence.id))).scalars().all():
            served = get_explained_evidence(session, body)
            explained = served["explanation"]
            assert explained["certainty"] == explained["appraisal"]["computed"] == explained["stability"]["computed"] == served["certainty"]
            assert explained["smallest_change"]["levels_taken"] == {name: row["levels"] for name, row in served["domains"].items()}
            assert explained["participants_still_needed"] == served["participants_still_needed"]

    def test_what_is_not_pooled_has_the_reason_in_every_diagnostic(self, session: Session) -> None:
        served = get_explained_evidence(session, DIRECTIONS)
        assert served["diagnostics"]["egger"] == {"not_computed": served["not_pooled"]}

    def test_an_unknown_body_is_not_found(self, session: Session) -> None:
        with pytest.raises(NotFound, match="There is no body of evidence"):
            get_explained_evidence(session, "nothing", WITHOUT_HIGH)


class TestOnOtherTerms:
    @pytest.mark.parametrize("asked", [Asked(published_until=2020), WITHOUT_HIGH, Asked(mid=20.0), Asked(method="certainty/1.0.0")])
    def test_the_number_of_queries_does_not_depend_on_the_terms(self, session: Session, asked: Asked) -> None:
        for body in (NECK_PAIN, DIRECTIONS):
            with counted_queries(session) as sent:
                get_explained_evidence(session, body, asked)
            assert len(sent) == QUERIES_ON_OTHER_TERMS

    def test_the_stored_method_asked_for_gives_the_stored_body(self, session: Session) -> None:
        for body in (NECK_PAIN, COLIC, DIRECTIONS):
            stored, served = get_explained_evidence(session, body), get_explained_evidence(session, body, Asked(method="certainty/1.0.0"))
            assert served["what_if"]["method"] == "certainty/1.0.0"
            same = stored.keys() - {"what_if"}
            assert as_json({name: served[name] for name in same}) == as_json({name: stored[name] for name in same})

    def test_says_what_was_left_out_and_what_is_stored(self, session: Session) -> None:
        stored, served = get_explained_evidence(session, COLIC), get_explained_evidence(session, COLIC, WITHOUT_HIGH)
        gone = {row["study"] for row in stored["studies"]} - {row["study"] for row in served["studies"]}
        assert served["k"] == stored["k"] - len(gone) == 1
        assert served["what_if"]["left_out"] == {"later": [], "unknown_year": [], "high_risk": sorted(gone)}
        assert served["what_if"]["stored"]["effect"] == stored["effect"] != served["effect"]
        assert {row["study"] for row in served["passed_over"] if row["rule"] == "left-out"} == gone

    def test_an_earlier_year_is_rated_as_of_its_end(self, session: Session) -> None:
        served = get_explained_evidence(session, NECK_PAIN, Asked(published_until=2017))
        assert served["meta"].as_of.isoformat() == "2017-12-31"
        assert served["k"] == 1

    def test_a_body_that_is_gone_is_not_found_and_says_why(self, session: Session) -> None:
        with pytest.raises(NotFound, match="no study with a usable result is left") as problem:
            get_explained_evidence(session, NECK_PAIN, Asked(published_until=2015))
        what_if = problem.value.members["what_if"]
        assert what_if["left_out"]["later"] == ["haller-2016-neck-pain"]
        assert what_if["stored"]["certainty"] == "low"

    def test_a_mid_where_nothing_is_pooled_is_noted(self, session: Session) -> None:
        served = get_explained_evidence(session, DIRECTIONS, Asked(mid=3.0))
        assert served["what_if"]["notes"] == [NOTHING_TO_JUDGE]
        assert get_explained_evidence(session, NECK_PAIN, Asked(mid=3.0))["what_if"]["notes"] == []

    def test_a_ratio_below_one_is_no_mid(self, session: Session) -> None:
        with pytest.raises(InvalidQuery) as problem:
            get_explained_evidence(session, RATIO, Asked(mid=0.8))
        assert [(error.as_json()["parameter"], error.detail) for error in problem.value.errors] == [("mid", RATIO_ABOVE_ONE)]


class TestOfAChangedWorld:
    @pytest.fixture
    def engine(self, seeded_copy_url: str) -> Iterator[Engine]:
        made = make_engine(seeded_copy_url)
        yield made
        made.dispose()

    def test_a_curator_s_appraisal_stands_beside_the_stored_body_alone(self, engine: Engine) -> None:
        with transaction(engine) as session:
            make_appraisal(
                session,
                NECK_PAIN,
                by=CLARA,
                domain=Domain.INDIRECTNESS,
                levels=1,
                rationale="Another kind of pain.",
                conflict_of_interest="none",
            )
        with reading(engine) as session:
            appraisal = get_explained_evidence(session, NECK_PAIN)["explanation"]["appraisal"]
            on_other_terms = get_explained_evidence(session, NECK_PAIN, Asked(mid=12.0))["explanation"]["appraisal"]
        assert (on_other_terms["effective"], on_other_terms["is_appraised"]) == ("low", False)
        assert (appraisal["computed"], appraisal["effective"], appraisal["is_appraised"]) == ("low", "very-low", True)
        assert appraisal["domains"]["indirectness"]["override"]["rationale"] == "Another kind of pain."

    def test_a_body_that_waits_to_be_rated_anew_is_not_explained_as_another(self, engine: Engine) -> None:
        """A reference record may be edited before anything is rated anew; what is stored is then served without an explanation."""
        with reading(engine) as session:
            before = get_explained_evidence(session, NECK_PAIN)
        with transaction(engine) as session:
            outcome = session.get_one(Outcome, "pain-intensity")
            record = read_record(session, KINDS["outcome"], outcome) | {"better": "higher"}
            record.pop("position", None)
            change = put_record(session, KINDS["outcome"], KINDS["outcome"].shape.model_validate(record), by=CLARA)
            assert change is not None
        with reading(engine) as session:
            served = get_explained_evidence(session, NECK_PAIN)
            assert served["meta"].sequence == change.sequence > before["meta"].sequence
        assert served["finding"] == before["finding"] == "favours-intervention"
        assert served["explanation"] == served["diagnostics"] == {"not_computed": OUTDATED}

    def test_of_a_body_that_the_studies_no_longer_give_neither(self, engine: Engine) -> None:
        with transaction(engine) as session:
            haller = session.execute(select(Study).where(col(Study.key) == "haller-2016-neck-pain")).scalar_one()
            mine = (col(StudyRevision.study_id) == haller.id, col(StudyRevision.number) == haller.live_revision)
            document = json.loads(session.execute(select(col(StudyRevision.document)).where(*mine)).scalar_one())
            session.execute(update(StudyRevision).where(*mine).values(document=json.dumps(document | {"results": []})))
        with reading(engine) as session:
            assert get_explained_evidence(session, NECK_PAIN)["explanation"] == {"not_computed": OUTDATED}
