"""A paragraph on retention in plain language, made from released numbers by rule."""

from __future__ import annotations

import math
from typing import Literal

import pandas as pd

from evalkit.disclosure import Profile, load_profile, release
from evalkit.disclosure.profiles import DEFAULT
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.frames import Problems, one_of, require
from evalkit.result import Estimates
from evalkit.retention.cohorts import MENTORED
from evalkit.retention.sensitivity import LIMIT, POINT

Design = Literal["observational", "trial"]

_DIFFERENCE = " less "
_FEW = "rests on too few people to be reported"


def retention_paragraph(
    hazard_ratio: Estimates,
    *,
    retention: Estimates | None = None,
    e_values: Estimates | None = None,
    term: str = MENTORED,
    who: str = "mentored staff",
    others: str = "staff without a mentor",
    design: Design = "observational",
    profile: str = DEFAULT,
) -> str:
    """Write what a hazard ratio and differences in retention say, and what they cannot say.

    Parameters
    ----------
    hazard_ratio : Estimates
        From `hazard_ratio` or `weighted_hazard_ratio`.
    retention : Estimates, optional
        From `retention_at` or `weighted_retention`: rows of differences ("... less ..." in `group`) in proportions are
        told, in their order.
    e_values : Estimates, optional
        From `e_value`, of the same term.
    term : str, default "mentored"
        Which row of the hazard ratios.
    who, others : str
        What to call the two groups.
    design : {"observational", "trial"}, default "observational"
        Whether people were drawn by lot.
    profile : str, default "staff-survey"
        Disclosure profile. It is applied first: only released numbers are told, and a number on too few people is said
        to be withheld.

    Returns
    -------
    str
        One paragraph. No number in it that is not in the released rows, but for 100 times one less the ratio and per
        cent for proportions. An interval that holds no difference is never told as an effect.

    Raises
    ------
    DataError
        DAT-006 for a term that is not among the rows, or an unknown design; DAT-007 for estimates that are no ratios.
    DisclosureError
        DIS-001 for an unknown profile.
    """
    rules = load_profile(profile)
    require(one_of("design", design, ("observational", "trial")), _no_ratio(hazard_ratio))
    line = _row_of(hazard_ratio, term, rules)
    level = f"{100 * hazard_ratio.method.level:g} % interval"
    sentences = [_ratio_told(line, who, others, level)]
    if retention is not None:
        sentences += _differences_told(retention, who, rules)
    sentences.append(_immortal(hazard_ratio))
    sentences.append(_claim(line, who, others, design))
    if e_values is not None and design == "observational":
        sentences.append(_e_values_told(e_values, term, rules))
    return " ".join(sentence for sentence in sentences if sentence)


def _no_ratio(result: Estimates) -> Problems:
    if result.method.scale == "log":
        return []
    expected = "hazard ratios, with errors on the log scale"
    return [Problem("DAT-007", "hazard_ratio", result.method.unit, expected, "Give the result of hazard_ratio.")]


def _row_of(result: Estimates, term: str, rules: Profile) -> pd.Series:
    terms = [str(name) for name in result.frame["term"]]
    found = [place for place, name in enumerate(terms) if name == term]
    if len(found) != 1:
        what = f'"{term}" in {len(found)} rows'
        raise DataError(
            Problem("DAT-006", "term", what, "one row", did_you_mean(term, [t for t in terms if t != term]))
        )
    return release(result, rules).frame.iloc[found[0]]


def _number(line: pd.Series, name: str) -> float:
    value = pd.to_numeric(line[name], errors="coerce")
    return float(value)


def _withheld(line: pd.Series) -> bool:
    return str(line.get("flag", "")) == "suppressed"


def _ratio_told(line: pd.Series, who: str, others: str, level: str) -> str:
    value, low, high = (_number(line, name) for name in ("estimate", "conf_low", "conf_high"))
    if _withheld(line):
        return f"How {who} compare with {others} {_FEW}."
    if math.isnan(value):
        return f"The hazard ratio of leaving between {who} and {others} could not be estimated."
    people = _number(line, "n")
    n = f", {people:,.0f} people" if not math.isnan(people) else ""
    told = f"hazard ratio {_ratio(value)}, {level} {_limits(low, high)}{n}"
    if math.isnan(low) or math.isnan(high):
        return f"The {told.replace(f', {level} no limits', '')}; it has no interval, and nothing is concluded from it."
    if high < 1:
        return f"At any time, {who} were {_per_cent(1 - value)} less likely to leave than {others} ({told})."
    if low > 1:
        return f"At any time, {who} were {_per_cent(value - 1)} more likely to leave than {others} ({told})."
    return (
        f"The records do not settle whether {who} leave less or more often than {others}: they fit anything from "
        f"{_side(low)} to {_side(high)} ({told})."
    )


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


def _side(limit: float) -> str:
    if math.isinf(limit):
        return "more likely by any amount"
    if limit == 1:
        return "no difference"
    return f"{_per_cent(abs(1 - limit))} {'less' if limit < 1 else 'more'} likely to leave"


def _differences_told(result: Estimates, who: str, rules: Profile) -> list[str]:
    released = release(result, rules).frame
    wanted = result.frame["group"].astype(str).str.contains(_DIFFERENCE, regex=False)
    unit = result.frame["unit"] if "unit" in result.frame else pd.Series(result.method.unit, index=result.frame.index)
    wanted &= unit.astype(str).str.startswith("proportion")
    level = f"{100 * result.method.level:g} % interval"
    return [_difference_told(released.iloc[place], who, level) for place in [int(i) for i in wanted[wanted].index]]


def _difference_told(line: pd.Series, who: str, level: str) -> str:
    name = str(line["term"])
    value, low, high = (_number(line, part) for part in ("estimate", "conf_low", "conf_high"))
    if _withheld(line):
        return f"The difference in {name} {_FEW}."
    if math.isnan(value):
        return f"The difference in {name} is not defined, as too little time was observed."
    size = f"{100 * abs(value):.1f} percentage points"
    if math.isnan(low) or math.isnan(high):
        return f"The difference in {name} was {size} {'up' if value > 0 else 'down'}, without an interval."
    told = f"{level} {_points(low)} to {_points(high)}"
    if low > 0 or high < 0:
        return f"In {who}, {name} was {size} {'higher' if low > 0 else 'lower'} ({told})."
    return f"The difference in {name} was {_points(value)} percentage points ({told}), which does not rule out none."


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "\u2212") if round(100 * share, 1) else "0.0"


def _immortal(result: Estimates) -> str:
    said = " ".join([result.method.name, *result.method.assumptions])
    if "immortal time" not in said:
        return ""
    return "This number is biased by immortal time: it is shown for comparison only and must not be used."


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


def _e_values_told(result: Estimates, term: str, rules: Profile) -> str:
    released = release(result, rules).frame
    of_term = result.frame["term"].isin([term, "ratio"])
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
