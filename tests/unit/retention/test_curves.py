"""Curves, retention, restricted means and tests of groups: what they promise, and what they refuse."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.errors import DataError, EstimationError, EvalkitError, ImmortalTimeError
from evalkit.result import Curve, Estimates
from evalkit.retention.building import cohort, cohort_from_spells
from evalkit.retention.cohorts import Cohort
from evalkit.retention.comparing import gray_test, logrank
from evalkit.retention.curves import at_risk_table, cumulative_incidence, survival_curve
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import median_time, retention_at

Estimator = Callable[..., Curve | Estimates | pd.DataFrame]


def staff(n: int = 60, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    left = np.ceil(rng.exponential(20, n))
    frame = pd.DataFrame({"id": np.arange(n), "left": np.where(left > 30, np.nan, left)})
    frame["site"] = np.resize(["a", "b", "c"], n)
    frame["why"] = np.where(frame["left"].isna(), None, np.where(rng.random(n) < 0.5, "move", "retire"))
    begins = np.where(rng.random(n) < 0.5, rng.integers(1, 10, n), np.nan)
    frame["begins"] = np.where(begins < frame["left"].fillna(30), begins, np.nan)
    frame["ever"] = np.where(frame["begins"].notna(), "yes", "no")
    frame["w"] = rng.choice([0.5, 1.5, 2.0], n)
    return frame


def made(frame: pd.DataFrame | None = None, **options: Any) -> Cohort:
    given = {"person": "id", "exit": "left", "reason": "why", "observed_to": 30, "covariates": ["site", "ever"]}
    return cohort(staff() if frame is None else frame, **{**given, **options})


def every(by: Any = "site") -> list[Any]:
    return [
        pytest.param(lambda c, **k: survival_curve(c, **{"by": by, **k}), id="survival_curve"),
        pytest.param(lambda c, **k: cumulative_incidence(c, **{"by": by, **k}), id="cumulative_incidence"),
        pytest.param(lambda c, **k: retention_at(c, [6, 12], **{"by": by, **k}), id="retention_at"),
        pytest.param(lambda c, **k: median_time(c, **{"by": by, **k}), id="median_time"),
        pytest.param(lambda c, **k: restricted_mean(c, **{"by": by, "horizon": 12, **k}), id="restricted_mean"),
        pytest.param(lambda c, **k: at_risk_table(c, [6, 12], **{"by": by, **k}), id="at_risk_table"),
        pytest.param(lambda c, **k: logrank(c, **{"by": by, **k}), id="logrank"),
        pytest.param(lambda c, **k: gray_test(c, **{"by": by, "cause": "move", **k}), id="gray_test"),
    ]


def refused(run: Callable[[], object], code: str, kind: type[EvalkitError], *words: str) -> None:
    with pytest.raises(kind) as caught:
        run()
    assert type(caught.value) is kind
    assert code in [problem.code for problem in caught.value.problems]
    for word in words:
        assert word in str(caught.value)


def test_a_curve_begins_with_everybody_and_agrees_with_the_counts() -> None:
    data = made()
    frame = survival_curve(data, by="site").tidy()
    counts = data.counts("site")
    for group, rows in frame.groupby("group"):
        first, rest = rows.iloc[0], rows.iloc[1:]
        assert (first["time"], first["estimate"], first["n_at_risk"], first["n_events"]) == (0, 1, 20, 0)
        behind = counts[counts["group"] == group]
        assert rest["time"].tolist() == behind["time"].tolist()
        assert rest["n_at_risk"].tolist() == behind["at_risk"].tolist()
        assert rest["n_events"].tolist() == (behind["move"] + behind["retire"]).tolist()
        assert rest["n_censored"].tolist() == behind["censored"].tolist()


def test_intervals_differ_and_are_named() -> None:
    found = {scale: survival_curve(made(), interval=scale) for scale in ("log-log", "log", "plain")}  # type: ignore[arg-type]
    lows = [curve.tidy()["conf_low"].iloc[3] for curve in found.values()]
    assert len(set(lows)) == 3
    for scale, name in (("log-log", "log(-log) scale"), ("log", "log scale"), ("plain", "plain scale")):
        assert found[scale].method.interval == f"{name}, Greenwood's error"


def test_causes_of_a_group_stand_together_and_one_may_be_asked_for() -> None:
    frame = cumulative_incidence(made(), by="site").tidy()
    order = frame[["group", "cause"]].drop_duplicates().to_numpy().tolist()
    assert order == [[group, cause] for group in "abc" for cause in ("move", "retire")]
    one = cumulative_incidence(made(), by="site", cause="retire").tidy()
    assert one.equals(frame[frame["cause"] == "retire"].reset_index(drop=True))
    assert (frame.groupby(["group", "cause"])["time"].first() == 0).all()
    assert (frame.groupby(["group", "cause"])["estimate"].first() == 0).all()


@pytest.mark.parametrize("run", [*every("mentored")[1:5], *every("mentored")[7:]])
def test_mentoring_that_starts_on_the_way_is_refused_and_the_landmark_named(run: Estimator) -> None:
    data = made(mentored_from="begins", covariates=["site"])
    refused(lambda: run(data), "EST-002", ImmortalTimeError, "cohort.landmark(6)", "survival_curve")
    refused(lambda: run(data, by=["site", "mentored"]), "EST-002", ImmortalTimeError, "landmark")
    assert len(run(data.landmark(6)).tidy()) > 0  # type: ignore[union-attr]


def test_curves_and_logrank_take_mentoring_that_starts_on_the_way() -> None:
    data = made(mentored_from="begins", covariates=["site"])
    curve = survival_curve(data, by="mentored")
    assert curve.method.name == "Kaplan-Meier (Simon-Makuch: descriptive)"
    assert any("move to another group" in text for text in curve.method.assumptions)
    frame = curve.tidy()
    assert frame.groupby("group", sort=False)["n_at_risk"].first().to_dict() == {"not mentored": 60, "mentored": 0}
    moved = data.counts("mentored")
    at = frame["group"] == "not mentored"
    assert (
        frame.loc[at, "n_censored"].sum() == moved[moved["group"] == "not mentored"][["censored", "moved"]].sum().sum()
    )
    assert logrank(data, by="mentored").method.name == "Mantel-Byar: log-rank test"


@pytest.mark.parametrize("run", every("ever"))
def test_groups_that_know_the_future_are_refused_or_marked(run: Estimator) -> None:
    data = made(mentored_from="begins")
    refused(lambda: run(data), "EST-002", ImmortalTimeError, "covariate ever", "landmark(6)")
    result = run(data, allow_immortal_time=True)
    if isinstance(result, Curve | Estimates):
        assert "biased by immortal time: shown for comparison only" in result.method.name
        assert "Do not use this result" in result.method.assumptions[0]
    harmless = run(data, by="site")
    if isinstance(harmless, Curve | Estimates):
        assert "biased" not in harmless.method.name


def test_strata_that_know_the_future_are_refused() -> None:
    data = made(mentored_from="begins")
    refused(lambda: logrank(data, by="site", strata="ever"), "EST-002", ImmortalTimeError, "covariate ever")


@pytest.mark.parametrize("run", every("sit"))
def test_an_unknown_covariate_is_named(run: Estimator) -> None:
    refused(lambda: run(made()), "DAT-003", EstimationError, 'Did you mean "site"?')


def test_an_unknown_cause_is_named() -> None:
    for run in (
        lambda: cumulative_incidence(made(), cause="retired"),
        lambda: gray_test(made(), by="site", cause="retired"),
    ):
        refused(run, "DAT-006", EstimationError, 'Did you mean "retire"?')


@pytest.mark.parametrize("run", every()[:5])
@pytest.mark.parametrize("level", [0, 1, 95, "0.95", True, math.nan])
def test_levels_are_checked(run: Estimator, level: object) -> None:
    code = "DAT-009" if isinstance(level, str | bool) or math.isnan(float(str(level))) else "DAT-002"
    refused(lambda: run(made(), level=level), code, DataError, "level")


@pytest.mark.parametrize("run", [*every()[:2], *every()[2:4]])
def test_intervals_are_checked(run: Estimator) -> None:
    refused(lambda: run(made(), interval="loglog"), "DAT-006", DataError, 'Did you mean "log-log"?')


@pytest.mark.parametrize("times", [-1, "12", None, [], [6, math.inf], [True], [math.nan]])
def test_times_are_checked(times: Any) -> None:
    for run in (retention_at, at_risk_table):
        with pytest.raises(DataError, match="times"):
            run(made(), times)  # type: ignore[operator]


@pytest.mark.parametrize("horizon", [0, -3, "12", math.inf, math.nan])
def test_horizons_are_checked(horizon: Any) -> None:
    with pytest.raises(DataError, match="horizon"):
        restricted_mean(made(), horizon=horizon)


def test_a_horizon_beyond_what_was_seen_is_refused_and_the_latest_one_is_named() -> None:
    frame = staff()
    frame.loc[frame["site"] == "b", "left"] = frame.loc[frame["site"] == "b", "left"].clip(upper=11)
    frame.loc[frame["left"] == 11, "why"] = None
    frame.loc[(frame["site"] == "b") & frame["left"].isna(), "left"] = 11
    data = made(frame)
    refused(
        lambda: restricted_mean(data, by="site", horizon=20), "EST-001", EstimationError, "b up to 11", "horizon=11"
    )
    latest = restricted_mean(data, by="site")
    assert set(latest.tidy()["horizon"]) == {11.0}
    assert "the latest time up to which every group was seen" in latest.method.estimand
    assert latest.tidy()["estimate"].equals(restricted_mean(data, by="site", horizon=11).tidy()["estimate"])


def test_where_all_have_left_any_horizon_will_do() -> None:
    frame = pd.DataFrame({"id": [1, 2], "left": [3.0, 5.0]})
    data = cohort(frame, person="id", exit="left")
    assert restricted_mean(data, horizon=100).tidy().loc[0, "estimate"] == 4.0
    assert restricted_mean(data).tidy().loc[0, ["estimate", "horizon"]].tolist() == [4.0, 5.0]
    last = retention_at(data, 100).tidy().loc[0]
    assert last["estimate"] == 0
    assert last["flag"] == "all have left by then: no limits"
    assert math.isnan(last["conf_low"])


def test_times_beyond_what_was_seen_are_flagged() -> None:
    rows = retention_at(made(), [12, 31], by="site").tidy()
    late = rows[rows["time"] == 31]
    assert late["estimate"].isna().all()
    assert set(late["flag"]) == {"beyond the end of what was seen"}
    assert set(rows[rows["time"] == 12]["flag"]) == {""}


def test_differences_are_from_the_reference_and_turn_with_it() -> None:
    one = retention_at(made(), 12, by="site").tidy().set_index("group")
    other = retention_at(made(), 12, by="site", reference="c").tidy().set_index("group")
    assert list(one.index) == ["a", "b", "c", "b less a", "c less a"]
    assert list(other.index) == ["c", "a", "b", "a less c", "b less c"]
    assert one.loc["c less a", "estimate"] == pytest.approx(one.loc["c", "estimate"] - one.loc["a", "estimate"])
    turned, straight = other.loc["a less c"], one.loc["c less a"]
    assert turned["conf_low"] == pytest.approx(-straight["conf_high"])
    assert turned["statistic"] == pytest.approx(-straight["statistic"])
    assert np.sign(straight["statistic"]) == np.sign(straight["estimate"])
    assert straight["n_least"] == 20
    assert straight["n"] == 40
    refused(lambda: retention_at(made(), 12, by="site", reference="d"), "DAT-006", EstimationError, "Known: a, b, c")


def test_hybrid_limits_are_made_of_the_distances_of_both_groups() -> None:
    rows = retention_at(made(), 12, by="site").tidy().set_index("group")
    a, b, gap = rows.loc["a"], rows.loc["b"], rows.loc["b less a"]
    low = gap["estimate"] - math.hypot(b["estimate"] - b["conf_low"], a["conf_high"] - a["estimate"])
    high = gap["estimate"] + math.hypot(b["conf_high"] - b["estimate"], a["estimate"] - a["conf_low"])
    assert [gap["conf_low"], gap["conf_high"]] == pytest.approx([low, high])
    plain = retention_at(made(), 12, by="site", interval="plain").tidy().set_index("group").loc["b less a"]
    assert plain["conf_high"] - plain["estimate"] == pytest.approx(1.959964 * plain["std_error"], rel=1e-6)


def test_ratios_of_restricted_means_are_on_the_log_scale() -> None:
    rows = restricted_mean(made(), by="site", horizon=12, level=0.9).tidy().set_index("group")
    a, b, ratio = rows.loc["a"], rows.loc["b"], rows.loc["b over a"]
    error = math.hypot(a["std_error"] / a["estimate"], b["std_error"] / b["estimate"])
    assert ratio["estimate"] == pytest.approx(b["estimate"] / a["estimate"])
    assert ratio["std_error"] == pytest.approx(error)
    assert ratio["conf_high"] == pytest.approx(ratio["estimate"] * math.exp(1.644854 * error), rel=1e-6)
    assert (ratio["scale"], ratio["unit"], a["unit"]) == ("log", "ratio", "months")
    assert rows["conf_high"].iloc[:3].max() <= 12


def test_nobody_leaves() -> None:
    data = cohort(
        pd.DataFrame({"id": range(6), "left": [np.nan] * 6, "site": list("aaabbb")}),
        person="id",
        exit="left",
        observed_to=24,
        covariates=["site"],
    )
    curve = survival_curve(data, by="site").tidy()
    assert (curve["estimate"] == 1).all()
    assert curve["conf_low"].isna().all()
    rows = retention_at(data, 12, by="site").tidy()
    assert rows["estimate"].tolist() == [1, 1, 0]
    assert rows["conf_low"].isna().all()
    assert (rows["flag"] != "").all()
    means = restricted_mean(data, by="site").tidy()
    assert means["estimate"].tolist() == [24, 24, 0, 1]
    assert means["conf_low"].isna().all()
    assert (means["flag"] != "").all()
    refused(lambda: logrank(data, by="site"), "EST-001", EstimationError, "nobody left")
    refused(lambda: gray_test(data, by="site", cause="left"), "EST-001", EstimationError, "nobody left for 'left'")
    median = median_time(data, by="site").tidy()
    assert median["estimate"].isna().all()
    assert (median["flag"] != "").all()


def test_one_group_only() -> None:
    frame = staff().assign(site="a", ever="no")
    data = made(frame)
    for run in (logrank, lambda c, by: gray_test(c, by=by, cause="move")):
        refused(lambda run=run: run(data, by="site"), "EST-001", EstimationError, "everybody is in the group 'a'")
        refused(lambda run=run: run(data, by=None), "EST-001", EstimationError, "no groups")
    assert len(retention_at(data, 12, by="site").tidy()) == 1
    nobody = made(frame.assign(begins=np.nan), mentored_from="begins")
    assert set(survival_curve(nobody, by="mentored").tidy()["group"]) == {"not mentored"}
    refused(lambda: logrank(nobody, by="mentored"), "EST-001", EstimationError, "everybody is in the group")


def test_a_group_of_one() -> None:
    frame = staff(21)
    frame["site"] = ["b"] + ["a"] * 20
    data = made(frame)
    rows = retention_at(data, 3, by="site").tidy().set_index("group")
    assert rows.loc["b", "n"] == 1
    assert rows.loc["b less a", "n_least"] == 1
    assert logrank(data, by="site").tidy().loc[0, "df"] == 1
    assert np.isfinite(restricted_mean(data, by="site", horizon=1).tidy()["estimate"]).all()


@pytest.mark.parametrize("run", every())
def test_people_of_unknown_group_are_dropped_and_counted(run: Estimator) -> None:
    frame = staff()
    frame.loc[:6, "site"] = None
    result = run(made(frame))
    without = run(made(frame.iloc[7:]))
    if isinstance(result, pd.DataFrame):
        assert result.equals(without)
        return
    assert isinstance(without, Curve | Estimates)
    assert result.tidy().equals(without.tidy())
    assert (result.method.n_given, result.method.n_used) == (60, 53)
    assert dict(result.method.n_dropped) == {"group or stratum not known": 7}


def test_unknown_for_everybody() -> None:
    data = made(staff().assign(site=None))
    refused(lambda: survival_curve(data, by="site"), "EST-001", EstimationError, "nobody is in any group")


def test_late_entry_is_refused_by_grays_test_and_named_in_the_assumptions() -> None:
    data = made(staff().assign(seen=np.resize([0.0, 0.5], 60)), entry="seen", origin=0)
    refused(lambda: gray_test(data, by="site", cause="move"), "EST-001", EstimationError, "hazard_ratio")
    assert any("came under observation late" in text for text in survival_curve(data).method.assumptions)
    landmark = made().landmark(4)
    assert np.isfinite(gray_test(landmark, by="site", cause="move").tidy().loc[0, "statistic"])
    curve = survival_curve(landmark)
    assert curve.tidy().loc[0, "time"] == 4
    assert any("nobody was observed before 4 months" in text for text in curve.method.assumptions)


def test_weights_of_zero_are_dropped_and_others_make_errors_robust() -> None:
    frame = staff()
    frame.loc[:4, "w"] = 0.0
    data = made(frame, weight="w")
    curve = survival_curve(data, by="site")
    assert dict(curve.method.n_dropped) == {"weight of 0": 5}
    assert "robust" in curve.method.interval
    assert curve.tidy()["n_at_risk"].max() <= 20
    refused(lambda: logrank(data, by="site"), "EST-001", EstimationError, "hazard_ratio")
    refused(lambda: gray_test(data, by="site", cause="move"), "EST-001", EstimationError, "not whole numbers")
    whole = made(frame.assign(w=2), weight="w")
    assert "Greenwood" in survival_curve(whole).method.interval
    assert (survival_curve(whole).tidy()["n_at_risk"].iloc[0]) == 60


def test_a_cluster_makes_errors_robust_and_must_be_known() -> None:
    frame = staff().assign(ward=np.resize(np.arange(9), 60))
    data = made(frame, cluster="ward")
    assert "robust" in survival_curve(data).method.interval
    plain = survival_curve(made(frame)).tidy()["std_error"]
    assert not np.allclose(survival_curve(data).tidy()["std_error"].iloc[2:10], plain.iloc[2:10])
    frame["ward"] = frame["ward"].where(frame["ward"] > 0)
    refused(lambda: survival_curve(made(frame, cluster="ward")), "DAT-009", DataError, "without a cluster")


def test_clusters_that_span_groups_tie_their_estimates() -> None:
    """Everybody twice, once in each group: the difference is 0 without any doubt."""
    one = staff()
    both = pd.concat([one.assign(site="a"), one.assign(site="b")], ignore_index=True)
    both = both.assign(pair=both["id"], id=np.arange(len(both)))
    rows = retention_at(made(both, cluster="pair"), 12, by="site").tidy().set_index("group")
    assert rows.loc["b less a", "std_error"] == pytest.approx(0, abs=1e-9)
    means = restricted_mean(made(both, cluster="pair"), by="site", horizon=12).tidy().set_index("group")
    assert means.loc["a", "std_error"] > 0.1


@pytest.mark.parametrize("weights", ["wilcoxon", ("fleming-harrington", 1), ("gehan", 1, 0), 3, None])
def test_weights_of_tests_are_checked(weights: Any) -> None:
    with pytest.raises(DataError, match="weights"):
        logrank(made(), by="site", weights=weights)


def test_powers_and_rho_are_checked() -> None:
    with pytest.raises(DataError, match="weights, p"):
        logrank(made(), by="site", weights=("fleming-harrington", -1, 0))
    with pytest.raises(DataError, match="rho"):
        gray_test(made(), by="site", cause="move", rho="1")  # type: ignore[arg-type]


def test_the_logrank_tells_observed_from_expected() -> None:
    result = logrank(made(), by="site", trend=True)
    frame = result.tidy()
    assert frame["term"].tolist() == ["difference between groups", "trend"] + ["observed less expected"] * 3
    groups = frame.iloc[2:]
    assert groups["estimate"].tolist() == pytest.approx((groups["observed"] - groups["expected"]).tolist())
    assert groups["estimate"].sum() == pytest.approx(0, abs=1e-9)
    assert groups["observed"].sum() == len(staff()) - staff()["left"].isna().sum()
    assert frame.loc[0, "df"] == 2
    assert frame.loc[1, "df"] == 1
    two = logrank(made(staff().query("site != 'c'")), by="site", trend=True).tidy()
    assert two.loc[0, "statistic"] == pytest.approx(two.loc[1, "statistic"])
    assert two.loc[0, "statistic"] == pytest.approx((two.loc[2, "estimate"] / two.loc[2, "std_error"]) ** 2)


def test_the_risk_table_counts_everybody() -> None:
    data = made()
    frame = at_risk_table(data, [0, 12, 30, 40], by="site")
    leavers = staff()
    for row in frame.to_dict("records"):
        group = leavers[leavers["site"] == row["group"]]
        left = group["left"].fillna(np.inf)
        assert row["n_at_risk"] == ((left >= row["time"]) & (row["time"] <= 30)).sum()
        assert row["n_events"] == (left <= row["time"]).sum()
        assert row["left: move"] == ((left <= row["time"]) & (group["why"] == "move")).sum()
        assert row["n_censored"] == (np.isinf(left).sum() if row["time"] >= 30 else 0)


def test_a_median_may_be_another_share_and_names_what_is_not_reached() -> None:
    data = made()
    quarter, half = (median_time(data, share=share).tidy().loc[0] for share in (0.25, 0.5))
    assert quarter["estimate"] < half["estimate"]
    assert quarter["term"] == "time until 25 % have left"
    assert half["conf_low"] <= half["estimate"] <= half["conf_high"]
    late = median_time(data, share=0.95).tidy().loc[0]
    assert math.isnan(late["estimate"])
    assert late["conf_high"] == math.inf
    assert "have not left" in late["flag"]
    for share in (0, 1, -0.5):
        refused(lambda share=share: median_time(data, share=share), "DAT-002", DataError, "share")
    refused(lambda: median_time(data, convention="middle"), "DAT-006", DataError, "interpolated")  # type: ignore[arg-type]


def test_people_who_come_back_are_people_once() -> None:
    rows = pd.DataFrame(
        {
            "p": [1, 1, 2, 2, 2],
            "start": [0.0, 5, 0, 2, 4],
            "stop": [3.0, 9, 2, 4, 6],
            "event": [1, 0, 0, 0, 1],
            "site": ["a", "a", "a", "b", "a"],
        }
    )
    roles = {"person": "p", "start": "start", "stop": "stop", "event": "event", "covariates": ["site"]}
    data = cohort_from_spells(rows, **roles)
    result = survival_curve(data, by="site")
    assert result.method.n_used == 2
    assert any("came back" in text for text in result.method.assumptions)
    refused(lambda: retention_at(data, 3, by="site"), "EST-002", ImmortalTimeError, "people move between the groups")
    once = survival_curve(cohort_from_spells(rows.assign(site="a"), **roles), by="site").tidy()
    assert once["time"].tolist() == [0, 3, 6, 9]
