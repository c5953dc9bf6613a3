"""Sentences on the answers of a programme, made from released numbers by rule.

The interval decides what may be said: where it holds no difference nothing is claimed, whatever the estimate and p. No
sentence says that the programme did anything: the design decides that, and `design_sentence` tells it. Where an
interval holds no difference and is narrow, as it may be with thousands of people, the sentence says how large a
difference could at most be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from evalkit.disclosure import Released
from evalkit.instruments.parts import Direction
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import PAY_SHARE, Headline, headlines
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import ComparisonKind
from evalkit.programmes.written_numbers import (
    beside_nothing,
    digits_apart,
    hundredths,
    number,
    per_cent,
    share_digits,
)

Verdict = Literal["better", "worse", "settled", "gap", "open", "described", "withheld"]

WITHHELD = "withheld so that nobody can be recognised"
# Kind of the numbers -> why they are withheld, in a sentence and in short. Of a share, those who are not in it matter
# too; a number of places is of no people.
_FEW: Mapping[str, tuple[str, str]] = {
    "share": ("too few people are in them, or too few are not", "too few people are in it, or too few are not"),
    "count": ("they are small", "the number is small"),
}
_FEW_PEOPLE = ("they rest on too few people", "too few people are in it")
_DESIGNS: Mapping[ComparisonKind, str] = {
    "none": "",
    "before_after": (
        "This compares the same people at two times. It does not tell what would have happened without the programme."
    ),
    "waiting_list": (
        "People who wait were asked at the same times. Unless chance decided who came first, the two groups may "
        "differ in "
        "other ways, so the difference is not proof of what the programme does."
    ),
    "others": (
        "The others were asked at the same times and do not wait for a place. The two groups may differ in other ways, "
        "so the difference is not proof of what the programme does."
    ),
    "matched": (
        "The others are alike in what the records hold. What nobody recorded may differ, so the comparison "
        "shows what goes "
        "along with the programme, not what it does."
    ),
    "trend": "The people differ from year to year, and other things changed too: no single action can be given "
    "the credit.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence on one number.

    Parameters
    ----------
    text : str
        The sentence.
    verdict : {"better", "worse", "settled", "gap", "open", "described", "withheld"}
        What the interval allows: a change for the better or the worse, a difference without a good side, a gap between
        groups of people, nothing settled, a description, or nothing said.
    outcome : str
        Id of the outcome, dose or step; empty for none.
    short : str
        The same for a summary, without p and the last stop.
    """

    text: str
    verdict: Verdict
    outcome: str = ""
    short: str = ""


def design_sentence(kind: ComparisonKind) -> str:
    """Say what the comparison of a question cannot carry.

    Parameters
    ----------
    kind : {"none", "before_after", "waiting_list", "others", "matched", "trend"}
        The comparison.

    Returns
    -------
    str
        A sentence or two; empty for a plain description.
    """
    return _DESIGNS[kind]


def tell(
    answer: Answer,
    released: Released,
    programme: Programme,
    ends: Mapping[str, str] | None = None,
    lines: Sequence[Headline] | None = None,
) -> tuple[Told, ...]:
    """Write what an answer says.

    Parameters
    ----------
    answer : Answer
        An answer with a result.
    released : Released
        What may leave of it: only these numbers are told.
    programme : Programme
        The programme.
    ends : mapping of str to str, optional
        Id of an outcome -> lowest and highest value of its scale, such as "1 to 5", for results that do not carry it.
    lines : sequence of Headline, optional
        The numbers to tell, where these are not all that a reader looks for first.

    Returns
    -------
    tuple of Told
        One for each number that a reader looks for first; one alone where all are withheld.
    """
    lines = headlines(answer, released, programme) if lines is None else lines
    found = tuple(_told(replace(one, ends=one.ends or (ends or {}).get(one.about, "")), programme) for one in lines)
    if found and all(one.verdict == "withheld" for one in found):
        titles = dict.fromkeys(_title(programme, one.outcome) for one in found if _title(programme, one.outcome))
        role = programme.roles_by_id.get(answer.role)
        whose = f" of {role.title}" if role is not None else ""
        of = f"{'; '.join(titles)}: the numbers{whose}" if titles else f"The numbers{whose}"
        several = role is not None and any(
            len(programme.outcomes_by_id[one].roles) > 1 for one in answer.about if one in programme.outcomes_by_id
        )
        called = (
            f"{'; '.join(titles)}{f', {role.title}' if several and role else ''}" if titles else answer.question.asks
        )
        kinds = {one.kind for one in lines}
        why, in_short = _FEW.get(kinds.pop(), _FEW_PEOPLE) if len(kinds) == 1 else _FEW_PEOPLE
        short = f"{called}: withheld, as {in_short}"
        return (Told(f"{of} are {WITHHELD}: {why}.", "withheld", found[0].outcome, short),)
    return found


def _title(programme: Programme, name: str) -> str:
    outcome = programme.outcomes_by_id.get(name)
    return outcome.title if outcome else ""


def _told(one: Headline, programme: Programme) -> Told:
    outcome = programme.outcomes_by_id.get(one.about)
    return sentence(one, outcome.direction if outcome else "neither")


def sentence(one: Headline, direction: Direction) -> Told:
    """Write what one released number says.

    Parameters
    ----------
    one : Headline
        The number, its interval, and what it is of.
    direction : {"higher_is_better", "higher_is_worse", "neither"}
        What benefit is.

    Returns
    -------
    Told
        The sentence, and what the interval allows to be said.
    """
    if one.withheld:
        return Told(f"{one.subject}: {WITHHELD}.", "withheld", one.about, f"{one.subject}: withheld")
    if math.isnan(one.estimate):
        text = f"{one.subject} could not be estimated"
        return Told(f"{text}{_because(one)}.", "open", one.about, text)
    text, verdict = (_beside if one.against else _KINDS[one.kind])(one, direction)
    if one.between_groups and verdict in {"better", "worse", "settled"}:
        # A gap between groups of people is no gain: only whose advantage it is can be said.
        verdict = "gap"
        text = f"{re.sub(_SIDES, '', text).rstrip('.')}{_favoured(one, verdict)}."
    short = _short(one, text, verdict)
    if one.status:
        text, short = f"{text} {one.status[:1].upper()}{one.status[1:]}.", f"{short}; {one.status}"
    return Told(text, verdict, one.about, short)


_SIDES = r"(, for the (better|worse)|: a change for the (better|worse))(?=\.?$)"
_OPEN = ", too uncertain to say whether there is a difference"
_OPEN_CHANGE = ", too uncertain to say whether there was a change"
_ENDS: Mapping[Verdict, str] = {
    "better": ", for the better",
    "worse": ", for the worse",
    "settled": "",
    "gap": "",
    "open": _OPEN,
}


def _favoured(one: Headline, verdict: Verdict) -> str:
    """Say to whose advantage a gap between groups is, where the outcome has a good side."""
    if verdict != "gap":
        return ""
    up = one.low > (1 if one.kind == "ratio" else 0)
    whose = one.gains if up else one.loses
    return f", to the advantage of {whose}" if whose else ""


def _ending(one: Headline, verdict: Verdict) -> str:
    """Say in few words what the interval allows."""
    if verdict != "open":
        return f"{_ENDS[verdict]}{_favoured(one, verdict)}"
    what = "change" if one.kind == "change" else "difference"
    if _precise(one):
        return f", no {what} shown, and at most {_room(one)} would fit"
    return _OPEN_CHANGE if one.kind == "change" else _OPEN


def _short(one: Headline, text: str, verdict: Verdict) -> str:
    """Say the same in few words: the number, its interval, and what that allows."""
    if one.kind == "claim" or verdict == "withheld" or (_no_interval(one) and verdict != "described"):
        return text.rstrip(".")
    if verdict == "described":
        return _short_level(one)
    ending = _ending(one, verdict)
    if one.against:
        return f"{one.subject}: {_times_of(one)} ({_per_cent_limits(one)}{_of_people(one)}){ending}"
    if one.kind == "ratio":
        return f"{one.subject}: {_ratio_of(one)} ({_limits(one, _plain(one))}{_of_people(one)}){ending}"
    return f"{one.subject}: {_signed(one)}{_scale(one)} ({_limits(one, _plain(one))}{_of_people(one)}){ending}"


def _short_level(one: Headline) -> str:
    size = per_cent(one.estimate, decimals(one)) if one.kind == "share" else number(one.estimate, decimals(one))
    size = number(one.estimate, 0) if one.kind == "count" and float(one.estimate).is_integer() else size
    unit = f" {one.unit}{_scale(one)}" if one.unit and (one.kind == "mean" or _scale(one)) else ""
    limits = "" if _no_interval(one) else f" ({_limits(one, _plain(one))}{_of_people(one)})"
    return f"{one.subject}: {size}{unit}{limits or _bare(one)}"


def _signed(one: Headline) -> str:
    told = _amount(one, one.estimate)
    return f"+{told}" if one.estimate > 0 and re.match(r"[0.,]*[1-9]", told) else told


def _scale(one: Headline) -> str:
    return f" on a scale from {one.ends}" if one.ends and one.unit.startswith("points") else ""


def _bare(one: Headline) -> str:
    """Say that a share stands without an interval, and of how many it is: a share of posts is of no people."""
    if one.kind != "share":
        return ""
    who = "" if one.who == "people" else f" {one.who}"
    return f" ({'' if math.isnan(one.people) else f'of {one.people:,.0f}{who}, '}without an interval)"


def _because(one: Headline) -> str:
    return f": {one.note.rstrip('.')}" if one.note else ""


def _limits(one: Headline, write: Callable[[float], str]) -> str:
    return f"{one.level} interval {write(one.low)} to {write(one.high)}"


def _brackets(one: Headline, write: Callable[[float], str]) -> str:
    """Interval first, then p, then people."""
    parts = [_limits(one, write)]
    if not math.isnan(one.p_value):
        parts.append("p < 0.001" if one.p_value < 0.001 else f"p = {one.p_value:.3f}")
    return f"({'; '.join(parts)}{_of_people(one)})"


def _of_people(one: Headline) -> str:
    """Say how many people a number is of, where that may leave."""
    return "" if math.isnan(one.people) else f"; {one.people:,.0f} {one.who}"


def _no_interval(one: Headline) -> bool:
    return math.isnan(one.low) or math.isnan(one.high)


def decimals(one: Headline) -> int:
    """Find the decimals with which a number and both its limits are written.

    Parameters
    ----------
    one : Headline
        The number and its interval.

    Returns
    -------
    int
        Of shares and differences of shares: of per cent. Two for scales of a few points, one for scales of a hundred;
        more where two limits that differ would look alike.
    """
    if one.kind == "share" or (one.kind == "mean" and one.unit == "proportion"):
        return share_digits(one.estimate, one.low, one.high)
    times, digits = (100.0, 1) if one.unit in {"proportion", PAY_SHARE} else (1.0, _usual(one))
    return digits_apart(times * one.low, times * one.high, digits, lambda value, at: _beside_none(one, value, at))


def _usual(one: Headline) -> int:
    sizes = [abs(value) for value in (one.estimate, one.low, one.high) if math.isfinite(value)]
    return 1 if sizes and max(sizes) >= 10 and one.kind != "ratio" else 2


def _none(one: Headline) -> float:
    """Give what is no difference."""
    return 1.0 if one.kind == "ratio" else 0.0


def _beside_none(one: Headline, value: float, digits: int) -> str:
    """Write a number; of what may differ from nothing, with the digits that show on which side it lies."""
    if one.kind in {"change", "difference", "ratio"}:
        return beside_nothing(value, digits, _none(one))
    return number(value, digits)


def _estimate(one: Headline, value: float) -> str:
    """Write the estimate, on its side of no difference where the whole interval lies there."""
    return (number if _holds_nothing(one) else partial(_beside_none, one))(value, decimals(one))


def _amount(one: Headline, value: float) -> str:
    if one.unit == "proportion":
        return f"{_estimate(one, 100 * value)} percentage points"
    return f"{_estimate(one, value)} {one.unit}".rstrip()


def _plain(one: Headline) -> Callable[[float], str]:
    """Write limits; of what may differ from nothing, with the digits that show on which side each limit lies."""
    digits = decimals(one)
    if one.kind == "share":
        return lambda value: hundredths(value, digits)
    times = 100.0 if one.unit == "proportion" else 1.0
    return lambda value: _beside_none(one, times * value, digits)


def _good(direction: Direction, *, up: bool) -> Verdict:
    if direction == "neither":
        return "settled"
    return "better" if up == (direction == "higher_is_better") else "worse"


_SAID: Mapping[Verdict, str] = {
    "better": ": a change for the better",
    "worse": ": a change for the worse",
    "settled": "",
}
_SAID_GAP: Mapping[Verdict, str] = {"better": ", for the better", "worse": ", for the worse", "settled": ""}
_NO_INTERVAL = "without an interval; nothing is concluded from it"


def _holds_nothing(one: Headline) -> bool:
    """Tell whether the interval holds no difference; one that ends there does."""
    return one.low <= _none(one) <= one.high


def _both_sides(one: Headline) -> bool:
    return one.low < _none(one) < one.high


# An interval that holds no difference is narrow when all of it lies within these: a share of the length of the scale, a
# difference of proportions, standard deviations, and a ratio either way round.
_NARROW_ON_SCALE = 0.04
_NARROW_SHARE = 0.03
_NARROW_SDS = 0.2
_NARROW_RATIO = 1.1


def _narrow(one: Headline) -> float:
    """Give the difference within which an interval is narrow; NaN where no rule says so, as for pay."""
    if one.against or one.for_each:
        return math.nan
    if one.kind == "ratio":
        return _NARROW_RATIO
    known = {"proportion": _NARROW_SHARE, "standard deviations": _NARROW_SDS}
    if one.unit.startswith("points") and one.ends:
        low, high = map(float, one.ends.split(" to "))
        return _NARROW_ON_SCALE * (high - low)
    return known.get(one.unit, math.nan)


def _precise(one: Headline) -> bool:
    """Tell whether the interval holds no difference, and is narrow; a point is no interval."""
    most = _narrow(one)
    least = 1 / most if one.kind == "ratio" else -most
    return _holds_nothing(one) and one.low < one.high and least <= one.low and one.high <= most


def _room(one: Headline) -> str:
    """Say how large a difference the interval leaves room for."""
    if one.kind == "ratio":
        sides = ((1 - one.low, "less"), (one.high - 1, "more"))
        return " or ".join(f"{per_cent(size)} {way}" for size, way in sides if size > 0)
    return f"{_amount(one, max(-one.low, one.high))}"


def _shows_little(one: Headline, estimate: str, told: str) -> str:
    what = "change" if one.kind == "change" else "difference"
    return (
        f"{one.subject}: no {what} is shown, and the interval leaves room for at most {_room(one)}. The estimate is "
        f"{estimate} {told}."
    )


def _change(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    size = f"{_amount(one, abs(one.estimate))}{_scale(one)}"
    if _no_interval(one):
        way = "rose" if one.estimate > 0 else "fell" if one.estimate < 0 else "did not move"
        moved = way if one.estimate == 0 else f"{way} by {size}"
        return f"{one.subject} {moved} in those who answered, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _plain(one))
    if _precise(one):
        return _shows_little(one, f"{_signed(one)}{_scale(one)}", told), "open"
    if _holds_nothing(one):
        holds = "both a rise and a fall" if _both_sides(one) else "no change at all"
        return (
            f"{one.subject}: the answers do not settle whether there was a change. The estimate is "
            f"{_signed(one)}{_scale(one)}, and the interval holds {holds} {told}.",
            "open",
        )
    verdict = _good(direction, up=one.low > 0)
    return f"{one.subject} {'rose' if one.low > 0 else 'fell'} by {size} {told}{_SAID[verdict]}.", verdict


_UNSETTLED = "what there is does not settle whether there is a difference. The estimate is"


def _difference(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    if _no_interval(one):
        return f"{one.subject}: {_signed(one)}, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _plain(one))
    if _precise(one):
        return _shows_little(one, f"{_signed(one)}{_scale(one)}", told), "open"
    if _holds_nothing(one):
        holds = "a difference either way" if _both_sides(one) else "no difference at all"
        size = f"{_signed(one)}{_scale(one)}"
        return f"{one.subject}: {_UNSETTLED} {size}, and the interval holds {holds} {told}.", "open"
    verdict = _good(direction, up=one.low > 0)
    way = "higher" if one.low > 0 else "lower"
    size = f"{_amount(one, abs(one.estimate))} {way}{_scale(one)}"
    return f"{one.subject}: {size} {told}{_SAID_GAP[verdict]}.", verdict


def _ratio_of(one: Headline) -> str:
    """Write a ratio; a number over nothing is none."""
    if math.isinf(one.estimate):
        return "no ratio can be told, as nobody in the second group had it"
    return f"{_estimate(one, one.estimate)} {one.times}"


def _ratio(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    size = _ratio_of(one)
    if _no_interval(one):
        return f"{one.subject}: {size}, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _plain(one))
    if math.isinf(one.estimate) and _holds_nothing(one):
        return f"{one.subject}: {size}, and what there is does not settle whether there is a difference {told}.", "open"
    if _precise(one):
        return _shows_little(one, size, told), "open"
    if _holds_nothing(one):
        holds = "both less and more than 1" if _both_sides(one) else "1"
        return (
            f"{one.subject}: {_UNSETTLED} {size}, and the interval holds {holds}, where 1 is no difference {told}.",
            "open",
        )
    verdict = _good(direction, up=one.low > 1)
    return f"{one.subject}: {size} {told}{_SAID_GAP[verdict]}.", verdict


def _more(one: Headline, value: float) -> float:
    """Give, in per cent, by how much the subject is above what it is held against."""
    return 100 * (value - 1) if one.kind == "ratio" else -100 * value


def _above(value: float, digits: int) -> str:
    if value == 0:
        return "the same as"
    return f"{beside_nothing(abs(value), digits)} % {'above' if value > 0 else 'below'}"


def _more_digits(one: Headline) -> int:
    return digits_apart(_more(one, one.low), _more(one, one.high), 1, beside_nothing)


def _times_of(one: Headline) -> str:
    return f"{_above(_more(one, one.estimate), _more_digits(one))} {one.against}"


def _per_cent_limits(one: Headline) -> str:
    low, high = sorted((_more(one, one.low), _more(one, one.high)))
    digits = _more_digits(one)
    return f"{one.level} interval {_above(low, digits)} to {_above(high, digits)}"


def _beside(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    """Tell a ratio, or a gap over the pay of the others, as per cent above or below."""
    if _no_interval(one):
        return f"{one.subject}: {_times_of(one)}, {_NO_INTERVAL}.", "open"
    told = _brackets(one, number).replace(_limits(one, number), _per_cent_limits(one))
    if _holds_nothing(one):
        holds = "both more and less" if _both_sides(one) else "no difference at all"
        return f"{one.subject}: {_UNSETTLED} {_times_of(one)}, and the interval holds {holds} {told}.", "open"
    verdict = _good(direction, up=(one.low > 1) if one.kind == "ratio" else (one.high < 0))
    return f"{one.subject}: {_times_of(one)} {told}{_SAID_GAP[verdict]}.", verdict


def _share(one: Headline, _: Direction) -> tuple[str, Verdict]:
    told = "" if _no_interval(one) else f" {_brackets(one, _plain(one))}"
    told = told or _bare(one)
    return f"{one.subject}: {per_cent(one.estimate, decimals(one))}{told}.", "described"


def _mean(one: Headline, _: Direction) -> tuple[str, Verdict]:
    unit = f" {one.unit}{_scale(one)}" if one.unit else ""
    told = "" if _no_interval(one) else f" {_brackets(one, _plain(one))}"
    return f"{one.subject}: {number(one.estimate, decimals(one))}{unit}{told}.", "described"


def _count(one: Headline, _: Direction) -> tuple[str, Verdict]:
    size = number(one.estimate, 0 if float(one.estimate).is_integer() else 1)
    return f"{one.subject}: {size}{f' {one.unit}{_scale(one)}' if _scale(one) else ''}.", "described"


# What the comparison of three answers allows, as a board would say it: from the words of the method.
_SHIFTS: Mapping[str, str] = {
    "Neither change is shown": (
        "it is not settled whether there was a change, neither from the answers given before nor from how people see "
        "their start in retrospect"
    ),
    "Only the change as answered is shown, {way}": (
        "there was a {move} from the answers given before; from how people see their start in retrospect, it is not "
        "settled"
    ),
    "Only the change as recalled is shown, {way}": (
        "there was a {move} from how people see their start in retrospect; from the answers given before, it is not "
        "settled"
    ),
    "Both changes are shown, {way}": (
        "there was a {move}, both from the answers given before and from how people see their start in retrospect"
    ),
    "No shift of the start is shown; that is not proof that there is none, only that none larger than its interval "
    "fits": "Whether people now judge their start by another yardstick is not settled",
}
_MOVES = {"upwards": "rise", "downwards": "fall"}


def in_plain_words(claim: str) -> str:
    """Say what a then-test allows as a board would.

    Parameters
    ----------
    claim : str
        In the words of the method.

    Returns
    -------
    str
        The same where it has no plainer words.

    Examples
    --------
    >>> in_plain_words("Both changes are shown, downwards.")
    'there was a fall, both from the answers given before and from how people see their start in retrospect.'
    """
    for told, plain in _SHIFTS.items():
        for way, move in _MOVES.items():
            claim = claim.replace(told.format(way=way), plain.format(move=move))
    return claim


def _claim(one: Headline, _: Direction) -> tuple[str, Verdict]:
    return f"{one.subject}: {in_plain_words(one.note).rstrip('.')}.", "described"


_KINDS: Mapping[str, Callable[[Headline, Direction], tuple[str, Verdict]]] = {
    "change": _change,
    "difference": _difference,
    "ratio": _ratio,
    "share": _share,
    "mean": _mean,
    "count": _count,
    "claim": _claim,
}
