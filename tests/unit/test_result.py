"""Estimates and Curve keep the promises of design section 4."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.result import CURVE_COLUMNS, ESTIMATE_COLUMNS, Curve, Estimates, Method, curve, estimates

METHOD = Method(name="m", estimand="e", unit="points", n_given=40, n_used=38, n_dropped={"no answer": 2})


def _estimates_frame(**extra: object) -> pd.DataFrame:
    row = dict.fromkeys(ESTIMATE_COLUMNS, 1.0) | {"term": "t", "group": None, "conf_low": 0.5, "conf_high": 2.0}
    return pd.DataFrame([row | extra])


def _curve_frame() -> pd.DataFrame:
    return pd.DataFrame([dict.fromkeys(CURVE_COLUMNS, 1.0) | {"group": "g", "cause": None}])


def test_the_columns_are_those_promised():
    assert " ".join(ESTIMATE_COLUMNS) == "term group estimate std_error statistic df p_value conf_low conf_high n"
    assert " ".join(CURVE_COLUMNS) == (
        "group cause time estimate std_error conf_low conf_high n_at_risk n_events n_censored"
    )


@pytest.mark.parametrize(("kind", "frame"), [(Estimates, _estimates_frame()), (Curve, _curve_frame())])
class TestBothKinds:
    def test_a_missing_column_is_refused(self, kind: type, frame: pd.DataFrame):
        with pytest.raises(ValueError, match="must begin with"):
            kind(frame.drop(columns="estimate"), METHOD)

    def test_columns_out_of_order_are_refused(self, kind: type, frame: pd.DataFrame):
        with pytest.raises(ValueError, match="must begin with"):
            kind(frame[frame.columns[::-1]], METHOD)

    def test_a_repeated_column_is_refused(self, kind: type, frame: pd.DataFrame):
        with pytest.raises(ValueError, match="each be there once"):
            kind(pd.concat([frame, frame[["estimate"]]], axis=1), METHOD)

    def test_limits_that_are_exchanged_are_refused(self, kind: type, frame: pd.DataFrame):
        with pytest.raises(ValueError, match=r"conf_low above conf_high in rows \[0\]"):
            kind(frame.assign(conf_low=3.0), METHOD)

    def test_limits_may_be_missing_or_equal_or_without_end(self, kind: type, frame: pd.DataFrame):
        for low, high in ((np.nan, 1.0), (1.0, 1.0), (-np.inf, np.inf)):
            kind(frame.assign(conf_low=low, conf_high=high), METHOD)

    def test_the_frame_is_copied_on_the_way_in_and_out(self, kind: type, frame: pd.DataFrame):
        given = frame.copy()
        result = kind(given, METHOD)
        given.loc[0, "estimate"] = 99.0
        taken = result.tidy()
        taken.loc[0, "estimate"] = 77.0
        assert result.tidy().loc[0, "estimate"] == 1.0

    def test_it_is_frozen(self, kind: type, frame: pd.DataFrame):
        with pytest.raises(dataclasses.FrozenInstanceError):
            kind(frame, METHOD).method = METHOD

    def test_there_is_no_plot_and_no_forwarding(self, kind: type, frame: pd.DataFrame):
        result = kind(frame, METHOD)
        assert not hasattr(result, "plot")
        assert not hasattr(result, "shape")

    def test_extra_columns_follow(self, kind: type, frame: pd.DataFrame):
        assert list(kind(frame.assign(flag="x"), METHOD).tidy().columns) == [*frame.columns, "flag"]

    def test_it_survives_another_process(self, kind: type, frame: pd.DataFrame):
        result = kind(frame, METHOD)
        for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):  # noqa: S301
            assert again.method == METHOD
            assert_frames_agree(again.tidy(), result.tidy(), rtol=0, atol=0)

    def test_glance_is_one_row_about_the_fit(self, kind: type, frame: pd.DataFrame):
        glance = kind(frame, METHOD).glance()
        assert glance.loc[0, ["n_given", "n_used", "n_dropped"]].tolist() == [40, 38, "no answer: 2"]
        assert len(glance) == 1

    def test_text_and_html_name_method_unit_and_n(self, kind: type, frame: pd.DataFrame):
        result = kind(frame, METHOD)
        for written in (str(result), repr(result), result._repr_html_()):
            assert "m; unit: points; n = 38 of 40" in written

    def test_html_is_escaped(self, kind: type, frame: pd.DataFrame):
        method = dataclasses.replace(METHOD, name="<script>x</script>")
        written = kind(frame.assign(group="<img onerror=x>"), method)._repr_html_()
        assert "<script" not in written
        assert "<img" not in written


def test_numbers_become_floats_and_text_that_is_none_becomes_a_number_nowhere():
    frame = _estimates_frame(n=12, df="3").astype(object)
    result = Estimates(frame, METHOD).tidy()
    assert all(result[name].dtype == float for name in ESTIMATE_COLUMNS if name not in {"term", "group"})
    with pytest.raises(ValueError, match="Unable to parse"):
        Estimates(_estimates_frame(estimate="many"), METHOD)


def test_infinite_and_missing_numbers_can_be_read():
    written = str(estimates([{"term": "ratio", "estimate": 3.0, "conf_low": 1.0, "conf_high": np.inf}], METHOD))
    assert "inf" in written
    assert "p_value" not in written  # what applies nowhere is left out


@pytest.mark.parametrize(
    "wrong", [{"n_used": 39}, {"n_dropped": {}}, {"n_given": 41}, {"n_used": 42, "n_dropped": {"x": -2}}]
)
def test_used_and_dropped_are_given(wrong: dict[str, object]):
    with pytest.raises(ValueError, match=r"add up|negative"):
        dataclasses.replace(METHOD, **wrong)


@pytest.mark.parametrize("level", [0, 1, -0.5, 95])
def test_a_level_is_between_0_and_1(level: float):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        dataclasses.replace(METHOD, level=level)


def test_what_was_dropped_cannot_be_changed_afterwards():
    dropped = {"no answer": 2}
    method = Method(name="m", estimand="e", unit="u", n_given=40, n_used=38, n_dropped=dropped)
    dropped["no answer"] = 5
    assert method.n_dropped == {"no answer": 2}
    with pytest.raises(TypeError):
        method.n_dropped["no answer"] = 5  # type: ignore[index]


@pytest.mark.parametrize("what", ["unit", "scale"])
def test_by_row_needs_the_column(what: str):
    method = dataclasses.replace(METHOD, **{what: "by row"})
    with pytest.raises(ValueError, match=f"no column '{what}'"):
        Estimates(_estimates_frame(), method)
    Estimates(_estimates_frame(**{what: "identity"}), method)


def test_rows_may_name_only_what_applies():
    frame = estimates([{"term": "a", "estimate": 1.0, "published": "x"}, {"term": "b"}], METHOD).tidy()
    assert list(frame.columns) == [*ESTIMATE_COLUMNS, "published"]
    assert frame["estimate"].isna().tolist() == [False, True]
    assert frame["group"].isna().all()
    assert list(curve([], METHOD).tidy().columns) == list(CURVE_COLUMNS)
