"""A programme's report from its data: put together, checked as a whole, and written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from evalkit.disclosure import Profile, load_profile
from evalkit.disclosure.profiles import DEFAULT
from evalkit.errors import DisclosureError, EvalkitError, Problem
from evalkit.programmes.answering import answer_programme
from evalkit.programmes.answers import Answer
from evalkit.programmes.evidence import Evidence
from evalkit.report.layout import Entry
from evalkit.report.origin import common_origin, report_date
from evalkit.report.programme_alike import withheld_alike, without_n_alike
from evalkit.report.programme_answered import counted, open_questions
from evalkit.report.programme_blocks import Block, Bullets, Picture, Report, Section, Table, Text
from evalkit.report.programme_board import board_sections
from evalkit.report.programme_content import (
    Material,
    closing_sections,
    material,
    plan_table,
    theme_sections,
)
from evalkit.report.programme_flow_counts import beside_tables
from evalkit.report.programme_identity import Identity
from evalkit.report.programme_left_over import without_left_over
from evalkit.report.programme_numbers import quieted
from evalkit.report.programme_same_quantity import told_once
from evalkit.report.released_tables import as_released, leaking, registered_tables

# Tells tables on the same people from others while they are attacked together; nothing of it is printed.
_TOKEN = "one report"  # noqa: S105 - a label, not a secret
# With fewer people in a role, its tables by protected group give way before numbers of people in answers do.
_FEW_PEOPLE = 60
_ANSWER, _REACH = "answer ", "reach "

Progress = Callable[[str, int, int], None]


class _LeftOut(NamedTuple):
    """How much is left out beside what is withheld by itself."""

    quiet: int  # answers without their numbers of people
    dropped: int  # tables by protected group
    groups: int  # answers of which more groups are withheld, beside the whole
    again: int  # numbers that are not told again of almost the same people


@dataclass(frozen=True, slots=True)
class Setting:
    """What is said of a report beside its data.

    Parameters
    ----------
    organisation : str
        Whose it is.
    profile : str
        Disclosure profile.
    checksum : str
        Fingerprint of the data.
    files : int
        How many files it is of.
    synthetic : bool
        Whether the data were simulated.
    deviations : tuple of str
        What was done otherwise than planned, in the words of those who did it.
    beside : tuple of str
        What an earlier report would tell about few people beside this one.
    """

    organisation: str
    profile: str = DEFAULT
    checksum: str = ""
    files: int = 0
    synthetic: bool = False
    deviations: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


def programme_report(
    evidence: Evidence, setting: Setting, progress: Progress | None = None, found: list[Answer] | None = None
) -> Report:
    """Put a programme's report together.

    Parameters
    ----------
    evidence : Evidence
        The data.
    setting : Setting
        What is said beside them.
    progress : callable, optional
        Called with what is being done, and how many of how many questions are.
    found : list of Answer, optional
        Filled with the answers, unsuppressed, for the person at the desk.

    Returns
    -------
    Report
        Everything in it has passed the disclosure profile. Tables from which together something withheld would follow
        are left out, and the report says so.

    Raises
    ------
    DisclosureError
        DIS-001 for an unknown profile.
    DataError
        DAT-004 when SOURCE_DATE_EPOCH is not a number.
    """
    rules = load_profile(setting.profile)
    tell = progress or _silent
    report_date()
    answers = answer_programme(evidence, lambda done, total: tell("answering", done, total))
    if found is not None:
        found.extend(answers)
    made = material(evidence, answers, rules)
    kept, more = without_left_over(made.shown, rules, evidence.programme)
    kept = withheld_alike(kept, evidence.programme)
    kept, again = told_once(kept, rules, evidence.programme)
    made, (quiet, dropped) = _safe_together(replace(made, shown=kept))
    made = replace(made, shown=without_n_alike(made.shown, evidence.programme))
    tell("writing", 0, 1)
    sections: list[Section] = [
        *board_sections(made, setting.organisation),
        *theme_sections(made),
        *closing_sections(made),
        *_appendix(made, setting, rules, _LeftOut(quiet, dropped, more, again)),
    ]
    programme = evidence.programme
    return Report(
        name=programme.id,
        title=f"{programme.title}: evaluation report",
        subtitle=programme.summary,
        organisation=setting.organisation,
        summary=f"{'Synthetic data. ' if setting.synthetic else ''}{setting.organisation}. {programme.summary}",
        sections=_titled_apart(sections),
        footer=_footer(programme.id, setting, rules),
        banner="Synthetic data: these are no results. The report shows what it will look like."
        if setting.synthetic
        else "",
        counted=counted(programme, made.answers, made.shown),
        lacking=tuple((one.asks, one.about, one.why) for one in open_questions(programme, made.answers, made.shown)),
    )


def _titled_apart(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Number tables and figures of the same title, so that a screen reader and a list of tables can tell them apart."""
    seen: dict[str, int] = {}

    def apart(block: Block) -> Block:
        if not isinstance(block, Table | Picture):
            return block
        seen[block.title] = seen.get(block.title, 0) + 1
        return block if seen[block.title] == 1 else replace(block, title=f"{block.title} ({seen[block.title]})")

    return tuple(replace(section, blocks=tuple(map(apart, section.blocks))) for section in sections)


def _silent(_what: str, _done: int, _total: int) -> None:
    """Report to nobody."""


def _safe_together(made: Material) -> tuple[Material, tuple[int, int]]:
    """Take out what, together with all else that is told, would give something withheld away.

    Of an answer the numbers of people are taken out, and stay out; its estimates and intervals rest on enough people.
    Of the tables by protected group those that are found are left out; where few took part, they go first, as they tell
    little there.
    """
    quiet = dropped = way = 0
    while (found := _leaking(made, way))[0]:
        wrong, way = found
        answers = {int(title.removeprefix(_ANSWER)) for title in wrong if title.startswith(_ANSWER)}
        reach = {title.removeprefix(_REACH) for title in wrong if title.startswith(_REACH)}
        told = {at for at in answers if not made.shown[at].quiet}
        few = {name for name in reach if len(made.evidence.in_programme([name.split(" ")[0]])) < _FEW_PEOPLE}
        # Of many people the tables by group say more than one number of people does: those numbers give way first.
        gone = few if told else reach
        if not told and not gone:
            raise DisclosureError(
                Problem(
                    "DIS-005",
                    "report",
                    "something withheld that follows from all tables together",
                    "tables from which nothing withheld follows",
                    "Report this as a fault of evalkit.",
                )
            )
        shown = {at: quieted(part, made.programme) if at in told else part for at, part in made.shown.items()}
        kept = {
            role: {name: one for name, one in tables.items() if f"{role} {name}" not in gone}
            for role, tables in made.reach.items()
        }
        made, quiet, dropped = replace(made, shown=shown, reach=kept), quiet + len(told), dropped + len(gone)
    return made, (quiet, dropped)


def _marks(made: Material) -> list[dict[str, Any]]:
    """Describe all tables of people in the report, as an attacker would put them together."""
    marks = [
        {"title": f"{_ANSWER}{at}", "tables": registered_tables(part.answer.result, part.released, _TOKEN)}
        for at, part in made.shown.items()
        if not part.quiet
    ]
    marks += [
        {"title": f"{_REACH}{role} {name}", "tables": registered_tables(one, as_released(one), _TOKEN)}
        for role, tables in made.reach.items()
        for name, (_, one) in tables.items()
    ]
    return [mark for mark in marks if mark["tables"]]


def _leaking(made: Material, way: int) -> tuple[list[str], int]:
    apart = list(beside_tables(made.shown, made.reach, made.programme, made.profile))
    if apart:  # a step in an answer beside another one in a table: no attack is needed to see who was lost between
        return [title for at, role, name in apart for title in (f"{_ANSWER}{at}", f"{_REACH}{role} {name}")], way
    marks = _marks(made)
    try:
        return leaking(marks, _TOKEN, way)
    except EvalkitError:  # what cannot be attacked cannot be called safe
        return [str(mark["title"]) for mark in marks], way


def _appendix(made: Material, setting: Setting, rules: Profile, left_out: _LeftOut) -> list[Section]:
    deviations: tuple[Block, ...] = (
        (Bullets(setting.deviations),)
        if setting.deviations
        else (Text("To be written: what was done otherwise than planned, when it was decided and why.", "write"),)
    )
    settle = made.programme.to_settle()
    plan: tuple[Block, ...] = (plan_table(made.programme),)
    if settle:
        plan += (Text(f"As evalkit proposes it, to be settled in the programme file: {', '.join(settle)}.", "note"),)
    return [
        Section("Appendix: analysis plan", 2, plan),
        Section("Appendix: deviations from the plan", 2, deviations),
        Section("Appendix: disclosure", 2, (*_disclosure(made, rules, left_out), *map(Text, setting.beside))),
    ]


def _disclosure(made: Material, rules: Profile, left_out: _LeftOut) -> list[Block]:
    hidden = sum(line.withheld for part in made.shown.values() for line in part.lines)
    lines = sum(len(part.lines) for part in made.shown.values())
    blocks: list[Block] = [
        Text(f"Profile: {rules.title} ({rules.name}). Source of the rule: {rules.source}."),
        Text(
            f"{hidden} of {lines} numbers in the tables of answers are withheld. Counts by protected group are "
            f"protected together, "
            "so that nothing withheld can be had by subtraction."
        ),
    ]
    quiet, dropped, more, again = left_out
    gone = [
        *([f"the numbers of people in {quiet} {'answer' if quiet == 1 else 'answers'}"] if quiet else []),
        *([f"{dropped} {'table' if dropped == 1 else 'tables'} by protected group"] if dropped else []),
    ]
    if gone:
        why = "together with the rest of the report they would have told something that is withheld"
        blocks.append(Text(f"Left out: {' and '.join(gone)}, as {why}."))
    if more:
        blocks.append(
            Text(
                f"Withheld beside the whole: groups, or numbers of people, in {more} "
                f"{'answer' if more == 1 else 'answers'}, as fewer than {rules.threshold} people would have been "
                "left over, who would have followed by subtraction."
            )
        )
    if again:
        blocks.append(
            Text(
                f"Not told again: {again} {'number' if again == 1 else 'numbers'}, as the same mean or change, or what "
                f"it would follow from, is told of almost the same people elsewhere: fewer than {rules.threshold} more "
                "or fewer, of whom the difference would tell."
            )
        )
    blocks.append(
        Text(
            "All tables of numbers of people were attacked together before they were written: nothing withheld follows "
            "from them. Of means and changes, those of the same scale, role and times were compared between all "
            "answers; shares, adjusted numbers, correlations, differences between groups, and what is told of leaving "
            "and promotion were not."
            if rules.threshold > 0 and rules.rounding == "none"
            else "All tables of numbers of people were attacked together before they were written: nothing withheld "
            "follows from them."
        )
    )
    return blocks


def _footer(name: str, setting: Setting, rules: Profile) -> dict[str, str]:
    return {
        **common_origin(),
        "Programme": name,
        "Data checksum": f"{setting.checksum} ({setting.files} files)" if setting.checksum else "not read from files",
        "Data": "synthetic" if setting.synthetic else "as given by the organisation",
        "Disclosure profile": rules.name,
    }


def written_files(report: Report, identity: Identity, *, word: bool) -> dict[str, bytes]:
    """Make the files of a report.

    Parameters
    ----------
    report : Report
        The report.
    identity : Identity
        How it looks.
    word : bool
        Whether to make the Word file too.

    Returns
    -------
    dict of str to bytes
        Name below the output folder -> content; the page comes last.
    """
    from evalkit.report.programme_html import report_html
    from evalkit.report.programme_sheets import table_files

    files = table_files(report)
    if word:
        from evalkit.report.programme_word import report_docx

        files[f"{report.name}.docx"] = report_docx(report, identity)
    files[f"{report.name}.html"] = report_html(report, identity).encode("utf-8")
    return files


def entry_of(report: Report) -> Entry:
    """Give the line of an index of reports.

    Parameters
    ----------
    report : Report
        The report.

    Returns
    -------
    Entry
        Its file, title and summary.
    """
    return Entry(f"{report.name}.html", f"{report.title}, {report.organisation}", report.summary)
