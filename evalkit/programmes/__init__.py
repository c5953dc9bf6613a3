"""Programmes as data: what they are, how they are read and checked, and what their design can show."""

from __future__ import annotations

from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.library import list_programmes, load_programme, read_programmes
from evalkit.programmes.limitations import Note, design_notes
from evalkit.programmes.model import Programme
from evalkit.programmes.reading import problems_of, programme_from_text, read_programme

__all__ = [
    "ESTIMATORS",
    "Note",
    "Programme",
    "ProgrammeError",
    "design_notes",
    "list_programmes",
    "load_programme",
    "problems_of",
    "programme_from_text",
    "read_programme",
    "read_programmes",
]
