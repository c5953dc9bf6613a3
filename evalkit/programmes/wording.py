"""Sentences on the answers of a programme, made from released numbers by rule.

The interval decides what may be said: where it holds no difference nothing is claimed, whatever the estimate and p. No
sentence says that the programme did anything: the design decides that, and `design_sentence` tells it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from evalkit.disclosure import Released
from evalkit.instruments.parts import Direction
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import Headline, headlines
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import ComparisonKind

Verdict = Literal["better", "worse", "settled", "gap", "open", "described", "withheld"]

WITHHELD = "withheld so that nobody can be recognised"
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
    answer: Answer, released: Released, programme: Programme, ends: Mapping[str, str] | None = None
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

    Returns
    -------
    tuple of Told
        One for each number that a reader looks for first; one alone where all are withheld.
    """
    lines = headlines(answer, released, programme)
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
        short = f"{called}: withheld, as too few people are in it"
        return (Told(f"{of} are {WITHHELD}: they rest on too few people.", "withheld", found[0].outcome, short),)
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
    return Told(text, verdict, one.about, _short(one, text, verdict))


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


def _short(one: Headline, text: str, verdict: Verdict) -> str:
    """Say the same in few words: the number, its interval, and what that allows."""
    if one.kind == "claim" or verdict == "withheld" or (_no_interval(one) and verdict != "described"):
        return text.rstrip(".")
    if verdict == "described":
        return _short_level(one)
    ending = f"{_ENDS[verdict]}{_favoured(one, verdict)}"
    ending = _OPEN_CHANGE if verdict == "open" and one.kind == "change" else ending
    if one.against:
        return f"{one.subject}: {_times_of(one)} ({_per_cent_limits(one)}{_of_people(one)}){ending}"
    if one.kind == "ratio":
        return (
            f"{one.subject}: {number(one.estimate)} {one.times} ({_limits(one, _times(one))}{_of_people(one)}){ending}"
        )
    return f"{one.subject}: {_signed(one)}{_scale(one)} ({_limits(one, _plain(one))}{_of_people(one)}){ending}"


def _short_level(one: Headline) -> str:
    write: Callable[[float], str] = (lambda value: number(100 * value, 0)) if one.kind == "share" else _plain(one)
    size = per_cent(one.estimate) if one.kind == "share" else number(one.estimate, _digits(one))
    size = number(one.estimate, 0) if one.kind == "count" and float(one.estimate).is_integer() else size
    unit = f" {one.unit}{_scale(one)}" if one.unit and (one.kind == "mean" or _scale(one)) else ""
    limits = "" if _no_interval(one) else f" ({_limits(one, write)}{_of_people(one)})"
    return f"{one.subject}: {size}{unit}{limits or _nobody_left(one)}"


def _signed(one: Headline) -> str:
    told = _amount(one, one.estimate)
    return f"+{told}" if one.estimate > 0 and re.match(r"[0.,]*[1-9]", told) else told


def _scale(one: Headline) -> str:
    return f" on a scale from {one.ends}" if one.ends and one.unit.startswith("points") else ""


def _nobody_left(one: Headline) -> str:
    """Say why a share of all stands without an interval."""
    whole = one.kind == "share" and one.estimate == 1
    return " (nobody had left, and no interval can be made of that)" if whole else ""


def _because(one: Headline) -> str:
    return f": {one.note.rstrip('.')}" if one.note else ""


def number(value: float, digits: int = 2) -> str:
    """Write a number for a sentence, with a true minus sign.

    Parameters
    ----------
    value : float
        The number.
    digits : int, default 2
        Decimals.

    Returns
    -------
    str
        Without a sign for what rounds to zero.

    Examples
    --------
    >>> number(-0.256), number(-0.001), number(1234.5, 0)
    ('\u22120.26', '0.00', '1,234')
    """
    if math.isinf(value):
        return "without end" if value > 0 else "\u2212without end"
    text = f"{abs(value):,.{digits}f}"
    return f"\u2212{text}" if value < 0 and float(text.replace(",", "")) else text


# More digits than these would be no help to a reader.
_MOST_DIGITS = 6


def beside_nothing(value: float, digits: int = 2, none: float = 0.0) -> str:
    """Write a number with as many decimals as show on which side of no difference it lies.

    Parameters
    ----------
    value : float
        The number.
    digits : int, default 2
        Decimals, where these are enough.
    none : float, default 0
        No difference: 0, or 1 for a ratio.

    Returns
    -------
    str
        As `number` writes it; with more decimals where it would look the same as no difference and is not.

    Examples
    --------
    >>> beside_nothing(-0.0011), beside_nothing(0.0), beside_nothing(1.004, none=1.0), beside_nothing(0.42)
    ('\u22120.001', '0.00', '1.004', '0.42')
    """
    more = digits
    while more < _MOST_DIGITS and value != none and number(value, more) == number(none, more):
        more += 1
    return number(value, digits if number(value, more) == number(none, more) else more)


def per_cent(share: float) -> str:
    """Write a proportion as per cent.

    Parameters
    ----------
    share : float
        Proportion.

    Returns
    -------
    str
        Whole per cent; a decimal under 1 and over 99, so that few is not none.

    Examples
    --------
    >>> per_cent(0.384), per_cent(0.004), per_cent(1.0)
    ('38 %', '0.4 %', '100 %')
    """
    near = 0 < abs(share) < 0.01 or 0.99 < abs(share) < 1
    return f"{number(100 * share, 1 if near else 0)} %"


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


def _digits(one: Headline) -> int:
    """Two decimals for scales of a few points, one for scales of a hundred."""
    sizes = [abs(value) for value in (one.estimate, one.low, one.high) if math.isfinite(value)]
    return 1 if sizes and max(sizes) >= 10 else 2


def _amount(one: Headline, value: float) -> str:
    if one.unit == "proportion":
        return f"{number(100 * value, 1)} percentage points"
    return f"{number(value, _digits(one))} {one.unit}".rstrip()


def _plain(one: Headline) -> Callable[[float], str]:
    """Write limits; of what may differ from nothing, with the digits that show on which side each limit lies."""
    times, digits = (100.0, 1) if one.unit == "proportion" else (1.0, _digits(one))
    if one.kind in {"change", "difference"}:
        return lambda value: beside_nothing(times * value, digits)
    return lambda value: number(times * value, digits)


def _times(one: Headline) -> Callable[[float], str]:
    """Write the limits of a ratio, with the digits that show on which side of 1 each lies."""
    return lambda value: beside_nothing(value, 2, 1.0 if one.kind == "ratio" else 0.0)


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
    none = 1.0 if one.kind == "ratio" else 0.0
    return one.low <= none <= one.high


def _both_sides(one: Headline) -> bool:
    none = 1.0 if one.kind == "ratio" else 0.0
    return one.low < none < one.high


def _change(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    size = f"{_amount(one, abs(one.estimate))}{_scale(one)}"
    if _no_interval(one):
        way = "rose" if one.estimate > 0 else "fell" if one.estimate < 0 else "did not move"
        moved = way if one.estimate == 0 else f"{way} by {size}"
        return f"{one.subject} {moved} in those who answered, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _plain(one))
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
    if _holds_nothing(one):
        holds = "a difference either way" if _both_sides(one) else "no difference at all"
        size = f"{_signed(one)}{_scale(one)}"
        return f"{one.subject}: {_UNSETTLED} {size}, and the interval holds {holds} {told}.", "open"
    verdict = _good(direction, up=one.low > 0)
    way = "higher" if one.low > 0 else "lower"
    size = f"{_amount(one, abs(one.estimate))} {way}{_scale(one)}"
    return f"{one.subject}: {size} {told}{_SAID_GAP[verdict]}.", verdict


def _ratio(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    size = f"{number(one.estimate)} {one.times}"
    if _no_interval(one):
        return f"{one.subject}: {size}, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _times(one))
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


def _above(value: float) -> str:
    if value == 0:
        return "the same as"
    return f"{beside_nothing(abs(value), 1)} % {'above' if value > 0 else 'below'}"


def _times_of(one: Headline) -> str:
    return f"{_above(_more(one, one.estimate))} {one.against}"


def _per_cent_limits(one: Headline) -> str:
    low, high = sorted((_more(one, one.low), _more(one, one.high)))
    return f"{one.level} interval {_above(low)} to {_above(high)}"


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
    told = "" if _no_interval(one) else f" {_brackets(one, lambda value: number(100 * value, 0))}"
    told = told or _nobody_left(one) or ("" if math.isnan(one.people) else f" (of {one.people:,.0f})")
    return f"{one.subject}: {per_cent(one.estimate)}{told}.", "described"


def _mean(one: Headline, _: Direction) -> tuple[str, Verdict]:
    unit = f" {one.unit}{_scale(one)}" if one.unit else ""
    told = "" if _no_interval(one) else f" {_brackets(one, _plain(one))}"
    return f"{one.subject}: {number(one.estimate, _digits(one))}{unit}{told}.", "described"


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
