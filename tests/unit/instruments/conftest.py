from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import InstrumentError
from evalkit.instruments.model import Instrument
from evalkit.instruments.read import instrument_from_text
from evalkit.instruments.tree import line_of
from evalkit.paths import resource

SMALL = """\
instrument: small
version: "1.0"
title: A small survey
description: For tests.
audience: [mentee]
languages: [en-GB]
minutes: 3
licence: CC BY 4.0
source: Made up.
cite: None.
consent: Taking part is your choice.
privacy: Read by {organisation} only.
references:
  howard1979: Howard and Dailey (1979).
waves:
  before: Before
  then: {title: Looking back, asked_with: after, intro: Think back.}
  after: After
options:
  agree:
    1: Disagree
    2: Neither
    3: Agree
    missing:
      na: Does not apply
  ways:
    email: By email
    phone: By phone
    neither: {label: Not at all, exclusive: true}
sections:
  start:
    title: Start
    items:
      hello: {kind: information, text: Welcome.}
      way: {kind: multiple_choice, text: How?, options: ways}
      chosen: {kind: single_choice, text: Which one?, options: ways}
      weeks: {kind: number, text: How long?, min: 0, max: 10}
      day: {kind: date, text: When?}
      note: {kind: long_text, text: Why?, when: weeks > 2}
  views:
    title: Views
    items:
      grid:
        kind: matrix
        text: Do you agree?
        options: agree
        waves: [before, then, after]
        rows:
          good: It is good.
          bad: It is bad.
          fine: It is fine.
scales:
  liking:
    title: Liking
    measures: How much it is liked.
    items: [good, bad, fine]
    reverse: [bad]
    rule: mean
    min_answered: 2
    range: [1, 3]
    direction: higher_is_better
    references: [howard1979]
    examples:
      - {shows: all low, answers: [1, 3, 1], score: 1}
      - {shows: all high, answers: [3, 1, 3], score: 3}
      - {shows: reversed and missing, answers: [skipped, 3, 2], score: 1.5}
"""

Refused = Callable[[str], list[tuple[str, int]]]


@pytest.fixture
def small_text() -> str:
    return SMALL


@pytest.fixture(scope="session")
def small() -> Instrument:
    return instrument_from_text(SMALL, "small.yaml")


@pytest.fixture
def refused() -> Refused:
    """Code and line of every problem of a text; empty when it is right."""

    def read(text: str) -> list[tuple[str, int]]:
        try:
            instrument_from_text(text, "small.yaml", resource("surveys"))
        except InstrumentError as error:
            return [(problem.code, line_of(problem)) for problem in error.problems]
        return []

    return read


@pytest.fixture
def surveys() -> Path:
    return resource("surveys")
