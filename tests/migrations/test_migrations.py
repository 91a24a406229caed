"""Up, down and up again on both engines, with data; models, migrations and code agree."""

from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, select, text
from sqlmodel import col

from app.actions.appraisals import make_appraisal
from app.actions.studies import amend_study, create_study
from app.actions.withdrawal import withdraw_revision
from app.cli.database import migrate_database
from app.database import HEAD_REVISION, make_engine, migration_revision, reading, transaction
from app.models import Result, Study
from app.schemas.study import StudyDocument
from app.settings import PROJECT_ROOT
from app.vocabulary import Domain
from tests.databases import Databases
from tests.factories import ANNA, CLARA, a_result, an_accepted_study, differences, row_counts, the_least, write_vocabulary

TRIGGERS = {"search_entry_insert", "search_entry_update", "search_entry_delete"}
TABLES_ONLY = "2026112401"
WITH_SEARCH = "2026112402"
LATER_TABLES = (
    *("double_extraction", "study_extraction", "adjudication"),
    *("domain_appraisal", "rating_input", "rating_input_part"),
    *("comment", "assignment", "sign_off"),
    *("job", "reference_import", "import_file_part", "import_record"),
    *("publication_notice", "source_check", "source_health"),
)
BODY = "neck-pain.craniosacral-therapy.pain-intensity.sham.post-treatment"
INPUTS_LOST = "Its inputs were not kept"


def configuration(url: str) -> Config:
    config = Config(str(PROJECT_ROOT / "alembic.ini"))
    config.attributes["url"] = url
    return config


def find(engine: Engine, word: str) -> int:
    statement = {
        "sqlite": "SELECT count(*) FROM search_index WHERE search_index MATCH :word",
        "postgresql": "SELECT count(*) FROM search_entry WHERE document_vector @@ plainto_tsquery('english', search_fold(:word))",
    }[engine.dialect.name]
    with reading(engine) as session:
        return int(session.execute(text(statement), {"word": word}).scalar_one())


@pytest.fixture
def filled(vocabulary: Engine) -> Engine:
    """A database with an accepted study, its connections closed, so that migrations have it to themselves."""
    with transaction(vocabulary) as session:
        an_accepted_study(session, conclusion="zygomatic")
    vocabulary.dispose()
    return vocabulary


class TestHistory:
    def test_there_is_one_head_and_the_code_knows_it(self) -> None:
        assert ScriptDirectory.from_config(configuration("sqlite://")).get_heads() == [HEAD_REVISION]

    def test_each_migration_follows_one_other(self) -> None:
        script = ScriptDirectory.from_config(configuration("sqlite://"))
        assert [revision.revision for revision in script.walk_revisions()] == [
            *(f"20261129{number:02}" for number in range(8, 0, -1)),
            "2026112404",
            "2026112403",
            WITH_SEARCH,
            TABLES_ONLY,
        ]

    def test_models_and_migrations_agree(self, small_url: str) -> None:
        command.check(configuration(small_url))


class TestUpDownUp:
    def test_the_search_index_goes_and_comes_back_with_all_it_held(self, filled: Engine, small_url: str) -> None:
        before = row_counts(filled, but=LATER_TABLES)
        filled.dispose()
        migrate_database(small_url, TABLES_ONLY)
        with reading(filled) as session:
            assert migration_revision(session) == TABLES_ONLY
        assert row_counts(filled, but=LATER_TABLES) == before
        filled.dispose()
        migrate_database(small_url)
        assert row_counts(filled, but=LATER_TABLES) == before
        assert find(filled, "zygomatic") == 1

    def test_what_a_migration_down_throws_away_is_named_and_nothing_else(self, filled: Engine, small_url: str) -> None:
        with transaction(filled) as session:
            row = make_appraisal(
                session, BODY, by=CLARA, domain=Domain.INDIRECTNESS, levels=1, rationale="Other people.", conflict_of_interest="none"
            )
        assert differences(filled) == []
        filled.dispose()
        migrate_database(small_url, WITH_SEARCH)
        assert set(LATER_TABLES).isdisjoint(inspect(filled).get_table_names())
        filled.dispose()
        migrate_database(small_url)
        found = differences(filled)
        assert f"appraisal {row.id}: is in the ledger and not in its table" in found
        assert {INPUTS_LOST in one or "appraisal" in one for one in found} == {True}

    def test_ratings_made_after_it_keep_their_inputs(self, filled: Engine, small_url: str) -> None:
        migrate_database(small_url, WITH_SEARCH)
        filled.dispose()
        migrate_database(small_url)
        assert row_counts(filled)["rating_input"] == 0
        with transaction(filled) as session:
            an_accepted_study(session, title="Another", doi="10.1000/another")
        assert row_counts(filled)["rating_input"] == 1

    def test_a_draft_without_kind_and_design_is_kept_through_a_version_that_asks_for_both(self, filled: Engine, small_url: str) -> None:
        with transaction(filled) as session:
            draft = create_study(session, StudyDocument.model_validate(the_least()), by=ANNA).id
        filled.dispose()
        migrate_database(small_url, "2026112404")
        filled.dispose()
        migrate_database(small_url)
        with reading(filled) as session:
            study = session.get_one(Study, draft)
            assert (study.kind, study.design) == (None, None)
        assert differences(filled) == []

    def test_whose_draft_it_was_and_why_it_was_withdrawn_are_lost_on_the_way_down_and_missed(self, filled: Engine, small_url: str) -> None:
        with transaction(filled) as session:
            study = create_study(session, StudyDocument.model_validate(the_least()), by=ANNA)
            amend_study(session, study, StudyDocument.model_validate(the_least()), by=CLARA, base=None)
            withdraw_revision(session, study, reason="entered twice", by=ANNA)
        assert differences(filled) == []
        filled.dispose()
        migrate_database(small_url, "2026112404")
        filled.dispose()
        migrate_database(small_url)
        lost = "its document, its base, its reason, its making or why it was withdrawn is not the one the ledger pinned"
        assert differences(filled) == [f"study {study.key}, revision 2: {lost}"]

    def test_the_day_of_completion_comes_back_from_the_documents(self, filled: Engine, small_url: str) -> None:
        trial: dict[str, Any] = {"kind": "registration", "design": "registered-trial", "publication_status": "registered", "results": []}
        with transaction(filled) as session:
            study = an_accepted_study(session, **trial, title="Registered", registration="NCT99000001", completed_on="2020-05").id
        filled.dispose()
        migrate_database(small_url, "2026112904")
        filled.dispose()
        migrate_database(small_url)
        with reading(filled) as session:
            assert session.get_one(Study, study).completed_on == "2020-05"
        assert differences(filled) == []

    def test_what_a_body_can_use_comes_back_from_the_documents(self, filled: Engine, small_url: str) -> None:
        unclear = {"direction": "unclear", "treatment": {}, "control": {}}
        rows = [a_result(**unclear, estimate={"measure": "MD", "value": -3.0, "se": 1.0}), a_result(**unclear)]
        with transaction(filled) as session:
            study = an_accepted_study(session, title="Two ways", results=rows).id
        filled.dispose()
        migrate_database(small_url, "2026112904")
        filled.dispose()
        migrate_database(small_url)
        with reading(filled) as session:
            assert [session.get_one(Result, (study, position)).usable for position in (0, 1)] == [True, False]
        assert differences(filled) == []

    def test_what_a_body_can_use_is_worked_out_at_last_where_an_upgrade_was_broken_off(self, filled: Engine, small_url: str) -> None:
        migrate_database(small_url, "2026112904")
        filled.dispose()
        command.upgrade(configuration(small_url), "head")  # the migrations alone, and the process ended
        with reading(filled) as session:
            assert session.execute(select(col(Result.usable))).scalars().all() == [None]
        assert [one for one in differences(filled) if "table result" in one]
        filled.dispose()
        migrate_database(small_url)
        with reading(filled) as session:
            assert session.execute(select(col(Result.usable))).scalars().all() == [True]
        assert differences(filled) == []

    def test_a_migration_rests_on_no_code_that_will_change(self) -> None:
        files = (PROJECT_ROOT / "migrations" / "versions").glob("*.py")
        assert [file.name for file in files if "from app" in file.read_text() or "import app" in file.read_text()] == []

    def test_all_the_way_down_nothing_is_left_and_up_again_all_works(self, filled: Engine, small_url: str) -> None:
        migrate_database(small_url, "base")
        assert set(inspect(filled).get_table_names()) == {"alembic_version"}
        filled.dispose()
        migrate_database(small_url)
        write_vocabulary(filled)
        with transaction(filled) as session:
            an_accepted_study(session, conclusion="zygomatic")
        assert find(filled, "zygomatic") == 1
        assert differences(filled) == []

    def test_a_second_time_does_nothing(self, filled: Engine, small_url: str) -> None:
        migrate_database(small_url)
        assert differences(filled) == []

    def test_the_index_is_kept_by_the_database_itself(self, filled: Engine) -> None:
        with transaction(filled) as session:
            session.execute(text("UPDATE search_entry SET words = 'sphenoidal' WHERE kind = 'study'"))
        assert (find(filled, "zygomatic"), find(filled, "sphenoidal")) == (0, 1)
        with transaction(filled) as session:
            session.execute(text("DELETE FROM search_entry WHERE kind = 'study'"))
        assert find(filled, "sphenoidal") == 0

    def test_the_triggers_of_sqlite_are_there(self, databases: Databases) -> None:
        with databases.sqlite.copy("empty") as url:
            engine = make_engine(url)
            with reading(engine) as session:
                assert set(session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()) == TRIGGERS
            engine.dispose()
