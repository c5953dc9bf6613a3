"""Disclosure control: what leaves the kit lets no person be recognised.

Profiles are data. `release` applies the primary rule and rounding to a result; `protect` withholds of a table of counts
whatever would give a small one away, and `audit` makes the attack.

Names load when they are first used: who only reads a rule does not wait for the solver.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.disclosure.auditing import audit as audit
    from evalkit.disclosure.profiles import Profile as Profile
    from evalkit.disclosure.profiles import list_profiles as list_profiles
    from evalkit.disclosure.profiles import load_profile as load_profile
    from evalkit.disclosure.protecting import Protected as Protected
    from evalkit.disclosure.protecting import protect as protect
    from evalkit.disclosure.releasing import Released as Released
    from evalkit.disclosure.releasing import release as release
    from evalkit.disclosure.releasing import release_frame as release_frame
    from evalkit.disclosure.rules import breaches as breaches
    from evalkit.disclosure.rules import release_counts as release_counts

# Public name -> the module that defines it.
_PUBLIC = {
    "Profile": "evalkit.disclosure.profiles",
    "Protected": "evalkit.disclosure.protecting",
    "Released": "evalkit.disclosure.releasing",
    "audit": "evalkit.disclosure.auditing",
    "breaches": "evalkit.disclosure.rules",
    "list_profiles": "evalkit.disclosure.profiles",
    "load_profile": "evalkit.disclosure.profiles",
    "protect": "evalkit.disclosure.protecting",
    "release": "evalkit.disclosure.releasing",
    "release_counts": "evalkit.disclosure.rules",
    "release_frame": "evalkit.disclosure.releasing",
}

__all__ = [*sorted(_PUBLIC)]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value
