"""The dictionary of the standard inputs: which files and columns there are, and what each holds."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal, cast

from evalkit.equality.mappings import load_mapping

Kind = Literal["id", "text", "label", "yes/no", "date", "year", "count", "number"]

_MAPPED = "@"
# Other words for the labels of columns whose labels stand in the dictionary itself.
SPELLINGS = {
    "female": ("f", "woman", "women", "girl"),
    "male": ("m", "man", "men", "boy"),
    "other": ("non-binary", "x", "another", "self-described", "indeterminate"),
    "yes": ("y", "true", "1", "disabled"),
    "no": ("n", "false", "0", "not disabled"),
    "non-clinical": ("not clinical",),
}
UNSTATED = ("unknown", "prefer not to say", "not known", "not disclosed", "undefined", "refused", "null", "na", "none",
            "not given", "not declared", "not specified", "unspecified", "prefer not to answer", "pnts")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a standard input.

    Parameters
    ----------
    name : str
        In the header.
    required : bool
        Whether a file without it is refused.
    kind : str
        How its cells are read: id, text, label, yes/no, date, year, count or number.
    unit : str
        Of its numbers.
    missing : str
        What an empty cell means; "never" when there may be none.
    values : str
        Labels separated by semicolons, the name of a mapping behind an @, or the range of its numbers.
    holds : str
        In words.
    """

    name: str
    required: bool
    kind: Kind
    unit: str
    missing: str
    values: str
    holds: str

    @property
    def mapping(self) -> str | None:
        """Name of the mapping whose labels the column holds, if it is one."""
        return self.values.removeprefix(_MAPPED) if self.values.startswith(_MAPPED) else None

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels that the dictionary itself lists."""
        listed = self.kind == "label" and self.mapping is None
        return tuple(one.strip() for one in self.values.split(";")) if listed else ()

    @property
    def range(self) -> tuple[float, float]:
        """Least and greatest number that a cell may hold."""
        low, _, high = self.values.partition("..")
        return (float(low), float(high)) if high else (0.0, float("inf"))


@dataclass(frozen=True, slots=True)
class Input:
    """A standard input.

    Parameters
    ----------
    file : str
        Name of the file without its ending.
    required : bool
        Whether nothing can be read without it.
    key : tuple of str
        Columns of which no two rows may hold the same.
    row_is : str
        What a row stands for.
    columns : tuple of Column
        In the order of the file.
    """

    file: str
    required: bool
    key: tuple[str, ...]
    row_is: str
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        """What the frame is called: the file with underscores."""
        return self.file.replace("-", "_")

    def column(self, name: str) -> Column:
        """Find a column.

        Parameters
        ----------
        name : str
            In the header.

        Returns
        -------
        Column
            What the dictionary says of it.
        """
        return next(column for column in self.columns if column.name == name)


@functools.cache
def standard_inputs() -> tuple[Input, ...]:
    """Give the standard inputs.

    Returns
    -------
    tuple of Input
        As `data/workforce/files.csv` and `data/workforce/dictionary.csv` describe them.

    Examples
    --------
    >>> [one.name for one in standard_inputs()][:3]
    ['staff_in_post', 'leavers', 'recruitment']
    """
    described = load_mapping("dictionary")
    inputs = []
    for row in load_mapping("files").to_dict("records"):
        columns = [
            Column(
                one["column"], one["required"] == "yes", cast("Kind", one["type"]),
                one["unit"], one["missing"], one["values"], one["holds"],
            )
            for one in described[described["file"] == row["file"]].to_dict("records")
        ]  # fmt: skip
        key = tuple(name.strip() for name in row["key"].split(";"))
        inputs.append(Input(row["file"], row["required"] == "yes", key, row["row_is"], tuple(columns)))
    return tuple(inputs)
