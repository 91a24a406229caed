"""Which revisions carry adjudicated figures: whose hands are in them, and with which of them they were accepted."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session
from sqlmodel import col

from app.models import Adjudication, StudyExtraction, StudyRevision
from app.queries.people import people_behind
from app.queries.study_records import RevisionKey
from app.queries.study_revisions import load_accepted_numbers
from app.schemas.extraction import Extraction, extracted_part
from app.schemas.study import StudyDocument
from app.vocabulary import RevisionStatus

LINEAGE: tuple[Any, ...] = (
    col(StudyRevision.study_id), col(StudyRevision.number), col(StudyRevision.status), col(StudyRevision.base_revision),
    col(StudyRevision.created_by), col(StudyRevision.drafted_for),
)  # fmt: skip
MISSING = object()
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
    Four queries at most, however many.
    """
    return _accepted_with(session, adjudications, _load_lineage(session, adjudications)) if adjudications else {}


def load_lines(session: Session, studies: Collection[str]) -> dict[RevisionKey, Adjudication]:
    """Every revision that is an adjudicated draft or mends one, until its figures are accepted, with the newest such adjudication.

    What it holds may be other figures by now: `app/queries/departures.py` says which. One query where there are none.
    """
    mine = select(Adjudication).where(col(Adjudication.study_id).in_(studies)).order_by(col(Adjudication.id))
    adjudications = session.execute(mine).scalars().all()
    if not adjudications:
        return {}
    lineage = _load_lineage(session, adjudications)
    accepted_with = _accepted_with(session, adjudications, lineage)
    found: dict[RevisionKey, Adjudication] = {}
    for one in adjudications:
        until = accepted_with.get(one.id)
        for study, number in lineage.revisions:
            later = study == one.study_id and number >= one.revision and (until is None or number <= until)
            if later and lineage.continues(one, number):
                found[study, number] = one
    return found


def load_figures(session: Session, revisions: Collection[RevisionKey]) -> dict[RevisionKey, Extraction]:
    """What is extracted, of each revision. One query."""
    if not revisions:
        return {}
    named = tuple_(col(StudyRevision.study_id), col(StudyRevision.number)).in_(sorted(revisions))
    columns = (col(StudyRevision.study_id), col(StudyRevision.number), col(StudyRevision.document))
    rows = session.execute(select(*columns).where(named))
    return {(study, number): extracted_part(StudyDocument.model_validate_json(text)) for study, number, text in rows}


def load_pairs(session: Session, adjudications: Sequence[Adjudication]) -> dict[str, tuple[StudyExtraction, StudyExtraction]]:
    """Both extractions of each adjudication, by its id; one of which a row is missing is not among the keys. One query."""
    wanted = {row for one in adjudications for row in (one.first_id, one.second_id)}
    rows = session.execute(select(StudyExtraction).where(col(StudyExtraction.id).in_(wanted))).scalars() if wanted else ()
    extractions = {row.id: row for row in rows}
    there = [one for one in adjudications if one.first_id in extractions and one.second_id in extractions]
    return {one.id: (extractions[one.first_id], extractions[one.second_id]) for one in there}


@dataclass(frozen=True, slots=True)
class _Lineage:
    """Whose revisions follow one another."""

    revisions: Mapping[RevisionKey, Any]
    people: Mapping[str, str]

    def continues(self, one: Adjudication, number: int) -> bool:
        """Is it the draft that came of the adjudication, or one that mends it?"""
        drafted, later = self.revisions.get((one.study_id, one.revision)), self.revisions.get((one.study_id, number))
        if number == one.revision:
            return True
        if drafted is None or later is None:  # rows that somebody took away: `verify` tells of them
            return False
        own = self.people[one.adjudicator] in {self.people[actor] for actor in _authors(later)}
        return (drafted.base_revision is None or own) and drafted.status not in ENDED


def _authors(row: Any) -> set[str]:
    return {row.created_by, row.drafted_for} - {None}


def _load_lineage(session: Session, adjudications: Sequence[Adjudication]) -> _Lineage:
    """Two queries."""
    studies = {one.study_id for one in adjudications}
    rows = session.execute(select(*LINEAGE).where(col(StudyRevision.study_id).in_(studies))).all()
    actors = {one.adjudicator for one in adjudications}.union(*map(_authors, rows))
    return _Lineage({(row.study_id, row.number): row for row in rows}, people_behind(session, actors))


def _accepted_with(session: Session, adjudications: Sequence[Adjudication], lineage: _Lineage) -> dict[str, int]:
    accepted = load_accepted_numbers(session, {one.study_id for one in adjudications})
    later = {
        one.id: sorted(number for study, number in accepted if study == one.study_id and number >= one.revision) for one in adjudications
    }
    others = {(one.study_id, number) for one in adjudications for number in later[one.id] if not lineage.continues(one, number)}
    drafted = {(one.study_id, one.revision) for one in adjudications if any(study == one.study_id for study, _ in others)}
    figures = load_figures(session, others | drafted)
    found: dict[str, int] = {}
    for one in adjudications:
        for number in later[one.id]:
            key = (one.study_id, number)
            if lineage.continues(one, number) or figures.get(key) == figures.get((one.study_id, one.revision), MISSING):
                found[one.id] = number
                break
    return found


def _people(session: Session, adjudications: Sequence[Adjudication]) -> dict[str, set[str]]:
    """Both extractors and the adjudicator of each."""
    pairs = load_pairs(session, adjudications)
    return {one.id: {one.adjudicator, *(row.extractor for row in pairs.get(one.id, ()))} for one in adjudications}
