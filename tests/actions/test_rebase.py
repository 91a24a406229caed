"""What is stored of a rebase and a withdrawal is what the ledger says, and verification notices when it is not."""

import pytest
from sqlalchemy import Engine

from app.actions.rebase import rebase_revision, submit_draft
from app.actions.studies import amend_study, document_of, submit_study
from app.actions.withdrawal import withdraw_revision
from app.database import reading, transaction
from app.errors import EditConflict, StateConflict
from app.models import Change, Study, StudyRevision
from app.queries.study_records import get_revision
from tests.factories import ANNA, BEN, CLARA, a_study, accept, an_accepted_study, differences


def a_moved_base(engine: Engine, **mine: object) -> str:
    """Anna's revision 2 is a draft, Ben's revision 3 (another country) is live. The study's id."""
    with transaction(engine) as session:
        study = an_accepted_study(session)
        amend_study(session, study, a_study(**mine), by=ANNA, base=1, reason="a second look")
        amend_study(session, study, a_study(country="Spain"), by=BEN, base=1)
        submit_study(session, study, by=BEN)
        accept(session, study)
        return study.id


class TestRebase:
    def test_the_new_draft_is_of_the_same_person_for_the_same_reason(self, vocabulary: Engine) -> None:
        study_id = a_moved_base(vocabulary, year=2020)
        with transaction(vocabulary) as session:
            rebased = rebase_revision(session, session.get_one(Study, study_id), 2, by=CLARA)
        row = rebased.row
        assert (row.created_by, row.drafted_for, row.base_revision, row.reason) == (CLARA.id, ANNA.id, 3, "a second look")
        assert (document_of(row).year, document_of(row).country) == (2020, "Spain")
        with reading(vocabulary) as session:
            study = session.get_one(Study, study_id)
            assert [get_revision(session, study, number).status for number in (1, 2, 3, 4)] == [
                "superseded",
                "superseded",
                "accepted",
                "draft",
            ]
        assert differences(vocabulary) == []

    def test_a_refused_submission_writes_nothing(self, vocabulary: Engine) -> None:
        study_id = a_moved_base(vocabulary, country="France")
        with pytest.raises(EditConflict), transaction(vocabulary) as session:
            submit_draft(session, session.get_one(Study, study_id), by=ANNA)
        with reading(vocabulary) as session:
            assert session.get_one(Study, study_id).newest_revision == 3
        assert differences(vocabulary) == []

    def test_a_merge_that_contradicts_itself_is_not_submitted(self, vocabulary: Engine) -> None:
        study_id = a_moved_base(vocabulary, n_randomised=90, n_analysed=90)
        with pytest.raises(Exception, match="contradicts"), transaction(vocabulary) as session:
            submit_draft(session, session.get_one(Study, study_id), by=ANNA)
        with reading(vocabulary) as session:
            assert session.get_one(Study, study_id).newest_revision == 3

    def test_a_record_that_was_never_accepted_has_no_base_to_move(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
            amend_study(session, study, a_study(year=2020), by=ANNA, base=1)
        with pytest.raises(StateConflict), transaction(vocabulary) as session:
            rebase_revision(session, session.get_one(Study, study.id), 2, by=ANNA)


class TestVerify:
    def test_notices_that_a_draft_was_given_to_somebody_else(self, vocabulary: Engine) -> None:
        study_id = a_moved_base(vocabulary, year=2020)
        with transaction(vocabulary) as session:
            rebase_revision(session, session.get_one(Study, study_id), 2, by=CLARA)
        for owner in (None, BEN.id):
            with transaction(vocabulary) as session:
                session.get_one(StudyRevision, (study_id, 4)).drafted_for = owner
            assert any("is not the one the ledger pinned" in found for found in differences(vocabulary))

    def test_notices_another_reason_for_a_withdrawal(self, vocabulary: Engine) -> None:
        study_id = a_moved_base(vocabulary, year=2020)
        with transaction(vocabulary) as session:
            row = withdraw_revision(session, session.get_one(Study, study_id), reason="entered twice", by=ANNA)
        assert row.number == 2
        assert differences(vocabulary) == []
        for reason in (None, "nobody knows"):
            with transaction(vocabulary) as session:
                session.get_one(StudyRevision, (study_id, 2)).withdrawal_reason = reason
            assert any("why it was withdrawn" in found for found in differences(vocabulary))

    def test_who_withdrew_and_when_stands_in_the_ledger(self, vocabulary: Engine) -> None:
        study_id = a_moved_base(vocabulary, year=2020)
        with transaction(vocabulary) as session:
            withdraw_revision(session, session.get_one(Study, study_id), reason="entered twice", by=ANNA)
        with reading(vocabulary) as session:
            entry = session.query(Change).order_by(Change.sequence.desc()).first()  # type: ignore[attr-defined]
            assert entry is not None
            assert (entry.action, entry.actor) == ("study.withdrawn", ANNA.id)
            assert "entered twice" not in entry.content
