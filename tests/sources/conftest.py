"""A server that speaks for the four services, and a client that asks it without really waiting."""

from collections.abc import Iterator

import pytest

from app.sources.client import SourceClient
from tests.fakes import FakeServices, fake_services


@pytest.fixture
def services() -> Iterator[FakeServices]:
    with fake_services() as running:
        yield running


@pytest.fixture
def naps() -> list[float]:
    """How long the client would have slept, in order."""
    return []


@pytest.fixture
def client(services: FakeServices, naps: list[float]) -> Iterator[SourceClient]:
    with SourceClient(services.settings(), sleep=naps.append) as asking:
        yield asking
