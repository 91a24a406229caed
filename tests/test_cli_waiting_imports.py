"""`evidence imports`: what waits in the database is seen, decided about, committed, read again or thrown away."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlmodel import col

from app.cli.main import main
from app.database import reading, transaction
from app.models import ImportFilePart, ImportRecord, Job, ReferenceImport, Study
from app.settings import get_settings
from app.vocabulary import JobState
from tests.api.importing import HEAD, NECK, NECK_AGAIN, ris
from tests.conftest import make_keys
from tests.factories import a_submission, differences, row_counts

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], small_url: str, vocabulary: Engine) -> Iterator[Run]:
    """A command in this process on a database with keys: exit status, output, complaints."""
    make_keys(vocabulary)

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setenv("EVIDENCE_DATABASE_URL", small_url)
        get_settings.cache_clear()
        capsys.readouterr()
        try:
            status = main(list(map(str, arguments)))
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    yield command
    get_settings.cache_clear()


@pytest.fixture
def waiting(run: Run, tmp_path: Path) -> str:
    """An import after its dry run: record 2 may be record 1."""
    file = tmp_path / "library.ris"
    file.write_bytes(ris(NECK, NECK_AGAIN, HEAD))
    _, out, _ = run("import", file, "--as", "Contributor")
    found = re.search(r"^import ([0-9a-f-]{36}):", out, re.MULTILINE)
    assert found is not None
    return found[1]


def titles(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.execute(select(col(Study.title)).order_by(col(Study.title))).scalars())


def decisions(engine: Engine) -> list[tuple[int, str, int | None, str | None]]:
    with reading(engine) as session:
        rows = session.execute(select(ImportRecord).order_by(col(ImportRecord.number))).scalars()
        return [(row.number, row.decision, row.decided_record, row.reason) for row in rows if row.decision != "undecided"]


class TestList:
    def test_names_each_import_with_its_state_and_file(self, run: Run, waiting: str) -> None:
        status, out, _ = run("imports", "list")
        assert status == 0
        assert re.fullmatch(rf"{waiting}  read       \d{{4}}-\d\d-\d\d \d\d:\d\d  \S+  ris  library\.ris\n", out)

    def test_of_another_person_or_state_is_empty(self, run: Run, waiting: str) -> None:
        assert run("imports", "list", "--as", "Curator")[1] == "there is no import\n"
        assert run("imports", "list", "--state", "committed")[1] == "there is no import\n"
        assert waiting in run("imports", "list", "--as", "Contributor", "--state", "read")[1]


class TestShow:
    def test_reports_as_after_the_dry_run(self, run: Run, waiting: str) -> None:
        status, out, _ = run("imports", "show", waiting)
        assert status == 0
        assert "library.ris: ris, " in out
        assert "3 records: 2 new, 0 here already, 1 possibly here, 0 not readable" in out
        assert f"\nto be decided:\n  line 8, record 2: {NECK_AGAIN['title']}\n" in out
        assert f"evidence imports decide {waiting} {{new|duplicate|skip}} RECORD … --as KEY\n" in out

    def test_of_everything_has_the_remarks_on_records_that_can_be_used(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.ris"
        file.write_bytes(ris({**NECK, "authors": ("Smith J; Doe A",)}))
        _, out, _ = run("import", file, "--as", "Contributor")
        import_id = run("imports", "list")[1].split()[0]
        assert "remarks:" not in out
        assert f"\none remark on records that can be used: evidence imports show {import_id} --all\n" in out
        status, out, _ = run("imports", "show", import_id, "--all")
        assert status == 0
        assert "\nremarks:\n  line 3, record 1: AU: 'Smith J; Doe A' may be several names, and stays as it stands\n" in out

    def test_names_what_was_taken_for_a_duplicate_and_of_what(self, run: Run, tmp_path: Path, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            a_submission(session, title=HEAD["title"], doi=HEAD["doi"], year=2020)
        file = tmp_path / "library.ris"
        file.write_bytes(ris(NECK, NECK, HEAD))
        _, out, _ = run("import", file, "--as", "Curator")
        assert f"\ntaken for duplicates:\n  line 8, record 2: {NECK['title']}\n    is record 1: {NECK['title']} (same DOI)\n" in out
        assert f"record 3: {HEAD['title']}\n    is muster-2020-neck-pain: {HEAD['title']} (same DOI)\n" in out

    def test_names_what_a_person_called_a_duplicate(self, run: Run, waiting: str) -> None:
        _, out, _ = run("imports", "decide", waiting, "duplicate", "2", "--as", "Contributor", "--reason", "same trial")
        assert f"\ncalled duplicates:\n  line 8, record 2: {NECK_AGAIN['title']}\n    is record 1 (same trial)\n" in out

    def test_does_not_propose_to_make_what_cannot_be(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "library.ris"
        file.write_bytes(ris(NECK, NECK))
        run("import", file, "--as", "Contributor")
        import_id = run("imports", "list")[1].split()[0]
        run("imports", "decide", import_id, "new", "2", "--as", "Contributor")
        _, out, _ = run("imports", "commit", import_id, "--as", "contributor")
        assert "called new, and not made:" in out
        assert f"import {import_id}: done" in out
        assert "evidence imports commit" not in out

    def test_of_one_that_is_not_there_says_so(self, run: Run) -> None:
        status, _, err = run("imports", "show", "nothing")
        assert (status, err) == (1, "evidence: you have no import 'nothing'\n")


class TestDecide:
    def test_takes_the_only_likeness_for_what_it_is_a_duplicate_of(self, run: Run, waiting: str, vocabulary: Engine) -> None:
        status, out, _ = run("imports", "decide", waiting, "duplicate", "2", "--as", "Contributor", "--reason", "same trial")
        assert (status, "decided about: 1" in out) == (0, True)
        assert decisions(vocabulary) == [(2, "duplicate", 1, "same trial")]
        assert "to be decided" not in out

    def test_all_stands_for_those_that_are_to_be_decided(self, run: Run, waiting: str, vocabulary: Engine) -> None:
        assert run("imports", "decide", waiting, "new", "all", "--as", "Contributor")[0] == 0
        assert decisions(vocabulary) == [(2, "new", None, None)]

    def test_names_the_study_by_its_key(self, run: Run, waiting: str, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            a_submission(session, title="Quite another trial", year=2020)
            key, study = session.execute(select(col(Study.key), col(Study.id))).one()
        status, _, err = run("imports", "decide", waiting, "duplicate", "3", "--study", key, "--as", "Curator")
        assert (status, err) == (0, "")
        with reading(vocabulary) as session:
            assert session.execute(select(col(ImportRecord.decided_study)).where(col(ImportRecord.number) == 3)).scalar_one() == study

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("duplicate", "3"), "record 3: say of what, with --study or --of-record"),
            (("skip", "9"), "record 9: the file has no record 9"),
            (("skip", "2", "--of-record", "1"), "record 2: belongs to the decision `duplicate` alone"),
            (("skip", "2", "--reason", "x" * 1001), "--reason: "),
            (("duplicate", "3", "--study", "nobody"), "There is no study 'nobody'"),
        ],
    )
    def test_that_cannot_be_taken_changes_nothing(
        self, run: Run, waiting: str, vocabulary: Engine, arguments: tuple[str, ...], said: str
    ) -> None:
        before = row_counts(vocabulary)
        status, _, err = run("imports", "decide", waiting, *arguments, "--as", "Contributor")
        assert (status, said in err) == (1, True), err
        assert (decisions(vocabulary), row_counts(vocabulary)) == ([], before)

    @pytest.mark.parametrize("record", ["0", "-1", "x"])
    def test_of_what_is_no_record_is_refused(self, run: Run, waiting: str, record: str) -> None:
        status, _, err = run("imports", "decide", waiting, "--as", "Contributor", "skip", "--", record)
        assert (status, f"{record!r} is no number of a record" in err) == (2, True), err

    def test_is_for_the_sender_and_curators(self, run: Run, waiting: str) -> None:
        status, _, err = run("imports", "decide", waiting, "skip", "2", "--as", "Second contributor")
        assert (status, "you have no import" in err) == (1, True)


class TestCommit:
    def test_makes_drafts_of_what_the_dry_run_found_and_a_person_decided(self, run: Run, waiting: str, vocabulary: Engine) -> None:
        run("imports", "decide", waiting, "new", "2", "--as", "Contributor")
        status, out, _ = run("imports", "commit", waiting, "--as", "Contributor")
        assert status == 0
        assert f"drafts made: 3\nimport {waiting}: done\n" in out
        assert titles(vocabulary) == sorted(str(each["title"]) for each in (NECK, NECK_AGAIN, HEAD))
        assert differences(vocabulary) == []

    def test_is_for_the_sender_alone(self, run: Run, waiting: str, vocabulary: Engine) -> None:
        status, _, err = run("imports", "commit", waiting, "--as", "Curator")
        assert (status, "only who sent the file can commit it" in err) == (1, True)
        assert titles(vocabulary) == []


class TestWithdraw:
    def test_throws_the_import_away(self, run: Run, waiting: str, vocabulary: Engine) -> None:
        status, out, _ = run("imports", "withdraw", waiting, "--as", "Contributor")
        assert (status, out) == (0, f"import {waiting} is thrown away; its entries in the ledger stay\n")
        assert run("imports", "list")[1] == "there is no import\n"
        assert differences(vocabulary) == []

    def test_of_one_that_was_committed_is_refused(self, run: Run, waiting: str) -> None:
        run("imports", "commit", waiting, "--as", "Contributor")
        status, _, err = run("imports", "withdraw", waiting, "--as", "Contributor")
        assert (status, "stands behind the drafts" in err) == (1, True)


class TestRead:
    @pytest.fixture
    def failed(self, run: Run, tmp_path: Path, vocabulary: Engine) -> str:
        """An import whose reading failed for no fault of its file."""
        file = tmp_path / "library.ris"
        file.write_bytes(ris(NECK))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("app.workers.jobs.WORK", {})
            status, out, err = run("import", file, "--as", "Contributor")
        assert (status, "reading was given up" in out, err != "") == (1, True, True)
        with reading(vocabulary) as session:
            return session.execute(select(col(ReferenceImport.id))).scalar_one()

    def test_once_more_makes_the_dry_run(self, run: Run, failed: str, vocabulary: Engine) -> None:
        assert failed in run("imports", "list", "--state", "failed")[1]
        status, shown, _ = run("imports", "show", failed)
        assert (status, f"once more: evidence imports read {failed} --as KEY" in shown) == (1, True)
        status, out, _ = run("imports", "read", failed, "--as", "Contributor")
        assert (status, "1 records: 1 new" in out) == (0, True)
        with reading(vocabulary) as session:
            assert session.execute(select(ImportFilePart)).first() is None

    def test_of_one_that_was_read_is_refused(self, run: Run, waiting: str) -> None:
        status, _, err = run("imports", "read", waiting, "--as", "Contributor")
        assert (status, "only one whose reading failed is read again" in err) == (1, True)

    def test_goes_on_with_a_job_that_waits(self, run: Run, failed: str, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            session.execute(update(Job).values(state=JobState.QUEUED, attempt=0, error=None, finished_at=None))
        status, out, _ = run("imports", "read", failed, "--as", "Contributor")
        assert (status, "1 records: 1 new" in out) == (0, True)
