"""How far two people agree who read the same study, each for himself: single numbers, and judgements beyond chance."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

FEWEST_JUDGEMENTS = 2
"""With one judgement the two people's own frequencies are that judgement, and chance cannot be told from agreement."""


@dataclass(frozen=True, slots=True)
class NumberDifference:
    """How far two numbers lie apart: absolute (None beyond what a float holds), and relative to the larger (None when both are 0)."""

    absolute: float | None
    relative: float | None
    within_rounding: bool


def compare_numbers(first: float, second: float, *, exact: bool = False) -> NumberDifference:
    """Return |a - b| and |a - b| / max(|a|, |b|), worked out from the decimals as they are written, so that 5.3 and 5.1 are 0.2 apart.

    Within rounding: the one with fewer decimals is the other one rounded to as many, halves either way. Counts are `exact`:
    nobody rounds people.
    """
    a, b = Decimal(repr(first)), Decimal(repr(second))
    absolute, larger = abs(Fraction(a) - Fraction(b)), max(abs(Fraction(a)), abs(Fraction(b)))
    decimals = min(_decimals(a), _decimals(b))
    rounding = absolute == 0 or (not exact and 2 * absolute <= Fraction(1, 10**decimals))
    return NumberDifference(_as_float(absolute), float(absolute / larger) if larger else None, rounding)


def _as_float(number: Fraction) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return None


def _decimals(number: Decimal) -> int:
    """How many decimals a number is written with; 30.0 is written as 30."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's kappa of `n` judgements with what it is made of."""

    kappa: float
    observed: float
    expected: float
    n: int


@dataclass(frozen=True, slots=True)
class NoKappa:
    """Why there is no kappa, as a value."""

    reason: str
    n: int


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> Kappa | NoKappa:
    """Return kappa = (po - pe) / (1 - pe) of judgements that two people made of the same things, each into one category.

    po is the share of the pairs that agree, pe what chance alone would give: the sum over the categories of the product of the
    two people's own shares. Undefined where pe is 1, that is where both used one and the same category throughout; and with
    fewer than two judgements.
    Source: Cohen J. A coefficient of agreement for nominal scales. Educ Psychol Meas 1960;20:37-46, doi:10.1177/001316446002000104.
    """
    n = len(pairs)
    if n < FEWEST_JUDGEMENTS:
        return NoKappa("Fewer than two judgements were made by both.", n)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    observed = Fraction(sum(one == other for one, other in pairs), n)
    expected = sum((Fraction(first[word] * second[word], n * n) for word in first), Fraction(0))
    if expected == 1:
        return NoKappa("Both used one and the same category throughout, so that chance alone explains the agreement.", n)
    return Kappa(float((observed - expected) / (1 - expected)), float(observed), float(expected), n)
