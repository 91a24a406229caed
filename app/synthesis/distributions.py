"""Distribution functions and quantiles the engine needs. The only module that may import SciPy.

SciPy is imported inside the functions, so that starting the service does not wait for it. Every function takes and
gives plain floats; where a NumPy array is passed it works element by element and gives an array. Single numbers go to SciPy's
functions for C, which are the same ones without the array.
"""

import math
from collections.abc import Callable
from functools import cache, lru_cache
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Z_975 = 1.959963984540054  # the 97.5th percentile of the standard normal distribution
REMEMBERED = 8192  # quantiles kept: whole degrees of freedom come again and again

Number = TypeVar("Number", float, NDArray[np.float64])


@cache
def _special() -> ModuleType:
    import scipy.special

    special: ModuleType = scipy.special
    return special


@cache
def _of_numbers() -> ModuleType:
    """The same functions for single numbers, called five times as fast."""
    import scipy.special.cython_special

    special: ModuleType = scipy.special.cython_special
    return special


def normal_quantile(p: Number) -> Number:
    """Return x with P(Z <= x) = p, Z standard normal; p in (0, 1)."""
    quantile: Number = _special().ndtri(p)
    return quantile


def normal_cdf(x: Number) -> Number:
    """Return P(Z <= x), Z standard normal."""
    probability: Number = _special().ndtr(x)
    return probability


def normal_two_sided_p(z: Number) -> Number:
    """Return P(|Z| >= |z|) = 2 P(Z <= -|z|), accurate far into the tail."""
    if isinstance(z, float):
        return 2 * float(_of_numbers().ndtr(-abs(z)))
    p: Number = 2 * _special().ndtr(-abs(z))
    return p


def t_quantile(p: float, df: Number) -> Number:
    """Return x with P(T <= x) = p, T Student's t with df degrees of freedom; p in (0, 1), df > 0."""
    quantile: Number = _remembered(_t_quantile, p, df)
    return quantile


@lru_cache(maxsize=REMEMBERED)
def _t_quantile(p: float, df: float) -> float:
    return float(_special().stdtrit(df, p))


def t_two_sided_p(statistic: Number, df: Number) -> Number:
    """Return P(|T| >= |statistic|), T Student's t with df degrees of freedom.

    Written as the incomplete beta function I_x(df/2, 1/2) with x = df / (df + statistic^2), which keeps its relative
    accuracy in the tail (Abramowitz and Stegun 1964, 26.7.1).
    """
    if isinstance(statistic, float):
        one: Number = _of_numbers().betainc(df / 2, 0.5, 1 / (1 + statistic * statistic / df))
        return one
    with np.errstate(over="ignore"):
        x = 1 / (1 + np.square(np.asarray(statistic, dtype=np.float64)) / df)
    p: Number = _special().betainc(df / 2, 0.5, x)
    return p


def chi2_survival(x: Number, df: Number) -> Number:
    """Return P(X >= x), X chi-square with df degrees of freedom."""
    if isinstance(x, float):
        one: Number = _of_numbers().chdtrc(df, x)
        return one
    p: Number = _special().chdtrc(df, x)
    return p


def chi2_quantile(p: float, df: Number) -> Number:
    """Return x with P(X <= x) = p, X chi-square with df degrees of freedom; p in (0, 1), df > 0."""
    quantile: Number = _remembered(_chi2_quantile, p, df)
    return quantile


@lru_cache(maxsize=REMEMBERED)
def _chi2_quantile(p: float, df: float) -> float:
    return float(2 * _special().gammaincinv(df / 2, p))


def _remembered(quantile: Callable[[float, float], float], p: float, df: Any) -> Any:
    """A quantile, or one for each element of an array of degrees of freedom, of which there are few different ones."""
    if not isinstance(df, np.ndarray):
        return quantile(p, df)
    if df.size and (df == df[0]).all():
        return np.full(df.shape, quantile(p, float(df[0])))
    different, places = np.unique(df, return_inverse=True)
    return np.array([quantile(p, each) for each in different.tolist()], dtype=np.float64)[places]


def log_gamma(x: Number) -> Number:
    """Return the natural logarithm of the gamma function; x > 0."""
    value: Number = _special().gammaln(x)
    return value


def binomial_two_sided_p(successes: int, trials: int) -> float:
    """Return the exact two-sided p of the sign test: X binomial(trials, 1/2), p = min(1, 2 P(X <= min(s, trials - s))).

    The distribution is symmetric, so doubling the smaller tail equals summing all outcomes that are no more likely.
    Source: Cochrane Handbook 12.2.1.3. No trials: 1.0.
    """
    smaller = min(successes, trials - successes)
    tail = sum(math.comb(trials, i) for i in range(smaller + 1))
    return min(1.0, tail / 2 ** (trials - 1)) if trials else 1.0
