"""A hundred draws of every recovery case, and the committed results of the full studies held against the code."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from recovery import study
from recovery.study import Case

ALL = [
    pytest.param(topic, case, id=f"{topic}: {case.name}") for topic in study.topics() for case in study.cases_of(topic)
]


@pytest.mark.parametrize(("_topic", "case"), ALL)
def test_a_hundred_draws_are_as_expected(_topic: str, case: Case) -> None:
    # Seeded, but there are hundreds of cases: at 3 errors one of them would be out by chance.
    row = study.run(case, case.quick, errors=4)
    assert row["as_expected"], row


@pytest.mark.parametrize(("topic", "case"), ALL)
def test_the_committed_study_is_of_this_code_and_as_expected(topic: str, case: Case) -> None:
    kept = study.committed(topic).set_index("case")
    assert case.name in kept.index, "run make recovery"
    row = kept.loc[case.name]
    assert row["code"] == study.code_of(topic, case), "the code has changed since: run make recovery"
    assert int(row["runs"]) == case.runs
    told = [float(row[name]) for name in ("coverage", "failed", "runs", "bias", "bias_error")]
    assert study.as_expected(case, told[0], int(told[1]), int(told[2]), *told[3:]), row.to_dict()


@pytest.mark.parametrize("topic", study.topics())
def test_no_committed_result_is_left_of_a_case_that_is_gone(topic: str) -> None:
    assert list(study.committed(topic)["case"]) == [case.name for case in study.cases_of(topic)]


def _normal_mean(width: float) -> Case:
    def draw(rng: np.random.Generator) -> tuple[float, float, float]:
        mean = rng.normal(0.5, 1, 100).mean()
        return float(mean), float(mean - width / 10), float(mean + width / 10)

    return Case("normal mean", 100, 0.5, draw, ("numeric.means",))


def test_an_interval_that_is_too_narrow_or_too_wide_is_found() -> None:
    assert study.run(_normal_mean(1.96), 2000)["as_expected"] is True
    assert study.run(_normal_mean(1.6), 2000)["as_expected"] is False
    assert study.run(_normal_mean(2.6), 2000)["as_expected"] is False
    under = replace(_normal_mean(1.6), expect="under", note="too narrow", between=(0.88, 0.9))
    assert study.run(under, 2000)["as_expected"] is True
    assert study.run(replace(under, between=(0.5, 0.6)), 2000)["as_expected"] is False
    misses = replace(under, expect="misses", between=(0, 0.5))
    assert study.run(misses, 2000)["as_expected"] is False


def test_a_bias_is_found_although_the_interval_covers() -> None:
    plain = _normal_mean(1.96)

    def biased(rng: np.random.Generator) -> tuple[float, float, float]:
        estimate, low, high = plain.draw(rng)
        return estimate + 0.02, low, high

    assert study.run(replace(plain, draw=biased), 2000)["as_expected"] is False
    allowed = replace(plain, draw=biased, bias_at_most=0.02, note="known")
    assert study.run(allowed, 2000)["as_expected"] is True


def test_runs_that_give_no_interval_are_counted() -> None:
    broken = Case("none", 3, 0.5, lambda rng: (0.5 + 0 * rng.random(), np.nan, 1.0), ("numeric.means",))
    row = study.run(broken, 10)
    assert row["failed"] == 10
    assert row["as_expected"] is False
