"""Counts behind the metrics of the equality plan, from the standard inputs or as they come in from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.computability import reason_of
from evalkit.equality.count_tables import checked_counts
from evalkit.equality.counting import year_in
from evalkit.equality.mappings import NOT_STATED, ethnic_group, exit_type, labels_for, load_mapping
from evalkit.equality.race_standard_counts import wres_counts
from evalkit.equality.stability import INDEX, stability_index
from evalkit.equality.staff_columns import coded, years_of
from evalkit.equality.turnover import HEADCOUNT, leaver_rate
from evalkit.equality.typed_columns import Mappings
from evalkit.errors import EvalkitError, Problem
from evalkit.frames import Problems, require, rows_named

Frames = Mapping[str, pd.DataFrame]

COLUMNS = ("year", "indicator", "characteristic", "part", "group", "n", "events")
KEYS = list(COLUMNS[:5])
ALL = "all"
SURVEYED = ("ethnicity", "disability")
CHARACTERISTICS = (ALL, *SURVEYED, "recruited")
AT_START, AT_END, LEFT = "at start", "at end", "left"
ROUTES = {"recruitment_apprentice": "apprentice", "recruitment_graduate": "graduate"}
# What is counted, beside "survey_" and the key of a question.
COUNTED = ("staff", "shortlisted", "appointed", "disciplinary", "cpd", "leaver_rate", "stability_index", *ROUTES,
           "local_recruitment", "vacancy_rate", "support_offered_affected", "support_offered",
           "support_used")  # fmt: skip
# By which characteristics an indicator is told; a question by any, what is not here by "all".
_TOLD_BY = {
    **dict.fromkeys(("staff", "shortlisted", "appointed"), SURVEYED),
    **dict.fromkeys(("disciplinary", "cpd"), ("ethnicity",)),
    "leaver_rate": (ALL, "ethnicity"),
}
_WORDS = {
    "disability": {"yes": "disabled", "no": "not disabled"},
    "recruited": {
        **dict.fromkeys(("yes", "abroad", "international", "internationally", "overseas"), "recruited abroad"),
        **dict.fromkeys(("no", "uk", "united kingdom"), "recruited in the UK"),
    },
    "sex": {"female": "women", "f": "women", "woman": "women", "male": "men", "m": "men", "man": "men"},
}
_YES, _NO = ("yes", "true"), ("no", "false")


def plan_counts(frames: Frames, *, mappings: Mappings | None = None) -> pd.DataFrame:
    """Count what the equality plan rests on, but for pay.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Typed standard inputs by name, as `read_workforce` and `check_frames` give them.
    mappings : mapping of str to pandas.DataFrame, optional
        Mappings in place of those of evalkit: ethnicity, exit_types.

    Returns
    -------
    pandas.DataFrame
        Columns `year`, `indicator`, `characteristic` ("ethnicity", "disability", "recruited", or "all"), `part`,
        `group`, `n` and `events`. By indicator they are

        - "staff": people in post, by band (`part`), `events` the same as n;
        - "shortlisted": applicants, and those shortlisted; "appointed": those shortlisted, and those appointed;
        - "disciplinary", "cpd": staff, and those with the outcome, as `wres_counts` has them;
        - "survey_" and the key of a question: those who answered, and who said yes;
        - "leaver_rate": people "at start" and "at end" of the 12 months, and those lost, "left" (`part`);
        - "stability_index": staff a year ago, and staff with a year's service;
        - "recruitment_apprentice", "recruitment_graduate", "local_recruitment": appointed, and those of them;
        - "vacancy_rate": posts, and vacant ones, in full-time equivalents;
        - "support_offered_affected": those who were affected, and those of them to whom support was offered; in years
          without the number of those affected "support_offered": staff, and those to whom it was offered;
        - "support_used": those to whom it was offered, and who used it.

        What the inputs do not hold has no rows.

    Examples
    --------
    >>> from evalkit.equality.inputs import check_frames
    >>> from evalkit.simulate import simulate_workforce
    >>> counts = plan_counts(check_frames(simulate_workforce(500, years=3, seed=1).frames).frames)
    >>> counts.loc[counts["indicator"] == "support_used", ["year", "n", "events"]].head(1).values.tolist()
    [[2023.0, 110.0, 36.0]]
    """
    return counted_inputs(frames, mappings or {})[0]


def counted_inputs(frames: Frames, mappings: Mappings) -> tuple[pd.DataFrame, dict[str, str]]:
    """Count what the equality plan rests on, and say what could not be counted.

    Parameters
    ----------
    frames, mappings : mapping of str to pandas.DataFrame
        As in `plan_counts`.

    Returns
    -------
    tuple of pandas.DataFrame and dict of str to str
        As `plan_counts`; and why something in the inputs could not be counted, by the name of its metric.
    """
    people = _staff(frames, mappings)
    parts: dict[str, Callable[[], Iterator[pd.DataFrame]]] = {
        "staff": lambda: _of_groups("staff", people),
        "recruitment": lambda: _recruitment(frames, mappings),
        "WRES 3 and 4": lambda: _outcomes(frames, mappings),
        "survey": lambda: _survey(frames, mappings),
        "turnover": lambda: _turnover(frames, mappings),
        "stability": lambda: _stability(frames, mappings),
        "vacancies": lambda: _vacancies(frames),
        "support": lambda: _support(frames, people),
    }
    found: list[pd.DataFrame] = []
    failed: dict[str, str] = {}
    for name, of in parts.items():
        try:
            found += [table for table in of() if len(table)]
        except EvalkitError as error:
            failed[name] = reason_of(error)
    return pd.concat(found, ignore_index=True)[list(COLUMNS)], failed


def checked_plan_counts(data: pd.DataFrame, mappings: Mappings, *, allow_gaps: bool) -> pd.DataFrame:
    """Check counts that come in, and name their groups alike.

    Parameters
    ----------
    data : pandas.DataFrame
        As `plan_counts` gives them; groups of ethnicity may be any labels of the mapping.
    mappings : mapping of str to pandas.DataFrame
        Mappings in place of those of evalkit: ethnicity, bands.
    allow_gaps : bool
        Let years be missing from the series of an indicator.

    Returns
    -------
    pandas.DataFrame
        As `plan_counts`.

    Raises
    ------
    DataError
        As `checked_counts`; DAT-004 for a year that is none, DAT-006 also for an unknown group or band and for a
        characteristic by which the indicator is not told; DAT-007 for people in post, or leavers, whose events are not
        their n, and for a group without one of the three parts of the leaver rate.
    """
    keys = [f"survey_{key}" for key in dict.fromkeys(load_mapping("survey_questions")["key"])]
    known = {"indicator": [*COUNTED, *keys], "characteristic": CHARACTERISTICS}
    table, problems = checked_counts(
        data, COLUMNS, known, in_parts=("vacancy_rate",), may_exceed=("stability_index", "support_offered"),
        allow_gaps=allow_gaps,
    )  # fmt: skip
    years = coded(table["year"])
    place = np.array([*(year_in(label) for label in years.labels), 0])
    table["year"] = place[years.codes]
    rows = np.flatnonzero(table["year"] == 0) + 1
    if len(rows):
        found = f"no year ({rows_named(rows)})"
        problems.append(Problem("DAT-004", "data, column year", found, "years such as 2024", "Write the year."))
    of = table["characteristic"].to_numpy()
    mine = np.flatnonzero(of == "ethnicity")
    ethnicity = labels_for("ethnicity", to="bme", table=mappings.get("ethnicity"))
    given, rows_of = table["group"].iloc[mine], (mine + 1).tolist()
    named_alike, wrong = ethnicity.apply(given, place="data, column group", rows=rows_of)
    bands = labels_for("bands", to="label", table=mappings.get("bands"))
    in_post = np.flatnonzero(table["indicator"] == "staff")
    _, wrong_bands = bands.apply(table["part"].iloc[in_post], place="data, column part", rows=(in_post + 1).tolist())
    require(problems, wrong, wrong_bands, _parts(table), _unused(table), _two_numbers(table))
    table.loc[mine, "group"] = np.asarray(named_alike)
    for name in CHARACTERISTICS[2:]:
        mine = np.flatnonzero(of == name)
        table.loc[mine, "group"] = np.asarray(named(table["group"].iloc[mine], name))
    table.loc[of == ALL, "group"] = ALL
    summed = table.groupby(KEYS, as_index=False, sort=False)[["n", "events"]].sum()
    require(_parts_missing(summed))
    return summed


def _parts(table: pd.DataFrame) -> Problems:
    parts = (AT_START, AT_END, LEFT)
    rows = np.flatnonzero((table["indicator"] == "leaver_rate") & ~table["part"].isin(parts)) + 1
    if not len(rows):
        return []
    found = f"not known ({rows_named(rows)})"
    return [Problem("DAT-006", "data, column part", found, ", ".join(parts), "Correct it.")]


def _unused(table: pd.DataFrame) -> Problems:
    """Find counts by characteristics that their indicator is not told by: they would be passed over."""
    problems: Problems = []
    for name, rows in table.groupby("indicator", sort=False):
        allowed = _TOLD_BY.get(str(name), (ALL,) if name in COUNTED else CHARACTERISTICS)
        known = rows["characteristic"].isin(CHARACTERISTICS)
        wrong = rows.index[known & ~rows["characteristic"].isin(allowed)].to_numpy() + 1
        if len(wrong):
            found = f"not one by which {name} is told ({rows_named(wrong)})"
            remedy = "Leave the rows out, or give the counts by one of these."
            problems.append(Problem("DAT-006", "data, column characteristic", found, ", ".join(allowed), remedy))
    return problems


def _two_numbers(table: pd.DataFrame) -> Problems:
    """Find rows with two numbers of the same people."""
    same = table["indicator"].isin(["staff", "leaver_rate"])
    rows = np.flatnonzero(same & table["n"].notna() & table["events"].notna() & (table["n"] != table["events"])) + 1
    if not len(rows):
        return []
    found = f"n and events that differ, of staff or leaver_rate ({rows_named(rows)})"
    return [Problem("DAT-007", "data", found, "the same people in both", "Write their number into both.")]


def _parts_missing(table: pd.DataFrame) -> Problems:
    """Find groups of a year without one of the parts of the leaver rate: left out is not nobody."""
    problems: Problems = []
    mine = table[table["indicator"] == "leaver_rate"]
    for (year, characteristic, group), rows in mine.groupby(["year", "characteristic", "group"], sort=False):
        lacking = [part for part in (AT_START, AT_END, LEFT) if part not in set(rows["part"])]
        if lacking:
            whom = group if characteristic == ALL else f"{characteristic} {group}"
            problems.append(
                Problem(
                    "DAT-007", f"data, leaver_rate, {year}, {whom}", f"no row {' and '.join(lacking)}",
                    f"{AT_START}, {AT_END} and {LEFT}", "Add the row, with 0 for nobody.",
                )
            )  # fmt: skip
    return problems


def people_in(frame: pd.DataFrame, ethnicity: pd.DataFrame | None) -> dict[str, pd.Categorical]:
    """Name the groups of people as the plan does.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns): a standard input.
    ethnicity : pandas.DataFrame, optional
        Mapping of ethnicities in place of that of evalkit.

    Returns
    -------
    dict of str to pandas.Categorical
        "ethnicity" and, where the input has them, "disability" and "sex"; shape (people,) each.
    """
    columns = {"ethnicity": ethnic_group(frame["ethnicity"], table=ethnicity)}
    return columns | {name: named(frame[name], name) for name in ("disability", "sex") if name in frame.columns}


def named(values: pd.Series, characteristic: str) -> pd.Categorical:
    """Name the groups of a characteristic as the plan does.

    Parameters
    ----------
    values : pandas.Series
        Shape (people,): labels; missing is "not stated".
    characteristic : str
        "disability", "sex" or "recruited".

    Returns
    -------
    pandas.Categorical
        Shape (people,): disabled and not disabled, women and men, or recruited abroad and in the UK; other labels as
        they are.
    """
    found = coded(values).stated()
    words = _WORDS[characteristic]
    names = [words.get(label.casefold(), label) for label in found.labels]
    levels = list(dict.fromkeys(names))
    places = np.array([levels.index(name) for name in names], dtype=np.int64)
    return pd.Categorical.from_codes(places[found.codes], categories=levels)


def _tally(columns: Mapping[str, Any]) -> pd.DataFrame:
    """Count the rows of each combination of labels that occurs, in `n`."""
    read = {name: _levels(values) for name, values in columns.items()}
    size = tuple(len(levels) for _, levels in read.values())
    cell = np.zeros(len(next(iter(read.values()))[0]), dtype=np.int64)
    for (codes, _), length in zip(read.values(), size, strict=True):
        cell *= length
        cell += codes
    n = np.bincount(cell, minlength=int(np.prod(size)))
    found = np.flatnonzero(n)
    places = np.unravel_index(found, size)
    labels = {name: levels.take(place) for (name, (_, levels)), place in zip(read.items(), places, strict=True)}
    return pd.DataFrame(labels).assign(n=n[found])


def _levels(values: Any) -> tuple[npt.NDArray[np.integer[Any]], pd.Index]:
    if isinstance(values, tuple):
        return values[0], pd.Index(values[1])
    if isinstance(values.dtype, pd.CategoricalDtype):
        known = values if isinstance(values, pd.Categorical) else values.array
        levels = pd.Index(known.categories)
        if (known.codes >= 0).all():
            return np.asarray(known.codes), levels
    codes, found = pd.factorize(np.asarray(values), sort=False, use_na_sentinel=False)
    return np.asarray(codes), pd.Index(found)


def _staff(frames: Frames, mappings: Mappings) -> pd.DataFrame:
    staff = frames["staff_in_post"]
    people = people_in(staff, mappings.get("ethnicity"))
    columns: dict[str, Any] = {"year": years_of(staff["snapshot"])}
    columns |= {name: people[name] for name in SURVEYED if name in people}
    if "band" in staff.columns:
        columns |= {"part": staff["band"]}
    found = _tally(columns).assign(events=lambda rows: rows["n"])
    return found if "part" in found.columns else found.assign(part="")


def _of_groups(indicator: str, table: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Add people up by each characteristic in turn."""
    for name in SURVEYED:
        if name in table.columns:
            rows = table.rename(columns={name: "group"}).astype({"group": object, "part": object})
            rows = rows.groupby(["year", "part", "group"], as_index=False)[["n", "events"]].sum()
            yield rows.assign(indicator=indicator, characteristic=name)


def _of_all(indicator: str, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(indicator=indicator, characteristic=ALL, part="", group=ALL)


def _recruitment(frames: Frames, mappings: Mappings) -> Iterator[pd.DataFrame]:
    funnel = frames.get("recruitment")
    if funnel is None:
        return
    steps = [name for name in ("year", "shortlisted", "appointed", "route", "local") if name in funnel.columns]
    people = people_in(funnel, mappings.get("ethnicity"))
    columns = {name: people[name] for name in SURVEYED if name in people}
    table = _tally({**columns, **{name: funnel[name] for name in steps}}).assign(part="")
    listed, hired = (table[name].astype(bool) for name in ("shortlisted", "appointed"))
    yield from _of_groups("shortlisted", table.assign(events=table["n"].where(listed, 0)))
    yield from _of_groups("appointed", table[listed].assign(events=table["n"].where(hired, 0)))
    appointed = table[hired]
    for name, told, had in _ways(appointed):
        rows = appointed.assign(n=appointed["n"].where(told, 0), events=appointed["n"].where(had, 0))
        yield _of_all(name, rows.groupby("year", as_index=False)[["n", "events"]].sum())


def _ways(hired: pd.DataFrame) -> Iterator[tuple[str, pd.Series, pd.Series]]:
    """Say how people were recruited: the name, of whom it is known, and whom it holds for."""
    if "route" in hired.columns:
        label = hired["route"].astype(str).str.casefold()
        for name, word in ROUTES.items():
            yield name, label.ne(NOT_STATED), label.str.startswith(word)
    if "local" in hired.columns:
        label = hired["local"].astype(str).str.casefold()
        yield "local_recruitment", label.isin([*_YES, *_NO]), label.isin(_YES)


def _outcomes(frames: Frames, mappings: Mappings) -> Iterator[pd.DataFrame]:
    table = wres_counts(frames, ethnicity=mappings.get("ethnicity"), indicators="34")
    names = table["indicator"].map({"3": "disciplinary", "4": "cpd"})
    yield table.assign(indicator=names, characteristic="ethnicity")


def _survey(frames: Frames, mappings: Mappings) -> Iterator[pd.DataFrame]:
    asked = frames.get("survey")
    if asked is None:
        return
    of, question = asked["characteristic"].astype(str), asked["question"].astype(str)
    keys = load_mapping("edi_metrics")["survey_key"].str.split(";").explode().str.strip().unique()
    for name in CHARACTERISTICS:
        rows = asked[(of == name) & question.isin(keys)]
        if len(rows):
            groups: Any = ALL
            if name == "ethnicity":
                groups = np.asarray(ethnic_group(rows["group"].astype(object), table=mappings.get("ethnicity")))
            elif name != ALL:
                groups = np.asarray(named(rows["group"], name))
            table = pd.DataFrame(
                {"year": rows["year"], "indicator": "survey_" + rows["question"].astype(str), "characteristic": name,
                 "part": "", "group": groups, "n": rows["answered"], "events": rows["agreed"]}
            )  # fmt: skip
            yield table.groupby(KEYS, as_index=False, sort=False)[["n", "events"]].sum()


def _exits(leavers: pd.DataFrame, mappings: Mappings) -> tuple[pd.DataFrame, str | None]:
    """Add how people left, and name its column, where reasons are given."""
    if "reason" not in leavers.columns:
        return leavers, None
    return leavers.assign(exit_type=exit_type(leavers["reason"], table=mappings.get("exit_types"))), "exit_type"


def _turnover(frames: Frames, mappings: Mappings) -> Iterator[pd.DataFrame]:
    if "leavers" not in frames:
        return
    gone, how = _exits(frames["leavers"], mappings)
    staff = frames["staff_in_post"]
    groups = ethnic_group(staff["ethnicity"], table=mappings.get("ethnicity"))
    staff = staff[["person", "snapshot"]].assign(ethnicity=groups)
    cells = leaver_rate(staff, gone, exit_type=how, by="ethnicity", unmatched="count").frame
    cells = cells[cells["term"] == HEADCOUNT]
    years = cells["period"].str[-10:-6].astype(int)
    for part, column in ((AT_START, "at_start"), (AT_END, "at_end"), (LEFT, "leavers")):
        n = cells[column].astype(int)
        table = pd.DataFrame({"year": years, "group": cells["group"], "n": n, "events": n})
        yield table.assign(indicator="leaver_rate", characteristic="ethnicity", part=part)


def _stability(frames: Frames, mappings: Mappings) -> Iterator[pd.DataFrame]:
    """Count who stays; who is away for a break is no loss, where reasons for leaving are given."""
    staff = frames["staff_in_post"]
    if "started" not in staff.columns:
        return
    gone, how = _exits(frames.get("leavers", pd.DataFrame()), mappings)
    found = stability_index(
        staff[["person", "snapshot", "started"]], None if how is None else gone, started="started", exit_type=how
    ).frame
    found = found[found["term"] == INDEX]
    rows = {"year": found["period"].str[-10:-6].astype(int), "n": found["a_year_ago"], "events": found["now"]}
    yield _of_all("stability_index", pd.DataFrame(rows))


def _vacancies(frames: Frames) -> Iterator[pd.DataFrame]:
    table = frames.get("vacancies")
    if table is not None:
        table = table.rename(columns={"posts": "n", "vacant": "events"})
        yield _of_all("vacancy_rate", table.groupby("year", as_index=False)[["n", "events"]].sum())


def _support(frames: Frames, people: pd.DataFrame) -> Iterator[pd.DataFrame]:
    table = frames.get("support")
    if table is None:
        return
    heads = people.groupby("year")["n"].sum()
    sums = table.groupby("year", as_index=False)[["offered", "used"]].sum()
    # Who was affected is known of a year when it is known of each of its groups.
    if "affected" in table.columns:
        told = table.groupby("year")["affected"].agg(lambda values: values.sum(skipna=False))
        sums = sums.assign(affected=sums["year"].map(told))
    else:
        sums = sums.assign(affected=np.nan)
    known = sums[sums["affected"].notna()]
    of_them = {"year": known["year"], "n": known["affected"], "events": known["offered"]}
    yield _of_all("support_offered_affected", pd.DataFrame(of_them))
    rest = sums[sums["affected"].isna()]
    of_staff = {"year": rest["year"], "n": rest["year"].map(heads).fillna(0), "events": rest["offered"]}
    yield _of_all("support_offered", pd.DataFrame(of_staff))
    yield _of_all("support_used", pd.DataFrame({"year": sums["year"], "n": sums["offered"], "events": sums["used"]}))
