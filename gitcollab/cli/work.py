"""Commands about one's own work: join, leave, status."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.held import summary
from gitcollab.cli.options import AsJson, MaybeCollab
from gitcollab.cli.standing import standing
from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, Unavailable
from gitcollab.model import COLLAB_ID

LINK = re.compile(r"(https?://.+)/join/([^/?#\s]+)")


def join(
    collab: Annotated[
        str, typer.Argument(metavar="COLLAB|LINK", help="A collab, or an invitation.", show_default=False)
    ],
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="The workspace.", show_default="./NAME")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Exchange what there is, then end.")] = False,
    session: Annotated[str, typer.Option(help="The session's name.")] = "default",
    as_json: AsJson = False,
) -> None:
    """Work on a collab in a directory of this machine; keeps running, and catches up whenever it runs again."""
    from gitcollab.cli.joining import joined, teller

    server, where, here = _meant(collab, directory)
    state = joined(server, where, here, session, once, teller(as_json))
    if once:
        made = {"collab": state.collab, "session": state.session, "directory": state.directory}
        show.out(made | {"files": sorted(state.held)}, as_json, lambda _: None)


def _meant(text: str, directory: Path | None) -> tuple[Client, str, Path]:
    """Returns the server, the collab and the directory; as the directory remembers them while the server is away."""
    from gitcollab.cli.joining import known

    try:
        server, where = _invited(text)
        told = server.collab(where)
    except Unavailable:
        state = known(directory or Path.cwd())
        if state is None or (COLLAB_ID.fullmatch(text) and text != state.collab):
            raise
        return (
            Client(state.url, place.token_for(state.url), timeout=120.0),
            state.collab,
            Path(state.directory),
        )
    return server, told["id"], directory or Path.cwd() / told["alias"].rpartition(":")[2]


def _invited(text: str) -> tuple[Client, str]:
    """Returns the server and the collab that a name means, or an invitation (which is accepted)."""
    found = LINK.fullmatch(text.strip())
    if not found:
        server = place.client()
        return server, place.collab_id(server, text)
    url, code = found.groups()
    server = Client(url, place.token_for(url), timeout=120.0)
    return server, str(server.redeem(code)["id"])


def leave(
    collab: MaybeCollab = None,
    session: Annotated[str, typer.Option(help="Which of your sessions.", show_default="the only one")] = "",
    squash: Annotated[
        bool, typer.Option("--squash", help="Leave one commit in your repository, crediting all authors.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Close a session after taking in what lies in its directory; files, history and contested cells stay."""
    from gitcollab import carrying

    server, around = place.client(), None
    if collab and not squash:
        where, named = place.collab_id(server, collab), session
    else:
        spot = place.here(server)
        where, named = spot["collab"], session or spot["session"]
        if collab and place.collab_id(server, collab) != where:
            raise BadInput("this directory is in another collab", "--squash leaves a commit where you work")
        if spot.get("is_joined") or squash:
            around = Path(spot["workspace"])
        if squash and around and not carrying.is_in_repository(around):
            raise BadInput(f"{around} is in no repository of yours", "`gitcollab export --squash` makes one")
        if spot.get("is_joined") and around:
            from gitcollab.cli.joining import last_exchange

            last_exchange(server, where, around, named.partition("/")[2] or named)
    closed = server.close_session(where, _own_session(server, where, named))
    leave_branch = carrying.squashed_branch_left if squash else carrying.branch_left
    branch = leave_branch(server, where, f"{closed['user']}/{closed['name']}", around) if around else ""
    show.out(closed | ({"own_branch": branch} if branch else {}), as_json, _left)


def _left(told: Json) -> None:
    show.say(f"left {told['user']}/{told['name']}; its work stays")
    if own := told.get("own_branch"):
        show.say(f"it is the branch {own} of your repository now, to push wherever you like")


def _own_session(server: Client, collab: str, named: str) -> str:
    me = server.me()["name"]
    if named:
        return named if "/" in named else f"{me}/{named}"
    mine = [
        f"{me}/{each['name']}" for each in server.sessions(collab) if each["user"] == me and each["is_open"]
    ]
    if len(mine) == 1:
        return mine[0]
    if not mine:
        raise BadInput("you have no open session there", "nothing to leave")
    raise BadInput("you have several sessions there", "name one with --session", candidates=mine)


def status(collab: MaybeCollab = None, as_json: AsJson = False) -> None:
    """Show how my work stands: saved, landed, contested, behind, and what is skipped and why."""
    server = place.client()
    ids = [place.collab_id(server, collab)] if collab else [each["id"] for each in server.collabs()]
    told = {"me": server.me()["name"], "server": server.url, "collabs": [standing(server, id) for id in ids]}
    show.out(told, as_json, _told)


def _evening(last: Json) -> str:
    """The last report of a day, in a line."""
    left = [f"{path} (being written)" for path in last.get("unsaved", ())]
    left += [f"{path} ({reason})" for path, reason in last.get("skipped", ())]
    left += [f"{path} (held)" for _, path in last.get("held", ())]
    return f"{last['at']}: {'not saved: ' + ', '.join(left) if left else 'everything saved'}"


def _told(told: Json) -> None:
    for each in told["collabs"]:
        waits = f", {len(each['contested'])} contested" if each["contested"] else ""
        show.say(f"{each['id']}  {each['alias']}  ({each['role']}{waits})")
        for session in each["sessions"]:
            show.say(f"  {session['session']}  {session['workspace'] or 'elsewhere'}")
            landed = f"{session['waiting']} saves not landed" if session["waiting"] else "all landed"
            behind = f"{session['behind']} changes not delivered" if session["behind"] else "up to date"
            show.say(f"    {show.short(session['head'])}  {landed}, {behind}")
            if session["evening"]:
                show.say(f"    {_evening(session['evening'])}")
            for skipped in session["skipped"]:
                show.say(f"    skipped {skipped['path']}: {skipped['reason']}")
        for item in each["contested"]:
            show.say(f"  contested {item['id']}: {item['path']} {item['cell'] or ''}")
        for held in each["held"]:
            show.say(f"  held {held['id']}: {summary(held)}")
        if each["held"]:
            show.aside("  see `gitcollab held`, then `gitcollab decide COLLAB HELD`")
    if not told["collabs"]:
        show.aside(f"{told['me']} takes part in nothing yet: `gitcollab share USER PATH` begins")
