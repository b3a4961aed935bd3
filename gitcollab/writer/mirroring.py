"""Mirroring: the acts on a collab's mirror. The writer notes what is wanted; the daemon pushes, in its own time."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from gitcollab import acts, mirrors
from gitcollab.errors import BadInput, NotFound
from gitcollab.mirrors import Mirrors, Wish
from gitcollab.writer.accounts import answer
from gitcollab.writer.house import House

LONGEST = 20_000
"""Characters of a secret: a private key is the longest."""


@answer.register
def _(act: acts.SetMirror, house: House) -> acts.Mirror:
    kept = Mirrors(house.place.root)
    with house.deciding(act):
        if not act.url:
            kept.end(act.collab)
            return acts.Mirror()
        remote = mirrors.checked(act.url, house.given.mirror_hosts)
        if len(act.secret or "") > LONGEST or not (act.secret or "").isascii() or not _is_name(act.user):
            raise BadInput("this can be no token, password or key", "take it as the remote's server gave it")
        before = kept.wish(act.collab)
        is_there = (
            before is not None and mirrors.checked(before.url, house.given.mirror_hosts).host == remote.host
        )
        secret = act.secret if act.secret is not None else before.secret if before and is_there else ""
        wish = Wish(
            url=remote.url,
            user=act.user,
            secret=secret,
            has_main=act.has_main,
            by=act.actor.user,
            asked=before.asked + 1 if before else 1,
        )
        kept.set(act.collab, wish)
    return _told(kept, act.collab)


@answer.register
def _(act: acts.ReadMirror, house: House) -> acts.Mirror:
    house.check(act)
    return _told(Mirrors(house.place.root), act.collab)


@answer.register
def _(act: acts.PushMirror, house: House) -> acts.Mirror:
    house.check(act)
    kept = Mirrors(house.place.root)
    wish = kept.wish(act.collab)
    if wish is None:
        raise NotFound("this collab has no mirror", "`gitcollab mirror COLLAB URL` makes one")
    kept.set(act.collab, msgspec.structs.replace(wish, asked=wish.asked + 1))
    return _told(kept, act.collab)


def _told(kept: Mirrors, collab: str) -> acts.Mirror:
    wish, standing = kept.wish(collab), kept.standing(collab)
    if wish is None:
        return acts.Mirror()
    is_new = standing.asked != wish.asked  # what was asked last has not been tried
    return acts.Mirror(
        url=wish.url,
        user=wish.user,
        has_secret=bool(wish.secret),
        has_main=wish.has_main,
        condition="waiting" if is_new else standing.condition,
        told="" if is_new else standing.told,
        at=standing.at,
        next_at=_time(standing.next_at) if standing.next_at else "",
        refs=len(standing.refs),
    )


def _is_name(user: str) -> bool:
    return len(user) <= 200 and user.isascii() and user.isprintable() and ":" not in user


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
