"""What is done with the notices that the literature services report about accepted studies.

A retraction takes the study out and an expression of concern marks it, at once, by the actor `system:retraction-check`; what a
person has to judge (corrections, partial retractions, reinstatements, and any notice that there is a doubt about) stays open for a
curator.
Each notice is acted upon once: it is stored, and found again it changes nothing, also where a curator has decided otherwise since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.notice_doubts import StudyBesideNotices, why_doubted
from app.actions.notices import store_notice
from app.actions.reviews import accept_revision, retract_study
from app.actions.studies import amend_study, document_of
from app.actor import RETRACTION_CHECK, Actor
from app.identifiers import uuid7
from app.models import PublicationNotice, SourceCheck, Study
from app.models.base import utc_now
from app.queries.impact import RatingImpact
from app.queries.notices import as_reported, load_notices_of_studies, load_study_notices
from app.queries.study_records import shown_revision
from app.schemas.lookup import NoticeKind, Retraction, SourceRecord
from app.sources.merging import STATUS_BY_NOTICE, merge_notices, same_notice
from app.sources.notices import SOURCE_NAMES, Answers
from app.vocabulary import NoticeStatus, PublicationStatus


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice that is not stored yet, with the record that reports it and what is to become of it."""

    reported: Retraction
    record: SourceRecord
    status: NoticeStatus
    doubt: str | None = None
    """Why it is left to a person though its kind is not."""


@dataclass(slots=True)
class CheckedStudy:
    """What a check did to one study."""

    key: str
    notices: list[NewNotice] = field(default_factory=list)
    moved: list[RatingImpact] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Sifted:
    """A batch of answers told apart, and what is only told of the quiet ones: a notice that its own source no longer has, a record
    that it does not know."""

    news: list[Answers] = field(default_factory=list)
    quiet: list[Answers] = field(default_factory=list)
    remarks: dict[str, list[str]] = field(default_factory=dict)


def check_study(session: Session, answers: Answers, *, by: Actor = RETRACTION_CHECK) -> CheckedStudy:
    """Store what is new, act on it, and note which sources answered; all in the caller's transaction."""
    study = session.get_one(Study, answers.publication.study_id)
    stored = load_study_notices(session, study.id)
    checked = CheckedStudy(study.key, remarks=_remarks(answers, stored))
    for notice in _new_notices(session, study, answers, stored):
        row_revision = None
        if notice.status is NoticeStatus.ACTED_ON:
            checked.moved += _act(session, study, notice, by=by)
            row_revision = study.live_revision
        _store(session, study, notice, row_revision, by=by)
        checked.notices.append(notice)
    note_checks(session, [answers])
    return checked


def sift(session: Session, answers: Sequence[Answers]) -> Sifted:
    """Which answers hold a notice that is not stored yet? Without one a check leaves no more than its date. One query."""
    stored = load_notices_of_studies(session, [one.publication.study_id for one in answers])
    sifted = Sifted()
    for one in answers:
        known = stored[one.publication.study_id]
        if any(_is_new(notice, known) for notice in merge_notices(one.records.values())):
            sifted.news.append(one)
        else:
            sifted.quiet.append(one)
            sifted.remarks[one.publication.study_id] = _remarks(one, known)
    return sifted


def note_checks(session: Session, answers: Sequence[Answers]) -> None:
    """The dates on which sources answered. One query, and the rows."""
    mine = select(SourceCheck).where(col(SourceCheck.study_id).in_([one.publication.study_id for one in answers]))
    rows = {(row.study_id, row.source): row for row in session.execute(mine).scalars()}
    for one in answers:
        for source in one.answered:
            record = one.records.get(source)
            checked_at: datetime = record.fetched_at if record is not None else utc_now()
            row = rows.get((one.publication.study_id, source))
            if row is None:
                session.add(SourceCheck(study_id=one.publication.study_id, source=source, checked_at=checked_at))
            else:
                row.checked_at = checked_at
    session.flush()


def _is_new(notice: Retraction, stored: Sequence[PublicationNotice]) -> bool:
    return not any(_is_the_same(notice, as_reported(row)) for row in stored)


def _is_the_same(notice: Retraction, known: Retraction) -> bool:
    """Of what was acted upon a vague report is the same as an exact one that comes later; of two corrections neither is swallowed."""
    return same_notice(notice, known) or (notice.kind in STATUS_BY_NOTICE and same_notice(known, notice))


def _new_notices(session: Session, study: Study, answers: Answers, stored: Sequence[PublicationNotice]) -> list[NewNotice]:
    """The gravest first, so that a retraction decides what the others still mean."""
    document, found = document_of(shown_revision(session, study)), []
    reported = merge_notices(answers.records.values())
    for one in reported:
        if not _is_new(one, stored):
            continue
        record = answers.records[one.source]
        doubt = why_doubted(session, one, record, StudyBesideNotices(study, document, stored, reported))
        notice = NewNotice(one, record, _decide(one.kind, document.publication_status, doubt), doubt)
        found.append(notice)
        if notice.status is NoticeStatus.ACTED_ON:
            document = document.model_copy(update={"publication_status": STATUS_BY_NOTICE[one.kind]})
    return found


def _decide(kind: NoticeKind, status: PublicationStatus, doubt: str | None) -> NoticeStatus:
    """What the record says already asks for nothing more; all else that is not acted upon waits for a curator."""
    if STATUS_BY_NOTICE.get(kind) is status:
        return NoticeStatus.KNOWN
    return NoticeStatus.ACTED_ON if kind in STATUS_BY_NOTICE and doubt is None else NoticeStatus.OPEN


def _act(session: Session, study: Study, notice: NewNotice, *, by: Actor) -> list[RatingImpact]:
    reason = reason_of(notice.reported)
    if notice.reported.kind is NoticeKind.RETRACTION:
        return retract_study(session, study, reason=reason, by=by)
    return _mark_concern(session, study, reason, by=by)


def _mark_concern(session: Session, study: Study, reason: str, *, by: Actor) -> list[RatingImpact]:
    """An accepted revision that says `expression-of-concern` and nothing else anew: the study still counts, marked (METHOD, 1)."""
    live = document_of(shown_revision(session, study))
    document = live.model_copy(update={"publication_status": PublicationStatus.EXPRESSION_OF_CONCERN})
    row = amend_study(session, study, document, by=by, base=study.live_revision, reason=reason, apart=True)
    return accept_revision(session, study, row, by=by, moment=utc_now())


def reason_of(reported: Retraction) -> str:
    """`Retraction of 2010-02-06, doi:10.1016/…, reported by Crossref (retraction-watch): reasons`, as far as it is known."""
    dated = f" of {reported.date}" if reported.date else ""
    doi = f", doi:{reported.notice_doi}" if reported.notice_doi else ""
    pmid = f", pmid:{reported.notice_pmid}" if reported.notice_pmid else ""
    asserted = f" ({reported.asserted_by})" if reported.asserted_by else ""
    reasons = f": {'; '.join(reported.reasons)}" if reported.reasons else ""
    kind = str(reported.kind).replace("-", " ")
    return f"{kind.capitalize()}{dated}{doi}{pmid}, reported by {SOURCE_NAMES.get(reported.source, reported.source)}{asserted}{reasons}"


def _store(session: Session, study: Study, notice: NewNotice, number: int | None, *, by: Actor) -> None:
    reported, record = notice.reported, notice.record
    row = PublicationNotice(
        id=str(uuid7()),
        study_id=study.id,
        kind=reported.kind,
        source=reported.source,
        asserted_by=reported.asserted_by,
        dated=reported.date,
        notice_doi=reported.notice_doi,
        notice_pmid=reported.notice_pmid,
        reasons=[*reported.reasons, *([notice.doubt] if notice.doubt and notice.status is NoticeStatus.OPEN else [])],
        record_url=record.url,
        record_sha256=record.raw_sha256,
        found_at=utc_now(),
        found_by=by.id,
        found_status=notice.status,
        revision=number,
        status=notice.status,
    )
    store_notice(session, row, study, by=by, summary=reason_of(reported))


def _remarks(answers: Answers, stored: Sequence[PublicationNotice]) -> list[str]:
    remarks = [f"{SOURCE_NAMES[source]} has no such record" for source in answers.unknown]
    remarks += [update for record in answers.records.values() for update in record.unknown_updates]
    for row in stored:
        record = next((one for source, one in answers.records.items() if source == row.source), None)
        if record is not None and not any(_is_the_same(one, as_reported(row)) for one in record.notices):
            told = f"{row.kind} {row.id} is no longer reported by {SOURCE_NAMES[row.source]}; nothing was changed"
            remarks.append(told)
    return remarks
