"""The house stands as docs/decisions/0001-house-of-floors.md says; each breach is named by file, line and rule."""

from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture import (
    MAX_FILE_LINES,
    MAX_FUNCTION_LINES,
    RULES,
    Module,
    Rule,
    actions_never_speak_http,
    doors_are_strangers,
    files_are_short,
    floors,
    functions_are_short,
    import_graph,
    imports_stand_on_top,
    no_tables_in_shapes,
    only_settings_reads_the_environment,
    only_transaction_commits,
    queries_never_write,
    scipy_in_distributions_only,
    synthesis_stands_alone,
    web_frameworks_at_the_doors_only,
)

ROOT = Path(__file__).resolve().parent.parent
MODULES = [Module.read(ROOT, file) for file in sorted((ROOT / "app").rglob("*.py"))]


def module(name: str, source: str) -> Module:
    return Module(name, name.replace(".", "/") + ".py", source)


def find_cycle(modules: list[Module]) -> list[str]:
    try:
        TopologicalSorter(import_graph(modules)).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


class TestApp:
    @pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
    def test_keeps_the_rule(self, rule: Rule) -> None:
        breaches = [f"{found.path}:{breach.line}: {breach.text}" for found in MODULES for breach in rule(found)]
        assert not breaches, f"{rule.__doc__}\n" + "\n".join(breaches)

    def test_has_no_circle_of_imports(self) -> None:
        cycle = find_cycle(MODULES)
        assert not cycle, " imports ".join(reversed(cycle))


BREACHES: list[tuple[Rule, str, str]] = [
    (floors, "app.models.study", "from app.queries.studies import find_study"),
    (floors, "app.schemas.study", "from app.models import Study"),
    (floors, "app.queries.impact", "from app import actions"),
    (floors, "app.web.reply_cache", "from app.explorer.pages import router"),
    (floors, "app.matching", "from app.database import reading"),
    (floors, "app.cellar.wine", "x = 1"),
    (synthesis_stands_alone, "app.synthesis.pooling", "import pandas"),
    (synthesis_stands_alone, "app.synthesis.pooling", "from app.errors import Problem"),
    (synthesis_stands_alone, "app.synthesis.pooling", "from scipy.special import ndtr"),
    (scipy_in_distributions_only, "app.charts.forest", "import scipy.stats"),
    (no_tables_in_shapes, "app.schemas.study", "from sqlalchemy import JSON"),
    (no_tables_in_shapes, "app.formats.ris", "from sqlmodel import Session"),
    (no_tables_in_shapes, "app.formats.ris", "import sqlmodel"),
    (no_tables_in_shapes, "app.charts.forest", "from app.models import Study"),
    (no_tables_in_shapes, "app.sources.crossref", "from app import database"),
    (queries_never_write, "app.queries.studies", "def f(session, row):\n    session.add(row)"),
    (queries_never_write, "app.queries.studies", "def f(self):\n    self.read_session.flush()"),
    (queries_never_write, "app.queries.studies", "from sqlalchemy import select, update"),
    (queries_never_write, "app.queries.studies", "from sqlalchemy.dialects.postgresql import insert"),
    (queries_never_write, "app.queries.studies", "import sqlalchemy as sa\nx = sa.delete(Study)"),
    (queries_never_write, "app.queries.studies", "x = text('  update study set year = 1')"),
    (queries_never_write, "app.queries.studies", "from app.database import transaction"),
    (web_frameworks_at_the_doors_only, "app.queries.studies", "from fastapi import HTTPException"),
    (web_frameworks_at_the_doors_only, "app.actions.studies", "from starlette.responses import Response"),
    (web_frameworks_at_the_doors_only, "app.main", "import uvicorn"),
    (actions_never_speak_http, "app.actions.studies", "import httpx"),
    (actions_never_speak_http, "app.actions.studies", "from urllib import request"),
    (actions_never_speak_http, "app.actions.studies", "from urllib.request import urlopen"),
    (doors_are_strangers, "app.api.studies", "from app.explorer.studies import page"),
    (doors_are_strangers, "app.api.imports", "from app.workers import jobs"),
    (only_settings_reads_the_environment, "app.cli", "import os\nport = os.environ['PORT']"),
    (only_settings_reads_the_environment, "app.cli", "import os\nport = os.getenv('PORT')"),
    (only_settings_reads_the_environment, "app.database", "from os import environ"),
    (imports_stand_on_top, "app.queries.studies", "def f():\n    import json"),
    (imports_stand_on_top, "app.queries.studies", "class A:\n    async def f(self):\n        from app.models import Study"),
    (imports_stand_on_top, "app.cli.ratings", "def f():\n    import scipy"),
    (functions_are_short, "app.errors", "def f():\n" + "    x = 1\n" * MAX_FUNCTION_LINES),
    (files_are_short, "app.errors", "x = 1\n" * (MAX_FILE_LINES + 1)),
    (only_transaction_commits, "app.actions.studies", "def f(session):\n    session.commit()"),
    (only_transaction_commits, "app.actions.studies", "def f(engine):\n    with engine.begin() as c:\n        pass"),
    (only_transaction_commits, "app.cli", "with Session(engine) as s, Session(engine).begin():\n    pass"),
    (only_transaction_commits, "app.workers.jobs", "def f(engine):\n    engine.connect().begin()\n    app.state.engine.begin()"),
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (floors, "app.api.studies", "from app.actions.studies import submit\nfrom app.vocabulary import Role"),
    (floors, "app.synthesis.pooling", "from app.synthesis.body import PairInput"),
    (synthesis_stands_alone, "app.synthesis.distributions", "def f():\n    from scipy.special import ndtr"),
    (synthesis_stands_alone, "app.synthesis.pooling", "import math\nimport numpy as np\nfrom app.vocabulary import Measure"),
    (no_tables_in_shapes, "app.schemas.condition", "from sqlmodel import Field, SQLModel"),
    (queries_never_write, "app.queries.studies", "seen = set()\nseen.add(1)\nx = {}\nx.update(y=1)"),
    (queries_never_write, "app.queries.studies", "x = text('SELECT 1')"),
    (only_settings_reads_the_environment, "app.settings", "import os\nx = os.environ"),
    (imports_stand_on_top, "app.cli.database", "def f():\n    from alembic import command"),
    (imports_stand_on_top, "app.models.study", "if TYPE_CHECKING:\n    from app.models.revision import StudyRevision"),
    (functions_are_short, "app.errors", "def f():\n" + "    x = 1\n" * (MAX_FUNCTION_LINES - 1)),
    (
        only_transaction_commits,
        "app.database",
        "def transaction(engine):\n    with Session(engine) as session, session.begin():\n        pass",
    ),
    (only_transaction_commits, "app.actions.studies", "def f(session):\n    with session.begin_nested():\n        pass"),
]


class TestRules:
    """The rules bite, and only where they should."""

    @pytest.mark.parametrize(("rule", "name", "source"), BREACHES)
    def test_a_breach_is_found(self, rule: Rule, name: str, source: str) -> None:
        assert list(rule(module(name, source)))

    @pytest.mark.parametrize(("rule", "name", "source"), ALLOWED)
    def test_what_is_allowed_is_left_alone(self, rule: Rule, name: str, source: str) -> None:
        assert list(rule(module(name, source))) == []

    def test_every_rule_is_shown_to_bite(self) -> None:
        assert {rule for rule, _, _ in BREACHES} == set(RULES)

    def test_a_breach_names_its_line(self) -> None:
        found = module("app.queries.studies", "x = 1\nfrom sqlalchemy import update\n")
        assert [breach.line for breach in queries_never_write(found)] == [2]

    def test_a_circle_of_imports_is_found(self) -> None:
        one = module("app.models.study", "from app.models.revision import StudyRevision")
        two = module("app.models.revision", "from app.models import study")
        assert set(find_cycle([one, two])) == {"app.models.study", "app.models.revision"}

    def test_an_import_for_types_closes_no_circle(self) -> None:
        one = module("app.models.study", "if TYPE_CHECKING:\n    from app.models.revision import StudyRevision")
        two = module("app.models.revision", "from app.models.study import Study")
        assert find_cycle([one, two]) == []
