"""Approving: what waited for a second maintainer becomes the version, exactly as it was proposed."""

from __future__ import annotations

from gitcollab.errors import Moved
from gitcollab.flow.pending import drop
from gitcollab.flow.points import BLESSED
from gitcollab.flow.publish import roll_forward, tag
from gitcollab.flow.versions import newest_version
from gitcollab.model import Bump, Version
from gitcollab.numbering import next_version
from gitcollab.repository import Repository


def approve(repo: Repository, waiting: Version, by: str) -> Version:
    """Makes a candidate the version, exactly as it is. Moved if anything was published since it was proposed."""
    roll_forward(repo)
    made = repo.read(waiting.commit)
    blessed = made.parents[0] if len(made.parents) > 1 else None
    newest = newest_version(repo, waiting.notebook)
    following = {next_version(newest, bump) for bump in Bump} if newest else {waiting.version}
    if repo.head(BLESSED) != blessed or waiting.version not in following:
        raise Moved(
            f"something was published since {waiting.notebook} {waiting.version} was proposed",
            "decline it, and publish again",
        )
    version = tag(repo, waiting.commit, waiting.notebook, waiting.version, by)
    drop(repo, waiting)
    return version
