"""Who was reached, by protected group, with numbers that cannot be taken apart."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile, release_frame
from evalkit.disclosure.protecting import Protected, protect
from evalkit.disclosure.rules import release_counts, withheld
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.equality.mappings import NOT_STATED
from evalkit.numeric.proportions import wilson
from evalkit.programmes.answering_now import lost_by_start, participant_flow, started
from evalkit.programmes.evidence import Evidence, labelled
from evalkit.programmes.folder_eligible import served
from evalkit.programmes.following_up import answered_both, follow_ups
from evalkit.programmes.parts import Role, Step, Subgroup, Use
from evalkit.programmes.written_numbers import share_and_limits
from evalkit.report import text
from evalkit.report.programme_blocks import Table, Text
from evalkit.report.tables import WITHHELD

_ALL = "all"
_ELIGIBLE = "eligible"
ANSWERED = "answered"
ANSWERED_TITLE = "Answered before and after"
# Words around one year of age -> from which year to which a label is.
_AGES: tuple[tuple[re.Pattern[str], Callable[[float], tuple[float, float]]], ...] = (
    (re.compile(r"^\W*(under|below|less|younger)\b|^<(?!=)", re.IGNORECASE), lambda year: (0.0, year - 1)),
    (
        re.compile(r"^(up to|to|at most)\b|<=|\u2264|\b(under|below|younger|less)\b", re.IGNORECASE),
        lambda year: (0.0, year),
    ),
    (re.compile(r"^\W*(over|above|more|older)\b|^>(?!=)", re.IGNORECASE), lambda year: (year + 1, math.inf)),
    (
        re.compile(r"\+|>=|\u2265|\b(over|above|older|more|from|at least)\b", re.IGNORECASE),
        lambda year: (year, math.inf),
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """A step that people of a role came to: `here` by person, or `counts` by label of a characteristic."""

    id: str
    title: str
    of: str  # the step whose people these are among; empty for the first
    here: pd.Series | None = None
    counts: Mapping[str, Mapping[str, int]] | None = None


Reached = tuple[tuple[Table, ...], Protected]


def reach_by_group(evidence: Evidence, role: Role, profile: Profile) -> dict[str, Reached]:
    """Count people at each step by protected characteristic, protected together.

    Parameters
    ----------
    evidence : Evidence
        The data.
    role : Role
        Of whom.
    profile : Profile
        Disclosure profile.

    Returns
    -------
    dict of str to (tuple of Table, Protected)
        Characteristic -> its tables and what was protected, for audit; without those of which nothing can be told.
        First the numbers of people, from eligible (where eligible.csv tells them) to completed and answered; then the
        share that came from each step to the next, with Wilson's interval made of released counts only. Small groups
        are told together with others; where few people took part fewer steps are counted.
    """
    people = evidence.in_programme([role.id])
    characteristics = [
        one
        for one in evidence.programme.subgroups
        if all(column.startswith("participants.") and evidence.records(column) for column in one.columns)
    ]
    stages = _stages(evidence, role, people)
    if not len(people) or not stages or not characteristics:
        return {}
    plans: dict[str, _Plan] = {}
    for one in characteristics:
        if len(one.columns) == 1:
            labels = evidence.labels(one.columns[0], people).to_numpy(dtype=object)
            found = (_merged(labels, one, shorter, profile) for shorter in _ladder(stages, profile))
            plan = next((made for made in found if made is not None), None)
            plans |= {one.id: plan} if plan is not None else {}
    for one in characteristics:
        parts = [plans.get(known.id) for name in one.columns for known in characteristics if known.columns == (name,)]
        crossed = _crossed(parts, one, profile) if len(one.columns) > 1 else None
        plans |= {one.id: crossed} if crossed is not None else {}
    if not plans:
        return {}
    made = _protected(role, stages, plans, profile)
    told = [one for one in characteristics if one.id in made and _groups_told(made[one.id])]
    return {one.id: (_tables(made[one.id], one.title, role, plans[one.id], profile), made[one.id]) for one in told}


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """Which groups of a characteristic are told, and at which steps."""

    dims: tuple[str, ...]
    stages: tuple[_Stage, ...]
    labels: tuple[npt.NDArray[np.object_], ...]  # of each person, by dimension
    counts: Mapping[str, int]  # how many were eligible, by label of a single characteristic
    together: str = ""  # which groups are told as the other ones


def _merged(labels: npt.NDArray[np.object_], one: Subgroup, stages: Sequence[_Stage], profile: Profile) -> _Plan | None:
    """Put groups together until none is small at any step, nor what was lost on the way; None when one is left.

    What would have to be withheld together is told together: the sum of two groups follows from the total anyway.
    """
    labels = _called(labels, one)
    own = tuple(stage for stage in stages if stage.here is not None or one.id in (stage.counts or {}))
    if not own:
        return None
    own = tuple(replace(stage, of=stage.of if stage.of in {s.id for s in own} else "") for stage in own)
    counts = {label: dict(stage.counts or {}).get(one.id, {}) for stage in own for label in [stage.id]}
    known = next((known for known in counts.values() if known), {})
    eligible = dict(zip(_called(np.array(list(known), dtype=object), one), known.values(), strict=True))
    names: dict[str, tuple[str, ...]] = {str(label): (str(label),) for label in {*labels, *eligible}}

    def sizes(group: tuple[str, ...]) -> dict[str, int]:
        inside = np.isin(labels.astype(str), group)
        return {
            stage.id: int((inside & stage.here.to_numpy()).sum())
            if stage.here is not None
            else sum(eligible.get(label, 0) for label in group)
            for stage in own
        }

    while len(names) > 1:
        found = {name: sizes(group) for name, group in names.items()}
        small = [name for name in names if _is_small(found[name], own, profile)]
        if not small:
            break
        least = min(small, key=lambda name: (max(found[name].values()), name))
        other = _neighbour(least, names, found, one)
        if other is None:
            return None
        both = tuple(_ordered({*names.pop(least), *names.pop(other)}))
        names[_group_name(both, one)] = both
    if sum(group != (NOT_STATED,) for group in names.values()) < 2:
        return None  # those who stated something, beside those who did not, tell nothing
    merged = {label: name for name, group in names.items() for label in group}
    mapped = np.array([merged[str(label)] for label in labels], dtype=object)
    told = {name: sum(eligible.get(label, 0) for label in group) for name, group in names.items()}
    bag = next((_stated(group) for name, group in names.items() if name.startswith(_other_groups(one))), ())
    together = f"{_other_groups(one).capitalize()}: {'; '.join(bag)}." if bag else ""
    return _Plan((one.title,), own, (mapped,), told, together)


def _called(labels: npt.NDArray[np.object_], one: Subgroup) -> npt.NDArray[np.object_]:
    """Call yes and no to a disability by what they mean."""
    names = {"yes": "disabled", "no": "not disabled"} if one.columns[0].endswith(".disability") else {}
    return np.array([names.get(str(label), str(label)) for label in labels], dtype=object)


def _neighbour(
    least: str, names: Mapping[str, tuple[str, ...]], found: Mapping[str, Mapping[str, int]], one: Subgroup
) -> str | None:
    """Choose the group that a small one is told with; None where any would make a group that means nothing.

    Those who did not state are told with the largest group, which they change least. The next age is told with an age,
    and small groups without an order become the other ones, together.
    """
    others = [name for name in names if name != least and names[name] != (NOT_STATED,)]
    if not others:
        return None
    if names[least] == (NOT_STATED,):
        return max(others, key=lambda name: (max(found[name].values()), name))
    if _is_age(one):
        ages = sorted([*others, least], key=lambda name: _age(_stated(names[name])[0]))
        at = ages.index(least)
        others = [ages[place] for place in (at - 1, at + 1) if 0 <= place < len(ages)]
    bags = [name for name in others if len(_stated(names[name])) > 1]
    return min(bags if bags and not _is_age(one) else others, key=lambda name: (max(found[name].values()), name))


def _is_age(one: Subgroup) -> bool:
    return one.columns[0].endswith("age_band")


def _stated(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(label for label in labels if label != NOT_STATED)


def _age(label: str) -> tuple[float, float, str]:
    """Sort ages by the years that they are from and to; those of which the label does not say so come last.

    Examples
    --------
    >>> [_age(label)[:2] for label in ("25-34", "<25", "24 and under", "65+", "over 64", "57")]
    [(25.0, 34.0), (0.0, 24.0), (0.0, 24.0), (65.0, inf), (65.0, inf), (57.0, 57.0)]
    """
    years = [float(year) for year in re.findall(r"\d+", label)]
    low, high = (years[0], years[-1]) if years else (math.inf, math.inf)
    for words, found in _AGES:
        if len(years) == 1 and words.search(label):
            low, high = found(years[0])
            break
    return low, high, label


def _other_groups(one: Subgroup) -> str:
    return "other kinds" if "kind" in one.title.lower() else "other groups"


def _group_name(labels: Sequence[str], one: Subgroup) -> str:
    """Name groups that are told together: ages as a range, others as the other ones."""
    stated = _stated(labels)
    several = _age_range(stated) if _is_age(one) else _other_groups(one)
    name = stated[0] if len(stated) == 1 else several
    return f"{name} or {NOT_STATED}" if NOT_STATED in labels else name


def _age_range(labels: Sequence[str]) -> str:
    """Name neighbouring ages by the first and the last.

    Examples
    --------
    >>> _age_range(["45-54", "35-44"]), _age_range(["55-64", "65 and over"]), _age_range(["under 25", "25-34"])
    ('35-54', '55 and over', 'under 35')
    """
    ages = sorted(labels, key=_age)
    low, high = _age(ages[0])[0], max(_age(label)[1] for label in ages)
    if not all(map(math.isfinite, [low, _age(ages[0])[1], _age(ages[-1])[0]])):
        return " or ".join(ages)
    if low == 0:
        return f"under {high + 1:.0f}" if math.isfinite(high) else " or ".join(ages)
    return f"{low:.0f}-{high:.0f}" if math.isfinite(high) else f"{low:.0f} and over"


def _is_small(counts: Mapping[str, int], stages: Sequence[_Stage], profile: Profile) -> bool:
    lost = [counts[stage.of] - counts[stage.id] for stage in stages if stage.of]
    return any(_is_few(n, profile) for n in [*counts.values(), *lost]) or max(counts.values()) == 0


def _is_few(n: float, profile: Profile) -> bool:
    return n < profile.threshold and (n > 0 or profile.withhold_zero)


def _crossed(parts: Sequence[_Plan | None], one: Subgroup, profile: Profile) -> _Plan | None:
    """Cross characteristics that are told; None when a cell of them is small."""
    known = [part for part in parts if part is not None]
    if len(known) < len(one.columns):
        return None
    common = [stage for stage in known[0].stages if all(stage.id in {s.id for s in part.stages} for part in known)]
    for several in ([stage for stage in common if stage.here is not None], common[:0]):
        ids = {stage.id for stage in several}
        stages = tuple(replace(stage, of=stage.of if stage.of in ids else "") for stage in several)
        dims, labels = tuple(part.dims[0] for part in known), tuple(part.labels[0] for part in known)
        plan = _Plan(dims, stages, labels, {})
        if stages and not any(_is_small(counts, stages, profile) for counts in _cells(plan).values()):
            return plan
    return None


def _cells(plan: _Plan) -> dict[tuple[str, ...], dict[str, int]]:
    """Count people in each cell, without margins."""
    dims = [sorted(set(labels)) for labels in plan.labels]
    return {cell: _counted(plan, cell) for cell in product(*dims)}


def _counted(plan: _Plan, cell: tuple[str, ...]) -> dict[str, int]:
    inside = np.ones(len(plan.labels[0]), dtype=bool)
    for labels, label in zip(plan.labels, cell, strict=True):
        inside &= (labels == label) | (label == _ALL)
    return {
        stage.id: int((inside & stage.here.to_numpy()).sum())
        if stage.here is not None
        else sum(plan.counts.values())
        if cell == (_ALL,)
        else plan.counts.get(cell[0], 0)
        for stage in plan.stages
    }


def _ladder(stages: Sequence[_Stage], profile: Profile) -> Iterator[list[_Stage]]:
    """Go through shorter and shorter lists of steps, of those whose losses can be told of everybody."""
    whole = _tellable(stages, profile)
    own = [one for one in whole if one.here is not None]
    if not own:
        return
    start = next((one for one in own if one.id == "started"), own[0])
    without = [one for one in own if one.id != ANSWERED]
    ends = ([without[0], start], [without[0], without[-1]])
    for chosen in (whole, own, without, *ends, whole[:3], whole[:2], [start], whole[:1]):
        known = {one.id for one in chosen}
        kept = list(dict.fromkeys(chosen))
        yield [
            replace(one, of=one.of if one.of in known else kept[at - 1].id if at else "") for at, one in enumerate(kept)
        ]


def _tellable(stages: Sequence[_Stage], profile: Profile) -> list[_Stage]:
    """Leave out steps at which, or on the way to which, so few were lost that nobody may know how many.

    As in the flow: the start says more than the steps before it.
    """
    lost = lost_by_start([one.id for one in stages], [_total(one) for one in stages])
    kept: list[_Stage] = []
    for stage, to_start in zip(stages, lost, strict=True):
        of = next((one for one in reversed(kept) if one.id == stage.of or stage.id != ANSWERED), None)
        few = [_total(of) - _total(stage)] if of is not None else []
        if any(_is_few(n, profile) for n in (*few, to_start, _total(stage))):
            continue
        kept.append(replace(stage, of=of.id if of is not None else ""))
    return kept


def _total(stage: _Stage) -> int:
    return int(stage.here.sum()) if stage.here is not None else (stage.counts or {})[_ALL][_ALL]


def _stages(evidence: Evidence, role: Role, people: pd.Index) -> list[_Stage]:
    """List the steps of a role, each a part of an earlier one: from the files, then who answered."""
    steps = [
        one
        for one in evidence.programme.steps
        if one.column.startswith("participants.") and evidence.records(one.column)
    ]
    steps = _chain(evidence, steps, people)
    found = [
        _Stage(step.id, step.title, steps[at - 1].id if at else "", evidence.at_step(step, people))
        for at, step in enumerate(steps)
    ]
    found += _who_answered(evidence, role, people, found)
    counts = _eligible(evidence, role, people, found)
    if counts is None:
        return found
    title = next(step.title for step in evidence.programme.steps if step.column.startswith(_ELIGIBLE))
    return [_Stage("eligible", title, "", counts=counts), replace(found[0], of="eligible"), *found[1:]]


def _who_answered(evidence: Evidence, role: Role, people: pd.Index, stages: Sequence[_Stage]) -> Iterator[_Stage]:
    """Count those who answered before and after, among those who started."""
    of = next((one for one in stages if one.id == "started"), None)
    followed = follow_ups(evidence, role.id)
    here = answered_both(evidence, followed[0], people) if followed and of is not None else None
    if here is not None and of is not None and of.here is not None:
        yield _Stage(ANSWERED, ANSWERED_TITLE, of.id, here & of.here)


def _eligible(
    evidence: Evidence, role: Role, people: pd.Index, stages: Sequence[_Stage]
) -> dict[str, dict[str, int]] | None:
    """Read the people eligible by characteristic; None where the file is not about this role, or cannot be.

    Where a programme has two parties, the file is about those whom it is for, not about mentors. A characteristic
    cannot be where fewer were eligible than came, of any group.
    """
    frame = evidence.typed.get(_ELIGIBLE)
    if frame is None or role.id != served(evidence.programme) or not stages or stages[0].here is None:
        return None
    whole = frame.loc[frame["characteristic"] == _ALL, "eligible"].sum()
    first = stages[0].here.to_numpy()
    found = {_ALL: {_ALL: int(whole)}} if whole >= max(first.sum(), 1) else {}
    for subgroup in evidence.programme.subgroups:
        column = subgroup.columns[0]
        rows = frame[frame["characteristic"] == column.partition(".")[2]]
        if len(subgroup.columns) > 1 or not len(rows) or not found:
            continue
        labels = labelled(rows["level"], evidence.programme.column(column))
        counts = rows["eligible"].fillna(0).groupby(labels).sum().astype(int).to_dict()
        rest = int(whole) - sum(counts.values())
        counts |= {NOT_STATED: counts.get(NOT_STATED, 0) + rest} if rest > 0 else {}
        came = evidence.labels(column, people[first]).value_counts()
        if rest < 0 or any(counts.get(str(label), 0) < n for label, n in came.items()):
            continue  # of this characteristic alone; `record_warnings` says so
        found[subgroup.id] = {str(label): int(n) for label, n in counts.items()}
    return found if len(found) > 1 else None


def _protected(
    role: Role, stages: Sequence[_Stage], plans: Mapping[str, _Plan], profile: Profile
) -> dict[str, Protected]:
    """Count people by each characteristic; all share their totals, so they are protected together."""
    frames = {}
    for name, plan in plans.items():
        labels = [_ordered({*map(str, one), *(plan.counts if len(plan.dims) == 1 else ())}) for one in plan.labels]
        # A crossed table has its margins too: they are those of the tables by one characteristic.
        frames[name] = pd.DataFrame(
            [
                {
                    **dict(zip(plan.dims, cell, strict=True)),
                    **{_named(role, by): n for by, n in _counted(plan, cell).items()},
                }
                for cell in product(*([*one, _ALL] for one in labels))
            ]
        )
    used = [stage for stage in stages if any(_named(role, stage.id) in frame for frame in frames.values())]
    ids = {stage.id for stage in used}
    made: dict[str, Protected] = protect(
        frames,
        # Counts are called by their role: those of another role are of other people.
        counts=[_named(role, stage.id) for stage in used],
        dims=list(dict.fromkeys(dim for plan in plans.values() for dim in plan.dims)),
        totals={dim: _ALL for plan in plans.values() for dim in plan.dims},
        profile=profile.name,
        subset_of={_named(role, stage.id): _named(role, stage.of) for stage in used if stage.of in ids},
    )
    return made


def _named(role: Role, step: str) -> str:
    return f"{role.id} {step}"


def _groups_told(made: Protected) -> int:
    groups = made.frame[(made.frame[list(made.dims)] != _ALL).all(axis=1)]
    names = [name for name in made.frame.columns if str(name).startswith("released")]
    return int(groups[names].notna().to_numpy().sum())


def _chain(evidence: Evidence, steps: Sequence[Step], people: pd.Index) -> list[Step]:
    """Keep the steps each of which is a part of the one before."""
    kept: list[Step] = []
    before = None
    for step in steps:
        here = evidence.at_step(step, people)
        if before is None or not bool((here & ~before).any()):
            kept.append(step)
            before = here
    return kept


def _ordered(labels: set[str]) -> list[str]:
    return sorted(labels, key=lambda label: (label == NOT_STATED, label.startswith("other "), label))


def _tables(made: Protected, title: str, role: Role, plan: _Plan, profile: Profile) -> tuple[Table, ...]:
    """Write one characteristic: the numbers at each step, then the share from step to step with its interval.

    Where one step alone is told, the share of all stands beside its numbers.
    """
    frame = _one_column(made, title)
    stages = [one for one in plan.stages if _released(made, one, role, plan.stages) in frame.columns]
    known = {one.id: frame[_released(made, one, role, stages)].to_numpy(dtype=float) for one in stages}
    names = [str(label) for label in frame[title]]
    rows = [
        (label, *(WITHHELD if np.isnan(known[one.id][at]) else text.count(known[one.id][at]) for one in stages))
        for at, label in enumerate(names)
    ]
    columns, rows = _told_columns([title, *(one.title for one in stages)], rows)
    notes = (
        (f"Withheld so that nobody can be recognised: {profile.title}.",)
        if any(WITHHELD in row for row in rows)
        else ()
    )
    notes = (plan.together, *notes) if plan.together else notes
    data = pd.DataFrame({title: names, **{one.id: known[one.id] for one in stages}})
    whose = f"{role.title.capitalize()} by {title.lower().replace(' by ', ' and ')}"
    told = [one for one in stages if one.title in columns]
    if len(told) == 1:
        return (_one_step(whose, title, names, told[0], known[told[0].id], notes),)
    counts = Table(whose, tuple(columns), tuple(rows), notes=notes, data=data)
    shares = _shares(whose, title, names, stages, known, profile)
    if shares is None:
        return (counts,)
    return (_side_by_side(counts, shares),) if len(shares.columns) == _NAME_AND_ONE else (counts, shares)


# Columns of a table that tells one share of each group.
_NAME_AND_ONE = 2


def _side_by_side(counts: Table, shares: Table) -> Table:
    """Put the one share that is told beside the numbers that it is made of."""
    rows = tuple((*numbers, share) for numbers, (_, share) in zip(counts.rows, shares.rows, strict=True))
    notes = ("The share with its 95 % interval (Wilson's), of the numbers beside it.", *counts.notes)
    data = counts.data
    if data is not None and shares.data is not None:
        told = shares.data[shares.data["came"] == shares.columns[1].partition(" of ")[0]]
        data = data.merge(told.drop(columns=["of", "came"]), on=counts.columns[0], how="left")
    return Table(counts.title, (*counts.columns, shares.columns[1]), rows, notes=notes, data=data)


def _released(made: Protected, stage: _Stage, role: Role, stages: Sequence[_Stage]) -> str:
    several = f"released_{_named(role, stage.id)}"
    return several if several in made.frame.columns or len(stages) > 1 else "released"


def _shares(
    whose: str,
    title: str,
    names: Sequence[str],
    stages: Sequence[_Stage],
    known: Mapping[str, npt.NDArray[np.float64]],
    profile: Profile,
) -> Table | None:
    """Take the share that came from each step to the next, of released counts only."""
    by_id = {one.id: one for one in stages}
    pairs = [(by_id[one.of], one) for one in stages if one.of in by_id]
    first, start = stages[0], by_id.get("started")
    if start is not None and first.id == "eligible" and start.of != first.id:
        pairs.insert(0, (first, start))
    if not pairs:
        return None
    rows: list[tuple[str, ...]] = []
    data: list[dict[str, object]] = []
    for at, label in enumerate(names):
        cells = [label]
        for whole, part in pairs:
            of, came = known[whole.id][at], known[part.id][at]
            told, more = _share(came, of)
            cells.append(told)
            data.append({title: label, "of": whole.title, "came": part.title, **more})
        rows.append(tuple(cells))
    heads = [f"{part.title} of {whole.title.lower()}" for whole, part in pairs]
    columns, rows = _told_columns([title, *heads], rows)
    if len(columns) == 1:
        return None
    notes = ["Each share with its 95 % interval (Wilson's), of the numbers in the table above."]
    if any(WITHHELD in row for row in rows):
        notes.append(f"Withheld so that nobody can be recognised: {profile.title}.")
    return Table(
        f"{whose}: from step to step", tuple(columns), tuple(rows), notes=tuple(notes), data=pd.DataFrame(data)
    )


def _share(came: float, of: float) -> tuple[str, dict[str, object]]:
    if not np.isfinite([of, came]).all() or of <= 0 or came > of:
        return WITHHELD, {"flag": "suppressed"}
    found = wilson(came, of)
    share, limits = share_and_limits(found.estimate, found.low, found.high)
    numbers = {"estimate": found.estimate, "conf_low": found.low, "conf_high": found.high}
    return f"{share} ({limits})", {**numbers, "flag": ""}


def _one_step(
    whose: str,
    title: str,
    names: Sequence[str],
    stage: _Stage,
    counts: npt.NDArray[np.float64],
    notes: tuple[str, ...],
) -> Table:
    """Write the numbers of one step, and which part of all of them a group is."""
    whole = counts[list(names).index(_ALL)] if _ALL in names else float("nan")
    none: tuple[str, dict[str, object]] = (text.MISSING, {})
    found = [none if label == _ALL else _share(n, whole) for label, n in zip(names, counts, strict=True)]
    numbers = [WITHHELD if np.isnan(n) else text.count(n) for n in counts]
    shared = any(share not in {WITHHELD, text.MISSING} for share, _ in found)
    rows = [
        (label, n, share) if shared else (label, n) for label, n, (share, _) in zip(names, numbers, found, strict=True)
    ]
    data = [
        {title: label, stage.id: n, **(more if shared else {})}
        for label, n, (_, more) in zip(names, counts, found, strict=True)
    ]
    heads = (title, stage.title, "Share of all") if shared else (title, stage.title)
    notes = ("Each share with its 95 % interval (Wilson's).", *notes) if shared else notes
    return Table(whose, heads, tuple(rows), notes=notes, data=pd.DataFrame(data))


def _told_columns(columns: list[str], rows: list[tuple[str, ...]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Leave out columns in which no group is told."""
    groups = [row for row in rows if row[0] != _ALL]
    kept = [at for at in range(len(columns)) if not at or any(row[at] != WITHHELD for row in groups)]
    return [columns[at] for at in kept], [tuple(row[at] for at in kept) for row in rows]


def _one_column(made: Protected, title: str) -> pd.DataFrame:
    """Name each group in one column; of a crossed table without the margins, which stand in tables of their own."""
    frame, dims = made.frame, list(made.dims)
    everybody = (frame[dims] == _ALL).all(axis=1)
    inner = (frame[dims] != _ALL).all(axis=1)
    kept = frame[inner | everybody]
    names = [_ALL if set(row) == {_ALL} else ", ".join(row) for row in kept[dims].astype(str).to_numpy().tolist()]
    return kept.drop(columns=dims).assign(**{title: names})


def answered(evidence: Evidence, profile: Profile) -> Table | Text | None:
    """Tell how many of the people who were asked answered, by form and wave.

    Parameters
    ----------
    evidence : Evidence
        The data.
    profile : Profile
        Disclosure profile.

    Returns
    -------
    Table or Text or None
        Share of those who answered among those who started, with Wilson's interval; a sentence where all of it is
        withheld; None when nobody was asked. Forms that are not asked once of those who started are named below.
    """
    rows: dict[tuple[str, ...], dict[str, object]] = {}
    apart: dict[str, list[str]] = {}
    parties = {one.id for one in evidence.programme.parties}
    own = {
        one.id for one in evidence.programme.roles if one.audience == "coordinator"
    }  # who run it: a form about nobody
    for wave, use, asked in evidence.programme.calendar():
        title = evidence.instruments[use.instrument].title
        early = wave.week + wave.open_weeks < 0
        if _asked_with(evidence, use, asked) or (early and not parties & set(use.roles) and not set(use.roles) <= own):
            continue
        if set(use.roles) <= own:
            apart.setdefault(_OF_NOBODY, []).append(title)
            continue
        why = _APPLYING if early else _AGAIN.format(when=wave.repeats) if wave.repeats else ""
        found = [] if why else [(role, one) for role in use.roles if (one := _response(evidence, use, asked, role))]
        if not found and (use.id, asked) in evidence.answers:
            apart.setdefault(why or _UNKNOWN, []).append(title)
        for role, counts in found:
            who = evidence.programme.roles_by_id[role].title
            cells, more = _answered_cells(*counts, profile, told=_start_is_told(evidence, role, profile))
            # A form that is used twice at a time is one form to those who answer.
            named = (f"{title}: {wave.title}, {who}", *cells)
            rows.setdefault(named, {"form": title, "wave": wave.title, "role": who, **more})
    notes = tuple(f"Not in this table, as {why}: {'; '.join(dict.fromkeys(names))}." for why, names in apart.items())
    return _answered_table(rows, notes, profile)


# Why a form stands in no row of those who were asked and those who answered.
_APPLYING = "they are answered before the start, by everybody who came that far"
_AGAIN = "they are asked {when}, and the files do not say whom and how often"
_OF_NOBODY = "they are filled in by those who run the programme, and tell of no person"
_UNKNOWN = "who was asked is not in the files"


def _asked_with(evidence: Evidence, use: Use, asked: str) -> bool:
    """Tell whether a wave has no form of its own: it is asked looking back, with another."""
    known = next((one for one in evidence.instruments[use.instrument].waves if one.id == asked), None)
    return known is not None and bool(known.asked_with)


def _answered_table(
    rows: Mapping[tuple[str, ...], Mapping[str, object]], apart: tuple[str, ...], profile: Profile
) -> Table | Text | None:
    if not rows:
        return None
    withheld_cells = [cell == WITHHELD for row in rows for cell in row[1:]]
    if all(withheld_cells):
        said = f"Of all {len(rows)} forms" if len(rows) > 1 else "Of the form"
        return Text(
            f"{said} it is withheld how many of those who were asked answered, so that nobody can be recognised: "
            f"{profile.title}."
        )
    notes: tuple[str, ...] = (
        "Asked: those who started, or everybody in the files of that role where no start is recorded. How many did not "
        "answer can be told even where they are few: it follows from the numbers of people beside every result.",
    )
    if any(withheld_cells):
        notes = (*notes, f"Withheld so that nobody can be recognised: {profile.title}.")
    return Table(
        "Who was asked and who answered",
        ("Form", "Asked", "Answered", "Share", "95 % interval"),
        tuple(rows),
        notes=(*notes, *apart),
        data=pd.DataFrame(list(rows.values())),
    )


def _start_is_told(evidence: Evidence, role: str, profile: Profile) -> bool:
    """Tell whether the flow of a role tells how many started; also where there is no flow, or no step for it."""
    flows = [one for one in evidence.programme.questions if one.estimator == "participant_flow"]
    start = next((one.title for one in evidence.programme.steps if one.id == "started"), "")
    for answer in [one for flow in flows for one in participant_flow(evidence, flow) if one.role == role]:
        if isinstance(answer.result, pd.DataFrame):
            frame = release_frame(answer.result, ["n"], profile).frame
            if bool(frame.loc[frame["step"] == start, "n"].isna().any()):
                return False
    return True


def _answered_cells(came: int, of: int, profile: Profile, *, told: bool) -> tuple[tuple[str, ...], dict[str, object]]:
    """Write those asked and those who answered, of counts as the profile releases them.

    Who did not answer a form is no group that is protected: beside those who started, every result tells it. Where the
    flow withholds those who started, those asked are withheld too.
    """
    said_came, said_of = (float(n) for n in release_counts([came, of], profile))
    if not told and not withheld([came], profile).any():
        return (WITHHELD, text.count(said_came), WITHHELD, WITHHELD), {"answered": said_came, "flag": SUPPRESSED}
    if withheld([came, of], profile).any() or not said_of > 0:
        return (WITHHELD,) * 4, {"flag": SUPPRESSED}
    share = wilson(min(said_came, said_of), said_of)
    cells = (
        text.count(said_of),
        text.count(said_came),
        *share_and_limits(share.estimate, share.low, share.high),
    )
    limits = {"estimate": share.estimate, "conf_low": share.low, "conf_high": share.high}
    return cells, {"asked": said_of, "answered": said_came, **limits, "flag": ""}


def _response(evidence: Evidence, use: Use, asked: str, role: str) -> tuple[int, int] | None:
    """Count who answered of those who were asked; None where answers do not say whose they are."""
    party = {one.id for one in evidence.programme.parties}
    if role in party:
        people = started(evidence, role)
        people = people if len(people) else evidence.in_programme([role])
    else:
        group = evidence.people["group"] if "group" in evidence.people else pd.Series(dtype=object)
        people = evidence.people.index[group == "comparison"] if len(group) else evidence.people.index[:0]
    if not len(people):
        return None
    frame = evidence.scored(use.id, asked)
    if frame is not None and not frame.index.isin(evidence.people.index).any():
        return None
    came = 0 if frame is None else int(people.isin(frame.index).sum())
    return came, len(people)
