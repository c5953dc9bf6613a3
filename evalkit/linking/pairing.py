"""`link`: put the answers of one person in two waves side by side, by a code that people made up themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import LinkageError, Problem
from evalkit.frames import Problems, require, whole
from evalkit.linking.codes import (
    code_columns_missing,
    columns_of,
    numbered,
    unreadable_elements,
    with_text_names,
)
from evalkit.linking.matching import ALONE, AMBIGUOUS, INCOMPLETE, TWICE, Matches, Side, match
from evalkit.linking.pseudonyms import different_keys
from evalkit.linking.quality import quality_of
from evalkit.linking.thresholds import by_threshold
from evalkit.linking.waves import comparisons, incomparable, not_known, noted_of_both
from evalkit.result import Estimates

Ints = npt.NDArray[np.int64]

_AMBIGUOUS_COLUMNS = ("group", "wave", "row", "reason", "edits", "candidates")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Linkage:
    """Two waves put together, and what could not be.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Shape (pairs, columns), sorted by `row_before`: `pair` (1, 2, ...), `row_before` and `row_after` (positions in
        the two frames, from 1), `edits` (elements that differ), then every other column of the wave before with the
        ending `_before` and of the wave after with `_after`. The code itself is left out: it is personal data, and the
        rows lead back to it. ``attrs["scales"]`` notes the scales of the scores, as `score` does;
        ``attrs["comparability"]`` the verdicts on their versions, as the rows of `require_comparable_scores`. "unknown"
        are columns of numbers that do not say from which version they come; `repr` names them too.
    unmatched_before, unmatched_after : pandas.DataFrame
        All rows that are in no pair: `row_before` or `row_after`, `unlinked_because` (the reason), then the other
        columns under their own names, the code left out.
    ambiguous : pandas.DataFrame
        Shape (refused rows, 6): `group` (rows that compete for each other have the same number), `wave` ("before",
        "after"), `row` (position from 1), `reason`, `edits` (differing elements at which it was refused, missing for a
        repeated code that nothing fitted), `candidates` (rows of the other wave that fitted equally well).
    quality : Estimates
        At each number of allowed edits: pairs, matched shares, refused rows, expected false pairs.
    max_edits : int
        The most elements that were allowed to differ.
    """

    pairs: pd.DataFrame
    unmatched_before: pd.DataFrame
    unmatched_after: pd.DataFrame
    ambiguous: pd.DataFrame
    quality: Estimates
    max_edits: int

    def __repr__(self) -> str:
        unknown = not_known(self.pairs.attrs.get("comparability", []))
        return (
            f"Linkage: {len(self.pairs)} pairs with at most {self.max_edits} differing elements; "
            f"{len(self.unmatched_before)} rows before and {len(self.unmatched_after)} after are in none, "
            f"{len(self.ambiguous)} of them refused" + (f"; not known to be comparable: {unknown}" if unknown else "")
        )

    def sensitivity(self, estimator: Callable[[pd.DataFrame], Estimates]) -> Estimates:
        """Estimate from the exact pairs only, then from those with one differing element too, and so on.

        Parameters
        ----------
        estimator : callable
            Takes `pairs` (or the part of it at a threshold) and returns `Estimates`.

        Returns
        -------
        Estimates
            The rows of every threshold, with the columns `max_edits`, `n_pairs`, `false_pairs` (expected among
            them) and `n_least`, by which disclosure withholds a threshold when the next has only a few people more:
            the last, on all pairs, is the one that stands elsewhere too. Where the estimator refuses a threshold, its
            terms are there without numbers and the column `note` says why.

        Raises
        ------
        LinkageError
            DAT-009 when the estimator cannot be called or returns something else.
        EstimationError, DataError
            Those of the estimator, when it refuses every threshold.

        Notes
        -----
        A pair of two people adds a change that is the difference of strangers. Their mean change is about that of the
        others, so the mean moves little, but the spread of the changes grows and whatever rests on the correlation of
        the waves shrinks. Pairs with errors in the code may also be other people than those without.
        """
        return by_threshold(self.pairs, self.quality, self.max_edits, estimator)


def link(
    before: pd.DataFrame,
    after: pd.DataFrame,
    on: str | Sequence[str],
    *,
    max_edits: int | None = None,
    same_form: bool = True,
) -> Linkage:
    """Put the answers of the same people in two waves together by their self-generated codes.

    Parameters
    ----------
    before, after : pandas.DataFrame
        One row an answer. Shapes (rows, columns); frames from `score` keep what is known of their scales.
    on : str or sequence of str
        Columns that hold the elements of the code, in both frames, or the one column that holds a whole code. Texts,
        numbers or dates. Capitals, blanks, accents, punctuation and leading zeros do not count: 5, 5.0 and "05" are
        one. A missing element differs from everything, another missing one included.
    max_edits : int, optional
        How many whole elements may differ; 1 by default, 0 for a code in one column. Less than there are elements.
    same_form : bool, default True
        Whether both answered the same form, so that scores of one name must be comparable. False for the two forms of a
        dyad (mentee and mentor), which ask the same in other words: nothing is refused for its version, and the
        verdicts stand in ``pairs.attrs["comparability"]``. A difference between the two is then one between two
        questions, not only between two people.

    Returns
    -------
    Linkage
        The pairs, the rows in none, the refused rows, and how good the linkage is.

    Raises
    ------
    LinkageError
        DAT-003 for a missing column, DAT-009 for an argument of the wrong kind, DAT-010 for a column that is named or
        there more than once, LNK-001 for elements that cannot be read, LNK-002 when no row of a wave has enough of a
        code, LNK-003 when more elements may differ than the code can bear, LNK-004 when both waves are the same frame
        or column names would clash, LNK-005 when the code has too little variety, LNK-008 when the waves were
        pseudonymised with different keys, INS-033 for scores of versions that cannot be compared. All at once where
        they can be seen at once.

    Notes
    -----
    For 0, 1, ... `max_edits` differing elements in turn, among the rows that are not paired yet: as many pairs as
    possible, one to one. A pair is made only when every such assignment makes it; the other rows with a candidate are
    refused and listed in `ambiguous`, and so are rows whose code is more than once in their wave. Nothing is guessed,
    the order of the rows does not matter, and the pairs of a smaller `max_edits` are among those of a larger one.

    With four elements of which 6 in 100 are mistyped in one of the waves, 98 in 100 people have at most one error; with
    such errors in both waves 93 in 100, so that no `max_edits=1` can find more of them. Among 300 and 220 rows, two
    strangers agreeing with 1 in 420,000, more than 99 in 100 pairs are right when all of the second wave were in the
    first. When 70 of the 220 were not, 98 in 100 are with `max_edits=1` and 89 with 2, fewer with poorer codes: look at
    `false_pairs` in `quality`, and where it is more than you would mind use fewer edits.

    Examples
    --------
    >>> before = pd.DataFrame({"town": ["LE", "YO", "HU"], "day": [9, 17, 30], "score": [3.0, 2.5, 4.0]})
    >>> after = pd.DataFrame({"town": ["hu ", "Le", "SH"], "day": ["30", "09", "4"], "score": [4.5, 3.5, 2.0]})
    >>> linked = link(before, after, on=["town", "day"], max_edits=0)
    >>> linked.pairs[["row_before", "row_after", "score_before", "score_after"]].to_numpy().tolist()
    [[1.0, 2.0, 3.0, 3.5], [3.0, 1.0, 4.0, 4.5]]
    >>> linked.unmatched_before["unlinked_because"].tolist()
    ['no code like it in the other wave']
    """
    columns, edits = _checked(before, after, on, max_edits)
    before, after = with_text_names(before), with_text_names(after)
    found = comparisons(before, after, columns)
    require(incomparable(found) if same_form else [], different_keys(before, after, columns), error=LinkageError)
    left, right = numbered(before, after, columns)
    require(_too_little(left, right, edits), error=LinkageError)
    matches = match(left, right, edits)
    pairs = _pairs(matches, before, after, columns)
    pairs.attrs = {"scales": noted_of_both(before, after), "comparability": found.to_dict("records")}
    return Linkage(
        pairs=pairs,
        unmatched_before=_unmatched(before, matches.before, matches.left, columns, "before"),
        unmatched_after=_unmatched(after, matches.after, matches.right, columns, "after"),
        ambiguous=_ambiguous(matches),
        quality=quality_of(matches, left, right, edits),
        max_edits=edits,
    )


def _checked(
    before: pd.DataFrame, after: pd.DataFrame, on: str | Sequence[str], max_edits: int | None
) -> tuple[list[str], int]:
    columns = columns_of(on)
    edits = (1 if len(columns) > 1 else 0) if max_edits is None else max_edits
    require(_columns_named(columns, on), _edits_whole(edits), error=LinkageError)
    require(
        code_columns_missing(before, columns, "before"),
        code_columns_missing(after, columns, "after"),
        _too_many_edits(edits, len(columns)),
        error=LinkageError,
    )
    require(
        unreadable_elements(with_text_names(before), columns, "before"),
        unreadable_elements(with_text_names(after), columns, "after"),
        _names_clash(before, columns, "before"),
        _names_clash(after, columns, "after"),
        _same_wave(before, after, columns),
        error=LinkageError,
    )
    return columns, edits


def _edits_whole(edits: object) -> Problems:
    remedy = "Say how many elements of a code may differ: 0, 1 or 2."
    return [replace(problem, remedy=remedy) for problem in whole("max_edits", edits, low=0)]


def _columns_named(columns: list[str], on: object) -> Problems:
    if not columns:
        return [Problem("DAT-009", "on", repr(on), "one or more column names", "Name the columns that hold the code.")]
    return [
        Problem("DAT-010", "on", f'column "{name}" twice', "each column once", "Name each column once.")
        for name in dict.fromkeys(name for name in columns if columns.count(name) > 1)
    ]


def _too_many_edits(edits: int, elements: int) -> Problems:
    if edits < elements:
        return []
    return [
        Problem(
            "LNK-003",
            "max_edits",
            f"{edits} of {elements} elements",
            f"at most {elements - 1}",
            "Codes that agree in nothing are not the same person's. Allow 1, or 0 for a code in one column.",
        )
    ]


def _names_clash(frame: pd.DataFrame, columns: list[str], wave: str) -> Problems:
    reserved = {"row": f"row_{wave}", f"row_{wave}": f"row_{wave}", "unlinked_because": "unlinked_because"}
    return [
        Problem("LNK-004", wave, f'column "{name}"', f"no column that clashes with {taken}", "Rename the column.")
        for name, taken in reserved.items()
        if name in set(map(str, frame.columns)) and name not in columns
    ]


def _same_wave(before: pd.DataFrame, after: pd.DataFrame, columns: list[str]) -> Problems:
    more = len(before.columns) > len(columns)
    if len(before) and (before is after or (more and before.equals(after))):
        remedy = "Read the file of each wave; the names are easily mistaken for each other."
        return [Problem("LNK-004", "before and after", "the same frame twice", "two waves", remedy)]
    return []


def _too_little(left: Ints, right: Ints, edits: int) -> Problems:
    elements = left.shape[1]
    least = max(elements - edits, 1)
    return [
        Problem(
            "LNK-002",
            wave,
            f"{len(codes)} rows, none with {least} of the {elements} elements" if len(codes) else "no rows",
            f"rows with at least {least} elements of the code",
            "Check that the columns hold the code and that it was read as text.",
        )
        for wave, codes in (("before", left), ("after", right))
        if not ((codes >= 0).sum(axis=1) >= least).any()
    ]


def _others(frame: pd.DataFrame, columns: list[str], rows: Ints) -> pd.DataFrame:
    return frame.drop(columns=columns).iloc[rows].reset_index(drop=True)


def _pairs(matches: Matches, before: pd.DataFrame, after: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    own = pd.DataFrame(
        {
            "pair": np.arange(1, len(matches.before) + 1),
            "row_before": matches.before + 1,
            "row_after": matches.after + 1,
            "edits": matches.edits,
        }
    )
    left = _others(before, columns, matches.before).add_suffix("_before")
    right = _others(after, columns, matches.after).add_suffix("_after")
    left.attrs, right.attrs = {}, {}
    return pd.concat([own, left, right], axis=1)


def _unmatched(frame: pd.DataFrame, paired: Ints, side: Side, columns: list[str], wave: str) -> pd.DataFrame:
    rows = np.setdiff1d(np.arange(len(frame)), paired)
    part = _others(frame, columns, rows)
    part.insert(0, f"row_{wave}", rows + 1)
    part.insert(1, "unlinked_because", _reasons(side)[rows])
    return part


def _reasons(side: Side) -> npt.NDArray[np.object_]:
    reasons = np.full(len(side.twice), ALONE, dtype=object)
    for reason, rows in ((AMBIGUOUS, side.ambiguous), (TWICE, side.twice), (INCOMPLETE, side.incomplete)):
        reasons[rows] = reason
    return reasons


def _ambiguous(matches: Matches) -> pd.DataFrame:
    parts = []
    for wave, side in (("before", matches.left), ("after", matches.right)):
        rows = np.flatnonzero(side.group >= 0)
        parts.append(
            pd.DataFrame(
                {
                    "group": side.group[rows],
                    "wave": wave,
                    "row": rows + 1,
                    "reason": _reasons(side)[rows],
                    "edits": pd.array(side.refused_at[rows], dtype="Int64"),
                    "candidates": side.candidates[rows],
                }
            )
        )
    listed = pd.concat(parts, ignore_index=True)
    listed.loc[listed["edits"] < 0, "edits"] = pd.NA
    listed["group"] = pd.factorize(listed["group"])[0] + 1
    return listed.sort_values("group", kind="stable", ignore_index=True)[list(_AMBIGUOUS_COLUMNS)]
