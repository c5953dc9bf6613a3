"""Disclosure control: what leaves the kit lets no person be recognised.

Profiles are data. The primary rule and rounding are here; complementary suppression will stand behind the same seam.
"""

from evalkit.disclosure.profiles import Profile, list_profiles, load_profile
from evalkit.disclosure.releasing import Released, release, release_frame
from evalkit.disclosure.rules import breaches, release_counts

__all__ = [
    "Profile",
    "Released",
    "breaches",
    "list_profiles",
    "load_profile",
    "release",
    "release_counts",
    "release_frame",
]
