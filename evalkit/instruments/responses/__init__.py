"""Answers from survey platforms into one typed frame, with why an answer is missing told apart."""

from __future__ import annotations

from evalkit.instruments.responses.read import read_responses

__all__ = ["read_responses"]
