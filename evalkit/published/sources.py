"""Printed figures as data: one CSV a source, one row a printed number."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit import paths
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.files import list_files, read_csv
from evalkit.frames import Problems, missing_columns, require, within
from evalkit.published.printed import MOST_DECIMALS, MOST_DIGITS, Printed, contradicts, parse_printed

COLUMNS = ("source", "table", "row", "group", "wave", "statistic", "published", "decimals", "check", "note")
SOURCE_COLUMNS = ("source", "title", "citation", "address", "what_was_seen", "licence")
# The statistic whose printed form is a statement, not a number.
CLAIM = "claim"
# What one number may say for a whole row: all its groups, all its waves.
_SHARED = frozenset({"n", "n_at_most", "items"})
_DECIMALS = re.compile(r"[-+]?[0-9]{1,2}")
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
        One row a source, sorted by its name: `source, title, citation, address, what_was_seen, licence`, all
        text.

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
        value outside its range or of more than 15 digits, DAT-007 for more events than people, exchanged limits,
        decimals of a claim or a second source, DAT-009 for what is neither a name nor a path, DAT-010 for a repeated
        row: all problems of the file at once.
    """
    path = _path(source)
    raw = read_csv(path)
    require(missing_columns(raw, COLUMNS, path.name))
    frame = raw.loc[:, list(COLUMNS)].apply(lambda column: column.str.strip())
    require(
        _whole_file_problems(frame, path.name),
        _number_problems(frame, path.name),
        _contradictions(frame, path.name),
        _repeated(frame, path.name),
    )
    return frame.assign(decimals=pd.array([int(text) if text else None for text in frame["decimals"]], dtype="Int64"))


def _path(source: object) -> Path:
    if isinstance(source, Path):
        return source
    if not isinstance(source, str) or "\0" in source:
        found, remedy = repr(source), "Give a name that list_sources gives, or a path."
        raise DataError(Problem("DAT-009", "source", found, "a name or a path", remedy))
    if source.lower().endswith(".csv"):
        return Path(source)
    known = {path.stem: path for path in source_files()}
    if source not in known:
        raise DataError(
            Problem("DAT-006", "source", f'"{source}"', "a source that evalkit has", did_you_mean(source, known))
        )
    return known[source]


def _whole_file_problems(frame: pd.DataFrame, place: str) -> Problems:
    if frame.empty:
        return [Problem("DAT-001", place, "a header without rows", "at least one printed number", "Export it again.")]
    names = frame["source"].unique().tolist()
    if len(names) == 1:
        return []
    found = f"{len(names)} sources: {', '.join(map(repr, names[:4]))}"
    return [Problem("DAT-007", f"{place}, column source", found, "one source a file", "Split the file.")]


def _number_problems(frame: pd.DataFrame, place: str) -> Problems:
    problems: Problems = []
    rows = zip(frame["statistic"], frame["published"], frame["decimals"], strict=True)
    for position, (statistic, text, decimals) in enumerate(rows, start=2):
        where = f"{place}, row {position}"
        if statistic != CLAIM:
            problems += _one_number(where, statistic, text, decimals)
        elif decimals:
            remedy = "Leave it empty, or call the statistic by its name."
            problems.append(Problem("DAT-007", where, f"a claim with decimals {decimals!r}", "no decimals", remedy))
    return problems


def _one_number(place: str, statistic: str, text: str, decimals: str) -> Problems:
    if not _DECIMALS.fullmatch(decimals):
        return [
            Problem(
                "DAT-004",
                f"{place}, column decimals",
                repr(decimals),
                "a whole number",
                "Count the digits after the point.",
            )
        ]
    stated = int(decimals)
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
    if abs(stated) > MOST_DECIMALS or len(printed.value.as_tuple().digits) > MOST_DIGITS:
        found, most = f"{text!r} with decimals {stated}", f"at most {MOST_DIGITS} digits"
        return [Problem("DAT-002", place, found, most, "Check the number: no report prints so many.")]
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
    numbered = frame.assign(position=range(2, len(frame) + 2)).drop_duplicates([*keys, "statistic"])
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
    table, row, group, wave, statistic : str
        Where it stands and what it is; empty where it does not apply.
    text : str
        As printed.
    note : str
        What a reader must know.
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
        self._places: dict[tuple[str, ...], Printed] = {}
        self._tables: dict[tuple[str, str], list[PrintedRow]] = {}
        for row, _ in self.rows:
            if row.printed is not None:
                self._places[row.table, row.row, row.group, row.wave, row.statistic] = row.printed
                self._tables.setdefault((row.table, row.statistic), []).append(row)

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
            The number of that group and wave. A number of people or of items that is not printed there is taken from
            where it is printed for all waves or for the whole row, but the people of the whole row never stand in for
            those of a group that is named. None for a bound such as "<5", from which nothing can be computed.
        """
        places = [(like.group if group is None else group, like.wave if wave is None else wave)]
        if statistic in _SHARED:
            places.append((places[0][0], ""))
            if group is None or statistic != "n":
                places += [("", places[0][1]), ("", "")]
        for one, other in places:
            found = self._places.get((like.table, like.row, one, other, statistic))
            if found is not None:
                return found if found.operator == "=" else None
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
        return [row for row in self._tables.get((like.table, statistic), []) if row.row == like.row]

    def parts(self, like: PrintedRow, statistic: str, *, of_table: bool = False) -> list[PrintedRow]:
        """List the numbers of one wave that a total is made of.

        Parameters
        ----------
        like : PrintedRow
            Gives table, row and wave.
        statistic : str
            Which numbers.
        of_table : bool, default False
            Take all rows of the table.

        Returns
        -------
        list of PrintedRow
            In the order of the file; without `like` itself, and without the number for the whole row where it stands
            beside those of its groups.
        """
        rows = self._tables.get((like.table, statistic), []) if of_table else self.beside(like, statistic)
        seen = [row for row in rows if row.wave == like.wave and row is not like]
        grouped = {row.row for row in seen if row.group}
        return [row for row in seen if row.group or row.row not in grouped]

    def periods(self, like: PrintedRow, group: str) -> list[PrintedRow]:
        """List the rates of successive periods of a group: those that the rule of the life table checks.

        Parameters
        ----------
        like : PrintedRow
            Gives table and row.
        group : str
            Which group.

        Returns
        -------
        list of PrintedRow
            In the order of the file, which must be that of the periods.
        """
        return [
            row
            for row, check in self.rows
            if check == "life_table"
            and row.printed is not None
            and (row.table, row.row, row.group) == (like.table, like.row, group)
        ]
