"""Shapes from a body of evidence as it is stored (`body_to_json`) or served (`/v1/evidence/{id}`), and from the evidence map.

The served answer has the names of condition and intervention; the stored one only their slugs, which are then shown as words.
`retracted` are rows like those of `studies` (`study` and `label` at least) for studies of the body's question whose reports were
retracted: they are shown, never counted.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.charts.shapes import (
    BadgeShape,
    Bias,
    Cumulative,
    CumulativeStep,
    EvidenceMapShape,
    Forest,
    MapLine,
    MapMark,
    PoolMark,
    Question,
    StudyMark,
)
from app.vocabulary import Better, Certainty, Comparator, ComparatorGroup, Finding, Horizon, Measure, PublicationStatus

Body = Mapping[str, Any]
COMPARATOR_NAMES = {
    ComparatorGroup.SHAM: "sham treatment",
    ComparatorGroup.INACTIVE: "usual care or no treatment",
    ComparatorGroup.ACTIVE: "another treatment",
    ComparatorGroup.NONE: "the time before treatment",
}
INACTIVE_NAMES = {
    Comparator.USUAL_CARE: "usual care",
    Comparator.NO_TREATMENT: "no treatment",
    Comparator.WAIT_LIST: "a waiting list",
}
HORIZON_NAMES = {Horizon.POST_TREATMENT: "at the end of treatment", Horizon.FOLLOW_UP: "at follow-up"}
NO_FINITE_POOL = "the pooled effect has no finite interval"


def words(slug: str) -> str:
    return slug.replace("-", " ")


def forest_of(body: Body, retracted: Sequence[Body] = ()) -> Forest:
    studies = [study_of(row) for row in body["studies"]] + [study_of(row, retracted=True) for row in retracted]
    pool = _pool(body["pooled"])
    reason = body["not_pooled"] or (NO_FINITE_POOL if pool is None else None)
    return Forest(question_of(body), tuple(studies), pool, reason, Certainty(body["certainty"]))


def question_of(body: Body) -> Question:
    measure = None if body["measure"] is None else Measure(body["measure"])
    effect = body["effect"]
    return Question(
        condition=body.get("condition_name") or words(body["condition"]),
        intervention=body.get("intervention_name") or words(body["intervention"]),
        comparator=_comparator(body),
        outcome=body["outcome_name"],
        horizon=HORIZON_NAMES[Horizon(body["horizon"])],
        measure=measure,
        unit=None if effect is None else effect["unit"],
        mid=body["mid"]["value"],
        mid_standing=body["mid"]["standing"],
        treatment_side=treatment_side(body),
        controlled=ComparatorGroup(body["comparator_group"]) is not ComparatorGroup.NONE,
    )


def treatment_side(body: Body) -> int | None:
    """The side of the axis that favours the treatment: from `better` where the body names it, else from any study whose effect has a sign.

    The engine sets `direction` from the sign of the effect and `better`, so one such study tells it exactly. Where no study has
    numbers there is no axis to read, and the treatment's side is the left, as is custom.
    """
    if body.get("better") is not None:
        return -1 if Better(body["better"]) is Better.LOWER else 1
    with_numbers = [row for row in body["studies"] if row["effect"] is not None]
    for row in with_numbers:
        if row["effect"] != 0 and row["direction"] != 0:
            return 1 if (row["effect"] > 0) == (row["direction"] > 0) else -1
    return None if with_numbers else -1


def cumulative_of(body: Body, retracted: Sequence[Body] = ()) -> Cumulative:
    labels = {row["study"]: study_of(row) for row in body["studies"]}
    pools = [(row["year"], labels[row["added"]], _pool(row["pooled"])) for row in body["sensitivity"]["cumulative"]]
    if not pools and body["pooled"] is not None:  # a single study: the engine repeats nothing
        only = next(row for row in body["studies"] if row["weight"] is not None)
        pools = [(only["year"], labels[only["study"]], _pool(body["pooled"]))]
    steps = tuple(CumulativeStep(year, added.name, pool, added.concern) for year, added, pool in pools if pool is not None)
    gone = tuple(study_of(row, retracted=True) for row in retracted)
    return Cumulative(question_of(body), steps, body["not_pooled"] or (None if steps else NO_FINITE_POOL), gone)


def evidence_map_of(answer: Body) -> EvidenceMapShape:
    """From the answer of `/v1/evidence-map`."""
    lines = (MapLine(row["name"], tuple(_map_mark(cell) for cell in row["cells"])) for row in answer["rows"])
    return EvidenceMapShape(tuple((column["slug"], column["name"]) for column in answer["columns"]), tuple(lines))


def badge_of(rating: Body, condition: str, intervention: str) -> BadgeShape:
    """From a rating (`certainty`, `direction`) and the two names."""
    return BadgeShape(condition, intervention, Certainty(rating["certainty"]), _finding(rating["direction"]))


def _map_mark(cell: Body) -> MapMark:
    finding = _finding(cell["direction"])
    return MapMark(cell["intervention"], Certainty(cell["certainty"]), finding, cell["eligible_studies"], cell["eligible_participants"])


def _finding(word: str | None) -> Finding | None:
    return None if word is None else Finding(word)


def _comparator(body: Body) -> str:
    group = ComparatorGroup(body["comparator_group"])
    kinds = {Comparator(row["comparator"]) for row in body["studies"]}
    return INACTIVE_NAMES[kinds.pop()] if group is ComparatorGroup.INACTIVE and len(kinds) == 1 else COMPARATOR_NAMES[group]


def _pool(pooled: Body | None) -> PoolMark | None:
    """None where nothing was pooled, and where the estimate or a limit is too large for a number."""
    if pooled is None or any(pooled[name] is None for name in ("estimate", "ci_low", "ci_high")):
        return None
    return PoolMark(**{name: pooled[name] for name in PoolMark.__slots__})


def rating_bias(row: Body) -> Bias:
    """What the rating made of a study's risk of bias."""
    risk = row.get("risk_of_bias")
    return Bias(None, assessed=False) if risk is None else Bias(risk["level"], risk["assessed"], risk["reason"])


def study_of(row: Body, *, retracted: bool = False) -> StudyMark:
    """A row of `studies` as a mark; a retracted one weighs nothing."""
    return StudyMark(
        key=row["study"],
        label=row["label"],
        n=row.get("n") if row.get("n_known", True) or row.get("n_estimated") else None,
        n_estimated=bool(row.get("n_estimated")),
        weight=None if retracted else row.get("weight"),
        direction=row.get("direction"),
        bias=rating_bias(row),
        retracted=retracted,
        concern=PublicationStatus.EXPRESSION_OF_CONCERN in row.get("flags", ()),
        **_numbers(row, ("year", "effect", "se", "ci_low", "ci_high")),
    )


def _numbers(row: Body, names: Iterable[str]) -> dict[str, Any]:
    return {name: row.get(name) for name in names}
