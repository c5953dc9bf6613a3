"""Reliability of scales: Cronbach's alpha and omega total, with intervals."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, EstimationError, Problem, did_you_mean
from evalkit.measurement.keyed import KeyedScale, Scales, keyed_scales
from evalkit.numeric.reliability import alpha, feldt_interval, omega_total, one_factor, pairwise_covariance
from evalkit.numeric.threads import one_blas_thread
from evalkit.numeric.values import Interval
from evalkit.result import Estimates, Method, estimates

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Missing = Literal["listwise", "pairwise"]
_RULES = ("listwise", "pairwise")
_UNKEYED = "looks unkeyed"
_NOTHING = Interval(np.nan, np.nan, np.nan)


class UnkeyedItemWarning(UserWarning):
    """An item runs against the rest of its scale."""


@dataclass(frozen=True, slots=True, eq=False)
class ScaleReliability:
    """The reliability of one scale.

    Parameters
    ----------
    rows : list of dict
        A row for alpha and one for omega total.
    n : int
        The larger of their numbers of respondents.
    used : numpy.ndarray
        Shape (respondents,), bool: whose answers at least one of the two estimates rests on.
    """

    rows: list[dict[str, object]]
    n: int
    used: Flags


def scale_reliability(scale: KeyedScale, missing: Missing, level: float) -> ScaleReliability:
    """Estimate the reliability of one scale.

    Parameters
    ----------
    scale : KeyedScale
        Its answers.
    missing : {"listwise", "pairwise"}
        Which answers alpha rests on.
    level : float
        Confidence level.

    Returns
    -------
    ScaleReliability
        Its `n` for alpha is the number of complete respondents, or of the pair of items that the fewest answered; for
        omega total always the former.
    """
    given = np.isfinite(scale.answers)
    complete = given.all(axis=1)
    whole, covariance = scale.answers[complete], _covariance(scale.answers[complete])
    if missing == "pairwise":
        of_alpha, n = pairwise_covariance(scale.answers)
        on_alpha = given.any(axis=1)
    else:
        of_alpha, n, on_alpha = covariance, len(whole), complete
    flag = _unkeyed_note(scale, of_alpha)
    alpha_row = _alpha(of_alpha, n, len(scale.items), level)
    alpha_notes = "; ".join(note for note in (flag, _flat_note(scale, of_alpha, n)) if note)
    omega_row, omega_note = _omega(covariance, len(whole), len(scale.items), level)
    notes = "; ".join(note for note in (flag, omega_note) if note)
    return ScaleReliability(
        [
            _row("alpha", scale.name, alpha_row, n, alpha_notes),
            _row("omega_total", scale.name, omega_row, len(whole), notes),
        ],
        max(n, len(whole)),
        (on_alpha & np.isfinite(alpha_row.estimate)) | (complete & np.isfinite(omega_row.estimate)),
    )


def _alpha(covariance: Floats, n: int, items: int, level: float) -> Interval:
    if n < 2 or not np.isfinite(covariance).all():
        return _NOTHING
    point = alpha(covariance)
    return feldt_interval(point, n, items, level=level) if np.isfinite(point) else _NOTHING


def _row(term: str, group: str, interval: Interval, n: int, flag: str) -> dict[str, object]:
    return {
        "term": term,
        "group": group,
        "estimate": interval.estimate,
        "std_error": interval.std_error,
        "conf_low": interval.low,
        "conf_high": interval.high,
        "n": n,
        "flag": flag,
    }


def _covariance(answers: Floats) -> Floats:
    items = answers.shape[1]
    return np.cov(answers, rowvar=False, ddof=1) if len(answers) > 1 else np.full((items, items), np.nan)


def _omega(covariance: Floats, n: int, items: int, level: float) -> tuple[Interval, str]:
    if items < 3:
        return _NOTHING, "omega needs three items"
    if n <= items or not np.isfinite(covariance).all() or np.linalg.eigvalsh(covariance)[0] <= 1e-10:
        return _NOTHING, "omega not estimable: too few complete answers, or an item without variance"
    # Maximum likelihood divides by n.
    model = one_factor(covariance * (n - 1) / n, n)
    if not model.converged:
        return _NOTHING, "omega not estimable: the one-factor model did not settle"
    note = "one-factor model at its edge (Heywood case): no interval" if model.heywood else ""
    return omega_total(model, level=level), note


def _flat_note(scale: KeyedScale, covariance: Floats, n: int) -> str:
    if n < 2 or not np.isfinite(covariance).all():
        return "alpha not estimable: too few complete answers"
    flat = [item for item, variance in zip(scale.items, np.diag(covariance), strict=True) if variance <= 0]
    return f"without variance: {', '.join(flat)}" if flat else ""


def _unkeyed_note(scale: KeyedScale, covariance: Floats) -> str:
    spread = np.sqrt(np.diag(covariance))
    if not np.isfinite(covariance).all() or (spread <= 0).any():
        return ""
    # The first principal axis of the correlations, turned towards most items: who points the other way?
    axis = np.linalg.eigh(covariance / np.outer(spread, spread))[1][:, -1]
    turned = axis if axis.sum() >= 0 else -axis
    against = [item for item, value in zip(scale.items, turned, strict=True) if value < 0]
    return f"{_UNKEYED}: {', '.join(against)}" if against else ""


def reliability(
    responses: pd.DataFrame, scales: Scales, *, missing: Missing = "listwise", level: float = 0.95
) -> Estimates:
    """Internal consistency of each scale: the share of the variance of its score that its items have in common.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns), one column for each item, numbers in the codes of the answer scale; missing or
        text is not answered.
    scales : Instrument, str, pathlib.Path or mapping of str to sequence of str
        An instrument (reverse-keyed items are turned round), its id or file; or scale -> item columns, keyed by you.
    missing : {"listwise", "pairwise"}, default "listwise"
        Alpha from respondents who answered every item of the scale, or from every pair of answers. Omega is always
        listwise.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        For each scale (column `group`) the terms `alpha` (Feldt's interval) and `omega_total` (one-factor model by
        maximum likelihood on the covariance, delta interval on the logit scale). `n` is that of the scale: complete
        respondents, or with "pairwise" for alpha those who answered the pair of items that the fewest did. The method
        counts as used whoever is used for at least one estimate, and says why the others are not. The extra column
        `flag` names items that look unkeyed or are without variance, and why alpha or omega is missing.

    Raises
    ------
    DataError
        DAT-002 for an answer outside the range of its scale or infinite, DAT-003 for a missing column, DAT-009 for no
        scale, a scale of fewer than two items or with one item twice, an item without answers or an unknown rule for
        missing answers, DAT-016 for answers that were read with an instrument or version that cannot be compared.
    EstimationError
        EST-001 when no scale has two complete respondents (with "pairwise": nor two who answered every pair of items).

    Warns
    -----
    UnkeyedItemWarning
        When an item runs against the rest of its scale: reverse it, or ask why.

    References
    ----------
    .. [1] Feldt LS, Woodruff DJ, Salih FA (1987). Appl Psychol Meas 11:93-103.
    .. [2] McDonald RP (1999). Test Theory: A Unified Treatment, chapter 6.

    Examples
    --------
    >>> answers = pd.DataFrame({"a": [1, 2, 3, 4, 5, 3, 1], "b": [2, 2, 3, 5, 4, 1, 2], "c": [1, 3, 3, 4, 5, 2, 2]})
    >>> reliability(answers, {"all": ["a", "b", "c"]}).frame["estimate"].round(3).tolist()
    [0.914, 0.921]
    """
    if missing not in _RULES:
        problem = Problem("DAT-009", "missing", f'"{missing}"', " or ".join(_RULES), did_you_mean(missing, _RULES))
        raise DataError(problem)
    keyed = keyed_scales(responses, scales)
    with one_blas_thread():
        found = [scale_reliability(scale, missing, level) for scale in keyed]
    rows = [row for one in found for row in one.rows]
    if max(one.n for one in found) < 2:
        raise EstimationError(
            Problem(
                "EST-001", "responses", "fewer than two complete respondents", "at least two", "Gather more answers."
            )
        )
    for row in rows[::2]:
        if str(row["flag"]).startswith(_UNKEYED):
            warnings.warn(f"{row['group']} {row['flag']}", UnkeyedItemWarning, stacklevel=2)
    used = np.any([one.used for one in found], axis=0)
    dropped = _dropped(keyed, used, missing)
    method = Method(
        name="internal consistency",
        estimand="the share of the variance of a scale's score that its items have in common",
        unit="proportion of variance",
        level=level,
        interval="Feldt for alpha, delta on the logit scale for omega",
        n_given=len(responses),
        n_used=int(used.sum()),
        n_dropped=dropped,
        assumptions=(
            f"missing answers: {missing} for alpha, listwise for omega",
            "n used: respondents on whom at least one of the estimates rests; the n of each row is that of its scale"
            + (", for alpha of the two items that the fewest answered" if missing == "pairwise" else ""),
            "alpha: all items measure the same thing equally well; omega: one factor",
        ),
        references=("Feldt LS et al. (1987) Appl Psychol Meas 11:93-103", "McDonald RP (1999), chapter 6"),
    )
    return estimates(rows, method)


def _dropped(keyed: list[KeyedScale], used: Flags, missing: Missing) -> dict[str, int]:
    """Count those on whom nothing rests, by reason."""
    given = [np.isfinite(scale.answers) for scale in keyed]
    answered = np.any([some.any(axis=1) for some in given], axis=0)
    enough = answered if missing == "pairwise" else np.any([some.all(axis=1) for some in given], axis=0)
    reasons = {
        "no item answered": ~answered,
        "no scale answered in full": answered & ~enough,
        "only scales that could not be estimated": enough & ~used,
    }
    return {reason: int(people.sum()) for reason, people in reasons.items() if people.any()}
