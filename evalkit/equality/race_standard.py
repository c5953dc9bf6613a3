"""The nine indicators of the Workforce Race Equality Standard, each with its own direction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from evalkit.equality.composition import representation
from evalkit.equality.computability import computable, reason_of
from evalkit.equality.contrasts import Row, side_of
from evalkit.equality.count_tables import checked_counts
from evalkit.equality.inputs import Workforce, check_frames
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.mappings import NOT_STATED, load_mapping
from evalkit.equality.race_standard_counts import BOARD, COLUMNS, GROUPS, wres_counts
from evalkit.equality.staff_columns import level_problems
from evalkit.equality.survey_gaps import survey_gap
from evalkit.equality.typed_columns import Mappings
from evalkit.errors import DataError, EstimationError, EvalkitError, Problem
from evalkit.frames import require
from evalkit.result import Estimates, Method, estimates

NOT_COMPUTABLE = "not computable"
_NEITHER = "none"
_LIKELIHOOD, _DIFFERENCE = "relative likelihood", "difference of proportions"


def wres(
    data: Workforce | Mapping[str, pd.DataFrame] | pd.DataFrame,
    *,
    ethnicity: pd.DataFrame | None = None,
    bands: pd.DataFrame | None = None,
    allow_gaps: bool = False,
    level: float = 0.95,
) -> Estimates:
    """The nine indicators by year: shares and gaps as proportions, relative likelihoods as ratios.

    Parameters
    ----------
    data : Workforce, mapping of str to pandas.DataFrame, or pandas.DataFrame
        Standard inputs, read by `read_workforce` or as frames by name (then they are checked first). Or a frame of
        counts with the columns `year`, `indicator` ("1" to "9"), `part`, `group` (BME, white, not stated), `n`,
        `events`, as `wres_counts` gives them.
    ethnicity, bands : pandas.DataFrame, optional
        Mappings in place of those of evalkit; else those with which a `Workforce` was read.
    allow_gaps : bool, default False
        Let years be missing from the series of an indicator.
    level : float, default 0.95
        Confidence level.

    Returns
    -------
    Estimates
        Rows by `indicator` and `year`. 1: share of each group in each band, clinical and non-clinical, and its gap to
        the whole workforce (`band`). 2, 3, 4: rate of each group and their ratio, white over BME, BME over white and
        white over BME; above 1 is adverse to BME staff in all three. 5 to 8: share of each group that says yes, and BME
        less white. 9: share of each group on the board and in the workforce, and the gap: times 100 the percentage
        points of the standard. People whose ethnicity is not stated have rows, are in no ratio, and are part of the
        board and the workforce. Extra columns: those of `representation`, `relative_likelihood` and `survey_gap`, and
        `title`. `adverse` says on which side a value is worse ("above 1", "below 0", of rates and shares "above" or
        "below"), or "none" where no side is: what share of a band a group is. What cannot be computed has a row "not
        computable" with the reason in `flag`.

    Raises
    ------
    DataError
        As `check_frames`; of counts DAT-003 or DAT-009 for columns, DAT-002 for what is no count, DAT-006 for an
        unknown indicator or group, DAT-007 for more people with an outcome than people or a year missing
        from a series, DAT-010 for a repeated row.
    EstimationError
        EST-001 when no indicator can be computed.

    Notes
    -----
    A board of a dozen tells little: the limits of indicator 9 are Newcombe's of the board against the rest of the
    workforce, carried over, and as wide as they must be. The board is part of the workforce where it is in the staff
    file.

    References
    ----------
    .. [1] NHS England. Workforce Race Equality Standard, technical guidance: the nine indicators.
    .. [2] Koopman PAR (1984). Biometrics 40:513-517.
    .. [3] Newcombe RG (1998). Stat Med 17:873-890, method 10.

    Examples
    --------
    >>> counts = pd.DataFrame(
    ...     {"year": 2024, "indicator": "2", "part": "", "group": ["BME", "white"], "n": [90, 200], "events": [18, 60]}
    ... )
    >>> found = wres(counts).frame.set_index("term")
    >>> round(float(found.loc["relative_likelihood", "estimate"]), 3), found.loc["relative_likelihood", "group"]
    (1.5, 'white over BME')
    """
    require(level_problems(level))
    own = own_mappings(data, {"ethnicity": ethnicity, "bands": bands})
    counts, reasons = _counts(data, own, allow_gaps=allow_gaps)
    rows: list[Row] = []
    used: list[pd.DataFrame] = []
    for about in load_mapping("wres_indicators").to_dict("records"):
        table = counts[counts["indicator"] == about["indicator"]]
        lead: Row = {"indicator": about["indicator"], "title": about["title"]}
        why = reasons.get(about["indicator"], "") or ("" if len(table) else "no counts of it")
        found: list[Row] = []
        try:
            found = [] if why else list(_rows(about, table, level))
        except EvalkitError as error:
            why = reason_of(error)
        if found and not why:
            used.append(table)
            rows += [lead | row for row in found]
        else:
            why = why or "a group has one person or nobody in every year"
            rows.append(lead | {"term": NOT_COMPUTABLE, "flag": f"{NOT_COMPUTABLE}: {why}"})
    if not used:
        problem = Problem(
            "EST-001",
            "data",
            "no indicator can be computed",
            "the inputs of at least one",
            "Add inputs, or look at why.",
        )
        raise EstimationError(problem)
    return estimates(rows, _method(used, level))


def _counts(
    data: Workforce | Mapping[str, pd.DataFrame] | pd.DataFrame, own: Mappings, *, allow_gaps: bool
) -> tuple[pd.DataFrame, dict[str, str]]:
    if isinstance(data, pd.DataFrame):
        return _checked(data, allow_gaps=allow_gaps), {}
    frames = inputs_of(data, own, allow_gaps=allow_gaps)
    ethnicity = own.get("ethnicity")
    allowed = computable(frames, ethnicity=ethnicity)
    mine = allowed[allowed["framework"] == "WRES"]
    counts = wres_counts(frames, ethnicity=ethnicity, bands=own.get("bands"))
    return counts, dict(zip(mine["indicator"], mine["why_not"], strict=True))


def own_mappings(data: object, given: Mapping[str, pd.DataFrame | None]) -> Mappings:
    """Give the mappings that replace those of evalkit.

    Parameters
    ----------
    data : object
        What came in: of a `Workforce` those with which it was read.
    given : mapping of str to pandas.DataFrame or None
        Those that were passed beside it; they come first.

    Returns
    -------
    mapping of str to pandas.DataFrame
        By name.
    """
    read = data.mappings if isinstance(data, Workforce) else {}
    return {**read, **{name: table for name, table in given.items() if table is not None}}


def inputs_of(data: object, own: Mappings, *, allow_gaps: bool = False) -> Mapping[str, pd.DataFrame]:
    """Give typed standard inputs.

    Parameters
    ----------
    data : object
        What came in: a `Workforce`, or frames by name, which are checked first.
    own : mapping of str to pandas.DataFrame
        Mappings that replace those of evalkit.
    allow_gaps : bool, default False
        Let years be missing from a series.

    Returns
    -------
    mapping of str to pandas.DataFrame
        Name of the input -> frame.

    Raises
    ------
    DataError
        As `check_frames`; DAT-009 for anything else.
    """
    if isinstance(data, Workforce):
        return data.frames
    if isinstance(data, Mapping):
        return check_frames(data, mappings=own, allow_gaps=allow_gaps).frames
    expected = "a Workforce, frames by name, or a frame of counts"
    raise DataError(Problem("DAT-009", "data", type(data).__name__, expected, "Read the folder with read_workforce."))


def _checked(data: pd.DataFrame, *, allow_gaps: bool) -> pd.DataFrame:
    known = {"indicator": list(load_mapping("wres_indicators")["indicator"]), "group": list(GROUPS)}
    table, problems = checked_counts(data, COLUMNS, known, allow_gaps=allow_gaps)
    require(problems)
    return table.astype({"n": int, "events": int})


def _rows(about: Mapping[str, str], table: pd.DataFrame, level: float) -> Iterator[Row]:
    lacking = [name for name in GROUPS[:2] if not table.loc[table["group"] == name, "n"].sum()]
    if lacking:
        return
    if about["measure"] == _LIKELIHOOD:
        yield from _likelihood(about, table, level)
    elif about["measure"] == _DIFFERENCE:
        yield from _difference(about, table, level)
    else:
        yield from _gap(about, table, level)


def yearly_likelihood(table: pd.DataFrame, comparison: str, reference: str, *, level: float) -> Estimates:
    """Relative likelihood of an outcome by year, of counts; above 1 is adverse.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns `year`, `group`, `n` and `events`.
    comparison, reference : str
        The groups above and below the line.
    level : float
        Confidence level.

    Returns
    -------
    Estimates
        As `relative_likelihood`; years may be missing from the series.

    Raises
    ------
    EvalkitError
        As `relative_likelihood`.
    """
    return relative_likelihood(
        table, group="group", outcome="events", total="n", year="year", reference=reference, comparison=comparison,
        adverse_above_one=True, allow_gaps=True, level=level,
    )  # fmt: skip


def _likelihood(about: Mapping[str, str], table: pd.DataFrame, level: float) -> Iterator[Row]:
    try:
        found = yearly_likelihood(table, about["comparison"], about["reference"], level=level)
    except EstimationError:
        return
    # The group that the ratio above 1 is adverse to stands above the line where the outcome is an adverse one.
    worse = about["comparison"] == GROUPS[0]
    for row in _kept(found, ("rate", "relative_likelihood")):
        yield row | (side_of(worse) if row["term"] == "rate" else {})


def _difference(about: Mapping[str, str], table: pd.DataFrame, level: float) -> Iterator[Row]:
    try:
        found = survey_gap(
            table, group="group", agreed="events", answered="n", year="year", reference=about["reference"],
            comparison=about["comparison"], adverse=about["adverse"] == "above 0", allow_gaps=True, level=level,
        )  # fmt: skip
    except EstimationError:
        return
    yield from _kept(found, ("share", "gap"))


def _gap(about: Mapping[str, str], table: pd.DataFrame, level: float) -> Iterator[Row]:
    found = representation(table, group="group", band="part", counts="n", year="year", allow_gaps=True, level=level)
    below = about["adverse"] == "below 0"
    for row in _kept(found, ("share", "gap")):
        band = str(row["band"])
        gap = row["term"] == "gap"
        if gap and (band == "all" or (below and band != BOARD)):
            continue
        if about["indicator"] == "9" and band not in ("all", BOARD):
            continue
        yield row | {"adverse": about["adverse"] if gap and below and row["group"] == "BME" else _NEITHER}


def _kept(found: Estimates, terms: tuple[str, ...]) -> Iterator[Row]:
    frame = found.frame
    for record in frame[frame["term"].isin(terms)].to_dict("records"):
        yield {str(name): value for name, value in record.items()}


def _method(used: list[pd.DataFrame], level: float) -> Method:
    table = pd.concat(used)
    given = int(table["n"].sum())
    unstated = int(table.loc[table["group"] == NOT_STATED, "n"].sum())
    return Method(
        name="Workforce Race Equality Standard, indicators 1 to 9",
        estimand="how BME and white staff compare in representation, appointment, disciplinary process, training and "
        "what they say in the survey, in a workforce such as this one",
        unit="by row",
        scale="by row",
        level=level,
        interval="by row",
        n_given=given,
        n_used=given - unstated,
        n_dropped={"ethnicity not stated (part of the totals of 1 and 9)": unstated} if unstated else {},
        assumptions=(
            "n adds up people over indicators and years",
            "people are independent of each other",
            "12 months end with the snapshot; staff without a record of training had none",
            "survey: who did not answer would have answered alike",
        ),
        references=(
            "NHS England, Workforce Race Equality Standard, technical guidance",
            "Koopman PAR (1984) Biometrics 40:513-517",
            "Newcombe RG (1998) Stat Med 17:873-890",
        ),
    )
