"""The place: where things lie under a root."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gitcollab.model import SessionName


class Place(msgspec.Struct, frozen=True):
    """A root directory, as the design lays it out."""

    root: Path
    among: str = (
        "collabs"  # the directory of the repositories; of several nodes each that writes gives it a new name
    )

    @property
    def repositories(self) -> Path:
        """Where the collabs' repositories are."""
        return self.root / self.among

    def repository(self, collab: str) -> Path:
        """The collab's bare repository."""
        return self.repositories / f"{collab}.git"

    def archives(self, collab: str) -> Path:
        """Where what was thinned out of a collab's closed sessions is archived."""
        return self.root / "private" / "archive" / collab

    def purging(self, collab: str) -> Path:
        """What a purge that has begun has still to do; missing while there is none."""
        return self.root / "private" / "purging" / f"{collab}.msgpack"

    def public(self, collab: str) -> Path:
        """The repository from which everyone sees the collab's published versions, if everyone may."""
        return self.root / "public" / f"{collab}.git"

    def public_ones(self) -> tuple[Path, ...]:
        """All such repositories that there are."""
        return tuple(sorted((self.root / "public").glob("*.git")))

    def ended(self, collab: str) -> Path:
        """Where the repository of a collab that has ended is kept aside."""
        return self.root / "private" / "ended" / f"{collab}.git"

    @property
    def workspaces(self) -> Path:
        """The directories that the daemon makes for participants on this machine."""
        return self.root / "workspaces"

    def workspace(self, collab: str, user: str) -> Path:
        """The workspace that the daemon makes for a participant on this machine."""
        return self.workspaces / collab / user

    @property
    def shared(self) -> Path:
        """What everybody in a collab may read."""
        return self.root / "shared"

    def master(self, collab: str) -> Path:
        """The master copies: the shared branch as a directory."""
        return self.shared / collab / "main"

    def edited(self, collab: str) -> Path:
        """Notes whose workspace the master copies are; missing while they are nobody's."""
        return self.root / "private" / "masters" / collab

    def is_ours(self, directory: Path) -> bool:
        """Whether a workspace is a directory of the root's own, all of which is shared."""
        return directory.is_relative_to(self.workspaces) or directory.is_relative_to(self.shared)

    def blessed(self, collab: str) -> Path:
        """What is published, as a directory that nobody writes."""
        return self.shared / collab / "blessed"

    def held(self, collab: str, session: SessionName) -> Path:
        """Which files of a workspace clients have open."""
        return self.root / "private" / "held-open" / collab / session.user / f"{session.name}.json"

    def known(self, collab: str, session: SessionName) -> Path:
        """What a workspace held when it was last taken in or delivered."""
        return self.root / "private" / "known" / collab / session.user / f"{session.name}.json"
