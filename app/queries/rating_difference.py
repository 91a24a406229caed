"""What differs between two states of a rating, in sentences: for previews, reviews and whoever asks why it moved."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Rating = Mapping[str, Any]
NAMED = (("certainty", "Certainty"), ("direction", "Direction"), ("headline_comparator", "Headline comparator"))
PASSED_OVER = (("ineligible", "is not eligible"), ("measured_not_usable", "measured it, and its figures cannot be pooled"))
SHOWN_BY_OTHERS = frozenset({"as_of", "inputs_hash", "condition", "intervention", "sentence"})
"""Members that differ only together with others, or without the rating having moved."""


def explain_difference(before: Rating | None, after: Rating) -> list[str]:
    """One sentence for each thing that differs: the headline first, then each body of evidence, then what stands beside."""
    if before is None:
        return [f"The rating is new: {after['certainty']}."]
    said = [*_headline(before, after), *_bodies(before, after), *_passed_over(before, after), *_beside(before, after)]
    return said or [*_anything_else(before, after)]


def _headline(before: Rating, after: Rating) -> Iterator[str]:
    for name, words in NAMED:
        if before[name] != after[name]:
            yield f"{words}: {before[name] or 'none'} → {after[name] or 'none'}."
    studies, people = before["eligible_studies"], before["eligible_participants"]
    if (studies, people) != (after["eligible_studies"], after["eligible_participants"]):
        now = f"{after['eligible_studies']} with {after['eligible_participants']}"
        yield f"Eligible: {_studies(studies)} with {people} people → {now}."
    known = {reason["text"] for reason in before["reasons"]}
    if before["tier"] != after["tier"] or before["headline_comparator"] != after["headline_comparator"]:
        yield from (f"How it is rated now: {reason['text']}" for reason in after["reasons"] if reason["text"] not in known)


def _bodies(before: Rating, after: Rating) -> Iterator[str]:
    old = {row["body"]: row for row in before["outcomes"]}
    new = {row["body"]: row for row in after["outcomes"]}
    for body in sorted(old.keys() | new.keys()):
        name = _name(new.get(body) or old[body])
        if body not in old:
            row = new[body]
            found = f"certainty {_words(row['certainty'])}, {_words(row['finding'])}"
            yield f"{name}: a body of evidence is there now ({_studies(row['k'])} with {row['n']} people, {found})."
        elif body not in new:
            yield f"{name}: no body of evidence is left."
        else:
            yield from (f"{name}: {sentence}" for sentence in _body(old[body], new[body]))


def _name(row: Rating) -> str:
    return f"{row['outcome_name']}, against {_words(row['comparator_group'])}, {_words(row['horizon'])}"


def _body(old: Rating, new: Rating) -> Iterator[str]:
    if (old["k"], old["n"]) != (new["k"], new["n"]):
        yield f"{_studies(old['k'])} with {old['n']} people → {new['k']} with {new['n']}."
    if old["effect"] != new["effect"]:
        yield f"effect {_effect(old)} → {_effect(new)}."
    if old["directions"] != new["directions"]:
        yield f"{_directions(old)} → {_directions(new)}."
    for domain, judged in new["domains"].items():
        was = old["domains"].get(domain)
        if was is not None and was["levels"] != judged["levels"]:
            yield f"{_words(domain)} takes {was['levels']} → {judged['levels']} levels: {judged['reason']}"
    if old["certainty"] != new["certainty"]:
        yield f"certainty {_words(old['certainty'])} → {_words(new['certainty'])}."
    if old["finding"] != new["finding"]:
        yield f"finding {_words(old['finding'])} → {_words(new['finding'])}."
    if old["in_headline"] != new["in_headline"]:
        yield "it speaks in the headline now." if new["in_headline"] else "it no longer speaks in the headline."
    for name in ("design_level", "importance"):
        if old[name] != new[name]:
            yield f"{_words(name)} {_words(old[name])} → {_words(new[name])}."


def _passed_over(before: Rating, after: Rating) -> Iterator[str]:
    """Which studies are passed over now, or no longer, and by which rule."""
    for member, words in PASSED_OVER:
        old, new = ({_row(entry): entry for entry in rating[member]} for rating in (before, after))
        for entry in (entry for key, entry in new.items() if key not in old):
            yield f"{_place(entry)} {words}: {entry['reason']}"
        for entry in (entry for key, entry in old.items() if key not in new):
            yield f"{_place(entry)} is passed over no longer. It was: {entry['reason']}"


def _row(entry: Rating) -> tuple[Any, ...]:
    return entry["study"], entry["position"], entry["rule"], entry["reason"]


def _place(entry: Rating) -> str:
    return str(entry["study"]) if entry["position"] is None else f"{entry['study']}, result {entry['position'] + 1},"


def _beside(before: Rating, after: Rating) -> Iterator[str]:
    old, new = before["harms"], after["harms"]
    for name, value in new.items():
        if old[name] != value:
            yield f"Harms: {_words(name)} {_known(old[name])} → {_known(value)}."
    yield from _concerns(before.get("concerns", []), after.get("concerns", []))
    yield from _overdue(before["overdue_registrations"], after["overdue_registrations"])


def _concerns(old: Sequence[Rating], new: Sequence[Rating]) -> Iterator[str]:
    before, after = ({row["study"]: row["label"] for row in rows} for rows in (old, new))
    for study in sorted(after.keys() - before.keys()):
        yield f"An expression of concern stands on the report of {after[study]} now; it counts, and is marked."
    for study in sorted(before.keys() - after.keys()):
        yield f"The expression of concern on the report of {before[study]} is taken into account no longer."


def _overdue(old: Sequence[Rating], new: Sequence[Rating]) -> Iterator[str]:
    before, after = ({(entry["registration"] or entry["key"], entry["completed_on"]) for entry in rows} for rows in (old, new))
    for name, completed_on in sorted(after - before):
        yield f"The registered trial {name} is overdue: completed in {completed_on}, and no report has a result that can be used."
    for name, _ in sorted(before - after):
        yield f"The registered trial {name} counts as overdue no longer."


def _anything_else(before: Rating, after: Rating) -> Iterator[str]:
    """A rating that moved is never without a reason."""
    for name, value in after.items():
        if name not in SHOWN_BY_OTHERS and before.get(name) != value:
            yield f"{_words(name).capitalize()} differs: {_in_short(before.get(name), value)}."
    if before["sentence"] != after["sentence"]:
        yield f"It reads now: {after['sentence']}"


def _in_short(old: Any, new: Any) -> str:
    plain = all(value is None or isinstance(value, str | int | float) for value in (old, new))
    return f"{_known(old)} → {_known(new)}" if plain else "see the rating before and after"


def _words(slug: Any) -> str:
    return str(slug).replace("-", " ").replace("_", " ")


def _known(value: Any) -> Any:
    return "none" if value is None else value


def _studies(count: int) -> str:
    return "1 study" if count == 1 else f"{count} studies"


def _directions(row: Rating) -> str:
    count = row["directions"]
    return f"in favour {count['favours_intervention']}, against {count['favours_comparator']}, neither {count['null']}"


def _effect(row: Rating) -> str:
    effect = row["effect"]
    if effect is None:
        return "none"
    return f"{row['measure']} {effect['estimate']} ({effect['ci_low']} to {effect['ci_high']})"
