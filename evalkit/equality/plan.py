"""The NHS equality improvement plan: metrics 1a to 6c and other inputs, with target, baseline, latest and status."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from numbers import Real

import pandas as pd

from evalkit.equality import plan_values as values
from evalkit.equality.computability import computable, reason_of
from evalkit.equality.contrasts import Row
from evalkit.equality.inputs import Workforce
from evalkit.equality.mappings import load_mapping
from evalkit.equality.plan_counting import checked_plan_counts
from evalkit.equality.plan_progress import NO_TARGET, Latest, Target, status
from evalkit.equality.plan_values import Plan, plan_of
from evalkit.equality.race_standard import inputs_of, own_mappings
from evalkit.equality.staff_columns import columns_problems, level_problems
from evalkit.equality.typed_columns import Mappings
from evalkit.errors import EstimationError, EvalkitError, Problem, did_you_mean
from evalkit.frames import Problems, require
from evalkit.result import Estimates, Method, estimates

Values = Callable[[Plan], Iterator[Row]]

NOT_COMPUTABLE = "not computable"
_METRICS: dict[str, Values] = {
    "2a": values.appointment,
    "2c": partial(values.parity, column="cluster"),
    "2d": partial(values.parity, column="senior"),
    "2e": values.shortlisted,
    "3a": values.pay,
}
# What the plan asks for beside its metrics, and what a page of progress needs: name, title, needs, values.
_OTHERS: tuple[tuple[str, str, str, Values], ...] = (
    ("WRES 3 and 4", "relative likelihood of the disciplinary process and of training",
     "disciplinary or cpd, with people of both groups", values.process_and_training),
    ("disparity", "race disparity ratio", "people of both groups in lower, middle and upper bands", values.disparity),
    ("turnover", "leaver rate", "leavers", values.turnover),
    ("stability", "stability index", "column started in staff-in-post", values.stability),
    ("routes", "apprenticeships and graduate schemes", "column route in recruitment",
     values.routes),
    ("local", "local recruitment", "column local in recruitment", values.local),
    ("vacancies", "vacancy rate", "vacancies", values.vacancies),
    ("support", "availability and use of psychological support", "support", values.support),
)  # fmt: skip


def edi_plan(
    data: Workforce | Mapping[str, pd.DataFrame] | pd.DataFrame,
    *,
    targets: pd.DataFrame | None = None,
    ethnicity: pd.DataFrame | None = None,
    bands: pd.DataFrame | None = None,
    exit_types: pd.DataFrame | None = None,
    allow_gaps: bool = False,
    level: float = 0.95,
) -> Estimates:
    """Metrics of the equality improvement plan by year, in the unit of each, and how far they are on the way.

    Parameters
    ----------
    data : Workforce, mapping of str to pandas.DataFrame, or pandas.DataFrame
        Standard inputs, read by `read_workforce` or as frames by name (then they are checked first). Or a frame of
        counts with the columns `year`, `indicator`, `characteristic`, `part`, `group`, `n`, `events`, as `plan_counts`
        gives them and describes them. Pay gaps (3a) need the pay of persons: from counts they cannot be computed.
    targets : pandas.DataFrame, optional
        Columns `indicator`, `baseline_year`, `target_year`, `target` (in the unit of the indicator); else the input
        `targets`. A target of an indicator that cannot be computed is passed over. `indicator` is a name of the result,
        and counts for all its groups, or "indicator: group" for one.
    ethnicity, bands, exit_types : pandas.DataFrame, optional
        Mappings in place of those of evalkit; else those with which a `Workforce` was read. In counts leavers are
        typed already.
    allow_gaps : bool, default False
        Let years be missing from a series.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        A row for each metric, indicator, group and year. Extra columns: `metric` (1a to 6c, or the name of another
        input of the plan), `title`, `indicator`, `year`, `latest` (whether it is the latest year), `unit`, `scale`,
        `direction`, `adverse` (the side on which values are worse: "above 1", "below 0", of rates and shares "above" or
        "below"), `n_least`, `flag`; and in the latest
        year `baseline_year`, `baseline`, `target_year`, `target`, `status`. What cannot be computed has a row "not
        computable" with the reason in `flag`.

    Raises
    ------
    DataError
        As `check_frames`; of counts as `wres`, and DAT-004 for a year that is none; of targets DAT-003 or DAT-009 for
        columns, DAT-004 for what is no number, DAT-006 for an indicator that does not occur, DAT-007 for a target year
        not after the baseline.
    EstimationError
        EST-001 when nothing can be computed, with the groups that are too small or what each metric lacks.

    Notes
    -----
    The way from the baseline to the target is a straight line, of ratios on the logarithmic scale. "reached" and "on
    track" say that the whole interval of the latest value is at the target, or where it should be by now; "off track"
    that none of it is; otherwise it is not clear. Which side of the target is the worse one follows from `adverse`, not
    from the baseline: what was better than its target and became worse is off track. The baseline is an estimate too,
    and taken as it is: where few people made it, a status may change with them. Parity (2c, 2d) is the share of a group
    in bands 8a, or 8c, and above over its share in the workforce. Metrics 5a and 5b are of those recruited abroad, and
    need answers split by the characteristic `recruited` (yes, no). Surveys of trainees, and the objectives of the
    board, are in no standard input.

    References
    ----------
    .. [1] NHS England (2023). NHS equality, diversity and inclusion improvement plan: six high impact actions.

    Examples
    --------
    >>> staff = pd.DataFrame(
    ...     {"person": range(40), "snapshot": pd.Timestamp("2024-03-31"), "ethnicity": ["white", "BME"] * 20,
    ...      "band": ["Band 5"] * 20 + ["Band 8a"] * 20}
    ... )
    >>> rows = edi_plan({"staff_in_post": staff}).frame
    >>> float(rows.loc[rows["metric"] == "2c", "estimate"].iloc[0])
    1.0
    """
    require(level_problems(level))
    own = own_mappings(data, {"ethnicity": ethnicity, "bands": bands, "exit_types": exit_types})
    plan = _plan(data, own, level=level, allow_gaps=allow_gaps)
    rows = [*_metrics(plan), *_others(plan)]
    if all(row["term"] == NOT_COMPUTABLE for row in rows):
        raise EstimationError(_nothing(plan, rows))
    wanted = (plan.frames or {}).get("targets") if targets is None else targets
    goals = _targets(wanted, rows)
    _judge(rows, goals)
    return estimates(rows, _method(plan, level))


def _plan(
    data: Workforce | Mapping[str, pd.DataFrame] | pd.DataFrame, own: Mappings, *, level: float, allow_gaps: bool
) -> Plan:
    if isinstance(data, pd.DataFrame):
        return Plan(checked_plan_counts(data, own, allow_gaps=allow_gaps), own, level)
    return plan_of(inputs_of(data, own, allow_gaps=allow_gaps), mappings=own, level=level)


def _metrics(plan: Plan) -> Iterator[Row]:
    reasons = _reasons(plan)
    for about in load_mapping("edi_metrics").to_dict("records"):
        lead: Row = {"metric": about["metric"], "title": about["title"]}
        why = reasons[about["metric"]]
        of: Values | None = _METRICS.get(about["metric"])
        if about["survey_key"] and not why:
            keys = [key.strip() for key in about["survey_key"].split(";")]
            of = partial(values.survey, keys=keys, of=about["characteristic"])
        yield from _tried(plan, lead, of, why or _too_few(plan))


def _reasons(plan: Plan) -> dict[str, str]:
    """Say of each metric why the inputs do not allow it; empty where they do."""
    if plan.frames is None:
        table = load_mapping("edi_metrics").set_index("metric")["needs"]
        return {
            name: "needs the pay of persons" if "pay." in needs else "" if needs else "no standard input holds it"
            for name, needs in table.items()
        }
    allowed = computable(plan.frames, ethnicity=plan.ethnicity)
    mine = allowed[allowed["framework"] == "EDI plan"]
    return dict(zip(mine["indicator"], mine["why_not"], strict=True))


def _too_few(plan: Plan) -> str:
    few = "a group has one person or nobody"
    return f"no counts of it, or {few}" if plan.frames is None else few


def _others(plan: Plan) -> Iterator[Row]:
    for name, title, needs, of in _OTHERS:
        why = _too_few(plan) if plan.frames is None else plan.failed.get(name, f"needs {needs}")
        yield from _tried(plan, {"metric": name, "title": title}, of, why)


def _tried(plan: Plan, lead: Row, of: Values | None, why: str) -> list[Row]:
    """Give the rows of a metric, or the one that says why there are none: one metric never stops the others."""
    found: list[Row] = []
    try:
        found = [] if of is None else list(of(plan))
    except EvalkitError as error:
        why = reason_of(error)
    return [lead | row for row in found] or [lead | _why(why)]


def _nothing(plan: Plan, rows: Sequence[Row]) -> list[Problem]:
    """Say why there is no value at all: the groups that are too small, or what each metric lacks."""
    small = [] if plan.frames is not None else [
        Problem(
            "EST-001", f"data, {name}", f"one person or nobody in a group: {groups}", "two people or more in each",
            "Add their counts, or more years.",
        )
        for name, groups in plan.too_few()
    ]  # fmt: skip
    if small:
        return small
    why = dict.fromkeys(str(row["flag"]).removeprefix(f"{NOT_COMPUTABLE}: ") for row in rows)
    found = f"nothing can be computed: {'; '.join(why)}"
    return [Problem("EST-001", "data", found, "the inputs of a metric", "Add inputs.")]


def _why(reason: str) -> Row:
    return {"term": NOT_COMPUTABLE, "flag": f"{NOT_COMPUTABLE}: {reason}"}


def _targets(wanted: pd.DataFrame | None, rows: list[Row]) -> dict[str, Target]:
    if wanted is None:
        return {}
    columns = ("indicator", "baseline_year", "target_year", "target")
    require(columns_problems(wanted, {name: name for name in columns}, "targets"))
    names = {str(row["indicator"]) for row in rows if "indicator" in row}
    lacking = {*values.INDICATORS, *(f"survey_{key}" for key in load_mapping("survey_questions")["key"])} - names
    names |= {f"{row['indicator']}: {row['group']}" for row in rows if "indicator" in row}
    goals: dict[str, Target] = {}
    problems: Problems = []
    for place, row in enumerate(wanted.to_dict("records"), start=1):
        where = f"targets, row {place}"
        name = str(row["indicator"]).strip()
        years = [row["baseline_year"], row["target_year"], row["target"]]
        if any(isinstance(year, bool) or not isinstance(year, Real) or not math.isfinite(year) for year in years):
            problems.append(Problem("DAT-004", where, "a year or target that is no number", "numbers", "Fill it in."))
            continue
        if years[1] <= years[0]:
            found, remedy = f"{years[0]:g} to {years[1]:g}", "Exchange or correct them."
            problems.append(Problem("DAT-007", where, found, "a target year after the baseline", remedy))
            continue
        if name.partition(":")[0].strip() in lacking:
            continue  # its metric has a row that says why it cannot be computed
        if name not in names:
            problems.append(
                Problem("DAT-006", where, repr(name), "an indicator of the result", did_you_mean(name, names))
            )
        goals[name] = Target(int(years[0]), int(years[1]), float(years[2]))
    require(problems)
    return goals


def _judge(rows: list[Row], goals: Mapping[str, Target]) -> None:
    """Mark the latest year of each series, and put target, baseline and status beside it."""
    series: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        row["latest"] = row["term"] != NOT_COMPUTABLE
        if row["latest"]:
            row["year"] = str(row["year"])[:4]
            key = (row["metric"], row["indicator"], row["group"])
            series.setdefault(key, []).append(row)
    for (_, indicator, group), found in series.items():
        found.sort(key=lambda row: str(row["year"]))
        for row in found[:-1]:
            row["latest"] = False
        last = found[-1]
        goal = goals.get(f"{indicator}: {group}", goals.get(str(indicator)))
        last["status"] = NO_TARGET
        if goal is not None:
            before = next((row for row in found if int(str(row["year"])) == goal.baseline_year), {})
            baseline = _number(before.get("estimate"))
            last |= {"baseline_year": goal.baseline_year, "baseline": baseline}
            last |= {"target_year": goal.target_year, "target": goal.target}
            here = [_number(last.get(name)) for name in ("estimate", "conf_low", "conf_high")]
            latest = Latest(int(str(last["year"])), *here)
            side = str(last.get("adverse") or "").partition(" ")[0]
            worse = {"above": True, "below": False}.get(side)
            last["status"] = status(baseline, latest, goal, ratio=last.get("scale") == "log", adverse_above=worse)


def _number(value: object) -> float:
    return float(value) if isinstance(value, Real) else math.nan


def _method(plan: Plan, level: float) -> Method:
    return Method(
        name="equality improvement plan",
        estimand="the metrics of the six high impact actions in an organisation such as this one, year by year, and "
        "whether they are on the straight way from the baseline to the target",
        unit="by row",
        level=level,
        interval="that of each indicator",
        n_given=plan.people,
        n_used=plan.people,
        assumptions=(
            "n counts staff in post over all snapshots, without counts of staff all who were counted; each row says on "
            "how many people it rests",
            "the way to a target is a straight line; the baseline is taken without its own error",
        ),
        references=("NHS England (2023), NHS equality, diversity and inclusion improvement plan",),
    )
