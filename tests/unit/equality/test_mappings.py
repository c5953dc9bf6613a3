"""The mapping tables have one meaning for each label, and say what they are from."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.equality.mappings import (
    NOT_STATED,
    band_cluster,
    band_label,
    ethnic_group,
    exit_type,
    is_loss,
    is_senior,
    labels_of,
    load_mapping,
    staff_group,
    survey_question,
)
from evalkit.errors import DataError
from evalkit.simulate import simulate_workforce


def test_ethnicities_roll_up_from_18_to_5_to_2() -> None:
    table = load_mapping("ethnicity")
    full = table[table["version"] == "18+1"]
    assert len(full) == 19
    assert dict(full["broad"].value_counts()) == {
        "White": 4,
        "Mixed": 4,
        "Asian": 5,
        "Black": 3,
        "Other": 2,
        NOT_STATED: 1,
    }
    assert set(full.loc[full["broad"] == "White", "bme"]) == {"white"}
    assert set(full.loc[~full["broad"].isin(["White", NOT_STATED]), "bme"]) == {"BME"}
    grouped = ethnic_group(full["label"])
    assert list(grouped) == full["bme"].tolist()
    assert list(grouped.categories) == ["white", "BME", NOT_STATED]


def test_a_label_may_be_in_any_version_and_spelling() -> None:
    labels = ["BAME", "white", "Mixed", "A", "18", "black or black british:  AFRICAN", None, "Z", "prefer not to say"]
    assert list(ethnic_group(labels)) == ["BME", "white", "BME", "white", "BME", "BME", *[NOT_STATED] * 3]
    assert list(ethnic_group(["Chinese", "Other: Chinese"], to="broad")) == ["Asian", "Other"]


def test_numbers_codes_and_categories_are_labels_too() -> None:
    assert list(ethnic_group(np.array([1.0, 9.0, np.nan]))) == ["white", "BME", NOT_STATED]
    assert list(ethnic_group(pd.Series(["A", "H", "A"], index=[5, 6, 7], dtype="category"))) == [
        "white",
        "BME",
        "white",
    ]
    assert list(band_label([2, 7])) == ["Band 2", "Band 7"]


@pytest.mark.parametrize(
    ("label", "meant"),
    [
        ("CY White Other European", "White: other"), ("C3 White Unspecified", "White: other"),
        ("C2 Northern Irish", "White: other"), ("GF Mixed - Other/Unspecified", "Mixed: other"),
        ("LK Asian Unspecified", "Asian: other"), ("PC Black Nigerian", "Black: other"),
        ("SC Filipino", "Other: any other"), ("A White - British", "White: British"),
        ("Unspecified", NOT_STATED), ("Not Declared", NOT_STATED),
        ("I do not wish to disclose my ethnic origin", NOT_STATED),
    ],
)  # fmt: skip
def test_a_national_code_that_is_split_further_counts_by_its_first_letter(label: str, meant: str) -> None:
    assert list(ethnic_group([label], to="label")) == [meant]


@pytest.mark.parametrize("label", ["NO INFORMATION", "CO Somebody", "SE Asian", "cy white other european", "ZA Other"])
def test_what_is_no_such_code_is_not_guessed(label: str) -> None:
    with pytest.raises(DataError, match="DAT-006"):
        ethnic_group([label])


def test_what_is_too_coarse_is_refused() -> None:
    with pytest.raises(DataError, match="DAT-006 ethnicity, row 2: a label that is not known"):
        ethnic_group(["White", "BME"], to="broad")


def test_an_unknown_label_has_its_rows_and_the_nearest_known_one() -> None:
    with pytest.raises(DataError) as caught:
        band_cluster(["Band 5", "Band 55", "Band 6", "Band 55", "Bnad 6"])
    assert [str(one).partition(";")[0] for one in caught.value.problems] == [
        "DAT-006 band, rows 2, 4: a label that is not known", "DAT-006 band, row 5: a label that is not known",
    ]  # fmt: skip
    assert all("Did you mean" in one.remedy for one in caught.value.problems)


def test_bands_go_up_and_have_clusters() -> None:
    table = load_mapping("bands")
    assert table["order"].astype(int).is_monotonic_increasing
    clusters = table.groupby("cluster", sort=False)["label"].agg(list)
    assert clusters["lower"] == [f"Band {number}" for number in range(1, 6)]
    assert clusters["middle"] == ["Band 6", "Band 7"]
    assert clusters["upper"] == ["Band 8a", "Band 8b", "Band 8c", "Band 8d", "Band 9", "VSM"]
    assert table.loc[is_senior(table["label"]), "label"].tolist() == ["Band 8c", "Band 8d", "Band 9", "VSM"]
    assert list(band_cluster(["VSM", ""])) == ["upper", NOT_STATED]


def test_every_reason_for_leaving_has_a_type() -> None:
    table = load_mapping("exit_types")
    assert (table["certainty"] == "read in a published answer").sum() == 22
    assert (table["certainty"] == "from memory").sum() == 15
    types = {"left the service", "moved to another employer", "retired", "career break", "end of contract", "dismissed",
             "died", "record closed", "unknown"}  # fmt: skip
    assert set(table["exit_type"]) == types
    assert set(table.loc[table["loss"] == "no", "exit_type"]) == {"career break", "record closed"}
    assert list(exit_type(table["reason"])) == table["exit_type"].tolist()


def test_breaks_are_losses_only_when_asked() -> None:
    reasons = ["Maternity leave", "Career Break", "Retirement Age", "", "Merged Organisation - Duplicate Record"]
    assert is_loss(reasons).tolist() == [False, False, True, True, False]
    assert is_loss(reasons, count_breaks=True).tolist() == [True, True, True, True, False]
    assert list(exit_type([""])) == ["unknown"]


def test_a_table_of_ones_own_replaces_that_of_evalkit() -> None:
    own = pd.DataFrame({"label": ["low", "high"], "cluster": ["lower", "upper"]})
    found = band_cluster(["High", "low", None], table=own)
    assert list(found) == ["upper", "lower", NOT_STATED]
    with pytest.raises(DataError, match='DAT-003 bands: no column "senior"'):
        is_senior(["low"], table=own)
    with pytest.raises(DataError, match="DAT-006 band, row 1"):
        band_cluster(["Band 5"], table=own)
    twice = pd.DataFrame({"label": ["a", "A"], "cluster": ["lower", "upper"]})
    with pytest.raises(DataError, match="DAT-010 bands, row 2: a label that is there already"):
        band_cluster(["a"], table=twice)
    assert staff_group(["AHP"])[0] == "Allied Health Professionals"


def test_questions_have_a_number_in_each_year() -> None:
    asked = survey_question("q14a", 2024)
    assert (asked.key, asked.direction, asked.certainty) == ("harassment_public", "adverse", "from memory")
    assert survey_question("Harassment staff", 2022).number == "q14b, q14c"
    with pytest.raises(DataError, match="a year of 2021, 2022, 2023, 2024"):
        survey_question("discrimination", 2015)
    with pytest.raises(DataError, match='Did you mean "discrimination"'):
        survey_question("discriminatoin", 2024)
    own = load_mapping("survey_questions").assign(question="q99")
    assert survey_question("discrimination", 2024, table=own).number == "q99"


def test_every_table_has_one_meaning_for_a_label() -> None:
    columns = {"ethnicity": ("label", "bme"), "bands": ("label", "cluster"), "staff_groups": ("label", "label"),
               "exit_types": ("reason", "exit_type")}  # fmt: skip
    for name, (label, to) in columns.items():
        table = load_mapping(name)
        assert len(labels_of(table, to=to, label=label).known) > len(set(table[label])) / 2
    with pytest.raises(DataError, match='Did you mean "bands"'):
        load_mapping("band")


def test_what_is_from_memory_says_so(project: Path) -> None:
    memory = 0
    for path in sorted((project / "data" / "workforce").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        certain = [row.get("certainty") or row.get("source") for row in rows if {"certainty", "source"} & set(row)]
        assert all(certain), path.name
        memory += sum("from memory" in str(one) for one in certain)
    assert memory > 60


def test_standard_indicators_name_columns_that_there_are() -> None:
    frames = simulate_workforce(50, 1, seed=1).frames
    keys = set(load_mapping("survey_questions")["key"])
    for name in ("wres_indicators", "edi_metrics", "plan_measures"):
        for row in load_mapping(name).to_dict("records"):
            for need in filter(None, row["needs"].split("; ")):
                file, _, column = need.partition(".")
                assert column in frames[file].columns, need
            assert {key for key in row.get("survey_key", "").split("; ") if key} <= keys
