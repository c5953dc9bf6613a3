"""Why an answer is missing: not asked, skipped, or declined by an option of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, holds, leaves
from evalkit.instruments.model import SKIPPED, Instrument, Item
from evalkit.instruments.responses.forms import Asked

NOT_ASKED = "not_asked"
_ORDER = frozenset({"<", "<=", ">", ">="})

Kinds = list[str | None]


def missing_kinds(
    asked: Asked, answers: Mapping[str, Sequence[object]], rows_of: Mapping[str, Sequence[int]], count: int
) -> dict[str, Kinds]:
    """Tell for each item and respondent why there is no answer.

    Parameters
    ----------
    asked : Asked
        The forms.
    answers : mapping of str to sequence
        Item -> answers, None where there is none.
    rows_of : mapping of str to sequence of int
        Wave -> the respondents who answered its form.
    count : int
        How many respondents there are.

    Returns
    -------
    dict of str to list
        Item -> "not_asked" where its condition hid it or the wave did not ask it, "skipped", or the value of a missing
        option, as text; None where there is an answer.
    """
    declined = {name: _declined(asked, item) for name, item in asked.items.items()}
    kinds: dict[str, Kinds] = {name: [NOT_ASKED] * count for name in answers}
    for wave, rows in rows_of.items():
        form = asked.forms[wave]
        for item, condition in _conditions(form):
            if item.id not in answers:
                continue
            values, found, own = answers[item.id], kinds[item.id], declined[item.id]
            shown = _shown(condition, answers, rows)
            for row, is_shown in zip(rows, shown, strict=True):
                value = values[row]
                if value is None:
                    found[row] = SKIPPED if is_shown else NOT_ASKED
                else:
                    found[row] = own.get(value)
    return kinds


def _declined(asked: Asked, item: Item) -> dict[object, str]:
    """Map an answer that is a missing option to its kind."""
    values = [option.value for option in asked.options_of(item) if option.missing]
    if item.kind == "multiple_choice":
        return {(value,): str(value) for value in values}
    return {value: str(value) for value in values}


def _conditions(form: Instrument) -> Iterator[tuple[Item, Condition | None]]:
    for section in form.sections:
        for item in section.items:
            parts = tuple(_guarded(one, form) for one in (section.condition, item.condition) if one is not None)
            yield item, And(parts) if len(parts) > 1 else next(iter(parts), None)


def _guarded(condition: Condition, form: Instrument) -> Condition:
    """Give missing options that are numbers no order."""
    if isinstance(condition, And | Or):
        return type(condition)(tuple(_guarded(part, form) for part in condition.parts))
    if isinstance(condition, Not):
        return Not(_guarded(condition.part, form))
    if not isinstance(condition, Comparison) or condition.sign not in _ORDER or condition.item not in form.by_id:
        return condition
    options = form.options_of(form.by_id[condition.item])
    numbers = [option.value for option in options if option.missing and isinstance(option.value, int)]
    return And((condition, *(Comparison(condition.item, "!=", value) for value in numbers))) if numbers else condition


def _shown(condition: Condition | None, answers: Mapping[str, Sequence[object]], rows: Sequence[int]) -> list[bool]:
    """Evaluate a condition once for each combination of answers that it looks at."""
    if condition is None:
        return [True] * len(rows)
    names = sorted({leaf.item for leaf in leaves(condition)} & set(answers))
    columns = [answers[name] for name in names]
    known: dict[tuple[object, ...], bool] = {}
    found = []
    for row in rows:
        key = tuple(column[row] for column in columns)
        if key not in known:
            known[key] = holds(condition, dict(zip(names, key, strict=True)))
        found.append(known[key])
    return found
