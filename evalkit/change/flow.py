"""How many people were invited, answered, were linked and analysed, and why the others were not."""

from __future__ import annotations

from collections.abc import Mapping, Sized

import numpy as np
import pandas as pd

from evalkit.errors import Problem
from evalkit.frames import Problems, one_of, require, whole
from evalkit.result import Estimates

FLOW_COLUMNS = ("step", "of", "reason", "n", "n_least")
# Step -> the step that its people come from. Answers after are anonymous until they are linked: they need not be of
# the people who answered before.
_STEPS = {
    "invited": None,
    "answered before": "invited",
    "answered after": "invited",
    "linked": "answered before",
    "analysed": "linked",
}
_USUAL = {
    "answered before": "did not answer before",
    "answered after": "did not answer after",
    "linked": "no answer after, or codes did not match",
    "analysed": "not analysed",
}


def participant_flow(
    *,
    invited: int | None = None,
    before: object = None,
    after: object = None,
    linked: object = None,
    analysed: object = None,
    reasons: Mapping[str, Mapping[str, int]] | None = None,
) -> pd.DataFrame:
    """People at each step from the invitation to the analysis, and the reasons why others were lost, in people.

    Parameters
    ----------
    invited : int, optional
        People invited; without it the flow begins with those who answered.
    before, after : int, frame or other table with a length, optional
        Who answered in each wave.
    linked : int, frame or linkage, optional
        People whose answers before and after belong together; of the result of `link` its `pairs` are counted.
    analysed : int, frame or Estimates, optional
        People in the analysis; of an estimate, the people that it used, and its reasons for those it left out.
    reasons : mapping of str to mapping of str to int, optional
        Step -> reason -> people lost between the step before it and this one. What is left over of those lost gets the
        usual reason of the step.

    Returns
    -------
    pandas.DataFrame
        Shape (rows, 5). For each step a row with the people at it (`reason` is ""), then one for each reason why people
        were lost on the way to it: `step`; `of`, the step from which its people come ("" for the first); `reason`;
        `n`, people at the step or lost for the reason; `n_least`, the fewest people that the row tells of, by itself or
        beside other rows. Show it with `counts=["n"]`.

    Raises
    ------
    DataError
        DAT-009 for something that cannot be counted or a flow of fewer than two steps, DAT-002 for a number below 0,
        DAT-007 when a step has more people than the one it comes from or the reasons are of more people than were
        lost, DAT-006 for reasons of an unknown step. All at once.

    Notes
    -----
    Answers after come from all who were invited, not only from those who answered before, so there may be more of them.
    Where few were lost between two steps, both numbers would tell how many. The step nearer to the invitation then
    gives way (`n_least` is the difference), but not the first: whom it asked, an employer knows. Reasons are shown all
    or none, and only where the numbers of both their steps are. A profile that withholds nothing shows it all.

    References
    ----------
    .. [1] Schulz KF, Altman DG, Moher D (2010). BMJ 340:c332 (the CONSORT flow diagram).

    Examples
    --------
    >>> participant_flow(invited=60, before=40, after=35, linked=24, analysed=24)[["step", "reason", "n"]].to_numpy()
    array([['invited', '', 60],
           ['answered before', '', 40],
           ['answered before', 'did not answer before', 20],
           ['answered after', '', 35],
           ['answered after', 'did not answer after', 25],
           ['linked', '', 24],
           ['linked', 'no answer after, or codes did not match', 16],
           ['analysed', '', 24]], dtype=object)
    """
    given = dict(zip(_STEPS, (invited, before, after, linked, analysed), strict=True))
    counts = {step: _count(what) for step, what in given.items() if what is not None}
    require(*(_not_counted(step, count, given[step]) for step, count in counts.items()), _too_short(counts))
    known = {step: count for step, count in counts.items() if count is not None}
    why = _all_reasons(reasons, analysed)
    require(_reason_problems(why))
    require(_rising(known), _too_many_reasons(known, why))
    fewest = _fewest(known)
    rows = [row for step in known for row in _rows(step, known, why.get(step, {}), fewest)]
    return pd.DataFrame(rows, columns=list(FLOW_COLUMNS))


def _count(what: object) -> int | None:
    """Count people; None for what cannot be counted."""
    if isinstance(what, int | np.integer):
        return None if isinstance(what, bool) else int(what)
    if isinstance(what, Estimates):
        return what.method.n_used
    pairs = getattr(what, "pairs", what)
    return len(pairs) if isinstance(pairs, Sized) and not isinstance(pairs, str | bytes) else None


def _not_counted(step: str, count: int | None, what: object) -> Problems:
    if count is None:
        expected = "a whole number, a frame or a result"
        return [Problem("DAT-009", step, f"a {type(what).__name__}", expected, "Give the people, one row each.")]
    return whole(step, count, low=0)


def _too_short(counts: Mapping[str, int | None]) -> Problems:
    if len(counts) > 1:
        return []
    return [Problem("DAT-009", "flow", f"{len(counts)} steps", "at least two", "Give those who answered before.")]


def _all_reasons(reasons: Mapping[str, Mapping[str, int]] | None, analysed: object) -> dict[str, dict[str, int]]:
    why = {str(step): dict(each) for step, each in (reasons or {}).items()}
    if isinstance(analysed, Estimates) and "analysed" not in why:
        why["analysed"] = dict(analysed.method.n_dropped)
    return why


def _reason_problems(why: Mapping[str, Mapping[str, int]]) -> Problems:
    problems: Problems = []
    for step, each in why.items():
        problems += one_of("reasons", step, _USUAL)
        for reason, people in each.items():
            problems += whole(f"reasons, {step}, {reason}", people, low=0)
    return problems


def _source(step: str, known: Mapping[str, int]) -> str | None:
    """Find the nearest earlier step that was given."""
    at = _STEPS[step]
    while at is not None and at not in known:
        at = _STEPS[at]
    return at


def _within(known: Mapping[str, int]) -> list[tuple[str, str]]:
    """List the steps with each step whose people are among theirs, however many steps further."""
    pairs = []
    for step in known:
        above = _source(step, known)
        while above is not None:
            pairs.append((above, step))
            above = _source(above, known)
    # Whoever is linked answered after too.
    return pairs + [("answered after", step) for step in ("linked", "analysed") if {"answered after", step} <= {*known}]


def _fewest(known: Mapping[str, int]) -> dict[str, int]:
    """Give for each step the fewest people that its number tells, so that what is left tells of no fewer.

    Of two numbers one gives way: the one of the step nearer to the invitation, as the analysis stands elsewhere too,
    but never that of the first step.
    """
    first = next(iter(known))
    fewest = dict(known)
    for above, step in _within(known):
        apart = known[above] - known[step]
        if apart:
            gives_way = step if known[above] == known[first] else above
            fewest[gives_way] = min(fewest[gives_way], apart)
    return fewest


def _rising(known: Mapping[str, int]) -> Problems:
    pairs = [(step, above) for above, step in _within(known) if above in (_source(step, known), "answered after")]
    return [
        Problem(
            "DAT-007",
            f"flow, {step}",
            f"{known[step]} people of {known[source]} ({source})",
            f"at most {known[source]}",
            "Count people, not answers, and each of them once.",
        )
        for step, source in pairs
        if known[step] > known[source]
    ]


def _too_many_reasons(known: Mapping[str, int], why: Mapping[str, Mapping[str, int]]) -> Problems:
    problems: Problems = []
    for step, each in why.items():
        source = _source(step, known) if step in known else None
        lost = known[source] - known[step] if source is not None else 0
        if 0 <= lost < sum(each.values()):
            found = f"reasons for {sum(each.values())} people, of {lost} lost"
            problems.append(Problem("DAT-007", f"reasons, {step}", found, f"at most {lost}", "Correct the counts."))
    return problems


def _rows(
    step: str, known: Mapping[str, int], why: Mapping[str, int], fewest: Mapping[str, int]
) -> list[tuple[str, str, str, int, int]]:
    source = _source(step, known)
    if source is None:
        return [(step, "", "", known[step], fewest[step])]
    lost = known[source] - known[step]
    named = {reason: people for reason, people in why.items() if people}
    left = lost - sum(named.values())
    if left:
        usual = _USUAL[step]
        named[usual] = named.get(usual, 0) + left
    least = min([*named.values(), fewest[source], fewest[step]])
    reasons = [(step, source, reason, people, least) for reason, people in named.items()]
    return [(step, source, "", known[step], fewest[step]), *reasons]
