"""The analysis plan of an evaluation, written from the programme before any data are seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from evalkit.instruments.model import Instrument
from evalkit.programmes.answers import TEST_RULE
from evalkit.programmes.comparing import compared_with
from evalkit.programmes.deciding import deciding_questions, is_tested
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.folder_words import british, bullets, escaped, joined, table
from evalkit.programmes.folders import Settings
from evalkit.programmes.limitations import THEMES, Verdict, design_notes, lowered
from evalkit.programmes.model import Programme
from evalkit.programmes.narrow_intervals import NARROW_RULE
from evalkit.programmes.parts import Question, Target

_VERDICTS: Mapping[Verdict, str] = {
    "can": "What it can show",
    "cannot": "What it cannot show",
    "care": "To be read with care",
}
_LEVELS = {1: "reaction", 2: "learning", 3: "behaviour", 4: "results"}
# With fewer tests there is nothing to adjust for.
_FEWEST_ADJUSTED = 2
_BASIS = {"document": "described", "default": "suggested, to be settled"}


def plan_text(programme: Programme, settings: Settings, instruments: Mapping[str, Instrument]) -> str:
    """Write the analysis plan.

    Parameters
    ----------
    programme : Programme
        The programme.
    settings : Settings
        The organisation and the day of week 0.
    instruments : mapping of str to Instrument
        Id -> instrument as adapted.

    Returns
    -------
    str
        Markdown: questions with estimand, estimator and comparison, outcomes, waves, dose, targets, subgroups, how
        missing answers and small groups are treated, what the design can and cannot show, what is to be settled.
    """
    parts = [
        f"# Analysis plan: {escaped(programme.title)}",
        "",
        f"{escaped(settings.organisation)}. Written from the programme's description, version "
        f"{programme.version}, before any data were seen. Date it, sign it and keep it; whatever is done otherwise "
        "later goes into the report as a deviation from this plan.",
        "",
        f"{escaped(programme.summary)} {escaped(programme.purpose)}",
        "",
        *_theory(programme),
        *_people(programme),
        *_times(programme, settings),
        *_outcomes(programme, instruments),
        "## Questions",
        "",
        *(line for question in programme.questions for line in _question(question, programme)),
        *_targets(programme),
        *_rules(programme),
        *_limits(programme, instruments),
        *to_settle_lines(programme, settings),
        "## Deviations from this plan",
        "",
        "None yet. Give for each the date, what was changed, why, and whether the data had been seen.",
        "",
    ]
    return "\n".join(parts)


def _theory(programme: Programme) -> Iterator[str]:
    theory = programme.theory
    yield "## Why it should work\n"
    for title, lines in (
        ("What goes in", theory.inputs),
        ("What is done", theory.activities),
        ("What comes straight out of it", theory.outputs),
        ("What should be different afterwards", [one.text for one in theory.outcomes]),
        ("What must hold for it", theory.assumptions),
    ):
        yield f"{title}:\n"
        yield bullets(escaped(line) for line in lines)


def _people(programme: Programme) -> Iterator[str]:
    yield "## Who takes part\n"
    yield f"{escaped(programme.eligibility.words)}\n"
    rows = [
        (
            role.title,
            role.does,
            "yes" if role.party else "no",
            str(role.planned or ""),
            _BASIS[role.basis] if role.planned else "",
        )
        for role in programme.roles
    ]
    yield table(("People", "What they do", "Programme is for them", "Planned", "Number is"), rows)
    if programme.dose:
        yield "What each is to receive:\n"
        titles = {role.id: role.title for role in programme.roles}
        doses = [
            (
                one.title,
                joined([titles.get(role, role) for role in one.roles]),
                f"{one.number:g} {one.unit}",
                f"{one.least:g}",
                f"{one.months[0]:g} to {one.months[1]:g}",
                _BASIS[one.basis],
            )
            for one in programme.dose
        ]
        yield table(("What", "For", "Planned", "Taken part from", "Months", "Number is"), doses)


def _times(programme: Programme, settings: Settings) -> Iterator[str]:
    yield "## When people are asked\n"
    yield f"Week 0: {escaped(programme.start_is)}" + (
        f" That is {british(settings.start)}.\n" if settings.start else "\n"
    )
    titles = {role.id: role.title for role in programme.roles}
    rows = []
    for wave, use, _ in programme.calendar():
        opens = british(settings.start + timedelta(weeks=float(wave.week))) if settings.start else f"week {wave.week:g}"
        who = joined([titles.get(role, role) for role in use.roles])
        rows.append((wave.title, wave.repeats or opens, f"{wave.open_weeks:g} weeks", use.instrument, who))
    yield table(("When", "Opens", "Open for", "Survey", "Answered by"), rows)


def _outcomes(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    yield "## Outcomes\n"
    rows = []
    for one in programme.outcomes:
        use = programme.uses_by_id.get(one.use or "")
        measure = one.column or f"{use.instrument if use else ''}, {one.scale or one.item}"
        scale = instruments[use.instrument].scales_by_id.get(one.scale or "") if use else None
        unit = f"{scale.range[0]:g} to {scale.range[1]:g}, {scale.rule.replace('_', ' ')}" if scale else ""
        rows.append(
            (
                one.title,
                f"{one.level} {_LEVELS[one.level]}",
                measure,
                unit,
                one.direction.replace("_", " "),
                "primary" if one.primary else "",
            )
        )
    yield table(("Outcome", "Kirkpatrick level", "Measured by", "Answers", "Direction", "Judged by"), rows)


def _question(question: Question, programme: Programme) -> Iterator[str]:
    comparison = programme.comparisons_by_id[question.comparison]
    estimator = ESTIMATORS[question.estimator]
    computed = f" (`evalkit.{estimator.computed_by}`)" if estimator.computed_by else ""
    about = [programme.outcomes_by_id[name].title for name in question.outcomes]
    about += [one.title for one in programme.dose if one.id in question.dose]
    about += [one.title for one in programme.steps if one.id in question.steps]
    subgroups = [one.title for one in programme.subgroups if one.id in question.subgroups]
    titles = {role.id: role.title for role in programme.roles}
    yield f"### {escaped(question.asks)}\n"
    lines = [
        f"Section of the report: {THEMES[question.theme]}",
        f"What is estimated: {escaped(question.estimand)}",
        f"How: `{question.estimator}`, {estimator.estimates}{computed}",
        f"About: {escaped('; '.join(about))}" if about else "",
        f"Of: {joined([titles.get(role, role) for role in question.roles])}" if question.roles else "",
        f"Compared with: {escaped(compared_with(programme, question))} ({comparison.kind.replace('_', ' ')})",
        f"With: {_arguments(question)}" if question.arguments else "",
        f"By: {escaped(joined(subgroups))}" if subgroups else "",
    ]
    yield bullets(line for line in lines if line)


def _arguments(question: Question) -> str:
    said = []
    for name, value in question.arguments:
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        said.append(f"{name.replace('_', ' ')} = `{shown}`")
    return "; ".join(said)


def _targets(programme: Programme) -> Iterator[str]:
    if programme.targets:
        yield "## Targets\n"
        asks = {question.id: question.asks for question in programme.questions}
        rows = [
            (one.title, _number(one), asks.get(one.question, one.question), _BASIS[one.basis])
            for one in programme.targets
        ]
        yield table(("Target", "Number", "Question", "Number is"), rows)


def _number(target: Target) -> str:
    if target.at_least is not None:
        return f"at least {target.at_least:g} {target.unit}"
    if target.at_most is not None:
        return f"at most {target.at_most:g} {target.unit}"
    who = target.set_by.removeprefix("Set by ")
    return f"to be set by {lowered(who)}"


def _deciding(programme: Programme) -> Iterator[str]:
    """Say beforehand which question decides on each outcome that the programme is judged by, and whether by a test."""
    primary = [one for one in programme.outcomes if one.primary]
    tested = [one for one in primary if is_tested(programme, one.id)]
    if tested:
        yield (
            "One test decides on each outcome below of which it is said: the comparison with people who are not in the "
            "programme where there is one, else the change of the same people. Where the comparison has no answer, "
            "because too few others answered, the change stands in."
        )
    for one in primary:
        asks = [question.asks for question in deciding_questions(programme, one.id)[:1]]
        how = "decided by the test of" if one in tested else "judged by its interval, without a test that decides"
        asks = asks or _described_by(programme, one.id)
        yield escaped(f"{one.title}: {how}: {'; '.join(asks)}")
    if primary:
        yield "Tests of other numbers of these outcomes, and of other outcomes, describe. They are not adjusted."


def _described_by(programme: Programme, outcome: str) -> list[str]:
    """Name the questions about an outcome that none decides on; how groups compare stands beside it, if not alone."""
    about = [one for one in programme.questions if outcome in one.outcomes]
    return [one.asks for one in about if one.theme not in {"access", "fairness"}] or [one.asks for one in about]


def _adjusted(programme: Programme) -> str:
    tested = [one for one in programme.outcomes if one.primary and is_tested(programme, one.id)]
    if len(tested) < _FEWEST_ADJUSTED:
        return ""
    return f" The p-values of the {len(tested)} that a test decides on are adjusted for their number (Holm)."


def _rules(programme: Programme) -> Iterator[str]:
    primary = [one.title for one in programme.outcomes if one.primary]
    yield "## Rules for the analysis\n"
    lines = [
        "Every estimate is shown with a 95 % interval first. A p-value, where there is one, stands behind it.",
        f"The programme is judged by: {escaped(joined(primary))}.{_adjusted(programme)}"
        if primary
        else "No outcome was named as the one to judge by: all results describe.",
        *_deciding(programme),
        f"Small groups are withheld as the report's disclosure profile says. {TEST_RULE}",
        f"An interval that holds no difference settles nothing, and is never reported as no effect. {NARROW_RULE}",
        "Scores are made by the rules of each survey, with as many answers as its scale asks for. Missing answers are "
        "counted and shown; change is that of people who answered both times, and how far it would move if the others "
        "had been different is shown beside it.",
        "People are analysed in the group in which they started.",
    ]
    yield bullets(lines)
    if programme.subgroups:
        yield "Looked at by themselves, where groups are large enough:\n"
        yield bullets(f"{escaped(one.title)}: {escaped(one.why)}" for one in programme.subgroups)


def _limits(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    yield "## What the design can and cannot show\n"
    notes = design_notes(programme, instruments)
    for verdict, title in _VERDICTS.items():
        found = [note.text for note in notes if note.verdict == verdict]
        if found:
            yield f"### {title}\n"
            yield bullets(escaped(text) for text in found)


def to_settle_lines(programme: Programme, settings: Settings) -> list[str]:
    """List what must be settled before the start.

    Parameters
    ----------
    programme : Programme
        The programme.
    settings : Settings
        What was said already.

    Returns
    -------
    list of str
        Lines of Markdown: a heading and a list.
    """
    file = f"programme/{programme.id}.yaml"
    lines = [f"`{path}` in {file}: {escaped(_said(programme, path))}" for path in programme.to_settle()]
    lines += [f"`targets.{one.id}`: {escaped(one.title)}" for one in programme.targets if one.set_by]
    if not settings.contact:
        lines.append("Whom people ask: `contact` in evaluation.yaml and in the surveys")
    if not settings.kept_for:
        lines.append("How long answers are kept: `kept_for` in evaluation.yaml and in the surveys")
    if programme.start == "programme" and settings.start is None:
        lines.append(f"The day of week 0 ({escaped(programme.start_is)}): `start` in evaluation.yaml")
    return ["## To be settled before the start", "", bullets(dict.fromkeys(lines)) or "Nothing.\n"]


def _said(programme: Programme, path: str) -> str:
    section, name = path.split(".")[:2]
    if section == "eligibility":
        return next(one.words for one in programme.eligibility.criteria if one.id == name)
    if section == "roles":
        role = programme.roles_by_id[name]
        return f"{role.planned} {role.title} are planned"
    if section == "dose":
        dose = next(one for one in programme.dose if one.id == name)
        return f"{dose.title}: {dose.number:g} {dose.unit}, taken part from {dose.least:g}"
    if section == "comparisons":
        return programme.comparisons_by_id[name].who
    return next(one.title for one in programme.targets if one.id == name)
