"""The look of a report: colours, font and logo from one file, which an organisation can replace."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path

from evalkit import paths
from evalkit.errors import InstrumentError, Problem, ReportError
from evalkit.files import read_bytes, read_text
from evalkit.frames import Problems
from evalkit.instruments.sheet import plain
from evalkit.instruments.tree import read_tree

NAME = "identity.yaml"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_FONT = re.compile(r"[\w \-\"',]{1,200}")
_TEXT_COLOURS = ("accent", "ink", "soft")
_CONTRAST = 4.5
_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}
_STARTS = {".png": b"\x89PNG\r\n", ".jpg": b"\xff\xd8", ".jpeg": b"\xff\xd8"}
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """How a report looks.

    Parameters
    ----------
    accent, ink, soft, line, panel : str
        Colours, #rrggbb.
    font, word_font, figure_font : str
        Fonts of the page, as CSS names them, of the Word file, and of the figures.
    logo : str
        Name of the picture; empty for none.
    logo_text : str
        What it says.
    picture : bytes
        The picture itself.
    """

    accent: str
    ink: str
    soft: str
    line: str
    panel: str
    font: str
    word_font: str
    figure_font: str
    logo: str = ""
    logo_text: str = ""
    picture: bytes = b""

    @property
    def media_type(self) -> str:
        """Type of the picture; empty for none."""
        return _TYPES.get(Path(self.logo).suffix.lower(), "")


def load_identity(folder: Path | None = None) -> Identity:
    """Read the look of a report.

    Parameters
    ----------
    folder : pathlib.Path, optional
        An evaluation folder: its identity.yaml replaces, key by key, what evalkit has.

    Returns
    -------
    Identity
        Checked.

    Raises
    ------
    ReportError
        REP-005 for everything that is wrong with it, all at once.
    DataError
        DAT-001 or DAT-008 when a file cannot be read.
    """
    said, problems = _read(paths.templates() / NAME)
    own = folder / NAME if folder is not None else None
    if own is not None and own.is_file():
        changed, wrong = _read(own)
        problems += wrong
        problems += [
            Problem("REP-005", f"{NAME}, {key}", "an unknown key", ", ".join(said), "Remove it.")
            for key in changed
            if key not in said
        ]
        said |= {key: text for key, text in changed.items() if key in said}
    problems += _wrong(said)
    picture = b""
    if said["logo"] and own is not None and not problems:
        picture = read_bytes(own.parent / said["logo"])
        problems += _wrong_picture(said["logo"], picture)
    if problems:
        raise ReportError(problems)
    known = {field.name for field in fields(Identity)}
    return Identity(**{key: text for key, text in said.items() if key in known}, picture=picture)


def _read(path: Path) -> tuple[dict[str, str], Problems]:
    try:
        tree, problems = read_tree(read_text(path), path.name)
    except InstrumentError as error:
        return {}, [Problem("REP-005", one.place, one.found, one.expected, one.remedy) for one in error.problems]
    told = plain(tree)
    found = (
        {str(key): str(text) if text is not None else "" for key, text in told.items()}
        if isinstance(told, dict)
        else {}
    )
    return found, [Problem("REP-005", one.place, one.found, one.expected, one.remedy) for one in problems]


def _wrong(said: dict[str, str]) -> Problems:
    problems: Problems = []
    for key in ("accent", "ink", "soft", "line", "panel"):
        if not _COLOUR.fullmatch(said[key]):
            found = repr(said[key])
            problems.append(
                Problem("REP-005", f"{NAME}, {key}", found, "a colour such as #00508c", "Write six digits.")
            )
        elif key in _TEXT_COLOURS and min(contrast(said[key], "#ffffff"), _on_panel(said, key)) < _CONTRAST:
            found = f"{said[key]}, contrast {contrast(said[key], '#ffffff'):.1f} to 1 on white"
            expected = "4.5 to 1 or more on white and on the panel"
            problems.append(Problem("REP-005", f"{NAME}, {key}", found, expected, "Take a darker colour."))
    for key in ("font", "word_font", "figure_font"):
        if not _FONT.fullmatch(said[key]):
            problems.append(
                Problem(
                    "REP-005",
                    f"{NAME}, {key}",
                    repr(said[key])[:60],
                    "names of fonts with commas between",
                    "Take out other signs.",
                )
            )
    logo = said["logo"]
    if logo and (Path(logo).name != logo or Path(logo).suffix.lower() not in _TYPES):
        expected = "the name of a PNG, JPEG or SVG file beside it"
        problems.append(Problem("REP-005", f"{NAME}, logo", repr(logo), expected, "Put the file into the folder."))
    if logo and not said["logo_text"]:
        problems.append(Problem("REP-005", f"{NAME}, logo_text", "no text", "what the logo says", "Write its words."))
    return problems


def _on_panel(said: dict[str, str], key: str) -> float:
    return contrast(said[key], said["panel"]) if _COLOUR.fullmatch(said["panel"]) else _CONTRAST


def _wrong_picture(name: str, picture: bytes) -> Problems:
    start = _STARTS.get(Path(name).suffix.lower(), b"")
    if len(picture) > _MOST_BYTES or not picture.startswith(start):
        found = f"{len(picture):,} bytes" if len(picture) > _MOST_BYTES else "another kind of file"
        return [Problem("REP-005", f"{NAME}, logo", found, "a picture of its kind, at most 1 MB", "Save it again.")]
    return []


def contrast(one: str, other: str) -> float:
    """Compute the contrast of two colours as WCAG 2 defines it.

    Parameters
    ----------
    one, other : str
        Colours, #rrggbb.

    Returns
    -------
    float
        From 1 to 21.

    References
    ----------
    .. [1] W3C (2023). Web Content Accessibility Guidelines 2.2, contrast ratio.

    Examples
    --------
    >>> round(contrast("#000000", "#ffffff")), round(contrast("#767676", "#ffffff"), 2)
    (21, 4.54)
    """
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
