"""Rules on scales: their items, their keys and their worked examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from evalkit.errors import did_you_mean
from evalkit.instruments.findings import Finding, rule
from evalkit.instruments.model import SKIPPED, Example, Instrument, Item, Scale
from evalkit.instruments.rules import example_numbers, score_answers

TOLERANCE = 0.005
_SCORED = frozenset({"likert", "single_choice", "number"})


@rule
def scale_items(instrument: Instrument) -> Iterator[Finding]:
    """A scale's items are there, once, and can be scored; they are asked at the same waves.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-011, INS-013, INS-023.
    """
    known = instrument.by_id
    for scale in instrument.scales:
        where = ("scales", scale.id, "items")
        for name, count in Counter(scale.items).items():
            if name not in known:
                yield Finding(
                    "INS-013", where, f"item {name!r}", "an item of the instrument", did_you_mean(name, known)
                )
            elif known[name].kind not in _SCORED:
                found = f"{name}, a {known[name].kind}"
                yield Finding("INS-013", where, found, "likert, single_choice or number", "Take it out of the scale.")
            if count > 1:
                yield Finding("INS-011", where, f"{name} {count} times", "each item once", "Remove it.")
        waves = {instrument.waves_of(known[name]) for name in scale.items if name in known}
        if len({frozenset(asked) for asked in waves}) > 1:
            expected = "items of one scale asked at the same waves"
            yield Finding("INS-023", where, "items asked at different waves", expected, "Give them the same waves.")


@rule
def reverse_items(instrument: Instrument) -> Iterator[Finding]:
    """A reverse-keyed item is an item of its scale.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-014.
    """
    for scale in instrument.scales:
        for name in scale.reverse:
            if name not in scale.items:
                remedy = f"{did_you_mean(name, scale.items)} Or add it to the items of the scale."
                where = ("scales", scale.id, "reverse")
                yield Finding("INS-014", where, f"reverse-keyed item {name!r}", "an item of the scale", remedy)


@rule
def answers_in_range(instrument: Instrument) -> Iterator[Finding]:
    """The answers of every item of a scale run from one end of its range to the other.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-015.
    """
    for scale in instrument.scales:
        low, high = scale.range
        if low >= high:
            where = ("scales", scale.id, "range")
            yield Finding("INS-015", where, f"[{low}, {high}]", "lowest first, then highest", "Change the range.")
            continue
        for name in scale.items:
            item = instrument.by_id.get(name)
            if item is not None and item.kind in _SCORED and answer_range(instrument, item) != (low, high):
                kind = "reverse-keyed item" if name in scale.reverse else "item"
                found = f"{kind} {name} with {_spoken(answer_range(instrument, item))}"
                remedy = "Change the range, the options of the item, or take it out of the scale."
                yield Finding("INS-015", ("scales", scale.id, "range"), found, f"{low} to {high}", remedy)


@rule
def attainable_rule(instrument: Instrument) -> Iterator[Finding]:
    """A scale does not ask for more answers than it has items.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-017.
    """
    for scale in instrument.scales:
        if scale.min_answered > len(scale.items):
            where = ("scales", scale.id, "min_answered")
            expected = f"at most {len(scale.items)}, the number of items"
            yield Finding("INS-017", where, f"min_answered {scale.min_answered}", expected, "Lower it.")


@rule
def examples_score(instrument: Instrument) -> Iterator[Finding]:
    """Each worked example gives the score it states.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-015, INS-016.
    """
    for scale in instrument.scales:
        if scale.range[0] >= scale.range[1]:
            continue
        for position, example in enumerate(scale.examples):
            where = ("scales", scale.id, "examples", position)
            if len(example.answers) != len(scale.items):
                found = f"{len(example.answers)} answers"
                expected = f"{len(scale.items)}, one for each item in its order"
                yield Finding("INS-016", where, found, expected, f'Write "{SKIPPED}" for an item not answered.')
                continue
            wrong = _impossible(instrument, scale, example)
            if wrong:
                yield Finding("INS-015", where, wrong, "an answer that the item allows", "Change the example.")
                continue
            yield from _score(instrument, scale, position)


@rule
def examples_enough(instrument: Instrument) -> Iterator[Finding]:
    """Every scale has an example with all low, one with all high, and one reversed and missing.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-017.
    """
    for scale in instrument.scales:
        whole = [example for example in scale.examples if len(example.answers) == len(scale.items)]
        for shows, there in (
            ("all low", any(_all_at(example, scale, high=False) for example in whole)),
            ("all high", any(_all_at(example, scale, high=True) for example in whole)),
            ("reversed and missing", any(_reversed_and_missing(instrument, scale, example) for example in whole)),
        ):
            if not there:
                remedy = "Add it; see surveys/README.md for what it must hold."
                where = ("scales", scale.id, "examples")
                yield Finding("INS-017", where, f'no example "{shows}"', "the three examples", remedy)


@rule
def listed_references(instrument: Instrument) -> Iterator[Finding]:
    """A scale's references are listed in the instrument.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        INS-030.
    """
    known = [reference.key for reference in instrument.references]
    for scale in instrument.scales:
        for key in scale.references:
            if key not in known:
                where = ("scales", scale.id, "references")
                remedy = did_you_mean(key, known) if known else "Add it to references."
                yield Finding("INS-030", where, f"reference {key!r}", "one that is listed", remedy)


def answer_range(instrument: Instrument, item: Item) -> tuple[float, float] | None:
    """Find the lowest and highest answer of an item.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    item : Item
        One of its items.

    Returns
    -------
    tuple of (float, float) or None
        None when its answers are words or have no limits.
    """
    if item.kind == "number":
        low, high = item.min, item.max
        return (low, high) if isinstance(low, int | float) and isinstance(high, int | float) else None
    options = instrument.option_sets.get(item.options or "")
    return (min(options.numbers), max(options.numbers)) if options and options.numbers else None


def missing_values(instrument: Instrument, item: Item) -> frozenset[int | str]:
    """List the values of an item that are not counted in a score.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    item : Item
        One of its items.

    Returns
    -------
    frozenset of int or str
        Values of its missing options.
    """
    return frozenset(option.value for option in instrument.options_of(item) if option.missing)


def _spoken(found: tuple[float, float] | None) -> str:
    return "no range of numbers" if found is None else f"answers from {found[0]} to {found[1]}"


def _numbers(instrument: Instrument, scale: Scale, example: Example) -> list[float | None]:
    missing = {
        name: missing_values(instrument, instrument.by_id[name]) for name in scale.items if name in instrument.by_id
    }
    return example_numbers(example, scale, missing)


def _impossible(instrument: Instrument, scale: Scale, example: Example) -> str:
    low, high = scale.range
    for name, answer in zip(scale.items, example.answers, strict=True):
        item = instrument.by_id.get(name)
        if item is None or answer == SKIPPED:
            continue
        options = instrument.option_sets.get(item.options or "")
        allowed = answer in options.by_value if options else not isinstance(answer, str) and low <= answer <= high
        if not allowed:
            return f"answer {answer!r} for {name}"
    return ""


def _score(instrument: Instrument, scale: Scale, position: int) -> Iterator[Finding]:
    example = scale.examples[position]
    score = score_answers(_numbers(instrument, scale, example), scale)
    right = (
        score is None
        if example.score == "missing"
        else score is not None and abs(score - float(example.score)) <= TOLERANCE + 1e-9
    )
    if not right:
        where = ("scales", scale.id, "examples", position, "score")
        spoken = "missing" if score is None else f"{score:.2f}"
        remedy = f"Check the answers, reverse and rule of {scale.id}; then state the right score."
        yield Finding("INS-016", where, f"score {example.score} ({example.shows})", spoken, remedy)


def _all_at(example: Example, scale: Scale, *, high: bool) -> bool:
    """Whether all answers are at one end, as given or once reverse-keyed items are turned round."""
    bottom, top = scale.range if high else reversed(scale.range)
    raw = all(answer == top for answer in example.answers)
    as_keyed = all(
        answer == (bottom if name in scale.reverse else top)
        for name, answer in zip(scale.items, example.answers, strict=True)
    )
    return raw or as_keyed


def _reversed_and_missing(instrument: Instrument, scale: Scale, example: Example) -> bool:
    numbers = _numbers(instrument, scale, example)
    middle = sum(scale.range) / 2
    turned = not scale.reverse or any(
        number is not None and number != middle
        for name, number in zip(scale.items, numbers, strict=True)
        if name in scale.reverse
    )
    return None in numbers and (turned or numbers.count(None) == len(numbers))
