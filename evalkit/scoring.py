"""From responses and an instrument to scores: the rules of `evalkit.instruments.rules`, all respondents at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import DataError, InstrumentError, Problem
from evalkit.frames import missing_columns, require, rows_named
from evalkit.instruments import Instrument, form_at, load_instrument
from evalkit.instruments.answer_notes import foreign_answers
from evalkit.instruments.comparability import NOT
from evalkit.instruments.ledger import not_comparable
from evalkit.instruments.model import SKIPPED, Scale
from evalkit.instruments.rules import from_mean
from evalkit.instruments.score_comparisons import (
    KEPT,
    SCALES,
    VERDICT_COLUMNS,
    notes_of,
    shared_scores,
    verdicts_between,
)
from evalkit.instruments.score_notes import gravest, noted_form

Floats = npt.NDArray[np.float64]
SOURCE = "source"


def score(
    responses: pd.DataFrame, instrument: Instrument | str | Path, *, keep: str | Sequence[str] = ()
) -> pd.DataFrame:
    """Score every respondent on every scale whose items were asked.

    Parameters
    ----------
    responses : pandas.DataFrame
        Shape (respondents, columns). One column for each item, named by its id, in the values of its options; a missing
        value, or a text such as "pnts", is not answered. Other columns are left alone.
    instrument : Instrument or str or pathlib.Path
        The instrument, its id, or its file. Retrospective questions are found under their own names (`listen_then`).
    keep : str or sequence of str
        Columns of `responses` to keep beside the scores, before them: the code for `link`, ids, groups. Joining them to
        the scores with pandas instead loses what the scores note.

    Returns
    -------
    pandas.DataFrame
        Shape (respondents, kept columns + scales), the index of `responses`. One column of floats for each scale, in
        the unit of its rule; NaN where fewer items than `min_answered` were answered. ``attrs["scales"]`` notes for
        each of these from which instrument and version it comes, and what decides whether it can be compared: see
        `pool_scores` and `require_comparable_scores`; ``attrs["kept"]`` lists the kept columns, which are no scores.

    Raises
    ------
    DataError
        DAT-003 when no scale has all its items among the columns, when one has only some of them, or for a column to
        keep that is not there; DAT-002 for answers outside the range of their scale or between its points and DAT-004
        for texts that are no answer, with the rows; DAT-007 for a column to keep that has the name of a scale; DAT-009
        for no frame, DAT-010 for a column that is there twice, DAT-016 for answers that were read with another
        instrument or version that cannot be compared, or whose columns ``instrument`` or ``version`` say so.
    InstrumentError
        INS-001 for an unknown instrument.

    Examples
    --------
    >>> answers = pd.DataFrame({"att_belong": [5, 4], "att_recommend": [4, None], "att_care": [4, 3],
    ...                         "att_future": [5, None], "att_leaving": [1, 2]})
    >>> score(answers, "return-to-work-transition")["attachment_scale"].round(2).tolist()
    [4.6, 3.67]
    """
    require(frame_with_names(responses, "responses"))
    loaded = instrument if isinstance(instrument, Instrument) else load_instrument(instrument)
    kept = [keep] if isinstance(keep, str) else list(keep)
    known = _known_scales(loaded)
    scales = _asked(responses, {name: scale for name, (scale, _) in known.items()})
    require(
        _not_to_keep(responses, kept, scales), foreign_answers(responses, loaded, [known[one.id] for one in scales])
    )
    declined = _ways_to_decline(loaded)
    require(*(_unread(responses, scale, declined) for scale in scales))
    values = {scale.id: keyed_answers(responses, scale) for scale in scales}
    require(*(_outside(responses, *known[scale.id], values[scale.id]) for scale in scales))
    scores = pd.DataFrame({scale.id: _scores(values[scale.id], scale) for scale in scales}, index=responses.index)
    if kept:
        scores = pd.concat([responses[kept], scores], axis=1)
        scores.attrs = {KEPT: kept}
    scores.attrs[SCALES] = {scale.id: noted_form(*known[scale.id]) for scale in scales}
    return scores


def frame_with_names(frame: object, place: str) -> list[Problem]:
    """Find what is no frame, and columns whose names are there twice.

    Parameters
    ----------
    frame : object
        What should be a frame.
    place : str
        Where it is, for messages.

    Returns
    -------
    list of Problem
        DAT-009 or DAT-010.
    """
    if not isinstance(frame, pd.DataFrame):
        remedy = "Give the frame of read_responses or of score."
        return [Problem("DAT-009", place, type(frame).__name__, "a pandas DataFrame", remedy)]
    twice = frame.columns[frame.columns.duplicated()].unique()
    return [
        Problem("DAT-010", f"{place}, column {name}", "there more than once", "each column once", "Rename or drop one.")
        for name in twice
    ]


def _not_to_keep(responses: pd.DataFrame, kept: list[str], scales: Sequence[Scale]) -> list[Problem]:
    problems = missing_columns(responses, kept, "responses")
    for name in dict.fromkeys(kept):
        if kept.count(name) > 1:
            problems.append(Problem("DAT-010", "keep", f"column {name} twice", "each column once", "Name it once."))
        if any(name == scale.id for scale in scales):
            problems.append(
                Problem("DAT-007", f"responses, column {name}", "the name of a scale", "another name", "Rename it.")
            )
    return problems


def _ways_to_decline(instrument: Instrument) -> set[str]:
    missing = {str(option.value) for options in instrument.options for option in options.options if option.missing}
    return {SKIPPED, "not_asked", "", *missing}


def _unread(responses: pd.DataFrame, scale: Scale, declined: set[str]) -> list[Problem]:
    """Find texts that are neither numbers nor a way to decline: labels in place of codes, most likely."""
    problems = []
    for item in scale.items:
        column = responses[item]
        if pd.api.types.is_numeric_dtype(column):
            continue
        text = column.notna() & pd.to_numeric(column, errors="coerce").isna()
        rows = np.flatnonzero(text & ~column.astype(str).isin(declined)) + 1
        if len(rows):
            problems.append(
                Problem(
                    "DAT-004",
                    f"responses, column {item}",
                    f"{len(rows)} texts that are no answer ({rows_named(rows)} of {len(responses)})",
                    "codes of the answers, or missing",
                    "Read the file with read_responses(path, instrument), which knows the labels.",
                )
            )
    return problems


def asked_scales(responses: pd.DataFrame, instrument: Instrument) -> list[Scale]:
    """List the scales whose items are among the columns, those of retrospective questions included.

    Answers that were read with an instrument or version that cannot be compared are refused.

    Parameters
    ----------
    responses : pandas.DataFrame
        Columns named by item.
    instrument : Instrument
        The instrument.

    Returns
    -------
    list of Scale
        In the order of the instrument.

    Raises
    ------
    DataError
        DAT-003 when a scale has only some of its items among the columns, or none has any; DAT-009 for no frame,
        DAT-010 for a column that is there twice; DAT-016 for answers to another instrument or version.
    """
    require(frame_with_names(responses, "responses"))
    known = _known_scales(instrument)
    scales = _asked(responses, {name: scale for name, (scale, _) in known.items()})
    require(foreign_answers(responses, instrument, [known[scale.id] for scale in scales]))
    return scales


def _asked(responses: pd.DataFrame, known: Mapping[str, Scale]) -> list[Scale]:
    columns = set(map(str, responses.columns))
    present = {name: columns.intersection(scale.items) for name, scale in known.items()}
    problems = [
        Problem(
            "DAT-003",
            f"responses, scale {name}",
            f"no column {', '.join(item for item in known[name].items if item not in found)}",
            "a column for each item of the scale",
            "Add the columns, empty where nobody was asked; or drop the items from the instrument with adapt().",
        )
        for name, found in present.items()
        if found and len(found) < len(known[name].items)
    ]
    if not any(present.values()):
        problems.append(
            Problem(
                "DAT-003",
                "responses",
                "no item of any scale",
                f"columns such as {', '.join(next(iter(known.values())).items[:3]) if known else 'items'}",
                "Read the answers with read_responses(path, instrument).",
            )
        )
    require(problems)
    return [scale for name, scale in known.items() if present[name]]


def _known_scales(instrument: Instrument) -> dict[str, tuple[Scale, Instrument]]:
    """Name -> scale and the instrument or form in which it stands, those of retrospective questions included."""
    forms = [form_at(instrument, wave.id) for wave in instrument.waves if wave.asked_with is None]
    known = {scale.id: (scale, form) for form in forms for scale in form.scales}
    return {**{scale.id: (scale, instrument) for scale in instrument.scales}, **known}


def keyed_answers(responses: pd.DataFrame, scale: Scale) -> Floats:
    """Take the answers to a scale's items, reverse-keyed ones turned round.

    Parameters
    ----------
    responses : pandas.DataFrame
        Columns named by item.
    scale : Scale
        The scale.

    Returns
    -------
    numpy.ndarray
        Shape (respondents, items), NaN where not answered.
    """
    low, high = scale.range
    columns = []
    for item in scale.items:
        answers = answered(responses[item])
        columns.append(low + high - answers if item in scale.reverse else answers)
    return np.column_stack(columns)


def answered(column: pd.Series) -> Floats:
    """Take the numbers of a column of answers.

    Parameters
    ----------
    column : pandas.Series
        Shape (respondents,), numbers, or numbers and texts.

    Returns
    -------
    numpy.ndarray
        Shape (respondents,), NaN where the answer is missing or a text such as "pnts".
    """
    numbers = column if pd.api.types.is_numeric_dtype(column) else pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=float, na_value=np.nan))


def _outside(responses: pd.DataFrame, scale: Scale, form: Instrument, keyed: Floats) -> list[Problem]:
    """Find values beyond the range of the scale, and between its points where an item has options."""
    low, high = scale.range
    outside = (keyed < low) | (keyed > high)
    problems = []
    for position, item in enumerate(scale.items):
        points = _points(form, item, low + high if item in scale.reverse else None)
        between = ~outside[:, position] & np.isfinite(keyed[:, position]) & (len(points) > 0)
        between &= ~np.isin(keyed[:, position], points)
        for wrong, where in ((outside[:, position], "outside"), (between, "between the points of")):
            rows = np.flatnonzero(wrong) + 1
            if len(rows):
                problems.append(
                    Problem(
                        "DAT-002",
                        f"responses, column {item}",
                        f"{len(rows)} values {where} {low:g} to {high:g} ({rows_named(rows)} of {len(responses)})",
                        f"{low:g} to {high:g}, or missing" if where == "outside" else "the values of its options",
                        "Recode them or mark them missing before scoring.",
                    )
                )
    return problems


def _points(form: Instrument, item: str, mirror: float | None) -> list[float]:
    """List the keyed values of an item's options; none for a number that people type."""
    options = form.option_sets.get(form.by_id[item].options or "")
    numbers = options.numbers if options else ()
    return [float(number) if mirror is None else mirror - number for number in numbers]


def _scores(keyed: Floats, scale: Scale) -> Floats:
    given = np.isfinite(keyed)
    count = given.sum(axis=1)
    total = np.where(given, keyed, 0.0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / count
    # from_mean is linear in the mean: applying it to 0 and 1 gives the line, for all respondents at once.
    start, one = from_mean(0.0, scale), from_mean(1.0, scale)
    return np.where(count >= scale.min_answered, start + (one - start) * mean, np.nan)


def require_comparable_scores(
    *frames: pd.DataFrame, scales: Sequence[str | Sequence[str]] | None = None
) -> pd.DataFrame:
    """Refuse to compare or pool scores of versions that cannot be.

    Parameters
    ----------
    *frames : pandas.DataFrame
        Two or more, from `score`. Shape (respondents, scales) each.
    scales : sequence, optional
        The columns to compare: a name, or one name for each frame, such as ``("mentoring_scale",
        "mentoring_scale_then")``. By default the columns that two or more frames have and that one of them knows as a
        scale, and the columns of numbers that two or more have, unless they were kept as no scores (`keep` of `score`).

    Returns
    -------
    pandas.DataFrame
        Shape (scales, 4): ``scale``; ``verdict``, "comparable", "comparable with care" or "unknown" (a frame has lost
        its ``attrs``, or its column has another name now); ``rule``, the rules that decide; ``between``, the versions.
        With more than two frames, the gravest verdict of any two.

    Raises
    ------
    InstrumentError
        INS-033 for every scale and two versions that cannot be compared.
    DataError
        DAT-003 when a frame does not have a column of `scales`, DAT-009 for fewer than two frames, what is no frame or
        a wrong count of names, DAT-010 for a column that is there twice.

    See Also
    --------
    evalkit.instruments.require_comparable : The same for instruments; the rules stand in
        `evalkit.instruments.comparability`.

    Examples
    --------
    >>> answers = pd.DataFrame({"att_belong": [5], "att_recommend": [4], "att_care": [4], "att_future": [5],
    ...                         "att_leaving": [1]})
    >>> before, after = (score(answers, "return-to-work-transition") for _ in range(2))
    >>> require_comparable_scores(before, after)["verdict"].tolist()
    ['comparable']
    """
    rows = _names_to_compare(frames, scales)
    found = []
    problems = []
    for names in rows:
        verdicts = list(verdicts_between(frames, names))
        scale = next(name for name in names if name is not None)
        problems += [not_comparable(between, scale, rule) for verdict, rule, between in verdicts if verdict == NOT]
        found.append((scale, *gravest(verdicts)))
    if problems:
        raise InstrumentError(dict.fromkeys(problems))
    return pd.DataFrame(found, columns=list(VERDICT_COLUMNS))


def pool_scores(
    frames: Mapping[str, pd.DataFrame] | Sequence[pd.DataFrame], names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Put scores of several surveys, sites or years into one frame, those of one scale only where they can be compared.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame, or sequence of pandas.DataFrame
        Two or more, from `score`; other columns may stand beside the scores. Shape (respondents, columns) each.
    names : sequence of str, optional
        What to call the frames, when they are a sequence; else their numbers from 1, as text.

    Returns
    -------
    pandas.DataFrame
        Shape (respondents of all, 1 + columns of any), with a new index. First ``source``, the name of the frame that a
        row came from; a column that a frame does not have is missing there. ``attrs["scales"]`` keeps what is known of
        the scales, so that the pool can itself be compared and pooled, and ``attrs["comparability"]`` the verdicts, as
        the rows of `require_comparable_scores`: report those "with care" and "unknown".

    Raises
    ------
    InstrumentError
        INS-033 for every scale and two versions that cannot be compared.
    DataError
        DAT-009 for fewer than two frames, for what is no frame, or names that are too many, too few or not different;
        DAT-007 when a frame has a column ``source`` already, DAT-010 when it has a column twice.

    Examples
    --------
    >>> answers = pd.DataFrame({"att_belong": [5], "att_recommend": [4], "att_care": [4], "att_future": [5],
    ...                         "att_leaving": [1]})
    >>> scores = score(answers, "return-to-work-transition")
    >>> pool_scores({"north": scores, "south": scores}).round(1).values.tolist()
    [['north', 4.6], ['south', 4.6]]
    """
    parts = list(frames.values()) if isinstance(frames, Mapping) else list(frames)
    called = _called(frames, names, len(parts))
    require(*(frame_with_names(part, name) for name, part in zip(called, parts, strict=True)))
    taken = [
        Problem("DAT-007", name, "a column source", "no column of that name", "Rename it before pooling.")
        for name, part in zip(called, parts, strict=True)
        if SOURCE in part.columns
    ]
    require(taken)
    verdicts = require_comparable_scores(*parts)
    pooled = pd.concat(
        [part.assign(**{SOURCE: name}) for name, part in zip(called, parts, strict=True)], ignore_index=True
    )
    pooled = pooled[[SOURCE, *(column for column in pooled.columns if column != SOURCE)]]
    pooled.attrs = {
        "scales": {
            column: _noted_of_all(parts, column) for column in pooled.columns if any(notes_of(p, column) for p in parts)
        },
        "comparability": verdicts.to_dict("records"),
    }
    return pooled


def _called(frames: object, names: Sequence[str] | None, count: int) -> list[str]:
    if isinstance(frames, Mapping) and names is None:
        return [str(name) for name in frames]
    called = [str(number) for number in range(1, count + 1)] if names is None else [str(name) for name in names]
    if isinstance(frames, Mapping) or len(called) != count or len(set(called)) != count:
        found = f"{len(called)} names for {count} frames" if len(called) != count else "names twice, or in both places"
        remedy = "Give a mapping of name to frame, or a list of frames with as many different names."
        raise DataError(Problem("DAT-009", "names", found, "one name for each frame", remedy))
    return called


def _names_to_compare(
    frames: Sequence[pd.DataFrame], scales: Sequence[str | Sequence[str]] | None
) -> list[tuple[str | None, ...]]:
    """List the columns to compare: for each scale its name in each frame, None where a frame does not have it."""
    if len(frames) < 2:
        raise DataError(Problem("DAT-009", "frames", f"{len(frames)}", "two or more", "Give all frames of scores."))
    require(*(frame_with_names(frame, f"frame {position}") for position, frame in enumerate(frames, start=1)))
    if scales is None:
        return [tuple(name if name in frame.columns else None for frame in frames) for name in shared_scores(frames)]
    rows = [(one,) * len(frames) if isinstance(one, str) else tuple(one) for one in scales]
    problems = [
        Problem("DAT-009", "scales", f"{len(row)} names", f"{len(frames)}, one for each frame", "Name one column each.")
        for row in rows
        if len(row) != len(frames)
    ]
    problems += [
        Problem("DAT-003", f"frame {position}", f"no column {name}", "a column of scores", "Score it first.")
        for row in rows
        for position, (name, frame) in enumerate(zip(row, frames, strict=False), start=1)
        if name not in frame.columns
    ]
    require(problems)
    return list(rows)


def _noted_of_all(frames: Sequence[pd.DataFrame], column: object) -> object:
    notes = [note for frame in frames for note in notes_of(frame, column)]
    different = [note for position, note in enumerate(notes) if note not in notes[:position]]
    return different[0] if len(different) == 1 else different
