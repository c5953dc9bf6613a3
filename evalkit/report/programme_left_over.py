"""Answers by group beside the numbers of the whole: whoever is left over must be nobody, or enough people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile
from evalkit.disclosure.contrasts import contrasts_in, sides_of
from evalkit.disclosure.releasing import withhold_rows
from evalkit.disclosure.rules import withheld
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import headlines
from evalkit.programmes.model import Programme
from evalkit.report.programme_flow_counts import (
    ENOUGH_WITHOUT_N,
    few_at_a_step,
    group_counts,
    is_few,
    left_after,
    steps_of,
    tell_a_step,
)
from evalkit.report.programme_numbers import Shown, quieted, suppressed_rows
from evalkit.report.programme_staff_counts import few_with_a_bonus, staff_left_over
from evalkit.result import Curve, Estimates

Flags = npt.NDArray[np.bool_]
Key = tuple[str, ...]

_OTHERS, _COULD = "comparison", "could have had"
# Estimators whose rows are groups of people also where the whole answer is told.
_BY_GROUP = frozenset({"gap_in_change", "relative_likelihood"})
# Results on the workforce: `staff_left_over` looks at who is left over of a snapshot.
_OF_STAFF = frozenset({"representation", "leaver_rate", "stability_index", "wres", "edi_plan"})
_COMPARES = frozenset({"relative_likelihood", "difference"})
# Answers that are a category of people and no opinion: a grade before and after.
_KINDS_OF_PEOPLE = frozenset({"category_change"})
# Shares of the same people that add up to all of them.
_SHARES_OF_ALL = frozenset({"ladder_change", "reliable_change", "response_distribution"})
_FEWEST_GROUPS = 2
_CLOSE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """People of one number, by group: rows of a result, in the order of `groups`."""

    key: Key  # whose change, or who could have had what: the same key means the same people
    rows: tuple[int, ...]
    people: tuple[float, ...]
    beside: tuple[int, ...]  # rows that compare two groups
    whole: float  # of everybody in it, where the result says so


def without_left_over(
    parts: Mapping[int, Shown], profile: Profile, programme: Programme
) -> tuple[dict[int, Shown], int]:
    """Withhold groups from which, beside the whole, another group of few people would follow.

    Parameters
    ----------
    parts : mapping of int to Shown
        Position of an answer -> what may leave of it by itself.
    profile : Profile
        Disclosure profile.
    programme : Programme
        The programme.

    Returns
    -------
    tuple of (dict of int to Shown, int)
        The same, and of how many answers more is withheld. The people left over, the whole less the groups that are
        shown, are nobody or as many as the profile asks for; else the smallest group is withheld too, and where fewer
        than two are left, all of them. The whole is everybody in the answer, or in any other answer on the same
        people, by group or not; people of whom the group is not stated are a group. Of shares that add up to everybody
        all are told, or none. A step of the flow is withheld too where its number differs by few from that of a step
        that is shown before it. Shares of a step that the flow withholds, and of a kind of people of whom there are
        few, are withheld likewise. So is a rate by group of which few people reached a step of the flow, or few did
        not, and what is told of those followed in records of service where their number gives a withheld step away.
        Comparisons of two groups, rates of staff and answers on many people are told without their numbers of people
        instead. Under a profile that rounds counts nothing follows from a whole, and nothing is changed.
    """
    if profile.threshold <= 0 or profile.rounding != "none":
        return dict(parts), 0
    parts = {at: _steps_apart(part, profile) for at, part in parts.items()}
    wholes = _wholes(parts, programme)
    steps = _withheld_steps(parts, programme)
    staff, left = staff_left_over(parts, profile), left_after(parts)
    found, more = {}, 0
    for at, part in parts.items():
        hide, quiet = _rows_to_hide(part, wholes, profile, programme)
        if _told_by_step(part.answer, programme, steps):
            hide |= ~suppressed_rows(part)[: len(hide)]
        if len(hide):
            followed = _followed(part, parts, programme, profile)
            many = part.answer.people >= ENOUGH_WITHOUT_N
            hide |= left.get(at, False) | (followed & (not many))
            quiet |= staff.get(at, False) | (followed & many)
        quiet &= ~hide
        made = _hidden(part, hide, programme) if hide.any() else part
        found[at] = quieted(made, programme, quiet) if quiet.any() else made
        more += bool(hide.any() or quiet.any())
    return found, more


def _followed(part: Shown, parts: Mapping[int, Shown], programme: Programme, profile: Profile) -> Flags:
    """Find all rows of an answer on people followed in records, where their number gives a withheld step away."""
    shown = ~suppressed_rows(part)
    outcomes = [programme.outcomes_by_id[name] for name in part.answer.about if name in programme.outcomes_by_id]
    told, hidden = steps_of(parts, {role for one in outcomes for role in one.roles})
    return shown & tell_a_step(part.answer, told, hidden, profile)


def _rows_to_hide(
    part: Shown, wholes: Mapping[Key, set[float]], profile: Profile, programme: Programme
) -> tuple[Flags, Flags]:
    """Find rows that are withheld, and those that are told without their numbers of people."""
    result = part.answer.result
    if not isinstance(result, Estimates) or len(result.frame) != len(part.released.frame):
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
    shown = ~suppressed_rows(part)
    hide = (few_at_a_step(part.answer, programme, profile) | few_with_a_bonus(part)) & shown
    quiet = np.zeros(len(shown), dtype=bool)
    small = np.flatnonzero(hide | ~shown).tolist()
    many = _of_many(part.answer)
    for split in _splits(part.answer, programme):
        more = np.zeros(len(shown), dtype=bool)
        more[_gone(split, shown & ~hide & ~quiet, wholes.get(split.key, set()), profile)] = True
        gone = [row for row in split.rows if (more | hide)[row]]
        kept = many.copy()
        kept[list(split.beside)] &= ~_named(result.frame, split, small)
        more[list(split.beside)] |= _named(result.frame, split, gone)
        hide |= more & ~kept
        quiet |= more & kept
    if part.answer.question.estimator in _SHARES_OF_ALL:
        hide |= _tells_the_rest(result, part.released.frame, shown)
    if part.answer.question.estimator in _KINDS_OF_PEOPLE:
        hide |= _few_of_a_kind(result.frame, shown, profile)
    return hide & shown, quiet & shown & ~hide


def _of_many(answer: Answer) -> Flags:
    """Find comparisons of two groups on so many people that they can be told without n.

    Those left over do not follow from a difference beside the whole: of neither group is anything told by itself.
    """
    assert isinstance(answer.result, Estimates)  # noqa: S101 - only rows of estimates are split
    frame, estimator = answer.result.frame, answer.question.estimator
    compares = frame["term"].isin(_COMPARES).to_numpy() & (estimator == "relative_likelihood")
    if estimator == "gap_in_change" and "quantity" in frame:
        compares |= frame["quantity"].astype(str).str.startswith("difference").to_numpy()
    return np.asarray(compares & (frame["n"].to_numpy(dtype=float) >= ENOUGH_WITHOUT_N))


def _tells_the_rest(result: Estimates, released: pd.DataFrame, shown: Flags) -> Flags:
    """Find shares that add up to all of the same people, of which one, or the number of people, is withheld.

    The one that is withheld is all less the others; and of a share with its interval the number of people follows.
    """
    hide = np.zeros(len(shown), dtype=bool)
    frame = result.frame.reset_index(drop=True)
    unknown = ~shown | (frame["n"].notna() & released["n"].reset_index(drop=True).isna()).to_numpy()
    for rows in frame.groupby(["term", "n"], dropna=False, sort=False).groups.values():
        whole = abs(float(frame.loc[rows, "estimate"].sum()) - 1) < _CLOSE
        if whole and len(rows) >= _FEWEST_GROUPS and unknown[rows].any():
            hide[rows] = True
    return hide


def _steps_apart(part: Shown, profile: Profile) -> Shown:
    """Withhold steps of a flow whose number differs by few from that of any step that is shown before them."""
    frame = part.released.frame
    if not isinstance(part.answer.result, pd.DataFrame) or "step" not in frame:
        return part
    told: list[float] = []
    hide = np.zeros(len(frame), dtype=bool)
    for at, n in enumerate(frame["n"].to_numpy(dtype=float)):
        hide[at] = any(is_few(abs(n - before), profile) for before in told)
        if np.isfinite(n) and not hide[at]:
            told.append(n)
    if not hide.any():
        return part
    flag = frame["flag"] if "flag" in frame else pd.Series("", index=frame.index)
    made = frame.assign(n=frame["n"].astype(float).mask(hide), flag=flag.astype(object).mask(hide, SUPPRESSED))
    return replace(part, released=replace(part.released, frame=made))


def _hidden(part: Shown, rows: Flags, programme: Programme) -> Shown:
    result = part.answer.result
    assert isinstance(result, Estimates)  # noqa: S101 - only rows of estimates are hidden
    released = withhold_rows(part.released, result, rows)
    return replace(part, released=released, lines=headlines(part.answer, released, programme))


def _gone(split: _Split, shown: Flags, wholes: set[float], profile: Profile) -> list[int]:
    """Find the groups that have to go beside every known whole."""
    told = sorted((n, row) for n, row in zip(split.people, split.rows, strict=True) if shown[row])
    kept = [(n, row) for n, row in told if not is_few(n, profile)]

    def leaves_few() -> bool:
        total = sum(n for n, _ in kept)
        return bool(kept) and any(is_few(whole - total, profile) for whole in wholes if whole > total)

    while leaves_few():
        kept = kept[1:] if len(kept) > _FEWEST_GROUPS else []
    return [row for _, row in told if row not in {own for _, own in kept}]


def _named(frame: pd.DataFrame, split: _Split, gone: Sequence[int]) -> Flags:
    """Find the comparisons in which a group is that goes."""
    labels = {str(frame["group"].iloc[row]) for row in gone}
    own = set(frame["group"].astype(str))
    sides = [set(sides_of(str(frame["group"].iloc[row]), own)) for row in split.beside]
    return np.array([bool(labels & side) for side in sides], dtype=bool)


def _splits(answer: Answer, programme: Programme) -> Iterator[_Split]:
    """Find what an answer tells by group of people."""
    result = answer.result
    if not isinstance(result, Estimates) or not _is_by_group(answer):
        return
    frame = result.frame.reset_index(drop=True)
    if "group" not in frame:
        return
    # Who is among those at a step: the group is the number of those who have it, not of whom it is a share.
    counted = "n_events" if answer.question.steps and answer.question.estimator == "share" else "n"
    pair = contrasts_in(frame["group"].astype(str).tolist())
    single = frame[frame["group"].notna() & ~pair & frame[counted].notna()]
    by = [name for name in ("term", "quantity", "year", "band") if name in frame]
    for names, rows in single.groupby(by, dropna=False, sort=False):
        group = rows.drop_duplicates("group")
        if len(group) < _FEWEST_GROUPS:
            continue
        people = group[counted].to_numpy(dtype=float)
        term = str(names[0])
        # Of a rate, ratio and difference all rows are about the same groups.
        compared = pair if answer.question.estimator == "relative_likelihood" else _same(frame, term, pair)
        split = _Split(
            _key(answer, term, ""),
            tuple(int(row) for row in group.index),
            tuple(people),
            tuple(int(row) for row in np.flatnonzero(compared)),
            float(people.sum()),
        )
        yield split
        yield from _at_the_next_step(answer, split, programme)


def _at_the_next_step(answer: Answer, split: _Split, programme: Programme) -> Iterator[_Split]:
    """Split those who reached a step of the flow too, and those who did not: a rate and its n tell both."""
    counts = group_counts(answer, programme)
    if counts is None or not counts.reached or split.key[0] != _COULD:
        return
    known = dict(zip(counts.rows.tolist(), counts.events.tolist(), strict=True))
    if not all(np.isfinite(known.get(row, np.nan)) for row in split.rows):
        return
    had = tuple(known[row] for row in split.rows)
    lost = tuple(n - events for n, events in zip(split.people, had, strict=True))
    for name, people in (("reached", had), ("did not reach", lost)):
        yield replace(split, key=(name, *split.key[1:]), people=people, whole=sum(people))


def _same(frame: pd.DataFrame, term: str, pair: Flags) -> Flags:
    return np.asarray(pair & frame["term"].astype(str).eq(term).to_numpy())


def _is_by_group(answer: Answer) -> bool:
    question = answer.question
    if question.estimator in _OF_STAFF:
        return False
    return bool(
        answer.subgroup or question.estimator in _BY_GROUP or (question.estimator == "share" and "by" in question.said)
    )


def _key(answer: Answer, term: str, group: str) -> Key:
    """Name the people of a row: those who could have had an outcome, or who answered about one at two times."""
    question, said = answer.question, answer.question.said
    about = answer.of_term.get(term) or next((one for title, one in answer.terms if term.startswith(title)), "")
    about = about or " ".join(answer.about)
    if question.estimator in {"relative_likelihood", "share"}:
        return (
            _COULD,
            " ".join(question.roles),
            str(said.get("of", "")),
            str(said.get("of_column", "")),
            about,
        )
    if " - " in group:
        when = group
    elif " - " in term:
        when = term.rpartition(", ")[2]
    elif "post" in said:
        when = f"{said['post']} - {said['pre']}"
    else:
        when = str(said.get("wave", said.get("times", "")))
    return "answered", answer.role, about, when


def _wholes(parts: Mapping[int, Shown], programme: Programme) -> dict[Key, set[float]]:
    """Collect the numbers of people that are told of everybody, by whom they are about."""
    found: dict[Key, set[float]] = {}
    for part in parts.values():
        answer, result = part.answer, part.answer.result
        if not isinstance(result, Estimates) or isinstance(result, Curve) or "n" not in part.released.frame:
            continue
        for split in _splits(answer, programme):
            told = {split.whole}
            if answer.question.estimator == "relative_likelihood" and split.key[0] == _COULD:
                # The same people may be told by what they are in another answer, whatever came of them.
                for key in [one for one in found if one[:4] == split.key[:4]]:
                    found[key] |= told
                told |= {n for one, ns in found.items() if one[:4] == split.key[:4] for n in ns}
            found.setdefault(split.key, set()).update(told)
        if _is_by_group(answer):
            continue
        n = part.released.frame["n"].to_numpy(dtype=float)
        for at, row in enumerate(result.frame.to_dict("records")):
            group = "" if pd.isna(row.get("group")) else str(row["group"])
            if np.isfinite(n[at]) and _OTHERS not in group:
                found.setdefault(_key(answer, str(row["term"]), group), set()).add(float(n[at]))
    return found


def _withheld_steps(parts: Mapping[int, Shown], programme: Programme) -> frozenset[str]:
    """Name the steps, and the columns that they are read from, of which the flow withholds the number."""
    titles = {step.title: step for step in programme.steps}
    found: set[str] = set()
    for part in parts.values():
        if isinstance(part.answer.result, pd.DataFrame) and "step" in part.released.frame:
            frame = part.released.frame
            for title in frame.loc[frame["n"].isna(), "step"]:
                step = titles.get(str(title))
                found |= {step.id, step.column} if step is not None else set()
    return frozenset(found)


def _told_by_step(answer: Answer, programme: Programme, steps: frozenset[str]) -> bool:
    """Tell whether a share would tell the number of people at a step that is withheld."""
    question = answer.question
    if question.estimator not in {"share", "relative_likelihood"} or "by" in question.said:
        return False
    outcomes = [programme.outcomes_by_id[name] for name in answer.about if name in programme.outcomes_by_id]
    among = str(question.said.get("of", ""))  # its number of people is that of this step
    return bool(steps & {among, *(question.steps if not outcomes else ()), *(str(one.column) for one in outcomes)})


def _few_of_a_kind(frame: pd.DataFrame, shown: Flags, profile: Profile) -> Flags:
    """Find categories in which few people are, before or after, and one more where they would follow from the rest."""
    hide = np.zeros(len(frame), dtype=bool)
    names = [name for name in ("share_before", "share_after") if name in frame]
    if not names:
        return hide
    n = frame["n"].to_numpy(dtype=float)
    counts = np.column_stack([np.round(frame[name].to_numpy(dtype=float) * n) for name in names])
    rows = ~np.isnan(counts).any(axis=1)
    hide |= rows & np.array([bool(withheld(line, profile).any()) for line in np.nan_to_num(counts)], dtype=bool)
    for terms in frame.groupby("term", sort=False).groups.values():
        inside = rows & frame.index.isin(terms) & shown
        for column in counts.T:
            while is_few(float(column[inside & hide].sum()), profile) and (inside & ~hide).any():
                left = np.flatnonzero(inside & ~hide)
                hide[left[np.argmin(column[left])]] = True
    return hide
