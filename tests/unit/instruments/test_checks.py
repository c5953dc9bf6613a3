"""Every rule fires at the right line, and does not fire on the small instrument."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import CODES, InstrumentError
from evalkit.instruments.checks import RULE_MODULES, RULES, check_instrument, problems_of
from evalkit.instruments.model import Instrument

Refused = Callable[[str], list[tuple[str, int]]]

# rule, what to replace, by what (the line that must be named holds @), code
CASES = [
    ("well_formed_ids", "      day: {", "      the__day: {@", "INS-010"),
    ("well_formed_ids", "      day: {", "      Day: {@", "INS-010"),
    ("well_formed_ids", "      day: {", "      instrument: {@", "INS-010"),
    ("well_formed_ids", "      day: {", "      started: {@", "INS-010"),
    ("well_formed_ids", "      day: {", "      a_day_with_a_very_long_name: {@", "INS-010"),
    ("well_formed_ids", "      day: {kind: date", "      day: {kind: date, code: this_is_too_long_for_it@", "INS-010"),
    ("well_formed_ids", "      day: {", "      date: {@", "INS-010"),
    ("well_formed_ids", "      day: {", "      record_id: {@", "INS-010"),
    ("well_formed_ids", "instrument: small", "instrument: Small Survey@", "INS-010"),
    ("ids_once", "          fine: It is fine.", "          fine: It is fine.\n          day: It is.@", "INS-011"),
    ("ids_once", "      day: {", "      w_eeks: {@", "INS-011"),
    ("sound_options", "    2: Neither", "    2: Agree", "INS-011"),
    ("sound_options", "    phone: By phone", "    Phone: By phone@", "INS-010"),
    ("sound_options", "    2: Neither", "    -2: Neither@", "INS-010"),
    ("sound_options", "    phone: By phone", "    7: By phone", "INS-012"),
    ("sound_options", "    phone: By phone", "    skipped: By phone@", "INS-010"),
    ("sound_options", "  ways:\n", "  odd:@\n    missing: {x: X}\n  ways:\n", "INS-012"),
    ("options_fit", "      way: {kind: multiple_choice, text: How?, options: ways}",
     "      way: {kind: multiple_choice, text: How?}@", "INS-012"),
    ("options_fit", "kind: date, text: When?", "kind: date, text: When?, options: agree@", "INS-012"),
    ("options_fit", "text: How?, options: ways", "text: How?, options: wayz@", "INS-012"),
    ("options_fit", "        options: agree", "        options: ways@", "INS-012"),
    ("options_fit", "  ways:\n", "  unused: {a: A}@\n  ways:\n", "INS-012"),
    ("matrix_rows_agree", "          bad: It is bad.", "          bad: {text: It is bad., options: ways}@", "INS-026"),
    ("information_asks_nothing", "text: Welcome.", "text: Welcome., required: true@", "INS-027"),
    ("information_asks_nothing", "text: Welcome.", "text: Welcome., options: agree@", "INS-027"),
    ("limits_fit", "min: 0, max: 10", "min: 10, max: 0@", "INS-028"),
    ("limits_fit", "min: 0, max: 10", 'min: "0", max: 10@', "INS-028"),
    ("limits_fit", "kind: date, text: When?", 'kind: date, text: When?, min: "31/01/2024"@', "INS-028"),
    ("limits_fit", "kind: date, text: When?", "kind: date, text: When?, min: 3@", "INS-028"),
    ("limits_fit", "text: How?, options: ways", "text: How?, options: ways, max: 9@", "INS-028"),
    ("limits_fit", "text: Why?,", "text: Why?, min: 3,@", "INS-028"),
    ("limits_fit", "text: Why?,", "text: Why?, unit: weeks,@", "INS-028"),
    ("limits_fit", "kind: date, text: When?", "kind: date, text: When?, max_length: 9@", "INS-028"),
    ("waves_fit", "text: When?}", "text: When?, waves: [during]}@", "INS-023"),
    ("waves_fit", "asked_with: after", "asked_with: before_all@", "INS-023"),
    ("waves_fit", "        waves: [before, then, after]\n", "", "INS-023"),
    ("waves_fit", "          good: It is good.", "          good_in_every_way: It is good.@", "INS-010"),
    ("plain_texts", "title: A small survey", 'title: "A small\\tsurvey"@', "INS-009"),
    ("plain_texts", "title: A small survey", 'title: " A small survey"@', "INS-009"),
    ("plain_texts", "          good: It is good.", '          good: "It is\\ngood."@', "INS-009"),
    ("plain_texts", "    phone: By phone", '    phone: "By\\u202ephone"@', "INS-009"),
    ("known_tokens", "text: Welcome.", 'text: "Welcome to {organization}."@', "INS-024"),
    ("complete_translations", "languages: [en-GB]", "languages: [en-GB, cy]", "INS-025"),
    ("complete_translations", "scales:\n", "translations:\n  cy: {title: Arolwg}@\nscales:\n", "INS-025"),
    ("plain_texts", "source: Made up.", 'source: "Made\\nup."@', "INS-009"),
    ("plain_texts", "    title: Liking", '    title: "Liking "@', "INS-009"),
    ("plain_texts", "waves:\n", 'tokens:\n  x: "a\\nb"@\nwaves:\n', "INS-009"),
    ("translated_labels_differ", "scales:\n",
     "translations:\n  cy:\n    options.agree.1: Da\n    options.agree.2: Da@\nscales:\n", "INS-011"),
    ("language_tags", "languages: [en-GB]", "languages: [English]@", "INS-010"),
    ("language_tags", "languages: [en-GB]", "languages: [en-GB, en-GB]@", "INS-011"),
    ("scale_items", "    items: [good, bad, fine]", "    items: [good, bad, fines]@", "INS-013"),
    ("scale_items", "    items: [good, bad, fine]", "    items: [good, bad, note]@", "INS-013"),
    ("scale_items", "    items: [good, bad, fine]", "    items: [good, bad, bad]@", "INS-011"),
    ("scale_items", "          fine: It is fine.", "          fine: {text: It is fine., waves: [after]}", "INS-023"),
    ("reverse_items", "    reverse: [bad]", "    reverse: [worse]@", "INS-014"),
    ("reverse_items", "    reverse: [bad]", "    reverse: [weeks]@", "INS-014"),
    ("answers_in_range", "    range: [1, 3]", "    range: [1, 5]@", "INS-015"),
    ("answers_in_range", "    range: [1, 3]", "    range: [3, 1]@", "INS-015"),
    ("attainable_rule", "    min_answered: 2", "    min_answered: 4@", "INS-017"),
    ("examples_score", "answers: [3, 1, 3], score: 3", "answers: [3, 1, 3], score: 2@", "INS-016"),
    ("examples_score", "answers: [3, 1, 3], score: 3", "answers: [3, 1, 3], score: missing@", "INS-016"),
    ("examples_score", "answers: [3, 1, 3], score: 3", "answers: [3, 1], score: 3@", "INS-016"),
    ("examples_score", "answers: [3, 1, 3], score: 3", "answers: [3, 1, 7], score: 3@", "INS-015"),
    ("examples_score", "answers: [3, 1, 3], score: 3", "answers: [3, 1, none], score: 3@", "INS-015"),
    ("examples_enough", "      - {shows: all low, answers: [1, 3, 1], score: 1}\n", "", "INS-017"),
    ("examples_enough", "      - {shows: all high, answers: [3, 1, 3], score: 3}\n", "", "INS-017"),
    ("examples_enough", "answers: [skipped, 3, 2], score: 1.5", "answers: [skipped, 2, 2], score: 2", "INS-017"),
    ("listed_references", "    references: [howard1979]", "    references: [howard]@", "INS-030"),
    ("readable_conditions", "when: weeks > 2", "when: weeks > > 2@", "INS-018"),
    ("readable_conditions", "    title: Views\n", "    title: Views\n    when: weeks >@\n", "INS-018"),
    ("known_in_conditions", "when: weeks > 2", "when: week > 2@", "INS-019"),
    ("known_in_conditions", "when: weeks > 2", "when: weeks > '2'@", "INS-019"),
    ("known_in_conditions", "when: weeks > 2", "when: chosen == 'fax'@", "INS-019"),
    ("known_in_conditions", "when: weeks > 2", "when: chosen > 'email'@", "INS-019"),
    ("known_in_conditions", "when: weeks > 2", "when: way == 'email'@", "INS-019"),
    ("known_in_conditions", "when: weeks > 2", 'when: "selected(chosen, \'email\')"@', "INS-019"),
    ("known_in_conditions", "when: weeks > 2", "when: hello == 1@", "INS-019"),
    ("known_in_conditions", "when: weeks > 2", "when: day > '31.1.2024'@", "INS-019"),
    ("conditions_look_back", "when: weeks > 2", "when: good == 1@", "INS-020"),
    ("conditions_look_back", "when: weeks > 2", "when: note == 1@", "INS-021"),
    ("conditions_look_back", "text: How long?", "text: How long?, when: good == 1@", "INS-020"),
    ("conditions_look_back", "    title: Views\n", "    title: Views\n    when: good == 1@\n", "INS-021"),
    ("conditions_same_waves", "text: How long?", "text: How long?, waves: [before]", "INS-023"),
    ("conditions_can_hold", "when: weeks > 2", "when: weeks > 10@", "INS-022"),
    ("conditions_can_hold", "when: weeks > 2", "when: weeks > 2 and weeks < 3@", "INS-022"),
    ("conditions_can_hold", "when: weeks > 2", "when: chosen == 'email' and chosen == 'phone'@", "INS-022"),
    ("conditions_can_hold", "when: weeks > 2",
     "when: \"selected(way, 'neither') and selected(way, 'phone')\"@", "INS-022"),
]  # fmt: skip


def _changed(text: str, old: str, new: str) -> tuple[str, int]:
    assert text.count(old) >= 1, old
    changed = text.replace(old, new, 1)
    line = changed[: changed.index("@")].count("\n") + 1 if "@" in changed else 0
    return changed.replace("@", ""), line


@pytest.mark.parametrize(("rule", "old", "new", "code"), CASES)
def test_a_rule_fires_at_its_line(rule: str, old: str, new: str, code: str, small_text: str, refused: Refused) -> None:
    text, line = _changed(small_text, old, new)
    found = refused(text)
    assert code in {one for one, _ in found}, rule
    if line:
        assert (code, line) in found, rule


def test_every_rule_has_a_case() -> None:
    assert set(RULES) == {case[0] for case in CASES}
    assert len(RULES) == 25
    assert {function.__module__ for function in RULES.values()} == {module.__name__ for module in RULE_MODULES}


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_is_silent_on_a_right_instrument(rule: str, small: Instrument) -> None:
    assert list(RULES[rule](small)) == []


def test_lines_of_findings_that_stand_elsewhere(small_text: str, refused: Refused) -> None:
    def line(text: str, part: str) -> int:
        return text[: text.index(part)].count("\n") + 1

    text = small_text.replace("text: How long?", "text: How long?, waves: [before]")
    assert refused(text) == [("INS-023", line(text, "      note:"))]
    text = small_text.replace("    2: Neither", "    2: Agree")
    assert refused(text) == [("INS-011", line(text, "  agree:"))]
    text = small_text.replace("      - {shows: all low, answers: [1, 3, 1], score: 1}\n", "")
    assert refused(text) == [("INS-017", line(text, "    examples:"))]
    text = small_text.replace("          fine: It is fine.", "          fine: {text: It is fine., waves: [after]}")
    assert refused(text) == [("INS-023", line(text, "    items: [good"))]


def test_all_findings_of_all_rules_at_once(small_text: str, refused: Refused) -> None:
    text = small_text
    for old, new in (
        ("when: weeks > 2", "when: week > 2"),
        ("reverse: [bad]", "reverse: [bat]"),
        ("max: 10", "max: -1"),
    ):
        text = text.replace(old, new)
    assert {code for code, _ in refused(text)} == {
        "INS-014",
        "INS-016",
        "INS-017",
        "INS-019",
        "INS-028",
    }


def test_an_item_shown_only_when_another_answer_excludes_it_is_unreachable(small_text: str, refused: Refused) -> None:
    text = small_text.replace(
        "          fine: It is fine.\n",
        "          fine: It is fine.\n"
        "      more: {kind: single_choice, text: More?, options: ways, when: weeks < 3}\n"
        "      most: {kind: long_text, text: Most?, when: more == 'email' and weeks > 5}\n",
    )
    assert refused(text) == [("INS-022", text[: text.index("most:")].count("\n") + 1)]
    assert refused(text.replace("weeks > 5", "weeks < 2")) == []


def test_many_conditions_are_taken_as_reachable(small_text: str, refused: Refused) -> None:
    rows = "".join(f"      n{i}: {{kind: number, text: N?, min: 0, max: 9}}\n" for i in range(9))
    when = " and ".join(f"n{i} > 5" for i in range(9))
    extra = f"{rows}      last: {{kind: long_text, text: L?, when: {when}}}\n"
    assert refused(small_text.replace("  views:\n", f"{extra}  views:\n")) == []


def test_python_made_instruments_name_the_part(small: Instrument) -> None:
    broken = small.changed(scales=(small.scales[0].changed(reverse=("nobody",)),))
    (first, *_) = problems_of(broken)
    assert first.code == "INS-014"
    assert first.place == "instrument small, scales.liking.reverse"
    with pytest.raises(InstrumentError, match="INS-014"):
        check_instrument(broken)
    assert check_instrument(small) is small


def test_rows_apart_and_rows_of_no_matrix(small: Instrument) -> None:
    views = small.sections[1]
    good, bad, fine = views.items
    apart = views.changed(items=(good, bad.changed(matrix=None), fine))
    assert {problem.code for problem in problems_of(small.changed(sections=(small.sections[0], apart)))} == {"INS-026"}
    lone = views.changed(matrices=())
    assert {problem.code for problem in problems_of(small.changed(sections=(small.sections[0], lone)))} == {"INS-026"}


def test_every_code_of_instruments_is_used() -> None:
    import evalkit.instruments

    folder = Path(evalkit.instruments.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    early = {f"INS-{number:03}" for number in range(1, 34)}
    assert early <= set(CODES)
    assert [code for code in sorted(early) if f'"{code}"' not in source] == []
