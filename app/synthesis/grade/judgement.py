"""What every rule of the rating returns: levels, the rule's name, a plain sentence, and the numbers it compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.vocabulary import Concern, Domain

SHARE_DIGITS = 12
"""Shares and ratios are rounded to so many decimals before a threshold is applied: binary fractions must not decide."""

CONCERNS = (Concern.NO_CONCERN, Concern.SERIOUS_CONCERN, Concern.VERY_SERIOUS_CONCERN, Concern.EXTREMELY_SERIOUS_CONCERN)
"""FHIR's words by the number of levels taken (0, 1, 2, 3)."""


@dataclass(frozen=True, slots=True)
class StudyWeight:
    """A study that moved a judgement: its share of weight (0 to 1) and what the domain thinks of it."""

    study: str
    weight: float
    judgement: str


@dataclass(frozen=True, slots=True)
class DomainJudgement:
    """One GRADE domain of one body: `levels` taken (0 to 3), the `rule` that took them, and every number it compared.

    `inputs` holds only what JSON can hold: an unknown number is None, never NaN or infinity.
    """

    domain: Domain
    levels: int
    rule: str
    reason: str
    inputs: Mapping[str, object] = field(default_factory=dict)
    studies: tuple[StudyWeight, ...] = ()

    @property
    def concern(self) -> Concern:
        """FHIR's word for `levels`."""
        return CONCERNS[self.levels]


def percent(share: float) -> str:
    """A share of 0 to 1 as words, in whole percent."""
    return f"{round(100 * share)} %"


def studies_in_words(k: int) -> str:
    """`1 study`, `2 studies`."""
    return f"{k} {'study' if k == 1 else 'studies'}"


def people_in_words(n: int) -> str:
    """`1 person`, `54 people`."""
    return f"{n} {'person' if n == 1 else 'people'}"
