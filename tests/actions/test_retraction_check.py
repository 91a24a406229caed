"""What a check does with the notices that sources report."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlmodel import col

from app.actions.notices import close_notice
from app.actions.retraction_check import check_study, note_checks, sift
from app.actions.reviews import retract_study
from app.actions.studies import amend_study, document_of, revision, submit_study
from app.database import reading, transaction
from app.errors import NotAllowed, StateConflict
from app.models import Change, PublicationNotice, SourceCheck, Study
from app.queries.notices import checkable, count_studies
from app.schemas.bibliography import Bibliography
from app.schemas.lookup import NoticeKind, Publication, Retraction, SourceName, SourceRecord
from app.sources.notices import Answers
from app.vocabulary import NoticeStatus, PublicationStatus
from tests.factories import ANNA, CARL, CLARA, accept, an_accepted_study, differences, rating_content
from tests.query_count import counted_queries

DOI = "10.1000/trial"
MOMENT = datetime(2026, 11, 29, tzinfo=UTC)
TITLE = "Craniosacral therapy for neck pain"


def reported(kind: NoticeKind, source: SourceName = SourceName.CROSSREF, **others: Any) -> Retraction:
    return Retraction(kind=kind, source=source, **{"date": "2026-11", "notice_doi": f"10.5555/{kind}", **others})


def answers(study: Study, *notices: Retraction, source: SourceName = SourceName.CROSSREF, title: str = TITLE) -> Answers:
    record = SourceRecord(
        source=source,
        url="https://example.org/works/trial",
        fetched_at=MOMENT,
        raw_sha256="0" * 64,
        bibliography=Bibliography(title=title, doi=DOI, year=2024, authors=["Muster A"]),
        notices=list(notices),
    )
    return Answers(Publication(study.id, study.key, DOI, None), {source: record})


@pytest.fixture
def study(vocabulary: Engine) -> Study:
    with transaction(vocabulary) as session:
        return an_accepted_study(session, doi=DOI)


def check(engine: Engine, given: Answers) -> list[tuple[str, str]]:
    """Kind and fate of each new notice."""
    with transaction(engine) as session:
        return [(notice.reported.kind, notice.status) for notice in check_study(session, given).notices]


def stands(engine: Engine, study: Study) -> tuple[str, str, int | None]:
    with reading(engine) as session:
        row = session.get_one(Study, study.id)
        return row.status, row.publication_status, row.live_revision


class TestCheck:
    def test_an_expression_of_concern_marks_the_study_which_goes_on_to_count(self, vocabulary: Engine, study: Study) -> None:
        with reading(vocabulary) as session:
            before = rating_content(session)
        assert check(vocabulary, answers(study, reported(NoticeKind.EXPRESSION_OF_CONCERN))) == [("expression-of-concern", "acted-on")]
        assert stands(vocabulary, study) == ("accepted", "expression-of-concern", 2)
        with reading(vocabulary) as session:
            after = rating_content(session)
        assert (after["certainty"], after["eligible_studies"]) == (before["certainty"], before["eligible_studies"])
        assert differences(vocabulary) == []

    @pytest.mark.parametrize("kind", [NoticeKind.CORRECTION, NoticeKind.PARTIAL_RETRACTION])
    def test_what_needs_judgement_waits_and_changes_no_number(self, vocabulary: Engine, study: Study, kind: NoticeKind) -> None:
        assert check(vocabulary, answers(study, reported(kind))) == [(kind, "open")]
        assert stands(vocabulary, study) == ("accepted", "published", 1)
        assert differences(vocabulary) == []

    def test_the_gravest_decides_and_the_others_wait(self, vocabulary: Engine, study: Study) -> None:
        kinds = (NoticeKind.CORRECTION, NoticeKind.EXPRESSION_OF_CONCERN, NoticeKind.RETRACTION)
        found = check(vocabulary, answers(study, *map(reported, kinds)))
        assert found == [("retraction", "acted-on"), ("expression-of-concern", "open"), ("correction", "open")]
        assert stands(vocabulary, study) == ("retracted", "retracted", 2)
        assert differences(vocabulary) == []

    def test_a_concern_becomes_a_retraction(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.EXPRESSION_OF_CONCERN)))
        assert check(vocabulary, answers(study, reported(NoticeKind.RETRACTION))) == [("retraction", "acted-on")]
        assert stands(vocabulary, study)[0] == "retracted"

    def test_two_sources_with_one_notice_are_one_notice(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.RETRACTION)))
        again = reported(NoticeKind.RETRACTION, SourceName.PUBMED, notice_pmid="99000009")
        vague = reported(NoticeKind.RETRACTION, SourceName.PUBMED, notice_doi=None, date=None)
        for notice in (again, vague):
            given = answers(study, notice, source=SourceName.PUBMED)
            with reading(vocabulary) as session:
                assert sift(session, [given]).news == []
            assert check(vocabulary, given) == []

    def test_an_exact_report_of_a_vague_retraction_is_no_second_one(self, vocabulary: Engine, study: Study) -> None:
        vague = reported(NoticeKind.RETRACTION, SourceName.PUBMED, notice_doi=None, date=None)
        check(vocabulary, answers(study, vague, source=SourceName.PUBMED))
        assert check(vocabulary, answers(study, reported(NoticeKind.RETRACTION))) == []

    def test_a_second_correction_is_a_second_task(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.CORRECTION)))
        assert check(vocabulary, answers(study, reported(NoticeKind.CORRECTION, notice_doi="10.5555/second"))) == [("correction", "open")]

    def test_another_title_is_left_to_a_person(self, vocabulary: Engine, study: Study) -> None:
        given = answers(study, reported(NoticeKind.RETRACTION), title="A census of sea birds on northern islands")
        assert check(vocabulary, given) == [("retraction", "open")]
        assert stands(vocabulary, study)[0] == "accepted"

    def test_a_notice_that_its_source_no_longer_has_is_told_and_nothing_changes(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.RETRACTION)))
        with transaction(vocabulary) as session:
            checked = check_study(session, answers(study))
        assert "no longer reported by Crossref; nothing was changed" in checked.remarks[0]
        assert stands(vocabulary, study)[0] == "retracted"

    def test_it_leaves_the_day_on_which_the_source_answered(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study))
        with reading(vocabulary) as session:
            row = session.get_one(SourceCheck, (study.id, "crossref"))
            assert row.checked_at == MOMENT
            assert count_studies(session, checkable([], MOMENT)) == 0
            assert count_studies(session, checkable([], datetime(2026, 11, 30, tzinfo=UTC))) == 1
            assert count_studies(session, checkable([study.key], None)) == 1
            assert count_studies(session, checkable(["another"], None)) == 0

    def test_the_ledger_names_who_and_why(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.RETRACTION, asserted_by="retraction-watch", reasons=["Made-up data"])))
        with reading(vocabulary) as session:
            entries = list(session.execute(select(Change).order_by(col(Change.sequence).desc()).limit(3)).scalars())
        assert {entry.actor for entry in entries} == {"system:retraction-check"}
        said = "Retraction of 2026-11, doi:10.5555/retraction, reported by Crossref (retraction-watch): Made-up data"
        assert entries[0].summary == f"{said}: {TITLE}"


RETRACTED_2020 = reported(NoticeKind.RETRACTION, date="2020-03-04")
"""As Crossref reports the retraction of a paper that was reinstated later."""


def open_reasons(engine: Engine) -> list[str]:
    with reading(engine) as session:
        rows = session.execute(select(PublicationNotice).where(col(PublicationNotice.status) == "open")).scalars()
        return [reason for row in rows for reason in row.reasons]


def restore(engine: Engine, study: Study) -> None:
    """A curator puts the study back, and a second person accepts."""
    with transaction(engine) as session:
        row = session.get_one(Study, study.id)
        live = document_of(revision(session, row, row.live_revision or 0))
        amend_study(
            session, row, live.model_copy(update={"publication_status": PublicationStatus.PUBLISHED}), by=CLARA, base=row.live_revision
        )
        submit_study(session, row, by=CLARA)
        accept(session, row, CARL)


class TestReinstated:
    @pytest.mark.parametrize("date", ["2021-02-01", "2021", "2020-03", "2020", None])
    def test_a_retraction_that_was_taken_back_is_not_acted_upon(self, vocabulary: Engine, study: Study, date: str | None) -> None:
        found = check(vocabulary, answers(study, RETRACTED_2020, reported(NoticeKind.REINSTATEMENT, date=date)))
        assert found == [("retraction", "open"), ("reinstatement", "open")]
        assert stands(vocabulary, study) == ("accepted", "published", 1)
        assert any("Crossref reports a reinstatement" in reason and "stands against it" in reason for reason in open_reasons(vocabulary))
        assert differences(vocabulary) == []

    def test_nor_is_an_undated_one(self, vocabulary: Engine, study: Study) -> None:
        undated = reported(NoticeKind.RETRACTION, date=None)
        assert ("retraction", "open") in check(vocabulary, answers(study, undated, reported(NoticeKind.REINSTATEMENT)))

    def test_a_reinstatement_that_was_found_before_still_stands_against_it(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.REINSTATEMENT, date="2021-02-01")))
        assert check(vocabulary, answers(study, RETRACTED_2020)) == [("retraction", "open")]

    def test_a_retraction_after_it_takes_the_study_out(self, vocabulary: Engine, study: Study) -> None:
        again = reported(NoticeKind.RETRACTION, date="2022-01")
        found = check(vocabulary, answers(study, again, reported(NoticeKind.REINSTATEMENT, date="2021-12-31")))
        assert ("retraction", "acted-on") in found

    def test_of_a_study_that_is_retracted_here_it_is_a_task(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, RETRACTED_2020))
        found = check(vocabulary, answers(study, RETRACTED_2020, reported(NoticeKind.REINSTATEMENT, date="2021-02-01")))
        assert found == [("reinstatement", "open")]
        assert stands(vocabulary, study)[0] == "retracted"
        assert differences(vocabulary) == []

    def test_an_update_of_an_unknown_kind_is_told(self, vocabulary: Engine, study: Study) -> None:
        given = answers(study)
        given.records[SourceName.CROSSREF].unknown_updates.append("Crossref lists an update of a kind that we do not know: erasure")
        with reading(vocabulary) as session:
            assert sift(session, [given]).remarks[study.id] == given.records[SourceName.CROSSREF].unknown_updates


class TestPutBack:
    def test_what_two_people_put_back_is_not_taken_out_for_a_notice_of_before(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, RETRACTED_2020))
        restore(vocabulary, study)
        other = reported(NoticeKind.RETRACTION, SourceName.PUBMED, date="2020-05", notice_doi="10.5555/other")
        assert check(vocabulary, answers(study, other, source=SourceName.PUBMED)) == [("retraction", "open")]
        assert stands(vocabulary, study)[0] == "accepted"
        assert "revision 3" in open_reasons(vocabulary)[0]
        assert differences(vocabulary) == []

    def test_a_notice_of_a_later_day_takes_it_out_again(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, RETRACTED_2020))
        restore(vocabulary, study)
        later = reported(NoticeKind.RETRACTION, date="2098-05", notice_doi="10.5555/later")
        assert check(vocabulary, answers(study, later)) == [("retraction", "acted-on")]

    @pytest.mark.parametrize("kind", [NoticeKind.CORRECTION, NoticeKind.PARTIAL_RETRACTION, NoticeKind.EXPRESSION_OF_CONCERN])
    def test_what_was_found_while_it_was_out_still_waits(self, vocabulary: Engine, study: Study, kind: NoticeKind) -> None:
        check(vocabulary, answers(study, RETRACTED_2020))
        assert check(vocabulary, answers(study, RETRACTED_2020, reported(kind))) == [(kind, "open")]
        restore(vocabulary, study)
        assert "judge it if the study is put back" in open_reasons(vocabulary)[0]
        assert differences(vocabulary) == []


class TestSift:
    def test_asks_the_database_once_however_many_studies_there_are(self, vocabulary: Engine, study: Study) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.CORRECTION)))
        with transaction(vocabulary) as session:
            others = [an_accepted_study(session, doi=f"10.1000/other-{number}") for number in range(4)]
        news = answers(others[0], reported(NoticeKind.RETRACTION))
        given = [answers(study), news, *(answers(other) for other in others[1:])]
        with transaction(vocabulary) as session:
            session.connection()  # the transaction has begun
            with counted_queries(session) as sent:
                sifted = sift(session, given)
            assert len(sent) == 1
            with counted_queries(session) as sent:
                note_checks(session, sifted.quiet)
                note_checks(session, sifted.quiet)
            assert len(sent) == 2
            assert len(session.execute(select(SourceCheck)).scalars().all()) == 4
        assert sifted.news == [news]
        assert {key: len(said) for key, said in sifted.remarks.items()} == {study.id: 1, **{other.id: 0 for other in others[1:]}}


class TestClose:
    @pytest.fixture
    def notice(self, vocabulary: Engine, study: Study) -> str:
        check(vocabulary, answers(study, reported(NoticeKind.CORRECTION)))
        with reading(vocabulary) as session:
            return session.execute(select(col(PublicationNotice.id))).scalar_one()

    @pytest.mark.parametrize("status", [NoticeStatus.HANDLED, NoticeStatus.DISMISSED])
    def test_it_is_closed_once_with_its_reason(self, vocabulary: Engine, notice: str, status: NoticeStatus) -> None:
        with transaction(vocabulary) as session:
            row = close_notice(session, notice, by=CLARA, status=status, reason="Table 2 was not used.")
            assert (row.status, row.closed_by, row.closing_reason) == (status, CLARA.id, "Table 2 was not used.")
        assert differences(vocabulary) == []
        with transaction(vocabulary) as session, pytest.raises(StateConflict):
            close_notice(session, notice, by=CLARA, status=NoticeStatus.HANDLED, reason="again")

    def test_it_takes_a_curator(self, vocabulary: Engine, notice: str) -> None:
        with transaction(vocabulary) as session, pytest.raises(NotAllowed):
            close_notice(session, notice, by=ANNA, status=NoticeStatus.HANDLED, reason="no")

    def test_what_was_acted_on_can_be_dismissed_and_not_handled(self, vocabulary: Engine, study: Study, notice: str) -> None:
        check(vocabulary, answers(study, reported(NoticeKind.RETRACTION)))
        with transaction(vocabulary) as session:
            acted = session.execute(select(PublicationNotice).where(col(PublicationNotice.status) == "acted-on")).scalar_one().id
            with pytest.raises(StateConflict):
                close_notice(session, acted, by=CLARA, status=NoticeStatus.HANDLED, reason="no")
            close_notice(session, acted, by=CLARA, status=NoticeStatus.DISMISSED, reason="Of another paper.")
        assert stands(vocabulary, study)[0] == "retracted"
        assert differences(vocabulary) == []

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE publication_notice SET status = 'dismissed'",
            "UPDATE publication_notice SET dated = '1999'",
            "DELETE FROM publication_notice",
        ],
    )
    def test_whoever_changes_a_row_is_found_out(self, vocabulary: Engine, notice: str, statement: str) -> None:
        with transaction(vocabulary) as session:
            session.execute(text(statement))
        assert [found for found in differences(vocabulary) if notice in found]

    def test_what_was_known_when_it_was_found_can_be_handled(self, vocabulary: Engine, study: Study) -> None:
        with transaction(vocabulary) as session:
            retract_study(session, session.get_one(Study, study.id), reason="fabricated", by=CLARA)
        assert check(vocabulary, answers(study, reported(NoticeKind.RETRACTION))) == [("retraction", "known")]
        with transaction(vocabulary) as session:
            known = session.execute(select(col(PublicationNotice.id))).scalar_one()
            close_notice(session, known, by=CLARA, status=NoticeStatus.HANDLED, reason="It was retracted by hand.")
        assert differences(vocabulary) == []
