"""The values of the equality plan year by year, from counts; of pay gaps from the pay of persons."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.composition import representation
from evalkit.equality.contrasts import Row, limits, side_of
from evalkit.equality.disparity import CLUSTERS, disparity_ratio
from evalkit.equality.likelihood import OF_RECORD
from evalkit.equality.mappings import band_cluster, is_senior, load_mapping
from evalkit.equality.pay import ExtremePayWarning, pay_gap
from evalkit.equality.plan_counting import (
    ALL,
    AT_END,
    AT_START,
    LEFT,
    ROUTES,
    SURVEYED,
    counted_inputs,
    people_in,
)
from evalkit.equality.race_standard import yearly_likelihood
from evalkit.equality.stability import index_row
from evalkit.equality.staff_columns import years_of
from evalkit.equality.survey_gaps import survey_gap
from evalkit.equality.turnover import leaver_rate_from_counts
from evalkit.equality.typed_columns import Mappings
from evalkit.numeric.proportions import wilson
from evalkit.result import Estimates

Frames = Mapping[str, pd.DataFrame]

# Characteristic -> (comparison, reference): who is compared with whom.
PAIRS = {"ethnicity": ("BME", "white"), "disability": ("disabled", "not disabled"), "sex": ("women", "men"),
         "recruited": ("recruited abroad", "recruited in the UK")}  # fmt: skip
_UPPER, _SENIOR, _OTHERS = "band 8a and above", "band 8c and above", "others"
_LISTED = "shortlisted"


# Names that the results can hold, beside "survey_" and the key of a question: targets may be set for all of them.
INDICATORS = (
    "relative_likelihood_appointment", "relative_likelihood_disciplinary", "relative_likelihood_cpd", "parity_upper",
    "parity_senior", "shortlisted_gap", "pay_gap_mean", "pay_gap_median", "disparity_ratio_lower_to_middle",
    "disparity_ratio_middle_to_upper", "disparity_ratio_lower_to_upper", "leaver_rate", "leaver_rate_ratio",
    "stability_index", "recruitment_apprentice", "recruitment_graduate", "local_recruitment", "vacancy_rate",
    "support_offered_affected", "support_offered", "support_used",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What the values are made of.

    Parameters
    ----------
    counts : pandas.DataFrame
        As `plan_counts` gives them.
    mappings : mapping of str to pandas.DataFrame
        Mappings that replace those of evalkit, by name.
    level : float
        Confidence level.
    frames : mapping of str to pandas.DataFrame, optional
        Typed standard inputs, from which pay is read; None where only counts came in.
    failed : mapping of str to str, optional
        Metric -> why what it rests on could not be counted.
    """

    counts: pd.DataFrame
    mappings: Mappings
    level: float
    frames: Frames | None = None
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def ethnicity(self) -> pd.DataFrame | None:
        """The mapping of ethnicities, where it is not that of evalkit."""
        return self.mappings.get("ethnicity")

    @property
    def people(self) -> int:
        """Staff in post over all snapshots; without counts of staff all people that were counted."""
        table = self.counts_of("staff", SURVEYED[0])
        return int((table if len(table) else self.counts)["n"].sum())

    def counts_of(self, indicator: str, characteristic: str = ALL) -> pd.DataFrame:
        """Give the counts of an indicator.

        Parameters
        ----------
        indicator, characteristic : str
            As in `plan_counts`.

        Returns
        -------
        pandas.DataFrame
            Rows of it; none where it was not counted.
        """
        table = self.counts
        return table[(table["indicator"] == indicator) & (table["characteristic"] == characteristic)]

    def counts_of_both(self, indicator: str, characteristic: str) -> pd.DataFrame:
        """Give the counts of an indicator, where both groups of a characteristic have two people or more.

        Parameters
        ----------
        indicator, characteristic : str
            As in `plan_counts`.

        Returns
        -------
        pandas.DataFrame
            Rows of it; none where one of the groups is too small.
        """
        table = self.counts_of(indicator, characteristic)
        return table.iloc[:0] if _too_small(table.groupby("group")["n"].sum(), characteristic) else table

    def compared(self, indicator: str, characteristics: Sequence[str] = SURVEYED) -> Iterator[tuple[str, pd.DataFrame]]:
        """Give the counts of an indicator by each characteristic whose groups can be compared.

        Parameters
        ----------
        indicator : str
            As in `plan_counts`.
        characteristics : sequence of str, optional
            Those to look at; left out, ethnicity and disability.

        Yields
        ------
        tuple of (str, pandas.DataFrame)
            Characteristic, and the rows of it as `counts_of_both` gives them.
        """
        for name in characteristics:
            table = self.counts_of_both(indicator, name)
            if len(table):
                yield name, table

    def too_few(self) -> Iterator[tuple[str, str]]:
        """Name the counts of which one of the groups that are compared has one person or nobody.

        Yields
        ------
        tuple of (str, str)
            Indicator and characteristic, and the groups that are too small.
        """
        told = self.counts[self.counts["characteristic"].isin(list(PAIRS))]
        for (indicator, characteristic), rows in told.groupby(["indicator", "characteristic"], sort=False):
            people = rows.groupby("group")["n"].sum()
            small = [f"{name} ({people.get(name, 0):.0f})" for name in _too_small(people, str(characteristic))]
            if small:
                yield f"{indicator} by {characteristic}", " and ".join(small)


def plan_of(frames: Frames, *, mappings: Mappings, level: float) -> Plan:
    """Count the standard inputs once.

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
    counts, failed = counted_inputs(frames, mappings)
    return Plan(counts, mappings, level, frames, failed)


def _too_small(people: pd.Series, characteristic: str) -> list[str]:
    """Name those of the two groups that have one person or nobody."""
    return [name for name in PAIRS[characteristic] if people.get(name, 0) <= 1]


def _taken(found: Estimates, indicator: str, **wanted: str) -> Iterator[Row]:
    """Give the rows in which columns hold what is wanted, under the name of the indicator."""
    frame = found.frame
    for column, value in wanted.items():
        frame = frame[frame[column] == value]
    for record in frame.to_dict("records"):
        yield {**{str(name): value for name, value in record.items()}, "indicator": indicator}


def _represented(table: pd.DataFrame, band: str, *, level: float) -> Estimates:
    """Hold the share of each group in each band against its share of all, in each year."""
    return representation(table, group="group", band=band, counts="n", year="year", allow_gaps=True, level=level)


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
    for name, table in plan.compared("appointed"):
        comparison, reference = PAIRS[name]
        found = yearly_likelihood(table, reference, comparison, level=plan.level)
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
    about = load_mapping("wres_indicators").set_index("indicator")
    for indicator, name in (("3", "disciplinary"), ("4", "cpd")):
        table = plan.counts_of_both(name, "ethnicity")
        if len(table):
            comparison, reference = about.loc[indicator, ["comparison", "reference"]]
            found = yearly_likelihood(table, comparison, reference, level=plan.level)
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
        A row a year and characteristic; nothing without bands.

    Raises
    ------
    EvalkitError
        As `band_cluster` and `is_senior`.
    """
    label, indicator = (_UPPER, "parity_upper") if column == "cluster" else (_SENIOR, "parity_senior")
    own = plan.mappings.get("bands")
    for name, table in plan.compared("staff"):
        if (table["part"] != "").any():
            of_band = table["part"]
            inside = (
                band_cluster(of_band, table=own) == "upper" if column == "cluster" else is_senior(of_band, table=own)
            )
            found = _represented(table.assign(band=np.where(inside, label, _OTHERS)), "band", level=plan.level)
            yield from _taken(found, indicator, term="parity", group=PAIRS[name][0], band=label)


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
    for name, table in plan.compared("shortlisted"):
        steps = [
            table.assign(step=_LISTED, n=table["events"]),
            table.assign(step="not shortlisted", n=table["n"] - table["events"]),
        ]
        found = _represented(pd.concat(steps), "step", level=plan.level)
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
        A row a year, characteristic and figure; nothing where only counts came in.
    """
    if plan.frames is None or "pay" not in plan.frames:
        return
    rates = plan.frames["pay"]
    staff = plan.frames["staff_in_post"]
    of_people = people_in(staff, plan.ethnicity)
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
        if name not in table.columns or _too_small(table.loc[known, name].value_counts(), name):
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
    adverse = load_mapping("survey_questions").drop_duplicates("key").set_index("key")["direction"] == "adverse"
    for key in keys:
        worse = bool(adverse.get(key, True))
        indicator = f"survey_{key}"
        if not of:
            # A characteristic that everybody who answered is in.
            everybody = (plan.counts_of(indicator, name) for name in (ALL, *SURVEYED))
            yield from _shares(next((rows for rows in everybody if len(rows)), plan.counts[:0]), worse, plan.level)
        for name, table in plan.compared(indicator, (of,) if of else SURVEYED):
            comparison, reference = PAIRS[name]
            found = survey_gap(
                table, group="group", agreed="events", answered="n", year="year", reference=reference,
                comparison=comparison, adverse=worse, allow_gaps=True, level=plan.level,
            )  # fmt: skip
            if of:
                yield from _taken(found, indicator, term="share", group=comparison)
            yield from _taken(found, indicator, term="gap")


def _shares(table: pd.DataFrame, worse: bool, level: float, *, of_record: bool = False) -> Iterator[Row]:  # noqa: FBT001
    """Give the share of all in each year; of a record with the number of people that it says it happened to."""
    for (year, indicator), rows in table.groupby(["year", "indicator"]):
        events = float(rows["events"].sum())
        row = share(ALL, events, float(rows["n"].sum()), level)
        if of_record and events:
            row[OF_RECORD] = events
        yield row | side_of(worse) | {"indicator": indicator, "year": str(year)}


def share(group: str, events: float, n: float, level: float) -> Row:
    """Give the row of a share.

    Parameters
    ----------
    group : str
        Of whom.
    events, n : float
        People, posts or places with the property, and all.
    level : float
        Confidence level.

    Returns
    -------
    dict
        With Wilson's limits; without an estimate where there is nobody.
    """
    row: Row = {
        "term": "share", "group": group, "n": n, "n_least": n, "unit": "proportion", "scale": "identity",
        "interval": "Wilson score", "flag": "" if n else "nobody",
    }  # fmt: skip
    return row | (limits(wilson(events, n, level=level)) if n else {})


def routes(plan: Plan) -> Iterator[Row]:
    """Shares of those appointed who came by apprenticeships, and by graduate schemes.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year and route.
    """
    for name in ROUTES:
        yield from _shares(plan.counts_of(name), worse=False, level=plan.level, of_record=True)


def local(plan: Plan) -> Iterator[Row]:
    """Share of those appointed who are local.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year.
    """
    yield from _shares(plan.counts_of("local_recruitment"), worse=False, level=plan.level, of_record=True)


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
    for row in _shares(plan.counts_of("vacancy_rate"), worse=True, level=plan.level):
        yield row | {"unit": "proportion of FTE posts"}


def support(plan: Plan) -> Iterator[Row]:
    """Offer of psychological support, and its use among those to whom it was offered: higher is better of both.

    The offer is counted among those affected, and only where their number is not known among all staff in post.

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
    yield from _shares(plan.counts_of("support_offered_affected"), worse=False, level=plan.level, of_record=True)
    offered = plan.counts_of("support_offered")
    more = offered["events"] > offered["n"]
    flags = dict(zip(offered["year"].astype(str), more & (offered["n"] > 0), strict=True))
    all_of_them = offered.assign(events=offered["events"].where(~more, offered["n"]))
    for row in _shares(all_of_them, worse=False, level=plan.level, of_record=True):
        too_many = {"flag": "offered to more people than are in post: taken as all"} if flags[str(row["year"])] else {}
        yield row | too_many
    yield from _shares(plan.counts_of("support_used"), worse=False, level=plan.level, of_record=True)


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
        As `leaver_rate_from_counts`.
    """
    table, of_all = plan.counts_of("leaver_rate", "ethnicity"), plan.counts_of("leaver_rate")
    if not len(table) and not len(of_all):
        return
    cells = _leaving(table)
    named = {"at_start": AT_START, "at_end": AT_END, "leavers": LEFT, "period": "year"}
    # A year that is told by groups only is added up.
    added = cells[~cells["year"].isin(of_all["year"])]
    everybody = pd.concat([_leaving(of_all), added]).groupby("year", as_index=False)[[AT_START, AT_END, LEFT]].sum()
    found = [(leaver_rate_from_counts(everybody, **named, level=plan.level), "leaver_rate", ALL)]
    # Nobody may be in a group to which leavers without a known one were counted.
    in_post = cells[cells[AT_START] + cells[AT_END] > 0]
    comparison, reference = PAIRS["ethnicity"]
    if {comparison, reference} <= set(in_post["group"]):
        groups = leaver_rate_from_counts(in_post, **named, by="group", reference=reference, level=plan.level)
        found.append((groups, "leaver_rate_ratio", f"{comparison} over {reference}"))
    for result, name, group in found:
        for row in _taken(result, name, group=group):
            yield row | {"year": str(row.pop("period"))}


def _leaving(table: pd.DataFrame) -> pd.DataFrame:
    """Put the parts of the leaver rate side by side."""
    cells = table.pivot(index=["year", "group"], columns="part", values="n").reindex(columns=[AT_START, AT_END, LEFT])
    return cells.fillna(0).reset_index()


def stability(plan: Plan) -> Iterator[Row]:
    """Stability index by headcount.

    Parameters
    ----------
    plan : Plan
        What the values are made of.

    Yields
    ------
    dict
        A row a year; nothing where it is not known when service began.
    """
    for row in plan.counts_of("stability_index").to_dict("records"):
        found = index_row(int(row["events"]), int(row["n"]), level=plan.level)
        yield found | {"group": ALL, "indicator": "stability_index", "year": str(row["year"])}


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
    table = plan.counts_of_both("staff", "ethnicity")
    if not (table["part"] != "").any():
        return
    table = table.assign(tier=band_cluster(table["part"], table=plan.mappings.get("bands")))
    found = disparity_ratio(
        table, group="group", band="tier", clusters={name: (name,) for name in CLUSTERS}, counts="n",
        year="year", allow_gaps=True, level=plan.level,
    )  # fmt: skip
    for row in _taken(found, "disparity_ratio"):
        yield row | {"indicator": f"disparity_ratio_{row['term']}"}
