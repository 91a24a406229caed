"""What must hold for the files of this repository, whoever wrote them: those that git tracks, and those about to be added."""

import os
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.database import HEAD_REVISION
from app.settings import Settings
from tests.require import require

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
COMMANDS = ("dev", ".ci/run", "docker/start")
MAX_BYTES = 1_500_000
LARGER_ON_PURPOSE = {"swagger-ui-bundle.js"}  # the API's documentation page, which must come from the package and not from a CDN

FORBIDDEN_STEMS = frozenset({"utils", "util", "helpers", "helper", "common", "manager", "handler", "data", "info", "process", "misc"})
# Put together from pieces, so that this file does not hold what it forbids.
MACHINE_PATH = re.compile(r"(?<![\w.:/>-])/(" + "|".join(["work", "root", "home", "Users", "tmp" + "/brief"]) + r")/[\w.]")
REGISTRY = re.compile("|".join([r"pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs", r"deb\." + r"debian\.org"]))
CDN = re.compile(r"https?://(cdn\.|unpkg\.|[a-z.]*jsdelivr|fonts\.googleapis|cdnjs\.)")
PLACE_IN_LOCK = re.compile(r"://|--(extra-)?index-url|--find-links|--trusted-host| @ |^-e |^file:|^[./]", re.MULTILINE)
PINNED = re.compile(r"^([a-z0-9._-]+(?:\[[a-z,]+\])?)==([^ ;]+)", re.MULTILINE)
DEPENDENCY_LINE = re.compile(r'^  "([a-z0-9._\[\]-]+)==([^";]+)(?:;[^"]*)?",(.*)$', re.MULTILINE)


@cache
def repository_files() -> tuple[Path, ...]:
    require("git")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = (ROOT / name for name in sorted(set(listed.stdout.split("\0"))) if name)
    return tuple(path for path in paths if path.is_file())


def is_vendored(path: Path) -> bool:
    return "vendor" in path.relative_to(ROOT).parts[:-1]


def readable_files() -> list[tuple[str, str]]:
    """Name and text of our own files; pictures, fonts and other people's files are left out."""
    texts = []
    for path in repository_files():
        content = path.read_bytes()
        if not is_vendored(path) and b"\0" not in content:
            texts.append((path.relative_to(ROOT).as_posix(), content.decode("utf-8")))
    return texts


def lines_with(pattern: re.Pattern[str], *, under: str = "") -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in readable_files()
        if name.startswith(under)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


def pins(lock: str) -> dict[str, set[str]]:
    """Package → versions; one package may have several, for several versions of Python."""
    found: dict[str, set[str]] = {}
    for name, version in PINNED.findall((ROOT / lock).read_text(encoding="utf-8")):
        found.setdefault(plain_name(name), set()).add(version)
    return found


def plain_name(requirement: str) -> str:
    return requirement.split("[")[0]


class TestFiles:
    def test_name_no_path_of_one_machine(self) -> None:
        assert lines_with(MACHINE_PATH) == []

    def test_name_no_package_registry(self) -> None:
        assert lines_with(REGISTRY) == []

    def test_load_nothing_from_a_cdn(self) -> None:
        assert lines_with(CDN, under="app/") == []

    def test_are_no_larger_than_one_and_a_half_megabytes(self) -> None:
        assert {path.name for path in repository_files() if path.stat().st_size > MAX_BYTES} <= LARGER_ON_PURPOSE

    def test_say_by_their_name_what_they_hold(self) -> None:
        ours = [path.relative_to(ROOT) for path in repository_files() if not is_vendored(path)]
        assert [str(path) for path in ours if path.suffix == ".py" and FORBIDDEN_STEMS & {path.stem, *path.parent.parts}] == []

    def test_keep_other_peoples_files_listed_with_their_origin(self) -> None:
        unlisted = []
        for path in repository_files():
            if is_vendored(path) and path.name != "README.md":
                readme = next(folder / "README.md" for folder in path.parents if folder.name == "vendor")
                if not readme.is_file() or path.name not in readme.read_text(encoding="utf-8"):
                    unlisted.append(str(path.relative_to(ROOT)))
        assert unlisted == []

    @pytest.mark.parametrize("command", COMMANDS)
    def test_that_are_commands_can_be_run(self, command: str) -> None:
        assert os.access(ROOT / command, os.X_OK)


class TestDependencies:
    def test_each_says_what_it_is_for(self) -> None:
        text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        commented = {plain_name(name) for name, _, rest in DEPENDENCY_LINE.findall(text) if re.match(r"\s+# \S", rest)}
        project = tomllib.loads(text)
        declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
        assert [line for line in declared if plain_name(line.split("==")[0]) not in commented] == []

    @pytest.mark.parametrize(("lock", "groups"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))])
    def test_stand_in_the_lock_with_the_same_version(self, lock: str, groups: tuple[str, ...]) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        declared = [*project["project"]["dependencies"], *(line for group in groups for line in project["dependency-groups"][group])]
        locked = pins(lock)
        for line in declared:
            name, version = re.split("==", line.split(";")[0].strip())
            assert version in locked.get(plain_name(name), set()), f"{line} against {lock}: run ./dev lock"

    @pytest.mark.parametrize("lock", LOCKS)
    def test_keep_their_extras_in_the_lock(self, lock: str) -> None:
        """Without them pip takes `name[extra]` from the index, newer than the pin and without a hash, and refuses to install."""
        assert re.search(r"^psycopg\[binary\]==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)

    def test_have_the_same_versions_in_both_locks(self) -> None:
        for_tests = pins("requirements-dev.lock")
        assert {name: for_tests.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")

    @pytest.mark.parametrize("lock", LOCKS)
    def test_come_from_no_named_place(self, lock: str) -> None:
        assert PLACE_IN_LOCK.findall((ROOT / lock).read_text(encoding="utf-8")) == []

    @pytest.mark.parametrize("lock", LOCKS)
    def test_are_locked_by_hash(self, lock: str) -> None:
        blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / lock).read_text(encoding="utf-8").strip())
        assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


class TestMigrations:
    def test_have_one_head_and_the_application_knows_it(self) -> None:
        scripts = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
        assert scripts.get_heads() == [HEAD_REVISION]


class TestOperationsPage:
    def test_lists_every_setting_and_no_other(self) -> None:
        text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        listed = re.findall(r"^\| `EVIDENCE_([A-Z_]+)` \|", text, re.MULTILINE)
        assert sorted(name.lower() for name in listed) == sorted(Settings.model_fields)


class TestPatterns:
    """The patterns find what they should."""

    @pytest.mark.parametrize("text", ["see /" + "work/main", 'open("/' + 'home/me/x")', "(/" + "root/.cache)"])
    def test_a_path_of_a_machine_is_found(self, text: str) -> None:
        assert MACHINE_PATH.search(text)

    @pytest.mark.parametrize("text", ["https://example.org/work/1", "docs/work/plan.md", "/v1/works", "</root/>"])
    def test_other_paths_are_left_alone(self, text: str) -> None:
        assert not MACHINE_PATH.search(text)

    @pytest.mark.parametrize("text", ["--index-url x", "a @ file:b", "https://x/simple", "-e ."])
    def test_a_place_in_a_lock_is_found(self, text: str) -> None:
        assert PLACE_IN_LOCK.search(text)
