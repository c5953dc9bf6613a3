"""What a rule finds, and the register of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from evalkit.errors import Problem
from evalkit.instruments.model import Instrument

Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong in an instrument.

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
            File and line, or the instrument's id.

        Returns
        -------
        Problem
            The finding as a problem of an error.
        """
        path = ".".join(str(step) for step in self.where)
        return Problem(self.code, f"{place}, {path}", self.found, self.expected, self.remedy)


Rule = Callable[[Instrument], Iterable[Finding]]

RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Register a rule under the name of its function.

    Parameters
    ----------
    function : callable
        Takes an instrument and gives what it finds.

    Returns
    -------
    callable
        The same function.
    """
    RULES[getattr(function, "__name__", repr(function))] = function
    return function


def all_findings(instrument: Instrument) -> Iterator[Finding]:
    """Apply every registered rule.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Yields
    ------
    Finding
        All that is wrong, rule by rule.
    """
    for function in RULES.values():
        yield from function(instrument)
