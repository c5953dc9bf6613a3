"""What a rule finds, and the registers of rules: a register of its own for each kind of thing that is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from evalkit.errors import Problem
from evalkit.instruments.model import Instrument

Where = tuple[str | int, ...]
Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in what is checked.

    Parameters
    ----------
    code : str
        A key of `evalkit.errors.CODES`.
    where : tuple of str or int
        Path of the part, such as ("items", "leave_kind", "when").
    found, expected, remedy : str
        What was there, what would have been right, how to mend it.
    """

    code: str
    where: Where
    found: str
    expected: str
    remedy: str

    def problem(self, place: str) -> Problem:
        """Name the place.

        Parameters
        ----------
        place : str
            File and line, or what is checked by its id.

        Returns
        -------
        Problem
            The finding as a problem of an error.
        """
        path = ".".join(str(step) for step in self.where)
        return Problem(self.code, f"{place}, {path}", self.found, self.expected, self.remedy)


class Rules(dict[str, Callable[[Subject], Iterable[Finding]]]):
    """Rules on one kind of thing: name of the function -> function that takes the thing and gives what it finds."""

    def rule(self, function: Callable[[Subject], Iterable[Finding]]) -> Callable[[Subject], Iterable[Finding]]:
        """Register a rule under the name of its function.

        Parameters
        ----------
        function : callable
            Takes what is checked and gives what it finds.

        Returns
        -------
        callable
            The same function.
        """
        self[getattr(function, "__name__", repr(function))] = function
        return function

    def all_findings(self, subject: Subject) -> Iterator[Finding]:
        """Apply every registered rule.

        Parameters
        ----------
        subject : Subject
            What to check.

        Yields
        ------
        Finding
            All that is wrong, rule by rule.
        """
        for function in self.values():
            yield from function(subject)


RULES: Rules[Instrument] = Rules()
rule = RULES.rule
all_findings = RULES.all_findings
