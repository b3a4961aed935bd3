"""Accounts: the acts on people, collabs as such, members and links. Each is decided in the transaction that does it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import singledispatch

from sqlalchemy import Connection

from gitcollab import acts, store
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.events import AnyEvent, Created, Linked, Membership, Removed
from gitcollab.flow.charter import Charter
from gitcollab.mirrors import Mirrors
from gitcollab.model import Link, Member, Person, Role, Summary, Token, checked_path
from gitcollab.store import audit, clock, collabs, journal, links, members, people, sessions, tokens
from gitcollab.writer.house import House


@singledispatch
def answer(act: acts.Act, house: House) -> object:
    """Does an act and returns what ``acts.ANSWERS`` promises for it; BadInput for one that is not done here."""
    raise BadInput(f"{type(act).__name__} is not done by the writer")


@answer.register
def _(act: acts.AddUser, house: House) -> Person:
    with house.deciding(act) as conn:
        return people.add_person(conn, act.name, act.display, password=act.password, is_admin=act.is_admin)


@answer.register
def _(act: acts.CreateToken, house: House) -> Token:
    expires_at = None if act.expires_in is None else clock.later(clock.now(), act.expires_in)
    with house.deciding(act) as conn:
        return tokens.add_token(conn, act.actor.user, act.label, act.scopes, expires_at)


@answer.register
def _(act: acts.RevokeToken, house: House) -> None:
    with house.deciding(act) as conn:
        tokens.revoke_token(conn, act.actor.user, act.token)


@answer.register
def _(act: acts.CreateCollab, house: House) -> Summary:
    house.admit(act)
    paths = tuple(checked_path(path.strip("/")) for path in act.paths)
    id = collabs.new_id()
    with house.engine.begin() as conn:
        summary = collabs.add_collab(conn, id, act.title, "", paths, act.actor.user)
    charter = Charter(title=act.title, paths=paths)
    try:
        collab = house.begin(id, charter, act.actor.user)
    except BaseException:
        with suppress(GitcollabError), house.engine.begin() as conn:  # if not now, the next start sees to it
            collabs.end_collab(conn, id)
        raise
    collab.tell(Created(collab=id, user=act.actor.user, title=act.title, alias=summary.alias))
    with house.engine.begin() as conn:
        audit.note_act(conn, act, collab=id)
    return summary


@answer.register
def _(act: acts.DeleteCollab, house: House) -> None:
    house.admit(act)
    house.collab(act.collab).tell(Removed(collab=act.collab, user=act.actor.user))
    with house.engine.begin() as conn:
        collabs.set_public(conn, act.collab, False)
        collabs.end_collab(conn, act.collab)
        audit.note_act(conn, act)
    house.end(act.collab)
    Mirrors(house.place.root).end(act.collab)
    shutil.rmtree(house.place.public(act.collab), ignore_errors=True)  # what is left, the next start removes


@answer.register
def _(act: acts.SetMember, house: House) -> Member:
    with house.deciding(act) as conn:
        member = members.set_member(conn, act.collab, act.user, act.role, by=act.actor.user)
        told = _journalled(conn, _now(act, act.user, act.role))
    house.tell(told)
    if act.role is not Role.VIEWER:
        _make_workspace(house, act.collab, act.user)
    return member


@answer.register
def _(act: acts.RemoveMember, house: House) -> None:
    with house.deciding(act) as conn:
        members.remove_member(conn, act.collab, act.user, by=act.actor.user)
        mine = [one for one in sessions.sessions(conn, act.collab) if one.user == act.user and one.is_open]
        for one in mine:
            sessions.close_session(conn, act.collab, one.user, one.name)
        told = _journalled(conn, _now(act, act.user, None))
    collab = house.collab(act.collab)
    for one in mine:
        collab.forget(one.session)
    house.tell(told)


@answer.register
def _(act: acts.CreateLink, house: House) -> Link:
    with house.deciding(act) as conn:
        link = links.add_link(
            conn, act.collab, act.actor.user, act.role, act.expires_in, act.uses, act.is_guest
        )
        made = Linked(collab=act.collab, user=act.actor.user, link=link.id, role=link.role)
        told = _journalled(conn, made)
    house.tell(told)
    return link


@answer.register
def _(act: acts.RevokeLink, house: House) -> None:
    with house.deciding(act) as conn:
        link = links.revoke_link(conn, act.collab, act.link)
        ended = Linked(collab=act.collab, user=act.actor.user, link=link.id, role=link.role, is_open=False)
        told = _journalled(conn, ended)
    house.tell(told)


@answer.register
def _(act: acts.RedeemLink, house: House) -> Summary:
    with house.deciding(act) as conn:
        redeemed = links.redeem(conn, act.code, act.actor.user)
        summary = collabs.summary(conn, redeemed.collab, act.actor.user)
        joined = Membership(
            collab=redeemed.collab, user=act.actor.user, member=act.actor.user, role=redeemed.role
        )
        told = _journalled(conn, joined) if redeemed.is_new else ()
    house.tell(told)
    return summary


@answer.register
def _(act: acts.HandOver, house: House) -> Member:
    with house.deciding(act) as conn:
        member = members.hand_over(conn, act.collab, act.actor.user, act.user)
        new, old = _now(act, act.user, Role.OWNER), _now(act, act.actor.user, Role.MAINTAINER)
        told = _journalled(conn, new, old)
    house.tell(told)
    _make_workspace(house, act.collab, act.user)
    return member


@answer.register
def _(act: acts.AcceptInvitation, house: House) -> Summary:
    with house.deciding(act) as conn:
        was_asked = members.accept(conn, act.collab, act.actor.user)
        summary = collabs.summary(conn, act.collab, act.actor.user)
        told = _journalled(conn, _now(act, act.actor.user, summary.role)) if was_asked else ()
    house.tell(told)
    return summary


@answer.register
def _(act: acts.Status, house: House) -> dict[str, object]:
    house.check(act)
    with store.reading(house.engine).connect() as conn:
        known = collabs.every(conn)
        numbers = {one.id: journal.last(conn, one.id) for one in known}
        watched = [str(one.workspace) for one in sessions.watched(conn)]
    return {"collabs": numbers, "workspaces": watched}


def _now(act: acts.CollabAct, member: str, role: Role | None) -> Membership:
    """What the act makes of a person's membership."""
    return Membership(collab=act.collab, user=act.actor.user, member=member, role=role)


def _journalled(conn: Connection, *events: AnyEvent) -> tuple[AnyEvent, ...]:
    """Journals events on one collab in the transaction that they tell of: both are durable, or neither."""
    return journal.append(conn, events[0].collab, events)


def _make_workspace(house: House, collab: str, user: str) -> None:
    """Makes a participant's own workspace under the root, if the collab is shared from a directory of this machine."""
    with store.reading(house.engine).connect() as conn:
        known = sessions.sessions(conn, collab)
    is_in_place = any(one.workspace and one.is_open for one in known)
    if not is_in_place or any(one.user == user and one.is_open for one in known):
        return
    directory = house.place.workspace(collab, user)
    directory.mkdir(parents=True, exist_ok=True)
    house.collab(collab).open_workspace(user, directory)
