from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import InstrumentError, Problem
from evalkit.instruments.read import MAX_BYTES, instrument_from_text, read_instrument
from evalkit.instruments.tree import line_of

Refused = Callable[[str], list[tuple[str, int]]]


def _write(folder: Path, text: str, name: str = "small.yaml") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return path


def test_reads_what_stands_there(small_text: str, tmp_path: Path) -> None:
    instrument = read_instrument(_write(tmp_path, small_text))
    assert instrument.id == "small"
    assert [item.id for item in instrument.items] == [
        *("hello", "way", "chosen", "weeks", "day", "note"),
        *("good", "bad", "fine"),
    ]
    good = instrument.by_id["good"]
    assert (good.kind, good.matrix, good.options, good.waves) == (
        "likert",
        "grid",
        "agree",
        ("before", "then", "after"),
    )
    assert instrument.option_sets["agree"].options[-1].missing
    assert instrument.option_sets["ways"].options[-1].exclusive


@pytest.mark.parametrize("change", ["\ufeff", "\r\n"])
def test_marks_and_line_ends_of_windows_are_fine(change: str, small_text: str, tmp_path: Path) -> None:
    text = change + small_text if change == "\ufeff" else small_text.replace("\n", change)
    assert read_instrument(_write(tmp_path, text)).id == "small"


def test_the_file_itself(small_text: str, tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"INS-001 none\.yaml"):
        read_instrument(tmp_path / "none.yaml")
    big = _write(tmp_path, "# " + "x" * MAX_BYTES)
    with pytest.raises(InstrumentError, match=r"INS-001 small.yaml, line 1: 1,000,002 bytes"):
        read_instrument(big)
    (tmp_path / "latin.yaml").write_bytes("title: Caf\xe9\n".encode("latin-1"))
    with pytest.raises(InstrumentError, match=r"INS-001 latin\.yaml, line 1: byte 0xe9 at character 11.*as UTF-8"):
        read_instrument(tmp_path / "latin.yaml")
    with pytest.raises(InstrumentError, match=r"INS-001"):
        read_instrument(tmp_path)
    with pytest.raises(InstrumentError, match=r"INS-010 other.yaml, line 1.*the two the same"):
        read_instrument(_write(tmp_path, small_text, "other.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("minutes: 3", "minutes: 3\ncolour: red@", "INS-006"),
        ("text: When?", "texts: When?@", "INS-006"),
        ("    title: Views", "    title: Views\n    colour: red@", "INS-006"),
        ("    title: Views", "    title: Views\n    id: views@", "INS-006"),
        ("    rule: mean", "    rule: mean\n    weight: 2@", "INS-006"),
        ("exclusive: true", "exclusive: true, colour: red@", "INS-006"),
        ("kind: date, text: When?", "kind: date, id: x, text: When?@", "INS-006"),
        ("shows: all high,", "shows: all high, colour: red,@", "INS-006"),
        ("asked_with: after,", "asked_with: after, colour: red,@", "INS-006"),
        ("          bad: It is bad.", "          bad: {text: It is bad., colour: red}@", "INS-006"),
        ("      day: {kind: date, text: When?}", "      day: {text: When?}@", "INS-007"),
        ("      day: {kind: date, text: When?}", "      day: {kind: date}@", "INS-007"),
        ('version: "1.0"', "version: 1.0@", "INS-008"),
        ('version: "1.0"', "version: 1@", "INS-008"),
        ("title: A small survey", 'title: ""@', "INS-008"),
        ("title: A small survey", "title: [a]@", "INS-008"),
        ("audience: [mentee]", "audience: [mentees]@", "INS-008"),
        ("audience: [mentee]", "audience: mentees@", "INS-008"),
        ("languages: [en-GB]", "languages: en-GB@", "INS-008"),
        ("minutes: 3", "minutes: three@", "INS-008"),
        ("minutes: 3", "minutes: 0@", "INS-008"),
        ("minutes: 3", 'minutes: "3"@', "INS-008"),
        ("kind: date", "kind: dates@", "INS-008"),
        ("    2: Neither", "    2: 2@", "INS-008"),
        ("    2: Neither", "    2: true@", "INS-008"),
        ("    rule: mean", "    rule: median@", "INS-008"),
        ("    min_answered: 2", "    min_answered: 1.5@", "INS-008"),
        ("    min_answered: 2", '    min_answered: "2"@', "INS-008"),
        ("    range: [1, 3]", "    range: [1]@", "INS-008"),
        ("    items: [good, bad, fine]", "    items: good@", "INS-008"),
        ("answers: [3, 1, 3], score: 3", "answers: [3, 1, 3], score: none@", "INS-008"),
        ("      hello: {kind: information, text: Welcome.}", "      hello: [1]@", "INS-008"),
        ("title: A small survey", "title: A small survey\ntitle: Again@", "INS-003"),
        ("    2: Neither", "    2: No@", "INS-005"),
        ("    phone: By phone", "    yes: By phone@", "INS-005"),
        ("title: A small survey", "title: &x A small survey@", "INS-004"),
        ("    missing:\n      na: ", "    missing:\n      2: ", "INS-011"),
        ("  start:\n", "  start:\n    include: _nothing@\n", "INS-029"),
        ("title: A small survey", "include: [_nothing]@\ntitle: A small survey", "INS-029"),
        ("title: A small survey", "include: [../secret]@\ntitle: A small survey", "INS-029"),
    ],
)
def test_shapes_that_are_refused_at_their_line(
    old: str, new: str, code: str, small_text: str, refused: Refused
) -> None:
    assert old in small_text
    text = small_text.replace(old, new, 1)
    line = text[: text.index("@")].count("\n") + 1 if "@" in text else 0
    found = refused(text.replace("@", ""))
    assert code in {one for one, _ in found}
    if line:
        assert (code, line) in found


def test_only_the_fault_is_reported(small_text: str, refused: Refused) -> None:
    for old, new in (
        ("kind: date", "kind: dates"),
        ("    rule: mean", "    rule: median"),
        ("    2: Neither", "    2: 2"),
    ):
        assert [code for code, _ in refused(small_text.replace(old, new))] == ["INS-008"], new


def test_missing_keys_of_the_file(refused: Refused) -> None:
    found = refused("instrument: small\n")
    assert {code for code, _ in found} == {"INS-007"}
    assert len(found) == 13


def test_everything_at_once_in_the_order_of_lines(small_text: str) -> None:
    text = (
        small_text.replace('version: "1.0"', "version: 1.0")
        .replace("    2: Neither", "    2: No")
        .replace("text: When?", "texts: When?")
        .replace("when: weeks > 2", "when: week > 2")
        .replace("    reverse: [bad]", "    reverse: [bat]")
    )
    with pytest.raises(InstrumentError) as caught:
        instrument_from_text(text, "small.yaml")
    codes = [problem.code for problem in caught.value.problems]
    assert {"INS-005", "INS-006", "INS-007", "INS-008", "INS-014", "INS-019"} <= set(codes)
    lines = [line_of(problem) for problem in caught.value.problems]
    assert lines == sorted(lines)


def test_a_message_says_all(small_text: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        instrument_from_text(small_text.replace("text: When?", "texts: When?, text: When?"), "small.yaml")
    assert str(caught.value) == (
        "INS-006 small.yaml, line 38, items.day.texts: key 'texts'; expected a key of surveys/README.md. "
        'Did you mean "text"?'
    )


def test_shared_blocks(small_text: str, surveys: Path) -> None:
    text = small_text.replace(
        "  views:\n", "  you:\n    include: _demographics\n    only: [age, sex]\n    title: You\n  views:\n"
    )
    instrument = instrument_from_text(text, "small.yaml", surveys)
    you = instrument.sections[1]
    assert [item.id for item in you.items] == ["sex", "age"]
    assert (you.title, you.block) == ("You", "_demographics")
    assert "age_band" in instrument.option_sets
    assert "ethnicity_2021" not in instrument.option_sets


def test_a_fault_in_a_shared_block_names_its_file(small_text: str, tmp_path: Path) -> None:
    _write(tmp_path, "block: _mine\ntitle: Mine\nitems:\n  one: {kind: date, text: ' x'}\n", "_mine.yaml")
    path = _write(tmp_path, small_text.replace("  views:\n", "  mine:\n    include: _mine\n  views:\n"))
    with pytest.raises(InstrumentError, match=r"INS-009 _mine\.yaml, line 4, items\.one\.text"):
        read_instrument(path)
    _write(tmp_path, "block: _mine\ncolour: red\ntitle: Mine\nitems:\n  one: {kind: date, text: x}\n", "_mine.yaml")
    with pytest.raises(InstrumentError, match=r"INS-006 _mine\.yaml, line 2"):
        read_instrument(path)


def test_unknown_item_of_a_block_and_clashing_sets(small_text: str, refused: Refused) -> None:
    text = small_text.replace("  views:\n", "  you:\n    include: _demographics\n    only: [aged]\n  views:\n")
    line = text[: text.index("    only:")].count("\n") + 1
    assert ("INS-029", line) in refused(text)
    text = small_text.replace("options: ways", "options: sex").replace("  ways:\n", "  sex:\n")
    text = text.replace("  views:\n", "  you:\n    include: _demographics\n    only: [sex]\n  views:\n")
    assert ("INS-029", text[: text.index("  sex:\n")].count("\n") + 1) in refused(text)


def test_common_block_fills_in_consent(small_text: str, surveys: Path) -> None:
    text = small_text.replace("consent: Taking part is your choice.\n", "include: [_common]\n")
    instrument = instrument_from_text(text, "small.yaml", surveys)
    assert instrument.consent.startswith("Taking part is your choice. You can skip")
    assert instrument.privacy == "Read by {organisation} only."


def test_whatever_is_done_to_a_file_it_is_read_or_refused(surveys: Path) -> None:
    lines = (surveys / "_template.yaml").read_text(encoding="utf-8").split("\n")
    chance = random.Random(20240131)  # noqa: S311 - mutates a text
    pieces = ["", "x", "- x", "3: [1]", "  3: {a: b}", "[", '"', "a: {b: [c, {d: 1}]}", "      rows: 3", "missing: 4"]
    refusals = 0
    nowhere: list[Problem] = []
    for _ in range(150):
        changed = list(lines)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(changed))
            kind = chance.random()
            if kind < 0.4:
                del changed[place]
            elif kind < 0.7:
                indent = len(changed[place]) - len(changed[place].lstrip())
                changed[place] = " " * indent + chance.choice(pieces)
            else:
                changed[place] = changed[place].replace(":", ": 7 #", 1)
        try:
            instrument_from_text("\n".join(changed), "_template.yaml", surveys)
        except InstrumentError as error:
            refusals += 1
            nowhere += [problem for problem in error.problems if line_of(problem) == 0]
    assert nowhere == []
    assert refusals > 75


def test_every_line_that_is_not_utf_8_is_named(small_text: str, tmp_path: Path) -> None:
    lines = small_text.encode("utf-8").split(b"\n")
    for position in (4, 20):
        lines[position - 1] += " ’ ".encode() + b"\x92"
    (tmp_path / "small.yaml").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines))
    with pytest.raises(InstrumentError) as caught:
        read_instrument(tmp_path / "small.yaml")
    assert [(problem.code, line_of(problem)) for problem in caught.value.problems] == [("INS-001", 4), ("INS-001", 20)]
    column = len(lines[3].decode("utf-8", "replace"))
    assert f"byte 0x92 at character {column}" in caught.value.problems[0].found


def test_utf_16_is_named_once(small_text: str, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_bytes(small_text.encode("utf-16"))
    with pytest.raises(
        InstrumentError, match=r"^INS-001 small\.yaml, line 1: UTF-16; expected UTF-8\. Save it as UTF-8\.$"
    ):
        read_instrument(tmp_path / "small.yaml")


def test_only_the_first_hundred_lines_of_a_binary_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_bytes(b"\xff\n" * 1000)
    with pytest.raises(InstrumentError) as caught:
        read_instrument(tmp_path / "small.yaml")
    assert [problem.code for problem in caught.value.problems] == ["INS-001"] * 100 + ["INS-034"]
    assert caught.value.problems[-1].found == "900 more problems"


MEGABYTE = {
    "a list": ("a:\n", "- a\n", ""),
    "keys": ("", "k{0}: a\n", ""),
    "a list in one line": ("a: [", "a,", "a]\n"),
    "unquoted words": ("", "k{0}: yes\n", ""),
    "empty lines": ("", "\n", "a: 1\n"),
    "tabs": ("a: |\n", "  \tx\n", ""),
    "brackets": ("a: ", "[", ""),
    "words": ("title: ", "x ", "x\n"),
    "tokens": ("@    title: Start", " {{organizatio{0}}}", ""),
    "items of a scale": ("@    items: [good,", "goo{0},", ""),
    "reverse-keyed items": ("@    reverse: [", "ba{0},", ""),
    "items": ("@      grid:\n", "", "      q{0}: {{kind: dates, text: When?}}\n"),
    "a long condition": ("@when: ", "weeks > 2 and ", ""),
}


@pytest.mark.parametrize(("name", "limit"), [(name, limit) for name in MEGABYTE for limit in (4000, None)])
def test_a_megabyte_is_refused_with_few_and_short_problems(name: str, limit: int | None, small_text: str) -> None:
    start, part, end = MEGABYTE[name]
    anchor = start.removeprefix("@")
    after = start.startswith("@") and part != ""
    size = MAX_BYTES - len(small_text) - 100
    rows: list[str] = []
    while size > 0 and len(rows) != limit:
        rows.append((part or end).format(len(rows)))
        size -= len(rows[-1])
    middle = "".join(rows)
    if start.startswith("@"):
        assert anchor in small_text
        text = small_text.replace(anchor, anchor + middle if after else middle + anchor, 1)
    else:
        text = start + middle + end
    assert len(text) <= MAX_BYTES
    problems: tuple[Problem, ...] = ()
    try:
        instrument_from_text(text, "small.yaml")
    except InstrumentError as error:
        problems = tuple(error.problems)
    assert 0 < len(problems) <= 101
    assert max(len(str(problem)) for problem in problems) < 1000


def test_a_version_that_no_platform_could_carry_is_refused(small_text: str, refused: Refused) -> None:
    for version in ("1.0/2", "v#1", "-1", "1.0;"):
        assert refused(small_text.replace('"1.0"', f'"{version}"')) == [("INS-010", 2)]
    assert refused(small_text.replace('"1.0"', '"1.0 beta+2"')) == []


@pytest.mark.parametrize("line", ["%YAML 1.1", "%YAML 1.2", "%TAG ! tag:example.org,2000:"])
def test_directives_are_refused(line: str, small_text: str, refused: Refused) -> None:
    assert [code for code, _ in refused(f"{line}\n---\n{small_text}")] == ["INS-004"]


def test_a_text_is_as_long_as_a_file_may_be(small_text: str) -> None:
    with pytest.raises(InstrumentError, match=r"INS-001 small.yaml, line 1: 1,001,\d+ bytes"):
        instrument_from_text(small_text + "#" * MAX_BYTES, "small.yaml")
