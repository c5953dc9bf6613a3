"""The primary rule and rounding, profile by profile, against counts worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.disclosure import breaches, list_profiles, load_profile, release_counts
from evalkit.disclosure.profiles import DEFAULT
from evalkit.errors import DisclosureError

NAMES = list_profiles()["profile"].tolist()
W = math.nan  # withheld

# Worked by hand from the rule in words, count -> what may leave.
BY_HAND = {
    "staff-survey": {0: W, 1: W, 10: W, 11: 11, 12: 12, 500: 500},
    "opensafely": {0: W, 1: W, 7: W, 8: 10, 11: 10, 12: 10, 13: 15, 17: 15, 18: 20, 100: 100},
    "opensafely-midpoint6": {0: 0, 1: 3, 3: 3, 6: 3, 7: 9, 12: 9, 13: 15, 100: 99, 102: 99, 103: 105},
    "nhs-hospital": {0: 0, 1: W, 7: W, 8: 10, 12: 10, 13: 15, 97: 95, 98: 100},
    "acro": {0: W, 1: W, 9: W, 10: 10, 11: 11},
    "hesa": {0: 0, 1: 0, 2: 0, 3: 5, 7: 5, 8: 10, 12: 10, 13: 15, 22: 20, 23: 25},
    "public": {0: 0, 1: 1, 2: 2, 3: 3, 11: 11},
}


def test_every_profile_is_worked_by_hand():
    assert set(BY_HAND) == set(NAMES)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_profile_does_what_was_worked_by_hand(name: str):
    given_counts, expected = zip(*BY_HAND[name].items(), strict=True)
    released = release_counts(given_counts, load_profile(name))
    np.testing.assert_array_equal(released, expected)


@pytest.mark.parametrize(
    ("name", "proportion", "mean", "df"),
    [
        ("staff-survey", 0, 0, 0),
        ("opensafely", 8, 8, 0),
        ("opensafely-midpoint6", 8, 8, 0),
        ("nhs-hospital", 8, 8, 0),
        ("acro", 0, 0, 10),
        ("hesa", 22.5, 8, 0),
        ("public", 0, 0, 0),
    ],
)
def test_least_numbers_for_estimates(name: str, proportion: float, mean: float, df: float):
    profile = load_profile(name)
    assert (profile.proportion_min_n, profile.mean_min_n, profile.df_min) == (proportion, mean, df)


def test_the_default_is_the_staff_survey():
    assert DEFAULT == "staff-survey"
    assert load_profile().name == "staff-survey"


def test_only_public_releases_everything():
    assert [name for name in NAMES if load_profile(name).releases_all] == ["public"]


@pytest.mark.parametrize(("name", "hint"), [("staff_survey", '"staff-survey"'), ("zzz", "Known: "), (None, "Known: ")])
def test_an_unknown_profile_is_refused(name: str, hint: str):
    with pytest.raises(DisclosureError, match=f"DIS-001 .*{hint}"):
        load_profile(name)


def test_the_list_of_profiles_is_a_copy():
    taken = list_profiles()
    taken.loc[0, "profile"] = "mine"
    assert list_profiles().loc[0, "profile"] != "mine"


@pytest.mark.parametrize("name", NAMES)
def test_missing_stays_missing_and_is_no_breach(name: str):
    profile = load_profile(name)
    assert np.isnan(release_counts([math.nan], profile)).all()
    assert not breaches([math.nan], profile).any()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "public"])
def test_what_is_below_zero_never_leaves(name: str):
    assert np.isnan(release_counts([-3], load_profile(name))).all()
    assert breaches([-3], load_profile(name)).all()


COUNTS = st.lists(st.one_of(st.integers(0, 40), st.integers(0, 10**9), st.floats(0, 60)), max_size=20)


@pytest.mark.parametrize("name", NAMES)
@given(counts=COUNTS)
def test_whatever_comes_in_what_leaves_is_no_breach(name: str, counts: list[float]):
    profile = load_profile(name)
    assert not breaches(release_counts(counts, profile), profile).any()


@pytest.mark.parametrize("name", NAMES)
@given(count=st.integers(0, 10**6))
def test_a_count_that_leaves_is_near_the_truth(name: str, count: int):
    profile = load_profile(name)
    (released,) = release_counts([count], profile)
    assert np.isnan(released) or abs(released - count) <= profile.base / 2


PLANTED = {
    "staff-survey": [0, 1, 10, 10.9],
    "opensafely": [0, 5, 7, 8, 11, 12, 13],
    "opensafely-midpoint6": [1, 2, 4, 6, 12, 10, 3.5],
    "nhs-hospital": [1, 5, 7, 8, 11, 12],
    "acro": [0, 1, 9],
    "hesa": [1, 2, 3, 4, 6, 11],
}


@pytest.mark.parametrize(("name", "count"), [(name, count) for name, counts in PLANTED.items() for count in counts])
def test_a_planted_count_is_noticed(name: str, count: float):
    assert breaches([20 if name != "opensafely-midpoint6" else 21, count], load_profile(name)).tolist() == [False, True]


def test_along_a_curve_differences_of_midpoints_pass_and_nothing_else():
    profile = load_profile("opensafely-midpoint6")
    assert breaches([0, 3, 6, 9, 12], profile, steps=True).tolist() == [False] * 5
    assert breaches([1, 2, 4, 5, 7, 10], profile, steps=True).tolist() == [True] * 6
    assert breaches([6, 12], profile).tolist() == [True, True]
