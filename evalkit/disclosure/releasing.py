"""From a result to what may leave of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure.contrasts import contrasts_in, is_contrast, sides_of
from evalkit.disclosure.events_of_few import FEWEST_EVENTS, OF_RECORD, few_events, with_what_follows
from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import origins, release_counts, withheld
from evalkit.disclosure.steps import COUNTS, SUPPRESSED, release_steps
from evalkit.disclosure.telling_digits import is_proportion, is_rate, without_telling_digits
from evalkit.errors import DisclosureError, Problem
from evalkit.frames import Problems, missing_columns, require
from evalkit.numeric.proportions import clopper_pearson, wilson
from evalkit.numeric.values import Interval
from evalkit.result import ESTIMATE_COLUMNS, Curve, Estimates

Flags = npt.NDArray[np.bool_]

# Extra column of a contrast: people in the smaller of its groups. It is never shown.
SMALLER = "n_least"
_WRITTEN_NUMBER = re.compile(r"\W?\s*[-+\u2212]?\d[\d,.]*[.,]\d+\s*\W?")
_NAMES = frozenset({
    "band", "stratum", "by", "year", "from_year", "to_year", "question", "characteristic", "indicator", "metric",
    "direction", "adverse", "adverse_above_one",
})  # fmt: skip
# What a row is about, whatever its numbers are. Not what was made of them: "outside four fifths", "on track".
_SAFE_TEXT = frozenset({"term", "group", "cause", "unit", "scale", "interval", "flag"}) | _NAMES
# Of these, what does not set people apart from those of another row.
_ABOUT_ROWS = frozenset({"direction", "adverse", "adverse_above_one", "title"})
_CLOSE = 1e-6
_HALF = 0.5
# Numbers with more digits behind the point than this are not rounded.
_WRITTEN = 7
_PER = re.compile(r"(?i)per[ _]?(10{3,5}|10{0,2}[ _,]0{3})(?!\d)")
# What gives n away again when n is rounded: degrees of freedom, and whatever they can be worked out from.
_TELLS_N = ("std_error", "statistic", "df")
_DIGITS = 3
# Counts of people by the names that the field gives them, also where they are not whole (full-time equivalents).
_COUNTED = frozenset({
    "a_year_ago", "at_end", "at_start", "events", "leavers", "not_counted", "now", "observed", "on_break",
})  # fmt: skip
# What may be whole without being people.
_NO_COUNT = re.compile(
    r"(age|alpha|baseline|ceiling|cutoff|day|digits|dose|earlier|floor|from_year|high|horizon|in_sd|items|later|"
    r"level|low|max|mean|median|min|month|order|p|period|planted|points|published|q1|q3|rank|rate|ratio|reliability|score|"
    r"sd|share|step|target|time|to_year|truth|variance|wave|weight|year)s?(_.*)?$"
)


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """What may leave, and under which rules.

    Parameters
    ----------
    frame : pandas.DataFrame
        The released rows, with a column `flag` that says "suppressed" where numbers were withheld.
    counts : tuple of str
        Which columns are counts of people.
    profile : Profile
        The rules that were applied.
    caption : str, default ""
        Method, unit and n, in what may be said of them.
    steps : bool, default False
        Whether the counts are differences of released counts, as along a curve.
    """

    frame: pd.DataFrame
    counts: tuple[str, ...]
    profile: Profile
    caption: str = ""
    steps: bool = False


def release(result: Estimates | Curve, profile: Profile) -> Released:
    """Apply a disclosure profile to a result.

    Parameters
    ----------
    result : Estimates or Curve
        An unsuppressed result.
    profile : Profile
        The rules.

    Returns
    -------
    Released
        For estimates, rows on too few people (or of unknown n) are blank but for their names. Where counts are rounded,
        a proportion is computed again from its rounded count (or withheld, when it is not seen to be one), what tells n
        (standard error, statistic, degrees of freedom, columns of one's own) is blank, and other estimates keep three
        significant digits. Of a curve only those times stay at which everybody who left or was censored since the time
        before makes up a group that may be counted.
    """
    if isinstance(result, Curve):
        frame = (
            result.tidy() if profile.releases_all else release_steps(result.frame, profile, level=result.method.level)
        )
        caption = _caption(result, profile, tells=_tells_people(result, frame, profile))
        return Released(frame, COUNTS, profile, caption, steps=True)
    frame = _estimates(result, profile)
    whole = "flag" not in frame.columns or not bool((frame["flag"] == SUPPRESSED).any())
    tells = profile.releases_all or (whole and not _tells_rest(result, frame))
    return Released(frame, ("n",), profile, _caption(result, profile, tells=tells))


def release_frame(frame: pd.DataFrame, counts: Sequence[str] | None, profile: Profile) -> Released:
    """Apply a disclosure profile to a plain table.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a group or cell, named by the text columns in front.
    counts : sequence of str or None
        Which columns are counts of people; None when nobody said, which only a profile that withholds nothing allows.
    profile : Profile
        The rules.

    Returns
    -------
    Released
        Where any count of a row is withheld or missing, nothing of that row stays but the text columns in front. A
        column `n_least` says on how few people a row rests; it decides likewise, and leaves only if it is named.

    Raises
    ------
    DisclosureError
        DIS-003 when the profile withholds counts and the columns are not named, or when it rounds and a number is not
        named as a count: beside a rounded count it could give the count away.
    DataError
        DAT-003 when a named column is missing, DAT-010 when a column name is repeated, DAT-004 or DAT-002 when a count
        is not a number or is below zero.
    """
    table = frame.set_axis([str(name) for name in frame.columns], axis="columns").reset_index(drop=True)
    named = [counts] if isinstance(counts, str) else [str(name) for name in counts or ()]
    require(_repeated(table), missing_columns(table, named, "table"))
    require(_not_counts(table, [*named, *(name for name in (SMALLER,) if name in table.columns)]))
    # As of estimates: what a row rests on decides, and is not shown.
    least = _numbers(table.pop(SMALLER)) if SMALLER in table.columns and SMALLER not in named else None
    if profile.releases_all:
        return Released(table, tuple(named), profile)
    _require_named(table, named, profile)
    values = {name: _numbers(table[name]) for name in named}
    hidden = np.any([withheld(value, profile) | np.isnan(value) for value in values.values()], axis=0)
    if least is not None:
        hidden |= withheld(least, profile)
    hidden |= _few_in_shares(table, values, profile)
    released = table.assign(**{name: release_counts(value, profile) for name, value in values.items()})
    return Released(_blank(released, hidden, keep=label_columns(table)), tuple(named), profile)


def _few_in_shares(table: pd.DataFrame, counts: Mapping[str, npt.NDArray[np.float64]], profile: Profile) -> Flags:
    """Find rows with a share of few people, or of all but a few: a whole number of them, of a count beside it."""
    few = np.zeros(len(table), dtype=bool)
    if not _judges_events(profile):
        return few
    for name in table.select_dtypes("number").columns:
        share = _numbers(table[name])
        known = ~np.isnan(share)
        for n in counts.values():
            if name in counts or not known.any():
                continue
            for base in _bases(str(name)):
                product, off = share * n / base, _last_digit(share) / 2 * n / base
                whole = (np.abs(product - np.round(product)) < off + _CLOSE) & (product <= n + off + _CLOSE)
                # Where every number would be a whole one, it takes another row to see that these are shares.
                tells = known & ~np.isnan(n)
                if whole[tells].all() and (off[tells] < _HALF).any():
                    few |= known & (withheld(np.round(product), profile) | withheld(n - np.round(product), profile))
    return few


def _last_digit(values: npt.NDArray[np.float64]) -> float:
    """Give the unit of the last digit in which numbers are written; 0 where they are not rounded."""
    known = values[np.isfinite(values)]
    digits = next((digits for digits in range(_WRITTEN) if np.allclose(known, np.round(known, digits), 0, 1e-12)), None)
    return 0.0 if digits is None or not digits else 10.0**-digits


def _bases(name: str) -> tuple[int, ...]:
    """Say of how many a share can be: a proportion, in per cent, or per so many as its name says."""
    told = _PER.search(name)
    return (1, 100, int(re.sub(r"\D", "", told[1]))) if told else (1, 100)


def _numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    return np.asarray(pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan))


def _repeated(table: pd.DataFrame) -> Problems:
    return [
        Problem("DAT-010", "table", f'column "{name}" more than once', "each name once", "Rename the columns.")
        for name in dict.fromkeys(table.columns[table.columns.duplicated()])
    ]


def _not_counts(table: pd.DataFrame, named: Sequence[str]) -> Problems:
    """Find counts that are not numbers, or below zero."""
    problems: Problems = []
    for name in named:
        values = _numbers(table[name])
        for code, wrong, what in (
            ("DAT-004", np.isnan(values) & table[name].notna().to_numpy(), "values that are not numbers"),
            ("DAT-002", (values < 0) | np.isinf(values), "values below 0 or without end"),
        ):
            rows = [int(row) + 1 for row in np.flatnonzero(wrong)]
            if rows:
                problems.append(
                    Problem(
                        code,
                        f'table, column "{name}"',
                        f"{what} (rows {', '.join(map(str, rows[:5]))})",
                        "numbers of people, missing where there is none",
                        "Correct them, or do not name the column in counts.",
                    )
                )
    return problems


def _require_named(table: pd.DataFrame, named: Sequence[str], profile: Profile) -> None:
    """Refuse a table that does not say what is a count, or holds numbers that rounding cannot protect."""
    if not named:
        raise DisclosureError(
            Problem(
                "DIS-003",
                "counts",
                "no column is named as a count",
                f"the columns with counts of people, as the profile {profile.name} withholds small ones",
                'Write show(table, counts=["n"]).',
            )
        )
    numbers = [str(name) for name in table.select_dtypes(["number", "timedelta"]).columns if name not in named]
    rounding = profile.rounding != "none"
    others = numbers if rounding else [name for name in numbers if _may_count(table[name])]
    if others:
        why = "rounds them and an exact number beside one gives it away" if rounding else "withholds small ones"
        raise DisclosureError(
            Problem(
                "DIS-003",
                "counts",
                f"{'numbers' if rounding else 'whole numbers'} that are not named as counts: {', '.join(others)}",
                f"every count named, as the profile {profile.name} {why}",
                "Name them in counts, turn a year or label into text, or show an Estimates, rounded as a whole.",
            )
        )


def _may_count(values: pd.Series) -> bool:
    """Tell whether a column could be counts of people: whole numbers, none below zero."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    known = values.dropna().astype(float)
    return bool(len(known) and ((known >= 0) & (known == known.round())).all())


def label_columns(table: pd.DataFrame) -> set[str]:
    """Name the text columns in front: they say what a row is about.

    Parameters
    ----------
    table : pandas.DataFrame
        A plain frame.

    Returns
    -------
    set of str
        Names of columns.
    """
    labels = set()
    for name in table.columns:
        known = table[name].dropna()
        if pd.api.types.is_numeric_dtype(table[name]) or not known.map(lambda value: isinstance(value, str)).all():
            break
        if len(known) and known.map(lambda value: bool(_WRITTEN_NUMBER.fullmatch(value))).all():
            break  # an amount that was read as text says nothing of what the row is about
        labels.add(str(name))
    return labels


def _blank(frame: pd.DataFrame, hidden: Flags, *, keep: set[str]) -> pd.DataFrame:
    """Empty all but the named columns in the hidden rows and flag them."""
    out = frame.copy()
    for name in [column for column in out.columns if column not in keep and column != "flag"]:
        number = pd.api.types.is_numeric_dtype(out[name]) and not pd.api.types.is_bool_dtype(out[name])
        out[name] = out[name].astype(float) if number else out[name].astype(object)
        out.loc[hidden, name] = np.nan if number else ""
    before = out["flag"].astype(object) if "flag" in out.columns else pd.Series("", index=out.index, dtype=object)
    return out.assign(flag=before.where(~hidden, SUPPRESSED))


def _estimates(result: Estimates, profile: Profile) -> pd.DataFrame:
    frame = result.tidy()
    # Of a contrast the smaller group must be large enough, not the two together.
    least_n = frame.pop(SMALLER).to_numpy(dtype=float) if SMALLER in frame.columns else None
    of_records = frame
    frame = frame.drop(columns=OF_RECORD, errors="ignore")
    if profile.releases_all:
        return frame
    n = frame["n"].to_numpy()
    smaller = n if least_n is None else np.fmin(n, least_n)
    units = frame["unit"] if "unit" in frame.columns else pd.Series(result.method.unit, index=frame.index)
    proportion = units.map(is_proportion).to_numpy(dtype=bool)
    least = np.where(proportion, profile.proportion_min_n, profile.mean_min_n)
    # Judged as it is printed: a result beside a 9 that stands for 8, and none beside one for 7, would tell them apart.
    fewest = np.fmin(smaller, origins(release_counts(smaller, profile), profile)[0])
    hidden = withheld(smaller, profile) | np.isnan(n) | (fewest < least) | (frame["df"].to_numpy() < profile.df_min)
    events = _events(frame, units, n)
    if _judges_events(profile):
        few = withheld(events, profile) | withheld(n - events, profile)
        hidden |= few & ~(proportion & (profile.rounding != "none"))  # those are judged as they are computed again
        hidden |= _from_rates(frame, few if profile.rounding == "none" else ~np.isnan(events))
    else:
        hidden |= few_events(of_records.assign(**{SMALLER: smaller}), _strata(frame))
    fewest_events = profile.threshold if _judges_events(profile) else FEWEST_EVENTS
    judged = of_records.assign(**{SMALLER: smaller})
    hidden = with_what_follows(judged, _names(frame), hidden, profile, fewest=fewest_events)
    beside = _counts_beside(frame, n, profile)
    hidden, few_left = _few_left(frame, beside, hidden, profile)
    frame = _without_hidden_baselines(beside, hidden)
    if profile.rounding != "none":
        frame, unsure = _rounded(frame, proportion & ~hidden, profile, result.method.level)
        frame = _rates_again(frame, np.where(proportion | hidden, np.nan, events), n, profile)
        hidden |= unsure
    frame = _blank(frame.assign(n=release_counts(n, profile)), hidden, keep=set(_SAFE_TEXT))
    return _without_n(frame, few_left, units, result.method.level, profile)


def _judges_events(profile: Profile) -> bool:
    """Tell whether a profile withholds small numbers of anything, not only results of small groups.

    The Staff Survey's rule is about who answers: a group of eleven is reported, however few of them say yes. Rules for
    outputs (the ones that round, and the one with dominance and degrees of freedom) are about every count. Under the
    Staff Survey's, what records say happened to one or two people of a group is withheld by itself (`few_events`).
    """
    return profile.rounding != "none" or profile.dominance_n > 0 or profile.df_min > 0


def _events(frame: pd.DataFrame, units: pd.Series, n: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Find how many people a share or rate is about; NaN where it is not seen to be one."""
    estimate = frame["estimate"].to_numpy(dtype=float)
    # A ratio without end is of no number of people.
    product = np.where(np.isfinite(estimate), estimate, np.nan) * n
    rate = units.map(lambda unit: is_proportion(unit) or is_rate(unit)).to_numpy(dtype=bool)
    whole = rate & (estimate >= 0) & (estimate <= 1) & (np.abs(product - np.round(product)) < _CLOSE)
    found = np.where(whole, np.round(product), np.nan)
    for name in counts_beside(frame):
        values = frame[name].to_numpy(dtype=float)
        found = np.where(np.abs(values - product) < _CLOSE, values, found)
    return found


def _names(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if name in _NAMES and name not in _ABOUT_ROWS]


def _strata(frame: pd.DataFrame) -> list[tuple[str, ...]]:
    return [tuple(row) for row in frame[_names(frame)].astype(str).to_numpy().tolist()]


def _without_hidden_baselines(frame: pd.DataFrame, hidden: Flags) -> pd.DataFrame:
    """Leave a baseline out beside a later year, where the row of its own year is withheld."""
    if not {"baseline", "baseline_year", "year", "group"} <= set(frame.columns):
        return frame
    own = ["term", "group", *(name for name in ("metric", "indicator") if name in frame.columns)]
    keys = [tuple(row) for row in frame[own].astype(str).to_numpy().tolist()]
    years = [f"{value:g}" for value in pd.to_numeric(frame["year"], errors="coerce").to_numpy(dtype=float)]
    of = [f"{value:g}" for value in pd.to_numeric(frame["baseline_year"], errors="coerce").to_numpy(dtype=float)]
    gone = {(key, year) for key, year, out in zip(keys, years, hidden, strict=True) if out}
    told = [(key, year) not in gone for key, year in zip(keys, of, strict=True)]
    return frame.assign(baseline=frame["baseline"].where(told))


def _from_rates(frame: pd.DataFrame, rates: Flags) -> Flags:
    """Find ratios and differences from which, with one rate beside, the other one follows."""
    strata, labels = _strata(frame), frame["group"].astype(str)
    own = set(labels)
    known = {(stratum, label) for stratum, label, few in zip(strata, labels, rates, strict=True) if few}
    return np.array([
        any((stratum, part) in known for part in sides_of(label, own)) and is_contrast(label, own)
        for stratum, label in zip(strata, labels, strict=True)
    ], dtype=bool)  # fmt: skip


def _few_left(frame: pd.DataFrame, shown: pd.DataFrame, hidden: Flags, profile: Profile) -> tuple[Flags, Flags]:
    """Withhold a second group where n, less the groups that are shown, leaves a few; find the rows to tell without n.

    Without n alone is not enough: a share with its interval has it in its digits. Nor is a second group: another result
    on the same people may tell that one. Of the groups it is the largest that goes: what is left over is then enough
    people, and these tables are about the others.
    """
    hidden, few = hidden.copy(), np.zeros(len(frame), dtype=bool)
    strata = pd.Series([str(stratum) for stratum in _strata(frame)], index=frame.index)
    labels = frame["group"].astype(str)
    own = set(labels)
    sides = [set(sides_of(label, own)) for label in labels]
    for name in counts_beside(frame):
        for _, rows in frame.groupby(strata, sort=False):
            groups = rows[rows["group"].notna() & rows[name].notna()].drop_duplicates("group")
            # Groups with their members, which make up n.
            if len(groups["n"].unique()) != 1 or groups[name].sum() != groups["n"].iloc[0]:
                continue
            n, inside = float(groups["n"].iloc[0]), np.isin(np.arange(len(frame)), frame.index.get_indexer(rows.index))
            told = groups.index[~hidden[groups.index] & shown.loc[groups.index, name].notna().to_numpy()]
            members = groups.loc[told, name].sort_values(ascending=False)
            few |= inside & _leaves_few(n - float(members.sum()), profile)
            while len(members) and _leaves_few(n - float(members.sum()), profile):
                label = str(groups.loc[members.index[0], "group"])
                hidden |= inside & np.array([label in own for own in sides], dtype=bool)
                members = members.iloc[1:]
    return hidden, few


def _leaves_few(left: float, profile: Profile) -> bool:
    return left != 0 and bool(withheld([left], profile)[0])


def _without_n(frame: pd.DataFrame, rows: Flags, units: pd.Series, level: float, profile: Profile) -> pd.DataFrame:
    """Withhold n, and what it could be worked out from, where it would give a group away."""
    if not rows.any():
        return frame
    out = without_telling_digits(frame, rows, units, level=level, fewest=max(profile.threshold, profile.base))
    counts = [name for name in ("n", *counts_beside(frame), *_TELLS_N) if name in out.columns]
    out[counts] = out[counts].astype(float)
    out.loc[rows, counts] = np.nan
    return out


def tell_without_n(released: Released, result: Estimates, rows: Flags) -> Released:
    """Leave out the numbers of people of some rows, and what they could be worked out from.

    Parameters
    ----------
    released : Released
        What may leave.
    result : Estimates
        The result that it came from, row by row in the same order.
    rows : numpy.ndarray of bool, shape (n_rows,)
        Which rows to tell without n.

    Returns
    -------
    Released
        In these rows no count, standard error, statistic or degrees of freedom; estimates, limits and p have the digits
        that do not tell n, and limits that would tell it in spite of that are blank. The caption is blank.
    """
    frame, given = released.frame.reset_index(drop=True), result.frame.reset_index(drop=True)
    units = given["unit"] if "unit" in given.columns else pd.Series(result.method.unit, index=given.index)
    # Where n is blank already, its digits still tell it.
    known = frame.assign(n=given["n"].astype(float)) if "n" in frame.columns else frame
    out = _without_n(known, rows, units, result.method.level, released.profile)
    if "n" in frame.columns:
        out["n"] = frame["n"].astype(float).mask(pd.Series(rows, index=frame.index))
    return replace(released, frame=out, caption="")


def withhold_rows(released: Released, result: Estimates, rows: Flags) -> Released:
    """Withhold rows of estimates that could leave by themselves, beside something else.

    Parameters
    ----------
    released : Released
        What may leave.
    result : Estimates
        The result that it came from, row by row in the same order.
    rows : numpy.ndarray of bool, shape (n_rows,)
        Which rows to withhold.

    Returns
    -------
    Released
        Nothing of these rows stays but what they are about; the caption tells no number of people.
    """
    frame = _blank(released.frame.reset_index(drop=True), rows, keep=set(_SAFE_TEXT))
    return replace(released, frame=frame, caption=_caption(result, released.profile, tells=False))


def _rates_again(
    frame: pd.DataFrame, events: npt.NDArray[np.float64], n: npt.NDArray[np.float64], profile: Profile
) -> pd.DataFrame:
    """Compute rates again from rounded counts; their intervals would tell the exact ones."""
    out = frame.copy()
    rows = ~np.isnan(events)
    people = release_counts(n, profile)
    with np.errstate(divide="ignore", invalid="ignore"):
        out.loc[rows, "estimate"] = (release_counts(events, profile) / people)[rows]
    out.loc[rows, ["conf_low", "conf_high", "p_value"]] = np.nan
    return out


def counts_beside(frame: pd.DataFrame) -> list[str]:
    """Name the columns beside n that count people.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of estimates.

    Returns
    -------
    list of str
        Extra columns of numbers that are named like a count (`n_...`, `leavers`), and those that hold whole numbers
        throughout and are not named as something else (`year`, `sd`, `baseline`).

    Examples
    --------
    >>> counts_beside(pd.DataFrame({"n": [40.0], "joined": [3], "year": [2024], "n_events": [2.0], "sd": [1.0]}))
    ['joined', 'n_events']
    """
    found = []
    for name in frame.columns:
        if name in ESTIMATE_COLUMNS or name in {SMALLER, OF_RECORD} or not pd.api.types.is_numeric_dtype(frame[name]):
            continue
        if name.startswith("n_") or name in _COUNTED or (_may_count(frame[name]) and not _NO_COUNT.match(name)):
            found.append(str(name))
    return found


def _counts_beside(frame: pd.DataFrame, n: npt.NDArray[np.float64], profile: Profile) -> pd.DataFrame:
    """Withhold other counts of people (`n_before`, `events`, ...) that are small, or that differ from n by a few."""
    out = frame.copy()
    for name in counts_beside(frame):
        values = out[name].to_numpy(dtype=float)
        apart = np.abs(values - n)
        few = withheld(values, profile) | (withheld(apart, profile) & (apart != 0))
        out[name] = np.where(few | _of_few_and_others(frame, few), np.nan, values)
    return out


def _of_few_and_others(frame: pd.DataFrame, few: Flags) -> Flags:
    """Find rows about two groups of which one has a count that is withheld: less the other's it would be known."""
    strata, labels = _strata(frame), frame["group"].astype(str)
    own = set(labels)
    blank = {(stratum, label) for stratum, label, hidden in zip(strata, labels, few, strict=True) if hidden}
    return np.array([
        is_contrast(label, own) and any((stratum, part) in blank for part in sides_of(label, own))
        for stratum, label in zip(strata, labels, strict=True)
    ], dtype=bool)  # fmt: skip


def _rounded(frame: pd.DataFrame, proportion: Flags, profile: Profile, level: float) -> tuple[pd.DataFrame, Flags]:
    """Leave nothing in a frame of estimates that tells an exact n; say which rows cannot be told."""
    own = [name for name in frame.columns if name not in ESTIMATE_COLUMNS and name not in _SAFE_TEXT]
    out = frame.drop(columns=own)
    unsure = np.zeros(len(out), dtype=bool)
    for row in np.flatnonzero(proportion & frame["estimate"].notna().to_numpy()):
        again = _share_again(frame.loc[row], profile, level)
        unsure[row] = again is None
        if again is not None:
            out.loc[row, ["estimate", "conf_low", "conf_high"]] = again
            out.loc[row, "p_value"] = np.nan
    out[list(_TELLS_N)] = np.nan
    out["p_value"] = out["p_value"].round(_DIGITS)
    for name in ("estimate", "conf_low", "conf_high"):
        kept = [value if share else _significant(value) for value, share in zip(out[name], proportion, strict=True)]
        out[name] = np.array(kept, dtype=float)
    return out, unsure


def _share_again(line: pd.Series, profile: Profile, level: float) -> list[float] | None:
    """Compute a share of people from its rounded count; None when it is not seen to be one or is of too few."""
    n, share = float(line["n"]), float(line["estimate"])
    events = round(share * n)
    if not 0 <= share <= 1 or abs(share * n - events) > 1e-6:
        return None
    given = [float(line["conf_low"]), float(line["conf_high"])]
    # A difference may look like a share of people: only a share has the interval of a share.
    made = [make for make in (wilson, clopper_pearson) if np.allclose(_limits(make(events, n, level=level)), given)]
    said, others, people = release_counts([events, n - events, n], profile)
    if not made or np.isnan([said, others, people]).any() or people <= 0:
        return None
    again = made[0](min(said, people), people, level=level)
    return [again.estimate, again.low, again.high]


def _limits(interval: Interval) -> list[float]:
    return [interval.low, interval.high]


def _significant(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _tells_people(result: Curve, frame: pd.DataFrame, profile: Profile) -> bool:
    """Tell whether n beside the released groups gives away a group that is not there."""
    if profile.releases_all:
        return True
    if frame.empty or bool((frame["flag"] == SUPPRESSED).any()):
        return False
    first = frame.sort_values("time").drop_duplicates("group")["n_at_risk"].sum()
    missing = abs(result.method.n_used - float(first))
    return profile.rounding != "none" or missing == 0 or not bool(withheld([missing], profile)[0])


def _tells_rest(result: Estimates, released: pd.DataFrame) -> bool:
    """Tell whether n of all is the sum of counts of which one is withheld: less the others it would be known."""
    given = result.frame.reset_index(drop=True)
    labels = given["group"].astype(str)
    single = given[~contrasts_in(labels.tolist())]
    for name in [name for name in counts_beside(given) if name in released.columns]:
        for _, rows in single.groupby("term", dropna=False, sort=False):
            withheld_here = released[name].to_numpy()[rows.index]
            if rows[name].sum() == result.method.n_used and pd.isna(withheld_here).any():
                return True
    return False


def _caption(result: Estimates | Curve, profile: Profile, *, tells: bool) -> str:
    method = result.method
    parts = [method.name, f"unit: {method.unit}", _people(result, profile) if tells else "n withheld"]
    if method.interval and method.interval != "by row":
        parts.append(f"{100 * method.level:g} % interval: {method.interval}")
    return "; ".join(part for part in parts if part)


def _people(result: Estimates | Curve, profile: Profile) -> str:
    """Say how many people there were, in what may be said of it."""
    method = result.method
    left_out = {name: count for name, count in method.n_dropped.items() if count}
    used, given = release_counts([method.n_used, method.n_given], profile)
    dropped = release_counts(list(left_out.values()), profile)
    if method.n_given == 0:
        return ""
    if np.isnan(used):
        return "n withheld"
    if not left_out:
        return f"n = {used:,.0f}"
    if np.isnan(dropped).any() or np.isnan(given):
        # The given and the used would tell the few who were dropped.
        return f"n = {used:,.0f}; some left out"
    why = ", ".join(f"{name}: {count:,.0f}" for name, count in zip(left_out, dropped, strict=True))
    return f"n = {used:,.0f} of {given:,.0f} ({why})"


def as_result(released: Released, result: Estimates | Curve) -> Estimates | Curve:
    """Put released rows back into a result, so that a figure draws them and nothing else.

    Parameters
    ----------
    released : Released
        What may leave.
    result : Estimates or Curve
        The result that it came from.

    Returns
    -------
    Estimates or Curve
        Of the same kind, on the released rows; its note on n says only what may be said.
    """
    method = replace(result.method, n_given=0, n_used=0, n_dropped={})
    kind = type(result)
    return kind(released.frame, method)
