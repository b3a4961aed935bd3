"""Description: what ``collab.toml`` calls a collab and its task is known wherever collabs are listed."""

from __future__ import annotations

from sqlalchemy import Connection

from gitcollab.collab.turns import Turns
from gitcollab.flow.charter import Charter, read_charter
from gitcollab.flow.points import CONFIG, MAIN
from gitcollab.repository import Entry, Repository
from gitcollab.store import collabs


class Description:
    """Keeps the store's title and tracker what the shared branch says. Used under the collab's lock only."""

    def __init__(self, repo: Repository, collab: str, turns: Turns) -> None:
        self._repo, self._collab, self._turns = repo, collab, turns
        self._written: Entry | None = None

    def follow(self) -> None:
        """Has it written with this turn's events, if it is not what was written last; a first look writes always."""
        main = self._repo.head(MAIN)
        entry = self._repo.entry(main, CONFIG) if main else None
        if entry is None or entry == self._written:
            return
        said = read_charter(self._repo, Charter())

        def write(conn: Connection) -> None:
            collabs.describe(conn, self._collab, title=said.title, tracker=said.tracker)

        self._turns.write(write)
        self._turns.then(lambda: self._note(entry))

    def _note(self, entry: Entry) -> None:
        self._written = entry
