"""`verify` finds every change to an extraction or an adjudication, and nothing after honest acts."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from app.actions.adjudications import adjudicate_study
from app.actions.extractions import (
    close_double_extraction,
    complete_extraction,
    open_double_extraction,
    start_extraction,
    withdraw_extraction,
)
from app.actions.verification import verify
from app.actor import Actor
from app.database import make_engine, reading, transaction
from app.models import Adjudication, Change, DoubleExtraction, Study, StudyExtraction, StudyRevision
from app.schemas.adjudication import AdjudicationRequest
from app.schemas.extraction import Extraction
from tests.databases import ENGINES, Databases
from tests.factories import ANNA, BEN, CARL, CLARA, a_body, a_study, an_accepted_study
from tests.require import require

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
READING = {name: a_body()[name] for name in ("comparators", "n_randomised", "results", "risk_of_bias")}


def a_completed(session: Session, study: Study, by: Actor, **members: Any) -> StudyExtraction:
    row = start_extraction(session, study.id, Extraction.model_validate(READING | members), by=by)
    return complete_extraction(session, row, by=by)


def do_everything(session: Session) -> None:
    """One of each: adjudicated, closed, withdrawn, in progress."""
    adjudicated = an_accepted_study(session, ANNA, doi="10.1000/one")
    a_completed(session, adjudicated, ANNA)
    a_completed(session, adjudicated, BEN, n_randomised=121)
    decisions = [{"pointer": "/n_randomised", "choice": "second"}]
    adjudicate_study(session, adjudicated, AdjudicationRequest.model_validate({"decisions": decisions}), by=CARL)
    closed = an_accepted_study(session, ANNA, title="Another", doi="10.1000/two")
    double = open_double_extraction(session, closed, by=CLARA, reason="It decides.")
    withdraw_extraction(session, start_extraction(session, closed.id, Extraction(), by=ANNA), by=ANNA, reason="No time.")
    start_extraction(session, closed.id, Extraction(), by=BEN)
    close_double_extraction(session, double, by=CLARA, reason="Stuck.")


@pytest.fixture(scope="module", params=ENGINES)
def honest(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Engine]:
    if request.param == "postgresql":
        require("postgresql")
    with databases.on(request.param).copy("small") as url:
        engine = make_engine(url)
        with transaction(engine) as session:
            do_everything(session)
        yield engine
        engine.dispose()


def first_of(session: Session, table: type[SQLModel]) -> Any:
    key = table.__table__.primary_key.columns  # type: ignore[attr-defined]
    return session.execute(select(table).order_by(*key).limit(1)).scalar_one()


def found_after(engine: Engine, tamper: Callable[[Session], object]) -> list[str]:
    with Session(engine) as session:
        tamper(session)
        session.flush()
        session.expire_all()
        return [str(difference) for difference in verify(session)]


COLUMNS: list[tuple[type[SQLModel], str, Any]] = [
    (StudyExtraction, "document", lambda text: text.replace("120", "121")),
    (StudyExtraction, "extractor", "el_other"),
    (StudyExtraction, "status", "in-progress"),
    (StudyExtraction, "salt", "0"),
    (StudyExtraction, "completed_at", LONG_AGO),
    (DoubleExtraction, "salt", "0"),
    (DoubleExtraction, "base_revision", 7),
    (DoubleExtraction, "opened_by", "el_other"),
    (DoubleExtraction, "closed_at", LONG_AGO),
    (Adjudication, "decisions", lambda text: text.replace("second", "first")),
    (Adjudication, "salt", "0"),
    (Adjudication, "reason", "Another reason"),
    (Adjudication, "adjudicator", "el_other"),
]


class TestVerify:
    def test_nothing_differs_after_honest_acts(self, honest: Engine) -> None:
        with reading(honest) as session:
            assert list(verify(session)) == []

    @pytest.mark.parametrize(("table", "name", "value"), COLUMNS, ids=lambda one: one if isinstance(one, str) else None)
    def test_a_column_that_was_changed_is_found(self, honest: Engine, table: type[SQLModel], name: str, value: Any) -> None:
        def tamper(session: Session) -> None:
            row = first_of(session, table)
            setattr(row, name, value(getattr(row, name)) if callable(value) else value)

        assert [one for one in found_after(honest, tamper) if "is not the one the ledger pinned" in one]

    def test_a_row_that_was_deleted_or_added_is_found(self, honest: Engine) -> None:
        def drop(session: Session) -> None:
            session.delete(first_of(session, Adjudication))

        def add(session: Session) -> None:
            row = first_of(session, StudyExtraction)
            session.add(StudyExtraction(**row.model_dump() | {"id": "added", "extractor": "el_other"}))

        assert any(one.startswith("adjudication ") and "in the ledger and not in its table" in one for one in found_after(honest, drop))
        assert found_after(honest, add) == ["extraction added: is in no ledger entry"]

    def test_a_revision_other_than_what_was_adjudicated_is_found(self, honest: Engine) -> None:
        def tamper(session: Session) -> None:
            row = first_of(session, Adjudication)
            session.get_one(StudyRevision, (row.study_id, row.revision)).document = a_study().model_dump_json()

        assert any("is not the document that came of it" in one for one in found_after(honest, tamper))


class TestLedger:
    def test_no_value_of_an_extraction_can_be_tried_out_against_it(self, honest: Engine) -> None:
        """Two extractions with the same values have different hashes in the ledger."""
        with transaction(honest) as session:
            study = an_accepted_study(session, ANNA, title="Twin", doi="10.1000/twin")
            rows = [a_completed(session, study, by) for by in (ANNA, BEN)]
            assert rows[0].document == rows[1].document
            assert rows[0].salt != rows[1].salt
            texts = session.execute(select(col(Change.content)).where(col(Change.action).startswith("extraction."))).scalars().all()
        assert not [text for text in texts if "neck-pain" in text or "sham" in text or "pain-vas" in text]
