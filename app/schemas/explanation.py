"""Why a body stands where it stands and what would move it: what `synthesis.explanation` computes when a body is read."""

from datetime import date

from pydantic import Field

from app.schemas.base import Shape
from app.vocabulary import Certainty, Concern, Domain


class AppraisalRow(Shape):
    """What a curator says of one domain."""

    domain: Domain
    levels: int = Field(description="Levels of certainty that it should take.")
    rationale: str
    author: str
    date: date
    stands_on_current_inputs: bool = Field(
        description="False when the computed judgement now rests on other studies or numbers than the curator had before him."
    )


class RefusedAppraisalRow(AppraisalRow):
    reason: str


class AppraisedDomainRow(Shape):
    computed_levels: int
    override: AppraisalRow | None
    effective_levels: int
    effective_concern: Concern


class AppraisedCertaintyBlock(Shape):
    """The certainty as computed, and as it counts with the curators' appraisals."""

    computed: Certainty
    effective: Certainty
    is_appraised: bool
    levels_total: int
    upgrades: list[str]
    domains: dict[Domain, AppraisedDomainRow]
    earlier: list[AppraisalRow]
    refused: list[RefusedAppraisalRow]


class AlternativeDomainRow(Shape):
    """Levels taken; `least` and `most` differ where an input is not known."""

    name: str
    least: int
    most: int
    reason: str


class LevelRange(Shape):
    best: str
    worst: str


class AlternativeRow(Shape):
    """The level under another published rule set."""

    rule_set: str
    version: str
    source: str
    level: str = Field(description="A certainty, a class, or `not-applicable`.")
    could_be: LevelRange | None
    reasons: list[str]
    domains: list[AlternativeDomainRow]


class StabilityGrid(Shape):
    mid_factors: list[float]
    low_share_enough: list[float]
    leave_one_out: bool


class StabilityCell(Shape):
    mid_factor: float
    left_out: str | None = Field(description="The study left out; null: none.")
    low_share_enough: float
    certainty: Certainty


class StabilityBlock(Shape):
    """The share of each level over a grid of defensible choices; shares sum to 1."""

    grid: StabilityGrid
    computed: Certainty
    shares: dict[Certainty, float]
    share_as_computed: float
    cells: list[StabilityCell]


class ChangeRow(Shape):
    """One change of one kind that would move the level, the smallest of its kind."""

    kind: str
    text: str
    certainty: Certainty = Field(description="The level it leads to.")
    amount: float | None = Field(description="How much of it, on the analysis scale; null where a study is named.")
    shown: float | None = Field(description="`amount` of a MID as a reader sees it.")
    study: str | None
    others: list[str] = Field(description="Other studies of which the same would move the level the same way.")
    body: str


class SmallestChangeBlock(Shape):
    up: list[ChangeRow]
    down: list[ChangeRow]
    why_not_up: str | None
    why_not_down: str | None
    levels_taken: dict[Domain, int]


class WhyThisLevel(Shape):
    """A body taken apart: other rule sets, stability, and the smallest change that would move its level."""

    alternatives: list[AlternativeRow]
    stability: StabilityBlock
    smallest_change: SmallestChangeBlock


class ExplanationBlock(WhyThisLevel):
    """A body taken apart, with the curators' appraisals beside."""

    method: str
    body: str
    certainty: Certainty
    appraisal: AppraisedCertaintyBlock
    participants_still_needed: dict[str, int | None] = Field(description="For half (`f_0_5`) and all (`f_1_0`) of the information size.")
