"""Subgroups: do the effects differ between levels of a factor? With one tau2 for all levels, or one for each.

A common tau2 is steadier when levels hold few studies; separate ones are what RevMan shows. Neither proves a cause: the levels
were not randomised (Cochrane Handbook 10.11.2, 10.11.5).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.synthesis.body import NotPooled, PooledEffect
from app.synthesis.distributions import chi2_survival
from app.synthesis.f_distribution import f_survival
from app.synthesis.mixed_effects import Array, MixedFit, ModelMethod, Studies, TestMethod
from app.synthesis.model_summary import (
    Coefficient,
    ResidualHeterogeneity,
    coefficient,
    estimate_residual_tau2,
    residual_heterogeneity,
    scale_factor,
)
from app.synthesis.not_computed import UNWRITABLE, NotComputed
from app.synthesis.pooling import Fitting, common_effect, pool_by_method
from app.synthesis.weighted_sums import Scaled, scale_studies

ONE_LEVEL = "there are fewer than two subgroups"
GROUPS_DO_NOT_MATCH = "there is not one subgroup for every study"


@dataclass(frozen=True, slots=True)
class Level:
    """One subgroup under the common tau2: its mean, and its difference from the first subgroup (None for the first itself)."""

    name: str
    k: int
    mean: Coefficient
    difference: Coefficient | None


@dataclass(frozen=True, slots=True)
class CommonTau2Subgroups:
    """Subgroup means under one tau2. `qm` tests that all are equal: chi-square with `qm_df` (z), else F(`qm_df`, `df`)."""

    levels: tuple[Level, ...]
    qm: float
    qm_df: int
    df: int | None
    qm_p: float
    scale_factor: float
    heterogeneity: ResidualHeterogeneity


@dataclass(frozen=True, slots=True)
class SeparateTau2Subgroups:
    """Each subgroup pooled alone, and Q between their estimates with levels - 1 degrees of freedom."""

    levels: tuple[tuple[str, PooledEffect], ...]
    q_between: float
    q_df: int
    q_p: float


def subgroups_with_common_tau2(
    effects: ArrayLike,
    variances: ArrayLike,
    groups: Sequence[str],
    *,
    tau2_method: ModelMethod = "REML",
    test: TestMethod = "z",
) -> CommonTau2Subgroups | NotComputed:
    """Return the means m_j = sum_j w y / W_j, SE sqrt(s / W_j), of subgroups with one tau2, w = 1 / (v + tau2).

    QM = sum_j W_j (m_j - m)^2 with m the mean of the m_j weighted by W_j; for `knha` and `adhoc` divided by (levels - 1) s and
    compared with F(levels - 1, k - levels). s as in `meta_regression`. Levels are sorted by name, differences are from the first.

    Source: Borenstein 2009, doi 10.1002/9780470743386, chapter 19; Cochrane Handbook 10.11.3.1; metafor
    `rma(yi, vi, mods=~factor(group))`.
    """
    scaled = scale_studies(effects, variances)
    if isinstance(scaled, NotPooled):
        return NotComputed(scaled.reason)
    names = _names(groups, scaled.y.size)
    if isinstance(names, NotComputed):
        return names
    studies = Studies(scaled.y, scaled.v, np.array([[float(group == name) for name in names] for group in groups]))
    tau2 = estimate_residual_tau2(studies, tau2_method)
    if isinstance(tau2, NotComputed):
        return tau2
    fit = studies.fit(tau2.tau2)
    factor, left = scale_factor(studies, fit, test), residual_heterogeneity(scaled, studies, tau2, tau2_method)
    if isinstance(factor, NotComputed):
        return factor
    if isinstance(left, NotComputed):
        return left
    df = None if test == "z" else studies.df
    levels = _levels(names, studies.design, fit, scaled, factor, df)
    if isinstance(levels, NotComputed):
        return levels
    qm, qm_p = _test_of_differences(fit, factor, df)
    return CommonTau2Subgroups(levels, qm, len(names) - 1, df, qm_p, factor, left)


def subgroups_with_separate_tau2(
    effects: ArrayLike, variances: ArrayLike, groups: Sequence[str], *, fit: Fitting = pool_by_method
) -> SeparateTau2Subgroups | NotComputed:
    """Return each subgroup pooled alone by `fit`, and Q between: Cochran's Q of the estimates with their squared SEs.

    Source: Cochrane Handbook 10.11.3.1; RevMan's test for subgroup differences; metafor `rma(est, sei=se, method="EE")$QE`.
    """
    y, v = np.atleast_1d(np.asarray(effects, dtype=np.float64)), np.atleast_1d(np.asarray(variances, dtype=np.float64))
    if y.shape != v.shape:
        return NotComputed("effects and variances are not two lists of the same length")
    names = _names(groups, y.size)
    if isinstance(names, NotComputed):
        return names
    levels: list[tuple[str, PooledEffect]] = []
    for name in names:
        members = np.array([group == name for group in groups])
        pooled = fit(y[members], v[members])
        if isinstance(pooled, NotPooled):
            return NotComputed(f"subgroup {name}: {pooled.reason}")
        levels.append((name, pooled))
    between = common_effect([pooled.estimate for _, pooled in levels], [pooled.se * pooled.se for _, pooled in levels])
    if isinstance(between, NotPooled):
        return NotComputed(between.reason)
    if between.q is None or between.q_df is None or between.q_p is None:
        return NotComputed(UNWRITABLE)
    return SeparateTau2Subgroups(tuple(levels), between.q, between.q_df, between.q_p)


def _names(groups: Sequence[str], k: int) -> tuple[str, ...] | NotComputed:
    if len(groups) != k:
        return NotComputed(GROUPS_DO_NOT_MATCH)
    names = tuple(sorted(set(groups)))
    return names if len(names) > 1 else NotComputed(ONE_LEVEL)


def _levels(
    names: tuple[str, ...], design: Array, fit: MixedFit, scaled: Scaled, factor: float, df: int | None
) -> tuple[Level, ...] | NotComputed:
    levels: list[Level] = []
    means, variances = [float(b) for b in fit.coefficients], [factor / float(norm) for norm in fit.norms]
    for j, name in enumerate(names):
        mean = coefficient(scaled.centre + scaled.unit * means[j], scaled.unit * math.sqrt(variances[j]), df)
        difference = coefficient(scaled.unit * (means[j] - means[0]), scaled.unit * math.sqrt(variances[j] + variances[0]), df)
        if isinstance(mean, NotComputed):
            return mean
        if isinstance(difference, NotComputed):
            return difference
        levels.append(Level(name, int(design[:, j].sum()), mean, difference if j else None))
    return tuple(levels)


def _test_of_differences(fit: MixedFit, factor: float, df: int | None) -> tuple[float, float]:
    """QM and its p; the level means are independent given tau2, with variances s / W_j."""
    means, weights = fit.coefficients, fit.norms
    grand = float((weights * means).sum() / weights.sum())
    qm, qm_df = float((weights * (means - grand) ** 2).sum()) / factor, means.size - 1
    if df is None:
        return qm, float(chi2_survival(qm, qm_df))
    return qm / qm_df, float(f_survival(qm / qm_df, qm_df, df))
