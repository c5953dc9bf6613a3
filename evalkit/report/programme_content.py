"""What stands in a programme's report, section by section."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure as Drawing

from evalkit import figures
from evalkit.disclosure import Profile, load_profile
from evalkit.errors import EvalkitError
from evalkit.numeric.multiplicity import holm
from evalkit.programmes.answering_now import mean_rows, received
from evalkit.programmes.answers import Answer, UnansweredError
from evalkit.programmes.comparing import compared_with
from evalkit.programmes.deciding import deciding_questions
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.headline_texts import Headline, planned
from evalkit.programmes.limitations import FEW_PEOPLE, Note, design_notes, judged_by
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Question
from evalkit.programmes.wording import FOLLOWS, Told, design_sentence, tell
from evalkit.programmes.written_numbers import number, per_cent
from evalkit.report import text
from evalkit.report.programme_answered import BECAUSE_FEW, WHOLE, counted, open_questions, titled, why_nothing
from evalkit.report.programme_blocks import Block, Bullets, Picture, Section, Table, Text
from evalkit.report.programme_full_tables import full_table
from evalkit.report.programme_missing import losses
from evalkit.report.programme_numbers import (
    Shown,
    flow_frame,
    forest,
    interval,
    kind_title,
    line_data,
    method_notes,
    numbers_table,
    scale_of,
    shown,
    unit_words,
    value,
)
from evalkit.report.programme_practice import differences, sources
from evalkit.report.programme_reach import ANSWERED_TITLE, Reached, answered, reach_by_group
from evalkit.report.programme_records import in_records_notes
from evalkit.report.programme_same_quantity import told_elsewhere
from evalkit.report.programme_targets import targets_table
from evalkit.report.programme_years import side_by_side
from evalkit.result import Curve, Estimates

# The sections of the report, and the themes of questions in each.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Reach", ("reach",)),
    ("Fidelity and dose", ("dose",)),
    ("Match quality", ("match",)),
    ("Training and experience", ("training", "experience")),
    ("Change in outcomes", ("change",)),
    ("Both parties", ("both_parties",)),
    ("Capacity within the organisation", ("capacity",)),
    ("Retention and progression", ("retention", "progression")),
    ("The workforce", ("workforce",)),
    ("Equality of access and of outcome", ("access", "fairness")),
)
_FEW_SENTENCES = 4
_MOST_NAMED = 12
_FEWEST_ADJUSTED = 2
# What a comparison of service rests on, in the words of its method.
_SETTING = "counts as|weights for|is left out|are compared with"
STANDING = "To be written by the people who run the programme, with those who took part."


@dataclass(frozen=True, eq=False)
class Material:
    """What a report is made from.

    Parameters
    ----------
    evidence : Evidence
        The data.
    answers : tuple of Answer
        Answers to the questions.
    profile : Profile
        Disclosure profile.
    shown : mapping of int to Shown
        Position of the answer -> what may leave of it.
    reach : mapping of str to dict of str to (tuple of Table, Protected)
        Role -> characteristic -> its tables, and what was protected.
    """

    evidence: Evidence
    answers: tuple[Answer, ...]
    profile: Profile
    shown: Mapping[int, Shown]
    reach: Mapping[str, dict[str, Reached]]

    @property
    def programme(self) -> Programme:
        """The programme."""
        return self.evidence.programme

    def of(self, question: Question) -> list[tuple[Answer, Shown | None]]:
        """Find the answers to a question.

        Parameters
        ----------
        question : Question
            One of the programme.

        Returns
        -------
        list of (Answer, Shown or None)
            Each with what may leave of it.
        """
        return [(one, self.shown.get(at)) for at, one in enumerate(self.answers) if one.question.id == question.id]

    def told(self, part: Shown) -> tuple[Told, ...]:
        """Write what an answer says.

        Parameters
        ----------
        part : Shown
            The answer.

        Returns
        -------
        tuple of Told
            Sentences on its released numbers.
        """
        return tell(part.answer, part.released, self.programme, self.ends, part.lines if part.again else None)

    @property
    def ends(self) -> dict[str, str]:
        """Id of an outcome -> lowest and highest value of its scale, such as "1 to 5"."""
        found = {one.id: self.evidence.bounds(one) for one in self.programme.outcomes}
        return {name: f"{bounds[0]:g} to {bounds[1]:g}" for name, bounds in found.items() if bounds is not None}


def material(evidence: Evidence, answers: tuple[Answer, ...], profile: Profile) -> Material:
    """Apply the disclosure profile to all answers.

    Parameters
    ----------
    evidence : Evidence
        The data.
    answers : tuple of Answer
        Answers to the questions.
    profile : Profile
        The rules.

    Returns
    -------
    Material
        What a report is made from.
    """
    public = load_profile("public")
    found = {
        at: one for at, answer in enumerate(answers) if (one := shown(answer, profile, public, evidence.programme))
    }
    reach = {}
    for role in evidence.programme.parties:
        try:
            reach[role.id] = reach_by_group(evidence, role, profile)
        except EvalkitError:
            continue
    return Material(evidence, answers, profile, found, reach)


def theme_sections(made: Material) -> Iterator[Section]:
    """Write the sections on the questions.

    Parameters
    ----------
    made : Material
        Answers and data.

    Yields
    ------
    Section
        One of level 2, then those below it.
    """
    for title, themes in SECTIONS:
        questions = [one for one in made.programme.questions if one.theme in themes]
        if not questions:
            continue
        yield Section(title, 2, _opening(made, themes))
        if "reach" in themes:
            yield from _reach(made)
        if "dose" in themes:
            yield from _fidelity(made)
        for question in questions:
            yield Section(question.asks, 3, tuple(_question(made, question)))


def _opening(made: Material, themes: tuple[str, ...]) -> tuple[Block, ...]:
    if themes == ("reach",) and made.programme.eligibility.words:
        return (Text(f"Who can take part: {made.programme.eligibility.words}"),)
    if "change" in themes and len([one for one in made.programme.outcomes if one.primary]) > 1:
        titles = "; ".join(one.title for one in made.programme.outcomes if one.primary)
        table = _primary_table(made)
        said = only_alone(made)
        return (
            Text(f"Named beforehand as the outcomes to judge by: {titles}."),
            *((table,) if table else ()),
            *((Text(said),) if said else ()),
        )
    return ()


def _primary_table(made: Material) -> Table | None:
    """Adjust the p-values of the outcomes named beforehand for their number (Holm); None with fewer than two."""
    primary = [one for one in made.programme.outcomes if one.primary]
    lines = {one.title: line for one in primary if (line := deciding_line(made, one.id)) is not None}
    if len(lines) < _FEWEST_ADJUSTED:
        return None
    adjusted = holm(np.array([line.p_value for line in lines.values()]))
    rows = tuple(
        (
            *(line.subject, value(line), interval(line), text.p_value(line.p_value), text.p_value(float(p))),
            *(unit_words(line) or text.MISSING, scale_of(line, made.ends) or text.MISSING, text.count(line.people)),
        )
        for line, p in zip(lines.values(), adjusted, strict=True)
    )
    level = next(iter(lines.values())).level
    columns = ("Of what", "Estimate", f"{level} interval", "p", "p, adjusted", "Unit", "Scale", "People")
    notes = [
        "Of each outcome the comparison with people outside the programme where there is one that may be told, else "
        "the change of the same people. Which it is was settled by the analysis plan, not by the results.",
        f"p-values are adjusted for the {len(rows)} tests of this table by Holm's method.",
    ]
    untested = [one.title for one in primary if one.title not in lines]
    if untested:
        notes.append(f"Not in this table, as there is no test of it or none that may be told: {'; '.join(untested)}.")
    data = pd.DataFrame([line_data(line, made.ends) for line in lines.values()]).assign(p_adjusted=adjusted)
    return Table("Outcomes named beforehand", columns, rows, frozenset({5}), tuple(notes), data)


def only_alone(made: Material) -> str:
    """Name the outcomes whose own interval settles something that, adjusted for the number of tests, is not settled.

    Parameters
    ----------
    made : Material
        Answers and data.

    Returns
    -------
    str
        A sentence; empty where there is no such outcome.
    """
    primary = [one.id for one in made.programme.outcomes if one.primary]
    lines = [line for name in primary if (line := deciding_line(made, name)) is not None]
    if len(lines) < _FEWEST_ADJUSTED:
        return ""
    adjusted = holm(np.array([line.p_value for line in lines]))
    names = [line.subject for line, p in zip(lines, adjusted, strict=True) if line.p_value < _TESTED_AT <= float(p)]
    if not names:
        return ""
    return (
        f"Sentences go by the interval of each outcome by itself. Adjusted for {len(lines)} tests, this is no longer "
        f"settled: {'; '.join(names)}."
    )


# The intervals are of 95 %.
_TESTED_AT = 0.05


def deciding_line(made: Material, outcome: str) -> Headline | None:
    """Find the first test that may be told of the question that decides on an outcome.

    Parameters
    ----------
    made : Material
        Answers and data.
    outcome : str
        Its id.

    Returns
    -------
    Headline or None
        The line; None where no test of it may be told.
    """
    for question in deciding_questions(made.programme, outcome):
        for _, part in made.of(question):
            for line in part.lines if part is not None and not part.answer.subgroup else ():
                if line.about == outcome and not line.withheld and not math.isnan(line.p_value):
                    return line
    return None


def _reach(made: Material) -> Iterator[Section]:
    asked = [one for one in made.programme.subgroups if all(made.evidence.records(column) for column in one.columns)]
    for role in made.programme.parties:
        if not len(made.evidence.in_programme([role.id])) or not asked:
            continue
        tables = made.reach.get(role.id, {})
        blocks: list[Block] = [table for found, _ in tables.values() for table in found]
        silent = "; ".join(one.title.lower().replace(" by ", " and ") for one in asked if one.id not in tables)
        if silent:
            blocks.append(Text(f"By {silent}: withheld, as {FOLLOWS} ({made.profile.title}).", "note"))
        yield Section(f"Reach of {role.title} by protected group", 3, tuple(blocks))


def _fidelity(made: Material) -> Iterator[Section]:
    rows: list[tuple[str, ...]] = []
    data: list[dict[str, object]] = []
    question = next(one for one in made.programme.questions if one.theme == "dose")
    from evalkit.disclosure import release

    for dose in made.programme.dose:
        parts = received(made.evidence, dose)
        titles = [made.programme.roles_by_id[role].title for role in dose.roles]
        for who in titles:
            plan = planned(dose.number, dose.unit)
            try:
                result = mean_rows({(dose.title, who): parts[dose.title, who]}, question, dose.unit)
            except (KeyError, UnansweredError):
                rows.append((dose.title, who, plan, f"{dose.least:g}", "not recorded", text.MISSING, text.MISSING))
                continue
            line = release(result, made.profile).frame.iloc[0]
            if str(line.get("flag", "")) == "suppressed":
                cells = ("withheld", "withheld", "withheld")
            else:
                low, high = float(line["conf_low"]), float(line["conf_high"])
                limits = text.MISSING if math.isnan(low) else f"{number(low, 1)} to {number(high, 1)}"
                cells = (number(float(line["estimate"]), 1), limits, text.count(float(line["n"])))
            rows.append((dose.title, who, plan, f"{dose.least:g}", *cells))
            data.append(
                {
                    "what": dose.title,
                    "who": who,
                    "planned": dose.number,
                    "least": dose.least,
                    **{name: line[name] for name in ("estimate", "conf_low", "conf_high", "n")},
                }
            )
    if rows:
        columns = ("What", "Who", "Planned", "Minimum", "Received, mean", "95 % interval", "People")
        notes = [
            "Of those who started. The minimum is what somebody must have received to be counted as having had enough."
        ]
        if any("withheld" in row for row in rows):
            notes.append(f"Withheld so that nobody can be recognised: {made.profile.title}.")
        table = Table(
            "What was planned and what people received",
            columns,
            tuple(rows),
            frozenset({1, 2}),
            tuple(notes),
            pd.DataFrame(data) if data else None,
        )
        yield Section("Planned and received", 3, (table,))


def _question(made: Material, question: Question) -> Iterator[Block]:
    answers = made.of(question)
    parts = [part for _, part in answers if part is not None]
    whole = [part for part in parts if not part.answer.subgroup]
    yield from _sentences(made, question, whole)
    yield from told_elsewhere(whole)
    if whole and not any(_has_rows(part) for part in whole):
        yield Text(f"Not answered: {why_nothing(question, made.programme)}.", "note")
    for reason, about in _unanswered(made, [answer for answer, part in answers if part is None]).items():
        yield Text(f"Not answered{about}: {reason}.", "note")
    for part in whole:
        if isinstance(part.answer.result, pd.DataFrame):
            yield from _flow(made, part)
    estimates = [part for part in whole if not isinstance(part.answer.result, pd.DataFrame)]
    yield from _numbers(made, question, estimates)
    for subgroup in made.programme.subgroups:
        split = [part for part in parts if part.answer.subgroup == subgroup.id]
        if split:
            yield from _subgroup(made, question, split, subgroup.title)
    said = design_sentence(question, made.programme.comparisons_by_id[question.comparison])
    shown_any = any(not line.withheld for part in parts for line in part.lines)
    if said and shown_any:
        yield Text(said, "note")
    if shown_any:
        yield from in_records_notes(made.evidence, question, estimates)
        yield from _settings(question, estimates)
        yield from _told_twice(made, question)
    if parts:
        method = method_notes(estimates)
        yield Text(f"What is estimated: {question.estimand}{f' Method: {method}.' if method else ''}", "note")


def _has_rows(part: Shown) -> bool:
    """Tell whether an answer has anything to say: a number, a flow or a curve."""
    result = part.answer.result
    return bool(part.lines or part.again) or isinstance(result, Curve) or not isinstance(result, Estimates)


# Estimators of the change of the same people -> whose answers each rests on.
_RESTS_ON: Mapping[str, str] = {
    "mean_change": "people who answered both times",
    "wave_change": "everybody who answered at one of the times at least",
    "dyad_change": "pairs in which both answered both times",
    "response_shift": "people who answered before, afterwards and looking back",
}


def _told_twice(made: Material, question: Question) -> Iterator[Block]:
    """Say why the change of an outcome has another number under another question."""
    own = _RESTS_ON.get(question.estimator, "")
    for other in made.programme.questions if own else ():
        rests = _RESTS_ON.get(other.estimator, own)
        if rests == own or not any(
            not line.withheld for _, part in made.of(other) if part is not None for line in part.lines
        ):
            continue
        both = [name for name in question.outcomes if name in other.outcomes]
        if both:
            titles = "; ".join(titled(made.programme, name) for name in both)
            yield Text(
                f"The change in {titles} is told under \u201c{other.asks}\u201d too. That rests on {rests}, this on "
                f"{own}. The two numbers need not be the same, nor settle the same.",
                "note",
            )


def _settings(question: Question, parts: Sequence[Shown]) -> Iterator[Block]:
    """Say what the numbers of some methods rest on that nobody can see in them: money of which year, classed how."""
    wanted = ".*" if question.estimator == "ratio_change" else _SETTING
    estimator = ESTIMATORS[question.estimator]
    if question.estimator != "ratio_change" and not estimator.service:
        return
    for part in parts:
        result = part.answer.result
        if isinstance(result, Estimates):
            told = [text.sentence_in_words(one) for one in result.method.assumptions if re.search(wanted, one)]
            yield from (Text(f"{one[:1].upper()}{one[1:]}.", "note") for one in told)


def _sentences(made: Material, question: Question, parts: Sequence[Shown]) -> Iterator[Block]:
    told = [pair for part in parts for pair in paired(made, part)]
    beside = side_by_side([line for line, _ in told], _row_unit(made.programme, question))
    if beside:
        yield from (Text(" ".join(beside)),) if len(beside) == 1 else (Text(beside[0]), Bullets(beside[1:]))
        return
    # Both parties may say the same, such as that numbers are withheld.
    only = list({one.text: one for part in parts for one in made.told(part)}.values())
    if not only:
        return
    if len(only) <= _FEW_SENTENCES or (question.estimator in {"share", "mean_at"} and len(only) <= 2 * _FEW_SENTENCES):
        if len(only) <= 2:
            yield Text(" ".join(one.text for one in only))
        else:
            yield Bullets(tuple(one.text for one in only))
        return
    yield from (Text(line) for line in _grouped(told))


def paired(made: Material, part: Shown) -> list[tuple[Headline, Told]]:
    """Put the numbers of an answer beside what is said of each.

    Parameters
    ----------
    made : Material
        Answers and data.
    part : Shown
        What may leave of one answer.

    Returns
    -------
    list of (Headline, Told)
        Empty where one sentence tells several numbers.
    """
    told = made.told(part)
    return list(zip(part.lines, told, strict=False)) if len(told) == len(part.lines) else []


def _grouped(told: Sequence[tuple[Headline, Told]]) -> Iterator[str]:
    """Say what many numbers say, by what their intervals allow."""
    verdicts: dict[str, set[str]] = {}
    for line, one in told:
        verdicts.setdefault(line.term, set()).add(one.verdict)
    forms = {
        "better": "The interval lies wholly on the better side for {n}: {names}.",
        "worse": "The interval lies wholly on the worse side for {n}: {names}.",
        "gap": "The interval leaves out no difference between the groups for {n}: {names}.",
        "settled": "The interval leaves out no difference for {n}: {names}.",
        "open": "For {n} the interval holds no difference, and nothing is claimed: {names}.",
        "bare": "For {n} there is no interval, and nothing is concluded: {names}.",
        "lacking": "Could not be estimated: {names}.",
        "withheld": f"Withheld, as {FOLLOWS}: {{names}}.",
    }
    count = len(told)
    yield from _described([pair for pair in told if pair[1].verdict == "described"], count)
    for verdict, form in forms.items():
        here = [line for line, one in told if _sort_of(line, one) == verdict]
        if here:
            n = f"all {count} estimates" if len(here) == count else f"{len(here)} of {count} estimates"
            # Where all rows of an outcome say the same, its name is enough.
            names = dict.fromkeys(
                line.term if len(verdicts[line.term]) == 1 and line.label.startswith(line.term) else line.label
                for line in here
            )
            yield form.format(n=n, names="; ".join(names) if len(names) <= _MOST_NAMED else "see the table")


def _sort_of(line: Headline, one: Told) -> str:
    """Tell apart why nothing is claimed: the interval holds no difference, there is none, or there is no number."""
    if one.verdict != "open":
        return one.verdict
    return "lacking" if math.isnan(line.estimate) else "bare" if math.isnan(line.low) else "open"


def _row_unit(programme: Programme, question: Question) -> str:
    """Say what a row of the file is that a number comes from, such as a year."""
    columns = [str(programme.outcomes_by_id[name].column or "") for name in question.outcomes]
    files = [programme.files_by_id[one.partition(".")[0]] for one in columns if "." in one]
    return next((key for file in files for key in file.key), "row")


_LARGEST, _MOST_TIED = 3, 6


def _described(told: Sequence[tuple[Headline, Told]], count: int) -> Iterator[str]:
    """Say what many descriptions say: the largest shares, the lowest and highest of other numbers, or each claim."""
    claims: dict[str, list[str]] = {}
    for line, one in told:
        if line.kind == "claim":
            claims.setdefault(one.text.removeprefix(f"{line.subject}: "), []).append(line.label)
    yield from (f"{'; '.join(names)}: {claim}" for claim, names in claims.items())
    if claims or len(told) != count or len({(line.kind, line.unit) for line, _ in told}) != 1:
        return
    ranked = sorted(told, key=lambda pair: -pair[0].estimate)
    if told[0][0].kind == "share":
        largest = _with_ties(ranked)
        names = "; ".join(one.short for _, one in largest)
        yield f"The largest {len(largest)} of {count} shares found; their order is not tested: {names}."
    else:
        yield f"The lowest of {count}: {ranked[-1][1].short}. The highest: {ranked[0][1].short}."


def _with_ties(ranked: Sequence[tuple[Headline, Told]]) -> Sequence[tuple[Headline, Told]]:
    """Take the largest, and all that are told as the last of them is; without these where they would be too many."""
    last = per_cent(ranked[_LARGEST - 1][0].estimate)
    tied = [pair for pair in ranked[_LARGEST:] if per_cent(pair[0].estimate) == last]
    found = [*ranked[:_LARGEST], *tied]
    above = [pair for pair in ranked[:_LARGEST] if per_cent(pair[0].estimate) != last]
    return found if len(found) <= _MOST_TIED or not above else above


def _unanswered(made: Material, answers: Sequence[Answer]) -> dict[str, str]:
    """Group by the reason what was not answered."""
    reasons: dict[str, list[str]] = {}
    for answer in answers:
        titles = [titled(made.programme, name) for name in answer.about]
        reasons.setdefault(answer.why_not.rstrip("."), []).extend(titles)
    whole = len(reasons) == 1
    return {
        why: ""
        if whole and len(made.of(answers[0].question)) == len(answers)
        else f" ({', '.join(dict.fromkeys(names))})"
        for why, names in reasons.items()
    }


def _numbers(made: Material, question: Question, parts: Sequence[Shown]) -> Iterator[Block]:
    if not parts:
        return
    lines = [line for part in parts for line in part.lines]
    if lines and all(math.isnan(line.estimate) and not line.withheld for line in lines):
        return  # the sentences say why there is nothing
    title, roles = question.asks, made.programme.roles_by_id
    kind = kind_title(parts).replace("Estimate", "Estimates")
    bare = all(math.isnan(line.low) for line in lines)
    headed = f"{kind}: {title}" if bare else f"{kind}, with intervals: {title}"
    picture = forest(parts, headed, made.ends)
    if picture is not None:
        yield picture
    table = numbers_table(parts, f"Numbers behind the figure: {title}" if picture else headed, ends=made.ends)
    if table is not None:
        yield table
    named = [", ".join(part.answer.of_term) for part in parts]
    for part, about in zip(parts, named, strict=True):
        role = roles.get(part.answer.role) if named.count(about) > 1 else None
        whose = [about if len(about) < _SHORT_TITLE else "", role.title if role else ""]
        head = f"{', '.join(['All numbers', *filter(None, whose)])}: {question.asks}"
        more = full_table(part, head, made.programme, made.ends)
        if more is not None:
            yield more


_SHORT_TITLE = 80


def _subgroup(made: Material, question: Question, parts: Sequence[Shown], by: str) -> Iterator[Block]:
    by = f"{by[:1].lower()}{by[1:]}".replace(" by ", " and ")
    if all(line.withheld for part in parts for line in part.lines):
        yield Text(f"By {by}: withheld, as {FOLLOWS}.", "note")
        return
    table = numbers_table(parts, f"By {by}: {question.asks}", ends=made.ends)
    if table is not None:
        yield Table(
            table.title, table.columns, table.rows, table.words, table.notes, table.data, folded=len(table.rows) > 8
        )


def _flow(made: Material, part: Shown) -> Iterator[Block]:
    role = made.programme.roles_by_id[part.answer.role]
    frame = flow_frame(part)
    if frame["n"].isna().all():
        yield Text(f"{role.title.capitalize()}: all numbers are withheld, as {FOLLOWS}.")
        return
    axes = figures.flow(frame)
    words = [f"{line.step}: {text.count(line.n) if pd.notna(line.n) else 'withheld'}" for line in frame.itertuples()]
    drawing = axes.get_figure()
    if isinstance(drawing, Drawing):
        yield Picture(
            f"{role.title.capitalize()} from step to step", f"A box for each step. {'; '.join(words)}.", drawing
        )
    rows = tuple(
        (str(line.step), text.count(line.n) if pd.notna(line.n) else "withheld") for line in frame.itertuples()
    )
    notes = (*_about_steps(frame),)
    data = frame[["step", "n"]]
    yield Table(
        f"Numbers behind the figure: {role.title} from step to step", ("Step", "People"), rows, notes=notes, data=data
    )


def _about_steps(frame: pd.DataFrame) -> Iterator[str]:
    if frame["n"].isna().any():
        yield (
            "A step is withheld where it is too few people, where those lost on the way to it are, or where it differs "
            "by too few from those who started, or from a step that is shown before it."
        )
    before = frame["step"].shift(1).fillna("")
    apart = [f"{line.step} (of {str(line.of) or 'all'})" for line in frame[frame["of"] != before].itertuples()]
    if apart:
        yield (
            f"Not of those at the step above: {'; '.join(apart)}. Somebody who is there was not at the step above, so "
            "the two numbers are no chain."
        )


def any_test(made: Material) -> bool:
    """Tell whether any p-value is told.

    Parameters
    ----------
    made : Material
        Answers and data.

    Returns
    -------
    bool
        Whether a released number has one.
    """
    return any(math.isfinite(line.p_value) for part in made.shown.values() for line in part.lines)


def closing_sections(made: Material) -> Iterator[Section]:
    """Write what follows the answers: targets, missing data, what was not answered, limits and recommendations.

    Parameters
    ----------
    made : Material
        Answers and data.

    Yields
    ------
    Section
        Of level 2.
    """
    table = targets_table(made.programme, made.answers, made.shown, made.profile)
    if table is not None:
        yield Section("Targets", 2, (table,))
    yield Section("Missing data", 2, tuple(_missing(made)))
    yield Section("What could not be answered", 2, tuple(_not_answered(made)))
    yield from _limits(made)
    yield Section(
        "Recommendations",
        2,
        (Text(STANDING, "write"), Bullets(("What to keep", "What to change", "What to ask next"))),
    )
    yield Section(
        "Appendix: where the analysis differs from the plan",
        2,
        tuple(differences(made.evidence, made.answers, made.shown)),
    )
    yield Section("Appendix: what the report rests on", 2, (sources(made.evidence),))


def _missing(made: Material) -> Iterator[Block]:
    found = answered(made.evidence, made.profile)
    yield found or Text("How many of those who were asked answered is not known: answers do not say whose they are.")
    absent = list(made.evidence.missing)
    if absent:
        yield Text("Not in the folder:")
        yield Bullets(tuple(absent))
    if made.programme.unit == "organisation":
        yield Text(
            "Answers are used as they were given. The yearly survey carries no code, so nobody can say who did not "
            "answer again, or how they differ. The figures are of those who answered in each year."
        )
        return
    columns = {name for tables, _ in _reached(made) for table in tables for name in table.columns}
    where = " Who answered, by protected group, stands under Reach." if ANSWERED_TITLE in columns else ""
    yield Text(
        "Answers are used as they were given. Estimates of change rest on people who answered each time; those who did "
        f"not may have fared otherwise.{where}"
    )
    yield from losses(made.evidence, made.profile)


def _reached(made: Material) -> list[Reached]:
    return [one for tables in made.reach.values() for one in tables.values()]


def _not_answered(made: Material) -> Iterator[Block]:
    yield Text(counted(made.programme, made.answers, made.shown))
    rows = open_questions(made.programme, made.answers, made.shown)
    hidden = [one.asks for one in rows if one.about == WHOLE and one.why == BECAUSE_FEW]
    if len(hidden) > _MOST_LISTED:
        rows = tuple(one for one in rows if one.asks not in hidden)
        yield Text(f"Of {len(hidden)} questions the whole answer is {BECAUSE_FEW}. Each says so where it stands above.")
    if rows:
        yield Table(
            "Questions that could not be answered, or only in part, and why",
            ("Question", "Of what", "Why not"),
            tuple((one.asks, one.about, one.why) for one in rows),
            frozenset({1, 2}),
        )


# More questions of which all is withheld are counted: each says so itself.
_MOST_LISTED = 5


def _limits(made: Material) -> Iterator[Section]:
    notes = design_notes(made.programme, made.evidence.instruments)
    yield Section("Limitations", 2, (Text("What the design can and cannot show, as it was planned."),))
    titles = {"can": "What the design can show", "cannot": "What it cannot show", "care": "What to bear in mind"}
    for verdict, title in titles.items():
        fitting = (_fitting(made, note) for note in notes if note.verdict == verdict)
        items = tuple(one for one in fitting if one)
        if items:
            yield Section(title, 3, (Bullets(items),))


def _fitting(made: Material, note: Note) -> str:
    """Give the words of a note, as far as they fit what the report shows; empty where they do not."""
    if _is_there(made, note.about) or (note.rule == "several_outcomes" and not any_test(made)):
        return ""
    if note.rule == "several_outcomes":
        return _judged(made)
    if note.rule == "few_people":
        started = _started(made)
        planned = [role.planned for role in made.programme.parties if role.id in started]
        if started and all(math.isnan(number) for number in started.values()):
            return "Few people took part: most results are withheld, and only large changes could be told from chance."
        if list(started.values()) != planned and not any(math.isnan(number) for number in started.values()):
            roles = made.programme.roles_by_id
            who = " and ".join(f"{number:,.0f} {roles[name].title}" for name, number in started.items())
            rest = note.text.partition(" planned, ")[2]
            return f"With {who} who started, {rest}" if rest and max(started.values()) < FEW_PEOPLE else ""
    return note.text


def _judged(made: Material) -> str:
    """Say of the outcomes to judge by which are tested, told with an interval alone, or not told."""
    primary = [one for one in made.programme.outcomes if one.primary]
    tested = [one.id for one in primary if deciding_line(made, one.id) is not None]
    told = {
        line.about
        for part in made.shown.values()
        for line in part.lines
        if not part.answer.subgroup and not line.withheld and math.isfinite(line.low)
    }
    return judged_by(made.programme, tested, [one.id for one in primary if one.id in told])


def _started(made: Material) -> dict[str, float]:
    """Give how many of each party started; NaN where that is withheld."""
    title = next((step.title for step in made.programme.steps if step.id == "started"), "")
    found: dict[str, float] = {}
    for at, part in sorted(made.shown.items()):
        if isinstance(part.answer.result, pd.DataFrame):
            frame = flow_frame(part)
            numbers = frame.loc[frame["step"] == title, "n"]
            if len(numbers):
                found[made.answers[at].role] = float(numbers.iloc[0])
    return found


def _is_there(made: Material, about: Sequence[str]) -> bool:
    """Tell whether a note is about a file that the folder has after all."""
    files = [name.removeprefix("files.") for name in about if name.startswith("files.")]
    return bool(files) and all(made.evidence.has(name) for name in files)


def plan_table(programme: Programme) -> Table:
    """Write the plan of analysis as a table.

    Parameters
    ----------
    programme : Programme
        The programme.

    Returns
    -------
    Table
        Question, estimand, estimator and comparison.
    """
    rows = tuple(
        (one.asks, one.estimand, ESTIMATORS[one.estimator].estimates, compared_with(programme, one))
        for one in programme.questions
    )
    return Table(
        "Questions, what is estimated and how",
        ("Question", "What is estimated", "How", "Compared with"),
        rows,
        frozenset({1, 2, 3}),
    )


__all__ = [
    "SECTIONS",
    "STANDING",
    "Material",
    "any_test",
    "closing_sections",
    "deciding_line",
    "material",
    "number",
    "only_alone",
    "paired",
    "per_cent",
    "plan_table",
    "theme_sections",
]
