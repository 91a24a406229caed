"""What time and the registry change about registered trials.

Time alone makes a trial overdue, and a stored rating never changes by time alone: `rate_overdue` makes it move, with an entry that
names the trials. What the registry says anew is for a curator: it is stored as an open notice, and no number is taken over.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.notices import store_notice
from app.actions.recompute import Cause, pair_batches, store_ratings
from app.actor import MAINTENANCE, Actor
from app.identifiers import uuid7
from app.models import PublicationNotice, Rating, Study
from app.models.base import utc_now
from app.queries.impact import RatingImpact, rate_again
from app.queries.notices import load_study_notices
from app.queries.pair_inputs import Pair
from app.queries.registrations import load_overdue
from app.schemas.lookup import NoticeKind, RegisteredTrial, SourceRecord
from app.schemas.study import StudyDocument
from app.synthesis.grade.publication_bias import YEAR_AND_MONTH
from app.vocabulary import NoticeStatus

ENDED_EARLY = frozenset({"WITHDRAWN", "TERMINATED", "SUSPENDED", "NO_LONGER_AVAILABLE"})
"""ClinicalTrials.gov's words for trials that did not run as they were registered."""
RESULT = "RESULT"
"""Its word for a publication that reports the trial."""


def rate_overdue(session: Session, *, by: Actor = MAINTENANCE) -> list[RatingImpact]:
    """Rate those pairs anew of which a trial became overdue since they were rated; nothing is written where there is none."""
    moment = utc_now()
    newly = newly_overdue(session, moment.date())
    if not newly:
        return []
    trials = [{name: getattr(row, name) for name in ("key", "registration", "completed_on", "condition", "intervention")} for row in newly]
    keys = sorted({row.key for row in newly})
    change = ledger.append(
        session,
        by=by,
        action="registrations.overdue",
        subject="ledger:registrations",
        summary=f"Time has made {len(keys)} registered {'trial' if len(keys) == 1 else 'trials'} overdue: {', '.join(keys)}",
        touches=sorted({f"condition:{row.condition}" for row in newly}),
        details={"trials": trials},
        moment=moment,
    )
    cause = Cause(change, "time alone made a registered trial overdue", moment.date())
    pairs = sorted({(row.condition, row.intervention) for row in newly})
    moved: list[RatingImpact] = []
    for batch in pair_batches(session, pairs):
        impacts = rate_again(session, batch, as_of=cause.as_of)
        moved += store_ratings(session, impacts, by=by, cause=cause)
    return moved


def newly_overdue(session: Session, today: date) -> list[Any]:
    """The overdue trials that the stored rating of their condition and intervention does not count yet."""
    rows = load_overdue(session, today)
    counted = _counted(session, {(row.condition, row.intervention) for row in rows})
    return [row for row in rows if row.key not in counted.get((row.condition, row.intervention), {row.key})]


def _counted(session: Session, pairs: set[Pair]) -> Mapping[Pair, set[str]]:
    wanted = tuple_(col(Rating.condition), col(Rating.intervention)).in_(sorted(pairs))
    rows = session.execute(select(Rating).where(wanted)).scalars()
    return {(row.condition, row.intervention): {trial["key"] for trial in row.content["overdue_registrations"]} for row in rows}


def registry_differences(document: StudyDocument, trial: RegisteredTrial, reports: Mapping[str, str]) -> list[str]:
    """What the registry says otherwise, a sentence each. `reports`: accepted studies by PubMed id that are not linked to the trial."""
    return [
        *_completion(document, trial),
        *_enrolment(document, trial),
        *([f"The registry's status is {trial.status}."] if trial.status in ENDED_EARLY else []),
        *(
            f"The registry names pmid:{one.pmid} as its result: {reports[one.pmid]} is not linked to it."
            for one in trial.publications
            if one.kind == RESULT and one.pmid is not None and one.pmid in reports
        ),
    ]


def _completion(document: StudyDocument, trial: RegisteredTrial) -> list[str]:
    said = trial.completed_on if trial.completion_is_actual else None
    if said is None or said[:YEAR_AND_MONTH] == (document.completed_on or "")[:YEAR_AND_MONTH]:
        return []
    return [f"The registry says that it was completed on {said}; the record says {document.completed_on or 'nothing'}."]


def _enrolment(document: StudyDocument, trial: RegisteredTrial) -> list[str]:
    if not trial.enrolment_is_actual or trial.enrolment is None or trial.enrolment == document.n_randomised:
        return []
    ours = "nothing" if document.n_randomised is None else document.n_randomised
    return [f"The registry says that {trial.enrolment} people were enrolled; the record says {ours}."]


def report_differences(
    session: Session, study: Study, differences: Sequence[str], record: SourceRecord, *, by: Actor = MAINTENANCE
) -> PublicationNotice | None:
    """An open notice with what the registry says otherwise; None where that was told before, whatever a curator made of it."""
    told = {line for row in load_study_notices(session, study.id) if row.kind == NoticeKind.REGISTRY_CHANGE for line in row.reasons}
    news = [line for line in differences if line not in told]
    if not news:
        return None
    row = PublicationNotice(
        id=str(uuid7()),
        study_id=study.id,
        kind=NoticeKind.REGISTRY_CHANGE,
        source=record.source,
        reasons=news,
        record_url=record.url,
        record_sha256=record.raw_sha256,
        found_at=utc_now(),
        found_by=by.id,
        found_status=NoticeStatus.OPEN,
        status=NoticeStatus.OPEN,
    )
    store_notice(session, row, study, by=by, summary="The registry says something else than the record")
    return row
