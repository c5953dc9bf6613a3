"""The library of programmes in `programmes/`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.errors import Problem, did_you_mean
from evalkit.files import list_files
from evalkit.paths import resource
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.model import Programme
from evalkit.programmes.reading import read_programme

if TYPE_CHECKING:
    import pandas as pd

LIBRARY_COLUMNS = (
    "id",
    "title",
    "unit",
    "months",
    "roles",
    "waves",
    "instruments",
    "outcomes",
    "questions",
    "comparison",
)


def list_programmes(folder: str | Path | None = None) -> pd.DataFrame:
    """List the programmes of a library.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        A folder of YAML files; the library that comes with evalkit by default.

    Returns
    -------
    pandas.DataFrame
        One row per programme, sorted by id: ``id``, ``title``, ``unit`` (pairs, individuals or organisation),
        ``months`` (how long it lasts), ``roles`` (the parties) and ``comparison`` (kinds; words joined by commas),
        ``waves``, ``instruments``, ``outcomes`` and ``questions`` (counts). Files whose name starts with an underscore
        are left out.

    Raises
    ------
    ProgrammeError
        With the problems of every file, when any has one.
    """
    import pandas as pd

    rows = [
        (
            one.id,
            one.title,
            one.unit,
            float(one.months),
            ", ".join(role.id for role in one.parties),
            len(one.waves),
            len(one.instrument_ids()),
            len(one.outcomes),
            len(one.questions),
            ", ".join(dict.fromkeys(comparison.kind for comparison in one.comparisons)),
        )
        for one in read_programmes(folder)
    ]
    return pd.DataFrame(rows, columns=list(LIBRARY_COLUMNS))


def load_programme(id_or_path: str | Path, surveys: str | Path | None = None) -> Programme:
    """Load a programme, checked.

    Parameters
    ----------
    id_or_path : str or pathlib.Path
        An id of the library, or the path of a YAML file.
    surveys : str or pathlib.Path, optional
        A folder of instruments, looked at before the library: adapted ones stand there.

    Returns
    -------
    Programme
        The programme; the same one as long as no file that it rests on changes.

    Raises
    ------
    ProgrammeError
        PRG-001 when there is no such programme; else every problem of its file.

    Examples
    --------
    >>> load_programme("return-to-work-mentoring").unit
    'pairs'
    """
    folder = None if surveys is None else Path(surveys)
    text = str(id_or_path)
    if isinstance(id_or_path, Path) or text.endswith((".yaml", ".yml")) or "/" in text or "\\" in text:
        return _load(Path(id_or_path), folder)
    files = {path.stem: path for path in list_files(resource("programmes"), ["*.yaml"])}
    if text not in files or text.startswith("_"):
        remedy = did_you_mean(text, [name for name in files if not name.startswith("_")])
        raise ProgrammeError(Problem("PRG-001", "programmes", f"programme {text!r}", "one of the library", remedy))
    return _load(files[text], folder)


def read_programmes(folder: str | Path | None = None) -> list[Programme]:
    """Read every programme of a library, with the problems of all files at once.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        A folder of YAML files; the library that comes with evalkit by default.

    Returns
    -------
    list of Programme
        Sorted by id.

    Raises
    ------
    ProgrammeError
        With the problems of every file, when any has one.
    """
    found: list[Programme] = []
    problems: list[Problem] = []
    for path in list_files(resource("programmes") if folder is None else Path(folder), ["*.yaml"]):
        if path.name.startswith("_"):
            continue
        try:
            found.append(_load(path, None))
        except ProgrammeError as error:
            problems += error.problems
    if problems:
        raise ProgrammeError(problems)
    return sorted(found, key=lambda programme: programme.id)


def _load(path: Path, surveys: Path | None) -> Programme:
    return _load_version(path, surveys, _stamp(path, surveys))


def _stamp(path: Path, surveys: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Name the versions of the files that a programme rests on."""
    library = resource("programmes")
    files = [path, path.parent / "_common.yaml", library / "_common.yaml"]
    for folder in (surveys, resource("surveys")):
        files += list_files(folder, ["*.yaml"]) if folder is not None else []
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files if file.is_file())


@lru_cache(maxsize=64)
def _load_version(path: Path, surveys: Path | None, _versions: tuple[tuple[str, int, int], ...]) -> Programme:
    return read_programme(path, surveys)
