"""How one respondent's answers become one score.

An answer to a reverse-keyed item is turned round, low + high - x, with the scale's range. When at least `min_answered`
items are answered, their mean m is the basis, else the score is missing: ``mean`` gives m; ``sum`` gives m times the
number of items, so a sum is prorated for skipped items; ``scaled_0_100`` gives 100 (m - low) / (high - low).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from evalkit.instruments.model import SKIPPED, Example, Scale


def keyed(answer: float, low: float, high: float, *, reverse: bool) -> float:
    """Turn the answer to a reverse-keyed item round.

    Parameters
    ----------
    answer : float
        In the unit of the item.
    low, high : float
        Range of the scale's answers, same unit.
    reverse : bool
        Whether the item is reverse-keyed.

    Returns
    -------
    float
        ``low + high - answer`` when reverse, else the answer.

    Examples
    --------
    >>> keyed(2, 1, 5, reverse=True), keyed(2, 1, 5, reverse=False)
    (4, 2)
    """
    return low + high - answer if reverse else answer


def score_answers(answers: Sequence[float | None], scale: Scale) -> float | None:
    """Score one respondent on one scale.

    Parameters
    ----------
    answers : sequence of float or None, shape (items,)
        One for each item of the scale, in its order; None or NaN is not answered.
    scale : Scale
        The scale.

    Returns
    -------
    float or None
        The score in the unit of the rule; None when fewer than `min_answered` items are answered.
    """
    low, high = scale.range
    given = [
        keyed(answer, low, high, reverse=item in scale.reverse)
        for item, answer in zip(scale.items, answers, strict=True)
        if answer is not None and not math.isnan(answer)
    ]
    if len(given) < scale.min_answered:
        return None
    return from_mean(math.fsum(given) / len(given), scale)


def from_mean(mean: float, scale: Scale) -> float:
    """Apply the scale's rule to the mean of the keyed answers.

    Parameters
    ----------
    mean : float
        Mean of the answered, keyed items.
    scale : Scale
        The scale.

    Returns
    -------
    float
        The score.
    """
    low, high = scale.range
    if scale.rule == "mean":
        return mean
    if scale.rule == "sum":
        return mean * len(scale.items)
    return 100 * (mean - low) / (high - low)


def score_bounds(scale: Scale) -> tuple[float, float]:
    """Find the lowest and highest score that a scale can give.

    Parameters
    ----------
    scale : Scale
        The scale.

    Returns
    -------
    tuple of (float, float)
        Lowest and highest, in the unit of the rule.
    """
    low, high = scale.range
    return from_mean(low, scale), from_mean(high, scale)


def example_numbers(example: Example, scale: Scale, missing: Mapping[str, frozenset[int | str]]) -> list[float | None]:
    """Turn the answers of a worked example into numbers.

    Parameters
    ----------
    example : Example
        One answer for each item.
    scale : Scale
        Its scale.
    missing : mapping of str to frozenset
        Item id -> values of its options that do not count.

    Returns
    -------
    list of float or None
        None for "skipped", for a missing option's value and for a word.
    """
    return [
        None if answer == SKIPPED or isinstance(answer, str) or answer in missing.get(item, frozenset()) else answer
        for item, answer in zip(scale.items, example.answers, strict=True)
    ]


def standard_examples(scale: Scale) -> tuple[Example, ...]:
    """Make the three worked examples that every scale needs.

    Parameters
    ----------
    scale : Scale
        The scale; its own examples are not looked at.

    Returns
    -------
    tuple of Example
        All low, all high (as keyed), and the highest raw answers with as many items skipped as may be.
    """
    low, high = scale.range
    lowest = tuple(high if item in scale.reverse else low for item in scale.items)
    highest = tuple(low if item in scale.reverse else high for item in scale.items)
    raw = _with_skips(scale)
    kinds = ((lowest, "all low"), (highest, "all high"), (raw, "reversed and missing"))
    return tuple(_example(answers, shows, scale) for answers, shows in kinds)


def _with_skips(scale: Scale) -> tuple[float | str, ...]:
    low, high = scale.range
    answers: list[float | str] = [high if position % 2 else low for position in range(len(scale.items))]
    order = [i for i, item in enumerate(scale.items) if item not in scale.reverse] + [
        i for i, item in enumerate(scale.items) if item in scale.reverse
    ]
    spare = max(len(scale.items) - scale.min_answered, 1)
    for position in order[:spare]:
        answers[position] = SKIPPED
    return tuple(answers)


def _example(answers: tuple[float | str, ...], shows: str, scale: Scale) -> Example:
    numbers = [None if isinstance(answer, str) else answer for answer in answers]
    score = score_answers(numbers, scale)
    return Example(answers=answers, score="missing" if score is None else round(score, 2), shows=shows)
