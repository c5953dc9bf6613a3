"""Figures draw what they are given, say what they show, and leave no state behind."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterator
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from evalkit import figures
from evalkit.errors import DataError
from evalkit.result import Curve, Estimates, Method, curve, estimates

METHOD = Method(name="m", estimand="e", unit="points of the scale")
LOG = Method(name="m", estimand="e", unit="odds ratio", scale="log")
SURVIVAL = Method(name="m", estimand="e", unit="proportion still in post")


@pytest.fixture(autouse=True)
def _no_state() -> Iterator[None]:
    before = dict(mpl.rcParams)
    yield
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before


def _row(term: str, estimate: float, low: float, high: float, **more: object) -> dict[str, object]:
    return {"term": term, "estimate": estimate, "conf_low": low, "conf_high": high, **more}


def _steps(
    group: str | None, heights: list[float], cause: str | None = None, first: int = 1
) -> list[dict[str, object]]:
    return [
        {
            "group": group,
            "cause": cause,
            "time": first + at,
            "estimate": height,
            "conf_low": max(0.0, height - 0.1),
            "conf_high": min(1.0, height + 0.1),
            "n_at_risk": 400 - at,
        }
        for at, height in enumerate(heights)
    ]


def _texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def _drawn(ax: Axes) -> Figure:
    """Lay the figure out, as saving it would."""
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    FigureCanvasAgg(figure).draw()
    return figure


def _inside(ax: Axes) -> bool:
    """Tell whether every text of the figure lies within the page."""
    page = _drawn(ax).bbox
    ticks = [
        text
        for axis in (ax.xaxis, ax.yaxis)
        for text, at in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=True)
        if min(axis.get_view_interval()) <= at <= max(axis.get_view_interval())
    ]
    labels = [*ax.texts, *ticks, ax.xaxis.label, ax.yaxis.label]
    legend = ax.get_legend()
    boxes = [text.get_window_extent() for text in labels if text.get_text()]
    boxes += [legend.get_window_extent()] if legend else []
    assert len(boxes) > 4
    return all(
        box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        for box in boxes
    )


def test_a_text_beside_the_page_would_be_noticed():
    ax = figures.forest(estimates([_row("a", 1, 0, 2), _row("b", 1, 0, 2)], METHOD))
    assert _inside(ax)
    ax.text(9, 9, "far away").set_in_layout(False)
    assert not _inside(ax)


# --- plot ----------------------------------------------------------------------------------------------------------


def test_a_curve_is_drawn_as_steps_and_estimates_as_a_forest():
    steps = figures.plot(curve(_steps("a", [0.9, 0.8]), SURVIVAL))
    assert isinstance(steps, Axes)
    assert steps.lines[0].get_drawstyle() == "steps-post"
    forest = figures.plot(estimates([_row("a", 1, 0, 2)], METHOD))
    assert [text.get_text() for text in forest.get_yticklabels()] == ["a"]


@pytest.mark.parametrize(
    "result", [curve(_steps("a", [0.9]), SURVIVAL), estimates([_row("a", 1, 0, 2)], METHOD), curve([], SURVIVAL)]
)
def test_the_axes_that_were_given_are_drawn_on_and_returned(result: Estimates | Curve):
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert figures.plot(result, ax=right) is right
    assert not left.lines
    assert right.lines or right.texts


def test_the_input_is_not_changed():
    result = curve(_steps("a", [0.9, np.nan, 0.8])[::-1], SURVIVAL)
    before = result.tidy()
    figures.plot(result)
    pd.testing.assert_frame_equal(result.tidy(), before)


def test_colours_are_told_apart_by_everybody():
    assert len(set(figures.COLOURS)) == 7
    okabe_ito = {"#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#000000"}
    assert set(figures.COLOURS) == okabe_ito
    assert colorsys.rgb_to_hls(*to_rgb(figures.INK))[1] < 0.2


# --- forest --------------------------------------------------------------------------------------------------------


def test_only_finite_rows_are_drawn():
    rows = [_row("a", 1, 0, 2), _row("b", np.nan, np.nan, np.nan), _row("c", np.inf, 0, np.inf), _row("d", 3, 2, 4)]
    ax = figures.forest(estimates(rows, METHOD))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "d"]
    assert ax.get_yticks().tolist() == [1, 0]  # the first on top


def test_a_row_without_limits_is_drawn_without_a_line():
    ax = figures.forest(estimates([_row("a", 1, np.nan, np.nan), _row("b", 1, 0, 2)], METHOD))
    whole = [list(line.get_xdata()) for line in ax.lines if line.get_linestyle() == "-"]
    assert [data for data in whole if data != [1.0, 1.0]] == [[0, 2]]


def test_an_interval_without_end_runs_to_the_edge_with_an_arrow():
    ax = figures.forest(estimates([_row("a", 3, 1.2, np.inf), _row("b", 2, 0, 4)], LOG))
    arrows = {line.get_marker(): line.get_xdata()[0] for line in ax.lines if line.get_marker() in "<>"}
    assert arrows == {"<": ax.get_xlim()[0], ">": ax.get_xlim()[1]}


def test_a_ratio_of_nought_has_no_place_on_a_log_scale():
    ax = figures.forest(estimates([_row("none", 0, 0, 2), _row("some", 1, 0.5, 2)], LOG))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["some"]


@pytest.mark.parametrize(("method", "null", "log"), [(METHOD, 0.0, "linear"), (LOG, 1.0, "log")])
def test_the_line_of_no_difference(method: Method, null: float, log: str):
    ax = figures.forest(estimates([_row("a", 2, 1.5, 3)], method))
    assert list(ax.lines[0].get_xdata()) == [null, null]
    assert ax.get_xscale() == log


@pytest.mark.parametrize(("low", "high"), [(0.9, 1.2), (0.5, 2), (0.1, 30), (1e-4, 1e4), (0.99, 1.01)])
def test_a_log_axis_has_at_least_three_plain_ticks(low: float, high: float):
    ax = figures.forest(estimates([_row("a", 1, low, high)], LOG))
    ticks = [tick for tick in ax.get_xticks() if ax.get_xlim()[0] <= tick <= ax.get_xlim()[1]]
    assert 3 <= len(ticks) <= 12
    _drawn(ax)
    assert all("e" not in text.get_text() or low < 1e-3 for text in ax.get_xticklabels())


def test_rows_are_named_by_term_group_and_n():
    rows = [_row("mean_change", 1, 0, 2, group="mentored", n=1234), _row("b", 1, 0, 2)]
    ax = figures.forest(estimates(rows, METHOD), names={"b": "Better name"})
    assert [text.get_text() for text in ax.get_yticklabels()] == ["mean change, mentored (n = 1,234)", "Better name"]
    assert ax.get_xlabel() == "points of the scale"


def test_a_label_and_a_null_of_ones_own():
    ax = figures.forest(estimates([_row("a", 1, 0.5, 2)], METHOD), label="Mine", null=0.5, log=True)
    assert (ax.get_xlabel(), ax.get_xscale(), list(ax.lines[0].get_xdata())) == ("Mine", "log", [0.5, 0.5])


@pytest.mark.parametrize("method", [METHOD, LOG])
@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_a_forest_of_any_size_lies_on_the_page(method: Method, count: int):
    name = "what somebody has asked in a questionnaire about a programme, item "
    rows = [_row(f"{name}{at}", 1 + at, 0.5, 2 + at, group="mentored - control", n=30 + at) for at in range(count)]
    ax = figures.forest(estimates(rows, method))
    assert _inside(ax)
    boxes = [text.get_window_extent() for text in ax.get_yticklabels()]
    assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(boxes))


# --- curves --------------------------------------------------------------------------------------------------------


def test_everybody_is_there_at_the_start():
    ax = figures.curves(curve(_steps("a", [0.9, 0.8]), SURVIVAL))
    assert ax.lines[0].get_xydata()[0].tolist() == [0, 1]
    assert ax.lines[0].get_ydata()[1:3].tolist() == [0.9, 0.8]
    assert ax.get_ylabel() == "proportion still in post"
    assert ax.get_xlabel() == "Time"


def test_nobody_has_left_for_a_cause_at_the_start_and_causes_are_lines_of_their_own():
    rows = _steps("g", [0.1, 0.2], "resigned") + _steps("g", [0.05, 0.1], "retired")
    ax = figures.curves(curve(rows, SURVIVAL))
    assert [line.get_label() for line in ax.lines] == ["resigned", "retired"]
    assert [line.get_xydata()[0].tolist() for line in ax.lines] == [[0, 0], [0, 0]]


def test_groups_and_causes_are_named_together():
    rows = [*_steps("a", [0.1], "x"), *_steps("b", [0.1], "x")]
    assert [line.get_label() for line in figures.curves(curve(rows, SURVIVAL)).lines] == ["a, x", "b, x"]


def test_times_without_a_number_are_left_out():
    rows = [*_steps("a", [0.9, np.nan, 0.7]), {"group": "b"}]
    ax = figures.curves(curve(rows, SURVIVAL))
    assert [line.get_label() for line in ax.lines] == ["a"]
    assert 0.7 in ax.lines[0].get_ydata()
    assert np.isfinite(ax.lines[0].get_xydata()).all()


def test_numbers_at_risk_stand_at_the_start_of_their_period():
    ax = figures.curves(curve(_steps("a", [0.9, 0.8, 0.7]), SURVIVAL))
    numbers = {text.get_text(): text.xy[0] for text in ax.texts if text.get_text().isdigit()}
    assert numbers == {"400": 0, "399": 1, "398": 2}


def test_a_row_at_time_nought_is_not_printed_twice():
    ax = figures.curves(curve(_steps("a", [1.0, 0.9, 0.8], first=0), SURVIVAL))
    assert [text.xy[0] for text in ax.texts if text.get_text().isdigit()] == [0, 1]


def test_numbers_at_risk_are_thinned_until_they_can_be_read():
    ax = figures.curves(curve(_steps("a", list(np.linspace(0.99, 0.5, 300))), SURVIVAL))
    _drawn(ax)
    boxes = sorted((text.get_window_extent() for text in ax.texts if text.get_text().isdigit()), key=lambda box: box.x0)
    assert 8 <= len(boxes) <= 12
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_numbers_at_risk_may_be_left_out_and_one_line_needs_no_legend():
    ax = figures.curves(curve(_steps(None, [0.9]), SURVIVAL), risk_table=False)
    assert _texts(ax) == []
    assert ax.get_legend() is None


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("name", ["g", "Mentored staff of the first cohort, all sites and grades, part "])
def test_curves_of_any_number_lie_on_the_page(count: int, name: str):
    rows = [row for at in range(count) for row in _steps(f"{name}{at}", [0.9 - at / 50, 0.8 - at / 50])]
    ax = figures.curves(curve(rows, SURVIVAL), time_label="Years in post")
    assert _inside(ax)
    assert len(ax.lines) == count
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == count


@pytest.mark.parametrize("result", [curve([], SURVIVAL), curve([{"group": "a"}], SURVIVAL), estimates([], METHOD)])
def test_nothing_to_draw_is_said(result: Estimates | Curve):
    assert _texts(figures.plot(result)) == ["No number to draw"]


def test_nothing_to_draw_on_a_log_scale_is_said():
    assert _texts(figures.plot(estimates([_row("a", np.nan, np.nan, np.nan)], LOG))) == ["No number to draw"]


# --- named figures -------------------------------------------------------------------------------------------------


def test_ratings_draw_a_row_an_outcome_and_a_mark_a_wave():
    frame = pd.DataFrame({"row": ["a", "b", "c"], "before": [3.0, 2.0, np.nan], "after": [4.0, 3.5, np.nan]})
    ax = figures.ratings(frame)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["before", "after"]
    assert [line.get_xdata().tolist() for line in ax.lines] == [[3.0, 2.0], [4.0, 3.5]]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (pd.DataFrame({"before": [1.0], "after": [2.0]}), "DAT-003"),
        (pd.DataFrame({"row": ["a"], "after": [2.0]}), "DAT-003"),
        (pd.DataFrame({"row": ["a"], "before": [1.0]}), "DAT-009"),
        (pd.DataFrame({"row": [], "before": [], "after": []}, dtype=float), "DAT-009"),
        (pd.DataFrame({"row": ["a"], "before": [np.nan], "after": [np.nan]}), "DAT-009"),
    ],
)
def test_ratings_need_rows_and_two_waves(frame: pd.DataFrame, code: str):
    with pytest.raises(DataError, match=code):
        figures.ratings(frame)


def test_ratings_of_forty_long_rows_lie_on_the_page():
    names = [f"how well the mentor listened, asked questions and kept to what was agreed {at}" for at in range(40)]
    assert _inside(figures.ratings(pd.DataFrame({"row": names, "before": 3.0, "after": 4.0, "follow-up": 3.8})))


def test_likelihoods_draw_a_line_a_group_and_one_at_no_difference():
    frame = pd.DataFrame({"group": ["a", "a", "b"], "time": [2021, 2020, 2020], "estimate": [1.2, 1.5, 0.8]})
    before = frame.copy()
    ax = figures.likelihoods(frame)
    assert ax.lines[0].get_xydata().tolist() == [[2020, 1.5], [2021, 1.2]]
    assert list(ax.lines[-1].get_ydata()) == [1.0, 1.0]
    pd.testing.assert_frame_equal(frame, before)
    with pytest.raises(DataError, match="DAT-003"):
        figures.likelihoods(frame.drop(columns="time"))


@pytest.mark.parametrize("count", [1, 2, 7])
def test_likelihoods_of_any_number_lie_on_the_page(count: int):
    frame = pd.DataFrame(
        [
            {"group": f"Region {at}", "time": year, "estimate": 1 + at / 5}
            for at in range(count)
            for year in (2020, 2021)
        ]
    )
    assert _inside(figures.likelihoods(frame))


# --- likert --------------------------------------------------------------------------------------------------------

LABELS = ("Strongly disagree", "Disagree", "Neither", "Agree", "Strongly agree")
WHY = ("Does not apply to me", "Prefer not to say", "No answer", "Not asked")


def _answers(texts: list[str], counts: list[int], why: list[int]) -> pd.DataFrame:
    """The same answers to every item, as `response_distribution` gives them."""
    n, n_all = sum(counts), sum(counts) + sum(why)
    rows: list[dict[str, object]] = []
    for text in texts:
        rows += [
            {"text": text, "label": label, "kind": "answer", "share": count / n if n else np.nan}
            | {"share_of_all": count / n_all, "n_answered": n}
            for label, count in zip(LABELS, counts, strict=True)
        ]
        rows += [
            {"text": text, "label": label, "kind": "not asked" if label == "Not asked" else "missing"}
            | {"share": np.nan, "share_of_all": count / n_all, "n_answered": n}
            for label, count in zip(WHY, why, strict=True)
        ]
    return pd.DataFrame(rows)


def _bars(ax: Axes) -> list[list[tuple[float, float]]]:
    """Left and right end of each bar, by category, then item."""
    return [
        [(round(bar.get_x(), 6), round(bar.get_x() + bar.get_width(), 6)) for bar in category]
        for category in ax.containers
    ]


def _panel(ax: Axes) -> Axes:
    (panel,) = [other for other in _drawn(ax).axes if other is not ax]
    return panel


def test_answers_part_at_the_middle_of_the_neutral_category_and_empty_ones_stay_in_the_legend():
    ax = figures.likert(_answers(["a"], [2, 0, 4, 3, 1], [0, 0, 0, 0]))
    assert _bars(ax) == [[(-0.4, -0.2)], [(-0.2, -0.2)], [(-0.2, 0.2)], [(0.2, 0.5)], [(0.5, 0.6)]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(LABELS)


def test_an_even_number_of_categories_parts_between_the_two_in_the_middle():
    frame = _answers(["a"], [2, 3, 0, 4, 1], [0, 0, 0, 0])
    assert _bars(figures.likert(frame[frame["label"] != "Neither"])) == [
        [(-0.5, -0.3)],
        [(-0.3, 0.0)],
        [(0.0, 0.4)],
        [(0.4, 0.5)],
    ]


def test_what_is_no_answer_stands_apart_from_zero_and_as_a_share_of_all():
    ax = figures.likert(_answers(["a", "b"], [2, 0, 4, 3, 1], [1, 0, 4, 5]))
    panel = _panel(ax)
    assert _bars(panel)[0] == [(0.0, 0.05), (0.0, 0.05)]
    assert [bars[0] for bars in _bars(panel)] == [(0.0, 0.05), (0.05, 0.05), (0.05, 0.25), (0.25, 0.5)]
    assert [text.get_text() for text in panel.get_legend().get_texts()] == list(WHY)
    assert _texts(panel) == ["50%", "50%"]
    assert _texts(ax) == ["n = 10 of 20", "n = 10 of 20"]
    assert len(ax.containers) == len(LABELS)
    assert panel.get_window_extent().x0 > max(text.get_window_extent().x1 for text in ax.texts)
    assert len({bars[0].get_hatch() for bars in panel.containers}) == len(WHY)


def test_without_shares_of_all_nothing_stands_apart():
    ax = figures.likert(_answers(["a"], [2, 0, 4, 3, 1], [1, 0, 4, 5]).drop(columns="share_of_all"))
    assert _drawn(ax).axes == [ax]
    assert _texts(ax) == ["n = 10"]


def test_what_was_withheld_and_what_nobody_answered_are_told_apart():
    frame = _answers(["asked of nobody", "withheld", "known"], [2, 0, 4, 3, 1], [0, 0, 0, 0])
    first = frame["text"] == "asked of nobody"
    frame.loc[first, ["share", "share_of_all"]] = [np.nan, 0.0]
    frame.loc[first & (frame["label"] == "Not asked"), "share_of_all"] = 1.0
    frame.loc[frame["text"] == "withheld", ["share", "share_of_all", "n_answered"]] = np.nan
    ax = figures.likert(frame)
    assert _texts(ax) == ["nobody answered", "withheld or no answer", "n = 10 of 10"]
    assert _texts(_panel(ax)) == ["100%", "0%"]


def test_likert_draws_on_the_axes_that_were_given_and_leaves_the_others_their_place():
    figure = Figure(figsize=(12, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    assert figures.likert(_answers(["a"], [1, 1, 1, 1, 1], [0, 0, 1, 0]), right) is right
    FigureCanvasAgg(figure).draw()
    assert len(figure.axes) == 3
    assert min(axes.get_position().x0 for axes in (right, figure.axes[2])) > left.get_position().x1
    free = Figure().add_axes((0.2, 0.2, 0.6, 0.6))
    panel = _panel(figures.likert(_answers(["a"], [1, 1, 1, 1, 1], [0, 0, 1, 0]), free))
    assert panel.get_position().x1 == pytest.approx(0.8)
    assert panel.get_position().x0 > free.get_position().x1


@pytest.mark.parametrize(("count", "share"), [(1, 0.5), (3, 0.02), (12, 0.02), (14, 0.5)])
def test_likert_of_any_size_lies_on_the_page(count: int, share: float):
    name = "The person I report to would look for a way to make a change of my working pattern work if I asked for it"
    why = [0, 0, round(1000 * share / 2), round(1000 * share / 2)]
    ax = figures.likert(_answers([f"{name} {at}" for at in range(count)], [100, 200, 400, 200, 100], why))
    assert _inside(ax)
    _, panel = ax.figure.axes
    page = ax.figure.bbox
    boxes = [text.get_window_extent() for text in (*panel.texts, *panel.get_legend().get_texts(), panel.xaxis.label)]
    assert all(box.x0 > page.x0 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1 for box in boxes)
    assert panel.get_legend().get_window_extent().x0 > ax.get_legend().get_window_extent().x1
    names = [text.get_window_extent() for text in ax.get_yticklabels()]
    assert all(above.y0 >= below.y1 - 1 for above, below in pairwise(names))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda frame: frame.drop(columns="share"), "DAT-003"),
        (lambda frame: frame[frame["kind"] != "answer"], "DAT-009"),
        (lambda frame: frame.iloc[1:], "DAT-009"),
        (lambda frame: frame.assign(text="the same"), "DAT-010"),
    ],
)
def test_likert_needs_the_same_categories_and_texts_of_their_own(
    change: Callable[[pd.DataFrame], pd.DataFrame], code: str
):
    with pytest.raises(DataError, match=code) as error:
        figures.likert(change(_answers(["a", "b"], [1, 1, 1, 1, 1], [0, 0, 0, 0])))
    # An item and its retrospective form, which have one text, are drawn by another function.
    assert ("likert_by_wave()" in str(error.value)) == (code == "DAT-010")


def test_the_waves_of_an_item_stand_below_each_other():
    rows = [
        {"wave": wave, "text": text, "label": label, "kind": "answer", "share": share, "n_answered": 30}
        for wave in ("before", "after")
        for text in ("I plan ahead", "I ask for help")
        for label, share in (("No", 0.4), ("Yes", 0.6))
    ]
    axes = figures.likert_by_wave(pd.DataFrame(rows))
    drawn = [label.get_text() for label in axes.get_yticklabels()]
    assert drawn == ["I plan ahead\nbefore", "after", "I ask for help\nbefore", "after"]
    with pytest.raises(DataError, match="DAT-003"):
        figures.likert_by_wave(pd.DataFrame(rows).drop(columns="wave"))
