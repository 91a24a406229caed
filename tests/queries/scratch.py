"""A scratch table with missing and repeated values, on both engines, for the tests of filters and paging."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Engine, Float, Integer, MetaData, String, Table, Uuid, insert
from sqlmodel import Session

from app.database import make_engine
from app.vocabulary import Design
from tests.databases import Databases, EngineName

ROWS = 57

thing = Table(
    "thing",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("year", Integer),
    Column("title", String, nullable=False),
    Column("weight", Float),
    Column("design", String),
    Column("serial", BigInteger),
    Column("day", Date),
    Column("moment", DateTime(timezone=False)),
    Column("public_id", Uuid, nullable=False),
    Column("open", Boolean),
)
DESIGNS: tuple[Design | None, ...] = (Design.COHORT, Design.OVERVIEW, None)


def row(number: int) -> dict[str, Any]:
    """Every column but id and public_id has repeated values; the nullable ones are empty in every third to fifth row."""
    return {
        "id": number,
        "year": None if number % 4 == 0 else 2000 + number % 5,
        "title": f"title {number % 7}, é",
        "weight": None if number % 5 == 0 else (number % 6) / 3,
        "design": DESIGNS[number % 3],
        "serial": None if number % 3 == 0 else 2**40 + number % 4,
        "day": None if number % 4 == 1 else date(2020, 1, 1 + number % 6),
        "moment": None if number % 5 == 2 else datetime(2020, 1, 1, number % 3, 0, 0, number % 2, tzinfo=UTC).replace(tzinfo=None),
        "public_id": UUID(int=(number * 7919) % 1009),
        "open": None if number % 3 == 1 else number % 2 == 0,
    }


@contextmanager
def scratch_engine(databases: Databases, name: EngineName) -> Iterator[Engine]:
    on = databases.on(name)
    scratch = f"scratch_{uuid4().hex[:12]}"
    if name == "postgresql":
        on.create(scratch)  # type: ignore[union-attr]
        url = on.url(scratch)  # type: ignore[union-attr]
    else:
        url = f"sqlite:///{databases.sqlite.folder / scratch}.sqlite3"
    engine = make_engine(url)
    thing.metadata.create_all(engine)
    with Session(engine) as session:
        session.connection().execute(insert(thing), [row(number) for number in range(1, ROWS + 1)])
        session.commit()
    try:
        yield engine
    finally:
        engine.dispose()
        if name == "postgresql":
            on.drop(scratch)  # type: ignore[union-attr]
