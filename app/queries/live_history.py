"""What a study has been since it was first accepted: retracted, put back, by which revision, when and why."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, takewhile

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import StudyRevision
from app.queries.study_revisions import load_accepted_numbers
from app.vocabulary import PublicationStatus


@dataclass(frozen=True, slots=True)
class LiveRevision:
    """A revision that was the accepted one from `at` on."""

    number: int
    at: datetime
    reason: str | None
    publication_status: PublicationStatus

    @property
    def is_retracted(self) -> bool:
        return self.publication_status is PublicationStatus.RETRACTED


def load_live_history(session: Session, study_id: str) -> list[LiveRevision]:
    """The revisions that were accepted, in the order in which they were. Two queries."""
    numbers = [number for _, number in load_accepted_numbers(session, [study_id])]
    columns = (col(StudyRevision.number), col(StudyRevision.decided_at), col(StudyRevision.reason), col(StudyRevision.document))
    mine = (col(StudyRevision.study_id) == study_id, col(StudyRevision.number).in_(numbers))
    rows = session.execute(select(*columns).where(*mine).order_by(col(StudyRevision.decided_at), col(StudyRevision.number)))
    return [LiveRevision(number, at, reason, _status(document)) for number, at, reason, document in rows if at is not None]


def _status(document: str) -> PublicationStatus:
    return PublicationStatus(json.loads(document)["publication_status"])


def retracting(history: Sequence[LiveRevision]) -> LiveRevision | None:
    """The revision that made a retracted study one; what was amended since changes nothing about that."""
    return next(reversed(list(takewhile(lambda one: one.is_retracted, reversed(history)))), None)


def restoring(history: Sequence[LiveRevision], status: PublicationStatus) -> LiveRevision | None:
    """The last revision by which the study ceased to be what a notice makes of it (and was not made worse)."""
    ended = (
        after
        for before, after in pairwise(history)
        if before.publication_status is status and not (after.publication_status is status or after.is_retracted)
    )
    return next(reversed(list(ended)), None)
