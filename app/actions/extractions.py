"""Extraction by two people: opened, begun, changed, completed, withdrawn, closed. Each act is a ledger entry without a value in it.

Double extraction by two people working independently: Cochrane Handbook, chapter 5.
"""

from typing import Any

from sqlalchemy.orm import Session

from app.actions import ledger
from app.actor import Actor
from app.errors import Conflict, FieldProblem, InvalidBody, NotAllowed, NotFound, StateConflict
from app.identifiers import uuid7
from app.models import Adjudication, Change, DoubleExtraction, Study, StudyExtraction
from app.models.base import utc_now
from app.queries.addresses import double_extraction_href, extraction_href
from app.queries.extractions import EXTRACTORS, NOT_EXTRACTED, completed_pair, extractions_of, find_open_double_extraction, may_know_of
from app.queries.people import ids_of_person, is_among
from app.queries.study_records import get_study, may_see_drafts, shown_revision
from app.queries.vocabulary_check import find_unknown_slugs, load_known_slugs
from app.schemas.extraction import Extraction, with_extraction
from app.schemas.study import StudyDocument
from app.vocabulary import ExtractionStatus, Role, StudyKind


def open_double_extraction(session: Session, study: Study, *, by: Actor, reason: str | None) -> DoubleExtraction:
    """Ask for two extractions of a study; with that everybody with a key may take part, also where the record is still a draft."""
    _need_curator(by, "asking for two extractions")
    open_already = find_open_double_extraction(session, study)
    if open_already is None:
        return _open(session, study, by=by, asked_for=True, reason=reason)
    if open_already.asked_for:
        raise Conflict("two extractions of this study were asked for already", href=double_extraction_href(open_already.id))
    open_already.asked_for, open_already.reason = True, reason
    session.flush()
    _log_double(
        session, study, open_already, by=by, action="double-extraction.asked-for", summary="Two extractions asked for", reason=reason
    )
    return open_already


def close_double_extraction(session: Session, double: DoubleExtraction, *, by: Actor, reason: str) -> DoubleExtraction:
    """Give up a double extraction that was not adjudicated; a new one may then be opened. What is hidden stays hidden."""
    _need_curator(by, "closing a double extraction")
    if double.closed_at is not None:
        raise StateConflict("the double extraction is closed already")
    double.closed_at, double.closed_by, double.closing_reason = utc_now(), by.id, reason
    session.flush()
    study = session.get_one(Study, double.study_id)
    _log_double(session, study, double, by=by, action="double-extraction.closed", summary="Double extraction closed", reason=reason)
    return double


def start_extraction(session: Session, study_id: str, extraction: Extraction, *, by: Actor) -> StudyExtraction:
    """Begin an extraction of one's own. A study takes two at a time, of two people; it never shows what the other one holds."""
    study = get_study(session, study_id)
    double = find_open_double_extraction(session, study)
    wanted = double is not None and may_know_of(session, double, by)
    if study.live_revision is None and not wanted and not may_see_drafts(session, study, by):
        raise NotFound(f"There is no study {study_id!r}.")
    if study.status in NOT_EXTRACTED:
        raise StateConflict(f"the study is {study.status}; nothing is extracted from it")
    if double is None:
        double = _open(session, study, by=by, asked_for=False, reason=None)
    _refuse_third_or_same(session, double, by)
    refuse_unknown_slugs(session, study, extraction, under="/extraction")
    moment = utc_now()
    row = StudyExtraction(
        id=str(uuid7()),
        double_extraction_id=double.id,
        study_id=study.id,
        extractor=by.id,
        status=ExtractionStatus.IN_PROGRESS,
        document=extraction.model_dump_json(),
        version=1,
        salt=ledger.new_salt(),
        started_at=moment,
        updated_at=moment,
    )
    session.add(row)
    session.flush()
    _log(session, study, row, by=by, action="extraction.started", summary="Extraction begun")
    return row


def change_extraction(session: Session, row: StudyExtraction, extraction: Extraction, *, by: Actor) -> StudyExtraction:
    """Put other values in the place of what one has read so far."""
    refuse_changes(session, row, by)
    study = session.get_one(Study, row.study_id)
    refuse_unknown_slugs(session, study, extraction)
    row.document, row.version, row.updated_at = extraction.model_dump_json(), row.version + 1, utc_now()
    session.flush()
    _log(session, study, row, by=by, action="extraction.changed", summary="Extraction changed")
    return row


def complete_extraction(session: Session, row: StudyExtraction, *, by: Actor) -> StudyExtraction:
    """Say that one has read everything; from then on nothing of it can be changed."""
    refuse_changes(session, row, by)
    study = session.get_one(Study, row.study_id)
    _refuse_unfinished(extraction_of(row), base_document(session, study))
    row.status, row.version, row.completed_at = ExtractionStatus.COMPLETED, row.version + 1, utc_now()
    row.updated_at = row.completed_at
    session.flush()
    _log(session, study, row, by=by, action="extraction.completed", summary="Extraction completed")
    return row


def _refuse_unfinished(extraction: Extraction, record: StudyDocument) -> None:
    """What was forgotten and what is not there must not look the same: a report without results is said to be one.

    Only primary studies have results; a published review or a registration is completed without.
    """
    if extraction == Extraction():
        problem = FieldProblem("/extraction", "holds nothing; where the report gives nothing, say at least how many people took part")
        raise InvalidBody("an empty extraction cannot be completed", errors=[problem])
    lacking = [
        FieldProblem(f"/extraction/risk_of_bias/{number}/{judgement.lacks[0]}", judgement.lacks[1])
        for number, judgement in enumerate(extraction.risk_of_bias)
        if judgement.lacks is not None
    ]
    if lacking:
        raise InvalidBody("a form on risk of bias is half filled in", errors=lacking)
    if extraction.results or record.kind not in (StudyKind.PRIMARY, None):
        return
    unsaid = [number for number, comparator in enumerate(extraction.comparators) if comparator.without_results is None]
    if unsaid or not extraction.comparators:
        how = "where the report gives none, say why in `without_results` of each of its `comparators`"
        problems = [FieldProblem("/extraction/results", f"holds nothing; {how}")]
        problems += [FieldProblem(f"/extraction/comparators/{number}/without_results", "is not said") for number in unsaid]
        raise InvalidBody("an extraction without results cannot be completed", errors=problems)


def withdraw_extraction(session: Session, row: StudyExtraction, *, by: Actor, reason: str) -> StudyExtraction:
    """Give up an extraction; its place is free, for its author too, and its values stay his alone.

    One that is completed can be given up while the other is not: nobody has seen either yet.
    """
    _refuse_strangers(session, row, by)
    double = session.get_one(DoubleExtraction, row.double_extraction_id)
    if row.status == ExtractionStatus.COMPLETED and completed_pair(session, double) is not None:
        raise StateConflict("both extractions are completed and can be compared; neither can be withdrawn any more")
    _refuse_ended(session, row, (ExtractionStatus.IN_PROGRESS, ExtractionStatus.COMPLETED))
    row.status, row.version, row.withdrawn_at, row.withdrawal_reason = ExtractionStatus.WITHDRAWN, row.version + 1, utc_now(), reason
    row.updated_at = row.withdrawn_at
    session.flush()
    study = session.get_one(Study, row.study_id)
    _log(session, study, row, by=by, action="extraction.withdrawn", summary="Extraction withdrawn")
    return row


def refuse_changes(session: Session, row: StudyExtraction, by: Actor) -> None:
    """Only its author touches an extraction, and only while it is in progress."""
    _refuse_strangers(session, row, by)
    _refuse_ended(session, row, (ExtractionStatus.IN_PROGRESS,))


def _refuse_strangers(session: Session, row: StudyExtraction, by: Actor) -> None:
    if row.extractor not in ids_of_person(session, by.id):
        raise NotAllowed("only its author can change, complete or withdraw an extraction")


def _refuse_ended(session: Session, row: StudyExtraction, states: tuple[ExtractionStatus, ...]) -> None:
    if row.status not in states:
        raise StateConflict(f"the extraction is {row.status}; only one in progress can be changed or completed")
    if session.get_one(DoubleExtraction, row.double_extraction_id).closed_at is not None:
        raise StateConflict("the double extraction that it belongs to is closed")


def refuse_unknown_slugs(session: Session, study: Study, extraction: Extraction, *, under: str = "") -> None:
    """What is extracted names conditions, outcomes and instruments that exist; `under` is where it stands in the body."""
    alone = with_extraction(StudyDocument(title=study.title), extraction)
    problems = find_unknown_slugs(alone, load_known_slugs(session))
    if problems:
        errors = [FieldProblem(f"{under}{one.pointer}", one.detail, one.allowed) for one in problems]
        raise InvalidBody("the extraction names records that do not exist", errors=errors)


def extraction_of(row: StudyExtraction) -> Extraction:
    return Extraction.model_validate_json(row.document)


def base_document(session: Session, study: Study) -> StudyDocument:
    """The record that an extraction would be put into: the accepted one, or the newest while none was accepted."""
    return StudyDocument.model_validate_json(shown_revision(session, study).document)


def both_completed(session: Session, double: DoubleExtraction) -> tuple[StudyExtraction, StudyExtraction]:
    """Both, once the blind is lifted; until then nobody compares."""
    pair = completed_pair(session, double)
    if pair is None:
        done = sum(row.status == ExtractionStatus.COMPLETED for row in extractions_of(session, double))
        raise StateConflict(f"{done} of {EXTRACTORS} extractions are completed; they are compared when both are")
    return pair


def _refuse_third_or_same(session: Session, double: DoubleExtraction, by: Actor) -> None:
    rows = extractions_of(session, double)
    own = next((row for row in rows if is_among(session, by.id, [row.extractor])), None)
    if own is not None:
        raise Conflict("you extract this study already; the second extraction is another person's", href=extraction_href(own.id))
    if len(rows) >= EXTRACTORS:
        raise Conflict("two people extract this study already", href=double_extraction_href(double.id))


def _open(session: Session, study: Study, *, by: Actor, asked_for: bool, reason: str | None) -> DoubleExtraction:
    if study.status in NOT_EXTRACTED:
        raise StateConflict(f"the study is {study.status}; nothing is extracted from it")
    double = DoubleExtraction(
        id=str(uuid7()),
        study_id=study.id,
        base_revision=shown_revision(session, study).number,
        asked_for=asked_for,
        reason=reason,
        opened_by=by.id,
        opened_at=utc_now(),
        salt=ledger.new_salt(),
    )
    session.add(double)
    session.flush()
    _log_double(session, study, double, by=by, action="double-extraction.opened", summary="Double extraction opened", reason=reason)
    return double


def _need_curator(by: Actor, what: str) -> None:
    if not by.may(Role.CURATOR):
        raise NotAllowed(f"{what} needs the role curator")


def row_pin(row: StudyExtraction | DoubleExtraction | Adjudication) -> str:
    """The hash of all that a row holds, its salt included."""
    return ledger.pin_of(ledger.members_of(row))


def _log(session: Session, study: Study, row: StudyExtraction, *, by: Actor, action: str, summary: str) -> Change:
    subject = f"extraction:{row.id}"
    details = {"study": study.id, "double_extraction": row.double_extraction_id, "pins": {subject: row_pin(row)}}
    touches = [f"study:{study.id}", f"double-extraction:{row.double_extraction_id}"]
    return ledger.append(
        session, by=by, action=action, subject=subject, summary=said_of(study, summary), touches=touches, details=details,
        moment=row.updated_at,
    )  # fmt: skip


def _log_double(
    session: Session, study: Study, row: DoubleExtraction, *, by: Actor, action: str, summary: str, reason: str | None
) -> Change:
    subject = f"double-extraction:{row.id}"
    public: dict[str, Any] = {"reason": reason} if study.live_revision is not None else {}
    details = {"study": study.id, "base_revision": row.base_revision, **public, "pins": {subject: row_pin(row)}}
    return ledger.append(
        session, by=by, action=action, subject=subject, summary=said_of(study, summary), touches=[f"study:{study.id}"], details=details
    )


def said_of(study: Study, summary: str) -> str:
    """A summary for the ledger, which is public: a record that was never accepted is not named."""
    return f"{summary}: {study.title if study.live_revision is not None else 'a record not accepted yet'}"
