"""Does a study document name only records that exist? Asked before anything is stored."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.actor import Actor
from app.errors import FieldProblem
from app.models import Condition, Instrument, Intervention, Outcome, Study
from app.queries.study_records import visible_to
from app.schemas.study import StudyDocument, StudyResult


class _ConditionSlugs(Collection[str]):
    """Of conditions there are too many to read them all for one document: each is looked up when it is named, once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asked: dict[str, bool] = {}

    def __contains__(self, slug: object) -> bool:
        name = str(slug)
        if name not in self._asked:
            self._asked[name] = self._session.execute(select(col(Condition.slug)).where(col(Condition.slug) == name)).first() is not None
        return self._asked[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_all_conditions(self._session))

    def __len__(self) -> int:
        return len(_all_conditions(self._session))


def _all_conditions(session: Session) -> frozenset[str]:
    return frozenset(session.execute(select(col(Condition.slug))).scalars())


@dataclass(frozen=True, slots=True)
class KnownSlugs:
    conditions: Collection[str]
    outcomes: Mapping[str, str]
    """Outcome to which way is better."""
    instruments: Mapping[str, str]
    """Instrument to the outcome it measures."""
    ranges: Mapping[str, tuple[float | None, float | None]]
    """Instrument to the least and the greatest score it can give; None where it has no bound."""
    fidelities: Mapping[str, frozenset[str]]
    """Intervention to the fidelities that count as it."""
    mids: Mapping[str, float] = field(default_factory=dict)
    """Instrument to the least difference that matters, where one is known."""


def load_known_slugs(session: Session, *, at_once: bool = False) -> KnownSlugs:
    """What a document may name, good for as long as the session is; `at_once`: for longer, with all conditions in memory."""
    columns = (col(Instrument.slug), col(Instrument.outcome), col(Instrument.min), col(Instrument.max), col(Instrument.mid))
    instruments = session.execute(select(*columns)).all()
    return KnownSlugs(
        conditions=_all_conditions(session) if at_once else _ConditionSlugs(session),
        outcomes=dict(session.execute(select(col(Outcome.slug), col(Outcome.better))).all()),
        instruments={row.slug: row.outcome for row in instruments},
        ranges={row.slug: (row.min, row.max) for row in instruments},
        mids={row.slug: row.mid for row in instruments if row.mid is not None},
        fidelities={
            slug: frozenset(entry["fidelity"] for entry in entries)
            for slug, entries in session.execute(select(col(Intervention.slug), col(Intervention.fidelities))).all()
        },
    )


def find_unknown_slugs(document: StudyDocument, known: KnownSlugs) -> list[FieldProblem]:
    """Every slug of the document that names nothing, with the nearest that do."""
    problems = [_unknown(f"/conditions/{i}", "condition", slug, known.conditions) for i, slug in enumerate(document.conditions)]
    problems += _treatment_problems(document, known)
    for position, result in enumerate(document.results):
        problems += _result_problems(f"/results/{position}", result, known)
    for position, judgement in enumerate(document.risk_of_bias):
        if judgement.outcome is not None:
            problems.append(_unknown(f"/risk_of_bias/{position}/outcome", "outcome", judgement.outcome, known.outcomes))
    return [problem for problem in problems if problem is not None]


def find_unknown_studies(session: Session, document: StudyDocument, *, reader: Actor | None) -> list[FieldProblem]:
    """Keys of other studies that the document names and that do not exist, as far as the reader may know."""
    named = {f"/same_participants_as/{i}": key for i, key in enumerate(document.same_participants_as)}
    if document.synthesis is not None:
        named |= {f"/synthesis/included/{i}": key for i, key in enumerate(document.synthesis.included)}
    if not named:
        return []
    seen = visible_to(reader) if reader is not None else col(Study.live_revision).is_not(None)
    there = set(session.execute(select(col(Study.key)).where(col(Study.key).in_(set(named.values())), seen)).scalars())
    return [FieldProblem(pointer, f"no study has the key {key!r}") for pointer, key in named.items() if key not in there]


def _treatment_problems(document: StudyDocument, known: KnownSlugs) -> Iterator[FieldProblem | None]:
    if document.intervention is None:
        if document.fidelity is not None:
            yield FieldProblem("/fidelity", "needs the intervention it belongs to")
        return
    yield _unknown("/intervention", "intervention", document.intervention, known.fidelities)
    allowed = known.fidelities.get(document.intervention)
    if document.fidelity is not None and allowed is not None:
        yield _unknown("/fidelity", f"fidelity of {document.intervention}", document.fidelity, allowed)


def _result_problems(pointer: str, result: StudyResult, known: KnownSlugs) -> Iterator[FieldProblem | None]:
    yield _unknown(f"{pointer}/condition", "condition", result.condition, known.conditions)
    yield _unknown(f"{pointer}/outcome", "outcome", result.outcome, known.outcomes)
    yield _unknown(f"{pointer}/instrument", "instrument", result.instrument, known.instruments)
    measures = known.instruments.get(result.instrument)
    if measures is not None and measures != result.outcome:
        fitting = sorted(slug for slug, outcome in known.instruments.items() if outcome == result.outcome)
        yield FieldProblem(f"{pointer}/instrument", f"measures {measures}, not {result.outcome}", fitting)


def _unknown(pointer: str, what: str, slug: str, known: Collection[str]) -> FieldProblem | None:
    if slug in known:
        return None
    near = difflib.get_close_matches(slug, sorted(known), n=5, cutoff=0.4) or sorted(known)[:20]
    return FieldProblem(pointer, f"no {what} has the slug {slug!r}", near)
