"""Whether scores of two versions of a scale can be compared, and what happened to an item.

The rules that decide on a scale; all that apply are named. **Not comparable:** another rule, range or reverse key; an
item of another kind or with other answer values; a sum over other items; fewer than three quarters of all items of
either version in both; fewer than three quarters of them in both and in the same words; the same answers under other
values; fewer than half of the answers to an item in the same words. **Comparable with care:** some items in one version
only; some items in other words; some answers in other words; answers in another order; other ways to decline; other
help; another introduction of the page or of the retrospective questions; other words in a further language that both
have; another least number of answers; items shown under another condition; another language. **Else comparable.**

Words in another language cannot be held against each other: between languages the rules on words are left out. What is
filled in for words in braces, the width of blanks, a final full stop and curly quotes are no other words.

Words are held against each other letter by letter; nothing here reads them. Answers that were turned round *and* put in
other words where they would give it away (`1: Fully agree` for what was `5: Strongly agree`) look like new answers, and
where half of the labels stay, the verdict is only "with care": read the two sets of answers side by side.
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
    "intro": "introduction of the page",
}

_LESSER: Mapping[str, str] = {
    "labels": "some answers in other words",
    "order": "the answers in another order",
    "declining": "other ways to decline",
    "help": "other help",
    "intro": "another introduction of the page",
}
_MOVED = "the same answers under other values"


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
    rescaled = _other(old, new, _RESCALED)
    if rescaled:
        return "rescaled", f"other {', '.join(rescaled)}"
    if _under_other_values(old, new):
        return "rescaled", _MOVED
    reworded = [*_other(old, new, _REWORDED), *(f"words in {language}" for language in _translated_anew(old, new))]
    return ("reworded", f"other {', '.join(reworded)}") if reworded else ("unchanged", "")


def answers_keep_meaning(old: ItemForm, new: ItemForm) -> bool:
    """Tell whether stored answers to an item can be read as answers to its other version.

    Parameters
    ----------
    old, new : ItemForm
        The item in either.

    Returns
    -------
    bool
        False when it was rescaled, and when fewer than half of its answers are in the same words on the same values:
        the others may have changed places.
    """
    return item_change(old, new)[0] != "rescaled" and _labels_kept(old, new) >= LABELS_KEPT_AT_LEAST


def scale_verdict(old: ScaleForm, new: ScaleForm) -> tuple[Verdict, str]:
    """Say whether scores of two versions of a scale can be compared.

    Parameters
    ----------
    old, new : ScaleForm
        The scale in either.

    Returns
    -------
    tuple of (str, str)
        "comparable", "comparable with care" or "not comparable", and the rules that decide, in words, with semicolons
        between them. The verdict is the same the other way round.
    """
    pairs = _pairs(old, new)
    same_language = _tongue(old) == _tongue(new)
    against = [*_against(old, new, pairs), *(_other_words(old, new, pairs) if same_language else ())]
    if against:
        return NOT, "; ".join(against)
    care = [*_apart(old, new), *(_some_words(old, new, pairs) if same_language else ()), *_with_care(old, new, pairs)]
    if care:
        return CARE, "; ".join(care)
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
    rescaled = [one.id for one, other in pairs if _other(one, other, _RESCALED)]
    if rescaled:
        yield f"{_listed(rescaled, 'has', 'have')} other answer values"
    every = _every(old, new, pairs)
    if old.rule == "sum" and len(pairs) < every:
        yield "a sum over other items is another quantity"
    if len(pairs) < SHARED_AT_LEAST * every:
        yield f"only {len(pairs)} of {every} items {_is(len(pairs))} in both, fewer than three quarters"


def _other_words(old: ScaleForm, new: ScaleForm, pairs: Pairs) -> Iterator[str]:
    kept = [one.id for one, other in pairs if _words(one) == _words(other)]
    every = _every(old, new, pairs)
    if len(kept) < min(SHARED_AT_LEAST * every, len(pairs)):
        found = f"only {len(kept)} of {every} items {_is(len(kept))} in both and in the same words"
        yield f"{found}, fewer than three quarters"
    same_values = [(one, other) for one, other in pairs if not _other(one, other, _RESCALED)]
    moved = [one.id for one, other in same_values if _under_other_values(one, other)]
    if moved:
        yield f"{_listed(moved, 'has', 'have')} {_MOVED}"
    renamed = [
        one.id for one, other in same_values if one.id not in moved and _labels_kept(one, other) < LABELS_KEPT_AT_LEAST
    ]
    if renamed:
        yield f"{_listed(renamed, 'has', 'have')} answers in other words, fewer than half of them the same"


def _apart(old: ScaleForm, new: ScaleForm) -> Iterator[str]:
    apart = sorted({item.id for item in old.items} ^ {item.id for item in new.items})
    if apart:
        yield f"{_listed(apart, 'is', 'are')} in one version only, three quarters or more are shared"


def _some_words(old: ScaleForm, new: ScaleForm, pairs: Pairs) -> Iterator[str]:
    reworded = [one.id for one, other in pairs if _words(one) != _words(other)]
    if reworded:
        yield f"{_listed(reworded, 'was', 'were')} reworded"
    for key, what in _LESSER.items():
        found = [one.id for one, other in pairs if getattr(one, key) != getattr(other, key)]
        if found:
            yield f"{_listed(found, 'has', 'have')} {what}"
    # A wave without retrospective questions has no introduction to them, which is no other one.
    if old.looking_back and new.looking_back and old.looking_back != new.looking_back:
        yield "the retrospective questions have another introduction"


def _with_care(old: ScaleForm, new: ScaleForm, pairs: Pairs) -> Iterator[str]:
    if old.min_answered != new.min_answered:
        yield f"at least {old.min_answered} answers are asked for in one and {new.min_answered} in the other"
    moved = [one.id for one, other in pairs if one.shown != other.shown]
    if moved:
        yield f"{_listed(moved, 'is', 'are')} shown under another condition"
    anew: dict[str, list[str]] = {}
    for one, other in pairs:
        for language in _translated_anew(one, other):
            anew.setdefault(language, []).append(one.id)
    for language, names in anew.items():
        yield f"{_listed(names, 'has', 'have')} other words in {language}"
    if old.language != new.language:
        yield f"one is in {old.language} and the other in {new.language}"


def _every(old: ScaleForm, new: ScaleForm, pairs: Pairs) -> int:
    """Count the items of either version."""
    return len(old.items) + len(new.items) - len(pairs)


def _other(old: ItemForm, new: ItemForm, words: Mapping[str, str]) -> list[str]:
    return [word for key, word in words.items() if getattr(old, key) != getattr(new, key)]


def _translated_anew(one: ItemForm, other: ItemForm) -> list[str]:
    """List the further languages that both have, in other words."""
    theirs = other.by_language
    return [language for language, words in one.by_language.items() if theirs.get(language, words) != words]


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
