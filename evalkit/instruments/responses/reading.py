"""Cells into answers, column by column; everything that cannot be an answer is noted with its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from evalkit.errors import Problem
from evalkit.instruments.model import CHOICE_KINDS, Item
from evalkit.instruments.responses.choices import Choices, Reading, choices_of, several, single, ticks
from evalkit.instruments.responses.forms import Asked
from evalkit.instruments.responses.matching import Matched
from evalkit.instruments.responses.plain_values import dates_in, day_orders, number_in
from evalkit.instruments.responses.platforms import SOURCES
from evalkit.instruments.responses.tables import Cell, Table

# None is no answer; a choice gives values of options, several as a tuple in their order; a date is an ISO text.
Values = list[object]
_FIRST_DATE, _LAST_DATE = "1900-01-01", "2199-12-31"
_TEXTS = frozenset({"short_text", "long_text"})


@dataclass(slots=True)
class _Column:
    """A column of choices, read as codes and as labels."""

    item: Item
    index: int
    codes: Reading
    labels: Reading
    blank: frozenset[Cell]


@dataclass
class Reader:
    """Reads the answers of a table.

    Parameters
    ----------
    table : Table
        What was read.
    asked : Asked
        The forms.
    matched : Matched
        Which column holds what.
    day_first : bool or None
        Whether the day comes before the month in dates such as 05/03/2024; None to tell from the column.
    problems : list of Problem
        All that was found, in the order of the file.
    """

    table: Table
    asked: Asked
    matched: Matched
    day_first: bool | None = None
    problems: list[Problem] = field(default_factory=list)

    def answers(self) -> dict[str, Values]:
        """Read every item that has a column.

        Returns
        -------
        dict of str to list
            Item -> one answer for each respondent, in the order of the form.
        """
        found: dict[str, Values] = {}
        columns = self._choice_columns()
        for name, item in self.asked.items.items():
            index = self.matched.whole.get(name)
            if name in columns:
                found[name] = self._chosen(columns[name])
            elif item.kind in CHOICE_KINDS and name in self.matched.ticks:
                found[name] = self._ticked(item)
            elif index is not None and item.kind not in CHOICE_KINDS:
                found[name] = self._plain(item, index)
        for index in self.matched.written_in:
            self._nothing_written(index)
        return found

    def note(self, code: str, index: int, rows: Collection[int], what: str, expected: str, remedy: str) -> None:
        """Note what is wrong in a column; the cells themselves are never told.

        Parameters
        ----------
        code : str
            The rule.
        index : int
            The column.
        rows : collection of int
            Respondents, from 0.
        what, expected, remedy : str
            What they are, what would have been right, how to mend it.
        """
        place = f"{self.table.at(index)}"
        found = f"{what}: {len(rows)} ({self.table.rows(list(rows))})"
        self.problems.append(Problem(code, place, found, expected, remedy))

    @cached_property
    def _empty(self) -> frozenset[str]:
        return SOURCES[self.asked.platform].empty

    def _is_blank(self, cell: Cell) -> bool:
        return not cell if isinstance(cell, tuple) else not cell.strip() or cell.strip() in self._empty

    def _rows_with(self, index: int, cells: Collection[Cell]) -> list[int]:
        wanted = set(cells)
        return [row for row, cell in enumerate(self.table.columns[index]) if cell in wanted]

    def _refuse(self, index: int, bad: Collection[Cell], code: str, what: str, expected: str, remedy: str) -> None:
        if bad:
            self.note(code, index, self._rows_with(index, bad), what, expected, remedy)

    # Choices: first every column in both ways, then the way that the file as a whole allows.

    def _choice_columns(self) -> dict[str, _Column]:
        columns = {}
        for name, item in self.asked.items.items():
            index = self.matched.whole.get(name)
            if item.kind not in CHOICE_KINDS or index is None:
                continue
            column = self._both_ways(item, index)
            if column.codes.found or name not in self.matched.ticks:
                columns[name] = column
        return columns

    def _both_ways(self, item: Item, index: int) -> _Column:
        choices = choices_of(self.asked, item)
        read = several if item.kind == "multiple_choice" else single
        cells = dict.fromkeys(self.table.columns[index])
        # A sign for "empty" that is an option all the same is read as one.
        blank = frozenset(cell for cell in cells if self._is_blank(cell) and not self._is_option(cell, choices))
        filled = [cell for cell in cells if cell not in blank]
        return _Column(item, index, read(choices, filled, label=False), read(choices, filled, label=True), blank)

    @staticmethod
    def _is_option(cell: Cell, choices: Choices) -> bool:
        text = cell.strip() if isinstance(cell, str) else ""
        return bool(text and (choices.by_code(text) or choices.by_label(text)))

    def _chosen(self, column: _Column) -> Values:
        reading = self._way(column)
        if reading is None:
            return [None] * len(self.table.positions)
        doubtful = [cell for cell, found in reading.found.items() if len(found) > 1]
        self._refuse(
            column.index,
            doubtful,
            "DAT-012",
            "answers that can be read in two ways",
            "labels that stand for one option",
            "Export codes instead of labels.",
        )
        known: dict[Cell, object] = {cell: next(iter(found)) for cell, found in reading.found.items()}
        if column.item.kind == "multiple_choice":
            self._fitting_ticks(column.item, column.index, known)
        known.update(dict.fromkeys(column.blank))
        return [known[cell] for cell in self.table.columns[column.index]]

    def _way(self, column: _Column) -> Reading | None:
        """Choose between codes and labels; None when neither fits."""
        codes, labels = column.codes, column.labels
        if codes.fits and labels.fits and codes.found != labels.found:
            if self._votes == {"codes"}:
                return codes
            if self._votes == {"labels"}:
                return labels
            expected = "codes that are no labels, or labels that are no codes"
            remedy = "Export codes, and rename options whose label is the code of another one."
            place = self.table.at(column.index)
            found = "answers that could be codes as well as labels"
            self.problems.append(Problem("DAT-012", place, found, expected, remedy))
            return None
        if codes.fits or labels.fits:
            return codes if codes.fits else labels
        self._neither(column)
        return None

    @cached_property
    def _votes(self) -> set[str]:
        """What the columns that leave no doubt hold."""
        found = set()
        for column in self._choice_columns().values():
            if column.codes.fits != column.labels.fits:
                found.add("codes" if column.codes.fits else "labels")
        return found

    def _neither(self, column: _Column) -> None:
        codes, labels = column.codes.found, column.labels.found
        unknown = [cell for cell in codes if not codes[cell] and not labels[cell]]
        options = ", ".join(str(option.value) for option in self.asked.options_of(column.item)[:12])
        self._refuse(
            column.index,
            unknown,
            "DAT-011",
            "answers that are not an option",
            f"one of {options}, or their labels",
            "Recode them, or empty the cells.",
        )
        coded = [cell for cell in codes if codes[cell] and not labels[cell]]
        labelled = [cell for cell in codes if labels[cell] and not codes[cell]]
        if coded and labelled:
            fewer, word = (
                (coded, "codes among labels") if len(coded) < len(labelled) else (labelled, "labels among codes")
            )
            self._refuse(
                column.index,
                fewer,
                "DAT-012",
                word,
                "only codes or only labels in one column",
                "Export the answers once more, all as codes.",
            )

    def _ticked(self, item: Item) -> Values:
        """Put the columns of a multiple choice's options together."""
        choices = choices_of(self.asked, item)
        columns = self.matched.ticks[item.id]
        own_code = self.asked.platform == "qualtrics"
        chosen: list[list[object]] = [[] for _ in self.table.positions]
        for option in self.asked.options_of(item):
            index = columns.get(str(option.value))
            if index is None:
                continue
            cells = dict.fromkeys(cell for cell in self.table.columns[index] if isinstance(cell, str))
            plain = [cell for cell in cells if cell.strip() not in self._empty or not cell.strip()]
            known = ticks(choices, option.value, plain, own_code_first=own_code)
            self._refuse(
                index,
                [cell for cell, tick in known.items() if tick is None],
                "DAT-011",
                "cells that say neither ticked nor not ticked",
                "1 or 0, yes or no, or an empty cell",
                "Recode them.",
            )
            for row, cell in enumerate(self.table.columns[index]):
                if isinstance(cell, str) and known.get(cell):
                    chosen[row].append(option.value)
        rows = [tuple(one) for one in chosen]
        self._fitting_rows(item, next(iter(columns.values())), rows)
        return [one or None for one in rows]

    def _fitting_ticks(self, item: Item, index: int, known: Mapping[Cell, object]) -> None:
        rows = [known.get(cell) or () for cell in self.table.columns[index]]
        self._fitting_rows(item, index, [row if isinstance(row, tuple) else () for row in rows])

    def _fitting_rows(self, item: Item, index: int, rows: list[tuple[object, ...]]) -> None:
        """Check what is ticked together, and how much."""
        alone = {one.value for one in self.asked.options_of(item) if one.exclusive or one.missing}
        torn = [row for row, values in enumerate(rows) if len(values) > 1 and alone.intersection(values)]
        if torn:
            what = "answers that tick an option together with others that it excludes"
            self.note(
                "DAT-007", index, torn, what, f"{', '.join(map(str, sorted(alone, key=str)))} alone", "Untick one."
            )
        low, high = (limit if isinstance(limit, int | float) else None for limit in (item.min, item.max))
        wrong = [
            row
            for row, values in enumerate(rows)
            if values
            and not alone.intersection(values)
            and ((low is not None and len(values) < low) or (high is not None and len(values) > high))
        ]
        if wrong:
            expected = _limits(low, high, "ticks")
            self.note("DAT-002", index, wrong, "answers with too few or too many ticks", expected, "Correct them.")

    # Everything else.

    def _plain(self, item: Item, index: int) -> Values:
        column = self.table.columns[index]
        cells = dict.fromkeys(column)
        lists = [cell for cell in cells if isinstance(cell, tuple) and len(cell) > 1]
        what = "answers of several parts"
        self._refuse(index, lists, "DAT-011", what, "one answer to this question", "Correct them.")
        texts = {cell: "".join(cell) if isinstance(cell, tuple) else cell for cell in cells if cell not in lists}
        readers: Mapping[str, Callable[[Item, int, dict[Cell, str]], dict[Cell, object]]] = {
            "number": self._numbers,
            "date": self._dates,
        }
        if item.kind in _TEXTS:
            known: dict[Cell, object] = {cell: text if text.strip() else None for cell, text in texts.items()}
        else:
            filled = {cell: text for cell, text in texts.items() if not self._is_blank(text)}
            known = readers[item.kind](item, index, filled)
        return [known.get(cell) for cell in column]

    def _numbers(self, item: Item, index: int, texts: dict[Cell, str]) -> dict[Cell, object]:
        found = {cell: number_in(text) for cell, text in texts.items()}
        self._refuse(
            index,
            [cell for cell, number in found.items() if number is None],
            "DAT-011",
            "answers that are not a number",
            "figures, with a point before decimals and nothing before thousands",
            "Correct them; leave units out.",
        )
        low, high = (limit if isinstance(limit, int | float) else None for limit in (item.min, item.max))
        numbers = {cell: number for cell, number in found.items() if number is not None}
        outside = [
            cell
            for cell, number in numbers.items()
            if (low is not None and number < low) or (high is not None and number > high)
        ]
        expected = _limits(low, high)
        self._refuse(index, outside, "DAT-002", "answers outside the limits of the item", expected, "Correct them.")
        finer = [cell for cell, number in numbers.items() if round(number, item.decimals) != number]
        expected = f"at most {item.decimals} decimals" if item.decimals else "whole numbers"
        self._refuse(index, finer, "DAT-002", "answers with more decimals than the item has", expected, "Round them.")
        return dict(numbers)

    def _dates(self, item: Item, index: int, texts: dict[Cell, str]) -> dict[Cell, object]:
        moments = dates_in(texts.values(), self.table.first_day, self.day_first)
        torn = self._torn_dates(index, texts)
        self._refuse(
            index,
            [cell for cell, text in texts.items() if moments[text] is None and cell not in torn],
            "DAT-011",
            "answers that are not a date",
            "dates such as 2024-03-31",
            "Write them as year-month-day.",
        )
        days = {cell: iso_day(moment) for cell, text in texts.items() if (moment := moments[text]) is not None}
        low, high = str(item.min or _FIRST_DATE), str(item.max or _LAST_DATE)
        outside = [cell for cell, day in days.items() if not max(low, _FIRST_DATE) <= day <= min(high, _LAST_DATE)]
        expected = f"{low} to {high}"
        self._refuse(index, outside, "DAT-002", "dates outside the limits of the item", expected, "Correct them.")
        return dict(days)

    def _torn_dates(self, index: int, texts: Mapping[Cell, str]) -> set[Cell]:
        """Refuse dates of which nobody knows which part is the month, and those in another order than the rest."""
        orders = day_orders(texts.values())
        sides = {
            first: [cell for cell, text in texts.items() if orders.get(text, ...) is first] for first in (True, False)
        }
        either = [cell for cell, text in texts.items() if orders.get(text, ...) is None]
        if self.day_first is None and not sides[True] and not sides[False]:
            remedy = (
                "Say read_responses(..., day_first=True) when 05/03/2024 is 5 March, day_first=False when it is 3 May."
            )
            what, expected = "dates of which nobody knows which part is the month", "one that has a day above 12"
            self._refuse(index, either, "DAT-012", what, expected, remedy)
            return set(either)
        wanted = len(sides[True]) >= len(sides[False]) if self.day_first is None else self.day_first
        words = {True: "the day first", False: "the month first"}
        other = sides[not wanted]
        said = f"{words[wanted]}, as in the rest of the column" if self.day_first is None else f"day_first={wanted}"
        self._refuse(
            index, other, "DAT-012", f"dates with {words[not wanted]}", said, "Write all dates as year-month-day."
        )
        # Without a known order none of the column's dates could be read.
        unread = {cell for cell, text in texts.items() if text in orders} if self.day_first is None else set(other)
        return unread if other else set()

    def _nothing_written(self, index: int) -> None:
        filled = [row for row, cell in enumerate(self.table.columns[index]) if not self._is_blank(cell)]
        if filled:
            self.note(
                "DAT-011",
                index,
                filled,
                "answers in words beside the options",
                "an instrument that asks for them",
                "Recode them to options, then delete the column.",
            )


def iso_day(moment: datetime) -> str:
    """Write a day as conditions compare it.

    Parameters
    ----------
    moment : datetime.datetime
        The day, with or without a time.

    Returns
    -------
    str
        Year, month and day.
    """
    return moment.date().isoformat()


def _limits(low: float | None, high: float | None, unit: str = "") -> str:
    parts: Iterator[str] = (
        text
        for text in (
            None if low is None else f"at least {low:g}",
            None if high is None else f"at most {high:g}",
        )
        if text
    )
    return " and ".join(parts) + (f" {unit}" if unit else "")
