"""Compare what was exported with what was read back, field by field: nothing may be lost without being told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected, parse_condition
from evalkit.instruments.export.report import CodeChange, Loss
from evalkit.instruments.model import Instrument, Item, Section

HEAD = ("id", "version", "title", "description", "consent", "privacy")
METADATA = ("audience", "programmes", "minutes", "licence", "source", "cite", "references", "may_reword", "ledger")
ITEM = (
    "kind",
    "text",
    "help",
    "required",
    "min",
    "max",
    "decimals",
    "max_length",
    "unit",
    "identifier",
    "may_reword",
)
SEEN_ELSEWHERE = {"id", "code", "options", "when", "waves", "matrix"}
OPPOSITE = {"==": "!=", "!=": "=="}

Fields = dict[str, object]


def silent_losses(
    form: Instrument, arrived: Instrument, losses: Iterable[Loss], changes: Iterable[CodeChange]
) -> list[str]:
    """Every field that differs and that no loss names, and every loss that names nothing that differs."""
    before = Names((), form).fields(form)
    after = Names(changes, form, arrived).fields(arrived)
    different = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    told: set[str] = set()
    idle = []
    for loss in losses:
        named = {path for path in different if _covers(loss, path, form)}
        told |= named
        if not named and loss.feature != "pages":
            idle.append(f"nothing is lost by {loss}")
    unsaid = [f"{path}: {before.get(path)!r} became {after.get(path)!r}" for path in sorted(different - told)]
    return [*unsaid, *idle]


class Names:
    """Gives the instrument's own names for those of the platform."""

    def __init__(self, changes: Iterable[CodeChange], form: Instrument, arrived: Instrument | None = None) -> None:
        changes = list(changes)
        self.item_of = {one.platform_item: one.item for one in changes if not one.value}
        self.arrived = arrived is not None
        for item in arrived.items if arrived else ():
            self.item_of[item.id] = self.item_of.get(item.name, item.name)
        self.value_of = {(one.item, one.platform_value): one.value for one in changes if one.value}
        self.form = form

    def item(self, name: str) -> str:
        return self.item_of.get(name, name)

    def value(self, item: str, code: object) -> str:
        return self.value_of.get((item, str(code)), str(code))

    def fields(self, instrument: Instrument) -> Fields:
        found: Fields = {key: getattr(instrument, key) for key in HEAD}
        found |= {key: getattr(instrument, key) or None for key in METADATA if key != "may_reword"}
        found["may_reword"] = instrument.may_reword
        found |= {f"languages.{n}": language for n, language in enumerate(instrument.languages)}
        found |= {f"tokens.{token.name}": token for token in instrument.tokens}
        found |= {f"scales.{scale.id}": scale for scale in instrument.scales}
        for n, wave in enumerate(instrument.waves):
            found |= {f"waves.{n}.{key}": getattr(wave, key) for key in ("id", "title", "asked_with", "intro")}
        for n, section in enumerate(instrument.sections):
            found |= dict(self.section(n, section, instrument))
        for n, language in enumerate(instrument.languages[1:], start=1):
            for one in instrument.translations:
                if one.language == language:
                    found |= dict(self.translation(n, one.texts, instrument))
        return found

    def section(self, n: int, section: Section, instrument: Instrument) -> Iterator[tuple[str, object]]:
        for key in ("id", "title", "intro", "block"):
            yield f"sections.{n}.{key}", getattr(section, key)
        yield f"sections.{n}.when", self.condition(section.condition)
        yield f"sections.{n}.items", tuple(self.item(item.id) for item in section.items)
        for k, matrix in enumerate(section.matrices):
            for key in ("id", "text", "help"):
                yield f"matrices.{n}.{k}.{key}", getattr(matrix, key)
        places = {matrix.id: f"{n}.{k}" for k, matrix in enumerate(section.matrices)}
        for item in section.items:
            yield from self.one_item(item, places, instrument)

    def one_item(self, item: Item, places: dict[str, str], instrument: Instrument) -> Iterator[tuple[str, object]]:
        name = self.item(item.id)
        for key in ITEM:
            yield f"items.{name}.{key}", getattr(item, key)
        yield f"items.{name}.when", self.condition(item.condition)
        yield f"items.{name}.matrix", None if item.matrix is None else places[item.matrix]
        # A platform keeps options with each question: the name that a reader gives the set means nothing.
        yield f"items.{name}.options", "no name" if self.arrived and item.options else item.options
        options = instrument.options_of(item)
        yield f"options.{name}", tuple(self.value(name, one.value) for one in options)
        for one in options:
            path = f"options.{name}.{self.value(name, one.value)}"
            yield f"{path}.label", one.label
            yield f"{path}.missing", one.missing
            yield f"{path}.exclusive", one.exclusive or (one.missing and item.kind == "multiple_choice")

    def translation(
        self, n: int, texts: Iterable[tuple[str, str]], instrument: Instrument
    ) -> Iterator[tuple[str, object]]:
        sections = {section.id: k for k, section in enumerate(instrument.sections)}
        matrices = {
            matrix.id: f"{j}.{k}"
            for j, section in enumerate(instrument.sections)
            for k, matrix in enumerate(section.matrices)
        }
        for path, text in texts:
            kind, _, rest = path.partition(".")
            name, _, key = rest.partition(".")
            if kind == "options":
                for item in instrument.items:
                    if item.options == name:
                        own = self.item(item.id)
                        yield f"translations.{n}.options.{own}.{self.value(own, key)}", text
            elif kind == "items":
                yield f"translations.{n}.items.{self.item(name)}.{key}", text
            else:
                place = {"sections": sections, "matrices": matrices}.get(kind, {}).get(name, name)
                yield f"translations.{n}.{kind}.{place}.{key}", text

    def condition(self, condition: Condition | None) -> object:
        return None if condition is None else self.normal(condition, negated=False)

    def normal(self, part: Condition, *, negated: bool) -> object:
        """Carry "not" down to the leaves and join what is joined in the same way."""
        if isinstance(part, Not):
            return self.normal(part.part, negated=not negated)
        if isinstance(part, And | Or):
            word = "and" if isinstance(part, And) != negated else "or"
            parts: list[object] = []
            for one in (self.normal(inner, negated=negated) for inner in part.parts):
                parts += one[1] if isinstance(one, tuple) and one[0] == word else [one]
            return (word, parts)
        name = self.item(part.item)
        if isinstance(part, Selected):
            return ("not selected" if negated else "selected", name, self.value(name, part.value))
        return self.leaf(part, name, negated=negated)

    def leaf(self, part: Comparison, name: str, *, negated: bool) -> object:
        sign = part.sign
        if negated and sign in OPPOSITE:
            sign, negated = OPPOSITE[sign], False
        value = part.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        known = sign in {"==", "!="} and bool(self.form.options_of(self.form.by_id[name]))
        return ("not" if negated else "", name, sign, self.value(name, value) if known else str(value))


def canonical(condition: str, form: Instrument) -> object:
    return Names((), form).condition(parse_condition(condition))


def _covers(loss: Loss, path: str, form: Instrument) -> bool:
    rule = RULES.get(loss.feature)
    return path == f"items.{loss.where}.{loss.feature}" if rule is None else rule(loss.where, path, form)


def _option_set(where: str, path: str, form: Instrument) -> bool:
    kind, _, rest = path.partition(".")
    item = form.by_id.get(rest.split(".")[0]) if kind in {"items", "options"} else None
    lost = {"options", "missing"} if item and item.kind == "multiple_choice" else {"options", "missing", "exclusive"}
    return item is not None and item.options == where and path.rsplit(".", maxsplit=1)[-1] in lost


def _translation(where: str, path: str, form: Instrument) -> bool:
    n = form.languages.index(where)
    return path == f"languages.{n}" or path.startswith(f"translations.{n}.")


def _matrix_name(where: str, path: str, form: Instrument) -> bool:
    return path in {
        f"matrices.{n}.{k}.id"
        for n, section in enumerate(form.sections)
        for k, matrix in enumerate(section.matrices)
        if matrix.id == where
    }


def _section(where: str, form: Instrument) -> str:
    return next((f"sections.{n}" for n, section in enumerate(form.sections) if section.id == where), "none")


# What a loss of a feature may name: by default the field of that name of the item.
RULES: dict[str, Callable[[str, str, Instrument], bool]] = {
    "metadata": lambda where, path, _: path == where,
    "text": lambda where, path, _: path == where,
    "scoring": lambda where, path, _: path == f"scales.{where}",
    "token": lambda where, path, _: path == f"tokens.{where}",
    "wave title": lambda _, path, __: path == "waves.0.title" or (path.startswith("trans") and ".waves." in path),
    "option set": _option_set,
    "language": lambda where, path, form: path == f"languages.{form.languages.index(where)}",
    "translation": _translation,
    "block": lambda where, path, form: path == f"{_section(where, form)}.block",
    "section name": lambda where, path, form: path == f"{_section(where, form)}.id",
    "matrix name": _matrix_name,
    "display logic": lambda where, path, form: path in {f"items.{where}.when", f"{_section(where, form)}.when"},
    "validation": lambda where, path, _: (
        path in {f"items.{where}.{key}" for key in ("min", "max", "decimals", "max_length")}
    ),
    "exclusive options": lambda where, path, _: path.startswith(f"options.{where}.") and path.endswith(".exclusive"),
}
