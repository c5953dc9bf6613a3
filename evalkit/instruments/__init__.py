"""Survey instruments: what they are, how they are read and checked, and how they are adapted."""

from __future__ import annotations

from evalkit.instruments.checks import check_instrument, problems_of
from evalkit.instruments.ledger import diff, require_comparable
from evalkit.instruments.library import list_instruments, load_instrument, read_library
from evalkit.instruments.model import Instrument
from evalkit.instruments.read import instrument_from_text, read_instrument
from evalkit.instruments.waves import form_at
from evalkit.instruments.wording import in_language
from evalkit.instruments.write import to_yaml

__all__ = [
    "Instrument",
    "check_instrument",
    "diff",
    "form_at",
    "in_language",
    "instrument_from_text",
    "list_instruments",
    "load_instrument",
    "problems_of",
    "read_instrument",
    "read_library",
    "require_comparable",
    "to_yaml",
]
