"""Counts behind the nine indicators of the Workforce Race Equality Standard, from the standard inputs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.mappings import NOT_STATED, band_label, ethnic_group, load_mapping
from evalkit.equality.staff_columns import coded, people_numbered, years_of, yes_or_no

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

COLUMNS = ("year", "indicator", "part", "group", "n", "events")
GROUPS = ("BME", "white", NOT_STATED)
# Indicator -> the first of those that are counted together with it.
_BLOCK = dict(zip("123456789", "123355559", strict=True))
BOARD, REST = "board", "rest of the workforce"


def wres_counts(
    frames: Mapping[str, pd.DataFrame],
    *,
    ethnicity: pd.DataFrame | None = None,
    bands: pd.DataFrame | None = None,
    indicators: Collection[str] = "123456789",
) -> pd.DataFrame:
    """Count people and outcomes for each of the nine indicators, group and year.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Typed standard inputs by name, as `read_workforce` and `check_frames` give them.
    ethnicity, bands : pandas.DataFrame, optional
        Mappings in place of those of evalkit.
    indicators : collection of str, default "123456789"
        Which of them.

    Returns
    -------
    pandas.DataFrame
        Columns `year` (of the snapshot, or in which the 12 months end), `indicator` ("1" to "9"), `part` (of 1: staff
        and band, such as "clinical, Band 5"; of 9: the board or the rest of the workforce), `group` (BME, white, not
        stated), `n` (people), `events` (people with the outcome; of 1 and 9 the same as n). Indicators whose inputs are
        not there have no rows. The denominator of 3 and 4 is the staff at the snapshot that ends the 12 months, and
        those with the outcome who are not in it; staff without a row in `cpd` count as without access.
    """
    staff = frames["staff_in_post"]
    group = _groups(staff["ethnicity"], ethnicity)
    at, years = years_of(staff["snapshot"])
    year = years[at]
    parts: dict[str, Callable[[], Iterator[pd.DataFrame]]] = {
        "1": lambda: _one(staff, group, year, bands),
        "2": lambda: _two(frames, ethnicity),
        "3": lambda: _three_and_four(frames, staff, group, (at, years)),
        "5": lambda: _survey(frames, ethnicity),
        "9": lambda: _nine(staff, group, year),
    }
    found = [table for first, of in parts.items() if any(_BLOCK[one] == first for one in indicators) for table in of()]
    found = [table for table in found if table["indicator"].iloc[0] in indicators]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(COLUMNS))


def _groups(values: pd.Series, table: pd.DataFrame | None) -> Ints:
    codes = ethnic_group(values, table=table)
    place = np.array([GROUPS.index(level) if level in GROUPS else 2 for level in codes.categories] + [2])
    return np.asarray(place[codes.codes])


def _cells(
    indicator: str, year: Ints, part: tuple[Ints, tuple[str, ...]], group: Ints, events: Flags | None
) -> pd.DataFrame:
    """Add people up by year, part and group; every group in each year and part that occurs."""
    first_year = int(year.min())
    codes, labels = part
    size = (int(year.max()) - first_year + 1, len(labels), len(GROUPS))
    cell = ((year - first_year) * size[1] + codes) * size[2] + group
    n = np.bincount(cell, minlength=int(np.prod(size))).reshape(size)
    had = n if events is None else np.bincount(cell[events], minlength=int(np.prod(size))).reshape(size)
    kept = np.flatnonzero(n.sum(axis=2).ravel())
    first, second = np.unravel_index(kept, size[:2])
    return pd.DataFrame(
        {
            "year": np.repeat(first + first_year, len(GROUPS)),
            "indicator": indicator,
            "part": np.repeat(np.array(labels, dtype=object)[second], len(GROUPS)),
            "group": list(GROUPS) * len(kept),
            "n": n.reshape(-1, len(GROUPS))[kept].ravel(),
            "events": had.reshape(-1, len(GROUPS))[kept].ravel(),
        }
    )


def _whole(n: int) -> tuple[Ints, tuple[str, ...]]:
    return np.zeros(n, dtype=np.int64), ("",)


def _one(staff: pd.DataFrame, group: Ints, year: Ints, own: pd.DataFrame | None) -> Iterator[pd.DataFrame]:
    if "band" not in staff.columns or "clinical" not in staff.columns:
        return
    clinical, band = coded(staff["clinical"]).stated(), band_label(staff["band"], table=own)
    bands = tuple(str(level) for level in band.categories)
    labels = tuple(f"{kind}, {level}" for kind in clinical.labels for level in bands)
    codes = np.where(band.codes < 0, len(bands) - 1, band.codes).astype(np.int64)
    yield _cells("1", year, (clinical.codes * len(bands) + codes, labels), group, None)


def _nine(staff: pd.DataFrame, group: Ints, year: Ints) -> Iterator[pd.DataFrame]:
    if "board" not in staff.columns:
        return
    on_board, _ = yes_or_no(staff, "board")
    if (on_board == 1).any():
        yield _cells("9", year, (np.where(on_board == 1, 0, 1), (BOARD, REST)), group, None)


def _two(frames: Mapping[str, pd.DataFrame], ethnicity: pd.DataFrame | None) -> Iterator[pd.DataFrame]:
    funnel = frames.get("recruitment")
    if funnel is None or not {"ethnicity", "shortlisted", "appointed"} <= set(funnel.columns):
        return
    listed, _ = yes_or_no(funnel, "shortlisted")
    chosen = np.flatnonzero(listed == 1)
    appointed, _ = yes_or_no(funnel, "appointed")
    group = _groups(funnel["ethnicity"], ethnicity)[chosen]
    yield _cells("2", _years(funnel["year"])[chosen], _whole(len(chosen)), group, appointed[chosen] == 1)


def _years(values: pd.Series) -> Ints:
    return np.asarray(values.to_numpy(), dtype=np.int64)


def _three_and_four(
    frames: Mapping[str, pd.DataFrame], staff: pd.DataFrame, group: Ints, of_row: tuple[Ints, Ints]
) -> Iterator[pd.DataFrame]:
    """Count the staff of each year in which an outcome was recorded at all, and those of them with it."""
    at, years = of_row
    outcomes: list[tuple[str, pd.Series, Ints]] = []
    if "disciplinary" in frames:
        outcomes.append(("3", *_entered(frames["disciplinary"], staff)))
    if "cpd" in frames:
        cpd = frames["cpd"]
        accessed, _ = yes_or_no(cpd, "accessed")
        when = _years(cpd["year"])
        chosen = (accessed == 1) & np.isin(when, years)
        outcomes.append(("4", cpd.loc[chosen, "person"], when[chosen]))
    outcomes = [one for one in outcomes if len(one[2])]
    if not outcomes:
        return
    persons = [staff["person"], *(person for _, person, _ in outcomes)]
    codes, people = people_numbered(pd.concat(persons, ignore_index=True))
    ends = np.cumsum([len(one) for one in persons])
    group_of = np.full(len(people), GROUPS.index(NOT_STATED), dtype=np.int64)
    group_of[codes[: len(staff)]] = group
    for (indicator, _, when), start, end in zip(outcomes, ends, ends[1:], strict=False):
        yield _of_staff(indicator, (codes[start:end], when), (codes[: len(staff)], group, at), (years, group_of))


def _entered(entries: pd.DataFrame, staff: pd.DataFrame) -> tuple[pd.Series, Ints]:
    """Give who entered the process, and the year of the snapshot that ends the 12 months."""
    ends = {int(pd.Timestamp(day).year): day for day in np.sort(pd.unique(staff["snapshot"].to_numpy()))}
    last_days, years = np.array(list(ends.values())), np.array(list(ends))
    place = np.searchsorted(last_days, entries["entered"].to_numpy(), side="left")
    inside = place < len(years)
    if len(years) > 1:  # what was before the 12 months of the first snapshot belongs to none
        inside &= ~((place == 0) & (entries["entered"].to_numpy() <= last_days[0] - np.timedelta64(366, "D")))
    when = years[np.minimum(place, len(years) - 1)]
    return entries.loc[inside, "person"], when[inside]


def _of_staff(
    indicator: str, outcome: tuple[Ints, Ints], staff: tuple[Ints, Ints, Ints], about: tuple[Ints, Ints]
) -> pd.DataFrame:
    """Add up the staff of the years of an outcome, and those with it who were not in post at the end of the year."""
    (marked_person, when), (person, group, at), (years, group_of) = outcome, staff, about
    used = np.isin(years, when)
    rows = slice(None) if used.all() else np.flatnonzero(used[at])
    key = at[rows] * len(group_of) + person[rows]
    marked = np.zeros(len(years) * len(group_of), dtype=bool)
    marked[np.searchsorted(years, when) * len(group_of) + marked_person] = True
    in_post = _cells(indicator, years[at[rows]], _whole(len(key)), group[rows], marked[key])
    marked[key] = False
    gone = np.flatnonzero(marked)
    if not len(gone):
        return in_post
    year, who = np.divmod(gone, len(group_of))
    others = _cells(indicator, years[year], _whole(len(gone)), group_of[who], np.ones(len(gone), dtype=bool))
    keys = ["year", "indicator", "part", "group"]
    return pd.concat([in_post, others]).groupby(keys, as_index=False, sort=False).sum()


def _survey(frames: Mapping[str, pd.DataFrame], ethnicity: pd.DataFrame | None) -> Iterator[pd.DataFrame]:
    survey = frames.get("survey")
    if survey is None:
        return
    for row in load_mapping("wres_indicators").to_dict("records"):
        if not row["survey_key"]:
            continue
        asked = (survey["question"].astype(str) == row["survey_key"]) & (survey["characteristic"] == "ethnicity")
        rows = survey[asked]
        if len(rows):
            table = pd.DataFrame(
                {
                    "year": _years(rows["year"]),
                    "indicator": row["indicator"],
                    "part": "",
                    "group": [GROUPS[code] for code in _groups(rows["group"].astype(object), ethnicity)],
                    "n": rows["answered"].to_numpy().astype(np.int64),
                    "events": rows["agreed"].to_numpy().astype(np.int64),
                }
            )
            yield table.groupby(["year", "indicator", "part", "group"], as_index=False, sort=True).sum()
