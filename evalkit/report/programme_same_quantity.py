"""The same quantity told twice, of nearly the same people: one number stays, as the difference would tell of a few."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.disclosure import Profile
from evalkit.disclosure.contrasts import sides_of
from evalkit.disclosure.releasing import withhold_rows
from evalkit.disclosure.rules import withheld
from evalkit.programmes.answers import Answer
from evalkit.programmes.deciding import deciding_questions
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.headline_texts import first_rows, headlines
from evalkit.programmes.model import Programme
from evalkit.report.programme_blocks import Text
from evalkit.report.programme_numbers import Again, Shown, told_rows
from evalkit.result import Curve, Estimates

Flags = npt.NDArray[np.bool_]
Row = Mapping[str, object]
# What is told, of what, of whom, and when: two rows with the same one can be put side by side.
Quantity = tuple[str, str, str, str, str]
# What a number is made of: name of a mean -> how often it is in it.
Made = dict[str, float]

_OWN, _OTHERS = "programme", "comparison"
_ANSWERED, _RECALLED, _SHIFT = "change as answered", "change as recalled", "shift of the start"
_MEAN, _CHANGED, _KEPT = "mean", "change from baseline", "share of the gain kept"
_OF_TWO, _MEAN_CHANGE = "difference in mean change", "mean change"
_PAIR = "pair"
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class _Told:
    """A row of an answer that may leave."""

    at: int  # position of the answer
    place: int  # of the row in its result
    quantity: Quantity
    people: float
    decides: bool


def told_once(parts: Mapping[int, Shown], profile: Profile, programme: Programme) -> tuple[dict[int, Shown], int]:
    """Withhold numbers that, beside the same quantity of almost the same people, would tell of a few people.

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
        The same, and how many numbers are not told again. Of two rows with the same `quantity_of` whose numbers of
        people differ, but by fewer than the profile asks for, the one on fewer people goes; never one by which the plan
        decides on an outcome. With it goes what it would follow from in the same answer, such as the other two of a
        change as answered, a change as recalled and their difference. Under a profile that rounds counts nothing is
        changed, as numbers of people are not exact there.
    """
    if profile.threshold <= 0 or profile.rounding != "none":
        return dict(parts), 0
    clashes = _clashes(_rows(parts, programme), profile)
    found, more = dict(parts), 0
    for at in dict.fromkeys(at for at, _ in clashes):
        own = {place: other for (where, place), other in clashes.items() if where == at}
        found[at], gone = _without(parts[at], own, parts, programme)
        more += gone
    return found, more


def quantity_of(answer: Answer, row: Row, programme: Programme) -> Quantity | None:
    """Say what a row tells: the mean at a time, or the change between two, of whose answers.

    Parameters
    ----------
    answer : Answer
        The answer.
    row : mapping of str to object
        One row of its result.
    programme : Programme
        The programme.

    Returns
    -------
    tuple of str or None
        What is told ("mean", "change", ...), of which scale or item, of which role, of which group, and when. None for
        what is no mean of people that could be weighted with their number and subtracted: correlations, effects,
        standardised and adjusted numbers, differences between groups, the shift of a then-test.
    """
    made = _QUANTITIES.get(answer.question.estimator)
    found = made(answer, row, programme) if made is not None else None
    if found is None:
        return None
    what, role, group, when = found
    return what, _measure(answer, row, programme), role, group, when


def told_elsewhere(parts: Sequence[Shown]) -> Iterator[Text]:
    """Say which numbers of some answers are told under another question, and not again.

    Parameters
    ----------
    parts : sequence of Shown
        Answers to one question.

    Yields
    ------
    Text
        A note for each other question.
    """
    names: dict[str, list[str]] = {}
    for part in parts:
        for one in part.again:
            names.setdefault(one.under, []).append(one.name)
    beside = ", nor what would give it away" if any(part.answer.question.estimator in _PARTS for part in parts) else ""
    for under, told in names.items():
        yield Text(
            f"{'; '.join(dict.fromkeys(told))}: told under \u201c{under}\u201d of all who answered there, and not "
            f"again here{beside}, as the two numbers rest on almost the same people and their difference would tell "
            "of a few of them.",
            "note",
        )


def _rows(parts: Mapping[int, Shown], programme: Programme) -> Iterator[_Told]:
    for at, part in parts.items():
        result = part.answer.result
        if not isinstance(result, Estimates) or isinstance(result, Curve):
            continue
        first = first_rows(part.answer)
        shown = told_rows(part)
        for place, row in enumerate(result.frame.to_dict("records")):
            quantity = quantity_of(part.answer, row, programme) if shown[place] else None
            if quantity is not None:
                decides = bool(first[place]) and _decides(part.answer, row, programme)
                yield _Told(at, place, quantity, float(str(row["n"])), decides)


def _decides(answer: Answer, row: Row, programme: Programme) -> bool:
    """Tell whether the plan judges an outcome by a row: beside others, or by the change of the same people."""
    questions = deciding_questions(programme, _outcome(answer, row))
    alone = [one for one in questions if not ESTIMATORS[one.estimator].compares]
    return not answer.subgroup and answer.question.id in {one.id for one in (*questions[:1], *alone[:1])}


def _clashes(rows: Iterable[_Told], profile: Profile) -> dict[tuple[int, int], int]:
    """Find the rows that go: position of the answer and place in it -> answer that tells the same."""
    by_quantity: dict[Quantity, list[_Told]] = {}
    for one in rows:
        by_quantity.setdefault(one.quantity, []).append(one)
    found: dict[tuple[int, int], int] = {}
    for told in by_quantity.values():
        kept: list[_Told] = []
        for one in sorted(told, key=lambda row: (not row.decides, -row.people, row.at, row.place)):
            other = next((row for row in kept if _few_apart(row.people, one.people, profile)), None)
            if other is None:
                kept.append(one)
            else:
                found[one.at, one.place] = other.at
    return found


def _few_apart(one: float, other: float, profile: Profile) -> bool:
    return one != other and bool(withheld([abs(one - other)], profile)[0])


def _without(
    part: Shown, own: Mapping[int, int], parts: Mapping[int, Shown], programme: Programme
) -> tuple[Shown, int]:
    """Take rows out of an answer, and what they would follow from; name them where the answer is of all."""
    result = part.answer.result
    assert isinstance(result, Estimates)  # noqa: S101 - only rows of estimates are found
    hide = np.zeros(len(result.frame), dtype=bool)
    hide[[*own, *_following(part, list(own), programme)]] = True
    released = withhold_rows(part.released, result, hide)
    lines = headlines(part.answer, released, programme)
    rows = result.frame.to_dict("records")
    if part.answer.subgroup:
        return replace(part, released=released, lines=lines), int(hide.sum())
    places = [int(place) for place in np.flatnonzero(first_rows(part.answer))]
    kept = tuple(line for line, place in zip(lines, places, strict=True) if not hide[place])
    dropped = {
        place: replace(line, people=_people_beside(released.frame, rows, place))
        for line, place in zip(lines, places, strict=True)
        if hide[place]
    }
    told = {place: parts[other].answer.question.asks for place, other in own.items()}
    whole = next(iter(told.values()))
    again = tuple(
        Again(_name(part.answer, rows[place], programme), told.get(place, whole), dropped.get(place))
        for place in sorted({*own, *dropped})
    )
    return replace(part, released=released, lines=kept, again=again), int(hide.sum())


def _people_beside(released: pd.DataFrame, rows: Sequence[Row], place: int) -> float:
    """Give the number of people of a row where a row that stays tells the same one of the same outcome."""
    told = released.loc[released["term"].eq(rows[place]["term"]), "n"].dropna()
    return next((float(n) for n in told if n == rows[place]["n"]), math.nan)


def _name(answer: Answer, row: Row, programme: Programme) -> str:
    role = programme.roles_by_id.get(answer.role)
    group, whose = _text(row, "group"), role.title if role is not None else ""
    if group in {_OWN, _OTHERS}:
        who = whose if group == _OWN else "people who did not take part"
        return f"{_text(row, 'term')}, mean change of {who}"
    return ", ".join(filter(None, [_text(row, "term"), whose, group]))


def _following(part: Shown, gone: Sequence[int], programme: Programme) -> list[int]:
    """Find what has to go too, so that no row that goes follows from rows that stay, or is made of such rows alone."""
    result = part.answer.result
    assert isinstance(result, Estimates)  # noqa: S101 - only rows of estimates are found
    rows = result.frame.to_dict("records")
    shown, first = told_rows(part), set(np.flatnonzero(first_rows(part.answer)))
    made = {place: found for place, row in enumerate(rows) if (found := _made(part.answer, row)) and shown[place]}
    kept = {place: one for place, one in made.items() if place not in gone}
    more = [
        place
        for place, one in kept.items()
        if _follows(one, [made[own] for own in gone if own in made])
        and not (place in first and _decides(part.answer, rows[place], programme))
    ]
    for place in more:
        kept.pop(place)
    # What a reader looks for first stays longest.
    for own in (one for one in gone if one in made):
        while _follows(made[own], list(kept.values())):
            order = sorted(kept, key=lambda place: (place in first, -len({*kept[place]} & {*made[own]}), -place))
            more.append(order[0])
            kept.pop(order[0])
    ratios = [place for place, row in enumerate(rows) if shown[place] and _text(row, "quantity") == _KEPT]
    changed = {_text(rows[place], "term") for place in (*gone, *more) if _text(rows[place], "quantity") == _CHANGED}
    return [*more, *(place for place in ratios if _text(rows[place], "term") in changed)]


def _follows(one: Made, others: Sequence[Made]) -> bool:
    """Tell whether a number is made of others by adding and subtracting."""
    if not others:
        return False
    names = sorted({name for made in (one, *others) for name in made})
    columns = np.array([[made.get(name, 0.0) for name in names] for made in others]).T
    wanted = np.array([one.get(name, 0.0) for name in names])
    found = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    return bool(np.abs(columns @ found - wanted).max() < _NOTHING)


def _made(answer: Answer, row: Row) -> Made | None:
    """Say which means of the same people a row is made of; None for what is made of none."""
    parts = _PARTS.get(answer.question.estimator)
    found = parts(answer, row) if parts is not None else None
    if found is None:
        return None
    among = f"{_text(row, 'term')}, {_text(row, 'group')}" if answer.subgroup else _text(row, "term")
    return {f"{among}: {name}": times for name, times in found.items()}


def _shift_parts(_answer: Answer, row: Row) -> Made | None:
    return {
        _ANSWERED: {"after": 1.0, "before": -1.0},
        _RECALLED: {"after": 1.0, "then": -1.0},
        _SHIFT: {"then": 1.0, "before": -1.0},
    }.get(_text(row, "group"))


def _group_parts(answer: Answer, row: Row) -> Made | None:
    if _text(row, "quantity") == _MEAN_CHANGE:
        return {_text(row, "group"): 1.0}
    return _less(answer, _text(row, "group")) if _text(row, "quantity") == _OF_TWO else None


def _pair_parts(answer: Answer, row: Row) -> Made | None:
    if _text(row, "quantity") == _MEAN_CHANGE and _text(row, "group") == _PAIR:
        rows = answer.result.frame if isinstance(answer.result, Estimates) else pd.DataFrame()
        both = rows.loc[rows["quantity"].eq(_MEAN_CHANGE) & rows["group"].ne(_PAIR), "group"].unique()
        return {str(one): 1 / len(both) for one in both}
    return _group_parts(answer, row)


def _wave_parts(answer: Answer, row: Row) -> Made | None:
    if _text(row, "quantity") == _MEAN:
        return {_text(row, "group"): 1.0}
    return _less(answer, _text(row, "group")) if _text(row, "quantity") == _CHANGED else None


def _less(answer: Answer, label: str) -> Made | None:
    """Read a difference; where the rows of its two sides are not there, its one dash stands between them."""
    own = set(answer.result.frame["group"].astype(str)) if isinstance(answer.result, Estimates) else set()
    sides = sides_of(label, own or {label})
    sides = sides if len(sides) > 1 else tuple(label.split(" - "))
    return {sides[0]: 1.0, sides[1]: -1.0} if len(sides) == 2 else None


def _text(row: Row, name: str) -> str:
    found = row.get(name)
    return found if isinstance(found, str) else ""


def _outcome(answer: Answer, row: Row) -> str:
    """Find the outcome of a row."""
    term = _text(row, "term")
    about = answer.of_term.get(term) or next((one for title, one in answer.terms if term.startswith(title)), "")
    return about or (answer.about[0] if len(answer.about) == 1 else "")


def _measure(answer: Answer, row: Row, programme: Programme) -> str:
    """Name the scale or item: two outcomes may be read from the same one."""
    outcome = programme.outcomes_by_id.get(_outcome(answer, row))
    if outcome is None or not outcome.use:
        return _outcome(answer, row)
    return f"{outcome.use}: {outcome.scale or outcome.item}"


Found = tuple[str, str, str, str]


def _split_by(answer: Answer, row: Row, programme: Programme) -> str:
    """Name the group of a split: the columns that it is by, and its label."""
    if not answer.subgroup:
        return ""
    columns = next((one.columns for one in programme.subgroups if one.id == answer.subgroup), ())
    return f"{' '.join(columns)}: {_text(row, 'group')}"


def _between(answer: Answer) -> str:
    said = answer.question.said
    return f"{said['post']} - {said['pre']}"


def _changed(answer: Answer, row: Row, programme: Programme) -> Found:
    return "change", answer.role, _split_by(answer, row, programme), _between(answer)


def _changed_share(answer: Answer, row: Row, programme: Programme) -> Found:
    _, role, group, when = _changed(answer, row, programme)
    return f"change of the share at {answer.question.said['at_least']} or above", role, group, when


def _ratio(answer: Answer, row: Row, programme: Programme) -> Found:
    _, role, group, when = _changed(answer, row, programme)
    return f"ratio to {answer.question.said.get('pre_item', 'the same')}", role, group, when


def _shifted(answer: Answer, row: Row, programme: Programme) -> Found | None:
    found = _changed(answer, row, programme)
    label = _text(row, "group")
    # Split by group, the rows of the three quantities have the same names.
    if answer.subgroup or label == _ANSWERED:
        return found
    said = answer.question.said
    return (*found[:3], f"{said['post']} - {said['then']}") if label == _RECALLED else None


def _along(answer: Answer, row: Row, programme: Programme) -> Found | None:
    what = {_MEAN: "mean", _CHANGED: "change"}.get(_text(row, "quantity"))
    if what is None:
        return None
    group = _split_by(answer, row, programme)
    when = _text(row, "term").rpartition(", ")[2] if group else _text(row, "group")
    return what, answer.role, group, when


def _of_pairs(answer: Answer, row: Row, programme: Programme) -> Found | None:
    role = next((one.id for one in programme.roles if one.title == _text(row, "group")), "")
    if _text(row, "quantity") != _MEAN_CHANGE or not role:
        return None
    return "change", role, "", _between(answer)


def _beside(answer: Answer, row: Row, _programme: Programme) -> Found | None:
    if _text(row, "quantity") != _MEAN_CHANGE:
        return None
    label = _text(row, "group")
    by = str(answer.question.said.get("group", ""))
    if by:
        return "change", answer.role, f"{by}: {label}", _between(answer)
    role, group = ("", _OTHERS) if label == _OTHERS else (answer.role, "")
    return "change", role, group, _between(answer)


def _at_one_time(answer: Answer, row: Row, programme: Programme) -> Found:
    split = _split_by(answer, row, programme)
    who = _text(row, "term").rpartition(", ")[2] if split else _text(row, "group")
    role = next((one.id for one in programme.roles if one.title == who), who)
    return "mean", role, split, str(answer.question.said.get("wave", ""))


def _by_dose(answer: Answer, row: Row, _programme: Programme) -> Found | None:
    if _text(row, "part") != "band":
        return None
    return "change", answer.role, f"{answer.question.said['dose']}: {_text(row, 'group')}", _between(answer)


# Estimators of which some rows are means of people, or mean changes; of all others no row is.
_QUANTITIES: Mapping[str, Callable[[Answer, Row, Programme], Found | None]] = {
    "mean_at": _at_one_time,
    "mean_change": _changed,
    "proportion_change": _changed_share,
    "ratio_change": _ratio,
    "response_shift": _shifted,
    "wave_change": _along,
    "dyad_change": _of_pairs,
    "difference_in_change": _beside,
    "gap_in_change": _beside,
    "dose_response": _by_dose,
}
# Estimators of which some rows follow from others by adding and subtracting.
_PARTS: Mapping[str, Callable[[Answer, Row], Made | None]] = {
    "response_shift": _shift_parts,
    "wave_change": _wave_parts,
    "dyad_change": _pair_parts,
    "difference_in_change": _group_parts,
    "gap_in_change": _group_parts,
}
