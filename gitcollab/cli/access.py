"""Commands about access as a whole: who did what to it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson
from gitcollab.client.transport import Json


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
