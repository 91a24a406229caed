"""Do the filters of a query name people who are there? A mistyped name must not read as "nothing was found"."""

import difflib
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.errors import InvalidQuery, ParameterProblem
from app.queries.filters import ListQuery
from app.queries.nearest import MAX_COMPARED

MYSELF, NOBODY = "me", "nobody"
"""Whoever asks; and no person at all."""
NEAREST, CUTOFF = 5, 0.4


def refuse_unknown_people(
    session: Session, asked: ListQuery, parameter: str, known_as: Collection[Any], what: str, *, named_to_reader: bool
) -> None:
    """InvalidQuery for every name that stands in none of the columns `known_as`; the nearest that do are told where the reader may know.

    One query, none where nobody is named.
    """
    given = {name: set(asked.values.get(name, ())) - {MYSELF, NOBODY} for name in (parameter, f"{parameter}__not")}
    if not any(given.values()):
        return
    known = {name for row in session.execute(select(*known_as).distinct()) for name in row if name is not None}
    folded = {_folded(name) for name in known}
    problems = [
        _problem(name, value, sorted(known) if named_to_reader else [], what)
        for name, values in given.items()
        for value in sorted(values)
        if _folded(value) not in folded
    ]
    if problems:
        raise InvalidQuery(f"{problems[0].parameter}: {problems[0].detail}", errors=problems)


def reads_as(column: Any, value: str) -> ColumnElement[bool]:
    """Rows that are named so, without regard to the case of A to Z: other letters SQLite does not fold."""
    return or_(column == value, func.lower(column).in_((value.lower(), _folded(value))))


def _folded(name: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _problem(parameter: str, value: str, known: list[str], what: str) -> ParameterProblem:
    near = difflib.get_close_matches(value[:MAX_COMPARED], known, n=NEAREST, cutoff=CUTOFF)
    hint = f"; the nearest: {', '.join(near)}" if near else ""
    return ParameterProblem(parameter, f"{value[:200]!r} {what}{hint}.", near or None)
