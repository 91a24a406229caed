"""Every number that a rule of the rating compares with, as one value: the judges take it as an argument.

The defaults are those of `certainty/1.0.0` and never change, so that a stored rating can be computed again under its own
version. A later version is a new entry of `THRESHOLDS_OF_METHOD`, written as `replace(..., changed_number=...)`.
"""

from dataclasses import dataclass

CURRENT_METHOD = "certainty/1.0.0"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The numbers of method, sections 3 and 4. Shares are of weight or people (0 to 1), I2 in percent."""

    # Risk of bias. GRADE guidelines 4 gives no shares, so these are the method's own. PEDro: Cashin and McAuley 2020, read strictly.
    low_share_enough: float = 0.75
    high_share_tolerated: float = 0.10
    high_share_dominant: float = 0.50
    low_share_half: float = 0.50
    high_share_third: float = 0.33
    min_remaining_studies: int = 2
    pedro_low_from: float = 7.0
    pedro_some_concerns_from: float = 5.0

    # Inconsistency. Cochrane Handbook 10.10.2; p of Q 0.10, because Q has little power with few studies.
    i2_moderate: float = 40.0
    i2_considerable: float = 75.0
    q_p: float = 0.10
    min_studies_for_prediction: int = 3
    few_studies: int = 4  # with three or four studies a prediction interval alone takes no more than one level
    agreement_enough: float = 0.80
    agreement_majority: float = 0.60

    # Indirectness. Scores of 1 to 3 as in CINeMA (Nikolakopoulou 2020).
    indirect_from: float = 1.5
    very_indirect_from: float = 2.5

    # Imprecision. GRADE guidelines 6, 2011; rows: crossings 0, 1, 2; columns: f enough, some, little.
    fraction_enough: float = 0.5
    fraction_some: float = 0.3
    imprecision_levels: tuple[tuple[int, int, int], ...] = ((0, 1, 2), (1, 2, 2), (2, 2, 3))
    unpooled_participants: int = 400
    min_participants_continuous: int = 400  # the rule of thumb, here a floor
    conventional_mid_in_sd: float = 0.2  # Cohen 1988: a small difference
    relative_risk_reduction: float = 0.25
    unknown_control_risk: float = 0.3
    min_events: int = 300  # the rule of thumb for events

    # Publication bias. Cochrane Handbook 13.3.5.4 for the number of studies.
    min_studies_for_regression: int = 10
    regression_p: float = 0.10
    overdue_months: int = 24
    overdue_share: float = 0.20
    min_small_studies: int = 3
    small_study_below: int = 100

    # Rating up. GRADE guidelines 9, 2011.
    large_risk_ratio: float = 2.0
    very_large_risk_ratio: float = 5.0
    min_studies_for_upgrade: int = 2

    # From levels to certainty.
    ceiling_not_pooled: int = 2  # knowing less never rates higher: without a pooled effect at most low
    joint_cap: int = 3  # inconsistency and imprecision both widen the same interval


THRESHOLDS_OF_METHOD = {CURRENT_METHOD: Thresholds()}
CURRENT = THRESHOLDS_OF_METHOD[CURRENT_METHOD]


def thresholds_of(method: str) -> Thresholds:
    """The thresholds of a method version such as `certainty/1.0.0`; LookupError for one that this engine does not know."""
    if method not in THRESHOLDS_OF_METHOD:
        raise LookupError(f"unknown method version {method!r}; known: {', '.join(sorted(THRESHOLDS_OF_METHOD))}")
    return THRESHOLDS_OF_METHOD[method]
