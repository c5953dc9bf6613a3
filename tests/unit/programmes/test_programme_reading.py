from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import CODES
from evalkit.instruments.tree import line_of
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.model import Programme
from evalkit.programmes.reading import problems_of, programme_from_text, read_programme

Refused = Callable[[str], list[tuple[str, int]]]


def _line(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_reads_what_stands_there(template: Programme) -> None:
    assert (template.id, template.unit, template.months) == ("_template", "pairs", 12)
    assert [role.id for role in template.parties] == ["mentee", "mentor"]
    assert template.eligibility.criteria[0].value == "Band 6"
    assert template.dose[0].months == (0, 12)
    assert template.uses_by_id["mentees"].waves[1].wave == "after"
    assert template.questions_by_id["both_change"].said["members"] == ("mentee", "mentor")
    assert template.column("participants.band").ordered
    assert template.column("participants.bands") is None
    assert next((w.id, use.id, asked) for w, use, asked in template.calendar()) == ("before", "mentees", "before")


def test_shared_parts_come_first_and_can_be_changed(template_text: str) -> None:
    own = """files:
  common: [eligible, pairs, meetings]
  participants:
    from: participants
    title: Ours
    leave_out: [clinical]
    add:
      site: {kind: category, text: Site}
"""
    text = template_text.replace("files:\n  common: [participants, eligible, pairs, meetings]\n", own)
    programme = programme_from_text(text, "_template.yaml")
    assert [file.id for file in programme.files] == ["eligible", "pairs", "meetings", "participants"]
    columns = programme.files_by_id["participants"].by_name
    assert "clinical" not in columns
    assert columns["site"].text == "Site"
    assert programme.files_by_id["participants"].title == "Ours"


def test_the_file_itself(template_text: str, tmp_path: Path) -> None:
    with pytest.raises(ProgrammeError, match=r"PRG-001 none\.yaml"):
        read_programme(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("title: Caf\xe9\n".encode("latin-1"))
    with pytest.raises(ProgrammeError, match=r"PRG-001 latin\.yaml, line 1"):
        read_programme(tmp_path / "latin.yaml")
    (tmp_path / "other.yaml").write_text(template_text, encoding="utf-8")
    with pytest.raises(ProgrammeError, match=r"PRG-006 other\.yaml, line 5.*the two the same"):
        read_programme(tmp_path / "other.yaml")
    with pytest.raises(ProgrammeError, match=r"PRG-002 x\.yaml.*programmes/_template\.yaml"):
        programme_from_text("", "x.yaml")


def test_an_adapted_instrument_is_found_first(template_text: str, tmp_path: Path) -> None:
    (tmp_path / "intention-to-leave.yaml").write_text("title: On\n", encoding="utf-8")
    with pytest.raises(ProgrammeError) as caught:
        programme_from_text(template_text, "_template.yaml", tmp_path)
    assert caught.value.problems[0].code == "PRG-009"
    assert "INS-" in caught.value.problems[0].found


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("months: 12", "months: 12\nmonths: 13@", "PRG-002"),
        ("months: 12", "months: yes@", "PRG-002"),
        ("months: 12", "months: &a 12@", "PRG-002"),
        ("months: 12", "months: 12\ncolour: red@", "PRG-003"),
        ("    unit: meetings\n", "    unit: meetings\n    colour: red@\n", "PRG-003"),
        ("audience: mentor, party", "audience: mentor, colour: red, party@", "PRG-003"),
        ("  outputs: [What comes straight out of it]", "  outputs: [a]\n  colour: [b]@", "PRG-003"),
        ("      test: at_least ", "      tests: at_least@ ", "PRG-003"),
        ("summary: One line that says what happens.\n", "", "PRG-004"),
        ("    unit: meetings\n", "", "PRG-004"),
        ("    asks: Whom did the programme reach?\n", "", "PRG-004"),
        ("months: 12", "months: 0@", "PRG-005"),
        ('version: "1.0"', "version: 1.0@", "PRG-005"),
        ("unit: pairs", "unit: pair@", "PRG-005"),
        ("    level: 2 ", "    level: 5@ ", "PRG-005"),
        ("    level: 2 ", '    level: "2"@ ', "PRG-005"),
        ("    theme: dose", "    theme: doses@", "PRG-005"),
        ("waves:                 ", "wave: {a: b}@\nwaves:      ", "PRG-003"),
        ("    months: [0, 12]", "    months: [0, 12, 13]@", "PRG-005"),
        ("    least: 4 ", "    least: 7@ ", "PRG-005"),
        ("  staying: Mentees", "  Staying: Mentees", "PRG-006"),
        ("  meetings: {title: Four", "  Meetings: {title: Four@", "PRG-006"),
        ("  common: [codes_only, voluntary,", "  common: [codes_only, codes_only, voluntary,", "PRG-006"),
        ("title: A short title", 'title: "A short title "@', "PRG-007"),
        ("title: A short title", 'title: "A  short title"@', "PRG-007"),
        ("      column: participants.band ", "      column: participants.bands@ ", "PRG-008"),
        ("  common: [ethnicity, sex,", "  common: [ethnicities, sex,@", "PRG-008"),
        ("    roles: [mentee, mentor]\n    number", "    roles: [mentees, mentor]@\n    number", "PRG-008"),
        ("    file: meetings", "    file: meeting@", "PRG-008"),
        ("    waves: {before: before, after: after}   #", "    waves: {before: befor, after: after}@   #", "PRG-008"),
        ("    stands_for: confidence", "    stands_for: confident@", "PRG-008"),
        ("    comparison: waiting", "    comparison: wait@", "PRG-008"),
        ("    outcomes: [listening]", "    outcomes: [listenings]@", "PRG-008"),
        ("question: dose, at_least", "question: doses, at_least@", "PRG-008"),
        ("question: dose, at_least", "question: reach, at_least@", "PRG-008"),
        ("group: participants.group", "group: participants.groups@", "PRG-008"),
        ("instrument: reciprocal-mentoring", "instrument: reciprocal-mentorin@", "PRG-009"),
        ("instrument: reciprocal-mentoring", "instrument: ../surveys/reciprocal-mentoring@", "PRG-009"),
        ("    waves: {before: before, after: after}   #", "    waves: {befor: before, after: after}@   #", "PRG-010"),
        ("same form., audience: mentee", "same form., audience: coordinator", "PRG-010"),
        ("    scale: listening_scale", "    scale: listening@", "PRG-011"),
        ("    scale: listening_scale", "    scale: listening_scale\n    item: lis_check", "PRG-011"),
        ("    use: mentees\n", "", "PRG-011"),
        ("{pre: before, post: after, members", "{pre: before, post: follow_up, members@", "PRG-011"),
        ("    direction: higher_is_worse", "    direction: higher_is_better@", "PRG-012"),
        ("    estimator: share", "    estimator: shares@", "PRG-013"),
        ("{pre: before, post: after, members", "{pree: before, post: after, members", "PRG-014"),
        ("    arguments: {pre: before, post: after}\n", "    arguments: {pre: 3, post: after}@\n", "PRG-014"),
        ("    estimator: share", "    estimator: participant_flow@", "PRG-014"),
        ("at_least: 80, unit", "at_least: 80, at_most: 90, unit@", "PRG-014"),
        ("    estimand: Of those who started, the share with at", "    estimand: At@", "PRG-015"),
        ("    comparison: waiting", "    comparison: before_after", "PRG-015"),
        ("    roles: [mentee, comparison]\n", "    roles: [mentee]\n", "PRG-015"),
        ("    roles: [mentee, comparison]\n", "    roles: [mentee, comparison]\n    linked: false\n", "PRG-015"),
        ("title: At the end, week: 52", "title: At the end, week: -9@", "PRG-016"),
        ("    waves: {before: before, after: after}\n", "    waves: {before: after, after: before}@\n", "PRG-016"),
        ("    months: [0, 12]", "    months: [0, 13]@", "PRG-016"),
        ("      value: Band 6", "      value: Band 66@", "PRG-017"),
        ("      value: Band 6", "      value: [Band 6]@", "PRG-017"),
        ("      column: participants.band ", "      column: participants.sex ", "PRG-017"),
        ("  not_measured:\n    culture: It would take years to see.\n", "", "PRG-018"),
        ("    culture: It would take years", "    staying: It would take years", "PRG-018"),
        ("    primary: true ", "    primary: false ", "PRG-018"),
        ("  after: {title: At", "  idle: {title: Idle, week: 1}@\n  after: {title: At", "PRG-018"),
        ("audience: mentor, party: true", "audience: mentor", "PRG-018"),
        ("    dose: [meetings]\n", "", "PRG-018"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_on_its_line(
    old: str, new: str, code: str, template_text: str, refused: Refused
) -> None:
    assert template_text.count(old) >= 1
    text = template_text.replace(old, new.replace("@", ""), 1)
    found = refused(text)
    assert code in {name for name, _ in found}
    if "@" in new:
        line = _line(template_text.replace(old, new, 1), "@")
        assert (code, line) in found


@pytest.mark.parametrize("name", ["surname", "work_email", "date_of_birth", "nhs_number", "home_address", "payroll_id"])
def test_a_file_that_would_name_people_is_refused(name: str, template_text: str, refused: Refused) -> None:
    own = "  common: [eligible, pairs, meetings]\n  participants:\n    from: participants\n    add:\n"
    old = "  common: [participants, eligible, pairs, meetings]\n"
    text = template_text.replace(old, f"{own}      {name}: {{kind: category, text: Whatever}}\n")
    assert refused(text) == [("PRG-019", _line(text, f"      {name}:"))]


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("{kind: date, values: [a], text: x}", "PRG-017"),
        ("{kind: category, min: 1, text: x}", "PRG-017"),
        ("{kind: number, min: 2, max: 1, text: x}", "PRG-017"),
        ("{kind: category, ordered: true, text: x}", "PRG-017"),
        ("{kind: number, min: 1, max: 1, text: x}", ""),
    ],
)
def test_a_column_at_odds_with_itself_is_refused(column: str, code: str, template_text: str, refused: Refused) -> None:
    own = "  common: [eligible, pairs, meetings]\n  participants:\n    from: participants\n    add:\n"
    old = "  common: [participants, eligible, pairs, meetings]\n"
    text = template_text.replace(old, f"{own}      odd: {column}\n")
    assert refused(text) == ([(code, _line(text, "      odd:"))] if code else [])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("group: participants.group}", "group: participants.sex}", "PRG-017"),
        ("group: participants.group}", "group: participants.group, others: nobody}", "PRG-017"),
        ("group: participants.group}", "group: participants.started}", ""),
        (", group: participants.group}", "}", "PRG-018"),
    ],
)
def test_groups_that_cannot_be_told_apart_are_refused(
    old: str, new: str, code: str, template_text: str, refused: Refused
) -> None:
    found = {name for name, _ in refused(template_text.replace(old, new))}
    assert found - {"PRG-015"} == ({code} if code else set())


def test_the_right_file_is_not_refused(template_text: str, refused: Refused) -> None:
    assert refused(template_text) == []


def test_all_problems_at_once_in_the_order_of_the_lines(template_text: str, refused: Refused) -> None:
    text = template_text.replace("months: 12\n", "months: no\n").replace("unit: pairs ", "unit: pair ")
    text = text.replace("estimator: share", "estimator: shares").replace("scale: listening_scale", "scale: listens")
    text = text.replace("    file: meetings", "    file: meeting").replace("summary:", "sumary:")
    found = refused(text)
    assert {"PRG-002", "PRG-003", "PRG-004", "PRG-005", "PRG-008", "PRG-011", "PRG-013"} <= {code for code, _ in found}
    assert [line for _, line in found] == sorted(line for _, line in found)


def test_what_cannot_be_read_is_not_called_missing(template_text: str, refused: Refused) -> None:
    text = template_text.replace("    level: 2 ", "    level: high ")
    assert {code for code, _ in refused(text)} == {"PRG-005"}
    assert {code for code, _ in refused(template_text.replace("    unit: meetings\n", ""))} == {"PRG-004"}


def test_no_more_problems_than_a_person_can_read(template_text: str) -> None:
    more = "".join(f"  bad_{number}: {{title: Bad, column: nowhere.at_all}}\n" for number in range(150))
    with pytest.raises(ProgrammeError) as caught:
        programme_from_text(template_text.replace("\ndose:\n", f"\n{more}\ndose:\n", 1), "_template.yaml")
    assert len(caught.value.problems) == 101
    assert "50 more problems" in str(caught.value.problems[-1])


def test_near_misses_are_suggested(template_text: str) -> None:
    text = template_text.replace("estimator: dyad_change", "estimator: dyad_chance")
    with pytest.raises(ProgrammeError, match='Did you mean "dyad_change"'):
        programme_from_text(text, "_template.yaml")
    text = template_text.replace("instrument: intention-to-leave", "instrument: intention-to-live")
    with pytest.raises(ProgrammeError, match='Did you mean "intention-to-leave"'):
        programme_from_text(text, "_template.yaml")


def test_a_programme_made_in_python_is_checked_too(template: Programme) -> None:
    assert problems_of(template) == []
    twisted = template.changed(months=6)
    assert [(one.code, one.place) for one in problems_of(twisted)] == [
        ("PRG-016", "programme _template, dose.meetings.months")
    ]


def test_no_text_of_any_kind_raises_anything_else(template_text: str, refused: Refused) -> None:
    """Lines taken out, doubled or swapped are refused or fine, never a crash."""
    dice = random.Random(20260101)  # noqa: S311
    lines = template_text.splitlines(keepends=True)
    for _ in range(50):
        mutant = list(lines)
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(len(mutant))
            action = dice.choice(("drop", "double", "swap", "cut", "indent"))
            if action == "drop":
                del mutant[place]
            elif action == "double":
                mutant.insert(place, mutant[dice.randrange(len(mutant))])
            elif action == "swap":
                other = dice.randrange(len(mutant))
                mutant[place], mutant[other] = mutant[other], mutant[place]
            elif action == "cut":
                mutant[place] = mutant[place][: dice.randint(0, len(mutant[place]))].rstrip("\n") + "\n"
            else:
                mutant[place] = "  " + mutant[place]
        for code, _ in refused("".join(mutant)):
            assert code in CODES
            assert code.startswith("PRG-")


def test_problems_name_a_line(template_text: str) -> None:
    text = template_text.replace("stands_for: confidence", "stands_for: wealth")
    with pytest.raises(ProgrammeError) as caught:
        programme_from_text(text, "_template.yaml")
    assert all(line_of(problem) for problem in caught.value.problems)
