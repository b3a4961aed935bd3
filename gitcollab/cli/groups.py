"""Commands about groups and about being let in: group, invitations."""

from __future__ import annotations

from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson
from gitcollab.errors import BadInput


def group(
    name: Annotated[
        str, typer.Argument(help="Which; left out: list mine (an administrator's: all).", show_default=False)
    ] = "",
    new: Annotated[bool, typer.Option("--new", help="Make it; admins only.")] = False,
    end: Annotated[bool, typer.Option("--end", help="End it and what it was given; admins only.")] = False,
    add: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="Put them in (repeat for more).", show_default=False),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="Take them out (repeat for more).", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List groups of people, make one, or say who is in it."""
    server = place.client()
    if not name and (new or end or add or remove):
        raise BadInput("which group?", "name it: `gitcollab group NAME --add USER`")
    if new:
        server.add_group(name)
    for user in add or ():
        server.put_in_group(name, user)
    for user in remove or ():
        server.take_out_of_group(name, user)
    if end:
        server.drop_group(name)
    rows = [row for row in server.groups() if name in ("", row["name"])]
    show.out(
        rows,
        as_json,
        lambda rows: show.table(
            [(r["name"], ",".join(r["people"]) or "-", r["display"], r["source"]) for r in rows], "no groups"
        ),
    )


def invitations(
    collab: Annotated[
        str, typer.Argument(metavar="COLLAB", help="Which; left out: list them.", show_default=False)
    ] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Take part.")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="Do not: leave it.")] = False,
    as_json: AsJson = False,
) -> None:
    """List where others have let me in, and answer them."""
    server = place.client()
    if accept == decline and (collab or accept):
        raise BadInput("accept or decline?", "`gitcollab invitations COLLAB --accept` or `--decline`")
    if collab:
        where = place.collab_id(server, collab)
        if accept:
            server.accept(where)
        else:
            server.decline(where)
    elif accept or decline:
        raise BadInput("which?", "`gitcollab invitations` lists them")
    rows = server.invitations()
    show.out(
        rows,
        as_json,
        lambda rows: show.table(
            [(r["id"], r["title"], f"as {r['role']}", f"by {r['by']}") for r in rows], "no invitation waits"
        ),
    )
