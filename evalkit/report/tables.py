"""Released rows as a table for reading: as text, and as accessible HTML."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Collection, Sequence
from dataclasses import replace

import pandas as pd

from evalkit.disclosure.releasing import Released
from evalkit.disclosure.steps import SUPPRESSED
from evalkit.report import text
from evalkit.result import CURVE_COLUMNS, ESTIMATE_COLUMNS

WITHHELD = "withheld"
_HEADINGS = {
    "term": "Term",
    "group": "Group",
    "cause": "Cause",
    "time": "Time",
    "estimate": "Estimate",
    "std_error": "Std. error",
    "statistic": "Statistic",
    "df": "df",
    "p_value": "p",
    "n": "n",
    "n_at_risk": "At risk",
    "n_events": "Events",
    "n_censored": "Censored",
    "unit": "Unit",
    "interval": "Interval by",
    "flag": "Note",
    "note": "Remark",
}
_TERMS = {
    "chi_squared": "chi-squared",
    "chi_squared_yates": "chi-squared, Yates",
    "cohens_d": "Cohen's d",
    "fisher_exact": "Fisher's exact",
    "hedges_g": "Hedges' g",
    "logrank": "log-rank",
    "mean_difference_student": "mean difference (Student)",
    "mean_difference_welch": "mean difference (Welch)",
    "odds_ratio_conditional": "odds ratio (conditional)",
}
# Years and other times take no comma at the thousand.
_TIMES = ("time", "year", "baseline_year", "target_year")
_COUNTS = ("n", "n_at_risk", "n_events", "n_censored")
# Columns whose values are names in snake case.
_NAMES = ("term", "statistic")
# What every estimate of change carries along: read apart, so that the estimates fit on a page.
_APART = ("n_before", "n_after", "n_then", "floor_", "ceiling_", "scale_ends")
_APART_TITLE = "Answers in each wave and shares at the ends of the scale"
# Texts of a row that are longer stand below the table.
_LONGEST_CELL = 40


def readable(released: Released, digits: int = 3) -> pd.DataFrame:
    """Turn released rows into text for reading.

    Parameters
    ----------
    released : Released
        What may leave.
    digits : int, default 3
        Significant digits of numbers that are not counts.

    Returns
    -------
    pandas.DataFrame
        All text, readable headings, limits in one column, columns that apply nowhere left out, withheld numbers named.
    """
    frame = released.frame
    hidden = (frame["flag"] == SUPPRESSED) if "flag" in frame.columns else pd.Series(data=False, index=frame.index)
    columns: dict[str, pd.Series] = {}
    limits = {"conf_low", "conf_high"} <= set(frame.columns)
    for name in frame.columns:
        if (limits and name == "conf_high") or not _applies(frame, str(name), released):
            continue
        if limits and name == "conf_low":
            pairs = zip(frame["conf_low"], frame["conf_high"], strict=True)
            written = pd.Series(
                [text.interval(low, high, digits) for low, high in pairs], index=frame.index, dtype=object
            )
        else:
            written = _written(frame[name], str(name), released.counts, digits)
        numeric = pd.api.types.is_numeric_dtype(frame[name])
        heading = "Interval" if limits and name == "conf_low" else _heading(str(name))
        # Two columns may read alike: then the second keeps its own name.
        columns[heading if heading not in columns else _own(str(name), columns)] = written.mask(
            hidden & numeric & frame[name].isna(), WITHHELD
        )
    return pd.DataFrame(columns)


def _parts(released: Released) -> tuple[Released, Released | None, list[str]]:
    """Take apart what is read beside the estimates, and the sentences that no cell can hold."""
    frame = released.frame
    if tuple(frame.columns[: len(ESTIMATE_COLUMNS)]) != ESTIMATE_COLUMNS:
        return released, None, []
    extra = [str(name) for name in frame.columns[len(ESTIMATE_COLUMNS) :]]
    apart = [name for name in extra if name.startswith(_APART)]
    told = [name for name in extra if name != "flag" and _is_long(frame[name])]
    names = [name for name in ("term", "group") if _applies(frame, name, released)]
    beside = frame[[*names, *apart]].drop_duplicates() if apart else None
    main = replace(released, frame=frame.drop(columns=[*apart, *told]))
    sentences = [line for name in told for line in _sentences(frame, name, names)]
    return main, None if beside is None else replace(released, frame=beside, counts=(), caption=""), sentences


def _is_long(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values) and bool(values.astype(str).str.len().gt(_LONGEST_CELL).any())


def _sentences(frame: pd.DataFrame, name: str, names: list[str]) -> list[str]:
    """Write each text once, after the rows that it is about; after none when it is about all."""
    known = frame[frame[name].notna() & (frame[name].astype(str) != "")]
    lines = []
    for said, rows in known.groupby(known[name].astype(str), sort=False):
        about = ["; ".join(dict.fromkeys(_labels(rows, names)))] if len(rows) < len(frame) else []
        lines.append(": ".join([*about, str(said)]))
    return lines


def _labels(rows: pd.DataFrame, names: list[str]) -> list[str]:
    columns = [_written(rows[name], name, (), 3) for name in names]
    return [", ".join(cell for cell in cells if cell != text.MISSING) for cells in zip(*columns, strict=True)]


def _own(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "\u00a0"
    return name


def _heading(name: str) -> str:
    words = name if " " in name else name.replace("_", " ")
    return _HEADINGS.get(name, words[:1].upper() + words[1:])


def _applies(frame: pd.DataFrame, name: str, released: Released) -> bool:
    """Leave out columns of a result that are empty throughout, and the note on the scale of a standard error."""
    is_estimates = tuple(frame.columns[: len(ESTIMATE_COLUMNS)]) == ESTIMATE_COLUMNS
    if name == "scale":
        return not is_estimates
    if name in released.counts:
        return True
    empty = frame[name].isna() | (frame[name].astype(object) == "")
    promised = is_estimates or name in CURVE_COLUMNS or name in ESTIMATE_COLUMNS or name == "flag"
    return not (promised and bool(empty.all()))


def _written(values: pd.Series, name: str, counts: Sequence[str], digits: int) -> pd.Series:
    if (name in counts or name in _COUNTS) and pd.api.types.is_numeric_dtype(values):
        return values.map(text.count).astype(object)
    if name in _TIMES and pd.api.types.is_numeric_dtype(values):
        return values.map(lambda value: text.MISSING if pd.isna(value) else f"{value:.10g}").astype(object)
    if name == "p_value" and pd.api.types.is_numeric_dtype(values):
        return values.map(text.p_value).astype(object)
    if _is_bool(values):
        return values.map({True: "yes", False: "no"}).astype(object).where(values.notna(), text.MISSING)
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float).map(lambda value: text.number(value, digits)).astype(object)
    if pd.api.types.is_datetime64_any_dtype(values) and values.equals(values.dt.normalize()):
        values = values.dt.strftime("%Y-%m-%d")
    words = values.astype(object).where(values.notna(), text.MISSING).astype(str)
    return words.map(lambda word: _TERMS.get(word, word.replace("_", " "))) if name in _NAMES else words


def _is_bool(values: pd.Series) -> bool:
    """Tell whether a column says yes or no, where it says anything."""
    known = values.dropna()
    return pd.api.types.is_bool_dtype(values) or (not known.empty and all(isinstance(one, bool) for one in known))


def as_text(released: Released, title: str, digits: int = 3) -> str:
    """Write released rows as a plain table.

    Parameters
    ----------
    released : Released
        What may leave.
    title : str
        First line; empty for none.
    digits : int, default 3
        Significant digits of numbers that are not counts.

    Returns
    -------
    str
        Title, caption and rows.
    """
    main, beside, sentences = _parts(released)
    lines = [line for line in (title, released.caption) if line]
    tables = [readable(main, digits).to_string(index=False)]
    if beside is not None:
        tables += [_APART_TITLE, readable(beside, digits).to_string(index=False)]
    return "\n".join([*lines, *tables, *sentences])


def as_html(released: Released, title: str, note: str = "", digits: int = 3) -> str:
    """Write released rows as an HTML table with headers, in a region that scrolls by keyboard when it is too wide.

    Parameters
    ----------
    released : Released
        What may leave.
    title : str
        Stands above the table and names it for a screen reader.
    note : str, default ""
        Stands below it.
    digits : int, default 3
        Significant digits of numbers that are not counts.

    Returns
    -------
    str
        HTML without scripts and without anything to load.
    """
    main, beside, sentences = _parts(released)
    whole = _table(main, title, [*(line for line in (released.caption, note) if line), *sentences], digits)
    if beside is None:
        return whole
    name = f"{_APART_TITLE}: {title}"
    return whole + folded(name, _table(beside, name, [], digits))


def folded(summary: str, content: str) -> str:
    """Fold content away under its title.

    Parameters
    ----------
    summary : str
        What is seen of it.
    content : str
        HTML.

    Returns
    -------
    str
        HTML.
    """
    return f'<details class="ek-fold"><summary>{html.escape(summary)}</summary>{content}</details>'


def _table(released: Released, title: str, notes: Sequence[str], digits: int) -> str:
    from great_tables import GT

    shown = readable(released, digits)
    key = hashlib.sha256(f"{title}{shown.to_csv()}".encode()).hexdigest()[:10]
    stub = str(shown.columns[0])
    table = (
        GT(shown, rowname_col=stub, id=f"t{key}")
        .tab_header(title=title)
        .tab_stubhead(label=stub)
        .cols_align("right", columns=_right_aligned(released, shown))
        .tab_options(
            container_overflow_x="visible",
            container_overflow_y="visible",
            table_font_size="0.92rem",
            heading_align="left",
            heading_title_font_size="1rem",
            heading_title_font_weight="bold",
            table_border_top_style="none",
            data_row_padding="5px",
            source_notes_font_size="0.85rem",
        )
    )
    for line in (*notes, _withheld_note(released)):
        if line:
            table = table.tab_source_note(line)
    label = html.escape(title, quote=True)
    return f'<div class="ek-table" role="region" tabindex="0" aria-label="{label}">{table.as_raw_html()}</div>'


def _right_aligned(released: Released, shown: pd.DataFrame) -> list[str]:
    numeric = {_heading(str(name)) for name in released.frame.select_dtypes("number").columns} | {"Interval"}
    return [str(name) for name in shown.columns[1:] if name in numeric]


def _withheld_note(released: Released) -> str:
    frame = released.frame
    if "flag" not in frame.columns or not (frame["flag"] == SUPPRESSED).any():
        return ""
    return f"Withheld so that nobody can be recognised: {released.profile.title}."
