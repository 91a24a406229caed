"""`verify` finds every kind of tampering, and nothing after any honest act."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.api_keys import create_key, revoke_key
from app.actions.appraisals import make_appraisal, withdraw_appraisal
from app.actions.reviews import retract_study, review_study
from app.actions.studies import amend_study, create_study, submit_study
from app.actions.study_drafts import prepare_draft, write_drafts
from app.actions.verification import verify
from app.database import make_engine, reading, transaction
from app.models import (
    AdverseEffect,
    ApiKey,
    BodyOfEvidence,
    Change,
    ChangeSubject,
    Comparison,
    Condition,
    ConditionOutcome,
    DomainAppraisal,
    IncludedStudy,
    Instrument,
    Intervention,
    Outcome,
    Rating,
    RatingHistory,
    Result,
    Review,
    RiskOfBias,
    SearchEntry,
    SharedParticipants,
    Study,
    StudyCondition,
    StudyRevision,
)
from app.models.base import utc_now
from app.vocabulary import Decision, Domain, Role
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
from tests.query_count import counted_queries
from tests.require import require

BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CONTRAINDICATION = {"slug": "bleeding", "name": "Fresh bleeding", "severity": "absolute", "reason": "Pressure.", "sources": ["a source"]}
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
    put(session, "intervention", intervention_record(adverse_effects=[EFFECT], contraindications=[CONTRAINDICATION]))
    revoke_key(session, create_key(session, name="Old", role=Role.CONTRIBUTOR)[:11])
    create_key(session, name="New", role=Role.CURATOR)
    for levels in (1, 2):
        appraisal = make_appraisal(
            session, BODY, by=CLARA, domain=Domain.INDIRECTNESS, levels=levels, rationale="Other people.", conflict_of_interest="none"
        )
    withdraw_appraisal(session, appraisal.id, by=CLARA, reason="They are the same.")
    make_appraisal(session, BODY, by=CLARA, domain=Domain.IMPRECISION, levels=0, rationale="Enough.", conflict_of_interest="none")
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


def add_review(session: Session) -> None:
    first = session.execute(select(Review).limit(1)).scalar_one()
    session.add(Review(**first.model_dump() | {"id": "added"}))


def add_appraisal(session: Session) -> None:
    first = session.execute(select(DomainAppraisal).limit(1)).scalar_one()
    session.add(DomainAppraisal(**first.model_dump() | {"id": "added", "domain": "inconsistency", "replaced_by": None}))


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
    "a version": (change(Condition, version=7), "column version"),
    "a contraindication's place": (sql("UPDATE contraindication SET position = position + 1"), "table contraindication"),
    "a factor without its group": (change(Instrument, linear_group_factor=2.0), "column linear_group_factor"),
    "a word that is in no vocabulary": (change(Outcome, better="sideways"), "outcome:"),
    "codes that are no object": (sql("UPDATE condition SET codes = '[1]'"), "column codes"),
    # the search
    "a search entry's words": (sql("UPDATE search_entry SET words = 'elsewhere' WHERE kind = 'study'"), "words of what it finds"),
    "a search entry's title": (sql("UPDATE search_entry SET title = 'Elsewhere' WHERE kind = 'condition'"), "words of what it finds"),
    "a study's search entry dropped": (sql("DELETE FROM search_entry WHERE kind = 'study'"), "is missing"),
    "a condition's search entry dropped": (sql("DELETE FROM search_entry WHERE kind = 'condition'"), "is missing"),
    "a search entry added": (
        lambda session: session.add(SearchEntry(kind="study", reference="nothing", title="Nothing", words="none")),
        "search entry study:nothing: is about nothing",
    ),
    # the keys
    "a key's hash": (change(ApiKey, hash="f" * 64), "key el_"),
    "a key's making": (change(ApiKey, created_at=LONG_AGO), "key el_"),
    "the moment a key was revoked": (sql("UPDATE api_key SET revoked_at = '2020-01-01 00:00:00' WHERE name = 'Old'"), "key el_"),
    "a key's role": (change(ApiKey, role="admin"), "key el_"),
    "a revoked key brought back": (sql("UPDATE api_key SET revoked_at = NULL"), "key el_"),
    "a key from nowhere": (sql("UPDATE api_key SET prefix = 'el_00000000' WHERE name = 'New'"), "key el_00000000"),
    # the studies
    "a revision's document": (change(StudyRevision, document=lambda document: document.replace("neck pain", "Neck pain")), "ledger pinned"),
    "a document that is no JSON any more": (change(StudyRevision, document=lambda document: document[:-1]), "no study document"),
    "a revision's status": (sql("UPDATE study_revision SET status = 'submitted' WHERE status = 'rejected'"), "the ledger says rejected"),
    "a revision's author": (change(StudyRevision, created_by="somebody"), "created_by is somebody"),
    "a revision's base": (sql("UPDATE study_revision SET base_revision = 9 WHERE number = 2"), "the ledger pinned"),
    "a revision's reason": (sql("UPDATE study_revision SET reason = 'other' WHERE reason = 'fabricated'"), "the ledger pinned"),
    "a revision's making": (change(StudyRevision, created_at=LONG_AGO), "created_at is 2020"),
    "a revision's salt": (change(StudyRevision, salt="00"), "the ledger pinned"),
    "a revision's salt taken away": (change(StudyRevision, salt=None), "the ledger pinned"),
    "why a revision was withdrawn": (change(StudyRevision, withdrawal_reason="Other."), "why it was withdrawn is not the one the ledger"),
    "who submitted": (change(StudyRevision, submitted_by="somebody"), "submitted_by is somebody"),
    "when it was submitted": (change(StudyRevision, submitted_at=LONG_AGO), "submitted_at is 2020"),
    "who decided": (change(StudyRevision, decided_by="somebody"), "decided_by is somebody"),
    "when it was decided": (change(StudyRevision, decided_at=LONG_AGO), "decided_at is 2020"),
    "a submission put aside": (sql("UPDATE study_revision SET status = 'superseded' WHERE status = 'submitted'"), "status is superseded"),
    "a study's status": (change(Study, status="retracted"), "status is retracted, the ledger says accepted"),
    "a study's newest revision": (change(Study, newest_revision=7), "newest_revision is 7"),
    "a study's author": (change(Study, created_by="somebody"), "created_by is somebody"),
    "a study's making": (change(Study, created_at=LONG_AGO), "created_at is 2020"),
    "a study's last act": (change(Study, updated_at=LONG_AGO), "updated_at is 2020"),
    "a review's decision": (change(Review, decision="reject"), "is not the one the ledger pinned"),
    "a review's comment": (change(Review, comment="other"), "is not the one the ledger pinned"),
    "a review's statement of interests": (change(Review, conflict_of_interest="other"), "is not the one the ledger pinned"),
    "a review's salt": (change(Review, salt="00"), "is not the one the ledger pinned"),
    "a reviewer": (change(Review, reviewer="somebody"), "is not the one the ledger pinned"),
    "a review's revision": (change(Review, revision=2), "is not the one the ledger pinned"),
    "a review's moment": (change(Review, created_at=LONG_AGO), "is not the one the ledger pinned"),
    "a review dropped": (drop(Review), "is in the ledger and not in its table"),
    "a review added": (add_review, "review added: is in no ledger entry"),
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
    "a rating's content that is no object": (sql("UPDATE rating SET content = '[1]'"), "cannot be worked out or read"),
    "a rating's entry, of another rating": (sql("UPDATE rating SET sequence = sequence + 1"), "column sequence"),
    "a rating's entry, too old": (sql("UPDATE rating SET sequence = 1"), "column sequence"),
    "a rating's entry, that is not there": (sql("UPDATE rating SET sequence = 9999"), "column sequence"),
    "a rating dropped": (drop(Rating), "is missing"),
    "a body's certainty": (change(BodyOfEvidence, certainty="no-evidence"), "body of evidence"),
    "a body's explanation": (change(BodyOfEvidence, explanation=more_json), "body of evidence"),
    "a body dropped": (drop(BodyOfEvidence), "body of evidence"),
    "a row of history": (change(RatingHistory, certainty="high"), "history of rating"),
    "a day in history": (sql("UPDATE rating_history SET as_of = '2020-01-01'"), "history of rating"),
    "a cause in history": (change(RatingHistory, cause=lambda cause: cause | {"sequence": 1}), ", cause"),
    "a cause in history that is no object": (sql("UPDATE rating_history SET cause = '[1]'"), ", cause"),
    "a count of studies in history": (change(RatingHistory, eligible_studies=99), ", eligible_studies"),
    "a count of people in history": (change(RatingHistory, eligible_participants=99), ", eligible_participants"),
    "a moment in history": (change(RatingHistory, changed_at=LONG_AGO), ", changed_at"),
    "history dropped": (drop(RatingHistory), "history of rating"),
    # what past ratings rest on
    "a study in the kept inputs": (
        sql("UPDATE rating_input_part SET text = replace(text, 'mean', 'Mean')"),
        "cannot be computed again: The kept inputs are not those of the hash",
    ),
    "a part of the kept inputs": (sql("UPDATE rating_input_part SET text = text || ' '"), "is not the text of its hash"),
    "a part dropped": (sql("DELETE FROM rating_input_part"), "kept input"),
    "the frame of kept inputs": (sql("UPDATE rating_input SET frame = '[\"{}\"]', parts = '[]'"), "kept input"),
    "kept inputs dropped": (sql("DELETE FROM rating_input"), "Its inputs were not kept"),
    "a past certainty": (change(RatingHistory, certainty="high"), "computed again from its inputs, certainty differ"),
    # the appraisals
    "an appraisal's levels": (change(DomainAppraisal, levels=3), "column levels: is 3, the ledger says 1"),
    "an appraisal's rationale": (change(DomainAppraisal, rationale="Other"), "column rationale: is 'Other'"),
    "who appraised": (change(DomainAppraisal, author="somebody"), "column author: is 'somebody'"),
    "when it was appraised": (change(DomainAppraisal, made_at=LONG_AGO), "column made_at: is '2020"),
    "what was computed then": (change(DomainAppraisal, judgement_hash="f" * 64), "column judgement_hash: is"),
    "what replaced an appraisal": (sql("UPDATE domain_appraisal SET replaced_by = NULL"), "column replaced_by: is None"),
    "a withdrawal's reason": (sql("UPDATE domain_appraisal SET withdrawal_reason = 'Other'"), "column withdrawal_reason: is 'Other'"),
    "an appraisal brought back": (
        sql("UPDATE domain_appraisal SET withdrawn_at = NULL WHERE withdrawal_reason IS NOT NULL"),
        "column withdrawn_at: is None",
    ),
    "an appraisal dropped": (drop(DomainAppraisal), "is in the ledger and not in its table"),
    "an appraisal added": (add_appraisal, "appraisal added: is in no ledger entry"),
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

    def test_it_asks_the_database_as_often_for_many_drafts_as_for_few(self, vocabulary: Engine) -> None:
        sent = []
        for _ in range(2):
            with transaction(vocabulary) as session:
                drafts = [prepare_draft(a_study(title=f"A draft, {number}", doi=None)) for number in range(20)]
                write_drafts(session, [draft.stem for draft in drafts], drafts, by=ANNA, moment=utc_now())
            with reading(vocabulary) as session:
                session.connection()
                with counted_queries(session) as queries:
                    assert list(verify(session)) == []
                sent.append(len(queries))
        assert sent[0] == sent[1]

    def test_it_writes_nothing(self, honest: Engine) -> None:
        before = row_counts(honest)
        assert found_after(honest, lambda session: session.execute(update(Rating).values(certainty="high")))
        assert row_counts(honest) == before
        assert differences(honest) == []


UNREADABLE = {
    "UPDATE condition SET synonyms = '{broken'": "condition:migraine: cannot be read",
    "UPDATE instrument SET better = '{broken'": "instrument:pain-nrs",
    "UPDATE study SET authors = '{broken'": ": cannot be read",
    "UPDATE rating SET content = '{broken'": "rating migraine/craniosacral-therapy: cannot be worked out or read",
    "UPDATE rating_history SET cause = '{broken'": ": cannot be read",
    "UPDATE rating_history SET changed_at = '{broken'": ": cannot be read",
    "UPDATE body_of_evidence SET explanation = '{broken'": "rating neck-pain/craniosacral-therapy: cannot be worked out or read",
    "UPDATE change SET occurred_at = '{broken'": "the ledger: cannot be read",
    "UPDATE review SET created_at = '{broken'": ": cannot be read",
    "UPDATE domain_appraisal SET made_at = '{broken'": ": cannot be read",
    "UPDATE rating_input SET frame = '{broken'": "is not the text of its hash",
}


@pytest.mark.parametrize(("statement", "place"), UNREADABLE.items())
def test_a_value_that_cannot_be_read_is_a_difference(databases: Databases, statement: str, place: str) -> None:
    """Only SQLite lets such a value in."""
    with databases.on("sqlite").copy("small") as url:
        engine = make_engine(url)
        with transaction(engine) as session:
            do_everything(session)
        found = found_after(engine, sql(statement))
        engine.dispose()
    assert any(place in difference for difference in found), found


def test_what_a_result_says_is_rated_again(vocabulary: Engine) -> None:
    """The document and its pinned hash both changed by a careful forger: the ledger's chain shows it."""
    with transaction(vocabulary) as session:
        an_accepted_study(session, results=[a_result()])
        row = session.execute(select(StudyRevision)).scalar_one()
        row.document = row.document.replace('"mean":30.0', '"mean":10.0')
    found = differences(vocabulary)
    assert any("not the one the ledger pinned" in difference for difference in found)
    assert any(difference.startswith("rating neck-pain/craniosacral-therapy") for difference in found)
