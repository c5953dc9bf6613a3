"""Rules on questions: each has an estimand, an estimator that fits what it is about, and a design that can bear it."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import did_you_mean
from evalkit.instruments.findings import Finding, Where
from evalkit.programmes.check_files import CONTRASTS, column_findings
from evalkit.programmes.check_measures import answered_at, asked_at
from evalkit.programmes.estimators import ESTIMATORS, SERVICE_COLUMNS, Argument, Estimator
from evalkit.programmes.findings import Plan, rule, unknown
from evalkit.programmes.latest_waves import BY_LATEST, LATEST
from evalkit.programmes.parts import Outcome, Question

_FEWEST_WORDS = 8
_KINDS: dict[str, type | tuple[type, ...]] = {
    "number": (int, float),
    "text": str,
    "wave": str,
    "column": str,
    "dose": str,
    "item": str,
    "flag": bool,
}
_LISTS = {"waves": "wave", "numbers": "number", "texts": "text", "columns": "column"}


@rule
def estimands_are_stated(plan: Plan) -> Iterator[Finding]:
    """Each question says what is estimated, in a sentence of its own.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-015 for one that does not.
    """
    for question in plan.programme.questions:
        estimand = question.estimand.strip()
        if len(estimand.split()) < _FEWEST_WORDS or estimand.endswith("?"):
            expected = "a sentence: of which people, what, compared with what, over which time"
            yield Finding("PRG-015", ("questions", question.id, "estimand"), repr(estimand), expected, "Write it out.")


@rule
def questions_name_parts_that_are_there(plan: Plan) -> Iterator[Finding]:
    """Outcomes, dose, steps, comparison and subgroups of a question, and the question of a target, are there.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for each that is not, PRG-018 for a question about nothing.
    """
    programme = plan.programme
    known = {
        section: {part.id for part in getattr(programme, section)}
        for section in ("outcomes", "dose", "steps", "subgroups", "comparisons", "questions")
    }
    for question in programme.questions:
        where: Where = ("questions", question.id)
        for section, what in (
            ("outcomes", "an outcome"),
            ("dose", "a dose"),
            ("steps", "a step"),
            ("subgroups", "a subgroup"),
        ):
            names: tuple[str, ...] = getattr(question, section)
            yield from unknown(plan, section, names, known[section], (*where, section), what)
        yield from unknown(
            plan, "comparisons", [question.comparison], known["comparisons"], (*where, "comparison"), "a comparison"
        )
        if not (question.outcomes or question.dose or question.steps):
            yield Finding("PRG-018", where, "about nothing", "outcomes, dose or steps", "Say what it is about.")
    for target in programme.targets:
        where = ("targets", target.id, "question")
        yield from unknown(plan, "questions", [target.question], known["questions"], where, "a question")


@rule
def estimators_fit(plan: Plan) -> Iterator[Finding]:
    """The estimator is known, takes what the question is about, and gets the arguments that it needs.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-013 for an unknown estimator, PRG-014 for arguments or subjects that do not fit, PRG-015 for a design that
        cannot bear it.
    """
    for question in plan.programme.questions:
        estimator = ESTIMATORS.get(question.estimator)
        where = ("questions", question.id)
        if estimator is None:
            remedy = did_you_mean(question.estimator, ESTIMATORS)
            found = repr(question.estimator)
            yield Finding("PRG-013", (*where, "estimator"), found, "an estimator that evalkit has", remedy)
            continue
        yield from _subjects(plan, question, estimator)
        yield from _design(plan, question, estimator)
        yield from _arguments(plan, question, estimator)


def _outcomes(plan: Plan, question: Question) -> list[Outcome]:
    known = plan.programme.outcomes_by_id
    return [known[name] for name in question.outcomes if name in known]


def _subjects(plan: Plan, question: Question, estimator: Estimator) -> Iterator[Finding]:
    about = {outcome.measure for outcome in _outcomes(plan, question)} - {""}
    about |= {section for section in ("dose", "steps") if getattr(question, section)}
    for kind in sorted(about - estimator.about):
        found, expected = f"{estimator.name} of a {kind}", f"of {' or '.join(sorted(estimator.about))}"
        yield Finding("PRG-014", ("questions", question.id, "estimator"), found, expected, "Choose another estimator.")


def _design(plan: Plan, question: Question, estimator: Estimator) -> Iterator[Finding]:
    where: Where = ("questions", question.id, "estimator")
    comparison = plan.programme.comparisons_by_id.get(question.comparison)
    if estimator.compares and comparison and (comparison.kind not in CONTRASTS or not comparison.group):
        found = f"{estimator.name} with comparison {comparison.id} ({comparison.kind})"
        expected = "a waiting list or matched people, with the column that tells the groups apart"
        yield Finding("PRG-015", where, found, expected, "Compare with others, or choose another estimator.")
    if estimator.pairs and plan.programme.unit != "pairs":
        yield Finding("PRG-015", where, estimator.name, "a programme of pairs", "Choose another estimator.")
    for outcome in _outcomes(plan, question):
        yield from _linked(plan, outcome, estimator, where)
        if estimator.compares and outcome.use:
            yield from _others(plan, question, outcome, where)
        if estimator.service and outcome.column:
            file = plan.programme.files_by_id.get(outcome.column.partition(".")[0])
            lacking = [name for name in SERVICE_COLUMNS if file and name not in file.by_name]
            if lacking:
                expected = f"{file.id if file else ''} with the columns {', '.join(SERVICE_COLUMNS)}"
                yield Finding("PRG-015", where, f"no {', '.join(lacking)}", expected, "Add the columns.")


def _linked(plan: Plan, outcome: Outcome, estimator: Estimator, where: Where) -> Iterator[Finding]:
    use = plan.programme.uses_by_id.get(outcome.use or "")
    if estimator.linked and use and not use.linked:
        expected = "answers of the same people, linked"
        yield Finding("PRG-015", where, f"{estimator.name}; {use.id} is not linked", expected, "Use survey_trend.")
    if estimator.pairs and outcome.partner_use is None and use and len(use.roles) < len(plan.programme.parties):
        expected = "both parties answer: partner_use, or a form that both answer"
        yield Finding("PRG-015", where, f"{estimator.name} of {outcome.id}", expected, "Name the partner's form.")


def _others(plan: Plan, question: Question, outcome: Outcome, where: Where) -> Iterator[Finding]:
    """Find an outcome of a comparison that nobody outside the programme is asked about at the waves compared."""
    if outcome.use not in plan.programme.uses_by_id:
        return
    asked = {wave for use in plan.programme.others_answer(outcome) for wave in use.asked}
    waves = [str(question.said[name]) for name in ("pre", "post") if name in question.said]
    missing = [wave for wave in waves if wave not in asked]
    if missing or not asked:
        found = f"nobody to compare with on {outcome.id} at {' and '.join(missing) or 'any wave'}"
        expected = "a role that is no party answers the same instrument"
        yield Finding("PRG-015", where, found, expected, "Add the role to the use of the instrument.")


def _arguments(plan: Plan, question: Question, estimator: Estimator) -> Iterator[Finding]:
    where: Where = ("questions", question.id, "arguments")
    for name in question.said:
        if name not in estimator.by_name:
            remedy = did_you_mean(name, estimator.by_name)
            yield Finding("PRG-014", (*where, name), repr(name), f"an argument of {estimator.name}", remedy)
    for argument in estimator.arguments:
        if argument.name in question.said:
            yield from _argument(plan, question, argument, (*where, argument.name))
        elif argument.required:
            yield Finding("PRG-014", where, f"no {argument.name}", f"{argument.name} of {estimator.name}", "Add it.")


def _argument(plan: Plan, question: Question, argument: Argument, where: Where) -> Iterator[Finding]:
    value = question.said[argument.name]
    single = _LISTS.get(argument.kind)
    parts = value if isinstance(value, tuple) else (value,)
    kind = single or argument.kind
    wanted = _KINDS[kind]
    wrong = (single is not None) != isinstance(value, tuple)
    if wrong or not all(isinstance(part, wanted) and isinstance(part, bool) == (kind == "flag") for part in parts):
        expected = f"a list: {argument.kind}" if single else f"a {argument.kind}"
        yield Finding("PRG-014", where, repr(value), expected, "See the list of estimators.")
        return
    for part in map(str, parts):
        if kind == "column":
            yield from column_findings(plan, part, where)
        elif kind == "dose":
            yield from unknown(plan, "dose", [part], {dose.id for dose in plan.programme.dose}, where, "a dose")
        elif kind in {"wave", "item"}:
            yield from (_wave if kind == "wave" else _item)(plan, question, part, where)
        elif argument.choices and part not in argument.choices:
            yield Finding(
                "PRG-014",
                where,
                repr(part),
                f"one of {', '.join(argument.choices)}",
                did_you_mean(part, argument.choices),
            )


def _wave(plan: Plan, question: Question, wave: str, where: Where) -> Iterator[Finding]:
    """Find a wave at which an outcome of the question is not asked."""
    if wave == LATEST and question.estimator in BY_LATEST:
        return
    for outcome in _outcomes(plan, question):
        for name in (outcome.use, outcome.partner_use):
            use = plan.programme.uses_by_id.get(name or "")
            instrument = plan.instruments.get(use.instrument) if use else None
            if use is None or instrument is None:
                continue
            shown = asked_at(instrument, outcome) & answered_at(use, instrument)
            if shown and wave not in shown:
                found = f"{wave!r} of {outcome.id}"
                expected = f"a wave of {use.id} that measures it: {', '.join(sorted(shown))}"
                yield Finding("PRG-011", where, found, expected, did_you_mean(wave, shown))


def _item(plan: Plan, question: Question, item: str, where: Where) -> Iterator[Finding]:
    """Find an item that the form of an outcome does not have."""
    for outcome in _outcomes(plan, question):
        use = plan.programme.uses_by_id.get(outcome.use or "")
        instrument = plan.instruments.get(use.instrument) if use else None
        if instrument is not None and item not in instrument.by_id:
            remedy = did_you_mean(item, instrument.by_id)
            yield Finding("PRG-011", where, repr(item), f"an item of {instrument.id}", remedy)
