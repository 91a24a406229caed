"""The audit finds what it asks for, and tells what a named exception allows beside it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlmodel import col

from app.actions.adjudications import adjudicate_study
from app.actions.api_keys import authenticate, change_key, create_key, revoke_key
from app.actions.appraisals import make_appraisal, withdraw_appraisal
from app.actions.assignments import assign_study, release_study
from app.actions.extractions import complete_extraction, start_extraction
from app.actions.reviews import accept_revision, retract_study, review_study, submitted_revision
from app.actions.sign_offs import sign_off_rating
from app.actions.studies import amend_study, document_of, revision, submit_study
from app.actions.withdrawal import withdraw_revision
from app.actor import MAINTENANCE, Actor
from app.database import reading, transaction
from app.identifiers import orcid_check_digit
from app.models import ApiKey, Review, Study, StudyRevision
from app.models.base import utc_now
from app.queries.audit import ASKED, Audit, audit
from app.schemas.adjudication import AdjudicationRequest
from app.schemas.api_key import ApiKeyUpdate
from app.schemas.extraction import Extraction
from app.vocabulary import AuditQuestion, Decision, Domain, Role, WithoutSecondPerson
from tests.factories import a_body, a_submission, accept

ALONE, OWN = AuditQuestion.ONE_PERSON_APPROVALS, AuditQuestion.DECISIONS_ON_OWN_WORK
People = Mapping[str, Actor]


def an_orcid(number: int) -> str:
    digits = f"{number:015}"
    text = digits + orcid_check_digit(digits)
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def a_person(engine: Engine, name: str, role: Role, orcid: str | None) -> Actor:
    with transaction(engine) as session:
        return authenticate(session, create_key(session, name=name, role=role, orcid=orcid))


@pytest.fixture
def people(vocabulary: Engine) -> People:
    wanted = (("Anna", Role.CONTRIBUTOR), ("Clara", Role.CURATOR), ("Carl", Role.CURATOR))
    return {name: a_person(vocabulary, name, role, an_orcid(number)) for number, (name, role) in enumerate(wanted, start=1)}


def ask(engine: Engine) -> Audit:
    with reading(engine) as session:
        return audit(session)


def found(engine: Engine) -> dict[str, list[tuple[str, int | None]]]:
    """Question to who did what with which revision; questions without a finding are left out."""
    answers = ask(engine).findings
    return {question.value: [(one.who.name, one.revision) for one in rows] for question, rows in answers.items() if rows}


def allowed(engine: Engine) -> dict[str, list[str]]:
    answers = ask(engine).exceptions
    return {question.value: [str(one.exception) for one in rows] for question, rows in answers.items() if rows}


def decide(session: Any, study: Study, by: Actor, decision: Decision = Decision.ACCEPT, **said: Any) -> None:
    accepting = decision is Decision.ACCEPT
    words = {"comment": None if accepting else "no", "conflict_of_interest": "none" if accepting else None}
    review_study(session, study, decision, by=by, **(words | said))


def force_acceptance(session: Any, study: Study, by: Actor) -> None:
    """What no rule of the product lets happen."""
    accept_revision(session, study, submitted_revision(session, study), by=by, moment=utc_now())


class TestOnePersonApprovals:
    def test_two_people_are_no_finding(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Anna"]), people["Clara"])
        assert (found(vocabulary), ask(vocabulary).count) == ({}, 0)

    def test_an_author_who_accepts_is_found(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            force_acceptance(session, a_submission(session, people["Clara"]), people["Clara"])
        assert found(vocabulary)[ALONE] == [("Clara", 1)]

    def test_two_keys_of_one_person_are_one_person(self, vocabulary: Engine, people: People) -> None:
        other = a_person(vocabulary, "Anna at home", Role.CURATOR, people["Anna"].orcid)
        with transaction(vocabulary) as session:
            force_acceptance(session, a_submission(session, people["Anna"]), other)
        assert found(vocabulary)[ALONE] == [("Anna at home", 1)]
        with transaction(vocabulary) as session:  # another iD afterwards hides nothing: the ledger keeps what was
            change_key(session, other.id, ApiKeyUpdate(orcid=an_orcid(9), reason="mistyped"))
        assert found(vocabulary)[ALONE] == [("Anna at home", 1)]

    def test_an_orcid_that_is_known_only_later_counts_too(self, vocabulary: Engine, people: People) -> None:
        other = a_person(vocabulary, "Anna at home", Role.CURATOR, None)
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Anna"]), other)
        assert ALONE not in found(vocabulary)
        with transaction(vocabulary) as session:
            change_key(session, other.id, ApiKeyUpdate(orcid=people["Anna"].orcid))
        assert found(vocabulary)[ALONE] == [("Anna at home", 1)]

    def test_whoever_wrote_an_earlier_version_of_a_new_record_has_a_hand_in_it(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Carl"])
            document = document_of(revision(session, study, 1)).model_copy(update={"title": "Better"})
            amend_study(session, study, document, by=people["Clara"], base=None)
            submit_study(session, study, by=people["Clara"])
            force_acceptance(session, study, people["Carl"])
        assert found(vocabulary)[ALONE] == [("Carl", 2)]

    def test_what_the_tables_alone_say_is_found_too(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Clara"]), people["Carl"])
            session.execute(update(StudyRevision).values(decided_by=people["Clara"].id))
        [one] = ask(vocabulary).findings[ALONE]
        assert (one.who.name, one.revision, "the tables name" in one.detail) == ("Clara", 1, True)

    def test_the_named_exceptions_stand_apart(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            alone = a_submission(session, people["Clara"])
            decide(session, alone, people["Clara"], one_person=True)
            retracted = a_submission(session, people["Anna"], title="Another", doi="10.1000/another")
            accept(session, retracted, people["Carl"])
            retract_study(session, retracted, reason="fabricated", by=people["Carl"])
        assert found(vocabulary) == {}
        assert allowed(vocabulary) == {
            ALONE: [WithoutSecondPerson.ONE_PERSON, WithoutSecondPerson.RETRACTION],
            "acceptances-without-interests": [WithoutSecondPerson.RETRACTION],
        }

    def test_the_setting_excuses_nobody_who_did_not_need_it(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            decide(session, a_submission(session, people["Anna"]), people["Clara"], one_person=True)
        assert (found(vocabulary), allowed(vocabulary)) == ({}, {})

    def test_an_exception_that_only_the_tables_call_for_is_an_exception(self, vocabulary: Engine, people: People) -> None:
        """The ledger names the one who drafted; that the curator had extracted some of the figures, only the tables tell."""
        reading_of_it = {name: a_body()[name] for name in ("comparators", "n_randomised", "results", "risk_of_bias")}
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Anna"])
            accept(session, study, people["Carl"])
            for name, n in (("Clara", 120), ("Anna", 121)):
                values = Extraction.model_validate(reading_of_it | {"n_randomised": n})
                complete_extraction(session, start_extraction(session, study.id, values, by=people[name]), by=people[name])
            decisions = [{"pointer": "/n_randomised", "choice": "second"}]
            adjudicate_study(session, study, AdjudicationRequest.model_validate({"decisions": decisions}), by=people["Carl"])
            submit_study(session, study, by=people["Carl"], reason="extracted twice")
            decide(session, study, people["Clara"], one_person=True)
        assert (found(vocabulary), allowed(vocabulary)) == ({}, {ALONE: [WithoutSecondPerson.ONE_PERSON]})


class TestDecisionsOnOwnWork:
    def test_an_author_who_rejects_under_the_setting_is_listed(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            decide(session, a_submission(session, people["Clara"]), people["Clara"], Decision.REJECT, one_person=True)
        assert (found(vocabulary), allowed(vocabulary)) == ({}, {OWN: [WithoutSecondPerson.ONE_PERSON]})

    def test_what_the_tables_alone_say_is_found(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            decide(session, a_submission(session, people["Carl"]), people["Clara"], Decision.REQUEST_CHANGES)
            session.execute(update(Review).values(reviewer=people["Carl"].id))
        assert found(vocabulary) == {OWN: [("Carl", 1)]}

    def test_what_was_sent_back_and_is_superseded_by_now_was_not_accepted(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Carl"])
            decide(session, study, people["Clara"], Decision.REQUEST_CHANGES)
            document = document_of(revision(session, study, 1)).model_copy(update={"title": "Better"})
            amend_study(session, study, document, by=people["Carl"], base=None)
            session.execute(update(Review).values(reviewer=people["Carl"].id))
        assert found(vocabulary) == {OWN: [("Carl", 1)]}

    def test_who_takes_his_own_revision_back_after_it_was_sent_back_decides_nothing(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Carl"])
            decide(session, study, people["Clara"], Decision.REQUEST_CHANGES)
            withdraw_revision(session, study, reason="given up", by=people["Carl"])
        assert found(vocabulary) == {}


class TestAcceptances:
    def test_without_a_statement_of_interests(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Anna"]), people["Clara"])
            session.execute(update(Review).values(conflict_of_interest=" "))
        assert found(vocabulary) == {"acceptances-without-interests": [("Clara", 1)]}

    def test_without_a_review(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            force_acceptance(session, a_submission(session, people["Anna"]), people["Clara"])
        assert found(vocabulary) == {"acceptances-without-interests": [("Clara", 1)]}

    @pytest.mark.parametrize(
        ("reason", "comment", "unexplained"), [(None, None, True), ("a typing error", None, False), (None, "fits", False)]
    )
    def test_an_amendment_needs_a_word_of_author_or_reviewer(
        self, vocabulary: Engine, people: People, reason: str | None, comment: str | None, unexplained: bool
    ) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Anna"])
            accept(session, study, people["Clara"])
            document = document_of(revision(session, study, 1)).model_copy(update={"title": "Better"})
            amend_study(session, study, document, by=people["Anna"], base=1, reason=reason)
            submit_study(session, study, by=people["Anna"])
            decide(session, study, people["Clara"], comment=comment)
        assert found(vocabulary) == ({"amendments-without-reason": [("Clara", 2)]} if unexplained else {})


class TestKeys:
    def test_an_act_of_a_revoked_key(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            revoke_key(session, people["Anna"].id, by=MAINTENANCE)
            a_submission(session, people["Anna"])
        assert found(vocabulary) == {"acts-by-dead-keys": [("Anna", 1), ("Anna", 1)]}

    def test_an_act_of_an_expired_key(self, vocabulary: Engine, people: People) -> None:
        soon = utc_now() + timedelta(seconds=1)
        with transaction(vocabulary) as session:
            change_key(session, people["Anna"].id, ApiKeyUpdate(expires_at=soon))
        while utc_now() <= soon:
            pass
        with transaction(vocabulary) as session:
            a_submission(session, people["Anna"])
        assert found(vocabulary) == {"acts-by-dead-keys": [("Anna", 1), ("Anna", 1)]}

    def test_an_act_beyond_the_role_of_its_key(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Anna"])
            change_key(session, people["Clara"].id, ApiKeyUpdate(role=Role.CONTRIBUTOR), by=MAINTENANCE)
            decide(session, study, people["Clara"])
        assert found(vocabulary) == {"acts-beyond-role": [("Clara", 1)]}

    def test_an_assignment_that_ends_because_its_submission_was_taken_back_is_no_curators_act(
        self, vocabulary: Engine, people: People
    ) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Anna"])
            assign_study(session, study, "me", by=people["Clara"])
            withdraw_revision(session, study, reason="given up", by=people["Anna"])
        assert found(vocabulary) == {}

    def test_releasing_an_assignment_is_one(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Anna"])
            assign_study(session, study, "me", by=people["Clara"])
            change_key(session, people["Clara"].id, ApiKeyUpdate(role=Role.CONTRIBUTOR), by=MAINTENANCE)
            release_study(session, study, by=people["Clara"])
        assert found(vocabulary) == {"acts-beyond-role": [("Clara", None)]}

    def test_an_act_of_a_key_that_never_was(self, vocabulary: Engine) -> None:
        stranger = Actor("el_00000000", "Stranger", Role.CONTRIBUTOR, an_orcid(9))
        with transaction(vocabulary) as session:
            a_submission(session, stranger)
        assert found(vocabulary) == {"acts-by-dead-keys": [("Stranger", 1), ("Stranger", 1)]}

    def test_a_key_without_orcid_is_found_until_it_has_one(self, vocabulary: Engine) -> None:
        nameless = a_person(vocabulary, "Nameless", Role.CONTRIBUTOR, None)
        with transaction(vocabulary) as session:
            a_submission(session, nameless)
        assert found(vocabulary) == {"acts-without-orcid": [("Nameless", 1), ("Nameless", 1)]}
        with transaction(vocabulary) as session:
            change_key(session, nameless.id, ApiKeyUpdate(orcid=an_orcid(9)))
        assert found(vocabulary) == {}

    def test_what_is_done_from_the_command_line_needs_no_key(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            session.execute(update(ApiKey).where(col(ApiKey.prefix) == people["Anna"].id).values(last_used_at=utc_now()))
        assert found(vocabulary) == {}  # the vocabulary itself was written by the installation


class TestQuestions:
    def test_each_is_asked_in_words(self) -> None:
        assert set(ASKED) == set(AuditQuestion)
        assert all(text.endswith("?") for text in ASKED.values())


SIGNED, APPRAISED = AuditQuestion.SIGN_OFFS_OF_OWN_WORK, AuditQuestion.APPRAISALS_OF_OWN_WORK
PAIR = ("neck-pain", "craniosacral-therapy")
WORD: dict[str, Any] = {"comment": "Read.", "conflict_of_interest": "none"}


class TestWordsOnOwnWork:
    def test_one_person_who_signs_under_two_keys_is_found_once_it_is_known(self, vocabulary: Engine, people: People) -> None:
        other = a_person(vocabulary, "Carl at home", Role.CURATOR, None)
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Anna"]), people["Clara"])
            for signer in (people["Carl"], other):
                sign_off_rating(session, *PAIR, by=signer, **WORD)
        assert SIGNED not in found(vocabulary)
        with transaction(vocabulary) as session:
            change_key(session, other.id, ApiKeyUpdate(orcid=people["Carl"].orcid))
        assert found(vocabulary)[SIGNED] == [("Carl at home", None)]
        with transaction(vocabulary) as session:  # the iD is taken off again: the ledger has not forgotten it
            change_key(session, other.id, ApiKeyUpdate(orcid=an_orcid(9), reason="mistyped"))
        assert found(vocabulary)[SIGNED] == [("Carl at home", None)]

    def test_a_maker_who_signed_as_independent_is_found_once_it_is_known(self, vocabulary: Engine, people: People) -> None:
        other = a_person(vocabulary, "Anna at home", Role.CURATOR, None)
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Anna"]), people["Clara"])
            sign_off_rating(session, *PAIR, by=other, **WORD)
        assert SIGNED not in found(vocabulary)
        with transaction(vocabulary) as session:
            change_key(session, other.id, ApiKeyUpdate(orcid=people["Anna"].orcid))
        assert found(vocabulary)[SIGNED] == [("Anna at home", None)]

    def test_who_signs_alone_in_an_installation_of_one_is_told_as_an_exception(self, vocabulary: Engine, people: People) -> None:
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Clara"]), people["Carl"])
            sign_off_rating(session, *PAIR, by=people["Clara"], one_person=True, **WORD)
        assert (found(vocabulary), allowed(vocabulary)[SIGNED]) == ({}, ["one-person"])

    def test_an_appraisal_by_a_maker_is_told_as_an_exception(self, vocabulary: Engine, people: People) -> None:
        body = f"{'.'.join(PAIR)}.pain-intensity.sham.post-treatment"
        view: dict[str, Any] = {"domain": Domain.INDIRECTNESS, "levels": 1, "conflict_of_interest": "none"}
        with transaction(vocabulary) as session:
            accept(session, a_submission(session, people["Clara"]), people["Carl"])
            made = make_appraisal(session, body, by=people["Carl"], rationale="Other people.", **view)
        assert (found(vocabulary), APPRAISED in allowed(vocabulary)) == ({}, False)
        with transaction(vocabulary) as session:
            withdraw_appraisal(session, made.id, by=people["Carl"], reason="No.")
            make_appraisal(session, body, by=people["Clara"], rationale="Other people.", **view)
        assert (found(vocabulary), allowed(vocabulary)[APPRAISED]) == ({}, ["appraisal"])


class TestForgottenOrcids:
    def test_an_orcid_that_a_key_once_had_counts(self, vocabulary: Engine, people: People) -> None:
        """The key got the iD, lost it, and decided afterwards."""
        other = a_person(vocabulary, "Anna at home", Role.CURATOR, people["Anna"].orcid)
        with transaction(vocabulary) as session:
            change_key(session, other.id, ApiKeyUpdate(orcid=an_orcid(9), reason="mistyped"))
            accept(session, a_submission(session, people["Anna"]), Actor(other.id, other.name, other.role, an_orcid(9)))
        assert found(vocabulary)[ALONE] == [("Anna at home", 1)]


class TestTamperedTables:
    @pytest.mark.parametrize("tampering", ["UPDATE adjudication SET revision = 77", "DELETE FROM study_extraction"])
    def test_a_tampered_adjudication_ends_no_audit(self, vocabulary: Engine, people: People, tampering: str) -> None:
        hands = [a_person(vocabulary, name, Role.CONTRIBUTOR, None) for name in ("Una", "Otto")]
        read = {name: a_body()[name] for name in ("comparators", "n_randomised", "results", "risk_of_bias")}
        with transaction(vocabulary) as session:
            study = a_submission(session, people["Anna"])
            accept(session, study, people["Clara"])
            for by in hands:
                complete_extraction(session, start_extraction(session, study.id, Extraction.model_validate(read), by=by), by=by)
            adjudicate_study(session, study, AdjudicationRequest(), by=people["Carl"])
            submit_study(session, study, by=people["Carl"], reason="extracted twice")
            accept(session, study, people["Clara"])
        unguarded = "PRAGMA foreign_keys=OFF" if vocabulary.dialect.name == "sqlite" else "SET session_replication_role = replica"
        connection = vocabulary.raw_connection()
        cursor = connection.cursor()
        cursor.execute(unguarded)
        cursor.execute(tampering)
        connection.commit()
        connection.invalidate()
        assert ask(vocabulary).findings.keys() == set(AuditQuestion)
