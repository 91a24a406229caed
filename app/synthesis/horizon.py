"""At what time after treatment a result was measured, and which horizon it belongs to (method, section 1).

Post-treatment: up to four weeks after the end of treatment. Follow-up: later. During treatment: only where a study has
nothing later. Unknown time: the earliest timepoint of that study and outcome counts as post-treatment.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.synthesis.body import ResultInput
from app.vocabulary import Horizon

POST_TREATMENT_UP_TO_WEEKS = 4.0  # method, section 1: time since the end of treatment at most four weeks


@dataclass(frozen=True, slots=True)
class TimedRows:
    """The rows of one study, outcome and comparator group by horizon, and those that no horizon takes (row, rule, reason)."""

    post_treatment: tuple[ResultInput, ...]
    follow_up: tuple[ResultInput, ...]
    passed_over: tuple[tuple[ResultInput, str, str], ...]

    def at(self, horizon: Horizon) -> tuple[ResultInput, ...]:
        return self.post_treatment if horizon is Horizon.POST_TREATMENT else self.follow_up


def sort_by_horizon(rows: Sequence[ResultInput]) -> TimedRows:
    """Return which of these usable rows (one study, one outcome, one comparator group) belong to which horizon."""
    after = [row for row in rows if not _is_during_treatment(row)]
    first = min((_timepoint(row) for row in after), default=-math.inf)
    post = [row for row in after if _is_post_treatment(row, first)]
    follow_up = [row for row in after if _weeks_since(row, -math.inf) > POST_TREATMENT_UP_TO_WEEKS]
    passed_over = [
        (row, "unknown-time", "Time since the end of treatment unknown, and not the first timepoint.")
        for row in after
        if row.since_end_of_treatment_weeks is None and row not in post
    ]
    during = [row for row in rows if _is_during_treatment(row)]
    if post:
        passed_over += [(row, "during-treatment", "Measured during treatment; there is a result after its end.") for row in during]
    return TimedRows(tuple(post or during), tuple(follow_up), tuple(passed_over))


def horizon_of_unusable(row: ResultInput) -> Horizon:
    """Return where a result without number and direction is listed: follow-up when known to be late, else post-treatment."""
    late = _weeks_since(row, -math.inf) > POST_TREATMENT_UP_TO_WEEKS
    return Horizon.FOLLOW_UP if late else Horizon.POST_TREATMENT


def nearness(row: ResultInput, horizon: Horizon) -> tuple[float, float]:
    """Return the sort key of time within a horizon, smallest first.

    Post-treatment: nearest to the end of treatment, on a tie the later; unknown times last. Follow-up: the longest.
    """
    later_first = -(row.timepoint_weeks if row.timepoint_weeks is not None else -math.inf)
    if horizon is Horizon.POST_TREATMENT:
        return abs(_weeks_since(row, math.inf)), later_first
    return -_weeks_since(row, -math.inf), later_first


def _is_during_treatment(row: ResultInput) -> bool:
    return row.since_end_of_treatment_weeks is not None and row.since_end_of_treatment_weeks < 0


def _is_post_treatment(row: ResultInput, first_timepoint: float) -> bool:
    if row.since_end_of_treatment_weeks is None:
        return _timepoint(row) == first_timepoint
    return 0 <= row.since_end_of_treatment_weeks <= POST_TREATMENT_UP_TO_WEEKS


def _timepoint(row: ResultInput) -> float:
    """Weeks since the start; unknown counts as first."""
    return -math.inf if row.timepoint_weeks is None else row.timepoint_weeks


def _weeks_since(row: ResultInput, if_unknown: float) -> float:
    return if_unknown if row.since_end_of_treatment_weeks is None else row.since_end_of_treatment_weeks
