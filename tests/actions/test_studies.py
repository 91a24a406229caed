"""Records come in by one way: created, amended, submitted; what is refused leaves nothing."""

import pytest
from sqlalchemy import Engine, select
from sqlmodel import col

from app.actions.studies import amend_study, create_study, document_of, revision, submit_study, warnings_of
from app.actor import Actor
from app.database import reading, transaction
from app.errors import DuplicateStudy, InconsistentStudy, InvalidBody, NotAllowed, StateConflict
from app.models import Change, Comparison, Result, Study, StudyRevision
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.study import StudyDocument
from tests.factories import (
    ANNA,
    BEN,
    CLARA,
    a_result,
    a_study,
    a_submission,
    an_accepted_study,
    differences,
    row_counts,
    the_least,
)


def statuses(engine: Engine) -> dict[int, str]:
    with reading(engine) as session:
        rows = session.execute(select(col(StudyRevision.number), col(StudyRevision.status)).order_by(col(StudyRevision.number)))
        return dict(rows.all())


def newest_entry(engine: Engine) -> Change:
    with reading(engine) as session:
        return session.execute(select(Change).order_by(col(Change.sequence).desc()).limit(1)).scalar_one()


class TestCreate:
    def test_the_least_that_is_valid_becomes_a_draft(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = create_study(session, StudyDocument.model_validate(the_least()), by=ANNA)
        assert (study.status, study.live_revision, study.newest_revision, study.created_by) == ("draft", None, 1, ANNA.id)
        assert (study.kind, study.design) == (None, None)
        assert statuses(vocabulary) == {1: "draft"}
        assert differences(vocabulary) == []

    def test_a_draft_has_no_rows_that_queries_could_find(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            create_study(session, a_study(), by=ANNA)
        with reading(vocabulary) as session:
            assert session.execute(select(Result)).first() is None
            assert session.execute(select(Comparison)).first() is None

    def test_the_public_ledger_does_not_say_what_a_draft_is_about(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = create_study(session, a_study(title="A secret trial"), by=ANNA)
        entry = newest_entry(vocabulary)
        assert (entry.action, entry.subject) == ("study.created", f"study:{study.id}")
        assert "secret" not in entry.content
        assert study.key not in entry.content

    @pytest.mark.parametrize(("name", "value"), [("doi", "10.1000/xyz"), ("pmid", "31892357"), ("pmcid", "PMC6938607")])
    def test_an_identifier_of_another_study_is_refused(self, vocabulary: Engine, name: str, value: str) -> None:
        with transaction(vocabulary) as session:
            first = an_accepted_study(session, ANNA, **{name: value})
        before = row_counts(vocabulary)
        with pytest.raises(DuplicateStudy) as refused, transaction(vocabulary) as session:
            create_study(session, a_study(**{name: value}), by=BEN)
        assert refused.value.status == 409
        assert refused.value.errors[0].as_json()["pointer"] == f"/{name}"
        assert refused.value.members["study"]["key"] == first.key
        assert row_counts(vocabulary) == before

    def test_a_duplicate_of_a_draft_that_one_may_not_see_does_not_name_it(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            hidden = create_study(session, a_study(doi="10.1000/xyz"), by=ANNA)
        with pytest.raises(DuplicateStudy) as refused, transaction(vocabulary) as session:
            create_study(session, a_study(doi="10.1000/xyz"), by=BEN)
        assert refused.value.members["study"] is None
        assert hidden.key not in refused.value.detail

    def test_a_duplicate_of_ones_own_draft_names_it(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            own = create_study(session, a_study(doi="10.1000/xyz"), by=ANNA)
        with pytest.raises(DuplicateStudy) as refused, transaction(vocabulary) as session:
            create_study(session, a_study(doi="10.1000/xyz"), by=ANNA)
        assert refused.value.members["study"]["id"] == own.id

    def test_an_unknown_slug_is_refused_with_the_nearest_that_exist(self, vocabulary: Engine) -> None:
        with pytest.raises(InvalidBody) as refused, transaction(vocabulary) as session:
            create_study(session, a_study(conditions=["neck-pane"], results=[]), by=ANNA)
        assert refused.value.errors[0].as_json() == {
            "pointer": "/conditions/0",
            "detail": "no condition has the slug 'neck-pane'",
            "allowed": ["neck-pain"],
        }

    def test_an_instrument_of_another_outcome_is_refused_with_those_that_fit(self, vocabulary: Engine) -> None:
        with pytest.raises(InvalidBody) as refused, transaction(vocabulary) as session:
            create_study(session, a_study(results=[a_result(instrument="neck-disability-index")]), by=ANNA)
        problem = refused.value.errors[0].as_json()
        assert problem["pointer"] == "/results/0/instrument"
        assert problem["allowed"] == ["pain-nrs", "pain-vas-100"]

    def test_a_fidelity_that_is_not_the_interventions_is_refused(self, vocabulary: Engine) -> None:
        with pytest.raises(InvalidBody) as refused, transaction(vocabulary) as session:
            create_study(session, a_study(fidelity="massage"), by=ANNA)
        assert [error.as_json()["pointer"] for error in refused.value.errors] == ["/fidelity"]


class TestAmend:
    def test_the_accepted_revision_stays_live(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
            amend_study(session, study, a_study(title="Corrected", year=2023), by=BEN, base=1)
        assert (study.status, study.live_revision, study.newest_revision) == ("accepted", 1, 2)
        assert (study.title, study.year) == ("Craniosacral therapy for neck pain", 2024)
        assert statuses(vocabulary) == {1: "accepted", 2: "draft"}
        assert differences(vocabulary) == []

    def test_an_open_draft_of_the_same_author_is_superseded_and_that_of_another_is_not(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
            for author in (ANNA, BEN, ANNA):
                amend_study(session, study, a_study(), by=author, base=1)
        assert statuses(vocabulary) == {1: "accepted", 2: "superseded", 3: "draft", 4: "draft"}

    def test_what_was_submitted_is_superseded_by_its_authors_next_draft(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = a_submission(session)
            amend_study(session, study, a_study(title="Better"), by=ANNA, base=None)
        assert (study.status, study.title) == ("draft", "Better")
        assert statuses(vocabulary) == {1: "superseded", 2: "draft"}
        assert differences(vocabulary) == []

    def test_a_draft_that_a_curator_mends_stays_its_authors_too(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = create_study(session, a_study(), by=ANNA)
            amend_study(session, study, a_study(title="Mended by a curator"), by=CLARA, base=None)
            amend_study(session, study, a_study(title="Mended again"), by=ANNA, base=None)
            submit_study(session, study, by=ANNA)
        assert study.status == "submitted"
        assert statuses(vocabulary) == {1: "superseded", 2: "superseded", 3: "submitted"}
        assert differences(vocabulary) == []

    def test_a_strangers_draft_is_nobodys_to_change(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = create_study(session, a_study(), by=ANNA)
        with pytest.raises(NotAllowed), transaction(vocabulary) as session:
            amend_study(session, session.get_one(Study, study.id), a_study(), by=BEN, base=None)
        assert statuses(vocabulary) == {1: "draft"}

    def test_an_identifier_of_another_study_is_refused(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            an_accepted_study(session, doi="10.1000/xyz")
            study = an_accepted_study(session)
        with pytest.raises(DuplicateStudy), transaction(vocabulary) as session:
            amend_study(session, session.get_one(Study, study.id), a_study(doi="10.1000/xyz"), by=ANNA, base=1)


class TestSubmit:
    def test_a_record_that_contradicts_itself_stays_a_draft(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = create_study(session, a_study(n_randomised=50, n_analysed=50), by=ANNA)
        with pytest.raises(InconsistentStudy) as refused, transaction(vocabulary) as session:
            submit_study(session, session.get_one(Study, study.id), by=ANNA)
        assert {error.as_json()["pointer"] for error in refused.value.errors} == {"/results/0/treatment/n", "/results/0/control/n"}
        assert statuses(vocabulary) == {1: "draft"}

    def test_a_study_that_does_not_exist_can_be_named_in_a_draft_only(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = create_study(session, a_study(same_participants_as=["nobody-1999-nothing"]), by=ANNA)
        assert differences(vocabulary) == []
        with pytest.raises(InconsistentStudy, match="contradicts itself") as refused, transaction(vocabulary) as session:
            submit_study(session, session.get_one(Study, study.id), by=ANNA)
        assert refused.value.errors[0].as_json()["pointer"] == "/same_participants_as/0"

    def test_each_author_submits_his_own_draft_whoever_drafted_last(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
            amend_study(session, study, a_study(title="Anna's"), by=ANNA, base=1)
            amend_study(session, study, a_study(title="Ben's"), by=BEN, base=1)
            assert submit_study(session, study, by=ANNA).number == 2
        assert statuses(vocabulary) == {1: "accepted", 2: "submitted", 3: "draft"}

    @pytest.mark.parametrize("by", [BEN, CLARA])
    def test_nothing_to_submit_is_a_conflict(self, vocabulary: Engine, by: Actor) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
        with pytest.raises(StateConflict), transaction(vocabulary) as session:
            submit_study(session, session.get_one(Study, study.id), by=by)

    def test_others_are_not_told_of_a_draft_behind_the_accepted_revision(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
            amend_study(session, study, a_study(), by=ANNA, base=1)
        with pytest.raises(StateConflict) as refused, transaction(vocabulary) as session:
            submit_study(session, session.get_one(Study, study.id), by=BEN)
        assert "2" not in refused.value.detail


class TestWarnings:
    def test_what_a_submission_needs(self, vocabulary: Engine) -> None:
        with reading(vocabulary) as session:
            found = warnings_of(session, StudyDocument.model_validate(the_least()), load_known_slugs(session), reader=ANNA)
        assert [problem.pointer for problem in found] == ["/kind", "/design", "/conditions", "/intervention", "/sources"]

    def test_a_complete_trial_has_none(self, vocabulary: Engine) -> None:
        with reading(vocabulary) as session:
            assert warnings_of(session, a_study(), load_known_slugs(session), reader=ANNA) == []


class TestRevision:
    def test_a_document_is_stored_and_read_back_the_same(self, vocabulary: Engine) -> None:
        document = a_study(notes="Größe ≤ 5 µm, “quoted”\n× 2", authors=["Ñandú Ö", "李 明"])
        with transaction(vocabulary) as session:
            study = create_study(session, document, by=ANNA)
        with reading(vocabulary) as session:
            assert document_of(revision(session, study, 1)) == document
