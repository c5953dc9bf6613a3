"""Labels of rows about two groups together, as in "mentored less unmentored"."""

from __future__ import annotations

import re
from collections.abc import Collection

_WORDS = re.compile(r" (?:over|less|minus|against|versus) ")
_DASH = " - "


def sides_of(label: str, labels: Collection[str] = ()) -> tuple[str, ...]:
    """Name the groups that a row is about.

    Parameters
    ----------
    label : str
        Of the row.
    labels : collection of str, default empty
        Of all rows. A dash stands between two groups only where both have rows of their own: "White - British" and
        "30 - 39" are each one group.

    Returns
    -------
    tuple of str
        Both groups of a difference or ratio; otherwise the label alone.

    Examples
    --------
    >>> sides_of("white over BME")
    ('white', 'BME')
    >>> sides_of("women - men", ["women", "men", "women - men"])
    ('women', 'men')
    >>> sides_of("White - British", ["White - British", "White - Irish"])
    ('White - British',)
    """
    sides = tuple(_WORDS.split(label))
    if len(sides) > 1:
        return sides
    for cut in re.finditer(re.escape(_DASH), label):
        one, other = label[: cut.start()], label[cut.end() :]
        if one in labels and other in labels:
            return one, other
    return sides


def is_contrast(label: str, labels: Collection[str] = ()) -> bool:
    """Tell whether a row is about two groups together.

    Parameters
    ----------
    label : str
        Of the row.
    labels : collection of str, default empty
        Of all rows.

    Returns
    -------
    bool
        True for a difference or ratio.
    """
    return len(sides_of(label, labels)) > 1
