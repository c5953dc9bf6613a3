"""What differs between two versions of an instrument, and whether their scores can be compared.

The rules that decide on a scale, the first that applies. Not comparable: it is in one version only; another rule,
range or reverse key; an item with other answer values; a sum over other items; fewer than three quarters of the items
shared. Comparable with care: some items only in one version; another wording; another least number of answers; items
shown under another condition; another first language. Else comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from evalkit.errors import InstrumentError, Problem, did_you_mean
from evalkit.instruments.model import (
    Instrument,
    Item,
    ItemChange,
    ItemEntry,
    Ledger,
    Scale,
    ScaleEntry,
    Verdict,
)

SHARED_AT_LEAST = 0.75
_CARE: Verdict = "comparable with care"
_NOT: Verdict = "not comparable"
_VERDICTS: tuple[Verdict, ...] = ("comparable", _CARE, _NOT)


def diff(a: Instrument, b: Instrument) -> Ledger:
    """Say what differs from one version of an instrument to another.

    Parameters
    ----------
    a, b : Instrument
        The version to start from, and the other.

    Returns
    -------
    Ledger
        Every item of either with what happened to it, every scale of either with whether scores can be compared.
    """
    items = tuple(_item_entries(a, b))
    changes = {entry.item: entry for entry in items}
    names = dict.fromkeys([*a.scales_by_id, *b.scales_by_id])
    scales = tuple(_scale_entry(name, a, b, changes) for name in names)
    return Ledger(origin=f"{a.id} {a.version}", items=items, scales=scales)


def require_comparable(a: Instrument, b: Instrument, scale: str) -> ScaleEntry:
    """Refuse to compare or pool scores that cannot be.

    Parameters
    ----------
    a, b : Instrument
        The versions from which the scores come.
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
    """
    found = {entry.scale: entry for entry in diff(a, b).scales}
    place = f"{a.id} {a.version} and {b.id} {b.version}"
    if scale not in found:
        remedy = did_you_mean(scale, found) if found else "These instruments have no scales."
        raise InstrumentError(Problem("INS-031", place, f"scale {scale!r}", "a scale of either", remedy))
    entry = found[scale]
    if entry.verdict == _NOT:
        remedy = "Report the two apart, or compare single items that are unchanged."
        raise InstrumentError(Problem("INS-033", f"{place}, scale {scale}", entry.rule, "comparable versions", remedy))
    return entry


def joined(earlier: Ledger | None, later: Ledger) -> Ledger:
    """Put the ledgers of two adaptations, one after the other, together.

    Parameters
    ----------
    earlier : Ledger or None
        From the first origin to the instrument that was adapted again.
    later : Ledger
        From that instrument to the result.

    Returns
    -------
    Ledger
        From the first origin to the result, the graver change and verdict for each.
    """
    if earlier is None:
        return later
    before = {entry.item: entry for entry in earlier.items}
    after = {entry.item: entry for entry in later.items}
    items = [_joined_item(before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])]
    first = {entry.scale: entry for entry in earlier.scales}
    second = {entry.scale: entry for entry in later.scales}
    scales = [
        max(
            (entry for entry in (first.get(name), second.get(name)) if entry is not None),
            key=lambda entry: _VERDICTS.index(entry.verdict),
        )
        for name in dict.fromkeys([*first, *second])
    ]
    return Ledger(origin=earlier.origin, items=tuple(item for item in items if item is not None), scales=tuple(scales))


def _joined_item(before: ItemEntry | None, after: ItemEntry | None) -> ItemEntry | None:
    if before is None or after is None:
        return before or after
    if after.change == "dropped":
        return None if before.change == "added" else after
    if before.change == "added":
        return before
    if before.change == "dropped":
        return after.changed(change="reworded", detail="dropped, and added again")
    order: tuple[ItemChange, ...] = ("unchanged", "reworded", "rescaled")
    return before if order.index(before.change) > order.index(after.change) else after


def _item_entries(a: Instrument, b: Instrument) -> Iterator[ItemEntry]:
    for name in dict.fromkeys([*a.by_id, *b.by_id]):
        old, new = a.by_id.get(name), b.by_id.get(name)
        if old is None:
            yield ItemEntry(item=name, change="added")
        elif new is None:
            yield ItemEntry(item=name, change="dropped")
        else:
            yield _item_entry(a, old, b, new)


def _item_entry(a: Instrument, old: Item, b: Instrument, new: Item) -> ItemEntry:
    rescaled = [word for word, part in _SCALING.items() if part(a, old) != part(b, new)]
    if rescaled:
        return ItemEntry(item=old.id, change="rescaled", detail=f"other {', '.join(rescaled)}")
    reworded = [word for word, part in _WORDING.items() if part(a, old) != part(b, new)]
    if reworded:
        return ItemEntry(item=old.id, change="reworded", detail=f"other {', '.join(reworded)}")
    return ItemEntry(item=old.id, change="unchanged")


def _values(instrument: Instrument, item: Item) -> tuple[int | str, ...]:
    return tuple(option.value for option in instrument.options_of(item) if not option.missing)


def _labels(instrument: Instrument, item: Item) -> tuple[str, ...]:
    return tuple(option.label for option in instrument.options_of(item) if not option.missing)


def _missing(instrument: Instrument, item: Item) -> frozenset[tuple[int | str, str]]:
    return frozenset((option.value, option.label) for option in instrument.options_of(item) if option.missing)


def _above(instrument: Instrument, item: Item) -> tuple[str, str]:
    for section in instrument.sections:
        for matrix in section.matrices:
            if matrix.id == item.matrix:
                return matrix.text, matrix.help
    return "", ""


_Part = Callable[[Instrument, Item], object]
_SCALING: Mapping[str, _Part] = {
    "kind": lambda _, item: item.kind,
    "answer values": _values,
    "limits": lambda _, item: (item.min, item.max, item.decimals),
}
_WORDING: Mapping[str, _Part] = {
    "text": lambda _, item: item.text,
    "help": lambda _, item: (item.help, item.unit),
    "question above the rows": _above,
    "answer labels": _labels,
    "ways to decline": _missing,
}


def _scale_entry(name: str, a: Instrument, b: Instrument, changes: Mapping[str, ItemEntry]) -> ScaleEntry:
    old, new = a.scales_by_id.get(name), b.scales_by_id.get(name)
    if old is None or new is None:
        return ScaleEntry(scale=name, verdict=_NOT, rule="it is in one version only")
    for rule in (*_against(old, new, changes), *_relabelled(old, new, a, b)):
        return ScaleEntry(scale=name, verdict=_NOT, rule=rule)
    for rule in _with_care(old, new, a, b, changes):
        return ScaleEntry(scale=name, verdict=_CARE, rule=rule)
    return ScaleEntry(scale=name, verdict="comparable", rule="items, wording, answers, key and rule are the same")


def _against(old: Scale, new: Scale, changes: Mapping[str, ItemEntry]) -> Iterator[str]:
    shared = [item for item in old.items if item in new.items]
    if old.rule != new.rule:
        yield f"the rule is {old.rule} in one and {new.rule} in the other"
    if old.range != new.range:
        yield f"answers run from {_span(old)} in one and from {_span(new)} in the other"
    turned = sorted(item for item in shared if (item in old.reverse) != (item in new.reverse))
    if turned:
        yield f"{', '.join(turned)} is reverse-keyed in one only"
    rescaled = [item for item in shared if changes[item].change == "rescaled"]
    if rescaled:
        yield f"{', '.join(rescaled)} has other answer values"
    every = len({*old.items, *new.items})
    if old.rule == "sum" and len(shared) < every:
        yield "a sum over other items is another quantity"
    if len(shared) < SHARED_AT_LEAST * every:
        yield f"only {len(shared)} of {every} items are in both, fewer than three quarters"


def _relabelled(old: Scale, new: Scale, a: Instrument, b: Instrument) -> Iterator[str]:
    """Find answers that kept their words but not their values: agreeing in one is disagreeing in the other."""
    mirrored = []
    for name in old.items:
        if name not in new.items:
            continue
        one, other = (
            {option.label: option.value for option in whole.options_of(whole.by_id[name]) if not option.missing}
            for whole in (a, b)
        )
        if any(other.get(label, value) != value for label, value in one.items()):
            mirrored.append(name)
    if mirrored:
        yield f"{', '.join(mirrored)} has the same answers under other values"


def _with_care(old: Scale, new: Scale, a: Instrument, b: Instrument, changes: Mapping[str, ItemEntry]) -> Iterator[str]:
    apart = sorted({*old.items} ^ {*new.items})
    if apart:
        yield f"{', '.join(apart)} is in one version only, three quarters or more are shared"
    reworded = [item for item in old.items if item in new.items and changes[item].change == "reworded"]
    if reworded:
        yield f"{', '.join(reworded)} was reworded"
    if old.min_answered != new.min_answered:
        yield f"at least {old.min_answered} answers are asked for in one and {new.min_answered} in the other"
    moved = [item for item in old.items if item in new.items and _shown(a, item) != _shown(b, item)]
    if moved:
        yield f"{', '.join(moved)} is shown under another condition"
    if a.languages[0] != b.languages[0]:
        yield f"one is in {a.languages[0]} and the other in {b.languages[0]}"


def _span(scale: Scale) -> str:
    return f"{scale.range[0]} to {scale.range[1]}"


def _shown(instrument: Instrument, name: str) -> tuple[str, str]:
    for section in instrument.sections:
        for item in section.items:
            if item.id == name:
                return section.when, item.when
    return "", ""
