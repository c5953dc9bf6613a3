"""Pairs, refusals and what is kept of two waves."""

from __future__ import annotations

import copy
import datetime as dt
import pickle
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.errors import LinkageError
from evalkit.linking.codes import normalised

ON = ["town", "day", "parent", "school"]


def wave(*codes: str, **columns: object) -> pd.DataFrame:
    """Make a wave from codes such as "LE 9 AM ST"; "-" is missing."""
    elements = [[None if part == "-" else part for part in code.split()] for code in codes]
    return pd.DataFrame(elements, columns=ON).assign(**columns)


def rows_of(linked: ek.Linkage) -> list[tuple[int, int, int]]:
    return list(linked.pairs[["row_before", "row_after", "edits"]].itertuples(index=False, name=None))


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(LinkageError) as caught:
        call()
    return "\n".join(str(problem) for problem in caught.value.problems)


def reasons(frame: pd.DataFrame) -> list[str]:
    return frame["unlinked_because"].tolist()


# --- normal form -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (5, "5"), (5.0, "5"), ("05", "5"), (" 5 ", "5"), ("5.0", "5"), ("5.", "5"), ("+5", "5"), (np.int8(5), "5"),
        (Decimal(5), "5"), ("٥", "5"), ("000", "0"), (0, "0"), (-0.0, "0"), ("-5", "-5"), (-5, "-5"), ("5.50", "5.5"),
        (5.5, "5.5"), (True, "1"), (np.bool_(False), "0"), (10, "10"), ("100", "100"), (1e22, "1" + "0" * 22),
        ("Zoë", "zoe"), ("ZOE ", "zoe"), ("z o e", "zoe"), ("Øre", "ore"), ("Straße", "strasse"), ("O'Neil", "oneil"),
        ("Ångström", "angstrom"), ("A5", "a5"), ("007a", "007a"), ("NA", "na"), ("nan", "nan"), ("ＡＢ", "ab"),
        (None, None), (float("nan"), None), (pd.NA, None), (pd.NaT, None), ("", None), ("  ", None), ("?", None),
        ("--", None), (dt.date(1980, 3, 9), "19800309"), (pd.Timestamp("1980-03-09"), "19800309"),
        ("1980-03-09", "19800309"), ("9" * 5000, "9" * 5000),
    ],
)  # fmt: skip
def test_what_means_the_same_is_the_same(value: object, form: str | None):
    assert normalised(value) == form


# --- pairs -------------------------------------------------------------------------------------------------------


def test_exact_codes_come_first_and_then_those_with_one_differing_element():
    before = wave("LE 9 AM ST", "YO 17 SU OA", "HU 30 JA WE")
    after = wave("hu 30 ja we", "LE 9 AN ST", "SH 1 FA PA")
    assert rows_of(ek.link(before, after, on=ON)) == [(1, 2, 1), (3, 1, 0)]
    assert rows_of(ek.link(before, after, on=ON, max_edits=0)) == [(3, 1, 0)]


def test_an_exact_match_is_not_given_up_for_a_second_pair():
    before = wave("LE 9 AM ST", "LE 9 AM WE")
    after = wave("LE 9 AM ST")
    assert rows_of(ek.link(before, after, on=ON)) == [(1, 1, 0)]


def test_so_many_elements_may_differ_and_no_more():
    before, after = wave("LE 9 AM ST"), wave("LE 9 XX YY")
    assert rows_of(ek.link(before, after, on=ON, max_edits=1)) == []
    assert rows_of(ek.link(before, after, on=ON, max_edits=2)) == [(1, 1, 2)]


def test_an_element_counts_in_its_own_column_only():
    assert rows_of(ek.link(wave("AA 1 BB CC"), wave("BB 1 AA CC"), on=ON)) == []


def test_a_missing_element_differs_from_everything():
    before, after = wave("LE 9 AM -", "YO 1 SU -"), wave("LE 9 AM ST", "YO 1 SU -")
    linked = ek.link(before, after, on=ON)
    assert rows_of(linked) == [(1, 1, 1), (2, 2, 1)]
    exact = ek.link(wave("LE 9 AM -", "HU 2 JA WE"), wave("LE 9 AM -", "HU 2 JA WE"), on=ON, max_edits=0)
    assert rows_of(exact) == [(2, 2, 0)]
    assert reasons(exact.unmatched_before) == ["too little of the code answered"]


def test_a_code_with_too_little_in_it_is_not_paired():
    before, after = wave("LE 9 - -", "YO 1 SU OA", "- - - -"), wave("LE 9 - -", "YO 1 SU OA")
    linked = ek.link(before, after, on=ON)
    assert rows_of(linked) == [(2, 2, 0)]
    assert reasons(linked.unmatched_before) == ["too little of the code answered"] * 2
    assert linked.ambiguous.empty


# --- refusals ----------------------------------------------------------------------------------------------------


def test_a_row_that_fits_two_others_is_listed_and_not_guessed():
    before, after = wave("LE 9 AM ST", "HU 30 JA WE"), wave("LE 9 AM OA", "LE 9 AM PA", "HU 30 JA WE")
    linked = ek.link(before, after, on=ON)
    assert rows_of(linked) == [(2, 3, 0)]
    assert linked.ambiguous.drop(columns="reason").to_numpy().tolist() == [
        [1, "before", 1, 1, 2],
        [1, "after", 1, 1, 1],
        [1, "after", 2, 1, 1],
    ]
    assert set(linked.ambiguous["reason"]) == {"several pairings fit equally well"}
    assert linked.unmatched_before["row_before"].tolist() == [1]
    assert linked.unmatched_after["row_after"].tolist() == [1, 2]


def test_a_choice_that_only_one_assignment_solves_is_made():
    before = wave("LE 9 AM ST", "LE 9 SU OA")
    after = wave("LE 9 AM OA", "LE 8 AM ST")  # the first fits both, the second only the first
    assert rows_of(ek.link(before, after, on=ON)) == [(1, 2, 1), (2, 1, 1)]


def test_a_code_twice_in_a_wave_is_refused_and_keeps_its_place():
    before = wave("LE 9 AM ST", "le 09 am st", "YO 1 SU OA", "LE 9 AM WE")
    after = wave("LE 9 AM ST", "YO 1 SU OA", "LE 9 AM XX")
    linked = ek.link(before, after, on=ON)
    assert rows_of(linked) == [(3, 2, 0)]
    assert reasons(linked.unmatched_before) == [
        "code more than once in its wave", "code more than once in its wave", "several pairings fit equally well",
    ]  # fmt: skip
    assert reasons(linked.unmatched_after) == ["several pairings fit equally well"] * 2
    assert linked.ambiguous["row"].tolist() == [1, 2, 4, 1, 3]
    assert set(linked.ambiguous["group"]) == {1}
    assert linked.ambiguous["edits"].tolist() == [0, 0, 1, 0, 1]


def test_a_repeated_code_that_nothing_fits_is_listed_too():
    linked = ek.link(wave("LE 9 AM ST", "LE 9 AM ST", "HU 1 JA WE"), wave("HU 1 JA WE", "YO 2 SU OA"), on=ON)
    assert linked.ambiguous["row"].tolist() == [1, 2]
    assert linked.ambiguous["edits"].isna().all()
    assert linked.ambiguous["candidates"].tolist() == [0, 0]
    assert rows_of(linked) == [(3, 1, 0)]


def test_a_row_refused_at_one_edit_is_not_paired_at_two():
    before = wave("LE 9 AM ST")
    after = wave("LE 9 AM OA", "LE 9 AM PA", "LE 9 XX YY")
    linked = ek.link(before, after, on=ON, max_edits=2)
    assert rows_of(linked) == []
    assert linked.ambiguous["row"].tolist() == [1, 1, 2, 3]
    assert linked.ambiguous["edits"].tolist() == [1, 1, 1, 2]


def test_nothing_but_repeated_codes_gives_no_pairs():
    before, after = wave(*["LE 9 AM ST"] * 4), wave(*["LE 9 AM ST"] * 3)
    linked = ek.link(before, after, on=ON)
    assert rows_of(linked) == []
    assert len(linked.ambiguous) == 7
    assert linked.ambiguous["candidates"].tolist() == [3] * 4 + [4] * 3
    assert linked.quality.frame.set_index(["max_edits", "term"])["estimate"][1, "duplicates_before"] == 4


# --- what is kept ------------------------------------------------------------------------------------------------


def test_other_columns_are_kept_on_both_sides_and_the_code_is_not():
    before = wave("LE 9 AM ST", "YO 1 SU OA", score=[3.0, np.nan], note=["x", "y"])
    after = wave("YO 1 SU OA", "LE 9 AM ST", score=[2.0, 4.0], site=pd.Categorical(["a", "b"]))
    pairs = ek.link(before, after, on=ON).pairs
    assert list(pairs) == [
        "pair", "row_before", "row_after", "edits", "score_before", "note_before", "score_after", "site_after",
    ]  # fmt: skip
    assert pairs["pair"].tolist() == [1, 2]
    assert pairs["score_after"].tolist() == [4.0, 2.0]
    assert pairs["note_before"].tolist() == ["x", "y"]
    assert pairs["site_after"].tolist() == ["b", "a"]
    assert isinstance(pairs["site_after"].dtype, pd.CategoricalDtype)


def test_the_index_and_the_frames_do_not_matter_or_change():
    before = wave("LE 9 AM ST", "YO 1 SU OA", score=[3, 2]).set_axis([7, 7])
    after = wave("YO 1 SU OA", "HU 1 SU WE", score=[5, 4]).set_axis([9, 8])
    copies = before.copy(), after.copy()
    linked = ek.link(before, after, on=ON)
    assert linked.pairs[["score_before", "score_after"]].to_numpy().tolist() == [[2, 5]]
    assert linked.unmatched_after.to_numpy().tolist() == [[2, "no code like it in the other wave", 4]]
    pd.testing.assert_frame_equal(before, copies[0])
    pd.testing.assert_frame_equal(after, copies[1])


def test_columns_may_be_named_by_numbers_and_a_code_may_stand_in_one():
    before, after = pd.DataFrame({0: ["LE09", "yo 17"], 1: [3, 2]}), pd.DataFrame({0: ["YO17", "HU30"], 1: [4, 5]})
    pairs = ek.link(before, after, on="0").pairs
    assert list(pairs) == ["pair", "row_before", "row_after", "edits", "1_before", "1_after"]
    assert len(ek.link(before, after, on=before.columns[:1]).pairs) == 1
    assert pairs.to_numpy().tolist() == [[1, 2, 1, 0, 2, 4]]


def test_every_row_is_in_a_pair_or_named_with_its_reason():
    rng = np.random.default_rng(3)
    before, after = (pd.DataFrame(rng.integers(0, 5, (60, 4)), columns=ON) for _ in range(2))
    linked = ek.link(before, after, on=ON, max_edits=2)
    assert len(linked.pairs) > 0
    for side, unmatched in (("before", linked.unmatched_before), ("after", linked.unmatched_after)):
        rows = [*linked.pairs[f"row_{side}"], *unmatched[f"row_{side}"]]
        assert sorted(rows) == list(range(1, 61))
        refused = linked.ambiguous.loc[linked.ambiguous["wave"] == side, "row"]
        named = unmatched.loc[unmatched["unlinked_because"] != "no code like it in the other wave", f"row_{side}"]
        assert sorted(refused) == sorted(named)


def test_a_linkage_shows_no_row_and_can_be_copied():
    linked = ek.link(wave("LE 9 AM ST", mark=["secret"]), wave("LE 9 AM ST", mark=["hidden"]), on=ON)
    assert repr(linked).startswith("Linkage: 1 pairs with at most 1 differing elements; 0 rows before and 0 after")
    assert "secret" not in repr(linked)
    assert len(copy.deepcopy(linked).pairs) == len(pickle.loads(pickle.dumps(linked)).pairs) == 1  # noqa: S301


# --- scores ------------------------------------------------------------------------------------------------------


def answers(values: list[int]) -> pd.DataFrame:
    items = ("att_belong", "att_recommend", "att_care", "att_future", "att_leaving")
    return pd.DataFrame(dict.fromkeys(items, values))


def test_what_is_known_of_the_scales_goes_with_the_pairs():
    instrument = ek.load_instrument("return-to-work-transition")
    codes = wave("LE 9 AM ST", "YO 1 SU OA")
    before, after = (ek.score(answers([5, 4]), instrument).assign(**codes) for _ in range(2))
    linked = ek.link(before, after.iloc[::-1], on=ON)
    scales = linked.pairs.attrs["scales"]
    assert set(scales) == {"attachment_scale_before", "attachment_scale_after"}
    assert scales["attachment_scale_after"]["range"] == [1.0, 5.0]
    assert linked.pairs.attrs["comparability"][0]["verdict"] == "comparable"


def test_scores_of_versions_that_cannot_be_compared_are_refused():
    instrument = ek.load_instrument("return-to-work-transition")
    scale = instrument.scales_by_id["attachment_scale"]
    sums = tuple(s.changed(rule="sum") if s.id == scale.id else s for s in instrument.scales)
    other = instrument.changed(version="2.0", scales=sums)
    codes = wave("LE 9 AM ST", "YO 1 SU OA")
    before = ek.score(answers([5, 4]), instrument).assign(**codes)
    after = ek.score(answers([5, 4]), other).assign(**codes)
    text = refusal(lambda: ek.link(before, after, on=ON))
    assert text.startswith("INS-033 before and after, scale attachment_scale")


def test_scales_of_different_ranges_are_refused_even_without_their_items():
    before, after = wave("LE 9 AM ST", score=[3]), wave("LE 9 AM ST", score=[60])
    before.attrs["scales"], after.attrs["scales"] = {"score": {"range": [1, 5]}}, {"score": {"range": [0, 100]}}
    assert "another range of scores" in refusal(lambda: ek.link(before, after, on=ON))
    after.attrs["scales"] = {"score": {"range": [1.0, 5.0]}}
    assert ek.link(before, after, on=ON).pairs.attrs["comparability"][0]["verdict"] == "unknown"


REVERSED = {1: "Strongly agree", 2: "Agree", 3: "Neither agree nor disagree", 4: "Disagree", 5: "Strongly disagree"}


@pytest.mark.parametrize("way", ["join", "concat", "merge"])
def test_scores_that_lost_their_notes_on_the_way_are_named(way: str):
    instrument = ek.load_instrument("return-to-work-transition")
    turned = instrument.adapt(options={"agree5": REVERSED})
    waves = []
    for version in (instrument, turned):
        codes = wave("LE 9 AM ST", "YO 1 SU OA")
        scores = ek.score(answers([5, 4]), version)
        joined = {
            "join": lambda codes=codes, scores=scores: codes.join(scores),
            "concat": lambda codes=codes, scores=scores: pd.concat([codes, scores], axis=1),
            "merge": lambda codes=codes, scores=scores: codes.merge(scores, left_index=True, right_index=True),
        }
        waves.append(joined[way]())
    linked = ek.link(waves[0], waves[1].iloc[::-1], on=ON)
    (row,) = linked.pairs.attrs["comparability"]
    assert (row["scale"], row["verdict"]) == ("attachment_scale", "unknown")
    assert repr(linked).endswith("; not known to be comparable: attachment_scale")


def test_scores_with_the_code_kept_beside_them_are_compared():
    instrument = ek.load_instrument("return-to-work-transition")
    coded = pd.concat([answers([5, 4]), wave("LE 9 AM ST", "YO 1 SU OA")], axis=1)
    before, after = (ek.score(coded, instrument, keep=ON) for _ in range(2))
    linked = ek.link(before, after.iloc[::-1], on=ON)
    assert [row["verdict"] for row in linked.pairs.attrs["comparability"]] == ["comparable"]
    assert "not known" not in repr(linked)
    turned = ek.score(coded, instrument.adapt(options={"agree5": REVERSED}), keep=ON)
    with pytest.raises(LinkageError, match="INS-033"):
        ek.link(before, turned.iloc[::-1], on=ON)


def test_many_unknown_columns_are_counted():
    numbers = {f"n{number}": [number] for number in range(7)}
    linked = ek.link(wave("LE 9 AM ST", **numbers), wave("LE 9 AM SU", **numbers), on=ON)
    assert repr(linked).endswith("not known to be comparable: n0, n1, n2, n3, n4 and 2 more")


def test_the_two_forms_of_a_dyad_are_put_together_when_that_is_said():
    forms = [ek.load_instrument(f"mentoring-relationship-{role}") for role in ("mentee", "mentor")]
    sides = []
    for form in forms:
        scale = form.scales[0]
        coded = wave("LE 9 AM ST", "YO 1 SU OA").assign(**dict.fromkeys(scale.items, scale.range[0]))
        sides.append(ek.score(coded, form, keep=ON))
    sides[1] = sides[1].iloc[::-1]
    assert "same_form=False" in refusal(lambda: ek.link(*sides, on=ON))
    linked = ek.link(*sides, on=ON, same_form=False)
    assert len(linked.pairs) == 2
    assert linked.pairs.attrs["comparability"][0]["verdict"] == "not comparable"


# --- bad input ---------------------------------------------------------------------------------------------------


def test_missing_and_repeated_columns_are_named_together():
    before, after = wave("LE 9 AM ST"), wave("LE 9 AM ST").drop(columns="day")
    after.insert(0, "town", "x", allow_duplicates=True)
    text = refusal(lambda: ek.link(before.drop(columns="school"), after, on=ON))
    assert [line[:8] for line in text.splitlines()] == ["DAT-003 ", "DAT-010 ", "DAT-003 "]


@pytest.mark.parametrize(
    ("on", "max_edits", "code"),
    [
        ([], 1, "DAT-009 on"),
        (None, 0, "DAT-009 on"),
        (["town", "town"], 1, "DAT-010 on"),
        (ON, 4, "LNK-003 max_edits"),
        (ON, 9, "LNK-003 max_edits"),
        ("town", 1, "LNK-003 max_edits"),
        (ON, -1, "DAT-002 max_edits"),
        (ON, 1.5, "DAT-009 max_edits"),
        (ON, True, "DAT-009 max_edits"),
    ],
)
def test_arguments_that_make_no_sense(on: object, max_edits: object, code: str):
    two = wave("LE 9 AM ST"), wave("LE 9 AM ST")
    assert refusal(lambda: ek.link(*two, on=on, max_edits=max_edits)).startswith(code)  # type: ignore[arg-type]


def test_what_is_no_frame_is_refused():
    assert "DAT-009 after" in refusal(lambda: ek.link(wave("LE 9 AM ST"), {"town": ["LE"]}, on=ON))  # type: ignore[arg-type]


def test_empty_waves_and_waves_without_codes():
    some = wave("LE 9 AM ST")
    text = refusal(lambda: ek.link(some.iloc[:0], wave("- - - -", "LE 9 - -"), on=ON))
    assert "LNK-002 before: no rows" in text
    assert "LNK-002 after: 2 rows, none with 3 of the 4 elements" in text


def test_elements_that_are_lists_are_named_by_row_and_not_shown():
    before = wave("LE 9 AM ST", "YO 1 SU OA")
    before["day"] = [[9], "17"]
    text = refusal(lambda: ek.link(before, before.copy(), on=ON))
    assert "LNK-001 before, column day: 1 values that are lists or the like (row 1)" in text
    assert "9]" not in text


def test_the_same_frame_twice_is_refused_and_equal_codes_alone_are_not():
    before = wave("LE 9 AM ST", score=[3])
    assert "LNK-004" in refusal(lambda: ek.link(before, before, on=ON))
    assert "LNK-004" in refusal(lambda: ek.link(before, before.copy(), on=ON))
    codes = wave("LE 9 AM ST")
    assert rows_of(ek.link(codes, codes.copy(), on=ON)) == [(1, 1, 0)]


@pytest.mark.parametrize("name", ["row", "row_before", "unlinked_because"])
def test_names_that_would_clash_are_refused(name: str):
    before, after = wave("LE 9 AM ST", **{name: [1]}), wave("LE 9 AM ST")
    assert f'LNK-004 before: column "{name}"' in refusal(lambda: ek.link(before, after, on=ON))


def test_names_with_our_endings_do_not_clash():
    before, after = wave("LE 9 AM ST", x=[1], x_before=[2], pair=[3]), wave("LE 9 AM ST", x=[4], edits=[5])
    pairs = ek.link(before, after, on=ON).pairs
    assert pairs.columns.is_unique
    assert pairs["x_before_before"].tolist() == [2]
    assert pairs["pair_before"].tolist() == [3]
    assert pairs["edits_after"].tolist() == [5]


def test_a_code_with_too_little_variety_is_refused_and_not_computed(monkeypatch: pytest.MonkeyPatch):
    grid = np.array([[a, b, 0, 0] for a in range(40) for b in range(40)])
    before, after = (pd.DataFrame(np.add(grid, [shift, 0, 0, 0]), columns=ON) for shift in (0, 100))
    monkeypatch.setattr("evalkit.linking.candidates.pairs_at.__defaults__", (10_000,))
    assert "LNK-005 on" in refusal(lambda: ek.link(before, after, on=ON))


def test_dtypes_may_differ_between_the_waves():
    before = pd.DataFrame({"day": [5, 17, 30], "town": pd.Categorical(["LE", "YO", "HU"])})
    after = pd.DataFrame({"day": ["05", "30.0", None], "town": pd.array(["le", "hu", "yo"], dtype="string")})
    assert rows_of(ek.link(before, after, on=["day", "town"], max_edits=0)) == [(1, 1, 0), (3, 2, 0)]
    floats = pd.DataFrame({"day": [5.0, np.nan], "town": ["LE", "YO"]})
    assert rows_of(ek.link(before, floats, on=["day", "town"])) == [(1, 1, 0), (2, 2, 1)]


def test_columns_may_come_as_an_array_and_a_wrong_number_of_edits_has_its_own_remedy():
    before = pd.DataFrame({"town": ["LE", "YO"], "day": [9, 17], "score": [3.0, 2.5]})
    after = before.assign(score=[4.0, 3.0])
    assert len(ek.link(before, after, on=np.array(["town", "day"])).pairs) == 2
    with pytest.raises(LinkageError) as caught:
        ek.link(before, after, on=["town", "day"], max_edits=True)
    assert [problem.code for problem in caught.value.problems] == ["DAT-009"]
    assert "elements of a code" in caught.value.problems[0].remedy
