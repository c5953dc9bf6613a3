"""A paragraph on retention in plain language, made from released numbers by rule."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from evalkit.disclosure import Profile, load_profile, release
from evalkit.disclosure.profiles import DEFAULT
from evalkit.errors import EstimationError, ImmortalTimeError, Problem
from evalkit.frames import Problems, one_of, require
from evalkit.result import Estimates, Method
from evalkit.retention.cohorts import MENTORED, UNMENTORED
from evalkit.retention.sensitivity import LIMIT, POINT

Design = Literal["observational", "trial"]

_RATIO_GROUPS = (f"{MENTORED} / {UNMENTORED}", f"{MENTORED} over {UNMENTORED}")
_LESS = f"{MENTORED} less {UNMENTORED}"
_DIFFERENCE = " less "
_FEW = "rests on too few people to be reported"
# What the notes on the method say, in the words of those that write them.
_CAUSE = re.compile(r"leav(?:e|ing) for '(.+?)'")
_LANDMARK = re.compile(r"classed by mentoring at or before (.+?), at risk from then on")
_WEIGHTED = re.compile(r"weights for the \w+ \((.+?)\) from a logistic model of .+? on (.+), main effects only")
_STRATA = re.compile(r"stratified by (.+?): baseline hazards differ")
_SUBDISTRIBUTION = "subdistribution"


def retention_paragraph(
    hazard_ratio: Estimates,
    *,
    retention: Estimates | None = None,
    e_values: Estimates | None = None,
    who: str = "mentored staff",
    others: str = "staff without a mentor",
    design: Design = "observational",
    profile: str = DEFAULT,
) -> str:
    """Write what a hazard ratio of mentoring and differences in retention say, and what they cannot say.

    Parameters
    ----------
    hazard_ratio : Estimates
        From `hazard_ratio`, `subdistribution_hazard_ratio` or `weighted_hazard_ratio`: the row of "mentored".
    retention : Estimates, optional
        From `retention_at` or `weighted_retention`: the differences "mentored less not mentored" in proportions are
        told, in their order.
    e_values : Estimates, optional
        From `e_value`, of the same ratio.
    who, others : str
        What to call the mentored and those who are not.
    design : {"observational", "trial"}, default "observational"
        Whether people were drawn by lot.
    profile : str, default "staff-survey"
        Disclosure profile. It is applied first: only released numbers are told, and a number on too few people is said
        to be withheld.

    Returns
    -------
    str
        One paragraph. It says of whom each number is, for which cause, and what was taken into account. No number in it
        that is not in the released rows, but for 100 times one less the ratio and per cent for proportions. An interval
        that holds no difference is never told as an effect.

    Raises
    ------
    ImmortalTimeError
        EST-002 when a result was made with `allow_immortal_time=True`: it is never told.
    EstimationError
        EST-001 when the ratio of mentoring differs between people (a term that multiplies it with another).
    DataError
        DAT-006 for results that do not compare mentored with unmentored staff, or an unknown design; DAT-007 for
        estimates that are no ratios.
    DisclosureError
        DIS-001 for an unknown profile.
    """
    rules = load_profile(profile)
    require(one_of("design", design, ("observational", "trial")), _no_ratio(hazard_ratio))
    given = {"hazard_ratio": hazard_ratio, "retention": retention, "e_values": e_values}
    require([p for name, result in given.items() if result is not None for p in _biased(name, result)],
            error=ImmortalTimeError)  # fmt: skip
    require(_multiplied(hazard_ratio), error=EstimationError)
    require(_other_groups(hazard_ratio, retention))
    line = release(hazard_ratio, rules).frame.iloc[_place(hazard_ratio)]
    setting = _Setting.of(hazard_ratio)
    level = f"{100 * hazard_ratio.method.level:g} % interval"
    sentences = [_ratio_told(line, who, others, level, setting)]
    if retention is not None:
        sentences += _differences_told(retention, who, others, rules)
    sentences.append(_claim(line, who, others, design))
    if e_values is not None and design == "observational":
        sentences.append(_e_values_told(e_values, rules))
    return " ".join(sentence for sentence in sentences if sentence)


@dataclass(frozen=True, slots=True)
class _Setting:
    """Of whom, of what and given what a result is, as its note says."""

    cause: str
    landmark: str
    whom: str
    alike_in: str
    ratio: str

    @classmethod
    def of(cls, result: Estimates) -> _Setting:
        method = result.method
        said = " | ".join(method.assumptions)
        cause, landmark, strata = _CAUSE.search(method.estimand), _LANDMARK.search(said), _STRATA.search(said)
        weighted = _WEIGHTED.search(said)
        own = [str(name) for name in dict.fromkeys(result.frame["term"]) if str(name) != MENTORED]
        terms = own if method.scale == "log" and not weighted else []
        alike = [*terms, *(strata[1].split(" and ") if strata else [])]
        return cls(
            cause=f" for {cause[1]!r}" if cause else "",
            landmark=f" still in post at {landmark[1]}" if landmark else "",
            whom=weighted[1] if weighted else "",
            alike_in=_listed(weighted[2].split(", ") if weighted else alike),
            ratio=f"marginal {method.unit}" if weighted else method.unit,
        )

    def people(self, line: pd.Series) -> str:
        """Say how many people, and which."""
        people = _number(line, "n")
        return "" if math.isnan(people) else f", {people:,.0f} people{self.landmark}"

    def taken_into_account(self) -> str:
        """Say what the comparison is given."""
        if self.whom:
            return f"groups made alike by weights in {self.alike_in}, standing for {self.whom}"
        return f"of people alike in {self.alike_in}" if self.alike_in else "nothing else taken into account"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def _biased(name: str, result: Estimates) -> Problems:
    """Refuse what was made to show the bias of immortal time."""
    if not _marked(result.method):
        return []
    found = "a result that is biased by immortal time"
    remedy = 'Use the time-varying term "mentored", or those at risk at a landmark: cohort.landmark(6).'
    return [Problem("EST-002", name, found, "a sound result", remedy)]


def _marked(method: Method) -> bool:
    return "immortal time" in method.name or any("it shows the bias" in text for text in method.assumptions)


def _multiplied(result: Estimates) -> Problems:
    """Refuse a ratio that is only that of people whose other terms are zero or at their reference."""
    terms = [str(name) for name in dict.fromkeys(result.frame["term"])]
    of_it = [name for name in terms if name != MENTORED and re.search(rf"\b{MENTORED}\b", name)]
    if not of_it:
        return []
    found = f"the ratio differs between people ({', '.join(of_it)})"
    remedy = "Leave that term out, or tell each group of people from a cohort of its own."
    return [Problem("EST-001", "hazard_ratio", found, "one ratio of mentoring for all", remedy)]


def _other_groups(hazard_ratio: Estimates, retention: Estimates | None) -> Problems:
    frame = hazard_ratio.frame
    rows = [str(group) for group in frame.loc[frame["term"].astype(str) == MENTORED, "group"]]
    problems = []
    if len(rows) != 1 or rows[0] not in _RATIO_GROUPS:
        found = ", ".join(rows) or f"no row {MENTORED}"
        remedy = f"Put {MENTORED} among the terms; what else people differ in is not told of as mentoring."
        problems.append(Problem("DAT-006", "hazard_ratio", found, _RATIO_GROUPS[0], remedy))
    if retention is None:
        return problems
    compared = [group for group in retention.frame["group"].astype(str).unique() if _DIFFERENCE in group]
    if compared != [_LESS]:
        found, remedy = ", ".join(compared) or "no difference", f'Give retention_at(..., by="{MENTORED}").'
        problems.append(Problem("DAT-006", "retention", found, _LESS, remedy))
    return problems


def _place(result: Estimates) -> int:
    return [str(name) for name in result.frame["term"]].index(MENTORED)


def _no_ratio(result: Estimates) -> Problems:
    if result.method.scale == "log":
        return []
    expected = "hazard ratios, with errors on the log scale"
    return [Problem("DAT-007", "hazard_ratio", result.method.unit, expected, "Give the result of hazard_ratio.")]


def _number(line: pd.Series, name: str) -> float:
    value = pd.to_numeric(line[name], errors="coerce")
    return float(value)


def _withheld(line: pd.Series) -> bool:
    return str(line.get("flag", "")) == "suppressed"


def _ratio_told(line: pd.Series, who: str, others: str, level: str, setting: _Setting) -> str:
    value, low, high = (_number(line, name) for name in ("estimate", "conf_low", "conf_high"))
    leave = f"leave{setting.cause}"
    if _withheld(line):
        return f"How {who} compare with {others} {_FEW}."
    if math.isnan(value):
        return f"The {setting.ratio} of leaving{setting.cause} between {who} and {others} could not be estimated."
    told = f"{setting.ratio} {_ratio(value)}, {level} {_limits(low, high)}{setting.people(line)}; "
    told += setting.taken_into_account()
    if math.isnan(low) or math.isnan(high):
        without = told.replace(f", {level} no limits", "")
        return f"The {without}; it has no interval, and nothing is concluded from it."
    if low <= 1 <= high:
        return (
            f"The records do not settle whether {who} {leave} less or more often than {others}: they fit anything from "
            f"{_side(low, setting)} to {_side(high, setting)} ({told})."
        )
    size, lower = _per_cent(abs(1 - value)), high < 1
    if _SUBDISTRIBUTION in setting.ratio:
        share = f"a {'smaller' if lower else 'larger'} share of {who} than of {others} leaves{setting.cause}"
        way = "lower" if lower else "higher"
        return f"Over the time observed, {share}: their rate, as Fine and Gray count it, is {size} {way} ({told})."
    return f"At any time, {who} were {size} {'less' if lower else 'more'} likely to {leave} than {others} ({told})."


def _ratio(value: float) -> str:
    if math.isinf(value):
        return "without end"
    for decimals in (2, 3, 4):
        text = f"{value:.{decimals}f}"
        if float(text) != 1 or value == 1:
            return text
    return f"{value:.6g}"


def _limits(low: float, high: float) -> str:
    return "no limits" if math.isnan(low) or math.isnan(high) else f"{_ratio(low)} to {_ratio(high)}"


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %" if abs(share) >= 0.01 else f"{100 * share:.1f} %"


def _side(limit: float, setting: _Setting) -> str:
    if limit == 1:
        return "no difference"
    if _SUBDISTRIBUTION in setting.ratio:
        way = "lower" if limit < 1 else "higher"
        return f"a rate {way} by {'any amount' if math.isinf(limit) else _per_cent(abs(1 - limit))}"
    if math.isinf(limit):
        return "more likely by any amount"
    return f"{_per_cent(abs(1 - limit))} {'less' if limit < 1 else 'more'} likely to leave"


def _differences_told(result: Estimates, who: str, others: str, rules: Profile) -> list[str]:
    released = release(result, rules).frame
    wanted = result.frame["group"].astype(str) == _LESS
    unit = result.frame["unit"] if "unit" in result.frame else pd.Series(result.method.unit, index=result.frame.index)
    wanted &= unit.astype(str).str.startswith("proportion")
    level = f"{100 * result.method.level:g} % interval"
    setting = _Setting.of(result)
    return [
        _difference_told(released.iloc[place], who, others, level, setting) for place in np.flatnonzero(wanted).tolist()
    ]


def _difference_told(line: pd.Series, who: str, others: str, level: str, setting: _Setting) -> str:
    name = str(line["term"])
    value, low, high = (_number(line, part) for part in ("estimate", "conf_low", "conf_high"))
    if _withheld(line):
        return f"The difference in {name} {_FEW}."
    if math.isnan(value):
        return f"The difference in {name} is not defined, as too little time was observed."
    size = f"{100 * abs(value):.1f} percentage points"
    of_whom = f"{setting.people(line)}; {setting.taken_into_account()}"
    if math.isnan(low) or math.isnan(high):
        way = "up" if value > 0 else "down"
        return f"The difference in {name} was {size} {way}, without an interval ({of_whom.removeprefix(', ')})."
    told = f"{level} {_points(low)} to {_points(high)}{of_whom}"
    if low > 0 or high < 0:
        way = "higher" if low > 0 else "lower"
        return f"In {who}, {name} was {size} {way} than in {others} ({told})."
    return f"The difference in {name} was {_points(value)} percentage points ({told}), which does not rule out none."


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "\u2212") if round(100 * share, 1) else "0.0"


def _claim(line: pd.Series, who: str, others: str, design: str) -> str:
    low, high = _number(line, "conf_low"), _number(line, "conf_high")
    settled = high < 1 or low > 1
    if design == "trial":
        if settled:
            return "As people were drawn by lot, the difference can be put down to mentoring."
        return "People were drawn by lot; no effect of mentoring is claimed."
    start = "" if settled else "No effect of mentoring is claimed. "
    return (
        f"{start}People were not drawn by lot: {who} and {others} may differ in ways that were not recorded, so the "
        "comparison shows what goes along with mentoring, not what mentoring does."
    )


def _e_values_told(result: Estimates, rules: Profile) -> str:
    released = release(result, rules).frame
    of_term = result.frame["term"].isin([MENTORED, "ratio"])
    rows = {str(result.frame["group"][at]): released.iloc[at] for at in range(len(released)) if of_term.iloc[at]}
    if POINT not in rows or LIMIT not in rows:
        return ""
    point, limit = _number(rows[POINT], "estimate"), _number(rows[LIMIT], "estimate")
    if _withheld(rows[POINT]) or math.isnan(point) or math.isnan(limit):
        return ""
    if limit <= 1:
        return "The interval holds no difference as it is: nothing unrecorded is needed to explain it (E-value 1)."
    return (
        f"To explain it away, something unrecorded would have to go along both with mentoring and with leaving by a "
        f"risk ratio of {_ratio(point)} or more; {_ratio(limit)} would move the interval to no difference (E-values)."
    )
