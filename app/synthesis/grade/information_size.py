"""How many participants (or events) a body would need to be precise: the optimal information size, OIS.

GRADE guidelines 6 (Guyatt 2011, doi 10.1016/j.jclinepi.2011.01.012); two groups of equal size, alpha 0.05 two-sided, power 0.80.
"""

import math
from dataclasses import dataclass, replace

from app.synthesis.body import Body, BodyStudy
from app.synthesis.distributions import Z_975
from app.synthesis.grade.thresholds import CURRENT, Thresholds
from app.synthesis.grade.weights import studies_with_numbers
from app.synthesis.measure import common_sd
from app.vocabulary import RATIO_MEASURES, Measure, MidStanding

Z_80 = 0.8416212335729143  # the 80th percentile of the standard normal distribution: power 0.80
ROUNDING_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class InformationSize:
    """What is there against what is needed; `fraction` is f of the method. Unknown events are None."""

    n: int
    needed: int
    events: float | None
    events_needed: int | None
    fraction: float
    basis: str
    sd: float | None = None
    control_risk: float | None = None


def measure_information(body: Body, thresholds: Thresholds = CURRENT) -> InformationSize:
    """The information size of a pooled body, over the participants of the studies with numbers."""
    studies = studies_with_numbers(body)
    n = sum(study.n for study in studies)
    if body.measure in RATIO_MEASURES:
        return _measure_binary(studies, n, thresholds)
    return _measure_continuous(body, studies, n, thresholds)


def continuous_information_size(sd_in_mids: float) -> int:
    """ceil(4 (z.975 + z.80)^2 (SD/m)^2) participants in two groups; an SMD of 0.2 (SD/m = 5) needs 785."""
    return math.ceil(4 * (Z_975 + Z_80) ** 2 * sd_in_mids**2 - ROUNDING_SLACK)


def binary_information_size(control_risk: float, relative_risk_reduction: float = CURRENT.relative_risk_reduction) -> int:
    """Participants in two groups for a relative risk reduction (0.25) at `control_risk` (strictly between 0 and 1).

    With p1 the control risk, p2 = 0.75 p1, p their mean, per group:
    (z.975 sqrt(2p(1-p)) + z.80 sqrt(p1(1-p1) + p2(1-p2)))^2 / (p1 - p2)^2. Source: Fleiss 2003, Statistical Methods for
    Rates and Proportions, 4.2 (pooled variance under null; slightly larger than the unpooled form).
    """
    treated = control_risk * (1 - relative_risk_reduction)
    mean = (control_risk + treated) / 2
    under_null = Z_975 * math.sqrt(2 * mean * (1 - mean))
    under_alternative = Z_80 * math.sqrt(control_risk * (1 - control_risk) + treated * (1 - treated))
    return math.ceil(2 * (under_null + under_alternative) ** 2 / (control_risk - treated) ** 2 - ROUNDING_SLACK)


def participants_still_needed(size: InformationSize, target: float) -> int | None:
    """How many more participants bring the fraction to `target`; None where no event was seen to reckon with."""
    total = target * size.needed
    if size.events is not None and size.events_needed is not None:
        if size.events <= 0 or size.n <= 0:
            return None
        total = max(total, target * size.events_needed * size.n / size.events)
    return max(0, math.ceil(total - size.n - ROUNDING_SLACK))


def with_more_participants(size: InformationSize, extra: int) -> InformationSize:
    """The information size of n > 0 people with `extra` more, events in proportion."""
    n = size.n + extra
    events = None if size.events is None else size.events * n / size.n
    fraction = n / size.needed
    if events is not None and size.events_needed is not None:
        fraction = min(fraction, events / size.events_needed)
    return replace(size, n=n, events=events, fraction=fraction)


def with_mid_times(size: InformationSize, body: Body, factor: float, thresholds: Thresholds = CURRENT) -> InformationSize:
    """The information size of a pooled body at `factor` times its MID; that of a ratio rests on the relative risk reduction."""
    if body.measure in RATIO_MEASURES:
        return size
    mid = None if body.mid.value is None else body.mid.value * factor
    return _continuous_size(size.n, size.sd, mid, body.mid.standing, thresholds.conventional_mid_in_sd * factor, thresholds)


def _measure_continuous(body: Body, studies: tuple[BodyStudy, ...], n: int, thresholds: Thresholds) -> InformationSize:
    sd = 1.0 if body.measure is Measure.SMD else common_sd(studies)
    return _continuous_size(n, sd, body.mid.value, body.mid.standing, thresholds.conventional_mid_in_sd, thresholds)


def _continuous_size(
    n: int, sd: float | None, mid: float | None, standing: MidStanding, conventional_mid_in_sd: float, thresholds: Thresholds
) -> InformationSize:
    if mid is None or sd is None or standing is MidStanding.CONVENTION:
        conventional = continuous_information_size(1 / conventional_mid_in_sd)
        named = f"{thresholds.conventional_mid_in_sd:g}"
        basis = f"{named} standard deviations" if mid is not None else f"no standard deviation to be had: as for {named}"
        return InformationSize(n, conventional, None, None, n / conventional, basis, sd=sd)
    needed = max(thresholds.min_participants_continuous, continuous_information_size(sd / mid))
    return InformationSize(n, needed, None, None, n / needed, "standard deviation and minimal important difference", sd=sd)


def _measure_binary(studies: tuple[BodyStudy, ...], n: int, thresholds: Thresholds) -> InformationSize:
    risk = pooled_control_risk(studies)
    used = thresholds.unknown_control_risk if risk is None else risk
    needed = binary_information_size(used, thresholds.relative_risk_reduction)
    events = total_events(studies)
    fraction = n / needed if events is None else min(n / needed, events / thresholds.min_events)
    basis = "pooled control risk" if risk is not None else f"control risk unknown: {thresholds.unknown_control_risk} assumed"
    return InformationSize(n, needed, events, None if events is None else thresholds.min_events, fraction, basis, control_risk=used)


def pooled_control_risk(studies: tuple[BodyStudy, ...]) -> float | None:
    """Events over participants of all control arms that give both; None if none does, or nobody had an event."""
    arms = [study for study in studies if study.events_control is not None and study.n_control]
    events = math.fsum(study.events_control or 0.0 for study in arms)
    return events / sum(study.n_control or 0 for study in arms) if events > 0 else None


def total_events(studies: tuple[BodyStudy, ...]) -> float | None:
    """Events in both arms, known only when every study gives them."""
    if any(study.events_treatment is None or study.events_control is None for study in studies):
        return None
    return math.fsum((study.events_treatment or 0.0) + (study.events_control or 0.0) for study in studies)
