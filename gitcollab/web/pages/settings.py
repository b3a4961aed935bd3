"""The settings page: who takes part, invitation links, and the end of a collab."""

from __future__ import annotations

from starlette.responses import Response

from gitcollab.acts import (
    AddWebhook,
    CollabAct,
    CreateLink,
    DeleteCollab,
    Mirror,
    PushMirror,
    ReadMirror,
    RemoveMember,
    RemoveWebhook,
    RevokeLink,
    Save,
    SetMember,
)
from gitcollab.errors import BadInput, Forbidden, GitcollabError, Unavailable
from gitcollab.model import Link, Role, SessionName
from gitcollab.store.links import links as of_collab
from gitcollab.store.webhooks import KINDS, webhooks
from gitcollab.web.api.members import invitation
from gitcollab.web.api.visibility import seen as seen_by
from gitcollab.web.pages import charter
from gitcollab.web.pages.frame import About, Page, View
from gitcollab.web.pages.restore import NAME, save

DAYS = (1, 7, 30)


async def settings(view: View) -> Response:
    """Shows who takes part."""
    return await show(view, await view.about("settings"))


async def show(
    view: View, about: About, *, problem: str = "", made: str = "", secret: str = "", status: int = 200
) -> Response:
    """The page; ``made`` is a new link's address, ``secret`` a new webhook's, each shown this once."""
    links: tuple[Link, ...] = ()
    if about.may("owner"):
        links = await view.site.look(of_collab, about.id)
    seen = await view.site.look(seen_by, about.id)
    said = await charter.said_of(view, about)
    called = await view.site.look(webhooks, about.id) if about.may("maintainer") else ()
    mirror = await mirror_of(view, about) if about.may("maintainer") else None
    values = {
        "about": about,
        "seen": seen,
        "said": said,
        "gates": [(name, words, said.of("gates", name)) for name, words in charter.GATES.items()],
        "mirror": mirror,
        "links": links,
        "webhooks": called,
        "kinds": KINDS,
        "roles": list(Role)[::-1],
        "days": DAYS,
        "made": made,
        "secret": secret,
        "problem": problem,
        "clone": f"{view.site.base_url}/git/{about.id}.git",
    }
    return view.show("settings.html", values, status=status)


async def mirror_of(view: View, about: About) -> Mirror | None:
    """The collab's mirror; None where it cannot be asked for now, or may not be: the page is shown all the same."""
    try:
        found: Mirror = await view.do(ReadMirror(actor=view.actor, collab=about.id))
    except (Forbidden, Unavailable):
        return None
    return found


async def push_mirror(view: View) -> Response:
    """Has the mirror pushed now."""
    return await done(view, PushMirror(actor=view.actor, collab=await view.collab()))


async def done(view: View, act: CollabAct) -> Response:
    """Does ``act`` and shows the page again, with what went wrong if something did."""
    try:
        await view.do(act)
    except GitcollabError as error:
        if error.status >= 500:
            raise
        about = await view.about("settings")
        return await show(view, about, problem=f"{error.message}. {error.hint}", status=error.status)
    return view.go(f"/c/{act.collab}/settings")


async def change(view: View) -> Response:
    """Changes what the collab says of itself; maintainers may."""
    said, about = await view.fields(), await view.about("settings")
    session = SessionName(user=view.actor.user, name=NAME)
    await view.admit(Save(actor=view.actor, collab=about.id, session=session, path=charter.FILE, data=b""))
    if not about.may("maintainer"):
        raise Forbidden("Only maintainers change what a collab says of itself", "ask one of them")
    now = await charter.said_of(view, about)
    try:
        if not now.is_readable:
            raise BadInput("collab.toml cannot be read", "mend it in an editor first")
        if said.get("seen", "") != now.oid:
            raise BadInput("Somebody changed this meanwhile", "here is how it stands; please change it again")
        changed = charter.asked(said, now)
        if changed:
            await save(view, about.id, charter.FILE, charter.edited(now.text, changed).encode())
    except GitcollabError as error:
        if error.status >= 500:
            raise
        return await show(view, about, problem=f"{error.message}. {error.hint}", status=error.status)
    return view.go(f"{about.home}/settings")


async def set_member(view: View) -> Response:
    """Gives a person a role."""
    said, collab = await view.fields(), await view.collab()
    user = said.get("user", "").strip().lower()
    return await done(view, SetMember(actor=view.actor, collab=collab, user=user, role=role(said)))


async def remove_member(view: View) -> Response:
    """Ends a person's access; who leaves is shown their other collabs."""
    said, collab = await view.fields(), await view.collab()
    act = RemoveMember(actor=view.actor, collab=collab, user=said.get("user", ""))
    answer = await done(view, act)
    is_leaving = act.user == view.actor.user and answer.status_code == 303
    return view.go("/") if is_leaving else answer


async def add_link(view: View) -> Response:
    """Makes a link and shows it, this once."""
    said, collab = await view.fields(), await view.collab()
    days = said.get("days", "7")
    if days not in {str(each) for each in DAYS}:
        raise BadInput("For how long?", f"choose one of {', '.join(map(str, DAYS))} days")
    uses = 1 if said.get("uses") == "1" else None
    act = CreateLink(
        actor=view.actor, collab=collab, role=role(said), expires_in=int(days) * 86400, uses=uses
    )
    try:
        link = invitation(await view.do(act), view.site.base_url).link
    except GitcollabError as error:
        if error.status >= 500 or error.status in {403, 404}:
            raise
        about = await view.about("settings")
        return await show(view, about, problem=f"{error.message}. {error.hint}", status=error.status)
    return await show(view, await view.about("settings"), made=link, status=201)


async def add_webhook(view: View) -> Response:
    """Has a URL called, and shows the secret, this once."""
    said, collab = await view.fields(), await view.collab()
    kinds = tuple(kind for kind in KINDS if said.get(kind) == "yes")
    act = AddWebhook(actor=view.actor, collab=collab, secret_url=said.get("url", "").strip(), kinds=kinds)
    try:
        secret = (await view.do(act))["secret"]
    except GitcollabError as error:
        if error.status >= 500 or error.status in {403, 404}:
            raise
        about = await view.about("settings")
        return await show(view, about, problem=f"{error.message}. {error.hint}", status=error.status)
    return await show(view, await view.about("settings"), secret=secret, status=201)


async def remove_webhook(view: View) -> Response:
    """Calls a URL no more."""
    said, collab = await view.fields(), await view.collab()
    return await done(view, RemoveWebhook(actor=view.actor, collab=collab, webhook=said.get("webhook", "")))


async def revoke_link(view: View) -> Response:
    """Ends a link."""
    said, collab = await view.fields(), await view.collab()
    return await done(view, RevokeLink(actor=view.actor, collab=collab, link=said.get("link", "")))


async def end(view: View) -> Response:
    """Ends the collab for everybody, if its name was typed."""
    said, about = await view.fields(), await view.about("settings")
    if said.get("title", "").strip() != about.summary.title:
        problem = "Nothing was ended: the title you typed is another one."
        return await show(view, about, problem=problem, status=400)
    await view.do(DeleteCollab(actor=view.actor, collab=about.id))
    return view.go("/")


def role(said: dict[str, str]) -> Role:
    """The role that a form asks for; BadInput if there is no such role."""
    try:
        return Role(said.get("role", ""))
    except ValueError:
        raise BadInput("Which role?", f"choose one of {', '.join(Role)}") from None


PAGES = (
    Page("/c/{id}/settings", settings),
    Page("/c/{id}/about", change, "POST"),
    Page("/c/{id}/members", set_member, "POST"),
    Page("/c/{id}/members/remove", remove_member, "POST"),
    Page("/c/{id}/links", add_link, "POST"),
    Page("/c/{id}/links/revoke", revoke_link, "POST"),
    Page("/c/{id}/webhooks", add_webhook, "POST"),
    Page("/c/{id}/webhooks/remove", remove_webhook, "POST"),
    Page("/c/{id}/mirror/push", push_mirror, "POST"),
    Page("/c/{id}/end", end, "POST"),
)
