"""The verbs about versions: publishing, approving, citing, and who is told of it."""

from __future__ import annotations

from collections.abc import Sequence

from gitcollab.client.asking import COLLABS, Asking
from gitcollab.client.transport import Json, listed, quoted

WITHIN = 3 * 3600.0
"""Seconds that publishing may take: a collab may ask for a notebook to be run first."""


class Publishing(Asking):
    """One part of ``Client``: versions, and webhooks."""

    def publish(
        self, collab: str, notebook: str, bump: str | None = None, message: str = "", *, only: bool = False
    ) -> Json:
        """Publishes a notebook as its next version; ``bump`` is major, minor or hotfix, ``only``: no other file.

        With ``pending`` in the answer it is no version yet: it waits for a second maintainer under that id.
        """
        asked = {"notebook": notebook, "message": message, "only": only} | ({"bump": bump} if bump else {})
        return self.transport.post(f"{COLLABS}{quoted(collab)}/publish", asked, within=WITHIN).json()

    def pending(self, collab: str) -> list[Json]:
        """Lists the versions that wait for a second maintainer, oldest first."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/pending"))

    def decide_publish(self, collab: str, pending: str, is_approved: bool = True) -> Json:
        """Approves a version that waits, or declines it; returns ``version``, which is then None."""
        where = f"{COLLABS}{quoted(collab)}/pending{quoted(pending)}"
        return self._ask("POST", where, {"approve": is_approved})

    def cite(self, collab: str, notebook: str, version: str = "", form: str = "text") -> str:
        """Says how a version is cited: as text, bibtex or cff; the newest if none is named."""
        path, query = (
            f"{COLLABS}{quoted(collab)}/cite",
            {"notebook": notebook, "version": version, "form": form},
        )
        return self.transport.ask("GET", path, None, query).body.decode()

    def suggested_version(self, collab: str, notebook: str) -> Json:
        """Says which number the next version should raise, with reasons."""
        return self._ask("GET", f"{COLLABS}{quoted(collab)}/publish", notebook=notebook)

    def versions(self, collab: str, notebook: str = "") -> list[Json]:
        """Lists published versions, newest first."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/versions", notebook=notebook))

    # --- webhooks; maintainers --------------------------------------------------------------------------------

    def webhooks(self, collab: str) -> list[Json]:
        """Lists whom the collab calls, with their last deliveries."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/webhooks"))

    def add_webhook(self, collab: str, url: str, kinds: Sequence[str] = ()) -> Json:
        """Has a URL called for events of these kinds (none: all that there are); ``secret`` is shown this once."""
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/webhooks", {"url": url, "kinds": list(kinds)})

    def remove_webhook(self, collab: str, webhook: str) -> None:
        """Calls it no more."""
        self._ask("DELETE", f"{COLLABS}{quoted(collab)}/webhooks{quoted(webhook)}")
