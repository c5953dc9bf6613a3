"""Whether a printed relative likelihood follows from the percentages printed beside it, and in which direction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from evalkit.errors import Problem
from evalkit.frames import Problems, require, within
from evalkit.published.arguments import decimals_problems, fineness_problems
from evalkit.published.printed import Printed, parse_printed
from evalkit.published.verdicts import Verdict, judge

Range = tuple[Fraction | None, Fraction | None, Fraction | None]  # least, at face value, greatest; None is infinite

_HUNDRED = Fraction(100)


@dataclass(frozen=True, slots=True)
class PrintedLikelihood:
    """What two printed percentages say of the ratio printed beside them.

    Parameters
    ----------
    printed : float
        The printed ratio.
    consistent : bool
        True when some percentages that print so have a ratio, in the stated direction, that prints as this one.
    verdict : str
        "exact", "rounding" or "inconsistent", in the stated direction.
    ratio : float
        Comparison over reference, from the percentages at face value; infinite where the reference prints as 0, NaN
        where both do.
    low, high : float
        The least and the greatest ratio that percentages printing so allow.
    direction : str
        What the printed number is, in words: the ratio as stated, the ratio turned round, or what slip would give it;
        "no known quantity of the two percentages" where nothing does.
    reversed_ratio : float
        Reference over comparison, from the percentages at face value.
    """

    printed: float
    consistent: bool
    verdict: Verdict
    ratio: float
    low: float
    high: float
    direction: str
    reversed_ratio: float


def relative_likelihood_from_summary(
    per_cent_comparison: float | str,
    per_cent_reference: float | str,
    ratio: float | str,
    *,
    comparison: str = "comparison",
    reference: str = "reference",
    decimals: int | None = None,
) -> PrintedLikelihood:
    """Test whether a printed ratio of two rates follows from the printed rates, and in which direction.

    Parameters
    ----------
    per_cent_comparison, per_cent_reference : float or str
        Rates of the two groups as printed, in per cent from 0 to 100. Give texts ("14.60") where zeros at the end count
        as digits.
    ratio : float or str
        The printed ratio, said to be comparison over reference.
    comparison, reference : str
        Names of the groups, for the words.
    decimals : int, optional
        Digits printed after the point of each percentage; else those that each shows. Those of the ratio are always
        those that it shows.

    Returns
    -------
    PrintedLikelihood
        With the range of ratios that the rounding of the percentages allows, and the name of what the printed number
        is: where it is not the ratio as stated, the ratio turned round, the odds ratio either way, the ratio of those
        without the outcome either way, or the difference in percentage points either way are tried in this order.

    Raises
    ------
    DataError
        DAT-004 when a text is not a number or is a bound ("<0.1"), DAT-002 for a percentage outside 0 to 100 or a ratio
        that is negative, DAT-005 when a percentage has more digits than `decimals`.

    Examples
    --------
    >>> found = relative_likelihood_from_summary("46.99", "14.65", "3.2", comparison="white", reference="BME")
    >>> found.consistent, round(found.ratio, 4), found.direction
    (True, 3.2075, 'white over BME, as stated')
    >>> found = relative_likelihood_from_summary("46.99", "14.65", "0.31", comparison="white", reference="BME")
    >>> found.consistent, found.direction
    (False, 'BME over white: turned round')
    """
    require([] if decimals is None else decimals_problems("decimals", decimals))
    read = [
        _read(name, value, decimals, high=100)
        for name, value in (("per_cent_comparison", per_cent_comparison), ("per_cent_reference", per_cent_reference))
    ]
    read.append(_read("ratio", ratio, None, high=None))
    require(*(problems for _, problems in read))
    one, other, printed = (number for number, _ in read if number is not None)
    first, second = _share(one), _share(other)
    stated = _quotient(first, second)
    verdict = _verdict(printed, stated)
    consistent = verdict != "inconsistent"
    words = f"{comparison} over {reference}, as stated"
    if not consistent:
        slips = (what for what, values in _slips(first, second, comparison, reference) if _gives(printed, values))
        words = next(slips, "no known quantity of the two percentages")
    low, face, high = (_float(value) for value in stated)
    return PrintedLikelihood(
        printed=float(printed.value),
        consistent=consistent,
        verdict=verdict,
        ratio=float("nan") if first[1] == second[1] == 0 else face,
        low=low,
        high=high,
        direction=words,
        reversed_ratio=float("nan") if first[1] == second[1] == 0 else _float(_quotient(second, first)[1]),
    )


def _read(
    name: str, value: float | str, decimals: int | None, *, high: float | None
) -> tuple[Printed | None, Problems]:
    text = f"{Decimal(str(value)):f}" if isinstance(value, float) else str(value)
    printed = None if isinstance(value, bool) else parse_printed(text.replace("%", ""), decimals)
    if printed is None or printed.operator != "=":
        return None, [Problem("DAT-004", name, repr(value), "a printed number", "Give it as it stands in print.")]
    top = {} if high is None else {"high": high}
    problems = within(name, float(printed.value), low=0, **top)
    return printed, problems or fineness_problems(name, str(printed.value), printed.decimals)


def _share(printed: Printed) -> tuple[Fraction, Fraction, Fraction]:
    """Least, face value and greatest percentage that prints so, within 0 and 100."""
    value, half = Fraction(printed.value), Fraction(printed.half)
    return max(value - half, Fraction(0)), value, min(value + half, _HUNDRED)


def _quotient(above: tuple[Fraction, Fraction, Fraction], below: tuple[Fraction, Fraction, Fraction]) -> Range:
    def over(top: Fraction, bottom: Fraction) -> Fraction | None:
        return top / bottom if bottom else None

    least = over(above[0], below[2])
    return least if least is not None else Fraction(0), over(above[1], below[1]), over(above[2], below[0])


def _odds(share: tuple[Fraction, Fraction, Fraction]) -> Range:
    return tuple(value / (_HUNDRED - value) if value < _HUNDRED else None for value in share)  # type: ignore[return-value]


def _without(share: tuple[Fraction, Fraction, Fraction]) -> tuple[Fraction, Fraction, Fraction]:
    return _HUNDRED - share[2], _HUNDRED - share[1], _HUNDRED - share[0]


def _slips(
    first: tuple[Fraction, Fraction, Fraction],
    second: tuple[Fraction, Fraction, Fraction],
    comparison: str,
    reference: str,
) -> Iterator[tuple[str, Range]]:
    """Name what a printed number may be in place of the ratio as stated."""
    ways = ((first, second, comparison, reference), (second, first, reference, comparison))
    yield f"{reference} over {comparison}: turned round", _quotient(second, first)
    for above, below, top, bottom in ways:
        odds = _odds(above), _odds(below)
        known = [[value for value in one if value is not None] for one in odds]
        if all(len(one) == 3 for one in known):
            yield f"an odds ratio, {top} over {bottom}", _quotient(*((one[0], one[1], one[2]) for one in known))
    for above, below, top, bottom in ways:
        yield f"of those without it, {top} over {bottom}", _quotient(_without(above), _without(below))
    for above, below, top, bottom in ways:
        apart = (above[0] - below[2], above[1] - below[1], above[2] - below[0])
        yield f"percentage points, {top} less {bottom}", apart


def _verdict(printed: Printed, values: Range) -> Verdict:
    low, face, high = values
    if low is not None and face is not None and high is not None:
        return judge(printed, face, "", low=low, high=high).verdict
    return "rounding" if printed.overlaps(low if low is not None else Fraction(0), float("inf")) else "inconsistent"


def _gives(printed: Printed, values: Range) -> bool:
    return _verdict(printed, values) != "inconsistent"


def _float(value: Fraction | None) -> float:
    return float("inf") if value is None else float(value)
