"""The least that is valid: study documents, a small reference vocabulary, people, and the acts that bring a study somewhere."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from app.actions import ledger
from app.actions.recompute import Cause, recompute_all
from app.actions.reference_records import KINDS, put_condition_outcomes, put_record
from app.actions.reviews import review_study
from app.actions.studies import create_study, submit_study
from app.actions.verification import verify
from app.actor import MAINTENANCE, Actor
from app.database import reading, transaction
from app.models import Rating, Study
from app.queries.impact import RatingImpact
from app.schemas.reference import ConditionOutcomeRecord
from app.schemas.study import StudyDocument
from app.vocabulary import Decision, Role

ANNA = Actor("el_anna", "Anna", Role.CONTRIBUTOR)
BEN = Actor("el_ben", "Ben", Role.CONTRIBUTOR)
CLARA = Actor("el_clara", "Clara", Role.CURATOR)
CARL = Actor("el_carl", "Carl", Role.CURATOR)
ADA = Actor("el_ada", "Ada", Role.ADMIN)

Json = dict[str, Any]


def a_result(**overrides: Any) -> Json:
    """Pain on a 100 mm scale, 20 mm less than with the sham treatment."""
    return {
        "condition": "neck-pain",
        "outcome": "pain-intensity",
        "instrument": "pain-vas-100",
        "comparator": "sham",
        "timepoint_weeks": 8,
        "since_end_of_treatment_weeks": 0,
        "treatment": {"n": 60, "mean": 30, "sd": 20},
        "control": {"n": 60, "mean": 50, "sd": 20},
        "direction": "favours-intervention",
        "source_of_figure": "full text",
        "locator": "table 2",
    } | overrides


def a_body(**overrides: Any) -> Json:
    """A trial that can be submitted, as a client sends it: one result, neck pain, against sham."""
    return {
        "title": "Craniosacral therapy for neck pain",
        "kind": "primary",
        "design": "randomised-trial",
        "authors": ["Muster A"],
        "year": 2024,
        "intervention": "craniosacral-therapy",
        "fidelity": "craniosacral-therapy",
        "comparators": [{"kind": "sham", "label": "light touch"}],
        "n_randomised": 120,
        "n_analysed": 120,
        "conditions": ["neck-pain"],
        "results": [a_result()],
        "risk_of_bias": [{"tool": "rob-2", "overall": "low", "judged_by": "two reviewers", "source": "full text"}],
        "sources": ["https://example.org/trial"],
    } | overrides


def the_least() -> Json:
    """What every record must say, and no more: a draft, not yet a submission."""
    return {"title": "A trial"}


def a_study(**overrides: Any) -> StudyDocument:
    return StudyDocument.model_validate(a_body(**overrides))


OUTCOMES = (
    {"slug": "pain-intensity", "name": "Pain intensity", "description": "How strong.", "better": "lower", "importance_default": "critical"},
    {"slug": "disability", "name": "Disability", "description": "In daily life.", "better": "lower", "importance_default": "important"},
    {"slug": "adverse-events", "name": "Adverse events", "description": "Harms.", "better": "lower", "importance_default": "important"},
)
INSTRUMENTS = (
    ("pain-vas-100", "pain-intensity", 10.0),
    ("pain-nrs", "pain-intensity", None),
    ("neck-disability-index", "disability", 3.5),
    ("event-count", "adverse-events", None),
)
CONDITIONS = ("neck-pain", "migraine")


def condition_record(slug: str, **overrides: Any) -> Json:
    name = slug.replace("-", " ")
    return {"slug": slug, "name": name, "description": f"{name}.", "body_system": "musculoskeletal", "age_group": "adult"} | overrides


def instrument_record(slug: str, outcome: str, mid: float | None) -> Json:
    standing = {"mid": mid, "mid_source": "a source", "mid_standing": "provisional"} if mid else {"mid_standing": "none"}
    return {"slug": slug, "outcome": outcome, "name": slug, "unit": "points", "better": "lower", **standing}


def intervention_record(**overrides: Any) -> Json:
    return {
        "slug": "craniosacral-therapy",
        "name": "Craniosacral therapy",
        "description": "A gentle hands-on method.",
        "fidelities": [{"fidelity": "craniosacral-therapy", "description": "As taught."}],
    } | overrides


def put(session: Session, kind: str, record: Json) -> None:
    """One reference record, as the founding data write theirs."""
    put_record(session, KINDS[kind], KINDS[kind].shape.model_validate(record), by=MAINTENANCE)


def write_vocabulary(engine: Engine) -> None:
    """Two conditions, one intervention, three outcomes; and their ratings, which say that there is no evidence."""
    with transaction(engine) as session:
        for slug in CONDITIONS:
            put(session, "condition", condition_record(slug))
        put(session, "intervention", intervention_record())
        for outcome in OUTCOMES:
            put(session, "outcome", outcome)
        weights = [{"condition": "neck-pain", "outcome": "pain-intensity", "importance": "critical"}]
        put_condition_outcomes(session, map(ConditionOutcomeRecord.model_validate, weights), by=MAINTENANCE)
        for instrument in INSTRUMENTS:
            put(session, "instrument", instrument_record(*instrument))
        change = ledger.append(session, by=MAINTENANCE, action="ledger.recomputed", subject="ledger:ratings", summary="Set up")
        recompute_all(session, by=MAINTENANCE, cause=Cause(change, "set up", change.occurred_at.date()))


def a_submission(session: Session, by: Actor = ANNA, **overrides: Any) -> Study:
    study = create_study(session, a_study(**overrides), by=by)
    submit_study(session, study, by=by)
    return study


def accept(session: Session, study: Study, by: Actor = CLARA) -> list[RatingImpact]:
    return review_study(session, study, Decision.ACCEPT, by=by, comment=None, conflict_of_interest="none")[1]


def an_accepted_study(session: Session, by: Actor = ANNA, **overrides: Any) -> Study:
    study = a_submission(session, by, **overrides)
    accept(session, study)
    return study


def rating_content(session: Session, condition: str = "neck-pain", intervention: str = "craniosacral-therapy") -> Json:
    """What is stored of a rating, without the day and what follows from the day."""
    rating = session.get_one(Rating, (condition, intervention))
    session.refresh(rating)
    return timeless(rating.content)


def timeless(content: Json) -> Json:
    return {name: value for name, value in content.items() if name not in ("as_of", "inputs_hash")}


def differences(engine: Engine) -> list[str]:
    """What `evidence verify` finds."""
    with reading(engine) as session:
        return [str(difference) for difference in verify(session)]


def row_counts(engine: Engine, *, but: Collection[str] = ()) -> dict[str, int]:
    """How many rows every table holds: what was written nowhere leaves them alone. One statement, for hundreds of tests ask."""
    tables = [name for name in SQLModel.metadata.tables if name not in but]
    counts = ", ".join(f'(SELECT count(*) FROM "{name}") AS "{name}"' for name in tables)  # noqa: S608  names of our own tables
    with reading(engine) as session:
        return dict(session.execute(text(f"SELECT {counts}")).mappings().one())
