"""What a copy holds, and what tells one copy from another."""

from sqlalchemy import Engine, inspect
from sqlmodel import SQLModel

from app.actions.copy_database import BESIDE_THE_LEDGER, ROWS, TABLES, Fingerprint, count_rows, read_rows
from app.database import reading
from app.models import Change, ImportFilePart
from tests.factories import row_counts

FIRST, SECOND, THIRD = ("a", 1, None), ("b", 2, 0.5), ("b", 2, 0.5)


def fingerprint_of(*batches: list[tuple[object, ...]]) -> Fingerprint:
    found = Fingerprint()
    assert list(found.over(batches)) == list(batches)
    return found


class TestTables:
    def test_are_all_that_the_migrations_made(self, engine: Engine) -> None:
        made = {name for name in inspect(engine).get_table_names() if not name.startswith("search_index")}  # that one is made of another
        assert {table.name for table in TABLES} == made - {"alembic_version"} == set(SQLModel.metadata.tables)

    def test_come_after_those_that_they_refer_to(self) -> None:
        seen: set[str] = set()
        for table in TABLES:
            seen.add(table.name)
            assert {key.column.table.name for key in table.foreign_keys} <= seen, table.name

    def test_beside_the_ledger_are_tables(self) -> None:
        assert set(BESIDE_THE_LEDGER) <= set(SQLModel.metadata.tables)


class TestFingerprint:
    def test_is_the_same_in_any_order_and_any_batches(self) -> None:
        assert fingerprint_of([FIRST, SECOND]) == fingerprint_of([SECOND], [FIRST])

    def test_tells_rows_apart(self) -> None:
        assert fingerprint_of([FIRST, SECOND]) != fingerprint_of([FIRST, ("b", 2, 0.5000000000000001)])

    def test_counts_what_is_there_twice(self) -> None:
        assert fingerprint_of([FIRST, SECOND, THIRD]) != fingerprint_of([FIRST, SECOND])


class TestReadRows:
    def test_reads_all_of_them_a_batch_at_a_time(self, seeded_engine: Engine) -> None:
        with reading(seeded_engine) as session:
            batches = list(read_rows(session, SQLModel.metadata.tables[str(Change.__tablename__)]))
            assert count_rows(session) == sum(row_counts(seeded_engine).values())
        assert {len(batch) for batch in batches[:-1]} == {ROWS}
        assert sum(map(len, batches)) == row_counts(seeded_engine)["change"]

    def test_of_an_empty_table_gives_nothing(self, engine: Engine) -> None:
        with reading(engine) as session:
            assert list(read_rows(session, SQLModel.metadata.tables[str(ImportFilePart.__tablename__)])) == []
