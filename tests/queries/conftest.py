from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from tests.databases import Databases, EngineName
from tests.queries.scratch import scratch_engine
from tests.require import require


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def thing_engine(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    name: EngineName = request.param
    if name == "postgresql":
        require("postgresql")
    with scratch_engine(databases, name) as engine:
        yield engine


@pytest.fixture
def things(thing_engine: Engine) -> Iterator[Session]:
    """A session on the scratch table; such tests only read."""
    with Session(thing_engine) as session:
        yield session
