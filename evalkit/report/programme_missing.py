"""Who did not answer afterwards, how they stood before, and what their answers could change."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.losses import (
    CHANGE,
    COMPLETE,
    IMPUTED,
    TIPPING,
    TIPPING_INTERVAL,
    WEIGHTED,
    attrition,
)
from evalkit.disclosure import Profile, release
from evalkit.disclosure.rules import withheld
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.errors import EvalkitError
from evalkit.programmes.answering_change import wide
from evalkit.programmes.answers import several
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.following_up import FollowUp, follow_ups
from evalkit.programmes.parts import Question, Role
from evalkit.programmes.written_numbers import beside_nothing, number
from evalkit.report import text
from evalkit.report.programme_blocks import Block, Table, Text

# Any fixed seed: the imputations of a report must be the same when it is made again.
_SEED = 20100505
_PART = "lost less kept"
_WAYS = {
    COMPLETE: "those who answered both times",
    WEIGHTED: "those who answered both times, weighted to be like all who answered before",
    IMPUTED: "all who answered before, with answers afterwards filled in many times from what is known of them",
}
_MEANS, _MODEL = "mean_change", "wave_change"
# What the change that the report tells rests on, by its estimator; in a row, and as the end of a sentence.
_AS_TOLD = {
    _MEANS: (", as in the report", "the change rests on those who answered both times."),
    _MODEL: (
        " (the change in the report is of a mixed model, which uses those who answered once too)",
        "the change in the report is of a mixed model, which uses everybody who answered at one of the times at least.",
    ),
}
_NOT_TOLD = ("", "the change rests on those who answered both times.")
_FEWEST_WAYS = 2
# From this size on a number is of a scale of a hundred.
_HUNDREDS = 10


def losses(evidence: Evidence, profile: Profile) -> Iterator[Block]:
    """Write what is known of those who answered before and not afterwards, for the outcomes named beforehand.

    Parameters
    ----------
    evidence : Evidence
        The data.
    profile : Profile
        Disclosure profile.

    Yields
    ------
    Text or Table
        How those lost stood before beside those kept; the change when they are allowed for in other ways; and in words
        whether that matters. Where fewer were lost or kept than may be told, or where nothing could be estimated, it
        says which and no number is given. No number of people is told.
    """
    differences: list[tuple[str, ...]] = []
    ways: list[tuple[str, ...]] = []
    said: list[str] = []
    untold: dict[str, list[str]] = {}
    data: list[pd.DataFrame] = []
    for role in evidence.programme.parties:
        for one in follow_ups(evidence, role.id):
            name = _named(evidence, one, role)
            beside, rests = _AS_TOLD.get(_told_by(evidence, one, role), _NOT_TOLD)
            frame = _released(evidence, one, role, profile, rests)
            if isinstance(frame, str):
                untold.setdefault(frame, []).append(name)
                continue
            differences += _difference_rows(frame, name)
            ways += _way_rows(frame, name, beside)
            said += [_conclusion(frame, name, evidence.bounds(one.outcome))]
            data.append(frame.assign(outcome=name)[["outcome", "part", "group", *_NUMBERS]])
    if differences:
        yield Table(
            "How those who did not answer afterwards stood before, beside those who did",
            ("Of what", "Difference, standard deviations", "95 % interval"),
            tuple(differences),
            notes=(
                "Those lost less those kept. Groups of people are compared only where enough were lost of each.",
                _NO_NUMBERS,
            ),
        )
    if ways:
        yield Table(
            "What the change would be if those who did not answer are allowed for",
            ("Of what", "Resting on", "Change, points", "95 % interval"),
            tuple(ways),
            frozenset({1}),
            ("No way is the right one: each takes something for granted that the answers cannot show.", _NO_NUMBERS),
            pd.concat(data, ignore_index=True),
        )
    yield from (Text(one) for one in said)
    yield from (Text(f"{'; '.join(names)}: {why}") for why, names in untold.items())


def _told_by(evidence: Evidence, one: FollowUp, role: Role) -> str:
    """Name the estimator by which the report tells this change of the same people; empty for another than these."""
    found = {
        question.estimator
        for question in evidence.programme.questions
        if one.outcome.id in question.outcomes and (not question.roles or role.id in question.roles)
        if {one.before, one.after} <= _times(question)
    }
    return next((name for name in (_MEANS, _MODEL) if name in found), "")


def _times(question: Question) -> set[str]:
    said = question.said
    return {str(said[name]) for name in ("pre", "post") if name in said} | {
        str(w) for w in several(said.get("waves", ()))
    }


def _fewest(profile: Profile) -> float:
    """Give the fewest people whose mean may be told; rules that round have no threshold of their own."""
    return max(profile.threshold, profile.mean_min_n, 1)


_NUMBERS = ("estimate", "conf_low", "conf_high")
_NO_NUMBERS = (
    "Numbers of people are left out: beside those of the groups they would tell how few were lost of one. How many "
    "were asked and answered stands in the table of forms."
)


def _named(evidence: Evidence, one: FollowUp, role: Role) -> str:
    several = len([name for name in one.outcome.roles if evidence.programme.roles_by_id[name].party]) > 1
    return f"{one.outcome.title}, {role.title}" if several else one.outcome.title


def _too_few(did: str, profile: Profile) -> str:
    """Say that few or none answered so, without telling which."""
    least = _fewest(profile)
    return f"fewer than {least:g} people {did}, or none." if least > 1 else f"nobody {did}."


def _released(evidence: Evidence, one: FollowUp, role: Role, profile: Profile, rests: str) -> pd.DataFrame | str:
    """Estimate, and keep the rows that may leave; or say why there are none, begun small."""
    frame = wide(evidence, [one.outcome], [one.before, one.after], role.id)
    before, after = (str(name) for name in frame.columns)
    frame = frame[frame[before].notna()]
    lost = frame[after].isna().to_numpy()
    if (~lost).sum() < _fewest(profile):
        few = _too_few("answered both before and afterwards", profile)
        return f"{few} How those who did not answer afterwards differ is not told: too few stand beside them."
    if lost.sum() < _fewest(profile):
        few = _too_few("answered before and not afterwards", profile)
        return f"{few} How they differ is not told, and {rests}"
    names = _characteristics(evidence, frame)
    frame = frame.assign(**names).reset_index(drop=True)
    try:
        found = attrition(
            frame, pre=[before], post=[after], covariates=list(names), seed=_SEED, scale=evidence.bounds(one.outcome)
        )
    except EvalkitError:
        return (
            "how those who did not answer afterwards differ cannot be estimated from these answers. "
            f"{rests[:1].upper()}{rests[1:]}"
        )
    # A share of a few people among those lost would tell how many they are.
    small = {
        f"{name}: {label}"
        for name, labels in names.items()
        for label in set(labels)
        if _tells_few(labels == label, lost, profile)
    }
    shown = release(found, profile).frame.reset_index(drop=True)
    # A profile that rounds keeps no column that it does not know; what a row is part of tells no number.
    shown["part"] = found.frame["part"].to_numpy()
    flags = shown["flag"].astype(str) if "flag" in shown else pd.Series("", index=shown.index)
    kept = shown[(flags != SUPPRESSED) & ~shown["group"].isin(small)]
    return kept.assign(before=before)


def _characteristics(evidence: Evidence, frame: pd.DataFrame) -> dict[str, npt.NDArray[np.object_]]:
    """Give what is known of everybody beforehand, as far as answers say whose they are."""
    if not frame.index.isin(evidence.people.index).all():
        return {}
    found = {}
    for one in evidence.programme.subgroups:
        column = one.columns[0]
        if len(one.columns) == 1 and column.startswith("participants.") and evidence.records(column):
            labels = evidence.labels(column, frame.index).to_numpy(dtype=object)
            if len(set(labels)) > 1:
                found[one.title] = labels
    return found


def _tells_few(here: npt.NDArray[np.bool_], lost: npt.NDArray[np.bool_], profile: Profile) -> bool:
    cells = [int((a & b).sum()) for a in (here, ~here) for b in (lost, ~lost)]
    return bool(withheld(cells, profile).any()) or min(cells) < _fewest(profile)


def _difference_rows(frame: pd.DataFrame, name: str) -> Iterator[tuple[str, ...]]:
    for row in frame[frame["part"] == _PART].to_dict("records"):
        group = str(row["group"])
        by, _, label = group.partition(": ")
        what = (
            f"{name}, before" if group == str(row["before"]) else f"{name}: share of \u201c{label}\u201d ({by.lower()})"
        )
        if not np.isnan(float(row["estimate"])):
            yield (what, *_told(row))


def _way_rows(frame: pd.DataFrame, name: str, beside: str) -> Iterator[tuple[str, ...]]:
    for row in frame[frame["part"] == CHANGE].to_dict("records"):
        if not np.isnan(float(row["estimate"])):
            more = beside if row["group"] == COMPLETE else ""
            yield (name, f"{_WAYS[str(row['group'])]}{more}", *_told(row))


def _told(row: Mapping[Hashable, object]) -> tuple[str, str]:
    """Write an estimate and its limits with the same decimals."""
    estimate, low, high = (float(str(row[name])) for name in _NUMBERS)
    digits = _digits(estimate, low, high)
    limits = f"{number(low, digits)} to {number(high, digits)}"
    return number(estimate, digits), text.MISSING if np.isnan([low, high]).any() else limits


def _digits(*values: float) -> int:
    """Two decimals for scales of a few points, one for scales of a hundred; more where one would look like nothing."""
    sizes = [abs(value) for value in values if np.isfinite(value)]
    digits = 1 if sizes and max(sizes) >= _HUNDREDS else 2
    return max([digits, *(_shown(size, digits) for size in sizes)])


def _shown(size: float, digits: int) -> int:
    """Find the decimals with which a number that is not nothing does not look like nothing."""
    return len(beside_nothing(size, digits).partition(".")[2])


def hanging(evidence: Evidence, profile: Profile) -> tuple[tuple[str, str], ...]:
    """List the outcomes of which the ways to allow for those lost do not all show a change, and the same one.

    Parameters
    ----------
    evidence : Evidence
        The data.
    profile : Profile
        Disclosure profile.

    Returns
    -------
    tuple of (str, str)
        Id of the outcome, and its name as `losses` has it; none of which nothing is told there.
    """
    found = []
    for role in evidence.programme.parties:
        for one in follow_ups(evidence, role.id):
            frame = _released(evidence, one, role, profile, "")
            sides = [] if isinstance(frame, str) else _sides(frame)
            if len(sides) >= _FEWEST_WAYS and (len(set(sides)) > 1 or sides[0] == 0):
                found.append((one.outcome.id, _named(evidence, one, role)))
    return tuple(found)


def _sides(frame: pd.DataFrame) -> list[int]:
    rows = frame[(frame["part"] == CHANGE) & frame["estimate"].notna()]
    return [_side(float(row["conf_low"]), float(row["conf_high"])) for row in rows.to_dict("records")]


def _conclusion(frame: pd.DataFrame, name: str, bounds: tuple[float, float] | None) -> str:
    """Say whether the conclusion hangs on those lost."""
    sides = _sides(frame)
    tips = frame[(frame["part"] == TIPPING) & (frame["group"] == TIPPING_INTERVAL)]["estimate"]
    tip = float(tips.iloc[0]) if len(tips) else float("nan")
    return f"{name}: {settled(sides)}{_tipping(sides, tip, bounds)}"


def _side(low: float, high: float) -> int:
    return int(low > 0) - int(high < 0)


def settled(sides: Sequence[int]) -> str:
    """Say whether several ways to allow for those lost agree.

    Parameters
    ----------
    sides : sequence of int
        Of each way: 1 when its whole interval is above no change, -1 below, 0 when it holds no change.

    Returns
    -------
    str
        A sentence, begun small.

    Examples
    --------
    >>> settled([1, 0])
    'whether there was a change hangs on what is taken for those who did not answer.'
    """
    if len(sides) < _FEWEST_WAYS:
        return "those who did not answer could not be allowed for."
    if len(set(sides)) > 1:
        return "whether there was a change hangs on what is taken for those who did not answer."
    if sides[0] == 0:
        return "in none of these ways do the answers settle whether there was a change."
    return f"in all of these ways the interval is wholly {'above' if sides[0] > 0 else 'below'} no change."


def _tipping(sides: Sequence[int], tip: float, bounds: tuple[float, float] | None) -> str:
    """Say how different those lost would have to be."""
    if np.isnan(tip) or tip == 0 or not sides or sides[0] == 0 or len(set(sides)) > 1:
        return ""
    if bounds is not None and abs(tip) >= bounds[1] - bounds[0]:
        return " Nothing that those who did not answer could have said would bring the interval to no change."
    way = "below" if tip < 0 else "above"
    size = number(abs(tip), _digits(tip))
    return (
        f" The change of each who did not answer would have to be {size} points {way} that of people "
        "like them for the interval to reach no change; whether that may be is for the people who know them to judge."
    )
