"""Released rows as text and as HTML."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pages import elements, faults

from evalkit.disclosure import load_profile, release, release_frame
from evalkit.disclosure.releasing import Released
from evalkit.report import tables
from evalkit.result import Method, estimates

PUBLIC = load_profile("public")
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> [x](javascript:alert(3)) **b** {{m^2}} & |"


def _public(**columns: object) -> pd.DataFrame:
    return tables.readable(release_frame(pd.DataFrame(columns), None, PUBLIC))


def test_limits_stand_in_one_column_and_empty_promised_columns_are_left_out():
    rows = [{"term": "mean_change", "estimate": 1.2345, "conf_low": 0.5, "conf_high": 2.0, "n": 1200.0}]
    shown = tables.readable(release(estimates(rows, Method(name="m", estimand="e", unit="u")), PUBLIC))
    assert shown.to_dict("list") == {
        "Term": ["mean change"],
        "Estimate": ["1.23"],
        "Interval": ["0.500 to 2"],
        "n": ["1,200"],
    }


def test_one_limit_alone_is_a_column_like_others():
    assert _public(x=["a"], conf_low=[0.5]).to_dict("list") == {"X": ["a"], "Conf low": ["0.500"]}
    assert _public(x=["a"], conf_high=[0.5]).to_dict("list") == {"X": ["a"], "Conf high": ["0.500"]}


def test_a_scale_of_a_survey_is_not_taken_for_the_scale_of_a_standard_error():
    assert _public(scale=["listening"], n=[12]).to_dict("list") == {"Scale": ["listening"], "n": ["12"]}


def test_columns_that_read_alike_are_all_kept():
    shown = _public(n_events=[1], Events=[2], events=[3])
    assert shown.iloc[0].tolist() == ["1", "2", "3"]
    assert shown.columns.is_unique


def test_kinds_of_values():
    shown = _public(flag_=[True, False], day=pd.to_datetime(["2024-01-02", None]), p_value=["<0.01", "n.s."])
    assert shown.to_dict("list") == {
        "Flag ": ["yes", "no"],
        "Day": ["2024-01-02", "\u2013"],
        "p": ["<0.01", "n.s."],
    }


def test_withheld_numbers_are_named_and_the_note_says_why():
    released = release_frame(pd.DataFrame({"g": ["a", "b"], "n": [3, 30], "m": [1.5, 2.5]}), ["n"], load_profile())
    assert tables.readable(released).to_dict("list") == {
        "G": ["a", "b"],
        "n": ["withheld", "30"],
        "M": ["withheld", "2.50"],
        "Note": ["suppressed", ""],
    }
    assert "Withheld so that nobody can be recognised: Staff survey" in tables.as_html(released, "t")


def test_nothing_hostile_becomes_active():
    frame = pd.DataFrame({HOSTILE: [HOSTILE], "b": [HOSTILE], "n": [1]})
    written = tables.as_html(release_frame(frame, ["n"], PUBLIC), HOSTILE, HOSTILE)
    assert faults(written) == []
    allowed = {"div", "style", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "span"}
    assert {tag for tag, _ in elements(written)} <= allowed
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written
    assert "&amp;lt;" not in written  # escaped once, not twice
    assert "**b** {{m^2}}" in written  # as it was given


def test_a_table_has_headers_and_a_name():
    written = tables.as_html(release_frame(pd.DataFrame({"g": ["a"], "n": [1]}), ["n"], PUBLIC), "The title")
    assert 'role="region" tabindex="0" aria-label="The title"' in written
    assert written.count('scope="col"') == 2
    assert written.count('scope="row"') == 1


def test_the_same_table_is_the_same_html():
    released = release_frame(pd.DataFrame({"g": ["a"], "n": [1]}), ["n"], PUBLIC)
    assert tables.as_html(released, "t") == tables.as_html(released, "t")


@pytest.mark.parametrize("rows", [0, 1, 400])
def test_any_number_of_rows(rows: int):
    frame = pd.DataFrame({"g": [f"g{at}" for at in range(rows)], "x": np.arange(rows) / 7})
    released = release_frame(frame, None, PUBLIC)
    assert tables.as_html(released, "t").count('scope="row"') == rows
    assert tables.as_text(released, "t").startswith("t\n")


# --- what is read beside the estimates ------------------------------------------------------------------------------


def _changes() -> Released:
    rows = [
        {
            "term": f"scale_{number}",
            "group": "trained",
            "estimate": 0.5,
            "n": 30,
            "n_before": 42,
            "floor_before": 0.25,
            "note": "all changes are zero, so that there is no spread and no interval" if number == 1 else "",
            "caution": "people who were lost may have changed by another amount than these",
        }
        for number in (1, 2)
    ]
    result = estimates(rows, Method(name="mean change", estimand="e", unit="points", n_given=30, n_used=30))
    return release(result, load_profile("staff-survey"))


def test_shares_at_the_ends_stand_in_a_table_of_their_own_and_sentences_below():
    page = tables.as_html(_changes(), "Change")
    first, second = page.split("<details", 1)
    assert "Floor before" not in first
    assert "Floor before" in second
    assert "scale 1, trained: all changes are zero" in first
    assert first.count("people who were lost may have changed") == 1
    assert "scale 2, trained: people" not in first
    plain = tables.as_text(_changes(), "Change")
    assert plain.index("Estimate") < plain.index("Floor before") < plain.index("all changes are zero")


def test_short_texts_stay_in_the_table():
    row = {"term": "change", "estimate": 0.5, "n": 30, "verdict": "not shown"}
    result = estimates([row], Method(name="mean change", estimand="e", unit="points", n_given=30, n_used=30))
    page = tables.as_html(release(result, load_profile("staff-survey")), "Change")
    assert "<details" not in page
    assert "Verdict" in page
