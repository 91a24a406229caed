"""`evidence import`, inside this process and as a real one."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import OperationalError
from sqlmodel import col

from app.actions.jobs import HeldJob
from app.actor import Actor
from app.cli.main import main
from app.database import reading, transaction
from app.models import ApiKey, ReferenceImport, Study
from app.models.base import utc_now
from app.settings import get_settings
from app.vocabulary import JobKind
from app.workers.jobs import WORK, JobWorker
from tests.api.importing import HEAD, NECK, NECK_AGAIN, SLEEP, ris
from tests.conftest import make_keys, settings_for
from tests.factories import a_submission, differences, row_counts

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], small_url: str, vocabulary: Engine) -> Iterator[Run]:
    """Import in this process on a database with keys: exit status, output, complaints."""
    make_keys(vocabulary)

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setenv("EVIDENCE_DATABASE_URL", small_url)
        get_settings.cache_clear()
        capsys.readouterr()
        try:
            status = main(["import", *map(str, arguments)])
        except SystemExit as ended:
            status = int(ended.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

    yield command
    get_settings.cache_clear()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    file = tmp_path / "library.ris"
    file.write_bytes(ris(NECK, NECK_AGAIN, HEAD))
    return file


def titles(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.execute(select(col(Study.title)).order_by(col(Study.title))).scalars())


class TestDryRun:
    def test_reports_and_writes_no_study(self, run: Run, library: Path, vocabulary: Engine) -> None:
        status, out, err = run(library, "--as", "Contributor")
        assert status == 0
        assert out.startswith("library.ris: ris, utf-8, ")
        assert "3 records: 2 new, 0 here already, 1 possibly here, 0 not readable" in out
        assert "nothing is written yet; 2 to be made\n" in out
        assert re.search(r"\n  evidence imports commit [0-9a-f-]{36} --as KEY\n$", out)
        assert err.splitlines()[-1] == "reading: 3 records, 100%"
        assert titles(vocabulary) == []

    def test_shows_each_pair_to_be_decided_with_line_and_score(self, run: Run, library: Path) -> None:
        _, out, _ = run(library, "--as", "Contributor")
        lines = out.split("to be decided:\n")[1].splitlines()
        assert lines[0] == f"  line 8, record 2: {NECK_AGAIN['title']}"
        assert 80 <= float(lines[1].split()[0]) < 100
        assert f"record 1: {NECK['title']}" in lines[1]

    def test_names_what_is_here_already_by_its_key(self, run: Run, library: Path, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            a_submission(session, title=NECK["title"] + " and more of it", year=2020)
        _, out, _ = run(library, "--as", "Curator")
        assert "muster-2020-neck-pain: " in out

    def test_exits_1_and_names_the_line_where_a_record_cannot_be_read(self, run: Run, tmp_path: Path, vocabulary: Engine) -> None:
        file = tmp_path / "bad.ris"
        file.write_bytes(ris(NECK, {"title": None, "authors": (), "year": None}, HEAD))
        status, out, _ = run(file, "--as", "Contributor", "--commit")
        assert status == 1
        assert "not readable:\n  line 8, record 2: neither a title nor a DOI" in out
        assert titles(vocabulary) == sorted([NECK["title"], HEAD["title"]])

    @pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"Dear all,\nplease see below.\n"])
    def test_exits_1_on_a_file_that_is_none(self, run: Run, tmp_path: Path, content: bytes, vocabulary: Engine) -> None:
        file = tmp_path / "file.ris"
        file.write_bytes(content)
        before = row_counts(vocabulary)
        status, out, err = run(file, "--as", "Contributor")
        assert (status, out) == (1, "")
        assert err.startswith("evidence: the file")
        assert row_counts(vocabulary) == before

    def test_exits_1_on_a_file_that_is_not_there_and_on_a_key_that_is_nobodys(self, run: Run, library: Path) -> None:
        assert run(library.with_name("nothing.ris"), "--as", "Contributor")[0] == 1
        status, _, err = run(library, "--as", "Nobody")
        assert status == 1
        assert "no key in force has the name or the prefix 'Nobody'\n  --as: a key of this installation" in err

    def test_a_key_that_has_expired_imports_nothing(self, run: Run, library: Path, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            session.execute(update(ApiKey).where(col(ApiKey.name) == "Contributor").values(expires_at=utc_now()))
        before = row_counts(vocabulary)
        status, _, err = run(library, "--as", "Contributor")
        assert (status, "no key in force has the name or the prefix 'Contributor'" in err) == (1, True)
        assert row_counts(vocabulary) == before

    def test_names_a_slug_that_does_not_exist(self, run: Run, library: Path) -> None:
        status, _, err = run(library, "--as", "Contributor", "--condition", "migrane")
        assert status == 1
        assert "\n  --condition: no condition has the slug 'migrane'" in err

    def test_asks_who_imports(self, run: Run, library: Path) -> None:
        status, _, err = run(library)
        assert status == 2
        assert "--as" in err


class TestCommit:
    def test_makes_drafts_of_the_person_named_with_the_defaults_given(self, run: Run, library: Path, vocabulary: Engine) -> None:
        chosen = ("--intervention", "craniosacral-therapy", "--condition", "neck-pain", "--condition", "migraine")
        status, out, _ = run(library, "--as", "Contributor", "--commit", *chosen)
        assert status == 0
        assert "drafts made: 2" in out
        with reading(vocabulary) as session:
            [row] = session.execute(select(ReferenceImport)).scalars()
            studies = session.execute(select(Study)).scalars().all()
        assert {(study.intervention, study.created_by) for study in studies} == {("craniosacral-therapy", row.created_by)}
        assert row.conditions == ["neck-pain", "migraine"]
        assert differences(vocabulary) == []

    def test_a_second_time_makes_none(self, run: Run, library: Path, vocabulary: Engine) -> None:
        run(library, "--as", "Contributor", "--commit")
        status, out, _ = run(library, "--as", "Contributor", "--commit")
        assert status == 0
        assert "2 here already" in out
        assert "drafts made: 0" in out
        assert len(titles(vocabulary)) == 2

    def test_beside_a_running_service_is_done_once(self, run: Run, tmp_path: Path, vocabulary: Engine, small_url: str) -> None:
        worker = JobWorker(vocabulary, settings_for(small_url).model_copy(update={"job_poll_seconds": 0.001}))
        worker.start()
        try:
            file = tmp_path / "sleep.ris"
            file.write_bytes(ris(SLEEP))
            status, out, _ = run(file, "--as", "Contributor", "--commit")
        finally:
            worker.stop()
        assert (status, "drafts made: 1" in out) == (0, True)
        assert titles(vocabulary) == [SLEEP["title"]]

    def test_as_a_process_prints_nothing_but_its_report(self, library: Path, vocabulary: Engine, small_url: str) -> None:
        make_keys(vocabulary)
        line = [sys.executable, "-W", "error", "-m", "app.cli", "import", str(library), "--as", "Contributor", "--commit"]
        environment = {"EVIDENCE_DATABASE_URL": small_url, "PATH": "/usr/bin:/bin"}
        done = subprocess.run(line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[1:3] == ["3 records: 2 new, 0 here already, 1 possibly here, 0 not readable", "drafts made: 2"]
        assert len(titles(vocabulary)) == 2


class TestAJobThatWasPutBack:
    def test_is_claimed_again_and_ended(self, run: Run, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        usual, begun = WORK[JobKind.READ_IMPORT], []

        def once_busy(engine: Engine, job: HeldJob, *, by: Actor) -> None:
            begun.append(job.attempt)
            if len(begun) == 1:
                raise OperationalError("SELECT 1", {}, Exception("database is locked"))
            usual(engine, job, by=by)

        monkeypatch.setitem(WORK, JobKind.READ_IMPORT, once_busy)
        status, out, err = run(library, "--as", "Contributor")
        assert (status, begun) == (0, [1, 2]), err
        assert "3 records: 2 new" in out
