"""The synthetic workforce shows what its truth says, and is what the standard inputs ask for."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError
from evalkit.simulate import SimulatedWorkforce, simulate_workforce
from evalkit.simulate.workforce_model import Disparities, chain_of

N, YEARS, LAST = 150_000, 3, 2025
SEVERAL = 4.5  # standard errors; some two hundred comparisons with one seed


@pytest.fixture(scope="module")
def large() -> SimulatedWorkforce:
    return simulate_workforce(N, YEARS, seed=11, representation=0.3, progression=0.5, leaving=1.4, pay_within=0.05)


def bme(values: pd.Series) -> pd.Series:
    first = values.astype(str).str.partition(":")[0]
    return first.map({"White": "white", "not stated": "not stated"}).fillna("BME")


def share_is_near(found: float, truth: float, n: float) -> bool:
    return abs(found - truth) <= SEVERAL * math.sqrt(truth * (1 - truth) / n) + 1e-12


def of_year(made: SimulatedWorkforce, indicator: str, year: int) -> dict[str, float]:
    rows = made.truth[(made.truth["indicator"] == indicator) & (made.truth["year"] == year)]
    return dict(zip(rows["group"], rows["value"], strict=True))


def staff_at(made: SimulatedWorkforce, year: int) -> pd.DataFrame:
    staff = made.frames["staff_in_post"]
    held = staff[staff["snapshot"] == pd.Timestamp(year, 3, 31)]
    return held.assign(group=bme(held["ethnicity"]))


def test_every_indicator_has_a_truth_in_every_year(large: SimulatedWorkforce) -> None:
    counts = large.truth.groupby(["indicator", "group"])["year"].agg(list)
    first = [LAST - 2, LAST - 1, LAST]
    for (indicator, group), years in counts.items():
        turnover = indicator.startswith(("leaver", "stability"))
        assert years == (first[1:] if turnover else first), (indicator, group)
    assert np.isfinite(large.truth["value"]).all()
    assert large.truth["indicator"].nunique() == 27


def test_representation_and_progression(large: SimulatedWorkforce) -> None:
    for year in (LAST - 2, LAST):
        staff, truth = staff_at(large, year), of_year(large, "representation", year)
        assert len(staff) == N
        assert share_is_near((staff["group"] == "BME").mean(), truth["BME, all"], N)
        assert share_is_near((staff["sex"] == "female").mean(), truth["women, all"], N)
        gaps = of_year(large, "representation_gap", year)
        for band, held in staff.groupby("band", observed=True):
            share = truth[f"BME, {band}"]
            assert share_is_near((held["group"] == "BME").mean(), share, len(held)), (year, band)
            assert gaps[f"BME, {band}"] == pytest.approx(share - truth["BME, all"])
    assert of_year(large, "representation", LAST)["BME, VSM"] < of_year(large, "representation", LAST)["BME, Band 2"]


def test_disparity_ratio(large: SimulatedWorkforce) -> None:
    staff = staff_at(large, LAST)
    number = staff["band"].cat.codes
    cluster = np.select([number <= 3, number <= 5], ["lower", "middle"], "upper")
    held = pd.crosstab(staff["group"], cluster)
    for low, high in (("lower", "middle"), ("middle", "upper"), ("lower", "upper")):
        table = held.loc[["white", "BME"], [low, high]]
        found = math.log(
            table.loc["white", high] / table.loc["white", low] * table.loc["BME", low] / table.loc["BME", high]
        )
        error = math.sqrt((1 / table.to_numpy()).sum())
        truth = of_year(large, "disparity_ratio", LAST)[f"{low} to {high}"]
        assert abs(found - math.log(truth)) < SEVERAL * error
        assert truth > 1.1


def ratio_is_near(yes: pd.Series, group: pd.Series, over: tuple[str, str], truth: float) -> bool:
    counts = yes.groupby(group).agg(["sum", "size"])
    one, other = counts.loc[over[0]], counts.loc[over[1]]
    found = math.log(one["sum"] / one["size"] / (other["sum"] / other["size"]))
    error = math.sqrt(1 / one["sum"] - 1 / one["size"] + 1 / other["sum"] - 1 / other["size"])
    return abs(found - math.log(truth)) < SEVERAL * error


@pytest.mark.parametrize("year", [LAST - 2, LAST])
def test_likelihoods(large: SimulatedWorkforce, year: int) -> None:
    staff = staff_at(large, year)
    jobs = large.frames["recruitment"]
    short = jobs[(jobs["year"] == year) & jobs["shortlisted"]]
    truth = of_year(large, "relative_likelihood_appointment", year)["white over BME"]
    assert ratio_is_near(short["appointed"], bme(short["ethnicity"]), ("white", "BME"), truth)
    entered = large.frames["disciplinary"]
    end = pd.Timestamp(year, 3, 31)
    inside = entered[(entered["entered"] > end - pd.DateOffset(years=1)) & (entered["entered"] <= end)]
    truth = of_year(large, "relative_likelihood_disciplinary", year)["BME over white"]
    assert ratio_is_near(staff["person"].isin(inside["person"]), staff["group"], ("BME", "white"), truth)
    cpd = large.frames["cpd"]
    accessed = cpd[cpd["year"] == year].set_index("person")["accessed"].reindex(staff["person"]).to_numpy(bool)
    truth = of_year(large, "relative_likelihood_cpd", year)["white over BME"]
    assert ratio_is_near(pd.Series(accessed, index=staff.index), staff["group"], ("white", "BME"), truth)


def test_disparities_fall_with_the_trend() -> None:
    made = simulate_workforce(50, 3, seed=1, appointment=2.0, survey=0.1, trend=0.2)
    ratios = [of_year(made, "relative_likelihood_appointment", year)["white over BME"] for year in (2023, 2024, 2025)]
    assert np.log(ratios) / math.log(2) == pytest.approx([1, 0.8, 0.64])
    gaps = [of_year(made, "survey_harassment_staff", year)["BME minus white"] for year in (2023, 2024, 2025)]
    assert gaps == pytest.approx([0.1, 0.08, 0.064])
    assert of_year(made, "survey_equal_opportunity", 2023)["BME minus white"] == pytest.approx(-0.1)


def median_error(values: pd.Series) -> float:
    """Standard error of the log of a median, from the density around it."""
    low, high = values.quantile([0.49, 0.51])
    return 0.5 / math.sqrt(len(values)) * (high - low) / 0.02 / values.median()


def test_pay(large: SimulatedWorkforce) -> None:
    pay = large.frames["pay"][large.frames["pay"]["snapshot"] == pd.Timestamp(LAST, 3, 31)]
    people = staff_at(large, LAST).merge(pay, on="person")
    assert len(people) == N
    full = people[people["full_pay"]]
    for column, one, other, group in (("sex", "female", "male", "women against men"),
                                      ("group", "BME", "white", "BME against white")):  # fmt: skip
        below, above = (full.loc[full[column] == level, "hourly"] for level in (one, other))
        error = math.sqrt(sum(part.var() / len(part) / part.mean() ** 2 for part in (below, above)))
        mean = of_year(large, "pay_gap_mean", LAST)[group]
        assert abs(math.log(below.mean() / above.mean()) - math.log1p(-mean)) < SEVERAL * error
        error = math.hypot(median_error(below), median_error(above))
        median = of_year(large, "pay_gap_median", LAST)[group]
        assert abs(math.log(below.median() / above.median()) - math.log1p(-median)) < SEVERAL * error
        assert min(mean, median) > 0.02
    rest = full[full["sex"].isin(["female", "male"])].sort_values("hourly", kind="stable")
    quarters = np.array_split((rest["sex"] == "female").to_numpy(), 4)
    truth = of_year(large, "quarter_share", LAST)
    for quarter, name in zip(quarters, ("lower", "lower middle", "upper middle", "upper"), strict=True):
        assert share_is_near(quarter.mean(), truth[f"women, {name}"], len(quarter))
    given = people.groupby("sex", observed=True)["bonus"]
    shares = of_year(large, "bonus_share", LAST)
    assert share_is_near(given.count()["female"] / given.size()["female"], shares["women"], given.size()["female"])
    assert share_is_near(given.count()["male"] / given.size()["male"], shares["men"], given.size()["male"])
    women, men = (np.log(people.loc[people["sex"] == sex, "bonus"].dropna()) for sex in ("female", "male"))
    error = math.hypot(women.std() / math.sqrt(len(women)), men.std() / math.sqrt(len(men)))
    assert (
        abs(women.mean() - men.mean() - math.log1p(-of_year(large, "bonus_gap_mean", LAST)["women against men"]))
        < 5 * error
    )


def test_survey_answers(large: SimulatedWorkforce) -> None:
    survey = large.frames["survey"]
    assert (survey["agreed"] <= survey["answered"]).all()
    compared = 0
    for row in survey[survey["year"] == LAST].itertuples():
        name = {"disability": "disabled: ", "recruited": "recruited abroad: "}.get(row.characteristic, "") + row.group
        truth = of_year(large, f"survey_{row.question}", LAST).get(name)
        if truth is not None:
            compared += 1
            assert share_is_near(row.agreed / row.answered, truth, row.answered), row
    assert compared == 36
    totals = survey.groupby(["year", "question", "characteristic"])[["answered", "agreed"]].sum()
    splits = totals.unstack("characteristic")
    for other in ("disability", "recruited"):
        assert (splits["answered", "ethnicity"] == splits["answered", other]).all()
        assert (splits["agreed", "ethnicity"] == splits["agreed", other]).all()
    asked = survey[survey["year"] == LAST].set_index(["question", "characteristic", "group"])
    share = asked["agreed"] / asked["answered"]
    gaps = share.xs(("recruited", "yes"), level=(1, 2)) - share.xs(("recruited", "no"), level=(1, 2))
    assert gaps["belonging"] < -0.05 < 0.05 < gaps["harassment_staff"]


def test_targets_have_a_baseline() -> None:
    targets = simulate_workforce(50, 3, seed=1).frames["targets"].set_index("indicator")
    assert targets.loc["leaver_rate", "baseline_year"] == LAST - 1  # the first period ends then
    assert targets.loc["pay_gap_mean", "baseline_year"] == LAST - 2
    assert (targets["target_year"] == LAST + 3).all()
    assert "leaver_rate" not in set(simulate_workforce(50, 1, seed=1).frames["targets"]["indicator"])


def test_turnover(large: SimulatedWorkforce) -> None:
    breaks = {"Maternity Leave", "Career Break"}
    leavers = large.frames["leavers"]
    for year in (LAST - 1, LAST):
        before, now = staff_at(large, year - 1), staff_at(large, year)
        inside = leavers["left"].between(pd.Timestamp(year - 1, 4, 1), pd.Timestamp(year, 3, 30))
        gone = leavers[inside].merge(before[["person", "group"]], on="person")
        assert len(gone) == inside.sum() == (~before["person"].isin(now["person"])).sum()
        for name in ("all", "BME", "white"):
            part, first, last = (rows if name == "all" else rows[rows["group"] == name] for rows in (gone, before, now))
            mean = (len(first) + len(last)) / 2
            lost = (~part["reason"].isin(breaks)).sum()
            assert share_is_near(len(part) / mean, of_year(large, "leaver_rate_all_exits", year)[name], mean)
            assert share_is_near(lost / mean, of_year(large, "leaver_rate", year)[name], mean)
            served = (last["started"] <= pd.Timestamp(year - 1, 3, 31)).sum()
            assert served == len(first) - len(part)
            for remain, indicator in ((served, "stability_index_all_exits"), (len(first) - lost, "stability_index")):
                assert share_is_near(remain / len(first), of_year(large, indicator, year)[name], len(first))
    rates = of_year(large, "leaver_rate", LAST)
    assert rates["BME"] > 1.2 * rates["white"]
    assert of_year(large, "leaver_rate_ratio", LAST)["BME over white"] == pytest.approx(rates["BME"] / rates["white"])


def test_board(large: SimulatedWorkforce) -> None:
    staff = staff_at(large, LAST)
    board = staff[staff["board"] == "yes"]
    assert set(board["band"]) == {"VSM"}
    whole = of_year(large, "representation", LAST)["BME, all"]
    truth = of_year(large, "board_gap", LAST)["BME"]
    assert share_is_near((board["group"] == "BME").mean(), truth + whole, len(board))
    assert truth < -0.05


def test_without_disparities_there_is_none() -> None:
    even = dict.fromkeys(
        ("appointment", "disciplinary", "cpd", "leaving", "progression", "representation", "board"), 1.0
    )
    made = simulate_workforce(50, 1, seed=1, pay_within=0.0, survey=0.0, **even)
    for indicator in ("relative_likelihood_appointment", "relative_likelihood_disciplinary", "relative_likelihood_cpd",
                      "disparity_ratio"):  # fmt: skip
        assert list(of_year(made, indicator, LAST).values()) == pytest.approx([1.0] * (3 if "disp" in indicator else 1))
    assert list(of_year(made, "representation_gap", LAST).values()) == pytest.approx([0.0] * 12)
    assert of_year(made, "board_gap", LAST)["BME"] == pytest.approx(0, abs=1e-12)
    assert of_year(made, "pay_gap_mean", LAST)["BME against white"] == pytest.approx(0, abs=1e-12)


def test_records_fit_together() -> None:
    made = simulate_workforce(400, 4, seed=3)
    staff, leavers = made.frames["staff_in_post"], made.frames["leavers"]
    assert not staff.duplicated(["person", "snapshot"]).any()
    assert (staff["started"] <= staff["snapshot"]).all()
    last = staff.groupby("person")["snapshot"].max()
    assert (leavers["left"] > leavers["person"].map(last)).all()
    assert leavers["person"].is_unique
    assert not staff["snapshot"].isin(leavers["left"]).any()
    entered = made.frames["disciplinary"].merge(staff.groupby("person")["started"].first().reset_index(), on="person")
    assert (entered["entered"] >= entered["started"]).all()
    fixed = staff.groupby("person")[["ethnicity", "sex", "disability", "started"]].nunique()
    assert (fixed == 1).all(axis=None)


def test_truths_fit_together() -> None:
    made = simulate_workforce(50, 4, seed=1, leaving=2.0)
    for year in (2023, 2024, 2025):
        before, now = (of_year(made, "representation", one)["BME, all"] for one in (year - 1, year))
        left = (1 - of_year(made, "stability_index_all_exits", year)["BME"]) * before
        assert of_year(made, "leaver_rate_all_exits", year)["BME"] == pytest.approx(left / ((before + now) / 2))
        staying = 1 - of_year(made, "leaver_rate_all_exits", year)["all"]
        assert of_year(made, "stability_index_all_exits", year)["all"] == pytest.approx(staying, abs=1e-12)
        assert abs(before - now) > 1e-4
    plan = chain_of(Disparities(1.5, 1.5, 1.1, 1.2, 0.7, 0.4, 0.0, 0.05, 0.6, 0.1), 5)
    assert [law.sum() for law in plan.laws()] == pytest.approx([1.0] * 5)


def test_disciplinary_processes_begin_in_the_year() -> None:
    entered = simulate_workforce(300_000, 1, seed=1).frames["disciplinary"]["entered"]
    assert (entered.min(), entered.max()) == (pd.Timestamp(2024, 4, 1), pd.Timestamp(2025, 3, 31))


def test_vacancies_and_support(large: SimulatedWorkforce) -> None:
    last = large.frames["vacancies"].query("year == @LAST")
    assert last["vacant"].sum() / last["posts"].sum() == pytest.approx(
        of_year(large, "vacancy_rate", LAST)["all"], abs=1e-4
    )
    for row in large.frames["support"].query("year == @LAST and group != 'not stated'").itertuples():
        assert share_is_near(row.used / row.offered, of_year(large, "support_used", LAST)[row.group], row.offered)


def test_the_seed_decides() -> None:
    one, again, other = (simulate_workforce(60, 2, seed=seed).frames for seed in (5, 5, 6))
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, again[name])
    assert not one["pay"]["hourly"].equals(other["pay"]["hourly"])


def test_one_year_has_no_leavers() -> None:
    made = simulate_workforce(50, 1, seed=1)
    assert made.frames["leavers"].empty
    assert list(made.frames["leavers"].columns) == ["person", "left", "reason"]
    assert "leaver_rate" not in set(made.truth["indicator"])


REFUSED: dict[str, Callable[[], object]] = {
    "DAT-002 n: 10": lambda: simulate_workforce(10, seed=1),
    "DAT-009 seed": lambda: simulate_workforce(seed=1.5),  # type: ignore[arg-type]
    "DAT-002 years: 0": lambda: simulate_workforce(years=0, seed=1),
    "DAT-002 appointment: 9": lambda: simulate_workforce(appointment=9, seed=1),
    "DAT-002 cpd: 0": lambda: simulate_workforce(cpd=0, seed=1),
    "DAT-002 survey: 0.5": lambda: simulate_workforce(survey=0.5, seed=1),
    "DAT-002 trend: 2": lambda: simulate_workforce(trend=2, seed=1),
}


@pytest.mark.parametrize("message", REFUSED)
def test_impossible_arguments_are_refused(message: str) -> None:
    with pytest.raises(DataError, match=message):
        REFUSED[message]()
