"""Distribution functions and quantiles the engine needs. The only module that may import SciPy.

SciPy is imported inside the functions, so that starting the service does not wait for it. Every function takes and
gives plain floats; where a NumPy array is passed it works element by element and gives an array.
"""

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Z_975 = 1.959963984540054  # the 97.5th percentile of the standard normal distribution

Number = TypeVar("Number", float, NDArray[np.float64])


def normal_quantile(p: Number) -> Number:
    """Return x with P(Z <= x) = p, Z standard normal; p in (0, 1)."""
    from scipy.special import ndtri

    quantile: Number = ndtri(p)
    return quantile


def normal_cdf(x: Number) -> Number:
    """Return P(Z <= x), Z standard normal."""
    from scipy.special import ndtr

    probability: Number = ndtr(x)
    return probability


def normal_two_sided_p(z: Number) -> Number:
    """Return P(|Z| >= |z|) = 2 P(Z <= -|z|), accurate far into the tail."""
    from scipy.special import ndtr

    p: Number = 2 * ndtr(-np.abs(z))
    return p


def t_quantile(p: float, df: Number) -> Number:
    """Return x with P(T <= x) = p, T Student's t with df degrees of freedom; p in (0, 1), df > 0."""
    from scipy.special import stdtrit

    quantile: Number = stdtrit(df, p)
    return quantile


def t_two_sided_p(statistic: Number, df: Number) -> Number:
    """Return P(|T| >= |statistic|), T Student's t with df degrees of freedom.

    Written as the incomplete beta function I_x(df/2, 1/2) with x = df / (df + statistic^2), which keeps its relative
    accuracy in the tail (Abramowitz and Stegun 1964, 26.7.1).
    """
    from scipy.special import betainc

    with np.errstate(over="ignore"):
        x = 1 / (1 + np.square(np.asarray(statistic, dtype=np.float64)) / df)
    p: Number = betainc(np.divide(df, 2), 0.5, x)
    return p


def chi2_survival(x: Number, df: Number) -> Number:
    """Return P(X >= x), X chi-square with df degrees of freedom."""
    from scipy.special import chdtrc

    p: Number = chdtrc(df, x)
    return p


def chi2_quantile(p: float, df: Number) -> Number:
    """Return x with P(X <= x) = p, X chi-square with df degrees of freedom; p in (0, 1), df > 0."""
    from scipy.special import gammaincinv

    quantile: Number = 2 * gammaincinv(np.divide(df, 2), p)
    return quantile


def log_gamma(x: Number) -> Number:
    """Return the natural logarithm of the gamma function; x > 0."""
    from scipy.special import gammaln

    value: Number = gammaln(x)
    return value


def binomial_two_sided_p(successes: int, trials: int) -> float:
    """Return the exact two-sided p of the sign test: X binomial(trials, 1/2), p = min(1, 2 P(X <= min(s, trials - s))).

    The distribution is symmetric, so doubling the smaller tail equals summing all outcomes that are no more likely.
    Source: Cochrane Handbook 12.2.1.3. No trials: 1.0.
    """
    smaller = min(successes, trials - successes)
    tail = sum(math.comb(trials, i) for i in range(smaller + 1))
    return min(1.0, tail / 2 ** (trials - 1)) if trials else 1.0
