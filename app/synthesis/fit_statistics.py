"""How well the random-effects model fits: log-likelihood, deviance and information criteria.

Symbols as in `weighted_sums`. Only fits of the same kind, ML or REML, of the same effects can be compared by these numbers.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled
from app.synthesis.heterogeneity import NOT_CONVERGED, ONE_STUDY
from app.synthesis.one_body import OneBody
from app.synthesis.weighted_sums import TOO_FAR_APART, scale_studies

PARAMETERS = 2  # mu and tau2


@dataclass(frozen=True, slots=True)
class FitStatistics:
    """All but `tau2` (squared units of the effect) are logarithms: a change of units adds the same to them for every model."""

    tau2_method: str
    tau2: float
    log_likelihood: float
    deviance: float
    aic: float
    bic: float
    aicc: float


def fit_statistics(effects: ArrayLike, variances: ArrayLike, *, tau2_method: Literal["ML", "REML"] = "REML") -> FitStatistics | NotPooled:
    """Return the log-likelihood at its maximum, and what follows from it; two studies or more.

    ML: l = -(k log 2 pi + sum log(v + tau2) + Q) / 2, n = k. REML: l = -((k - 1) log 2 pi - log k + sum log(v + tau2) + log W + Q) / 2,
    n = k - 1. Q at tau2. With p = 2 parameters AIC = 2 p - 2 l, BIC = p log n - 2 l, AICc = AIC + 2 p (p + 1) / (m - p - 1) with
    m = max(n, p + 2). Deviance: REML -2 l; ML 2 (s - l), s = -(k log 2 pi + sum log v) / 2 where every study has its own mean.

    Source: Harville 1977, doi 10.1080/01621459.1977.10480998; metafor `fitstats(rma(...))`, Viechtbauer 2010, doi 10.18637/jss.v036.i03.
    """
    if tau2_method not in ("ML", "REML"):
        return NotPooled(f"{tau2_method} maximises no likelihood; there are ML and REML")
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return scaled
    k, restricted = scaled.y.size, tau2_method == "REML"
    if k == 1:
        return NotPooled(ONE_STUDY)
    body = OneBody(scaled)
    tau2, _ = body.maximum(restricted=restricted)
    if math.isnan(tau2):
        return NotPooled(NOT_CONVERGED)
    n = k - restricted
    # Turned back from the studies' own scale, on which v and tau2 are divided by the square of the unit.
    constant = -n * (math.log(2 * math.pi) / 2 + math.log(scaled.unit)) + (math.log(k) / 2 if restricted else 0.0)
    log_likelihood = constant + body.log_likelihood(tau2, restricted=restricted)
    saturated = 0.0 if restricted else constant - float(np.log(body.v).sum()) / 2
    in_units = scaled.squared(tau2)
    return _criteria(tau2_method, in_units, log_likelihood, saturated, n) if math.isfinite(in_units) else NotPooled(TOO_FAR_APART)


def _criteria(method: str, tau2: float, log_likelihood: float, saturated: float, n: int) -> FitStatistics:
    aic = 2 * (PARAMETERS - log_likelihood)
    enough = max(n, PARAMETERS + 2)  # metafor's way to keep the correction a number where there are too few studies for it
    return FitStatistics(
        tau2_method=method,
        tau2=tau2,
        log_likelihood=log_likelihood,
        deviance=2 * (saturated - log_likelihood),
        aic=aic,
        bic=PARAMETERS * math.log(n) - 2 * log_likelihood,
        aicc=aic + 2 * PARAMETERS * (PARAMETERS + 1) / (enough - PARAMETERS - 1),
    )
