"""The library of instruments in `surveys/`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.files import list_files
from evalkit.instruments.model import Instrument
from evalkit.instruments.read import read_instrument
from evalkit.paths import resource

if TYPE_CHECKING:
    import pandas as pd

LIBRARY_COLUMNS = ("id", "title", "audience", "waves", "minutes", "licence", "items", "scales")


def list_instruments(folder: str | Path | None = None) -> pd.DataFrame:
    """List the instruments of a library.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        A folder of YAML files; the library that comes with evalkit by default.

    Returns
    -------
    pandas.DataFrame
        One row per instrument, sorted by id: ``id``, ``title``, ``audience`` and ``waves`` (words joined by commas),
        ``minutes`` (estimated time to answer), ``licence``, ``items`` and ``scales`` (counts). Files whose name starts
        with an underscore are shared blocks or templates and are left out.

    Raises
    ------
    InstrumentError
        With the problems of every file, when any has one.
    """
    import pandas as pd

    rows = [
        (
            instrument.id,
            instrument.title,
            ", ".join(instrument.audience),
            ", ".join(wave.id for wave in instrument.waves),
            float(instrument.minutes),
            instrument.licence,
            len(instrument.items),
            len(instrument.scales),
        )
        for instrument in read_library(folder)
    ]
    return pd.DataFrame(rows, columns=list(LIBRARY_COLUMNS))


def load_instrument(id_or_path: str | Path) -> Instrument:
    """Load an instrument, checked.

    Parameters
    ----------
    id_or_path : str or pathlib.Path
        An id of the library, or the path of a YAML file.

    Returns
    -------
    Instrument
        The instrument; the same one as long as its file does not change.

    Raises
    ------
    InstrumentError
        INS-001 when there is no such instrument; else every problem of its file.

    Examples
    --------
    >>> load_instrument("return-to-work-transition").title
    'Returning to work after extended leave'
    """
    text = str(id_or_path)
    if isinstance(id_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        return _load(Path(id_or_path))
    files = {path.stem: path for path in list_files(resource("surveys"), ["*.yaml"])}
    if text not in files:
        names = [name for name in files if not name.startswith("_")]
        remedy = did_you_mean(text, names) if names else "The library is empty."
        raise InstrumentError(Problem("INS-001", "surveys", f"instrument {text!r}", "one of the library", remedy))
    return _load(files[text])


def read_library(folder: str | Path | None = None) -> list[Instrument]:
    """Read every instrument of a library, with the problems of all files at once.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        A folder of YAML files; the library that comes with evalkit by default.

    Returns
    -------
    list of Instrument
        Sorted by id.

    Raises
    ------
    InstrumentError
        With the problems of every file, when any has one.
    """
    place = resource("surveys") if folder is None else Path(folder)
    found: list[Instrument] = []
    problems: list[Problem] = []
    for path in list_files(place, ["*.yaml"]):
        if path.name.startswith("_"):
            continue
        try:
            found.append(_load(path))
        except InstrumentError as error:
            problems += error.problems
    if problems:
        raise InstrumentError(problems)
    return sorted(found, key=lambda instrument: instrument.id)


def _load(path: Path) -> Instrument:
    return _load_version(path, _stamp(path))


def _stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Name the versions of a file and of the shared blocks that it may include."""
    files = [path, *list_files(path.parent, ["_*.yaml"]), *list_files(resource("surveys"), ["_*.yaml"])]
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())


@lru_cache(maxsize=256)
def _load_version(path: Path, _versions: tuple[tuple[str, int, int], ...]) -> Instrument:
    return read_instrument(path, resource("surveys"))
