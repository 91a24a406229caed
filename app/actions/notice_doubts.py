"""Why a person should look at a notice before anything follows from it.

A mistyped identifier must not take out another study, a check must not undo a decision, and what was taken back must not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.matching import MatchRecord, compare
from app.models import PublicationNotice, Study
from app.queries.live_history import load_live_history, restoring
from app.queries.notices import as_reported
from app.schemas.lookup import NoticeKind, Retraction, SourceRecord
from app.schemas.study import StudyDocument
from app.sources.merging import STATUS_BY_NOTICE, is_earlier, reinstatement_of
from app.sources.notices import SOURCE_NAMES
from app.vocabulary import NoticeStatus, PublicationStatus


@dataclass(frozen=True, slots=True)
class StudyBesideNotices:
    """The study as it is accepted, and every notice about it: those that are stored, and those that sources report now."""

    study: Study
    document: StudyDocument
    stored: Sequence[PublicationNotice]
    reported: Sequence[Retraction]


def why_doubted(session: Session, notice: Retraction, record: SourceRecord, beside: StudyBesideNotices) -> str | None:
    """Why it is for a person; None where the notice may be acted upon, or is for a person by its kind alone."""
    if notice.kind is NoticeKind.REINSTATEMENT:
        return "a retraction was taken back, it says: amend the record if that is so, and let a second person accept"
    return (
        _taken_back(notice, beside)
        or _decided_otherwise(session, notice, beside)
        or _of_another_publication(record, beside)
        or _without_effect_now(notice, beside)
    )


def _taken_back(notice: Retraction, beside: StudyBesideNotices) -> str | None:
    if notice.kind not in STATUS_BY_NOTICE:
        return None
    against = reinstatement_of(notice, [*beside.reported, *map(as_reported, beside.stored)])
    if against is None:
        return None
    dated = f" of {against.date}" if against.date else " without a date"
    return f"{SOURCE_NAMES.get(against.source, against.source)} reports a reinstatement{dated}, which stands against it"


def _decided_otherwise(session: Session, notice: Retraction, beside: StudyBesideNotices) -> str | None:
    if any(row.kind == notice.kind and row.status == NoticeStatus.DISMISSED for row in beside.stored):
        return f"a curator dismissed another {notice.kind} of this study"
    status = STATUS_BY_NOTICE.get(notice.kind)
    if status is None or beside.document.publication_status in (status, PublicationStatus.RETRACTED):
        return None
    restored = restoring(load_live_history(session, beside.study.id), status)
    if restored is None or is_earlier(restored.at.date().isoformat(), notice.date):
        return None
    return f"revision {restored.number}, accepted on {restored.at.date()}, put the study back, and the notice is not of a later day"


def _of_another_publication(record: SourceRecord, beside: StudyBesideNotices) -> str | None:
    match = compare(MatchRecord.of("", record.bibliography), MatchRecord.of(beside.study.key, beside.document))
    if match is None:
        return "the record of the source may be another publication: it shares no identifier and no title with the study"
    return None if match.certain else f"the record of the source may be another publication: {match.reason}"


def _without_effect_now(notice: Retraction, beside: StudyBesideNotices) -> str | None:
    """Of a retracted study nothing is to be done, until it is put back: then what was found meanwhile still has to be judged."""
    retracted = beside.document.publication_status is PublicationStatus.RETRACTED
    return "the study is retracted; judge it if the study is put back" if retracted else None
