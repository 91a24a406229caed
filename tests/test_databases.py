"""Each test has a database of its own, on both engines."""

from sqlalchemy import Engine, func, select
from sqlmodel import col

from app.database import make_engine, reading, transaction
from app.models import Study


def count_studies(engine: Engine) -> int:
    with reading(engine) as session:
        return session.execute(select(func.count()).select_from(Study)).scalar_one()


class TestEmptyDatabase:
    def test_is_migrated_and_holds_nothing(self, engine: Engine) -> None:
        assert count_studies(engine) == 0


class TestSeededCopy:
    def test_shares_nothing_with_the_seeded_database(self, seeded_engine: Engine, seeded_copy_url: str) -> None:
        before = count_studies(seeded_engine)
        copy = make_engine(seeded_copy_url)
        assert count_studies(copy) == before > 0
        with transaction(copy) as session:
            study = session.execute(select(Study).limit(1)).scalar_one()
            study.title = "Changed in the copy"
        with reading(seeded_engine) as session:
            kept = session.execute(select(func.count()).where(col(Study.title) == "Changed in the copy")).scalar_one()
        copy.dispose()
        assert kept == 0
