"""The nine programmes, broken in many ways: every fault is a code on a line, all at once, soon, no traceback."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

from evalkit.__main__ import main
from evalkit.paths import resource
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.reading import programme_from_text

NINE = sorted(path.stem for path in resource("programmes").glob("[a-z]*.yaml"))
_KEY = re.compile(r"(\s*(?:- )?)([\w-]+):(.*)")
_LONG = 1_000_000


def text_of(name: str) -> str:
    return (resource("programmes") / f"{name}.yaml").read_text(encoding="utf-8")


def problems_in(text: str, name: str) -> set[tuple[str, str]]:
    with pytest.raises(ProgrammeError) as caught:
        programme_from_text(text, f"{name}.yaml")
    return {(one.code, one.found) for one in caught.value.problems}


@pytest.mark.parametrize("name", NINE)
def test_several_faults_are_told_together(name: str) -> None:
    text = text_of(name)
    for old, new in (
        (r"^title: .*$", "titel: Something"),
        (r"^(\s+estimator): \w+$", r"\1: best_estimate"),
        (r"^(\s+instrument): \S+$", r"\1: no-such-survey"),
        (r"^(    waves: \{\w+): \w+", r"\1: in_a_while"),
        (r"^months: .*$", "months: twelve"),
        (r"^(\s+kind): date", r"\1: day"),
    ):
        text, changed = re.subn(old, new, text, count=1, flags=re.MULTILINE)
        assert changed or (old.startswith(r"^(\s+kind)")), old
    found = problems_in(text, name)
    assert ("PRG-003", "key 'titel'") in found
    assert ("PRG-004", "no title") in found
    assert ("PRG-013", "'best_estimate'") in found
    assert any(code == "PRG-009" and "no-such-survey" in said for code, said in found)
    assert ("PRG-008", "'in_a_while'") in found
    assert ("PRG-005", "'twelve'") in found


@pytest.mark.parametrize("name", NINE)
def test_random_faults_are_refused_with_codes(name: str) -> None:
    rng = random.Random(len(name))  # noqa: S311 - no secret
    lines = text_of(name).splitlines()
    told: list[str] = []
    for _ in range(3):
        broken = list(lines)
        for at in rng.sample(range(len(broken)), 4):
            found = _KEY.fullmatch(broken[at])
            if found is None:
                broken[at] = f"   {broken[at]}"
                continue
            before, key, value = found.groups()
            wrong = ("3", "[one, [2]]", "{a: {b: 1}}", "", "9" * 400, f'"{value.strip()}', f"{value} x: y")
            broken[at] = f"{before}{key}: {rng.choice(wrong)}"
        try:
            programme_from_text("\n".join([*broken, ""]), f"{name}.yaml")
        except ProgrammeError as error:
            told += [one.code for one in error.problems]
    assert told
    assert all(code.startswith("PRG-") for code in told)


@pytest.mark.parametrize(
    "large",
    [
        "purpose: " + "word " * (_LONG // 5),
        "purpose: " + "x" * _LONG,
        "".join(f"key{at}: value\n" for at in range(_LONG // 15)),
        "waves:\n" + "".join(f"  wave{at}: {{title: W, week: {at}}}\n" for at in range(3000)),
        "a: " + "[" * (_LONG // 2),
        "\n" * _LONG,
        "# comment\n" * (_LONG // 10),
        "\x00" * _LONG,
        "- &a [*a]\n",
        "purpose: &a {b: *a}",
    ],
    ids=["words", "one word", "keys", "waves", "brackets", "lines", "comments", "nul", "cycle", "cycle in a table"],
)
def test_a_large_or_cyclic_file_is_refused_soon(large: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"{NINE[0]}.yaml"
    text = re.sub(r"^purpose:.*\n(?=\w)", "", text_of(NINE[0]), flags=re.MULTILINE)
    path.write_text(f"{text}\n{large}\n", encoding="utf-8")
    start = time.process_time()
    assert main(["programme", "check", str(path)]) == 2
    assert time.process_time() - start < 5
    said = capsys.readouterr().err
    assert said.startswith("PRG-")
    assert len(said) < 100_000
    assert all(line.startswith("PRG-") for line in said.strip().splitlines())
