"""Instruments into survey platforms: one module per platform, each with `build` and a strict `read_back`.

A platform module exports one form, the questions of one wave; `export_survey` makes the forms, fills in tokens, names
the files and writes them when all of them could be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.files import write_atomic
from evalkit.instruments.checks import check_instrument
from evalkit.instruments.export.report import CodeChange, ExportReport, Loss
from evalkit.instruments.library import load_instrument
from evalkit.instruments.model import Instrument
from evalkit.instruments.waves import form_at
from evalkit.instruments.wording import TOKEN, reworded, texts, tokens_in

__all__ = ["PLATFORMS", "CodeChange", "ExportReport", "Loss", "Platform", "export_survey"]

Built = tuple[str | bytes, Sequence[Loss], Sequence[CodeChange]]


class _Exporter(Protocol):
    def build(self, instrument: Instrument, /) -> Built: ...


class _TogetherExporter(Protocol):
    def build_together(self, forms: Sequence[Instrument], /) -> Built: ...


@dataclass(frozen=True, slots=True)
class Platform:
    """Where an export goes.

    Parameters
    ----------
    module : str
        Name of the module beside this one that writes the format.
    suffix : str
        Ending of its files, by which the platform knows them.
    together : bool
        Whether one file holds the forms of all waves, because a second file would replace the first on the platform.
    """

    module: str
    suffix: str
    together: bool = False


PLATFORMS: Mapping[str, Platform] = MappingProxyType(
    {
        "limesurvey": Platform("limesurvey", ".txt"),
        "qualtrics": Platform("qualtrics", ".txt"),
        "redcap": Platform("redcap", ".csv", together=True),
        "xlsform": Platform("xlsform", ".xlsx"),
        "surveyjs": Platform("surveyjs", ".json"),
        "ddi": Platform("ddi", ".xml"),
        "word": Platform("word", ".docx"),
        "html": Platform("html", ".html"),
    }
)


def export_survey(
    instrument: Instrument | str | Path, platform: str, path: str | Path, *, wave: str | None = None
) -> ExportReport:
    """Write an instrument in the format of a survey platform.

    Parameters
    ----------
    instrument : Instrument or str or pathlib.Path
        The instrument, its id, or its file; tokens are filled in where the instrument says what stands for them
        (`Instrument.adapt`).
    platform : str
        One of `PLATFORMS`.
    path : str or pathlib.Path
        The file to write; a folder that is there gets a file named after the instrument. With several ordinary waves
        and no `wave`, one file each is written: ``stem-wave.suffix``; for REDCap one file with a form for each wave,
        because an upload replaces the last one.
    wave : str, optional
        The one ordinary wave to export, with its retrospective questions.

    Returns
    -------
    ExportReport
        The files, what the platform cannot carry, and the codes that had to change.

    Raises
    ------
    InstrumentError
        INS-041 for an unknown platform, INS-042 for a file name the platform would not take, INS-023 for an unknown
        wave, every rule that the instrument breaks, and what the platform cannot take at all. Then nothing is written.
    ReportError
        REP-004 when the folder cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from evalkit.instruments.library import load_instrument
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = export_survey(load_instrument("return-to-work-transition"), "limesurvey", folder, wave="before")
    >>> [path.name for path in report.paths]
    ['return-to-work-transition.txt']
    """
    instrument = instrument if isinstance(instrument, Instrument) else load_instrument(instrument)
    exporter = _exporter(platform)
    target = _target(Path(path), instrument, platform)
    check_instrument(instrument)
    waves = [wave] if wave is not None else [one.id for one in instrument.waves if one.asked_with is None]
    forms = {one: _filled(form_at(instrument, one)) for one in waves}
    files: dict[Path, str | bytes] = {}
    losses = dict.fromkeys(loss for form in forms.values() for loss in _open_tokens(form))
    changes: dict[CodeChange, None] = {}
    for name, (content, lost, changed) in _built(exporter, target, forms, together=PLATFORMS[platform].together):
        files[target.with_name(name)] = content
        losses.update(dict.fromkeys(lost))
        changes.update(dict.fromkeys(changed))
    for file, content in files.items():
        write_atomic(file, content)
    return ExportReport(instrument.id, instrument.version, platform, tuple(files), tuple(losses), tuple(changes))


def _built(
    exporter: _Exporter, target: Path, forms: Mapping[str, Instrument], *, together: bool
) -> Iterator[tuple[str, Built]]:
    """Give the name and the content of each file."""
    if together and len(forms) > 1:
        yield target.name, cast("_TogetherExporter", exporter).build_together(list(forms.values()))
        return
    for wave, form in forms.items():
        yield target.name if len(forms) == 1 else f"{target.stem}-{wave}{target.suffix}", exporter.build(form)


def _exporter(platform: str) -> _Exporter:
    known = PLATFORMS.get(platform)
    if known is None:
        remedy = did_you_mean(platform, PLATFORMS)
        expected = "a platform that evalkit exports to"
        raise InstrumentError(Problem("INS-041", "argument platform", repr(platform), expected, remedy))
    return cast("_Exporter", import_module(f"{__name__}.{known.module}"))


def _target(path: Path, instrument: Instrument, platform: str) -> Path:
    suffix = PLATFORMS[platform].suffix
    if path.is_dir():
        return path / f"{instrument.id}{suffix}"
    if not path.suffix:
        return path.with_name(f"{path.name}{suffix}")
    if path.suffix.lower() != suffix:
        remedy = f"Name it {path.stem}{suffix}."
        raise InstrumentError(Problem("INS-042", path.name, f"the ending {path.suffix!r}", repr(suffix), remedy))
    return path


def _filled(form: Instrument) -> Instrument:
    """Put the texts that the instrument has for its tokens in their place, in every language."""
    words = {token.name: token.text for token in form.tokens}
    if not words:
        return form

    def final(text: str) -> str:
        return TOKEN.sub(lambda match: words.get(match.group(1), match.group(0)), text)

    translations = tuple(
        one.changed(texts=tuple((path, final(text)) for path, text in one.texts)) for one in form.translations
    )
    return reworded(form, lambda _, text: final(text)).changed(tokens=(), translations=translations)


def _open_tokens(form: Instrument) -> list[Loss]:
    found = dict.fromkeys(name for text in texts(form).values() for name in tokens_in(text))
    detail = "Stands in the texts as {{{0}}}: fill it in with adapt() before the export, or by hand after the import."
    return [Loss("token", name, detail.format(name)) for name in found]
