"""Numbering: which version follows another one (semver.org)."""

from __future__ import annotations

import semver

from gitcollab.model import Bump

FIRST = "1.0.0"
"""The first version of everything, whatever is asked for."""


def next_version(newest: str, bump: Bump) -> str:
    """Returns the version after ``newest`` (semver.org, 6 to 8); the first one if ``newest`` is empty."""
    if not newest:
        return FIRST
    version = semver.Version.parse(newest)
    steps = {Bump.MAJOR: version.bump_major, Bump.MINOR: version.bump_minor, Bump.HOTFIX: version.bump_patch}
    return str(steps[bump]())
