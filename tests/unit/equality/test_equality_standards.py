"""The nine indicators and the improvement plan: what is counted, in which direction, and what cannot be computed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.equality.inputs import check_frames
from evalkit.equality.mappings import ethnic_group
from evalkit.equality.plan import edi_plan
from evalkit.equality.plan_progress import Latest, Target, path, status
from evalkit.equality.race_standard import wres
from evalkit.equality.race_standard_counts import wres_counts
from evalkit.errors import DataError, EstimationError
from evalkit.numeric.proportions import koopman, newcombe
from evalkit.simulate.workforce import simulate_workforce

KEYS = ["year", "indicator", "part", "group"]


@pytest.fixture(scope="module")
def trust() -> Any:
    return check_frames(simulate_workforce(n=1500, years=3, seed=4).frames)


def counts() -> pd.DataFrame:
    rows = [
        ("1", "clinical, Band 5", "BME", 40, 40), ("1", "clinical, Band 5", "white", 60, 60),
        ("1", "clinical, Band 8a", "BME", 5, 5), ("1", "clinical, Band 8a", "white", 45, 45),
        ("2", "", "BME", 90, 18), ("2", "", "white", 200, 60), ("2", "", "not stated", 10, 3),
        ("3", "", "BME", 45, 3), ("3", "", "white", 105, 4), ("4", "", "BME", 45, 30), ("4", "", "white", 105, 80),
        ("5", "", "BME", 80, 30), ("5", "", "white", 100, 25), ("7", "", "BME", 80, 30), ("7", "", "white", 100, 60),
        ("9", "board", "BME", 1, 1), ("9", "board", "white", 9, 9), ("9", "board", "not stated", 2, 2),
        ("9", "rest of the workforce", "BME", 44, 44), ("9", "rest of the workforce", "white", 96, 96),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["indicator", "part", "group", "n", "events"]).assign(year=2024)


def codes(error: pytest.ExceptionInfo[Any]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def only(frame: pd.DataFrame, **wanted: object) -> pd.Series:
    for name, value in wanted.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_each_ratio_has_its_own_direction() -> None:
    frame = wres(counts()).frame
    for indicator, group, cells in (
        ("2", "white over BME", (60, 200, 18, 90)),
        ("3", "BME over white", (3, 45, 4, 105)),
        ("4", "white over BME", (80, 105, 30, 45)),
    ):
        row = only(frame, indicator=indicator, term="relative_likelihood")
        expected = koopman(*cells)
        assert row["group"] == group
        assert (row["adverse"], row["adverse_above_one"]) == ("above 1", True)
        assert row[["estimate", "conf_low", "conf_high"]].astype(float).tolist() == pytest.approx(
            [expected.estimate, expected.low, expected.high]
        )


def test_worked_example_in_print() -> None:
    cells = pd.DataFrame({"group": ["white", "BME"], "n": [10_000, 10_000], "events": [4699, 1465]})
    frame = wres(cells.assign(indicator="2", part="", year=2024)).frame
    assert round(only(frame, indicator="2", term="relative_likelihood")["estimate"], 1) == 3.2


def test_survey_gaps_are_bme_less_white() -> None:
    frame = wres(counts()).frame
    row = only(frame, indicator="5", term="gap")
    expected = newcombe(30, 80, 25, 100)
    assert [row["estimate"], row["conf_low"]] == pytest.approx([expected.estimate, expected.low])
    assert (row["group"], row["adverse"]) == ("BME less white", "above 0")
    assert only(frame, indicator="7", term="gap")["adverse"] == "below 0"


def test_bands_stand_against_the_whole_workforce_and_the_board_against_it() -> None:
    frame = wres(counts()).frame
    band = only(frame, indicator="1", term="gap", band="clinical, Band 8a", group="BME")
    assert band["estimate"] == pytest.approx(5 / 50 - 45 / 150)
    board = only(frame, indicator="9", term="gap", group="BME")
    assert board["estimate"] == pytest.approx(1 / 12 - 45 / 152)
    assert board["adverse"] == "below 0"
    assert board["conf_low"] < board["estimate"] < board["conf_high"]
    assert board["conf_high"] - board["conf_low"] > 0.2
    assert set(frame.loc[frame["indicator"] == "9", "band"]) == {"all", "board"}
    assert "all" not in set(frame.loc[(frame["indicator"] == "1") & (frame["term"] == "gap"), "band"])


def test_what_cannot_be_computed_is_named_with_why() -> None:
    frame = wres(counts()).frame
    assert frame.loc[frame["term"] == "not computable", "indicator"].tolist() == ["6", "8"]
    assert only(frame, indicator="6")["flag"] == "not computable: no counts of it"
    alone = counts().query("indicator == '2'").assign(n=lambda d: d["n"].where(d["group"] != "BME", 1), events=0)
    both = pd.concat([alone, counts().query("indicator == '3'")])
    assert "one person or nobody" in only(wres(both).frame, indicator="2")["flag"]
    with pytest.raises(EstimationError) as error:
        wres(alone)
    assert codes(error) == ["EST-001"]


def test_bad_counts_all_at_once() -> None:
    bad = pd.concat([counts(), counts().head(1)], ignore_index=True)
    bad.loc[1, "group"], bad.loc[2, "indicator"], bad.loc[4, "events"] = "purple", "10", 91
    with pytest.raises(DataError) as error:
        wres(bad)
    assert sorted(codes(error)) == ["DAT-006", "DAT-006", "DAT-007", "DAT-010"]
    with pytest.raises(DataError) as error:
        wres(5)  # type: ignore[arg-type]
    assert codes(error) == ["DAT-009"]


def test_all_nine_from_the_standard_inputs(trust: Any) -> None:
    frame = wres(trust).frame
    assert sorted(frame["indicator"].unique()) == list("123456789")
    assert not (frame["term"] == "not computable").any()
    again = wres(wres_counts(trust.frames)).frame
    pd.testing.assert_frame_equal(frame, again)


def test_denominators_of_the_standard_inputs(trust: Any) -> None:
    table = wres_counts(trust.frames)
    staff, funnel = trust.frames["staff_in_post"], trust.frames["recruitment"]
    last = int(staff["snapshot"].dt.year.max())
    now = table[table["year"] == last].groupby("indicator")[["n", "events"]].sum()
    heads = int((staff["snapshot"].dt.year == last).sum())
    assert now.loc["1", "n"] == now.loc["9", "n"] == heads
    listed = funnel[(funnel["year"] == last) & funnel["shortlisted"]]
    assert now.loc["2"].tolist() == [len(listed), listed["appointed"].sum()]
    cpd = trust.frames["cpd"]
    assert now.loc["4", "events"] == cpd.loc[cpd["year"] == last, "accessed"].sum()
    assert heads <= now.loc["3", "n"] <= heads + now.loc["3", "events"]
    entered = trust.frames["disciplinary"]["entered"]
    day = staff["snapshot"].max()
    inside = (entered <= day) & (entered > staff["snapshot"][staff["snapshot"] < day].max())
    people = trust.frames["disciplinary"].loc[inside, "person"].nunique()
    assert now.loc["3", "events"] == people


@pytest.mark.parametrize("kind", [str, "category", "int32"])
def test_people_are_found_whatever_names_them(trust: Any, kind: Any) -> None:
    """Categories differ from file to file; someone with an outcome may be in no snapshot of the year."""
    staff, entered = trust.frames["staff_in_post"], trust.frames["disciplinary"]
    last = staff["snapshot"].max()
    left = staff.loc[~staff["person"].isin(staff.loc[staff["snapshot"] == last, "person"]), "person"].iloc[0]
    more = pd.DataFrame({"person": [left, 10**6], "entered": last - pd.Timedelta(days=9)})
    frames = {**trust.frames, "disciplinary": pd.concat([entered, more], ignore_index=True)}
    before, usual = (wres_counts(each, indicators="34") for each in (trust.frames, frames))
    added = (usual.set_index(KEYS) - before.set_index(KEYS))[lambda rows: rows["n"] != 0].reset_index()
    of = str(ethnic_group(staff.loc[staff["person"] == left, "ethnicity"])[0])
    assert added[["year", "indicator"]].drop_duplicates().to_dict("list") == {"year": [last.year], "indicator": ["3"]}
    assert added.set_index("group")[["n", "events"]].to_dict("index") == {
        of: {"n": 1, "events": 1}, "not stated": {"n": 1, "events": 1},
    }  # fmt: skip
    named = {name: frame.astype({"person": kind}) if "person" in frame else frame for name, frame in frames.items()}
    pd.testing.assert_frame_equal(wres_counts(named, indicators="34"), usual)


def test_missing_inputs_of_the_standard_are_named() -> None:
    frames = simulate_workforce(n=300, years=1, seed=2).frames
    found = wres({"staff_in_post": frames["staff_in_post"]}).frame
    reasons = found[found["term"] == "not computable"].set_index("indicator")["flag"]
    assert reasons.index.tolist() == ["2", "3", "4", "5", "6", "7", "8"]
    assert reasons["2"] == "not computable: no recruitment"


def test_plan_has_every_metric_and_names_what_it_lacks(trust: Any) -> None:
    frame = edi_plan(trust).frame
    metrics = [f"{action}{letter}" for action, letters in zip(range(1, 7), ("a", "abcdef", "a", "ab", "abc", "abc"),
                                                             strict=True) for letter in letters]  # fmt: skip
    assert [name for name in frame["metric"].unique() if name[0].isdigit()] == metrics
    lacking = frame[frame["term"] == "not computable"].set_index("metric")["flag"]
    assert lacking.index.tolist() == ["1a", "2f", "4b", "5c", "6c"]
    assert lacking["1a"] == "not computable: no standard input holds it"
    latest = frame[frame["latest"] == True]  # noqa: E712 - a column of objects
    assert (latest["year"] == str(trust.years[-1])).all()
    assert latest["status"].notna().all()


def test_plan_values_agree_with_the_indicators(trust: Any) -> None:
    frame = edi_plan(trust).frame
    standard = wres(trust).frame
    last = str(trust.years[-1])
    for indicator, name in (("2", "appointment"), ("3", "disciplinary"), ("4", "cpd")):
        mine = frame[(frame["indicator"] == f"relative_likelihood_{name}") & (frame["year"] == last)].iloc[0]
        theirs = standard[(standard["indicator"] == indicator) & (standard["year"] == last)]
        assert mine["estimate"] == only(theirs, term="relative_likelihood")["estimate"]
    pay = trust.frames["pay"].merge(trust.frames["staff_in_post"], on=["person", "snapshot"])
    pay = pay[(pay["snapshot"].dt.year == int(last)) & pay["full_pay"]]
    means = pay.groupby(pay["sex"].astype(str))["hourly"].mean()
    row = only(frame, indicator="pay_gap_mean", year=last, group="men less women, over men")
    assert row["estimate"] == pytest.approx(1 - means["female"] / means["male"])
    vacant = trust.frames["vacancies"]
    vacant = vacant[vacant["year"] == int(last)]
    expected = vacant["vacant"].sum() / vacant["posts"].sum()
    assert only(frame, indicator="vacancy_rate", year=last)["estimate"] == pytest.approx(expected)


def test_metrics_of_those_recruited_abroad(trust: Any) -> None:
    last = trust.years[-1]
    asked = trust.frames["survey"]
    mine = asked[(asked["characteristic"] == "recruited") & (asked["year"] == last)]
    rows = edi_plan(trust).frame
    rows = rows[rows["year"] == str(last)]
    for metric, key, sign in (("5a", "belonging", "below 0"), ("5b", "harassment_staff", "above 0")):
        found = rows[rows["metric"] == metric].set_index("term")
        (yes, no) = (mine[(mine["question"] == key) & (mine["group"] == name)].iloc[0] for name in ("yes", "no"))
        assert found.loc["share", "group"] == "recruited abroad"
        assert found.loc["share", "estimate"] == yes["agreed"] / yes["answered"]
        expected = yes["agreed"] / yes["answered"] - no["agreed"] / no["answered"]
        assert found.loc["gap", "estimate"] == pytest.approx(expected)
        assert found.loc["gap", "adverse"] == sign
    frames = dict(trust.frames)
    frames["survey"] = asked[asked["characteristic"] != "recruited"]
    lacking = edi_plan(check_frames(frames)).frame.query("metric == '5a'")["flag"]
    assert lacking.tolist() == ["not computable: no question belonging by recruited in survey"]


def test_reasons_are_those_of_the_indicator(trust: Any) -> None:
    staff = trust.frames["staff_in_post"]
    gone = trust.frames["leavers"]
    first = staff[staff["snapshot"] == staff["snapshot"].min()]
    one = {"staff_in_post": first, "leavers": gone[gone["person"].isin(first["person"])]}
    reasons = edi_plan(check_frames(one)).frame.query("term == 'not computable'").set_index("metric")["flag"]
    assert reasons["turnover"].startswith("not computable: staff: 1 snapshot, expected at least two snapshots")
    assert reasons["stability"].endswith("expected two snapshots a year apart")
    assert reasons["vacancies"] == "not computable: needs vacancies"
    without = {"staff_in_post": one["staff_in_post"].drop(columns="started")}
    reasons = edi_plan(check_frames(without)).frame.query("term == 'not computable'").set_index("metric")["flag"]
    assert reasons["turnover"] == "not computable: needs leavers"
    assert reasons["stability"] == "not computable: needs column started in staff-in-post"


def test_plan_finds_pay_whose_rows_are_in_another_order(trust: Any) -> None:
    frames = dict(trust.frames)
    frames["pay"] = frames["pay"].sample(frac=1, random_state=3).iloc[:-40]
    frames["pay"] = pd.concat([frames["pay"], trust.frames["pay"].drop(frames["pay"].index)], ignore_index=True)
    wanted = ["indicator", "group", "year", "estimate"]
    one, other = (edi_plan(check_frames(each)).frame for each in (trust.frames, frames))
    pay = [frame.loc[frame["metric"] == "3a", wanted].reset_index(drop=True) for frame in (one, other)]
    pd.testing.assert_frame_equal(*pay)


def test_targets_set_baseline_and_status(trust: Any) -> None:
    first, last = trust.years[0], trust.years[-1]
    targets = pd.DataFrame(
        {
            "indicator": ["vacancy_rate", "survey_discrimination: BME less white"],
            "baseline_year": first,
            "target_year": last,
            "target": [0.001, -0.9],
        }
    )
    frame = edi_plan(trust, targets=targets).frame
    row = only(frame, indicator="vacancy_rate", year=str(last))
    assert row["baseline"] == only(frame, indicator="vacancy_rate", year=str(first))["estimate"]
    assert (row["target"], row["target_year"], row["status"]) == (0.001, last, "missed")
    gaps = frame[(frame["indicator"] == "survey_discrimination") & (frame["year"] == str(last))].set_index("group")
    assert gaps.loc["BME less white", "status"] == "missed"
    assert gaps.loc["all", "status"] == "no target"
    wrong = pd.DataFrame(
        {"indicator": ["vacancies", "vacancy_rate", "vacancy_rate"], "baseline_year": [first, last, first],
         "target_year": [last, first, last], "target": [0.1, 0.1, math.nan]}
    )  # fmt: skip
    with pytest.raises(DataError) as error:
        edi_plan(trust, targets=wrong)
    assert codes(error) == ["DAT-006", "DAT-007", "DAT-004"]


GOAL = Target(2020, 2030, 1.0)


@pytest.mark.parametrize(
    ("baseline", "latest", "worse", "expected"),
    [
        (2.0, (2025, 0.9, 0.8, 1.0), True, "reached"),
        (2.0, (2025, 1.2, 1.1, 1.41), True, "on track"),
        (2.0, (2025, 1.4, 1.1, 1.6), True, "not clear, point on track"),
        (2.0, (2025, 1.5, 1.3, 1.8), True, "not clear, point off track"),
        (2.0, (2025, 1.8, 1.5, 2.1), True, "off track"),
        (2.0, (2030, 1.8, 1.5, 2.1), True, "missed"),
        (2.0, (2031, 1.1, 0.9, 1.3), True, "not clear, point off track"),
        (0.5, (2025, 0.9, 0.8, 0.95), False, "on track"),
        (0.5, (2025, 0.6, 0.55, 0.65), False, "off track"),
        (0.5, (2025, 0.6, 0.55, 0.65), True, "reached"),
        (0.5, (2025, 1.3, 1.1, 1.5), True, "off track"),
        (1.0, (2025, 0.9, 0.8, 1.1), True, "not clear, point on track"),
        (math.nan, (2025, 1.8, 1.5, 2.1), True, "no baseline"),
        (2.0, (2020, 2.0, 1.5, 2.1), True, "no later value"),
        (2.0, (2025, 1.2, math.nan, math.nan), True, "not clear, point on track"),
        (0.5, (2025, 1.3, 1.1, 1.5), None, "no adverse side"),
    ],
)
def test_status_by_the_interval(
    baseline: float,
    latest: tuple[int, float, float, float],
    worse: bool | None,  # noqa: FBT001
    expected: str,
) -> None:
    assert status(baseline, Latest(*latest), GOAL, ratio=True, adverse_above=worse) == expected


def test_path_is_straight_on_its_scale() -> None:
    assert path(2.0, GOAL, 2025, ratio=True) == pytest.approx(math.sqrt(2))
    assert path(2.0, GOAL, 2025, ratio=False) == pytest.approx(1.5)
    assert path(2.0, GOAL, 2040, ratio=True) == pytest.approx(1.0)
    assert path(0.0, GOAL, 2025, ratio=True) == pytest.approx(0.5)
    assert np.isfinite(path(-1.0, GOAL, 2025, ratio=True))
