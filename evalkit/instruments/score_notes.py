"""What a column of scores notes of its scale, as plain values that survive copying, joining and saving a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from evalkit.instruments.basis import ItemForm, ScaleForm
from evalkit.instruments.comparability import CARE, COMPARABLE, NOT, scale_verdict
from evalkit.instruments.model import Instrument, Scale
from evalkit.instruments.rules import score_bounds
from evalkit.instruments.scale_forms import retrospective_wave, scale_form

Note = Mapping[str, object]

UNKNOWN = "unknown"
_GRAVITY = (COMPARABLE, CARE, UNKNOWN, NOT)
_SCALE_KEYS = ("language", "rule", "min_answered")


def noted_form(scale: Scale, instrument: Instrument) -> dict[str, object]:
    """Note of a scale what decides whether its scores can be compared.

    Parameters
    ----------
    scale : Scale
        A scale of the instrument.
    instrument : Instrument
        The instrument, or the form of one of its waves.

    Returns
    -------
    dict
        Texts, numbers, lists and dictionaries only. ``instrument``, ``version``, ``scale`` (the id, that of the
        original for a retrospective one), ``about`` (the retrospective wave, else empty), ``language``, ``rule``,
        ``range`` (lowest and highest score), ``answers`` (lowest and highest answer), ``min_answered``,
        ``looking_back`` (print of what stands above retrospective questions), ``items``: item
        id -> its kind, prints of its words, values, condition and whether it is ``reverse``-keyed, and ``every``: what
        of this is the same for all items.
    """
    form = scale_form(scale, instrument)
    rows = {item.id: {**_row(item), "reverse": item.id in form.reverse} for item in form.items}
    first = next(iter(rows.values()))
    every = {key: value for key, value in first.items() if all(row.get(key) == value for row in rows.values())}
    return {
        "instrument": instrument.id,
        "version": instrument.version,
        "scale": form.id,
        "about": retrospective_wave(scale, instrument),
        **{key: getattr(form, key) for key in _SCALE_KEYS},
        "range": [float(bound) for bound in score_bounds(scale)],
        "answers": list(form.range),
        "looking_back": form.looking_back,
        "every": every,
        "items": {name: {key: row[key] for key in row if key not in every} for name, row in rows.items()},
    }


def noted_verdict(one: object, other: object) -> tuple[str, str]:
    """Say whether two columns of scores can be compared, by what they note.

    Parameters
    ----------
    one, other : object
        From `noted_form`, or anything else where nothing is noted.

    Returns
    -------
    tuple of (str, str)
        "comparable", "comparable with care", "not comparable" or "unknown", and the rule that decides, in words.
    """
    forms = _form(one), _form(other)
    if forms[0] is None or forms[1] is None:
        return UNKNOWN, "the scores do not say from which version of a scale they come"
    return scale_verdict(forms[0], forms[1])


def noted_version(note: object) -> str:
    """Name the instrument and version that a column of scores notes.

    Parameters
    ----------
    note : object
        From `noted_form`.

    Returns
    -------
    str
        Such as "intention-to-leave 1.0"; "an unknown version" where nothing is noted.
    """
    if not isinstance(note, Mapping) or not {"instrument", "version"} <= note.keys():
        return "an unknown version"
    about = f" ({note['about']})" if note.get("about") else ""
    return f"{note['instrument']} {note['version']}{about}"


def gravest(verdicts: Iterable[tuple[str, str, str]]) -> tuple[str, str, str]:
    """Choose the gravest of some verdicts, the first of several.

    Parameters
    ----------
    verdicts : iterable of tuple
        Verdict, rule and versions, at least one.

    Returns
    -------
    tuple of (str, str, str)
        One of them.
    """
    return max(verdicts, key=lambda row: _GRAVITY.index(row[0]))


def _form(note: object) -> ScaleForm | None:
    if not isinstance(note, Mapping) or not isinstance(note.get("items"), Mapping):
        return None
    try:
        rows: dict[str, dict[str, object]] = {
            str(name): {**note["every"], **row} for name, row in note["items"].items()
        }
        return ScaleForm(
            id=note["scale"],
            items=tuple(
                ItemForm.model_validate({"id": name, **{key: row[key] for key in row if key != "reverse"}})
                for name, row in rows.items()
            ),
            reverse=tuple(name for name, row in rows.items() if row["reverse"]),
            range=note["answers"],
            looking_back=note.get("looking_back", ""),
            **{key: note[key] for key in _SCALE_KEYS},
        )
    except (ValidationError, KeyError, TypeError, ValueError):
        return None


def _row(item: ItemForm) -> dict[str, object]:
    return item.model_dump(exclude={"id"}, exclude_defaults=True)
