"""Which extractions and adjudications of a study a reader may know of: that they are, whose and when; what they hold is asked elsewhere."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.models import DoubleExtraction, Study
from app.queries.adjudications import load_seen_adjudications
from app.queries.extractions import knows_of


@dataclass(frozen=True, slots=True)
class ExtractionsSeen:
    """Ids of double extractions, and of adjudications."""

    doubles: frozenset[str] = frozenset()
    adjudications: frozenset[str] = frozenset()


def load_extractions_seen(session: Session, study: Study, reader: Actor | None) -> ExtractionsSeen:
    """What everybody with a key may know of, or those who may see the draft; the public what was accepted. Two queries without any."""
    adjudications, public = load_seen_adjudications(session, study.id, reader)
    doubles = {row.double_extraction_id for row in adjudications if row.id in public}
    if reader is not None:
        known = select(col(DoubleExtraction.id)).where(col(DoubleExtraction.study_id) == study.id, knows_of(reader))
        doubles.update(session.execute(known).scalars())
    return ExtractionsSeen(frozenset(doubles), frozenset(row.id for row in adjudications))
