"""Compare a form with what came back of it, field by field, for formats that keep ids, options and metadata."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evalkit.instruments.conditions import parse_condition
from evalkit.instruments.export.report import Loss
from evalkit.instruments.model import Instrument, Scale
from evalkit.instruments.parts import Part

KEYS = ("id", "key", "name", "value", "language", "item", "scale")


def unexplained(form: Instrument, arrived: Instrument, losses: Iterable[Loss]) -> list[str]:
    """Every field that differs and that no loss names, and every loss by which nothing is lost."""
    before, after = dict(fields(form)), dict(fields(arrived))
    different = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    told: set[str] = set()
    idle = []
    for loss in losses:
        named = {path for path in different if covers(loss, path)}
        told |= named
        # Our own words in a form that is not English are no part of the model.
        if not named and loss.feature != "interface":
            idle.append(f"nothing is lost by {loss}")
    return [f"{path}: {before.get(path)!r} became {after.get(path)!r}" for path in sorted(different - told)] + idle


def covers(loss: Loss, path: str) -> bool:
    parts = path.split(".")
    where = loss.where
    if loss.feature == "metadata":
        return parts[0] == where
    if loss.feature == "scoring":
        return parts[:2] == ["scales", where] or path == "scales"
    if loss.feature == "token":
        return parts[:2] == ["tokens", where] or path == "tokens"
    if loss.feature == "block":
        return parts[0] == "sections" and parts[1] == where and path.endswith(".block")
    if loss.feature == "option set":
        return parts[:2] == ["options", where] or path == "options"
    return loss.feature == "may_reword" and f".items.{where}.may_reword" in path


def fields(part: Part, path: str = "") -> Iterator[tuple[str, object]]:
    """Go through all fields of all parts, those of the model that are yet to come included."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        here = f"{path}{name}"
        if name == "when":
            yield here, str(parse_condition(value)) if value else ""
        elif name == "texts":
            yield from ((f"{here}.{key}", text) for key, text in value)
        elif name in {"minutes", "ledger"} or isinstance(part, Scale):
            yield here, value
        elif isinstance(value, tuple) and value and isinstance(value[0], Part):
            keys = [key_of(one) for one in value]
            # Sets of options have no order among themselves.
            yield here, sorted(keys) if here == "options" else keys
            for one in value:
                yield from fields(one, f"{here}.{key_of(one)}.")
        else:
            yield here, value


def key_of(part: Part) -> str:
    return next(str(getattr(part, key)) for key in KEYS if key in type(part).model_fields)
