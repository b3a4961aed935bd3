"""Commands about access as a whole: who sees a collab, whose it is, who did what to it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, Collab
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput

SEEN = ("private", "team", "everyone")


def visibility(
    collab: Collab,
    visibility: Annotated[
        str, typer.Argument(metavar="[private|team|everyone]", help="Who shall see it.", show_default=False)
    ] = "",
    group: Annotated[str, typer.Option(help="Which group, with team.", show_default=False)] = "",
    approval: Annotated[
        bool | None,
        typer.Option(
            help="Everyone sees a version once a second person has approved it.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show or say who sees a collab besides its members: everyone sees published versions only."""
    server = place.client()
    where = place.collab_id(server, collab)
    if visibility and visibility not in SEEN:
        raise BadInput(f"{visibility!r} is no visibility", f"choose from {', '.join(SEEN)}")
    if not visibility and (group or approval is not None):
        raise BadInput("who shall see it?", f"name one of {', '.join(SEEN)}")
    if visibility:
        warning = server.set_visibility(where, visibility, group, approval)["warning"]
        if warning:
            show.aside(warning)
    show.out(server.visibility(where), as_json, _seen)


def _seen(seen: Json) -> None:
    groups = f" ({', '.join(seen['groups'])})" if seen["groups"] else ""
    approval = ", each version after an approval" if seen["needs_approval"] else ""
    show.say(f"{seen['visibility']}{groups}{approval}")


def approve(
    collab: Collab,
    version: Annotated[
        str, typer.Argument(help="Its tag, number or id, `analysis/v1.2.0` or `1.2.0`.", show_default=False)
    ],
    decline: Annotated[
        bool, typer.Option("--decline", help="Decline what waits, or take back what you asked for.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a version that waits for a second maintainer, or let a published one out to everyone.

    What waits is published exactly as it was proposed. Nobody approves their own version.
    """
    server = place.client()
    where = place.collab_id(server, collab)
    waiting = [one for one in server.pending(where) if version in (one["pending"], one["version"])]
    if len(waiting) == 1:
        _decide(server.decide_publish(where, waiting[0]["pending"], not decline), waiting[0], as_json)
        return
    found = [one["tag"] for one in server.versions(where) if version in (one["tag"], one["version"])]
    if len(found) != 1 or waiting or decline:
        several = [*(one["pending"] for one in waiting), *found]
        raise BadInput(
            f"{version!r} is {'several versions' if several else 'no version'} here"
            + (" that waits" if decline else ""),
            "name one by its tag, or by its id if it waits",
            candidates=several,
        )
    server.approve(where, found[0])
    show.out({"approved": found[0]}, as_json, lambda _: show.say(f"everyone may see {found[0]}"))


def _decide(made: Json, waited: Json, as_json: bool) -> None:
    name = f"{waited['notebook']} {waited['version']}"
    version = made["version"]
    show.out(
        made, as_json, lambda _: show.say(f"{name}  ({version['tag']})" if version else f"{name} is declined")
    )
    if version:
        show.unsaved(version)


def webhooks(
    collab: Collab,
    add: Annotated[str, typer.Option(metavar="URL", help="Have it called.", show_default=False)] = "",
    kinds: Annotated[
        str,
        typer.Option(help="For these events only, with commas.", show_default="landed,contested,published"),
    ] = "",
    remove: Annotated[str, typer.Option(metavar="ID", help="Call it no more.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """List the servers that are told of what happens in a collab, and how the last calls went; maintainers."""
    server = place.client()
    where = place.collab_id(server, collab)
    if remove:
        server.remove_webhook(where, remove)
    if add:
        wanted = [kind.strip() for kind in kinds.split(",") if kind.strip()]
        made = server.add_webhook(where, add, wanted)
        show.out(
            made, as_json, lambda made: show.say(f"{made['id']}  {made['url']}  secret: {made['secret']}")
        )
        return
    show.out(server.webhooks(where), as_json, _called)


def _called(rows: list[Json]) -> None:
    for row in rows:
        show.say(f"{row['id']}  {row['url']}  {','.join(row['kinds'])}")
        for one in row.get("deliveries", ()):
            problem = f": {one['problem']}" if one["problem"] else ""
            show.say(
                f"    {one['at']}  {one['kind']} {one['n']}  {one['outcome']}, tries {one['tries']}{problem}"
            )
    if not rows:
        show.aside("no other server is told of what happens here: --add URL")


def transfer(
    collab: Collab,
    user: Annotated[str, typer.Argument(help="The new owner.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Make somebody else owner of a collab; you stay as a maintainer."""
    server = place.client()
    made = server.hand_over(place.collab_id(server, collab), user)
    show.out(made, as_json, lambda _: show.say(f"{user} owns it now"))


def audit(
    collab: Annotated[
        str,
        typer.Argument(
            metavar="COLLAB",
            help="Its id, alias or name. Left out: the whole server, for admins.",
            show_default=False,
        ),
    ] = "",
    user: Annotated[str, typer.Option(help="Only what this person did.", show_default=False)] = "",
    limit: Annotated[int, typer.Option(help="How many lines.", min=1, max=1000)] = 50,
    as_json: AsJson = False,
) -> None:
    """Show who did what to access, done or refused, and from where, newest first."""
    server = place.client()
    where = place.collab_id(server, collab) if collab else ""
    rows = server.audit(where, user=user, limit=limit)
    show.out(rows, as_json, lambda rows: show.table([_line(row) for row in rows], "nothing yet"))


def _line(row: Json) -> tuple[Any, ...]:
    said = " ".join(f"{name}={value}" for name, value in row["detail"].items() if value not in ("", None, []))
    outcome = "" if row["outcome"] == "done" else f"({row['outcome']})"
    return row["at"], row["user"], row["act"], row["collab"], said, outcome, row["origin"]
