"""Printed figures as data: one CSV a source, one row a printed number."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit import paths
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.files import list_files, read_csv
from evalkit.frames import Problems, missing_columns, require, within
from evalkit.published.printed import Printed, contradicts, parse_printed

COLUMNS = ("source", "table", "row", "group", "wave", "statistic", "published", "decimals", "check", "note")
SOURCE_COLUMNS = ("source", "title", "citation", "address", "what_was_seen", "licence", "design", "cannot_tell")
# The statistic whose printed form is a statement, not a number.
CLAIM = "claim"
# What the usual statistics can be: least, greatest, whole number.
_RANGES: dict[str, tuple[float, float, bool]] = {
    "n": (1, math.inf, True),
    "n_at_most": (1, math.inf, True),
    "items": (1, math.inf, True),
    "count": (0, math.inf, True),
    "per_cent": (0, 100, False),
    "sd": (0, math.inf, False),
    "p": (0, 1, False),
    "odds_ratio": (0, math.inf, False),
    "relative_likelihood": (0, math.inf, False),
}


def _folder() -> Path:
    return paths.resource("data") / "published"


def list_sources() -> pd.DataFrame:
    """List the published evaluations that come with evalkit.

    Returns
    -------
    pandas.DataFrame
        One row a source, sorted by its name: `source, title, citation, address, what_was_seen, licence, design,
        cannot_tell`, all text.

    Raises
    ------
    DataError
        When `sources.csv` is missing or lacks a column.
    """
    path = _folder() / "sources.csv"
    frame = read_csv(path)
    require(missing_columns(frame, SOURCE_COLUMNS, path.name))
    known = {file.stem for file in source_files()}
    return frame[frame["source"].isin(known)].sort_values("source", ignore_index=True)


def source_files() -> list[Path]:
    """List the files with printed figures.

    Returns
    -------
    list of pathlib.Path
        Sorted by name.
    """
    return [path for path in list_files(_folder(), ["*.csv"]) if path.name != "sources.csv"]


def load_published(source: str | Path) -> pd.DataFrame:
    """Read the printed figures of one source and check them.

    Parameters
    ----------
    source : str or pathlib.Path
        A name that `list_sources` gives, or the path of a CSV file of your own with the same columns.

    Returns
    -------
    pandas.DataFrame
        One row a printed number: `source, table, row, group, wave, statistic, published` (the printed text),
        `decimals` (whole number, missing for a claim), `check` (the rule that recomputes it; empty for a number that
        only serves as input) and `note`.

    Raises
    ------
    DataError
        DAT-006 for an unknown source, DAT-001 or DAT-008 for a file that cannot be read, DAT-003 for a missing column,
        DAT-004 for a number that cannot be read, DAT-005 for decimals that contradict the printed text, DAT-002 for a
        value outside its range, DAT-007 for more events than people or exchanged limits, DAT-010 for a repeated row:
        all problems of the file at once.
    """
    path = _path(source)
    frame = read_csv(path)
    require(missing_columns(frame, COLUMNS, path.name))
    require(_number_problems(frame, path.name), _repeated(frame, path.name))
    require(_contradictions(frame, path.name))
    decimals = pd.to_numeric(frame["decimals"].str.strip().replace("", None)).astype("Int64")
    return frame.loc[:, list(COLUMNS)].assign(decimals=decimals)


def _path(source: str | Path) -> Path:
    if isinstance(source, Path) or source.endswith(".csv"):
        return Path(source)
    known = {path.stem: path for path in source_files()}
    if source not in known:
        raise DataError(
            Problem("DAT-006", "source", f'"{source}"', "a source that evalkit has", did_you_mean(source, known))
        )
    return known[source]


def _number_problems(frame: pd.DataFrame, place: str) -> Problems:
    problems: Problems = []
    rows = zip(frame["statistic"], frame["published"], frame["decimals"], strict=True)
    for position, (statistic, text, decimals) in enumerate(rows, start=2):
        if statistic != CLAIM:
            problems += _one_number(f"{place}, row {position}", statistic, text, decimals.strip())
    return problems


def _one_number(place: str, statistic: str, text: str, decimals: str) -> Problems:
    try:
        stated = int(decimals)
    except ValueError:
        return [
            Problem(
                "DAT-004",
                f"{place}, column decimals",
                repr(decimals),
                "a whole number",
                "Count the digits after the point.",
            )
        ]
    printed = parse_printed(text, stated)
    if printed is None:
        return [
            Problem(
                "DAT-004",
                f"{place}, column published",
                repr(text),
                "a printed number such as 84.0 or <0.01",
                f'Write the number alone, or call its statistic "{CLAIM}".',
            )
        ]
    if contradicts(printed):
        return [
            Problem(
                "DAT-005",
                place,
                f"{text!r} with decimals {stated}",
                "decimals that the text shows",
                "Copy the number as it is printed, trailing zeros included.",
            )
        ]
    return _range_problems(f"{place}, {statistic}", statistic, printed)


def _range_problems(place: str, statistic: str, printed: Printed) -> Problems:
    low, high, whole_number = _RANGES.get(statistic, (-math.inf, math.inf, False))
    if whole_number and (printed.operator != "=" or printed.value % 1):
        return [Problem("DAT-002", place, repr(printed.text), "a whole number", "Give people, not per cent.")]
    return within(place, float(printed.value), low=low, high=high)


def _contradictions(frame: pd.DataFrame, place: str) -> Problems:
    """Find more events than people, and limits that are exchanged, within one printed row."""
    keys = ["table", "row", "group", "wave"]
    numbered = frame.assign(position=range(2, len(frame) + 2))
    problems: Problems = []
    for low, high in (("count", "n"), ("conf_low", "conf_high")):
        sides = [numbered[numbered["statistic"] == name] for name in (low, high)]
        for pair in sides[0].merge(sides[1], on=keys, suffixes=("_low", "_high")).itertuples(index=False):
            one, other = parse_printed(str(pair.published_low)), parse_printed(str(pair.published_high))
            if one is not None and other is not None and one.value > other.value:
                problems.append(
                    Problem(
                        "DAT-007",
                        f"{place}, rows {pair.position_low} and {pair.position_high}",
                        f"{low} {one.text} above {high} {other.text}",
                        f"{low} at most {high}",
                        "Check the print: exchanged, or a minus sign lost.",
                    )
                )
    return problems


def _repeated(frame: pd.DataFrame, place: str) -> Problems:
    keys = ["table", "row", "group", "wave", "statistic"]
    return [
        Problem(
            "DAT-010",
            f"{place}, row {position + 2}",
            "the same table, row, group, wave and statistic as above",
            "each printed number once",
            "Tell the rows apart by group or wave.",
        )
        for position in [int(at) for at, again in enumerate(frame.duplicated(keys)) if again]
    ]


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """One printed number of a source.

    Parameters
    ----------
    table, row, group, wave, statistic, note : str
        Where it stands and what it is; empty where it does not apply.
    text : str
        As printed.
    printed : Printed or None
        The number; None for a claim.
    """

    table: str
    row: str
    group: str
    wave: str
    statistic: str
    text: str
    note: str
    printed: Printed | None

    @property
    def number(self) -> Printed:
        """The printed number.

        Raises
        ------
        TypeError
            For a claim: `reproduce` lets no rule that wants a number see one.
        """
        if self.printed is None:
            msg = f"{self.text!r} is a claim, not a number"
            raise TypeError(msg)
        return self.printed


def _printed_row(record: dict[Hashable, Any]) -> PrintedRow:
    claim = record["statistic"] == CLAIM
    text = record["published"]
    return PrintedRow(
        table=record["table"],
        row=record["row"],
        group=record["group"],
        wave=record["wave"],
        statistic=record["statistic"],
        text=text,
        note=record["note"],
        printed=None if claim else parse_printed(text, int(record["decimals"])),
    )


class Figures:
    """The printed numbers of one source, found by where they stand.

    Parameters
    ----------
    frame : pandas.DataFrame
        What `load_published` returns.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.rows: Sequence[tuple[PrintedRow, str]] = tuple(
            (_printed_row(record), record["check"]) for record in frame.to_dict("records")
        )

    def find(
        self, like: PrintedRow, statistic: str, *, group: str | None = None, wave: str | None = None
    ) -> Printed | None:
        """Find a printed number beside another one.

        Parameters
        ----------
        like : PrintedRow
            Gives table and row, and group and wave unless they are named.
        statistic : str
            Which number.
        group, wave : str, optional
            Where it differs from `like`.

        Returns
        -------
        Printed or None
            The number of that group, else the one that is printed for the whole row.
        """
        group = like.group if group is None else group
        wave = like.wave if wave is None else wave
        for one, other in ((group, wave), (group, ""), ("", wave), ("", "")):
            for row, _ in self.rows:
                same = (row.table, row.row, row.statistic) == (like.table, like.row, statistic)
                if same and (row.group, row.wave) == (one, other):
                    return row.printed
        return None

    def beside(self, like: PrintedRow, statistic: str) -> list[PrintedRow]:
        """List a statistic for all groups and waves of a printed row.

        Parameters
        ----------
        like : PrintedRow
            Gives table and row.
        statistic : str
            Which numbers.

        Returns
        -------
        list of PrintedRow
            In the order of the file.
        """
        return [
            row
            for row, _ in self.rows
            if (row.table, row.row, row.statistic) == (like.table, like.row, statistic) and row.printed is not None
        ]

    def in_table(self, like: PrintedRow, statistic: str) -> list[PrintedRow]:
        """List a statistic for all rows of a table.

        Parameters
        ----------
        like : PrintedRow
            Gives the table.
        statistic : str
            Which numbers.

        Returns
        -------
        list of PrintedRow
            In the order of the file.
        """
        return [row for row, _ in self.rows if (row.table, row.statistic) == (like.table, statistic) and row.printed]
