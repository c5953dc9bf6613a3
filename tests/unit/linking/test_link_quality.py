"""How good a linkage is: the figures, the expected false pairs, the thresholds, and planted typing errors."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import evalkit as ek
from evalkit.disclosure import load_profile, release
from evalkit.errors import DataError, EstimationError, LinkageError, Problem
from evalkit.linking.chance import chance_of_agreement, element_agreement, expected_false
from evalkit.result import Estimates, Method, estimates

ON = ["town", "day", "parent", "school"]
Ints = npt.NDArray[np.int64]


def skewed(size: int, power: float) -> npt.NDArray[np.float64]:
    """Give shares that fall with the rank, as those of names and towns do."""
    shares = 1 / np.arange(1, size + 1) ** power
    return np.asarray(shares / shares.sum())


# Two letters of a town, a day of the month, two letters of two names. Two people agree in all with 1 in 420,000 (18.7
# bits); the second has 12 towns, 26 initials, 10 and 10 digits: 1 in 19,000 (14.2 bits).
RICH = (skewed(150, 0.9), np.full(31, 1 / 31), skewed(100, 0.9), skewed(100, 0.9))
POOR = (np.full(12, 1 / 12), skewed(26, 0.7), np.full(10, 0.1), np.full(10, 0.1))


def people(rng: np.random.Generator, n: int, kind: tuple[npt.NDArray[np.float64], ...]) -> Ints:
    return np.column_stack([rng.choice(len(shares), n, p=shares) for shares in kind]).astype(np.int64)


def mistyped(rng: np.random.Generator, codes: Ints, kind: tuple[npt.NDArray[np.float64], ...], rate: float) -> Ints:
    wrong = rng.random(codes.shape) < rate
    sizes = np.array([len(shares) for shares in kind])
    other = (codes + rng.integers(1, sizes, codes.shape)) % sizes
    return np.where(wrong, other, codes)


def planted(
    seed: int,
    kind: tuple[npt.NDArray[np.float64], ...],
    *,
    both: int = 220,
    after: int = 220,
    rates: tuple[float, float] = (0.0, 0.06),
    max_edits: int = 1,
) -> tuple[float, float, int, ek.Linkage]:
    """Link 300 rows before to `after` rows, `both` of them the same people: precision, recall, false pairs."""
    rng = np.random.default_rng(seed)
    codes = people(rng, 300 + after - both, kind)
    who_before = rng.permutation(300)
    who_after = rng.permutation(np.r_[np.arange(both), np.arange(300, 300 + after - both)])
    waves = [
        pd.DataFrame(mistyped(rng, codes[who], kind, rate), columns=ON)
        for who, rate in ((who_before, rates[0]), (who_after, rates[1]))
    ]
    linked = ek.link(*waves, on=ON, max_edits=max_edits)
    right = who_before[linked.pairs["row_before"] - 1] == who_after[linked.pairs["row_after"] - 1]
    return right.mean(), right.sum() / max(both, 1), int((~right).sum()), linked


def term(linked: ek.Linkage, name: str, edits: int) -> float:
    rows = linked.quality.frame.set_index(["term", "max_edits"])["estimate"]
    return float(rows[name, edits])


# --- planted errors --------------------------------------------------------------------------------------------------


def test_planted_errors_in_one_wave_are_found_again():
    runs = [planted(seed, RICH)[:2] for seed in range(60)]
    precision, recall = np.array(runs).T
    assert precision.mean() >= 0.999
    assert precision.min() >= 0.985
    assert recall.mean() >= 0.97
    assert np.mean(recall >= 0.95) >= 0.95
    # Nobody can do better: 98.0 in 100 people have at most one element wrong.
    assert recall.mean() <= 0.94**4 + 4 * 0.06 * 0.94**3


def test_with_errors_in_both_waves_a_second_edit_is_needed():
    one = np.array([planted(seed, RICH, rates=(0.06, 0.06))[:2] for seed in range(20)])
    two = np.array([planted(seed, RICH, rates=(0.06, 0.06), max_edits=2)[:2] for seed in range(20)])
    assert one[:, 1].mean() < 0.94
    assert two[:, 1].mean() >= 0.95
    assert two[:, 0].mean() >= 0.99


def test_too_little_variety_costs_pairs_and_says_so():
    rich = [planted(seed, RICH, both=150) for seed in range(12)]
    poor = [planted(seed, POOR, both=150) for seed in range(12)]
    assert np.mean([run[0] for run in rich]) > 0.97
    assert np.mean([run[0] for run in poor]) < 0.93
    assert np.mean([term(run[3], "false_share", 1) for run in poor]) > 0.07
    assert np.mean([term(run[3], "false_share", 1) for run in rich]) < 0.03


@pytest.mark.parametrize(
    ("kind", "both", "after", "least"), [(RICH, 0, 220, 5), (POOR, 0, 60, 15), (POOR, 150, 220, 10)]
)
def test_expected_false_pairs_are_about_those_observed(
    kind: tuple[npt.NDArray[np.float64], ...], both: int, after: int, least: int
):
    runs = [planted(seed, kind, both=both, after=after) for seed in range(25)]
    observed = np.array([run[2] for run in runs])
    expected = np.array([term(run[3], "false_pairs", 1) for run in runs])
    error = observed.std(ddof=1) / np.sqrt(len(runs))
    assert observed.mean() > least
    # Neither far too few nor, as skewed elements make it, more than half as many again.
    assert observed.mean() - 3 * error <= expected.mean() <= 1.55 * observed.mean() + 3 * error


# --- chance ----------------------------------------------------------------------------------------------------------


def test_agreement_in_one_element_is_that_of_all_pairs_of_a_wave():
    before, after = np.array([[0, 1], [0, 1], [0, -1]]), np.array([[0, 5], [1, 5]])
    assert element_agreement(before, after).tolist() == [3 / 4, 2 / 4]


def test_chance_of_agreement_is_that_of_independent_elements_when_they_are():
    rng = np.random.default_rng(1)
    before, after = (rng.integers(0, 4, (1500, 3)) for _ in range(2))
    chances = chance_of_agreement(before, after, 2)
    np.testing.assert_allclose(chances, [1 / 64, 9 / 64, 27 / 64], rtol=0.03)


def test_elements_that_go_together_agree_more_often_by_chance():
    rng = np.random.default_rng(2)
    town = rng.integers(0, 40, (2, 2000))
    waves = [np.column_stack([t, (t * 3) % 7, rng.integers(0, 31, 2000), rng.integers(0, 30, 2000)]) for t in town]
    chances = chance_of_agreement(waves[0], waves[1], 1)
    whole = 1 / (40 * 31 * 30)
    one_off = (1 / 40) * (1 / 31) * (29 / 30) + (1 / 40) * (30 / 31) * (1 / 30) + (1 / 7 - 1 / 40) / (31 * 30)
    np.testing.assert_allclose(chances[1], one_off, rtol=0.05)
    assert whole / 3 < chances[0] < whole * 2


def test_people_who_answered_twice_are_not_taken_for_strangers_who_agree():
    rng = np.random.default_rng(4)
    before, after = (rng.integers(0, 40, (300, 4)) for _ in range(2))
    before[:40] = before[40:80]
    assert chance_of_agreement(before, after, 1)[0] < 5 / 40**4


def test_few_people_leave_the_chance_near_that_of_independent_elements():
    before, after = np.arange(12).reshape(3, 4) % 3, np.arange(12).reshape(3, 4) % 2
    assert chance_of_agreement(before, after, 1).shape == (2,)
    assert chance_of_agreement(before[:1], after[:1], 1).tolist() == [0.0, 0.0]


def test_expected_false_pairs_in_cases_that_can_be_reckoned():
    # One chance partner in a thousand pairs: nearly all of 100 x 50 x 1e-6 are made.
    sparse = expected_false(np.array([0]), np.array([1e-6]), np.array([100]), np.array([50]))
    np.testing.assert_allclose(sparse, [0.005], rtol=1e-3)
    # All 50 that answered twice were found: nobody is left who could be paired falsely.
    assert expected_false(np.array([50]), np.array([1e-3]), np.array([80]), np.array([50]))[0] < 1e-6
    # 30 rows left on each side and c = 1/30: f = g = W(1) = 0.5671, 30 f g.
    dense = expected_false(np.array([0]), np.array([1 / 30]), np.array([30]), np.array([30]))
    np.testing.assert_allclose(dense, [30 * 0.5671433**2], rtol=1e-5)


# --- the figures -----------------------------------------------------------------------------------------------------


def test_quality_counts_what_was_linked_and_refused():
    before = pd.DataFrame(
        [["LE", 9, "AM", "ST"], ["YO", 1, "SU", "OA"], ["HU", 2, "JA", "WE"], ["SH", 3, "FA", "PA"],
         ["SH", 3, "FA", "PA"], [None, None, "FA", "PA"], ["WA", 7, "PA", "HI"], ["BA", 8, "CH", "NO"]], columns=ON,
    )  # fmt: skip
    after = pd.DataFrame(
        [["LE", 9, "AM", "ST"], ["YO", 1, "SU", "XX"], ["HU", 2, "JA", "QU"], ["HU", 2, "JA", "LA"],
         ["KE", 4, "NA", "GR"]], columns=ON,
    )  # fmt: skip
    quality = ek.link(before, after, on=ON).quality
    found = quality.frame.set_index(["max_edits", "term"])["estimate"]
    assert found[1, "pairs"] == 2
    assert found[0, "pairs"] == 1
    assert found[1, "matched_before"] == 2 / 8
    assert found[1, "matched_after"] == 2 / 5
    assert (found[0, "ambiguous_before"], found[1, "ambiguous_before"]) == (0, 1)
    assert (found[0, "ambiguous_after"], found[1, "ambiguous_after"]) == (0, 2)
    assert (found[1, "duplicates_before"], found[1, "duplicates_after"]) == (2, 0)
    assert (found[1, "incomplete_before"], found[1, "incomplete_after"]) == (1, 0)
    assert 0 < found[0, "false_pairs"] < found[1, "false_pairs"] < 0.5
    assert found[1, "false_share"] == pytest.approx(found[1, "false_pairs"] / 2)
    assert dict(quality.method.n_dropped) == {
        "too little of the code answered": 1,
        "code more than once in its wave": 2,
        "several pairings fit equally well": 3,
        "no pair found": 3,
    }
    assert (quality.method.n_given, quality.method.n_used) == (13, 4)


def test_without_pairs_there_is_no_share_of_false_ones():
    before, after = pd.DataFrame([["LE", 9]], columns=ON[:2]), pd.DataFrame([["YO", 1]], columns=ON[:2])
    quality = ek.link(before, after, on=ON[:2]).quality.frame
    assert "false_share" not in set(quality["term"])
    assert quality["estimate"].notna().all()


# --- thresholds ------------------------------------------------------------------------------------------------------


def mean_of(pairs: pd.DataFrame, least: int = 1) -> Estimates:
    change = pairs["score_after"] - pairs["score_before"]
    if len(change) < least:
        raise EstimationError(Problem("EST-001", "pairs", f"{len(change)} pairs", "more", "Ask more people."))
    row = {"term": "score", "estimate": change.mean(), "n": len(change)}
    return estimates([row], Method("mean", "the mean change", "points", n_given=len(change), n_used=len(change)))


def two_waves() -> ek.Linkage:
    before = pd.DataFrame(
        [["LE", 9, "AM", 1.0], ["YO", 1, "SU", 2.0], ["HU", 2, "JA", 3.0]], columns=[*ON[:3], "score"]
    )
    after = pd.DataFrame([["LE", 9, "AM", 2.0], ["YO", 1, "XX", 5.0], ["HU", 9, "QU", 9.0]], columns=[*ON[:3], "score"])
    before.attrs["scales"] = {"score": {"range": [1, 9]}}
    return ek.link(before, after, on=ON[:3], max_edits=2)


def test_the_estimate_is_given_at_every_threshold():
    found = two_waves().sensitivity(mean_of)
    assert found.frame[["max_edits", "n_pairs", "n", "estimate"]].to_numpy().tolist() == [
        [0, 1, 1, 1.0],
        [1, 2, 2, 2.0],
        [2, 3, 3, 10 / 3],
    ]
    assert found.frame["false_pairs"].is_monotonic_increasing
    assert "note" not in found.frame
    assert found.method.name == "mean, by the number of differing elements allowed in linking"
    assert found.method.n_used == 3


def at_thresholds(*people: int) -> ek.Linkage:
    """So many pairs with no, one, two, ... differing elements."""
    edits = np.repeat(np.arange(len(people)), people)
    change = np.random.default_rng(4).normal(0.5, 1, len(edits))
    pairs = pd.DataFrame({"edits": edits, "score_before": 3.0, "score_after": 3.0 + change})
    rows = [{"term": "false_pairs", "estimate": 0.1, "max_edits": edit, "n": 1} for edit in range(len(people))]
    return ek.Linkage(pairs, pairs[:0], pairs[:0], pairs[:0], estimates(rows, Method("q", "q", "q")), len(people) - 1)


@pytest.mark.parametrize(
    ("people", "shown"),
    [
        ((23, 1), [False, True]),
        ((23, 10), [False, True]),
        ((23, 11), [True, True]),
        ((23, 0), [True, True]),
        ((23, 0, 1), [False, False, True]),
        ((20, 5, 7), [False, False, True]),
        ((20, 12, 4), [True, False, True]),
        ((9, 12), [False, True]),
    ],
)
def test_two_thresholds_never_tell_of_the_few_between_them(people: tuple[int, ...], shown: list[bool]):
    found = at_thresholds(*people).sensitivity(mean_of)
    released = release(found, load_profile("staff-survey")).frame
    assert released["estimate"].notna().tolist() == shown
    told = released.loc[released["estimate"].notna(), "n"].to_numpy()
    assert not ((np.diff(told) > 0) & (np.diff(told) < 11)).any()
    assert released.loc[~np.array(shown), "n_pairs"].isna().all()


def test_what_an_estimator_says_of_its_smallest_group_is_kept():
    def contrast(pairs: pd.DataFrame) -> Estimates:
        rows = [{"term": "score", "group": name, "estimate": 1.0, "n": len(pairs), "n_least": 4} for name in "ab"]
        return estimates(rows, Method("contrast", "c", "points"))

    found = at_thresholds(20, 15, 3).sensitivity(contrast).frame
    assert found["group"].tolist() == ["a", "b"] * 3
    assert found["n_least"].tolist() == [4, 4, 3, 3, 4, 4]


def test_the_estimator_gets_the_notes_on_the_scales():
    seen: list[object] = []

    def look(pairs: pd.DataFrame) -> Estimates:
        seen.append(pairs.attrs["scales"])
        return mean_of(pairs)

    two_waves().sensitivity(look)
    assert seen == [{"score_before": {"range": [1, 9]}}] * 3


def test_a_threshold_that_the_estimator_refuses_says_why():
    found = two_waves().sensitivity(lambda pairs: mean_of(pairs, least=2)).frame
    assert found["max_edits"].tolist() == [0, 1, 2]
    assert found["term"].tolist() == ["score"] * 3
    assert found["note"].tolist()[0] == "1 pairs (EST-001)"
    assert found["estimate"].isna().tolist() == [True, False, False]
    assert found["n_pairs"].tolist() == [1, 2, 3]


def test_an_estimator_that_refuses_everything_is_heard():
    with pytest.raises(EstimationError, match="3 pairs"):
        two_waves().sensitivity(lambda pairs: mean_of(pairs, least=9))


@pytest.mark.parametrize("estimator", [None, lambda _: 3.0])
def test_what_is_no_estimator_is_refused(estimator: object):
    with pytest.raises(LinkageError, match="DAT-009 estimator"):
        two_waves().sensitivity(estimator)  # type: ignore[arg-type]


def test_a_wrong_column_in_the_estimator_is_the_estimators_error():
    def lost(_: pd.DataFrame) -> Estimates:
        raise DataError(Problem("DAT-003", "frame", "no column", "one", "Name it."))

    with pytest.raises(DataError, match="DAT-003"):
        two_waves().sensitivity(lost)
