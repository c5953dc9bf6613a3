"""What differs between two versions of an instrument, and whether their scores can be compared.

The rules on scales stand in `evalkit.instruments.comparability`; a scale that is in one version only cannot be
compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.instruments.basis import Basis, ItemForm, ScaleForm
from evalkit.instruments.comparability import NOT, item_change, scale_verdict
from evalkit.instruments.model import Instrument, ItemEntry, Ledger, ScaleEntry
from evalkit.instruments.scale_forms import basis_of, content_of

_PRINT = re.compile(r"-[0-9a-f]{6}$")
Form = TypeVar("Form", ItemForm, ScaleForm)


def diff(a: Instrument | str | Path, b: Instrument | str | Path) -> Ledger:
    """Say what differs from one version of an instrument to another.

    Parameters
    ----------
    a, b : Instrument or str or pathlib.Path
        The version to start from, and the other; or their ids or files.

    Returns
    -------
    Ledger
        Every item of either with what happened to it, every scale of either with whether scores can be compared.
    """
    a, b = _loaded(a), _loaded(b)
    return ledger_against(f"{a.id} {a.version}", basis_of(a), b)


def _loaded(instrument: Instrument | str | Path) -> Instrument:
    from evalkit.instruments.library import load_instrument  # which reads instruments, and so makes ledgers

    return instrument if isinstance(instrument, Instrument) else load_instrument(instrument)


def ledger_against(origin: str, basis: Basis, instrument: Instrument) -> Ledger:
    """Say what differs from the instrument of which a basis was kept.

    Parameters
    ----------
    origin : str
        Id and version of that instrument.
    basis : Basis
        What was kept of it.
    instrument : Instrument
        The other version.

    Returns
    -------
    Ledger
        As from `diff`.
    """
    now = basis_of(instrument)
    return Ledger(
        origin=origin,
        basis=basis,
        items=tuple(_item_entries(_by_id(basis.items), _by_id(now.items))),
        scales=tuple(_scale_entries(_by_id(basis.scales), _by_id(now.scales))),
    )


def version_of(base: str, instrument: Instrument, content: str) -> str:
    """Name the version of an adaptation by its content.

    Parameters
    ----------
    base : str
        The version that it started from.
    instrument : Instrument
        The adaptation.
    content : str
        Print of the content that it started from.

    Returns
    -------
    str
        `base` when nothing but what stands for words in braces differs, else `base`, a hyphen and the print.
    """
    now = content_of(instrument)
    # Every platform and every response file can carry a hyphen, which does not hold for a plus sign.
    return base if now == content else f"{base}-{now}"


def stale_print(instrument: Instrument, place: str) -> list[Problem]:
    """Find an adapted instrument that was edited by hand and still has the version of what it was.

    Parameters
    ----------
    instrument : Instrument
        As read from a file.
    place : str
        Where its version stands, for the message.

    Returns
    -------
    list of Problem
        INS-036; empty for an instrument without a ledger, with the print of its content, or with a version that looks
        neither like a print nor like that of its origin.
    """
    ledger = instrument.ledger
    if ledger is None:
        return []
    base = ledger.origin.rpartition(" ")[2]
    right = version_of(base, instrument, ledger.basis.content)
    version = instrument.version
    printed = version != base and _PRINT.search(version)
    if version == right or version.endswith(f"-{content_of(instrument)}") or not (printed or version == base):
        return []
    found = f"version {version}, which is that of another content: the file was edited"
    remedy = f'Write version: "{right}", or a version of your own.'
    return [Problem("INS-036", place, found, right, remedy)]


def with_ledger_anew(instrument: Instrument) -> Instrument:
    """Make the ledger of an adapted instrument anew from what it is now.

    Parameters
    ----------
    instrument : Instrument
        As read from a file, whose ledger may be older than its questions.

    Returns
    -------
    Instrument
        The same when it has no ledger.
    """
    if instrument.ledger is None:
        return instrument
    return instrument.changed(ledger=ledger_against(instrument.ledger.origin, instrument.ledger.basis, instrument))


def require_comparable(a: Instrument | str | Path, b: Instrument | str | Path, scale: str) -> ScaleEntry:
    """Refuse to compare or pool scores that cannot be.

    Parameters
    ----------
    a, b : Instrument or str or pathlib.Path
        The versions from which the scores come; or their ids or files.
    scale : str
        Id of the scale.

    Returns
    -------
    ScaleEntry
        "comparable" or "comparable with care", with the rule that decides.

    Raises
    ------
    InstrumentError
        INS-031 when neither version has the scale, INS-033 when the scores cannot be compared.

    See Also
    --------
    evalkit.scoring.require_comparable_scores : The same for frames of scores.
    """
    a, b = _loaded(a), _loaded(b)
    found = {entry.scale: entry for entry in diff(a, b).scales}
    place = f"{a.id} {a.version} and {b.id} {b.version}"
    if scale not in found:
        remedy = did_you_mean(scale, found) if found else "These instruments have no scales."
        raise InstrumentError(Problem("INS-031", place, f"scale {scale!r}", "a scale of either", remedy))
    entry = found[scale]
    if entry.verdict == NOT:
        raise InstrumentError(not_comparable(place, scale, entry.rule))
    return entry


def not_comparable(between: str, scale: str, rule: str) -> Problem:
    """Name scores that cannot be compared.

    Parameters
    ----------
    between : str
        The versions.
    scale : str
        The scale.
    rule : str
        The rule that decides, in words.

    Returns
    -------
    Problem
        INS-033.
    """
    remedy = "Report the two apart, or compare single items that are unchanged."
    return Problem("INS-033", f"{between}, scale {scale}", rule, "comparable versions", remedy)


def _by_id(forms: tuple[Form, ...]) -> dict[str, Form]:
    return {form.id: form for form in forms}


def _item_entries(old: Mapping[str, ItemForm], new: Mapping[str, ItemForm]) -> Iterator[ItemEntry]:
    for name in dict.fromkeys([*old, *new]):
        if name not in old:
            yield ItemEntry(item=name, change="added")
        elif name not in new:
            yield ItemEntry(item=name, change="dropped")
        else:
            change, detail = item_change(old[name], new[name])
            yield ItemEntry(item=name, change=change, detail=detail)


def _scale_entries(old: Mapping[str, ScaleForm], new: Mapping[str, ScaleForm]) -> Iterator[ScaleEntry]:
    for name in dict.fromkeys([*old, *new]):
        if name in old and name in new:
            verdict, rule = scale_verdict(old[name], new[name])
            yield ScaleEntry(scale=name, verdict=verdict, rule=rule)
        else:
            yield ScaleEntry(scale=name, verdict=NOT, rule="it is in one version only")
