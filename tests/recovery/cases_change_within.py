"""Recovery of change within people: does each interval hold the truth of its own estimand?

Two populations. "normal": before with mean 3.4 and standard deviation .8, after with 3.8 and .65, correlation .6.
"likert": means of four items from 1 to 5, skewed, many near the ceiling; every truth is summed over the whole
distribution. "skewed": changes of which a few are large.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from recovery.study import Case

from evalkit.numeric.matched import tango
from evalkit.numeric.means import t_interval
from evalkit.numeric.pairs import changes, pair_moments
from evalkit.numeric.ranks import Zeros, hodges_lehmann, rank_biserial
from evalkit.numeric.resampling import bca, left_out_means, resampled_means
from evalkit.numeric.standardised import Kind, standardised_interval

Floats = npt.NDArray[np.float64]
Waves = tuple[Floats, Floats]
Generator = np.random.Generator
Drawn = tuple[float, float, float]

MEANS, SPREADS, CORRELATION = (3.4, 3.8), (0.8, 0.65), 0.6


def normal(rng: Generator, n: int) -> Waves:
    first, second = rng.normal(size=(2, n))
    other = CORRELATION * first + math.sqrt(1 - CORRELATION**2) * second
    return MEANS[0] + SPREADS[0] * first, MEANS[1] + SPREADS[1] * other


def _likert() -> tuple[Floats, Floats, Floats]:
    """Values before and after, and their probabilities: most start high, some fall, most rise until the ceiling."""
    levels = np.arange(1, 5.01, 0.25)
    start = np.exp(-0.5 * ((levels - 4.1) / 0.75) ** 2) * (1 + 0.6 * (levels < 3))
    steps = np.arange(-1, 2.01, 0.25)
    moves = np.array([1, 2, 4, 7, 20, 16, 14, 11, 9, 7, 4, 3, 2], dtype=float)
    before, step = (grid.ravel() for grid in np.meshgrid(levels, steps, indexing="ij"))
    weights = np.outer(start, moves).ravel()
    return before, np.clip(before + step, 1, 5), weights / weights.sum()


BEFORE, AFTER, WEIGHTS = _likert()
CUMULATED = np.cumsum(WEIGHTS)


def likert(rng: Generator, n: int) -> Waves:
    drawn = np.minimum(np.searchsorted(CUMULATED, rng.random(n), side="right"), len(WEIGHTS) - 1)
    return BEFORE[drawn], AFTER[drawn]


def skewed(rng: Generator, n: int) -> Waves:
    return np.zeros(n), rng.exponential(size=n) - 0.4


def of_means(value: Floats) -> float:
    return float((WEIGHTS * value).sum())


def spread(value: Floats) -> float:
    return math.sqrt(of_means((value - of_means(value)) ** 2))


def standardised_truth(data: Callable[[Generator, int], Waves], kind: Kind) -> float:
    if data is normal:
        mean, (one, other), r = MEANS[1] - MEANS[0], SPREADS, CORRELATION
    else:
        mean, one, other = of_means(AFTER - BEFORE), spread(BEFORE), spread(AFTER)
        r = of_means((BEFORE - of_means(BEFORE)) * (AFTER - of_means(AFTER))) / (one * other)
    of_change = math.sqrt(one**2 + other**2 - 2 * r * one * other)
    return mean / {"d_z": of_change, "d_av": (one + other) / 2, "d_rm": of_change / math.sqrt(2 * (1 - r))}[kind]


def _sums(zeros: Zeros) -> tuple[Floats, Floats]:
    """Sums of the changes of two people, and their probabilities."""
    change = AFTER - BEFORE
    weights = np.where((change == 0) & (zeros == "wilcox"), 0, WEIGHTS)
    weights = weights / weights.sum()
    values, place = np.unique(change, return_inverse=True)
    each = np.bincount(place, weights)
    return np.add.outer(values, values).ravel(), np.outer(each, each).ravel()


def pseudo_median(zeros: Zeros) -> float:
    sums, weights = _sums(zeros)
    order = np.argsort(sums)
    return float(sums[order][np.searchsorted(np.cumsum(weights[order]), 0.5)] / 2)


def skewed_pseudo_median() -> float:
    """Half the median of the sum of two exponentials, which solves (1 + s) exp(-s) = 1/2, less .4."""
    low, high = 0.0, 5.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 + middle) * math.exp(-middle) > 0.5 else (low, middle)
    return low / 2 - 0.4


def sign_truth(zeros: Zeros) -> float:
    sums, weights = _sums(zeros)
    return float((np.sign(sums) * weights).sum())


def normal_sign_truth() -> float:
    """Chance that the sum of two changes is positive, less that it is negative."""
    return math.erf(standardised_truth(normal, "d_z"))


def draw_mean(rng: Generator, *, n: int, data: Callable[[Generator, int], Waves], level: float) -> Drawn:
    moments = pair_moments(*data(rng, n))
    found = t_interval(moments.mean_change, moments.std_error, n - 1, level=level)
    return found.estimate, found.low, found.high


def draw_mean_bca(rng: Generator, *, n: int, data: Callable[[Generator, int], Waves]) -> Drawn:
    change = changes(*data(rng, n))[:, None]
    means = resampled_means(change, 1999, rng)[:, 0]
    found = bca(float(change.mean()), means, left_out_means(change)[:, 0])
    return found.estimate, found.low, found.high


def draw_standardised(rng: Generator, *, n: int, data: Callable[[Generator, int], Waves], kind: Kind) -> Drawn:
    found = standardised_interval(pair_moments(*data(rng, n)), kind)
    return found.estimate, found.low, found.high


def draw_standardised_bca(rng: Generator, *, n: int, data: Callable[[Generator, int], Waves], kind: Kind) -> Drawn:
    from evalkit.change.bootstrapped import bca_intervals, standardised_columns
    from evalkit.change.outcomes import Outcome

    before, after = data(rng, n)
    outcome = Outcome("", "", "", before, after, np.arange(n), n, n, n)
    seed = int(rng.integers(2**31))
    ((found, _),) = bca_intervals([standardised_columns(outcome, kind)], [0], draws=1999, seed=seed, level=0.95)
    return found.estimate, found.low, found.high


def draw_centre(rng: Generator, *, n: int, data: Callable[[Generator, int], Waves], zeros: Zeros) -> Drawn:
    change = changes(*data(rng, n))
    found = hodges_lehmann(change[change != 0] if zeros == "wilcox" else change)
    return found.estimate, found.low, found.high


def draw_biserial(rng: Generator, *, n: int, data: Callable[[Generator, int], Waves], zeros: Zeros) -> Drawn:
    found = rank_biserial(changes(*data(rng, n)), zeros)
    return found.estimate, found.low, found.high


def draw_share(rng: Generator, *, n: int, low: float, high: float) -> Drawn:
    before, after = likert(rng, n)
    had, has = (before >= low) & (before < high), (after >= low) & (after < high)
    found = tango(int((has & ~had).sum()), int((had & ~has).sum()), n)
    return found.estimate, found.low, found.high


def share_truth(low: float, high: float) -> float:
    had, has = (BEFORE >= low) & (BEFORE < high), (AFTER >= low) & (AFTER < high)  # noqa: SIM300 - data, not constants
    return of_means(has.astype(float) - had)


MEAN = ("numeric.means", "numeric.pairs")
STANDARDISED = ("numeric.standardised", "numeric.means", "numeric.pairs")
BOOTSTRAP = ("numeric.resampling", "numeric.pairs", "change.bootstrapped")
RANKS = ("numeric.ranks", "numeric.pairs")
POPULATIONS = {"normal": normal, "likert": likert, "skewed": skewed}
MEAN_TRUTH = {"normal": MEANS[1] - MEANS[0], "likert": of_means(AFTER - BEFORE), "skewed": 0.6}
DISCRETE = "ties: the closed interval covers at least as often as it says"

FEW = "the bootstrap of few pairs is too narrow, as the docstring says"
SKEW = "skewed changes of few people, as the docstring says"
LIGHT = "likert changes have lighter tails than normal ones: too wide"
CEILING = "skewed by the ceiling at any number of pairs, as the docstring says: use BCa"
NOTES: dict[str, tuple[Literal["over", "under"], str]] = {
    "mean, t, skewed, 24": ("under", SKEW),
    "mean, BCa, likert, 24": ("under", FEW),
    "mean, BCa, skewed, 24": ("under", FEW),
    "mean, BCa, skewed, 200": ("under", SKEW),
    "d_z, likert": ("over", LIGHT),
    "d_av, likert, 200": ("under", CEILING),
    "d_rm, likert": ("under", CEILING),
    "d_z, BCa, likert, 24": ("under", FEW),
    "d_av, BCa, likert, 24": ("under", FEW),
    "d_rm, BCa, likert, 24": ("under", FEW),
    "Hodges-Lehmann, skewed": ("under", "the changes are not alike above and below, as the docstring says"),
    "Hodges-Lehmann, wilcox, likert": ("over", DISCRETE),
    "Hodges-Lehmann, pratt, likert": ("over", DISCRETE),
    "rank-biserial, wilcox, likert": ("over", "score interval, ties leave less variance"),
    "rank-biserial, pratt, likert": ("over", "score interval, ties leave less variance"),
    "share of one category, 24": ("over", "score interval of few pairs"),
}


def case(name: str, n: int, truth: float, draw: partial[Drawn], modules: tuple[str, ...], **more: Any) -> Case:
    plain: tuple[Literal["covers"], str] = ("covers", "")
    expect, note = NOTES.get(f"{name}, {n}", NOTES.get(name, plain))
    return Case(f"{name}, {n}", n, truth, draw, modules, expect=expect, note=note, **more)


def _cases() -> list[Case]:
    found = []
    for n in (24, 200):
        for name, data in POPULATIONS.items():
            draw = partial(draw_mean, n=n, data=data, level=0.95)
            found.append(case(f"mean, t, {name}", n, MEAN_TRUTH[name], draw, MEAN))
        for name in ("likert", "skewed"):
            draw = partial(draw_mean_bca, n=n, data=POPULATIONS[name])
            found.append(case(f"mean, BCa, {name}", n, MEAN_TRUTH[name], draw, BOOTSTRAP, quick=40))
        draw = partial(draw_mean, n=n, data=normal, level=0.9)
        found.append(case("equivalence, 90 %, normal", n, MEAN_TRUTH["normal"], draw, MEAN, level=0.9))
        for kind in ("d_z", "d_av", "d_rm"):
            for name in ("normal", "likert"):
                truth = standardised_truth(POPULATIONS[name], kind)
                draw = partial(draw_standardised, n=n, data=POPULATIONS[name], kind=kind)
                found.append(case(f"{kind}, {name}", n, truth, draw, STANDARDISED))
            draw = partial(draw_standardised_bca, n=n, data=likert, kind=kind)
            truth = standardised_truth(likert, kind)
            found.append(case(f"{kind}, BCa, likert", n, truth, draw, BOOTSTRAP, quick=40))
        draw = partial(draw_centre, n=n, data=normal, zeros="wilcox")
        found.append(case("Hodges-Lehmann, normal", n, MEAN_TRUTH["normal"], draw, RANKS))
        draw = partial(draw_centre, n=n, data=skewed, zeros="wilcox")
        found.append(case("Hodges-Lehmann, skewed", n, skewed_pseudo_median(), draw, RANKS))
        draw = partial(draw_biserial, n=n, data=normal, zeros="wilcox")
        found.append(case("rank-biserial, normal", n, normal_sign_truth(), draw, RANKS))
        for zeros in ("wilcox", "pratt"):
            draw = partial(draw_centre, n=n, data=likert, zeros=zeros)
            found.append(case(f"Hodges-Lehmann, {zeros}, likert", n, pseudo_median(zeros), draw, RANKS))
            draw = partial(draw_biserial, n=n, data=likert, zeros=zeros)
            found.append(case(f"rank-biserial, {zeros}, likert", n, sign_truth(zeros), draw, RANKS))
        for label, low, high in (("share of 4 and more", 4, 9), ("share of one category", 4.5, 4.75)):
            draw = partial(draw_share, n=n, low=low, high=high)
            found.append(case(label, n, share_truth(low, high), draw, ("numeric.matched",)))
    return found


CASES = tuple(_cases())
