"""Fixtures for all tests.

A test that takes `engine_url` (or `client`, `engine`, `keys`, which rest on it) runs twice: on SQLite and on PostgreSQL, each time
with a database of its own, migrated and empty. `seeded_url` and `seeded_client` give the seed data, shared: such tests only read.
A test that changes seeded data takes `seeded_copy_url`.

The application is imported inside the fixtures, so that the tests of the rating engine load neither web nor database.
"""

import gc
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.require import require

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from playwright.sync_api import Browser, Page
    from sqlalchemy import Engine

    from app.settings import Settings
    from tests.databases import Databases, EngineName

# The bounded profile draws the same examples each time, so that a change is judged by itself; the full one searches.
BUSY = [HealthCheck.too_slow]  # how fast examples are made says how busy the machine is, and nothing of the product
hypothesis_settings.register_profile("bounded", max_examples=60, deadline=None, derandomize=True, suppress_health_check=BUSY)
hypothesis_settings.register_profile("full", max_examples=2000, deadline=None, print_blob=True, suppress_health_check=BUSY)

# With Python's own thresholds the collector goes through everything that is loaded every few tests: up to a quarter of the run.
FEWER_FULL_COLLECTIONS = (700, 10, 100)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also the long runs: tests marked `full`, many more property examples")


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(*FEWER_FULL_COLLECTIONS)
    hypothesis_settings.load_profile("full" if config.getoption("--full") else "bounded")
    for name in [name for name in os.environ if name.startswith("EVIDENCE_")]:
        del os.environ[name]  # what a developer has set for his own server must not reach the tests


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    long_runs = [item for item in items if item.get_closest_marker("full")]
    if long_runs:
        config.hook.pytest_deselected(items=long_runs)
        items[:] = [item for item in items if item not in long_runs]


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: the collector need not look at them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def databases() -> "Iterator[Databases]":
    from tests.databases import Databases
    from tests.postgres import fast_folder

    with tempfile.TemporaryDirectory(prefix="evidence-", dir=fast_folder()) as folder:
        made = Databases(Path(folder))
        with made.stack:
            yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> "EngineName":
    """The engine of this run of the test."""
    name: EngineName = request.param
    if name == "postgresql":
        require("postgresql")
    return name


@pytest.fixture
def with_keys() -> None:
    """Has `engine_url` and `small_url` give a database in which the keys are made already, as `keys` asks."""


@pytest.fixture
def engine_url(request: pytest.FixtureRequest, databases: "Databases", engine_name: "EngineName") -> Iterator[str]:
    """A database of this test's own: migrated, empty."""
    with databases.on(engine_name).copy("empty with keys" if "with_keys" in request.fixturenames else "empty") as url:
        yield url


@pytest.fixture
def small_url(request: pytest.FixtureRequest, databases: "Databases", engine_name: "EngineName") -> Iterator[str]:
    """A database of this test's own with the small reference vocabulary of `tests/factories.py` and no study."""
    with databases.on(engine_name).copy("small with keys" if "with_keys" in request.fixturenames else "small") as url:
        yield url


@pytest.fixture
def seeded_url(databases: "Databases", engine_name: "EngineName") -> str:
    """The seeded database that all reading tests share: never write to it."""
    return databases.shared_seeded(engine_name)


@pytest.fixture
def seeded_copy_url(databases: "Databases", engine_name: "EngineName") -> Iterator[str]:
    """A seeded database of this test's own."""
    with databases.on(engine_name).copy("seeded") as url:
        yield url


def _open_engine(url: str) -> "Iterator[Engine]":
    from app.database import make_engine

    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(engine_url: str) -> "Iterator[Engine]":
    yield from _open_engine(engine_url)


@pytest.fixture
def vocabulary(small_url: str) -> "Iterator[Engine]":
    """The engine of `small_url`."""
    yield from _open_engine(small_url)


@pytest.fixture
def seeded_engine(seeded_url: str) -> "Iterator[Engine]":
    yield from _open_engine(seeded_url)


def settings_for(url: str) -> "Settings":
    """Settings of a test: its database, and no rate limit, which its own tests switch on."""
    from app.settings import Settings

    return Settings(database_url=url, rate_limit="off", rate_limit_writes="off")


def _open_client(url: str) -> "Iterator[TestClient]":
    from fastapi.testclient import TestClient

    from app.main import create_app

    with TestClient(create_app(settings_for(url))) as client:
        yield client


@pytest.fixture
def client(engine_url: str) -> "Iterator[TestClient]":
    yield from _open_client(engine_url)


@pytest.fixture
def seeded_client(seeded_url: str) -> "Iterator[TestClient]":
    yield from _open_client(seeded_url)


@dataclass(frozen=True, slots=True)
class Keys:
    """API keys as their owners hold them."""

    contributor: str
    second_contributor: str
    curator: str
    second_curator: str
    admin: str

    @staticmethod
    def header(key: str) -> dict[str, str]:
        """`client.post(…, headers=keys.header(keys.curator))`"""
        return {"Authorization": f"Bearer {key}"}


def make_keys(engine: "Engine") -> Keys:
    """One key for each part that a test may play."""
    from app.actions.api_keys import create_key
    from app.database import transaction
    from app.vocabulary import Role

    with transaction(engine) as session:
        return Keys(
            contributor=create_key(session, name="Contributor", role=Role.CONTRIBUTOR),
            second_contributor=create_key(session, name="Second contributor", role=Role.CONTRIBUTOR),
            curator=create_key(session, name="Curator", role=Role.CURATOR),
            second_curator=create_key(session, name="Second curator", role=Role.CURATOR),
            admin=create_key(session, name="Admin", role=Role.ADMIN),
        )


@pytest.fixture
def keys(databases: "Databases", engine: "Engine", with_keys: None) -> Keys:
    """Keys in the database of `engine_url`, and so of `client`."""
    return databases.keys_in(engine.url.database) or make_keys(engine)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Chromium for one file of tests. Not for the session: Playwright holds an event loop in this thread, which no other test may find."""
    from tests.browser import open_browser

    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """A page that must neither complain on its console nor call anything outside this machine."""
    from tests.browser import open_page

    with open_page(browser) as opened:
        yield opened


@pytest.fixture
def site(seeded_url: str) -> Iterator[str]:
    """The address of a running server with the seed data."""
    from app.main import create_app
    from tests.browser import serve

    with serve(create_app(settings_for(seeded_url))) as address:
        yield address
