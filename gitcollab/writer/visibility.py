"""Visibility: who sees a collab besides its members, and the repository from which everyone sees what is published."""

from __future__ import annotations

import shutil
import threading
from typing import cast

import msgspec
import structlog

from gitcollab import acts, store
from gitcollab.errors import BadInput, Forbidden, GitcollabError, NotFound
from gitcollab.events import Approved, Granted, Visible
from gitcollab.flow.charter import Charter, read_charter
from gitcollab.flow.release import made_by, release
from gitcollab.model import Json, Role, Visibility
from gitcollab.repository import Repository, disk_errors, heal
from gitcollab.store import approvals, audit, collabs, groups, webhooks
from gitcollab.writer.accounts import answer
from gitcollab.writer.house import House

ONE_BY_ONE = threading.Lock()
"""Public repositories are written one at a time; the collab's own is only read, and what it published never moves."""

log = structlog.get_logger("gitcollab.writer")


@answer.register
def _(act: acts.SetGrant, house: House) -> None:
    with house.deciding(act) as conn:
        if act.role is None:
            groups.remove_grant(conn, act.collab, act.group)
        else:
            groups.set_grant(conn, act.collab, act.group, act.role)
    told = Granted(collab=act.collab, user=act.actor.user, group=act.group, role=act.role)
    house.collab(act.collab).tell(told)


@answer.register
def _(act: acts.SetVisibility, house: House) -> acts.Shown:
    if act.visibility is Visibility.TEAM and not act.group:
        raise BadInput("which team?", "name a group")
    with house.deciding(act) as conn:
        is_public = act.visibility is Visibility.EVERYONE
        known = collabs.set_public(conn, act.collab, is_public, needs_approval=act.needs_approval)
        given = {one.group: one.role for one in groups.grants(conn, act.collab)}
        if act.visibility is Visibility.PRIVATE:
            for group in given:
                groups.remove_grant(conn, act.collab, group)
        elif act.visibility is Visibility.TEAM and act.group not in given:
            groups.set_grant(conn, act.collab, act.group, Role.VIEWER)
    show(house, act.collab)
    told = Visible(collab=act.collab, user=act.actor.user, visibility=act.visibility, group=act.group)
    house.collab(act.collab).tell(told)
    warning = _warning(house, act.collab) if is_public else ""
    return acts.Shown(visibility=act.visibility, needs_approval=known.needs_approval, warning=warning)


@answer.register
def _(act: acts.ApproveVersion, house: House) -> None:
    house.admit(act)
    publisher = made_by(Repository(house.place.repository(act.collab)), act.tag)
    if publisher is None:
        raise NotFound("no such version", "`gitcollab versions` lists them")
    if publisher == act.actor.user:
        raise Forbidden("nobody approves their own version", "have another maintainer look at it")
    with house.deciding(act) as conn:
        approvals.approve(conn, act.collab, act.tag, act.actor.user)
        audit.note(conn, _approved(act))
    show(house, act.collab)
    house.collab(act.collab).tell(Approved(collab=act.collab, user=act.actor.user, tag=act.tag))


@answer.register
def _(act: acts.AddWebhook, house: House) -> dict[str, Json]:
    with house.deciding(act) as conn:
        made = webhooks.add_webhook(conn, act.collab, act.actor.user, act.secret_url, act.kinds)
    return cast("dict[str, Json]", msgspec.to_builtins(made))


@answer.register
def _(act: acts.RemoveWebhook, house: House) -> None:
    with house.deciding(act) as conn:
        webhooks.remove_webhook(conn, act.collab, act.webhook)


def show(house: House, collab: str) -> None:
    """Makes the collab's public repository what it should be: there or not, with every version that is let out."""
    public = house.place.public(collab)
    with store.reading(house.engine).connect() as conn:
        known = collabs.collab(conn, collab)
        let_out = {one.tag for one in approvals.approvals(conn, collab)} if known.needs_approval else None
    with ONE_BY_ONE, disk_errors("the public repository"):
        if known.is_public:
            release(Repository(house.place.repository(collab)), public, let_out)
        elif public.exists():
            shutil.rmtree(public)


def show_all(house: House) -> None:
    """Does what ``show`` does for every collab; at start, when a crash may have kept it from being done."""
    with store.reading(house.engine).connect() as conn:
        known = {one.id: one.is_public for one in collabs.every(conn)}
    for path in house.place.public_ones():
        if not known.get(path.stem):
            shutil.rmtree(path, ignore_errors=True)
    for id in (id for id, is_public in known.items() if is_public):
        try:
            if house.place.public(id).exists():
                heal(house.place.public(id))
            show(house, id)
        except (GitcollabError, OSError) as error:
            log.error("published versions not shown to everyone", collab=id, reason=str(error))


def show_anew(house: House, collab: str) -> None:
    """Makes the public repository once more from what is published now: what it held was purged."""
    with ONE_BY_ONE:
        shutil.rmtree(house.place.public(collab), ignore_errors=True)
    show_published(house, collab)


def show_published(house: House, collab: str) -> None:
    """Shows what was just published; what cannot be shown now is shown at the next start, and is published anyway."""
    try:
        show(house, collab)
    except (GitcollabError, OSError) as error:
        log.error("published version not shown to everyone", collab=collab, reason=str(error))


def _approved(act: acts.ApproveVersion) -> audit.Note:
    return audit.Note(
        user=act.actor.user,
        act="ApproveVersion",
        collab=act.collab,
        detail={"tag": act.tag},
        via=act.actor.via,
        origin=act.actor.origin,
    )


def _warning(house: House, collab: str) -> str:
    charter = read_charter(Repository(house.place.repository(collab)), Charter())
    return "" if charter.licence else "there is no licence: say in collab.toml what others may do with it"
