"""GRIM and GRIMMER: the authors' examples, and every possible data set of small n."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest

from evalkit.published import grim, grimmer
from evalkit.published.granularity import realisable


def test_example_of_brown_and_heathers() -> None:
    # Their worked example: a mean of 5.19 from 28 whole numbers; 145/28 = 5.18, 146/28 = 5.21.
    result = grim(5.19, n=28, decimals=2)
    assert not result.consistent
    assert result.nearest == (145 / 28, 146 / 28)
    assert grim(5.18, n=28, decimals=2).consistent
    assert grim(5.21, n=28, decimals=2).consistent


def test_example_of_anaya_and_allard() -> None:
    # Mean 3.44, n 18: a standard deviation of 2.47 cannot be; 2.48 can.
    assert grim(3.44, n=18, decimals=2).consistent
    assert not grimmer(3.44, 2.47, n=18, decimals=2).consistent
    assert grimmer(3.44, 2.48, n=18, decimals=2).consistent


def _prints(value: float | Fraction, decimals: int) -> set[int]:
    """What a value may print as, in units of the last digit: half up or half down, by exact arithmetic."""
    scaled = Fraction(value) * 10**decimals
    below = math.floor(scaled)
    rest = scaled - below
    if rest == Fraction(1, 2):
        return {below, below + 1}
    return {below + (rest > Fraction(1, 2))}


def _prints_root(square: Fraction, decimals: int) -> set[int]:
    """The same for the root of a fraction, without a floating point number."""
    scaled = square * 100**decimals
    below = math.isqrt(math.floor(scaled))
    middle = (below + Fraction(1, 2)) ** 2
    if scaled == middle:
        return {below, below + 1}
    return {below + (scaled > middle)}


# Wide enough that every data set with the means and deviations asked about lies inside.
REACH = {2: 12, 3: 10, 4: 8, 5: 6, 6: 5, 7: 4}


def _data_sets(n: int, reach: int) -> set[tuple[int, int]]:
    answers = itertools.combinations_with_replacement(range(-reach, reach + 1), n)
    return {(sum(some), sum(value * value for value in some)) for some in answers}


@pytest.mark.parametrize("n", REACH)
@pytest.mark.parametrize("items", [1, 2])
@pytest.mark.parametrize("decimals", [1, 2])
def test_grimmer_agrees_with_every_data_set(n: int, items: int, decimals: int) -> None:
    possible: dict[str, set[tuple[int, int]]] = {"sample": set(), "population": set()}
    means: set[int] = set()
    for total, squares in _data_sets(n, REACH[n]):
        deviation = Fraction(squares) - Fraction(total * total, n)
        mean = _prints(Fraction(total, n * items), decimals)
        means |= mean
        for kind, divisor in (("sample", n - 1), ("population", n)):
            spread = _prints_root(deviation / divisor / items**2, decimals)
            possible[kind] |= set(itertools.product(mean, spread))
    unit = 10**decimals
    # All means of one step of the scale, and deviations so small that nothing outside the reach could give them.
    largest = REACH[n] / math.sqrt(n) / items - 0.2
    asked = 0
    for mean, spread in itertools.product(range(unit), range(0, int(largest * unit), 1 if decimals == 1 else 3)):
        result = grimmer(mean / unit, spread / unit, n=n, items=items, decimals=decimals)
        expected = tuple(kind for kind, pairs in possible.items() if (mean, spread) in pairs)
        assert result.sd_types == expected, (mean, spread)
        assert result.consistent == bool(expected)
        asked += 1
    for mean in range(-unit, unit + 1):
        assert grim(mean / unit, n=n, items=items, decimals=decimals).consistent == (mean in means), mean
    assert asked > 40


@pytest.mark.parametrize("n", [1, *REACH])
def test_realisable_agrees_with_every_data_set(n: int) -> None:
    reach = REACH.get(n, 20)
    have = _data_sets(n, reach)
    for total, squares in itertools.product(range(-reach, reach + 1), range(-1, reach * reach + 1)):
        assert realisable(n, total, squares) == ((total, squares) in have), (total, squares)


def test_nearest_possible_deviations_of_small_samples() -> None:
    for n in (2, 3, 4, 5):
        have = _data_sets(n, REACH[n])
        for total in range(n):
            spreads = sorted({math.sqrt((q - total * total / n) / (n - 1)) for t, q in have if t == total and q <= 36})
            mean = total / n
            if round(mean, 2) != mean:
                continue
            for sd in (0.0, 0.33, 0.7, 1.23, 2.05):
                low, high = grimmer(mean, sd, n=n, decimals=2).nearest
                below = [spread for spread in spreads if spread <= sd + 1e-12]
                above = [spread for spread in spreads if spread >= sd - 1e-12]
                assert low == pytest.approx(max(below)) if below else math.isnan(low)
                assert high == pytest.approx(min(above))
