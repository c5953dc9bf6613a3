"""Linking anonymous answers of two waves by self-generated codes, and pseudonyms for such codes."""

from __future__ import annotations

from evalkit.linking.pairing import Linkage, link
from evalkit.linking.pseudonyms import pseudonymise

__all__ = ["Linkage", "link", "pseudonymise"]
