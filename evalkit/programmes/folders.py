"""The evaluation folder of a programme: what stands where, and how it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from evalkit.errors import InstrumentError, Problem
from evalkit.files import read_text
from evalkit.frames import Problems
from evalkit.instruments.library import load_instrument
from evalkit.instruments.model import Instrument
from evalkit.instruments.sheet import plain
from evalkit.instruments.tree import read_tree
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.library import load_programme
from evalkit.programmes.model import Programme

# Raised when a folder of the old layout can no longer be read.
FORMAT = 1
SETTINGS = "evaluation.yaml"
# On whom each report rests, for the next one.
RELEASES = "report-log.json"
# Platforms that collect answers, and the name under which `read_responses` knows each.
PLATFORMS: Mapping[str, str] = MappingProxyType(
    {
        "limesurvey": "limesurvey",
        "qualtrics": "qualtrics",
        "redcap": "redcap",
        "xlsform": "xlsform",
        "surveyjs": "surveyjs",
        "html": "html",
        "word": "spreadsheet",
    }
)
# The question by which answers say whose they are, the one of application forms, and the one of logs of pairs.
PERSON_CODE, APPLICANT_CODE, PAIR_CODE = "person_code", "applicant_no", "pair_code"

_REQUIRED = ("evalkit", "format", "programme", "organisation", "platform")
_OPTIONAL = ("start", "contact", "kept_for", "day_first")


@dataclass(frozen=True, slots=True)
class Settings:
    """What was said when the folder was made.

    Parameters
    ----------
    evalkit : str
        Version that made it.
    format : int
        Layout of the folder.
    programme, organisation, platform : str
        Id of the programme, whose evaluation it is, and where the surveys are answered.
    start : datetime.date, optional
        Day of week 0, for programmes that start on one day for all.
    contact, kept_for : str
        Whom people ask, and how long answers are kept; empty while that is to be settled.
    day_first : bool, optional
        Whether the day comes before the month in dates such as 05/03/2027; told from each column by default.
    """

    evalkit: str
    format: int
    programme: str
    organisation: str
    platform: str
    start: date | None = None
    contact: str = ""
    kept_for: str = ""
    day_first: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationFolder:
    """A folder that `evalkit new` made.

    Parameters
    ----------
    path : pathlib.Path
        Where it is.
    settings : Settings
        What stands in evaluation.yaml.
    programme : Programme
        The organisation's copy of the programme.
    instruments : mapping of str to Instrument
        Id -> instrument as adapted by the organisation.
    """

    path: Path
    settings: Settings
    programme: Programme
    instruments: Mapping[str, Instrument]

    @property
    def data_dir(self) -> Path:
        """Folder of the records."""
        return self.path / "data"

    @property
    def responses_dir(self) -> Path:
        """Folder of the answers, as the platform exports them."""
        return self.path / "responses"

    @property
    def outputs_dir(self) -> Path:
        """Folder of what evalkit makes."""
        return self.path / "outputs"

    @property
    def source(self) -> str:
        """Name under which `read_responses` knows the platform."""
        return PLATFORMS[self.settings.platform]

    def is_synthetic(self) -> bool:
        """Tell whether it still holds a file that `evalkit simulate` wrote.

        Returns
        -------
        bool
            True while one of them is as it was written.
        """
        from evalkit.programmes.folder_marks import unchanged_files

        return bool(unchanged_files(self.path))


def code_item(instrument: Instrument) -> str:
    """Find the question by which answers tell whose they are.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    str
        Id of the item; empty when there is none.
    """
    return next((name for name in (PERSON_CODE, APPLICANT_CODE, PAIR_CODE) if name in instrument.by_id), "")


def open_folder(path: Path | str) -> EvaluationFolder:
    """Open an evaluation folder.

    Parameters
    ----------
    path : pathlib.Path or str
        The folder, made by `evalkit new`.

    Returns
    -------
    EvaluationFolder
        Its settings, programme and instruments, checked. The data are read by `read_folder`.

    Raises
    ------
    ProgrammeError
        PRG-020 when it is no evaluation folder, lacks a part, or is of an older or newer format; every problem of its
        programme and of its instruments.
    DataError
        DAT-001 or DAT-008 when evaluation.yaml cannot be read.
    """
    where = Path(path)
    if not is_folder(where):
        found = f"no {SETTINGS}" if where.is_dir() else "no such folder"
        remedy = f"Check the name, or make one: evalkit new {where.name or 'DIR'} --programme ID --organisation NAME."
        raise ProgrammeError(Problem("PRG-020", str(where), found, "a folder that evalkit new made", remedy))
    settings = _settings(where)
    file = where / "programme" / f"{settings.programme}.yaml"
    if not file.is_file():
        found, remedy = f"no {file.name}", "Put the file back, or correct the programme in evaluation.yaml."
        raise ProgrammeError(Problem("PRG-020", "programme", found, "the programme's file", remedy))
    programme = load_programme(file, where / "surveys")
    return EvaluationFolder(where, settings, programme, _instruments(where, programme))


def is_folder(path: Path) -> bool:
    """Tell whether a folder is an evaluation folder.

    Parameters
    ----------
    path : pathlib.Path
        The folder.

    Returns
    -------
    bool
        Whether it holds evaluation.yaml.
    """
    return (path / SETTINGS).is_file()


def _instruments(where: Path, programme: Programme) -> Mapping[str, Instrument]:
    found: dict[str, Instrument] = {}
    problems: Problems = []
    for name in programme.instrument_ids():
        try:
            found[name] = load_instrument(where / "surveys" / f"{name}.yaml")
        except InstrumentError as error:
            problems += error.problems
    if problems:
        raise ProgrammeError(problems)
    return MappingProxyType(found)


def _settings(where: Path) -> Settings:
    try:
        tree, problems = read_tree(read_text(where / SETTINGS), SETTINGS)
    except InstrumentError as error:
        raise ProgrammeError(_refusal(one) for one in error.problems) from error
    said = plain(tree)
    if not isinstance(said, dict):  # read_tree gives a table
        said = {}
    wrong = _wrong(said)
    if wrong or problems:
        raise ProgrammeError([*(_refusal(one) for one in problems), *wrong])
    start = str(said.get("start") or "")
    return Settings(
        **{name: str(said[name]) for name in _REQUIRED if name != "format"},
        format=int(said["format"]),
        start=date.fromisoformat(start) if start else None,
        contact=str(said.get("contact") or ""),
        kept_for=str(said.get("kept_for") or ""),
        day_first=said.get("day_first"),
    )


def _refusal(problem: Problem) -> Problem:
    return Problem("PRG-020", problem.place, problem.found, problem.expected, problem.remedy)


def _wrong(said: Mapping[object, object]) -> Problems:
    """Find what is wrong in the settings; a folder of another format is refused before anything else."""
    layout = said.get("format")
    made = f"a folder of format {layout}, made by evalkit {said.get('evalkit', '?')}"
    if isinstance(layout, int) and layout < FORMAT:
        remedy = "Make a new folder with evalkit new, and copy data and responses into it; the old one stays as it is."
        return [Problem("PRG-020", SETTINGS, made, f"format {FORMAT}", remedy)]
    if isinstance(layout, int) and layout > FORMAT:
        remedy = "Install a newer evalkit: pip install --upgrade evalkit."
        return [Problem("PRG-020", SETTINGS, made, f"at most format {FORMAT}", remedy)]
    problems = [
        Problem("PRG-020", SETTINGS, f"no {name}", "it", "Add the line; evalkit new writes it.")
        for name in _REQUIRED
        if said.get(name) in {None, ""}
    ]
    problems += [
        Problem("PRG-020", SETTINGS, f'the key "{name}"', "one that evalkit new writes", "Delete the line.")
        for name in said
        if name not in {*_REQUIRED, *_OPTIONAL}
    ]
    if not isinstance(layout, int) and "format" in said:
        problems.append(Problem("PRG-020", SETTINGS, f"format {layout!r}", f"{FORMAT}", "Write it as a number."))
    if said.get("platform") and said["platform"] not in PLATFORMS:
        expected = f"one of {', '.join(PLATFORMS)}"
        problems.append(Problem("PRG-020", SETTINGS, f'platform "{said["platform"]}"', expected, "Correct it."))
    if not isinstance(said.get("day_first", True), bool):
        remedy = "Write true for 31/01/2027 and false for 01/31/2027, or delete the line."
        problems.append(Problem("PRG-020", SETTINGS, "another day_first", "true or false", remedy))
    try:
        date.fromisoformat(str(said.get("start") or "2000-01-01"))
    except ValueError:
        remedy = "Write the day of week 0 as 2027-01-31, or leave it empty."
        problems.append(Problem("PRG-020", SETTINGS, "a start that is no day", "a day such as 2027-01-31", remedy))
    return problems
