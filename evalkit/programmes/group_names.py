"""Names of groups of people, as a board would call them."""

from __future__ import annotations

from collections.abc import Mapping

from evalkit.disclosure.contrasts import sides_of

_ETHNIC = frozenset({"white", "BME"})
_WHERE = {"abroad": "recruited from abroad", "here": "recruited in this country"}
# File of the column -> what the people in it are called.
_CALLED = {"recruitment": "applicants", "staff_in_post": "staff", "returners_pay": "returners"}


_TWO = 2
_DISABILITY = {"yes": "disabled", "no": "not disabled"}


def group_label(column: str, label: str) -> str:
    """Give the label of a group as it stands in results.

    Parameters
    ----------
    column : str
        "file.column" that tells the groups apart, or the column alone.
    label : str
        Its label in the file, or in the arguments of a question.

    Returns
    -------
    str
        What a yes and a no to a disability mean; any other label as it is.

    Examples
    --------
    >>> group_label("participants.disability", "no"), group_label("participants.sex", "men")
    ('not disabled', 'men')
    """
    return _DISABILITY.get(label, label) if column.rpartition(".")[2] == "disability" else label


def group_name(column: str, label: str) -> str:
    """Name a group of people.

    Parameters
    ----------
    column : str
        "file.column" that tells the groups apart, or a question of a form.
    label : str
        Its label.

    Returns
    -------
    str
        Such as "disabled colleagues" for a yes to a disability, "BME applicants" in a file of applications.

    Examples
    --------
    >>> group_name("participants.disability", "no"), group_name("recruitment.ethnicity", "BME")
    ('colleagues without a disability', 'BME applicants')
    """
    file, _, name = column.rpartition(".")
    people = _CALLED.get(file, "colleagues" if file else "staff")
    if name == "disability" or label in {"disabled", "not disabled"}:
        disabled = {"yes": True, "disabled": True, "no": False, "not disabled": False}
        names = {True: f"disabled {people}", False: f"{people} without a disability"}
        return names[disabled[label]] if label in disabled else label
    if label in _ETHNIC:
        return f"{label} {people}"
    if name == "clinical":
        return f"{people} in {label} posts"
    if label.startswith("recruited "):
        return f"{people} {label}"
    return f"{people} {_WHERE[label]}" if label in _WHERE else label


def compared_names(said: Mapping[str, object]) -> tuple[str, str]:
    """Name the two groups of a question.

    Parameters
    ----------
    said : mapping of str to object
        Arguments of the question: `group`, `comparison` and `reference`.

    Returns
    -------
    tuple of str
        The group that is compared, and the one that it is compared with; empty without such arguments.
    """

    def named(key: str) -> str:
        value = said.get(key, "")
        parts = value if isinstance(value, tuple) else (value,)
        return " or ".join(group_name(str(said.get("group", "")), str(part)) for part in parts if part)

    return named("comparison"), named("reference")


def contrast_names(group: str, column: str = "staff_in_post.") -> tuple[str, str] | None:
    """Name the two groups of a row such as "white over BME", "BME less white" or "men less women, over men".

    Parameters
    ----------
    group : str
        As the indicator names it.
    column : str, default "staff_in_post."
        "file.column" of the groups.

    Returns
    -------
    tuple of str or None
        The first and the second; None when it names no two.

    Examples
    --------
    >>> contrast_names("men less women, over men")
    ('men', 'women')
    """
    sides = sides_of(group)
    return (group_name(column, sides[0]), group_name(column, sides[1])) if len(sides) == _TWO else None
