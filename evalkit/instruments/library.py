"""The library of instruments in `surveys/`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.files import list_files
from evalkit.frames import require
from evalkit.instruments.model import Instrument
from evalkit.instruments.read import read_file, read_instrument
from evalkit.instruments.scale_forms import content_of
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
        INS-001 when there is no such instrument, INS-035 when a file asks something else under the id and version of an
        instrument of the library; else every problem of its file.

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
    require(problems, error=InstrumentError)
    return sorted(found, key=lambda instrument: instrument.id)


def _load(path: Path) -> Instrument:
    return _load_version(path, _stamp(path))


def _stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Name the versions of a file and of the shared blocks that it may include."""
    library = resource("surveys")
    files = [path, library / path.name, *list_files(path.parent, ["_*.yaml"]), *list_files(library, ["_*.yaml"])]
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())


@lru_cache(maxsize=256)
def _load_version(path: Path, _versions: tuple[tuple[str, int, int], ...]) -> Instrument:
    instrument = read_instrument(path, resource("surveys"))
    _refuse_taken_version(instrument, path)
    return instrument


def _refuse_taken_version(instrument: Instrument, path: Path) -> None:
    """Refuse a copy of a library instrument that asks something else under the same id and version."""
    original = resource("surveys") / f"{instrument.id}.yaml"
    if not original.is_file() or original.resolve() == path.resolve():
        return
    theirs = _load(original)
    if theirs.version != instrument.version or content_of(theirs) == content_of(instrument):
        return
    tree, _ = read_file(path)
    raise InstrumentError(
        Problem(
            "INS-035",
            f"{path.name}, line {tree.key_lines.get('version', 1)}",
            f"version {instrument.version} of {instrument.id}, with another content than that of the library",
            "another version, for answers to the two must not be taken for each other",
            f'Raise the version, such as version: "{instrument.version}-{content_of(instrument)}"; look at the shared '
            "blocks beside the file too.",
        )
    )
