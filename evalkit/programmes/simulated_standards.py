"""The known answers to the questions of a programme of a whole organisation, from its synthetic workforce."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pandas as pd

from evalkit.programmes.parts import Question
from evalkit.simulate.workforce_model import APPLICANTS, BANDS, OFFERED, SHORTLISTED, SUPPORT

Row = tuple[str, str, str, float, str]
# What the answers say of a rate, in words; the part of the name of an indicator that they stand for.
_WRES = {
    "2": ("relative_likelihood_appointment", "relative_likelihood", "white over BME"),
    "3": ("relative_likelihood_disciplinary", "relative_likelihood", "BME over white"),
    "4": ("relative_likelihood_cpd", "relative_likelihood", "white over BME"),
    "5": ("survey_harassment_public", "gap", "BME less white"),
    "6": ("survey_harassment_staff", "gap", "BME less white"),
    "7": ("survey_equal_opportunity", "gap", "BME less white"),
    "8": ("survey_discrimination", "gap", "BME less white"),
    "9": ("board_gap", "gap", "BME"),
}
_PAY = {
    "sex": ("men less women, over men", "women against men"),
    "ethnicity": ("white less BME, over white", "BME against white"),
}
# Outcome of staff -> the indicator of the race standard that counts it.
_OF_STAFF = {"disciplinary": "3", "accessed_cpd": "4"}
_CLUSTERS = ("lower to middle", "middle to upper", "lower to upper")
_BME, _BME_WHITE = "BME", "BME over white"
_GROUPS = ("white", _BME, "not stated")
# Shares of recruits from nearby, and through apprenticeships and graduate schemes, of `simulate_workforce`.
_LOCAL, _SCHEMES = 0.55, 0.10
# Of the same chance in every group, such as by disability: the plan's indicator, its quantity and the group.
_ALIKE = (
    ("relative_likelihood_appointment", "relative_likelihood", "not disabled over disabled", 1.0),
    ("parity_upper", "parity", "disabled", 1.0),
    ("parity_senior", "parity", "disabled", 1.0),
    ("shortlisted_gap", "gap", "disabled", 0.0),
    ("pay_gap_mean", "mean gap in hourly pay", "not disabled less disabled, over not disabled", 0.0),
    ("pay_gap_median", "median gap in hourly pay", "not disabled less disabled, over not disabled", 0.0),
)


class _Known:
    """The truth of a workforce, in its last year."""

    def __init__(self, truth: pd.DataFrame, shares: Mapping[str, float]) -> None:
        self.rows = {
            (str(row.indicator), str(row.group), int(row.year)): float(row.value)
            for row in truth.itertuples(index=False)
        }
        self.years = sorted({year for *_, year in self.rows})
        self.shares = shares

    def of(self, indicator: str, group: str) -> float:
        return self.rows[indicator, group, self.years[-1]]


def standards_truth(
    questions: tuple[Question, ...], truth: pd.DataFrame, *, objective: float, done: float
) -> list[tuple[str, str, str, str, float, str]]:
    """Bring the truth of a synthetic workforce to the questions that it answers.

    Parameters
    ----------
    questions : tuple of Question
        The questions of the programme.
    truth : pandas.DataFrame
        As `simulate_workforce` gives it.
    objective, done : float
        Planted shares of board members with objectives and of actions done.

    Returns
    -------
    list of tuple
        `question`, `about`, `role`, `term`, `value`, `unit`. Terms hold the indicator (where several share a
        quantity), the quantity and the group, as the report's rows do.
    """
    shares = {"objectives": objective, "actions_done": done, "local": _LOCAL, "schemes": _SCHEMES}
    known = _Known(truth, shares)
    return [
        (question.id, *row)
        for question in questions
        if question.estimator in _TRUTHS
        for row in _TRUTHS[question.estimator](known, question)
    ]


def _about(question: Question) -> str:
    return question.outcomes[0]


def _surveyed(known: _Known) -> Iterator[tuple[str, str, str, float]]:
    for indicator, group, year in known.rows:
        if year == known.years[-1] and group == "BME minus white":
            yield indicator, "gap", "BME less white", known.of(indicator, group)
            disabled = known.of(indicator, "disabled: yes") - known.of(indicator, "disabled: no")
            yield indicator, "gap", "disabled less not disabled", disabled
            abroad, here = (known.of(indicator, f"recruited abroad: {one}") for one in ("yes", "no"))
            yield indicator, "share", "recruited abroad", abroad
            yield indicator, "gap", "recruited abroad less recruited in the UK", abroad - here


def _plan(known: _Known, question: Question) -> Iterator[Row]:
    rows = [
        *_ALIKE,
        *_surveyed(known),
        *((name, term, group, known.of(name, group)) for name, term, group in list(_WRES.values())[:3]),
        *(
            (f"pay_gap_{kind}", f"{kind} gap in hourly pay", said, known.of(f"pay_gap_{kind}", name))
            for said, name in _PAY.values()
            for kind in ("mean", "median")
        ),
        *(
            (f"disparity_ratio_{name.replace(' ', '_')}", name.replace(" ", "_"), "white over BME",
             known.of("disparity_ratio", name))
            for name in _CLUSTERS
        ),
        ("leaver_rate", "leaver rate, headcount", "all", known.of("leaver_rate", "all")),
        ("leaver_rate_ratio", "ratio of leaver rates", _BME_WHITE, known.of("leaver_rate_ratio", _BME_WHITE)),
        ("stability_index", "stability index, headcount", "all", known.of("stability_index", "all")),
        ("local_recruitment", "share", "all", _LOCAL),
        ("support_offered_affected", "share", "all", OFFERED),
    ]  # fmt: skip
    for indicator, term, group, value in rows:
        yield _about(question), "", f"{indicator}: {term}, {group}", value, "by row"


def _wres(known: _Known, question: Question) -> Iterator[Row]:
    for number, (indicator, term, group) in _WRES.items():
        value = known.of(indicator, group.replace("less", "minus"))
        yield _about(question), "", f"{number}: {term}, {group}", value, "by row"


def _share(known: _Known, question: Question) -> Iterator[Row]:
    for name in question.outcomes:
        if name in known.shares:
            yield name, "", "share", known.shares[name], "share"
    if "support_offered" in question.outcomes:
        for group in _GROUPS:
            yield "support_offered", "", f"share, {group}", OFFERED, "share"
    if "support_used" in question.outcomes:
        for group, value in zip(_GROUPS, SUPPORT, strict=True):
            yield "support_used", "", f"share, {group}", value, "share"


def _relative(known: _Known, question: Question) -> Iterator[Row]:
    """Give the ratio in the last year."""
    if not str(question.said["group"]).startswith("recruitment."):
        indicator, _, said = _WRES[_OF_STAFF[_about(question)]]
        yield _about(question), "", "ratio", known.of(indicator, said), "ratio"
        return
    alike = str(question.said["group"]).endswith(".disability")
    last = known.of("relative_likelihood_appointment", "white over BME")
    yield _about(question), "", "ratio", 1.0 if alike else last, "ratio"


def _representation(known: _Known, question: Question) -> Iterator[Row]:
    if str(question.said["group"]).endswith(".disability"):
        for band, *_ in BANDS:
            yield _about(question), "", f"parity, {band}, disabled", 1.0, "ratio"
    elif "against" in question.said:
        every = sum(share * chance for share, chance in zip(APPLICANTS, SHORTLISTED, strict=True))
        yield _about(question), "", f"parity, {_BME}", SHORTLISTED[1] / every, "ratio"
    elif "by" in question.said:
        for band, *_ in BANDS:
            parity = known.of("representation", f"BME, {band}") / known.of("representation", "BME, all")
            yield _about(question), "", f"parity, {band}, {_BME}", parity, "ratio"
    else:
        whole = known.of("representation", "BME, all")
        yield _about(question), "", f"parity, board, {_BME}", 1 + known.of("board_gap", _BME) / whole, "ratio"


def _disparity(known: _Known, question: Question) -> Iterator[Row]:
    for name in _CLUSTERS:
        value = known.of("disparity_ratio", name)
        yield _about(question), "", f"{name.replace(' ', '_')}, white over BME", value, "ratio"


def _pay_gap(known: _Known, question: Question) -> Iterator[Row]:
    by = str(question.said["group"]).partition(".")[2]
    for kind in ("mean", "median"):
        value = known.of(f"pay_gap_{kind}", _PAY[by][1]) if by in _PAY else 0.0
        yield _about(question), "", f"{kind} gap in hourly pay", value, "share"
        if "bonus" in question.said:
            value = known.of(f"bonus_gap_{kind}", _PAY[by][1])
            yield _about(question), "", f"{kind} gap in bonus pay", value, "share"


def _turnover(indicator: str, name: str) -> Callable[[_Known, Question], Iterator[Row]]:
    def rows(known: _Known, question: Question) -> Iterator[Row]:
        for group in ("all", _BME, "white"):
            yield _about(question), "", f"{name}, headcount, {group}", known.of(indicator, group), "share"

    return rows


_TRUTHS: Mapping[str, Callable[[_Known, Question], Iterator[Row]]] = {
    "edi_plan": _plan,
    "wres": _wres,
    "share": _share,
    "relative_likelihood": _relative,
    "representation": _representation,
    "disparity_ratio": _disparity,
    "pay_gap": _pay_gap,
    "leaver_rate": _turnover("leaver_rate", "leaver rate"),
    "stability_index": _turnover("stability_index", "stability index"),
}
