"""Every public object of the package has a docstring that numpydoc accepts."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys

import numpydoc.validate
import pytest

import evalkit

# No extended summary, See Also or Examples is forced on a small function; a summary may be a noun, the estimand.
NOT_ASKED = {"ES01", "SA01", "EX01", "SS05", "GL01", "GL02", "GL03"}


def modules() -> list[str]:
    found = pkgutil.walk_packages(evalkit.__path__, "evalkit.")
    return ["evalkit", *(module.name for module in found if "resources" not in module.name)]


def public_objects() -> list[str]:
    names = []
    for module_name in modules():
        module = importlib.import_module(module_name)
        for name, value in vars(module).items():
            ours = getattr(value, "__module__", None) == module_name
            if name.startswith("_") or not ours or not (inspect.isfunction(value) or inspect.isclass(value)):
                continue
            names.append(f"{module_name}.{name}")
            if inspect.isclass(value):
                names += [
                    f"{module_name}.{name}.{member}"
                    for member, method in vars(value).items()
                    if not member.startswith("_") and (inspect.isfunction(method) or isinstance(method, property))
                ]
    return names


def complaints(name: str) -> list[str]:
    skipped = NOT_ASKED | ({"PR01"} if inherits_its_constructor(name) else set())
    return [
        f"{name}: {code} {text}" for code, text in numpydoc.validate.validate(name)["errors"] if code not in skipped
    ]


def inherits_its_constructor(name: str) -> bool:
    """Tell whether a class takes its parameters, and their documentation, from its base."""
    module, _, last = name.rpartition(".")
    value = getattr(sys.modules.get(module), last, None)
    return inspect.isclass(value) and "__init__" not in vars(value)


def test_public_docstrings_follow_numpydoc() -> None:
    objects = public_objects()
    assert len(objects) > 50
    found = [complaint for name in objects for complaint in complaints(name)]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    bare = [name for name in modules() if not (importlib.import_module(name).__doc__ or "").strip()]
    assert bare == []


@pytest.fixture
def undocumented(monkeypatch: pytest.MonkeyPatch) -> str:
    def bad(first: int) -> int:
        """Do something without a word on its parameter."""
        return first

    monkeypatch.setattr(evalkit.errors, "bad", bad, raising=False)
    return "evalkit.errors.bad"


def test_the_check_notices_an_undocumented_parameter(undocumented: str) -> None:
    assert any("PR01" in complaint for complaint in complaints(undocumented))
