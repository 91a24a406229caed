"""What the writing routes of studies have in common: the record after an act, and what accepting a document does."""

from typing import Any

from fastapi import Request, Response
from sqlalchemy.orm import Session

from app.actions.rebase import Rebased, missing_reason
from app.actions.studies import document_of, warnings_of
from app.actor import Actor
from app.api.rating_changes import rating_changes
from app.models import Study, StudyRevision
from app.models.base import utc_now
from app.queries.addresses import study_href
from app.queries.answer_meta import newest_sequence
from app.queries.impact import assess_impact
from app.queries.vocabulary_check import KnownSlugs, load_known_slugs
from app.schemas.study import StudyDocument
from app.schemas.study_writing import MergeReport, StudyWritten, as_warnings
from app.vocabulary import RevisionStatus, StudyStatus
from app.web.conditional import NO_STORE, reply


def study_written(
    request: Request, session: Session, study: Study, row: StudyRevision, *, by: Actor, status: int = 200, rebased: Rebased | None = None
) -> Response:
    """The record after an act on one of its revisions."""
    document, href = document_of(row), study_href(study.id)
    answer = StudyWritten(
        id=study.id,
        key=study.key,
        revision=row.number,
        status=StudyStatus(study.status),
        revision_status=RevisionStatus(row.status),
        document=document,
        warnings=as_warnings([*missing_reason(study, row), *warnings_of(session, document, load_known_slugs(session), reader=by)]),
        merged=_merge_report(rebased) if rebased is not None else None,
        href=href,
    )
    return reply(request, answer, revision=row.number, status=status, headers={"Location": href}, cache_control=NO_STORE)


def what_accepting_does(session: Session, key: str, document: StudyDocument, known: KnownSlugs, *, reader: Actor) -> dict[str, Any]:
    """The members of every preview: the same computation as acceptance, and nothing after it.

    A document that does not say what it is and how it was made cannot be rated; its warnings say so.
    """
    can_be_rated = document.kind is not None and document.design is not None
    impacts = assess_impact(session, {key: document}, as_of=utc_now().date()) if can_be_rated else []
    return {
        "sequence": newest_sequence(session, None),
        "warnings": as_warnings(warnings_of(session, document, known, reader=reader)),
        "ratings": rating_changes(impacts),
    }


def _merge_report(rebased: Rebased) -> MergeReport:
    taken_over = [difference.pointer for difference in rebased.taken_over]
    return MergeReport(revision=rebased.merged.number, onto=rebased.onto, taken_over=taken_over)
