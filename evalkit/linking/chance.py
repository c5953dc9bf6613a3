"""How many pairs to expect between people who have nothing to do with each other."""

from __future__ import annotations

from math import exp

import numpy as np
import numpy.typing as npt

from evalkit.linking.candidates import agreements_within

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_ROUNDS = 1000
_CLOSE = 1e-9


def element_agreement(before: Ints, after: Ints) -> Floats:
    """Estimate how often two different people agree in each element.

    Parameters
    ----------
    before, after : numpy.ndarray of int
        Shapes (rows, elements); -1 is missing and agrees with nothing.

    Returns
    -------
    numpy.ndarray of float
        Shape (elements,): the share of the pairs of two rows of one wave that agree, both waves together.
    """
    pairs = _pairs(len(before)) + _pairs(len(after))
    if not pairs:
        return np.zeros(before.shape[1])
    met = [
        sum(agreements_within(wave[:, [column]], 1)[1] for wave in (before, after)) for column in range(before.shape[1])
    ]
    return np.array(met) / pairs


def chance_of_agreement(before: Ints, after: Ints, max_edits: int) -> Floats:
    """Estimate how often the codes of two different people differ in exactly 0, 1, ... elements.

    Parameters
    ----------
    before, after : numpy.ndarray of int
        Shapes (rows, elements); -1 is missing and agrees with nothing.
    max_edits : int
        The most differing elements.

    Returns
    -------
    numpy.ndarray of float
        Shape (max_edits + 1,): probabilities.

    Notes
    -----
    Two rows of one wave are two people, whoever is in the other wave. From their agreement in each element follows the
    chance as it would be if the elements were independent. It is multiplied by (seen + 1) / (expected + 1), the pairs
    of rows of one wave that were seen to differ in so many elements over those expected: elements that go together
    (a town and its schools) count, and with few people the ratio stays near 1. Whole codes that are there twice may be
    one person who answered twice; for them the ratio at one differing element is taken, if it is above 1.
    """
    size = before.shape[1]
    independent = _differing(element_agreement(before, after))[: max_edits + 1]
    one = max(max_edits, min(1, size - 1))
    within = [agreements_within(wave, size - one) for wave in (before, after)]
    pairs = _pairs(len(before)) + _pairs(len(after))
    expected = pairs * _differing(element_agreement(before, after))[: one + 1]
    ratios = np.array(
        [(sum(seen[size - edits] for seen in within) + 1) / (expected[edits] + 1) for edits in range(one + 1)]
    )
    ratios[0] = max(ratios[1], 1.0) if one else 1.0
    return np.asarray(np.minimum(independent * ratios[: max_edits + 1], 1.0))


def _differing(agreement: Floats) -> Floats:
    """Give the distribution of how many elements differ, were they independent."""
    spread = np.ones(1)
    for share in agreement:
        spread = np.convolve(spread, [share, 1 - share])
    return spread


def expected_false(made: Ints, chances: Floats, open_before: Ints, open_after: Ints) -> Floats:
    """Estimate how many of the pairs made join two different people.

    Parameters
    ----------
    made : numpy.ndarray of int
        Shape (thresholds,): pairs made at 0, 1, ... differing elements.
    chances : numpy.ndarray of float
        Shape (thresholds,): from `chance_of_agreement`.
    open_before, open_after : numpy.ndarray of int
        Shape (thresholds,): rows of each wave that could still be paired when it was the turn of so many differing
        elements.

    Returns
    -------
    numpy.ndarray of float
        Shape (thresholds,): expected false pairs among those made at each number of differing elements. It may exceed
        what was made.

    Notes
    -----
    Of the pairs made t = made - false are right. The b and a rows of the two waves that are left over have no partner
    to find; any two of them fit by chance with probability c. A chance pair is made when it belongs to every best
    assignment, which in a sparse random graph has the probability f g with f = exp(-a c g) and g = exp(-b c f) [1]_.
    So false = a b c f g, where a and b depend on false: solved by iteration.

    References
    ----------
    .. [1] Zdeborova L, Mezard M. The number of matchings in random graphs. J Stat Mech 2006:P05003: at zero temperature
       a node is free when none of its other neighbours is, and an edge is in all largest matchings when both its ends
       are free without it.
    """
    rows = zip(made, chances, open_before, open_after, strict=True)
    return np.array([_false(float(pairs), float(c), float(b), float(a)) for pairs, c, b, a in rows])


def _false(pairs: float, chance: float, open_before: float, open_after: float) -> float:
    """Solve for the false pairs, and with them for f and g, half a step at a time."""
    false, f, g = 0.0, 1.0, 1.0
    for _ in range(_ROUNDS):
        right = max(pairs - false, 0.0)
        b, a = max(open_before - right, 0.0), max(open_after - right, 0.0)
        f = (f + exp(-a * chance * g)) / 2
        g = (g + exp(-b * chance * f)) / 2
        step = (a * b * chance * f * g - false) / 2
        false += step
        if abs(step) < _CLOSE * (1 + false):
            break
    return false


def _pairs(rows: int) -> int:
    return rows * (rows - 1) // 2
