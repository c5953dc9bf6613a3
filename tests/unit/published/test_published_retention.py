"""Retention rebuilt from printed rates keeps its promises."""

from __future__ import annotations

import pytest

from evalkit.errors import EstimationError
from evalkit.published import compare_retention, implied_life_table, retention_from_rates
from evalkit.result import CURVE_COLUMNS, ESTIMATE_COLUMNS

MENTORED = implied_life_table(239, [3.77, 3.48, 8.11], decimals=2)
CONTROL = implied_life_table(199, [14.07, 9.36, 14.19], decimals=2)
COARSE = implied_life_table(239, [4.0, 3.0], decimals=0)


def test_the_curve_is_the_product_of_the_periods() -> None:
    curve = retention_from_rates({"mentored": MENTORED, "control": CONTROL})
    frame = curve.tidy()
    assert tuple(frame.columns) == CURVE_COLUMNS
    last = frame[frame["time"] == 3].set_index("group")["estimate"]
    assert last["mentored"] == pytest.approx(204 / 239)
    assert last["control"] == pytest.approx(133 / 199)
    assert frame["n_at_risk"].tolist() == [239, 230, 222, 199, 171, 155]
    assert curve.method.n_used == 438


def test_the_comparison_is_group_minus_reference() -> None:
    result = compare_retention({"mentored": MENTORED, "control": CONTROL}, reference="control")
    frame = result.tidy().set_index("term")
    assert tuple(result.tidy().columns) == (*ESTIMATE_COLUMNS, "n_least")
    assert frame.loc["retention_difference", "estimate"] == pytest.approx(204 / 239 - 133 / 199)
    assert frame.loc["logrank", "statistic"] == pytest.approx(22.39, abs=0.005)
    turned = (
        compare_retention({"mentored": MENTORED, "control": CONTROL}, reference="mentored").tidy().set_index("term")
    )
    for one, other in (("estimate", "estimate"), ("conf_low", "conf_high")):
        assert turned.loc["retention_difference", one] == pytest.approx(-frame.loc["retention_difference", other])
    assert turned.loc["logrank", "statistic"] == pytest.approx(frame.loc["logrank", "statistic"])


def test_the_reference_is_the_first_in_sorted_order_unless_named() -> None:
    result = compare_retention({"mentored": MENTORED, "control": CONTROL}).tidy().set_index("term")
    assert result.loc["retention_difference", "group"] == "mentored - control"


def test_a_wider_level_gives_a_wider_interval() -> None:
    tables = {"mentored": MENTORED, "control": CONTROL}
    narrow, wide = (compare_retention(tables, level=level).tidy() for level in (0.9, 0.99))
    shown = narrow["conf_low"].notna()
    assert (wide["conf_low"][shown] < narrow["conf_low"][shown]).all()
    assert (wide["conf_high"][shown] > narrow["conf_high"][shown]).all()


def test_rates_that_allow_several_tables_are_refused() -> None:
    assert COARSE.n_solutions > 1
    with pytest.raises(EstimationError, match=r"EST-001 group coarse: \d+ life tables fit"):
        retention_from_rates({"coarse": COARSE, "mentored": MENTORED})


@pytest.mark.parametrize(
    ("tables", "reference"),
    [
        ({}, None),
        ({"mentored": MENTORED}, None),
        ({"mentored": MENTORED, "control": CONTROL}, "controls"),
        ({"mentored": MENTORED, "control": implied_life_table(199, [14.07], decimals=2)}, None),
        ({"a": MENTORED, "b": CONTROL, "c": CONTROL}, None),
    ],
)
def test_what_is_not_two_groups_over_the_same_periods_is_refused(
    tables: dict[str, object], reference: str | None
) -> None:
    with pytest.raises(EstimationError, match="EST-001 tables"):
        compare_retention(tables, reference=reference)  # type: ignore[arg-type]
