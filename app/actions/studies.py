"""Study records: created, amended, submitted, withdrawn. Whatever comes in takes this one way."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.completeness import doubts_of, missing_of
from app.actions.consistency import find_contradictions, find_doubts
from app.actions.projection import describe
from app.actions.revision_pins import revision_pin
from app.actions.study_keys import free_key
from app.actor import Actor
from app.errors import DuplicateStudy, FieldProblem, IncompleteStudy, InconsistentStudy, InvalidBody, NotAllowed, StateConflict
from app.identifiers import uuid7
from app.models import Change, Study, StudyRevision
from app.models.base import utc_now
from app.queries.addresses import study_href
from app.queries.study_records import OPEN, UNDECIDED, find_open_revision, is_draft_of, is_own_row, may_see_drafts
from app.queries.vocabulary_check import KnownSlugs, find_unknown_slugs, find_unknown_studies, load_known_slugs
from app.schemas.study import StudyDocument
from app.vocabulary import PublicationStatus, RevisionStatus, Role, StudyKind, StudyStatus

UNIQUE_IDENTIFIERS = ("doi", "pmid", "pmcid")


def create_study(
    session: Session,
    document: StudyDocument,
    *,
    by: Actor,
    key: str | None = None,
    study_id: str | None = None,
    known: KnownSlugs | None = None,
) -> Study:
    """Add a record with its first revision, a draft. Refused if it names unknown records or is here already."""
    known = known or load_known_slugs(session)
    refuse_unknown(document, known)
    refuse_duplicate(session, document, by=by)
    moment = utc_now()
    study = Study(
        id=study_id or str(uuid7()),
        key=key or free_key(session, document),
        status=StudyStatus.DRAFT,
        newest_revision=1,
        created_at=moment,
        created_by=by.id,
        updated_at=moment,
        **_required_columns(document),
    )
    describe(study, document)
    session.add(study)
    session.flush()
    row = _add_revision(session, study, document, by=by, base=None, reason=None, moment=moment)
    log_revision(session, study, row, by=by, action="study.created", summary="Added")
    return study


def amend_study(
    session: Session,
    study: Study,
    document: StudyDocument,
    *,
    by: Actor,
    base: int | None,
    reason: str | None = None,
    owner: str | None = None,
    merges: int | None = None,
    apart: bool = False,
) -> StudyRevision:
    """Add a revision, a draft. The accepted one stays live; an open revision of the same `owner` (`by`, unless it says) is superseded.

    While none was accepted there is one line of revisions, whoever writes it: an open one is always superseded, and all are drafts of
    whoever added the record. `merges` is the revision whose changes this one carries over to the accepted one. `apart`: it is no draft
    of theirs but accepted at once, and leaves their open one as it is.
    """
    refuse_unknown(document, load_known_slugs(session))
    refuse_duplicate(session, document, by=by, but=study.id)
    if study.live_revision is None and not may_see_drafts(session, study, by):
        raise NotAllowed("only its author or a curator can change a record that was not accepted yet")
    moment = utc_now()
    owner = study.created_by if study.live_revision is None else owner or by.id
    superseded = [] if apart else _open_revisions(session, study, owner)
    for open_revision in superseded:
        open_revision.status = RevisionStatus.SUPERSEDED
    study.newest_revision += 1
    study.updated_at = moment
    if study.live_revision is None:
        study.status = StudyStatus.DRAFT
        describe(study, document)
    session.flush()
    added = _add_revision(session, study, document, by=by, base=base, reason=reason, moment=moment, owner=owner)
    told: dict[str, Any] = {"supersedes": sorted(row.number for row in superseded)}
    if merges is not None:
        told["merges"] = merges
    # why is told once it is accepted: until then it is for those who may see the draft, and the pin holds it
    log_revision(session, study, added, by=by, action="study.amended", summary=f"Revision {added.number} drafted", **told)
    return added


def submit_study(session: Session, study: Study, *, by: Actor, known: KnownSlugs | None = None, reason: str | None = None) -> StudyRevision:
    """Hand the author's open revision in for review (a curator: anybody's). Refused while it is incomplete or contradicts itself.

    `reason` takes the place of the one that was given when it was drafted.
    """
    row = find_open_revision(session, study, by)
    if row is None:
        raise _nothing_to_submit(session, study, by)
    document = document_of(row)
    refuse_contradictions(session, document, known or load_known_slugs(session), by=by)
    if reason is not None:
        row.reason = reason
    moment = utc_now()
    row.status, row.submitted_at, row.submitted_by = RevisionStatus.SUBMITTED, moment, by.id
    study.updated_at = moment
    if study.live_revision is None:
        study.status = StudyStatus.SUBMITTED
    session.flush()
    log_revision(session, study, row, by=by, action="study.submitted", summary=f"Revision {row.number} submitted")
    return row


def _nothing_to_submit(session: Session, study: Study, by: Actor) -> NotAllowed | StateConflict:
    """Why; without a word on the drafts of others."""
    states = "it can be submitted from draft or changes-requested"
    if may_see_drafts(session, study, by):
        newest = revision(session, study, study.newest_revision)
        if by.may(Role.CURATOR) or is_own_row(session, newest, by):
            return StateConflict(f"revision {newest.number} is {newest.status}; {states}")
        if study.live_revision is None and newest.status in OPEN:
            return NotAllowed("only the author of the revision or a curator can submit it")
    return StateConflict(f"you have no open revision of this study; {states}")


def refuse_unknown(document: StudyDocument, known: KnownSlugs) -> None:
    problems = find_unknown_slugs(document, known)
    if problems:
        raise InvalidBody("the study names records that do not exist", errors=problems)


def refuse_contradictions(session: Session, document: StudyDocument, known: KnownSlugs, *, by: Actor) -> None:
    """What a draft may still hold and a submission may not."""
    missing, faults = missing_of(document), _faults_of(session, document, known, by)
    if not missing and not faults:
        return
    if not faults:
        raise IncompleteStudy("the study is not complete yet; add the members named, then submit again", errors=missing)
    also = " and is not complete yet" if missing else ""
    raise InconsistentStudy(f"the study contradicts itself{also}; mend the members named, then submit again", errors=[*missing, *faults])


def warnings_of(session: Session, document: StudyDocument, known: KnownSlugs, *, reader: Actor | None) -> list[FieldProblem]:
    """What is missing for a review, contradictions, other studies that for the reader do not exist; then what is only in doubt."""
    return [*missing_of(document), *_faults_of(session, document, known, reader), *doubts_of(document), *find_doubts(document, known)]


def _faults_of(session: Session, document: StudyDocument, known: KnownSlugs, reader: Actor | None) -> list[FieldProblem]:
    return [*find_contradictions(document, known), *find_unknown_studies(session, document, reader=reader)]


def refuse_duplicate(session: Session, document: StudyDocument, *, by: Actor, but: str | None = None) -> None:
    """409 with the study that already carries one of the identifiers; a draft that `by` may not see is not named."""
    for name in UNIQUE_IDENTIFIERS:
        value = getattr(document, name)
        if value is None:
            continue
        other = session.execute(select(Study).where(getattr(Study, name) == value, col(Study.id) != (but or ""))).scalar_one_or_none()
        if other is not None:
            visible = other.live_revision is not None or may_see_drafts(session, other, by)
            raise DuplicateStudy(
                f"the {name.upper()} {value} belongs to {f'the study {other.key}' if visible else 'a record that was not accepted yet'}",
                errors=[FieldProblem(f"/{name}", f"is the {name.upper()} of another study")],
                study={"id": other.id, "key": other.key, "href": study_href(other.id)} if visible else None,
            )
    refuse_second_registration(session, document, but=but)


def refuse_taken_identifiers(session: Session, studies: Sequence[tuple[str, StudyDocument]]) -> None:
    """The same for many new studies, by their keys: none has an identifier that another of them has, or a study that is here."""
    for name in UNIQUE_IDENTIFIERS:
        seen: dict[str, str] = {}
        for key, document in studies:
            value = getattr(document, name)
            if value is not None and value in seen:
                raise DuplicateStudy(f"{seen[value]} and {key} have the same {name.upper()} {value}")
            if value is not None:
                seen[value] = key
        column = getattr(Study, name)
        taken = session.execute(select(column, col(Study.key)).where(column.in_(seen)).limit(1)).first() if seen else None
        if taken is not None:
            raise DuplicateStudy(f"the {name.upper()} {taken[0]} of {seen[taken[0]]} belongs to the study {taken[1]}")


def refuse_second_registration(session: Session, document: StudyDocument, *, but: str | None) -> None:
    """A trial has one record of its registration: of a second one a rating would count nothing, and nobody would see why.

    Reports name the same number. A registration that was retracted here counts as never made.
    """
    if document.registration is None or document.publication_status is not PublicationStatus.REGISTERED:
        return
    same = (col(Study.registration) == document.registration, col(Study.kind) == StudyKind.REGISTRATION, col(Study.id) != (but or ""))
    other = session.execute(select(Study).where(*same, col(Study.status) == StudyStatus.ACCEPTED).limit(1)).scalar_one_or_none()
    if other is not None:
        raise DuplicateStudy(
            f"the registration {document.registration} is the study {other.key} already; amend that",
            errors=[FieldProblem("/registration", "is that of another registration record")],
            study={"id": other.id, "key": other.key, "href": study_href(other.id)},
        )


def revision(session: Session, study: Study, number: int) -> StudyRevision:
    """One revision that is known to exist."""
    return session.execute(
        select(StudyRevision).where(col(StudyRevision.study_id) == study.id, col(StudyRevision.number) == number)
    ).scalar_one()


def document_of(row: StudyRevision) -> StudyDocument:
    return StudyDocument.model_validate_json(row.document)


def document_text(document: StudyDocument) -> str:
    """How a document is stored: every member, in the order of the schema."""
    return document.model_dump_json()


def _required_columns(document: StudyDocument) -> dict[str, Any]:
    return {
        "title": document.title,
        "kind": document.kind,
        "design": document.design,
        "authors": [],
        "publication_status": document.publication_status,
    }


def _open_revisions(session: Session, study: Study, owner: str) -> list[StudyRevision]:
    superseded = [col(StudyRevision.study_id) == study.id, col(StudyRevision.status).in_(UNDECIDED)]
    if study.live_revision is not None:
        superseded.append(is_draft_of(owner))
    return list(session.execute(select(StudyRevision).where(*superseded)).scalars())


def _add_revision(
    session: Session,
    study: Study,
    document: StudyDocument,
    *,
    by: Actor,
    base: int | None,
    reason: str | None,
    moment: datetime,
    owner: str | None = None,
) -> StudyRevision:
    row = StudyRevision(
        study_id=study.id,
        number=study.newest_revision,
        status=RevisionStatus.DRAFT,
        document=document_text(document),
        salt=ledger.new_salt(),
        base_revision=base,
        reason=reason,
        created_at=moment,
        created_by=by.id,
        drafted_for=owner if owner != by.id else None,
    )
    session.add(row)
    session.flush()
    return row


def log_revision(
    session: Session,
    study: Study,
    row: StudyRevision,
    *,
    by: Actor,
    action: str,
    summary: str,
    touches: Iterable[str] = (),
    **details: object,
) -> Change:
    """The ledger entry of one act on one revision; it pins the revision with its document.

    The ledger is public and a record that was never accepted is not: until then an entry says neither its title nor its key.
    """
    if row.salt is None:  # made before pins were salted
        row.salt = ledger.new_salt()
        session.flush()
    public = (study.key, study.title) if study.live_revision is not None else None
    pin, moment = revision_pin(row), study.updated_at
    entry = revision_entry(
        action, summary, study=study.id, public=public, number=row.number, pin=pin, moment=moment, touches=touches, **details
    )
    return ledger.append_entry(session, entry, by=by)


def revision_entry(
    action: str,
    summary: str,
    *,
    study: str,
    public: tuple[str, str] | None,
    number: int,
    pin: str,
    moment: datetime,
    touches: Iterable[str] = (),
    **details: object,
) -> ledger.Entry:
    """What one act on one revision says of itself; `public` are key and title of the study, once one of its revisions was accepted."""
    key = {"key": public[0]} if public is not None else {}
    title = public[1] if public is not None else "a record not accepted yet"
    told = {**key, "revision": number, "revision_pin": pin, **details}
    return ledger.Entry(action, f"study:{study}", f"{summary}: {title}", touches=tuple(touches), details=told, moment=moment)
