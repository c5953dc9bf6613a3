"""The numbers that the issue and the sources state, and a snapshot of all verdicts."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit import paths
from evalkit.numeric.lifetables import logrank
from evalkit.numeric.tables import fisher_exact
from evalkit.published import (
    consistent_counts,
    implied_life_table,
    list_sources,
    load_published,
    proportions_from_summary,
    reproduce,
)
from evalkit.published.verdicts import VERDICTS

# (start, printed rates, events, at risk)
ZHANG = {
    "mentored": (239, [3.77, 3.48, 8.11], [9, 8, 18], [239, 230, 222]),
    "control": (199, [14.07, 9.36, 14.19], [28, 16, 22], [199, 171, 155]),
}


def _verdict(table: pd.DataFrame, published: str, statistic: str = "per_cent", row: str = "") -> str:
    found = table[(table["published"] == published) & (table["statistic"] == statistic)]
    found = found[found["row"].str.contains(row, regex=False)]
    assert len(found) == 1, f"{published}: {len(found)} rows"
    return str(found["verdict"].iloc[0])


def _how(table: pd.DataFrame, published: str) -> str:
    return str(table.loc[table["published"] == published, "how"].iloc[0])


# zhang2019 ----------


@pytest.mark.parametrize("group", ZHANG)
def test_zhang_rates_have_one_life_table(group: str) -> None:
    start, rates, events, at_risk = ZHANG[group]
    table = implied_life_table(start, rates, decimals=2)
    assert table.unique
    assert table.frame["n_events"].tolist() == events
    assert table.frame["n_at_risk"].tolist() == at_risk


def test_zhang_retention_after_three_years() -> None:
    kept = {
        group: np.prod([1 - event / n for event, n in zip(events, at_risk, strict=True)])
        for group, (_, _, events, at_risk) in ZHANG.items()
    }
    assert round(kept["mentored"], 4) == 0.8536
    assert round(kept["control"], 4) == 0.6683


def test_zhang_logrank() -> None:
    events = np.array([ZHANG["mentored"][2], ZHANG["control"][2]], dtype=float)
    at_risk = np.array([ZHANG["mentored"][3], ZHANG["control"][3]], dtype=float)
    test = logrank(at_risk[0], events[0], at_risk[1], events[1])
    assert round(test.statistic, 2) == 22.39
    assert test.df == 1


def test_zhang_second_year_disagrees_with_the_abstract() -> None:
    assert round(fisher_exact(8, 230, 16, 171).p_value, 3) == 0.018
    claim = reproduce("zhang2019").query("statistic == 'claim'").iloc[0]
    assert claim["verdict"] == "not recomputable"
    assert round(claim["recomputed"], 3) == 0.018
    assert "8/230 v 16/171" in claim["how"]
    assert claim["how"].endswith("disagrees")


def test_zhang_table_says_nothing_else() -> None:
    rates = reproduce("zhang2019").query("statistic == 'per_cent'")
    assert rates["how"].str.contains("and nothing else").all()
    assert [text.split(" ")[0] for text in rates["how"]] == ["9/239", "8/230", "18/222", "28/199", "16/171", "22/155"]


# ong2018 ----------


def test_ong_counts_of_the_first_examination() -> None:
    assert consistent_counts(84.0, n=25, decimals=1)["count"].tolist() == [21]
    assert consistent_counts(42.4, n=85, decimals=1)["count"].tolist() == [36]


def test_ong_difference_and_test() -> None:
    table = proportions_from_summary(21, 25, 36, 85).tidy().set_index("term")
    difference = table.loc["risk_difference", ["estimate", "conf_low", "conf_high"]].astype(float) * 100
    assert difference.round(1).tolist() == [41.6, 20.2, 55.5]
    assert round(float(table.loc["fisher_exact", "p_value"]), 6) == 0.000235


def test_ong_final_year_cannot_come_from_the_printed_arms() -> None:
    assert consistent_counts(95.8, n=25, decimals=1).empty
    assert consistent_counts(69.9, n=85, decimals=1).empty
    assert consistent_counts(95.8, n=24, decimals=1)["count"].tolist() == [23]
    assert consistent_counts(69.9, n=83, decimals=1)["count"].tolist() == [58]
    table = reproduce("ong2018")
    assert (_verdict(table, "95.8"), _verdict(table, "69.9")) == ("inconsistent", "inconsistent")
    assert "23/24" in _how(table, "95.8")
    assert "58/83" in _how(table, "69.9")
    assert (_verdict(table, "84.0"), _verdict(table, "42.4")) == ("compatible", "compatible")
    assert _verdict(table, "<0.01", "p") == "exact"


# ajtmh2023, hewson2021, kiser2024, the Workforce Race Equality Standard ----------


def test_ajtmh_changes() -> None:
    table = reproduce("ajtmh2023")
    assert len(table) == 38
    assert table["verdict"].value_counts().to_dict() == {
        "exact": 35,
        "rounding": 3,
        "compatible": 0,
        "inconsistent": 0,
        "not recomputable": 0,
    }


def test_hewson_every_printed_count_gives_its_percentage() -> None:
    figures = load_published("hewson2021")
    table = reproduce("hewson2021")
    counts = figures.query("statistic == 'count'").set_index(["row", "group"])["published"].astype(int)
    checked = 0
    for _, record in figures.query("statistic == 'per_cent'").iterrows():
        key = (record["row"], record["group"])
        if key in counts.index:
            line = table[table["row"] == ", ".join(key)]
            assert line["verdict"].tolist() == ["exact"], key
            checked += 1
    assert checked == 32


def test_hewson_impossible_percentage() -> None:
    assert consistent_counts(6.1, n=78, decimals=1).empty
    table = reproduce("hewson2021")
    wrong = table[table["verdict"] == "inconsistent"]
    assert wrong["published"].tolist() == ["6.1"]
    assert "nearest: 4/78 = 5.1 and 5/78 = 6.4" in wrong["how"].iloc[0]


def test_kiser_128_of_138_is_not_93_0_per_cent() -> None:
    table = reproduce("kiser2024")
    assert _verdict(table, "93.0") == "inconsistent"
    assert _how(table, "93.0") == "128/138 is 92.754"
    assert _verdict(table, "79.0") == "exact"


def test_relative_likelihood_of_the_wres_guidance() -> None:
    # The worked example of the WRES technical guidance: 46.99 % of white, 14.65 % of BME applicants appointed.
    assert round(46.99 / 14.65, 1) == 3.2
    low, high = (46.99 - 0.005) / (14.65 + 0.005), (46.99 + 0.005) / (14.65 - 0.005)
    assert round(low, 1) == round(high, 1) == 3.2
    # Counts that print as these two shares give the same ratio through the public function.
    white = consistent_counts(46.99, n=10_000, decimals=2)["count"].iloc[0]
    bme = consistent_counts(14.65, n=10_000, decimals=2)["count"].iloc[0]
    ratio = proportions_from_summary(int(white), 10_000, int(bme), 10_000).tidy().set_index("term")
    assert round(float(ratio.loc["risk_ratio", "estimate"]), 1) == 3.2


# All verdicts, and the data behind them ----------

# When a rule changes, so does a line here: say in the commit why the new verdict is the honest one.
# exact, rounding, compatible, inconsistent, not recomputable
SNAPSHOT: Mapping[str, tuple[int, int, int, int, int]] = {
    "ajtmh2023": (35, 3, 0, 0, 0),  # 38 changes from rounded means; 3 need the unrounded ones
    "bmcph2008": (0, 0, 28, 0, 0),  # 28 stars; n is not printed
    "cornwallft2018": (9, 0, 0, 0, 5),  # 8 shares and the total; the pay gaps need each person's pay
    "feldman2010": (2, 0, 1, 0, 0),  # p and "more than half"; the response rate has no n
    "hewson2021": (32, 0, 48, 1, 0),  # 32 counts; 48 shares without a printed count; 6.1 % of 78
    "kiser2024": (4, 2, 0, 1, 8),  # 2 midpoints exact, 2 by rounding; 93.0 %; changes without their means
    "lambert2004": (2, 6, 0, 0, 1),  # ratios inside their limits; one is not the geometric mean, which convicts nobody
    "morrison2014": (2, 0, 1, 0, 0),  # the matched groups' n is not printed
    "ong2018": (1, 0, 6, 2, 0),  # 95.8 % of 25 and 69.9 % of 85
    "pfund2015": (0, 0, 20, 0, 5),  # 10 means and 10 standard deviations of 31 people; 5 signed-rank tests
    "wres_national": (0, 0, 2, 0, 28),  # no counts but those behind 22.4 % and 23.8 %
    "wres_regional": (0, 0, 0, 0, 21),  # no counts
    "zhang2019": (0, 0, 6, 0, 1),  # 6 rates of one life table each; a claim about matched groups
}


@pytest.mark.parametrize("source", SNAPSHOT)
def test_verdicts_of_every_source(source: str) -> None:
    seen = reproduce(source)["verdict"].value_counts()
    assert tuple(int(seen[verdict]) for verdict in VERDICTS) == SNAPSHOT[source]


def test_snapshot_names_every_source() -> None:
    assert set(SNAPSHOT) == set(list_sources()["source"])
    assert len(SNAPSHOT) == 13
    files = {path.stem for path in (paths.resource("data") / "published").glob("*.csv")} - {"sources"}
    assert files == set(SNAPSHOT)


# What the data files must hold: (source, statistic) -> printed texts, in order.
FIGURES = {
    ("zhang2019", "n"): "239 199",
    ("zhang2019", "per_cent"): "3.77 3.48 8.11 14.07 9.36 14.19",
    ("ong2018", "n"): "25 85 25 85",
    ("ong2018", "per_cent"): "84.0 42.4 71.4 24.0 95.8 69.9",
    ("ong2018", "p"): "<0.01 <0.05 <0.05",
    ("kiser2024", "count"): "67 71 128 109",
    ("kiser2024", "conf_low"): "-1.48 -1.27 0.01 0.02",
    ("kiser2024", "conf_high"): "-0.41 -0.32 1.16 0.65",
    ("feldman2010", "mean"): "6.07 5.33",
    ("feldman2010", "sd"): "1.36 1.35",
    ("feldman2010", "n"): "464 319 145",
    ("morrison2014", "mean"): "3.7 2.5 3.4 4.4",
    ("morrison2014", "sd"): "1.7 2.0 2.4 2.6",
    ("morrison2014", "n"): "382 229",
    ("lambert2004", "odds_ratio"): "0.69 1.37 0.45 0.94 1.54 0.86 1.2 0.68 0.69",
    ("lambert2004", "conf_low"): "0.59 0.86 0.37 0.79 0.85 0.62 0.37 0.54 0.15",
    ("lambert2004", "conf_high"): "0.82 2.2 0.56 1.1 2.83 1.17 3.87 0.85 3.1",
    ("cornwallft2018", "count"): "821 144 810 155 841 124 780 186",
    ("cornwallft2018", "per_cent"): "85.08 14.92 83.94 16.06 87.15 12.85 80.75 19.25",
    ("pfund2015", "mean"): "3.16 3.55 3.39 3.68 3.06 3.58 2.90 3.48 2.39 3.55",
    ("pfund2015", "sd"): "0.523 0.506 0.495 0.475 0.680 0.502 0.651 0.508 0.761 0.506",
}


@pytest.mark.parametrize(("source", "statistic"), FIGURES)
def test_data_hold_the_printed_figures(source: str, statistic: str) -> None:
    figures = load_published(source)
    assert figures.loc[figures["statistic"] == statistic, "published"].tolist() == FIGURES[source, statistic].split()


def test_every_row_keeps_its_own_decimals() -> None:
    for path in sorted((paths.resource("data") / "published").glob("*.csv")):
        if path.name == "sources.csv":
            continue
        with Path(path).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                assert row["source"] == path.stem
                if row["statistic"] != "claim" and int(row["decimals"]) >= 0:
                    assert int(row["decimals"]) == len(row["published"].partition(".")[2]), row
