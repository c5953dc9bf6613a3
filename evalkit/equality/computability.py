"""Which indicators a set of standard inputs allows, and why not the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from evalkit.equality.mappings import NOT_STATED, ethnic_group, load_mapping
from evalkit.equality.staff_columns import levels_present
from evalkit.errors import EvalkitError

_TABLES = (("WRES", "wres_indicators", "indicator"), ("EDI plan", "edi_metrics", "metric"),
           ("other", "plan_measures", "measure"))  # fmt: skip


def computable(frames: Mapping[str, pd.DataFrame], *, ethnicity: pd.DataFrame | None = None) -> pd.DataFrame:
    """Tell which indicators can be computed from standard inputs.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Typed standard inputs by name.
    ethnicity : pandas.DataFrame, optional
        Mapping of ethnicities in place of that of evalkit.

    Returns
    -------
    pandas.DataFrame
        One row an indicator: `framework` ("WRES", "EDI plan", "other"), `indicator`, `title`, `computable` (bool),
        `why_not` (empty where it can be computed).
    """
    rows = []
    for framework, name, key in _TABLES:
        for row in load_mapping(name).to_dict("records"):
            lacking = list(dict.fromkeys(_lacking(row, frames, ethnicity)))
            rows.append((framework, row[key], row["title"], not lacking, "; ".join(lacking)))
    return pd.DataFrame(rows, columns=["framework", "indicator", "title", "computable", "why_not"])


def _lacking(
    row: Mapping[str, str], frames: Mapping[str, pd.DataFrame], ethnicity: pd.DataFrame | None
) -> Iterator[str]:
    """Give the reasons why an indicator cannot be computed."""
    if not row["needs"]:
        yield "no standard input holds it"
        return
    for need in row["needs"].split(";"):
        name, _, column = need.strip().partition(".")
        frame = frames.get(name)
        file = name.replace("_", "-")
        if frame is None:
            yield f"no {file}"
        elif column not in frame.columns:
            yield f"no column {column} in {file}"
        elif column == "ethnicity":
            yield from _groups_missing(frame[column], file, ethnicity)
        elif not _stated(frame[column]):
            yield f"nothing stated in column {column} of {file}"
    if "survey" in frames and row.get("survey_key"):
        yield from _question_missing(row["survey_key"], row["characteristic"], frames["survey"])
    if row["needs"].startswith("staff_in_post.started"):
        yield from _one_snapshot(frames)


def _stated(values: pd.Series) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype.kind == "O":
        return any(level != NOT_STATED for level in levels_present(values))
    return bool(values.notna().any())


def _groups_missing(values: pd.Series, file: str, table: pd.DataFrame | None) -> Iterator[str]:
    there = set(ethnic_group(levels_present(values), table=table))
    for group in ("BME", "white"):
        if group not in there:
            yield f"no {group} people in {file}"


def _question_missing(keys: str, characteristic: str, survey: pd.DataFrame) -> Iterator[str]:
    split = (survey["characteristic"] == characteristic) | (not characteristic)
    asked = set(survey.loc[split, "question"].astype(str))
    wanted = [key.strip() for key in keys.split(";")]
    if not asked & set(wanted):
        by = f" by {characteristic}" if characteristic else ""
        yield f"no question {' or '.join(wanted)}{by} in survey"


def _one_snapshot(frames: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    staff = frames.get("staff_in_post")
    if staff is not None and (staff["snapshot"] == staff["snapshot"].iloc[0]).all():
        yield "one snapshot only in staff-in-post"


def reason_of(error: EvalkitError) -> str:
    """Put the problems of an error into one line, for a row that has no estimate.

    Parameters
    ----------
    error : EvalkitError
        What was raised.

    Returns
    -------
    str
        Place, what was found and what is expected, of each.
    """
    return "; ".join(f"{one.place}: {one.found}, expected {one.expected}" for one in error.problems)
