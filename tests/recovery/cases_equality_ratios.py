"""Recovery of the indicators of equality: rates, shares and clusters of bands whose true values are known.

Ratios are judged on the log scale, on which their estimates are nearly without bias. People of a group are fixed in
number; who has the outcome, or stands in which cluster, is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from recovery.study import Case

from evalkit.numeric.part_of_whole import difference_of_estimates, gap_to_whole, parity_to_whole, ratio_of_ratios
from evalkit.numeric.proportions import koopman, newcombe
from evalkit.numeric.stratified import mantel_haenszel_risk_ratio
from evalkit.numeric.values import Interval

Generator = np.random.Generator
Drawn = tuple[float, float, float]

WHITE, BME = 0.5, 0.3  # appointed from shortlisting
BAND, REST = 0.15, 0.30  # BME in a high band and in the rest of the workforce
HIGHER, LOWER = (0.45, 0.35, 0.20), (0.60, 0.28, 0.12)  # white and BME by cluster
STRATA = ((0.3, 0.4, 0.2), (0.5, 0.3, 0.6), (0.2, 0.3, 0.2))  # share of people, share of white, rate of BME
COMMON = 1.4
NO_EVENTS = "log of the ratio of the draws that have events in both groups"


def _log(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def _logs(found: Interval) -> Drawn:
    return _log(found.estimate), _log(found.low), _log(found.high)


def _plain(found: Interval) -> Drawn:
    return found.estimate, found.low, found.high


def _rates(rng: Generator, n: int, first: float = WHITE, second: float = BME) -> tuple[int, int, int, int]:
    sizes = (n - n // 3, n // 3)
    return int(rng.binomial(sizes[0], first)), sizes[0], int(rng.binomial(sizes[1], second)), sizes[1]


def ratio(n: int) -> Callable[[Generator], Drawn]:
    return lambda rng: _logs(koopman(*_rates(rng, n)))


def gap(n: int) -> Callable[[Generator], Drawn]:
    return lambda rng: _plain(newcombe(*_rates(rng, n)))


def _part(rng: Generator, n: int) -> tuple[int, int, int, int]:
    part = n // 4
    members = int(rng.binomial(part, BAND))
    return members, part, members + int(rng.binomial(n - part, REST)), n


def _workforce(n: int) -> float:
    return (n // 4 * BAND + (n - n // 4) * REST) / n


def to_workforce(n: int) -> Callable[[Generator], Drawn]:
    return lambda rng: _plain(gap_to_whole(*_part(rng, n)))


def parity(n: int) -> Callable[[Generator], Drawn]:
    return lambda rng: _logs(parity_to_whole(*_part(rng, n)))


def disparity(n: int) -> Callable[[Generator], Drawn]:
    def draw(rng: Generator) -> Drawn:
        white = rng.multinomial(n - n // 3, HIGHER)
        other = rng.multinomial(n // 3, LOWER)
        return _logs(ratio_of_ratios(int(white[1]), int(white[0]), int(other[1]), int(other[0]))[0])

    return draw


def within_strata(n: int) -> Callable[[Generator], Drawn]:
    def draw(rng: Generator) -> Drawn:
        people = [round(n * share) for share, _, _ in STRATA]
        white = [round(size * share) for size, (_, share, _) in zip(people, STRATA, strict=True)]
        other = [size - part for size, part in zip(people, white, strict=True)]
        rates = [rate for _, _, rate in STRATA]
        first = rng.binomial(white, [COMMON * rate for rate in rates])
        return _logs(mantel_haenszel_risk_ratio(first, white, rng.binomial(other, rates), other))

    return draw


def between_years(n: int) -> Callable[[Generator], Drawn]:
    def draw(rng: Generator) -> Drawn:
        years = [_logs(koopman(*_rates(rng, n))), _logs(koopman(*_rates(rng, n, 0.45, 0.4)))]
        return _plain(difference_of_estimates(Interval(*years[1]), Interval(*years[0])))

    return draw


SHARES = ("numeric.part_of_whole", "numeric.proportions")
CASES = (
    Case("relative likelihood, 24 people", 24, math.log(WHITE / BME), ratio(24), SHARES[1:], bias_at_most=0.1,
         note=NO_EVENTS),
    Case("relative likelihood, 200 people", 200, math.log(WHITE / BME), ratio(200), SHARES[1:], bias_at_most=0.03,
         note="the log of a ratio of proportions is biased by about 1 / n"),
    Case("relative likelihood, 2000 people", 2000, math.log(WHITE / BME), ratio(2000), SHARES[1:]),
    Case("gap in a survey, 24 people", 24, WHITE - BME, gap(24), SHARES[1:]),
    Case("gap in a survey, 200 people", 200, WHITE - BME, gap(200), SHARES[1:]),
    Case("gap in a survey, 2000 people", 2000, WHITE - BME, gap(2000), SHARES[1:]),
    Case("gap to the workforce, 24 people", 24, BAND - _workforce(24), to_workforce(24), SHARES),
    Case("gap to the workforce, 200 people", 200, BAND - _workforce(200), to_workforce(200), SHARES),
    Case("gap to the workforce, 2000 people", 2000, BAND - _workforce(2000), to_workforce(2000), SHARES),
    Case("parity, 24 people", 24, math.log(BAND / _workforce(24)), parity(24), SHARES, expect="over",
         between=(0.95, 0.98), bias_at_most=0.5,
         note="six people in the band: discrete; the bias is that of the draws with a member among them"),
    Case("parity, 200 people", 200, math.log(BAND / _workforce(200)), parity(200), SHARES, bias_at_most=0.1,
         note="few members in the band: the log of a small proportion is biased"),
    Case("parity, 2000 people", 2000, math.log(BAND / _workforce(2000)), parity(2000), SHARES, bias_at_most=0.01,
         note="few members in the band: the log of a small proportion is biased"),
    Case("disparity ratio, 24 people", 24, math.log(0.35 / 0.45 / (0.28 / 0.60)), disparity(24),
         (*SHARES, "numeric.tables"), expect="over", between=(0.95, 1.0), bias_at_most=0.2,
         note="empty and nearly empty cells: conservative; the bias is that of the draws without an empty cell"),
    Case("disparity ratio, 200 people", 200, math.log(0.35 / 0.45 / (0.28 / 0.60)), disparity(200),
         (*SHARES, "numeric.tables"), bias_at_most=0.05, note="the log of a ratio of counts is biased by about 1 / n"),
    Case("disparity ratio, 2000 people", 2000, math.log(0.35 / 0.45 / (0.28 / 0.60)), disparity(2000),
         (*SHARES, "numeric.tables")),
    Case("risk ratio within strata, 200 people", 200, math.log(COMMON), within_strata(200), ("numeric.stratified",),
         bias_at_most=0.03, note="the log of a ratio of proportions is biased by about 1 / n"),
    Case("risk ratio within strata, 2000 people", 2000, math.log(COMMON), within_strata(2000),
         ("numeric.stratified",)),
    # At 24 people a year one draw in twelve has a year without events in a group, which has no interval.
    Case("change of a ratio between years, 60 people each", 60, math.log(0.45 / 0.4) - math.log(WHITE / BME),
         between_years(60), SHARES, bias_at_most=0.1,
         note="the log of a ratio of proportions is biased by about 1 / n"),
    Case("change of a ratio between years, 200 people each", 200, math.log(0.45 / 0.4) - math.log(WHITE / BME),
         between_years(200), SHARES, bias_at_most=0.03,
         note="the log of a ratio of proportions is biased by about 1 / n"),
    Case("change of a ratio between years, 2000 people each", 2000, math.log(0.45 / 0.4) - math.log(WHITE / BME),
         between_years(2000), SHARES),
)  # fmt: skip
