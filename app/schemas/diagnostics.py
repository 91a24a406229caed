"""Diagnostics of a body as `synthesis.diagnostics` computes them: each its numbers, or `not_computed` with the reason."""

from typing import Literal

from pydantic import Field

from app.schemas.base import Shape
from app.schemas.pool import Pool


class NotComputedRow(Shape):
    not_computed: str = Field(description="Why there are no numbers.")


class InfluenceRow(Shape):
    """What changes when one study is left out; members as in metafor."""

    study: str
    weight: float = Field(description="Share of the pool, 0 to 1.")
    hat: float
    rstudent: float
    cook_d: float
    dffits: float
    cov_r: float
    dfbs: float
    tau2_del: float
    q_del: float
    influential: bool


class RegressionRow(Shape):
    """A regression test for small-study effects; t(df), 95 % interval of the intercept."""

    intercept: float
    slope: float
    statistic: float
    df: int
    p: float
    slope_se: float
    intercept_ci_low: float
    intercept_ci_high: float


class CoefficientRow(Shape):
    estimate: float
    se: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float


class ResidualHeterogeneityRow(Shape):
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


class MetaRegressionRow(Shape):
    """Effect = intercept + slope x moderator; `df` null: normal test."""

    k: int
    intercept: CoefficientRow
    slope: CoefficientRow
    covariance: list[list[float]]
    qm: float
    qm_p: float
    df: int | None
    scale_factor: float
    heterogeneity: ResidualHeterogeneityRow
    maxima: int
    centre: float
    at_centre: float
    se_at_centre: float


class RankCorrelationRow(Shape):
    """Kendall's tau-b; `p` is the exact one where there is one."""

    k: int
    tau: float
    p_exact: float | None
    p_normal: float
    p: float


class TrimAndFillRow(Shape):
    k0: int = Field(description="Studies that seem to be missing.")
    k0_se: float | None
    p: float | None
    side: Literal["left", "right"]
    filled_effects: list[float]
    filled_variances: list[float]
    pooled: Pool


class FailSafeRow(Shape):
    count: int
    p: float | None
    mean: float | None
    target: float | None


class FailSafeBlock(Shape):
    rosenthal: FailSafeRow | NotComputedRow
    orwin: FailSafeRow | NotComputedRow
    rosenberg: FailSafeRow | NotComputedRow


class EstimatorRow(Shape):
    """The same studies under another estimator of tau2; `used` differs where that one found no maximum."""

    tau2_method: str
    used: str
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    ci_method: str
    tau2: float | None
    i2: float | None


class EstimatorNotComputedRow(NotComputedRow):
    tau2_method: str


class ChiSquareRow(Shape):
    statistic: float
    df: int
    p: float


class PooledTablesRow(Shape):
    """One effect over all 2 x 2 tables, log scale for ratios, Wald interval."""

    estimate: float
    se: float
    statistic: float
    p: float
    ci_low: float
    ci_high: float
    k: int
    k_effects: int
    q: ChiSquareRow | None
    i2: float | None
    h2: float | None
    cmh: ChiSquareRow | None
    cochran: ChiSquareRow | None
    breslow_day: ChiSquareRow | None
    tarone: ChiSquareRow | None


class MantelHaenszelBlock(Shape):
    odds_ratio: PooledTablesRow | NotComputedRow
    risk_ratio: PooledTablesRow | NotComputedRow
    risk_difference: PooledTablesRow | NotComputedRow


class SubgroupRow(Shape):
    name: str
    k: int
    mean: CoefficientRow
    difference: CoefficientRow | None = Field(description="From the first subgroup; null for the first itself.")


class SubgroupsRow(Shape):
    """Means of subgroups with one tau2; `qm` tests that all are equal: F(`qm_df`, `df`)."""

    levels: list[SubgroupRow]
    qm: float
    qm_df: int
    df: int | None
    qm_p: float
    scale_factor: float
    heterogeneity: ResidualHeterogeneityRow


class SubgroupsBlock(Shape):
    comparator: SubgroupsRow | NotComputedRow
    risk_of_bias: SubgroupsRow | NotComputedRow
    design: SubgroupsRow | NotComputedRow


class MetaRegressionBlock(Shape):
    year: MetaRegressionRow | NotComputedRow


class DiagnosticsBlock(Shape):
    """Diagnostics on the analysis scale (log for ratios). None of them moves the level but the regression test of the method."""

    influence: list[InfluenceRow] | NotComputedRow
    egger: RegressionRow | NotComputedRow
    egger_mixed: MetaRegressionRow | NotComputedRow
    begg: RankCorrelationRow | NotComputedRow
    peters: RegressionRow | NotComputedRow
    trim_and_fill: TrimAndFillRow | NotComputedRow
    fail_safe_n: FailSafeBlock
    estimators: list[EstimatorRow | EstimatorNotComputedRow]
    mantel_haenszel: MantelHaenszelBlock
    peto: PooledTablesRow | NotComputedRow
    without_counts: list[str] = Field(description="Studies of a binary body that no 2 x 2 table rests on.")
    subgroups: SubgroupsBlock
    meta_regression: MetaRegressionBlock
