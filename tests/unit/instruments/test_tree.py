from __future__ import annotations

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.tree import (
    MAX_LINES,
    MAX_NODES,
    MAX_PROBLEMS,
    Listing,
    Scalar,
    Table,
    is_doubtful,
    line_of,
    nodes,
    read_tree,
)
from evalkit.paths import resource


def _problems(text: str) -> list[tuple[str, int]]:
    return [(problem.code, line_of(problem)) for problem in read_tree(text, "x.yaml")[1]]


def test_values_know_their_line() -> None:
    tree, problems = read_tree('a: 1\nb:\n  - x\n  - 2.5\nc: {d: true, e: "no"}\n', "x.yaml")
    assert problems == []
    assert tree.entries["a"] == Scalar(1, 1)
    assert tree.entries["b"] == Listing(3, [Scalar("x", 3), Scalar(2.5, 4)])
    inner = tree.entries["c"]
    assert isinstance(inner, Table)
    assert inner.entries == {"d": Scalar(True, 5), "e": Scalar("no", 5)}
    assert tree.key_lines == {"a": 1, "b": 2, "c": 5}
    assert len(list(nodes(tree))) == 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [("INS-003", 3)]),
        ("a: &x 1\nb: 2\n", [("INS-004", 1)]),
        ("a: &x 1\nb: *x\n", [("INS-004", 1), ("INS-004", 2)]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", [("INS-004", 1), ("INS-004", 3), ("INS-004", 3)]),
        ("a: !!str 1\n", [("INS-004", 1)]),
        ("a: 1\n---\nb: 2\n", [("INS-004", 2)]),
        ("a: yes\n", [("INS-005", 1)]),
        ("no: b\n", [("INS-005", 1)]),
        ("a: 1\nb: Off\n", [("INS-005", 2)]),
        ("a: 007\n", [("INS-005", 1)]),
        ("a: 1e3\n", [("INS-005", 1)]),
        ("a: 1_000\n", [("INS-005", 1)]),
        ("a: 12:30:00\n", [("INS-005", 1)]),
        ("a: 12345678901234567890\n", [("INS-005", 1)]),
        ("a:\nb: 1\n", [("INS-005", 1)]),
        ("a: ~\n", [("INS-005", 1)]),
        ("a: null\n", [("INS-005", 1)]),
        ('a: "x\ty"\n', [("INS-009", 1)]),
        ("? [1, 2]\n: 3\n", [("INS-002", 1)]),
        ("a: yes\nb: no\nc: 1\nc: &d 2\n", [("INS-005", 1), ("INS-005", 2), ("INS-004", 4), ("INS-003", 4)]),
    ],
)
def test_refuses_what_can_be_misread(text: str, expected: list[tuple[str, int]]) -> None:
    assert sorted(_problems(text)) == sorted(expected)


@pytest.mark.parametrize("text", ['a: "yes"\n', "a: 'on'\n", "a: Nobody\n", "a: -3\n", "a: 1.5\n", "a: 2024-01-31\n"])
def test_takes_what_is_clear(text: str) -> None:
    assert _problems(text) == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: b: c\n", 1),
        ("a: 1\nb: [1, 2\n", 2),
        ("a: 1\n b: 2\n", 2),
        ("a: 1\nb: \x07\n", 2),
        ("", 0),
        ("- a\n", 0),
        ("word\n", 0),
        ("a: " + "[" * 40 + "]" * 40, 1),
    ],
)
def test_refuses_what_is_not_yaml(text: str, line: int) -> None:
    with pytest.raises(InstrumentError) as caught:
        read_tree(text, "x.yaml")
    (problem,) = caught.value.problems
    assert problem.code == "INS-002"
    assert abs(line_of(problem) - line) <= 1


def test_a_tab_is_named_beside_what_it_breaks() -> None:
    with pytest.raises(InstrumentError) as caught:
        read_tree("a:\n\tb: 1\n", "x.yaml")
    assert [problem.code for problem in caught.value.problems] == ["INS-009", "INS-002"]
    assert [line_of(problem) for problem in caught.value.problems] == [2, 2]


def test_folded_text_has_no_line_end() -> None:
    tree, _ = read_tree("a: >\n  one\n  two\n", "x.yaml")
    assert tree.entries["a"] == Scalar("one two", 1)


def test_a_million_brackets_are_refused_quickly() -> None:
    with pytest.raises(InstrumentError, match="INS-002"):
        read_tree("[" * 500_000, "x.yaml")


def test_doubtful_words() -> None:
    assert all(is_doubtful(word) for word in ("y", "TRUE", "0x1F", "1.", ".5", "", "-0", "0b1", ".nan"))
    assert not any(is_doubtful(word) for word in ("yesterday", "1 to 2", "x1", "band 5"))


def test_a_long_row_of_digits_takes_no_time() -> None:
    assert is_doubtful("9" * 1_000_000)
    assert not is_doubtful("a" * 1_000_000)


def test_what_is_too_long_is_refused_early() -> None:
    for text in ("a:\n" + "- b\n" * MAX_NODES, "".join(f"k{n}: 1\n" for n in range(MAX_NODES)), "\n" * (MAX_LINES + 1)):
        with pytest.raises(InstrumentError) as caught:
            read_tree(text, "x.yaml")
        assert [problem.code for problem in caught.value.problems] == ["INS-034"]
    assert len(read_tree("a:\n" + "- b\n" * (MAX_NODES - 3), "x.yaml")[0].entries) == 1
    with pytest.raises(InstrumentError, match="10,000 keys and values"):
        read_tree("a:\n" + "- b\n" * (MAX_NODES - 2), "x.yaml")


def test_a_hundred_problems_are_enough() -> None:
    text = "".join(f"k{n}: yes\n" for n in range(MAX_PROBLEMS))
    assert len(read_tree(text, "x.yaml")[1]) == MAX_PROBLEMS
    with pytest.raises(InstrumentError) as caught:
        read_tree(f"{text}last: yes\n", "x.yaml")
    assert [problem.code for problem in caught.value.problems] == ["INS-005"] * MAX_PROBLEMS + ["INS-034"]
    assert line_of(caught.value.problems[-1]) == MAX_PROBLEMS + 1


def test_the_largest_survey_of_the_library_is_far_from_the_limit() -> None:
    trees = [read_tree(path.read_text(encoding="utf-8"), path.name)[0] for path in resource("surveys").glob("*.yaml")]
    assert max(len(list(nodes(tree))) for tree in trees) < MAX_NODES / 5
