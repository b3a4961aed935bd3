"""Commands of the house: demo, serve, merge, doctor, git-config, help."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson
from gitcollab.client.transport import Json


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Play the story once, quickly, and check each step.")
    ] = False,
    port: Annotated[
        int, typer.Option(help="The server's port.", show_default="a free one", min=0, max=65535)
    ] = 0,
) -> int:
    """Watch two people work on one notebook: a server, Ana and Ben, and everything visible in the browser."""
    from gitcollab.demo import play

    return play(is_once=once, port=port)


def serve(
    root: Annotated[
        Path | None, typer.Option(help="Where everything is kept. [GITCOLLAB_ROOT]", show_default=False)
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="The address to listen at.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; 0 for any.", show_default="8474", min=0, max=65535)
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="A database's URL.", show_default="SQLite in the root")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="How people reach it (a proxy, say).", show_default="http://HOST:PORT")
    ] = None,
    node: Annotated[
        str | None,
        typer.Option(
            help="This one's name among several on one PostgreSQL and one root; one writes, the others stand by.",
            show_default="there is one",
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(help="Where the other nodes reach this one.", show_default="http://HOST:PORT"),
    ] = None,
) -> int:
    """Run the server until Ctrl-C; the first start prints a one-time sign-in address."""
    from gitcollab import settings
    from gitcollab.daemon import serve as run

    chosen = settings.read(
        root=root,
        host=host,
        port=port,
        database=database,
        base_url=base_url,
        node=node,
        address=address,
    )
    return run(chosen)


def merge(
    base: Annotated[Path, typer.Argument(help="The version both sides come from.", show_default=False)],
    ours: Annotated[Path, typer.Argument(help="The shared version.", show_default=False)],
    theirs: Annotated[Path, typer.Argument(help="The session's version.", show_default=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the result goes.", show_default=False)],
    path: Annotated[
        str, typer.Option(help="What to call the file in reports.", show_default="OUT's name")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Merge three notebooks cell by cell; exits with 1 if anything is contested. Also git's merge driver."""
    from gitcollab.cli.merge import merged

    return merged(base, ours, theirs, out, path, as_json)


def doctor(as_json: AsJson = False) -> int:
    """Look after a root: permissions, locks, git, repositories, database, server, workspaces.

    Exits with 1 if not well.
    """
    from gitcollab.cli.doctor import examined

    with show.busy("looking"):
        found = examined(place.root())
    show.out(found, as_json, _told)
    return int(not found["is_clean"])


def _told(found: Json) -> None:
    signs = {"good": "✓", "bad": "✗", "unknown": "?"}
    for check in found["checks"]:
        show.say(f"{signs[check['state']]} {check['name']}: {check['said']}")
        if check["hint"]:
            show.say(f"    {check['hint']}")


def git_config(
    everywhere: Annotated[bool, typer.Option("--global", help="For all of your repositories.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take it back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make git merge and compare notebooks with gitcollab, in this repository (or all of yours)."""
    from gitcollab.cli import gitconfig

    made = (gitconfig.uninstall if undo else gitconfig.install)(Path.cwd(), everywhere)
    show.out(made, as_json, _configured)


def git_credential(
    verb: Annotated[str, typer.Argument(help="get, store or erase: git says which.", show_default=False)],
) -> None:
    """Give git the token for this server (a credential helper: `gitcollab git-config` sets it)."""
    from gitcollab.cli import credential

    print(credential.asked(verb, sys.stdin), end="")


def _configured(made: Json) -> None:
    for name, value in made["settings"].items():
        show.say(f"{name} = {value}")
    show.say(f"notebooks are named in {made['attributes']}" if made["settings"] else "taken back")


def help_page(
    page: Annotated[str, typer.Argument(help="`merging`, say.", show_default="the list of pages")] = "",
    as_json: AsJson = False,
) -> None:
    """Read the manual."""
    from gitcollab.cli import pages

    if page:
        show.out({"page": page, "text": pages.page(page)}, as_json, lambda told: show.say(told["text"]))
        return
    rows = [{"page": name, "title": pages.first_words(pages.page(name))} for name in pages.pages()]
    show.out(
        rows, as_json, lambda rows: show.table([(row["page"], row["title"]) for row in rows], "no pages")
    )
