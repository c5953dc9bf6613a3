"""Disclosure control: what leaves the kit lets no person be recognised.

Profiles are data. `release` applies the primary rule and rounding to a result; `protect` withholds of a table of counts
whatever would give a small one away, and `audit` makes the attack.
"""

from evalkit.disclosure.auditing import audit
from evalkit.disclosure.profiles import Profile, list_profiles, load_profile
from evalkit.disclosure.protecting import Protected, protect
from evalkit.disclosure.releasing import Released, release, release_frame
from evalkit.disclosure.rules import breaches, release_counts

__all__ = [
    "Profile",
    "Protected",
    "Released",
    "audit",
    "breaches",
    "list_profiles",
    "load_profile",
    "protect",
    "release",
    "release_counts",
    "release_frame",
]
