"""Whatever a CSV says, `reproduce` gives a frame or a DataError: no other exception, no warning, no wild wait."""

from __future__ import annotations

import csv
import io
import math
import os
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evalkit.errors import DataError
from evalkit.published import reproduce
from evalkit.published.reproduction import COLUMNS
from evalkit.published.rules import RULES
from evalkit.published.sources import COLUMNS as FILE_COLUMNS
from evalkit.published.verdicts import VERDICTS

# The same examples in every run; EVALKIT_FUZZ=2000 looks further.
FUZZ = settings(
    max_examples=int(os.environ.get("EVALKIT_FUZZ", "60")),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)

STATISTICS = (
    *("n", "n_at_most", "items", "count", "per_cent", "sd", "p", "odds_ratio", "mean", "conf_low", "conf_high"),
    *("relative_likelihood", "difference", "change_per_cent", "claim", "something else"),
)
NUMBERS = (
    *("0", "0.0", "0.00", "1", "2", "3", "5", "20", "100", "100.0", "99.95", "50", "33.3", "3.16", "0.523", "84.0"),
    *(
        "0.01",
        ".05",
        "<0.01",
        ">0.9",
        "<=5",
        "\u22650",
        "=0.05",
        "-1",
        "-0.00",
        "+4.1",
        "\u22120.94",
        "1,234",
        "309,532",
    ),
    *("27500", "1000000", "999999999", "999999999999999", "123456789012345", "0.000000000000001", "99.9999999999999"),
    *("1e5", "nan", "inf", "", " ", "84.0 %", "1,23", "\u0663", "9" * 40, "0." + "0" * 40 + "1", "9" * 400),
)
DECIMALS = ("0", "1", "2", "3", "13", "15", "-1", "-2", "-15", "99", "-99", "", "1_0", "\u0662", "1.5", "9" * 30)
GROUPS = ("", "a", "b", "a v b", "b v a", "a v b v a", " v ")
WAVES = ("", "before", "after", "year 1", "year 2")


@st.composite
def _rows(draw: st.DrawFn) -> list[dict[str, str]]:
    rows = []
    for _ in range(draw(st.integers(1, 9))):
        text = draw(st.sampled_from(NUMBERS))
        seen = str(len(text.partition(".")[2]))
        statistic = draw(st.sampled_from(STATISTICS))
        # Mostly right decimals, so that the rules are reached and not only the checks.
        decimals = draw(st.sampled_from(DECIMALS)) if draw(st.integers(0, 24)) == 0 else seen
        rows.append(
            {
                "source": "x",
                "table": "t",
                "row": draw(st.sampled_from(("r", "r", "r", "s"))),
                "group": draw(st.sampled_from(GROUPS)),
                "wave": draw(st.sampled_from(WAVES)),
                "statistic": statistic,
                "published": text,
                "decimals": "" if statistic == "claim" else decimals,
                "check": draw(st.sampled_from(("", "", *RULES))),
                "note": "",
            }
        )
    return rows


# Values that the checks let through, so that every rule meets every other.
GOOD = {
    "n": ("1", "2", "25", "85", "999999999999999", "20000000"),
    "n_at_most": ("1", "78", "1000000000"),
    "items": ("1", "4", "999999999"),
    "count": ("0", "1", "21", "36", "999999999999999", "300000"),
    "per_cent": ("0", "84.0", "42.4", "100.0", "99.9", "<5", "33.3333333333333", "0.000000000001", "6.1"),
    "sd": ("0", "0.00", "1.36", "2.47", "99999999", "<1"),
    "p": ("0", "0.000", "0.018", "<0.001", ">0.05", "1", "1.000"),
    "mean": ("0", "0.00", "3.44", "-3.44", "5", "123456789012.345", ">4"),
    "odds_ratio": ("0.00", "0.69", "1"),
    "conf_low": ("0.00", "0.59", "-1.48"),
    "conf_high": ("0.82", "5.00", "123456789012345"),
    "difference": ("0", "1.2", "-0.94"),
    "claim": ("", "*", "not different", "more than half"),
}


@st.composite
def _good_rows(draw: st.DrawFn) -> list[dict[str, str]]:
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(sorted(GOOD)), st.sampled_from(GROUPS[:4]), st.sampled_from(WAVES)),
            min_size=3,
            max_size=14,
            unique=True,
        )
    )
    rows = []
    for statistic, group, wave in keys:
        text = draw(st.sampled_from(GOOD[statistic]))
        claim = statistic == "claim"
        rules = ["none", "majority", "fisher_unadjusted", "paired_claim"] if claim else sorted(RULES)
        decimals = "" if claim else str(len(text.partition(".")[2]))
        rows.append(
            dict(
                zip(
                    FILE_COLUMNS,
                    ("x", "t", "r", group, wave, statistic, text, decimals, draw(st.sampled_from(["", *rules])), ""),
                    strict=True,
                )
            )
        )
    return rows


def _reproduced(rows: list[dict[str, str]]) -> pd.DataFrame | None:
    out = io.StringIO()
    writer = csv.DictWriter(out, FILE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_text(out.getvalue(), encoding="utf-8")
        try:
            return reproduce(path)
        except DataError as error:
            if not str(error):
                raise
            return None


def _check(table: pd.DataFrame | None, rows: list[dict[str, str]]) -> None:
    if table is None:
        return
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == sum(bool(row["check"]) for row in rows)
    assert set(table["verdict"].astype(str)) <= set(VERDICTS)
    assert table["how"].map(bool).all()
    exact = table[table["verdict"] == "exact"]
    assert all(math.isfinite(value) for value in exact["recomputed"])


@FUZZ
@given(rows=_rows())
def test_hostile_figures(rows: list[dict[str, str]]) -> None:
    _check(_reproduced(rows), rows)


@FUZZ
@given(rows=_good_rows())
def test_every_rule_meets_every_number(rows: list[dict[str, str]]) -> None:
    _check(_reproduced(rows), rows)


@FUZZ
@given(text=st.text(max_size=300))
@example(text=",".join(FILE_COLUMNS) + "\n")
@example(text=",".join(FILE_COLUMNS) + "\n\x00,,,,,,,,,\n")
def test_any_text(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.csv"
        path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
        with pytest.raises(DataError):
            reproduce(path)
