"""Where the surveys, programmes, data, notebooks and templates are: in a checkout or in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent


def is_checkout() -> bool:
    """Tell whether this evalkit runs from a checkout of the project.

    Returns
    -------
    bool
        True in a checkout (or an editable installation), False in an installed wheel.
    """
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "notebooks").is_dir()


def resource(name: str) -> Path:
    """Find one of the folders that travel with evalkit.

    Parameters
    ----------
    name : {"surveys", "programmes", "data", "notebooks"}
        The folder.

    Returns
    -------
    pathlib.Path
        In a checkout the folder at the top level, else its copy inside the installed package.
    """
    return (_CHECKOUT if is_checkout() else _PACKAGE / "resources") / name


def checkout() -> Path | None:
    """Find the top level of the checkout.

    Returns
    -------
    pathlib.Path or None
        None when evalkit runs from an installed wheel.
    """
    return _CHECKOUT if is_checkout() else None


def templates() -> Path:
    """Find the folder with the report templates.

    Returns
    -------
    pathlib.Path
        A folder inside the package.
    """
    return _PACKAGE / "report" / "templates"
