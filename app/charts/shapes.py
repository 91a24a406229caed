"""What a plot is drawn from: frozen values, no table, no session. `from_body.py` makes them from what the API stores and serves.

Effects are on the analysis scale (log for ratios) with the sign as computed, treatment minus comparator, as in the engine.
"""

from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING

from app.vocabulary import RATIO_MEASURES, Certainty, Finding, Measure

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Json = dict[str, object]
LOWEST_WIDTH, HIGHEST_WIDTH = 320, 2400
"""Pixels between which every plot can be drawn."""


CONCERN_SIGN = "†"


def marked(name: str, *, concern: bool) -> str:
    """A study's name as it is drawn, with the sign of an expression of concern; the data have the name alone."""
    return f"{name} {CONCERN_SIGN}" if concern else name


@dataclass(frozen=True, slots=True)
class Bias:
    """A judgement of risk of bias; `level` is low, some-concerns or high, None without information."""

    level: str | None
    assessed: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class StudyMark:
    """One study of a plot. Without `effect` it gives a direction only: +1 favours the treatment, -1 the comparator, 0 neither."""

    key: str
    label: str
    year: int | None = None
    n: int | None = None
    n_estimated: bool = False
    effect: float | None = None
    se: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    weight: float | None = None
    direction: int | None = None
    bias: Bias = Bias(None)
    retracted: bool = False
    concern: bool = False
    """Whether an expression of concern stands on the report; the study counts, and is marked."""

    @property
    def name(self) -> str:
        """The label, with the year where it does not hold it."""
        return self.label if self.year is None or str(self.year) in self.label else f"{self.label} ({self.year})"

    @property
    def marked_name(self) -> str:
        """The name as it is drawn."""
        return marked(self.name, concern=self.concern)


@dataclass(frozen=True, slots=True)
class PoolMark:
    """A pooled effect; 95 % intervals."""

    k: int
    estimate: float
    ci_low: float
    ci_high: float
    pi_low: float | None = None
    pi_high: float | None = None
    i2: float | None = None
    tau2: float | None = None
    q_p: float | None = None
    tau2_method: str = "none"
    ci_method: str = "single-study"


@dataclass(frozen=True, slots=True)
class Question:
    """What a body of evidence asks. `treatment_side`: the side of the axis that favours the treatment, -1 left, +1 right, None unknown."""

    condition: str
    intervention: str
    comparator: str
    outcome: str
    horizon: str
    measure: Measure | None
    unit: str | None
    mid: float | None
    mid_standing: str
    treatment_side: int | None
    controlled: bool = True
    """False where people were only compared with themselves, before treatment."""

    @property
    def ratio(self) -> bool:
        return self.measure in RATIO_MEASURES


@dataclass(frozen=True, slots=True)
class Forest:
    """`pool` None: not pooled, for the reason `not_pooled`. `studies` hold those in the body, `retracted` ones stand outside."""

    question: Question
    studies: tuple[StudyMark, ...]
    pool: PoolMark | None
    not_pooled: str | None
    certainty: Certainty | None = None

    @property
    def counted(self) -> tuple[StudyMark, ...]:
        return tuple(study for study in self.studies if not study.retracted)


@dataclass(frozen=True, slots=True)
class CumulativeStep:
    """The pool after one more study."""

    year: int | None
    added: str
    pool: PoolMark
    concern: bool = False

    @property
    def marked_name(self) -> str:
        return marked(self.added, concern=self.concern)


@dataclass(frozen=True, slots=True)
class Cumulative:
    question: Question
    steps: tuple[CumulativeStep, ...]
    not_pooled: str | None
    retracted: tuple[StudyMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A tool's own judgement of a domain, or over all: `written` as the record has it, None where it has nothing.

    `level` is low, some-concerns, high or no-information; None for a word that means none of these.
    """

    name: str
    written: str | None
    level: str | None


@dataclass(frozen=True, slots=True)
class BiasRow:
    """One judgement of a study, `tool` None where nobody judged it; `rating` is what the rating made of it, None where another decided."""

    key: str
    label: str
    tool: str | None
    judged_by: str | None
    domains: tuple[Judgement, ...]
    overall: Judgement
    rating: Bias | None
    retracted: bool = False
    concern: bool = False

    @property
    def marked_name(self) -> str:
        return marked(self.label, concern=self.concern)


@dataclass(frozen=True, slots=True)
class TrafficLight:
    title: str
    rows: tuple[BiasRow, ...]


@dataclass(frozen=True, slots=True)
class MapMark:
    """One condition and intervention; `direction` None without evidence."""

    intervention: str
    certainty: Certainty
    direction: Finding | None
    studies: int
    participants: int


@dataclass(frozen=True, slots=True)
class MapLine:
    condition: str
    marks: tuple[MapMark, ...]


@dataclass(frozen=True, slots=True)
class EvidenceMapShape:
    """`interventions` are pairs of slug and name, the columns in their order."""

    interventions: tuple[tuple[str, str], ...]
    lines: tuple[MapLine, ...]


@dataclass(frozen=True, slots=True)
class BadgeShape:
    condition: str
    intervention: str
    certainty: Certainty
    direction: Finding | None


def plain(value: object) -> object:
    """A shape as JSON holds it: members by name, tuples as lists, closed sets as their words."""
    if is_dataclass(value) and not isinstance(value, type):
        return members(value)
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value


def members(shape: "DataclassInstance") -> Json:
    """The members of one shape as JSON holds them."""
    return {field.name: plain(getattr(shape, field.name)) for field in fields(shape)}


def checked_width(width: int) -> int:
    if not LOWEST_WIDTH <= width <= HIGHEST_WIDTH:
        raise ValueError(f"a plot is {LOWEST_WIDTH} to {HIGHEST_WIDTH} pixels wide, not {width}")
    return width
