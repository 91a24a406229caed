"""People are counted once, however many papers report them."""

from collections.abc import Iterable, Mapping, Sequence


def participant_sets(keys: Iterable[str], shared: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """Return the study keys grouped by participants; a study that shares them with none of the others stands alone."""
    remaining = set(keys)
    sets = [tuple(sorted(remaining & set(members))) for members in shared]
    together = {key for members in sets for key in members}
    return tuple(sorted([members for members in sets if members] + [(key,) for key in remaining - together]))


def count_once(people: Mapping[str, int], shared: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return (sets of participants, people): of the papers about one set the largest number counts."""
    sets = participant_sets(people, shared)
    return len(sets), sum(max(people[key] for key in members) for members in sets)
