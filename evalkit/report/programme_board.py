"""The page for a board: what was done, for whom, what changed, how sure that is, and what next."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

import pandas as pd

from evalkit.programmes.answers import TEST_RULE, UNTESTED
from evalkit.programmes.deciding import deciding_questions, is_tested
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.headline_texts import Headline, every_row, first_rows, planned
from evalkit.programmes.limitations import lowered
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Outcome, Question
from evalkit.programmes.wording import FOLLOWS, Told, sentence
from evalkit.report import text
from evalkit.report.programme_answered import NOT_ESTIMATED, counted, open_questions, titled
from evalkit.report.programme_blocks import Block, Bullets, Section, Text
from evalkit.report.programme_content import STANDING, Material, any_test, only_alone, paired
from evalkit.report.programme_missing import hanging
from evalkit.report.programme_numbers import OUTWARDS, Shown, flow_frame, rounded_outwards
from evalkit.result import Estimates

# A number, and what is said of it.
Pair = tuple[Headline, Told]
# The same with the row of the result that it stands in.
Row = tuple[Headline, Told, pd.Series]


def board_sections(made: Material, organisation: str) -> Iterator[Section]:
    """Write the page for the board: what we did, for whom, what changed, how sure we are, what next.

    Parameters
    ----------
    made : Material
        Answers and data.
    organisation : str
        Whose report it is.

    Yields
    ------
    Section
        One of level 2 and five of level 3.
    """
    programme = made.programme
    yield Section("Summary for the board", 2, (), board=True)
    did: list[Block] = [Text(f"{organisation} ran the programme \u201c{programme.title}\u201d. {programme.summary}")]
    whole = programme.unit == "organisation"
    if whole:
        did.append(Text(f"{'; '.join(programme.theory.activities)}."))
    yield Section("What we did", 3, tuple(did), board=True)
    yield Section("For whom", 3, tuple(_for_whom(made)), board=True)
    yield Section("What changed", 3, tuple(_standing(made) if whole else _changed(made)), board=True)
    yield Section("How sure we are", 3, tuple(_sure(made)), board=True)
    yield Section("What next", 3, (Text(STANDING, "write"),), board=True)


def _for_whom(made: Material) -> Iterator[Block]:
    lines = []
    for at, answer in enumerate(made.answers):
        part = made.shown.get(at)
        if part is not None and isinstance(answer.result, pd.DataFrame):
            who = made.programme.roles_by_id[answer.role].title
            known = [
                f"{lowered(str(row.step))} {text.count(row.n)}"
                for row in flow_frame(part).itertuples()
                if pd.notna(row.n)
            ]
            said = ", ".join(known) if known else "numbers withheld, so that no small number can be worked out"
            lines.append(f"{who.capitalize()}: {said}.")
    yield Bullets(tuple(lines)) if lines else Text(made.programme.eligibility.words)
    for at, answer in enumerate(made.answers):
        part = made.shown.get(at)
        if part is not None and answer.question.estimator == "share" and answer.question.dose:
            told = [one for one in made.told(part) if one.verdict == "described"]
            if told:
                parts = [_with_least(made.programme, one) for one in told]
                if len(parts) <= _MOST_IN_A_LINE:
                    yield Text(f"{_ENOUGH}: {'; '.join(parts)}.")
                else:
                    yield Text(f"{_ENOUGH}:")
                    yield Bullets(tuple(f"{one}." for one in parts))


_ENOUGH = "Received at least the minimum that was planned"
_MOST_IN_A_LINE = 2


def _with_least(programme: Programme, one: Told) -> str:
    """Say how much the planned minimum is, and of how much."""
    dose = next((dose for dose in programme.dose if dose.id == one.outcome), None)
    if dose is None:
        return one.short
    least = f"{dose.least:g} or more of " if dose.least < dose.number else ""
    return one.short.replace(dose.title, f"{dose.title} ({least}{planned(dose.number, dose.unit)})", 1)


_MOST_TOLD = 9
# What the estimators say of an outcome that is no change of it, and no level that was named as what to judge by.
_NO_CHANGE = frozenset(
    {
        "response_shift",
        "reliable_change",
        "mean_at",
        "response_distribution",
        "gap_in_change",
        "pair_agreement",
        "dose_response",
    }
)
# Estimators that compare one group of people with another: told as equality, not as what changed.
_OF_GROUPS = frozenset({"relative_likelihood", "survey_gap", "pay_gap", "disparity_ratio", "representation"})
_SETTLED = frozenset({"better", "worse", "settled"})


def _primary(programme: Programme) -> tuple[Outcome, ...]:
    return tuple(one for one in programme.outcomes if one.primary)


def _changed(made: Material) -> Iterator[Block]:
    told = _told_of_primary(made)
    pairs = [pair for found in told.values() for pair in found]
    items = list(dict.fromkeys(f"{one.short}." for _, one in _within(pairs, _MOST_TOLD)))
    lost = list(_not_told(made, [one for one in _primary(made.programme) if not told[one.id]]))
    if items or lost:
        yield Bullets((*items, *lost))
    if not pairs and any(FOLLOWS in one for one in lost):
        yield Text(
            "Nothing can be said of the outcomes named beforehand without giving somebody away. Talk with those who "
            "took part, and pool this cohort with later ones."
        )
    elif not pairs:
        yield Text("None of the outcomes named beforehand could be answered with the data there are.")
    elif {one.verdict for _, one in pairs} == {"open"}:
        yield Text(
            "None of these numbers settles that there was a change in an outcome named beforehand. That is not proof "
            f"that nothing changed.{_settled_elsewhere(made)}"
        )
    known = frozenset(one.short for _, one in pairs)
    rest = [_one_line(made, theme, known) for theme in ("retention", "capacity", "access", "fairness")]
    lines = tuple(line for line in rest if line)
    if lines:
        yield Bullets(lines)


def _within(pairs: Sequence[Pair], most: int) -> list[Pair]:
    """Keep the first number of each outcome, and then as many more as there is room for, in their order."""
    first = {line.about: at for at, (line, _) in reversed(list(enumerate(pairs)))}
    more = [at for at in range(len(pairs)) if at not in first.values()]
    kept = {*first.values(), *more[: max(0, most - len(first))]}
    return [pair for at, pair in enumerate(pairs) if at in kept]


def _told_of_primary(made: Material) -> dict[str, list[Pair]]:
    """Take, of each outcome named beforehand, the change of the same people, and the comparison with others."""
    found = {}
    for outcome in _primary(made.programme):
        questions = deciding_questions(made.programme, outcome.id) or tuple(
            one
            for one in made.programme.questions
            if outcome.id in one.outcomes and one.estimator not in _NO_CHANGE | _OF_GROUPS
        )
        apart = (
            [one for one in questions if ESTIMATORS[one.estimator].compares == compares] for compares in (False, True)
        )
        found[outcome.id] = [pair for some in apart for pair in _first_told(made, some, outcome.id)]
    return found


def _first_told(made: Material, questions: Sequence[Question], outcome: str) -> list[Pair]:
    """Tell an outcome of each party by the first question that tells of it, and by its first number."""
    told: dict[str, Pair] = {}
    for question in questions:
        for answer, part in made.of(question):
            if part is None or answer.subgroup:
                continue
            role = made.programme.roles_by_id.get(answer.role)
            for line, one in paired(made, part):
                who = line.group if question.estimator == "dyad_change" else role.title if role is not None else ""
                if line.about == outcome and one.verdict != "withheld":
                    told.setdefault(who, (line, one))
    return list(told.values())


def _not_told(made: Material, lost: Sequence[Outcome], what: str = "") -> Iterator[str]:
    """Name the outcomes of which nothing is told, or what of them, by the reason."""
    reasons: dict[str, list[str]] = {}
    for one in lost:
        reasons.setdefault(_why_not(made, one.id), []).append(f"{one.title}{what}")
    for why, titles in reasons.items():
        yield f"{'; '.join(titles)}: {f'withheld, as {why}' if why == FOLLOWS else f'not answered ({why})'}."


def _why_not(made: Material, outcome: str) -> str:
    """Say why nothing is told of an outcome: what is withheld of it, else what its questions say."""
    reasons = [
        FOLLOWS if part is not None else answer.why_not.rstrip(".")
        for question in _about(made.programme, outcome)
        for answer, part in made.of(question)
        if not answer.subgroup and (outcome in answer.about if part is None else _holds(part, outcome))
    ]
    return next((one for one in reasons if one), NOT_ESTIMATED)


def _about(programme: Programme, outcome: str) -> tuple[Question, ...]:
    """List the questions about an outcome, the one that decides first."""
    first = deciding_questions(programme, outcome)
    return (*first, *(one for one in programme.questions if outcome in one.outcomes and one not in first))


def _holds(part: Shown, outcome: str) -> bool:
    return any(line.withheld and line.about == outcome for line in part.lines)


# Quantities of further rows that are a change of the same people, and the group of those who were not in the programme.
_OF_CHANGE = frozenset({"mean change", "change from baseline"})
_OTHERS = "comparison"
_SHIFT_SHOWN = re.compile(r"\b(is|are) shown, (up|down)wards")


def _settled_elsewhere(made: Material) -> str:
    """Say which other questions have a number of an outcome named beforehand that leaves out no change."""
    primary = {one.id for one in _primary(made.programme)}
    found: dict[str, list[str]] = {}
    for at, answer in enumerate(made.answers):
        part = made.shown.get(at)
        if part is None or answer.subgroup or answer.question.estimator in _OF_GROUPS | {"dose_response"}:
            continue
        names = [titled(made.programme, name) for name in _settled_of(made, part) if name in primary]
        if names:
            found.setdefault(answer.question.asks, []).extend(names)
    if not found:
        return ""
    told = "; ".join(f"\u201c{asks}\u201d ({'; '.join(dict.fromkeys(names))})" for asks, names in found.items())
    return (
        " Other numbers of these outcomes do leave out no change, at another time, of other people or looked at in "
        f"another way: see {told}."
    )


def _settled_of(made: Material, part: Shown) -> Iterator[str]:
    """Name the outcomes of which any number of an answer, in its sentences or in its table, leaves out no change."""
    for line, one in paired(made, part):
        if one.verdict in _SETTLED or (line.kind == "claim" and _SHIFT_SHOWN.search(line.note)):
            yield line.about
    result = part.answer.result
    if not isinstance(result, Estimates) or "quantity" not in result.frame:
        return
    rows = every_row(part.answer, part.released, made.programme)
    for row, line in zip(result.frame.to_dict("records"), rows, strict=False):
        change = row["quantity"] in _OF_CHANGE and row["group"] != _OTHERS
        if change and not line.withheld and sentence(line, "neither").verdict == "settled":
            yield line.about


# Indicators of the improvement plan that a board is told too, after those named beforehand and those with a target:
# appointment, seniority, pay, and harm from colleagues, by metric and the beginning of the group.
_BOARD_METRICS = ("2a", "2d", "3a", "6a", "6b")
# The metrics that an outcome stands for, such as "Hourly pay (3a)".
_METRIC = re.compile(r"\b\d[a-z]\b")
_MOST_METRICS = 8
# Letters in two lines, which is what most numbers take.
_LETTERS = 200


def _standing(made: Material) -> Iterator[Block]:
    """Tell a board where an organisation stands.

    First the outcomes named beforehand, then the metrics with a target, then what else leaves out no difference; of
    each those that are settled to somebody's disadvantage come before those that are open.
    """
    rows = [
        one
        for at, answer in enumerate(made.answers)
        if (part := made.shown.get(at)) is not None and answer.question.estimator == "edi_plan"
        for one in _with_rows(made, part)
    ]
    own = _metrics_of_primary(made, rows)
    told = [row for row in rows if row[1].verdict != "withheld"]
    blocks: tuple[list[Pair], ...] = (
        [pair for found in own.values() for pair in found],
        [(line, one) for line, one, row in told if _aimed(row)],
        [(line, one) for line, one, _ in told if one.verdict in {"gap", "worse"} and not _is_beside(line)],
        [(line, one) for line, one, row in told if _leads(line, row)],
    )
    ordered = {one.short: one for some in blocks for _, one in sorted(some, key=_by_need)}
    needed = {min(found, key=_by_need)[1].short for found in (*own.values(), *_by_target(told).values()) if found}
    lost = list(_metrics_not_told(made, [one for one in _primary(made.programme) if not own[one.id]], rows))
    items = [*(f"{one}." for one in _most_needed(ordered, needed, _MOST_METRICS - sum(map(_room, lost)))), *lost]
    if not ordered:
        yield Text("The files that are there do not allow any metric of the plan to be told.")
    if items:
        yield Bullets(tuple(items))
    if ordered:
        yield Text(
            "First the outcomes named beforehand, then metrics with a target, then others whose interval leaves out no "
            "difference; all stand under The workforce."
        )
    line = _one_line(made, "dose")
    if line:
        yield Bullets((line,))


def _room(said: str) -> int:
    """Count in how many numbers' room a sentence stands."""
    return -(-len(said) // _LETTERS)


def _by_target(rows: Sequence[Row]) -> dict[str, list[Pair]]:
    """Put together the numbers that have the same target: those of an indicator."""
    found: dict[str, list[Pair]] = {}
    for line, one, row in rows:
        if _aimed(row):
            found.setdefault(str(row.get("indicator", row.get("metric"))), []).append((line, one))
    return found


def _most_needed(told: Mapping[str, Told], needed: Collection[str], most: int) -> list[str]:
    """Keep a number of each outcome named beforehand and target, what is settled, and as much more as has room."""
    rank = {said: 0 if said in needed else 1 + (one.verdict not in {"gap", "worse"}) for said, one in told.items()}
    kept = sorted(told, key=lambda said: rank[said])[: max(most, len(needed))]
    return [said for said in told if said in kept]


def _metrics_of_primary(made: Material, rows: Sequence[Row]) -> dict[str, list[Pair]]:
    """Tell each outcome named beforehand by the question that decides on it, else by the metrics that it stands for."""
    found = _told_of_primary(made)
    for outcome in _primary(made.programme):
        metrics = set(_METRIC.findall(outcome.title))
        found[outcome.id] = found[outcome.id] or [
            (line, one)
            for line, one, row in rows
            if str(row.get("metric")) in metrics and not _is_beside(line) and one.verdict != "withheld"
        ]
    return found


def _metrics_not_told(made: Material, lost: Sequence[Outcome], rows: Sequence[Row]) -> Iterator[str]:
    """Name the outcomes and the metrics with a target that are not told, each metric once."""
    yield from _not_told(made, lost, ", by the metrics of the plan")
    named = {metric for one in lost for metric in _METRIC.findall(one.title)}
    hidden = [
        line.subject
        for line, one, row in rows
        if one.verdict == "withheld" and _aimed(row) and str(row.get("metric")) not in named
    ]
    if hidden:
        yield f"{'; '.join(dict.fromkeys(hidden))}: withheld, though a target was set, as {FOLLOWS}."


def _aimed(row: pd.Series) -> bool:
    return str(row.get("status", "")) not in _UNAIMED


_UNAIMED = frozenset({"", "nan", "None", "no target"})
_NEED: Mapping[str, int] = {"gap": 0, "worse": 0, "settled": 1, "open": 2, "described": 3, "better": 4}


def _by_need(pair: Pair) -> int:
    """Put what is settled to somebody's disadvantage before what is open, and this before what is well."""
    return _NEED.get(pair[1].verdict, len(_NEED))


def _leads(line: Headline, row: pd.Series) -> bool:
    return str(row.get("metric", "")) in _BOARD_METRICS and not _is_beside(line)


def _is_beside(line: Headline) -> bool:
    """Tell whether a number of a metric stands beside the one that a board is told."""
    return line.term.startswith("median") or line.kind == "share"


def _with_rows(made: Material, part: Shown) -> Iterator[Row]:
    """Put the rows that are told beside the rows of the result."""
    result = part.answer.result
    if not isinstance(result, Estimates):
        return
    told, rows = paired(made, part), result.frame[first_rows(part.answer)]
    if len(told) == len(rows):
        yield from ((line, one, row) for (line, one), (_, row) in zip(told, rows.iterrows(), strict=True))


def _one_line(made: Material, theme: str, known: frozenset[str] = frozenset()) -> str:
    """Tell one answer of a theme in a line: what is described, or how two groups compare."""
    for at, answer in enumerate(made.answers):
        part = made.shown.get(at)
        wanted = answer.question.theme == theme and answer.question.estimator in _LINES.get(theme, frozenset())
        if part is None or not wanted or answer.subgroup:
            continue
        told = [pair for pair in paired(made, part) if pair[1].verdict != "open" or theme in _EQUALITY]
        told = [(line, one) for line, one in told if one.verdict != "withheld" and one.short not in known]
        if told:
            said = [_with_whose(made.programme, line, one) for line, one in told]
            return "; ".join(said[: 1 if theme in _EQUALITY else 2]) + "."
    return ""


_EQUALITY = frozenset({"access", "fairness"})
_LINES: Mapping[str, frozenset[str]] = {
    "retention": frozenset({"retention_at", "leaver_rate"}),
    "capacity": frozenset({"share"}),
    "access": _OF_GROUPS,
    "fairness": _OF_GROUPS | {"gap_in_change"},
    "dose": frozenset({"share"}),
}


def _with_whose(programme: Programme, line: Headline, one: Told) -> str:
    """Say of whom a number is where there are two parties and the number does not say it."""
    outcome = programme.outcomes_by_id.get(line.about)
    roles = outcome.roles if outcome is not None else ()
    whose = " and ".join(programme.roles_by_id[role].title for role in roles)
    if (
        len(programme.parties) < _TWO
        or not whose
        or line.who != "people"
        or whose in one.short.lower()
        or line.between_groups
    ):
        return one.short
    return one.short.replace(line.subject, f"{line.subject}, {whose}", 1)


_TWO = 2


def _sure(made: Material) -> Iterator[Block]:
    lines = list(_of_the_design(made))
    numbers = [line for part in made.shown.values() for line in part.lines if not line.withheld]
    if any(math.isfinite(line.low) for line in numbers):
        bare = any(_lacks_interval(line) for line in numbers)
        every = "Estimates stand with their 95 % interval, where there is one that may be told" if bare else _EVERY
        counts = " Numbers of people, such as those invited, are counts and have none." if _counts(made) else ""
        counts += f" {OUTWARDS}" if rounded_outwards(numbers) else ""
        lines.append(
            f"{every}: what else the data would fit. Where an interval holds no difference, nothing is claimed.{counts}"
        )
    lines += [one for one in (only_alone(made), _hanging(made)) if one]
    said = counted(made.programme, made.answers, made.shown)
    if open_questions(made.programme, made.answers, made.shown):
        said += " \u201cWhat could not be answered\u201d says which, and why."
    lines.append(said)
    hidden = any(line.withheld for part in made.shown.values() for line in part.lines)
    told = f"Numbers on few people, and those from which such would follow, are withheld ({made.profile.title})."
    withheld = [told] if hidden else []
    tests = [one for one in (_about_tests(made, hidden=hidden),) if one]
    if withheld or tests:
        lines.append(" ".join((*withheld, *tests)))
    yield Bullets(tuple(lines))


_EVERY = "Every estimate stands with its 95 % interval"


def _counts(made: Material) -> bool:
    """Tell whether the page has numbers of people from step to step."""
    flows = [part for part in made.shown.values() if isinstance(part.answer.result, pd.DataFrame)]
    return any(flow_frame(part)["n"].notna().any() for part in flows)


def _lacks_interval(line: Headline) -> bool:
    return line.kind not in {"count", "claim"} and math.isfinite(line.estimate) and math.isnan(line.low)


def _of_the_design(made: Material) -> Iterator[str]:
    """Say what the comparisons of what is shown cannot carry."""
    kinds = {
        made.programme.comparisons_by_id[part.answer.question.comparison].kind
        for part in made.shown.values()
        if any(not line.withheld for line in part.lines)
    }
    if kinds & {"waiting_list", "others", "matched"}:
        yield (
            "Some questions compare participants with other people. Nobody was drawn by lot, so the report says what "
            "goes along with the programme, and never that the programme caused it."
        )
    elif "before_after" in kinds:
        yield (
            "The same people were asked before and after. What would have happened without the programme is not known, "
            "so no change is put down to it."
        )
    elif "trend" in kinds:
        yield (
            "The figures are those of the organisation in different years. Other things changed too, so no action can "
            "be given the credit for a change."
        )


def _hanging(made: Material) -> str:
    """Name what is claimed above though it hangs on those who did not answer afterwards."""
    if made.programme.unit == "organisation":
        return ""
    claimed = {
        line.about for found in _told_of_primary(made).values() for line, one in found if one.verdict in _SETTLED
    }
    names = [name for outcome, name in hanging(made.evidence, made.profile) if outcome in claimed]
    if not names:
        return ""
    return (
        "Whether there was a change hangs on what is taken for those who did not answer afterwards: "
        f"{'; '.join(names)}. \u201cMissing data\u201d says more."
    )


def _about_tests(made: Material, *, hidden: bool) -> str:
    """Say from how many people on tests are made, where one was planned and is not there."""
    untested = any(UNTESTED in line.note for part in made.shown.values() for line in part.lines)
    if not hidden and not untested:
        return ""
    if any_test(made):
        return TEST_RULE
    planned_tests = any(is_tested(made.programme, one.id) for one in made.programme.outcomes)
    return f"{TEST_RULE} This report tells none." if planned_tests else ""


__all__ = ["board_sections"]
