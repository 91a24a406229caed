"""`verify` finds every kind of tampering, and nothing after any honest act."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.api_keys import create_key, revoke_key
from app.actions.reviews import retract_study, review_study
from app.actions.studies import amend_study, create_study, submit_study
from app.actions.verification import verify
from app.database import make_engine, transaction
from app.models import (
    AdverseEffect,
    ApiKey,
    BodyOfEvidence,
    Change,
    ChangeSubject,
    Comparison,
    Condition,
    ConditionOutcome,
    IncludedStudy,
    Instrument,
    Intervention,
    Rating,
    RatingHistory,
    Result,
    RiskOfBias,
    SharedParticipants,
    Study,
    StudyCondition,
    StudyRevision,
)
from app.vocabulary import Decision, Role
from tests.databases import ENGINES, Databases
from tests.factories import (
    ANNA,
    BEN,
    CLARA,
    a_result,
    a_study,
    a_submission,
    an_accepted_study,
    differences,
    intervention_record,
    put,
    row_counts,
)
from tests.require import require

EFFECT = {"name": "Headache", "severity": "mild", "source": "a trial"}


def do_everything(session: Session) -> Study:
    """Every act there is; gives the accepted study that the tampering is done on."""
    study = an_accepted_study(session, doi="10.1000/xyz")
    an_accepted_study(session, BEN, title="Second paper", same_participants_as=[study.key])
    an_accepted_study(session, kind="synthesis", design="meta-analysis", results=[], comparators=[], synthesis={"included": [study.key]})
    amend_study(session, study, a_study(title="In review"), by=BEN, base=1)
    submit_study(session, study, by=BEN)
    draft = {"title": "A draft", "same_participants_as": ["nobody-1999-nothing"], "doi": "10.1000/draft", "results": []}
    create_study(session, a_study(**draft), by=ANNA)
    for decision in (Decision.REJECT, Decision.REQUEST_CHANGES):
        waiting = a_submission(session, title=decision, doi=f"10.1000/{decision}")
        review_study(session, waiting, decision, by=CLARA, comment="why", conflict_of_interest=None)
    retract_study(session, an_accepted_study(session, title="Fabricated"), reason="fabricated", by=CLARA)
    corrected = an_accepted_study(session, title="To be corrected")
    amend_study(session, corrected, a_study(title="Corrected", year=2022), by=ANNA, base=1)
    submit_study(session, corrected, by=ANNA)
    review_study(session, corrected, Decision.ACCEPT, by=CLARA, comment=None, conflict_of_interest="none")
    put(session, "intervention", intervention_record(adverse_effects=[EFFECT]))
    revoke_key(session, create_key(session, name="Old", role=Role.CONTRIBUTOR)[:11])
    create_key(session, name="New", role=Role.CURATOR)
    return study


@pytest.fixture(scope="module", params=ENGINES)
def honest(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    """Made once for the module: what a test changes is never committed."""
    if request.param == "postgresql":
        require("postgresql")
    with databases.on(request.param).copy("small") as url:
        engine = make_engine(url)
        with transaction(engine) as session:
            do_everything(session)
        yield engine
        engine.dispose()


def found_after(engine: Engine, tamper: Callable[[Session], object]) -> list[str]:
    """What `verify` finds after the tampering, which is rolled back."""
    with Session(engine) as session:
        tamper(session)
        session.flush()
        session.expire_all()
        return [str(difference) for difference in verify(session)]


def change(table: type[SQLModel], **values: Any) -> Callable[[Session], object]:
    """Set columns of the first row of a table."""

    def tamper(session: Session) -> None:
        first = session.execute(select(table).order_by(*table.__table__.primary_key.columns).limit(1)).scalar_one()  # type: ignore[attr-defined]
        for name, value in values.items():
            setattr(first, name, value(getattr(first, name)) if callable(value) else value)

    return tamper


def drop(table: type[SQLModel]) -> Callable[[Session], object]:
    """Delete the last row of a table."""

    def tamper(session: Session) -> None:
        keys = [column.desc() for column in table.__table__.primary_key.columns]  # type: ignore[attr-defined]
        session.delete(session.execute(select(table).order_by(*keys).limit(1)).scalar_one())

    return tamper


def sql(*statements: str) -> Callable[[Session], object]:
    return lambda session: [session.execute(text(statement)) for statement in statements]


def more_json(value: dict[str, Any]) -> dict[str, Any]:
    return value | {"added": 1}


def swap_entries(session: Session) -> None:
    """Entries 2 and 3 change places, contents, hashes and all; the chain is mended as far as it can be."""
    two, three = session.get_one(Change, 2), session.get_one(Change, 3)
    for name in ("content", "hash", "action", "subject", "summary", "actor", "occurred_at"):
        mine, theirs = getattr(two, name), getattr(three, name)
        setattr(two, name, theirs)
        setattr(three, name, mine)
    three.previous_hash = two.hash


def swap_pair(session: Session) -> None:
    """Two ratings change places."""
    one, other = session.execute(select(Rating).order_by(col(Rating.condition))).scalars()
    one.content, other.content = other.content, one.content


TAMPERINGS: dict[str, tuple[Callable[[Session], object], str]] = {
    # the chain
    "a byte of a content": (change(Change, content=lambda content: content.replace("added", "addEd")), "ledger entry 1"),
    "a content that is no JSON any more": (
        change(Change, content=lambda content: content[:-1]),
        "ledger entry 1: its content cannot be read",
    ),
    "a content that is another object": (change(Change, content="{}"), "ledger entry 1: its content cannot be read"),
    "a hash": (change(Change, hash="f" * 64), "ledger entry 1"),
    "a column beside the content": (change(Change, actor="somebody"), "actor is 'somebody'"),
    "a time beside the content": (sql("UPDATE change SET occurred_at = '2020-01-01 00:00:00' WHERE sequence = 5"), "entry 5: occurred_at"),
    "a deleted entry": (
        sql("DELETE FROM change_subject WHERE sequence = 4", "DELETE FROM change WHERE sequence = 4"),
        "entry 4 is missing",
    ),
    "the newest entry deleted": (
        sql(
            "DELETE FROM change_subject WHERE sequence > 40",
            "DELETE FROM rating_history WHERE sequence > 40",
            "DELETE FROM change WHERE sequence > 40",
        ),
        "",
    ),
    "two entries swapped": (swap_entries, "ledger entry 2"),
    "a subject taken from an entry": (drop(ChangeSubject), "subjects"),
    # the reference records
    "a condition's name": (change(Condition, name="Other"), "condition:"),
    "an important difference": (sql("UPDATE instrument SET mid = 1 WHERE slug = 'pain-vas-100'"), "instrument:pain-vas-100"),
    "an instrument's place": (change(Instrument, position=9), "instrument:"),
    "an intervention's fidelities": (change(Intervention, description="Other"), "intervention:"),
    "an adverse effect": (change(AdverseEffect, severity="serious"), "intervention:"),
    "how much an outcome matters": (drop(ConditionOutcome), "condition-outcomes:all"),
    # the keys
    "a key's role": (change(ApiKey, role="admin"), "key el_"),
    "a revoked key brought back": (sql("UPDATE api_key SET revoked_at = NULL"), "key el_"),
    "a key from nowhere": (sql("UPDATE api_key SET prefix = 'el_00000000' WHERE name = 'New'"), "key el_00000000"),
    # the studies
    "a revision's document": (change(StudyRevision, document=lambda document: document.replace("neck pain", "Neck pain")), "ledger pinned"),
    "a document that is no JSON any more": (change(StudyRevision, document=lambda document: document[:-1]), "no study document"),
    "a revision's status": (sql("UPDATE study_revision SET status = 'submitted' WHERE status = 'rejected'"), "the ledger says rejected"),
    "a revision's author": (change(StudyRevision, created_by="somebody"), "is by somebody"),
    "a submission made accepted": (sql("UPDATE study_revision SET status = 'accepted' WHERE status = 'submitted'"), "live revision is 1"),
    "a live revision": (sql("UPDATE study SET live_revision = 2 WHERE doi = '10.1000/xyz'"), "live revision is 2"),
    "a live revision that is not there": (sql("UPDATE study SET live_revision = 9 WHERE doi = '10.1000/xyz'"), "revision 9 is missing"),
    "a study's title": (change(Study, title="Other"), "column title"),
    "a study's number of people": (change(Study, n_randomised=1), "column n_randomised"),
    "a study's intervention taken away": (change(Study, intervention=None), "column intervention"),
    "a study's key": (change(Study, key="another-1999-name"), "another-1999-name"),
    "a result's value": (change(Result, treatment_mean=0.0), "table result"),
    "a result dropped": (drop(Result), "table result"),
    "a comparison": (change(Comparison, kind="active"), "table comparison"),
    "a judgement on bias": (change(RiskOfBias, overall="high"), "table risk_of_bias"),
    "a study's condition": (drop(StudyCondition), "table study_condition"),
    "a link between papers": (drop(SharedParticipants), "table shared_participants"),
    "a study taken from a review": (drop(IncludedStudy), "table included_study"),
    # the ratings
    "a rating's certainty": (change(Rating, certainty="high"), "column certainty"),
    "a rating's sentence inside its content": (change(Rating, content=lambda content: content | {"sentence": "It works."}), ", sentence"),
    "a member added to a rating's content": (change(Rating, content=more_json), ", added"),
    "a rating's day": (sql("UPDATE rating SET as_of = '2020-01-01'"), "as_of"),
    "two ratings swapped": (swap_pair, "rating migraine/"),
    "a rating dropped": (drop(Rating), "is missing"),
    "a body's certainty": (change(BodyOfEvidence, certainty="no-evidence"), "body of evidence"),
    "a body's explanation": (change(BodyOfEvidence, explanation=more_json), "body of evidence"),
    "a body dropped": (drop(BodyOfEvidence), "body of evidence"),
    "a row of history": (change(RatingHistory, certainty="high"), "history of rating"),
    "a day in history": (sql("UPDATE rating_history SET as_of = '2020-01-01'"), "history of rating"),
    "history dropped": (drop(RatingHistory), "history of rating"),
}


class TestVerify:
    def test_finds_nothing_after_every_act(self, honest: Engine) -> None:
        assert differences(honest) == []

    def test_finds_nothing_in_an_empty_ledger(self, engine: Engine) -> None:
        assert differences(engine) == []

    @pytest.mark.parametrize(("tamper", "place"), TAMPERINGS.values(), ids=TAMPERINGS.keys())
    def test_finds_tampering(self, honest: Engine, tamper: Callable[[Session], object], place: str) -> None:
        found = found_after(honest, tamper)
        assert found
        assert any(place in difference for difference in found), found

    def test_a_study_from_nowhere_is_found(self, honest: Engine) -> None:
        def add(session: Session) -> None:
            study = session.execute(select(Study).where(col(Study.doi) == "10.1000/xyz")).scalar_one()
            columns = study.model_dump() | {"id": "01890000-0000-7000-8000-000000000000", "key": "from-nowhere", "doi": None}
            session.add(Study(**columns))
            session.flush()
            session.add(StudyRevision(**session.get_one(StudyRevision, (study.id, 1)).model_dump() | {"study_id": columns["id"]}))

        assert "study from-nowhere, revision 1: is in no ledger entry" in found_after(honest, add)

    def test_it_writes_nothing(self, honest: Engine) -> None:
        before = row_counts(honest)
        assert found_after(honest, lambda session: session.execute(update(Rating).values(certainty="high")))
        assert row_counts(honest) == before
        assert differences(honest) == []


def test_what_a_result_says_is_rated_again(vocabulary: Engine) -> None:
    """The document and its pinned hash both changed by a careful forger: the ledger's chain shows it."""
    with transaction(vocabulary) as session:
        an_accepted_study(session, results=[a_result()])
        row = session.execute(select(StudyRevision)).scalar_one()
        row.document = row.document.replace('"mean":30.0', '"mean":10.0')
    found = differences(vocabulary)
    assert any("not the one the ledger pinned" in difference for difference in found)
    assert any(difference.startswith("rating neck-pain/craniosacral-therapy") for difference in found)
