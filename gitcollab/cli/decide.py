"""Commands that decide: contested, settle, publish."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, MaybeCollab
from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, GitcollabError, NotFound, Unusable

TAKES = ("shared", "session", "mine", "both", "text")
BUMPS = {"major": "major", "minor": "minor", "hotfix": "hotfix", "patch": "hotfix"}
Takes = Annotated[str, typer.Option(help="Whose: shared, session (or mine), both.", show_default=False)]
Text = Annotated[
    str, typer.Option(help="Your own text instead; `-` reads it from the pipe.", show_default=False)
]


def contested(collab: MaybeCollab = None, as_json: AsJson = False) -> int:
    """List the cells that two people changed in ways that cannot be combined; exits with 1 if there are any."""
    server = place.client()
    rows = server.contested(place.collab_id(server, collab))
    show.out(rows, as_json, _told)
    return int(bool(rows))


def _told(rows: list[Json]) -> None:
    for row in rows:
        where = f"cell {row['cell']}, {row['field']}" if row["cell"] else row["field"]
        show.say(f"{row['id']}  {row['path']}, {where}: {row.get('reason') or 'changed on both sides'}")
        for side, whose in (("shared", "shared"), ("session", row["user"])):
            show.say(f"    {whose}:")
            value = row[side]
            text = "(deleted)" if value is None else value if isinstance(value, str) else show.as_text(value)
            for line in str(text).splitlines():
                show.say(f"      {line}")
    if rows:
        show.aside(
            "settle one with `gitcollab settle COLLAB ITEM --take shared|session|both`, or --text TEXT"
        )
    else:
        show.aside("nothing is contested")


def settle(
    collab: Annotated[
        str, typer.Argument(metavar="COLLAB", help="Its id, alias or name.", show_default=False)
    ],
    item: Annotated[str, typer.Argument(help="The item's id, as `contested` lists it.", show_default=False)],
    take: Takes = "",
    text: Text = "",
    as_json: AsJson = False,
) -> None:
    """Decide a contested cell: take the shared version, the session's, both, or a text of your own."""
    chosen = "text" if text and not take else take.lower()
    if chosen not in TAKES or (chosen == "text") != bool(text):
        raise BadInput("take which version?", "say --take shared, session, both, or --text TEXT")
    server = place.client()
    where = place.collab_id(server, collab)
    seen = next((row for row in server.contested(where) if row["id"].startswith(item)), None)
    if seen is None:
        raise NotFound(f"no contested item {item!r}", "it may be settled already: see `gitcollab contested`")
    source = (sys.stdin.read() if text == "-" else text) if chosen == "text" else None
    made = server.settle(where, seen["id"], chosen, source, seen["seen"])
    show.out(
        made, as_json, lambda made: show.say(f"settled; everybody gets it with {show.short(made['landed'])}")
    )


def undo(
    collab: Annotated[
        str, typer.Argument(metavar="COLLAB", help="Its id, alias or name.", show_default=False)
    ],
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="A commit as `log` shows it, or an event's number.", show_default=False
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Take back what happened: a save, a landing, a delivery, a settlement or the closing of a contested item.

    It becomes a save of your own, so nothing is lost, and it can be undone itself. Where somebody has gone on from what
    you take back, both versions become a contested item.
    """
    server = place.client()
    made = server.undo(place.collab_id(server, collab), what)
    show.out(made, as_json, lambda made: show.say(_undone(what, made)))


def _undone(what: str, made: Json) -> str:
    waiting = len(made["contested"])
    told = f"undid {what}" + ("; everybody gets it" if made["landed"] else "; it has not landed yet")
    return told + (f"; {waiting} contested" if waiting else "")


def publish(
    collab: MaybeCollab = None,
    notebook: Annotated[
        str,
        typer.Argument(metavar="NOTEBOOK", help="Its path or name, after `--`.", show_default="the only one"),
    ] = "",
    bump: Annotated[
        str,
        typer.Option(
            "-version",
            "--version-bump",
            "--bump",
            metavar="MAJOR|MINOR|HOTFIX",
            help="Which number to raise.",
            show_default="MINOR; the first version is 1.0.0",
        ),
    ] = "",
    message: Annotated[
        str, typer.Option("-m", "--message", help="What is new; MAJOR needs it.", show_default=False)
    ] = "",
    only: Annotated[
        bool, typer.Option("--only", help="The notebook alone, not the other files with it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which number the changes suggest, and why.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish a notebook as its next version: `publish ID -version MINOR -- NAME`.

    The version is a tag that never moves; the notebook comes to the blessed branch. Which number the changes suggest
    is said before; the number that you ask for is the one that counts. What the collab asks of a notebook first, and
    who has to approve it, is in its collab.toml (`gitcollab help publishing`).
    """
    number = BUMPS.get(bump.lower()) if bump else None
    if bump and number is None:
        raise BadInput(f"{bump!r} is no part of a version", "say MAJOR, MINOR or HOTFIX")
    server = place.client()
    where, path = _meant(server, collab, notebook)
    suggested = server.suggested_version(where, path)
    if dry_run:
        show.out(suggested, as_json, _suggest)
        return
    if number == "major" and not message:
        raise BadInput("a MAJOR version needs a message", "say what breaks with -m TEXT")
    if suggested["bump"] not in (None, number or "minor") and suggested.get("newest"):
        show.aside(_suggestion(suggested))
    with show.busy("publishing"):
        made = server.publish(where, path, number, message, only=only)
    show.out(made, as_json, _made)
    show.unsaved(made)


def _made(made: Json) -> None:
    if made.get("pending"):
        show.say(f"{made['notebook']} {made['version']} waits for another maintainer")
        show.aside(f"they say `gitcollab approve COLLAB {made['pending']}`")
    else:
        show.say(f"{made['notebook']} {made['version']}  ({made['tag']})")


def _suggest(suggested: Json) -> None:
    show.say(_suggestion(suggested))
    for reason in suggested.get("reasons", ()):
        show.say(f"  {reason['bump'].upper():6}  {reason['text']}")


def _suggestion(suggested: Json) -> str:
    if not suggested["bump"]:
        return f"nothing has changed since {suggested.get('newest')}"
    why = suggested["reasons"][0]["text"]
    since = f" since {suggested['newest']}" if suggested.get("newest") else ""
    return f"the changes{since} suggest {suggested['bump'].upper()} ({suggested['version']}): {why}"


def _meant(server: Client, collab: str | None, notebook: str) -> tuple[str, str]:
    """Returns the collab and the notebook's path; in a workspace either may be left out."""
    if collab and not notebook and ":" not in collab and not place.COLLAB_ID.fullmatch(collab):
        with suppress(
            GitcollabError
        ):  # `publish -- NAME` in a workspace: NAME is the notebook, if there is one
            where = place.here(server)["collab"]
            return where, place.notebook_path(server, where, collab)
    where = place.collab_id(server, collab)
    if notebook:
        return where, place.notebook_path(server, where, notebook)
    try:
        return where, place.notebook_path(server, where, "")
    except Unusable as several:
        with suppress(NotFound):  # the one that the collab is called after
            return where, place.notebook_path(server, where, server.collab(where)["alias"].rpartition(":")[2])
        raise several
