"""Which revisions carry adjudicated figures: whose hands are in them, and with which of them they were accepted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Adjudication, StudyExtraction, StudyRevision
from app.queries.study_revisions import load_accepted_numbers
from app.schemas.extraction import Extraction, extracted_part
from app.schemas.study import StudyDocument
from app.vocabulary import RevisionStatus

RevisionKey = tuple[str, int]
"""Study id, number of the revision."""
LINEAGE: tuple[Any, ...] = (
    col(StudyRevision.study_id), col(StudyRevision.number), col(StudyRevision.status), col(StudyRevision.base_revision),
    col(StudyRevision.created_by), col(StudyRevision.drafted_for),
)  # fmt: skip
ENDED = (RevisionStatus.REJECTED, RevisionStatus.WITHDRAWN)
"""What nothing follows from: a later revision begins anew."""


def load_adjudicating_hands(session: Session, revisions: Iterable[RevisionKey]) -> dict[RevisionKey, set[str]]:
    """Actor ids of both extractors and the adjudicator, for each revision that may carry what they made.

    That is the revision which came of the adjudication and every later one, until their figures are accepted: a draft that is mended
    on request of a reviewer, or put on top of another revision, still holds them. One query where there are none.
    """
    wanted = set(revisions)
    mine = col(Adjudication.study_id).in_({study for study, _ in wanted})
    adjudications = session.execute(select(Adjudication).where(mine)).scalars().all()
    accepted_with, people = load_accepted_with(session, adjudications), _people(session, adjudications)
    hands: dict[RevisionKey, set[str]] = defaultdict(set)
    for one in adjudications:
        until = accepted_with.get(one.id)
        for study, number in wanted:
            if study == one.study_id and one.revision <= number and (until is None or number <= until):
                hands[study, number] |= people[one.id]
    return hands


def load_accepted_with(session: Session, adjudications: Sequence[Adjudication]) -> dict[str, int]:
    """Id of an adjudication to the revision with which its figures were accepted; one that was not accepted is not among the keys.

    Accepted is its own revision; or a later one that mends it (the adjudicator's, or, of a record that had not been accepted
    before, anybody's: there all revisions are one line), unless it was refused or withdrawn; or any later one with the same figures.
    """
    if not adjudications:
        return {}
    studies = {one.study_id for one in adjudications}
    accepted = load_accepted_numbers(session, studies)
    made = _load_lines(session, studies)
    found: dict[str, int] = {}
    for one in adjudications:
        later = sorted(number for study, number in accepted if study == one.study_id and number >= one.revision)
        number = next((number for number in later if _descends(session, one, made, number)), None)
        if number is not None:
            found[one.id] = number
    return found


def load_lines(session: Session, studies: Collection[str]) -> dict[RevisionKey, Adjudication]:
    """Every revision that is an adjudicated draft or mends one, until its figures are accepted, with the newest such adjudication.

    What it holds may be other figures by now: `app/queries/departures.py` says which. One query where there are none.
    """
    mine = select(Adjudication).where(col(Adjudication.study_id).in_(studies)).order_by(col(Adjudication.id))
    adjudications = session.execute(mine).scalars().all()
    if not adjudications:
        return {}
    accepted_with, made = load_accepted_with(session, adjudications), _load_lines(session, studies)
    found: dict[RevisionKey, Adjudication] = {}
    for one in adjudications:
        until = accepted_with.get(one.id)
        for study, number in made:
            later = study == one.study_id and number >= one.revision and (until is None or number <= until)
            if later and _in_line(one, made, number):
                found[study, number] = one
    return found


def _descends(session: Session, one: Adjudication, made: Mapping[RevisionKey, Any], number: int) -> bool:
    return _in_line(one, made, number) or _figures(session, one, number) == _figures(session, one, one.revision)


def _in_line(one: Adjudication, made: Mapping[RevisionKey, Any], number: int) -> bool:
    """Is it the draft that came of the adjudication, or one that mends it?"""
    drafted, later = made[one.study_id, one.revision], made[one.study_id, number]
    if number == one.revision:
        return True
    in_line = drafted.base_revision is None or one.adjudicator in (later.created_by, later.drafted_for)
    return in_line and drafted.status not in ENDED


def _load_lines(session: Session, studies: Collection[str]) -> dict[RevisionKey, Any]:
    rows = session.execute(select(*LINEAGE).where(col(StudyRevision.study_id).in_(studies))).all()
    return {(row.study_id, row.number): row for row in rows}


def _people(session: Session, adjudications: Sequence[Adjudication]) -> dict[str, set[str]]:
    """Both extractors and the adjudicator of each."""
    extractions = {row for one in adjudications for row in (one.first_id, one.second_id)}
    extractors = _extractors(session, extractions) if extractions else {}
    return {one.id: {one.adjudicator, extractors[one.first_id], extractors[one.second_id]} for one in adjudications}


def _extractors(session: Session, extractions: Collection[str]) -> dict[str, str]:
    columns = (col(StudyExtraction.id), col(StudyExtraction.extractor))
    return dict(session.execute(select(*columns).where(col(StudyExtraction.id).in_(extractions))).all())


def _figures(session: Session, adjudication: Adjudication, number: int) -> Extraction:
    document = session.get_one(StudyRevision, (adjudication.study_id, number)).document
    return extracted_part(StudyDocument.model_validate_json(document))
