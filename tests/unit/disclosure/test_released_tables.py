"""What a notebook shows is attacked as a whole before it is published."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure.protecting import protect
from evalkit.equality.composition import representation
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.turnover import leaver_rate_from_counts
from evalkit.errors import DisclosureError
from evalkit.report import rendering
from evalkit.report.showing import MARK, TOKEN, show
from evalkit.result import Estimates, Method, estimates

STAFF = pd.DataFrame(
    {"site": ["North", "South", "West", "All"], "n": [4, 60, 25, 89], "remark": ["Ann Smith", "", "", ""]}
)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[dict[str, str], dict[str, Any]]]:
    import IPython.display

    found: list[tuple[dict[str, str], dict[str, Any]]] = []

    def display(bundle: dict[str, str], *, raw: bool, metadata: dict[str, Any]) -> None:
        assert raw
        found.append((bundle, json.loads(json.dumps(metadata[MARK]))))

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setenv(TOKEN, "token-of-the-run")
    return found


def groups(*rows: tuple[str | None, int], used: int) -> Estimates:
    method = Method(name="m", estimand="e", unit="points", n_given=used, n_used=used)
    return estimates([{"term": "t", "group": group, "estimate": 1.5, "n": n} for group, n in rows], method)


def audited(shown: list[Any]) -> None:
    rendering._audit([mark for _, mark in shown], "x.ipynb", "token-of-the-run")


def refused(shown: list[Any]) -> str:
    with pytest.raises(DisclosureError) as caught:
        audited(shown)
    return str(caught.value)


def protected(table: pd.DataFrame = STAFF, **more: Any) -> Any:
    return protect(table, counts="n", dims="site", totals={"site": "All"}, **more)


def test_a_protected_table_is_shown_without_what_was_withheld(shown: list[Any]):
    show(protected(), title="Staff", profile="public")
    bundle, mark = shown[0]
    for text in bundle.values():
        assert "withheld" in text
        assert "60" in text
        assert "Ann" not in text
        assert ">25<" not in text
    assert mark["profile"] == "staff-survey"
    told = [{name: value for name, value in table.items() if name != "naive"} for table in mark["tables"]]
    assert "25" not in json.dumps(told)
    assert len(mark["tables"][0]["naive"]) == 64
    assert mark["tables"][0]["counts"] == {"n": [None, 60.0, None, 89.0]}


def test_what_is_released_of_several_counts_is_shown(shown: list[Any]):
    table = STAFF.assign(leavers=[1, 20, 3, 24])
    made = protect(table, counts=["n", "leavers"], dims="site", totals={"site": "All"})
    show(made, title="Staff")
    line = next(line for line in shown[0][0]["text/plain"].splitlines() if "South" in line)
    assert "60" in line
    audited(shown)


def test_the_same_table_may_be_shown_twice(shown: list[Any]):
    for _ in range(2):
        show(protected(), title="Staff")
    audited(shown)


def test_two_protected_tables_that_betray_each_other_stop_the_report(shown: list[Any]):
    show(protected(), title="Staff")
    show(
        protected(pd.DataFrame({"site": ["West", "Other", "All"], "n": [25, 64, 89]})),
        title="West and others",
    )
    message = refused(shown)
    assert message.startswith('DIS-005 x.ipynb, "Staff": cells that can be worked out')
    assert "site North (recoverable)" in message
    assert "Ann" not in message
    assert "4 " not in message


def test_sums_of_rounded_counts_are_not_taken_for_unrounded(shown: list[Any]):
    table = pd.DataFrame({"site": ["a", "b", "All"], "n": [20, 33, 53]})
    for profile in ("opensafely-midpoint6", "opensafely"):
        shown.clear()
        show(protected(table, profile=profile), title=profile)
        audited(shown)


def test_one_table_rounded_in_two_ways_is_told_closer(shown: list[Any]):
    table = pd.DataFrame({"site": ["a", "b", "All"], "n": [20, 33, 53]})
    for profile in ("opensafely-midpoint6", "opensafely"):
        show(protected(table, profile=profile), title=profile)
    assert "site a (narrow)" in refused(shown)


def test_groups_with_their_total_told_elsewhere_stop_the_report(shown: list[Any]):
    # Alone the table says nothing of the 4, as its n is withheld.
    show(groups(("a", 40), ("b", 4), used=44), title="By group")
    audited(shown)
    # Another result on as many people tells n = 44.
    show(groups((None, 44), used=44), title="All")
    message = refused(shown)
    assert '"By group"' in message
    assert "b (recoverable)" in message


def test_other_people_are_not_held_against_a_table(shown: list[Any]):
    show(groups(("a", 40), ("b", 4), used=44), title="By group")
    show(groups((None, 45), used=45), title="Others")
    audited(shown)


def test_a_plain_frame_with_a_total_is_attacked(shown: list[Any]):
    show(pd.DataFrame({"site": ["a", "b", "All"], "n": [4, 60, 64]}), title="Plain", counts=["n"])
    assert "site a (recoverable)" in refused(shown)
    shown.clear()
    show(pd.DataFrame({"site": ["a", "b", "c"], "n": [4, 60, 25]}), title="Plain", counts=["n"])
    audited(shown)


def test_nothing_is_registered_without_a_run(shown: list[Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(TOKEN)
    show(protected(), title="Staff")
    assert "tables" not in shown[0][1]


def test_public_results_are_not_attacked(shown: list[Any]):
    show(groups(("a", 40), ("b", 4), used=44), title="Printed", profile="public")
    audited(shown)


# --- plain frames with totals ----------------------------------------------------------------------------------------

TWO_WAY = pd.DataFrame(
    {
        "site": ["North", "North", "North", "South", "South", "South", "All", "All", "All"],
        "band": ["5 to 7", "8 and over", "All", "5 to 7", "8 and over", "All", "5 to 7", "8 and over", "All"],
        "n": [140, 4, 144, 95, 26, 121, 235, 30, 265],
    }
)


def test_a_plain_two_way_table_is_attacked(shown: list[Any]):
    show(TWO_WAY, title="Plain", counts=["n"])
    assert "site North, band 8 and over (recoverable)" in refused(shown)


def test_a_plain_two_way_table_is_attacked_under_any_label_of_its_totals(shown: list[Any]):
    show(TWO_WAY.replace("All", "Acute and community"), title="Plain", counts=["n"])
    assert "site North, band 8 and over (recoverable)" in refused(shown)


def test_a_two_way_table_without_its_margins_tells_nothing(shown: list[Any]):
    show(TWO_WAY[(TWO_WAY[["site", "band"]] != "All").all(axis=1)], title="Plain", counts=["n"])
    audited(shown)


@pytest.mark.parametrize(
    ("labels", "people"),
    [
        (["A1", "A2", "A total", "B1", "B2", "B total", "All"], [4, 30, 34, 50, 60, 110, 144]),
        (["A", "A1", "A2", "B", "B1", "B2", "All"], [34, 4, 30, 110, 50, 60, 144]),
        (["A1", "A2", "A total", "B"], [4, 30, 34, 50]),
        (["A1", "A2", "A", "B1", "B2", "B"], [4, 30, 34, 50, 60, 110]),
    ],
)
def test_subtotals_of_a_plain_frame_are_attacked(shown: list[Any], labels: list[str], people: list[int]):
    show(pd.DataFrame({"d": labels, "n": people}), title="Plain", counts=["n"])
    assert "A1 (recoverable)" in refused(shown)


def test_a_sum_by_chance_is_no_subtotal(shown: list[Any]):
    show(pd.DataFrame({"d": ["a", "b", "c", "e"], "n": [4, 30, 34, 51]}), title="Plain", counts=["n"])
    audited(shown)


def test_parts_and_their_total_in_two_plain_frames_are_attacked_together(shown: list[Any]):
    parts = pd.DataFrame({"site": ["North", "South"], "n": [4, 26]})
    show(parts, title="Parts", counts=["n"])
    audited(shown)
    show(pd.DataFrame({"site": ["All"], "n": [30]}), title="Whole", counts=["n"])
    assert '"Parts": cells that can be worked out from all that is shown: site North (recoverable)' in refused(shown)


def test_a_total_of_other_people_is_not_held_against_the_parts(shown: list[Any]):
    show(pd.DataFrame({"site": ["North", "South"], "n": [4, 26]}), title="Parts", counts=["n"])
    show(pd.DataFrame({"site": ["All"], "n": [40]}), title="Others", counts=["n"])
    audited(shown)


# --- estimates of groups ---------------------------------------------------------------------------------------------


def of_bands(people: list[int]) -> Estimates:
    labels = [(group, band) for band in ("Band 5", "Band 7", "Band 9") for group in ("white", "BME")]
    rows = pd.DataFrame(labels, columns=["e", "band"]).assign(n=people)
    return representation(rows, group="e", band="band", counts="n")


def test_members_of_a_withheld_band_are_had_by_subtraction(shown: list[Any]):
    show(of_bands([800, 150, 300, 40, 60, 3]), title="By band")
    assert "Band 9" in refused(shown)


def test_bands_of_enough_are_shown(shown: list[Any]):
    show(of_bands([800, 150, 300, 40, 60, 30]), title="By band")
    audited(shown)
    assert "150" in shown[0][0]["text/plain"]


def test_events_of_a_withheld_department_are_had_from_the_whole(shown: list[Any]):
    rows = pd.DataFrame(
        {"e": ["white", "BME"] * 2, "d": ["X", "X", "Y", "Y"], "s": [800, 150, 100, 50], "a": [160, 3, 20, 13]}
    )
    roles = {"group": "e", "outcome": "a", "total": "s", "reference": "BME", "comparison": "white"}
    show(relative_likelihood(rows, by="d", **roles), title="By department")
    show(relative_likelihood(rows, **roles), title="All")
    assert '"By department"' in refused(shown)


def test_estimates_give_away_what_protect_withheld(shown: list[Any]):
    table = pd.DataFrame({"band": ["5", "7", "9", "All"], "n": [800, 300, 4, 1104]})
    show(protect(table, counts="n", dims="band", totals={"band": "All"}), title="Protected")
    rows = pd.DataFrame({"band": ["5"] * 800 + ["7"] * 300 + ["9"] * 4, "e": "white"})
    rows.loc[::3, "e"] = "BME"
    audited(shown)
    show(representation(rows, group="e", band="band"), title="Estimates")
    assert '"Protected": cells that can be worked out' in refused(shown)


def test_a_second_group_is_withheld_where_n_tells_the_few_who_did_not_say(shown: list[Any]):
    rows = pd.DataFrame({"e": ["white", "BME", None], "band": "5", "n": [300, 200, 4]})
    show(representation(rows, group="e", counts="n"), title="Estimates")
    text = shown[0][0]["text/plain"]
    # The larger one: the table is about the other.
    assert "0.595" not in text
    # 200 of 504, without the digits that would tell it.
    assert "0.4" in text
    assert "0.397" not in text
    # Another result may tell the larger one: n does not stand there either.
    assert not re.search(r"\b(504|300|200)\b", text)
    audited(shown)


def test_n_of_two_results_tells_the_few_who_did_not_say(shown: list[Any]):
    rows = pd.DataFrame({"e": ["white", "BME", None], "s": [200, 90, 3], "a": [60, 18, 1]})
    roles = {"group": "e", "outcome": "a", "total": "s", "reference": "BME", "comparison": "white"}
    show(relative_likelihood(rows, **roles), title="Likelihood")
    show(representation(rows, group="e", counts="s"), title="Representation")
    assert not re.search(r"\b(293|200|90)\b", shown[1][0]["text/plain"])
    audited(shown)


# --- whose tables are whose ------------------------------------------------------------------------------------------


def sites(people: dict[str, int], dim: str = "site", count: str = "n", totals: bool = True) -> Any:  # noqa: FBT001, FBT002
    table = pd.DataFrame({dim: list(people), count: list(people.values())})
    return protect(table, counts=count, dims=dim, totals={dim: "All"} if totals else None)


NORTH = {"North": 4, "South": 26, "All": 30}


@pytest.mark.parametrize(
    "other",
    [
        sites({"South": 26}, dim="Site ", totals=False),
        sites({"South": 26}, dim="place", totals=False),
        sites({" SOUTH": 26}, totals=False),
        sites({"South": 26, "All": 30}, count="staff", totals=False),
        sites({"South": 26, "All": 30}, count="employed on 31 March", totals=False),
    ],
)
def test_tables_are_linked_by_their_labels_not_only_by_exact_names(shown: list[Any], other: Any):
    show(sites(NORTH), title="One")
    audited(shown)
    show(other, title="Two")
    assert '"One": cells that can be worked out from all that is shown: site North' in refused(shown)


def test_a_total_that_protect_was_not_told_is_one(shown: list[Any]):
    # `protect` refuses a total that it is not told of; what was made otherwise is caught here.
    made = sites({"North": 4, "South": 26, "Every": 30}, totals=False)
    show(replace(made, frame=made.frame.replace({"Every": "All"})), title="One")
    assert "site North (recoverable)" in refused(shown)


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 1, 0)])
def test_another_year_on_the_page_does_not_end_the_attack(shown: list[Any], order: tuple[int, ...]):
    tables = [sites(NORTH), sites({"North": 20, "South": 40}, totals=False), sites({"South": 26}, totals=False)]
    for at in order:
        show(tables[at], title=f"Table {at}")
    assert '"Table 0": cells that can be worked out from all that is shown: site North' in refused(shown)


def test_two_years_of_one_page_are_no_leak(shown: list[Any]):
    show(sites(NORTH), title="2025")
    show(sites({"North": 20, "South": 40, "All": 60}), title="2024")
    show(sites({"North": 5, "South": 41, "All": 46}), title="2023")
    audited(shown)


def test_what_is_registered_of_a_frame_does_not_hold_what_is_withheld(shown: list[Any]):
    show(TWO_WAY.assign(n=TWO_WAY["n"].replace({4: 7})), title="Plain", counts=["n"])
    for table in shown[0][1]["tables"]:
        assert {None, *table["counts"]["n"]} <= {None, *(float(n) for n in TWO_WAY["n"] if n >= 11)}
        assert all(len(mark) == 64 for mark in table["marks"])


@pytest.mark.parametrize(
    "other",
    [
        sites({"South": 26, "West": 50, "All": 76}),
        protect(
            pd.DataFrame({"Hospital": ["SOUTH", "WEST", "Both"], "people": [26, 50, 76]}),
            counts="people",
            dims="Hospital",
            totals={"Hospital": "Both"},
        ),
        pd.DataFrame({"site": ["South", "West", "All"], "n": [26, 50, 76]}),
        pd.DataFrame({"site": ["South", "West", "Community sites"], "n": [26, 50, 76]}),
        pd.DataFrame({"site": ["West", "Community sites"], "n": [50, 76]}),
    ],
)
def test_totals_of_different_labels_are_different_cells(shown: list[Any], other: Any):
    show(sites({"North": 4, "South": 26, "West": 50, "All": 80}), title="One")
    audited(shown)
    show(other, title="Two", counts=["n"])
    if len(other if isinstance(other, pd.DataFrame) else other.frame) > 2:
        assert '"One": cells that can be worked out from all that is shown: site North (recoverable)' in refused(shown)
    else:
        audited(shown)  # nothing says what is added up


def test_totals_of_parts_that_overlap_are_added_up(shown: list[Any]):
    table = pd.DataFrame({"site": ["North", "South", "All"], "band": ["all"] * 3, "n": [4, 26, 30]})
    show(protect(table, counts="n", dims=["site", "band"], totals={"site": "All", "band": "all"}), title="One")
    audited(shown)
    show(pd.DataFrame({"site": ["South", "West", "All"], "n": [26, 50, 76]}), title="Two", counts=["n"])
    assert '"One": cells that can be worked out from all that is shown: site North' in refused(shown)


def test_a_total_of_a_part_in_another_year_is_no_leak(shown: list[Any]):
    show(sites({"North": 4, "South": 26, "West": 50, "All": 80}), title="2025")
    show(pd.DataFrame({"site": ["South", "West", "All"], "n": [27, 60, 87]}), title="2024", counts=["n"])
    audited(shown)


@pytest.mark.parametrize("profile", ["opensafely", "opensafely-midpoint6"])
def test_rounded_totals_of_a_part_contradict_nothing(shown: list[Any], profile: str):
    for people in ({"North": 4, "South": 26, "West": 50, "All": 80}, {"South": 26, "West": 50, "All": 76}):
        table = pd.DataFrame({"site": list(people), "n": list(people.values())})
        show(protected(table, profile=profile), title=str(len(people)))
    audited(shown)


NAMES = ("heads_in_post", "in_post", "Staff in post", "employees_n", "No. of staff", "members", "total")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("plain", [True, False])
def test_a_count_with_any_name_is_held_against_the_staff(shown: list[Any], name: str, plain: bool):  # noqa: FBT001
    show(sites({"North": 4, "South": 26, "West": 50, "All": 80}), title="One")
    table = pd.DataFrame({"site": ["South"], name: [26]})
    show(table if plain else sites({"South": 26}, count=name, totals=False), title="Two", counts=[name])
    assert '"One": cells that can be worked out from all that is shown: site North (recoverable)' in refused(shown)


def test_one_label_in_common_links_two_tables(shown: list[Any]):
    show(sites(NORTH), title="One")
    show(sites({"South": 26, "West": 80}, dim="Location", count="heads_in_post", totals=False), title="Two")
    assert '"One": cells that can be worked out from all that is shown: site North (recoverable)' in refused(shown)


@pytest.mark.parametrize("label", ["not stated", "Other"])
def test_a_label_of_all_kinds_of_tables_links_none(shown: list[Any], label: str):
    show(sites({"North": 4, label: 26, "All": 30}), title="One")
    show(sites({"women": 40, label: 26}, dim="sex", count="in_post", totals=False), title="Two")
    audited(shown)


@pytest.mark.parametrize(("name", "people"), [("long service", 20), ("leavers", 20), ("women", 26), ("in post", 25)])
def test_a_count_of_something_else_is_no_leak(shown: list[Any], name: str, people: int):
    # "long service": 20 of South would leave 10 of North, and naive rules would have withheld others than they did.
    show(sites({"North": 4, "South": 26, "West": 50, "All": 80}), title="One")
    show(sites({"South": people}, count=name, totals=False), title="Two")
    audited(shown)


def test_two_counts_of_one_table_are_not_the_same(shown: list[Any]):
    sites_of = ["North", "South", "West", "All"]
    table = pd.DataFrame({"site": sites_of, "posted here": [4, 26, 50, 80], "posted away": [40, 26, 14, 80]})
    made = protect(table, counts=["posted here", "posted away"], dims="site", totals={"site": "All"})
    here, away = [np.nan, np.nan, 50.0, 80.0], [np.nan, 26.0, np.nan, 80.0]
    frame = made.frame.assign(**{"released_posted here": here, "released_posted away": away})
    show(replace(made, frame=frame), title="Both")
    audited(shown)


# --- results of two groups -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("events", [[19, 8], [19, 8, 0], [19, 18, 0], [19, 18, 3], [9, 8, 3]])
def test_few_events_of_a_group_do_not_stop_a_report(shown: list[Any], events: list[int]):
    names = ["white", "BME", "not stated"][: len(events)]
    rows = pd.DataFrame({"e": names, "s": [1462, 434, 8][: len(events)], "a": events})
    roles = {"group": "e", "outcome": "a", "total": "s", "reference": "white", "comparison": "BME"}
    show(relative_likelihood(rows, **roles), title="Likelihood")
    audited(shown)
    if events == [19, 8]:
        assert "27" not in shown[0][0]["text/plain"]


def test_n_of_all_leavers_does_not_tell_those_of_a_group(shown: list[Any]):
    counts = pd.DataFrame({"dept": ["X", "Y"], "start": [60, 340], "end": [59, 308], "left": [1, 32]})
    found = leaver_rate_from_counts(counts, at_start="start", at_end="end", leavers="left", by="dept")
    show(found, title="Leavers")
    assert "n = 33" not in shown[0][0]["text/html"]
    assert "n withheld" in shown[0][0]["text/html"]
    shown.clear()
    more = leaver_rate_from_counts(
        counts.assign(left=[14, 32]), at_start="start", at_end="end", leavers="left", by="dept"
    )
    show(more, title="Leavers")
    assert "n = 46" in shown[0][0]["text/html"]


def test_a_subset_in_another_table_is_held_against_its_whole(shown: list[Any]) -> None:
    numbers = {"staff": [20, 60, 70], "left": [17, 30, 35]}
    tables = {name: pd.DataFrame({"site": ["North", "South", "West"], name: each}) for name, each in numbers.items()}
    made = protect(tables, counts=["staff", "left"], dims="site", subset_of={"left": "staff"})
    for name, one in made.items():
        show(one, title=name)
    audited(shown)
    # The same tables as if nothing had been withheld: three people of North stayed.
    everything = {
        name: replace(one, frame=one.frame.assign(released=[float(each) for each in numbers[name]], flag=""))
        for name, one in made.items()
    }
    shown.clear()
    for name, one in everything.items():
        show(one, title=name)
    with pytest.raises(DisclosureError, match="DIS-005"):
        audited(shown)
