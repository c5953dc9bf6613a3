"""Tests and effect sizes from printed summaries: counts, or means with their standard deviations."""

from __future__ import annotations

import math

from evalkit.errors import Problem
from evalkit.frames import Problems, level_problems, require, whole, within
from evalkit.numeric.means import (
    hedges_factor,
    noncentral_t_interval,
    pooled_sd,
    student_error,
    t_interval,
    t_test,
    welch_error,
)
from evalkit.numeric.proportions import koopman, newcombe, woolf
from evalkit.numeric.tables import chi_squared, conditional_odds_ratio, fisher_exact
from evalkit.numeric.values import Interval, Test
from evalkit.published.intervals import p_to_statistic
from evalkit.result import Estimates, Method, estimates

Row = dict[str, object]


def _row(term: str, limits: Interval | None = None, test: Test | None = None, **more: object) -> Row:
    row: Row = {"term": term}
    if limits is not None:
        row |= {
            "estimate": limits.estimate,
            "std_error": limits.std_error,
            "conf_low": limits.low,
            "conf_high": limits.high,
        }
    if test is not None:
        row |= {"statistic": test.statistic, "df": test.df, "p_value": test.p_value}
    return row | more


def proportions_from_summary(
    events: int, n: int, events_control: int, n_control: int, *, level: float = 0.95
) -> Estimates:
    """Difference and ratios of two proportions, with the tests, from printed counts.

    Parameters
    ----------
    events, n : int
        Events and people in the group of interest.
    events_control, n_control : int
        Events and people in the group that it is compared with.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        Terms `risk_difference` (Newcombe's interval), `risk_ratio` (Koopman's), `odds_ratio` (sample, Woolf's
        interval), `odds_ratio_conditional` (exact interval), and the tests `fisher_exact`, `chi_squared`,
        `chi_squared_yates`, which have no estimate. Extra columns `unit`, `scale` and `interval`, as the
        rows differ, and `n_least` (people in the smaller group, by which disclosure control decides).

    Raises
    ------
    DataError
        DAT-009 or DAT-002 when a count is not a whole number or below its least value, DAT-007 when the events exceed
        the people.

    Examples
    --------
    >>> result = proportions_from_summary(21, 25, 36, 85).tidy().set_index("term")
    >>> result.loc["risk_difference", ["estimate", "conf_low", "conf_high"]].astype(float).round(3).tolist()
    [0.416, 0.202, 0.555]
    >>> round(float(result.loc["fisher_exact", "p_value"]), 6)
    0.000235
    """
    require(
        _count_problems("events", events, "n", n),
        _count_problems("events_control", events_control, "n_control", n_control),
        level_problems(level),
    )
    counts = (events, n, events_control, n_control)
    total = n + n_control
    rows = [
        _row(
            "risk_difference",
            newcombe(*counts, level=level),
            unit="proportion",
            scale="identity",
            interval="Newcombe hybrid score",
        ),
        _row("risk_ratio", koopman(*counts, level=level), unit="ratio", scale="log", interval="Koopman score"),
        _row("odds_ratio", woolf(*counts, level=level), unit="ratio", scale="log", interval="Woolf logit"),
        _row(
            "odds_ratio_conditional",
            conditional_odds_ratio(*counts, level=level),
            unit="ratio",
            scale="log",
            interval="exact conditional",
        ),
        _row("fisher_exact", test=fisher_exact(*counts), unit="", scale="identity", interval=""),
        _row("chi_squared", test=chi_squared(*counts), unit="", scale="identity", interval=""),
        _row("chi_squared_yates", test=chi_squared(*counts, yates=True), unit="", scale="identity", interval=""),
    ]
    method = Method(
        name="two proportions from printed counts",
        estimand="the difference and the ratio of the proportions with the event, group minus (or over) control",
        unit="by row",
        scale="by row",
        level=level,
        interval="by row",
        n_given=total,
        n_used=total,
        assumptions=("the people are independent of each other",),
        references=(
            "Newcombe RG (1998) Stat Med 17:873-890",
            "Koopman PAR (1984) Biometrics 40:513-517",
            "Woolf B (1955) Ann Hum Genet 19:251-253",
        ),
    )
    return estimates([row | {"n": total, "n_least": min(n, n_control)} for row in rows], method)


def difference_from_summary(
    mean: float,
    sd: float,
    n: int,
    mean_control: float,
    sd_control: float,
    n_control: int,
    *,
    level: float = 0.95,
) -> Estimates:
    """Difference of two means and its standardised forms, from printed summaries.

    Parameters
    ----------
    mean, sd, n : float, float, int
        Mean, sample standard deviation and people of the group of interest.
    mean_control, sd_control, n_control : float, float, int
        The same of the group that it is compared with.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        Terms `mean_difference_student` and `mean_difference_welch` in the unit of the measurement, `cohens_d` (divided
        by the pooled standard deviation, interval by the non-central t) and `hedges_g` (its unbiased form, interval
        scaled by the same factor). Extra columns `unit`, `interval` and `n_least`
        (people in the smaller group).

    Raises
    ------
    DataError
        DAT-002 for a negative standard deviation or fewer than 2 people in a group, DAT-009 for what is not a number.

    References
    ----------
    .. [1] Welch BL (1947). Biometrika 34:28-35.
    .. [2] Hedges LV (1981). J Educ Stat 6:107-128.

    Examples
    --------
    >>> result = difference_from_summary(6.07, 1.36, 319, 5.33, 1.35, 145).tidy().set_index("term")
    >>> result.loc[["mean_difference_welch", "hedges_g"], "estimate"].round(3).tolist()
    [0.74, 0.544]
    """
    require(
        within("mean", mean),
        within("sd", sd, low=0),
        whole("n", n, low=2),
        within("mean_control", mean_control),
        within("sd_control", sd_control, low=0),
        whole("n_control", n_control, low=2),
        level_problems(level),
    )
    difference = mean - mean_control
    total = n + n_control
    rows = []
    for name, (std_error, df) in {
        "student": student_error(sd, n, sd_control, n_control),
        "welch": welch_error(sd, n, sd_control, n_control),
    }.items():
        interval = t_interval(difference, std_error, df, level=level)
        rows.append(
            _row(
                f"mean_difference_{name}", interval, t_test(difference, std_error, df), unit="as printed", interval="t"
            )
        )
    rows += _standardised(difference, pooled_sd(sd, n, sd_control, n_control), n, n_control, level)
    method = Method(
        name="difference of two means from printed summaries",
        estimand="the mean of the group minus the mean of the control, also in standard deviations",
        unit="by row",
        level=level,
        interval="by row",
        n_given=total,
        n_used=total,
        assumptions=("the people are independent of each other", "means vary normally from sample to sample"),
        references=("Welch BL (1947) Biometrika 34:28-35", "Hedges LV (1981) J Educ Stat 6:107-128"),
    )
    return estimates([row | {"n": total, "n_least": min(n, n_control)} for row in rows], method)


def _standardised(difference: float, sd: float, n: int, n_control: int, level: float) -> list[Row]:
    unit = "standard deviations"
    if sd == 0:
        nothing = Interval(math.nan, math.nan, math.nan)
        return [_row(term, nothing, unit=unit, interval="noncentral t") for term in ("cohens_d", "hedges_g")]
    df = n + n_control - 2
    per_t = math.sqrt(1 / n + 1 / n_control)
    limits = noncentral_t_interval(difference / (sd * per_t), df, level=level)
    factor = hedges_factor(df)
    d = Interval(difference / sd, limits.low * per_t, limits.high * per_t)
    g = Interval(factor * d.estimate, factor * d.low, factor * d.high)
    return [
        _row("cohens_d", d, unit=unit, interval="noncentral t"),
        _row("hedges_g", g, unit=unit, interval="noncentral t"),
    ]


def change_from_summary(
    mean_before: float,
    sd_before: float,
    mean_after: float,
    sd_after: float,
    *,
    n: int,
    r: float | None = None,
    t: float | None = None,
    p: float | None = None,
    level: float = 0.95,
) -> Estimates:
    """Change within one group from printed summaries, after minus before.

    Parameters
    ----------
    mean_before, sd_before : float
        Mean and sample standard deviation before.
    mean_after, sd_after : float
        The same after.
    n : int
        People measured both times.
    r : float, optional
        Correlation of before and after, when printed.
    t : float, optional
        Paired t statistic, when printed; its sign is not used.
    p : float, optional
        Two-sided p-value of the paired t test, when printed.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        Terms `change` (unit of the measurement), `percent_change` (per cent of the mean before), `d_av` (change over
        the mean of the two standard deviations). With one of `r`, `t` and `p` also `correlation` (given or implied) and
        `d_z` (change over the standard deviation of the changes, interval by the non-central t), and the change has its
        interval and test. Without any of them, or when t or p tells nothing of the correlation (no change and t = 0, or
        a standard deviation of 0), `d_z` stands for its admissible range: rows `d_z_at_r_minus_1`, `d_z_at_r_0` and
        `d_z_at_r_plus_1`. Extra columns `unit` and `interval`.

    Raises
    ------
    DataError
        DAT-002 for a negative standard deviation, fewer than 2 people, a correlation outside [-1, 1] or a p-value
        outside (0, 1], DAT-009 when more than one of `r`, `t` and `p` is given, DAT-007 when the printed t or p would
        need a correlation that does not exist.

    References
    ----------
    .. [1] Lakens D (2013). Front Psychol 4:863, equations 6, 7 and 10.

    Examples
    --------
    >>> result = change_from_summary(3.0, 1.0, 3.5, 1.0, n=31, r=0.5).tidy().set_index("term")
    >>> result["estimate"].round(3).to_dict()
    {'change': 0.5, 'percent_change': 16.667, 'd_av': 0.5, 'correlation': 0.5, 'd_z': 0.5}
    """
    require(
        within("mean_before", mean_before),
        within("sd_before", sd_before, low=0),
        within("mean_after", mean_after),
        within("sd_after", sd_after, low=0),
        whole("n", n, low=2),
        _one_of(r=r, t=t, p=p),
        level_problems(level),
    )
    change = mean_after - mean_before
    average_sd = (sd_before + sd_after) / 2
    correlation = _correlation(change, sd_before, sd_after, n, r=r, t=t, p=p)
    change_row: Row = {"term": "change", "estimate": change, "unit": "as printed"}
    if not math.isnan(correlation):
        sd = _sd_of_changes(sd_before, sd_after, correlation)
        std_error = sd / math.sqrt(n)
        change_row = _row(
            "change",
            t_interval(change, std_error, n - 1, level=level),
            t_test(change, std_error, n - 1),
            unit="as printed",
            interval="paired t",
        )
    rows = [
        change_row,
        {
            "term": "percent_change",
            "estimate": 100 * change / mean_before if mean_before else math.nan,
            "unit": "per cent of the mean before",
        },
        {"term": "d_av", "estimate": _ratio(change, average_sd), "unit": "mean standard deviations"},
        *_d_z_rows(change, sd_before, sd_after, n, correlation, level),
    ]
    method = Method(
        name="change from printed summaries",
        estimand="the mean after minus the mean before in the same people",
        unit="by row",
        level=level,
        interval="by row",
        n_given=n,
        n_used=n,
        assumptions=("the same people answered both times", "nothing is said of what caused the change"),
        references=("Lakens D (2013) Front Psychol 4:863",),
    )
    return estimates([{"interval": ""} | row | {"n": n} for row in rows], method)


def _d_z_rows(change: float, sd_before: float, sd_after: float, n: int, correlation: float, level: float) -> list[Row]:
    unit = "standard deviations of the changes"
    if math.isnan(correlation):
        ends = {"d_z_at_r_minus_1": -1.0, "d_z_at_r_0": 0.0, "d_z_at_r_plus_1": 1.0}
        return [
            {"term": term, "estimate": _ratio(change, _sd_of_changes(sd_before, sd_after, at)), "unit": unit}
            for term, at in ends.items()
        ]
    d_z = _ratio(change, _sd_of_changes(sd_before, sd_after, correlation))
    limits = noncentral_t_interval(d_z * math.sqrt(n), n - 1, level=level)
    interval = Interval(d_z, limits.low / math.sqrt(n), limits.high / math.sqrt(n))
    return [
        {"term": "correlation", "estimate": correlation, "unit": "correlation"},
        _row("d_z", interval, unit=unit, interval="noncentral t"),
    ]


def _ratio(change: float, sd: float) -> float:
    if sd > 0:
        return change / sd
    return math.nan if change == 0 else math.copysign(math.inf, change)


def _sd_of_changes(sd_before: float, sd_after: float, correlation: float) -> float:
    variance = sd_before * sd_before + sd_after * sd_after - 2 * correlation * sd_before * sd_after
    return math.sqrt(max(0.0, variance))


def _correlation(
    change: float, sd_before: float, sd_after: float, n: int, *, r: float | None, t: float | None, p: float | None
) -> float:
    """Correlation given, or implied by the printed test; NaN when nothing tells it."""
    if r is not None:
        return float(r)
    if t is None and p is None:
        return math.nan
    statistic = abs(t) if t is not None else p_to_statistic(p if p is not None else math.nan, df=n - 1)
    product = 2 * sd_before * sd_after
    if product == 0 or (statistic == 0 and change == 0):
        return math.nan  # every correlation gives this test, or the means alone decide it
    if statistic == 0 or change == 0:
        require(_impossible("t or p", "no correlation", change, statistic))
    spread = change * math.sqrt(n) / statistic
    implied = (sd_before * sd_before + sd_after * sd_after - spread * spread) / product
    if not -1 <= implied <= 1:
        require(_impossible("t or p", f"a correlation of {implied:.3f}", change, statistic))
    return implied


def _impossible(place: str, found: str, change: float, statistic: float) -> Problems:
    return [
        Problem(
            "DAT-007",
            place,
            f"a change of {change:.4g} with |t| = {statistic:.4g} implies {found}",
            "a correlation from -1 to 1",
            "Check the printed means, standard deviations, n and test; another test may have been used.",
        )
    ]


def _one_of(*, r: float | None, t: float | None, p: float | None) -> Problems:
    given = [name for name, value in (("r", r), ("t", t), ("p", p)) if value is not None]
    if len(given) > 1:
        return [
            Problem(
                "DAT-009",
                ", ".join(given),
                "more than one",
                "at most one of r, t and p",
                "Give the one that is printed with most digits.",
            )
        ]
    if r is not None:
        return within("r", r, low=-1, high=1)
    if p is not None:
        return within("p", p, above=0, high=1)
    return [] if t is None else within("t", t)


def _count_problems(events_name: str, events: int, n_name: str, n: int) -> Problems:
    problems = whole(events_name, events, low=0) + whole(n_name, n, low=1)
    if not problems and events > n:
        problems.append(
            Problem(
                "DAT-007",
                events_name,
                f"{events} events in {n} people",
                "at most as many as people",
                "Exchange the two, or check the print.",
            )
        )
    return problems
