"""Commands that keep a root safe elsewhere: backup, restore. They work on the root itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson
from gitcollab.client.transport import Json

Where = Annotated[
    str, typer.Argument(metavar="WHERE", help="A directory, or s3://BUCKET/PREFIX.", show_default=False)
]


def backup(
    where: Where,
    keep: Annotated[
        str,
        typer.Option(
            help="Then remove old ones but the last of so many days, weeks, months: 7d,4w,12m.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Store what is new since the last backup in another place; the server may run meanwhile."""
    from gitcollab import settings
    from gitcollab.backup import back_up, keep_of, target, thin
    from gitcollab.daemon.serving import database
    from gitcollab.store.clock import now

    root = place.served_root()
    rule = keep_of(keep) if keep else None
    with show.busy("backing up"):
        made = back_up(root, database(settings.read(root=root)), target(where), now())
        gone = thin(target(where), rule, now()) if rule else None
    told = {"at": made.at, "collabs": len(made.collabs), "bytes": sum(one.size for one in made.pieces)}
    told |= {"removed": len(gone.backups), "removed_files": len(gone.files)} if gone else {}
    show.out(told, as_json, _told)


def restore(
    where: Where,
    root: Annotated[Path, typer.Argument(metavar="DIR", help="A new root.", show_default=False)],
    at: Annotated[
        str, typer.Option("--at", help="The last backup until then, UTC.", show_default="the newest")
    ] = "",
    database: Annotated[
        str, typer.Option(help="URL of an empty database to fill.", show_default="SQLite in DIR")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a root from a backup, in a directory that is empty or not there; each repository is checked."""
    from gitcollab import settings
    from gitcollab.backup import restore as restored
    from gitcollab.backup import target

    with show.busy("restoring"):
        made = restored(target(where), root.expanduser().absolute(), at, database)
    told = {"at": made.at, "collabs": len(made.collabs), "root": str(root)}
    then = f"`gitcollab serve --root {root}{' --database URL' if database else ''}` goes on"
    named = settings.read({}, root=root.expanduser().absolute()).database
    if named != database and (named or database):
        then = f"say database in {root}/gitcollab.toml: {'another one is named there' if named else 'none is named'}"
    show.out(told, as_json, lambda told: _told(told | {"then": then}))


def _told(told: Json) -> None:
    size = f", {told['bytes']:,} bytes in all" if "bytes" in told else ""
    show.say(f"{told['collabs']} collabs as of {told['at']}{size}")
    if told.get("removed") or told.get("removed_files"):
        show.say(f"{told['removed']} old ones removed, and {told['removed_files']} files that none needs")
    if "then" in told:
        show.aside(told["then"])
