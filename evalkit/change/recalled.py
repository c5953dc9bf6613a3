"""The retrospective before (then-test): change from what people said, and from what they now say they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.change.mean_rows import mean_row
from evalkit.change.outcomes import (
    Levels,
    Outcome,
    Scales,
    columns_of,
    not_numbers,
    numbers,
    read_outcomes,
    union,
)
from evalkit.change.rows import POINTS
from evalkit.errors import EstimationError, Problem
from evalkit.frames import Problems, level_problems, missing_columns, require
from evalkit.numeric.pairs import changes
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]

NAIVE, THEN_BASED, SHIFT = "change as answered", "change as recalled", "shift of the start"
_WHY = "a changed yardstick, recall, the wish to see one's effort rewarded or to please fit these numbers alike"


def response_shift(
    frame: pd.DataFrame,
    *,
    pre: str | Sequence[str],
    then: str | Sequence[str],
    post: str | Sequence[str],
    person: str | None = None,
    scale: Scales = None,
    kirkpatrick: Levels = None,
    level: float = 0.95,
) -> Estimates:
    """Mean change from the answer before, mean change from the start as recalled, and the shift between the two.

    Afterwards people are asked twice: how it is now, and how it was then. The recalled start may differ from the one
    that was stated. Both changes are estimated in the same people; which of them is true these numbers cannot tell.

    Parameters
    ----------
    frame : pandas.DataFrame
        Shape (people, columns), one row a person.
    pre, then, post : str or sequence of str
        Columns of each outcome, in the same order: stated before, recalled afterwards, stated afterwards. Numbers in
        one unit; missing where not answered.
    person : str, optional
        Column that names the person, to make sure that nobody is there twice.
    scale : tuple of two numbers, or mapping of outcome name to such a tuple, optional
        Lowest and highest value of the outcome.
    kirkpatrick : int or str, or mapping of outcome name to them, optional
        Level of evaluation of each outcome.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        Three rows an outcome (`term`), told apart by `group`: "change as answered" (after minus before), "change as
        recalled" (after minus recalled), "shift of the start" (recalled minus before), which is also the first less
        the second. All rest on the people with all three answers; t intervals on paired differences, in the unit of
        the outcome. Extra columns: `in_sd_before` (the estimate over the standard deviation of the answers before),
        numbers answered and the shares of people at the ends of the scale in each of the three, `claim` (what may be
        said of the outcome, made from the intervals by rule) and `note` (why there is no interval).

    Raises
    ------
    DataError
        As `read_outcomes`; also DAT-007 when there are not as many recalled columns, DAT-010 when a recalled column is
        also the one before or after, DAT-002 for recalled values outside the scale or a level outside 0 to 1.
    EstimationError
        EST-001 when nobody has all three answers to any outcome.

    Notes
    -----
    No interval allows for the number of outcomes or for the three rows: correct the p-values of one kind of row with
    `adjust_p` when several outcomes are tested. In the recovery study the intervals held the truth in 94 to 96 % of
    draws with 24 and with 200 people, also of skewed answers with a ceiling; where nearly all stand at the ceiling a t
    interval falls short.

    References
    ----------
    .. [1] Howard GS et al. (1979). Appl Psychol Meas 3:1-23 (the then-test).
    .. [2] Schwartz CE, Sprangers MAG (1999). Soc Sci Med 48:1531-1548.
    .. [3] Hill LG, Betz DL (2005). Am J Eval 26:501-517 (bias of retrospective pretests).

    Examples
    --------
    >>> answers = pd.DataFrame({"skill_before": [4, 4, 3, 5, 4], "skill_then": [2, 3, 2, 3, 3],
    ...                         "skill_after": [4, 5, 3, 4, 4]})
    >>> found = response_shift(answers, pre="skill_before", then="skill_then", post="skill_after")
    >>> found.frame[["group", "estimate"]].round(2).to_numpy().tolist()
    [['change as answered', 0.0], ['change as recalled', 1.4], ['shift of the start', -1.4]]
    """
    require(level_problems(level))
    stated = read_outcomes(frame, pre=pre, post=post, person=person, scale=scale, kirkpatrick=kirkpatrick)
    recalled = columns_of(then)
    require(_then_fits(recalled, stated))
    require(missing_columns(frame, recalled, "frame"))
    require(*(not_numbers(frame, name) for name in dict.fromkeys(recalled)))
    _read_again(frame, recalled, stated)
    triples = [_triple(outcome, numbers(frame, name)) for outcome, name in zip(stated, recalled, strict=True)]
    if not any(outcome.n for outcome, _ in triples):
        raise EstimationError(
            Problem(
                "EST-001",
                "frame",
                "nobody with all three answers",
                "people who answered before, after and in retrospect",
                "Link the waves first, or use mean_change for two of the three.",
            )
        )
    rows = [row for outcome, values in triples for row in _rows(outcome, values, level)]
    given, used, dropped = union([outcome for outcome, _ in triples])
    return estimates(rows, _method(level, given, used, dropped))


def _then_fits(recalled: list[str], stated: list[Outcome]) -> Problems:
    if len(recalled) != len(stated):
        return [
            Problem(
                "DAT-007",
                "then",
                f"{len(recalled)} columns recalled for {len(stated)} outcomes",
                "one for each outcome",
                "Name them in the order of pre and post.",
            )
        ]
    return [
        Problem("DAT-010", "then", f"column {name} is also named as before or after", "a column of its own", "Correct.")
        for name, outcome in zip(recalled, stated, strict=True)
        if name in (outcome.pre, outcome.post)
    ]


def _read_again(frame: pd.DataFrame, recalled: list[str], stated: list[Outcome]) -> None:
    """Hold the recalled answers against the scale, as the others were."""
    for name, outcome in zip(recalled, stated, strict=True):
        read_outcomes(frame, pre=name, post=outcome.post, scale=outcome.bounds if outcome.bounds_stated else None)


def _triple(outcome: Outcome, recalled: Floats) -> tuple[Outcome, Floats]:
    """Keep the people who also answered in retrospect."""
    known = np.isfinite(recalled[outcome.rows])
    without = int((~known).sum())
    dropped = {**outcome.dropped, **({"no answer in retrospect": without} if without else {})}
    low, high = outcome.bounds
    given = recalled[np.isfinite(recalled)]
    if not outcome.bounds_stated and len(given):
        low, high = float(np.fmin(low, given.min())), float(np.fmax(high, given.max()))
    kept = replace(
        outcome,
        before=outcome.before[known],
        after=outcome.after[known],
        rows=outcome.rows[known],
        dropped=dropped,
        bounds=(low, high),
    )
    return kept, recalled[kept.rows]


def _rows(outcome: Outcome, recalled: Floats, level: float) -> list[dict[str, object]]:
    low, high = outcome.bounds
    facts = {
        **outcome.facts(),
        "floor_then": float((recalled == low).mean()) if outcome.n else float("nan"),
        "ceiling_then": float((recalled == high).mean()) if outcome.n else float("nan"),
    }
    if not outcome.n:
        note = "nobody with all three answers"
        return [{**facts, "group": group, "claim": "", "note": note} for group in (NAIVE, THEN_BASED, SHIFT)]
    spread = float(np.std(outcome.before, ddof=1)) if outcome.n > 1 else 0.0
    kinds = {
        NAIVE: changes(outcome.before, outcome.after),
        THEN_BASED: changes(recalled, outcome.after),
        SHIFT: changes(outcome.before, recalled),
    }
    made = {group: mean_row(values, level=level, what="differences") for group, values in kinds.items()}
    claim = what_may_be_claimed(*(_limits(made[group]) for group in (NAIVE, THEN_BASED, SHIFT)))
    return [
        {
            **facts,
            "group": group,
            **row,
            "in_sd_before": float(np.mean(kinds[group])) / spread if spread else float("nan"),
            "claim": claim,
            "note": row["note"],
        }
        for group, row in made.items()
    ]


def _limits(row: dict[str, object]) -> tuple[float, float]:
    return float(str(row.get("conf_low", "nan"))), float(str(row.get("conf_high", "nan")))


def what_may_be_claimed(naive: tuple[float, float], then_based: tuple[float, float], shift: tuple[float, float]) -> str:
    """Say what three intervals allow to be said of a change.

    Parameters
    ----------
    naive, then_based, shift : tuple of float
        Limits of the change as answered, the change as recalled and the shift of the start; NaN where there are none.

    Returns
    -------
    str
        Two sentences, without numbers. Neither change is ever called the true one.

    Examples
    --------
    >>> what_may_be_claimed((-0.2, 0.3), (0.4, 0.9), (-0.9, -0.3)).split(".")[0]
    'Only the change as recalled is shown, upwards'
    """
    if np.isnan([*naive, *then_based, *shift]).any():
        return "Nothing may be claimed: there is no interval."
    directions = (_direction(naive), _direction(then_based))
    return f"{_CHANGES[directions]}. {_shift_sentence(_direction(shift))}"


def _direction(limits: tuple[float, float]) -> int:
    return int(limits[0] > 0) - int(limits[1] < 0)


_CHANGES = {
    (0, 0): "Neither change is shown",
    (1, 0): "Only the change as answered is shown, upwards",
    (-1, 0): "Only the change as answered is shown, downwards",
    (0, 1): "Only the change as recalled is shown, upwards",
    (0, -1): "Only the change as recalled is shown, downwards",
    (1, 1): "Both changes are shown, upwards",
    (-1, -1): "Both changes are shown, downwards",
    (1, -1): "The two changes point in opposite directions, upwards as answered and downwards as recalled",
    (-1, 1): "The two changes point in opposite directions, downwards as answered and upwards as recalled",
}


def _shift_sentence(direction: int) -> str:
    if not direction:
        return (
            "No shift of the start is shown; that is not proof that there is none, only that none larger than its "
            "interval fits."
        )
    where = "higher" if direction > 0 else "lower"
    return (
        f"People place their start {where} in retrospect than they did before, so the two changes answer different "
        f"questions and must both be reported; {_WHY}."
    )


def _method(level: float, given: int, used: int, dropped: dict[str, int]) -> Method:
    return Method(
        name="then-test: change as answered, change as recalled, and the shift of the start",
        estimand=(
            "the mean change of people like those with all three answers: from what they said before, from where they "
            "afterwards say they were, and the difference of the two starts"
        ),
        unit=POINTS,
        level=level,
        interval="paired t, each row for itself",
        n_given=given,
        n_used=used,
        n_dropped=dropped,
        assumptions=(
            "only people with all three answers are used, in every row",
            "the change as answered less the change as recalled is the shift of the start, exactly",
            f"a shift does not say why: {_WHY}",
            "no comparison group: other causes of change are not excluded, in either change",
            "intervals and p-values are not adjusted for several outcomes or rows (adjust_p does)",
        ),
        references=("Howard GS et al. (1979) Appl Psychol Meas 3:1-23", "Hill LG, Betz DL (2005) Am J Eval 26:501-517"),
    )
