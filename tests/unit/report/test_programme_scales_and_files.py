"""Numbers stand on their own scale and with their unit; the files hold what the page shows and no more."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pandas as pd
import pytest
from small_programme import ID

from evalkit.disclosure import load_profile, release
from evalkit.figures.estimates import panels
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import Headline, every_row, first_rows, headlines
from evalkit.programmes.library import load_programme
from evalkit.report import tables
from evalkit.report.programme_blocks import Report, Section
from evalkit.report.programme_full_tables import full_table
from evalkit.report.programme_numbers import Shown, forest, kind_title, numbers_table, scale_of, unit_words
from evalkit.report.programme_sheets import table_files
from evalkit.result import Method, estimates

NAN = float("nan")
RULES = load_profile()
NUMBERS = {
    "estimate": 0.4,
    "std_error": 0.1,
    "statistic": 4.0,
    "df": 20,
    "p_value": 0.001,
    "conf_low": 0.2,
    "conf_high": 0.6,
}
TITLE = "Place at work"


def part(
    programme_id: str,
    estimator: str,
    rows: list[dict[str, object]],
    unit: str = "points of the outcome",
    **more: object,
) -> Shown:
    programme = load_programme(programme_id)
    question = next(
        one
        for one in programme.questions
        if one.estimator == estimator and ("follow_up" in one.said) == more.pop("kept", "follow_up" in one.said)
    )
    method = Method("m", "e", unit, assumptions=more.pop("assumptions", ()))  # type: ignore[arg-type]
    result = estimates([{"term": TITLE, "n": 24, **NUMBERS, **row} for row in rows], method)
    about = question.outcomes[0] if question.outcomes else ""
    answer = Answer(question, result, about=(about,), terms=((TITLE, about),), **more)  # type: ignore[arg-type]
    released = release(result, RULES)
    return Shown(answer, released, headlines(answer, released, programme))


def line(**more: object) -> Headline:
    base = Headline(
        "Pay", "Pay", "change", "Pay", "", 9.0, 2.0, 16.0, 0.02, 24, "points", "people", "95 %", False, "", "x"
    )
    return replace(base, **more)  # type: ignore[arg-type]


def with_lines(*lines: Headline) -> Shown:
    return replace(part(ID, "mean_change", [{}]), lines=lines)


def test_numbers_on_two_scales_are_drawn_in_two_panels_and_the_table_names_the_scales() -> None:
    shown = with_lines(line(label="A"), line(label="B", about="y", estimate=0.3, low=-0.1, high=0.7), line(label="C"))
    ends = {"x": "0 to 100", "y": "1 to 5"}
    picture = forest([shown], "t", ends)
    assert picture is not None
    assert [one.get_xlabel() for one in picture.drawing.axes] == [
        "points on a scale from 0 to 100",
        "points on a scale from 1 to 5",
    ]
    low, high = picture.drawing.axes[1].get_xlim()
    assert high - low < 2
    assert [len(one.get_yticks()) for one in picture.drawing.axes] == [2, 1]
    assert picture.alt.startswith("A panel for each of 2 scales. 2 estimates in points on a scale from 0 to 100")
    table = numbers_table([shown], "t", ends=ends)
    assert table is not None
    assert [row[table.columns.index("Scale")] for row in table.rows] == ["0 to 100", "1 to 5", "0 to 100"]
    assert table.data is not None
    assert list(table.data["scale"]) == ["0 to 100", "1 to 5", "0 to 100"]


def test_a_figure_has_the_digits_of_its_table() -> None:
    # From the ticks of a drawing a mean can be measured to six digits, and with it what one person answered.
    long = {"estimate": 3.391667, "low": 3.131234, "high": 83.54855}
    picture = forest([with_lines(line(label="A", **long), line(label="B"))], "t")
    assert picture is not None
    (axes,) = picture.drawing.axes
    marks = {round(float(number), 6) for one in axes.lines for number in one.get_xdata()}
    marks |= {round(float(at), 6) for one in axes.collections for line in one.get_segments() for at, _ in line}
    assert {3.39, 3.13, 83.5} <= marks
    assert not {3.391667, 3.131234, 83.54855} & marks


def test_one_scale_is_one_panel_and_many_scales_are_not_drawn() -> None:
    one = forest([with_lines(line(), line(label="B"))], "t", {"x": "1 to 5"})
    assert one is not None
    assert len(one.drawing.axes) == 1
    assert "panel" not in one.alt
    many = [line(label=name, about=name) for name in "abcde"]
    assert forest([with_lines(*many)], "t", {name: f"0 to {at}" for at, name in enumerate("abcde", 1)}) is None
    assert forest([with_lines(line(), line(kind="ratio", unit=""))], "t") is None


def test_panels_are_as_high_as_their_rows_need() -> None:
    rows = [{"term": name, "group": None, "n": 9, **NUMBERS} for name in "abcd"]
    method = Method("m", "e", "u")
    drawing = panels([estimates(rows, method), estimates(rows[:1], method)], ["points", "days"])
    first, second = drawing.axes
    assert first.get_position().height > second.get_position().height
    assert [first.get_xlabel(), second.get_xlabel()] == ["points", "days"]


@pytest.mark.parametrize(
    ("more", "unit"),
    [
        ({}, "points"),
        ({"kind": "difference", "unit": "proportion"}, "percentage points"),
        ({"kind": "share", "unit": "proportion"}, "per cent"),
        ({"kind": "ratio", "unit": "", "times": "times as likely"}, "times as likely"),
        ({"kind": "ratio", "unit": "", "against": "that before the break"}, "times that before the break"),
        ({"kind": "mean", "unit": "sessions"}, "sessions"),
    ],
)
def test_each_number_has_its_unit(more: dict[str, object], unit: str) -> None:
    assert unit_words(line(**more)) == unit
    assert (scale_of(line(**more), {"x": "1 to 5"}) == "1 to 5") == (unit == "points")


def test_where_units_differ_they_have_a_column() -> None:
    table = numbers_table([with_lines(line(), line(kind="ratio", unit="", times="times the rate"))], "t")
    assert table is not None
    assert [row[table.columns.index("Unit")] for row in table.rows] == ["points", "times the rate"]
    alike = numbers_table([with_lines(line(), line())], "t")
    assert alike is not None
    assert alike.columns[1] == "Change, points"
    assert "Unit" not in alike.columns


def test_a_correlation_is_no_mean_and_equal_shares_have_no_lowest() -> None:
    pair = part("reciprocal-mentoring", "pair_agreement", [{}, {"term": f"{TITLE} two"}], unit="correlation")
    assert kind_title([pair]) == "Correlation"
    picture = forest([pair], "t")
    assert picture is not None
    assert picture.alt.startswith("2 estimates in correlation, ")
    shares = [line(kind="share", unit="proportion", label=name, estimate=0.96, low=0.8, high=0.99) for name in "ab"]
    same = forest([with_lines(*shares)], "t")
    assert same is not None
    assert same.alt.endswith("All are at 96 %.")


def test_files_hold_the_rows_and_columns_of_the_page() -> None:
    beside = {"floor_before": 0.05, "ceiling_after": 0.1, "n_before": 30, "quantity": "mean change"}
    rows = [{"group": name, **beside} for name in ("programme", "comparison")]
    rows += [{"group": "programme - comparison", **beside, "quantity": "difference in mean change"}]
    table = full_table(part("leadership-development", "adjusted_difference", rows), "All")
    assert table is not None
    assert table.data is not None
    assert len(table.data) == len(table.rows) == 3
    assert list(table.data.columns) == [
        "term",
        "group",
        "estimate",
        "p_value",
        "conf_low",
        "conf_high",
        "n",
        "quantity",
    ]
    report = Report("r", "t", "s", "o", "s", (Section("x", 2, (table,)),), {})
    (content,) = [content for name, content in table_files(report).items() if name.endswith(".csv")]
    head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert head == list(table.data.columns)
    assert len(lines) == 3


def test_rows_without_a_number_are_in_no_file() -> None:
    none = dict.fromkeys(NUMBERS, NAN)
    rows = [{"group": "improved"}, {"group": "unchanged"}, {"group": "deteriorated"}, {"group": "session_4", **none}]
    table = full_table(part("return-to-work-mentoring", "reliable_change", rows, unit="proportion of people"), "All")
    assert table is not None
    assert table.data is not None
    assert len(table.rows) == len(table.data) == 3
    assert table.notes[-1].startswith("1 row left out")


@pytest.mark.parametrize(("share", "told"), [(0.05, False), (0.5, True), (0.95, False)])
def test_a_share_of_few_people_beside_an_estimate_is_withheld(share: float, *, told: bool) -> None:
    rows = [{"group": name, "n": 40, "no_room": share} for name in ("improved", "unchanged", "deteriorated")]
    table = full_table(part("return-to-work-mentoring", "reliable_change", rows, unit="proportion of people"), "All")
    assert table is not None
    assert table.data is not None
    cells = {row[table.columns.index("No room")] for row in table.rows}
    assert (cells == {"withheld"}) is not told
    assert bool(table.data["no_room"].isna().all()) is not told


def test_terms_of_adjustment_are_named_and_left_out() -> None:
    rows = [{"term": "mentored", "group": "mentored / not mentored"}, {"term": "sex", "group": "women / men"}]
    rows += [{"term": "age_band", "group": "35-44 / 25-34"}]
    shown = part("leadership-development", "subdistribution_hazard_ratio", rows, unit="subdistribution hazard ratio")
    assert full_table(shown, "All") is None
    table = numbers_table([shown], "t")
    assert table is not None
    assert table.data is not None
    assert len(table.rows) == len(table.data) == 1
    assert "The model also holds sex, age band, to make people comparable." in " ".join(table.notes)


WAVES = [
    {"group": "before", "quantity": "mean"},
    {"group": "follow_up", "quantity": "mean"},
    {"group": "follow_up - before", "quantity": "change from baseline"},
    {"group": "follow_up - before over after - before", "quantity": "share of the gain kept"},
]


def test_waves_have_their_titles_in_full_tables() -> None:
    shown = part("return-to-work-mentoring", "wave_change", WAVES, assumptions=("networks: reliability 0.8",))
    table = full_table(shown, "All", load_programme("return-to-work-mentoring"), {"networks": "1 to 5"})
    assert table is not None
    groups = [row[table.columns.index("Group")] for row in table.rows]
    assert groups == [
        "Before the first meeting",
        "Six months after the mentoring",
        "Six months after the mentoring, against before the first meeting",
        "Six months after the mentoring, against at the end of the mentoring",
    ]
    assert f"{TITLE}: reliability 0.8" in table.notes
    assert "Points are of a scale from 1 to 5." in table.notes


def test_a_gain_is_kept_only_where_the_plan_has_a_follow_up() -> None:
    programme = load_programme("looking-after-you-too-coaching")
    for kept in (True, False):
        table = full_table(part(programme.id, "wave_change", WAVES, kept=kept), "All", programme)
        assert table is not None
        assert any("kept" in cell for row in table.rows for cell in row) is kept


def test_waves_of_a_subgroup_have_their_titles() -> None:
    rows = [{"term": f"{TITLE}, follow_up - before", "group": "bereavement", "quantity": "change from baseline"}]
    shown = part("return-to-work-mentoring", "wave_change", rows, subgroup="leave")
    assert shown.lines[0].label == f"{TITLE}, bereavement: six months after the mentoring"
    assert "six months after the mentoring, against before the first meeting" in shown.lines[0].subject


def metrics() -> Shown:
    rows: list[dict[str, object]] = []
    for year, estimate in ((2022, 1.38), (2025, 0.72)):
        last = {"status": "on track", "target": 1.0, "target_year": 2028.0} if year == 2025 else {}
        about = {"metric": "2a", "title": "appointment", "indicator": "relative_likelihood_appointment"}
        rows.append(
            {
                "term": "relative_likelihood",
                "group": "white over BME",
                "unit": "ratio",
                **about,
                "n": 96,
                "leavers": 7.0,
            }
            | {"year": year, "latest": year == 2025, "estimate": estimate, "conf_low": 0.3, "conf_high": 2.0, **last}
        )
    about = {"metric": "disparity", "title": "race disparity ratio", "indicator": "disparity_ratio_middle_to_upper"}
    rows.append(
        {
            "term": "middle_to_upper",
            "group": "white over BME",
            "unit": "ratio",
            **about,
            "n": 3,
            "year": 2025,
            "latest": True,
        }
    )
    return part("edi-improvement-plan", "edi_plan", rows, unit="by row")


def test_the_metrics_of_the_plan_have_the_columns_that_a_reader_needs() -> None:
    table = full_table(metrics(), "All", load_programme("edi-improvement-plan"))
    assert table is not None
    assert table.columns == (
        "Of what",
        "Metric",
        "Year",
        "Value",
        "95 % interval",
        "Unit",
        "People",
        "Target",
        "On track",
    )
    what = "Appointment from the shortlist, white applicants against BME applicants"
    assert table.rows[1] == (what, "2a", "2025", "0.72", "0.30 to 2.00", "times as likely", "96", "1.00 by 2028", "yes")
    assert table.rows[0][0] == what
    assert table.rows[0][-2:] == ("–", "–")
    assert table.rows[2][1] == "race disparity ratio"
    assert table.rows[2][3] == "withheld"
    assert table.data is not None
    assert not {"leavers", "std_error", "n_events", "baseline"} & set(table.data.columns)
    text = " ".join(cell for row in table.rows for cell in row)
    assert "_" not in text
    assert "(disparity)" not in " ".join(one.label for one in metrics().lines)


def test_every_row_is_put_into_words_and_the_first_are_among_them() -> None:
    shown = metrics()
    programme = load_programme("edi-improvement-plan")
    assert len(every_row(shown.answer, shown.released, programme)) == 3
    assert list(first_rows(shown.answer)) == [False, True, True]
    assert next(one.estimate for one in shown.lines) == 0.72


def test_years_have_no_comma_and_yes_is_no_true() -> None:
    frame = pd.DataFrame({"term": ["a", "b"], "target_year": [2028.0, NAN], "latest": [True, None], "n": [20, 30]})
    read = tables.readable(release_of(frame))
    assert list(read["Target year"]) == ["2028", "–"]
    assert list(read["Latest"]) == ["yes", "–"]


def release_of(frame: pd.DataFrame) -> object:
    from evalkit.disclosure import Released

    return Released(frame, ("n",), RULES)
