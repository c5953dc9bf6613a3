"""`show`, the way out of a notebook."""

from __future__ import annotations

import base64
import json
import math
import re
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pages import elements, faults

from evalkit import figures
from evalkit.errors import DataError, DisclosureError, EvalkitError
from evalkit.report import showing
from evalkit.report.showing import MARK, TOKEN, show, sign
from evalkit.result import Method, curve, estimates

RESULT = estimates(
    [
        {"term": "a", "estimate": 1.0, "conf_low": 0.5, "conf_high": 2.0, "n": 40},
        {"term": "b", "estimate": 77.7, "conf_low": 70.0, "conf_high": 80.0, "n": 4},
    ],
    Method(name="m", estimand="e", unit="points", n_given=44, n_used=44),
)
TABLE = pd.DataFrame({"g": ["a", "b"], "n": [40, 4]})


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], dict[str, Any]]]:
    """What was put out: content by type, and the mark."""
    import IPython.display

    found: list[tuple[dict[str, str], dict[str, Any]]] = []

    def display(bundle: dict[str, str], *, raw: bool, metadata: dict[str, Any]) -> None:
        assert raw
        found.append((bundle, metadata[MARK]))

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setenv(TOKEN, "token-of-the-run")
    return found


def _svg(html: str) -> str:
    found = re.search(r"data:image/svg\+xml;base64,([^\"]+)", html)
    assert found is not None
    return base64.b64decode(found[1]).decode()


def test_a_table_is_released_under_the_staff_survey_unless_told_otherwise(shown: list[Any]):
    show(RESULT, title="T")
    show(RESULT, title="T", profile="public")
    (strict, strict_mark), (public, public_mark) = shown
    assert "77.7" not in strict["text/html"] + strict["text/plain"]
    assert "77.7" in public["text/html"]
    assert strict_mark["counts"] == {"n": [40, None]}
    assert (strict_mark["profile"], public_mark["profile"]) == ("staff-survey", "public")


def test_a_figure_is_drawn_from_what_was_released_with_its_numbers_and_alt_text(shown: list[Any]):
    drawn = []

    def forest(result: Any) -> Axes:
        drawn.append(result)
        return figures.forest(result)

    show(RESULT, title="T <b>", as_="figure", figure=forest, alt='what "you" <see>')
    html = shown[0][0]["text/html"]
    assert drawn[0].tidy()["estimate"].tolist()[0] == 1.0
    assert math.isnan(drawn[0].tidy()["estimate"].tolist()[1])
    image = [attributes for tag, attributes in elements(html) if tag == "img"]
    assert [attributes["alt"] for attributes in image] == ['what "you" <see>']
    assert "<details" in html
    assert "Numbers: T &lt;b&gt;" in html
    assert faults(html) == []
    assert "77.7" not in _svg(html)


def test_the_numbers_under_a_figure_of_a_plain_table_are_released_ones(shown: list[Any]):
    table = pd.DataFrame({"group": ["a", "b"], "time": ["1", "2"], "estimate": [0.123, 0.456], "n": [3, 40]})
    show(
        table,
        title="T",
        as_="figure",
        figure=lambda frame: figures.new_axes(),  # noqa: ARG005
        alt="what is seen",
        counts=["n"],
    )
    html = shown[0][0]["text/html"]
    assert "0.456" in html
    assert "0.123" not in html


def test_a_curve_of_too_few_can_be_shown_as_a_figure(shown: list[Any]):
    rows = [{"group": "a", "time": 1, "estimate": 0.8, "n_at_risk": 5, "n_events": 1, "n_censored": 0}]
    few = curve(rows, Method(name="m", estimand="e", unit="u", n_given=5, n_used=5))
    show(few, title="T", as_="figure", alt="nothing")
    assert shown[0][1]["counts"] == {"n_at_risk": [None], "n_events": [None], "n_censored": [None]}
    assert shown[0][1]["steps"] is True


def test_a_curve_without_anybody_censored_can_be_shown_under_the_default(shown: list[Any]):
    rows = [{"group": "a", "time": 1, "estimate": 0.5, "n_at_risk": 40, "n_events": 20, "n_censored": 0}]
    show(curve(rows, Method(name="m", estimand="e", unit="u", n_given=40, n_used=40)), title="T")
    assert shown[0][1]["counts"] == {"n_at_risk": [40.0], "n_events": [20.0], "n_censored": [None]}


def test_text_is_text_only(shown: list[Any]):
    show(RESULT, title="T", as_="text")
    assert set(shown[0][0]) == {"text/plain"}


def test_a_long_table_can_be_folded(shown: list[Any]):
    show(TABLE, title="<T>", counts=["n"], fold=True)
    assert '<details class="ek-fold"><summary>&lt;T&gt;</summary>' in shown[0][0]["text/html"]


def test_a_figure_is_the_same_every_time_and_leaves_no_state(shown: list[Any]):
    before = dict(mpl.rcParams)
    for _ in range(2):
        show(RESULT, title="T", as_="figure", alt="x")
    assert shown[0][0] == shown[1][0]
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def test_axes_in_a_part_of_a_figure_are_saved_with_the_whole(shown: list[Any]):
    def draw(_: object) -> Axes:
        part = Figure(figsize=(4, 3)).subfigures(1, 2)[0]
        axes = part.subplots()
        assert isinstance(axes, Axes)
        return axes

    show(RESULT, title="T", as_="figure", figure=draw, alt="x")
    assert "<svg" in _svg(shown[0][0]["text/html"])


def test_axes_without_a_figure_are_refused(shown: list[Any]):
    def draw(_: object) -> Axes:
        axes = Figure().subplots()
        axes.remove()
        return axes

    with pytest.raises(DataError, match="DAT-009 figure"):
        show(RESULT, title="T", as_="figure", figure=draw, alt="x")
    assert shown == []


@pytest.mark.parametrize(
    ("what", "more", "code"),
    [
        (RESULT, {"as_": "figure"}, "DAT-009 alt"),
        (TABLE, {"as_": "figure", "alt": "x", "counts": ["n"]}, "DAT-009 figure"),
        (RESULT, {"as_": "grafik"}, "DAT-006 as_"),
        (5, {}, "DAT-009 what: a int"),
        (None, {}, "DAT-009 what"),
        (pd.DataFrame(), {"profile": "public"}, "DAT-009 what: a frame without columns"),
        (TABLE, {}, "DIS-003"),
        (TABLE, {"counts": ["m"]}, "DAT-003"),
        (TABLE, {"counts": ["g"]}, "DAT-004"),
        (RESULT, {"profile": "publik"}, 'DIS-001 .*Did you mean "public"'),
    ],
)
def test_what_cannot_be_shown_is_refused_and_nothing_is_put_out(
    shown: list[Any], what: Any, more: dict[str, Any], code: str
):
    with pytest.raises(EvalkitError, match=code):
        show(what, title="T", **more)
    assert shown == []


def test_a_mark_can_travel_as_json_and_still_fits(shown: list[Any]):
    show(pd.DataFrame({"g": ["a"], "n": np.array([40], dtype="int64")}), title="T", counts=["n"])
    show(RESULT, title="é")
    for bundle, mark in shown:
        again = json.loads(json.dumps(mark))
        assert again["signature"] == sign(json.loads(json.dumps(bundle)), again, "token-of-the-run")


@pytest.mark.parametrize("change", ["data", "title", "profile", "counts", "steps", "token"])
def test_a_signature_covers_everything(shown: list[Any], change: str):
    show(RESULT, title="T")
    bundle, mark = shown[0]
    token = "token-of-the-run"  # noqa: S105 - made up
    if change == "data":
        bundle = {**bundle, "text/html": "<p>raw</p>"}
    elif change == "token":
        token = "another"  # noqa: S105 - made up
    else:
        mark = {**mark, change: "public"}
    assert sign(bundle, mark, token) != mark["signature"]


def test_outside_a_run_nothing_is_signed(shown: list[Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(TOKEN)
    show(RESULT, title="T")
    assert shown[0][1]["signature"] == ""


def test_the_token_is_not_in_what_is_put_out(shown: list[Any]):
    show(RESULT, title="T", as_="figure", alt="x")
    assert "token-of-the-run" not in json.dumps(shown)
    assert "token-of-the-run" not in _svg(shown[0][0]["text/html"])


def test_the_default_is_named_once():
    assert showing.DEFAULT == "staff-survey"
    with pytest.raises(DisclosureError):
        show(TABLE, title="T", profile="")
