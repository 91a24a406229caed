"""Studies written by the thousand are what one by one would have made of them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlmodel import SQLModel, col

from app.actions import ledger
from app.actions.founding_studies import BATCH, FoundingStudy, write_founding_studies
from app.actions.ledger import members_of
from app.actions.recompute import Cause, recompute_pairs
from app.actions.reviews import make_live
from app.actions.studies import create_study, document_of, submit_study
from app.actor import SEEDING
from app.database import make_engine, reading, transaction
from app.errors import DuplicateStudy, InconsistentStudy, InvalidBody, Problem
from app.identifiers import uuid7
from app.models import (
    Change,
    Comparison,
    IncludedStudy,
    Rating,
    Result,
    RiskOfBias,
    SearchEntry,
    SharedParticipants,
    Study,
    StudyCondition,
    StudyRevision,
)
from app.models.base import utc_now
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.study import StudyDocument
from tests.databases import Databases, EngineName
from tests.factories import a_result, a_study, differences

TABLES: tuple[type[SQLModel], ...] = (Comparison, IncludedStudy, Result, RiskOfBias, SearchEntry, SharedParticipants, StudyCondition)
OWN = {"id", "created_at", "updated_at", "submitted_at", "decided_at", "salt", "revision_pin"}
"""What no two writings of the same study have in common."""


@pytest.fixture
def another_vocabulary(databases: Databases, engine_name: EngineName) -> Iterator[Engine]:
    """A second database like that of `vocabulary`."""
    with databases.on(engine_name).copy("small") as url:
        engine = make_engine(url)
        yield engine
        engine.dispose()


def documents() -> dict[str, StudyDocument]:
    retracted = a_study(title="Taken back", publication_status="retracted", doi="10.1000/taken-back")
    return {
        "first": a_study(title="A first trial", doi="10.1000/first", pmid="111"),
        "second": a_study(title="A second trial", same_participants_as=["first"], results=[a_result(), a_result(timepoint_weeks=12)]),
        "taken-back": retracted,
    }


def founded(given: dict[str, StudyDocument]) -> list[FoundingStudy]:
    return [FoundingStudy(str(uuid7()), key, document) for key, document in given.items()]


def write_many(engine: Engine, given: dict[str, StudyDocument]) -> None:
    with transaction(engine) as session:
        pairs = write_founding_studies(session, founded(given), by=SEEDING, known=load_known_slugs(session))
        change = ledger.append(session, by=SEEDING, action="ledger.seeded", subject="ledger:founding-data", summary="Loaded")
        recompute_pairs(session, pairs, by=SEEDING, cause=Cause(change, "loaded", change.occurred_at.date()))


def write_singly(engine: Engine, given: dict[str, StudyDocument]) -> None:
    with transaction(engine) as session:
        studies = [create_study(session, document, by=SEEDING, key=key) for key, document in given.items()]
        rows = [submit_study(session, study, by=SEEDING) for study in studies]
        for study, row in zip(studies, rows, strict=True):
            make_live(session, study, row, document_of(row), by=SEEDING, moment=utc_now())


def written(engine: Engine) -> dict[str, Any]:
    """Everything about the studies, with keys in the place of ids, and without what no two writings have in common."""
    with reading(engine) as session:
        studies = session.execute(select(Study).order_by(col(Study.key))).scalars().all()
        keys = {study.id: study.key for study in studies}
        by_key = {
            table.__name__: sorted(json.dumps(plain(row, keys), default=str) for row in session.execute(select(table)).scalars())
            for table in TABLES
        }
        revisions = [plain(row, keys) for row in session.execute(select(StudyRevision)).scalars()]
        entries = [json.loads(text) for text in session.execute(select(col(Change.content)).order_by(col(Change.sequence))).scalars()]
    of_studies = [entry for entry in entries if entry["action"].startswith("study.")]
    return {
        "studies": [plain(study, keys) for study in studies],
        "revisions": sorted(revisions, key=lambda row: str(row["study_id"])),
        "entries": [told(entry, keys) for entry in of_studies],
        **by_key,
    }


def plain(row: SQLModel, keys: dict[str, str]) -> dict[str, Any]:
    members = {name: value for name, value in members_of(row).items() if name not in OWN}
    return {name: keys.get(value, value) if isinstance(value, str) else value for name, value in members.items()}


def told(entry: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    details = {name: value for name, value in entry["details"].items() if name not in OWN}
    names = {name: entry[name] for name in ("action", "actor", "summary")}
    subjects = sorted(keys.get(subject.removeprefix("study:"), subject) for subject in entry["subjects"])
    return {**names, "subject": keys[entry["subject"].removeprefix("study:")], "subjects": subjects, "details": details}


def test_the_rows_and_entries_are_those_of_one_by_one(vocabulary: Engine, another_vocabulary: Engine) -> None:
    write_many(vocabulary, documents())
    write_singly(another_vocabulary, documents())
    many, singly = written(vocabulary), written(another_vocabulary)
    assert {name: many[name] == singly[name] for name in many} == dict.fromkeys(singly, True)
    assert [study["status"] for study in many["studies"]] == ["accepted", "accepted", "retracted"]
    assert len(many["entries"]) == 9


def test_verification_finds_nothing_and_the_ratings_count_them(vocabulary: Engine) -> None:
    write_many(vocabulary, documents())
    assert differences(vocabulary) == []
    with reading(vocabulary) as session:
        assert session.get_one(Rating, ("neck-pain", "craniosacral-therapy")).eligible_studies == 1  # two papers on the same people


def test_more_than_a_batch_is_written_whole(vocabulary: Engine) -> None:
    one = a_study()
    many = {f"trial-{i}": one.model_copy(update={"title": f"Trial {i}"}) for i in range(BATCH + 1)}
    with transaction(vocabulary) as session:
        write_founding_studies(session, founded(many), by=SEEDING, known=load_known_slugs(session))
    with reading(vocabulary) as session:
        assert len(session.execute(select(col(Study.id))).scalars().all()) == BATCH + 1


@pytest.mark.parametrize(
    ("wrong", "refusal", "words"),
    [
        ({"conditions": ["no-such-condition"]}, InvalidBody, "do not exist"),
        ({"doi": "10.1000/first"}, DuplicateStudy, "10.1000/first"),
        ({"pmid": "111"}, DuplicateStudy, "111"),
        ({"same_participants_as": ["nobody"]}, InconsistentStudy, "contradicts itself"),
        ({"sources": []}, Problem, "not complete"),
    ],
)
def test_a_study_that_cannot_be_accepted_lets_none_in(
    vocabulary: Engine, wrong: dict[str, Any], refusal: type[Problem], words: str
) -> None:
    with pytest.raises(refusal, match=words):
        write_many(vocabulary, {**documents(), "wrong": a_study(**wrong)})
    with reading(vocabulary) as session:
        assert session.execute(select(col(Study.id))).first() is None


def test_an_identifier_that_a_study_has_already_is_refused_by_its_name(vocabulary: Engine) -> None:
    write_many(vocabulary, documents())
    with pytest.raises(DuplicateStudy, match="belongs to the study first"):
        write_many(vocabulary, {"other": a_study(title="Other", doi="10.1000/first")})
