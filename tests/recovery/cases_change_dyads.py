"""Pairs of people: are mean changes, effects, likeness and limits of agreement found and covered?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from recovery.study import Case

from evalkit.change.dyads import dyad_change

Draws = Callable[[np.random.Generator], tuple[float, float, float]]
Made = Callable[[np.random.Generator], pd.DataFrame]

MODULES = ("change.dyads", "numeric.dyadic", "numeric.regression", "numeric.means", "numeric.pairs")
COLUMNS = {"pre": ["a_before", "b_before"], "post": ["a_after", "b_after"], "members": ["a", "b"]}
QUICK = 30
# Own and partner's answer before; what the two share and what each has alone afterwards, as variances.
ACTOR, PARTNER, SHARED, ALONE, ALIKE, APART = 0.5, 0.2, 0.15, 0.25, 0.3, 0.4


def _normal(pairs: int) -> Made:
    """Draw pairs of equal footing, which serve as roles too."""

    def make(rng: np.random.Generator) -> pd.DataFrame:
        before = 3 + ALIKE**0.5 * rng.normal(size=(pairs, 1)) + APART**0.5 * rng.normal(size=(pairs, 2))
        rest = SHARED**0.5 * rng.normal(size=(pairs, 1)) + ALONE**0.5 * rng.normal(size=(pairs, 2))
        after = 1.2 + ACTOR * before + PARTNER * before[:, ::-1] + rest
        return pd.DataFrame(np.hstack([before, after]), columns=[*COLUMNS["pre"], *COLUMNS["post"]])

    return make


def _likert(pairs: int) -> Made:
    """Draw means of four items, most near the top, that gain two steps of a quarter."""

    def make(rng: np.random.Generator) -> pd.DataFrame:
        pair = 0.5 * rng.normal(size=(pairs, 1))
        own = np.hstack([pair + 0.5 * rng.normal(size=(pairs, 1)) for _ in range(2)] * 2)
        latent = 3.9 + own + 0.5 * rng.normal(size=(pairs, 4))
        answers = np.clip(np.round(4 * latent) / 4, 1, 4.5) + np.array([0, 0, 0.5, 0.5])
        return pd.DataFrame(answers, columns=[*COLUMNS["pre"], *COLUMNS["post"]])

    return make


def _row(make: Made, quantity: str, group: str, *, roles: bool = True) -> Draws:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        # The scale is stated: among a few pairs two spreads may look like those of two scales.
        rows = dyad_change(make(rng), **COLUMNS, distinguishable=roles, scale=(-50, 50)).frame
        row = rows[(rows["quantity"] == quantity) & (rows["group"] == group)].iloc[0]
        return float(row["estimate"]), float(row["conf_low"]), float(row["conf_high"])

    return draw


_SUM = ACTOR + PARTNER
CHANGE = 1.2 + 3 * (_SUM - 1)
# Variance of the sum over two, and half the variance of the difference, after.
_TOGETHER = _SUM**2 * (2 * ALIKE + APART) + 2 * SHARED + ALONE
_AGAINST = (ACTOR - PARTNER) ** 2 * APART + ALONE
LIKENESS = (_TOGETHER - _AGAINST) / (_TOGETHER + _AGAINST)
REACH = 1.959963984540054 * (2 * _AGAINST) ** 0.5

_RATIO = "the sample ratio of variances, turned into a correlation, is biased towards zero: about 0.013 at 24 pairs"
_ROOT = "the sample standard deviation is a little too small in the mean: times 1.96, 0.016 at 24 pairs, 0.0019 at 200"
BIASED = {
    ("intraclass correlation", 24): (0.015, _RATIO),
    ("intraclass correlation", 200): (0.002, _RATIO),
    ("upper limit of agreement", 24): (0.0161, _ROOT),
    ("upper limit of agreement", 200): (0.0019, _ROOT),
}


def _cases() -> list[Case]:
    made = []
    for pairs in (6, 24, 200):
        normal = _normal(pairs)
        for name, truth, quantity, group, roles in (
            ("mean change of the pair", CHANGE, "mean change", "pair", True),
            ("actor effect of a role", ACTOR, "actor effect", "b", True),
            ("actor effect of partners", ACTOR, "actor effect", "both", False),
            ("partner effect of partners", PARTNER, "partner effect", "both", False),
            ("likeness of partners", LIKENESS, "intraclass correlation", "after", False),
            ("limit of agreement of roles", REACH, "upper limit of agreement", "b - a", True),
        ):
            if pairs == 6 and quantity != "actor effect":
                continue
            draw = _row(normal, quantity, group, roles=roles)
            bias, note = BIASED.get((quantity, pairs), (0.0, ""))
            case = Case(f"{name}, normal, {pairs}", pairs, truth, draw, MODULES, quick=QUICK)
            made.append(replace(case, bias_at_most=bias, note=note))
        if pairs > 6:
            draw = _row(_likert(pairs), "mean change", "a")
            made.append(Case(f"mean change of a role, Likert, {pairs}", pairs, 0.5, draw, MODULES, quick=QUICK))
    return made


CASES = tuple(_cases())
