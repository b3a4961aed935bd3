"""Commands on what is held back: held, decide."""

from __future__ import annotations

from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, Collab, MaybeCollab
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, NotFound

WHY = {
    "secret": "it holds what looks like a secret",
    "emptied": "nothing is left of it",
    "unreadable": "it is no notebook any more",
    "deleted": "these files are gone",
}
HeldId = Annotated[
    str, typer.Argument(metavar="HELD", help="Its id, as `held` lists it.", show_default="the only one")
]


def summary(row: Json) -> str:
    """Says in one line what is held and why."""
    if row["reason"] == "deleted":
        return f"{len(row['paths'])} files are gone: shall they be deleted for everybody?"
    kinds = ", ".join(dict.fromkeys(each["kind"] for each in row.get("findings", ())))
    state = ", kept out by you" if row.get("is_dropped") else ", not saved yet" if row.get("is_draft") else ""
    return f"{row['path']}: {WHY[row['reason']]}{f' ({kinds})' if kinds else ''}{state}"


def held(collab: MaybeCollab = None, as_json: AsJson = False) -> int:
    """List my saves that are held back until I decide; exits with 1 if there are any. Nobody else sees them."""
    server = place.client()
    rows = server.held(place.collab_id(server, collab))
    show.out(rows, as_json, _told)
    return int(any(not row.get("is_dropped") for row in rows))


def _told(rows: list[Json]) -> None:
    for row in rows:
        show.say(f"{row['id']}  {summary(row)}")
        for each in row.get("findings", ()):
            cell = f"cell {each['cell']}, " if each.get("cell") else ""
            show.say(f"    {each['kind']}: {cell}{each['field']}, line {each['line']}: {each['excerpt']}")
        for path in row.get("paths", ()):
            show.say(f"    {path}")
    if rows:
        show.aside(
            "share it: `gitcollab decide COLLAB HELD --release`; go back: --restore; keep it out: --drop"
        )
    else:
        show.aside("nothing of yours is held back")


def decide(
    collab: Collab,
    which: HeldId = "",
    release: Annotated[
        bool, typer.Option("--release", help="It is no secret, or it is meant: share it, delete them.")
    ] = False,
    restore: Annotated[bool, typer.Option("--restore", help="Go back to the version before it.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Keep it out; my file stays as it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """Decide what becomes of a save that was held back."""
    takes = [
        name for name, is_said in (("release", release), ("restore", restore), ("drop", drop)) if is_said
    ]
    if len(takes) != 1:
        raise BadInput("what shall become of it?", "say one of --release, --restore, --drop")
    server = place.client()
    where = place.collab_id(server, collab)
    rows = [row for row in server.held(where) if row["id"].startswith(which)]
    if len(rows) != 1:
        raise NotFound(f"no held save {which!r}" if which else "say which one", "see `gitcollab held`")
    made = server.decide_held(where, rows[0]["id"], takes[0], rows[0]["mark"])
    done = {"release": "shared", "restore": "restored", "drop": "kept out"}[takes[0]]
    show.out(made, as_json, lambda _: show.say(f"{done}: {rows[0]['path']}"))
