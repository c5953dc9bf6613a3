"""The page of progress: the latest year of the equality plan, one row an indicator, with names that a board reads."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import missing_columns, require
from evalkit.result import Estimates

_NAMES = {
    "relative_likelihood_appointment": "Appointment from shortlisting",
    "relative_likelihood_disciplinary": "Disciplinary process",
    "relative_likelihood_cpd": "Training and development",
    "parity_upper": "Parity in bands 8a and above",
    "parity_senior": "Parity in bands 8c and above",
    "shortlisted_gap": "Share of shortlisted less of applied",
    "pay_gap_mean": "Pay gap, mean",
    "pay_gap_median": "Pay gap, median",
    "leaver_rate": "Leaver rate",
    "leaver_rate_ratio": "Leaver rate, ratio",
    "stability_index": "Stability index",
    "recruitment_apprentice": "Appointed to apprenticeships",
    "recruitment_graduate": "Appointed to graduate schemes",
    "local_recruitment": "Local people among the appointed",
    "vacancy_rate": "Vacancy rate",
    "support_offered_affected": "Support offered to those affected",
    "support_offered": "Support offered, of all staff",
    "support_used": "Support used",
}
_PROMISED = ["term", "group", "estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high", "n"]
_BESIDE = ["unit", "year", "baseline_year", "baseline", "target_year", "target", "status", "n_least"]


def plan_page(plan: Estimates, *, with_target: bool = False) -> Estimates:
    """Take the latest year of each indicator out of an equality plan, in as few columns as a screen holds.

    Parameters
    ----------
    plan : Estimates
        What `edi_plan` gave.
    with_target : bool, default False
        Only indicators that have a target.

    Returns
    -------
    Estimates
        A row an indicator and group: `term` (a name to read), `group`, `estimate`, limits, `n`, and the columns `unit`,
        `year`, `baseline_year`, `baseline`, `target_year`, `target`, `status` and `n_least`. An indicator that stands
        under two metrics of the plan has one row.

    Raises
    ------
    DataError
        DAT-003 for what does not come from `edi_plan`, DAT-009 where no indicator has a target.

    Examples
    --------
    >>> from evalkit.equality.plan import edi_plan
    >>> from evalkit.simulate import simulate_workforce
    >>> plan = edi_plan(simulate_workforce(500, years=3, seed=1).frames)
    >>> page = plan_page(plan, with_target=True).frame
    >>> page[["term", "group", "target"]].tail(1).values.tolist()
    [['Leaver rate', 'all', 0.08]]
    """
    frame = plan.tidy()
    require(missing_columns(frame, ["indicator", "latest", "status", "unit", "year"], "plan"))
    frame = frame[frame["latest"].astype(bool)].drop_duplicates(["indicator", "group", "term"])
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *_BESIDE])))
    if with_target:
        frame = frame[frame["target"].notna()]
        if frame.empty:
            remedy = "Give targets to edi_plan."
            require([Problem("DAT-009", "plan", "no indicator with a target", "at least one", remedy)])
    names = frame["indicator"].map(indicator_name)
    page = frame.assign(term=names, **dict.fromkeys(("std_error", "statistic", "df", "p_value"), np.nan))
    page = page[[*_PROMISED, *_BESIDE]].reset_index(drop=True)
    page["unit"] = page["unit"].astype(str).map(_unit)
    years = {name: _whole(page[name]) for name in ("baseline_year", "target_year")}
    return Estimates(page.assign(**years), plan.method)


def indicator_name(indicator: str) -> str:
    """Give an indicator of the plan a name to read.

    Parameters
    ----------
    indicator : str
        As in the column `indicator` of `edi_plan`.

    Returns
    -------
    str
        In words.

    Examples
    --------
    >>> indicator_name("survey_harassment_staff"), indicator_name("vacancy_rate")
    ('Survey: harassment staff', 'Vacancy rate')
    """
    if indicator.startswith("survey_"):
        return "Survey: " + indicator.removeprefix("survey_").replace("_", " ")
    return _NAMES.get(indicator, indicator[:1].upper() + indicator[1:].replace("_", " "))


def _unit(unit: str) -> str:
    """Leave away of what a proportion or rate is."""
    return re.sub(r"^(proportion|leavers per head)\b.*", r"\1", unit)


def _whole(years: pd.Series) -> pd.Series:
    """Write years as text, which takes no comma."""
    return years.map(lambda year: "" if pd.isna(year) else str(int(year))).astype(object)
