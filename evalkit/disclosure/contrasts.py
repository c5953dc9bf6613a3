"""Labels of rows about two groups together, as in "mentored less unmentored": the one place that reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

Flags = npt.NDArray[np.bool_]

_BETWEEN = re.compile(r" (?:over|less|minus|against|versus|vs\.?|-) ", re.IGNORECASE)
_WORDS = re.compile(r" (?:over|less|minus|against|versus|vs\.?) ", re.IGNORECASE)
# Of what a difference is a share: "men less women, over men". Names of groups have commas too.
_OVER = re.compile(r", over [^,]+$", re.IGNORECASE)
# Terms of rows about one group, whatever it is called.
_OF_ONE = frozenset({"rate", "share"})


def sides_of(label: str, labels: Collection[str] = ()) -> tuple[str, ...]:
    """Name the groups that a row is about.

    Parameters
    ----------
    label : str
        Of the row.
    labels : collection of str, default empty
        Of all rows. Where they are given, a word or a dash stands between two groups only where both have rows of their
        own: "women over 50", "White - British" and "30 - 39" are each one group. Without them words do, and dashes
        do not.

    Returns
    -------
    tuple of str
        Both groups of a difference or ratio, without what a difference is a share of; otherwise the label alone.

    Examples
    --------
    >>> sides_of("white over BME"), sides_of("men less women, over men")
    (('white', 'BME'), ('men', 'women'))
    >>> sides_of("women - men", ["women", "men", "women - men"])
    ('women', 'men')
    >>> sides_of("women over 50", ["women over 50", "women under 50"])
    ('women over 50',)
    """
    if not _BETWEEN.search(label):
        return (label,)
    texts = dict.fromkeys((label, _OVER.sub("", label)))
    if not labels:
        sides = next((parts for text in texts if len(parts := _WORDS.split(_OVER.sub("", text))) > 1), [])
        return tuple(sides) or (label,)
    known = {one.casefold() for one in labels}
    for text in texts:
        # Every place, as the first may be inside the name of a group.
        for start in range(len(text)):
            cut = _BETWEEN.match(text, start)
            if cut and {text[:start].casefold(), text[cut.end() :].casefold()} <= known:
                return text[:start], text[cut.end() :]
    return (label,)


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


def sides_of_rows(groups: Sequence[str], terms: Sequence[str]) -> list[tuple[str, ...]]:
    """Name the groups that each row is about, also of a ratio that stands without the rates that it is made of.

    Parameters
    ----------
    groups, terms : sequence of str
        Label and term of each row.

    Returns
    -------
    list of tuple of str
        By the words alone where the rows of the two groups are not there; never so of a rate or share.

    Examples
    --------
    >>> sides_of_rows(["white over BME", "women over 50"], ["relative_likelihood", "rate"])
    [('white', 'BME'), ('women over 50',)]
    """
    own = set(groups)
    found = []
    for group, term in zip(groups, terms, strict=True):
        sides = sides_of(group, own)
        found.append(sides if len(sides) > 1 or term in _OF_ONE else sides_of(group))
    return found


def contrasts_in(labels: Sequence[str]) -> Flags:
    """Find the rows about two groups of which both have rows of their own.

    Parameters
    ----------
    labels : sequence of str
        Of the rows.

    Returns
    -------
    numpy.ndarray of bool
        Shape (rows,).
    """
    own = set(labels)
    return np.array([is_contrast(label, own) for label in labels], dtype=bool)
