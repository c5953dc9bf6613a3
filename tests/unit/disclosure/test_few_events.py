"""What records say happened to one or two people of a group is withheld, and ratios without end with it."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from evalkit.disclosure import load_profile, release
from evalkit.disclosure.events_of_few import few_events
from evalkit.equality.likelihood import relative_likelihood
from evalkit.result import Estimates, Method, estimates

RULES = load_profile("staff-survey")
PUBLIC = load_profile("public")


def likelihood(bme: int, white: int, not_stated: int = 0) -> Estimates:
    rows = pd.DataFrame({"e": ["BME", "white", None], "s": [55, 172, 13], "a": [bme, white, not_stated]})
    return relative_likelihood(rows, group="e", outcome="a", total="s", reference="white", comparison="BME")


def told(result: Estimates) -> list[str]:
    frame = release(result, RULES).frame
    return frame.loc[frame["estimate"].notna(), "group"].tolist()


def test_two_people_in_a_formal_process_are_not_told_by_group() -> None:
    result = likelihood(2, 0)
    assert np.isinf(result.frame["estimate"]).any()
    released = release(result, RULES).frame
    assert told(result) == []
    assert released[["conf_low", "conf_high", "n", "n_events"]].isna().all(axis=None)
    assert set(released["flag"]) == {"suppressed"}


@pytest.mark.parametrize(
    ("bme", "white", "shown"),
    [
        (3, 20, ["BME", "white", "BME over white", "BME less white"]),
        (2, 20, ["white"]),
        (20, 2, ["BME"]),
        (20, 0, ["BME"]),
        (0, 20, ["white"]),
    ],
)
def test_the_smaller_group_decides(bme: int, white: int, shown: list[str]) -> None:
    assert told(likelihood(bme, white, 5)) == [*shown[: 2 if len(shown) > 2 else 1], "not stated", *shown[2:]]


def test_that_nobody_had_it_is_told() -> None:
    assert told(likelihood(0, 0)) == ["BME", "white", "not stated", "BME less white"]


@pytest.mark.parametrize(("bme", "white"), [(2, 20), (1, 9), (40, 2), (3, 20), (19, 97)])
@pytest.mark.parametrize("term", ["relative_likelihood", "difference"])
def test_a_ratio_is_judged_without_its_rates_too(bme: int, white: int, term: str) -> None:
    frame = likelihood(bme, white).frame
    alone = frame[frame["term"] == term].reset_index(drop=True)
    assert few_events(alone, [("2025",)]).tolist() == [min(bme, white) < 3]


def test_other_years_are_judged_by_themselves() -> None:
    frame = pd.concat([likelihood(2, 20).frame, likelihood(5, 20, 4).frame], ignore_index=True)
    half = len(frame) // 2
    found = few_events(frame, [("2024",)] * half + [("2025",)] * half)
    assert found[:half].any()
    assert not found[half:].any()


def test_answers_to_a_survey_are_judged_by_who_answered() -> None:
    rows = [{"term": "share", "group": "BME", "estimate": 2 / 33, "n": 33, "n_events": 2, "unit": "proportion"}]
    assert told(estimates(rows, Method("m", "e", "proportion", n_given=33, n_used=33))) == ["BME"]


def test_what_others_have_published_is_told() -> None:
    assert np.isinf(release(likelihood(2, 0), PUBLIC).frame["estimate"]).any()


def test_a_ratio_without_end_gives_no_warning() -> None:
    rows = [{"term": "t", "group": "a over b", "estimate": np.inf, "n": 40, "unit": "ratio"}]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("staff-survey", "nhs-hospital", "acro"):
            release(estimates(rows, Method("m", "e", "ratio", n_given=40, n_used=40)), load_profile(name))
