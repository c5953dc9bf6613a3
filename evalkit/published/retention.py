"""Retention rebuilt from printed leaving rates."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evalkit.errors import EstimationError, Problem
from evalkit.numeric.lifetables import life_table, logrank
from evalkit.numeric.proportions import newcombe
from evalkit.published.counts import ImpliedLifeTable
from evalkit.result import Curve, Estimates, Method, curve, estimates

_ASSUMPTIONS = (
    "people only leave: whoever was lost from sight counts as still there",
    "who left within a period left at its end",
)


def retention_from_rates(tables: Mapping[str, ImpliedLifeTable], *, level: float = 0.95) -> Curve:
    """Probability of still being in post, from the only life tables that printed rates allow.

    Parameters
    ----------
    tables : mapping of str to ImpliedLifeTable
        Group -> what `implied_life_table` gave; each must be unique.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Curve
        One row for each group and period, time in periods, estimate a proportion with log-log limits.

    Raises
    ------
    EstimationError
        EST-001 for a group whose rates allow no table, or several.
    """
    rows: list[dict[str, object]] = []
    for group, periods in _unique(tables).items():
        survival = life_table(periods["n_at_risk"], periods["n_events"], level=level)
        columns = zip(
            periods["period"],
            survival.survival,
            survival.std_error,
            survival.low,
            survival.high,
            periods["n_at_risk"],
            periods["n_events"],
            strict=True,
        )
        names = ("time", "estimate", "std_error", "conf_low", "conf_high", "n_at_risk", "n_events")
        rows += [{"group": group, "n_censored": 0, **dict(zip(names, values, strict=True))} for values in columns]
    people = _people(tables)
    method = Method(
        name="life table from printed rates",
        estimand="the probability of still being in post at the end of each period",
        unit="proportion still in post",
        level=level,
        interval="log-log",
        n_given=people,
        n_used=people,
        assumptions=_ASSUMPTIONS,
        references=("Kalbfleisch JD, Prentice RL (2002), section 1.4",),
    )
    return curve(rows, method)


def compare_retention(
    tables: Mapping[str, ImpliedLifeTable], *, reference: str | None = None, level: float = 0.95
) -> Estimates:
    """Difference in retention of two groups at the end of the last period, and the log-rank test of their curves.

    Parameters
    ----------
    tables : mapping of str to ImpliedLifeTable
        Two groups, each with the only life table that its rates allow.
    reference : str, optional
        The group that is subtracted; else the first in sorted order.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        Terms `retention` for each group (proportion, Greenwood's error, log-log limits), `retention_difference`
        (Newcombe's interval) and `logrank` (chi-squared, df, p).

    Raises
    ------
    EstimationError
        EST-001 unless there are two groups, each with a unique table, one of them the reference, or when the groups
        have different numbers of periods.
    """
    periods = _unique(tables)
    reference = min(periods) if reference is None and periods else reference
    others = [name for name in periods if name != reference]
    lengths = {len(rows) for rows in periods.values()}
    if len(periods) != 2 or len(others) != 1 or len(lengths) != 1:
        raise EstimationError(
            Problem(
                "EST-001",
                "tables",
                f"the groups {', '.join(periods) or 'none'}, reference {reference}, periods {sorted(lengths)}",
                "two groups over the same periods, one of them the reference",
                "Give both groups the same number of rates.",
            )
        )
    group = others[0]
    one, control = periods[group], periods[str(reference)]
    stayed = {name: int(rows["n_at_risk"].iloc[-1] - rows["n_events"].iloc[-1]) for name, rows in periods.items()}
    started = {name: int(rows["n_at_risk"].iloc[0]) for name, rows in periods.items()}
    last = retention_from_rates(tables, level=level).frame.groupby("group", sort=False).last()
    gap = newcombe(stayed[group], started[group], stayed[str(reference)], started[str(reference)], level=level)
    test = logrank(one["n_at_risk"], one["n_events"], control["n_at_risk"], control["n_events"])
    people = _people(tables)
    contrast = f"{group} - {reference}"
    rows: list[dict[str, object]] = [
        {
            "term": "retention",
            "group": name,
            **last.loc[name, ["estimate", "std_error", "conf_low", "conf_high"]],
            "n": started[name],
        }
        for name in periods
    ]
    rows += [
        {
            "term": "retention_difference",
            "group": contrast,
            "estimate": gap.estimate,
            "conf_low": gap.low,
            "conf_high": gap.high,
            "n": people,
            "n_least": min(started.values()),
        },
        {
            "term": "logrank",
            "group": contrast,
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "n": people,
            "n_least": min(started.values()),
        },
    ]
    method = Method(
        name="retention from printed rates",
        estimand="the difference in the proportion still in post at the end of the last period",
        unit="proportion",
        level=level,
        interval="log-log for a group, Newcombe hybrid score for the difference",
        n_given=people,
        n_used=people,
        assumptions=_ASSUMPTIONS,
        references=("Newcombe RG (1998) Stat Med 17:873-890", "Mantel N (1966) Cancer Chemother Rep 50:163-170"),
    )
    return estimates(rows, method)


def _unique(tables: Mapping[str, ImpliedLifeTable]) -> dict[str, pd.DataFrame]:
    several = {name: table.n_solutions for name, table in tables.items() if not table.unique}
    if several:
        raise EstimationError(
            Problem(
                "EST-001",
                f"group {name}",
                f"{solutions} life tables fit the printed rates",
                "exactly one",
                "Give rates with more decimals, or correct them.",
            )
            for name, solutions in several.items()
        )
    return {name: table.frame for name, table in tables.items()}


def _people(tables: Mapping[str, ImpliedLifeTable]) -> int:
    return sum(int(table.frame["n_at_risk"].iloc[0]) for table in tables.values())
