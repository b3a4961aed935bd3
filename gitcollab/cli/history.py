"""Commands that look: log, diff, blame, contributions, versions, cite."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gitcollab.cli import diff as comparing
from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, MaybeCollab
from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput

Point = Annotated[str, typer.Argument(metavar="A", help="A file, or ID:PATH@REV.", show_default=False)]


def log(
    collab: MaybeCollab = None,
    path: Annotated[str, typer.Option(help="Only what touched this file.", show_default="all")] = "",
    branch: Annotated[str, typer.Option(help="`main`, `blessed` or `sessions/USER/NAME`.")] = "main",
    limit: Annotated[int, typer.Option("-n", "--limit", help="How many at most.", min=1, max=1000)] = 20,
    before: Annotated[
        str, typer.Option(help="Go on after this commit of the last page.", show_default=False)
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show the history, newest first."""
    server = place.client()
    rows = server.log(place.collab_id(server, collab), path=path, branch=branch, limit=limit, before=before)
    show.out(rows, as_json, lambda rows: show.table([_entry(row) for row in rows], "no history yet"))


def _entry(row: Json) -> tuple[Any, ...]:
    who = ", ".join([row["user"], *row.get("others", ())])
    return show.short(row["commit"]), row["at"], row["act"], who, show.first_line(row["message"])


def diff(
    a: Point,
    b: Annotated[
        str, typer.Argument(metavar="B", help="The same; left out: `main` now.", show_default=False)
    ] = "",
    as_json: AsJson = False,
    textconv: Annotated[
        bool, typer.Option("--textconv", help="Print the notebook A as lines, for git.")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if anything differs.")] = False,
) -> int:
    """Show what changed, cell by cell: between two files, or two versions (`ID:PATH@REV`, `Name:1.2.0`)."""
    if textconv:
        return comparing.converted(Path(a))
    are_files = [comparing.is_file(side) for side in (a, b)]
    if all(are_files):
        return comparing.compared(Path(a), Path(b), as_json, exit_code)
    server = place.client()
    found = _file_and_version(server, a, b, are_files) if any(are_files) else _versions(server, a, b)
    show.out(found, as_json, comparing.tell)
    return int(exit_code and bool(found["files"]))


def _versions(server: Client, a: str, b: str) -> Json:
    start, end = place.spot(a), place.spot(b or a)
    at = end.at if b else "main"
    where = place.collab_id(server, start.collab)
    if place.collab_id(server, end.collab) != where:
        raise BadInput("the two versions belong to different collabs", "write the same id on both sides")
    if not start.at:
        raise BadInput(f"{a!r} names no version", "write ID:PATH@REV or Name:1.2.0; a file must exist")
    return server.diff(where, start.at, at or "main", start.path or end.path)


def _file_and_version(server: Client, a: str, b: str, are_files: list[bool]) -> Json:
    sides = []
    for text, is_file in zip((a, b), are_files, strict=True):
        if is_file:
            sides.append(Path(text).read_bytes())
            continue
        if not text:
            raise BadInput("compare it with what?", "name a second file, or ID:PATH@REV")
        named = place.spot(text)
        where = place.collab_id(server, named.collab)
        at = named.at or "main"
        path = named.path or place.notebook_path(server, where, Path(a if are_files[0] else b).name, at)
        sides.append(server.file(where, path, at).body)
    return comparing.difference(a, b, *sides)


def blame(
    where: Annotated[
        str, typer.Argument(metavar="ID:PATH[@REV]", help="A notebook or text.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Show who last changed each cell of a notebook, or each line of a text."""
    server = place.client()
    named = place.spot(where)
    collab = place.collab_id(server, named.collab)
    path = place.notebook_path(server, collab, named.path, named.at or "main")
    rows = server.blame(collab, path, named.at or "main")
    show.out(rows, as_json, lambda rows: show.table([_blamed(row) for row in rows], "an empty file"))


def _blamed(row: Json) -> tuple[Any, ...]:
    return (
        row["index"],
        show.short(row["commit"]),
        row["user"],
        row["at"],
        show.first_line(row["preview"], 60),
    )


def contributions(
    collab: MaybeCollab = None,
    path: Annotated[str, typer.Option(help="Only in this file.", show_default="all")] = "",
    at: Annotated[str, typer.Option(help="Up to this version, branch or time.")] = "main",
    as_json: AsJson = False,
) -> None:
    """Say who has saved how often, and whose cells and lines stand there now, for grading say."""
    server = place.client()
    rows = server.contributions(place.collab_id(server, collab), path, at)
    show.out(
        rows, as_json, lambda rows: show.table([_contributed(row) for row in rows], "nobody has saved yet")
    )


def _contributed(row: Json) -> tuple[Any, ...]:
    counts = [f"{row.get(what, 0)} {what}" for what in ("cells", "lines", "saves", "sessions")]
    return row["user"], *counts, row.get("first_at", ""), row.get("last_at", "")


def versions(
    collab: MaybeCollab = None,
    notebook: Annotated[str, typer.Option(help="Only this notebook's.", show_default="all")] = "",
    as_json: AsJson = False,
) -> None:
    """List what has been published, newest first; on a terminal also what waits for a second maintainer."""
    server = place.client()
    where = place.collab_id(server, collab)
    path = place.notebook_path(server, where, notebook) if notebook else ""
    rows = server.versions(where, path)
    for one in () if as_json else server.pending(where):
        show.aside(
            f"{one['notebook']} {one['version']} by {one['by']} waits: gitcollab approve {where} {one['pending']}"
        )
    show.out(
        rows, as_json, lambda rows: show.table([_published(row) for row in rows], "nothing published yet")
    )


def cite(
    what: Annotated[
        str, typer.Argument(metavar="NAME[:VERSION]", help="What was published.", show_default=False)
    ],
    form: Annotated[str, typer.Option(help="`text`, `bibtex` or `cff`.")] = "text",
    as_json: AsJson = False,
) -> None:
    """Say how a published version is cited; the newest if none is named."""
    server, named = place.client(), place.spot(what)
    where = place.collab_id(server, named.collab)
    path = place.notebook_path(
        server, where, named.path or _only_published(server, where, named.collab), "blessed"
    )
    text = server.cite(where, path, named.at.removeprefix("v"), form)
    show.out({"citation": text}, as_json, lambda told: show.say(told["citation"].rstrip("\n")))


def _only_published(server: Client, collab: str, name: str) -> str:
    """The one notebook that was published, or of several the one that is called as the collab was."""
    paths = sorted({str(row["notebook"]) for row in server.versions(collab)})
    return paths[0] if len(paths) == 1 else name.rpartition(":")[2]


def _published(row: Json) -> tuple[Any, ...]:
    return (
        row["version"],
        row["notebook"],
        show.short(row["commit"]),
        row["at"],
        row["by"],
        show.first_line(row["message"]),
    )
