"""Two people's extractions of one study side by side, member by member; pure, and the same whichever of the two comes first.

Entries (results, comparators, judgements on risk of bias) are matched by what they are about, never by their place. Where that
leaves a doubt they stay apart, each as an entry that only one of the two has: figures of different arms or timepoints put
together would be figures that no report prints.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.formats.document_differences import OPEN_MAPPINGS
from app.formats.json_pointer import pointer_to
from app.schemas.extraction import Extraction
from app.schemas.study import AdverseEvents, Estimate, ResultDirectness, StudyResult
from app.synthesis.agreement import Kappa, NoKappa, NumberDifference, cohen_kappa, compare_numbers
from app.vocabulary import Extracted, ExtractedKind

Json = dict[str, Any]
Path = tuple[str, ...]
LISTS = ("comparators", "results", "risk_of_bias")
ABOUT: dict[str, Path] = {
    "comparators": ("kind",),
    "results": ("condition", "outcome", "instrument", "comparator", "timepoint_weeks"),
    "risk_of_bias": ("tool",),
}
"""What an entry is about. Entries that differ in one of these are never compared."""
APART: dict[str, tuple[Path, ...]] = {
    "comparators": (("label",),),
    "results": (
        ("treatment_arm", "control_arm", "since_end_of_treatment_weeks", "analysis", "intention_to_treat", "within_group"),
        ("treatment_arm", "control_arm"),
    ),
    "risk_of_bias": (("outcome",),),
}
"""What tells entries about the same thing apart, from the finest to the coarsest."""
COUNTS = frozenset({"n", "events", "n_randomised", "n_analysed", "serious", "k"})
WORDING = frozenset(
    {"label", "without_results", "source_of_figure", "locator", "converted", "note", "text", "judged_by", "source", "override_reason"}
)
"""Remarks and places in the report: no figure, category or judgement hangs on them."""
JUDGEMENTS = frozenset({"overall"})
DEFAULTS: dict[Path, Any] = {
    **{(name,): StudyResult.model_fields[name].default for name in ("analysis", "within_group")},
    **{("directness", name): value for name, value in ResultDirectness().model_dump(mode="json").items()},
    **{("estimate", name): Estimate.model_fields[name].default
       for name in ("p_is_upper_bound", "p_is_between_group", "adjusted_for_design")},
    ("adverse_events", "reported"): AdverseEvents().reported,
}  # fmt: skip
"""What stands in a member that nobody filled in. That two people left the same things out is no agreement."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member under its place in the comparison. `difference` where both are numbers."""

    pointer: str
    status: Extracted
    kind: ExtractedKind
    first: Any
    second: Any
    path: Path = ()
    difference: NumberDifference | None = None

    @property
    def agrees(self) -> bool:
        return self.status is Extracted.AGREE


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list with its place in either extraction; None where only the other one has it."""

    pointer: str
    about: Json
    first: int | None
    second: int | None
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`members` are those of the study as a whole; `entries` by list, in an order that does not depend on who comes first."""

    members: tuple[Member, ...]
    entries: Mapping[str, tuple[Entry, ...]]

    def everything(self) -> Iterator[tuple[Member, Json]]:
        """Every member with what it is about, in the order of the document."""
        yield from ((member, {}) for member in self.members)
        for name in LISTS:
            yield from ((member, entry.about) for entry in self.entries[name] for member in entry.members)

    def differences(self) -> list[Member]:
        return [member for member, _ in self.everything() if not member.agrees]


@dataclass(frozen=True, slots=True)
class AgreementCounts:
    """Members that at least one filled in; of those numbers that both give, how many are equal or one the rounded other."""

    members: int
    agree: int
    only_in_first: int
    only_in_second: int
    numbers: int
    numbers_equal: int
    numbers_within_rounding: int
    risk_of_bias: Kappa | NoKappa

    @property
    def percent(self) -> float | None:
        return 100 * self.agree / self.members if self.members else None


def compare_extractions(first: Extraction, second: Extraction) -> Comparison:
    """Compare two extractions in every member that at least one of them fills in.

    Strings are equal when they are the same to the letter, numbers when they are the same number; what an entry is about (`ABOUT`)
    is equal by the matching and is not counted as a member.
    """
    one, other = first.model_dump(mode="json"), second.model_dump(mode="json")
    whole = [pair for pair in _walk(_without_lists(one), _without_lists(other), ()) if _is_filled_in(pair)]
    return Comparison(
        members=tuple(_member("", path, a, b) for path, a, b in whole),
        entries={name: _compare_lists(name, one[name], other[name]) for name in LISTS},
    )


def count_agreement(comparison: Comparison, first: Extraction, second: Extraction) -> AgreementCounts:
    """Count the members that agree; an entry that only one has counts as one member, however much it holds."""
    members = [member for member, _ in comparison.everything()]
    compared = [member.difference for member in members if member.difference is not None]
    status = [member.status for member in members]
    return AgreementCounts(
        members=len(members),
        agree=status.count(Extracted.AGREE),
        only_in_first=status.count(Extracted.ONLY_IN_FIRST),
        only_in_second=status.count(Extracted.ONLY_IN_SECOND),
        numbers=len(compared),
        numbers_equal=sum(difference.absolute == 0 for difference in compared),
        numbers_within_rounding=sum(difference.within_rounding for difference in compared),
        risk_of_bias=cohen_kappa(judgement_pairs(comparison, first, second)),
    )


def judgement_pairs(comparison: Comparison, first: Extraction, second: Extraction) -> list[tuple[str, str]]:
    """The words in which both judged the same thing: the whole, and each domain; what answers to signalling questions give counts too."""
    pairs = []
    for entry in comparison.entries["risk_of_bias"]:
        if entry.first is not None and entry.second is not None:
            one, other = first.risk_of_bias[entry.first].as_counted(), second.risk_of_bias[entry.second].as_counted()
            pairs.append((one["overall"], other["overall"]))
            pairs += [(one["domains"].get(name), other["domains"].get(name)) for name in sorted(one["domains"])]
    return [(one, other) for one, other in pairs if one is not None and other is not None]


def _without_lists(extraction: Json) -> Json:
    return {name: value for name, value in extraction.items() if name not in LISTS}


def _walk(one: Any, other: Any, path: Path) -> Iterator[tuple[Path, Any, Any]]:
    """Every leaf of two objects of one shape, in the order of the shape; an object that only one has is a leaf."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        yield path, one, other
        return
    names = sorted(one.keys() | other.keys()) if path and path[-1] in OPEN_MAPPINGS else list(one)
    for name in names:
        yield from _walk(one.get(name), other.get(name), (*path, name))


def _is_filled_in(pair: tuple[Path, Any, Any]) -> bool:
    path, one, other = pair
    return any(value is not None and value != DEFAULTS.get(path) for value in (one, other))


def _member(pointer: str, path: Path, one: Any, other: Any) -> Member:
    kind = _kind(path, one if one is not None else other)
    status = Extracted.DIFFER
    if one is None:
        status = Extracted.ONLY_IN_SECOND
    elif other is None:
        status = Extracted.ONLY_IN_FIRST
    elif one == other:
        status = Extracted.AGREE
    numbers = kind in (ExtractedKind.NUMBER, ExtractedKind.COUNT) and one is not None and other is not None
    difference = compare_numbers(one, other, exact=kind is ExtractedKind.COUNT) if numbers else None
    return Member(pointer + pointer_to(path), status, kind, one, other, path, difference)


def _kind(path: Path, value: Any) -> ExtractedKind:
    name, above = path[-1], path[-2] if len(path) > 1 else ""
    if isinstance(value, dict):
        return ExtractedKind.ENTRY
    if above in OPEN_MAPPINGS or name in JUDGEMENTS:
        return ExtractedKind.JUDGEMENT
    if name in WORDING:
        return ExtractedKind.WORDING
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ExtractedKind.CATEGORY
    return ExtractedKind.COUNT if name in COUNTS else ExtractedKind.NUMBER


def _compare_lists(name: str, one: Sequence[Json], other: Sequence[Json]) -> tuple[Entry, ...]:
    pairs = _match(name, one, other)
    ordered = sorted(pairs, key=lambda pair: _place(name, *(row for row in _rows(pair, one, other) if row is not None)))
    return tuple(_entry(name, number, pair, *_rows(pair, one, other)) for number, pair in enumerate(ordered))


Pair = tuple[int | None, int | None]


def _rows(pair: Pair, one: Sequence[Json], other: Sequence[Json]) -> tuple[Json | None, Json | None]:
    return (one[pair[0]] if pair[0] is not None else None), (other[pair[1]] if pair[1] is not None else None)


def _entry(name: str, number: int, pair: Pair, one: Json | None, other: Json | None) -> Entry:
    pointer, row = f"/{name}/{number}", one if one is not None else other
    about = {member: row[member] for member in ABOUT[name]} if row is not None else {}
    if one is None or other is None:
        status = Extracted.ONLY_IN_SECOND if one is None else Extracted.ONLY_IN_FIRST
        return Entry(pointer, about, *pair, (Member(pointer, status, ExtractedKind.ENTRY, one, other),))
    leaves = [leaf for leaf in _walk(one, other, ()) if leaf[0][0] not in ABOUT[name] and _is_filled_in(leaf)]
    return Entry(pointer, about, *pair, tuple(_member(pointer, *leaf) for leaf in leaves))


def _place(name: str, *rows: Json) -> tuple[Any, ...]:
    """Where an entry stands in the comparison: by what it is about, then by what it says."""
    about = tuple((rows[0][member] is None, _number_or_text(rows[0][member])) for member in ABOUT[name])
    return about, sorted(_text(row) for row in rows)


def _number_or_text(value: Any) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, value or "")


def _match(name: str, one: Sequence[Json], other: Sequence[Json]) -> list[Pair]:
    """Pair equal entries; then what alone is left with the finest key; by a coarser key only what is alone in either extraction."""
    pairs = _pair_up(_by_key(one, _text), _by_key(other, _text), each=True)
    finest, *coarser = [*((*ABOUT[name], *apart) for apart in APART[name]), ABOUT[name]]
    left_one, left_other = _left(one, {a for a, _ in pairs}), _left(other, {b for _, b in pairs})
    pairs += _pair_up(_by_key(one, _key(finest), left_one), _by_key(other, _key(finest), left_other))
    for level in coarser:
        taken_one, taken_other = {a for a, _ in pairs}, {b for _, b in pairs}
        alone = _pair_up(_by_key(one, _key(level)), _by_key(other, _key(level)))
        pairs += [(a, b) for a, b in alone if a not in taken_one and b not in taken_other]
    only_one = [(a, None) for a in _left(one, {a for a, _ in pairs})]
    only_other = [(None, b) for b in _left(other, {b for _, b in pairs})]
    return [*pairs, *only_one, *only_other]


def _left(rows: Sequence[Json], taken: set[int]) -> list[int]:
    return [position for position in range(len(rows)) if position not in taken]


def _text(row: Json) -> str:
    return json.dumps(row, sort_keys=True)


def _key(names: Sequence[str]) -> Callable[[Json], Hashable]:
    return lambda row: tuple(" ".join(value.casefold().split()) if isinstance(value := row[name], str) else value for name in names)


def _by_key(rows: Sequence[Json], key: Callable[[Json], Hashable], positions: Sequence[int] | None = None) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for position in range(len(rows)) if positions is None else positions:
        found[key(rows[position])].append(position)
    return found


def _pair_up(one: Mapping[Hashable, list[int]], other: Mapping[Hashable, list[int]], *, each: bool = False) -> list[tuple[int, int]]:
    """What both have under one key: the k-th with the k-th where `each`, else only where either has one."""
    shared = [(one[key], other[key]) for key in one if key in other]
    return [pair for a, b in shared if each or len(a) == len(b) == 1 for pair in zip(a, b, strict=False)]
