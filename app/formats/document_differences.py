"""What differs between two versions of a study document, field by field, in the order of the document.

Entries of lists are matched by what they are about (`entry_matching`): a result that was inserted is one added entry, whatever moved
down behind it. To make `after` out of `before`: take out what was removed, put the rest into its new order, then go through what was
added and changed.

| change | pointer | before | after |
|---|---|---|---|
| `removed` | into `before` | the entry | null |
| `reordered` | the list | places in `before` of what stayed, as they were | the same places in their new order |
| `added` | into `after` | null | the entry |
| `changed` | into `after` | the old value | the new value |
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.formats.entry_matching import match_entries
from app.formats.json_pointer import escaped
from app.schemas.study import StudyDocument
from app.vocabulary import FieldChange

OPEN_MAPPINGS = frozenset({"domains", "answers"})
"""Members whose own members are names, not fields: one may be absent, and is no null then."""
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field, or one entry of a list, that differs. Pointers are JSON Pointers (RFC 6901)."""

    pointer: str
    change: FieldChange
    before: Any
    after: Any


def document_differences(before: StudyDocument | None, after: StudyDocument) -> list[FieldDifference]:
    """Field by field; against nothing, every field that says something."""
    old = blank_document() if before is None else before.model_dump(mode="json")
    return differences_between(old, after.model_dump(mode="json"))


def differences_between(before: Json, after: Json) -> list[FieldDifference]:
    return list(_of_object("", "", before, after))


def blank_document() -> Json:
    """A document that says nothing: every member as it is when nobody filled it in."""
    return StudyDocument(title="-").model_dump(mode="json") | {"title": None}


def _of_value(pointer: str, name: str, before: Any, after: Any) -> Iterator[FieldDifference]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_object(pointer, name, before, after)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_list(pointer, name, before, after)
    elif before != after:
        yield FieldDifference(pointer, FieldChange.CHANGED, before, after)


def _of_object(pointer: str, name: str, before: Json, after: Json) -> Iterator[FieldDifference]:
    if name not in OPEN_MAPPINGS:
        for member, value in after.items():
            yield from _of_value(f"{pointer}/{escaped(member)}", member, before[member], value)
        return
    for member in sorted(before.keys() | after.keys()):
        here = f"{pointer}/{escaped(member)}"
        if member not in after:
            yield FieldDifference(here, FieldChange.REMOVED, before[member], None)
        elif member not in before:
            yield FieldDifference(here, FieldChange.ADDED, None, after[member])
        elif before[member] != after[member]:
            yield FieldDifference(here, FieldChange.CHANGED, before[member], after[member])


def _of_list(pointer: str, name: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[FieldDifference]:
    if before == after:
        return
    pairs = match_entries(name, before, after)
    stayed = {old for old, _ in pairs}
    came_from = {new: old for old, new in pairs}
    for place, entry in enumerate(before):
        if place not in stayed:
            yield FieldDifference(f"{pointer}/{place}", FieldChange.REMOVED, entry, None)
    order = [came_from[new] for new in sorted(came_from)]
    if order != sorted(order):
        yield FieldDifference(pointer, FieldChange.REORDERED, sorted(order), order)
    for place, entry in enumerate(after):
        here = f"{pointer}/{place}"
        if place in came_from:
            yield from _of_value(here, "", before[came_from[place]], entry)
        else:
            yield FieldDifference(here, FieldChange.ADDED, None, entry)
