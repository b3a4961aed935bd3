"""Pushing: what a git client asks for, once its objects are here."""

from __future__ import annotations

import msgspec

from gitcollab.acts.act import Act, CollabAct

SESSIONS = "refs/heads/sessions/"
SHARED = "refs/heads/main"


class Push(CollabAct):
    """Moves a branch to what was pushed, as a save: own session branches, and ``main`` for maintainers.

    ``old`` is where the client saw it (None: nowhere), ``new`` where it is to go (None: away). ``session`` names the
    own session that takes it instead of the branch; ``message`` is what it lands with. ``token`` is the id of the token
    that the client showed, which must still be good when the branch moves.
    """

    ref: str
    old: str | None
    new: str | None
    session: str = ""
    message: str = ""
    token: str = ""


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of Push. ``session`` took it; ``landed`` is the commit on main, None if nothing landed.

    ``contested`` are the session's open items; ``authors`` are those of the new commits who are not known to be the
    pusher; ``trouble`` is set when the push stands and its landing did not succeed.
    """

    session: str
    ref: str
    count: int
    landed: str | None = None
    contested: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    trouble: str = ""


ANSWERS: dict[type[Act], object] = {Push: Pushed}
