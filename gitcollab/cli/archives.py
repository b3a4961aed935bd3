"""The command that shows what was thinned out of closed sessions, and brings it back. It works on the root itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput

if TYPE_CHECKING:
    from gitcollab.collab.archives import Archived, Shelf


def archives(
    bring_back: Annotated[
        str,
        typer.Option(
            "--bring-back",
            metavar="ARCHIVE",
            help="Put what an archive holds into its repository again, for good; its branch stays as it is.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """List the archives of sessions that closed long ago, or bring one back; the server may run meanwhile."""
    root = place.served_root()
    found = _found(root)
    if bring_back:
        found = {name: one for name, one in found.items() if name == bring_back}
        if not found:
            raise BadInput(f"there is no archive {bring_back}", "`gitcollab archives` lists them")
        _bring_back(root, *found[bring_back])
    rows = [_row(root, name, shelf, one) for name, (shelf, one) in found.items()]
    show.out(rows, as_json, _told)


def _found(root: Path) -> dict[str, tuple[Shelf, Archived]]:
    from gitcollab.collab.archives import Shelf

    shelves = [Shelf(each) for each in sorted((root / "private" / "archive").glob("*")) if each.is_dir()]
    return {f"{shelf.place.name}/{one.name}": (shelf, one) for shelf in shelves for one in shelf.all()}


def _bring_back(root: Path, shelf: Shelf, one: Archived) -> None:
    from gitcollab.collab import Place
    from gitcollab.collab.archives import bring_back

    bring_back(Place(root), shelf.place.name, one)


def _row(root: Path, name: str, shelf: Shelf, one: Archived) -> Json:
    from gitcollab.repository import Repository

    path = root / "collabs" / f"{shelf.place.name}.git"
    is_back = path.is_dir() and Repository(path).head(one.back) is not None
    return {
        "archive": name,
        "session": one.session,
        "at": one.at,
        "commits": one.commits,
        "bytes": one.size,
        "repository_before": one.before,
        "repository_after": one.after,
        "tip": one.tip,
        "state": "back"
        if is_back
        else "archived"
        if one.dropped
        else "archived, and in the repository still",
        "file": str(shelf.bundle(one)),
    }


def _told(rows: list[Json]) -> None:
    table = [
        (row["archive"], row["at"], f"{row['commits']} commits", f"{row['bytes']:,} bytes", _state(row))
        for row in rows
    ]
    show.table(table, "no archives: closed sessions are thinned where `thin_after` says so")


def _state(row: Json) -> str:
    if not row["repository_before"]:
        return str(row["state"])
    return f"{row['state']} (repository {row['repository_before']:,} → {row['repository_after']:,} bytes)"
