"""Every printed result of a source, recomputed and judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.frames import require
from evalkit.published.rules import CLAIM_RULES, RULES
from evalkit.published.sources import CLAIM, Figures, load_published
from evalkit.published.verdicts import VERDICTS

COLUMNS = ("source", "table", "row", "statistic", "published", "decimals", "recomputed", "verdict", "how")


def reproduce(source: str | Path) -> pd.DataFrame:
    """Recompute every printed result of a source that its printed data allow.

    Parameters
    ----------
    source : str or pathlib.Path
        A name that `list_sources` gives, or the path of a CSV file of your own with the same columns.

    Returns
    -------
    pandas.DataFrame
        One row for each printed result: `source, table, row, statistic, published` (text as printed), `decimals`
        (missing for a claim), `recomputed` (unrounded, in the unit of the printed number; missing where there is
        none), `verdict` (ordered category: "exact", "rounding", "compatible", "inconsistent", "not recomputable") and
        `how`. Numbers that only serve as input are not rows.

    Raises
    ------
    DataError
        As `load_published`; DAT-006 for a rule that does not exist, DAT-007 for a rule that cannot judge
        a claim.

    Examples
    --------
    >>> table = reproduce("ong2018")
    >>> table.loc[table["verdict"] == "inconsistent", "published"].tolist()
    ['95.8', '69.9']
    """
    frame = load_published(source)
    require(_rule_problems(frame))
    figures = Figures(frame)
    rows, problems = [], []
    for position, (row, check) in enumerate(figures.rows, start=2):
        if not check:
            continue
        try:
            finding = RULES[check](row, figures)
        except DataError as error:
            place = f"row {position}, {row.statistic}, rule {check}"
            problems += [replace(found, place=f"{place}: {found.place}") for found in error.problems]
            continue
        rows.append(
            {
                "source": frame["source"].iloc[0],
                "table": row.table,
                "row": ", ".join(part for part in (row.row, row.group, row.wave) if part),
                "statistic": row.statistic,
                "published": row.text,
                "decimals": None if row.printed is None else row.printed.decimals,
                "recomputed": finding.recomputed,
                "verdict": finding.verdict,
                "how": finding.how,
            }
        )
    require(problems)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(
        decimals=table["decimals"].astype("Int64"),
        recomputed=table["recomputed"].astype(float),
        verdict=pd.Categorical(table["verdict"], categories=list(VERDICTS), ordered=True),
    )


def _rule_problems(frame: pd.DataFrame) -> list[Problem]:
    problems = []
    for position, (check, statistic) in enumerate(zip(frame["check"], frame["statistic"], strict=True), start=2):
        place = f"row {position}, column check"
        if check and check not in RULES:
            problems.append(Problem("DAT-006", place, f'"{check}"', "a rule that exists", did_you_mean(check, RULES)))
        elif check and statistic == CLAIM and check not in CLAIM_RULES:
            problems.append(
                Problem(
                    "DAT-007",
                    place,
                    f'"{check}" for a claim',
                    "a rule that judges claims",
                    f"Use one of {', '.join(sorted(CLAIM_RULES))}, or give the number.",
                )
            )
    return problems
