"""Figures against the scale of their instrument: no score lies off it, no change or difference is greater than it is wide.

The standard deviation of numbers within a range is at most half its width, times sqrt(n / (n - 1)) for a sample of n
(Popoviciu's inequality on variances).
"""

import math
from collections.abc import Iterator

from app.errors import FieldDoubt, FieldProblem
from app.schemas.study import Arm, StudyResult
from app.vocabulary import AnalysedScore, Measure

SCORES = ("mean", "median", "q1", "q3", "minimum", "maximum")
SIDES = ("treatment", "control")
ROUNDING = 1.01
"""Standard deviations are printed with two or three digits."""


def find_off_scale(pointer: str, result: StudyResult, low: float | None, high: float | None) -> Iterator[FieldProblem]:
    """What no rounding puts there. Of what may be a change, each score lies within the width of the scale, either way."""
    least = low
    if result.analysis is not AnalysedScore.POST_SCORE:
        if low is None or high is None:
            return
        least = min(low, low - high)
    for side in SIDES:
        yield from _scores_off_scale(f"{pointer}/{side}", getattr(result, side), result.instrument, least, high)
    if low is None or high is None:
        return
    width = high - low
    spread = width if result.analysis is AnalysedScore.POST_SCORE else 2 * width
    for side in SIDES:
        yield from _spread_off_scale(f"{pointer}/{side}", getattr(result, side), result.instrument, spread)
    yield from _difference_off_scale(f"{pointer}/estimate", result, width)


def find_scale_doubts(pointer: str, result: StudyResult, low: float | None, high: float | None) -> Iterator[FieldDoubt]:
    """What a change could be and a score could not, limits beyond the scale, and a standard error that may be a deviation."""
    if low is None or high is None:
        return
    width = high - low
    if result.analysis is not AnalysedScore.POST_SCORE:
        for side in SIDES:
            yield from _spread_of_changes(f"{pointer}/{side}", getattr(result, side), result.instrument, width)
    for side in SIDES:
        arm: Arm = getattr(result, side)
        if arm.se is not None and arm.n and arm.se * math.sqrt(arm.n) > _greatest_sd(2 * width, arm.n) >= arm.se:
            yield FieldDoubt(f"{pointer}/{side}/se", f"{arm.se:g} is much for a standard error of {arm.n}: is it the standard deviation?")
    estimate = result.estimate
    for name in ("ci_low", "ci_high"):
        limit = getattr(estimate, name) if estimate is not None and estimate.measure is Measure.MD else None
        if limit is not None and abs(limit) > width:
            yield FieldDoubt(f"{pointer}/estimate/{name}", f"{limit:g} is more than {result.instrument} is wide, {width:g}")


def _scores_off_scale(pointer: str, arm: Arm, instrument: str, low: float | None, high: float | None) -> Iterator[FieldProblem]:
    for name in SCORES:
        score = getattr(arm, name)
        if score is not None and ((low is not None and score < low) or (high is not None and score > high)):
            yield FieldProblem(f"{pointer}/{name}", f"{score:g} lies off the scale of {instrument}", [f"{low} to {high}"])


def _spread_off_scale(pointer: str, arm: Arm, instrument: str, width: float) -> Iterator[FieldProblem]:
    """`width` is that of the range that the numbers can lie in."""
    most = _greatest_sd(width, arm.n)
    if arm.sd is not None and arm.sd > most * ROUNDING:
        yield FieldProblem(f"{pointer}/sd", f"{arm.sd:g} is more than a standard deviation on {instrument} can be, {most:.3g}")
    if arm.se is not None and arm.se > most * ROUNDING:
        yield FieldProblem(f"{pointer}/se", f"{arm.se:g} is more than even a standard deviation on {instrument} can be, {most:.3g}")


def _spread_of_changes(pointer: str, arm: Arm, instrument: str, width: float) -> Iterator[FieldDoubt]:
    """Within the spread that changes can have, and above that of scores."""
    impossible = {problem.pointer for problem in _spread_off_scale(pointer, arm, instrument, 2 * width)}
    for problem in _spread_off_scale(pointer, arm, instrument, width):
        if problem.pointer not in impossible:
            yield FieldDoubt(problem.pointer, f"{problem.detail}, unless it is that of changes: look whether it is printed so")


def _difference_off_scale(pointer: str, result: StudyResult, width: float) -> Iterator[FieldProblem]:
    estimate = result.estimate
    if estimate is None or estimate.measure is not Measure.MD:
        return
    for name in ("value", "se"):
        figure = getattr(estimate, name)
        if figure is not None and abs(figure) > width:
            yield FieldProblem(f"{pointer}/{name}", f"{figure:g} is more than {result.instrument} is wide, {width:g}")


def _greatest_sd(width: float, n: int | None) -> float:
    return width / 2 * (math.sqrt(n / (n - 1)) if n is not None and n > 1 else math.sqrt(2))
