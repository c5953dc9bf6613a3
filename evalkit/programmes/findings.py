"""What a rule finds in a programme, the register of rules, and the refusal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from evalkit.errors import EvalkitError, did_you_mean
from evalkit.instruments.findings import Finding, Rules, Where
from evalkit.instruments.model import Instrument
from evalkit.programmes.model import Programme


class ProgrammeError(EvalkitError):
    """A programme is not right."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A programme with the instruments that it uses.

    Parameters
    ----------
    programme : Programme
        What is checked.
    instruments : mapping of str to Instrument
        Id -> instrument, of those that could be read.
    unread : frozenset of (str, str)
        Section and id of parts that could not be read: they are there, and nothing is said of them.
    """

    programme: Programme
    instruments: Mapping[str, Instrument]
    unread: frozenset[tuple[str, str]] = frozenset()


RULES: Rules[Plan] = Rules()
rule = RULES.rule
all_findings = RULES.all_findings


def unknown(
    plan: Plan, section: str, names: Iterable[str], known: Collection[str], where: Where, what: str
) -> Iterator[Finding]:
    """Find names of parts that are not there.

    Parameters
    ----------
    plan : Plan
        The plan; parts that could not be read count as there.
    section : str
        Section of the parts, such as "roles".
    names : iterable of str
        What is named.
    known : collection of str
        What is there.
    where : tuple
        Path of the part that names them.
    what : str
        What they are, such as "a role".

    Yields
    ------
    Finding
        PRG-008 for each.
    """
    for name in names:
        if name not in known and not {(section, name), (section, "*")} & plan.unread:
            remedy = did_you_mean(name, known)
            yield Finding("PRG-008", where, repr(name), f"{what} of this programme", remedy)
