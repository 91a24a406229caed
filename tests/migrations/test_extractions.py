"""The tables of extractions come, go and come again without touching anything else."""

import pytest
from sqlalchemy import Engine, inspect

from app.actions.extractions import start_extraction
from app.cli.database import migrate_database
from app.database import transaction
from app.schemas.extraction import Extraction
from tests.factories import BEN, an_accepted_study, differences, row_counts

BEFORE = "2026112903"
HERE = "2026112904"
TABLES = {"double_extraction", "study_extraction", "adjudication"}


@pytest.fixture
def filled(vocabulary: Engine) -> Engine:
    with transaction(vocabulary) as session:
        study = an_accepted_study(session)
        start_extraction(session, study.id, Extraction(n_randomised=120), by=BEN)
    assert differences(vocabulary) == []
    vocabulary.dispose()
    return vocabulary


class TestExtractions:
    def test_down_they_go_and_up_they_come_back_empty_which_verify_tells(self, filled: Engine, small_url: str) -> None:
        kept = {"study", "study_revision", "change", "rating", "review"}
        before = {name: count for name, count in row_counts(filled).items() if name in kept}
        filled.dispose()
        migrate_database(small_url, BEFORE)
        assert TABLES.isdisjoint(inspect(filled).get_table_names())
        filled.dispose()
        migrate_database(small_url, HERE)
        assert set(inspect(filled).get_table_names()) >= TABLES
        filled.dispose()
        migrate_database(small_url)
        after = row_counts(filled)
        assert {name: after[name] for name in kept} == before
        assert {after[name] for name in TABLES} == {0}
        lost = [one for one in differences(filled) if "xtraction " in one]
        assert sorted(one.split(" ")[0] for one in lost) == ["double-extraction", "extraction"]
        assert all("is in the ledger and not in its table" in one for one in lost)
