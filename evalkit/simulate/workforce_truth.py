"""What is true of a synthetic workforce: each indicator of the model, year by year, without sampling error."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special

from evalkit.simulate.workforce_model import (
    BANDS,
    BME,
    BOARD,
    BONUS_CHANCE,
    BONUS_MIDDLE,
    BONUS_SPREAD,
    DISABILITY,
    DISABILITY_SHARE,
    FEMALE,
    MALE,
    OFFERED,
    PAY_RISE,
    PAY_SPREAD,
    QUESTIONS,
    STATES,
    SUPPORT,
    VACANT,
    WHITE,
    Chain,
    Disparities,
    recruited_law,
    survey_law,
)

Floats = npt.NDArray[np.float64]
Row = tuple[str, str, int, float, str]

_PAID = np.array([pay for _, _, pay, _ in BANDS])
_QUARTERS = ("lower", "lower middle", "upper middle", "upper")


def truth_of(chain: Chain, disparities: Disparities, loss: Floats, first_year: int) -> pd.DataFrame:
    """Give the truth of the indicators.

    Parameters
    ----------
    chain : Chain
        Who holds the posts.
    disparities : Disparities
        What is planted.
    loss : numpy.ndarray of float
        Shape (sexes,): share of the exits that are losses of active service.
    first_year : int
        Of the first snapshot.

    Returns
    -------
    pandas.DataFrame
        Columns `indicator`, `group`, `year`, `value`, `unit`: what an organisation of endless size would show.
    """
    laws = chain.laws()
    rows: list[Row] = []
    for number, law in enumerate(laws):
        year = first_year + number
        for part in (_representation(law), _likelihoods(disparities, number), _pay(law, disparities, number),
                     _survey(law, disparities, number), _board(law, disparities), _plan()):  # fmt: skip
            rows += [(name, group, year, value, unit) for name, group, value, unit in part]
        if number:
            turnover = _turnover(laws[number - 1], law, chain, loss)
            rows += [(name, group, year, value, unit) for name, group, value, unit in turnover]
    return pd.DataFrame(rows, columns=["indicator", "group", "year", "value", "unit"])


Part = Iterator[tuple[str, str, float, str]]


def _representation(law: Floats) -> Part:
    held = law.sum(axis=1)
    whole = float(held[BME].sum())
    yield "representation", "BME, all", whole, "proportion"
    for number, (band, *_) in enumerate(BANDS):
        share = float(held[BME, number] / held[:, number].sum())
        yield "representation", f"BME, {band}", share, "proportion"
        yield "representation_gap", f"BME, {band}", share - whole, "proportion"
    yield "representation", "women, all", float(law[:, FEMALE].sum()), "proportion"
    cluster = np.array([name for *_, name in BANDS])
    by_cluster = {name: held[:, cluster == name].sum(axis=1) for name in ("lower", "middle", "upper")}
    for low, high in (("lower", "middle"), ("middle", "upper"), ("lower", "upper")):
        odds = by_cluster[high] / by_cluster[low]
        yield "disparity_ratio", f"{low} to {high}", float(odds[WHITE] / odds[BME]), "ratio"


def _likelihoods(disparities: Disparities, year: int) -> Part:
    for name, group in (
        ("appointment", "white over BME"),
        ("disciplinary", "BME over white"),
        ("cpd", "white over BME"),
    ):
        yield f"relative_likelihood_{name}", group, disparities.likelihood(name, year), "ratio"


def pay_scale(disparities: Disparities) -> Floats:
    """Give the middle of hourly pay by sex and band, in pounds at the first snapshot.

    Parameters
    ----------
    disparities : Disparities
        What is planted.

    Returns
    -------
    numpy.ndarray of float
        Shape (sexes, bands).
    """
    of_sex = np.ones(STATES[1])
    of_sex[FEMALE] = 1 - disparities.pay_within
    return np.asarray(of_sex[:, None] * _PAID[None, :])


def _below(pay: float, weight: Floats, middle: Floats) -> float:
    """Share of a mixture of lognormal distributions that is below a pay."""
    return float(weight @ special.ndtr((math.log(pay) - np.log(middle)) / PAY_SPREAD) / weight.sum())


def _quantile(share: float, weight: Floats, middle: Floats) -> float:
    low, high = float(middle.min()) / 2, float(middle.max()) * 2
    return float(optimize.brentq(lambda pay: _below(pay, weight, middle) - share, low, high, xtol=1e-12))


def _pay(law: Floats, disparities: Disparities, year: int) -> Part:
    middle = pay_scale(disparities) * PAY_RISE**year
    of_sex = law.sum(axis=0)
    women, men = of_sex[FEMALE], of_sex[MALE]
    yield from _gaps("pay_gap", "women against men", (women, middle[FEMALE]), (men, middle[MALE]))
    flat = middle.ravel()
    yield from _gaps("pay_gap", "BME against white", (law[BME].ravel(), flat), (law[WHITE].ravel(), flat))
    bonus = [level * math.exp(BONUS_SPREAD**2 / 2) for level in BONUS_MIDDLE]
    yield "bonus_gap_mean", "women against men", 1 - bonus[FEMALE] / bonus[MALE], "proportion"
    yield "bonus_gap_median", "women against men", 1 - BONUS_MIDDLE[FEMALE] / BONUS_MIDDLE[MALE], "proportion"
    for name, chance in zip(("women", "men"), BONUS_CHANCE, strict=True):
        yield "bonus_share", name, chance, "proportion"
    both = np.concatenate([women, men])
    levels = np.concatenate([middle[FEMALE], middle[MALE]])
    edges = [0.0, *(_below(_quantile(share, both, levels), women, middle[FEMALE]) for share in (0.25, 0.5, 0.75)), 1.0]
    share_of_women = float(women.sum() / both.sum())
    for quarter, low, high in zip(_QUARTERS, edges, edges[1:], strict=False):
        yield "quarter_share", f"women, {quarter}", (high - low) * share_of_women * 4, "proportion"


def _gaps(name: str, group: str, one: tuple[Floats, Floats], reference: tuple[Floats, Floats]) -> Part:
    mean, other = (float(weight @ middle / weight.sum()) for weight, middle in (one, reference))
    yield f"{name}_mean", group, 1 - mean / other, "proportion"
    yield f"{name}_median", group, 1 - _quantile(0.5, *one) / _quantile(0.5, *reference), "proportion"


def _survey(law: Floats, disparities: Disparities, year: int) -> Part:
    groups = law.sum(axis=(1, 2))
    for key in QUESTIONS:
        said = survey_law(disparities, key, year)
        of_group = said @ np.array(DISABILITY_SHARE)
        for name, number in (("BME", BME), ("white", WHITE)):
            yield f"survey_{key}", name, float(of_group[number]), "proportion"
        yield f"survey_{key}", "BME minus white", float(of_group[BME] - of_group[WHITE]), "proportion"
        disabled = groups @ said
        for number, name in enumerate(DISABILITY[:2]):
            yield f"survey_{key}", f"disabled: {name}", float(disabled[number]), "proportion"
        weight = groups[:, None] * np.array(DISABILITY_SHARE)
        for name, share, said_so in zip(DISABILITY[:2], *recruited_law(said, key), strict=True):
            value = float((weight * share * said_so).sum() / (weight * share).sum())
            yield f"survey_{key}", f"recruited abroad: {name}", value, "proportion"


def board_chance(disparities: Disparities) -> Floats:
    """Give the probability of people of the highest band of being on the board.

    Parameters
    ----------
    disparities : Disparities
        What is planted.

    Returns
    -------
    numpy.ndarray of float
        Shape (ethnic groups,).
    """
    return np.array([BOARD, BOARD * disparities.board, BOARD])


def _board(law: Floats, disparities: Disparities) -> Part:
    top = law[:, :, -1].sum(axis=1) * board_chance(disparities)
    yield "board_gap", "BME", float(top[BME] / top.sum() - law[BME].sum()), "proportion"


def _plan() -> Part:
    yield "vacancy_rate", "all", VACANT, "proportion"
    for name, number in (("BME", BME), ("white", WHITE)):
        yield "support_used", name, SUPPORT[number], "proportion"
    yield "support_offered_affected", "all", OFFERED, "proportion"


def _turnover(before: Floats, now: Floats, chain: Chain, loss: Floats) -> Part:
    gone = before * chain.leave
    rates: dict[str, float] = {}
    for name, part in (("all", slice(None)), ("BME", BME), ("white", WHITE)):
        mean = float(before[part].sum() + now[part].sum()) / 2
        left = float(gone[part].sum())
        lost = float((gone[part] * loss[:, None]).sum())
        rates[name] = lost / mean
        yield "leaver_rate", name, lost / mean, "proportion"
        yield "leaver_rate_all_exits", name, left / mean, "proportion"
        yield "stability_index", name, 1 - lost / float(before[part].sum()), "proportion"
        yield "stability_index_all_exits", name, 1 - left / float(before[part].sum()), "proportion"
    yield "leaver_rate_ratio", "BME over white", rates["BME"] / rates["white"], "ratio"
