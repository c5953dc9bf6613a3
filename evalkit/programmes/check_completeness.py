"""Rules on the whole: nothing is expected without being measured, asked without being used, or used for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import did_you_mean
from evalkit.instruments.findings import Finding
from evalkit.programmes.findings import Plan, rule, unknown
from evalkit.programmes.parts import Question, Target

MOST_PRIMARY = 4


@rule
def the_theory_is_tested(plan: Plan) -> Iterator[Finding]:
    """Each outcome of the theory of change is measured, or it is said why not.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for an outcome that stands for nothing, PRG-018 for one of the theory that nothing measures.
    """
    theory = plan.programme.theory
    known = {one.id for one in theory.outcomes}
    for outcome in plan.programme.outcomes:
        where = ("outcomes", outcome.id, "stands_for")
        yield from unknown(plan, "theory", [outcome.stands_for], known, where, "an outcome of the theory of change")
    excused = {one.id for one in theory.not_measured}
    yield from unknown(plan, "theory", excused, known, ("theory", "not_measured"), "an outcome of the theory of change")
    shown = {outcome.stands_for for outcome in plan.programme.outcomes}
    for name in sorted(known - shown - excused - {"unnamed"}):
        expected = "an outcome that stands for it, or a reason under not_measured"
        yield Finding("PRG-018", ("theory", "outcomes", name), "nothing measures it", expected, "Add one of the two.")
    for name in sorted(shown & excused):
        where = ("theory", "not_measured", name)
        yield Finding("PRG-018", where, "measured after all", "the one or the other", "Take it out here.")


@rule
def every_part_serves_a_question(plan: Plan) -> Iterator[Finding]:
    """Outcomes, dose and comparisons are asked about; roles, waves and files are used.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-018 for each that serves nothing: what is not used need not be collected.
    """
    programme = plan.programme
    used = {
        "outcomes": {name for question in programme.questions for name in question.outcomes},
        "dose": {name for question in programme.questions for name in question.dose},
        "comparisons": {question.comparison for question in programme.questions},
        "waves": {placement.wave for use in programme.instruments for placement in use.waves},
        "files": _files_used(plan),
    }
    for section, names in used.items():
        for part in getattr(programme, section):
            if part.id not in names:
                expected = "a use for it: what serves no question need not be collected"
                yield Finding("PRG-018", (section, part.id), "not used", expected, "Use it, or take it out.")


def _files_used(plan: Plan) -> set[str]:
    programme = plan.programme
    names = [file.id for file in programme.files if file.rows == "pair" and programme.unit == "pairs"]
    names += [one.column for one in programme.eligibility.criteria]
    names += [step.column for step in programme.steps]
    names += [outcome.column for outcome in programme.outcomes if outcome.column]
    names += [name for one in programme.comparisons for name in (one.group or "", *one.covariates)]
    names += [name for one in programme.subgroups for name in one.columns]
    for question in programme.questions:
        for value in question.said.values():
            names += [str(part) for part in (value if isinstance(value, tuple) else (value,))]
    return {name.partition(".")[0] for name in names} | {dose.file for dose in programme.dose}


@rule
def both_parties_are_evaluated(plan: Plan) -> Iterator[Finding]:
    """There is a party, two of them in pairs, and each has an outcome of its own.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-018 for each that is missing.
    """
    programme = plan.programme
    parties = programme.parties
    least = 2 if programme.unit == "pairs" else 1
    if len(parties) < least:
        found, expected = f"{len(parties)} roles with party: true", f"at least {least} for {programme.unit}"
        yield Finding("PRG-018", ("roles",), found, expected, "Mark those that the programme is for.")
    covered = {role for outcome in programme.outcomes for role in outcome.roles}
    for role in parties:
        if role.id not in covered:
            expected = "an outcome of each party"
            yield Finding("PRG-018", ("roles", role.id), "no outcome", expected, "Add one, or it is no party.")


@rule
def few_outcomes_are_primary(plan: Plan) -> Iterator[Finding]:
    """One to four outcomes are primary: those by which the programme is judged.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-018 for none or more.
    """
    primary = [outcome.id for outcome in plan.programme.outcomes if outcome.primary]
    if not 1 <= len(primary) <= MOST_PRIMARY:
        found, expected = f"{len(primary)} primary outcomes", f"one to {MOST_PRIMARY}"
        yield Finding("PRG-018", ("outcomes",), found, expected, "Mark those by which the programme is judged.")


@rule
def targets_can_be_read_off(plan: Plan) -> Iterator[Finding]:
    """A target has a least or a most, or says who sets it, and names one part of its question.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-014 for each that has none or several numbers, PRG-008 for a part, or a time, that its question is not of.
    """
    for target in plan.programme.targets:
        said = [target.at_least is not None, target.at_most is not None, bool(target.set_by)]
        if sum(said) != 1:
            found, expected = f"{sum(said)} of at_least, at_most, set_by", "one of them"
            yield Finding("PRG-014", ("targets", target.id), found, expected, "Keep one.")
        question = plan.programme.questions_by_id.get(target.question)
        about = (*question.outcomes, *question.dose, *question.steps) if question else ()
        if about and target.about not in about and (target.about or len(about) > 1):
            found = repr(target.about) if target.about else f"one of {len(about)} parts"
            where = ("targets", target.id, "about")
            expected = f"what question {target.question} is about"
            yield Finding("PRG-008", where, found, expected, did_you_mean(target.about or "", about))
        yield from _no_such_time(target, question)
        known = plan.programme.roles_by_id
        yield from unknown(plan, "roles", target.roles, known, ("targets", target.id, "roles"), "a role")


def _no_such_time(target: Target, question: Question | None) -> Iterator[Finding]:
    """Find a target that names a time at which its question is not answered."""
    times = question.said.get("times", ()) if question else ()
    times = times if isinstance(times, tuple) else (times,)
    if question is not None and target.at is not None and target.at not in times:
        expected = f"one of the times of question {question.id}: {', '.join(map(str, times)) or 'it has none'}"
        yield Finding("PRG-008", ("targets", target.id, "at"), f"{target.at:g}", expected, "Correct it or take it out.")
