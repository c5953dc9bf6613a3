"""The participant flow: whom each step comes from, the reasons, and flows that cannot be."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.change.dose import dose_response
from evalkit.change.flow import participant_flow
from evalkit.disclosure import load_profile, release_frame
from evalkit.errors import DataError


def steps(frame: pd.DataFrame) -> dict[str, tuple[int, int]]:
    return {row.step: (row.n, row.lost) for row in frame.itertuples() if row.of}


def test_every_step_says_whom_it_comes_from_and_why_others_are_gone() -> None:
    found = participant_flow(
        invited=60, before=40, after=45, linked=24, analysed=22,
        reasons={"answered before": {"on leave": 5}, "analysed": {"no score": 2}},
    )  # fmt: skip
    expected = pd.DataFrame(
        [
            ("invited", "", "", 60, 60, 0),
            ("answered before", "invited", "on leave", 60, 40, 5),
            ("answered before", "invited", "did not answer before", 60, 40, 15),
            ("answered after", "invited", "did not answer after", 60, 45, 15),
            ("linked", "answered before", "no answer after, or codes did not match", 40, 24, 16),
            ("analysed", "linked", "no score", 24, 22, 2),
        ],
        columns=["step", "of", "reason", "n_of", "n", "lost"],
    )
    assert_frames_agree(found, expected, rtol=0, atol=0)


def test_steps_may_be_left_out() -> None:
    found = participant_flow(before=40, linked=24)
    assert found["of"].to_list() == ["", "answered before"]
    assert steps(found) == {"linked": (24, 16)}
    assert steps(participant_flow(invited=60, analysed=24)) == {"analysed": (24, 36)}
    assert participant_flow(before=40, after=50)[["of", "lost"]].to_numpy().tolist() == [["", 0], ["", 0]]


def test_frames_linkages_and_estimates_are_counted() -> None:
    pairs = pd.DataFrame(
        {"skill_before": [2.0, 3, 2, 3, None], "skill_after": [3.0, 3, 4, 4, 4], "meetings": [1, 2, 3, None, 2]}
    )
    result = dose_response(pairs, pre="skill_before", post="skill_after", dose="meetings")
    linkage = SimpleNamespace(pairs=pairs)
    found = participant_flow(before=pairs.index.repeat(2).to_frame(), linked=linkage, analysed=result)
    assert steps(found.iloc[:2]) == {"linked": (5, 5)}
    assert found.iloc[2:][["reason", "n", "lost"]].to_numpy().tolist() == [
        ["no answer before", 3, 1],
        ["dose not known", 3, 1],
    ]


def test_a_step_that_loses_nobody_has_no_reason() -> None:
    assert participant_flow(before=24, linked=24).iloc[1][["reason", "lost"]].to_list() == ["", 0]
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


def test_shown_with_its_counts_small_losses_are_withheld() -> None:
    flow = participant_flow(invited=60, before=40, linked=37)
    released = release_frame(flow, ["n_of", "n", "lost"], load_profile("staff-survey")).frame
    assert released[["n_of", "n"]].fillna(-1).to_numpy().tolist()[1:] == [[60, 40], [-1, -1]]
    assert released["reason"].to_list()[1:] == flow["reason"].to_list()[1:]
