"""The values of the equality plan year by year, from the standard inputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.composition import representation
from evalkit.equality.contrasts import Row, limits
from evalkit.equality.disparity import CLUSTERS, disparity_ratio
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.mappings import band_cluster, ethnic_group, exit_type, is_senior, load_mapping
from evalkit.equality.pay import ExtremePayWarning, pay_gap
from evalkit.equality.race_standard_counts import wres_counts
from evalkit.equality.stability import stability_index
from evalkit.equality.staff_columns import coded, years_of
from evalkit.equality.survey_gaps import survey_gap
from evalkit.equality.turnover import HEADCOUNT, leaver_rate, leaver_rate_from_counts
from evalkit.equality.typed_columns import Mappings
from evalkit.numeric.proportions import wilson
from evalkit.result import Estimates

Frames = Mapping[str, pd.DataFrame]

# Characteristic -> (comparison, reference): who is compared with whom.
PAIRS = {"ethnicity": ("BME", "white"), "disability": ("disabled", "not disabled"), "sex": ("women", "men"),
         "recruited": ("recruited abroad", "recruited in the UK")}  # fmt: skip
_SURVEYED = ("ethnicity", "disability")
_WORDS = {
    "disability": {"yes": "disabled", "no": "not disabled"},
    "recruited": {
        **dict.fromkeys(("yes", "abroad", "international", "internationally", "overseas"), "recruited abroad"),
        **dict.fromkeys(("no", "uk", "united kingdom"), "recruited in the UK"),
    },
    "sex": {"female": "women", "f": "women", "woman": "women", "male": "men", "m": "men", "man": "men"},
}
_UPPER, _SENIOR = "band 8a and above", "band 8c and above"
_LISTED = "shortlisted"
_WORSE: Row = {"direction": "higher is worse", "adverse": "above"}
_BETTER: Row = {"direction": "higher is better", "adverse": "below"}


# Names that the results can hold, beside "survey_" and the key of a question: targets may be set for all of them.
INDICATORS = (
    "relative_likelihood_appointment", "relative_likelihood_disciplinary", "relative_likelihood_cpd", "parity_upper",
    "parity_senior", "shortlisted_gap", "pay_gap_mean", "pay_gap_median", "disparity_ratio_lower_to_middle",
    "disparity_ratio_middle_to_upper", "disparity_ratio_lower_to_upper", "leaver_rate", "leaver_rate_ratio",
    "stability_index", "recruitment_apprentice", "recruitment_graduate", "local_recruitment", "vacancy_rate",
    "support_offered", "support_used",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The inputs, with groups named alike.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Typed standard inputs.
    staff, applicants : pandas.DataFrame
        People counted (`n`) by `year`, `ethnicity`, `disability`, `sex` and, of staff, `band`, `tier`, `cluster`,
        `senior`; of applicants the steps of recruitment. Empty where there are none.
    mappings : mapping of str to pandas.DataFrame
        Mappings that replace those of evalkit, by name.
    level : float
        Confidence level.
    """

    frames: Frames
    staff: pd.DataFrame
    applicants: pd.DataFrame
    mappings: Mappings
    level: float

    @property
    def ethnicity(self) -> pd.DataFrame | None:
        """The mapping of ethnicities, where it is not that of evalkit."""
        return self.mappings.get("ethnicity")

    def exits(self, leavers: pd.DataFrame) -> pd.DataFrame:
        """Add how people left, where reasons are given.

        Parameters
        ----------
        leavers : pandas.DataFrame
            The input.

        Returns
        -------
        pandas.DataFrame
            With the column `exit_type`, or as it was.
        """
        if "reason" not in leavers.columns:
            return leavers
        return leavers.assign(exit_type=exit_type(leavers["reason"], table=self.mappings.get("exit_types")))


def plan_of(frames: Frames, *, mappings: Mappings, level: float) -> Plan:
    """Name groups alike and count people once.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        Typed standard inputs.
    mappings : mapping of str to pandas.DataFrame
        Mappings that replace those of evalkit, by name.
    level : float
        Confidence level.

    Returns
    -------
    Plan
        What the values are made of.
    """
    staff = frames["staff_in_post"]
    ethnicity, bands = mappings.get("ethnicity"), mappings.get("bands")
    columns: dict[str, Any] = {**_people(staff, ethnicity), "year": years_of(staff["snapshot"])}
    if "band" in staff.columns:
        columns |= {"band": staff["band"]}
    counted = _tally(columns)
    if "band" in staff.columns:
        counted["tier"] = band_cluster(counted["band"], table=bands)
        counted["cluster"] = np.where(counted["tier"] == "upper", _UPPER, "others")
        counted["senior"] = np.where(is_senior(counted["band"], table=bands), _SENIOR, "others")
    funnel = frames.get("recruitment")
    applicants = pd.DataFrame()
    if funnel is not None:
        steps = [name for name in ("year", "shortlisted", "appointed", "route", "local") if name in funnel.columns]
        applicants = _tally({**_people(funnel, ethnicity), **{name: funnel[name] for name in steps}})
        applicants["step"] = np.where(applicants["shortlisted"].astype(bool), _LISTED, "not shortlisted")
    return Plan(frames, counted, applicants, mappings, level)


def _people(frame: pd.DataFrame, ethnicity: pd.DataFrame | None) -> dict[str, pd.Categorical]:
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
        levels = pd.CategoricalIndex(known.categories, dtype=known.dtype)
        if (known.codes >= 0).all():
            return np.asarray(known.codes), levels
    codes, found = pd.factorize(np.asarray(values), sort=False, use_na_sentinel=False)
    return np.asarray(codes), pd.Index(found)


def _both(table: pd.DataFrame, characteristic: str) -> bool:
    if characteristic not in table.columns:
        return False
    return _several(table.groupby(characteristic, observed=True)["n"].sum(), characteristic)


def _several(people: pd.Series, characteristic: str) -> bool:
    """Tell whether both groups have two people or more."""
    return all(people.get(name, 0) > 1 for name in PAIRS[characteristic])


def _taken(found: Estimates, indicator: str, **wanted: str) -> Iterator[Row]:
    """Give the rows in which columns hold what is wanted, under the name of the indicator."""
    frame = found.frame
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    for record in frame.to_dict("records"):
        yield {**{str(name): value for name, value in record.items()}, "indicator": indicator}


def appointment(plan: Plan) -> Iterator[Row]:
    """Relative likelihood of appointment from shortlisting.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year and characteristic.
    """
    listed = plan.applicants[plan.applicants["step"] == _LISTED] if len(plan.applicants) else plan.applicants
    for name in _SURVEYED:
        if _both(listed, name):
            comparison, reference = PAIRS[name]
            found = relative_likelihood(
                listed, group=name, outcome="appointed", counts="n", year="year", comparison=reference,
                reference=comparison, adverse_above_one=True, allow_gaps=True, level=plan.level,
            )  # fmt: skip
            yield from _taken(found, "relative_likelihood_appointment", term="relative_likelihood")


def process_and_training(plan: Plan) -> Iterator[Row]:
    """Relative likelihood of the disciplinary process and of training, WRES 3 and 4.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year and indicator.
    """
    counts = wres_counts(plan.frames, ethnicity=plan.ethnicity, indicators="34")
    about = load_mapping("wres_indicators").set_index("indicator")
    for indicator, name in (("3", "disciplinary"), ("4", "cpd")):
        table = counts[counts["indicator"] == indicator]
        people = table.groupby("group")["n"].sum()
        if all(people.get(group, 0) > 1 for group in PAIRS["ethnicity"]):
            found = relative_likelihood(
                table, group="group", outcome="events", total="n", year="year", adverse_above_one=True,
                comparison=about.loc[indicator, "comparison"], reference=about.loc[indicator, "reference"],
                allow_gaps=True, level=plan.level,
            )  # fmt: skip
            yield from _taken(found, f"relative_likelihood_{name}", term="relative_likelihood")


def parity(plan: Plan, column: str) -> Iterator[Row]:
    """Share in the upper or senior bands over the share in the workforce.

    Parameters
    ----------
    plan : Plan
        What the values are made of.
    column : str
        "cluster" or "senior".

    Yields
    ------
    dict
        A row a year and characteristic.
    """
    if column not in plan.staff.columns:
        return
    bands, indicator = (_UPPER, "parity_upper") if column == "cluster" else (_SENIOR, "parity_senior")
    for name in _SURVEYED:
        if _both(plan.staff, name):
            found = representation(
                plan.staff, group=name, band=column, counts="n", year="year", allow_gaps=True, level=plan.level
            )
            yield from _taken(found, indicator, term="parity", group=PAIRS[name][0], band=bands)


def shortlisted(plan: Plan) -> Iterator[Row]:
    """Share of a group among the shortlisted less its share among applicants.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year and characteristic.
    """
    for name in _SURVEYED:
        if len(plan.applicants) and _both(plan.applicants, name):
            found = representation(
                plan.applicants, group=name, band="step", counts="n", year="year", allow_gaps=True, level=plan.level
            )
            for row in _taken(found, "shortlisted_gap", term="gap", group=PAIRS[name][0], band=_LISTED):
                yield row | {"direction": "share among the shortlisted less share among applicants"}


def pay(plan: Plan) -> Iterator[Row]:
    """Mean and median gaps in hourly pay by sex, ethnicity and disability.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year, characteristic and figure.
    """
    if "pay" not in plan.frames:
        return
    rates = plan.frames["pay"]
    staff = plan.frames["staff_in_post"]
    of_people = _people(staff, plan.ethnicity)
    at = _rows_of(staff, rates)
    codes, years = years_of(rates["snapshot"])
    table = pd.DataFrame({"hourly": rates["hourly"].to_numpy(), "year": pd.Categorical.from_codes(codes, years)})
    table["full_pay"] = rates["full_pay"].to_numpy() if "full_pay" in rates.columns else True
    for name, values in of_people.items():
        codes = values.codes if at is None else np.where(at >= 0, values.codes[at], -1)
        table[name] = pd.Categorical.from_codes(codes, dtype=values.dtype)
    if at is not None:
        table = table[at >= 0]
    known = table["hourly"].notna()
    for name, (comparison, reference) in PAIRS.items():
        if name not in table.columns or not _several(table.loc[known, name].value_counts(), name):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExtremePayWarning)  # stated in the column `flag`
            found = pay_gap(
                table, sex=name, hourly="hourly", full_pay="full_pay", year="year", reference=reference,
                comparison=comparison, allow_gaps=True, level=plan.level,
            )  # fmt: skip
        for figure in ("mean", "median"):
            yield from _taken(found, f"pay_gap_{figure}", term=f"{figure} gap in hourly pay")


def _rows_of(staff: pd.DataFrame, rates: pd.DataFrame) -> npt.NDArray[np.int64] | None:
    """Find each pay rate's row of staff, -1 where there is none; None where they stand in the same order."""
    keys = ["person", "snapshot"]
    if len(staff) == len(rates) and all(np.array_equal(staff[key].to_numpy(), rates[key].to_numpy()) for key in keys):
        return None
    places = staff[keys].assign(place=np.arange(len(staff)))
    found = rates[keys].merge(places, on=keys, how="left")["place"].fillna(-1)
    return np.asarray(found.to_numpy(), dtype=np.int64)


def survey(plan: Plan, keys: Sequence[str], of: str = "") -> Iterator[Row]:
    """Share of all, or of one group, who say yes to a question, and the gaps between groups.

    Parameters
    ----------
    plan : Plan
        What the values are made of.
    keys : sequence of str
        Questions.
    of : str, optional
        The one characteristic that counts, such as "recruited"; then the share is that of its first group.

    Yields
    ------
    dict
        A row a year and question of all, and one for each characteristic.
    """
    asked = plan.frames.get("survey")
    if asked is None:
        return
    adverse = load_mapping("survey_questions").drop_duplicates("key").set_index("key")["direction"] == "adverse"
    for key in keys:
        rows = asked[asked["question"].astype(str) == key]
        worse = bool(adverse.get(key, True))
        if not of:
            yield from _everybody(rows, key, worse, plan.level)
        for name in (of,) if of else _SURVEYED:
            mine = rows[rows["characteristic"].astype(str) == name]
            if not len(mine):
                continue
            groups = (
                ethnic_group(mine["group"].astype(object), table=plan.ethnicity)
                if name == "ethnicity"
                else named(mine["group"], name)
            )
            table = mine.assign(group=groups, n=mine["answered"])
            if _both(table.rename(columns={"group": name}).drop(columns="answered"), name):
                comparison, reference = PAIRS[name]
                found = survey_gap(
                    table, group="group", agreed="agreed", answered="answered", year="year", reference=reference,
                    comparison=comparison, adverse=worse, allow_gaps=True, level=plan.level,
                )  # fmt: skip
                words = _WORSE if worse else _BETTER
                shares = _taken(found, f"survey_{key}", term="share", group=comparison) if of else ()
                yield from (row | words for row in shares)
                yield from _taken(found, f"survey_{key}", term="gap")


def _everybody(rows: pd.DataFrame, key: str, worse: bool, level: float) -> Iterator[Row]:  # noqa: FBT001
    """Add up a characteristic that everybody who answered is in."""
    for name in ("all", *_SURVEYED):
        mine = rows[rows["characteristic"].astype(str) == name]
        if len(mine):
            for year, part in mine.groupby("year"):
                row = share("all", int(part["agreed"].sum()), int(part["answered"].sum()), level)
                words = _WORSE if worse else _BETTER
                yield row | words | {"indicator": f"survey_{key}", "year": str(year)}
            return


def share(group: str, events: float, n: float, level: float, *, least: float | None = None) -> Row:
    """Give the row of a share.

    Parameters
    ----------
    group : str
        Of whom.
    events, n : float
        People, posts or places with the property, and all.
    level : float
        Confidence level.
    least : float, optional
        People on whom it rests, where those are not n.

    Returns
    -------
    dict
        With Wilson's limits; without an estimate where there is nobody.
    """
    row: Row = {
        "term": "share", "group": group, "n": n, "n_least": n if least is None else least, "unit": "proportion",
        "scale": "identity", "interval": "Wilson score", "flag": "" if n else "nobody",
    }  # fmt: skip
    return row | (limits(wilson(events, n, level=level)) if n else {})


def routes(plan: Plan, words: Sequence[str]) -> Iterator[Row]:
    """Shares of those appointed who came by apprenticeships or graduate schemes, and who are local.

    Parameters
    ----------
    plan : Plan
        What the values are made of.
    words : sequence of str
        "local", or words that the names of the routes begin with.

    Yields
    ------
    dict
        A row a year and route.
    """
    table = plan.applicants
    if not len(table) or ("local" if words == ("local",) else "route") not in table.columns:
        return
    hired = table[table["appointed"].astype(bool)]
    for year, rows in hired.groupby("year"):
        for word in words:
            if word == "local":
                label = rows["local"].astype(str)
                stated, had = label.isin(["yes", "no", "True", "False"]), label.isin(["yes", "True"])
                name = "local_recruitment"
            else:
                label = rows["route"].astype(str).str.casefold()
                stated, had = label.ne("not stated"), label.str.startswith(word)
                name = "recruitment_" + word
            row = share("all", int(rows.loc[had, "n"].sum()), int(rows.loc[stated, "n"].sum()), plan.level)
            yield row | {"indicator": name, "year": str(year), **_BETTER}


def vacancies(plan: Plan) -> Iterator[Row]:
    """Vacant over established posts, in full-time equivalents.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year.
    """
    table = plan.frames.get("vacancies")
    if table is None:
        return
    for year, rows in table.groupby("year"):
        row = share("all", float(rows["vacant"].sum()), float(rows["posts"].sum()), plan.level)
        yield row | {"indicator": "vacancy_rate", "year": str(year), "unit": "proportion of FTE posts"} | _WORSE


def support(plan: Plan) -> Iterator[Row]:
    """Availability of psychological support, and its use among those to whom it was open: higher is better of both.

    A plan offers support so that it is taken up. That more people need it shows in use as well: read the two together.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        Two rows a year.
    """
    table = plan.frames.get("support")
    if table is None:
        return
    heads = plan.staff.groupby("year")["n"].sum()
    for year, rows in table.groupby("year"):
        offered, used = int(rows["offered"].sum()), int(rows["used"].sum())
        staff = int(heads.get(int(year), 0))
        lead: Row = {"year": str(year)}
        open_to = share("all", min(offered, staff), staff, plan.level)
        more = {"flag": "offered to more people than are in post: taken as all"} if staff and offered > staff else {}
        yield lead | open_to | more | {"indicator": "support_offered"} | _BETTER
        yield lead | share("all", used, offered, plan.level) | {"indicator": "support_used"} | _BETTER


def turnover(plan: Plan) -> Iterator[Row]:
    """Leaver rate of losses and its ratio between groups.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a period of all, then the ratio; nothing without leavers.

    Raises
    ------
    EvalkitError
        As `leaver_rate`.
    """
    if "leavers" not in plan.frames:
        return
    gone = plan.exits(plan.frames["leavers"])
    staff = plan.frames["staff_in_post"]
    staff = staff[["person", "snapshot"]].assign(ethnicity=ethnic_group(staff["ethnicity"], table=plan.ethnicity))
    how = "exit_type" if "reason" in gone.columns else None
    groups = leaver_rate(
        staff, gone, exit_type=how, by="ethnicity", reference="white", unmatched="count", level=plan.level
    )
    frame = groups.frame
    cells = frame[frame["term"] == HEADCOUNT].groupby("period", as_index=False)[["at_start", "at_end", "leavers"]].sum()
    everybody = leaver_rate_from_counts(
        cells, at_start="at_start", at_end="at_end", leavers="leavers", period="period", level=plan.level
    )
    for found, name, group in (
        (everybody, "leaver_rate", "all"),
        (groups, "leaver_rate_ratio", "BME over white"),
    ):
        for row in _taken(found, name, group=group):
            yield row | {"year": str(row["period"])[-10:-6]}


def stability(plan: Plan) -> Iterator[Row]:
    """Stability index by headcount; who is away for a break is no loss, where reasons for leaving are given.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a period; nothing where it is not known when service began.

    Raises
    ------
    EvalkitError
        As `stability_index`.
    """
    staff = plan.frames["staff_in_post"]
    if "started" not in staff.columns:
        return
    leavers = plan.frames.get("leavers")
    gone = None if leavers is None or "reason" not in leavers.columns else plan.exits(leavers)
    found = stability_index(
        staff[["person", "snapshot", "started"]], gone, started="started",
        exit_type=None if gone is None else "exit_type", level=plan.level,
    )  # fmt: skip
    for row in _taken(found, "stability_index", term="stability index, headcount"):
        yield row | {"year": str(row["period"])[-10:-6]}


def disparity(plan: Plan) -> Iterator[Row]:
    """Race disparity ratios.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year and pair of clusters; nothing without bands or without people of both groups.

    Raises
    ------
    EvalkitError
        As `disparity_ratio`: when a cluster, or a group in all clusters but one, is empty.
    """
    if "band" not in plan.staff.columns or not _both(plan.staff, "ethnicity"):
        return
    found = disparity_ratio(
        plan.staff, group="ethnicity", band="tier", clusters={name: (name,) for name in CLUSTERS}, counts="n",
        year="year", allow_gaps=True, level=plan.level,
    )  # fmt: skip
    for row in _taken(found, "disparity_ratio"):
        yield row | {"indicator": f"disparity_ratio_{row['term']}"}
