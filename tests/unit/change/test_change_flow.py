"""The participant flow: whom each step comes from, the reasons, and flows that cannot be."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit import figures
from evalkit.change.dose import dose_response
from evalkit.change.flow import participant_flow
from evalkit.disclosure import load_profile, release_frame
from evalkit.errors import DataError


def steps(frame: pd.DataFrame) -> dict[str, tuple[int, int]]:
    """People at each step but the first, and all who were lost on the way to it."""
    there = frame[(frame["reason"] == "") & (frame["of"] != "")].set_index("step")["n"]
    gone = frame[frame["reason"] != ""].groupby("step")["n"].sum()
    return {step: (n, gone.get(step, 0)) for step, n in there.items()}


def released(frame: pd.DataFrame) -> dict[str, float]:
    """What leaves under the usual profile, by step or reason; -1 where it is withheld."""
    rows = release_frame(frame, ["n", "n_least"], load_profile("staff-survey")).frame
    return dict(zip(rows["reason"].where(rows["reason"] != "", rows["step"]), rows["n"].fillna(-1), strict=True))


def test_every_step_says_whom_it_comes_from_and_why_others_are_gone() -> None:
    found = participant_flow(
        invited=60, before=40, after=45, linked=24, analysed=22,
        reasons={"answered before": {"on leave": 5}, "analysed": {"no score": 2}},
    )  # fmt: skip
    expected = pd.DataFrame(
        [
            ("invited", "", "", 60, 60),
            ("answered before", "invited", "", 40, 16),
            ("answered before", "invited", "on leave", 5, 5),
            ("answered before", "invited", "did not answer before", 15, 5),
            ("answered after", "invited", "", 45, 15),
            ("answered after", "invited", "did not answer after", 15, 15),
            ("linked", "answered before", "", 24, 2),
            ("linked", "answered before", "no answer after, or codes did not match", 16, 2),
            ("analysed", "linked", "", 22, 22),
            ("analysed", "linked", "no score", 2, 2),
        ],
        columns=["step", "of", "reason", "n", "n_least"],
    )
    assert_frames_agree(found, expected, rtol=0, atol=0)


def test_steps_may_be_left_out() -> None:
    found = participant_flow(before=40, linked=24)
    assert found["of"].to_list() == ["", "answered before", "answered before"]
    assert steps(found) == {"linked": (24, 16)}
    assert steps(participant_flow(invited=60, analysed=24)) == {"analysed": (24, 36)}
    assert participant_flow(before=40, after=50)[["of", "n", "n_least"]].to_numpy().tolist() == [
        ["", 40, 40],
        ["", 50, 50],
    ]


def test_frames_linkages_and_estimates_are_counted() -> None:
    pairs = pd.DataFrame(
        {"skill_before": [2.0, 3, 2, 3, None], "skill_after": [3.0, 3, 4, 4, 4], "meetings": [1, 2, 3, None, 2]}
    )
    result = dose_response(pairs, pre="skill_before", post="skill_after", dose="meetings")
    linkage = SimpleNamespace(pairs=pairs)
    found = participant_flow(before=pairs.index.repeat(2).to_frame(), linked=linkage, analysed=result)
    assert steps(found) == {"linked": (5, 5), "analysed": (3, 2)}
    assert found.iloc[-2:][["reason", "n"]].to_numpy().tolist() == [["no answer before", 1], ["dose not known", 1]]


def test_a_step_that_loses_nobody_has_no_reason() -> None:
    assert participant_flow(before=24, linked=24)[["reason", "n"]].to_numpy().tolist() == [["", 24], ["", 24]]
    assert participant_flow(before=0, linked=0)["n"].to_list() == [0, 0]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"invited": 30, "before": 31}, "DAT-007"),
        ({"invited": 30, "before": 20, "after": 31}, "DAT-007"),
        ({"before": 20, "after": 15, "linked": 16}, "DAT-007"),
        ({"before": 20, "linked": 21}, "DAT-007"),
        ({"linked": 20, "analysed": 21}, "DAT-007"),
        ({"after": 20, "analysed": 21}, "DAT-007"),
        ({"before": 20}, "DAT-009"),
        ({"before": 20, "linked": "many"}, "DAT-009"),
        ({"before": 20, "linked": 3.5}, "DAT-009"),
        ({"before": True, "linked": 1}, "DAT-009"),
        ({"before": 20, "linked": -1}, "DAT-002"),
        ({"before": 20, "linked": 18, "reasons": {"linked": {"moved": 3}}}, "DAT-007"),
        ({"before": 20, "linked": 18, "reasons": {"link": {"moved": 1}}}, "DAT-006"),
        ({"before": 20, "linked": 18, "reasons": {"linked": {"moved": -1}}}, "DAT-002"),
    ],
)
def test_flows_that_cannot_be_are_refused(given: dict[str, object], code: str) -> None:
    with pytest.raises(DataError, match=code):
        participant_flow(**given)


def test_all_that_rises_is_named_at_once() -> None:
    with pytest.raises(DataError) as caught:
        participant_flow(invited=10, before=11, linked=12, analysed=13)
    assert len(caught.value.problems) == 3


def test_what_lost_nobody_or_many_is_shown() -> None:
    flow = participant_flow(invited=60, before=40, after=36, linked=24, analysed=24)
    assert -1 not in released(flow).values()
    assert "n_least" in flow.columns


@pytest.mark.parametrize(
    ("given", "withheld"),
    [
        # 60 less 57 is 3: the number asked is known, so the answers give way, and what would tell them.
        (
            {"invited": 60, "before": 57, "linked": 30},
            ["answered before", "did not answer before", "no answer after, or codes did not match"],
        ),
        # The analysis stands elsewhere, so what lies before it gives way.
        ({"invited": 60, "linked": 26, "analysed": 24}, ["linked", "no answer after, or codes did not match", "left"]),
        ({"invited": 60, "before": 52, "analysed": 45}, ["answered before", "did not answer before", "not analysed"]),
        # 26 answered after and 24 of them are linked.
        ({"invited": 60, "before": 40, "after": 26, "linked": 24}, ["answered after", "did not answer after"]),
        # Two steps with the same number go together.
        ({"invited": 60, "before": 57, "linked": 57}, ["answered before", "did not answer before", "linked"]),
        ({"invited": 60, "before": 60, "linked": 57}, ["linked", "no answer after, or codes did not match"]),
        ({"invited": 60, "before": 8}, ["answered before", "did not answer before"]),
    ],
)
def test_small_numbers_do_not_follow_by_subtraction(given: dict[str, int], withheld: list[str]) -> None:
    reasons = (
        {"analysed": {"left": given["linked"] - given["analysed"]}} if {"linked", "analysed"} <= {*given} else None
    )
    found = released(participant_flow(**given, reasons=reasons))
    assert sorted(name for name, n in found.items() if n < 0) == sorted(withheld)


def test_one_small_reason_takes_the_others_with_it() -> None:
    """20 lost less 15 for one reason are 5 for the other; both numbers of people stay."""
    found = released(participant_flow(invited=60, before=40, reasons={"answered before": {"on leave": 5}}))
    assert found == {"invited": 60, "answered before": 40, "on leave": -1, "did not answer before": -1}


def test_a_released_flow_is_drawn() -> None:
    flow = participant_flow(invited=60, before=40, linked=37, analysed=37)
    drawn = [text.get_text() for text in figures.flow(flow).texts if text.get_text()]
    assert drawn == [
        "Invited\nn = 60",
        "Answered before\nn = 40",
        "lost 20: did not answer before",
        "Linked\nn = 37",
        "lost 3: no answer after, or codes did\nnot match",
        "Analysed\nn = 37",
    ]
    shown = release_frame(flow, ["n", "n_least"], load_profile("staff-survey")).frame
    assert [text.get_text() for text in figures.flow(shown).texts if text.get_text()] == [
        "Invited\nn = 60",
        "Answered before\nn withheld",
        "Linked\nn = 37",
        "Analysed\nn = 37",
    ]
