"""An answer that cannot be given, as a value: what the diagnostics return instead of an exception or a NaN."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

UNWRITABLE = "the result is larger or smaller than floating-point numbers can hold"


@dataclass(frozen=True, slots=True)
class NotComputed:
    """Why there is no result."""

    reason: str


def all_finite(numbers: Iterable[float | None]) -> bool:
    """Return whether every number that is there (not None) is finite: no infinity and no NaN may leave the engine."""
    return all(number is None or math.isfinite(number) for number in numbers)
