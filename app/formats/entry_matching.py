"""Which entry of a list is which entry of another version of that list: by what the entries are about, not by their place.

An entry that says the same is the same entry. What is left is paired by keys, the finest first: the k-th with the k-th by the finest
key, by a coarser one only what is alone on both sides. Plain words, such as names of authors, have no keys: between two neighbours
that stayed, the k-th word that went is taken for the k-th that came.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Sequence
from itertools import pairwise
from typing import Any

Pair = tuple[int, int]
Path = tuple[str, ...]

COMPARED = ("condition", "outcome", "instrument", "comparator", "timepoint_weeks")
APART = ("since_end_of_treatment_weeks", "analysis", "within_group", "treatment_arm", "control_arm")
FIGURES = ("treatment", "control", "estimate")
KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "results": (COMPARED + APART, COMPARED, FIGURES, ("condition", "outcome", "comparator")),
    "risk_of_bias": (("tool", "outcome", "judged_by"), ("tool", "outcome"), ("tool",)),
    "comparators": (("kind", "label"), ("kind",), ("label",)),
    "author_orcids": (("author", "orcid"), ("author",), ("orcid",)),
}
"""What tells the entries of a list apart, from the finest to the coarsest."""
SAME_WHEN_ADDED = {"results": 3, "risk_of_bias": 2, "comparators": 2, "author_orcids": 3}
"""How many of the keys say that two people have added the same thing."""


def match_entries(name: str, before: Sequence[Any], after: Sequence[Any]) -> list[Pair]:
    """Positions of the same entry before and after, in the order of before."""
    return _match(before, after, KEYS.get(name))


def match_added(name: str, one: Sequence[Any], other: Sequence[Any]) -> list[Pair]:
    """Positions of what two people added that is the same thing, or too alike to stand in the list twice."""
    keys = KEYS.get(name)
    return _match(one, other, () if keys is None else keys[: SAME_WHEN_ADDED[name]])


def _match(before: Sequence[Any], after: Sequence[Any], keys: Sequence[tuple[str, ...]] | None) -> list[Pair]:
    pairs = _pair_by(_text, before, after, [], alone=False)
    if keys is None:
        return sorted(_pair_in_gaps(before, after, pairs))
    for place, key in enumerate(keys):
        pairs += _pair_by(lambda entry, key=key: _key(entry, key), before, after, pairs, alone=place > 0)  # type: ignore[misc]
    return sorted(pairs)


def _pair_by(
    key_of: Callable[[Any], Hashable], before: Sequence[Any], after: Sequence[Any], known: Collection[Pair], *, alone: bool
) -> list[Pair]:
    ours, theirs = _by_key(key_of, before, {one for one, _ in known}), _by_key(key_of, after, {other for _, other in known})
    found: list[Pair] = []
    for key, places in ours.items():
        others = theirs.get(key, [])
        if not alone or len(places) == len(others) == 1:
            found += zip(places, others, strict=False)
    return found


def _by_key(key_of: Callable[[Any], Hashable], entries: Sequence[Any], taken: Collection[int]) -> dict[Hashable, list[int]]:
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        key = key_of(entry) if place not in taken else None
        if key is not None:
            places[key].append(place)
    return places


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _key(entry: Any, names: Sequence[str]) -> str | None:
    """None where the entry holds none of these members: nothing to know it by."""
    values = [entry[name] for name in names]
    return None if all(_is_empty(value) for value in values) else _text(values)


def _is_empty(value: Any) -> bool:
    """A number of people alone is no figure to know a result by."""
    return all(name == "n" or _is_empty(one) for name, one in value.items()) if isinstance(value, dict) else value is None


def _pair_in_gaps(before: Sequence[Any], after: Sequence[Any], pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs, and what stands at the same place between the same neighbours; only where the neighbours kept their order."""
    found = list(pairs)
    edges = [(-1, -1), *sorted(pairs), (len(before), len(after))]
    gone, come = {one for one, _ in pairs}, {other for _, other in pairs}
    for (one, other), (next_one, next_other) in pairwise(edges):
        ours = [place for place in range(one + 1, next_one) if place not in gone]
        theirs = [place for place in range(other + 1, next_other) if place not in come]
        for pair in zip(ours, theirs, strict=False):
            found.append(pair)
            come.add(pair[1])
    return found
