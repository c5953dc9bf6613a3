"""The primary rule and rounding, on plain arrays of counts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalkit.disclosure.profiles import Profile

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def withheld(counts: npt.ArrayLike, profile: Profile) -> Flags:
    """Tell which counts the primary rule withholds.

    Parameters
    ----------
    counts : array_like
        Shape (rows,), people; NaN where no count applies.
    profile : Profile
        The rules.

    Returns
    -------
    numpy.ndarray
        Shape (rows,), True where the count is too small to leave. A missing count is not withheld by this rule; what is
        below zero always is.
    """
    values = np.asarray(counts, dtype=float)
    small = values < profile.threshold
    return small if profile.withhold_zero else small & (values != 0)


def rounded(counts: npt.ArrayLike, profile: Profile) -> Floats:
    """Round counts as the profile says.

    Parameters
    ----------
    counts : array_like
        Shape (rows,), people.
    profile : Profile
        The rules.

    Returns
    -------
    numpy.ndarray
        Shape (rows,): to the nearest multiple of the base (halves up), to the midpoint of its interval
        (`ceil(x / base) * base - base / 2`, zero stays zero), or as they were.
    """
    values = np.asarray(counts, dtype=float)
    if profile.rounding == "nearest":
        return np.floor(values / profile.base + 0.5) * profile.base
    if profile.rounding == "midpoint":
        return np.where(
            values > 0, np.maximum(np.ceil(values / profile.base), 1) * profile.base - profile.base / 2, values
        )
    return values.copy()


def release_counts(counts: npt.ArrayLike, profile: Profile) -> Floats:
    """Apply the primary rule, then rounding.

    Parameters
    ----------
    counts : array_like
        Shape (rows,), people.
    profile : Profile
        The rules.

    Returns
    -------
    numpy.ndarray
        Shape (rows,): what may leave; NaN where withheld.
    """
    return np.where(withheld(counts, profile), np.nan, rounded(counts, profile))


def dominated(amounts: npt.ArrayLike, largest: npt.ArrayLike, profile: Profile) -> Flags:
    """Tell which amounts one or few of their contributors dominate.

    Parameters
    ----------
    amounts : array_like
        Shape (cells,), sums over contributors, in their own unit, not negative.
    largest : array_like
        Shape (cells, ranks), the largest contributions from the first on, in the same unit; NaN where there are fewer.
    profile : Profile
        The rules.

    Returns
    -------
    numpy.ndarray
        Shape (cells,), True where the `dominance_n` largest make up `dominance_k` per cent or more, or where the rest
        without the two largest is less than `p_percent` per cent of the largest. False throughout where the profile
        has neither rule.

    References
    ----------
    .. [1] Hundepool A and others (2012). Statistical Disclosure Control. Wiley, section 4.2.

    Examples
    --------
    >>> from evalkit.disclosure.profiles import load_profile
    >>> dominated([100.0, 100.0], [[80.0, 15.0], [50.0, 20.0]], load_profile("acro")).tolist()
    [True, False]
    """
    totals = np.asarray(amounts, dtype=float)
    given = np.nan_to_num(np.asarray(largest, dtype=float).reshape(len(totals), -1), nan=0.0)
    few = np.zeros(len(totals), dtype=bool)
    if profile.dominance_n:
        few |= (totals > 0) & (given[:, : profile.dominance_n].sum(axis=1) >= profile.dominance_k / 100 * totals)
    if profile.p_percent:
        few |= totals - given[:, :2].sum(axis=1) < profile.p_percent / 100 * given[:, 0]
    return few


def origins(released: npt.ArrayLike, profile: Profile) -> tuple[Floats, Floats]:
    """Tell which counts a released count can come from, by the published rule alone.

    Parameters
    ----------
    released : array_like
        Shape (rows,): what left; NaN where withheld.
    profile : Profile
        The rules.

    Returns
    -------
    (numpy.ndarray, numpy.ndarray)
        Shape (rows,), the least and the greatest whole number of people. A withheld count is at least 1 where the
        profile shows zeros, and has no upper limit: it may be withheld only because of others. Both are NaN where no
        count would be released so.

    Examples
    --------
    >>> from evalkit.disclosure.profiles import load_profile
    >>> low, high = origins([10.0, 15.0], load_profile("nhs-hospital"))
    >>> [(int(least), int(most)) for least, most in zip(low, high)]
    [(8, 12), (13, 17)]
    """
    values = np.asarray(released, dtype=float)
    hidden = np.isnan(values)
    least = 1.0 if profile.threshold and not profile.withhold_zero else 0.0
    if profile.rounding == "none":
        return np.where(hidden, least, values), np.where(hidden, np.inf, values)
    tried = np.arange(-profile.base, profile.base + 1.0)[:, None] + np.floor(np.where(hidden, 0.0, values))
    possible = (release_counts(tried, profile) == values) & (tried >= 0)
    low = np.where(possible, tried, np.inf).min(axis=0)
    high = np.where(possible, tried, -np.inf).max(axis=0)
    nowhere = low > high
    low[nowhere] = high[nowhere] = np.nan
    return np.where(hidden, least, low), np.where(hidden, np.inf, high)


def breaches(released: npt.ArrayLike, profile: Profile, *, steps: bool = False) -> Flags:
    """Tell which released counts the profile cannot have let through.

    Parameters
    ----------
    released : array_like
        Shape (rows,): what is about to leave; NaN where withheld.
    profile : Profile
        The rules.
    steps : bool, default False
        The counts are differences of released counts, as along a curve: between midpoints, multiples of the base.

    Returns
    -------
    numpy.ndarray
        Shape (rows,), True where a count is below the threshold, or not rounded.
    """
    values = np.asarray(released, dtype=float)
    # What the nearest rounding makes of a count at the threshold is the least that can leave.
    least = float(rounded([profile.threshold], profile)[0]) if profile.threshold else 0.0
    small = (values < least) & ((values != 0) | profile.withhold_zero)
    off = np.zeros_like(small)
    if profile.rounding == "nearest":
        off = np.mod(values, profile.base) != 0
    elif profile.rounding == "midpoint":
        over = np.mod(values, profile.base)
        off = (values != 0) & (over != profile.base / 2) & ~(steps & (over == 0))
    known = ~np.isnan(values)
    return np.asarray((small | off) & known)
