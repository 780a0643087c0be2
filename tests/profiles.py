"""How much the tests do: little on every change, much at night.

``MINZHANG_TEST_PROFILE=nightly`` (what ``make nightly`` sets) chooses the larger counts, here and
for every property test. Both profiles print their counts when the tests begin.
"""

from __future__ import annotations

import os

from hypothesis import settings

PROFILE_VARIABLE = "MINZHANG_TEST_PROFILE"
PROFILES = ("ci", "nightly")
PROFILE = os.environ.get(PROFILE_VARIABLE, PROFILES[0])

_COUNTS = {
    "examples of a property": (100, 2_000),
    "examples of each fuzzed format": (500, 20_000),
    "hostile files for the single-file verifier, of each kind": (100, 5_000),
    "kills of a service with 8 writers (F1)": (20, 200),
    "commits cut off, each way (F4)": (40, 1_000),
}


def count_of(what: str) -> int:
    """Return how often the chosen profile does something."""
    return _COUNTS[what][PROFILES.index(PROFILE)]


def header() -> list[str]:
    """Say which profile runs, and its counts."""
    counts = [f"{count_of(what):,} {what}" for what in _COUNTS]
    return [f"profile: {PROFILE} ({PROFILE_VARIABLE})", *(f"  {count}" for count in counts)]


def load() -> None:
    """Let hypothesis follow the profile. No example is timed: the machine may be busy."""
    if PROFILE not in PROFILES:
        raise ValueError(f"{PROFILE_VARIABLE} is one of {', '.join(PROFILES)}, not {PROFILE!r}")
    examples = count_of("examples of a property")
    settings.register_profile(PROFILE, max_examples=examples, deadline=None, print_blob=True)
    settings.load_profile(PROFILE)
