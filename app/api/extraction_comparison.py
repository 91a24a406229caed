"""Two extractions side by side as the answer shows them."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.actions.extractions import base_document, extraction_of
from app.actions.studies import warnings_of
from app.actor import Actor
from app.api.rating_changes import rating_changes
from app.errors import FieldProblem
from app.formats.extraction_comparison import AgreementCounts, Comparison, Entry, Member, compare_extractions, count_agreement
from app.models import DoubleExtraction, Study, StudyExtraction
from app.models.base import utc_now
from app.queries.extraction_effects import Effects, Weight, assess_differences, effects_under
from app.queries.extractions import extraction_items
from app.queries.impact import RatingImpact
from app.queries.vocabulary_check import load_known_slugs
from app.schemas.extraction import Extraction, with_extraction
from app.schemas.extraction_comparison import (
    AgreementShown,
    ComparedEntry,
    ComparedMember,
    ComparisonAnswer,
    KappaShown,
    RatingsUnder,
    ResultEffects,
)
from app.schemas.study_writing import as_warnings
from app.synthesis.agreement import Kappa, NoKappa
from app.synthesis.reported_effect import NoEffect
from app.synthesis.result_effects import ShownEffect

Found = list[tuple[ShownEffect, ...] | NoEffect] | None
AGREES = Weight([])


def comparison_answer(
    session: Session, double: DoubleExtraction, pair: tuple[StudyExtraction, StudyExtraction], reader: Actor
) -> ComparisonAnswer:
    study = session.get_one(Study, double.study_id)
    document, known = base_document(session, study), load_known_slugs(session)
    first, second = extraction_of(pair[0]), extraction_of(pair[1])
    comparison = compare_extractions(first, second)
    effects = assess_differences(session, study.key, document, (first, second), comparison, as_of=utc_now().date())
    found = [effects_under(study.key, document, one, known.outcomes) for one in (first, second)]

    def warned(extraction: Extraction) -> list[FieldProblem]:
        return warnings_of(session, with_extraction(document, extraction), known, reader=reader)

    shown_first, shown_second = extraction_items(session, [(row, double.base_revision) for row in pair], reader)
    return ComparisonAnswer.model_validate(
        {
            "study": study.id,
            "double_extraction": double.id,
            "base_revision": double.base_revision,
            "first": shown_first,
            "second": shown_second,
            "study_members": [_member(member, effects) for member in comparison.members],
            "comparators": _entries(comparison, "comparators", effects),
            "results": _results(comparison, effects, found),
            "risk_of_bias": _entries(comparison, "risk_of_bias", effects),
            "differences": [_member(member, effects) for member in comparison.differences()],
            "agreement": _agreement(count_agreement(comparison, first, second)),
            "under_first": _under(warned(first), effects.under_first),
            "under_second": _under(warned(second), effects.under_second),
            "not_rated": effects.not_rated,
        }
    )


def _member(member: Member, effects: Effects) -> ComparedMember:
    weight, difference = effects.weights.get(member.pointer, AGREES), member.difference
    return ComparedMember.model_validate(
        {
            "pointer": member.pointer,
            "status": member.status,
            "kind": member.kind,
            "first": member.first,
            "second": member.second,
            "absolute_difference": difference.absolute if difference is not None else None,
            "relative_difference": difference.relative if difference is not None else None,
            "within_rounding": difference.within_rounding if difference is not None else None,
            "changes_ratings": weight.changed,
            "not_weighed": weight.not_weighed,
        }
    )


def _entries(comparison: Comparison, name: str, effects: Effects) -> list[ComparedEntry]:
    return [_entry(entry, effects, (None, None)) for entry in comparison.entries[name]]


def _results(comparison: Comparison, effects: Effects, found: Sequence[Found]) -> list[ComparedEntry]:
    return [
        _entry(entry, effects, (_effects_at(found[0], entry.first), _effects_at(found[1], entry.second)))
        for entry in comparison.entries["results"]
    ]


def _entry(entry: Entry, effects: Effects, under: tuple[ResultEffects | None, ResultEffects | None]) -> ComparedEntry:
    return ComparedEntry(
        pointer=entry.pointer,
        about=entry.about,
        position_in_first=entry.first,
        position_in_second=entry.second,
        members=[_member(member, effects) for member in entry.members],
        effect_under_first=under[0],
        effect_under_second=under[1],
    )


def _effects_at(found: Found, position: int | None) -> ResultEffects | None:
    if found is None or position is None:
        return None
    effects = found[position]
    if isinstance(effects, NoEffect):
        return ResultEffects(effects=[], no_effect=effects.reason)
    shown: list[dict[str, Any]] = [dataclasses.asdict(effect) for effect in effects]
    return ResultEffects.model_validate({"effects": shown, "no_effect": None})


def _agreement(counts: AgreementCounts) -> AgreementShown:
    return AgreementShown(
        members=counts.members,
        agree=counts.agree,
        percent=counts.percent,
        numbers=counts.numbers,
        numbers_equal=counts.numbers_equal,
        numbers_within_rounding=counts.numbers_within_rounding,
        only_in_first=counts.only_in_first,
        only_in_second=counts.only_in_second,
        risk_of_bias=_kappa(counts.risk_of_bias),
    )


def _kappa(found: Kappa | NoKappa) -> KappaShown:
    if isinstance(found, NoKappa):
        return KappaShown(kappa=None, observed=None, expected=None, n=found.n, reason=found.reason)
    return KappaShown(kappa=found.kappa, observed=found.observed, expected=found.expected, n=found.n, reason=None)


def _under(found: list[FieldProblem], impacts: Sequence[RatingImpact]) -> RatingsUnder:
    return RatingsUnder(ratings=rating_changes(impacts), warnings=as_warnings(found))
