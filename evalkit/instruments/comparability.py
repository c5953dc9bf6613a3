"""Whether scores of two versions of a scale can be compared, and what happened to an item.

The rules that decide on a scale, the first that applies. **Not comparable:** another rule, range or reverse key; an
item of another kind or with other answer values; a sum over other items; fewer than three quarters of the items shared;
fewer than three quarters of the shared items in the same words; the same answers under other values; fewer than half of
the answers to an item in the same words. **Comparable with care:** some items in one version only; some items in other
words; some answers in other words; answers in another order; other ways to decline; other help; another least number of
answers; items shown under another condition; another language. **Else comparable.**

Words in another language cannot be held against each other: between languages the rules on words are left out. What is
filled in for words in braces, the width of blanks, a final full stop and curly quotes are no other words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evalkit.instruments.basis import ItemForm, ScaleForm
from evalkit.instruments.parts import ItemChange, Verdict

SHARED_AT_LEAST = 0.75
LABELS_KEPT_AT_LEAST = 0.5
CARE: Verdict = "comparable with care"
NOT: Verdict = "not comparable"
COMPARABLE: Verdict = "comparable"
_RESCALED: Mapping[str, str] = {"kind": "kind", "values": "answer values", "limits": "limits"}
_REWORDED: Mapping[str, str] = {
    "text": "text",
    "help": "help",
    "above": "question above the rows",
    "labels": "answer labels",
    "order": "order of the answers",
    "declining": "ways to decline",
}

_LESSER: Mapping[str, str] = {
    "labels": "some answers in other words",
    "order": "the answers in another order",
    "declining": "other ways to decline",
    "help": "other help",
}


def item_change(old: ItemForm, new: ItemForm) -> tuple[ItemChange, str]:
    """Say what happened to an item that is in both versions.

    Parameters
    ----------
    old, new : ItemForm
        The item in either.

    Returns
    -------
    tuple of (str, str)
        "unchanged", "reworded" or "rescaled", and what exactly, in words.
    """
    kinds: tuple[tuple[ItemChange, Mapping[str, str]], ...] = (("rescaled", _RESCALED), ("reworded", _REWORDED))
    for change, words in kinds:
        other = [word for key, word in words.items() if getattr(old, key) != getattr(new, key)]
        if other:
            return change, f"other {', '.join(other)}"
    return "unchanged", ""


def scale_verdict(old: ScaleForm, new: ScaleForm) -> tuple[Verdict, str]:
    """Say whether scores of two versions of a scale can be compared.

    Parameters
    ----------
    old, new : ScaleForm
        The scale in either.

    Returns
    -------
    tuple of (str, str)
        "comparable", "comparable with care" or "not comparable", and the rule that decides, in words. The verdict is
        the same the other way round.
    """
    pairs = _pairs(old, new)
    same_language = _tongue(old) == _tongue(new)
    for rule in (*_against(old, new, pairs), *(_other_words(pairs) if same_language else ())):
        return NOT, rule
    for rule in (*_apart(old, new), *(_some_words(pairs) if same_language else ()), *_with_care(old, new, pairs)):
        return CARE, rule
    return COMPARABLE, "items, wording, answers, key and rule are the same"


Pairs = Sequence[tuple[ItemForm, ItemForm]]


def _pairs(old: ScaleForm, new: ScaleForm) -> Pairs:
    others = {item.id: item for item in new.items}
    return [(item, others[item.id]) for item in old.items if item.id in others]


def _tongue(form: ScaleForm) -> str:
    return form.language.split("-")[0]


def _against(old: ScaleForm, new: ScaleForm, pairs: Pairs) -> Iterator[str]:
    if old.rule != new.rule:
        yield f"the rule is {old.rule} in one and {new.rule} in the other"
    if old.range != new.range:
        yield f"answers run from {_span(old)} in one and from {_span(new)} in the other"
    turned = [one.id for one, _ in pairs if (one.id in old.reverse) != (one.id in new.reverse)]
    if turned:
        yield f"{_listed(turned, 'is', 'are')} reverse-keyed in one only"
    rescaled = [one.id for one, other in pairs if item_change(one, other)[0] == "rescaled"]
    if rescaled:
        yield f"{_listed(rescaled, 'has', 'have')} other answer values"
    every = len(old.items) + len(new.items) - len(pairs)
    if old.rule == "sum" and len(pairs) < every:
        yield "a sum over other items is another quantity"
    if len(pairs) < SHARED_AT_LEAST * every:
        yield f"only {len(pairs)} of {every} items {_is(len(pairs))} in both, fewer than three quarters"


def _other_words(pairs: Pairs) -> Iterator[str]:
    kept = [one.id for one, other in pairs if _words(one) == _words(other)]
    if len(kept) < SHARED_AT_LEAST * len(pairs):
        found = f"only {len(kept)} of {len(pairs)} shared items {_is(len(kept))} in the same words"
        yield f"{found}, fewer than three quarters"
    moved = [one.id for one, other in pairs if _under_other_values(one, other)]
    if moved:
        yield f"{_listed(moved, 'has', 'have')} the same answers under other values"
    renamed = [one.id for one, other in pairs if _labels_kept(one, other) < LABELS_KEPT_AT_LEAST]
    if renamed:
        yield f"{_listed(renamed, 'has', 'have')} answers in other words, fewer than half of them the same"


def _apart(old: ScaleForm, new: ScaleForm) -> Iterator[str]:
    apart = sorted({item.id for item in old.items} ^ {item.id for item in new.items})
    if apart:
        yield f"{_listed(apart, 'is', 'are')} in one version only, three quarters or more are shared"


def _some_words(pairs: Pairs) -> Iterator[str]:
    reworded = [one.id for one, other in pairs if _words(one) != _words(other)]
    if reworded:
        yield f"{_listed(reworded, 'was', 'were')} reworded"
    for key, what in _LESSER.items():
        found = [one.id for one, other in pairs if getattr(one, key) != getattr(other, key)]
        if found:
            yield f"{_listed(found, 'has', 'have')} {what}"


def _with_care(old: ScaleForm, new: ScaleForm, pairs: Pairs) -> Iterator[str]:
    if old.min_answered != new.min_answered:
        yield f"at least {old.min_answered} answers are asked for in one and {new.min_answered} in the other"
    moved = [one.id for one, other in pairs if one.shown != other.shown]
    if moved:
        yield f"{_listed(moved, 'is', 'are')} shown under another condition"
    if old.language != new.language:
        yield f"one is in {old.language} and the other in {new.language}"


def _words(item: ItemForm) -> tuple[str, str]:
    return item.text, item.above


def _under_other_values(one: ItemForm, other: ItemForm) -> bool:
    """Whether answers kept their words but not their values: agreeing in one is disagreeing in the other."""
    known = other.by_label
    return any(known.get(label, value) != value for label, value in one.by_label.items())


def _labels_kept(one: ItemForm, other: ItemForm) -> float:
    pairs = list(zip(one.labels.split(), other.labels.split(), strict=False))
    return sum(a == b for a, b in pairs) / len(pairs) if pairs else 1.0


def _listed(names: Sequence[str], single: str, several: str) -> str:
    return f"{', '.join(names)} {single if len(names) == 1 else several}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _span(form: ScaleForm) -> str:
    return f"{form.range[0]:g} to {form.range[1]:g}"
