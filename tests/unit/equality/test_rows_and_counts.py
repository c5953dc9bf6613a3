"""Each indicator from rows of persons and from counts: the same Estimates, and every row says what it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from frames import assert_frames_agree

from evalkit.equality.composition import representation
from evalkit.equality.disparity import disparity_ratio
from evalkit.equality.inputs import Workforce, check_frames
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.mappings import ethnic_group, exit_type, load_mapping
from evalkit.equality.pay import pay_gap
from evalkit.equality.plan import edi_plan
from evalkit.equality.plan_counting import plan_counts
from evalkit.equality.race_standard import wres
from evalkit.equality.race_standard_counts import wres_counts
from evalkit.equality.stability import stability_index, stability_index_from_counts
from evalkit.equality.survey_gaps import survey_gap
from evalkit.equality.turnover import leaver_rate, leaver_rate_from_counts
from evalkit.errors import DataError, EstimationError
from evalkit.result import Estimates
from evalkit.simulate.workforce import simulate_workforce

Pair = tuple[Estimates, Estimates]
BOTH: dict[str, Any] = {"group": "group", "reference": "BME", "comparison": "white", "year": "year"}
# What only rows of persons tell: who left without being a loss, who is on a break.
_OF_ROWS = ["not_counted", "on_break"]


@pytest.fixture(scope="module")
def trust() -> Workforce:
    frames = dict(simulate_workforce(n=600, years=3, seed=6).frames)
    frames["support"] = frames["support"].assign(offered=lambda rows: (rows["offered"] * 0.9).astype(int))
    return check_frames(frames)


@pytest.fixture(scope="module")
def counts(trust: Workforce) -> pd.DataFrame:
    return plan_counts(trust.frames)


def staff_of(trust: Workforce) -> pd.DataFrame:
    staff = trust.frames["staff_in_post"]
    return staff.assign(group=ethnic_group(staff["ethnicity"]), year=staff["snapshot"].dt.year)


def funnel_of(trust: Workforce) -> pd.DataFrame:
    funnel = trust.frames["recruitment"]
    return funnel[funnel["shortlisted"]].assign(group=lambda rows: ethnic_group(rows["ethnicity"]))


def added_up(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return rows[list(columns)].astype(str).value_counts().reset_index(name="people")


def of_staff(trust: Workforce, indicator: Callable[..., Estimates], **more: Any) -> Pair:
    rows = staff_of(trust)
    table = added_up(rows, "group", "band", "year")
    # "lower" before "upper" and Band 10 after Band 9 only where bands are in their order.
    table["band"] = pd.Categorical(table["band"], rows["band"].cat.categories)
    table["group"] = pd.Categorical(table["group"], rows["group"].cat.categories)
    return indicator(rows, band="band", **more), indicator(table, band="band", counts="people", **more)


def likelihoods(trust: Workforce) -> Pair:
    rows = funnel_of(trust)
    table = added_up(rows, "group", "appointed", "year")
    table["group"] = pd.Categorical(table["group"], rows["group"].cat.categories)
    more = BOTH | {"outcome": "appointed", "adverse_above_one": True}
    return relative_likelihood(rows, **more), relative_likelihood(table, counts="people", **more)


def leavers(trust: Workforce) -> Pair:
    gone = trust.frames["leavers"]
    gone = gone.assign(exit_type=exit_type(gone["reason"]))
    rows = leaver_rate(
        staff_of(trust), gone, exit_type="exit_type", by="group", reference="white", unmatched="count"
    )  # fmt: skip
    cells = rows.frame[rows.frame["term"] == "leaver rate, headcount"]
    return rows, leaver_rate_from_counts(
        cells, at_start="at_start", at_end="at_end", leavers="leavers", by="group", period="period", reference="white"
    )


def stayers(trust: Workforce) -> Pair:
    gone = trust.frames["leavers"]
    gone = gone.assign(exit_type=exit_type(gone["reason"]))
    rows = stability_index(staff_of(trust), gone, started="started", exit_type="exit_type", by="group")
    index = rows.frame[rows.frame["term"] == "stability index, headcount"].reset_index(drop=True)
    return Estimates(index, rows.method), stability_index_from_counts(
        index, served="now", a_year_ago="a_year_ago", by="group", period="period"
    )


def answers(trust: Workforce) -> Pair:
    survey = trust.frames["survey"]
    table = survey[(survey["characteristic"] == "ethnicity") & survey["question"].isin(["discrimination", "belonging"])]
    table = table.assign(group=ethnic_group(table["group"].astype(object)), question=table["question"].astype(str))
    table = table[["year", "question", "group", "answered", "agreed"]]
    yes = table.loc[table.index.repeat(table["agreed"])].assign(said="yes")
    no = table.loc[table.index.repeat(table["answered"] - table["agreed"])].assign(said="no")
    more = BOTH | {"question": "question", "adverse": {"discrimination": True, "belonging": False}}
    people = pd.concat([yes, no]).sample(frac=1, random_state=1)
    return survey_gap(people, agreed="said", **more), survey_gap(table, agreed="agreed", answered="answered", **more)


def standard(trust: Workforce) -> Pair:
    return wres(trust), wres(wres_counts(trust.frames).sample(frac=1, random_state=1).sort_values("indicator"))


def plan(trust: Workforce) -> Pair:
    mine = [edi_plan(trust, targets=goals()), edi_plan(plan_counts(trust.frames), targets=goals())]
    return tuple(
        Estimates(one.frame[one.frame["metric"] != "3a"].drop(columns="flag").reset_index(drop=True), one.method)
        for one in mine
    )  # type: ignore[return-value]


def goals() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "indicator": ["vacancy_rate", "leaver_rate"],
            "baseline_year": [2023, 2024],
            "target_year": 2028,
            "target": 0.05,
        }
    )  # fmt: skip


PAIRS: dict[str, Callable[[Workforce], Pair]] = {
    "representation": lambda trust: of_staff(trust, representation, group="group", year="year"),
    "relative_likelihood": likelihoods,
    "disparity_ratio": lambda trust: of_staff(trust, disparity_ratio, **BOTH),
    "leaver_rate": leavers,
    "stability_index": stayers,
    "survey_gap": answers,
    "wres": standard,
    "edi_plan": plan,
}


@pytest.fixture(scope="module", params=PAIRS)
def pair(request: pytest.FixtureRequest, trust: Workforce) -> Pair:
    return PAIRS[request.param](trust)


def test_rows_and_counts_give_the_same_estimates(pair: Pair) -> None:
    of_rows, of_counts = pair
    frames = [one.frame.drop(columns=_OF_ROWS, errors="ignore") for one in (of_rows, of_counts)]
    keys = [name for name in ("metric", "indicator", "year", "period", "band", "term", "group") if name in frames[0]]
    first, second = (frame.sort_values(keys, ignore_index=True, kind="stable") for frame in frames)
    assert len(first) > 3
    assert_frames_agree(second[list(first.columns)], first, rtol=1e-12, atol=0)
    assert of_rows.method.name == of_counts.method.name
    assert of_rows.method.interval == of_counts.method.interval


def test_every_contrast_has_interval_n_direction_and_side(pair: Pair) -> None:
    for result in pair:
        rows = result.frame[result.frame["estimate"].notna() & result.frame["n"].notna()]
        assert (rows["n"] > 0).all()
        sure = rows[rows["n"] > 1]
        assert (sure["conf_low"].notna() & sure["conf_high"].notna()).all()
        contrasts = rows[~rows["term"].isin(["rate", "share"])]
        assert (contrasts["direction"].fillna("") != "").all()
        assert (contrasts["adverse"].fillna("") != "").mean() > 0.5
        ratios = rows[rows["unit"] == "ratio"]
        assert ratios["adverse_above_one"].map(lambda value: isinstance(value, bool | np.bool_)).all()


def test_pay_needs_the_pay_of_persons_or_people_by_rate(trust: Workforce, counts: pd.DataFrame) -> None:
    told = edi_plan(counts).frame.set_index("metric")["flag"]
    assert told["3a"] == "not computable: needs the pay of persons"
    pay = trust.frames["pay"].merge(staff_of(trust)[["person", "snapshot", "sex"]], on=["person", "snapshot"])
    pay = pay[pay["snapshot"] == pay["snapshot"].max()].astype({"sex": str}).dropna(subset="hourly")
    pay["hourly"] = pay["hourly"].round()
    rates = pay[["sex", "hourly"]].value_counts().reset_index(name="people")
    one = pay_gap(pay, sex="sex", hourly="hourly", year="snapshot").frame.drop(columns="year")
    other = pay_gap(rates, sex="sex", hourly="hourly", counts="people").frame
    assert_frames_agree(other, one, rtol=1e-12, atol=1e-12)


def test_counts_of_the_plan_are_those_of_the_files(trust: Workforce, counts: pd.DataFrame) -> None:
    def of(indicator: str, **wanted: object) -> pd.DataFrame:
        rows = counts[counts["indicator"] == indicator]
        for name, value in wanted.items():
            rows = rows[rows[name] == value]
        return rows[["n", "events"]].sum()

    staff, funnel = trust.frames["staff_in_post"], trust.frames["recruitment"]
    assert of("staff", characteristic="ethnicity")["n"] == of("staff", characteristic="disability")["n"] == len(staff)
    assert of("staff", characteristic="disability", group="disabled")["n"] == (staff["disability"] == "yes").sum()
    assert of("staff", characteristic="ethnicity", part="Band 5", year=2024)["n"] == (
        (staff["band"] == "Band 5") & (staff["snapshot"].dt.year == 2024)
    ).sum()  # fmt: skip
    assert of("shortlisted", characteristic="ethnicity").tolist() == [len(funnel), funnel["shortlisted"].sum()]
    hired = funnel[funnel["appointed"]]
    assert of("appointed", characteristic="disability").tolist() == [funnel["shortlisted"].sum(), len(hired)]
    assert of("recruitment_apprentice")["events"] == hired["route"].astype(str).str.startswith("apprentice").sum()
    assert of("local_recruitment")["events"] == hired["local"].astype(str).isin(["yes", "True"]).sum()
    support, vacant = trust.frames["support"], trust.frames["vacancies"]
    assert of("support_used").tolist() == support[["offered", "used"]].sum().tolist()
    assert of("support_offered_affected").tolist() == support[["affected", "offered"]].sum().tolist()
    assert not of("support_offered").any()
    assert of("vacancy_rate").tolist() == pytest.approx(vacant[["posts", "vacant"]].sum().tolist())
    losses = leavers(trust)[0].frame
    losses = losses[losses["term"] == "leaver rate, headcount"]
    by_group = losses.groupby("group")[["at_start", "at_end", "leavers"]].sum()
    assert (by_group["at_start"] != by_group["at_end"]).any()
    for part, column in (("at start", "at_start"), ("at end", "at_end"), ("left", "leavers")):
        for group, n in by_group[column].items():
            assert of("leaver_rate", part=part, group=group)["n"] == n


def test_support_is_offered_to_those_affected_and_of_staff_where_they_are_not_known() -> None:
    frames = dict(simulate_workforce(300, years=3, seed=4).frames)
    support = frames["support"]
    usual = plan_counts(check_frames(frames).frames).set_index(["indicator", "year"]).sort_index()
    some = support.assign(affected=support["affected"].where((support["year"] != 2024) | (support["group"] != "BME")))
    told = plan_counts(check_frames(frames | {"support": some}).frames).set_index(["indicator", "year"]).sort_index()
    offered = support.groupby("year")["offered"].sum()
    affected = support.groupby("year")["affected"].sum()
    assert "support_offered" not in usual.index
    for year in (2023, 2025):
        row = told.loc[("support_offered_affected", year)]
        assert row[["n", "events"]].to_numpy().tolist() == [[affected[year], offered[year]]]
    assert ("support_offered_affected", 2024) not in told.index
    assert told.loc[("support_offered", 2024), ["n", "events"]].to_numpy().tolist() == [[300, offered[2024]]]
    without = plan_counts(check_frames(frames | {"support": support.drop(columns="affected")}).frames)
    assert set(without.loc[without["indicator"] == "support_offered", "n"]) == {300}
    assert "support_offered_affected" not in set(without["indicator"])


def test_support_offered_to_nobody_of_those_affected_is_told() -> None:
    frames = dict(simulate_workforce(100, years=1, seed=4).frames)
    nobody = frames["support"].assign(offered=0, used=0, affected=20.0)
    assert "support" in check_frames(frames | {"support": nobody}).frames
    with pytest.raises(DataError, match=r"DAT-007 support, rows .*: more offered than affected"):
        check_frames(frames | {"support": nobody.assign(offered=21)})
    with pytest.raises(DataError, match=r"DAT-021 support, rows .*: a group of which nobody counts as offered"):
        check_frames(frames | {"support": nobody.drop(columns="affected")})


def test_counts_may_have_labels_of_the_mapping_and_own_bands(counts: pd.DataFrame) -> None:
    usual = edi_plan(counts).frame
    words = {"BME": "Asian: Indian", "white": "A", "disabled": "Yes", "recruited abroad": "overseas"}
    bands = load_mapping("bands")
    bands["label"] = bands["label"].replace({"Band 8a": "Grade X"})
    mine = counts.assign(
        group=counts["group"].replace(words), part=counts["part"].replace({"Band 8a": "Grade X"}),
        year=counts["year"].map(lambda year: f"{year - 1}/{year % 100}"),
    )  # fmt: skip
    assert_frames_agree(edi_plan(mine, bands=bands).frame, usual, rtol=0, atol=0)
    with pytest.raises(DataError, match="DAT-006 data, column part, row"):
        edi_plan(mine)
    lower = bands.assign(cluster=bands["cluster"].replace({"middle": "lower", "upper": "middle"}))
    found = edi_plan(mine, bands=lower).frame.set_index("metric")["flag"]
    assert found["disparity"].startswith("not computable: clusters, upper")


def test_a_leaver_of_a_group_without_staff_counts_among_all() -> None:
    parts = {"at start": {"white": 90, "BME": 40, "": 0}, "at end": {"white": 88, "BME": 42, "": 0},
             "left": {"white": 9, "BME": 6, "": 1}}  # fmt: skip
    rows = [(part, group, n) for part, of in parts.items() for group, n in of.items()]
    table = pd.DataFrame(rows, columns=["part", "group", "n"]).assign(
        year=2024, indicator="leaver_rate", characteristic="ethnicity", events=lambda found: found["n"]
    )
    found = edi_plan(table).frame.set_index("indicator")
    assert found.loc["leaver_rate", "estimate"] == pytest.approx(16 / 130)
    assert found.loc["leaver_rate_ratio", "estimate"] == pytest.approx((6 / 41) / (9 / 89))
    assert found.loc["leaver_rate_ratio", "group"] == "BME over white"
    alone = edi_plan(table[table["group"] != "BME"]).frame
    assert alone.loc[alone["indicator"].notna(), "indicator"].tolist() == ["leaver_rate"]


def test_wrong_counts_of_the_plan_come_all_at_once(counts: pd.DataFrame) -> None:
    bad = pd.concat([counts, counts.tail(1)], ignore_index=True)
    bad.loc[0, ["indicator", "characteristic"]] = "purple"
    bad.loc[1, "group"] = "purple"
    bad.loc[2, "part"] = "Band 77"
    bad.loc[3, "n"] = np.nan
    place = bad.index[bad["indicator"] == "cpd"][0]
    bad.loc[place, "events"] = bad.loc[place, "n"] + 1
    bad.loc[bad["indicator"] == "leaver_rate", "part"] = "in between"
    bad.loc[bad.index[bad["indicator"] == "support_used"][0], "n"] += 0.5
    with pytest.raises(DataError) as error:
        edi_plan(bad)
    told = [(problem.code, problem.place) for problem in error.value.problems]
    assert told == [
        ("DAT-002", "data, column n"), ("DAT-002", "data, column n"), ("DAT-006", "data, column indicator"),
        ("DAT-006", "data, column characteristic"), ("DAT-007", "data"), ("DAT-010", "data"),
        ("DAT-006", "data, column group, row 2"), ("DAT-006", "data, column part, row 3"),
        ("DAT-006", "data, column part"),
    ]  # fmt: skip
    with pytest.raises(DataError, match=r"DAT-004 data, column year: no year \(row 1\)"):
        edi_plan(counts.assign(year=["spring", *counts["year"][1:]]))
    with pytest.raises(DataError, match='DAT-003 data: no column "characteristic"'):
        edi_plan(counts.drop(columns="characteristic"))
    with pytest.raises(EstimationError, match="EST-001"):
        edi_plan(counts[counts["group"] == "white"].query("characteristic == 'ethnicity' and indicator == 'staff'"))


@pytest.mark.parametrize(("of", "name"), [(edi_plan, "plan"), (wres, "standard")])
def test_a_year_missing_from_counts_is_refused_unless_allowed(
    of: Callable[..., Estimates], name: str, trust: Workforce, counts: pd.DataFrame
) -> None:
    table = counts if name == "plan" else wres_counts(trust.frames)
    gap = table[table["year"] != 2024]
    with pytest.raises(DataError, match=r"DAT-007 data, column year: .*: 2023 to 2025 without 2024"):
        of(gap)
    years = of(gap, allow_gaps=True).frame["year"].dropna().astype(str).unique()
    assert sorted(years) == ["2023", "2025"]
    frames = {key: frame for key, frame in trust.frames.items() if key in ("staff_in_post", "recruitment")}
    frames["recruitment"] = frames["recruitment"][frames["recruitment"]["year"] != 2024]
    with pytest.raises(DataError, match="DAT-020"):
        of(frames)
    assert len(of(frames, allow_gaps=True).frame)
