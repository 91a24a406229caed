from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.actions import ledger
from app.actor import MAINTENANCE
from app.database import reading, transaction
from app.queries.answer_meta import answer_meta, newest_sequence
from app.synthesis.rating import METHOD_VERSION
from tests.query_count import counted_queries

ENTRIES = (
    # action, subject, what else it touches
    ("condition.added", "condition:migraine", ()),
    ("intervention.added", "intervention:cst", ()),
    ("rating.changed", "rating:migraine/cst", ("condition:migraine", "intervention:cst")),
    ("rating.changed", "rating:tinnitus/cst", ("condition:tinnitus", "intervention:cst")),
)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as writing:
        for action, subject, touches in ENTRIES:
            ledger.append(writing, by=MAINTENANCE, action=action, subject=subject, summary=subject, touches=touches)
    with reading(engine) as opened:
        yield opened


class TestNewestSequence:
    def test_is_nought_before_the_first_entry(self, engine: Engine) -> None:
        with reading(engine) as session:
            assert newest_sequence(session, None) == newest_sequence(session, ["condition:migraine"]) == 0

    def test_without_subjects_any_entry_counts(self, session: Session) -> None:
        assert newest_sequence(session, None) == 4

    def test_a_subject_counts_with_all_that_touches_it(self, session: Session) -> None:
        assert newest_sequence(session, ["condition:migraine"]) == 3
        assert newest_sequence(session, ["condition:migraine", "condition:tinnitus"]) == 4

    def test_a_record_counts_with_its_own_edits_only(self, session: Session) -> None:
        assert newest_sequence(session, [], ["intervention:cst"]) == 2
        assert newest_sequence(session, ["condition:migraine"], ["intervention:cst"]) == 3


class TestAnswerMeta:
    def test_takes_one_query(self, session: Session) -> None:
        with counted_queries(session) as sent:
            answer_meta(session, subjects=["condition:migraine"], records=["intervention:cst"])
        assert len(sent) == 1

    def test_names_method_entry_and_newest_day(self, session: Session) -> None:
        meta = answer_meta(session, subjects=["condition:migraine"], as_of=[date(2026, 1, 2), date(2025, 3, 4)], at_least=4)
        assert (meta.method, meta.sequence, meta.as_of) == (METHOD_VERSION, 4, date(2026, 1, 2))
        assert "not medical advice" in meta.disclaimer

    def test_an_answer_without_a_rating_has_no_day(self, session: Session) -> None:
        assert answer_meta(session).as_of is None
