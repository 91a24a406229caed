"""The public ledger pins what is private without giving anybody a hash to try his guess against; what was pinned before stays checked."""

import json
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions import ledger
from app.actions.extractions import open_double_extraction
from app.actions.imports import PINNED, import_pin, receive_file, upload_import
from app.actions.ledger import hash_of, members_of, pin_of
from app.actions.projection import describe
from app.actions.reviews import review_study
from app.actions.studies import amend_study, create_study, document_text, submit_study
from app.actions.withdrawal import withdraw_revision
from app.database import reading, transaction
from app.identifiers import uuid7
from app.models import Change, Review, Study, StudyRevision
from app.models.base import utc_now
from app.vocabulary import Decision, RevisionStatus, StudyStatus
from tests.factories import ANNA, BEN, CLARA, a_study, a_submission, accept, an_accepted_study, differences

Json = dict[str, Any]


def entries(session: Session, study: str) -> list[Json]:
    rows = session.execute(select(Change).where(col(Change.subject) == f"study:{study}").order_by(col(Change.sequence))).scalars()
    return [json.loads(row.content) for row in rows]


def whole_ledger(engine: Engine) -> str:
    with reading(engine) as session:
        return "\n".join(session.execute(select(col(Change.content))).scalars())


def plain_pins(row: Any, **named: str) -> set[str]:
    """The hashes that somebody could work out who knows all that the row says, but for its salt."""
    members = {name: value for name, value in members_of(row).items() if name != "salt"}
    made: Json = {name: members[name] for name in ("number", "base_revision", "reason", "created_by", "created_at") if name in members}
    return {pin_of(members), pin_of(made), *(hash_of(text) for text in named.values())}


class TestDrafts:
    def test_whoever_holds_the_same_reference_cannot_see_that_it_was_drafted(self, vocabulary: Engine) -> None:
        document = a_study(doi="10.5555/private")
        with transaction(vocabulary) as session:
            study = create_study(session, document, by=ANNA)
            amend_study(session, study, document, by=ANNA, base=None, reason="A short reason")
            withdraw_revision(session, study, reason="entered twice", by=ANNA)
            rows = session.execute(select(StudyRevision)).scalars().all()
            guesses = set[str]().union(*(plain_pins(row, document=document_text(document)) for row in rows))
            guesses.add(pin_of({"number": 2, "reason": "entered twice"}))
        said = whole_ledger(vocabulary)
        assert not [guess for guess in guesses if guess in said]
        assert differences(vocabulary) == []

    def test_two_that_say_the_same_have_different_pins(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            pins = {entries(session, create_study(session, a_study(), by=ANNA).id)[0]["details"]["revision_pin"] for _ in range(2)}
        assert len(pins) == 2

    def test_what_a_curator_wrote_to_the_author_cannot_be_tried_out(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, ANNA)
            review, _ = review_study(session, study, Decision.REJECT, by=CLARA, comment="Not a trial.", conflict_of_interest=None)
            guesses = plain_pins(review)
        said = whole_ledger(vocabulary)
        assert not [guess for guess in guesses if guess in said]

    def test_why_two_extractions_of_a_draft_were_asked_for_cannot_be_tried_out(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            double = open_double_extraction(session, a_submission(session, ANNA), by=CLARA, reason="Decisive.")
            guesses = plain_pins(double)
        said = whole_ledger(vocabulary)
        assert not [guess for guess in guesses if guess in said]


class TestImports:
    def test_whoever_has_the_same_file_cannot_see_that_it_was_imported(self, vocabulary: Engine) -> None:
        content = b"TY  - JOUR\nTI  - Craniosacral therapy for neck pain\nDO  - 10.5555/private\nER  - \n"
        pins, guesses = set(), set()
        for _ in range(2):
            file = receive_file(BytesIO(content), "library.ris", max_bytes=1000)
            with transaction(vocabulary) as session:
                row, _job = upload_import(session, file, by=ANNA)
                pins.add(import_pin(row))
                guesses |= {file.sha256, pin_of({name: getattr(row, name) for name in PINNED if name != "salt"})}
        said = whole_ledger(vocabulary)
        assert len(pins) == 2
        assert all(pin in said for pin in pins)
        assert not [guess for guess in guesses if guess in said]
        assert differences(vocabulary) == []


class TestAccepted:
    def test_the_acceptance_alone_says_the_hash_of_the_document_which_is_public_then(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session, ANNA)
            told = {entry["action"]: entry["details"].get("document_sha256") for entry in entries(session, study.id)}
            document = session.get_one(StudyRevision, (study.id, 1)).document
        assert told == {"study.created": None, "study.submitted": None, "study.accepted": hash_of(document)}


def old_entry(session: Session, study: Study, row: StudyRevision, action: str, **details: Any) -> None:
    """As it was written before there were salts."""
    said = {"revision": row.number, "document_sha256": hash_of(row.document), **details}
    by = CLARA if "review" in details else ANNA
    ledger.append(session, by=by, action=action, subject=f"study:{study.id}", summary=action, details=said, moment=study.updated_at)


def an_old_submission(session: Session) -> Study:
    """A record with the rows and the entries of before, which waits for a decision."""
    document, moment = a_study(), utc_now()
    columns: Json = {"title": document.title, "authors": [], "publication_status": document.publication_status}
    study = Study(
        id=str(uuid7()), key="old", status=StudyStatus.SUBMITTED, newest_revision=1, created_at=moment, created_by=ANNA.id,
        updated_at=moment, **columns,
    )  # fmt: skip
    describe(study, document)
    session.add(study)
    session.flush()
    row = StudyRevision(
        study_id=study.id, number=1, status=RevisionStatus.DRAFT, document=document_text(document), reason="Found by hand",
        created_at=moment, created_by=ANNA.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    names = ("number", "base_revision", "reason", "created_by", "created_at")
    old_entry(session, study, row, "study.created", revision_sha256=pin_of({name: getattr(row, name) for name in names}))
    row.status, row.submitted_at, row.submitted_by = RevisionStatus.SUBMITTED, moment, ANNA.id
    old_entry(session, study, row, "study.submitted")
    return study


def reject_as_before(session: Session, study: Study) -> None:
    row, moment = session.get_one(StudyRevision, (study.id, 1)), utc_now()
    review = Review(
        id=str(uuid7()), study_id=study.id, revision=1, decision=Decision.REJECT, comment="No.", conflict_of_interest="none",
        reviewer=CLARA.id, created_at=moment,
    )  # fmt: skip
    session.add(review)
    session.flush()
    row.status, row.decided_at, row.decided_by, study.updated_at = RevisionStatus.REJECTED, moment, CLARA.id, moment
    study.status, study.doi, study.pmid, study.pmcid = StudyStatus.REJECTED, None, None, None
    members = {name: value for name, value in members_of(review).items() if name != "salt"}
    old_entry(session, study, row, "study.rejected", review=review.id, review_sha256=pin_of(members))


OLD_TAMPERINGS = [
    (StudyRevision, "document", "{}"),
    (StudyRevision, "reason", "Another"),
    (StudyRevision, "base_revision", 7),
    (StudyRevision, "drafted_for", "el_other"),
    (StudyRevision, "salt", "00"),
    (Review, "comment", "Yes."),
    (Review, "salt", "00"),
]


class TestEntriesOfBefore:
    def test_they_are_checked_by_what_they_pinned(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            reject_as_before(session, an_old_submission(session))
        assert differences(vocabulary) == []

    @pytest.mark.parametrize(("table", "column", "value"), OLD_TAMPERINGS)
    def test_tampering_with_them_is_still_found(self, vocabulary: Engine, table: Any, column: str, value: Any) -> None:
        with transaction(vocabulary) as session:
            reject_as_before(session, an_old_submission(session))
        with transaction(vocabulary) as session:
            setattr(session.execute(select(table)).scalar_one(), column, value)
        assert differences(vocabulary)

    def test_the_next_act_on_them_is_salted(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_old_submission(session)
            accept(session, study, CLARA)
            told = [("revision_pin" in entry["details"], "document_sha256" in entry["details"]) for entry in entries(session, study.id)]
        assert told == [(False, True), (False, True), (True, True)]
        assert differences(vocabulary) == []
        with transaction(vocabulary) as session:
            session.get_one(StudyRevision, (study.id, 1)).reason = "Another"
        assert [one for one in differences(vocabulary) if "why it was withdrawn is not the one the ledger pinned" in one]

    def test_an_amendment_of_them_goes_on_as_any_other(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_old_submission(session)
            accept(session, study, CLARA)
            amend_study(session, study, a_study(title="Amended"), by=BEN, base=1, reason="A better title")
            submit_study(session, study, by=BEN)
            accept(session, study, CLARA)
        assert differences(vocabulary) == []
