"""`import evalkit` costs next to nothing; each public name is there when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import evalkit as ek

HEAVY = (
    "numpy",
    "pandas",
    "matplotlib",
    "scipy",
    "seaborn",
    "lifelines",
    "statsmodels",
    "pingouin",
    "rich",
    "nbformat",
)


def _fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_importing_evalkit_imports_nothing_heavy():
    assert _fresh(f"import sys, evalkit; print([name for name in {HEAVY} if name in sys.modules])") == "[]"


def test_an_error_can_be_named_without_anything_heavy():
    assert _fresh(f"import sys, evalkit; evalkit.DataError; print([n for n in {HEAVY} if n in sys.modules])") == "[]"


def test_the_command_line_knows_its_version_without_pandas():
    code = "import sys; from evalkit.__main__ import main; main(['--version']); print('pandas' in sys.modules)"
    assert _fresh(code).splitlines() == [ek.__version__, "False"]


@pytest.mark.parametrize("name", ek.__all__)
def test_each_public_name_resolves_and_is_listed(name: str):
    assert getattr(ek, name) is not None
    assert name in dir(ek)


def test_a_public_name_is_the_thing_itself():
    from evalkit.report.showing import show

    assert ek.show is show
    assert len(ek.__all__) == len(set(ek.__all__))


def test_dir_lists_all_before_anything_was_used():
    assert _fresh("import evalkit; print(set(evalkit.__all__) <= set(dir(evalkit)))") == "True"


def test_modules_resolve_and_an_unknown_name_does_not():
    assert ek.figures.plot is ek.plot
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ek.nonsense
