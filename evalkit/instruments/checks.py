"""Check an instrument against every rule.

The rules stand in `check_items`, `check_texts`, `check_scales` and `check_conditions`; each is one function that gives
what it finds, registered in `evalkit.instruments.findings.RULES`. To add a rule, write one more function there.
"""

from __future__ import annotations

from evalkit.errors import InstrumentError, Problem
from evalkit.frames import require
from evalkit.instruments import check_conditions, check_items, check_scales, check_texts
from evalkit.instruments.findings import RULES, Finding, all_findings
from evalkit.instruments.model import Instrument

RULE_MODULES = (check_items, check_texts, check_scales, check_conditions)

__all__ = ["RULES", "RULE_MODULES", "Finding", "all_findings", "check_instrument", "problems_of"]


def problems_of(instrument: Instrument) -> list[Problem]:
    """List all that is wrong in an instrument that was made in Python.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Returns
    -------
    list of Problem
        Empty when it is right. The place is the instrument's id and the path of the part.
    """
    return [finding.problem(f"instrument {instrument.id}") for finding in all_findings(instrument)]


def check_instrument(instrument: Instrument) -> Instrument:
    """Refuse an instrument that breaks a rule.

    Parameters
    ----------
    instrument : Instrument
        What to check.

    Returns
    -------
    Instrument
        The same.

    Raises
    ------
    InstrumentError
        With every problem of every rule.
    """
    problems = problems_of(instrument)
    require(problems, error=InstrumentError)
    return instrument
