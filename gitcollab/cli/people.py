"""Commands about people: share, members, invite, revoke, token, user."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, Collab
from gitcollab.client import sharing
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, NotFound

DAY = 86400
ROLES = ("owner", "maintainer", "editor", "viewer")


def share(
    users: Annotated[
        str, typer.Argument(metavar="USER[,USER…]", help="Whom to share with.", show_default=False)
    ],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", help="Notebooks, other files or a directory.", show_default=False),
    ],
    title: Annotated[
        str, typer.Option(help="What the collab is called.", show_default="from the first path")
    ] = "",
    with_history: Annotated[
        bool, typer.Option("--with-history", help="PATH is a repository: its history comes with it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Share files of this machine with people, who may then edit them: prints id, alias, link and directory.

    Your files stay where they are; from now on every save in their directory is taken in. Sharing the same
    files again finds the same collab.
    """
    from gitcollab.cli.carrying import beginner

    names = [name.strip() for name in users.split(",") if name.strip()]
    if not names:
        raise BadInput("share with whom?", "write `share USER PATH`, several users with commas between")
    server = place.client()
    begin = beginner(server, paths[0], as_json) if with_history else None
    with show.busy("sharing"):
        made = sharing.share(server, names, paths, title=title, begin=begin)
    show.out(made, as_json, _shared)


def _shared(made: Json) -> None:
    for name in ("id", "alias", "link", "directory"):
        show.say(f"{name:<10} {made[name] or '-'}")


def members(
    collab: Collab,
    user: Annotated[str, typer.Argument(help="Whose role to change.", show_default=False)] = "",
    role: Annotated[
        str, typer.Option(help=f"The role to give: {', '.join(ROLES)}.", show_default=False)
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="End this person's access at once.")] = False,
    group: Annotated[str, typer.Option(help="A group instead of a person.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """List who takes part; with USER or --group give a role or end access."""
    server = place.client()
    where = place.collab_id(server, collab)
    if bool(user) == bool(group) and (role or remove or user):
        raise BadInput("whose?", "name the user after the collab, or a group with --group")
    if role and role.lower() not in ROLES:
        raise BadInput(f"{role!r} is no role", f"choose from {', '.join(ROLES)}")
    if remove:
        server.remove_grant(where, group) if group else server.remove_member(where, user)
    elif group:
        server.set_grant(where, group, role.lower() or "viewer")
    elif user:
        server.set_member(where, user, role.lower() or "editor")
    rows = server.members(where)
    given = [
        {"user": f"@{one['group']}", "role": one["role"], "display": "a group"}
        for one in server.grants(where)
    ]
    show.out(
        rows if as_json else [*rows, *given], as_json, lambda rows: show.table(map(_member, rows), "nobody")
    )


def _member(row: Json) -> tuple[Any, ...]:
    asked = f"(asked by {row['invited_by']})" if row.get("invited_by") else ""
    return row["user"], row["role"], row["display"], asked


def invite(
    collab: Collab,
    role: Annotated[
        str, typer.Option(help="What the link makes people: editor, viewer, maintainer.")
    ] = "editor",
    days: Annotated[float, typer.Option(help="For how many days it opens.", min=0.0001, max=30)] = 7,
    uses: Annotated[int | None, typer.Option(help="How many may use it.", min=1, show_default="any")] = None,
    guest: Annotated[
        bool, typer.Option("--guest", help="To read without an account, where the server allows it.")
    ] = False,
    links: Annotated[bool, typer.Option("--list", help="List the open links instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an invitation link; it is shown this once."""
    server = place.client()
    where = place.collab_id(server, collab)
    if links:
        rows = server.links(where)
        show.out(rows, as_json, lambda rows: show.table([_link(row) for row in rows], "no open links"))
        return
    role = "viewer" if guest else role.lower()
    made = server.invite(where, role, expires_in=max(1, int(days * DAY)), uses=uses, is_guest=guest)
    show.out(made, as_json, lambda made: show.say(made["link"]))


def _link(row: Json) -> tuple[Any, ...]:
    left = row.get("uses_left")
    return (
        row["id"],
        row["role"],
        f"until {row['expires_at']}",
        "any number" if left is None else f"{left} left",
    )


def revoke(
    collab: Collab,
    what: Annotated[
        str, typer.Argument(metavar="LINK|USER", help="A link's id, or a person.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """End an invitation link, or a person's access, at once."""
    server = place.client()
    where = place.collab_id(server, collab)
    if any(link["id"] == what for link in server.links(where)):
        server.revoke(where, what)
    elif any(member["user"] == what for member in server.members(where)):
        server.remove_member(where, what)
    else:
        raise NotFound(
            f"no link and no member {what!r}",
            "see `gitcollab invite COLLAB --list`, `gitcollab members COLLAB`",
        )
    show.out({"revoked": what}, as_json, lambda _: show.say(f"{what} has no access any more"))


def token(
    new: Annotated[
        str, typer.Option("--new", metavar="LABEL", help="Make a token.", show_default=False)
    ] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="Limit it to this (repeat for more).", show_default=False)
    ] = None,
    days: Annotated[
        int | None, typer.Option(help="For how many days it is good.", min=1, show_default="ever")
    ] = None,
    revoke: Annotated[str, typer.Option(metavar="ID", help="Revoke this one.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """List my tokens, make one (shown this once) or revoke one."""
    server = place.client()
    if new:
        made = server.create_token(new, scopes=scope or (), expires_in=days * DAY if days else None)
        show.out(made, as_json, lambda made: show.say(made["secret"]))
        return
    if revoke:
        server.revoke_token(revoke)
    rows = server.tokens()
    show.out(rows, as_json, lambda rows: show.table([_token(row) for row in rows], "no tokens"))


def _token(row: Json) -> tuple[Any, ...]:
    used = f"used {row['last_used_at']}" if row.get("last_used_at") else "never used"
    return (
        row["id"],
        row["label"],
        ",".join(row.get("scopes") or ["everything"]),
        row.get("expires_at") or "for ever",
        used,
    )


user_app = typer.Typer(help="Accounts, on the server's own root.", no_args_is_help=True)


@user_app.command("add")
def add_user(
    name: Annotated[
        str, typer.Argument(help="Lower-case letters, digits, `.`, `_`, `-`.", show_default=False)
    ],
    display: Annotated[str, typer.Option(help="The name people see.", show_default="the same")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May add users and see the server's state.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make an account and print a token for it, this once.

    Works on the root itself; the server need not run.
    """
    from gitcollab.cli.accounts import add

    made = add(place.root(), name, display, admin)
    show.out(made, as_json, lambda made: show.say(made["token"]))


@user_app.command("sign-in")
def sign_in(
    name: Annotated[str, typer.Argument(help="Whose.", show_default=False)],
    wanted: Annotated[str, typer.Option("--next", help="The page to come to.")] = "/",
    as_json: AsJson = False,
) -> None:
    """Print an address that signs this person in, once, within a day. Works on the root itself."""
    from gitcollab.cli.accounts import sign_in_address

    made = {"address": sign_in_address(place.root(), name, wanted)}
    show.out(made, as_json, lambda made: show.say(made["address"]))


@user_app.command("alias")
def alias(
    name: Annotated[str, typer.Argument(help="Whose.", show_default=False)],
    kind: Annotated[
        str, typer.Argument(help="os, jupyter, hub, oidc or git (an author's address).", show_default=False)
    ] = "",
    other: Annotated[str, typer.Argument(help="The other name.", show_default=False)] = "",
    remove: Annotated[bool, typer.Option("--remove", help="It is theirs no more.")] = False,
    as_json: AsJson = False,
) -> None:
    """List a person's other names, or say that one is theirs. Works on the root itself."""
    from gitcollab.cli.accounts import aliases

    rows = aliases(place.root(), name, kind, other, is_theirs=not remove)
    show.out(rows, as_json, lambda rows: show.table([(r["kind"], r["name"]) for r in rows], "no other names"))


@user_app.command("display")
def display(
    name: Annotated[str, typer.Argument(help="Whose.", show_default=False)],
    shown: Annotated[str, typer.Argument(help="The name people see.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Change the name people see of a person. Works on the root itself; everybody can do it at /me, too."""
    from gitcollab.cli.accounts import set_display

    done = set_display(place.root(), name, shown)
    show.out(done, as_json, lambda done: show.say(f"{done['name']} is shown as {done['display']}"))


@user_app.command("suspend")
def suspend(
    name: Annotated[str, typer.Argument(help="Whose.", show_default=False)],
    undo: Annotated[bool, typer.Option("--undo", help="Give it back.")] = False,
    as_json: AsJson = False,
) -> None:
    """End an account's access everywhere at once; its name and work stay. Works on the root itself."""
    from gitcollab.cli.accounts import set_suspended

    set_suspended(place.root(), name, not undo)
    done = {"name": name, "is_suspended": not undo}
    show.out(done, as_json, lambda _: show.say(f"{name} {'may come again' if undo else 'has no access'}"))


@user_app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the accounts of the root."""
    from gitcollab.cli.accounts import listed

    rows = listed(place.root())
    show.out(rows, as_json, lambda rows: show.table([(r["name"], r["display"]) for r in rows], "no accounts"))
