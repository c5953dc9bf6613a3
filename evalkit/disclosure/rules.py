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
