"""Two measurements of the same people: their changes, and the moments on which mean changes rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Doubles carry 15.9 digits. One less is kept, so that 4.2 - 3.1 and 1.1 are the same change.
_DIGITS = 14


@dataclass(frozen=True, slots=True)
class PairMoments:
    """Means, standard deviations and correlation of two measurements of the same people.

    Parameters
    ----------
    n : int
        Complete pairs.
    mean_change : float
        Mean of after minus before, in the unit of the measurement.
    sd_change, sd_before, sd_after : float
        Sample standard deviations; NaN for fewer than two pairs, exactly 0 where all values are equal.
    correlation : float
        Of before and after; NaN where one of them has no spread.
    """

    n: int
    mean_change: float
    sd_change: float
    sd_before: float
    sd_after: float
    correlation: float

    @property
    def std_error(self) -> float:
        """Standard error of the mean change."""
        return self.sd_change / math.sqrt(self.n) if self.n else math.nan


def changes(before: Floats, after: Floats) -> Floats:
    """Subtract before from after, without the noise of binary fractions.

    Parameters
    ----------
    before, after : numpy.ndarray of float
        Shape (pairs,), finite.

    Returns
    -------
    numpy.ndarray of float
        Shape (pairs,), after minus before, rounded to the 14th digit of the largest value, so that equal changes are
        equal and no change is 0.

    Examples
    --------
    >>> changes(np.array([3.1, 0.3]), np.array([4.2, 0.1 + 0.2])).tolist()
    [1.1, 0.0]
    """
    largest = float(max(np.abs(before).max(initial=0.0), np.abs(after).max(initial=0.0)))
    difference = after - before
    if not 1e-280 < largest < 1e280:  # zero, or where steps would leave the range of doubles
        return difference
    step = 10.0 ** (math.floor(math.log10(largest)) + 1 - _DIGITS)
    # Divided by a whole power of ten 1.1 comes back as 1.1; multiplied by a fraction it does not.
    steps = np.rint(difference / step)
    rounded = steps / (1 / step) if step < 1 else steps * step
    return np.asarray(np.where(np.abs(steps) < 2.0**53, rounded, difference))


def pair_moments(before: Floats, after: Floats) -> PairMoments:
    """Summarise two measurements of the same people.

    Parameters
    ----------
    before, after : numpy.ndarray of float
        Shape (pairs,), finite.

    Returns
    -------
    PairMoments
        In two passes, so that a large common offset costs no digits.
    """
    change = changes(before, after)
    n = len(change)
    if n == 0:
        return PairMoments(0, *(math.nan,) * 5)
    of_change, of_before, of_after = _spread(change), _spread(before), _spread(after)
    both = of_before * of_after
    correlation = math.nan
    if n > 1 and both > 0:
        products = float(((before - before.mean()) * (after - after.mean())).sum()) / (n - 1)
        correlation = max(-1.0, min(1.0, products / both))
    return PairMoments(n, float(change.mean()), of_change, of_before, of_after, correlation)


def _spread(values: Floats) -> float:
    if len(values) < 2:
        return math.nan
    return 0.0 if values.min() == values.max() else float(values.std(ddof=1))
