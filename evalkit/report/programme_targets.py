"""What was reached of the targets of a programme."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from evalkit.disclosure import Profile
from evalkit.disclosure.telling_digits import limits_beside
from evalkit.numeric.decimal_rounding import as_decimal, to_places
from evalkit.numeric.proportions import wilson
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import PAY_SHARE, PER_HUNDRED, Headline, first_rows, headlines
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Target
from evalkit.programmes.written_numbers import number
from evalkit.report.programme_blocks import Table
from evalkit.report.programme_numbers import (
    OUTWARDS,
    Shown,
    flow_frame,
    interval,
    rounded_outwards,
    value,
    written_number,
)
from evalkit.result import Estimates

_PER_CENT = frozenset({"per cent", "%"})


def targets_table(
    programme: Programme, answers: Sequence[Answer], parts: Mapping[int, Shown], profile: Profile
) -> Table | None:
    """Compare answers with the targets.

    Parameters
    ----------
    programme : Programme
        The programme.
    answers : sequence of Answer
        Answers to its questions.
    parts : mapping of int to Shown
        Position of the answer -> what may leave of it.
    profile : Profile
        Disclosure profile.

    Returns
    -------
    Table or None
        None without targets. A target counts as reached only when the whole interval is on its side. A target that the
        organisation sets for each metric of the improvement plan has a row for each that it set.
    """
    if not programme.targets:
        return None
    rows: list[tuple[str, ...]] = []
    aimed: list[tuple[str, ...]] = []
    cut = False
    for target in programme.targets:
        own = _of_metrics(target, programme, answers, parts)
        aimed += own
        if own:
            rows += own
        elif _stands_for_several(target, answers, parts):
            rows.append((target.title, _wanted(target), "\u2013", "\u2013", "no target set"))
        else:
            line = _line(target, programme, answers, parts)
            cut |= isinstance(line, Headline) and rounded_outwards([line])
            rows.append((target.title, _wanted(target), *judged(target, line)))
    notes = [
        "Reached: the whole interval is on the side of the target. Missed: none of it is. Not settled: it reaches "
        "across.",
        *([_ON_THE_WAY] if aimed else []),
        *([OUTWARDS] if cut else []),
    ]
    if any("withheld" in cell for row in rows for cell in row):
        notes.append(f"Withheld so that nobody can be recognised: {profile.title}.")
    return Table(
        "Targets and what was reached",
        ("Target", "Wanted", "Found", "95 % interval", "Verdict"),
        tuple(rows),
        frozenset({1, 4}),
        tuple(notes),
    )


_ON_THE_WAY = (
    "On track: the whole interval is where it should be by now, on a straight line from the first year to the target. "
    "Off track: none of it is."
)
# Status of a metric, as the improvement plan has it -> the verdict on its target.
_VERDICTS: Mapping[str, str] = {
    "reached": "reached",
    "missed": "missed",
    "on track": "on track",
    "off track": "off track",
    "not clear, point on track": "not settled",
    "not clear, point off track": "not settled",
    "no baseline": "no baseline",
    "no later value": "no later value",
    "no adverse side": "no worse side",
}


def _of_metrics(
    target: Target, programme: Programme, answers: Sequence[Answer], parts: Mapping[int, Shown]
) -> list[tuple[str, ...]]:
    """Write a row for each metric for which the organisation set a target in its own file."""
    rows = []
    for at, answer in enumerate(answers):
        result, part = answer.result, parts.get(at)
        if part is None or answer.question.id != target.question or answer.question.estimator != "edi_plan":
            continue
        if not isinstance(result, Estimates) or "status" not in result.frame:
            continue
        latest = result.frame.reset_index(drop=True)[first_rows(answer)]
        lines = headlines(answer, part.released, programme)
        for line, (_, row) in zip(lines, latest.iterrows(), strict=True):
            if str(row["status"]) in _VERDICTS:
                rows.append(_metric_row(line, row))
    return rows


def _metric_row(line: Headline, row: pd.Series) -> tuple[str, ...]:
    goal = float(row["target"]) * (100 if line.unit == PER_HUNDRED else 1)
    wanted = written_number(replace(line, estimate=goal, digits=None, withheld=False), goal)
    title = re.sub(r" \[[^\]]*\]$", "", line.label)
    wanted = f"{wanted}{_unit(line)} by {float(row['target_year']):.0f}"
    if line.withheld:
        return title, wanted, "withheld", "withheld", "withheld"
    return title, wanted, f"{value(line)}{_unit(line)}", interval(line), _VERDICTS[str(row["status"])]


def _wanted(target: Target) -> str:
    if target.at_least is not None:
        return f"at least {target.at_least:g} {target.unit}"
    if target.at_most is not None:
        return f"at most {target.at_most:g} {target.unit}"
    # A plan may say "Set by the employer, ..." or "The employer, ...": the words before whom are said here.
    who = re.sub(r"^set by\s+", "", target.set_by or "", flags=re.IGNORECASE).strip()
    who = f"{who[:1].lower()}{who[1:]}" if who.startswith(("The ", "Each ", "A ")) else who
    return f"to be set by {who.rstrip('.')}" if who else "to be set"


def _stands_for_several(target: Target, answers: Sequence[Answer], parts: Mapping[int, Shown]) -> bool:
    """Tell whether a target without a number is about several: the first of them would not stand for all."""
    if target.about is not None or target.at is not None:
        return False
    if target.at_least is not None or target.at_most is not None:
        return False
    own = [at for at, one in enumerate(answers) if one.question.id == target.question and not one.subgroup]
    return sum(len(parts[at].lines) for at in own if at in parts) > 1


def _line(
    target: Target, programme: Programme, answers: Sequence[Answer], parts: Mapping[int, Shown]
) -> Headline | float | None:
    """Find the number that a target is about: a row, a number of people, or nothing."""
    for at, answer in enumerate(answers):
        part = parts.get(at)
        if part is None or answer.question.id != target.question or answer.subgroup:
            continue
        roles = {programme.roles_by_id[role].title for role in target.roles}
        if isinstance(answer.result, pd.DataFrame):
            if target.roles and answer.role not in target.roles:
                continue
            titles = {step.id: step.title for step in programme.steps}
            frame = flow_frame(part)
            row = frame[frame["step"] == titles.get(target.about or "", "")]
            if len(row):
                return float(row["n"].iloc[0])
            continue
        for line in (*part.lines, *(one.line for one in part.again if one.line is not None)):
            about = answer.of_term.get(line.term, line.about)
            whose = not roles or not line.group or line.group in roles
            if (target.about is None or about == target.about) and whose and _at_time(target, line):
                if target.of == "answered":
                    return _answered(line, answer, programme, answers, parts)
                return line if target.of == "estimate" else line.people
    return None


def _at_time(target: Target, line: Headline) -> bool:
    """Tell whether a number is of the time that a target names."""
    return target.at is None or bool(re.search(rf"\b{target.at:g} months?$", line.term))


def _answered(
    line: Headline, answer: Answer, programme: Programme, answers: Sequence[Answer], parts: Mapping[int, Shown]
) -> Headline | None:
    """Take the share of those who started who are in a number, of numbers of people that are released anyway."""
    start = next((step.title for step in programme.steps if step.id == "started"), "")
    # Of pairs both parties started: as many pairs as people of each, where these are as many.
    roles = {answer.role} if answer.role else {one.id for one in programme.parties if programme.unit == "pairs"}
    starts: list[float] = []
    for at, flow in enumerate(answers):
        part = parts.get(at)
        if part is not None and isinstance(flow.result, pd.DataFrame) and flow.role in roles:
            frame = flow_frame(part)
            row = frame.loc[frame["step"] == start, "n"]
            starts.append(float(row.iloc[0]) if len(row) else math.nan)
    if not starts or len(starts) < len(roles):
        return None
    if not all(map(math.isfinite, [*starts, line.people])):
        return replace(line, withheld=True)
    if len(set(starts)) > 1 or not 0 < line.people <= starts[0]:
        return None
    found = wilson(line.people, starts[0])
    share = replace(line, kind="share", unit="proportion", p_value=math.nan, withheld=False, against="")
    return replace(share, estimate=found.estimate, low=found.low, high=found.high, people=starts[0])


def _unit(line: Headline) -> str:
    """Give the unit of a number, where the number does not carry it."""
    if line.kind in {"change", "difference"} and line.unit in {"proportion", PAY_SHARE}:
        return " percentage points" if line.unit == "proportion" else f" {line.unit}"
    if line.kind == "ratio":
        return f" {line.times}".rstrip()
    return "" if line.unit in {"", "proportion", PAY_SHARE} else f" {line.unit}"


def judged(target: Target, found: Headline | float | None) -> tuple[str, str, str]:
    """Compare a number with a target.

    Parameters
    ----------
    target : Target
        What was to be reached.
    found : Headline, float or None
        A row with its interval, a number of people (NaN where withheld), or nothing.

    Returns
    -------
    tuple of str
        What was found, its interval, and the verdict: "reached" and "missed" only where the whole interval is on one
        side. Where n is left out, the interval before it was cut decides, unless that would tell more than the cut one
        does (`evalkit.disclosure.telling_digits`).
    """
    bound = target.at_least if target.at_least is not None else target.at_most
    if found is None:
        return "\u2013", "\u2013", "not answered"
    if isinstance(found, float):
        if math.isnan(found):
            return "withheld", "\u2013", "withheld"
        if bound is None:
            return f"{found:,.0f}", "\u2013", "no target set"
        good = found >= bound if target.at_least is not None else found <= bound
        return f"{found:,.0f}", "\u2013", "reached" if good else "missed"
    if found.withheld:
        return "withheld", "withheld", "withheld"
    # A ratio, such as pay after over pay before, is compared with per cent as a share is.
    parts = (found.unit == "proportion" or found.kind == "ratio") and target.unit in _PER_CENT
    alike = replace(found, kind="share", unit="proportion") if parts and found.kind == "ratio" else found
    told = (f"{_found(alike, bound)}{_unit(alike)}", interval(alike))
    if bound is None:
        return (*told, "no target set")
    low, high = _limits_for(found, bound, 100.0 if parts else 1.0)
    if math.isnan(low) or math.isnan(high):
        return (*told, "not settled" if found.digits is None else "not told, as its interval is left out")
    if target.at_least is not None:
        return (*told, "reached" if low >= bound else "missed" if high < bound else "not settled")
    return (*told, "reached" if high <= bound else "missed" if low > bound else "not settled")


def _limits_for(line: Headline, bound: float, times: float) -> tuple[float, float]:
    """Give the limits by which a number is held against a target, in its unit."""
    told = (line.low, line.high)
    if line.exact is not None and line.digits is not None:
        scale = 100.0 if line.unit == PER_HUNDRED else 1.0
        told = limits_beside(bound / times / scale, line.exact, told, line.digits)
    low, high = (to_places(times * one, _PLACES) for one in told)
    return low, high


# Beyond these are the errors of binary arithmetic.
_PLACES = 9


def _found(line: Headline, bound: float | None) -> str:
    """Write what was found; a share with as many decimals as its target, where it carries them."""
    places = 0 if bound is None else max(0, -int(as_decimal(bound).normalize().as_tuple().exponent))
    if line.unit != "proportion" or line.kind != "share" or line.digits is not None or not places:
        return value(line)
    return f"{number(100 * line.estimate, places)} %"
