"""Shelves: the directories of a collab that everybody in it may read, the master copies and what is published."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine

from gitcollab import store
from gitcollab.collab.place import Place
from gitcollab.errors import GitcollabError
from gitcollab.flow.charter import Charter, read_charter
from gitcollab.flow.materialise import follow, freeze, is_frozen, withdraw
from gitcollab.flow.points import BLESSED, MAIN
from gitcollab.repository import Repository
from gitcollab.store import identities, members
from gitcollab.workspace import rights, shelving

log = structlog.get_logger("gitcollab.shelves")

Held = tuple[str, str]
"""A commit, and the pattern of the final names."""


class Shelves:
    """The shared directories of one collab: ``main`` follows the shared branch, ``blessed`` what was published.

    They are copies: a disk that refuses them holds up nothing, and they are tried again when something moves next.
    Used under the collab's lock only.
    """

    def __init__(self, repo: Repository, collab: str, place: Place, charter: Charter) -> None:
        self._repo, self._collab, self._place, self._charter = repo, collab, place, charter
        self._main: str | None = None
        self._blessed: Held | None = None
        self.trouble = ""

    def withdraw(self) -> None:
        """Takes everything that the service has put there away, before a purge; ``keep_up`` brings back what may stay.

        :raises OSError: the disk refuses.
        """
        shelf, main = self._place.master(self._collab), self._repo.head(MAIN)
        if main is not None and shelf.is_dir() and not self._is_edited():
            withdraw(self._repo, main, shelf)
        shelving.discard(self._place.blessed(self._collab))
        shelving.clear(shelf.parent)
        self._main = self._blessed = None

    def hand_over(self) -> None:
        """Takes its own files out of the master copies, so that those that come back have their new owner's rights.

        :raises OSError: the disk refuses.
        """
        shelf, main = self._place.master(self._collab), self._repo.head(MAIN)
        if main is not None and shelf.is_dir():
            withdraw(self._repo, main, shelf)
        self._main = None

    def keep_up(self) -> None:
        """Brings both directories to where their branches are."""
        try:
            self._keep_main()
            self._keep_blessed()
        except (OSError, GitcollabError) as error:
            self.trouble = f"the shared directory cannot be written: {error}"
            log.warning("shelves", collab=self._collab, error=repr(error))
        else:
            self.trouble = ""

    def _keep_main(self) -> None:
        main = self._repo.head(MAIN)
        if self._is_edited():
            self._main = None  # it is somebody's workspace, and followed as one
        elif main is not None and main != self._main:
            before, self._main = (
                self._main,
                None,
            )  # where it fails in the middle, all is looked at the next time
            follow(self._repo, main, self._place.master(self._collab), before)
            self._main = main

    def _is_edited(self) -> bool:
        return self._place.edited(self._collab).exists()

    def _keep_blessed(self) -> None:
        blessed = self._repo.head(BLESSED)
        if blessed is None:
            return
        wanted = (blessed, read_charter(self._repo, self._charter).final_name)
        if wanted == self._blessed:
            return
        shelf = self._place.blessed(self._collab)
        if self._blessed is not None or not is_frozen(self._repo, blessed, shelf, wanted[1]):
            freeze(self._repo, blessed, shelf, wanted[1])
        self._blessed = wanted

    def admit(self, engine: Engine) -> None:
        """Lets exactly the participants into the collab's directories, as the system's users that they are."""
        with store.reading(engine).connect() as conn:
            users = [one.user for one in members.members(conn, self._collab)]
            uids = {user: _uids(_names(conn, user)) for user in users}
        try:
            self._admit(uids)
        except OSError as error:
            self.trouble = (
                f"the shared directory cannot be opened to its people: {(error.strerror or '').lower()}"
            )
            log.warning("rights", collab=self._collab, error=repr(error))

    def _admit(self, uids: dict[str, list[int]]) -> None:
        everybody = [uid for own in uids.values() for uid in own]
        for directory in (self._place.root, self._place.shared, self._place.workspaces):
            directory.mkdir(mode=0o711, exist_ok=True)
            rights.let_pass(directory)
        shelf = self._place.master(self._collab).parent
        shelf.mkdir(mode=0o700, exist_ok=True)
        is_told = rights.grant(shelf, dict.fromkeys(everybody, rights.READ | rights.ENTER))
        self._admit_editor(uids)
        above = self._place.workspaces / self._collab
        if above.is_dir():
            rights.grant(above, dict.fromkeys(everybody, rights.ENTER))
        for user, own in uids.items():
            workspace = self._place.workspace(self._collab, user)
            if workspace.is_dir() and own:
                _hand_over(workspace, own)
        if not is_told:
            self.trouble = "this file system knows no access control lists: nobody else sees the directories"

    def _admit_editor(self, uids: dict[str, list[int]]) -> None:
        """Lets whose workspace the master copies are write there; who else gets in, the directory above decides."""
        master, note = self._place.master(self._collab), self._place.edited(self._collab)
        if note.exists() and master.is_dir():
            user = note.read_text().partition("/")[0]
            everything, look = rights.READ | rights.WRITE | rights.ENTER, rights.READ | rights.ENTER
            own = dict.fromkeys(uids.get(user, []), everything)
            rights.grant(master, own, is_inherited=True, others=look)


def _hand_over(workspace: Path, own: list[int]) -> None:
    """Gives a workspace to the person whose it is: as its owner where the service may, else by the list."""
    everything = rights.READ | rights.WRITE | rights.ENTER
    rights.grant(workspace, dict.fromkeys(own, everything), is_inherited=True)
    if os.geteuid() == 0:
        os.chown(workspace, own[0], -1)


def _names(conn: Connection, user: str) -> list[str]:
    """What a person is called on this system: as somebody has said, else by the same name."""
    said = [one.name for one in identities.identities(conn, user) if one.kind == "os"]
    return said or [user]


def _uids(names: list[str]) -> list[int]:
    """The ids of those names that are users of this system, root never."""
    found = []
    for name in names:
        try:
            found.append(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    return [uid for uid in found if uid != 0]
