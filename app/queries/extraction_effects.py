"""What two people's differences do: to the effects of single results, and to ratings. Nothing is written.

For ratings each difference is weighed by itself: everything from the first extraction, that one member from the second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.formats.adjudicated_extraction import adjudicate
from app.formats.extraction_comparison import Comparison, Member
from app.queries.impact import RatingImpact, affected_pairs, assess_impact
from app.queries.pair_inputs import RATED_KINDS, Pair, load_pair_inputs, pairs_of
from app.queries.rating_difference import explain_difference
from app.queries.study_inputs import study_input
from app.schemas.extraction import Extraction, with_extraction
from app.schemas.study import StudyDocument
from app.synthesis.body import PairInput, StudyInput
from app.synthesis.rating import rate_many, to_json
from app.synthesis.reported_effect import NoEffect
from app.synthesis.result_effects import ShownEffect, effects_of_result
from app.vocabulary import Better, ExtractedKind

Json = dict[str, Any]
CONCLUSION = ("certainty", "direction", "headline_comparator")
MAX_WEIGHED = 40
"""Differences weighed one by one; each rates all that the study touches anew."""
MAX_RESULTS_WEIGHED = 8000
"""Results that are looked at for all of them together: of a study with very many results fewer differences are weighed."""
FEWEST_WEIGHED = 4
TOO_MANY = "Only the first {} differences are weighed one by one."
NOT_ALONE = "Taken alone it does not fit the rest of the first extraction."
NO_WEIGHT = "Wording enters no rating."


@dataclass(frozen=True, slots=True)
class Weight:
    """What one difference does to ratings by itself; None with the reason where it was not worked out."""

    changed: list[Json] | None
    not_weighed: str | None = None


@dataclass(frozen=True, slots=True)
class Effects:
    """What accepting either extraction would do, and what each difference does by itself, by its place in the comparison."""

    under_first: list[RatingImpact]
    under_second: list[RatingImpact]
    weights: dict[str, Weight]
    not_rated: str | None = None


def why_not_rated(document: StudyDocument) -> str | None:
    """Why no rating rests on a record; None where one may."""
    if document.kind is None or document.design is None:
        return "The record says no kind or no design yet."
    if document.kind not in RATED_KINDS or document.intervention is None:
        return "No rating rests on a record of this kind, or without an intervention."
    return None


def assess_differences(
    session: Session, key: str, document: StudyDocument, pair: tuple[Extraction, Extraction], comparison: Comparison, *, as_of: date
) -> Effects:
    """Rate under the first, under the second, and under the first with each difference by itself."""
    refusal = why_not_rated(document)
    if refusal is not None:
        return Effects([], [], {member.pointer: Weight(None, refusal) for member in comparison.differences()}, refusal)
    first, second = pair
    return Effects(
        under_first=assess_impact(session, {key: with_extraction(document, first)}, as_of=as_of),
        under_second=assess_impact(session, {key: with_extraction(document, second)}, as_of=as_of),
        weights=_weigh(session, key, document, pair, comparison, as_of=as_of),
    )


def effects_under(
    key: str, document: StudyDocument, extraction: Extraction, better: Mapping[str, str]
) -> list[tuple[ShownEffect, ...] | NoEffect] | None:
    """The effects of every result of an extraction, by its position; None while the record says no kind or design."""
    if document.kind is None or document.design is None:
        return None
    study = study_input(key, with_extraction(document, extraction))
    return [effects_of_result(study, row, Better(better[row.outcome])) for row in study.results]


def weighed_at_most(results: int) -> int:
    """How many differences of a study with so many results are weighed one by one."""
    return max(FEWEST_WEIGHED, min(MAX_WEIGHED, MAX_RESULTS_WEIGHED // max(1, results)))


def _weigh(
    session: Session, key: str, document: StudyDocument, pair: tuple[Extraction, Extraction], comparison: Comparison, *, as_of: date
) -> dict[str, Weight]:
    most = weighed_at_most(max(len(one.results) for one in pair))
    weights: dict[str, Weight] = {}
    variants: dict[str, StudyDocument] = {}
    for member in comparison.differences():
        if member.kind is ExtractedKind.WORDING:
            weights[member.pointer] = Weight([], NO_WEIGHT)
        elif len(variants) == most:
            weights[member.pointer] = Weight(None, TOO_MANY.format(most))
        elif (variant := _with_one(document, pair, comparison, member)) is None:
            weights[member.pointer] = Weight(None, NOT_ALONE)
        else:
            variants[member.pointer] = variant
    bases = [with_extraction(document, one) for one in pair]
    found = _rated(session, key, [bases[0], *variants.values()], touched=bases, as_of=as_of)
    return weights | {pointer: Weight(_changed(found[0], after)) for pointer, after in zip(variants, found[1:], strict=True)}


def _with_one(document: StudyDocument, pair: tuple[Extraction, Extraction], comparison: Comparison, member: Member) -> StudyDocument | None:
    made = adjudicate(*pair, comparison, {member.pointer: member.second})
    return with_extraction(document, made) if isinstance(made, Extraction) else None


def _rated(
    session: Session, key: str, variants: Sequence[StudyDocument], *, touched: Sequence[StudyDocument], as_of: date
) -> list[list[Json]]:
    """All ratings that either extraction touches, under each variant of the record; all are rated at once."""
    pairs = set[Pair]().union(*(affected_pairs(session, {key: document}) for document in touched))
    base = load_pair_inputs(session, pairs, as_of=as_of, replacing={key: variants[0]})
    inputs: list[list[PairInput]] = []
    for variant in variants:
        if pairs_of(variant) == pairs_of(variants[0]):
            inputs.append([_with_study(one, study_input(key, variant)) for one in base])
        else:
            inputs.append(load_pair_inputs(session, pairs, as_of=as_of, replacing={key: variant}))
    ratings = [to_json(rating) for rating in rate_many([one for group in inputs for one in group])]
    return [ratings[start : start + len(base)] for start in range(0, len(ratings), max(1, len(base)))] or [[] for _ in variants]


def _with_study(pair: PairInput, study: StudyInput) -> PairInput:
    """The inputs of a pair with the study as it is here, also where a registration names it as its report."""
    registrations = (replace(row, linked=tuple(study if one.key == study.key else one for one in row.linked)) for row in pair.registrations)
    studies = tuple(study if one.key == study.key else one for one in pair.studies)
    return replace(pair, studies=studies, registrations=tuple(registrations))


def _changed(before: Sequence[Json], after: Sequence[Json]) -> list[Json]:
    return [
        {
            "condition": new["condition"],
            "intervention": new["intervention"],
            "conclusion_changes": any(old[name] != new[name] for name in CONCLUSION),
            "reasons": reasons,
        }
        for old, new in zip(before, after, strict=True)
        if (reasons := explain_difference(old, new))
    ]
