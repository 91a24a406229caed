"""Three versions of a study document into one: the common base, theirs (accepted meanwhile) and mine (the draft).

A field that one side changed is taken from that side. What both changed, and differently, is a conflict that a person decides; so is
an entry that one side took out and the other changed, and the same thing added twice with other content. The figures of one result
belong together, and so do a judgement on risk of bias, a comparator and the harms: when both sides touched such a unit, nothing in it
is mixed without a person. Entries are matched by what they are about (`entry_matching`).

Pointers are those of the merged document, in which mine stands wherever nobody has decided yet (theirs, if mine took the entry out).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from app.formats.document_differences import OPEN_MAPPINGS, blank_document, differences_between
from app.formats.entry_matching import match_added, match_entries
from app.formats.json_pointer import escaped
from app.schemas.study import StudyDocument
from app.vocabulary import Side

Json = dict[str, Any]
UNITS = frozenset({"adverse_events"})
UNIT_ENTRIES = frozenset({"risk_of_bias", "comparators", "author_orcids"})
BESIDE_THE_FIGURES = frozenset({"note", "directness"})
"""Members of a result that stand each for itself; where a figure was read, and of whom it is, goes with the figure."""


class _Absent:
    """No entry; null is a value."""


ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person decided for one member: a side, or a value."""

    side: Side | None = None
    value: Any = None


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """One member on which the two sides do not agree; null where an entry is not there."""

    pointer: str
    base: Any
    theirs: Any
    mine: Any
    detail: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What came of it: the document, or what stands against it."""

    document: StudyDocument | None
    conflicts: tuple[MergeConflict, ...] = ()
    fits: bool = True
    """False: nothing is left to decide, and yet the members do not make a document together; `conflicts` says which."""
    unused: tuple[str, ...] = ()
    """Pointers of resolutions that decided nothing."""


def merge_documents(
    base: StudyDocument | None, theirs: StudyDocument, mine: StudyDocument, resolutions: Mapping[str, Resolution] | None = None
) -> Merge:
    """Merge, with what a person has decided already; `base` None: both began with nothing."""
    work = _Merging(resolutions or {})
    sides = [blank_document() if base is None else base.model_dump(mode="json"), *(one.model_dump(mode="json") for one in (theirs, mine))]
    merged = work.value("", "", *sides)
    unused = tuple(pointer for pointer in work.resolutions if pointer not in work.used)
    if work.conflicts:
        return Merge(None, tuple(work.conflicts), unused=unused)
    try:
        return Merge(StudyDocument.model_validate(merged), unused=unused)
    except ValidationError as error:
        return Merge(None, tuple(_incompatible(error, *sides)), fits=False, unused=unused)


@dataclass(slots=True)
class _Merging:
    resolutions: Mapping[str, Resolution]
    conflicts: list[MergeConflict] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def value(self, pointer: str, name: str, base: Any, theirs: Any, mine: Any, *, unit: bool = False) -> Any:
        """`unit`: both sides have touched what this is a part of, so that a change of one side alone is a conflict too."""
        if pointer in self.resolutions:
            return self._resolved(pointer, base, theirs, mine)
        if theirs == mine:
            return mine
        if not unit and theirs == base:
            return mine
        if not unit and mine == base:
            return theirs
        if all(isinstance(one, dict) for one in (base, theirs, mine)):
            return self._object(pointer, name, base, theirs, mine, unit=unit or name in UNITS)
        if all(isinstance(one, list) for one in (base, theirs, mine)):
            return self._list(pointer, name, base, theirs, mine)
        return self._conflict(pointer, base, theirs, mine)

    def _resolved(self, pointer: str, base: Any, theirs: Any, mine: Any) -> Any:
        self.used.add(pointer)
        resolution = self.resolutions[pointer]
        sides = {Side.BASE: base, Side.THEIRS: theirs, Side.MINE: mine}
        return resolution.value if resolution.side is None else sides[resolution.side]

    def _conflict(self, pointer: str, base: Any, theirs: Any, mine: Any) -> Any:
        self.conflicts.append(MergeConflict(pointer, _shown(base), _shown(theirs), _shown(mine), _detail(base, theirs, mine)))
        return theirs if mine is ABSENT else mine

    def _object(self, pointer: str, name: str, base: Json, theirs: Json, mine: Json, *, unit: bool) -> Json:
        if name not in OPEN_MAPPINGS:
            return {
                member: self.value(f"{pointer}/{escaped(member)}", member, base[member], theirs[member], mine[member], unit=unit)
                for member in mine
            }
        names = [*mine, *(member for member in theirs if member not in mine), *(m for m in base if m not in mine and m not in theirs)]
        merged = {
            member: self.value(f"{pointer}/{escaped(member)}", "", *(one.get(member, ABSENT) for one in (base, theirs, mine)), unit=unit)
            for member in names
        }
        return {member: value for member, value in merged.items() if value is not ABSENT}

    def _list(self, pointer: str, name: str, base: list[Any], theirs: list[Any], mine: list[Any]) -> Any:
        rows = _rows(name, base, theirs, mine)
        ordered = _in_order(rows)
        if ordered is None:
            return self._conflict(pointer, base, theirs, mine)
        entries = [_entries(row, base, theirs, mine) for row in ordered]
        staying = [entry for entry in entries if not _taken_out(*entry)]
        merged = [self._entry(f"{pointer}/{place}", name, *entry) for place, entry in enumerate(staying)]
        return [entry for entry in merged if entry is not ABSENT]

    def _entry(self, pointer: str, name: str, base: Any, theirs: Any, mine: Any) -> Any:
        both = all(isinstance(one, dict) for one in (base, theirs, mine)) and base not in (theirs, mine) and theirs != mine
        if not both or pointer in self.resolutions:
            return self.value(pointer, "", base, theirs, mine)
        if name in UNIT_ENTRIES:
            return self.value(pointer, "", base, theirs, mine, unit=True)
        figures = [{member: value for member, value in one.items() if member not in BESIDE_THE_FIGURES} for one in (base, theirs, mine)]
        unit = figures[0] not in figures[1:]
        return {
            member: self.value(
                f"{pointer}/{member}",
                member,
                base[member],
                theirs[member],
                mine[member],
                unit=unit and member not in BESIDE_THE_FIGURES,
            )
            for member in mine
        }


Row = tuple[int | None, int | None, int | None]
"""Places of one entry in base, theirs and mine."""


def _entries(row: Row, *sides: Sequence[Any]) -> list[Any]:
    return [ABSENT if place is None else side[place] for place, side in zip(row, sides, strict=True)]


def _taken_out(base: Any, theirs: Any, mine: Any) -> bool:
    """Out without a question: no side changed what another took out."""
    return (theirs is ABSENT and mine in (ABSENT, base)) or (mine is ABSENT and theirs == base)


def _rows(name: str, base: list[Any], theirs: list[Any], mine: list[Any]) -> list[Row]:
    in_theirs, in_mine = dict(match_entries(name, base, theirs)), dict(match_entries(name, base, mine))
    rows: list[Row] = [(place, in_theirs.get(place), in_mine.get(place)) for place in range(len(base))]
    their_added = [place for place in range(len(theirs)) if place not in in_theirs.values()]
    my_added = [place for place in range(len(mine)) if place not in in_mine.values()]
    same = dict(match_added(name, [theirs[place] for place in their_added], [mine[place] for place in my_added]))
    rows += [(None, place, my_added[same[at]] if at in same else None) for at, place in enumerate(their_added)]
    taken = set(same.values())
    return rows + [(None, None, place) for at, place in enumerate(my_added) if at not in taken]


def _in_order(rows: list[Row]) -> list[Row] | None:
    """All rows in the order of the side that moved entries (theirs, if none did), the other side's behind what they stood behind.

    None if both moved them, each in another way.
    """
    orders = [sorted((row for row in rows if row[side] is not None), key=lambda row: row[side] or 0) for side in range(3)]
    base, theirs, mine = orders
    kept = [row for row in base if None not in row]
    their_kept, my_kept = ([row for row in side if None not in row] for side in (theirs, mine))
    if kept not in (their_kept, my_kept) and their_kept != my_kept:
        return None
    skeleton, other = (mine, theirs) if my_kept != kept else (theirs, mine)
    ordered, placed = list(skeleton), set(skeleton)
    for source in (other, base):
        before: Row | None = None
        for row in source:
            if row not in placed:
                ordered.insert(0 if before is None else ordered.index(before) + 1, row)
                placed.add(row)
            before = row
    return ordered


def _shown(value: Any) -> Any:
    return None if value is ABSENT else value


def _detail(base: Any, theirs: Any, mine: Any) -> str:
    if mine is ABSENT:
        return "the draft took it out, and the accepted revision changed it"
    if theirs is ABSENT:
        return "the accepted revision took it out, and the draft changed it"
    if base is ABSENT:
        return "the draft and the accepted revision both added it, and differ"
    if theirs == base:
        return "the draft changed it, and the accepted revision changed what belongs to it"
    if mine == base:
        return "the accepted revision changed it, and the draft changed what belongs to it"
    return "the draft and the accepted revision both changed it, and differ"


def _incompatible(error: ValidationError, base: Json, theirs: Json, mine: Json) -> list[MergeConflict]:
    """Members that fit in either version and not together; where the schema names none, all that the two sides changed."""
    found = {str(problem["loc"][0]): problem["msg"].removeprefix("Value error, ") for problem in error.errors() if problem["loc"]}
    if not found:
        changed = [one.pointer.split("/")[1] for side in (theirs, mine) for one in differences_between(base, side)]
        found = dict.fromkeys(changed, error.errors()[0]["msg"].removeprefix("Value error, "))
    return [
        MergeConflict(f"/{name}", base[name], theirs[name], mine[name], f"does not fit together: {said}") for name, said in found.items()
    ]
