"""The verbs about people and access that go beyond members and links."""

from __future__ import annotations

from typing import Any

from gitcollab.client.transport import Json, quoted

COLLABS = "/api/collabs"


class People:
    """One part of ``Client``: accounts, groups, visibility, what was done to access."""

    def _ask(self, method: str, path: str, body: Json = None, /, **query: Any) -> Json:
        raise NotImplementedError  # the whole client's

    def audit(self, collab: str = "", *, user: str = "", limit: int = 100, before: int = 0) -> list[Json]:
        """Lists what was done to a collab's access, or (admins) to anybody's, newest first.

        ``before`` is the number of the last page's last line.
        """
        where = f"{COLLABS}{quoted(collab)}/audit" if collab else "/api/audit"
        return list(self._ask("GET", where, user=user, limit=limit, before=before or None))
