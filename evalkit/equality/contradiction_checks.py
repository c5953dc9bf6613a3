"""What contradicts itself in the standard inputs: within a row, within a file, between files and years."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.dictionary import Input, standard_inputs
from evalkit.equality.typed_columns import rows_at
from evalkit.errors import Problem
from evalkit.frames import Problems

Flags = npt.NDArray[np.bool_]

# Hourly pay so many times above or below the median is named, and kept.
_EXTREME = 8.0
_HALF_UNIT = 0.5
_OF_PEOPLE = ("ethnicity", "sex", "disability", "age_band", "band", "staff_group", "department")
_BY_YEAR = ("recruitment", "cpd", "survey", "vacancies", "support")
_SURVEY = "survey"
_BY_PERSON = ("leavers", "disciplinary", "cpd", "pay")


@dataclass(slots=True)
class Check:
    """What is found wrong in frames that are typed.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        The standard inputs by name.
    places : mapping of str to str
        Name -> what messages call it.
    rows : mapping of str to sequence of int
        Name -> where each row stands; rows count from 1 where it is not given.
    allow_gaps : bool
        Warn of years that are missing from a series, in place of refusing.
    problems, warnings : list of Problem
        What was found.
    """

    frames: Mapping[str, pd.DataFrame]
    places: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Sequence[int]] = field(default_factory=dict)
    allow_gaps: bool = False
    problems: Problems = field(default_factory=list)
    warnings: Problems = field(default_factory=list)

    def frame(self, name: str, *columns: str) -> pd.DataFrame | None:
        """Give an input, if it is there with these columns.

        Parameters
        ----------
        name : str
            Of the input.
        *columns : str
            That it must have.

        Returns
        -------
        pandas.DataFrame or None
            None where something is missing.
        """
        frame = self.frames.get(name)
        return frame if frame is not None and set(columns) <= set(frame.columns) else None

    def place(self, name: str) -> str:
        """Name an input in a message.

        Parameters
        ----------
        name : str
            Of the input.

        Returns
        -------
        str
            Its file, where it has one.
        """
        return self.places.get(name, name)

    def note(
        self, code: str, name: str, wrong: Flags, found: str, expected: str, remedy: str, *, warn: bool = False
    ) -> None:
        """Note a problem, if some row has it.

        Parameters
        ----------
        code : str
            Of the error.
        name : str
            Of the input.
        wrong : numpy.ndarray of bool
            Shape (rows,): which rows have it.
        found, expected, remedy : str
            As in `Problem`.
        warn : bool, default False
            Whether it is kept with a warning.
        """
        if wrong.any():
            place = f"{self.place(name)}, {rows_at(np.asarray(wrong), self.rows.get(name))}"
            (self.warnings if warn else self.problems).append(Problem(code, place, found, expected, remedy))


def contradictions(check: Check) -> None:
    """Look for what contradicts itself.

    Parameters
    ----------
    check : Check
        The typed frames; problems and warnings are added to it.
    """
    for one in standard_inputs():
        _repeated(check, one)
    for look in _LOOKS:
        look(check)


def _repeated(check: Check, one: Input) -> None:
    frame = check.frame(one.name, *one.key)
    if frame is None:
        return
    keyed = frame[list(one.key)]
    again = keyed.duplicated().to_numpy(bool) & keyed.notna().all(axis=1).to_numpy(bool)
    what = " and ".join(one.key)
    check.note("DAT-010", one.name, again, f"the same {what} again", f"one row for {one.row_is}", "Delete one of them.")


def _funnel(check: Check) -> None:
    frame = check.frame("recruitment", "shortlisted", "appointed")
    if frame is None:
        return
    shortlisted, appointed = (frame[name].to_numpy(bool) for name in ("shortlisted", "appointed"))
    remedy = "Correct one of the two."
    check.note(
        "DAT-007", "recruitment", appointed & ~shortlisted, "appointed, not shortlisted", "shortlisted first", remedy
    )
    if "applied" in frame.columns:
        not_applied = shortlisted & ~frame["applied"].to_numpy(bool)
        check.note("DAT-007", "recruitment", not_applied, "shortlisted, not applied", "applied first", remedy)


def _parts(check: Check) -> None:
    """Counts that exceed their totals, and totals of nobody."""
    for name, part, whole in (("survey", "agreed", "answered"), ("support", "offered", "affected"),
                              ("support", "used", "offered"), ("vacancies", "vacant", "posts")):  # fmt: skip
        frame = check.frame(name, whole)
        if frame is None:
            continue
        total = frame[whole].to_numpy(float)
        if part in frame.columns:
            exceeds = frame[part].to_numpy(float) > total
            check.note(
                "DAT-007", name, exceeds, f"more {part} than {whole}", f"at most {whole}", "Correct one of the two."
            )
        if name != "vacancies":
            remedy = "Delete the row, or correct it."
            nobody = total == 0
            if whole == "offered" and "affected" in frame.columns:  # support for none of those affected is told
                nobody &= ~(frame["affected"].to_numpy(float) > 0)
            check.note("DAT-021", name, nobody, f"a group of which nobody counts as {whole}", "at least 1", remedy)
            remedy = "No output may show it."
            check.note("DAT-021", name, total == 1, "a group of one person", "at least 2", remedy, warn=True)


def _percentages(check: Check) -> None:
    frame = check.frame("survey", "answered", "per_cent")
    if frame is None:
        return
    agreed = frame["agreed"].to_numpy(float) if "agreed" in frame.columns else np.full(len(frame), np.nan)
    share, answered = frame["per_cent"].to_numpy(float), frame["answered"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(100 * agreed / answered - share) > _HALF_UNIT
    remedy = "Correct the count or the percentage."
    check.note("DAT-007", "survey", apart, "per_cent that does not follow from agreed", "100 agreed / answered", remedy)
    neither = np.isnan(agreed) & np.isnan(share)
    check.note(
        "DAT-019", "survey", neither, "neither agreed nor per_cent", "one of them", "Fill it, or delete the row."
    )


def _no_agreed(check: Check) -> None:
    frame = check.frame("survey", "answered")
    if frame is None or "per_cent" in frame.columns:
        return
    if "agreed" not in frame.columns:
        place = check.place("survey")
        check.problems.append(Problem("DAT-003", place, "neither agreed nor per_cent", "one of them", "Add a column."))
        return
    empty = np.isnan(frame["agreed"].to_numpy(float))
    check.note("DAT-019", "survey", empty, "empty cells in agreed", "a count", "Fill it, or add per_cent.")


def _one_group(check: Check) -> None:
    """Questions that one group alone has answered: there is no gap."""
    frame = check.frame("survey", "year", "question", "characteristic", "group")
    if frame is None or frame.empty:
        return
    keys = ["year", "question", "characteristic"]
    groups = frame.groupby(keys, observed=True)["group"].transform("nunique").to_numpy(float)
    alone = (groups == 1) & (frame["characteristic"] != "all").to_numpy(bool)
    check.note("DAT-021", "survey", alone, "one group only", "the group that it is compared with", "Add it.", warn=True)


def _stays(check: Check) -> None:
    """Leavers before they began, and after whose leaving there is a snapshot."""
    staff, leavers = check.frame("staff_in_post", "person", "snapshot"), check.frame("leavers", "person", "left")
    if staff is None or leavers is None:
        return
    left = leavers["left"]
    if "started" in staff.columns:
        begun = staff.groupby("person", observed=True)["started"].min()
        before = (left < leavers["person"].map(begun).astype("datetime64[ns]")).to_numpy(bool)
        remedy = "Correct one of the two days."
        check.note("DAT-007", "leavers", before, "left before started", "a day after started", remedy)
    last = leavers["person"].map(staff.groupby("person", observed=True)["snapshot"].max()).astype("datetime64[ns]")
    there = (left < last).to_numpy(bool)
    remedy = "Right for people who came back; else correct it."
    check.note("DAT-007", "leavers", there, "in post at a snapshot after leaving", "no snapshot", remedy, warn=True)


def _service(check: Check) -> None:
    staff = check.frame("staff_in_post", "snapshot", "started")
    if staff is not None:
        late = (staff["started"] > staff["snapshot"]).to_numpy(bool)
        check.note(
            "DAT-007", "staff_in_post", late, "started after the snapshot", "a day before", "Correct one of the two."
        )


def _strangers(check: Check) -> None:
    """People of other files whom no snapshot knows: some may have come and gone between two, not most of them."""
    staff = check.frame("staff_in_post", "person")
    if staff is None:
        return
    known = pd.Index(staff["person"].unique())
    for name in _BY_PERSON:
        frame = check.frame(name, "person")
        if frame is None or frame.empty:
            continue
        strange = ~frame["person"].isin(known).to_numpy(bool)
        most = strange.mean() > _HALF_UNIT
        remedy = (
            "Use the same numbers for people in all files."
            if most
            else "Right for those who came and went between two snapshots."
        )
        check.note(
            "DAT-007", name, strange, "people who are in no snapshot", "people of staff-in-post", remedy, warn=not most
        )


def _pay(check: Check) -> None:
    frame = check.frame("pay", "hourly")
    if frame is None:
        return
    hourly = frame["hourly"].to_numpy(float)
    known = hourly[~np.isnan(hourly)]
    if not len(known):
        return
    middle = float(np.median(known))
    with np.errstate(invalid="ignore"):
        extreme = (hourly > _EXTREME * middle) | (hourly < middle / _EXTREME)
    expected = f"from an eighth of the median to {_EXTREME:g} times it"
    remedy = "They were kept; make sure that they are pounds an hour."
    check.note("DAT-002", "pay", extreme, "extreme hourly pay", expected, remedy, warn=True)


def _targets(check: Check) -> None:
    frame = check.frame("targets", "baseline_year", "target_year")
    if frame is not None:
        early = (frame["target_year"] <= frame["baseline_year"]).to_numpy(bool)
        remedy = "Correct one of the two."
        check.note("DAT-007", "targets", early, "a target year not after the baseline", "a later year", remedy)


def _lonely(check: Check) -> None:
    """Categories with one person at the last snapshot."""
    staff = check.frame("staff_in_post", "snapshot")
    if staff is None or staff.empty:
        return
    last = staff[staff["snapshot"] == staff["snapshot"].max()]
    for column in _OF_PEOPLE:
        if column in last.columns:
            single = int((last[column].value_counts() == 1).sum())
            if single:
                place = f'{check.place("staff_in_post")}, column "{column}"'
                found = f"{single} categor{'y' if single == 1 else 'ies'} with one person"
                remedy = "Kept; join categories before you show them."
                check.warnings.append(Problem("DAT-021", place, found, "at least 2 people", remedy))


def _years(check: Check) -> None:
    """Years missing from a series, and files of other years than the staff."""
    staff = check.frame("staff_in_post", "snapshot")
    years = {} if staff is None else {"staff_in_post": _distinct(staff["snapshot"].dt.year)}
    for name in _BY_YEAR:
        frame = check.frame(name, "year")
        if frame is not None:
            years[name] = _distinct(frame["year"])
    for name, known in years.items():
        _gap(check, name, known)
    ours = years.pop("staff_in_post", set())
    for name, known in years.items():
        _apart(check, name, known, ours)
    pay = check.frame("pay", "snapshot")
    if staff is not None and pay is not None:
        other = ~pay["snapshot"].isin(staff["snapshot"].unique()).to_numpy(bool) & pay["snapshot"].notna().to_numpy(
            bool
        )
        remedy = "Give pay and staff of the same day."
        check.note("DAT-020", "pay", other, "a snapshot that staff-in-post does not have", "the same days", remedy)


def _distinct(years: pd.Series) -> set[int]:
    return {int(year) for year in years.dropna().unique() if year > 0}


def _gap(check: Check, name: str, known: set[int]) -> None:
    lost = sorted(set(range(min(known), max(known) + 1)) - known) if known else []
    if lost:
        found = f"no {', '.join(map(str, lost))} between {min(known)} and {max(known)}"
        remedy = "Add the year, or allow gaps: the series then shows one."
        target = check.warnings if check.allow_gaps else check.problems
        target.append(Problem("DAT-020", check.place(name), found, "every year", remedy))


def _apart(check: Check, name: str, known: set[int], ours: set[int]) -> None:
    if not known or not ours:
        return
    found = f"{_span(known)}, and staff-in-post {_span(ours)}"
    # The survey of an autumn goes with the snapshot of the next March.
    near = known | {year + 1 for year in known} if name == _SURVEY else known
    if not near & ours:
        remedy = "Give the files of the same years"
        remedy += "; a survey may be of the year before the snapshot." if name == _SURVEY else "."
        check.problems.append(Problem("DAT-020", check.place(name), found, "a year in common", remedy))
    elif max(known) != max(ours):
        remedy = "The latest values will be of different years."
        check.warnings.append(Problem("DAT-020", check.place(name), found, "the same latest year", remedy))


def _span(years: set[int]) -> str:
    return f"{min(years)}" if len(years) == 1 else f"{min(years)} to {max(years)}"


_LOOKS: tuple[Callable[[Check], None], ...] = (
    _service, _stays, _strangers, _funnel, _parts, _percentages, _no_agreed, _one_group, _pay, _targets, _lonely,
    _years,
)  # fmt: skip
