"""What must hold of a cohort, for any staff: which covariates know the future, and where spells are cut."""

from __future__ import annotations

import math
from contextlib import nullcontext

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evalkit.errors import ImmortalTimeError
from evalkit.retention import foreknowledge
from evalkit.retention.building import cohort
from evalkit.retention.cohorts import Cohort, levels

many = settings(max_examples=150)


@st.composite
def staff(draw: st.DrawFn) -> pd.DataFrame:
    """People in any order, of whom some are mentored later; covariates that tell it, nearly do, or do not."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n = draw(st.integers(4, 60))
    leaves = rng.integers(2, 30, n).astype(float)
    begins = np.where(rng.random(n) < draw(st.sampled_from([0.1, 0.5, 0.9])), rng.integers(0, 30, n), np.nan)
    begins[begins >= leaves] = np.nan
    later = np.isfinite(begins)
    size = draw(st.sampled_from([1, 2, n]))
    told = np.where(later, rng.integers(0, size, n), size + rng.integers(0, size, n))
    told[rng.random(n) < draw(st.sampled_from([0.0, 0.02]))] = 0
    frame = pd.DataFrame({"id": rng.permutation(n), "exit": leaves, "from": begins, "told": told.astype(float)})
    frame.loc[rng.random(n) < draw(st.sampled_from([0.0, 0.1])), "told"] = np.nan
    frame["known"] = np.where(later, "yes", None)
    frame["text"] = pd.Categorical(frame["told"].astype(object), categories=[*range(2 * n), "nobody"])
    frame["noise"] = rng.integers(0, 3, n)
    frame["all"] = "same"
    return frame


def made(frame: pd.DataFrame) -> Cohort:
    return cohort(
        frame.assign(entry=0.0), person="id", exit="exit", entry="entry", origin="entry", mentored_from="from",
        covariates=["told", "known", "text", "noise", "all"],
    )  # fmt: skip


def _joined(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame.assign(joined=[str(row) for row in frame[names].itertuples(index=False)])


def plainly_tells(data: Cohort, frame: pd.DataFrame, name: str) -> bool:
    """By the definition, one person after the other; missing is a level."""
    begins = dict(zip(frame["id"], frame["from"], strict=True))
    sides: dict[str, list[object]] = {"later": [], "never": []}
    for who, value in zip(frame["id"], frame[name].astype(object), strict=True):
        if not begins[who] <= 0:  # whoever is mentored from entry on is neither
            sides["never" if pd.isna(begins[who]) else "later"].append(None if pd.isna(value) else value)
    later, never = set(sides["later"]), set(sides["never"])
    if not later or not never or later & never:
        return False
    levels_used, fewest = len(later) + len(never), min(len(later), len(never))
    enough = min(len(sides["later"]), len(sides["never"])) >= 5
    if levels_used == 2 or 5 * levels_used <= data.n_people or (fewest == 1 and enough):
        return True
    if not pd.api.types.is_numeric_dtype(frame[name]):
        return False
    one, other = ([value for value in side if value is not None] for side in sides.values())
    if not one or not other or not (max(one) < min(other) or max(other) < min(one)):  # type: ignore[type-var]
        return False
    return 2 / math.comb(len(one) + len(other), len(one)) < 0.001


@many
@given(frame=staff(), screen=st.integers(1, 80))
def test_covariates_that_know_the_future_are_found_by_the_definition(frame: pd.DataFrame, screen: int) -> None:
    data = made(frame)
    names = ["told", "known", "text", "noise", "all"]
    expected = [name for name in names if plainly_tells(data, frame, name)]
    assume(expected or not plainly_tells(data, _joined(frame, names), "joined"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(foreknowledge, "_SCREEN", screen)
        if not expected:
            data.require_no_immortal_time(names)
            return
        with pytest.raises(ImmortalTimeError) as caught:
            data.require_no_immortal_time(names)
    assert [problem.place for problem in caught.value.problems] == [f"covariate {name}" for name in expected]


@pytest.mark.parametrize(("people", "told"), [(13, True), (12, False)])
def test_one_level_of_their_own_tells_the_future_from_five_people_on(people: int, *, told: bool) -> None:
    level = np.arange(people) % 3
    frame = pd.DataFrame({"id": range(people), "exit": 9.0, "from": np.where(level == 0, 3.0, np.nan), "told": level})
    frame = frame.assign(known="x", text="x", noise=0, all="same")
    data = made(frame)
    assert plainly_tells(data, frame, "told") == told
    with pytest.raises(ImmortalTimeError) if told else nullcontext():
        data.require_no_immortal_time(["told"])


@many
@given(frame=staff())
def test_levels_are_those_that_occur_in_their_order(frame: pd.DataFrame) -> None:
    for column in (frame["text"], frame["told"]):
        codes, labels = levels(column)
        said = [labels[code] if code >= 0 else None for code in codes]
        assert said == [None if pd.isna(value) else f"{value:g}" for value in column]
        assert labels == [f"{value:g}" for value in sorted(set(column.dropna()))]


@many
@given(frame=staff())
def test_spells_are_cut_where_mentoring_begins_and_stand_in_the_order_of_people(frame: pd.DataFrame) -> None:
    data = made(frame)
    rows: list[tuple[object, ...]] = []
    for place, (who, leaves, begins) in enumerate(frame[["id", "exit", "from"]].itertuples(index=False)):
        if begins > 0:
            rows += [(who, 0.0, begins, 0, False, place), (who, begins, leaves, 1, True, place)]
        else:
            rows.append((who, 0.0, leaves, 1, begins == 0, place))
    columns = (data.people.take(data.person), data.start, data.stop, data.cause, data.mentored, data.row)
    assert list(zip(*(list(column) for column in columns), strict=True)) == rows
    assert data.spell.tolist() == data.row.tolist()
