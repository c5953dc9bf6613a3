"""The rows of a result that a reader looks for first, and what each is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from evalkit.disclosure import Released
from evalkit.programmes.answers import Answer
from evalkit.programmes.limitations import lowered
from evalkit.programmes.model import Programme
from evalkit.result import Curve, Estimates

Kind = Literal["change", "difference", "ratio", "share", "mean", "count", "claim"]

_SUPPRESSED = "suppressed"
_CONTRAST = re.compile(r"^(?P<later>.+) - (?P<earlier>.+)$")
_MONTHS = "months"


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
        Whether it holds one group of people against another, and so is no gain for anybody.
    gains, loses : str
        Who has the advantage when the number is above, or below, no difference; empty where the outcome has no good
        side.
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
    watched = (frame["term"] == "parity") & frame["group"].isin(["BME", "yes"])
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
    "hazard_ratio": "Rate of {title}, participants over others",
    "weighted_hazard_ratio": "Rate of leaving, participants over others who are alike",
    "subdistribution_hazard_ratio": "{title}, participants over others (subdistribution hazard ratio)",
    "difference_in_change": "{title}, change of participants less change of the others",
    "adjusted_difference": "{title}, participants less others who were alike before",
    "dose_response": "{title}, for each further {unit_of}",
    "relative_likelihood": "Likelihood of {title}, {pair}",
    "pair_agreement": "{title}: correlation between the two people of a pair",
    "standardised_change": "{title}",
}
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
    "leavers per head": "a head",
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
    result = answer.result
    if not isinstance(result, Estimates) or isinstance(result, Curve):
        return ()
    kind, rows = _FIRST[answer.question.estimator]
    whole = result.frame.reset_index(drop=True)
    chosen = rows(whole).to_numpy(dtype=bool)
    shown = released.frame.reset_index(drop=True)
    return tuple(
        _headline(answer, programme, kind, whole.iloc[place], shown.iloc[place])
        for place in range(len(whole))
        if chosen[place]
    )


def _headline(answer: Answer, programme: Programme, kind: Kind, whole: pd.Series, shown: pd.Series) -> Headline:
    method = answer.result.method  # type: ignore[union-attr]
    term, group = str(whole["term"]), "" if pd.isna(whole["group"]) else str(whole["group"])
    unit = str(whole.get("unit", method.unit) if method.unit == "by row" else method.unit)
    about = answer.of_term.get(term) or next((i for t, i in answer.of_term.items() if term.startswith(t)), "")
    about = about or (answer.about[0] if len(answer.about) == 1 else "")
    said = _in_words(answer, whole) if answer.question.estimator in _IN_WORDS else ""
    told = kind if kind != "claim" or str(shown.get("claim", "") or "") else "difference"
    if answer.question.estimator in _STANDARDS or (kind == "difference" and answer.question.estimator == "pay_gap"):
        told = _kind_of(term)
    groups = answer.question.estimator in _BETWEEN_GROUPS
    gains, loses = _sides(answer, programme, about) if groups else ("", "")
    numbers = {name: _number(shown, name) for name in ("estimate", "conf_low", "conf_high", "p_value", "n")}
    return Headline(
        subject=said or _subject(answer, programme, term, group, about),
        label=said or _label(answer, programme, term, group, about),
        kind=told,
        term=term,
        group=group,
        estimate=numbers["estimate"],
        low=numbers["conf_low"],
        high=numbers["conf_high"],
        p_value=numbers["p_value"],
        people=numbers["n"],
        unit=_unit(unit),
        who=_who(answer, programme),
        level=f"{100 * method.level:g} %",
        withheld=str(shown.get("flag", "")) == _SUPPRESSED,
        note=str(shown.get("claim" if told == "claim" else "note", "") or ""),
        about=about,
        between_groups=groups,
        gains=gains,
        loses=loses,
    )


def _kind_of(term: str) -> Kind:
    """Tell how a row of a standard is told, by the name of its quantity."""
    if "gap" in term or term.startswith("mean"):
        return "difference"
    if any(part in term for part in ("likelihood", "parity", "_to_", "ratio")):
        return "ratio"
    return "mean" if "rate" in term else "share"


def group_name(column: str, label: str) -> str:
    """Name a group of people.

    Parameters
    ----------
    column : str
        "file.column" that tells the groups apart, or a question.
    label : str
        Its label.

    Returns
    -------
    str
        "disabled" and "not disabled" for yes and no to a disability.
    """
    if column.rpartition(".")[2] == "disability":
        return {"yes": "disabled colleagues", "no": "colleagues without a disability"}.get(label, label)
    return label


def _pair(said: Mapping[str, object]) -> tuple[str, str]:
    """Name the two groups of a question: the one that is compared, and the reference."""

    def named(key: str) -> str:
        value = said.get(key, "")
        parts = value if isinstance(value, tuple) else (value,)
        return " or ".join(group_name(str(said.get("group", "")), str(part)) for part in parts)

    return named("comparison"), named("reference")


def _sides(answer: Answer, programme: Programme, about: str) -> tuple[str, str]:
    comparison, reference = _pair(answer.question.said)
    outcome = programme.outcomes_by_id.get(about)
    direction = outcome.direction if outcome else "higher_is_better" if answer.question.steps else "neither"
    if not comparison or direction == "neither" or answer.question.estimator == "pay_gap":
        return "", ""
    return (comparison, reference) if direction == "higher_is_better" else (reference, comparison)


def _number(line: pd.Series, name: str) -> float:
    return float(pd.to_numeric(line.get(name), errors="coerce"))


def _unit(unit: str) -> str:
    if unit.startswith(("proportion", "difference of proportions")):
        return "proportion"
    return _UNITS.get(unit, "points" if "outcome" in unit or "scale" in unit else unit)


def _who(answer: Answer, programme: Programme) -> str:
    if answer.question.estimator in {"dyad_change", "pair_agreement"}:
        return "pairs"
    role = programme.roles_by_id.get(answer.role)
    compares = answer.question.estimator in {"difference_in_change", "adjusted_difference"}
    return role.title if role and not compares else "people"


def _subject(answer: Answer, programme: Programme, term: str, group: str, about: str) -> str:
    question = answer.question
    outcome = programme.outcomes_by_id.get(about)
    title = outcome.title if outcome else term
    said = question.said
    form = _SUBJECTS.get(question.estimator)
    if question.estimator == "relative_likelihood":
        steps = {step.id: step.title for step in programme.steps}
        what = outcome.title if outcome else steps.get(about, about)
        text = f"Likelihood of \u201c{what}\u201d, {' over '.join(_pair(said))}"
        return f"{text}, {group}" if answer.subgroup else text
    if form is not None:
        dose = next((one for one in programme.dose if one.id == said.get("dose")), None)
        return form.format(title=title, unit_of=dose.unit.removesuffix("s") if dose else "", pair=group)
    if question.estimator == "gap_in_change":
        return f"{title}, change of {' less change of '.join(_pair(said))}"
    if question.estimator in {"retention_at", "cumulative_incidence"}:
        told = re.sub("^retention at", "Still in service after", term, flags=re.IGNORECASE)
        return f"{told[:1].upper()}{told[1:]}"
    if question.estimator == "survey_gap":
        return f"{title}, {' less '.join(_pair(said))}"
    if question.estimator == "reliable_change":
        return f"{title}: {group} by more than measurement error"
    return _grouped(answer, programme, term, group)


def _grouped(answer: Answer, programme: Programme, term: str, group: str) -> str:
    """Put the group, or the two waves of a change, into words."""
    contrast = _CONTRAST.match(group)
    if answer.question.estimator == "wave_change" and contrast and not answer.subgroup:
        waves = _wave_titles(answer, programme)
        later, earlier = (waves.get(contrast[name], contrast[name].replace("_", " ")) for name in ("later", "earlier"))
        return f"{term} ({lowered(later)}, against {lowered(earlier)})"
    if answer.question.estimator == "response_shift":
        return term
    if answer.question.estimator == "wave_slope":
        return f"{term} (in a month)"
    return f"{term}, {group}" if group else term


_IN_WORDS = frozenset(
    {"representation", "disparity_ratio", "pay_gap", "leaver_rate", "stability_index", "wres", "edi_plan"}
)


def _in_words(answer: Answer, row: pd.Series) -> str:
    """Name a row on groups of staff: the indicator, what is estimated of whom, where and when."""
    parts = []
    for name in ("metric", "indicator"):
        if answer.question.estimator in _STANDARDS and str(row.get(name, "") or "").strip():
            parts.append(str(row[name]))
            break
    title = str(row.get("title", "") or "")
    quantity = str(row["term"]).replace("_", " ")
    group = "" if pd.isna(row["group"]) or str(row["group"]) == "all" else str(row["group"])
    if answer.question.estimator == "representation":
        group = group_name(str(answer.question.said.get("group", "")), group)
        text = f"Share of {group} in {row['band']} over their share of all"
    else:
        text = ", ".join(part for part in (title, quantity, group) if part)
    when = next((str(row[name]) for name in ("year", "period") if name in row.index and pd.notna(row[name])), "")
    said = " ".join([*parts, text[:1].upper() + text[1:]])
    status = str(row.get("status", "") or "")
    said = f"{said}, {when.removesuffix('.0')}" if when else said
    return f"{said} [{status}]" if status and status != "nan" else said


def _label(answer: Answer, programme: Programme, term: str, group: str, about: str) -> str:
    """Name a row in a table, where the question stands above it."""
    contrast = _CONTRAST.match(group)
    if answer.question.estimator == "wave_change" and contrast and not answer.subgroup:
        later = _wave_titles(answer, programme).get(contrast["later"], contrast["later"].replace("_", " "))
        return f"{term}: {lowered(later)}"
    return _subject(answer, programme, term, group, about)


def _wave_titles(answer: Answer, programme: Programme) -> Mapping[str, str]:
    titles = {}
    for name in answer.about:
        outcome = programme.outcomes_by_id.get(name)
        use = programme.uses_by_id.get(outcome.use or "") if outcome else None
        for placement in use.waves if use else ():
            titles[placement.asked] = programme.waves_by_id[placement.wave].title
    return titles
