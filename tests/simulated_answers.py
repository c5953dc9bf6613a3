"""Respondents who answer an instrument at random, and the frame that must come back, made without the reader.

`response_formats` writes them in the formats of the platforms.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd

from evalkit.instruments.conditions import holds
from evalkit.instruments.model import Instrument, Item
from evalkit.instruments.waves import form_at

TEXTS = (
    "Nothing to add.",
    "=1+1",
    "'=SUM(A1)",
    "-5",
    "'-5",
    "@home; or, not",
    'She said "so" twice',
    "two\nlines",
    "Ystafell â tho bach ŵ",
    "日本語 \U0001f642",
    "N/A",
    "-99",
    "1,5",
    "tab\there",
    "yes",
    "\\",
    "''",
)
_SKIP, _DECLINE = 0.15, 0.1


@dataclass(frozen=True)
class Simulated:
    """Answers of some respondents to the form of one wave.

    `answers[i][item]` is a number, a word, an ISO date, a text, or a tuple of values; it is not there when it is
    missing, and then `kinds[i][item]` tells why. A missing option is in `kinds`, and in `given` like an answer.
    """

    instrument: Instrument
    form: Instrument
    wave: str
    respondents: list[str] = field(default_factory=list)
    given: list[dict[str, object]] = field(default_factory=list)
    kinds: list[dict[str, str]] = field(default_factory=list)

    @property
    def items(self) -> list[Item]:
        return [item for item in self.form.items if item.kind != "information"]

    def frame(self) -> pd.DataFrame:
        """Make the frame that `read_responses` promises, the columns of items only."""
        columns: dict[str, object] = {}
        for item in self.items:
            kinds = [row.get(item.id) for row in self.kinds]
            values = [None if kind else row[item.id] for kind, row in zip(kinds, self.given, strict=True)]
            columns.update(_columns(self.form, item, values))
            if any(kinds):
                columns[f"{item.id}__missing"] = kinds
        return pd.DataFrame(columns)


def simulated_answers(
    instrument: Instrument, n: int, *, seed: int, wave: str | None = None, texts: tuple[str, ...] = TEXTS
) -> Simulated:
    """Let n respondents answer the form of one wave (the first by default) at random, as its conditions allow."""
    chance = random.Random(seed)  # noqa: S311 - simulated data
    first = wave or next(one.id for one in instrument.waves if one.asked_with is None)
    found = Simulated(instrument, form_at(instrument, first), first)
    for number in range(n):
        found.respondents.append(f"r{seed}x{number}")
        given, kinds = _respondent(found, chance, texts)
        found.given.append(given)
        found.kinds.append(kinds)
    return found


def _respondent(
    found: Simulated, chance: random.Random, texts: tuple[str, ...]
) -> tuple[dict[str, object], dict[str, str]]:
    given: dict[str, object] = {}
    kinds: dict[str, str] = {}
    for section in found.form.sections:
        for item in section.items:
            if item.kind == "information":
                continue
            conditions = [one for one in (section.condition, item.condition) if one is not None]
            if not all(holds(one, given) for one in conditions):
                kinds[item.id] = "not_asked"
            elif chance.random() < _SKIP:
                kinds[item.id] = "skipped"
            else:
                _answer(found.form, item, chance, texts, given, kinds)
    return given, kinds


def _answer(
    form: Instrument,
    item: Item,
    chance: random.Random,
    texts: tuple[str, ...],
    given: dict[str, object],
    kinds: dict[str, str],
) -> None:
    options = form.options_of(item)
    ways = [option.value for option in options if option.missing]
    if ways and chance.random() < _DECLINE:
        value = chance.choice(ways)
        given[item.id] = (value,) if item.kind == "multiple_choice" else value
        kinds[item.id] = str(value)
    elif item.kind == "multiple_choice":
        given[item.id] = _ticks(item, form, chance)
    elif options:
        given[item.id] = chance.choice([option.value for option in options if not option.missing])
    elif item.kind == "number":
        low = float(item.min) if isinstance(item.min, int | float) else 0.0
        high = float(item.max) if isinstance(item.max, int | float) else low + 100
        value = round(chance.uniform(low, high), item.decimals)
        given[item.id] = int(value) if item.decimals == 0 else value
    elif item.kind == "date":
        low = date.fromisoformat(str(item.min or "2020-02-28"))
        high = date.fromisoformat(str(item.max)) if item.max else low + timedelta(days=2000)
        given[item.id] = (low + timedelta(days=chance.randint(0, (high - low).days))).isoformat()
    else:
        given[item.id] = chance.choice(texts)


def _ticks(item: Item, form: Instrument, chance: random.Random) -> tuple[object, ...]:
    options = [option for option in form.options_of(item) if not option.missing]
    alone = [option.value for option in options if option.exclusive]
    if alone and chance.random() < _SKIP:
        return (chance.choice(alone),)
    plain = [option.value for option in options if not option.exclusive]
    low = int(item.min) if isinstance(item.min, int) else 1
    high = int(item.max) if isinstance(item.max, int) else len(plain)
    chosen = chance.sample(plain, chance.randint(max(low, 1), max(low, 1, min(high, len(plain)))))
    return tuple(value for value in plain if value in chosen)


def _columns(form: Instrument, item: Item, values: list[object]) -> dict[str, object]:
    counted = [option.value for option in form.options_of(item) if not option.missing]
    if item.kind == "multiple_choice":
        return {
            f"{item.id}__{value}": [
                float("nan") if ticks is None else float(value in ticks)  # type: ignore[operator]
                for ticks in values
            ]
            for value in counted
        }
    if item.kind == "date":
        return {item.id: pd.Series([pd.NaT if value is None else pd.Timestamp(str(value)) for value in values])}
    if item.kind == "number" or (counted and not isinstance(counted[0], str)):
        return {item.id: [float("nan") if value is None else float(str(value)) for value in values]}
    return {item.id: pd.Series(values, dtype=object)}
