"""What a fitted mixed-effects model says, in the units of the effect: coefficients, residual heterogeneity, scale factor."""

import math
from dataclasses import astuple, dataclass

import numpy as np

from app.synthesis.body import NotPooled
from app.synthesis.distributions import Z_975, chi2_survival, normal_two_sided_p, t_quantile, t_two_sided_p
from app.synthesis.heterogeneity import estimate_scaled_tau2
from app.synthesis.mixed_effects import (
    MAX_VARIANCE_RATIO,
    TAU2_METHODS,
    MixedFit,
    ModelMethod,
    ResidualTau2,
    Studies,
    TestMethod,
)
from app.synthesis.not_computed import UNWRITABLE, NotComputed, all_finite
from app.synthesis.weighted_sums import TOO_FAR_APART, Scaled

EQUAL_EFFECTS = "EE"
EXACT_FIT = 1e-18  # of the total weighted sum of squares: what rounding alone leaves


@dataclass(frozen=True, slots=True)
class Coefficient:
    """An estimate with its standard error, its test against zero and its 95 % interval (z, or t with the model's df)."""

    estimate: float
    se: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class ResidualHeterogeneity:
    """Heterogeneity that the design leaves.

    `q` with `q_df` = k - p: sum w r^2 at tau2 = 0, p from chi-square. `typical_variance` = (k - p) / tr P. `i2` in percent and
    `h2`: tau2 / (tau2 + typical) and tau2 / typical + 1; for EE (q - df) / q, not below 0, and q / df. `r2`: percent of tau2 of
    the model without the design that the design takes away, not below 0 (EE: adjusted R2 of the weighted regression).
    """

    method: str
    tau2: float
    tau2_se: float | None
    typical_variance: float
    i2: float
    h2: float
    q: float
    q_df: int
    q_p: float
    r2: float


def quantile_975(df: int | None) -> float:
    """Return the 97.5th percentile of t(df), of the standard normal distribution without df."""
    return Z_975 if df is None else float(t_quantile(0.975, df))


def coefficient(estimate: float, se: float, df: int | None, *, statistic: float | None = None) -> Coefficient | NotComputed:
    """Return estimate, se, statistic = estimate / se (or the one given), its two-sided p and estimate -/+ q se."""
    if not (0 < se < math.inf and math.isfinite(estimate)):
        return NotComputed(UNWRITABLE)
    value = estimate / se if statistic is None else statistic
    half_width = quantile_975(df) * se
    p = float(normal_two_sided_p(value) if df is None else t_two_sided_p(value, df))
    result = Coefficient(estimate, se, value, p, estimate - half_width, estimate + half_width)
    return result if all_finite(astuple(result)) else NotComputed(UNWRITABLE)


def estimate_residual_tau2(studies: Studies, method: ModelMethod) -> ResidualTau2 | NotComputed:
    """Return tau2 on the studies' own scale by the named method; NotComputed says what stands in the way."""
    if method not in TAU2_METHODS:
        return NotComputed(f"{method} is not an estimator of tau2 here; there are {', '.join(TAU2_METHODS)}")
    k, columns = studies.design.shape
    if k <= columns:
        return NotComputed(f"{k} studies are too few for {columns} coefficients")
    if float(studies.v.max()) > MAX_VARIANCE_RATIO * float(studies.v.min()):
        return NotComputed(TOO_FAR_APART)
    return TAU2_METHODS[method](studies)


def scale_factor(studies: Studies, fit: MixedFit, test: TestMethod) -> float | NotComputed:
    """Return what the variances of the coefficients are multiplied with: 1 (z), s = q / (k - p) (knha), max(1, s) (adhoc).

    Source: Knapp and Hartung 2003, doi 10.1002/sim.1482; metafor `rma(test=)`.
    """
    if test == "z":
        return 1.0
    total = float(MixedFit.at(studies.y, studies.v, np.ones((studies.y.size, 1)), 0.0).q)
    factor = float(fit.q) / studies.df
    if test == "adhoc":
        return max(1.0, factor)
    if float(studies.fit(0.0).q) <= EXACT_FIT * total:
        return NotComputed("the model fits the effects exactly: an unguarded Knapp-Hartung interval has no width")
    return factor


def residual_heterogeneity(
    scaled: Scaled, studies: Studies, tau2: ResidualTau2, method: ModelMethod
) -> ResidualHeterogeneity | NotComputed:
    """Return the residual heterogeneity of the fitted model, variances in squared units of the effect."""
    fit, df = studies.fit(0.0), studies.df
    q, typical = float(fit.q), df / float(fit.trace_p)
    equal = method == EQUAL_EFFECTS
    result = ResidualHeterogeneity(
        method=method,
        tau2=scaled.squared(tau2.tau2),
        tau2_se=None if tau2.se is None else scaled.squared(tau2.se),
        typical_variance=scaled.squared(typical),
        i2=(max(0.0, 100 * (q - df) / q) if q > 0 else 0.0) if equal else 100 * tau2.tau2 / (tau2.tau2 + typical),
        h2=q / df if equal else tau2.tau2 / typical + 1,
        q=q,
        q_df=df,
        q_p=float(chi2_survival(q, df)),
        r2=_explained(scaled, studies, tau2.tau2, q, method),
    )
    numbers = (result.tau2, result.tau2_se, result.typical_variance, result.i2, result.h2, result.q)
    return result if all_finite(numbers) else NotComputed(UNWRITABLE)


def _explained(scaled: Scaled, studies: Studies, tau2: float, q: float, method: ModelMethod) -> float:
    """Raudenbush 2009 (chapter 16); 0 where there is nothing to explain."""
    plain = studies._replace(design=np.ones((studies.y.size, 1)))
    if method == EQUAL_EFFECTS:
        before, after = float(plain.fit(0.0).q) / plain.df, q / studies.df
    else:
        before, after = _tau2_without_design(scaled, plain, method), tau2
    return max(0.0, 100 * (before - after) / before) if before > 0 else 0.0


def _tau2_without_design(scaled: Scaled, plain: Studies, method: ModelMethod) -> float:
    """As pooling estimates it, which is sooner done; where that took another estimator, as for any other design."""
    found = estimate_scaled_tau2(scaled, method)
    return TAU2_METHODS[method](plain).tau2 if isinstance(found, NotPooled) or found.method != method else found.tau2
