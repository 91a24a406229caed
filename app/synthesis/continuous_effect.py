"""Mean difference and standardised mean difference of one result (method, sections 1 and 2)."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np

from app.synthesis.arms import MeanAndSd, mean_and_sd
from app.synthesis.body import ResultInput, StudyInput
from app.synthesis.conversions import (
    NotConverted,
    crossover_difference_se,
    pooled_sd,
    sd_from_mean_difference_se,
    smd_from_mean_difference,
)
from app.synthesis.effect_sizes import Effects, mean_difference, small_sample_correction, standardised_mean_difference
from app.synthesis.reported_effect import (
    FROM_ARMS,
    FROM_ESTIMATE,
    IMPOSSIBLE_INTERVAL,
    NOT_PRINTED,
    Effect,
    NoEffect,
    from_exact_p,
    from_interval,
)
from app.synthesis.trial_design import (
    CROSSOVER_CORRELATION,
    allows_for_design,
    cluster_factor,
    correct_for_clusters,
    flag_unpaired,
    is_paired,
)
from app.vocabulary import Measure

REMEMBERED = 32_768
"""Pairs of arms whose effects are remembered: some megabytes, and the studies of a hundred conditions."""
NO_SD = NoEffect(
    "no-standardised-difference", "A mean difference without an SD and without both arm sizes gives no standardised difference."
)


def mean_difference_of(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    """Return MD in the units of the instrument, with the pooled SD where it can be had.

    From the printed estimate with its limits, else from the arms, else from the value with an exact p. A crossover trial
    whose printed estimate is not paired goes by its arms where they are complete.
    """
    effect = _mean_difference(study, row)
    if isinstance(effect, NoEffect):
        return effect
    effect = replace(effect, sd=_sd_of(study, row, effect))
    return correct_for_clusters(study, row, flag_unpaired(study, effect, row))


def _mean_difference(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    printed = from_interval(row.estimate) if row.estimate is not None and row.estimate.measure is Measure.MD else NOT_PRINTED
    from_arms = _from_arms(study, row)
    unpaired = is_paired(study, row) and not allows_for_design(row)
    if isinstance(from_arms, Effect) and (unpaired or isinstance(printed, NoEffect)):
        return from_arms
    if isinstance(printed, Effect) or printed.code == IMPOSSIBLE_INTERVAL:
        return printed
    from_p = from_exact_p(row, Measure.MD)
    return first_with_reason(from_p, printed, from_arms)


def first_with_reason(*candidates: Effect | NoEffect) -> Effect | NoEffect:
    """Return the first effect; without any, the first reason that says more than that nothing is printed."""
    effects = [candidate for candidate in candidates if isinstance(candidate, Effect)]
    reasons = [candidate for candidate in candidates if candidate is not NOT_PRINTED]
    return (effects or reasons or [NOT_PRINTED])[0]


def both_arms(row: ResultInput) -> tuple[MeanAndSd, MeanAndSd] | None:
    treatment, control = mean_and_sd(row.treatment), mean_and_sd(row.control)
    return None if treatment is None or control is None else (treatment, control)


def _from_arms(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    """MD = mean1 - mean2 with SE sqrt(sd1^2/n1 + sd2^2/n2); of the same people with correlation 0.5."""
    arms = both_arms(row)
    if arms is None:
        return NOT_PRINTED
    treatment, control = arms
    converted = tuple(dict.fromkeys(treatment.converted + control.converted))
    if is_paired(study, row):
        return _from_paired_arms(treatment, control, converted)
    value, variance = _of_arms(mean_difference, treatment, control)
    if not math.isfinite(variance):
        return NoEffect("impossible-arms", "The printed means and SDs give no standard error.")
    return Effect(value, math.sqrt(variance), FROM_ARMS, converted=converted)


def _of_arms(measure: Callable[..., Effects], treatment: MeanAndSd, control: MeanAndSd) -> tuple[float, float]:
    """Effect and variance of one study. `+ 0.0`: a mean of -0.0 is one of 0.0, so that both are remembered as the same."""
    return _remembered(measure, treatment.n, treatment.mean + 0.0, treatment.sd, control.n, control.mean + 0.0, control.sd)


@lru_cache(maxsize=REMEMBERED)
def _remembered(measure: Callable[..., Effects], *arms: float) -> tuple[float, float]:
    """The same arms are asked about again and again: for the difference and for its standard form, and at every study that joins them."""
    found = measure(*arms)
    return float(found.effect), float(found.variance)


def _from_paired_arms(treatment: MeanAndSd, control: MeanAndSd, converted: tuple[str, ...]) -> Effect | NoEffect:
    se = crossover_difference_se(treatment.sd, control.sd, min(treatment.n, control.n), correlation=CROSSOVER_CORRELATION)
    if isinstance(se, NotConverted) or se.value <= 0:
        return NoEffect("impossible-arms", "The printed means and SDs give no standard error.")
    return Effect(treatment.mean - control.mean, se.value, FROM_ARMS, converted=(*converted, se.formula))


def _sd_of(study: StudyInput, row: ResultInput, effect: Effect) -> float | None:
    """Pooled SD of the arms; without printed SDs through the SE of the difference as a parallel, unclustered trial would have it."""
    arms = both_arms(row)
    if arms is not None:
        printed = pooled_sd(arms[0].n, arms[0].sd, arms[1].n, arms[1].sd)
        return None if isinstance(printed, NotConverted) or printed.value <= 0 else printed.value
    n1, n2, se = row.treatment.n, row.control.n, _naive_se(study, row, effect)
    if n1 is None or n2 is None or se is None:
        return None
    through_se = sd_from_mean_difference_se(se, n1, n2)
    return None if isinstance(through_se, NotConverted) else through_se.value


def _naive_se(study: StudyInput, row: ResultInput, effect: Effect) -> float | None:
    if effect.basis != FROM_ESTIMATE or not allows_for_design(row):
        return effect.se
    if is_paired(study, row):
        return effect.se / math.sqrt(1 - CROSSOVER_CORRELATION)
    factor = cluster_factor(study)
    return None if isinstance(factor, NoEffect) else effect.se / factor


def standardised_difference_of(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    """Return Hedges' g: the printed SMD with its limits, else from the mean difference and SD, else the SMD with an exact p."""
    printed = from_interval(row.estimate) if row.estimate is not None and row.estimate.measure is Measure.SMD else NOT_PRINTED
    if isinstance(printed, Effect):
        return correct_for_clusters(study, row, flag_unpaired(study, printed, row))
    from_md = _from_mean_difference(study, row)
    if isinstance(from_md, Effect):
        return from_md
    from_p = from_exact_p(row, Measure.SMD)
    if isinstance(from_p, Effect):
        return correct_for_clusters(study, row, from_p)
    return first_with_reason(from_p, printed, from_md)


def _from_mean_difference(study: StudyInput, row: ResultInput) -> Effect | NoEffect:
    md = _mean_difference(study, row)
    if isinstance(md, NoEffect):
        return md
    sd, n1, n2 = _sd_of(study, row, md), row.treatment.n, row.control.n
    if sd is None or n1 is None or n2 is None:
        return NO_SD
    found = _standardise(study, row, replace(md, sd=sd), (n1, n2))
    # The printed limits belong to the mean difference, and g's own SE takes the place of the printed one: clusters count again.
    return found if isinstance(found, NoEffect) else _inflate(study, row, found)


def _standardise(study: StudyInput, row: ResultInput, md: Effect, sizes: tuple[int, int]) -> Effect | NoEffect:
    sd = md.sd if md.sd is not None else math.nan
    if is_paired(study, row):
        return _standardise_paired(md, sd, min(sizes))
    arms = both_arms(row)
    if md.basis == FROM_ARMS and arms is not None:
        treatment, control = arms
        value, variance = _of_arms(standardised_mean_difference, treatment, control)
        if not math.isfinite(variance):
            return NO_SD
        return Effect(value, math.sqrt(variance), FROM_ARMS, converted=md.converted)
    found = smd_from_mean_difference(md.value, sd, *sizes)
    if isinstance(found, NotConverted):
        return NoEffect(NO_SD.code, found.reason)
    return Effect(found.effect, found.se, md.basis, converted=(*md.converted, found.formula), flags=md.flags)


def _standardise_paired(md: Effect, sd: float, n: int) -> Effect | NoEffect:
    """g = J(n - 1) MD / SD, SE = sqrt((1/n + g^2 / 2n) 2 (1 - r)), n people, r = 0.5. Source: Cochrane Handbook 23.2.7."""
    if n < 3:
        return NO_SD
    g = float(small_sample_correction(np.array(n - 1.0))) * md.value / sd
    se = math.sqrt((1 / n + g**2 / (2 * n)) * 2 * (1 - CROSSOVER_CORRELATION))
    formula = f"g = J(n - 1) MD / SD, SE = sqrt((1/n + g^2 / 2n) 2 (1 - r)), r {CROSSOVER_CORRELATION:g} (Cochrane Handbook 23.2.7)"
    return Effect(g, se, md.basis, converted=(*md.converted, formula), flags=md.flags)


def _inflate(study: StudyInput, row: ResultInput, g: Effect) -> Effect | NoEffect:
    """g's SE comes from arm sizes, so that clusters count even where the printed mean difference allowed for them."""
    as_from_arms = correct_for_clusters(study, row, replace(g, basis=FROM_ARMS))
    return as_from_arms if isinstance(as_from_arms, NoEffect) else replace(as_from_arms, basis=g.basis)
