"""How much likelier one group is to have an outcome than another: appointed, disciplined, trained."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.equality.contrasts import Group, Row, adverse_words, difference_row, direction, limits, rate_row, ratio_row
from evalkit.equality.counting import ALL, Counted, counted, two_groups
from evalkit.equality.mappings import NOT_STATED
from evalkit.equality.staff_columns import level_problems
from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, require, within
from evalkit.numeric.stratified import mantel_haenszel_odds_ratio, mantel_haenszel_risk_ratio, mantel_haenszel_test
from evalkit.numeric.values import Interval
from evalkit.result import Estimates, Method, estimates

Ints = npt.NDArray[np.int64]

FOUR_FIFTHS = (0.80, 1.25)
_TERM = "relative_likelihood"
# Disclosure goes by it: what records say happened to one or two people is withheld.
OF_RECORD = "n_fewest_events"
_POOLED = {"mantel_haenszel_risk_ratio": "Greenland-Robins", "mantel_haenszel_odds_ratio": "Robins-Breslow-Greenland"}


class People(TypedDict):
    """People that came in, were used, and were left out for which reason."""

    n_given: int
    n_used: int
    n_dropped: dict[str, int]


def relative_likelihood(
    data: pd.DataFrame,
    *,
    group: str,
    outcome: str,
    reference: str,
    comparison: str,
    event: str | None = None,
    counts: str | None = None,
    total: str | None = None,
    strata: str | None = None,
    by: str | None = None,
    year: str | None = None,
    adverse_above_one: bool | None = None,
    four_fifths: tuple[float, float] = FOUR_FIFTHS,
    allow_gaps: bool = False,
    level: float = 0.95,
) -> Estimates:
    """Rate of an outcome in one group over the rate in another, such as white over BME appointed from shortlisting.

    Parameters
    ----------
    data : pandas.DataFrame
        Shape (rows, columns): those who could have the outcome, such as those shortlisted. One row a person; or with
        `counts` one row for people of one kind; or with `total` one row a group.
    group : str
        Column of the group: labels, missing or "not stated" where not known.
    outcome : str
        Column of the outcome: yes or no (also true and false, 1 and 0), missing where not known. With `event` any
        labels; with `total` the number of people who had it.
    reference, comparison : str
        Labels in `group`: the rate of the comparison is divided by the rate of the reference.
    event : str, optional
        The label in `outcome` that counts, such as "Admitted"; all other labels are "no".
    counts : str, optional
        Column of how many people each row stands for.
    total : str, optional
        Column of how many people could have had the outcome.
    strata : str, optional
        Column within whose levels groups are compared, such as the band: a ratio for each level, and those of Mantel
        and Haenszel over all. "Not stated" is a stratum.
    by : str, optional
        Column of parts, such as departments, that have rows of their own.
    year : str, optional
        Column of years or snapshot days that have rows of their own: a trend.
    adverse_above_one : bool, optional
        Whether a ratio above 1 is adverse; it goes into the result. For indicators 2, 3 and 4 of the WRES it is True,
        with white over BME, BME over white and white over BME.
    four_fifths : tuple of float, default (0.80, 1.25)
        Limits of the four-fifths rule, which flags the ratio beside its interval.
    allow_gaps : bool, default False
        Let years be missing from the series.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each year and part, told apart by `term`: "rate" of each group, "not stated" included (proportion, Wilson's
        limits); "relative_likelihood" (ratio, Koopman's score limits, Fisher's exact p) and "difference" (of the
        proportions, Newcombe's limits). With strata then "relative_likelihood" in each (`stratum`), and
        "mantel_haenszel_risk_ratio" and "mantel_haenszel_odds_ratio" over all, with `std_error` on the log scale and
        the Mantel-Haenszel test. A ratio is infinite where nobody of the reference had the outcome.

        Extra columns: `year`, `by`, `stratum` where asked for; `unit`, `scale`, `interval`; `n_events` (people with the
        outcome), `n_least` (people in the smaller group), `n_fewest_events` (those with the outcome in the group with
        fewer of them; missing where nobody has it); `direction`; `adverse` ("above 1" and the like) and
        `adverse_above_one` (of ratios); `four_fifths` (the ratio lies "within" or "outside" its limits) and
        `four_fifths_interval` ("within", "outside" or "reaches across": what the data leave open); `flag` (what was
        refused, and why). A group of one person or nobody has no contrast: a rate of one is that person's outcome.

    Raises
    ------
    DataError
        DAT-003 or DAT-009 for columns and arguments, DAT-002 or DAT-004 for wrong counts, DAT-006 for an unknown group
        or outcome, DAT-007 for more people with the outcome than people, for both `counts` and `total`, for a gap in a
        series, or for several years where no column of years is named.
    EstimationError
        EST-001 when no contrast can be made because one of the groups has one person or nobody.

    Notes
    -----
    People of other groups and of none are left out of the ratio and counted in `n_dropped`. An unadjusted ratio
    compares groups as they applied; within strata it may differ, or turn round. A ratio outside 0.80 to 1.25 may be
    chance, and one inside may hide a disparity: read the interval.

    References
    ----------
    .. [1] Koopman PAR (1984). Biometrics 40:513-517.
    .. [2] Newcombe RG (1998). Stat Med 17:873-890.
    .. [3] Greenland S, Robins JM (1985). Biometrics 41:55-68.
    .. [4] Robins J, Breslow N, Greenland S (1986). Biometrics 42:311-323.

    Examples
    --------
    >>> funnel = pd.DataFrame({"ethnicity": ["white", "BME"], "shortlisted": [200, 90], "appointed": [60, 18]})
    >>> result = relative_likelihood(
    ...     funnel, group="ethnicity", outcome="appointed", total="shortlisted", reference="BME", comparison="white",
    ...     adverse_above_one=True,
    ... )
    >>> row = result.frame.set_index("term").loc["relative_likelihood"]
    >>> [round(float(row[name]), 2) for name in ("estimate", "conf_low", "conf_high")]
    [1.5, 0.96, 2.41]
    >>> row["four_fifths"], row["four_fifths_interval"], row["adverse"]
    ('outside', 'reaches across', 'above 1')
    """
    also = level_problems(level) + _limits_problems(four_fifths) + adverse_problems(adverse_above_one)
    axes = {"year": year, "by": by, "stratum": strata, "group": group}
    found, problems = counted(
        data, axes, outcome=outcome, event=event, counts=counts, total=total, allow_gaps=allow_gaps, also=also
    )
    require(problems, two_groups(reference, comparison, found.axes["group"]))
    pair = (found.axes["group"].index(comparison), found.axes["group"].index(reference))
    rows: list[Row] = []
    for names, n, events in found.slices():
        whole = _contrasts(found, n.sum(axis=0), events.sum(axis=0), pair, adverse=adverse_above_one, level=level)
        inner = [] if strata is None else _strata(found.axes, n, events, pair, adverse=adverse_above_one, level=level)
        rows += [names | row | _four_fifths(row, four_fifths) for row in (*whole, *inner)]
    require_a_contrast(rows, _TERM)
    method = Method(
        name="relative likelihood of an outcome",
        estimand=f"the rate of {outcome} of {comparison} over the rate of {reference}, among people such as these",
        unit="by row",
        scale="by row",
        level=level,
        interval="by row",
        **dropped(found, pair),
        assumptions=(
            "people are independent of each other and alike in what a fair process may look at, within each stratum if "
            "there are strata",
            "who is of another group, or of none stated, is left out of the contrast",
        ),
        references=(
            "Koopman PAR (1984) Biometrics 40:513-517",
            "Newcombe RG (1998) Stat Med 17:873-890",
            *(
                ()
                if strata is None
                else (
                    "Greenland S, Robins JM (1985) Biometrics 41:55-68",
                    "Robins J, Breslow N, Greenland S (1986) Biometrics 42:311-323",
                )
            ),
        ),
    )
    return estimates(rows, method)


def groups_of(labels: Sequence[str], n: Ints, events: Ints) -> list[Group]:
    """Put the counts of each group together.

    Parameters
    ----------
    labels : sequence of str
        Of the groups.
    n, events : numpy.ndarray of int
        Shape (groups,): people, and those of them with the outcome.

    Returns
    -------
    list of Group
        In the order of the labels.
    """
    return [Group(name, int(had), int(people)) for name, people, had in zip(labels, n, events, strict=True)]


def dropped(found: Counted, pair: Sequence[int]) -> People:
    """Count who was used in a contrast of two groups, and who was not.

    Parameters
    ----------
    found : Counted
        Groups on the last axis.
    pair : sequence of int
        Places of the two groups.

    Returns
    -------
    People
        `n_given`, `n_used` and `n_dropped` for the method.
    """
    labels = found.axes["group"]
    people = found.n.reshape(-1, len(labels)).sum(axis=0)
    reasons = {
        "group not stated": sum(int(people[at]) for at, label in enumerate(labels) if label == NOT_STATED),
        "another group": sum(
            int(people[at]) for at, label in enumerate(labels) if at not in pair and label != NOT_STATED
        ),
        "outcome not known": int(found.unknown.sum()),
    }
    lost = {reason: count for reason, count in reasons.items() if count}
    return People(n_given=found.given, n_used=found.given - sum(lost.values()), n_dropped=lost)


def require_a_contrast(rows: Sequence[Row], term: str) -> None:
    """Refuse when not one contrast could be made.

    Parameters
    ----------
    rows : sequence of dict
        All rows.
    term : str
        The term of the contrasts.

    Raises
    ------
    EstimationError
        EST-001 with the reason of the first.
    """
    contrasts = [row for row in rows if row["term"] == term]
    reasons = [str(row["flag"]) for row in contrasts if str(row["flag"]).startswith("not estimated")]
    if len(reasons) == len(contrasts):
        found = reasons[0].removeprefix("not estimated: ") if reasons else "nobody whose outcome is known"
        raise EstimationError(
            Problem("EST-001", "data", found, "two people or more in each group", "Take a larger unit or more years.")
        )


def adverse_problems(adverse_above_one: object) -> Problems:
    """Check whether it is said in a word whether a ratio above 1 is adverse.

    Parameters
    ----------
    adverse_above_one : object
        What came in.

    Returns
    -------
    list of Problem
        DAT-009 for anything but True, False and None.
    """
    if adverse_above_one is None or isinstance(adverse_above_one, bool):
        return []
    found, remedy = repr(adverse_above_one), "Leave it out where neither is adverse."
    return [Problem("DAT-009", "adverse_above_one", found, "True or False", remedy)]


def _limits_problems(limits_given: object) -> Problems:
    if not isinstance(limits_given, tuple | list) or len(limits_given) != 2:
        expected = "two numbers, such as (0.80, 1.25)"
        return [Problem("DAT-009", "four_fifths", repr(limits_given), expected, "Give both limits.")]
    return within("four_fifths, lower limit", limits_given[0], above=0, high=1) + within(
        "four_fifths, upper limit", limits_given[1], low=1
    )


def _contrasts(
    found: Counted, n: Ints, events: Ints, pair: tuple[int, int], *, adverse: bool | None, level: float
) -> list[Row]:
    groups = groups_of(found.axes["group"], n, events)
    first, second = (groups[at] for at in pair)
    rates = [{"term": "rate"} | rate_row(one, level) for one in groups]
    ratio = {"term": _TERM} | ratio_row(first, second, level, adverse_above=adverse)
    difference = {"term": "difference"} | difference_row(first, second, level, adverse_above=adverse)
    for row, one in zip(rates, groups, strict=True):
        row[OF_RECORD] = one.events if events.any() else math.nan
    return [*rates, *({**row, OF_RECORD: _fewest(first.events, second.events)} for row in (ratio, difference))]


def _fewest(one: int, other: int) -> float:
    """Give the number of the group in which fewer had it; none where nobody did, which may be told."""
    return min(one, other) if one or other else math.nan


def _strata(
    axes: Mapping[str, tuple[str, ...]],
    n: Ints,
    events: Ints,
    pair: tuple[int, int],
    *,
    adverse: bool | None,
    level: float,
) -> list[Row]:
    names = [axes["group"][at] for at in pair]
    rows: list[Row] = []
    for stratum, people, had in zip(axes["stratum"], n, events, strict=True):
        groups = groups_of(axes["group"], people, had)
        first, second = (groups[at] for at in pair)
        ratio = ratio_row(first, second, level, adverse_above=adverse)
        rows.append({"term": _TERM, "stratum": stratum, **ratio, OF_RECORD: _fewest(first.events, second.events)})
    both = (n[:, pair[0]] > 0) & (n[:, pair[1]] > 0)
    tables = (events[both, pair[0]], n[both, pair[0]], events[both, pair[1]], n[both, pair[1]])
    test = mantel_haenszel_test(*tables)
    pooled = (mantel_haenszel_risk_ratio(*tables, level=level), mantel_haenszel_odds_ratio(*tables, level=level))
    alone = int((~both & (n[:, pair].sum(axis=1) > 0)).sum())
    for (term, name), one in zip(_POOLED.items(), pooled, strict=True):
        what = "odds" if "odds" in term else "rate"
        rows.append(
            {
                "term": term,
                "group": f"{names[0]} over {names[1]}",
                "stratum": ALL,
                **limits(one),
                "statistic": test.statistic,
                "df": test.df,
                "p_value": test.p_value,
                "n": int(n[both][:, pair].sum()),
                "n_events": int(events[both][:, pair].sum()),
                "n_least": int(n[both][:, pair].sum(axis=0).min()),
                OF_RECORD: _fewest(*(int(had) for had in events[both][:, pair].sum(axis=0))),
                "unit": "ratio",
                "scale": "log",
                "interval": name,
                "direction": f"{direction(*names, ratio=True, what=what)}, within strata",
                **adverse_words(adverse_above=adverse, ratio=True),
                "flag": _pooled_flag(one, alone, len(n)),
            }
        )
    return rows


def _pooled_flag(one: Interval, alone: int, strata: int) -> str:
    words = [f"{alone} of {strata} strata have one of the groups only and tell nothing"] if alone else []
    words += ["no limits: in one of the groups nobody, or everybody, had it"] if math.isnan(one.low) else []
    return "; ".join(words)


def _four_fifths(row: Row, bounds: tuple[float, float]) -> Row:
    """Say where a ratio and its interval lie; odds ratios are not what the rule is about."""
    estimate = float(str(row.get("estimate", math.nan)))
    low, high = (float(str(row.get(name, math.nan))) for name in ("conf_low", "conf_high"))
    if row["unit"] != "ratio" or row["term"] == "mantel_haenszel_odds_ratio" or math.isnan(estimate):
        return {"four_fifths": "", "four_fifths_interval": ""}
    point = "within" if bounds[0] <= estimate <= bounds[1] else "outside"
    if math.isnan(low):
        return {"four_fifths": point, "four_fifths_interval": ""}
    inside = bounds[0] <= low and high <= bounds[1]
    apart = high < bounds[0] or low > bounds[1]
    return {
        "four_fifths": point,
        "four_fifths_interval": "within" if inside else "outside" if apart else "reaches across",
    }
