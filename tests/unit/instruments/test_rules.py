from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.instruments.model import Example, Scale
from evalkit.instruments.rules import example_numbers, keyed, score_answers, score_bounds, standard_examples


def _scale(rule: str, min_answered: int = 2) -> Scale:
    return Scale.model_validate(
        {
            "id": "s",
            "title": "S",
            "measures": "S.",
            "items": ("a", "b", "c"),
            "reverse": ("b",),
            "rule": rule,
            "min_answered": min_answered,
            "range": (1, 5),
            "direction": "higher_is_better",
        }
    )


@pytest.mark.parametrize(
    ("rule", "answers", "score"),
    [
        ("mean", [1, 5, 1], 1),
        ("mean", [4, 2, None], 4),
        ("mean", [4, None, None], None),
        ("mean", [4, float("nan"), 2], 3),
        ("sum", [1, 5, 1], 3),
        ("sum", [5, 1, 5], 15),
        ("sum", [4, 3, None], 10.5),
        ("scaled_0_100", [1, 5, 1], 0),
        ("scaled_0_100", [5, 1, 5], 100),
        ("scaled_0_100", [3, 3, 4], 100 * (10 / 3 - 1) / 4),
    ],
)
def test_score(rule: str, answers: list[float | None], score: float | None) -> None:
    assert score_answers(answers, _scale(rule)) == pytest.approx(score)


@pytest.mark.parametrize(("rule", "bounds"), [("mean", (1, 5)), ("sum", (3, 15)), ("scaled_0_100", (0, 100))])
def test_bounds(rule: str, bounds: tuple[float, float]) -> None:
    assert score_bounds(_scale(rule)) == bounds


def test_answers_must_be_one_per_item() -> None:
    with pytest.raises(ValueError, match="shorter"):
        score_answers([1, 2], _scale("mean"))


def test_missing_options_and_skipped_do_not_count() -> None:
    example = Example(answers=(1, "pnts", 99), score="missing", shows="x")
    assert example_numbers(example, _scale("mean"), {"c": frozenset({99})}) == [1, None, None]


@given(
    st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=3, max_size=3),
    st.sampled_from(["mean", "sum", "scaled_0_100"]),
)
def test_turning_all_answers_round_mirrors_the_score(answers: list[float | None], rule: str) -> None:
    scale = _scale(rule, 1)
    turned = [None if answer is None else keyed(answer, 1, 5, reverse=True) for answer in answers]
    score, mirrored = score_answers(answers, scale), score_answers(turned, scale)
    assert (score is None) == (mirrored is None) == all(answer is None for answer in answers)
    if score is not None and mirrored is not None:
        low, high = score_bounds(scale)
        assert score + mirrored == pytest.approx(low + high)
        assert low <= score <= high


@pytest.mark.parametrize("min_answered", [1, 2, 3])
def test_standard_examples(min_answered: int) -> None:
    low, high, third = standard_examples(_scale("scaled_0_100", min_answered))
    assert (low.answers, low.score) == ((1, 5, 1), 0)
    assert (high.answers, high.score) == ((5, 1, 5), 100)
    assert "skipped" in third.answers
    assert (third.score == "missing") == (min_answered == 3)
