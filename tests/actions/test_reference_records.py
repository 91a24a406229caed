"""Reference records: a version, an entry with before and after, and nothing where nothing differs."""

import json
from typing import Any

from sqlalchemy import Engine, select
from sqlmodel import col

from app.actions.reference_records import put_condition_outcomes, read_condition_outcomes
from app.actor import MAINTENANCE
from app.database import reading, transaction
from app.models import Change, Condition, Instrument, Outcome, SearchEntry
from app.schemas.reference import ConditionOutcomeRecord
from tests.factories import (
    OUTCOMES,
    an_accepted_study,
    condition_record,
    differences,
    instrument_record,
    intervention_record,
    put,
    row_counts,
)


def entries_about(engine: Engine, subject: str) -> list[dict[str, Any]]:
    with reading(engine) as session:
        rows = session.execute(select(col(Change.content)).where(col(Change.subject) == subject).order_by(col(Change.sequence))).scalars()
        return [json.loads(row) for row in rows]


class TestPutRecord:
    def test_a_change_is_an_entry_with_before_and_after(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            put(session, "condition", condition_record("migraine", synonyms=["megrim"]))
        added, changed = entries_about(vocabulary, "condition:migraine")
        assert (added["action"], added["details"]["before"]) == ("condition.added", None)
        assert changed["action"] == "condition.changed"
        assert changed["details"]["before"] == added["details"]["after"]
        assert changed["details"]["after"]["synonyms"] == ["megrim"]
        with reading(vocabulary) as session:
            assert session.get_one(Condition, "migraine").version == 2
        assert differences(vocabulary) == []

    def test_the_same_again_writes_nothing(self, vocabulary: Engine) -> None:
        before = row_counts(vocabulary)
        with transaction(vocabulary) as session:
            put(session, "condition", condition_record("migraine"))
            put(session, "intervention", intervention_record())
            put(session, "outcome", dict(OUTCOMES[1]))
            put(session, "instrument", instrument_record("pain-vas-100", "pain-intensity", 10.0))
        assert row_counts(vocabulary) == before

    def test_an_ordered_record_keeps_its_place_and_a_new_one_comes_last(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            put(session, "outcome", dict(OUTCOMES[1]) | {"name": "Disability in daily life"})
            put(session, "outcome", dict(OUTCOMES[1]) | {"slug": "sleep", "name": "Sleep"})
            put(session, "instrument", instrument_record("pain-nrs", "pain-intensity", 1.0))
            places = {row.slug: row.position for row in session.execute(select(Outcome)).scalars()}
            assert session.get_one(Instrument, "pain-nrs").position == 1
        assert places == {"pain-intensity": 0, "disability": 1, "adverse-events": 2, "sleep": 3}
        assert [entry["details"]["after"]["position"] for entry in entries_about(vocabulary, "outcome:disability")] == [1, 1]

    def test_the_parts_of_an_intervention_are_replaced_with_it(self, vocabulary: Engine) -> None:
        effects = [
            {"name": "Headache", "severity": "mild", "source": "a trial"},
            {"name": "Dizziness", "severity": "mild", "source": "a trial"},
        ]
        warning = {"slug": "bleeding", "name": "Bleeding", "severity": "absolute", "reason": "Pressure.", "sources": ["a book"]}
        with transaction(vocabulary) as session:
            put(session, "intervention", intervention_record(adverse_effects=effects, contraindications=[warning]))
            put(session, "intervention", intervention_record(adverse_effects=effects[1:]))
        after = entries_about(vocabulary, "intervention:craniosacral-therapy")[-1]["details"]["after"]
        assert [effect["name"] for effect in after["adverse_effects"]] == ["Dizziness"]
        assert after["contraindications"] == []

    def test_a_study_is_found_by_the_new_names_of_its_condition_and_intervention(self, vocabulary: Engine) -> None:
        with transaction(vocabulary) as session:
            study = an_accepted_study(session)
            put(session, "condition", condition_record("neck-pain", synonyms=["cervicalgia"]))
            put(session, "intervention", intervention_record(synonyms=["CST"]))
            words = session.execute(select(col(SearchEntry.words)).where(col(SearchEntry.reference) == study.id)).scalar_one()
        assert "cervicalgia" in words
        assert "CST" in words


class TestPutConditionOutcomes:
    def put(self, engine: Engine, *rows: tuple[str, str, str]) -> Change | None:
        records = [
            ConditionOutcomeRecord.model_validate(dict(zip(("condition", "outcome", "importance"), row, strict=True))) for row in rows
        ]
        with transaction(engine) as session:
            return put_condition_outcomes(session, records, by=MAINTENANCE)

    def test_other_rows_go(self, vocabulary: Engine) -> None:
        assert self.put(vocabulary, ("migraine", "disability", "critical")) is not None
        with reading(vocabulary) as session:
            assert read_condition_outcomes(session) == [("migraine", "disability", "critical")]

    def test_the_same_again_writes_nothing(self, vocabulary: Engine) -> None:
        assert self.put(vocabulary, ("neck-pain", "pain-intensity", "critical")) is None

    def test_all_may_go_and_come_back(self, vocabulary: Engine) -> None:
        assert self.put(vocabulary) is not None
        assert self.put(vocabulary, ("neck-pain", "pain-intensity", "critical")) is not None
        assert differences(vocabulary) == []
