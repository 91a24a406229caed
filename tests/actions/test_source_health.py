"""How the literature services fare, kept without a write for every question."""

from sqlalchemy import Engine, event

from app.actions.source_health import WRITE_EVERY, HealthKeeper
from app.database import reading
from app.errors import SourceTimeout, SourceUnavailable
from app.models import SourceHealth

DOWN = SourceUnavailable("Crossref answers with status 503.")


def crossref(engine: Engine) -> SourceHealth:
    with reading(engine) as session:
        return session.get_one(SourceHealth, "crossref")


class TestHealthKeeper:
    def test_failures_are_counted_until_it_answers(self, engine: Engine) -> None:
        now = [0.0]
        keeper = HealthKeeper(engine, clock=lambda: now[0])
        for _ in range(5):
            keeper.tell("crossref", DOWN)
        keeper.settle()
        assert crossref(engine).consecutive_failures == 1  # the others are not handed over yet
        now[0] += WRITE_EVERY
        keeper.tell("crossref", DOWN)
        keeper.settle()
        row = crossref(engine)
        assert (row.consecutive_failures, row.last_success_at, row.last_failure_kind) == (6, None, "source-unavailable")
        keeper.tell("crossref", None)
        keeper.close()
        row = crossref(engine)
        assert (row.consecutive_failures, row.last_failure) == (0, "Crossref answers with status 503.")
        assert row.last_success_at is not None

    def test_answers_in_a_row_are_not_written_one_by_one(self, engine: Engine) -> None:
        writes: list[str] = []
        event.listen(engine, "commit", lambda _connection: writes.append("commit"))
        keeper = HealthKeeper(engine, clock=lambda: 0.0)
        for _ in range(200):
            keeper.tell("crossref", None)
        keeper.settle()
        assert len(writes) == 1
        keeper.close()
        assert len(writes) == 2

    def test_another_kind_of_failure_is_written_at_once(self, engine: Engine) -> None:
        keeper = HealthKeeper(engine, clock=lambda: 0.0)
        keeper.tell("crossref", DOWN)
        keeper.tell("crossref", SourceTimeout("Crossref did not answer in time."))
        keeper.settle()
        row = crossref(engine)
        assert (row.consecutive_failures, row.last_failure_kind) == (2, "source-timeout")
        keeper.close()

    def test_two_processes_add_up(self, engine: Engine) -> None:
        for _ in range(2):
            keeper = HealthKeeper(engine)
            keeper.tell("crossref", DOWN)
            keeper.close()
        assert crossref(engine).consecutive_failures == 2

    def test_a_database_that_cannot_be_written_costs_nobody_his_answer(self, engine: Engine) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("ALTER TABLE source_health RENAME TO gone")
            connection.commit()
        keeper = HealthKeeper(engine)
        keeper.tell("crossref", DOWN)
        keeper.close()
