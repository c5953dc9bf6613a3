from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import InstrumentError
from evalkit.instruments.conditions import (
    And,
    Comparison,
    Condition,
    Not,
    Or,
    Selected,
    holds,
    leaves,
    parse_condition,
    renamed,
)
from evalkit.instruments.model import Instrument

A, B, C = (Comparison(name, "==", 1) for name in "abc")


def test_and_binds_closer_than_or_and_not_closest() -> None:
    assert parse_condition("a == 1 or b == 1 and not c == 1") == Or((A, And((B, Not(C)))))


def test_brackets_and_quotes() -> None:
    tree = parse_condition("(a == 1 or b == 1) and selected(c, \"x y\") and d >= -2.5 and day < '2024-01-31'")
    assert tree == And(
        (Or((A, B)), Selected("c", "x y"), Comparison("d", ">=", -2.5), Comparison("day", "<", "2024-01-31"))
    )


@pytest.mark.parametrize(
    ("text", "character", "found"),
    [
        ("", 1, "the end of the condition"),
        ("a", 2, "the end of the condition"),
        ("a = 1", 3, "'='"),
        ("a == b", 6, "'b'"),
        ("a == 1 b", 8, "'b'"),
        ("(a == 1", 8, "the end of the condition"),
        ("a == 1)", 7, "')'"),
        ("selected(a)", 11, "')'"),
        ("selected(a, 'x'", 16, "the end of the condition"),
        ("and == 1", 1, "'and'"),
        ("a == 1; import os", 7, "';'"),
        ("__import__('os')", 11, "'('"),
        ("a == 'x", 6, '"\'"'),
        ("a == 1x", 6, "'1'"),
        ("1 == a", 1, "'1'"),
    ],
)
def test_refuses_with_the_place(text: str, character: int, found: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        parse_condition(text)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place, problem.found) == ("INS-018", f"condition, character {character}", found)


def test_refuses_what_is_too_deep_or_too_long() -> None:
    with pytest.raises(InstrumentError, match="INS-018"):
        parse_condition("(" * 100 + "a == 1" + ")" * 100)
    with pytest.raises(InstrumentError, match="at most 1000"):
        parse_condition("a == 1 or " * 200 + "a == 1")


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("a == 1", {"a": 1}, True),
        ("a == 1", {"a": 1.0}, True),
        ("a == 1", {"a": "1"}, False),
        ("a == 1", {}, False),
        ("a != 1", {}, True),
        ("a != 1", {"a": None}, True),
        ("a != 1", {"a": 2}, True),
        ("a < 1", {}, False),
        ("a < 1", {"a": "pnts"}, False),
        ("a >= 1", {"a": 1}, True),
        ("day > '2024-01-31'", {"day": "2024-02-01"}, True),
        ("selected(a, 'x')", {"a": ["x", "y"]}, True),
        ("selected(a, 'x')", {"a": frozenset({"y"})}, False),
        ("selected(a, 'x')", {"a": "xyz"}, False),
        ("selected(a, 'x')", {}, False),
        ("not a == 1 and b == 1", {"b": 1}, True),
    ],
)
def test_holds(text: str, answers: dict[str, object], *, expected: bool) -> None:
    assert holds(parse_condition(text), answers) is expected


def test_leaves_and_renaming() -> None:
    tree = parse_condition("a == 1 or not (selected(b, 'x') and a > 2)")
    assert [leaf.item for leaf in leaves(tree)] == ["a", "b", "a"]
    assert str(renamed(tree, {"a": "z"})) == "z == 1 or not (selected(b, 'x') and z > 2)"


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True).filter(
    lambda name: name not in {"and", "or", "not", "selected"}
)
VALUES = st.one_of(st.integers(-999, 9999), st.sampled_from([0.5, -2.25]), st.sampled_from(["x", "a b", "2024-01-31"]))
LEAVES = st.one_of(
    st.builds(Comparison, NAMES, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), VALUES),
    st.builds(Selected, NAMES, VALUES),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(And),
        st.lists(inner, min_size=2, max_size=3).map(tuple).map(Or),
    ),
    max_leaves=8,
)


@given(TREES)
def test_a_written_condition_reads_back(tree: Condition) -> None:
    assert parse_condition(str(tree)) == tree


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    codes = []
    try:
        parse_condition(text)
    except InstrumentError as error:
        codes = [problem.code for problem in error.problems]
    assert codes in ([], ["INS-018"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 5", False),
        ("a >= 99", False),
        ("a < 100", False),
        ("a <= 99", False),
        ("not a > 5", True),
        ("a == 99", True),
        ("a != 99", False),
        ("a != 5", True),
        ("b == 1 or a > 5", False),
        ("a == 99 and not a < 100", True),
    ],
)
def test_a_missing_option_has_no_order(text: str, *, expected: bool) -> None:
    answers = {"a": 99, "b": 99}
    assert holds(parse_condition(text), answers, {"a": frozenset({99})}) is expected
    assert holds(parse_condition("b > 5"), answers, {"a": frozenset({99})})
    assert holds(parse_condition("a > 5"), {"a": 7}, {"a": frozenset({99})})
    assert not holds(parse_condition("a > 5"), {}, {"a": frozenset({99})})


def test_a_condition_that_only_a_missing_option_could_meet_is_never_true(
    small_text: str, refused: Callable[[str], list[tuple[str, int]]]
) -> None:
    text = small_text.replace("      na: Does not apply", "      99: Prefer not to say")
    assert refused(text) == []
    row = "          fine: {text: It is fine., when: good > 3}\n"
    text = text.replace("          fine: It is fine.\n", row)
    assert ("INS-022", text[: text.index(row)].count("\n") + 1) in refused(text)
    assert refused(text.replace("good > 3", "good == 99")) == []


def test_the_missing_options_of_an_instrument(small: Instrument) -> None:
    assert small.missing == {name: frozenset({"na"}) for name in ("good", "bad", "fine")}
