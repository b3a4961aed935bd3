"""The verbs of the service, as the command line says them, over one server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from gitcollab.client import sharing, stream
from gitcollab.client.asking import COLLABS
from gitcollab.client.people import People
from gitcollab.client.publishing import Publishing
from gitcollab.client.transport import Answer, Json, listed, quoted, quoted_path

PAGE = 1000


class Client(People, Publishing):
    """One person at one server. Every call raises kinds of ``gitcollab.errors``; values are plain JSON.

    ``url`` is the server's address, ``token`` a personal access token, ``timeout`` in seconds. May be used
    from several threads.
    """

    # --- people, tokens -------------------------------------------------------------------------------------

    def health(self) -> Json:
        """Says whether the server is alive; needs no token."""
        return self._ask("GET", "/health")

    def me(self) -> Json:
        """Says who the token belongs to."""
        return self._ask("GET", "/api/me")

    def tokens(self) -> list[Json]:
        """Lists my tokens, without their secrets."""
        return listed(self._ask("GET", "/api/tokens"))

    def create_token(
        self, label: str = "", *, scopes: Sequence[str] = (), expires_in: int | None = None
    ) -> Json:
        """Creates a token; its ``secret`` is in the answer and nowhere else. ``expires_in`` is in seconds."""
        asked = {"label": label, "scopes": list(scopes)} | ({"expires_in": expires_in} if expires_in else {})
        return self._ask("POST", "/api/tokens", asked)

    def revoke_token(self, token: str) -> None:
        """Revokes one of my tokens by its id."""
        self._ask("DELETE", "/api/tokens" + quoted(token))

    def users(self) -> list[Json]:
        """Lists the accounts; admins only."""
        return listed(self._ask("GET", "/api/users"))

    def add_user(self, name: str, display: str = "", *, password: str = "", is_admin: bool = False) -> Json:
        """Creates an account; admins only."""
        asked = {"name": name, "display": display, "password": password, "is_admin": is_admin}
        return self._ask("POST", "/api/users", asked)

    # --- collabs and members --------------------------------------------------------------------------------

    def collabs(self) -> list[Json]:
        """Lists the collabs I am in."""
        found: list[Json] = []
        while True:
            page = listed(self._ask("GET", COLLABS, limit=PAGE, after=found[-1]["id"] if found else ""))
            found += page
            if len(page) < PAGE:
                return found

    def collab(self, collab: str) -> Json:
        """Tells about one collab: id, alias, title, my role.

        ``collab`` may everywhere be an alias or a name, too.
        """
        return self._ask("GET", COLLABS + quoted(collab))

    def create(self, title: str, paths: Sequence[str] = ()) -> Json:
        """Creates a collab of mine, limited to ``paths`` (relative; none: everything)."""
        return self._ask("POST", COLLABS, {"title": title, "paths": list(paths)})

    def end(self, collab: str) -> None:
        """Ends a collab for everybody."""
        self._ask("DELETE", COLLABS + quoted(collab))

    def members(self, collab: str) -> list[Json]:
        """Lists who is in the collab and with what role."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/members"))

    def set_member(self, collab: str, user: str, role: str = "editor") -> Json:
        """Gives a person a role."""
        return self._ask("PUT", f"{COLLABS}{quoted(collab)}/members{quoted(user)}", {"role": role})

    def remove_member(self, collab: str, user: str) -> None:
        """Ends a person's access at once."""
        self._ask("DELETE", f"{COLLABS}{quoted(collab)}/members{quoted(user)}")

    def invite(
        self,
        collab: str,
        role: str = "editor",
        *,
        expires_in: int = 7 * 86400,
        uses: int | None = None,
        is_guest: bool = False,
    ) -> Json:
        """Creates an invitation link; its address is in the answer and nowhere else.

        ``expires_in`` in seconds; ``is_guest``: it opens without an account, to read.
        """
        asked: dict[str, Json] = {"role": role, "expires_in": expires_in, "is_guest": is_guest}
        if uses is not None:
            asked["uses"] = uses
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/links", asked)

    def links(self, collab: str) -> list[Json]:
        """Lists the open invitation links, without their secrets."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/links"))

    def revoke(self, collab: str, link: str) -> None:
        """Revokes an invitation link by its id."""
        self._ask("DELETE", f"{COLLABS}{quoted(collab)}/links{quoted(link)}")

    def redeem(self, code: str) -> Json:
        """Makes me a member of the collab that a link's code opens."""
        return self._ask("POST", f"/api/links{quoted(code)}/redeem", {})

    def share(self, users: Sequence[str], paths: Sequence[Path], *, title: str = "") -> Json:
        """Shares files or directories of this machine with ``users``; see ``gitcollab.client.sharing``."""
        return sharing.share(self, users, paths, title=title)

    # --- sessions and saves ---------------------------------------------------------------------------------

    def sessions(self, collab: str) -> list[Json]:
        """Lists the sessions of a collab as they stand."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/sessions"))

    def session(self, collab: str, session: str) -> Json:
        """Tells how the session ``USER/NAME`` stands."""
        return self._ask("GET", f"{COLLABS}{quoted(collab)}/sessions{quoted(*session.split('/', 1))}")

    def sweep(self, collab: str) -> list[Json]:
        """Takes in what lies in my watched workspaces, without waiting for the watcher."""
        return listed(self._ask("POST", f"{COLLABS}{quoted(collab)}/sweep", {}))

    def open_session(
        self,
        collab: str,
        name: str = "default",
        *,
        workspace: str | None = None,
        claim: str = "",
        client: str = "",
    ) -> Json:
        """Opens a session of mine, or takes it up again; see ``acts.OpenSession``."""
        asked = {"name": name, "workspace": workspace, "claim": claim, "client": client}
        return self._ask(
            "POST",
            f"{COLLABS}{quoted(collab)}/sessions",
            {key: value for key, value in asked.items() if value},
        )

    def close_session(self, collab: str, session: str) -> Json:
        """Closes the session ``USER/NAME`` after taking in what lies unsaved in its workspace."""
        return self._ask("DELETE", f"{COLLABS}{quoted(collab)}/sessions{quoted(*session.split('/', 1))}")

    def save(
        self,
        collab: str,
        session: str,
        path: str,
        data: bytes | None,
        *,
        base: str | None = None,
        tool: str = "",
        is_draft: bool = False,
        at: str = "",
        authors: Mapping[str, str] | None = None,
    ) -> Json:
        """Saves a file's bytes (None deletes it).

        ``base``: the commit the copy came from; ``tool``: with what; ``at``: when, if it had to wait for the server;
        ``authors``: who else has changed this copy, displayed names by names.
        """
        headers = {"If-Match": f'"{base}"'} if base else {}
        if tool:
            headers["Gitcollab-Tool"] = tool
        if at:
            headers["Gitcollab-Saved-At"] = at
        if authors:
            said = ((quote(name, safe=""), quote(display, safe="")) for name, display in authors.items())
            headers["Gitcollab-Authors"] = ",".join(f"{name}={display}" for name, display in said)
        if data is not None:
            headers["Content-Type"] = "application/octet-stream"
        query = {"draft": "true"} if is_draft else {}
        method = "DELETE" if data is None else "PUT"
        return self.transport.ask(method, _session_file(collab, session, path), data, query, headers).json()

    def rename(self, collab: str, session: str, path: str, to: str, *, base: str | None = None) -> Json:
        """Renames a file, as a save of the session."""
        headers = {"Content-Type": "application/json"} | ({"If-Match": f'"{base}"'} if base else {})
        body = json.dumps({"rename_to": to}).encode()
        return self.transport.ask("POST", _session_file(collab, session, path), body, {}, headers).json()

    def hold(self, collab: str, session: str, path: str, *, client: str = "", seconds: float = 180.0) -> None:
        """Says that a client has a session's file open: its workspace's copy is not written over for so long.

        ``client`` names who has it open, each for itself.
        """
        self._ask("PUT", _open_file(collab, session, path), None, client=client, seconds=seconds)

    def release(self, collab: str, session: str, path: str, *, client: str = "") -> None:
        """Says that a client has closed a file: what waits for it is delivered."""
        self._ask("DELETE", _open_file(collab, session, path), None, client=client)

    def open_files(self, collab: str, session: str) -> list[str]:
        """Lists which files of a session clients have open; a server that cannot tell raises NotFound."""
        return listed(
            self._ask("GET", f"{COLLABS}{quoted(collab)}/sessions{quoted(*session.split('/', 1))}/open")
        )

    def land(self, collab: str, session: str) -> Json:
        """Lands a session now."""
        return self._ask(
            "POST", f"{COLLABS}{quoted(collab)}/sessions{quoted(*session.split('/', 1))}/land", {}
        )

    def deliver(self, collab: str, session: str) -> Json:
        """Delivers the shared branch to a session now."""
        return self._ask(
            "POST", f"{COLLABS}{quoted(collab)}/sessions{quoted(*session.split('/', 1))}/deliver", {}
        )

    # --- reading --------------------------------------------------------------------------------------------

    def files(self, collab: str, at: str = "main") -> list[Json]:
        """Lists the files at a point in history."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/files", at=at))

    def file(self, collab: str, path: str, at: str = "main") -> Answer:
        """Reads a file at a point in history: ``.body`` its bytes, ``.etag`` the commit."""
        return self.transport.ask(
            "GET", f"{COLLABS}{quoted(collab)}/files{quoted_path(path)}", None, {"at": at}
        )

    def resolve(self, collab: str, at: str) -> str:
        """Says which commit a version, branch or time means."""
        return str(self._ask("GET", f"{COLLABS}{quoted(collab)}/resolve", at=at)["commit"])

    def session_file(self, collab: str, session: str, path: str) -> Answer:
        """Reads a file as the session has it, stamped; ``.etag`` is the commit that a save of it gives as base."""
        return self.transport.ask("GET", _session_file(collab, session, path))

    def log(
        self, collab: str, *, path: str = "", branch: str = "", limit: int = 0, before: str = ""
    ) -> list[Json]:
        """Lists history, newest first."""
        query = {"path": path, "branch": branch, "limit": limit or None, "before": before}
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/log", **query))

    def diff(self, collab: str, start: str, end: str, path: str = "") -> Json:
        """Tells what changed between two points, by file and by cell."""
        return self._ask("GET", f"{COLLABS}{quoted(collab)}/diff", **{"from": start, "to": end, "path": path})

    def blame(self, collab: str, path: str, at: str = "main") -> list[Json]:
        """Tells who last changed each cell of a notebook, or line of a text."""
        answer = self._ask("GET", f"{COLLABS}{quoted(collab)}/blame{quoted_path(path)}", at=at)
        return listed(answer)

    def contributions(self, collab: str, path: str = "", at: str = "main") -> list[Json]:
        """Tells who has saved how often, and whose cells and lines stand there, in one file if given."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/contributions", path=path, at=at))

    def events(
        self,
        collab: str,
        after: int | None = None,
        *,
        patience: float | None = None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Iterator[Json]:
        """Yields events from after number ``after`` (None: from now on); reconnects and resumes by itself."""
        path = f"{COLLABS}{quoted(collab)}/events"
        return stream.events(self.transport, path, after=after, patience=patience, is_wanted=is_wanted)

    # --- talking --------------------------------------------------------------------------------------------

    def threads(self, collab: str, path: str = "") -> list[Json]:
        """Lists the threads of comments; of one file if it is named."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/comments", path=path))

    def comment(
        self,
        collab: str,
        path: str,
        text: str,
        cell: str | None = None,
        *,
        line: int | None = None,
        output: int | None = None,
    ) -> Json:
        """Begins a thread on a file, a cell of it, or a line or an output (from 0) of the cell."""
        said = {"path": path, "text": text, "cell": cell, "line": line, "output": output}
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/comments", said)

    def reply(self, collab: str, thread: str, text: str) -> Json:
        """Answers in a thread."""
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/comments{quoted(thread)}", {"text": text})

    def resolve_comment(self, collab: str, thread: str, *, is_resolved: bool = True) -> Json:
        """Marks a thread as resolved, or opens it again."""
        said = {"is_resolved": is_resolved}
        return self._ask("PUT", f"{COLLABS}{quoted(collab)}/comments{quoted(thread)}", said)

    # --- deciding -------------------------------------------------------------------------------------------

    def evening(self, collab: str) -> list[Json]:
        """Tells what the last look of a day found in each of my watched workspaces."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/evening"))

    def held(self, collab: str) -> list[Json]:
        """Lists my saves that are held back until I decide, and deletions that wait to be confirmed."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/held"))

    def held_file(self, collab: str, held: str) -> bytes:
        """Reads the bytes of a save of mine that is held back."""
        return self.transport.ask("GET", f"{COLLABS}{quoted(collab)}/held{quoted(held)}").body

    def purge(self, collab: str, path: str = "", text: str = "") -> Json:
        """Takes a text, or a whole file, out of all history for good; owners only. May take long."""
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/purge", {"path": path, "text": text})

    def decide_held(self, collab: str, held: str, take: str, seen: str = "") -> Json:
        """Decides a held save: ``take`` is release, restore or drop; ``seen`` the mark of what was looked at."""
        body = {"take": take, "seen": seen}
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/held{quoted(held)}", body)

    def contested(self, collab: str) -> list[Json]:
        """Lists the open contested items."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/contested"))

    def settle(self, collab: str, item: str, take: str, source: str | None = None, seen: Json = None) -> Json:
        """Decides an item: ``take`` is shared, session, both or text (then ``source`` is the text)."""
        asked = {"take": take, "source": source, "seen": seen}
        body = {key: value for key, value in asked.items() if value is not None}
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/contested{quoted(item)}", body)

    def undo(self, collab: str, what: str) -> Json:
        """Takes back what the event of a number, or a commit, changed, as a save of one's own."""
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/undo", {"what": what})


def _session_file(collab: str, session: str, path: str) -> str:
    return f"{COLLABS}{quoted(collab)}/sessions{quoted(*session.split('/', 1))}/files{quoted_path(path)}"


def _open_file(collab: str, session: str, path: str) -> str:
    return f"{COLLABS}{quoted(collab)}/sessions{quoted(*session.split('/', 1))}/open{quoted_path(path)}"
