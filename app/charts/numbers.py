"""Numbers as a plot prints them: a true minus sign, the same decimals down a column, never infinite."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

MINUS = "−"
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LARGEST_PLAIN, SMALLEST_PLAIN = 1e6, 1e-4  # beyond these a number is written as a power of ten
PLAIN_DECADES = 4  # a ratio beyond is written as a power of ten
MOST_DECIMALS = 4
LARGEST_LOG = 690.0  # ln 1e300: a larger log ratio has no number on the natural scale
SIGNIFICANT_DIGITS = 3


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals; powers of ten where that would be endless."""
    if abs(value) >= LARGEST_PLAIN:
        return power_of_ten(value)
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", MINUS)


def power_of_ten(value: float) -> str:
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}×10{str(int(exponent)).translate(SUPERSCRIPTS)}".replace("-", MINUS)


def plain_number(value: float, step: float) -> str:
    """A tick's label: as many decimals as its step needs."""
    if value != 0 and (abs(value) >= LARGEST_PLAIN or abs(value) < SMALLEST_PLAIN):
        return power_of_ten(value)
    decimals = 0 if step == 0 else max(0, -math.floor(math.log10(abs(step)) + 1e-9))
    if round(step, decimals) != step and abs(round(step * 10**decimals) - step * 10**decimals) > 1e-6:
        decimals += 1
    return fixed(value, min(decimals, MOST_DECIMALS + 2))


def decade(power: int) -> str:
    """A power of ten as a tick's label."""
    return ratio_number(1.0, power)


def ratio_number(mantissa: float, power: int) -> str:
    """mantissa × 10^power as a tick's label."""
    if -PLAIN_DECADES <= power <= PLAIN_DECADES:
        return f"{mantissa * 10.0**power:.8f}".rstrip("0").rstrip(".")
    sign = "" if mantissa == 1.0 else f"{mantissa:g}×"
    return f"{sign}10{str(power).translate(SUPERSCRIPTS)}"


@dataclass(frozen=True, slots=True)
class EffectFormat:
    """How the effects of one plot are printed; values come on the analysis scale."""

    ratio: bool
    decimals: int

    def one(self, value: float) -> str:
        if not self.ratio:
            return fixed(value, self.decimals)
        natural = math.exp(min(max(value, -LARGEST_LOG), LARGEST_LOG))
        if natural < 0.01:
            return f"{natural:.1g}" if natural >= SMALLEST_PLAIN else power_of_ten(natural)
        return fixed(natural, 2 if natural < 10 else 1 if natural < 100 else 0)

    def bound(self, value: float) -> str:
        """A threshold, without the zeros that a column of effects needs."""
        text = self.one(value)
        return text.rstrip("0").rstrip(".") if "." in text and "×" not in text and not self.ratio else text

    def interval(self, low: float, high: float) -> str:
        return f"[{self.one(low)}, {self.one(high)}]"


def effect_format(values: Sequence[float], *, ratio: bool) -> EffectFormat:
    """Three significant digits for the middle magnitude of a plot's numbers, the same decimals for all."""
    sizes = [abs(value) for value in values if value != 0 and math.isfinite(value)]
    if ratio or not sizes:
        return EffectFormat(ratio, 2)
    digits = SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(median(sizes)))
    return EffectFormat(ratio, min(max(digits, 0), MOST_DECIMALS))


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"
