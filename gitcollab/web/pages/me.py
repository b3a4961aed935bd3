"""My own page: how I am called, and my tokens, for the command line and for git."""

from __future__ import annotations

from starlette.responses import Response

from gitcollab.acts import CreateToken, RevokeToken, SetDisplay
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.store import people, tokens
from gitcollab.web.pages.frame import Page, View

DAYS = (7, 30, 365)


async def me(view: View) -> Response:
    """Shows how I am called, and my tokens."""
    return await show(view)


async def show(view: View, *, made: str = "", problem: str = "", status: int = 200) -> Response:
    """The page; ``made`` is a new token's secret, shown this once."""
    values = {
        "person": await view.site.look(people.person, view.actor.user),
        "tokens": await view.site.look(tokens.tokens, view.actor.user),
        "days": DAYS,
        "made": made,
        "problem": problem,
        "url": view.site.base_url,
    }
    return view.show("me.html", values, status=status)


async def set_display(view: View) -> Response:
    """Says how I want to be called, and shows the page where I said it."""
    said = await view.fields()
    try:
        await view.do(
            SetDisplay(actor=view.actor, display=said.get("display", "").strip() or view.actor.user)
        )
    except GitcollabError as error:
        if error.status >= 500:
            raise
        return await show(view, problem=f"{error.message}. {error.hint}", status=error.status)
    return view.go("/me" if said.get("from") == "me" else "/")


async def add(view: View) -> Response:
    """Makes a token and shows it, this once."""
    said = await view.fields()
    days = said.get("days", "30")
    if days not in {str(each) for each in DAYS}:
        raise BadInput("For how long?", f"choose one of {', '.join(map(str, DAYS))} days")
    act = CreateToken(actor=view.actor, label=said.get("label", ""), expires_in=int(days) * 86400)
    try:
        token = await view.do(act)
    except GitcollabError as error:
        if error.status >= 500:
            raise
        return await show(view, problem=f"{error.message}. {error.hint}", status=error.status)
    return await show(view, made=token.secret, status=201)


async def revoke(view: View) -> Response:
    """Ends a token at once."""
    said = await view.fields()
    await view.do(RevokeToken(actor=view.actor, token=said.get("token", "")))
    return view.go("/me")


PAGES = (
    Page("/me", me),
    Page("/me/display", set_display, "POST"),
    Page("/me/tokens", add, "POST"),
    Page("/me/tokens/revoke", revoke, "POST"),
)
