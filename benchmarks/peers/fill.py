"""The same made-up studies for the plain peer: `fill(url, studies)`; a file that holds as many is left as it is."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from sqlmodel import create_engine

from benchmarks.peers.plain import Base, Condition, Result, Study, StudyConditionLink
from benchmarks.synthetic import STUDIES_A_CONDITION, condition, condition_slug, study

BATCH = 5_000
SIDES, FIGURES = ("treatment", "control"), ("n", "mean", "sd")


def fill(url: str, studies: int) -> None:
    engine = create_engine(url)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        there = session.execute(select(func.count()).select_from(Study)).scalar_one()
        if there < studies:
            _write(session, studies)
    engine.dispose()


def _write(session: Session, studies: int) -> None:
    conditions = [condition(number) for number in range(-(-studies // STUDIES_A_CONDITION))]
    session.execute(insert(Condition), [{name: one[name] for name in ("slug", "name", "description")} for one in conditions])
    waiting = iter(range(studies))
    while numbers := list(islice(waiting, BATCH)):
        made = [(number, study(number)) for number in numbers]
        session.execute(insert(Study), [_row(one.id, one.key, one.document) for _, one in made])
        links = [{"study_id": one.id, "condition_slug": condition_slug(number // STUDIES_A_CONDITION)} for number, one in made]
        session.execute(insert(StudyConditionLink), links)
        session.execute(insert(Result), [row for _, one in made for row in _results(one.id, one.document)])


def _row(study_id: str, key: str, document: Any) -> dict[str, Any]:
    names = set(Study.model_fields) - {"id", "key", "authors"}
    return {"id": study_id, "key": key, "authors": ", ".join(document.authors)} | document.model_dump(mode="json", include=names)


def _results(study_id: str, document: Any) -> Iterator[dict[str, Any]]:
    for result in document.results:
        sides = {
            f"{side}_{name}": getattr(getattr(result, side), name) for side in ("treatment", "control") for name in ("n", "mean", "sd")
        }
        yield {"study_id": study_id, "outcome": result.outcome, "comparator": result.comparator.value, **sides}
