"""Do the filters of a query name records that exist? A mistyped slug must not read as "nothing was found"."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from app.errors import InvalidQuery, ParameterProblem
from app.models import Condition, Intervention, Outcome
from app.queries.filter_values import split_values

NAMED: dict[str, Any] = {"condition": col(Condition.slug), "intervention": col(Intervention.slug), "outcome": col(Outcome.slug)}
"""Parameters whose values are slugs of reference records, wherever they occur."""
NEAREST = 5


def name_of(parameter: str) -> str:
    return parameter.removesuffix("__not")


def naming_records(params: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the parameters of a query that name reference records."""
    return [(parameter, text) for parameter, text in params if name_of(parameter) in NAMED]


def refuse_unknown_records(session: Session, params: Iterable[tuple[str, str]]) -> None:
    """InvalidQuery for every value that names no record, with the nearest that do. One query for each kind of record that is named."""
    given = list(params)
    problems = []
    for name in sorted({name_of(parameter) for parameter, _ in given}):
        named = [(parameter, value) for parameter, text in given if name_of(parameter) == name for value in split_values(text)]
        there = set(session.execute(select(NAMED[name]).where(NAMED[name].in_({value for _, value in named}))).scalars())
        missing = [(parameter, value) for parameter, value in named if value not in there]
        if missing:
            problems += list(_problems(missing, sorted(session.execute(select(NAMED[name])).scalars())))
    if problems:
        raise InvalidQuery(f"{problems[0].parameter}: {problems[0].detail}", errors=problems)


def _problems(missing: Iterable[tuple[str, str]], known: list[str]) -> Iterator[ParameterProblem]:
    for parameter, value in missing:
        if not value:
            yield ParameterProblem(parameter, "A value is missing.")
            continue
        near = difflib.get_close_matches(value[:200], known, n=NEAREST, cutoff=0.4)
        hint = f"; the nearest: {', '.join(near)}" if near else ""
        yield ParameterProblem(parameter, f"There is no {name_of(parameter)} {value[:200]!r}{hint}.", near or known[:20])
