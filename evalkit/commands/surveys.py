"""The commands for surveys: list, show, check, export, diff, new."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit import paths
from evalkit.commands.console import open_console, print_line, print_table, write_table
from evalkit.errors import InstrumentError, Problem
from evalkit.files import read_text, write_atomic
from evalkit.frames import require

if TYPE_CHECKING:
    from rich.console import Console

    from evalkit.instruments import Instrument
    from evalkit.instruments.export import ExportReport
    from evalkit.instruments.model import Item

_PLACES = 4
_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def list_surveys() -> None:
    """List the surveys that come with evalkit."""
    from evalkit.instruments import list_instruments

    shown = ["id", "title", "audience", "waves", "minutes", "items", "scales", "licence"]
    rows = list_instruments()[shown].to_dict("records")
    print_table(
        open_console(),
        "Surveys",
        [{name.capitalize(): f"{row[name]:g}" if name == "minutes" else row[name] for name in shown} for row in rows],
    )


def show(survey: str) -> None:
    """Show a survey: its questions, answers and scores.

    Parameters
    ----------
    survey : str
        A survey that evalkit has, or the path of a YAML file.
    """
    from evalkit.instruments import in_language, load_instrument

    instrument = in_language(load_instrument(survey))
    console = open_console()
    print_line(console, f"{instrument.title} (version {instrument.version}, about {instrument.minutes:g} minutes)")
    print_line(console, instrument.description)
    print_line(console, f"Answered by: {', '.join(instrument.audience)}. Waves: {_waves(instrument)}.")
    for section in instrument.sections:
        rows = [_item_row(instrument, item) for item in section.items]
        if rows:
            shown = f" (only shown when {section.when})" if section.when else ""
            print_table(console, f"{section.title}{shown}", rows)
    if instrument.scales:
        print_table(
            console,
            "Scores",
            [
                {
                    "Scale": scale.id,
                    "Measures": scale.measures,
                    "Items": ", ".join(f"{name} (reversed)" if name in scale.reverse else name for name in scale.items),
                    "Rule": scale.rule,
                    "At least answered": scale.min_answered,
                }
                for scale in instrument.scales
            ],
        )


def _waves(instrument: Instrument) -> str:
    return "; ".join(f"{wave.id} ({wave.title})" for wave in instrument.waves)


def _item_row(instrument: Instrument, item: Item) -> dict[str, object]:
    options = ", ".join(f"{option.value} {option.label}" for option in instrument.options_of(item))
    return {
        "Item": item.id,
        "Question": item.text,
        "Answers": options or item.kind.replace("_", " "),
        "When": item.when or "always",
        "Waves": ", ".join(instrument.waves_of(item)),
    }


def check(*files: str) -> None:
    """Check surveys, and tell everything that is wrong with them at once.

    Parameters
    ----------
    *files : str
        YAML files, or names of surveys that evalkit has; without any, the whole library.
    """
    from evalkit.instruments import load_instrument, read_library

    console = open_console()
    if not files:
        print_line(console, f"{len(read_library())} surveys are in order.")
        return
    problems: list[Problem] = []
    for file in files:
        try:
            instrument = load_instrument(file)
        except InstrumentError as error:
            problems += error.problems
        else:
            print_line(console, f"{file}: in order ({len(instrument.items)} items, {len(instrument.scales)} scales).")
    require(problems, error=InstrumentError)


def export(
    survey: str,
    *,
    to: str,
    out: Path = Path("outputs"),
    wave: str | None = None,
    organisation: str | None = None,
    programme: str | None = None,
    token: list[str] | None = None,
) -> None:
    """Write a survey in the format of a platform, and say what the platform cannot carry.

    Parameters
    ----------
    survey : str
        A survey that evalkit has, or the path of a YAML file.
    to : str
        The platform: limesurvey, qualtrics, redcap, xlsform, surveyjs, ddi, word or html.
    out : pathlib.Path
        Folder, or file with the platform's ending.
    wave : str, optional
        Only this wave; else one file for each.
    organisation, programme : str, optional
        What stands for these words in the texts.
    token : list of str, optional
        What stands for another word in braces, such as contact="the evaluation team"; may be given again.

    Raises
    ------
    InstrumentError
        INS-031 for a token that is not written as word=text or is not in the survey; else as `export_survey`.
    """
    from evalkit.instruments import load_instrument
    from evalkit.instruments.export import PLATFORMS, export_survey

    instrument = load_instrument(survey)
    words = _tokens(token or [])
    if organisation is not None or programme is not None or words:
        instrument = instrument.adapt(organisation=organisation, programme=programme, tokens=words)
    suffix = PLATFORMS[to].suffix if to in PLATFORMS else ""
    target = out if out.suffix else out / f"{instrument.id}-{to}{suffix}"
    done = export_survey(instrument, to, target, wave=wave)
    console = open_console()
    for path in done.paths:
        print_line(console, f"Written: {path}")
    if done.losses:
        print_table(console, f"What {to} cannot carry", _summed_up(done))
    _write_codes(console, done.paths[0].with_name(f"{instrument.id}-{to}-codes.csv"), done)


def _tokens(given: list[str]) -> dict[str, str]:
    wrong = [text for text in given if "=" not in text]
    if wrong:
        raise InstrumentError(
            Problem("INS-031", "--token", repr(text), "word=text", 'Write --token contact="the evaluation team".')
            for text in wrong
        )
    return dict(text.split("=", 1) for text in given)


def _summed_up(done: ExportReport) -> list[dict[str, object]]:
    """One row a feature: the first few places, and what to do about it."""
    rows = []
    for feature, losses in done.frame().groupby("feature", sort=False):
        places = [place for place in losses["where"] if place]
        more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
        where = ", ".join(places[:_PLACES]) + more
        rows.append({"Feature": feature, "Where": where or "the whole form", "Detail": losses["detail"].iloc[0]})
    return rows


def _write_codes(console: Console, path: Path, done: ExportReport) -> None:
    if done.code_changes:
        print_line(console, f"{len(done.code_changes)} names or values had to change; the list is for reading back:")
        write_table(console, path, done.value_map())


def diff(one: str, other: str) -> None:
    """Tell what changed between two versions of a survey, and which scores can still be compared.

    Parameters
    ----------
    one, other : str
        Names of surveys that evalkit has, or paths of YAML files.
    """
    from evalkit.instruments import diff as compare
    from evalkit.instruments import load_instrument

    print_line(open_console(), str(compare(load_instrument(one), load_instrument(other))))


def new(name: str, *, out: Path = Path()) -> None:
    """Start a survey of your own from the documented template.

    Parameters
    ----------
    name : str
        Its name: lower-case words joined by hyphens.
    out : pathlib.Path
        Folder for the file.

    Raises
    ------
    InstrumentError
        INS-010 for a name that cannot be one, INS-001 when there is such a file already.
    """
    target = out / f"{name}.yaml"
    if not _ID.fullmatch(name):
        raise InstrumentError(
            Problem("INS-010", "name", repr(name), "lower-case words joined by hyphens", "Try my-survey.")
        )
    if target.exists():
        raise InstrumentError(Problem("INS-001", str(target), "a file", "no file yet", "Choose another name."))
    template = read_text(paths.resource("surveys") / "_template.yaml")
    write_atomic(target, re.sub(r"^instrument: .*$", f"instrument: {name}", template, count=1, flags=re.MULTILINE))
    print_line(open_console(), f"Written: {target}. Check it with: evalkit survey check {target}")
