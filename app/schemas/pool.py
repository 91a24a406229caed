"""A fitted meta-analysis in full."""

from app.schemas.base import Shape


class Pool(Shape):
    """One fitted meta-analysis on the analysis scale (log for ratios), sign as computed."""

    k: int
    estimate: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    p: float | None
    q: float | None
    q_df: int | None
    q_p: float | None
    i2: float | None
    h2: float | None
    tau2: float | None
    tau2_se: float | None
    tau2_ci_low: float | None
    tau2_ci_high: float | None
    pi_low: float | None
    pi_high: float | None
    tau2_method: str
    ci_method: str
    weights: list[float]
    warnings: list[str]
