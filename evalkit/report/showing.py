"""`show`, the way out of a notebook: it applies the disclosure profile, registers, and draws or tabulates."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import io
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evalkit import figures
from evalkit.disclosure import Released, load_profile, release, release_frame
from evalkit.disclosure.profiles import DEFAULT
from evalkit.disclosure.protecting import Protected
from evalkit.disclosure.releasing import as_result
from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.frames import Problems, require
from evalkit.report import tables
from evalkit.report.released_tables import as_released, registered_tables
from evalkit.result import Curve, Estimates

# Set by `render` for the kernel it starts; what `show` registers is signed with it.
TOKEN = "EVALKIT_RENDER_TOKEN"  # noqa: S105 - the name of a variable, not a secret
MARK = "evalkit"
_FORMS = ("table", "figure", "text")

Draw = Callable[..., Axes]


def show(
    what: Estimates | Curve | Protected | pd.DataFrame,
    *,
    title: str,
    as_: Literal["table", "figure", "text"] = "table",
    figure: Draw | None = None,
    alt: str = "",
    note: str = "",
    fold: bool = False,
    digits: int = 3,
    counts: Sequence[str] | None = None,
    profile: str = DEFAULT,
) -> None:
    """Show a result in a notebook, protected.

    Parameters
    ----------
    what : Estimates, Curve, Protected or pandas.DataFrame
        What to show; a plain frame has one row a group or cell, what `protect` made has its own counts and profile.
    title : str
        What the table or figure says, in a line.
    as_ : {"table", "figure", "text"}, default "table"
        "figure" stands with the table of its numbers folded below; "text" is a plain rounded table, for the cell of key
        figures.
    figure : callable, optional
        Takes the released result (or frame) and returns `Axes`; else `plot`.
    alt : str, default ""
        What a figure shows, for those who cannot see it; needed for a figure.
    note : str, default ""
        Stands below a table.
    fold : bool, default False
        Fold a long table away under its title.
    digits : int, default 3
        Significant digits of numbers that are not counts.
    counts : sequence of str, optional
        Columns of a plain frame that are counts of people.
    profile : str, default "staff-survey"
        Disclosure profile.

    Raises
    ------
    DisclosureError
        DIS-001 for an unknown profile, DIS-003 when a plain frame does not name its counts.
    DataError
        DAT-009 for something that cannot be shown, a frame without columns, a figure without alt text or, from a plain
        frame, without `figure`; DAT-006 for an unknown form; DAT-002, DAT-003, DAT-004 or DAT-010 when the counts of a
        plain frame are not as they must be.

    Notes
    -----
    Titles, notes, alt texts and labels are printed as they are given: what they say is not protected.
    """
    from IPython.display import display

    require(_not_shown(what, as_))
    released = _released(what, counts, profile)
    plain = tables.as_text(released, title, digits)
    bundle = {"text/plain": plain}
    if as_ == "table":
        table = tables.as_html(released, title, note, digits)
        bundle["text/html"] = tables.folded(title, table) if fold else table
    elif as_ == "figure":
        drawn = _draw(what, released, figure, alt)
        numbers = tables.as_html(released, f"Numbers: {title}", note, digits)
        bundle["text/html"] = _figure_html(drawn, title, alt, numbers)
    mark = {MARK: _registration(bundle, what, released, title)}
    display(_Bundle(bundle), raw=True, metadata=mark)  # type: ignore[no-untyped-call]


def _released(
    what: Estimates | Curve | Protected | pd.DataFrame, counts: Sequence[str] | None, profile: str
) -> Released:
    rules = load_profile(profile)
    if isinstance(what, Protected):
        return as_released(what)
    return release_frame(what, counts, rules) if isinstance(what, pd.DataFrame) else release(what, rules)


class _Bundle(dict[str, str]):
    """What a notebook displays; outside a notebook it prints as its plain text."""

    def __repr__(self) -> str:
        return self["text/plain"]

    __str__ = __repr__


def _not_shown(what: object, form: str) -> Problems:
    problems: Problems = []
    if not isinstance(what, Estimates | Curve | Protected | pd.DataFrame) or (
        isinstance(what, pd.DataFrame) and not len(what.columns)
    ):
        problems.append(
            Problem(
                "DAT-009",
                "what",
                "a frame without columns" if isinstance(what, pd.DataFrame) else f"a {type(what).__name__}",
                "Estimates, Curve, Protected or a frame with columns",
                "Turn it into a frame, one row a group or cell.",
            )
        )
    if form not in _FORMS:
        problems.append(
            Problem("DAT-006", "as_", f'"{form}"', "table, figure or text", did_you_mean(str(form), _FORMS))
        )
    return problems


def _draw(
    what: Estimates | Curve | Protected | pd.DataFrame, released: Released, figure: Draw | None, alt: str
) -> Axes:
    if not alt:
        raise DataError(
            Problem("DAT-009", "alt", "no text", "what the figure shows, in words", "Say what a reader would see.")
        )
    if not isinstance(what, pd.DataFrame | Protected):
        return (figure or figures.plot)(as_result(released, what))
    if figure is None:
        raise DataError(
            Problem("DAT-009", "figure", "nothing", "a function that draws the frame", "Name one of evalkit.figures.")
        )
    return figure(released.frame)


def _figure_html(ax: Axes, title: str, alt: str, table: str) -> str:
    out = io.BytesIO()
    with figures.style():
        _figure_of(ax).savefig(out, format="svg", metadata={"Date": None})
    image = base64.b64encode(out.getvalue()).decode("ascii")
    return (
        f'<figure class="ek-figure"><figcaption>{html.escape(title)}</figcaption>'
        f'<div class="ek-picture" role="group" tabindex="0" aria-label="{html.escape(title, quote=True)}">'
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/svg+xml;base64,{image}"></div>'
        f"{tables.folded('The numbers behind this figure', table)}</figure>"
    )


def _figure_of(ax: Axes) -> Figure:
    """Find the whole figure, also of axes in a part of it."""
    at = ax.get_figure()
    while at is not None and not isinstance(at, Figure):
        at = at.get_figure()
    if at is None:
        raise DataError(
            Problem(
                "DAT-009", "figure", "axes without a figure", "axes of a figure", "Return the axes that were drawn on."
            )
        )
    return at


def _registration(bundle: Mapping[str, str], what: object, released: Released, title: str) -> dict[str, Any]:
    """What `render` needs to know: under which rules it was released, its counts and its tables of people, signed."""
    # The counts of a protected table are judged with its margins, which may be sums of rounded counts.
    named = [] if isinstance(what, Protected) else released.counts
    counts = released.frame[[name for name in named if name in released.frame.columns]]
    token = os.environ.get(TOKEN, "")
    told: dict[str, Any] = {
        "title": title,
        "profile": released.profile.name,
        "counts": counts.astype(object).where(counts.notna(), None).to_dict("list"),
        "steps": released.steps,
    }
    found = registered_tables(what, released, token)
    if found:
        told["tables"] = found
    return {**told, "signature": sign(bundle, told, token)}


def sign(bundle: Mapping[str, object], told: Mapping[str, object], token: str) -> str:
    """Sign an output and what is registered of it, so that `render` knows its own.

    Parameters
    ----------
    bundle : mapping of str to object
        Content by type.
    told : mapping of str to object
        Title, profile, counts and tables; a signature among them is left out.
    token : str
        Of the run; empty outside `render`.

    Returns
    -------
    str
        Hexadecimal HMAC-SHA-256; empty without a token, so that stored notebooks do not change from run to run.
    """
    if not token:
        return ""
    signed = [dict(bundle), {name: value for name, value in told.items() if name != "signature"}]
    text = json.dumps(signed, sort_keys=True, default=str)
    return hmac.new(token.encode(), text.encode(), digestmod=hashlib.sha256).hexdigest()
