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
from evalkit.disclosure.telling_digits import places_of
from evalkit.instruments.parts import Direction
from evalkit.programmes.answers import Answer, several
from evalkit.programmes.headline_texts import PAY_SHARE, PER_HUNDRED, Headline, headlines
from evalkit.programmes.model import Programme
from evalkit.programmes.narrow_intervals import NARROW_ON_SCALE, NARROW_RATIO, NARROW_SDS, NARROW_SHARE
from evalkit.programmes.parts import Comparison, ComparisonKind, Question
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
# One reason for all that is withheld: to tell what is few itself from what gives way for others would tell of the few.
# Of several numbers, of one, and of places or posts, which are no people.
FOLLOWS = "a small number of people, here or in another table, could be worked out from them"
FOLLOWS_IN_SHORT = "a small number of people could be worked out from it"
_FOLLOWS_OF_COUNTS = ("a small number could be worked out from them", "a small number could be worked out from it")
_NO_PROOF = "so the difference is not proof of what the programme does."
_DESIGNS: Mapping[ComparisonKind, str] = {
    "none": "",
    "before_after": (
        "This compares the same people at {times} times. It does not tell what would have happened without the "
        "programme."
    ),
    "waiting_list": (
        "Compared with: {who} Unless chance decided who came first, the two groups may differ in other ways, "
        f"{_NO_PROOF}"
    ),
    "others": f"Compared with: {{who}} The two groups may differ in other ways, {_NO_PROOF}",
    "matched": (
        "The others are alike in what the records hold. What nobody recorded may differ, so the comparison "
        "shows what goes "
        "along with the programme, not what it does."
    ),
    "trend": "The people differ from year to year, and other things changed too: no single action can be given "
    "the credit.",
}
# Estimators whose comparison is not that of the question's design -> what it cannot carry.
_OF_ITS_OWN: Mapping[str, str] = {
    "dose_response": (
        "This compares people who received more with people who received less. They may differ in other ways, so it is "
        "not proof of what more of it does."
    ),
    "gap_in_change": (
        "This compares how much two groups changed. They may differ in other ways than the one that they are named by."
    ),
}
_TIMES_IN_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


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


def design_sentence(question: Question, comparison: Comparison) -> str:
    """Say what the comparison of a question cannot carry.

    Parameters
    ----------
    question : Question
        The question.
    comparison : Comparison
        With whom or what it compares.

    Returns
    -------
    str
        A sentence or two; empty for a plain description.
    """
    if question.estimator in _OF_ITS_OWN:
        return _OF_ITS_OWN[question.estimator]
    times = max(2, len(several(question.said.get("waves", ()))))
    told = _TIMES_IN_WORDS[times] if times < len(_TIMES_IN_WORDS) else str(times)
    return _DESIGNS[comparison.kind].format(times=told, who=f"{comparison.who.rstrip('.')}.")


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
        why, in_short = _FOLLOWS_OF_COUNTS if kinds == {"count"} else (FOLLOWS, FOLLOWS_IN_SHORT)
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
    whose = one.gains if _side(one) > 0 else one.loses
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
    size = f"{written(one, one.estimate)}{' %' if one.kind == 'share' else ''}"
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
    return f" ({'' if math.isnan(one.people) else f'of {number(one.people, 0)}{who}, '}without an interval)"


def _because(one: Headline) -> str:
    return f": {one.note.rstrip('.')}" if one.note else ""


def _limits(one: Headline, write: Callable[[float], str]) -> str:
    return f"{one.level} interval {write(one.low)} to {write(one.high)}{_outwards(one)}"


def _outwards(one: Headline) -> str:
    """Say why an interval that settles something is told as one that touches no difference."""
    if not _side(one) or not one.low <= _none(one) <= one.high:
        return ""
    return ", rounded outwards, as the number of people is not told; unrounded, it leaves out no difference"


def _brackets(one: Headline, limits: str) -> str:
    """Interval first, then p, then people."""
    parts = [limits]
    if not math.isnan(one.p_value):
        parts.append("p < 0.001" if one.p_value < 0.001 else f"p = {p_written(one)}")
    return f"({'; '.join(parts)}{_of_people(one)})"


_P_PLACES = 3


def p_written(one: Headline) -> str:
    """Write the p-value of a number.

    Parameters
    ----------
    one : Headline
        The number.

    Returns
    -------
    str
        Three decimals, or as many as it carries; a dash for none, and "<0.001".
    """
    if math.isnan(one.p_value):
        return "\u2013"
    if one.p_value < 0.001:
        return "<0.001"
    fewer = one.digits in _FEWER_DIGITS
    return number(one.p_value, min(_P_PLACES, places_of(one.p_value, "two digits")) if fewer else _P_PLACES)


def _of_people(one: Headline) -> str:
    """Say how many people a number is of, where that may leave."""
    return "" if math.isnan(one.people) else f"; {number(one.people, 0)} {one.who}"


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


# What of n is left out of: these carry fewer digits than others do, and are written with as many as they carry.
_FEWER_DIGITS = frozenset({"hundredths", "two digits"})


def written(one: Headline, value: float, *, estimate: bool = False) -> str:
    """Write an estimate or a limit, in sentences and tables alike.

    Parameters
    ----------
    one : Headline
        The number.
    value : float
        Its estimate or a limit, in the unit of the estimate.
    estimate : bool, default False
        Whether it is the estimate: where the interval holds no difference, it needs no digits to show its side of it.

    Returns
    -------
    str
        Shares and differences of shares in hundredths, without their unit or a plus. Where n is left out, with as many
        digits as the number carries.
    """
    hundreds = one.unit in {"proportion", PAY_SHARE}
    shown = 100 * value if hundreds else value
    if one.digits in _FEWER_DIGITS and (hundreds or one.kind == "ratio" or one.unit == PER_HUNDRED):
        return number(shown, places_of(shown, one.digits))
    digits = decimals(one)
    if one.kind == "share" or (one.kind == "mean" and one.unit == "proportion"):
        return hundredths(value, digits)
    if estimate and holds_nothing(one):
        return number(shown, digits)
    return _beside_none(one, shown, digits)


def _amount(one: Headline, value: float) -> str:
    unit = "percentage points" if one.unit == "proportion" else one.unit
    return f"{written(one, value, estimate=True)} {unit}".rstrip()


def _plain(one: Headline) -> Callable[[float], str]:
    """Write limits; of what may differ from nothing, with the digits that show on which side each limit lies."""
    return partial(written, one)


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
_ALONG: Mapping[Verdict, str] = {
    "better": " More of it went along with a more favourable change.",
    "worse": " More of it went along with a less favourable change.",
    "settled": "",
}
_NO_INTERVAL = "without an interval; nothing is concluded from it"


def _judged(one: Headline) -> tuple[float, float]:
    """Give the limits by which a number is judged: where n is left out, those before they were cut."""
    return one.exact or (one.low, one.high)


def _side(one: Headline) -> int:
    """Say on which side of no difference the whole interval lies: 1 above, -1 below, 0 where it holds it."""
    low, high = _judged(one)
    return (low > _none(one)) - (high < _none(one))


def holds_nothing(one: Headline) -> bool:
    """Tell whether the interval of a number holds no difference.

    Parameters
    ----------
    one : Headline
        The number.

    Returns
    -------
    bool
        True of an interval that ends there, and false of none. Where n is left out, the exact interval is judged.
    """
    low, high = _judged(one)
    return low <= _none(one) <= high


def _both_sides(one: Headline) -> bool:
    low, high = _judged(one)
    return low < _none(one) < high


def _narrow(one: Headline) -> float:
    """Give the difference within which an interval is narrow; NaN where no rule says so, as for pay."""
    if one.against or one.for_each:
        return math.nan
    if one.kind == "ratio":
        return NARROW_RATIO
    known = {"proportion": NARROW_SHARE, "standard deviations": NARROW_SDS}
    if one.unit.startswith("points") and one.ends:
        low, high = map(float, one.ends.split(" to "))
        return NARROW_ON_SCALE * (high - low)
    return known.get(one.unit, math.nan)


def _precise(one: Headline) -> bool:
    """Tell whether the interval, as it is told, holds no difference and is narrow; a point is no interval."""
    most = _narrow(one)
    least = 1 / most if one.kind == "ratio" else -most
    return holds_nothing(one) and one.low < one.high and least <= one.low and one.high <= most


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
    told = _brackets(one, _limits(one, _plain(one)))
    if _precise(one):
        return _shows_little(one, f"{_signed(one)}{_scale(one)}", told), "open"
    if holds_nothing(one):
        holds = "both a rise and a fall" if _both_sides(one) else "no change at all"
        return (
            f"{one.subject}: the answers do not settle whether there was a change. The estimate is "
            f"{_signed(one)}{_scale(one)}, and the interval holds {holds} {told}.",
            "open",
        )
    verdict = _good(direction, up=_side(one) > 0)
    return f"{one.subject} {'rose' if _side(one) > 0 else 'fell'} by {size} {told}{_SAID[verdict]}.", verdict


_UNSETTLED = "what there is does not settle whether there is a difference. The estimate is"


def _difference(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    if _no_interval(one):
        return f"{one.subject}: {_signed(one)}, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _limits(one, _plain(one)))
    if _precise(one):
        return _shows_little(one, f"{_signed(one)}{_scale(one)}", told), "open"
    if holds_nothing(one):
        holds = "a difference either way" if _both_sides(one) else "no difference at all"
        size = f"{_signed(one)}{_scale(one)}"
        return f"{one.subject}: {_UNSETTLED} {size}, and the interval holds {holds} {told}.", "open"
    verdict = _good(direction, up=_side(one) > 0)
    way = "higher" if _side(one) > 0 else "lower"
    size = f"{_amount(one, abs(one.estimate))} {way}{_scale(one)}"
    if one.for_each:
        # Who received more chose to, or could: what goes along with it is no gain by it.
        return f"{one.subject}: {size} {told}.{_ALONG[verdict]}", "settled"
    return f"{one.subject}: {size} {told}{_SAID_GAP[verdict]}.", verdict


def _ratio_of(one: Headline) -> str:
    """Write a ratio; a number over nothing is none."""
    if math.isinf(one.estimate):
        return "no ratio can be told, as nobody in the second group had it"
    return f"{written(one, one.estimate, estimate=True)} {one.times}"


def _ratio(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    size = _ratio_of(one)
    if _no_interval(one):
        return f"{one.subject}: {size}, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _limits(one, _plain(one)))
    if math.isinf(one.estimate) and holds_nothing(one):
        return f"{one.subject}: {size}, and what there is does not settle whether there is a difference {told}.", "open"
    if _precise(one):
        return _shows_little(one, size, told), "open"
    if holds_nothing(one):
        holds = "both less and more than 1" if _both_sides(one) else "1"
        return (
            f"{one.subject}: {_UNSETTLED} {size}, and the interval holds {holds}, where 1 is no difference {told}.",
            "open",
        )
    verdict = _good(direction, up=_side(one) > 0)
    return f"{one.subject}: {size} {told}{_SAID_GAP[verdict]}.", verdict


def _more(one: Headline, value: float) -> float:
    """Give, in per cent, by how much the subject is above what it is held against."""
    return 100 * (value - 1) if one.kind == "ratio" else -100 * value


def _above(value: float, digits: int) -> str:
    if value == 0:
        return "the same as"
    return f"{beside_nothing(abs(value), digits)} % {'above' if value > 0 else 'below'}"


def _more_digits(one: Headline, value: float) -> int:
    if one.digits in _FEWER_DIGITS:
        return places_of(value, "hundredths")
    return digits_apart(_more(one, one.low), _more(one, one.high), 1, beside_nothing)


def _times_of(one: Headline) -> str:
    value = _more(one, one.estimate)
    return f"{_above(value, _more_digits(one, value))} {one.against}"


def _per_cent_limits(one: Headline) -> str:
    low, high = (
        _above(value, _more_digits(one, value)) for value in sorted((_more(one, one.low), _more(one, one.high)))
    )
    return f"{one.level} interval {low} to {high}{_outwards(one)}"


def _beside(one: Headline, direction: Direction) -> tuple[str, Verdict]:
    """Tell a ratio, or a gap over the pay of the others, as per cent above or below."""
    if _no_interval(one):
        return f"{one.subject}: {_times_of(one)}, {_NO_INTERVAL}.", "open"
    told = _brackets(one, _per_cent_limits(one))
    if holds_nothing(one):
        holds = "both more and less" if _both_sides(one) else "no difference at all"
        return f"{one.subject}: {_UNSETTLED} {_times_of(one)}, and the interval holds {holds} {told}.", "open"
    # A gap is of the others' pay less the subject's.
    verdict = _good(direction, up=_side(one) > 0 if one.kind == "ratio" else _side(one) < 0)
    return f"{one.subject}: {_times_of(one)} {told}{_SAID_GAP[verdict]}.", verdict


def _share(one: Headline, _: Direction) -> tuple[str, Verdict]:
    told = "" if _no_interval(one) else f" {_brackets(one, _limits(one, _plain(one)))}"
    told = told or _bare(one)
    return f"{one.subject}: {written(one, one.estimate)} %{told}.", "described"


def _mean(one: Headline, _: Direction) -> tuple[str, Verdict]:
    unit = f" {one.unit}{_scale(one)}" if one.unit else ""
    told = "" if _no_interval(one) else f" {_brackets(one, _limits(one, _plain(one)))}"
    return f"{one.subject}: {written(one, one.estimate)}{unit}{told}.", "described"


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
