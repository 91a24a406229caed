"""Influence of single studies on the pooled effect: what changes when each is left out.

Symbols: w = 1 / (v + tau2), W = sum w, mu and se of the pool of all studies; (i): the same without study i.
"""

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.distributions import chi2_survival
from app.synthesis.not_computed import UNWRITABLE, NotComputed, all_finite
from app.synthesis.pooling import leave_one_out, pool
from app.synthesis.pooling_model import PoolingModel
from app.synthesis.weighted_sums import Array, Scaled, scale_studies

MIN_STUDIES = 2  # something must remain

# When a study is called influential: Viechtbauer and Cheung 2010, doi 10.1002/jrsm.11, section 2.4; metafor `influence.rma.uni`.
MAX_DFFITS = 3.0  # times sqrt(1 / (k - 1))
MAX_COOK_PROBABILITY = 0.5  # P(chi-square(1) <= Cook's distance)
MAX_HAT = 3.0  # times 1 / k
MAX_DFBETAS = 1.0


@dataclass(frozen=True, slots=True)
class StudyInfluence:
    """One study; members named as in metafor. All are without units but `tau2_del` (squared units of the effect)."""

    hat: float
    rstudent: float
    cook_d: float
    dffits: float
    cov_r: float
    dfbs: float
    tau2_del: float
    q_del: float
    influential: bool


def influence(effects: ArrayLike, variances: ArrayLike, *, tau2_method: str = "REML") -> tuple[StudyInfluence, ...] | NotComputed:
    """Return the leave-one-out diagnostics of every study, in the order of the input.

    hat = w / W (the weight) · rstudent = (y - mu(i)) / sqrt(v + tau2(i) + se(i)^2) · cook_d = (mu - mu(i))^2 / se^2 ·
    dffits = (mu - mu(i)) / sqrt(hat (tau2(i) + v)) · cov_r = se(i)^2 / se^2 · dfbs = (mu - mu(i)) sqrt(sum 1 / (v + tau2(i))),
    the sum over all studies · tau2_del = tau2(i), 0 where one study remains · q_del = Cochran's Q without the study.
    `influential`: |dffits| > 3 sqrt(1 / (k - 1)), or P(chi-square(1) <= cook_d) > 0.5, or hat > 3 / k, or |dfbs| > 1.
    Standard errors are Wald's. Needs two studies; NotComputed too where a pool cannot be made.

    Source: Viechtbauer and Cheung 2010, doi 10.1002/jrsm.11; metafor `influence(rma(...))`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotComputed(scaled.reason)
    if scaled.y.size < MIN_STUDIES:
        return NotComputed("one study: nothing remains without it")

    # On the studies' own scale, so that effects far from zero lose no digits in mu - mu(i).
    whole = pool(scaled.y, scaled.v, tau2_method=tau2_method, ci="z", tau2_interval=False)
    if isinstance(whole, NotPooled):
        return NotComputed(whole.reason)
    results: list[StudyInfluence] = []
    for i, rest in enumerate(leave_one_out(scaled.y, scaled.v, fit=PoolingModel(tau2_method, "z", tau2_interval=False))):
        if isinstance(rest, NotPooled):
            return NotComputed(rest.reason)
        result = _without(i, rest, whole, scaled)
        if not all_finite(astuple(result)):
            return NotComputed(UNWRITABLE)
        results.append(result)
    return tuple(results)


def _without(i: int, rest: PooledEffect, whole: PooledEffect, scaled: Scaled) -> StudyInfluence:
    y, v, tau2 = float(scaled.y[i]), float(scaled.v[i]), rest.tau2 or 0.0
    hat, change = whole.weights[i], whole.estimate - rest.estimate
    cook_d = (change / whole.se) ** 2
    dffits = change / math.sqrt(hat * (tau2 + v))
    dfbs = change * math.sqrt(_total_weight(scaled.v, tau2))
    return StudyInfluence(
        hat=hat,
        rstudent=(y - rest.estimate) / math.sqrt(v + tau2 + rest.se**2),
        cook_d=cook_d,
        dffits=dffits,
        cov_r=(rest.se / whole.se) ** 2,
        dfbs=dfbs,
        tau2_del=scaled.squared(tau2),
        q_del=rest.q or 0.0,
        influential=_is_influential(whole.k, hat, cook_d, dffits, dfbs),
    )


def _total_weight(v: Array, tau2: float) -> float:
    return float(np.sum(1 / (v + tau2)))


def _is_influential(k: int, hat: float, cook_d: float, dffits: float, dfbs: float) -> bool:
    return (
        abs(dffits) > MAX_DFFITS * math.sqrt(1 / (k - 1))
        or 1 - float(chi2_survival(cook_d, 1)) > MAX_COOK_PROBABILITY
        or hat > MAX_HAT / k
        or abs(dfbs) > MAX_DFBETAS
    )
