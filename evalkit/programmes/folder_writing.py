"""`evalkit new`: an evaluation folder for a programme, whole or not at all."""

from __future__ import annotations

from datetime import date
from importlib import metadata
from pathlib import Path

from evalkit.errors import Problem, did_you_mean
from evalkit.files import read_text, staged_folder, write_atomic
from evalkit.frames import Problems
from evalkit.instruments.export import export_survey
from evalkit.instruments.library import load_instrument
from evalkit.instruments.write import to_yaml
from evalkit.paths import resource
from evalkit.programmes.findings import ProgrammeError
from evalkit.programmes.folder_notebook import notebook_text
from evalkit.programmes.folder_plan import plan_text
from evalkit.programmes.folder_privacy import checklist_text, notice_text
from evalkit.programmes.folder_readme import readme_text
from evalkit.programmes.folder_surveys import adapted_instruments
from evalkit.programmes.folder_templates import data_files
from evalkit.programmes.folders import FORMAT, PLATFORMS, SETTINGS, EvaluationFolder, Settings
from evalkit.programmes.library import load_programme
from evalkit.programmes.model import Programme

_LONGEST = 200
_COMMON = "_common.yaml"
_LOSSES = "left-behind.csv"


def new_folder(
    path: Path | str,
    programme: str,
    organisation: str,
    platform: str,
    *,
    start: str | date | None = None,
    contact: str = "",
    kept_for: str = "",
) -> EvaluationFolder:
    """Make an evaluation folder.

    Parameters
    ----------
    path : pathlib.Path or str
        Where: not there yet, or an empty folder.
    programme : str
        Id of a programme of the library, or the path of a YAML file.
    organisation : str
        Whose evaluation it is; any name.
    platform : str
        Where the surveys are answered: a key of `PLATFORMS`.
    start : str or datetime.date, optional
        Day of week 0, such as 2027-01-31.
    contact, kept_for : str, optional
        What the surveys say of whom to ask, and of how long answers are kept.

    Returns
    -------
    EvaluationFolder
        The folder as it was written.

    Raises
    ------
    ProgrammeError
        PRG-001 for an unknown programme, PRG-021 for a folder that holds something, PRG-014 for the other arguments.
    ReportError
        REP-004 when the folder cannot be written; nothing is left behind.
    """
    where = Path(path)
    problems = [*_taken(where), *_arguments(organisation, platform, start, contact, kept_for)]
    if problems:
        raise ProgrammeError(problems)
    plan = load_programme(programme)
    settings = Settings(
        metadata.version("evalkit"),
        FORMAT,
        plan.id,
        _line(organisation),
        platform,
        date.fromisoformat(str(start)) if start else None,
        _line(contact),
        _line(kept_for),
    )
    library = {name: load_instrument(name) for name in plan.instrument_ids()}
    instruments = adapted_instruments(plan, settings, library)
    folder = EvaluationFolder(where, settings, plan, instruments)
    with staged_folder(where) as staging:
        for name, content in _texts(folder, programme).items():
            write_atomic(staging / name, content)
        _export(folder, staging)
        for name in ("responses", "outputs"):
            (staging / name).mkdir(exist_ok=True)
    return folder


def _line(text: str) -> str:
    return " ".join(text.split())


def _taken(where: Path) -> Problems:
    if where.is_dir() and not any(where.iterdir()):
        return []
    if not where.exists() and not where.is_symlink():
        return []
    found = "a folder that holds something" if where.is_dir() else "a file of that name"
    return [Problem("PRG-021", str(where), found, "a new or empty folder", "Choose another folder.")]


def _arguments(organisation: str, platform: str, start: str | date | None, contact: str, kept_for: str) -> Problems:
    problems: Problems = []
    for name, text in (("organisation", organisation), ("contact", contact), ("kept_for", kept_for)):
        if any(not mark.isprintable() and not mark.isspace() for mark in text) or len(text) > _LONGEST:
            expected = f"at most {_LONGEST} characters on a line, none of them hidden"
            problems.append(Problem("PRG-014", f"argument {name}", "another text", expected, "Shorten or retype it."))
        if "{" in text or "}" in text:
            remedy = "Leave out the braces, which stand for words that are filled in."
            problems.append(Problem("PRG-014", f"argument {name}", "a brace", "a text without", remedy))
    if not organisation.strip():
        remedy = 'Give a name: --organisation "University of X".'
        problems.append(Problem("PRG-014", "argument organisation", "no name", "a name", remedy))
    if platform not in PLATFORMS:
        expected = "a platform on which people answer"
        remedy = did_you_mean(platform, PLATFORMS)
        problems.append(Problem("PRG-014", "argument platform", repr(platform), expected, remedy))
    try:
        date.fromisoformat(str(start or "2000-01-01"))
    except ValueError:
        remedy = "Write it as 2027-01-31."
        problems.append(Problem("PRG-014", "argument start", repr(start), "a day such as 2027-01-31", remedy))
    return problems


def _texts(folder: EvaluationFolder, programme: str) -> dict[str, str | bytes]:
    plan, settings, instruments = folder.programme, folder.settings, folder.instruments
    found: dict[str, str | bytes] = {
        SETTINGS: settings_text(settings),
        **_programme_files(plan, programme),
        **{f"surveys/{name}.yaml": to_yaml(one) for name, one in instruments.items()},
        **data_files(plan),
        "analysis-plan.md": plan_text(plan, settings, instruments),
        "privacy-notice.md": notice_text(plan, settings, instruments),
        "data-protection-checklist.md": checklist_text(plan, settings, instruments),
        "README.md": readme_text(folder),
        "report.ipynb": notebook_text(plan),
    }
    return found


def _programme_files(plan: Programme, programme: str) -> dict[str, str]:
    """Copy the programme with the shared parts that it takes, so that the folder stands alone."""
    library = resource("programmes")
    source = library / f"{plan.id}.yaml" if (library / f"{programme}.yaml").is_file() else Path(programme)
    common = source.parent / _COMMON
    shared = common if common.is_file() else library / _COMMON
    return {f"programme/{plan.id}.yaml": read_text(source), f"programme/{_COMMON}": read_text(shared)}


def settings_text(settings: Settings) -> str:
    """Write the settings as YAML.

    Parameters
    ----------
    settings : Settings
        The settings.

    Returns
    -------
    str
        What `open_folder` reads; every text in quotation marks.
    """
    start = settings.start.isoformat() if settings.start else ""
    return (
        "# Made by evalkit new. format and programme stay as they are; the others are yours to change.\n"
        f"evalkit: {_quoted(settings.evalkit)}\n"
        f"format: {settings.format}\n"
        f"programme: {_quoted(settings.programme)}\n"
        f"organisation: {_quoted(settings.organisation)}\n"
        f"platform: {_quoted(settings.platform)}\n"
        f"start: {_quoted(start)}\n"
        f"contact: {_quoted(settings.contact)}\n"
        f"kept_for: {_quoted(settings.kept_for)}\n"
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _export(folder: EvaluationFolder, staging: Path) -> None:
    """Write every survey for the platform, and what the platform cannot carry as a list."""
    platform = folder.settings.platform
    target = staging / "surveys" / platform
    target.mkdir(parents=True, exist_ok=True)
    rows = ["survey,feature,where,detail"]
    for name, instrument in folder.instruments.items():
        report = export_survey(instrument, platform, target)
        rows += [
            ",".join(f'"{cell}"' for cell in (name, loss.feature, loss.where, loss.detail.replace('"', "'")))
            for loss in report.losses
        ]
    write_atomic(target / _LOSSES, "\n".join([*rows, ""]))
