"""The reliable change index of Jacobson and Truax and its cut-offs, on plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChangeErrors:
    """What measurement error alone does to a change.

    Parameters
    ----------
    measurement : float
        Standard error of measurement of one score.
    difference : float
        Standard error of the difference of two scores.
    smallest : float
        The smallest change that counts as reliable.

    Notes
    -----
    All in the unit of the score.
    """

    measurement: float
    difference: float
    smallest: float


def change_errors(sd: float, reliability: float, *, threshold: float = 1.96) -> ChangeErrors:
    """Standard errors of a score and of a change of scores.

    Parameters
    ----------
    sd : float
        Standard deviation of the score among people, in its unit.
    reliability : float
        Share of the variance that is not measurement error, between 0 and 1.
    threshold : float, default 1.96
        How many standard errors of the difference a change must reach.

    Returns
    -------
    ChangeErrors
        In the unit of the score.

    References
    ----------
    .. [1] Jacobson NS, Truax P (1991). J Consult Clin Psychol 59:12-19: SE = s (1 - r)^(1/2), Sdiff = (2 SE^2)^(1/2),
       RC = change / Sdiff.

    Examples
    --------
    >>> errors = change_errors(7.5, 0.80)
    >>> round(errors.measurement, 2), round(errors.difference, 2), round((47.5 - 32.5) / errors.difference, 2)
    (3.35, 4.74, 3.16)
    """
    measurement = sd * math.sqrt(1 - reliability)
    difference = math.sqrt(2) * measurement
    return ChangeErrors(measurement, difference, threshold * difference)


def cut_off(
    kind: str,
    *,
    functional: tuple[float, float] | None = None,
    dysfunctional: tuple[float, float] | None = None,
    higher_is_better: bool = True,
) -> float:
    """Score at which a person passes from the one population to the other.

    Parameters
    ----------
    kind : {"a", "b", "c"}
        a: two standard deviations beyond the mean of the dysfunctional population, towards the functional one; b: two
        standard deviations short of the mean of the functional one; c: where a score is as far from the one mean as
        from the other, each in its own standard deviations.
    functional, dysfunctional : tuple of float, optional
        Mean and standard deviation of each population, in the unit of the score; a needs the second, b the first, c
        both.
    higher_is_better : bool, default True
        Whether higher scores are the functional ones.

    Returns
    -------
    float
        In the unit of the score; NaN when the population that it needs is not given.

    References
    ----------
    .. [1] Jacobson NS, Truax P (1991). J Consult Clin Psychol 59:12-19, page 13.

    Examples
    --------
    >>> norms = {"functional": (60, 7.5), "dysfunctional": (40, 7.5)}
    >>> [cut_off(kind, **norms) for kind in "abc"]
    [55.0, 45.0, 50.0]
    """
    towards = 1.0 if higher_is_better else -1.0
    if kind == "a" and dysfunctional:
        return dysfunctional[0] + towards * 2 * dysfunctional[1]
    if kind == "b" and functional:
        return functional[0] - towards * 2 * functional[1]
    if kind == "c" and functional and dysfunctional:
        (high, high_sd), (low, low_sd) = functional, dysfunctional
        return (high_sd * low + low_sd * high) / (high_sd + low_sd)
    return math.nan
