"""The rows of a result that a reader looks for first, and what each is about."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Released
from evalkit.disclosure.telling_digits import Digits, digits_without_n
from evalkit.programmes.answers import Answer
from evalkit.programmes.group_names import compared_names, contrast_names, group_name
from evalkit.programmes.limitations import lowered
from evalkit.programmes.model import Programme
from evalkit.result import Curve, Estimates

Kind = Literal["change", "difference", "ratio", "share", "mean", "count", "claim"]

_SUPPRESSED = "suppressed"
_CONTRAST = re.compile(r"^(?P<later>.+) - (?P<earlier>.+)$")
# Unit of a gap in pay: a share of the pay of the group that the other is held against.
PAY_SHARE = "per cent of pay"
# Unit of a rate of leaving: told of a hundred people, as a head is not a number that anybody can picture.
PER_HUNDRED = "leavers per 100 staff a year"


@dataclass(frozen=True, slots=True)
class Headline:
    """A number that a reader looks for first.

    Parameters
    ----------
    subject : str
        What it is of, as a sentence begins.
    label : str
        The same in short, for a table or figure.
    kind : {"change", "difference", "ratio", "share", "mean", "count", "claim"}
        How it is told.
    term, group : str
        As in the table; `group` is empty for none.
    estimate, low, high, p_value, people : float
        Released numbers; NaN where withheld or not defined.
    unit : str
        "proportion", or words after the number.
    who : str
        What the people are called.
    level : str
        Confidence level in words.
    withheld : bool
        Whether the row is withheld.
    note : str
        What the method said of the row.
    about : str
        Id of the outcome, dose or step; empty for none.
    between_groups : bool
        Whether it compares one group of people with another, and so is no gain for anybody.
    gains, loses : str
        Who has the advantage when the number is above, or below, no difference; empty where the outcome has no good
        side.
    times : str
        What a ratio is, after the number: "times as likely".
    against : str
        What the subject is held against where a ratio or a gap is told in per cent, such as "men's"; empty elsewhere.
    ends : str
        Lowest and highest value of the scale, such as "1 to 5"; empty where it is not told.
    status : str
        How it stands beside its target; empty for none.
    for_each : bool
        Whether it is of each further month, or unit of what was received: small numbers add up.
    digits : {"hundredths", "two digits", "three digits"}, optional
        To what the numbers were cut, as n is left out; None where they were not.
    exact : tuple of float, optional
        The limits before they were cut, by which it is judged and which nothing shows.
    """

    subject: str
    label: str
    kind: Kind
    term: str
    group: str
    estimate: float
    low: float
    high: float
    p_value: float
    people: float
    unit: str
    who: str
    level: str
    withheld: bool
    note: str
    about: str
    between_groups: bool = False
    gains: str = ""
    loses: str = ""
    times: str = "times as high"
    against: str = ""
    ends: str = ""
    status: str = ""
    for_each: bool = False
    digits: Digits | None = None
    exact: tuple[float, float] | None = field(default=None, repr=False)


# Quantity of a row that tells another way out beside the one that was asked for.
BESIDE = "another way out"

Rows = Callable[[pd.DataFrame], pd.Series]


def _every(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(data=True, index=frame.index)


def _where(column: str, *values: str) -> Rows:
    def rows(frame: pd.DataFrame) -> pd.Series:
        return frame[column].isin(values) if column in frame else _every(frame)

    return rows


def _starts(column: str, *starts: str) -> Rows:
    def rows(frame: pd.DataFrame) -> pd.Series:
        return frame[column].astype(str).str.startswith(starts) if column in frame else _every(frame)

    return rows


_CHANGED = "change from baseline"
_BETWEEN_GROUPS = frozenset(
    {
        "relative_likelihood",
        "gap_in_change",
        "survey_gap",
        "pay_gap",
        "disparity_ratio",
        "representation",
        "wres",
        "edi_plan",
        "leaver_rate",
        "stability_index",
    }
)
_STANDARDS = frozenset({"wres", "edi_plan"})


def _latest(*columns: str) -> Rows:
    """Keep the rows of the latest year or period, in the first of these columns that there is."""

    def rows(frame: pd.DataFrame) -> pd.Series:
        name = next((one for one in columns if one in frame), None)
        if name is None:
            return _every(frame)
        values = frame[name].astype(str)
        return values == values.max()

    return rows


def _part_of_whole(frame: pd.DataFrame) -> pd.Series:
    """Keep parity of the groups that are watched, in parts that are not what is left over."""
    watched = (frame["term"] == "parity") & frame["group"].isin(["BME", "disabled"])
    return watched & ~frame["band"].isin(["all", "others", "other staff", "not stated"])


def _standard_rows(frame: pd.DataFrame) -> pd.Series:
    told = frame["term"].astype(str).str.contains("likelihood|gap|parity|_to_|ratio|rate|index|share", regex=True)
    indicator = frame["indicator"].astype(str) if "indicator" in frame else pd.Series("", index=frame.index)
    # Indicator 1 has a row for each band: it stands in the table of all numbers.
    return told & _latest("year")(frame) & (indicator != "1") & ~(frame["term"].astype(str).isin(["share", "rate"]))


# Estimator -> how its first rows are told, and which these are.
_FIRST: Mapping[str, tuple[Kind, Rows]] = {
    "share": ("share", _every),
    "count": ("count", _every),
    "mean_at": ("mean", _every),
    "response_distribution": ("share", _every),
    "reading": ("count", _every),
    "mean_change": ("change", _every),
    "standardised_change": ("change", _every),
    "rank_change": ("change", _every),
    "proportion_change": ("change", _every),
    "ratio_change": ("ratio", _every),
    "category_change": ("change", lambda frame: frame["group"].notna()),
    "ladder_change": ("share", _every),
    "reliable_change": ("share", _where("group", "improved", "deteriorated")),
    "response_shift": ("claim", _where("group", "shift of the start")),
    "wave_change": ("change", _where("quantity", _CHANGED)),
    "wave_slope": ("change", _where("quantity", "mean change per unit of time")),
    "dose_response": ("difference", _where("part", "slope")),
    "dyad_change": ("change", lambda frame: (frame["quantity"] == "mean change") & (frame["group"] != "pair")),
    "pair_agreement": ("mean", _every),
    "difference_in_change": ("difference", _starts("quantity", "difference")),
    "adjusted_difference": ("difference", _starts("quantity", "difference")),
    "gap_in_change": ("difference", _starts("quantity", "difference")),
    "survey_gap": ("difference", _where("quantity", "gap")),
    "survey_trend": ("difference", _where("quantity", "difference")),
    "retention_at": ("share", _every),
    "restricted_mean": ("mean", _every),
    "median_time": ("mean", _every),
    "cumulative_incidence": ("share", _every),
    "hazard_ratio": ("ratio", _where("term", "mentored")),
    "weighted_hazard_ratio": ("ratio", _where("term", "mentored")),
    "weighted_retention": ("difference", lambda frame: frame["group"].astype(str).str.contains(" less ")),
    "subdistribution_hazard_ratio": ("ratio", _where("term", "mentored")),
    "relative_likelihood": ("ratio", _where("term", "relative_likelihood")),
    "representation": ("ratio", _part_of_whole),
    "disparity_ratio": ("ratio", _every),
    "pay_gap": (
        "difference",
        _starts("term", "mean hourly", "median hourly", "mean gap", "median gap", "mean", "median"),
    ),
    "leaver_rate": (
        "mean",
        lambda f: _latest("period")(f) & f["term"].astype(str).str.contains("headcount", case=False),
    ),
    "stability_index": (
        "share",
        lambda f: _latest("period")(f) & f["term"].astype(str).str.contains("index", case=False),
    ),
    "wres": ("ratio", _standard_rows),
    "edi_plan": ("mean", lambda f: f["latest"].astype(bool) if "latest" in f else _latest("year")(f)),
}
_SUBJECTS: Mapping[str, str] = {
    "hazard_ratio": "{title}, participants against others",
    "weighted_hazard_ratio": "Leaving, participants against similar people who did not take part",
    "subdistribution_hazard_ratio": "{title}, participants against similar people who did not take part",
    "difference_in_change": "{title}, change of participants against change of people who did not take part",
    "adjusted_difference": "{title}, participants against people who did not take part and stood alike before",
    "dose_response": "{title}, for each further {unit_of}",
    "pair_agreement": "{title}: how closely the two people of a pair agree (correlation, 1 is full agreement)",
    "standardised_change": "{title}",
}
_TIMES: Mapping[str, str] = {
    "hazard_ratio": "times the rate",
    "weighted_hazard_ratio": "times the rate",
    "subdistribution_hazard_ratio": "times the rate",
    "relative_likelihood": "times as likely",
    "representation": "times the share of all",
    "disparity_ratio": "times as likely",
}
_CLUSTERS = {"lower": "bands up to 5", "middle": "bands 6 and 7", "upper": "bands 8a and above"}
_STATUS = {
    "reached": "target reached",
    "missed": "target missed",
    "on track": "on track to its target",
    "off track": "off track to its target",
    "not clear, point on track": "not settled whether on track to its target",
    "not clear, point off track": "not settled whether on track to its target",
    "no baseline": "no baseline to tell whether it is on track",
    "no later value": "no value later than the baseline",
    "no adverse side": "no side of its target is the worse one",
    "no target": "",
}
_FOR_EACH = frozenset({"wave_slope", "dose_response"})
_UNITS = {
    "points of the scale": "points",
    "unit of the outcome": "points",
    "points": "points",
    "ratio": "",
    "correlation": "",
    "standard deviations": "standard deviations",
    "number": "",
    "hazard ratio": "",
    "subdistribution hazard ratio": "",
    "leavers per head": PER_HUNDRED,
    "leavers per head of mean headcount": PER_HUNDRED,
}


def headlines(answer: Answer, released: Released, programme: Programme) -> tuple[Headline, ...]:
    """Find the rows of an answer that a reader looks for first.

    Parameters
    ----------
    answer : Answer
        An answer.
    released : Released
        What may leave of its result, row by row in the same order.
    programme : Programme
        The programme.

    Returns
    -------
    tuple of Headline
        None for a flow of people or a curve.
    """
    return _told_rows(answer, released, programme, first_rows(answer))


def every_row(answer: Answer, released: Released, programme: Programme) -> tuple[Headline, ...]:
    """Put all rows of an answer into words, as `headlines` does the first.

    Parameters
    ----------
    answer : Answer
        An answer.
    released : Released
        What may leave of its result, row by row in the same order.
    programme : Programme
        The programme.

    Returns
    -------
    tuple of Headline
        As many as the result has rows; none for a flow of people or a curve.
    """
    return _told_rows(answer, released, programme, np.ones(len(first_rows(answer)), dtype=bool))


def first_rows(answer: Answer) -> npt.NDArray[np.bool_]:
    """Tell which rows of a result a reader looks for first.

    Parameters
    ----------
    answer : Answer
        An answer.

    Returns
    -------
    numpy.ndarray of bool
        One for each row of the result; empty for a flow of people or a curve.
    """
    result = answer.result
    if not isinstance(result, Estimates) or isinstance(result, Curve):
        return np.zeros(0, dtype=bool)
    _, rows = _FIRST[answer.question.estimator]
    return np.asarray(rows(result.frame.reset_index(drop=True)), dtype=bool)


def _told_rows(
    answer: Answer, released: Released, programme: Programme, chosen: npt.NDArray[np.bool_]
) -> tuple[Headline, ...]:
    result = answer.result
    if not isinstance(result, Estimates) or isinstance(result, Curve):
        return ()
    kind, _ = _FIRST[answer.question.estimator]
    whole, shown = result.frame.reset_index(drop=True), released.frame.reset_index(drop=True)
    units = whole["unit"] if "unit" in whole else pd.Series(result.method.unit, index=whole.index)
    rounds = released.profile.rounding != "none"
    lines = []
    for place in np.flatnonzero(chosen):
        line = _headline(answer, programme, kind, whole.iloc[place], shown.iloc[place])
        lines.append(line if rounds else _as_cut(line, whole.iloc[place], str(units.iloc[place])))
    return tuple(lines)


def _as_cut(line: Headline, whole: pd.Series, unit: str) -> Headline:
    """Say of a number that is told without n what was cut off it, and keep the limits by which it is judged."""
    if line.withheld or not math.isnan(line.people) or math.isnan(_number(whole, "n")):
        return line
    times = 100.0 if line.unit == PER_HUNDRED else 1.0
    exact = (times * _number(whole, "conf_low"), times * _number(whole, "conf_high"))
    told = not (math.isnan(line.low) or math.isnan(line.high))
    return replace(line, digits=digits_without_n(unit), exact=exact if told else None)


def _headline(answer: Answer, programme: Programme, kind: Kind, whole: pd.Series, shown: pd.Series) -> Headline:
    method = answer.result.method  # type: ignore[union-attr]
    term, group = str(whole["term"]), "" if pd.isna(whole["group"]) else str(whole["group"])
    unit = str(whole.get("unit", method.unit) if method.unit == "by row" else method.unit)
    pay = _pay(term, group)
    about = answer.of_term.get(term) or next((i for t, i in answer.of_term.items() if term.startswith(t)), "")
    about = about or (answer.about[0] if len(answer.about) == 1 else "")
    about = "" if _text(whole, "quantity") == BESIDE else about
    pay = (_in_year(answer, whole, pay[0]), pay[1]) if pay else None
    said = pay[0] if pay else _in_words(answer, whole) if answer.question.estimator in _IN_WORDS else ""
    # How a number that is withheld stands beside its target would tell of it.
    stands = "" if str(shown.get("flag", "")) == _SUPPRESSED else _text(whole, "status")
    status = _STATUS.get(stands, stands)
    label = f"{said}, per cent below {pay[1]}" if pay else said or _label(answer, programme, term, group, about)
    told = kind if kind != "claim" or str(shown.get("claim", "") or "") else "difference"
    if answer.question.estimator in _STANDARDS or (kind == "difference" and answer.question.estimator == "pay_gap"):
        told = _kind_of(term)
    groups = answer.question.estimator in _BETWEEN_GROUPS
    gains, loses = _sides(answer, programme, about, whole) if groups else ("", "")
    numbers = {name: _number(shown, name) for name in ("estimate", "conf_low", "conf_high", "p_value", "n")}
    times = 100 if _unit(unit) == PER_HUNDRED else 1
    return Headline(
        subject=said or _subject(answer, programme, term, group, about),
        label=f"{label} [{status}]" if status else label,
        kind=told,
        term=term,
        group=group,
        estimate=times * numbers["estimate"],
        low=times * numbers["conf_low"],
        high=times * numbers["conf_high"],
        p_value=numbers["p_value"],
        people=numbers["n"],
        unit=PAY_SHARE if pay else _unit(unit),
        who=_NO_PEOPLE.get(about) or _NO_PEOPLE.get(_text(whole, "indicator")) or _who(answer, programme, group),
        level=f"{100 * method.level:g} %",
        withheld=str(shown.get("flag", "")) == _SUPPRESSED,
        note=str(shown.get("claim" if told == "claim" else "note", "") or ""),
        about=about,
        between_groups=groups,
        gains=gains,
        loses=loses,
        times=_times(answer, term),
        against=pay[1] if pay else _earlier(answer, programme),
        ends=_ends(whole),
        status=status,
        for_each=answer.question.estimator in _FOR_EACH,
    )


def _ends(row: pd.Series) -> str:
    """Give the ends of the scale, where they are stated and say something."""
    ends = _text(row, "scale_ends")
    return ends if re.fullmatch(r"[\d.]+ to [\d.]+", ends) else ""


def _times(answer: Answer, term: str) -> str:
    """Say what a ratio is, after the number."""
    if answer.question.estimator == "representation" and "against" in answer.question.said:
        return "times that share"
    return _TIMES.get(answer.question.estimator, "times as likely" if "likelihood" in term else "times as high")


def _in_year(answer: Answer, row: pd.Series, said: str) -> str:
    """Add the year to what a standard says of pay, as to its other rows."""
    when = _text(row, "year").removesuffix(".0") if answer.question.estimator in _STANDARDS else ""
    return f"{said}, {when}" if when else said


_PAY_GAP = re.compile(r"^(?P<what>mean|median) gap in (?P<of>.+)$")


def _pay(term: str, group: str) -> tuple[str, str] | None:
    """Name whose pay is held against whose; None for what is no gap in pay."""
    found, named = _PAY_GAP.match(term), contrast_names(group)
    if found is None or named is None:
        return None
    own = f"{named[1]}\u2019" if named[1].endswith("s") else f"{named[1]}\u2019s"
    return f"{own[:1].upper()}{own[1:]} {found['what']} {found['of']}", f"that of {named[0]}"


def _earlier(answer: Answer, programme: Programme) -> str:
    """Say what a ratio of the same people over time is held against: what the question says, or the same earlier."""
    if answer.question.estimator != "ratio_change":
        return ""
    said = answer.question.said
    if "against" in said or "pre" not in said or {"pre_item", "pre_column"} & set(said):
        return str(said.get("against", "the earlier amount"))
    return f"that {_at_wave(answer, programme, 'pre')}"


def _at_wave(answer: Answer, programme: Programme, which: str) -> str:
    """Name a wave of a question, as within a sentence."""
    wave = str(answer.question.said.get(which, ""))
    return lowered(wave_titles(answer, programme).get(wave, wave.replace("_", " ")))


def _kind_of(term: str) -> Kind:
    """Tell how a row of a standard is told, by the name of its quantity."""
    if "gap" in term or term.startswith("mean"):
        return "difference"
    if any(part in term for part in ("likelihood", "parity", "_to_", "ratio")):
        return "ratio"
    return "mean" if "rate" in term else "share"


def _sides(answer: Answer, programme: Programme, about: str, row: pd.Series) -> tuple[str, str]:
    """Say who has the advantage when the number is above, and when it is below, no difference."""
    if answer.question.estimator in _STANDARDS:
        return _adverse_sides(row)
    comparison, reference = compared_names(answer.question.said)
    outcome = programme.outcomes_by_id.get(about)
    direction = outcome.direction if outcome else "higher_is_better" if answer.question.steps else "neither"
    if not comparison or not reference or direction == "neither" or answer.question.estimator == "pay_gap":
        return "", ""
    return (comparison, reference) if direction == "higher_is_better" else (reference, comparison)


def _adverse_sides(row: pd.Series) -> tuple[str, str]:
    """Take the side that is worse for a protected group from the indicator."""
    named = contrast_names(_text(row, "group"))
    adverse = _text(row, "adverse")
    if named is None or not adverse.startswith(("above", "below")):
        return "", ""
    first, second = named
    # The group whose disadvantage the indicator watches is the one that is not the larger by custom.
    watched, other = (second, first) if first in _LARGER else (first, second)
    return (other, watched) if adverse.startswith("above") else (watched, other)


_LARGER = frozenset({"white staff", "men", "staff without a disability", "staff recruited in the UK"})


def _text(row: pd.Series, name: str) -> str:
    """Give a cell as text, empty where there is none."""
    value = row.get(name)
    return "" if value is None or pd.isna(value) else str(value)


def _number(line: pd.Series, name: str) -> float:
    return float(pd.to_numeric(line.get(name), errors="coerce"))


def _unit(unit: str) -> str:
    if unit.startswith(("proportion", "difference of proportions")):
        return "proportion"
    if unit.startswith("standard deviations"):
        return "standard deviations"
    return _UNITS.get(unit, "points" if "outcome" in unit or "scale" in unit else unit)


# Outcomes, and indicators of the improvement plan, whose rows are no people -> what they are.
_NO_PEOPLE: Mapping[str, str] = {"actions_done": "actions", "vacant": "posts", "vacancy_rate": "posts"}


def _who(answer: Answer, programme: Programme, group: str) -> str:
    role = programme.roles_by_id.get(answer.role)
    if answer.question.estimator == "wave_change":
        # The estimate is of a mixed model on more people; those counted are those who can be put side by side.
        return f"{role.title if role else 'people'} who answered both times"
    if group == "pairs" or answer.question.estimator in {"dyad_change", "pair_agreement"}:
        return "pairs"
    compares = answer.question.estimator in {"difference_in_change", "adjusted_difference"}
    return role.title if role and not compares else "people"


def _subject(answer: Answer, programme: Programme, term: str, group: str, about: str) -> str:
    question = answer.question
    outcome = programme.outcomes_by_id.get(about)
    title = outcome.title if outcome else term
    form = _SUBJECTS.get(question.estimator)
    if form is not None:
        dose = next((one for one in programme.dose if one.id == question.said.get("dose")), None)
        whose = _whose(answer, programme, about, "")
        form = form.replace("participants", whose) if whose else form
        return form.format(title=title, unit_of=_one_of(dose.unit) if dose else "")
    own = _OWN_SUBJECTS.get(question.estimator)
    if own is not None:
        return own(answer, programme, term, group, title)
    return _grouped(answer, programme, term, group, about)


def planned(number: float, unit: str) -> str:
    """Write how many of something are planned.

    Parameters
    ----------
    number : float
        How many.
    unit : str
        What, as the plan has it.

    Returns
    -------
    str
        The unit in the singular for one.

    Examples
    --------
    >>> planned(1, "courses"), planned(6, "meetings"), planned(1, "day")
    ('1 course', '6 meetings', '1 day')
    """
    return f"{number:g} {_one_of(unit) if number == 1 else unit}"


def _one_of(unit: str) -> str:
    """Give the singular of a unit."""
    return unit.removesuffix("s")


def _likelihood_subject(answer: Answer, programme: Programme, _term: str, group: str, title: str) -> str:
    steps = {step.id: step.title for step in programme.steps}
    what = steps.get(answer.about[0], title) if answer.question.steps and answer.about else title
    what = f"Reaching \u201c{what}\u201d" if answer.question.steps and answer.about else f"\u201c{what}\u201d"
    text = f"{what}, {' against '.join(compared_names(answer.question.said))}"
    return f"{text}, {group}" if answer.subgroup else text


def _gap_subject(answer: Answer, _programme: Programme, _term: str, _group: str, title: str) -> str:
    return f"{title}, change of {' against change of '.join(compared_names(answer.question.said))}"


def _mean_time_subject(answer: Answer, programme: Programme, term: str, group: str, title: str) -> str:
    told = re.sub("^restricted mean up to", "mean time in service within the first", term, flags=re.IGNORECASE)
    told = _time_subject(answer, programme, told, group, title)
    return told if group in {"", "all"} else f"{told}, {group}"


def _time_subject(_answer: Answer, _programme: Programme, term: str, _group: str, _title: str) -> str:
    told = re.sub("^retention at", "Still in service after", term, flags=re.IGNORECASE)
    return f"{told[:1].upper()}{told[1:]}"


def _survey_subject(answer: Answer, programme: Programme, _term: str, _group: str, title: str) -> str:
    return f"{title}, {' against '.join(compared_names(answer.question.said))}, {_at_wave(answer, programme, 'wave')}"


def _trend_subject(_answer: Answer, _programme: Programme, _term: str, group: str, title: str) -> str:
    later, _, earlier = group.partition(" less ")
    return f"{title}, {lowered(later)} against {lowered(earlier)}" if earlier else title


def _reliable_subject(_answer: Answer, _programme: Programme, _term: str, group: str, title: str) -> str:
    return f"{title}: {group} by more than measurement error"


_OWN_SUBJECTS: Mapping[str, Callable[[Answer, Programme, str, str, str], str]] = {
    "relative_likelihood": _likelihood_subject,
    "gap_in_change": _gap_subject,
    "retention_at": _time_subject,
    "cumulative_incidence": _time_subject,
    "restricted_mean": _mean_time_subject,
    "survey_gap": _survey_subject,
    "survey_trend": _trend_subject,
    "reliable_change": _reliable_subject,
}


def _whose(answer: Answer, programme: Programme, about: str, group: str) -> str:
    """Name the role where an outcome is of several; empty where the title says whose it is."""
    outcome = programme.outcomes_by_id.get(about)
    role = programme.roles_by_id.get(answer.role)
    several = outcome is not None and len(outcome.roles) > 1
    return role.title if role is not None and several and group != role.title else ""


def _told_group(answer: Answer, programme: Programme, about: str, group: str) -> str:
    """Leave the role out where the outcome, or the dose, is of no other."""
    outcome = programme.outcomes_by_id.get(about)
    dose = next((one for one in programme.dose if one.id == about), None)
    roles = outcome.roles if outcome else dose.roles if dose else ()
    alone = len(roles) == 1 and roles[0] in programme.roles_by_id and group == programme.roles_by_id[roles[0]].title
    return "" if alone and not answer.subgroup else group


def _grouped(answer: Answer, programme: Programme, term: str, group: str, about: str) -> str:
    """Put the role, the group, or the two waves of a change, into words."""
    whose = _whose(answer, programme, about, group)
    term, group = _wave_apart(answer, term, group)
    term, group = f"{term}, {whose}" if whose else term, _told_group(answer, programme, about, group)
    contrast = _CONTRAST.match(group)
    if answer.question.estimator == "wave_change" and contrast:
        waves = wave_titles(answer, programme)
        before, _, who = contrast["earlier"].partition(", ")
        later, earlier = (waves.get(name, name.replace("_", " ")) for name in (contrast["later"], before))
        return f"{term}{f', {who}' if who else ''} ({lowered(later)}, against {lowered(earlier)})"
    if answer.question.estimator == "ratio_change" and "post" in answer.question.said:
        term = f"{term}, {_at_wave(answer, programme, 'post')}"
    if answer.question.estimator == "response_distribution" and _is_yearly(answer, programme, about):
        term = f"{term}, {_at_wave(answer, programme, 'wave')}"
    if answer.question.estimator == "response_shift":
        return term
    if answer.question.estimator == "wave_slope":
        return f"{term} (change in a month)"
    return f"{term}, {group}" if group else term


def _is_yearly(answer: Answer, programme: Programme, about: str) -> bool:
    """Tell whether other people answer the same at several times, so that a share needs its time."""
    outcome = programme.outcomes_by_id.get(about)
    use = programme.uses_by_id.get(outcome.use or "") if outcome else None
    return use is not None and not use.linked and len(use.asked) > 1 and "wave" in answer.question.said


_IN_WORDS = frozenset(
    {"representation", "disparity_ratio", "pay_gap", "leaver_rate", "stability_index", "wres", "edi_plan"}
)


def _in_words(answer: Answer, row: pd.Series) -> str:
    """Name a row on groups of staff: the indicator, what is estimated of whom, where and when."""
    if answer.question.estimator == "representation":
        column = str(answer.question.said.get("group", ""))
        name = group_name(column, _text(row, "group"))
        where, of = _part_and_whole(answer, _text(row, "band"))
        return f"{name[:1].upper()}{name[1:]} {where}, against their share of {of}"
    if answer.question.estimator == "disparity_ratio":
        return _disparity(_text(row, "term"), _text(row, "group"))
    number = metric_code(row)
    title = _INDICATORS.get(_text(row, "indicator"), _text(row, "title"))
    # The organisation's own yearly survey asks alike, and its numbers are others.
    title += ", national staff survey" if _text(row, "indicator").startswith("survey_") else ""
    when = next((_text(row, name) for name in ("year", "period") if _text(row, name)), "").removesuffix(".0")
    if title.lower().startswith(_LIKELIHOOD) and contrast_names(_text(row, "group")):
        text = title[len(_LIKELIHOOD) :]  # it says whose
    else:
        text = ", ".join(part for part in (title, _quantity(row, titled=bool(title))) if part)
    text = f"{text[:1].upper()}{text[1:]}"
    text = f"{text} ({number})" if _is_code(number) and answer.question.estimator in _STANDARDS else text
    return f"{text}, {when}" if when else text


# Indicators that a metric of the plan holds together -> the number of each by itself.
_APART: Mapping[str, str] = {
    "relative_likelihood_disciplinary": "WRES 3",
    "relative_likelihood_cpd": "WRES 4",
}


def metric_code(row: pd.Series) -> str:
    """Give the number by which readers know a metric.

    Parameters
    ----------
    row : pandas.Series
        A row of a standard or of the improvement plan.

    Returns
    -------
    str
        Of a metric that holds several indicators, the number of the one; empty where there is none.

    Examples
    --------
    >>> metric_code(pd.Series({"metric": "WRES 3 and 4", "indicator": "relative_likelihood_cpd"}))
    'WRES 4'
    """
    named = next((_text(row, name) for name in ("metric", "indicator") if _text(row, name)), "")
    return _APART.get(_text(row, "indicator"), named)


def _is_code(number: str) -> bool:
    """Tell a number by which readers know a metric, such as 2a, from a name that only evalkit has for it."""
    return any(ch.isdigit() for ch in number)


_LIKELIHOOD = "relative likelihood of "
# Indicator of a standard -> file of the people that it is about, where these are no staff.
_PEOPLE_OF: Mapping[str, str] = {"relative_likelihood_appointment": "recruitment."}
# Indicator of a standard -> what it is about; where it says nothing, what follows says all.
_INDICATORS: Mapping[str, str] = {
    "relative_likelihood_appointment": "Appointment from the shortlist",
    "relative_likelihood_disciplinary": "Entry to the disciplinary process",
    "relative_likelihood_cpd": "Access to training that is not mandatory",
    "survey_equal_opportunity": "Belief in equal opportunities for progression",
    "survey_harassment_staff": "Harassment, bullying or abuse from staff",
    "survey_discrimination": "Discrimination from a manager or colleague",
    "survey_belonging": "Sense of belonging",
    "survey_wellbeing_action": "Positive action on health and wellbeing",
    "recruitment_apprentice": "Recruited through apprenticeships",
    "recruitment_graduate": "Recruited through graduate schemes",
    "support_offered_affected": "Psychological support offered to those affected",
    "support_offered": "Psychological support offered, of all staff in post",
    "support_used": "Psychological support used by those to whom it was offered",
    "9": "",
    "parity_upper": "",
    "parity_senior": "",
    "disparity_ratio_lower_to_middle": "",
    "disparity_ratio_middle_to_upper": "",
    "disparity_ratio_lower_to_upper": "",
    "leaver_rate": "",
    "leaver_rate_ratio": "",
    "stability_index": "",
}


def _place(band: str) -> str:
    if band == "board":
        return "on the board"
    return f"in {band}" if band[:4].lower() in {"band", "vsm"} else f"among \u201c{band}\u201d"


def _part_and_whole(answer: Answer, band: str) -> tuple[str, str]:
    """Say in which part a group is looked at, and of what its share is held against it."""
    against = str(answer.question.said.get("against", "")).rpartition(".")[2]
    if not against:
        return _place(band), "all"
    part = answer.question.outcomes[0] if len(answer.question.outcomes) == 1 else band
    return f"among those {part.replace('_', ' ')}", f"those who {against.replace('_', ' ')}"


def _disparity(term: str, group: str) -> str:
    low, _, high = term.replace(" ", "_").partition("_to_")
    named = contrast_names(group) or (group, "others")
    where = f"standing in {_CLUSTERS.get(high, high)} rather than {_CLUSTERS.get(low, low)}"
    return f"{where[:1].upper()}{where[1:]}, {named[0]} against {named[1]}"


_SHORTLISTED = "shortlisted"


def _quantity(row: pd.Series, *, titled: bool) -> str:
    """Say what a row of an indicator is of whom; a ratio of two groups needs no name of its quantity."""
    term, group, band = _text(row, "term").replace("_", " "), _text(row, "group"), _text(row, "band")
    named = contrast_names(group, _PEOPLE_OF.get(_text(row, "indicator"), "staff_in_post."))
    if term.replace(" ", "_").partition("_to_")[1]:
        return _disparity(term, group)
    if named is not None:
        what = "" if titled and term in {"relative likelihood", "gap"} else f"{term}, "
        return f"{what}{named[0]} against {named[1]}"
    people = "recruitment." if band == _SHORTLISTED else "staff_in_post."
    who = "" if group in {"", "all"} else group_name(people, group)
    if term == "parity":
        return f"{who} in {band}, against their share of all"
    if term == "gap" and band:
        those = "among the shortlisted less their share of those who applied" if band == _SHORTLISTED else ""
        return f"share of {who} {those or f'{_place(band)} less their share of all'}"
    what = "" if titled and term == "share" else term
    return ", ".join(part for part in (what, who) if part)


def _label(answer: Answer, programme: Programme, term: str, group: str, about: str) -> str:
    """Name a row in a table, where the question stands above it."""
    term, group = _wave_apart(answer, term, group)
    contrast = _CONTRAST.match(group)
    if answer.question.estimator == "wave_change" and contrast:
        later = wave_titles(answer, programme).get(contrast["later"], contrast["later"].replace("_", " "))
        named = (term, _whose(answer, programme, about, group), contrast["earlier"].partition(", ")[2])
        return f"{', '.join(part for part in named if part)}: {lowered(later)}"
    return _subject(answer, programme, term, group, about)


def _wave_apart(answer: Answer, term: str, group: str) -> tuple[str, str]:
    """Move the waves back to the group: where people are split, it names the split and the term has the waves."""
    if answer.question.estimator != "wave_change" or not answer.subgroup:
        return term, group
    title, _, waves = term.rpartition(", ")
    return (title, f"{waves}, {group}") if title and _CONTRAST.match(waves) else (term, group)


def wave_titles(answer: Answer, programme: Programme) -> Mapping[str, str]:
    """Name the waves in which the outcomes of an answer were asked.

    Parameters
    ----------
    answer : Answer
        The answer.
    programme : Programme
        The programme.

    Returns
    -------
    mapping of str to str
        Name of a wave in the form -> title of the wave in the programme.
    """
    titles = {}
    for name in answer.about:
        outcome = programme.outcomes_by_id.get(name)
        use = programme.uses_by_id.get(outcome.use or "") if outcome else None
        for placement in use.waves if use else ():
            titles[placement.asked] = programme.waves_by_id[placement.wave].title
    return titles
