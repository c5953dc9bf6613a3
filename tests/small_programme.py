"""A small evaluation in memory: people, records and answers of return-to-work mentoring, with a known gain."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from evalkit.instruments import load_instrument
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.library import load_programme
from evalkit.simulate import simulate_waves

ID = "return-to-work-mentoring"
_START = pd.Timestamp("2023-01-09")
_WAVES = {
    "transition": ("before", "after", "follow_up"),
    "staying": ("before", "after", "follow_up"),
    "mentee_relationship": ("mid_point", "end_point"),
    "mentor_relationship": ("mid_point", "end_point"),
}
_EVENTS = ("mentor session", "mentor exchange")


@lru_cache(maxsize=4)
def small_evidence(n: int, seed: int = 1, gain: float = 0.6) -> Evidence:
    """Make n mentees, n mentors and n people who wait."""
    rng = np.random.default_rng(seed)
    programme = load_programme(ID)
    instruments = {name: load_instrument(name) for name in programme.instrument_ids()}
    people = pd.concat([_people(rng, role, n) for role in ("mentee", "mentor", "comparison")], ignore_index=True)
    own = people[people["group"] == "programme"]
    files = {
        "participants": people,
        **_pairs(rng, n),
        "staff": _staff(rng, people),
        "attendance": _attendance(rng, own),
    }
    answers = {}
    for place, (use, waves) in enumerate(_WAVES.items()):
        one = programme.uses_by_id[use]
        who = [code for role in one.roles for code in people.loc[people["role"] == role, "person"]]
        gains = gain * np.array([0.0 if code.startswith("comparison") else 1.0 for code in who])
        made = simulate_waves(
            instruments[one.instrument],
            len(who),
            waves=list(waves),
            seed=seed + place,
            gains=dict.fromkeys(waves[1:], gains),
            lost=0.1,
        )
        for wave in waves:
            whose = dict(zip(made.people[wave], who, strict=True))
            answers[use, wave] = made.answers[wave].assign(
                person=lambda frame, whose=whose: frame["respondent"].map(whose)
            )
    return Evidence(programme, instruments, files, answers)


def _people(rng: np.random.Generator, role: str, n: int) -> pd.DataFrame:
    inside = role != "comparison"
    day = _START + pd.to_timedelta(rng.integers(0, 20, n), unit="D")
    return pd.DataFrame(
        {
            "person": [f"{role}{place:04d}" for place in range(n)],
            "role": role,
            "group": "programme" if inside else "comparison",
            "ethnicity": rng.choice(
                ["White: British", "Asian: Indian", "Black: African", ""], n, p=[0.5, 0.2, 0.2, 0.1]
            ),
            "sex": rng.choice(["female", "male"], n, p=[0.7, 0.3]),
            "disability": rng.choice(["yes", "no"], n, p=[0.3, 0.7]),
            "leave_kind": rng.choice(["caring", "own health"], n),
            "invited": day,
            "applied": day,
            "matched": day if inside else pd.NaT,
            "started": day + pd.Timedelta(days=30) if inside else pd.NaT,
            "completed": pd.Series(day + pd.Timedelta(days=200)).where(rng.random(n) < 0.8) if inside else pd.NaT,
            "available_at_follow_up": rng.choice(["yes", "no"], n) if role == "mentor" else "",
        }
    )


def _pairs(rng: np.random.Generator, n: int) -> dict[str, pd.DataFrame]:
    pairs = pd.DataFrame(
        {
            "pair": [f"P{place:04d}" for place in range(n)],
            "matched": _START,
            "mentor": [f"mentor{place:04d}" for place in range(n)],
            "mentee": [f"mentee{place:04d}" for place in range(n)],
        }
    )
    meetings = [
        {"pair": pair, "meeting": at + 1, "held": "yes"} for pair in pairs["pair"] for at in range(rng.integers(1, 8))
    ]
    return {"pairs": pairs, "meetings": pd.DataFrame(meetings)}


def _attendance(rng: np.random.Generator, own: pd.DataFrame) -> pd.DataFrame:
    mentors = own.loc[own["role"] == "mentor", "person"]
    rows = [(person, event, _START, rng.choice(["yes", "no"], p=[0.8, 0.2])) for person in mentors for event in _EVENTS]
    return pd.DataFrame(rows, columns=["person", "activity", "day", "attended"])


def _staff(rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    n, end = len(people), _START + pd.Timedelta(days=900)
    left = pd.Series(_START + pd.to_timedelta(60 + rng.exponential(1500, n).astype(int), unit="D"))
    return pd.DataFrame(
        {
            "person": people["person"],
            "entered": _START - pd.Timedelta(days=400),
            "left": left.where(left < end),
            "observed_to": end,
            "programme_from": people["started"],
            "promoted": pd.NaT,
            "band": rng.choice(["Band 6", "Band 7"], n),
            "sex": people["sex"],
        }
    )
