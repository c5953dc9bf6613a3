"""Who was reached, by protected group, with numbers that cannot be taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import pandas as pd

from evalkit.disclosure import Profile
from evalkit.disclosure.protecting import Protected, protect
from evalkit.equality.mappings import NOT_STATED
from evalkit.numeric.proportions import wilson
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.parts import Role, Step, Subgroup, Use
from evalkit.programmes.wording import per_cent
from evalkit.report import text
from evalkit.report.programme_blocks import Table
from evalkit.report.tables import WITHHELD

_ALL = "all"
# With fewer groups told than this, fewer steps are counted.
_ENOUGH_TOLD = 0.5


def reach_by_group(evidence: Evidence, role: Role, profile: Profile) -> dict[str, tuple[Table, Protected]]:
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
    dict of str to (Table, Protected)
        Characteristic -> its table and what was protected, for audit; without those of which nothing can be told. The
        table has the share of those who completed (or the last step) among those who started (or the first), with
        Wilson's interval made of released counts only. Where few people took part fewer steps are counted, so that
        more groups can be told.
    """
    people = evidence.in_programme([role.id])
    steps = [
        one
        for one in evidence.programme.steps
        if one.column.startswith("participants.") and evidence.records(one.column)
    ]
    steps = _chain(evidence, steps, people)
    characteristics = [
        one
        for one in evidence.programme.subgroups
        if all(column.startswith("participants.") and evidence.records(column) for column in one.columns)
    ]
    if not len(people) or not steps or not characteristics:
        return {}
    ladder = [steps, [steps[0], steps[-1]], [next((one for one in steps if one.id == "started"), steps[0])]]
    simple = [one for one in characteristics if len(one.columns) == 1]
    chosen, made = steps, _protected(evidence, role, steps, simple, profile)
    for shorter in ladder[1:]:
        if _share_told(made) < _ENOUGH_TOLD:
            again = _protected(evidence, role, shorter, simple, profile)
            chosen, made = (shorter, again) if _share_told(again) > _share_told(made) else (chosen, made)
    if any(map(_groups_told, made.values())) and len(simple) < len(characteristics):
        made = _protected(evidence, role, chosen, characteristics, profile)
    told = [one for one in characteristics if one.id in made and _groups_told(made[one.id])]
    return {one.id: (_table(made[one.id], one.title, role, chosen, profile), made[one.id]) for one in told}


def _protected(
    evidence: Evidence, role: Role, steps: Sequence[Step], characteristics: Sequence[Subgroup], profile: Profile
) -> dict[str, Protected]:
    """Count people by each characteristic; all share their totals, so they are protected together."""
    people = evidence.in_programme([role.id])
    # Counts are called by their role: those of another role are of other people.
    at = {_named(role, step): evidence.at_step(step, people).to_numpy() for step in steps}
    known = {one.columns[0]: one.title for one in characteristics if len(one.columns) == 1}
    titles = {column: known.get(column, column.partition(".")[2]) for one in characteristics for column in one.columns}
    labels = {title: evidence.labels(column, people).to_numpy(dtype=object) for column, title in titles.items()}
    frames = {}
    for one in characteristics:
        dims = [titles[column] for column in one.columns]
        rows = []
        # A crossed table has its margins too: they are those of the tables by one characteristic.
        for cell in product(*([*_ordered(set(labels[dim])), _ALL] for dim in dims)):
            here = np.ones(len(people), dtype=bool)
            for dim, label in zip(dims, cell, strict=True):
                here &= (labels[dim] == label) | (label == _ALL)
            counts = {name: int((here & there).sum()) for name, there in at.items()}
            rows.append({**dict(zip(dims, cell, strict=True)), **counts})
        frames[one.id] = pd.DataFrame(rows)
    names = list(at)
    made: dict[str, Protected] = protect(
        frames,
        counts=names,
        dims=list(dict.fromkeys(titles.values())),
        totals=dict.fromkeys(titles.values(), _ALL),
        profile=profile.name,
        subset_of=dict(zip(names[1:], names[:-1], strict=True)),
    )
    return made


def _named(role: Role, step: Step) -> str:
    return f"{role.id} {step.id}"


def _share_told(tables: Mapping[str, Protected]) -> float:
    """Tell in what share of the groups of all tables every count is told."""
    rows = [made.frame[(made.frame[list(made.dims)] != _ALL).all(axis=1)] for made in tables.values()]
    groups = sum(len(frame) for frame in rows)
    return sum(int(frame["flag"].eq("").sum()) for frame in rows) / groups if groups else 0.0


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
    return sorted(labels, key=lambda label: (label == NOT_STATED, label))


def _table(made: Protected, title: str, role: Role, steps: Sequence[Step], profile: Profile) -> Table:
    """Write one characteristic: counts, then a share with its interval, of released counts only."""
    frame = _one_column(made, title)
    whole, part, heading = _of_which(steps)
    columns = [title, *(step.title for step in steps), heading, "95 % interval"]
    everybody = frame[frame[title] == _ALL]
    total = _count(everybody.iloc[0], _named(role, steps[0]), 1) if len(steps) == 1 else float("nan")
    rows, data = [], []
    for _, line in frame.iterrows():
        counts = {step.id: _count(line, _named(role, step), len(steps)) for step in steps}
        of, came = (total, counts[part.id]) if whole is None else (counts[whole.id], counts[part.id])
        share = wilson(came, of) if np.isfinite([of, came]).all() and of > 0 else None
        cells = [str(line[title]), *(WITHHELD if np.isnan(n) else text.count(n) for n in counts.values())]
        if share is None:
            cells += [WITHHELD, WITHHELD]
        else:
            cells += [per_cent(share.estimate), f"{per_cent(share.low)} to {per_cent(share.high)}"]
        rows.append(tuple(cells))
        known = {"estimate": share.estimate, "conf_low": share.low, "conf_high": share.high} if share else {}
        data.append({title: line[title], **counts, **known})
    columns, rows = _told_columns(columns, rows)
    notes = ["The share is of people, with Wilson's interval."] if "95 % interval" in columns else []
    if frame["flag"].eq("suppressed").any():
        notes.append(f"Withheld so that nobody can be recognised: {profile.title}.")
    return Table(
        f"{role.title.capitalize()} by {title.lower()}",
        tuple(columns),
        tuple(rows),
        notes=tuple(notes),
        data=pd.DataFrame(data),
    )


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


def _of_which(steps: Sequence[Step]) -> tuple[Step | None, Step, str]:
    """Say of which step a share is taken: of those who started, else of the first; with one step of everybody at it."""
    if len(steps) == 1:
        return None, steps[0], f"Share of all {steps[0].title.lower()}"
    last = steps[-1]
    whole = next((step for step in steps[:-1] if step.id == "started"), steps[0])
    return whole, last, f"{last.title} of {whole.title.lower()}"


def _count(line: pd.Series, name: str, several: int) -> float:
    return float(line["released" if several == 1 else f"released_{name}"])


def answered(evidence: Evidence, profile: Profile) -> Table | None:
    """Tell how many of the people who were asked answered, by form and wave.

    Parameters
    ----------
    evidence : Evidence
        The data.
    profile : Profile
        Disclosure profile.

    Returns
    -------
    Table or None
        Share of those who answered among those who started, with Wilson's interval; None when nobody was asked.
    """
    rows: list[tuple[str, ...]] = []
    data: list[dict[str, object]] = []
    hidden = False
    for wave, use, asked in evidence.programme.calendar():
        known = next((one for one in evidence.instruments[use.instrument].waves if one.id == asked), None)
        if wave.repeats or (known is not None and known.asked_with):
            continue
        for role in use.roles:
            found = _response(evidence, use, asked, role)
            if found is None:
                continue
            came, of = found
            small = came < profile.threshold or of < profile.threshold
            near = 0 < of - came < profile.threshold
            hidden |= small or near
            title = evidence.instruments[use.instrument].title
            who = evidence.programme.roles_by_id[role].title
            if small:
                cells = (WITHHELD,) * 4
                more: dict[str, object] = {"flag": "suppressed"}
            elif near:  # both numbers would tell how few did not answer
                cells = (WITHHELD, text.count(came), _band(came / of), WITHHELD)
                more = {"answered": came, "share": _band(came / of), "flag": "suppressed"}
            else:
                share = wilson(came, of)
                cells = (
                    text.count(of),
                    text.count(came),
                    per_cent(share.estimate),
                    f"{per_cent(share.low)} to {per_cent(share.high)}",
                )
                more = {
                    "asked": of,
                    "answered": came,
                    "estimate": share.estimate,
                    "conf_low": share.low,
                    "conf_high": share.high,
                    "flag": "",
                }
            rows.append((f"{title}: {wave.title}, {who}", *cells))
            data.append({"form": title, "wave": wave.title, "role": who, **more})
    if not rows:
        return None
    notes: tuple[str, ...] = (
        "Asked: those who started, or everybody in the files of that role where no start is recorded.",
    )
    if hidden:
        notes = (*notes, f"Withheld so that nobody can be recognised: {profile.title}.")
    return Table(
        "Who was asked and who answered",
        ("Form", "Asked", "Answered", "Share", "95 % interval"),
        tuple(rows),
        notes=notes,
        data=pd.DataFrame(data),
    )


def _band(share: float) -> str:
    return "three quarters or more" if share >= 0.75 else "half or more" if share >= 0.5 else "under half"


def _response(evidence: Evidence, use: Use, asked: str, role: str) -> tuple[int, int] | None:
    """Count who answered of those who were asked; None where answers do not say whose they are."""
    from evalkit.programmes.answering_now import started

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
