"""Pushing: what a git client asks for, once its objects are here."""

from __future__ import annotations

import msgspec

from gitcollab.acts.act import Act, CollabAct
from gitcollab.acts.reading import Reading
from gitcollab.model import Value

SESSIONS = "refs/heads/sessions/"
SHARED = "refs/heads/main"


class PushedSecret(Value):
    """A suspected secret in what a push brings, without the secret; see ``acts.holding.Suspicion``.

    ``field`` may also be ``message`` (of the commit, or of the push itself, which has no commit) or ``name`` (of the
    file or of a directory above it). ``path`` is empty for what lies in no file of the new commits, and shows no secret
    that stands in it; ``commit`` is the first that has it. ``digest`` is for comparing and not to be shown.
    """

    kind: str
    path: str
    commit: str
    cell: str | None
    field: str
    line: int
    excerpt: str
    digest: str

    @property
    def place(self) -> str:
        """Where it stands, in words: ``a.ipynb, cell 3f2a91c0, source, line 2 (commit 1c9e02aa)``."""
        commit = f"commit {self.commit[:8]}"
        if self.field == "message":
            return f"message of {commit}, line {self.line}" if self.commit else "the option message"
        if not self.path:
            return "an object that is in no file"
        if self.field == "name":
            return f"the name of {self.path} ({commit})"
        cell = f", cell {self.cell}" if self.cell else ""
        field = f", {self.field}" if self.field != "file" else ""
        return f"{self.path}{cell}{field}, line {self.line} ({commit})"


class Push(CollabAct):
    """Moves a branch to what was pushed, as a save: own session branches, and ``main`` for maintainers.

    ``old`` is where the client saw it (None: nowhere), ``new`` where it is to go (None: away). ``session`` names the
    own session that takes it instead of the branch; ``message`` is what it lands with. ``token`` is the id of the token
    that the client showed, which must still be good when the branch moves. ``kept`` are the suspected secrets that its
    person has decided to share: a decision that is written down.
    """

    ref: str
    old: str | None
    new: str | None
    session: str = ""
    message: str = ""
    token: str = ""
    kept: tuple[PushedSecret, ...] = ()


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of Push. ``session`` took it; ``landed`` is the commit on main, None if nothing landed.

    ``contested`` are the session's open items; ``authors`` are those of the new commits who are not known to be the
    pusher; ``trouble`` is set when the push stands and its landing did not succeed; ``remarks`` are what its person
    should know of the files' names.
    """

    session: str
    ref: str
    count: int
    landed: str | None = None
    contested: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    trouble: str = ""
    remarks: tuple[str, ...] = ()


class SearchPush(Reading):
    """Looks for suspected secrets in what a push has brought and git has not let in yet. Answered by the workers.

    It lies in ``arrived``; ``tips`` are the commits that branches are to go to, ``objects`` the files, trees and
    commits to look at, ``message`` what the push says of itself.
    """

    arrived: str
    tips: tuple[str, ...]
    objects: tuple[str, ...]
    message: str = ""


class SiftSecrets(CollabAct):
    """Which of these digests of suspected secrets the collab's people have not said to be harmless."""

    digests: tuple[str, ...]


ANSWERS: dict[type[Act], object] = {
    Push: Pushed,
    SearchPush: tuple[PushedSecret, ...],
    SiftSecrets: tuple[str, ...],
}
