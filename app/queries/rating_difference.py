"""What differs between two states of a rating, in sentences: for previews, reviews and whoever asks why it moved."""

from collections.abc import Iterator, Mapping
from typing import Any

Rating = Mapping[str, Any]


def explain_difference(before: Rating | None, after: Rating) -> list[str]:
    """One sentence for each thing that differs, the headline first."""
    if before is None:
        return [f"The rating is new: {after['certainty']}."]
    return [*_headline(before, after), *_bodies(before, after)]


def _headline(before: Rating, after: Rating) -> Iterator[str]:
    for name, words in (("certainty", "Certainty"), ("direction", "Direction"), ("headline_comparator", "Headline comparator")):
        if before[name] != after[name]:
            yield f"{words}: {before[name] or 'none'} → {after[name] or 'none'}."
    studies, people = before["eligible_studies"], before["eligible_participants"]
    if (studies, people) != (after["eligible_studies"], after["eligible_participants"]):
        yield f"Eligible: {studies} studies with {people} people → {after['eligible_studies']} with {after['eligible_participants']}."


def _bodies(before: Rating, after: Rating) -> Iterator[str]:
    old = {row["body"]: row for row in before["outcomes"]}
    new = {row["body"]: row for row in after["outcomes"]}
    for body in sorted(old.keys() | new.keys()):
        name = _name(new.get(body) or old[body])
        if body not in old:
            yield f"{name}: a body of evidence is there now ({new[body]['k']} studies, {new[body]['certainty']})."
        elif body not in new:
            yield f"{name}: no body of evidence is left."
        else:
            yield from (f"{name}: {sentence}" for sentence in _body(old[body], new[body]))


def _name(row: Rating) -> str:
    return f"{row['outcome_name']}, against {row['comparator_group']}, {row['horizon']}"


def _body(old: Rating, new: Rating) -> Iterator[str]:
    if (old["k"], old["n"]) != (new["k"], new["n"]):
        yield f"{old['k']} studies with {old['n']} people → {new['k']} with {new['n']}."
    if old["effect"] != new["effect"]:
        yield f"effect {_effect(old['effect'])} → {_effect(new['effect'])}."
    for domain, judged in new["domains"].items():
        was = old["domains"].get(domain)
        if was is not None and was["levels"] != judged["levels"]:
            yield f"{domain} takes {was['levels']} → {judged['levels']} levels: {judged['reason']}"
    if old["certainty"] != new["certainty"]:
        yield f"certainty {old['certainty']} → {new['certainty']}."
    if old["finding"] != new["finding"]:
        yield f"finding {old['finding']} → {new['finding']}."


def _effect(effect: Rating | None) -> str:
    if effect is None:
        return "none"
    return f"{effect['estimate']} ({effect['ci_low']} to {effect['ci_high']})"
