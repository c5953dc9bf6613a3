"""Standardised mean changes of the same people: which standard deviation divides, and how sharply it is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import optimize, stats

from evalkit.numeric.means import hedges_factor, noncentral_t_interval
from evalkit.numeric.pairs import PairMoments
from evalkit.numeric.values import Interval

Kind = Literal["d_z", "d_av", "d_rm"]
KINDS: tuple[Kind, ...] = ("d_z", "d_av", "d_rm")


@dataclass(frozen=True, slots=True)
class Divisor:
    """The standard deviation that divides a mean change.

    Parameters
    ----------
    value : float
        In the unit of the measurement; NaN where it is not defined.
    df : float
        Degrees of freedom of the chi distribution with the same relative variance, under normality.
    """

    value: float
    df: float


def divisor(moments: PairMoments, kind: Kind) -> Divisor:
    """Give the standard deviation by which a standardised change divides.

    Parameters
    ----------
    moments : PairMoments
        Of the complete pairs.
    kind : {"d_z", "d_av", "d_rm"}
        d_z: standard deviation of the changes. d_av: mean of the standard deviations before and after. d_rm: standard
        deviation of the changes over sqrt(2 (1 - r)), which is the common standard deviation where both are equal.

    Returns
    -------
    Divisor
        The value, and degrees of freedom: n - 1 for d_z, else from the variance of the logarithm of the divisor by the
        delta method. NaN where fewer than two pairs (three for d_rm), or for d_rm a correlation of 1 or none, leave it
        undefined.

    References
    ----------
    .. [1] Cohen J (1988). Statistical Power Analysis for the Behavioral Sciences, 2nd ed., equation 2.3.5 (d_z).
    .. [2] Cumming G (2012). Understanding the New Statistics, equation 11.9 (d_av; his is the root of the mean square).
    .. [3] Morris SB, DeShon RP (2002). Psychol Methods 7:105-125, equation 12 (d_rm).
    """
    if moments.n < 2:
        return Divisor(math.nan, math.nan)
    if kind == "d_z":
        return Divisor(moments.sd_change, float(moments.n - 1))
    return _average(moments) if kind == "d_av" else _repeated(moments)


def _average(moments: PairMoments) -> Divisor:
    one, other = moments.sd_before, moments.sd_after
    value = (one + other) / 2
    if value == 0:
        return Divisor(0.0, math.nan)
    shared = 0.0 if math.isnan(moments.correlation) else moments.correlation**2
    # Var(s) = sigma^2 / 2(n-1) and Cov(s1, s2) = rho^2 sigma1 sigma2 / 2(n-1); a chi's relative variance is 1 / 2df.
    df = 4 * (moments.n - 1) * value**2 / (one**2 + other**2 + 2 * shared * one * other)
    return Divisor(value, df)


def _repeated(moments: PairMoments) -> Divisor:
    r = moments.correlation
    if moments.n < 3 or math.isnan(r) or r >= 1 or moments.sd_change == 0:
        return Divisor(math.nan, math.nan)
    value = moments.sd_change / math.sqrt(2 * (1 - r))
    one, other = moments.sd_before, moments.sd_after
    # Gradient of the log divisor with respect to the covariance matrix S of before and after. The variance of a linear
    # function tr(G S) of a Wishart matrix is 2 tr(G S G S) / (n - 1), here as a sum of squares.
    change = np.array([[1, -1], [-1, 1]]) / (2 * moments.sd_change**2)
    correlation = np.array([[-r / one**2, 1 / (one * other)], [1 / (one * other), -r / other**2]]) / (4 * (1 - r))
    root = np.array([[one, 0.0], [r * other, other * math.sqrt(1 - r * r)]])
    relative = 2 * float(((root.T @ (change + correlation) @ root) ** 2).sum()) / (moments.n - 1)
    return Divisor(value, 1 / (2 * relative))


def standardised_interval(moments: PairMoments, kind: Kind, *, hedges: bool = False, level: float = 0.95) -> Interval:
    """Standardised mean change with its interval, under normality.

    Parameters
    ----------
    moments : PairMoments
        Of the complete pairs.
    kind : {"d_z", "d_av", "d_rm"}
        Which standard deviation divides.
    hedges : bool, default False
        Take the small-sample bias out of the point, NaN at one degree of freedom, where no factor does. The limits are
        those of the same estimand, and stay.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Interval
        In standard deviations. d_z: exact, from the noncentral t distribution. d_av and d_rm: limits recovered from
        those of the mean change (t) and of the divisor (chi), which hold 0 exactly when the paired t test does not
        reject. The point is NaN where the divisor is 0 or not defined, the limits also where all changes are equal; the
        standard error of d_z with fewer than four pairs.

    References
    ----------
    .. [1] Steiger JH, Fouladi RT (1997). In: What if there were no significance tests?, pp 221-257 (d_z).
    .. [2] Donner A, Zou GY (2012). Stat Methods Med Res 21:347-359, section 3 (limits of a ratio from those of its
       parts).
    """
    unit = divisor(moments, kind)
    if not unit.value > 0:
        return Interval(math.nan, math.nan, math.nan)
    raw = moments.mean_change / unit.value
    factor = _correction(unit.df) if hedges else 1.0
    if kind == "d_z":
        root = math.sqrt(moments.n)
        limits = noncentral_t_interval(raw * root, unit.df, level=level)
        return Interval(factor * raw, limits.low / root, limits.high / root, factor * _error_of_d_z(raw, moments.n))
    error = math.hypot(moments.std_error / unit.value, raw / math.sqrt(2 * unit.df))
    low, high = _recovered(moments, unit, level) if moments.sd_change > 0 else (math.nan, math.nan)
    return Interval(factor * raw, low, high, factor * error)


def _correction(df: float) -> float:
    """Hedges's factor; with one degree of freedom one over the divisor has no mean, and the factor would be 0."""
    return hedges_factor(df) if df > 1 + 1e-9 else math.nan


def _error_of_d_z(d: float, n: int) -> float:
    """Standard error from the variance of the noncentral t distribution, with d in place of the true value."""
    df = n - 1
    if df < 3:
        return math.nan
    spread = df / (df - 2) * (1 / n + d * d) - (d / hedges_factor(df)) ** 2
    return math.sqrt(spread)


def _recovered(moments: PairMoments, unit: Divisor, level: float) -> tuple[float, float]:
    if moments.mean_change < 0:
        low, high = _recovered(_mirrored(moments), unit, level)
        return -high, -low
    tail = (1 - level) / 2
    mean = moments.mean_change
    half = float(stats.t.isf(tail, moments.n - 1)) * moments.std_error
    narrow = unit.value * math.sqrt(unit.df / float(stats.chi2.isf(tail, unit.df)))
    wide = unit.value * math.sqrt(unit.df / float(stats.chi2.ppf(tail, unit.df)))
    # Of mean - theta * divisor, the limit is zero: whether a small or a large divisor works against it depends on the
    # sign of theta.
    low = _ratio(mean, half, unit.value, abs((wide if mean > half else narrow) - unit.value), -1)
    return low, _ratio(mean, half, unit.value, unit.value - narrow, 1)


def _ratio(mean: float, half: float, value: float, reach: float, side: int) -> float:
    """Solve (mean - theta value)^2 = half^2 + theta^2 reach^2 on the side asked for."""
    square, constant = value**2 - reach**2, mean**2 - half**2
    root = math.sqrt(max((mean * value) ** 2 - square * constant, 0.0))
    # The form without cancellation; where reach exceeds value (very few pairs) only this one is on the right side.
    return constant / (mean * value + root) if side < 0 else (mean * value + root) / square


def _mirrored(moments: PairMoments) -> PairMoments:
    return PairMoments(
        moments.n, -moments.mean_change, moments.sd_change, moments.sd_before, moments.sd_after, moments.correlation
    )


def one_sided_p(moments: PairMoments, kind: Kind, margin: float, *, above: bool) -> float:
    """P-value of the hypothesis that a standardised change does not reach beyond a margin.

    Parameters
    ----------
    moments : PairMoments
        Of the complete pairs.
    kind : {"d_z", "d_av", "d_rm"}
        Which standard deviation divides.
    margin : float
        In standard deviations.
    above : bool
        Whether the claim to be shown is "above the margin" or "below it".

    Returns
    -------
    float
        The error at which the one-sided limit of `standardised_interval` meets the margin, not below 1e-12; for d_z
        that is the p-value of the noncentral t distribution. NaN where the standardised change is not defined.
    """
    unit = divisor(moments, kind)
    if not unit.value > 0:
        return math.nan
    estimate = moments.mean_change / unit.value
    if kind == "d_z":
        root = math.sqrt(moments.n)
        below = float(stats.nct.cdf(estimate * root, unit.df, margin * root))
        if math.isfinite(below):
            return 1 - below if above else below

    def clear(log_tail: float) -> float:
        """How far the limit of this one-sided error is from the margin, on the side of the claim."""
        limits = standardised_interval(moments, kind, level=1 - 2 * math.exp(log_tail))
        return limits.low - margin if above else margin - limits.high

    inside = estimate > margin if above else estimate < margin
    if not inside:
        other = one_sided_p(moments, kind, margin, above=not above) if estimate != margin else 0.5
        return 1 - other
    least, most = math.log(1e-12), math.log(0.4999999)
    if clear(least) >= 0:
        return math.exp(least)
    return math.exp(float(optimize.brentq(clear, least, most, xtol=1e-10))) if clear(most) > 0 else 0.5
