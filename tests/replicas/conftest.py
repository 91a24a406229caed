"""One primary with a replica, and a database on it, for all tests here: each leaves them running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.database import make_engine
from tests.conftest import Keys, make_keys
from tests.databases import PostgresDatabases
from tests.postgres import find_binaries, run_server
from tests.replicas.cluster import Replica, replica_of
from tests.require import require


@pytest.fixture(scope="session")
def primary() -> Iterator[str]:
    """A server of our own also where TEST_DATABASE_URL names one: that one may not be copied, and must not be disturbed."""
    require("postgresql")
    binaries = find_binaries()
    assert binaries is not None, "the replicas need PostgreSQL's programs on this machine"
    with run_server(binaries) as url:
        yield url


@pytest.fixture(scope="session")
def database(primary: str) -> str:
    """The small vocabulary of the factories; it goes with its server."""
    databases = PostgresDatabases(primary)
    name = databases.template("small")
    databases.connection.close()
    return databases.url(name)


@pytest.fixture(scope="session")
def keys(database: str) -> Keys:
    engine = make_engine(database)
    try:
        return make_keys(engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def replica(primary: str, database: str, keys: Keys) -> Iterator[Replica]:
    with replica_of(primary) as running:
        yield running


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("services")
