"""Reliable change: the paper's numbers, the categories, whose reliability, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from evalkit.change.reliable import reliable_change, reliable_change_of_each
from evalkit.errors import DataError, EstimationError
from evalkit.measurement import reliability
from evalkit.numeric.reliable_changes import change_errors, cut_off
from evalkit.result import Estimates

NORMS = {"functional": (60.0, 7.5), "dysfunctional": (40.0, 7.5)}


def scores() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "score_before": [32.5, 41.0, 52.0, 38.0, 44.0, np.nan, 55.0],
            "score_after": [47.5, 55.0, 40.0, 40.0, 53.2, 50.0, 70.0],
        },
        index=[10, 11, 12, 13, 14, 15, 16],
    )


def judged(frame: pd.DataFrame | None = None, **more: object) -> Estimates:
    given = {"pre": "score_before", "post": "score_after", "reliability": 0.8, "sd": 7.5, **more}
    return reliable_change(scores() if frame is None else frame, **given)


def counts(result: Estimates) -> dict[str, int]:
    rows = result.frame
    return {str(row["group"]): round(float(row["estimate"] * row["n"])) for _, row in rows.iterrows()}


def test_the_worked_example_of_jacobson_and_truax() -> None:
    """Jacobson and Truax 1991, page 14: 3.35, 4.74, a pretest of 32.5 and a posttest of 47.5 give 3.16; 55, 45, 50."""
    errors = change_errors(7.5, 0.80)
    assert round(errors.measurement, 2) == 3.35
    assert round(errors.difference, 2) == 4.74
    assert round((47.5 - 32.5) / errors.difference, 2) == 3.16
    assert errors.smallest == pytest.approx(1.96 * errors.difference)
    row = judged().frame.iloc[0]
    assert [round(row[name], 2) for name in ("error_of_measurement", "error_of_difference")] == [3.35, 4.74]
    assert [cut_off(kind, **NORMS) for kind in "abc"] == [55.0, 45.0, 50.0]


def test_cut_offs_turn_round_where_lower_is_better() -> None:
    turned = {"functional": (40.0, 5.0), "dysfunctional": (60.0, 10.0), "higher_is_better": False}
    assert [cut_off(kind, **turned) for kind in "abc"] == pytest.approx([40.0, 50.0, (5 * 60 + 10 * 40) / 15])


def test_categories_without_and_with_a_cut_off() -> None:
    assert counts(judged()) == {"improved": 3, "unchanged": 2, "deteriorated": 1}
    with_c = judged(cutoff="c", **NORMS)
    # 41 -> 55 crosses 50; 32.5 -> 47.5 does not; 55 -> 70 began on the other side.
    assert counts(with_c) == {"recovered": 1, "improved": 2, "unchanged": 2, "deteriorated": 1}
    assert with_c.frame["cutoff"].unique().tolist() == [50.0]
    assert counts(judged(cutoff="b", **NORMS)) == {"recovered": 2, "improved": 1, "unchanged": 2, "deteriorated": 1}
    assert counts(judged(higher_is_better=False)) == {"improved": 1, "unchanged": 2, "deteriorated": 3}
    assert counts(judged(threshold=1.0)) == {"improved": 4, "unchanged": 1, "deteriorated": 1}


def test_a_change_of_exactly_the_threshold_is_not_beyond_it() -> None:
    frame = pd.DataFrame({"score_before": [0.1, 0.1], "score_after": [0.4, 0.4001]})
    result = judged(frame, reliability=0.5, sd=0.1, threshold=3.0)
    assert counts(result) == {"improved": 1, "unchanged": 1, "deteriorated": 0}


def test_each_person_agrees_with_the_counts_and_keeps_the_index() -> None:
    given = {"pre": "score_before", "post": "score_after", "reliability": 0.8, "sd": 7.5, "cutoff": "c", **NORMS}
    each = reliable_change_of_each(scores(), **given)
    assert each.index.tolist() == [10, 11, 12, 13, 14, 15, 16]
    assert each.astype(object).where(each.notna(), None).to_list() == [
        "improved", "recovered", "deteriorated", "unchanged", "unchanged", None, "improved",
    ]  # fmt: skip
    assert each.min() == "deteriorated"
    assert each.value_counts().to_dict() == counts(judged(cutoff="c", **NORMS))


def test_false_changes_to_be_expected_stand_beside() -> None:
    rows = judged().frame.set_index("group")["expected_if_none"]
    wanted = {"improved": 0.024998, "unchanged": 0.950004, "deteriorated": 0.024998}
    assert rows.to_dict() == pytest.approx(wanted, abs=1e-6)
    assert "5.0 %" in " ".join(judged().method.assumptions)
    assert "10.0 %" in " ".join(judged(threshold=1.6449).method.assumptions)


def test_room_for_improvement_needs_a_known_scale() -> None:
    assert judged().frame["no_room"].isna().all()
    # The smallest change is 9.3: above 60.7 of 70 nobody can improve.
    frame = scores().assign(score_before=[32.5, 61, 65, 38, 70, np.nan, 60])
    assert judged(frame, scale=(0, 70)).frame["no_room"].iloc[0] == pytest.approx(3 / 6)
    assert judged(frame, scale=(30, 70), higher_is_better=False).frame["no_room"].iloc[0] == pytest.approx(2 / 6)


def test_the_spread_is_that_of_all_answers_before_unless_given() -> None:
    frame = scores().assign(score_after=[47.5, 55.0, 40.0, 40.0, 53.2, 50.0, np.nan])
    result = judged(frame, sd=None)
    assert result.frame["sd"].iloc[0] == pytest.approx(float(scores()["score_before"].std()))
    assert "of all answers before" in result.method.assumptions[0]
    assert (result.method.n_used, dict(result.method.n_dropped)) == (5, {"no answer after": 1, "no answer before": 1})


def test_the_result_of_reliability_is_taken_and_named() -> None:
    rng = np.random.default_rng(3)
    person = rng.normal(3, 1, 60)
    items = pd.DataFrame({f"i{k}": np.rint(person + rng.normal(0, 0.7, 60)) for k in range(4)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = reliability(items, {"score": list(items.columns)})
    for term in ("alpha", "omega_total"):
        value = float(found.frame.set_index("term").loc[term, "estimate"])
        result = judged(reliability=found, coefficient=term)
        assert result.frame["reliability"].iloc[0] == value
        assert f"{term} of these answers" in result.method.assumptions[0]
    with pytest.raises(DataError, match="DAT-003 reliability of other"):
        reliable_change(
            scores().rename(columns={"score_before": "other_before", "score_after": "other_after"}),
            pre="other_before", post="other_after", reliability=found,
        )  # fmt: skip


def test_a_reliability_by_number_is_named_by_the_caller() -> None:
    assert "(test-retest, two weeks)" in judged(reliability_name="test-retest, two weeks").method.assumptions[0]


def test_mappings_name_outcomes() -> None:
    frame = scores().assign(calm_before=[1.0, 2, 3, 2, 1, 2, 3], calm_after=[3.0, 2, 3, 2, 1, 2, 1])
    result = reliable_change(
        frame, pre=["score_before", "calm_before"], post=["score_after", "calm_after"],
        reliability={"score": 0.8, "calm": 0.7}, sd={"score": 7.5, "calm": 0.5},
        cutoff="b", functional={"score": (60, 7.5), "calm": (3, 0.4)},
    )  # fmt: skip
    rows = result.frame.drop_duplicates("term").set_index("term")
    assert rows["reliability"].to_dict() == {"score": 0.8, "calm": 0.7}
    assert rows["cutoff"].to_dict() == pytest.approx({"score": 45.0, "calm": 2.2})


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"reliability": 1.0}, "DAT-002"),
        ({"reliability": 0.0}, "DAT-002"),
        ({"reliability": -0.3}, "DAT-002"),
        ({"reliability": "high"}, "DAT-009"),
        ({"reliability": {"other": 0.8}}, "DAT-003"),
        ({"sd": 0.0}, "DAT-002"),
        ({"sd": {"other": 1.0}}, "DAT-003"),
        ({"threshold": 0.0}, "DAT-002"),
        ({"cutoff": "d"}, "DAT-006"),
        ({"coefficient": "beta"}, "DAT-006"),
        ({"cutoff": "a", "functional": (60, 7)}, "DAT-009"),
        ({"cutoff": "b", "dysfunctional": (40, 7)}, "DAT-009"),
        ({"cutoff": "c", "functional": (60, 7)}, "DAT-009"),
        ({"functional": (60, 0.0)}, "DAT-002"),
        ({"functional": 60}, "DAT-009"),
        ({"functional": (40, 7), "dysfunctional": (60, 7)}, "DAT-007"),
        ({"functional": (60, 7), "dysfunctional": (40, 7), "higher_is_better": False}, "DAT-007"),
        ({"level": 0.0}, "DAT-002"),
    ],
)
def test_what_is_refused(more: dict[str, object], code: str) -> None:
    with pytest.raises(DataError, match=code):
        judged(**more)


def test_no_spread_or_no_pair_is_refused() -> None:
    constant = scores().assign(score_before=40.0)
    with pytest.raises(EstimationError, match=r"EST-001.*without spread"):
        judged(constant, sd=None)
    assert counts(judged(constant))["improved"] == 4
    with pytest.raises(EstimationError, match=r"EST-001.*no complete pair"):
        judged(scores().assign(score_after=np.nan))


def test_one_person_is_counted() -> None:
    rows = judged(scores().head(1)).frame.set_index("group")
    assert rows["estimate"].to_dict() == {"improved": 1.0, "unchanged": 0.0, "deteriorated": 0.0}
    assert rows.loc["improved", "conf_low"] > 0.05
