"""The documents say what is so: their commands run, their links lead somewhere, their lists are complete."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from app.cli.main import command_names
from app.main import create_app
from tests.browser import serve
from tests.conftest import settings_for
from tests.require import require

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = sorted(path for path in ROOT.rglob("*.md") if not {".venv", "vendor", "var"} & set(path.relative_to(ROOT).parts))
WRITTEN_FOR = "http://127.0.0.1:8000"
NOT_RUN = "./dev run"


def shell_blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


class TestReadme:
    def test_every_command_line_works_on_a_fresh_seeded_service(self, seeded_copy_url: str, tmp_path: Path) -> None:
        require("curl")
        (tmp_path / ".venv").symlink_to(ROOT / ".venv")
        (tmp_path / ".curlrc").write_text("fail-with-body\n")  # an answer of 400 or more is a failure here
        with serve(create_app(settings_for(seeded_copy_url))) as address:
            script = "\n".join(block for block in shell_blocks(README) if block.strip() != NOT_RUN)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script.replace(WRITTEN_FOR, address)],
                cwd=tmp_path,
                env={**os.environ, "HOME": str(tmp_path), "EVIDENCE_DATABASE_URL": seeded_copy_url, "TMPDIR": str(tmp_path)},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        assert done.returncode == 0, done.stderr + done.stdout[-2000:]
        assert done.stdout.rstrip().endswith("nothing differs")

    def test_moves_a_rating_as_it_says(self, seeded_copy_url: str, tmp_path: Path) -> None:
        require("curl")
        (tmp_path / ".venv").symlink_to(ROOT / ".venv")
        with serve(create_app(settings_for(seeded_copy_url))) as address:
            blocks = [
                block for block in shell_blocks(README) if "$CONTRIBUTOR" in block or "CONTRIBUTOR=" in block or "cat > study.json" in block
            ]
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", "\n".join(blocks).replace(WRITTEN_FOR, address)],
                cwd=tmp_path,
                env={**os.environ, "HOME": str(tmp_path), "EVIDENCE_DATABASE_URL": seeded_copy_url},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        assert done.returncode == 0, done.stderr
        answers = [json.loads(part) for part in re.split(r"(?<=\})(?=\{)", done.stdout.strip().replace("\n", ""))]
        preview, accepted, rating = answers[0], answers[-2], answers[-1]
        assert [change["condition"] for change in preview["ratings"] if change["moves"]] == ["neck-pain"]
        assert accepted["ratings"][0]["after"] == preview["ratings"][0]["after"]
        assert rating["sentence"] == accepted["ratings"][0]["after"]["sentence"]
        assert rating["history"][0]["sequence"] == accepted["sequence"]

    def test_names_every_command(self) -> None:
        section = README.split("## The command `evidence`")[1].split("##")[0]
        assert set(re.findall(r"`([\w-]+)[^`]*`", section)) >= set(command_names())


class TestDocuments:
    @pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_links_lead_to_files_that_are_there(self, path: Path) -> None:
        links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text("utf-8"))
        missing = [link for link in links if not (path.parent / link).exists()]
        assert not missing

    def test_changelog_begins_with_what_is_not_released_yet(self) -> None:
        headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
        assert headings[0] == "[Unreleased]"

    def test_decisions_are_numbered_without_gaps_and_have_their_four_parts(self) -> None:
        records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
        assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
        for record in records:
            headings = re.findall(r"^## (.*)$", record.read_text("utf-8"), re.MULTILINE)
            assert headings == ["Context", "Decision", "Consequences", "Alternatives"], record.name
