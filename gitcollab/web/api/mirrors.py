"""API of a collab's mirror: to which remote what is published goes, and how that stands."""

from __future__ import annotations

import msgspec

from gitcollab.acts import Mirror, PushMirror, ReadMirror, SetMirror
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door


class NewMirror(msgspec.Struct, frozen=True, kw_only=True):
    """``secret``: a token or password, for ssh a private key; left out: as it was, on the same host."""

    url: str
    user: str = ""
    secret: str | None = None
    has_main: bool = False


async def mirror(ask: Ask) -> Mirror:
    """Says where it is mirrored to and how that stands; maintainers only."""
    return await ask.do(ReadMirror(actor=ask.actor, collab=await ask.collab()))  # type: ignore[no-any-return]


async def set_mirror(ask: Ask) -> Mirror:
    """Has what is published pushed to a remote, now and after each publish; owner only."""
    new = await ask.form(NewMirror)
    act = SetMirror(
        actor=ask.actor,
        collab=await ask.collab(),
        url=new.url,
        user=new.user,
        secret=new.secret,
        has_main=new.has_main,
    )
    return await ask.do(act)  # type: ignore[no-any-return]


async def end_mirror(ask: Ask) -> None:
    """Ends the mirror and forgets its secret; owner only."""
    await ask.do(SetMirror(actor=ask.actor, collab=await ask.collab(), url=""))


async def push_mirror(ask: Ask) -> Mirror:
    """Has it pushed now; maintainers only."""
    return await ask.do(PushMirror(actor=ask.actor, collab=await ask.collab()))  # type: ignore[no-any-return]


AT = "/api/collabs/{id}/mirror"
DOORS = (
    Door(method="GET", path=AT, go=mirror, answer=Mirror),
    Door(method="PUT", path=AT, go=set_mirror, body=NewMirror, answer=Mirror),
    Door(method="DELETE", path=AT, go=end_mirror, status=204),
    Door(method="POST", path=f"{AT}/pushes", go=push_mirror, answer=Mirror, status=202),
)
