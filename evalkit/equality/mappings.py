"""From the words of a file to the groups of an indicator: ethnicity, bands, staff groups, exits, survey questions.

Each mapping is a table in `data/workforce/` that a frame of the user's can replace. "not stated" is a group of its own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit import paths
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.files import list_files, read_csv
from evalkit.frames import Problems, missing_columns, require, rows_named

NOT_STATED = "not stated"
Group = Literal["bme", "broad", "label"]

# Tables that one of your own may replace.
OWN = ("ethnicity", "bands", "staff_groups", "exit_types", "survey_questions")

_FOLDER = "workforce"
# The version of the ethnic categories that has national codes: letters.
_NATIONAL = "16+1"
# Columns that say where a row is from, or may be left out.
_TOLD = ("version", "code", "also", "source", "certainty", "note", "order", "text")
_NOT_WORDS = re.compile(r"[\W_]+")
_WHOLE = re.compile(r"(\d+)\.0+", re.ASCII)
# Staff records split national codes of ethnicity by a second character: what the first says is certain.
_SECOND = re.compile(r"(?=C[23A-HJ-NP-Y]|G[A-F]|L[A-HJK]|P[A-E]|S[A-E])([CGLPS]).(?:\s+(.*))?", re.ASCII)
_MOST_WITHIN = 12
_MOST = 8  # unknown labels of a column that get a message of their own


def load_mapping(name: str) -> pd.DataFrame:
    """Read one of the tables that come with evalkit.

    Parameters
    ----------
    name : str
        Its file without the ending: ethnicity, bands, staff_groups, exit_types, survey_questions, wres_indicators,
        edi_metrics, plan_measures, restated_figures; dictionary and files describe the standard inputs.

    Returns
    -------
    pandas.DataFrame
        All columns of type str, an empty cell is the empty string; yours to change.

    Raises
    ------
    DataError
        DAT-006 for a table that is not there.

    Examples
    --------
    >>> load_mapping("wres_indicators").loc[2, "adverse"]
    'above 1'
    """
    folder = paths.resource("data") / _FOLDER
    known = [path.stem for path in list_files(folder, ["*.csv"])]
    if name not in known:
        require([Problem("DAT-006", "mapping", f'"{name}"', "a table of evalkit", did_you_mean(str(name), known))])
    return _read(name).copy()


def read_mappings(folder: Path) -> dict[str, pd.DataFrame]:
    """Read mapping tables of your own.

    Parameters
    ----------
    folder : pathlib.Path
        Holds any of ethnicity.csv, bands.csv, staff_groups.csv, exit_types.csv and survey_questions.csv, with the
        columns of the tables of evalkit.

    Returns
    -------
    dict of str to pandas.DataFrame
        Name -> table, all columns of type str.

    Raises
    ------
    DataError
        DAT-001 for no such folder, or none of these tables in it; DAT-003 for a table without a column of that of
        evalkit; DAT-006 for a table of another name; DAT-007, DAT-008 or DAT-010 when one cannot be read.
    """
    if not folder.is_dir():
        require([Problem("DAT-001", folder.name, "no such folder", "a folder of mapping tables", "Check the name.")])
    found: dict[str, pd.DataFrame] = {}
    problems: Problems = []
    for path in list_files(folder, ["*.csv"]):
        if path.stem not in OWN:
            problems.append(Problem("DAT-006", path.name, "a table of another name", ", ".join(OWN),
                                    did_you_mean(path.stem, OWN)))  # fmt: skip
            continue
        try:
            found[path.stem] = read_csv(path)
        except DataError as error:
            problems += error.problems
            continue
        wanted = [name for name in _read(path.stem).columns if name not in _TOLD]
        problems += missing_columns(found[path.stem], wanted, path.name)
    if not found and not problems:
        expected = f"{'.csv, '.join(OWN)}.csv"
        problems.append(Problem("DAT-001", folder.name, "no mapping table", expected, "Copy one of evalkit's."))
    require(problems)
    return found


@functools.cache
def _read(name: str) -> pd.DataFrame:
    return read_csv(paths.resource("data") / _FOLDER / f"{name}.csv")


def folded(text: str) -> str:
    """Bring a label into the form in which labels are compared.

    Parameters
    ----------
    text : str
        A label.

    Returns
    -------
    str
        Without case, blanks, dashes and other marks; "&" is "and".

    Examples
    --------
    >>> folded("Nursing & Midwifery  Registered") == folded("nursing and midwifery-registered")
    True
    """
    return _NOT_WORDS.sub("", text.casefold().replace("&", "and"))


@dataclass(frozen=True, slots=True)
class Labels:
    """What labels stand for.

    Parameters
    ----------
    known : mapping of str to str
        Label in the form in which labels are compared -> what it stands for.
    levels : tuple of str
        All that labels can stand for, in order, "not stated" last.
    shown : tuple of str
        Labels to suggest for one that is not known.
    codes : mapping of str to str
        National code of ethnicity, a letter -> what it stands for: "CY White Other European" begins with one and a
        second letter of staff records.
    """

    known: Mapping[str, str]
    levels: tuple[str, ...]
    shown: tuple[str, ...]
    codes: Mapping[str, str] = field(default_factory=dict)

    def apply(self, values: Any, *, place: str, rows: Sequence[int] | None = None) -> tuple[pd.Categorical, Problems]:
        """Map labels, each different one once.

        Parameters
        ----------
        values : array_like of str
            Shape (rows,); blank or missing is what "not stated" stands for.
        place : str
            Column or argument, for the message.
        rows : sequence of int, optional
            Where each value stands, as messages count it; else from 1.

        Returns
        -------
        tuple of (pandas.Categorical, list of Problem)
            Shape (rows,), all levels kept; DAT-006 for each unknown label, with its rows and the nearest known one.
            An unknown label is missing in what is returned.
        """
        codes, found = _distinct(values)
        place_of = {level: number for number, level in enumerate(self.levels)}
        blank = self.known[folded(NOT_STATED)]
        meant = [self._meant(text.strip()) if text.strip() else blank for text in [*found, ""]]
        narrow = np.int8 if len(self.levels) < 128 else np.int64  # what a categorical keeps: no copy of millions
        target = np.array([-1 if one is None else place_of[one] for one in meant], dtype=narrow)
        unknown = [number for number, one in enumerate(meant) if one is None]
        problems = [self._unknown(codes, number, found[number], place, rows) for number in unknown[:_MOST]]
        if len(unknown) > _MOST:
            problems.append(self._more(codes, unknown[_MOST:], place, rows))
        return pd.Categorical.from_codes(target[codes], categories=list(self.levels)), problems

    def _meant(self, text: str) -> str | None:
        """Look a label up; of a code that staff records split further the first letter counts."""
        meant = self.known.get(folded(text))
        split = _SECOND.fullmatch(text) if meant is None and self.codes else None
        if split is None or self.known.get(folded(split[2] or "")) is not None:  # the words may say something else
            return meant
        return self.codes.get(split[1])

    def _unknown(
        self, codes: npt.NDArray[np.integer[Any]], number: int, text: str, place: str, rows: Sequence[int] | None
    ) -> Problem:
        where = rows_named(_positions(np.flatnonzero(codes == number), rows))
        # Where several labels hold what was written, the nearest one would be a guess: "Band 8" is none of 8a to 8d.
        within = [one for one in self.shown if folded(text) and folded(text) in folded(one)]
        several = 1 < len(within) <= _MOST_WITHIN
        remedy = f"Say which one: {', '.join(within)}." if several else did_you_mean(text, self.shown)
        return Problem("DAT-006", f"{place}, {where}", "a label that is not known", "a label of the mapping", remedy)

    def _more(
        self, codes: npt.NDArray[np.integer[Any]], numbers: Sequence[int], place: str, rows: Sequence[int] | None
    ) -> Problem:
        where = rows_named(_positions(np.flatnonzero(np.isin(codes, numbers)), rows))
        found = f"{len(numbers)} more labels that are not known"
        remedy = "Correct them, or give a mapping of your own."
        return Problem("DAT-006", f"{place}, {where}", found, "labels of the mapping", remedy)


def _distinct(values: Any) -> tuple[npt.NDArray[np.integer[Any]], list[str]]:
    """Number the different values; -1, which is the last of what is numbered, stands for a missing one."""
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    if isinstance(series.dtype, pd.CategoricalDtype):
        return series.cat.codes.to_numpy(), [_text(one) for one in series.cat.categories]
    codes, found = pd.factorize(series)
    return np.asarray(codes), [_text(one) for one in found]


def _text(value: object) -> str:
    """Write a value as text, a whole number without the ".0" that spreadsheets print."""
    text = str(value)
    return found[1] if (found := _WHOLE.fullmatch(text.strip())) else text


def _positions(found: npt.NDArray[np.int64], rows: Sequence[int] | None) -> list[int]:
    return [int(at) + 1 if rows is None else int(rows[at]) for at in found]


def labels_of(table: pd.DataFrame, *, to: str, label: str = "label", place: str = "table") -> Labels:
    """Make ready what a mapping table says.

    Parameters
    ----------
    table : pandas.DataFrame
        A mapping; the columns `also` (other spellings, separated by semicolons) and `code` are used where they are
        there: a label may be written as its code, or as its code and any of its spellings. With several versions in one
        table the first that knows a label counts.
    to : str
        The column whose values are wanted; labels with an empty cell there cannot be mapped.
    label : str, default "label"
        The column of the labels.
    place : str, default "table"
        For the message.

    Returns
    -------
    Labels
        What "not stated" stands for is always a level; where the table does not say, it stands for itself, as the last.

    Raises
    ------
    DataError
        DAT-003 for a missing column, DAT-010 when one version holds a label twice with two meanings.
    """
    require(missing_columns(table, [label, to], place))
    text = table.fillna("").astype(str)
    known: dict[str, str] = {}
    version_of: dict[str, str] = {}
    clashes: list[int] = []
    coded: list[tuple[str, str]] = []
    for at, row in enumerate(text.to_dict("records"), start=1):
        names = [row[label], *row.get("also", "").split(";")]
        spellings = [*names, row.get("code", "")]
        if row.get("code", "").strip():  # "A White - British", as staff records print it
            coded += [(folded(f"{row['code']} {one}"), row[to]) for one in names if one.strip()]
        for key in {folded(one) for one in spellings} - {""}:
            if key in known and version_of[key] == row.get("version", "") and known[key] != row[to]:
                clashes.append(at)
            known.setdefault(key, row[to])
            version_of.setdefault(key, row.get("version", ""))
    if clashes:
        remedy = "Give each label one meaning in a version."
        require(
            [Problem("DAT-010", f"{place}, {rows_named(clashes)}", "a label that is there already", "once", remedy)]
        )
    for key, meant in coded:
        known.setdefault(key, meant)
    known = {key: meant for key, meant in known.items() if meant}
    last = known.setdefault(folded(NOT_STATED), NOT_STATED)
    levels = [one for one in dict.fromkeys(text[to]) if one and one != NOT_STATED]
    levels += [last] if last not in levels else []
    codes = {row["code"]: row[to] for row in text.to_dict("records") if row.get("version") == _NATIONAL and row[to]}
    return Labels(MappingProxyType(known), tuple(levels), tuple(dict.fromkeys(text[label])), MappingProxyType(codes))


@functools.cache
def _shipped(name: str, to: str, label: str) -> Labels:
    return labels_of(_read(name), to=to, label=label, place=f"{name}.csv")


def labels_for(name: str, *, to: str, label: str = "label", table: pd.DataFrame | None = None) -> Labels:
    """Make ready a mapping by its name, or the frame that replaces it.

    Parameters
    ----------
    name : str
        As in `load_mapping`.
    to : str
        The column whose values are wanted.
    label : str, default "label"
        The column of the labels.
    table : pandas.DataFrame, optional
        Counts instead of the table that comes with evalkit.

    Returns
    -------
    Labels
        As `labels_of` makes them.

    Raises
    ------
    DataError
        As `labels_of`.
    """
    return _shipped(name, to, label) if table is None else labels_of(table, to=to, label=label, place=name)


def _mapped(values: Any, labels: Labels, place: str) -> pd.Categorical:
    mapped, problems = labels.apply(values, place=place)
    require(problems)
    return mapped


def ethnic_group(values: Any, *, to: Group = "bme", table: pd.DataFrame | None = None) -> pd.Categorical:
    """Group ethnicities.

    Parameters
    ----------
    values : array_like of str
        Shape (people,): labels or codes of 18+1, 16+1, 5+1 or two groups; blank or missing is "not stated".
    to : {"bme", "broad", "label"}, default "bme"
        BME and white; the five broad groups; or the full labels.
    table : pandas.DataFrame, optional
        Columns `label` and that of `to`; counts instead of `data/workforce/ethnicity.csv`.

    Returns
    -------
    pandas.Categorical
        Shape (people,); all groups are levels, "not stated" the last.

    Raises
    ------
    DataError
        DAT-006 for labels that are not known, or too coarse for what is asked; DAT-003 for a table without a column.

    Examples
    --------
    >>> list(ethnic_group(["Asian - Indian", "white: irish", "", "Z"]))
    ['BME', 'white', 'not stated', 'not stated']
    """
    return _mapped(values, labels_for("ethnicity", to=to, table=table), "ethnicity")


def band_label(values: Any, *, table: pd.DataFrame | None = None) -> pd.Categorical:
    """Bring bands into one spelling.

    Parameters
    ----------
    values : array_like of str
        Shape (people,); blank or missing is "not stated".
    table : pandas.DataFrame, optional
        Column `label`; counts instead of `data/workforce/bands.csv`.

    Returns
    -------
    pandas.Categorical
        Shape (people,); levels from the lowest band up, "not stated" last.

    Raises
    ------
    DataError
        DAT-006 for an unknown band, DAT-003 for a table without a column.

    Examples
    --------
    >>> list(band_label(["5", "AfC 8A", "vsm"]))
    ['Band 5', 'Band 8a', 'VSM']
    """
    return _mapped(values, labels_for("bands", to="label", table=table), "band")


def band_cluster(values: Any, *, table: pd.DataFrame | None = None) -> pd.Categorical:
    """Group bands for the disparity ratio.

    Parameters
    ----------
    values : array_like of str
        Shape (people,); blank or missing is "not stated".
    table : pandas.DataFrame, optional
        Columns `label` and `cluster`; counts instead of `data/workforce/bands.csv`.

    Returns
    -------
    pandas.Categorical
        Shape (people,): lower (up to band 5), middle (6 and 7), upper (8a and above), not clustered, not stated.

    Raises
    ------
    DataError
        DAT-006 for an unknown band, DAT-003 for a table without a column.

    Examples
    --------
    >>> list(band_cluster(["Band 5", "Band 6", "Band 8a"]))
    ['lower', 'middle', 'upper']
    """
    return _mapped(values, labels_for("bands", to="cluster", table=table), "band")


def is_senior(values: Any, *, table: pd.DataFrame | None = None) -> npt.NDArray[np.bool_]:
    """Tell whose band is a senior one.

    Parameters
    ----------
    values : array_like of str
        Shape (people,); blank or missing is not senior.
    table : pandas.DataFrame, optional
        Columns `label` and `senior` (yes or no); counts instead of `data/workforce/bands.csv`.

    Returns
    -------
    numpy.ndarray of bool
        Shape (people,): band 8c and above.

    Raises
    ------
    DataError
        DAT-006 for an unknown band, DAT-003 for a table without a column.

    Examples
    --------
    >>> is_senior(["Band 8b", "Band 8c"]).tolist()
    [False, True]
    """
    return np.asarray(_mapped(values, labels_for("bands", to="senior", table=table), "band") == "yes")


def staff_group(values: Any, *, table: pd.DataFrame | None = None) -> pd.Categorical:
    """Bring staff groups into one spelling.

    Parameters
    ----------
    values : array_like of str
        Shape (people,); blank or missing is "not stated".
    table : pandas.DataFrame, optional
        Column `label`; counts instead of `data/workforce/staff_groups.csv`.

    Returns
    -------
    pandas.Categorical
        Shape (people,).

    Raises
    ------
    DataError
        DAT-006 for an unknown staff group, DAT-003 for a table without a column.

    Examples
    --------
    >>> list(staff_group(["nursing & midwifery"]))
    ['Nursing and Midwifery Registered']
    """
    return _mapped(values, labels_for("staff_groups", to="label", table=table), "staff_group")


def exit_type(reasons: Any, *, table: pd.DataFrame | None = None) -> pd.Categorical:
    """Type the reasons for leaving.

    Parameters
    ----------
    reasons : array_like of str
        Shape (leavers,); blank or missing is the type "unknown".
    table : pandas.DataFrame, optional
        Columns `reason` and `exit_type`; counts instead of `data/workforce/exit_types.csv`.

    Returns
    -------
    pandas.Categorical
        Shape (leavers,): left the service, moved to another employer, retired, career break, end of contract,
        dismissed, died, unknown, record closed.

    Raises
    ------
    DataError
        DAT-006 for an unknown reason, DAT-003 for a table without a column.

    Examples
    --------
    >>> list(exit_type(["Retirement Age", "maternity leave", ""]))
    ['retired', 'career break', 'unknown']
    """
    return _mapped(reasons, _exits("exit_type", table), "reason")


def _exits(to: str, table: pd.DataFrame | None) -> Labels:
    return labels_for("exit_types", to=to, label="reason", table=table)


def is_loss(reasons: Any, *, count_breaks: bool = False, table: pd.DataFrame | None = None) -> npt.NDArray[np.bool_]:
    """Tell which exits are losses of active service.

    Parameters
    ----------
    reasons : array_like of str
        Shape (leavers,); blank or missing is a loss of unknown type.
    count_breaks : bool, default False
        Count career breaks and maternity leave as losses too.
    table : pandas.DataFrame, optional
        Columns `reason`, `exit_type` and `loss` (yes or no); counts instead of `data/workforce/exit_types.csv`.

    Returns
    -------
    numpy.ndarray of bool
        Shape (leavers,). Records that were closed though nobody left are never losses.

    Raises
    ------
    DataError
        DAT-006 for an unknown reason, DAT-003 for a table without a column.

    Examples
    --------
    >>> is_loss(["Retirement Age", "Career Break"]).tolist()
    [True, False]
    """
    loss = np.asarray(_mapped(reasons, _exits("loss", table), "reason") == "yes")
    return loss | np.asarray(exit_type(reasons, table=table) == "career break") if count_breaks else loss


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the staff survey in a year.

    Parameters
    ----------
    key : str
        What it is called in all years.
    year : int
        Of the survey.
    number : str
        Number or numbers in that year; empty where it is not known.
    text : str
        What it asks, in our own words.
    direction : str
        Whether a higher share is "adverse" or "favourable".
    certainty : str
        Where the number is from.
    """

    key: str
    year: int
    number: str
    text: str
    direction: str
    certainty: str


def survey_question(key: str, year: int, *, table: pd.DataFrame | None = None) -> Question:
    """Look a question of the staff survey up.

    Parameters
    ----------
    key : str
        Its key, or its number in that year.
    year : int
        Of the survey.
    table : pandas.DataFrame, optional
        Columns `key`, `year`, `question`, `text`, `direction`, `certainty`; counts instead of
        `data/workforce/survey_questions.csv`.

    Returns
    -------
    Question
        With the number that it has in that year.

    Raises
    ------
    DataError
        DAT-003 for a table without a column, DAT-006 for an unknown question, or one that the table does not have for
        that year.

    Examples
    --------
    >>> survey_question("harassment_public", 2023).number
    'q14a'
    """
    rows = _read("survey_questions") if table is None else table.fillna("").astype(str)
    columns = ["key", "year", "question", "text", "direction", "certainty"]
    require(missing_columns(rows, columns, "survey_questions"))
    asked = rows[(rows["key"].map(folded) == folded(key)) | (rows["question"].map(folded) == folded(key))]
    of_year = asked[asked["year"] == str(year)]
    if of_year.empty:
        known = sorted(set(rows["key"]))
        years = f"a year of {', '.join(sorted(set(asked['year'])))}" if len(asked) else "a question of the table"
        remedy = "Add a row to a table of your own." if len(asked) else did_you_mean(key, known)
        require([Problem("DAT-006", "question", f'"{key}" in {year}', years, remedy)])
    row = of_year.iloc[0]
    return Question(row["key"], int(row["year"]), row["question"], row["text"], row["direction"], row["certainty"])
