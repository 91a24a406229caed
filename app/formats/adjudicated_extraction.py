"""One extraction made of two, as an adjudicator decided each difference."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.formats.document_differences import OPEN_MAPPINGS
from app.formats.extraction_comparison import LISTS, Comparison, Entry, Json, Path
from app.formats.json_pointer import pointer_to
from app.schemas.extraction import Extraction
from app.vocabulary import AdjudicatedChoice


@dataclass(frozen=True, slots=True)
class NotOneExtraction:
    """Why the values that were taken make no extraction together: places in the comparison, each with what is wrong."""

    problems: tuple[tuple[str, str], ...]


def taken_value(choice: AdjudicatedChoice, first: Any, second: Any, other: Any) -> Any:
    """The value that a choice takes; null for an entry means that it is left out."""
    return {AdjudicatedChoice.FIRST: first, AdjudicatedChoice.SECOND: second, AdjudicatedChoice.OTHER: other}[choice]


def adjudicate(first: Extraction, second: Extraction, comparison: Comparison, taken: Mapping[str, Any]) -> Extraction | NotOneExtraction:
    """The first extraction with the taken value at each place of the comparison that `taken` names: a member, or an entry as a whole.

    Entries keep the order of the first; those that only the second has come behind, in its order.
    """
    made, places = first.model_dump(mode="json"), {}
    for member in comparison.members:
        if member.pointer in taken:
            _put(made, member.path, taken[member.pointer])
    theirs = second.model_dump(mode="json")
    for name in LISTS:
        entries = _in_document_order(comparison.entries[name])
        kept = [(entry, row) for entry in entries if (row := _row(entry, name, made, theirs, taken)) is not None]
        made[name], places[name] = [row for _, row in kept], [entry.pointer for entry, _ in kept]
    try:
        return Extraction.model_validate(made)
    except ValidationError as error:
        problems = ((_pointer(one["loc"], places), str(one["msg"]).removeprefix("Value error, ")) for one in error.errors())
        return NotOneExtraction(tuple(problems))


def _in_document_order(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.first is None, entry.first if entry.first is not None else entry.second or 0))


def _row(entry: Entry, name: str, made: Json, theirs: Json, taken: Mapping[str, Any]) -> Any:
    """The entry as it was decided; None where it is left out."""
    if entry.first is None or entry.second is None:
        ours = made[name][entry.first] if entry.first is not None else None
        return taken.get(entry.pointer, ours)
    if entry.pointer in taken:
        return taken[entry.pointer]
    row = copy.deepcopy(made[name][entry.first])
    for member in entry.members:
        if member.pointer in taken:
            _put(row, member.path, taken[member.pointer])
    return row


def _put(row: Json, path: Path, value: Any) -> None:
    """Set a member; a name of an open mapping that has no value goes, and so goes an object whose every member went."""
    for step in path[:-1]:
        row = row[step]
    if value is None and len(path) > 1 and path[-2] in OPEN_MAPPINGS:
        row.pop(path[-1], None)
    else:
        row[path[-1]] = value


def _pointer(place: tuple[int | str, ...], places: Mapping[str, Sequence[str]]) -> str:
    """Where the comparison shows what Pydantic found fault with."""
    name, *rest = place if place else ("",)
    start = f"/{name}" if name else ""
    if name in LISTS and rest and isinstance(rest[0], int):
        start, rest = places[str(name)][rest[0]], rest[1:]
    return start + pointer_to(rest)
