"""The upper tail of the F distribution with whole degrees of freedom, from functions that `distributions` has."""

import math

from app.synthesis.distributions import log_gamma, t_two_sided_p


def f_survival(x: float, df1: int, df2: int) -> float:
    """Return P(F >= x), F with df1 and df2 degrees of freedom; x >= 0.

    This is the incomplete beta function I_y(b, a), b = df2 / 2, a = df1 / 2, y = 1 / (1 + x df1 / df2). It begins at a = 1/2
    (odd df1), where it is the two-sided p of t = sqrt(df1 x), or at a = 1 (even df1), where it is y^b, and climbs by
    I_y(b, a + 1) = I_y(b, a) + Gamma(a + b) / (Gamma(a + 1) Gamma(b)) y^b (1 - y)^a: nothing is subtracted, so the far tail
    keeps its digits. Source: Abramowitz and Stegun 1964, 26.5.16 and 26.6.2.
    """
    ratio = x * df1 / df2
    if ratio == 0:
        return 1.0
    if ratio == math.inf:
        return 0.0
    b, log_y, log_rest = df2 / 2, -math.log1p(ratio), -math.log1p(1 / ratio)
    a = 0.5 if df1 % 2 else 1.0
    p = float(t_two_sided_p(math.sqrt(df1 * x), float(df2))) if df1 % 2 else math.exp(b * log_y)
    while a < df1 / 2:
        p += math.exp(float(log_gamma(a + b)) - float(log_gamma(a + 1)) - float(log_gamma(b)) + b * log_y + a * log_rest)
        a += 1
    return min(1.0, p)
