"""The founding data: loaded once however often, the same everywhere, corrected by the files and left to people once they touch it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actions.studies import amend_study, document_of, revision, submit_study
from app.database import make_engine, reading, transaction
from app.models import BodyOfEvidence, Condition, Rating, Study, StudyRevision
from app.queries.study_inputs import study_input
from app.schemas.study import StudyDocument
from app.seed import FOUNDED_AT, SEED_DATA, seed
from app.vocabulary import PublicationStatus, StudyKind
from tests.databases import ENGINES, Databases
from tests.factories import (
    ANNA,
    CONDITIONS,
    INSTRUMENTS,
    OUTCOMES,
    a_study,
    accept,
    condition_record,
    differences,
    instrument_record,
    intervention_record,
    put,
    row_counts,
)
from tests.require import require


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Founding data of two studies, in the files that the loader expects."""
    write(tmp_path / "conditions.json", [condition_record(slug, broader=None) for slug in CONDITIONS])
    write(tmp_path / "interventions.json", [intervention_record()])
    write(tmp_path / "outcomes.json", OUTCOMES)
    write(tmp_path / "condition_outcomes.json", [])
    write(tmp_path / "instruments.json", [instrument_record(*instrument) for instrument in INSTRUMENTS])
    for empty in ("sources", "claims", "readings", "positions"):
        write(tmp_path / f"{empty}.json", [])
    (tmp_path / "studies").mkdir()
    write_study(tmp_path, "first-2024-neck-pain")
    write_study(tmp_path, "second-2024-neck-pain", title="The second", same_participants_as=["third-2024-neck-pain"])
    write_study(tmp_path, "third-2024-neck-pain", title="The third", same_participants_as=["second-2024-neck-pain"])
    return tmp_path


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), "utf-8")


def write_study(folder: Path, key: str, **overrides: Any) -> None:
    (folder / "studies" / f"{key}.json").write_text(a_study(**overrides).model_dump_json(), "utf-8")


def study_of(session: Session, key: str) -> Study:
    return session.execute(select(Study).where(col(Study.key) == key)).scalar_one()


def statuses(engine: Engine, key: str) -> list[str]:
    with reading(engine) as session:
        mine = select(col(StudyRevision.status)).where(col(StudyRevision.study_id) == study_of(session, key).id)
        return list(session.execute(mine.order_by(col(StudyRevision.number))).scalars())


class TestSeed:
    def test_twice_is_once(self, engine: Engine, folder: Path) -> None:
        report = seed(engine, folder)
        assert report.studies_added == ["first-2024-neck-pain", "second-2024-neck-pain", "third-2024-neck-pain"]
        before = row_counts(engine)
        assert not seed(engine, folder).wrote
        assert row_counts(engine) == before
        assert differences(engine) == []

    def test_the_ratings_speak_of_the_founding_day(self, engine: Engine, folder: Path) -> None:
        seed(engine, folder)
        with reading(engine) as session:
            assert set(session.execute(select(col(Rating.as_of))).scalars()) == {FOUNDED_AT.date()}

    def test_a_corrected_file_becomes_an_accepted_amendment(self, engine: Engine, folder: Path) -> None:
        seed(engine, folder)
        write_study(folder, "first-2024-neck-pain", year=2023)
        assert seed(engine, folder).studies_amended == ["first-2024-neck-pain"]
        assert statuses(engine, "first-2024-neck-pain") == ["superseded", "accepted"]
        with reading(engine) as session:
            assert study_of(session, "first-2024-neck-pain").year == 2023
        assert differences(engine) == []
        assert not seed(engine, folder).wrote

    def test_a_stored_document_that_lacks_a_later_member_is_no_correction(self, engine: Engine, folder: Path) -> None:
        """As after an upgrade that gave judgements of risk of bias their `answers`."""
        seed(engine, folder)
        with transaction(engine) as session:
            for row in session.execute(select(StudyRevision)).scalars():
                row.document = row.document.replace(',"answers":{},"override_reason":null', "")
        write_study(folder, "fourth-2024-neck-pain", title="The fourth")
        report = seed(engine, folder)
        assert (report.studies_added, report.studies_amended) == (["fourth-2024-neck-pain"], [])

    def test_a_study_that_people_amended_is_left_as_they_made_it(self, engine: Engine, folder: Path) -> None:
        seed(engine, folder)
        with transaction(engine) as session:
            study = study_of(session, "first-2024-neck-pain")
            amend_study(session, study, a_study(year=2022), by=ANNA, base=1)
            submit_study(session, study, by=ANNA)
            accept(session, study)
        write_study(folder, "first-2024-neck-pain", year=2023)
        assert seed(engine, folder).studies_left == ["first-2024-neck-pain"]
        with reading(engine) as session:
            assert study_of(session, "first-2024-neck-pain").year == 2022
        assert differences(engine) == []

    def test_a_mere_draft_does_not_keep_a_correction_out(self, engine: Engine, folder: Path) -> None:
        seed(engine, folder)
        with transaction(engine) as session:
            amend_study(session, study_of(session, "first-2024-neck-pain"), a_study(year=2022), by=ANNA, base=1)
        write_study(folder, "first-2024-neck-pain", year=2023)
        assert seed(engine, folder).studies_amended == ["first-2024-neck-pain"]
        assert statuses(engine, "first-2024-neck-pain") == ["superseded", "draft", "accepted"]
        assert differences(engine) == []

    def test_a_corrected_record_moves_what_rests_on_it(self, engine: Engine, folder: Path) -> None:
        seed(engine, folder)
        write(folder / "instruments.json", [instrument_record(slug, outcome, 30.0 if mid else None) for slug, outcome, mid in INSTRUMENTS])
        report = seed(engine, folder)
        assert (report.records_written, report.ratings_moved) == (2, 1)
        assert differences(engine) == []

    def test_a_record_that_people_changed_is_left_as_they_made_it(self, engine: Engine, folder: Path) -> None:
        seed(engine, folder)
        with transaction(engine) as session:
            put(session, "condition", condition_record("migraine", name="Migraine, as we say here"))
        write_study(folder, "fourth-2024-neck-pain", title="The fourth")
        assert seed(engine, folder).records_left == ["condition:migraine"]
        with reading(engine) as session:
            assert session.get_one(Condition, "migraine").name == "Migraine, as we say here"

    def test_a_file_that_is_wrong_leaves_nothing(self, engine: Engine, folder: Path) -> None:
        write_study(folder, "fifth-2024-neck-pain", title="The fifth", conditions=["nowhere"], results=[])
        before = row_counts(engine)
        with pytest.raises(Exception, match="names records that do not exist"):
            seed(engine, folder)
        assert row_counts(engine) == before


@pytest.fixture(scope="module", params=ENGINES)
def founded(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Session]:
    """The founding data as every installation has them; read only."""
    if request.param == "postgresql":
        require("postgresql")
    engine = make_engine(databases.shared_seeded(request.param))
    with reading(engine) as session:
        yield session
    engine.dispose()


class TestFoundingData:
    def test_every_study_is_accepted_as_its_file_says(self, founded: Session) -> None:
        studies = {study.key: study for study in founded.execute(select(Study)).scalars()}
        assert studies.keys() == {path.stem for path in (SEED_DATA / "studies").glob("*.json")}
        assert {study.status for study in studies.values()} <= {"accepted", "retracted"}
        for key, study in studies.items():
            stored = document_of(revision(founded, study, 1))
            assert stored == StudyDocument.model_validate_json((SEED_DATA / "studies" / f"{key}.json").read_bytes())

    def test_no_rating_rests_on_a_review_or_a_registration(self, founded: Session) -> None:
        kinds = {row.key: (row.kind, row.publication_status) for row in founded.execute(select(Study)).scalars()}
        resting = {row["study"] for body in founded.execute(select(col(BodyOfEvidence.explanation))).scalars() for row in body["studies"]}
        assert len(resting) > 20
        assert {kinds[key][0] for key in resting} == {StudyKind.PRIMARY}
        assert not {kinds[key][1] for key in resting} & {PublicationStatus.REGISTERED, PublicationStatus.RETRACTED}

    def test_an_upper_bound_of_p_became_no_number(self, founded: Session) -> None:
        inputs = {
            study.key: study_input(study.key, document_of(revision(founded, study, 1)))
            for study in founded.execute(select(Study)).scalars()
        }
        from_p = []
        for body in founded.execute(select(col(BodyOfEvidence.explanation))).scalars():
            for row in body["studies"]:
                if row["basis"] == "p":
                    estimate = inputs[row["study"]].results[row["position"]].estimate
                    assert estimate is not None
                    assert estimate.p, row
                    assert not estimate.p_is_upper_bound, row
                    assert estimate.p_is_between_group, row
                    from_p.append(row["study"])
        assert from_p  # the walk saw at least one, so it looked

    def test_verify_finds_nothing(self, founded: Session) -> None:
        assert differences(founded.get_bind()) == []  # type: ignore[arg-type]


class TestTwoInstallations:
    def test_ids_and_ratings_are_the_same_on_both_engines(self, databases: Databases) -> None:
        require("postgresql")
        one, other = (self.founded(databases.shared_seeded(name)) for name in ENGINES)
        assert one[0] == other[0]
        assert one[1] == other[1]
        assert one[2] == other[2]

    def founded(self, url: str) -> tuple[dict[str, str], dict[Any, Any], dict[str, Any]]:
        engine = make_engine(url)
        with reading(engine) as session:
            ids = {study.key: study.id for study in session.execute(select(Study)).scalars()}
            ratings = {(row.condition, row.intervention): row.content for row in session.execute(select(Rating)).scalars()}
            bodies = {row.id: row.explanation for row in session.execute(select(BodyOfEvidence)).scalars()}
        engine.dispose()
        return ids, ratings, bodies

    def test_a_second_installation_gives_a_study_the_same_address(self, databases: Databases, folder: Path) -> None:
        ids = []
        for _ in range(2):
            with databases.sqlite.copy("empty") as url:
                engine = make_engine(url)
                seed(engine, folder)
                with reading(engine) as session:
                    ids.append(study_of(session, "first-2024-neck-pain").id)
                engine.dispose()
        assert ids[0] == ids[1]
