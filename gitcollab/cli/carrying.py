"""Commands that carry a history: import into a collab, export out of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, Collab
from gitcollab.client import Client
from gitcollab.client.transport import Json

NAMED = 20
"""Files that are named, of one kind."""


def import_(
    where: Annotated[
        str,
        typer.Argument(
            metavar="REPOSITORY", help="Its directory, a git bundle, or an https address.", show_default=False
        ),
    ],
    branch: Annotated[str, typer.Option(help="Which branch.", show_default="where it stands")] = "",
    title: Annotated[
        str, typer.Option(help="What the collab is called.", show_default="as the repository")
    ] = "",
    keep_secrets: Annotated[
        bool, typer.Option("--keep-secrets", help="Share what looks like a secret, too; it is written down.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Begin a collab with the history of a repository: it stands behind main, its newest files are there to work on.

    The repository itself is only read. What cannot be shared (links, submodules, large files) is named; it stays in
    the history.
    """
    from gitcollab.carrying import begin_from

    with show.busy("importing"):
        made = begin_from(place.client(), where, branch=branch, title=title, keeps_secrets=keep_secrets)
    show.out(msgspec.to_builtins(made), as_json, _told_import)


def beginner(server: Client, where: Path, as_json: bool) -> Callable[[str], str]:
    """Returns how a shared directory begins with its history: given the title, it makes the collab and says its id."""

    def begin(title: str) -> str:
        from gitcollab.carrying import begin_from

        made = begin_from(server, str(where), title=title)
        if not as_json:
            _told_import(msgspec.to_builtins(made))
        return made.id

    return begin


def _told_import(told: Json) -> None:
    show.say(f"{told['id']}  {told['alias']}")
    show.say(
        f"{told['commits']:,} commits of {told['branch']}, up to {show.short(told['tip'])}, stand behind main"
    )
    left = [f"{one['path']}: {one['reason']}" for one in told["left_out"]]
    _listed("left in the history, not on main", left)
    _listed("no valid notebook, waits to be decided (`gitcollab contested`)", told["contested"])
    show.aside(
        f"`gitcollab join {told['id']} DIR` works on it, `gitcollab members {told['id']} USER` lets others in"
    )


def _listed(words: str, found: list[str]) -> None:
    for one in found[:NAMED]:
        show.say(f"  {words}: {one}")
    if len(found) > NAMED:
        show.say(f"  {words}: {len(found) - NAMED} more")


def export(
    collab: Collab,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new directory.", show_default=False)],
    sessions: Annotated[bool, typer.Option("--sessions", help="With everybody's session branches.")] = False,
    squash: Annotated[
        bool, typer.Option("--squash", help="Main alone, as one commit that credits all authors.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make an ordinary git repository of a collab: main, blessed, versions; nothing of gitcollab's is needed for it."""
    from gitcollab.carrying import export as exported

    server = place.client()
    where = place.collab_id(server, collab)
    with show.busy("exporting"):
        made = exported(
            server, where, directory.expanduser().absolute(), has_sessions=sessions, is_squashed=squash
        )
    show.out(msgspec.to_builtins(made), as_json, _told_export)


def _told_export(told: Json) -> None:
    show.say(f"{told['directory']}: {', '.join([*told['branches'], *told['tags']])}")
    show.say(f"main is at {show.short(told['head'])}")
