"""Hands in an accepted revision that its own row does not name: whoever wrote in a draft that it came of."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import StudyRevision
from app.queries.study_revisions import load_accepted_numbers


@dataclass(frozen=True, slots=True)
class Hand:
    """Who wrote in a draft, and when."""

    actor: str
    at: datetime


def load_draft_hands(session: Session, study_id: str, shown: Collection[int]) -> dict[int, list[Hand]]:
    """Number of an accepted revision to the hands in drafts of its line that are not shown; two queries.

    A line is what one person drafted since his last accepted revision. Until one of a record was accepted all its drafts are one line.
    """
    columns = (*(col(StudyRevision.number), col(StudyRevision.created_by), col(StudyRevision.drafted_for), col(StudyRevision.created_at)),)
    rows = session.execute(select(*columns).where(col(StudyRevision.study_id) == study_id).order_by(col(StudyRevision.number))).all()
    owners = {row.number: row.drafted_for or row.created_by for row in rows}
    accepted = sorted(number for _, number in load_accepted_numbers(session, [study_id]))
    hands: dict[int, list[Hand]] = defaultdict(list)
    for row in rows:
        later = [number for number in accepted if number > row.number]
        whole = len(later) == len(accepted)
        came_of = next((number for number in later if whole or owners[number] == owners[row.number]), None)
        if row.number not in shown and came_of is not None:
            hands[came_of] += [Hand(actor, row.created_at) for actor in (row.drafted_for, row.created_by) if actor is not None]
    return hands
