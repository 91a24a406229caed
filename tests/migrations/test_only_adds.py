"""Migrations only add, so that processes of the version before serve on while the next one is rolled out (docs/operations.md, Upgrade)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"
BEFORE_THE_FIRST_RELEASE = "2026112908"
TAKES_AWAY = frozenset({"drop_column", "drop_table", "rename_table"})
NAMED_IN_THE_CHANGELOG: frozenset[str] = frozenset()
"""Revisions of releases that must not be rolled out while the version before serves."""


def taken_away(source: str) -> Iterator[str]:
    """What `upgrade` does that code of the version before could miss."""
    bodies = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    for call in (node for body in bodies for node in ast.walk(body) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        said = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        if name in TAKES_AWAY or (name == "alter_column" and (said.get("nullable") == "False" or "new_column_name" in said)):
            yield f"{name}, line {call.lineno}"
        if name == "add_column" and "nullable=False" in ast.unparse(call) and "server_default" not in ast.unparse(call):
            yield f"{name} without a default, line {call.lineno}"


@pytest.mark.parametrize("file", sorted(VERSIONS.glob("*.py")), ids=lambda file: file.stem)
def test_nothing_is_taken_away_since_the_first_release(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    revision = next(line.split('"')[1] for line in source.splitlines() if line.startswith("revision ="))
    if revision > BEFORE_THE_FIRST_RELEASE and revision not in NAMED_IN_THE_CHANGELOG:
        assert list(taken_away(source)) == []


@pytest.mark.parametrize(
    ("act", "found"),
    [
        ('op.drop_column("study", "year")', True),
        ('op.drop_table("claim")', True),
        ('op.rename_table("claim", "assertion")', True),
        ('batch.alter_column("year", new_column_name="published")', True),
        ('batch.alter_column("year", nullable=False)', True),
        ('op.add_column("study", sa.Column("funder", sa.String(), nullable=False))', True),
        ('op.add_column("study", sa.Column("funder", sa.String(), nullable=False, server_default=""))', False),
        ('op.add_column("study", sa.Column("funder", sa.String()))', False),
        ('op.create_table("funder", sa.Column("id", sa.Integer(), nullable=False))', False),
        ('op.drop_index("ix_study_year")', False),
    ],
)
def test_what_takes_away_is_found(act: str, found: bool) -> None:
    assert bool(list(taken_away(f"def upgrade():\n    {act}\n\ndef downgrade():\n    op.drop_table('x')\n"))) is found
