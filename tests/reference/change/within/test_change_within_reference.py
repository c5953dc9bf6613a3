"""Change within people against R (values written by within.R beside this file) and against printed examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from evalkit.change.categories import category_change
from evalkit.change.margins import equivalence
from evalkit.change.matched import proportion_change
from evalkit.change.means import mean_change
from evalkit.change.multiplicity import adjust_p
from evalkit.change.ranks import rank_change
from evalkit.change.standardised import standardised_change
from evalkit.numeric.matched import bowker, mcnemar_exact, mcnemar_mid_p, stuart_maxwell, tango
from evalkit.numeric.pairs import pair_moments
from evalkit.numeric.ranks import _rank_of_limit
from evalkit.numeric.resampling import bca, left_out_means, resampled_means
from evalkit.numeric.standardised import divisor
from evalkit.result import Estimates, Method, estimates

HERE = Path(__file__).parent
PAIRS = {str(name): group for name, group in pd.read_csv(HERE / "pairs.csv").groupby("data")}
VALUES = pd.read_csv(HERE / "within.csv")
TABLES = pd.read_csv(HERE / "tables.csv")
WAVES = {"pre": "before", "post": "after"}
NAMES = sorted(PAIRS)


def r(name: str, quantity: str, level: float | None = None) -> float:
    rows = VALUES[(VALUES["data"] == name) & (VALUES["quantity"] == quantity)]
    rows = rows[rows["level"].isna()] if level is None else rows[rows["level"] == level]
    assert len(rows) == 1, (name, quantity, level)
    return float(rows["value"].iloc[0])


def known(name: str, quantity: str) -> bool:
    rows = VALUES[(VALUES["data"] == name) & (VALUES["quantity"] == quantity)]
    return bool(rows["value"].notna().any())


def one(result: Estimates) -> pd.Series:
    assert len(result.frame) == 1
    return result.frame.iloc[0]


def test_the_data_are_there() -> None:
    assert len(NAMES) == 9
    assert len(VALUES) > 300


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_mean_change_is_that_of_t_test(name: str, level: float) -> None:
    row = one(mean_change(PAIRS[name], **WAVES, level=level))
    found = [row[part] for part in ("estimate", "statistic", "df", "p_value", "conf_low", "conf_high")]
    wanted = [r(name, f"t.{part}") for part in ("estimate", "statistic", "df", "p")]
    assert found == pytest.approx([*wanted, r(name, "t.low", level), r(name, "t.high", level)], rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0.95, 0.8])
@pytest.mark.parametrize("kind", ["d_z", "d_av", "d_rm"])
def test_standardised_change(name: str, level: float, kind: str) -> None:
    row = one(standardised_change(PAIRS[name], **WAVES, kind=kind, level=level))
    assert row["estimate"] == pytest.approx(r(name, f"{kind}.estimate"), rel=1e-9)
    found = [row["conf_low"], row["conf_high"]]
    assert found == pytest.approx([r(name, f"{kind}.low", level), r(name, f"{kind}.high", level)], rel=1e-6, abs=1e-7)
    assert [row["statistic"], row["p_value"]] == pytest.approx([r(name, "t.statistic"), r(name, "t.p")], rel=1e-10)
    if kind == "d_z":
        second = [r(name, f"d_z.effectsize.{end}", level) for end in ("low", "high")]
        assert found == pytest.approx(second, rel=1e-3, abs=1e-3)  # effectsize searches its limits to four digits
    else:
        assert row["std_error"] == pytest.approx(r(name, f"{kind}.std_error"), rel=1e-7)
        pairs = PAIRS[name]
        found_df = divisor(pair_moments(pairs["before"].to_numpy(float), pairs["after"].to_numpy(float)), kind).df
        assert found_df == pytest.approx(r(name, f"{kind}.df"), rel=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_hedges(name: str) -> None:
    row = one(standardised_change(PAIRS[name], **WAVES, hedges=True))
    assert row["estimate"] == pytest.approx(r(name, "hedges.estimate"), rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["d_z", "d_av", "d_rm"])
def test_hedges_corrects_estimate_and_standard_error_by_one_factor(name: str, kind: str) -> None:
    plain, row = (one(standardised_change(PAIRS[name], **WAVES, kind=kind, hedges=hedges)) for hedges in (False, True))
    half = ((len(PAIRS[name]) - 1) if kind == "d_z" else r(name, f"{kind}.df")) / 2
    factor = np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / half**0.5
    assert row["estimate"] == pytest.approx(factor * plain["estimate"], rel=1e-6, abs=1e-12)
    assert row["std_error"] == pytest.approx(factor * plain["std_error"], rel=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
def test_signed_ranks_are_those_of_coin(name: str, zeros: str) -> None:
    row = one(rank_change(PAIRS[name], **WAVES, zeros=zeros))
    assert row["p_value"] == pytest.approx(r(name, f"{zeros}.p"), rel=1e-8)
    assert row["estimate"] == pytest.approx(r(name, f"{zeros}.estimate"), rel=1e-9, abs=1e-12)
    if zeros == "wilcox":
        assert row["statistic"] == r(name, "wilcox.V")
        assert row["rank_biserial"] == pytest.approx(r(name, "rank_biserial"), rel=1e-9)
        if known(name, "wilcox.p.exactRankTests"):
            assert row["p_value"] == pytest.approx(r(name, "wilcox.p.exactRankTests"), rel=1e-8)


@pytest.mark.parametrize("name", ["continuous6", "continuous24", "continuous45", "continuous300"])
@pytest.mark.parametrize("level", [0.95, 0.9, 0.8])
def test_without_ties_the_interval_is_that_of_base_r(name: str, level: float) -> None:
    row = one(rank_change(PAIRS[name], **WAVES, level=level))
    if name != "continuous300":  # R is exact there too, and the p-value here is not
        assert row["p_value"] == pytest.approx(r(name, "wilcox.p.base"), rel=1e-10)
    wanted = [r(name, "wilcox.low", level), r(name, "wilcox.high", level)]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("n", [201, 250, 400, 1000])
@pytest.mark.parametrize("level", [0.99, 0.95, 0.9, 0.8])
def test_beyond_two_hundred_pairs_the_limit_is_the_walsh_average_of_the_exact_law(n: int, level: float) -> None:
    assert _rank_of_limit(n, (1 - level) / 2) == r(f"n{n}", "limit.place", level)


@pytest.mark.parametrize("name", NAMES)
def test_equivalence(name: str) -> None:
    row = one(equivalence(PAIRS[name], **WAVES, margin=r(name, "tost.margin"), level=0.9))
    tails = [r(name, "tost.p_lower"), r(name, "tost.p_upper")]
    assert [row["p_lower"], row["p_upper"], row["p_value"]] == pytest.approx([*tails, max(tails)], rel=1e-9)
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([r(name, "t.low", 0.8), r(name, "t.high", 0.8)])
    row = one(equivalence(PAIRS[name], **WAVES, margin=r(name, "tost.d_z.margin"), unit="d_z", level=0.9))
    tails = [r(name, "tost.d_z.p_lower"), r(name, "tost.d_z.p_upper")]
    assert [row["p_lower"], row["p_upper"]] == pytest.approx(tails, rel=1e-5, abs=1e-9)
    assert [row["conf_low"], row["conf_high"]] == pytest.approx([r(name, "d_z.low", 0.8), r(name, "d_z.high", 0.8)])


# boot takes only draws below the estimate, not half of those equal to it: with few pairs on five steps that shifts it.
@pytest.mark.parametrize("name", ["continuous24", "continuous45", "likert120"])
@pytest.mark.parametrize("what", ["mean", "d_z", "d_av", "d_rm"])
def test_bca_is_that_of_boot_within_monte_carlo_error(name: str, what: str) -> None:
    frame, common = PAIRS[name], {**WAVES, "interval": "bca", "draws": 20_000, "seed": 11}
    row = one(mean_change(frame, **common) if what == "mean" else standardised_change(frame, kind=what, **common))
    # A limit from 10,000 draws has a Monte Carlo error of about .03 standard errors, ties in few answers included.
    close = 0.12 * r(name, f"bca.{what}.std_error")
    wanted = [r(name, f"bca.{what}.{end}", 0.95) for end in ("low", "high")]
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(wanted, abs=close)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_bca_is_that_of_scipy_on_the_same_draws(level: float) -> None:
    pairs = PAIRS["continuous45"]
    change = (pairs["after"] - pairs["before"]).to_numpy()
    drawn = resampled_means(change[:, None], 3000, np.random.default_rng(4))[:, 0]
    ours = bca(float(change.mean()), drawn, left_out_means(change[:, None])[:, 0], level=level)
    before = stats.bootstrap((change,), np.mean, n_resamples=10, method="percentile")
    before.bootstrap_distribution = drawn
    theirs = stats.bootstrap(
        (change,), np.mean, n_resamples=0, bootstrap_result=before, confidence_level=level, method="BCa"
    )
    limits = theirs.confidence_interval
    assert [ours.low, ours.high, ours.std_error] == pytest.approx([limits.low, limits.high, theirs.standard_error])


def _table(text: str) -> np.ndarray:
    counts = np.array([int(count) for count in text.split()])
    return counts.reshape(int(len(counts) ** 0.5), -1)


@pytest.mark.parametrize("text", list(TABLES["table"].unique()))
def test_tables(text: str) -> None:
    wanted = TABLES[TABLES["table"] == text].set_index("quantity")["value"]
    table = _table(text)
    test = stuart_maxwell(table)
    if wanted["homogeneity_df"]:
        found = [test.statistic, test.df, test.p_value]
        assert found == pytest.approx(
            list(wanted[["homogeneity", "homogeneity_df", "homogeneity_p"]]), rel=1e-8, abs=1e-12
        )
    if "bowker" in wanted.index:
        test = bowker(table)
        assert [test.statistic, test.df, test.p_value] == pytest.approx(
            list(wanted[["bowker", "bowker_df", "bowker_p"]])
        )
    if len(table) == 2:
        gained, lost, n = int(table[0, 1]), int(table[1, 0]), int(table.sum())
        assert mcnemar_exact(gained, lost) == pytest.approx(wanted["exact"], rel=1e-10)
        assert mcnemar_mid_p(gained, lost) == pytest.approx(wanted["mid"], rel=1e-10)
        for level in (0.95, 0.8):
            limits = tango(gained, lost, n, level=level)
            assert [limits.low, limits.high] == pytest.approx(list(wanted[[f"low{level}", f"high{level}"]]), abs=1e-6)


@pytest.mark.parametrize("text", [text for text in TABLES["table"].unique() if len(text.split()) == 9])
def test_categories_of_people_are_those_of_the_table(text: str) -> None:
    table = _table(text)
    cells = [(row, column) for row in range(3) for column in range(3) for _ in range(table[row, column])]
    frame = pd.DataFrame([("abc"[row], "abc"[column]) for row, column in cells], columns=["x_before", "x_after"])
    found = category_change(frame, pre="x_before", post="x_after").frame
    wanted = TABLES[TABLES["table"] == text].set_index("quantity")["value"]
    assert list(found["test"][:2]) == ["Stuart-Maxwell", "Bowker"]
    assert found["statistic"][0] == pytest.approx(wanted["homogeneity"])
    shares = table.sum(axis=0) / table.sum() - table.sum(axis=1) / table.sum()
    assert list(found["estimate"][2:]) == pytest.approx(list(shares))


def test_adjusted_p_values_are_those_of_p_adjust() -> None:
    wanted = pd.read_csv(HERE / "adjusted.csv")
    result = estimates([{"term": str(p), "p_value": p} for p in wanted["p"]], Method("tests", "an example", "points"))
    for rule in ("holm", "bh"):
        assert list(adjust_p(result, rule).frame["p_adjusted"]) == pytest.approx(list(wanted[rule]), rel=1e-12)


def test_printed_examples() -> None:
    # Fagerland, Lydersen and Laake (2014), Stat Med 33:2850-2875, airway hyper-responsiveness: 1, 1, 7, 12.
    limits = tango(7, 1, 21)
    assert [round(limits.low, 3), round(limits.high, 3)] == [0.026, 0.517]
    assert [round(mcnemar_mid_p(7, 1), 3), round(mcnemar_exact(7, 1), 3)] == [0.039, 0.070]
    # sleep, pre = drug 2, post = drug 1
    sleep = PAIRS["sleep"]
    row = one(mean_change(sleep, **WAVES))
    assert [round(row["statistic"], 4), row["df"], round(row["p_value"], 6)] == [-4.0621, 9, 0.002833]
    row = one(standardised_change(sleep, **WAVES, kind="d_z"))
    assert [round(row[name], 4) for name in ("estimate", "conf_low", "conf_high")] == [-1.2846, -2.118, -0.4146]
    assert one(rank_change(sleep, **WAVES))["estimate"] == pytest.approx(-1.4)
    assert one(rank_change(sleep, **WAVES, zeros="pratt"))["estimate"] == pytest.approx(-1.3)
    row = one(proportion_change(sleep, **WAVES, at_least=1))
    found = [row["n_gained"], row["n_lost"], row["p_value"], row["p_exact"]]
    assert found == pytest.approx([0, 4, 0.0625, 0.125])
