"""Write an instrument as YAML, in the shape that people write by hand."""

from __future__ import annotations

from collections.abc import Iterable

from evalkit.instruments.basis import Basis
from evalkit.instruments.model import (
    Instrument,
    Item,
    Ledger,
    Matrix,
    Option,
    OptionSet,
    Part,
    Scale,
    Section,
    Wave,
)
from evalkit.instruments.yaml_writing import OneLine, yaml_text

Record = dict[object, object]

_HEAD = (
    "version",
    "title",
    "description",
    "audience",
    "programmes",
    "languages",
    "minutes",
    "licence",
    "source",
    "cite",
)
_ROW_SHARED = ("options", "required", "when", "waves", "may_reword")


def to_yaml(instrument: Instrument) -> str:
    """Write an instrument as YAML.

    Parameters
    ----------
    instrument : Instrument
        The instrument.

    Returns
    -------
    str
        YAML that reads back as the same instrument. Shared blocks are written out; `block` tells which they were.
    """
    return yaml_text(_instrument(instrument))


def _instrument(instrument: Instrument) -> Record:
    data: Record = {"instrument": instrument.id, **{key: _plain(getattr(instrument, key)) for key in _HEAD}}
    data["may_reword"] = instrument.may_reword
    data["references"] = {reference.key: reference.text for reference in instrument.references}
    data["consent"], data["privacy"] = instrument.consent, instrument.privacy
    data["tokens"] = {token.name: token.text for token in instrument.tokens}
    data["waves"] = {wave.id: _wave(wave) for wave in instrument.waves}
    data["options"] = {options.id: _option_set(options) for options in instrument.options}
    data["sections"] = {section.id: _section(section) for section in instrument.sections}
    data["scales"] = {scale.id: _scale(scale) for scale in instrument.scales}
    data["translations"] = {translation.language: dict(translation.texts) for translation in instrument.translations}
    if instrument.ledger is not None:
        data["adapted"] = _ledger(instrument.ledger)
    return {key: value for key, value in data.items() if value not in ({}, [])}


def _fields(part: Part, leave_out: Iterable[str]) -> Record:
    """List the fields that differ from their default."""
    fields = type(part).model_fields
    return {
        name: _plain(getattr(part, name))
        for name in fields
        if name not in leave_out and getattr(part, name) != fields[name].default
    }


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return _fields(value, ()) if isinstance(value, Part) else value


def _wave(wave: Wave) -> object:
    data = _fields(wave, ("id",))
    return wave.title if set(data) == {"title"} else data


def _option(option: Option) -> object:
    return {"label": option.label, "exclusive": True} if option.exclusive else option.label


def _option_set(options: OptionSet) -> Record:
    shown: Record = {option.value: _option(option) for option in options.options if not option.missing}
    hidden: Record = {option.value: _option(option) for option in options.options if option.missing}
    return {**shown, "missing": hidden} if hidden else shown


def _section(section: Section) -> Record:
    items: Record = {}
    for matrix, rows in section.groups():
        if matrix is None:
            items[rows[0].id] = _fields(rows[0], ("id",))
        else:
            items[matrix.id] = _matrix(matrix, rows)
    return {**_fields(section, ("id", "items", "matrices")), "items": items}


def _matrix(matrix: Matrix, rows: tuple[Item, ...]) -> Record:
    """Write what all rows share once, above them."""
    own = [_fields(row, ("id", "kind", "matrix")) for row in rows]
    shared: Record = {
        key: own[0][key] for key in _ROW_SHARED if all(key in row and row[key] == own[0].get(key) for row in own)
    }
    below: Record = {}
    for row, fields in zip(rows, own, strict=True):
        left = {key: value for key, value in fields.items() if key not in shared}
        below[row.id] = row.text if set(left) == {"text"} else left
    return {"kind": "matrix", **_fields(matrix, ("id",)), **shared, "rows": below}


def _scale(scale: Scale) -> Record:
    return {
        **_fields(scale, ("id", "examples")),
        "examples": [
            {"shows": example.shows, "answers": list(example.answers), "score": example.score}
            for example in scale.examples
        ],
    }


def _ledger(ledger: Ledger) -> Record:
    return {
        "from": ledger.origin,
        "items": {
            entry.item: {"change": entry.change, "detail": entry.detail} if entry.detail else entry.change
            for entry in ledger.items
        },
        "scales": {entry.scale: {"verdict": entry.verdict, "rule": entry.rule} for entry in ledger.scales},
        "basis": _basis(ledger.basis),
    }


def _basis(basis: Basis) -> Record:
    items: Record = {item.id: OneLine(_fields(item, ("id",))) for item in basis.items}
    scales: Record = {
        scale.id: {**_fields(scale, ("id", "items")), "items": [item.id for item in scale.items]}
        for scale in basis.scales
    }
    found: Record = {"content": basis.content, "items": items, "scales": scales}
    return {key: value for key, value in found.items() if value != {}}
