"""Numbers that are held side by side year by year, such as places and the people who need one."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.programmes.headline_texts import Headline
from evalkit.programmes.limitations import lowered
from evalkit.report import text

# Two numbers are held against each other; of more each stands for itself.
_TWO = 2


def side_by_side(lines: Sequence[Headline], unit: str) -> tuple[str, ...]:
    """Say in which years one number was below another, and both numbers of each year.

    Parameters
    ----------
    lines : sequence of Headline
        Complete numbers; `term` says of what, `group` of which year.
    unit : str
        What a group is, such as "year".

    Returns
    -------
    tuple of str
        Sentences: first, of two numbers, how often the first was below the second; then every group in order. Numbers
        that are withheld are named as withheld, and their group is not compared. None where there is a single number,
        or no group.
    """
    terms = list(dict.fromkeys(line.term for line in lines))
    groups = sorted({line.group for line in lines})
    if len(terms) < _TWO or "" in groups or {line.kind for line in lines} != {"count"}:
        return ()
    known = {(line.group, line.term): line.estimate for line in lines if not line.withheld}
    rows = [
        f"{group}: {'; '.join(f'{lowered(term)} {_number(known.get((group, term)))}' for term in terms)}."
        for group in groups
    ]
    whole = [group for group in groups if all((group, term) in known for term in terms)]
    return (*_below(terms, whole, known, unit), *rows)


def _number(value: float | None) -> str:
    return "withheld" if value is None else text.count(value) if float(value).is_integer() else f"{value:,.1f}"


def _below(
    terms: Sequence[str], groups: Sequence[str], known: dict[tuple[str, str], float], unit: str
) -> tuple[str, ...]:
    if len(terms) != _TWO or not groups:
        return ()
    first, second = terms
    fewer = [group for group in groups if known[group, first] < known[group, second]]
    many = f"{len(groups)} {unit}{'' if len(groups) == 1 else 's'}"
    where = f" ({', '.join(fewer)})" if 0 < len(fewer) < len(groups) else ""
    return (f"{first}: fewer than {lowered(second)} in {len(fewer)} of {many}{where}.",)


__all__ = ["side_by_side"]
