"""Mirroring: to which remote what is published goes, and how that stands. Answered by the writer."""

from __future__ import annotations

from typing import Literal

from gitcollab.acts.act import Act, CollabAct
from gitcollab.model import Value


class Mirror(Value):
    """A collab's mirror; ``url`` is empty if it has none. The secret is told to nobody.

    ``condition``: waiting (nothing was pushed yet), done, diverged (the remote holds what is not ours; nothing is
    forced) or failed; ``told`` says why. ``at`` is when it was last tried, ``next_at`` when it is tried again (UTC).
    ``refs`` is how many branches and tags the remote took.
    """

    url: str = ""
    user: str = ""
    has_secret: bool = False
    has_main: bool = False
    condition: Literal["waiting", "done", "diverged", "failed"] = "waiting"
    told: str = ""
    at: str = ""
    next_at: str = ""
    refs: int = 0


class SetMirror(CollabAct):
    """Says where what is published goes after each publish; an empty ``url`` ends it. Owner only.

    ``secret`` is a token or password, for ssh a private key; None: as it was, if the host is the same.
    """

    url: str
    user: str = ""
    secret: str | None = None
    has_main: bool = False


class ReadMirror(CollabAct):
    """Reads how the mirror stands."""


class PushMirror(CollabAct):
    """Has the mirror brought up to date now."""


ANSWERS: dict[type[Act], object] = {SetMirror: Mirror, ReadMirror: Mirror, PushMirror: Mirror}
