"""What two extractions of one study say of each other, for the person who has to decide."""

from typing import Any

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.extraction import ExtractionItem
from app.schemas.study_writing import RatingChange, Warning
from app.vocabulary import Extracted, ExtractedKind, Measure


class ChangedRating(Shape):
    """A rating that one difference moves; `conclusion_changes` when it moves the certainty, the direction or the headline comparator."""

    condition: str
    intervention: str
    conclusion_changes: bool
    reasons: list[str]


class ComparedMember(Shape):
    """One member under its place in the comparison, which is what an adjudication names."""

    pointer: str
    status: Extracted
    kind: ExtractedKind
    first: Any
    second: Any
    absolute_difference: float | None = Field(description="Of two numbers.")
    relative_difference: float | None = Field(description="Of two numbers, relative to the larger; null when both are 0.")
    within_rounding: bool | None = Field(description="Whether the number with fewer decimals is the other one, rounded.")
    changes_ratings: list[ChangedRating] | None = Field(
        description="Ratings that come out otherwise when this member alone is taken from the second extraction and all others from "
        "the first; null where that was not worked out, and `not_weighed` says why."
    )
    not_weighed: str | None


class EffectShown(Shape):
    """Treatment minus comparator with 95 % limits; ratios on their natural scale, their `se` that of the logarithm."""

    measure: Measure
    value: float
    se: float
    ci_low: float
    ci_high: float
    basis: str


class ResultEffects(Shape):
    """The effects of one result under one extraction; where there is none, why."""

    effects: list[EffectShown]
    no_effect: str | None


class ComparedEntry(Shape):
    """A result, comparator or judgement, matched across the two by what it is about."""

    pointer: str
    about: dict[str, Any]
    position_in_first: int | None
    position_in_second: int | None
    members: list[ComparedMember]
    effect_under_first: ResultEffects | None
    effect_under_second: ResultEffects | None


class KappaShown(Shape):
    """Cohen's kappa over the judgements on risk of bias that both made; null with the reason where it is not defined."""

    kappa: float | None
    observed: float | None
    expected: float | None
    n: int
    reason: str | None


class AgreementShown(Shape):
    members: int = Field(description="Members that at least one of the two filled in, what an entry is about aside.")
    agree: int
    percent: float | None = Field(description="100 agree / members; null where nothing was filled in.")
    numbers: int = Field(description="Numbers that both give.")
    numbers_equal: int
    numbers_within_rounding: int = Field(description="Equal, or one the rounded other.")
    only_in_first: int
    only_in_second: int
    risk_of_bias: KappaShown


class RatingsUnder(Shape):
    """What accepting one of the two as it is would do to ratings."""

    ratings: list[RatingChange]
    warnings: list[Warning]


class ComparisonAnswer(Shape):
    """Both extractions side by side; `differences` repeats every member that does not agree, in the order of the document."""

    study: str
    double_extraction: str
    base_revision: int
    first: ExtractionItem
    second: ExtractionItem
    study_members: list[ComparedMember]
    comparators: list[ComparedEntry]
    results: list[ComparedEntry]
    risk_of_bias: list[ComparedEntry]
    differences: list[ComparedMember]
    agreement: AgreementShown
    under_first: RatingsUnder
    under_second: RatingsUnder
    not_rated: str | None = Field(description="Why no rating was worked out, where none was.")
