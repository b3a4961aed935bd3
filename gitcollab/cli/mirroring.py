"""The command about a collab's mirror: to which remote what is published goes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, Collab
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput

SIGNS = {"waiting": "…", "done": "✓", "diverged": "✗", "failed": "✗"}


def mirror(
    collab: Collab,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="An empty repository: https://… or ssh.", show_default=False)
    ] = "",
    user: Annotated[str, typer.Option(help="Who signs in there.", show_default="git")] = "",
    secret_file: Annotated[
        str, typer.Option(help="Holds the token, or for ssh the key; `-` reads it.", show_default=False)
    ] = "",
    with_main: Annotated[bool, typer.Option("--with-main", help="Push the shared branch, too.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Push again, whether or not something is new.")] = False,
    end: Annotated[bool, typer.Option("--end", help="Push there no more; the secret is forgotten.")] = False,
    as_json: AsJson = False,
) -> int:
    """Push what is published to a remote after each publish (GitHub, GitLab); without URL: how that stands.

    The server pushes, never by force; the secret stays with it. Exits with 1 where the remote holds something
    else, or could not be reached.
    """
    server = place.client()
    where = place.collab_id(server, collab)
    if sum((bool(url), now, end)) > 1 or ((user or secret_file or with_main) and not url):
        raise BadInput("these do not go together", "URL with its options, --now, or --end")
    if end:
        server.end_mirror(where)
        told = server.mirror(where)
    elif url:
        told = server.set_mirror(where, url, user=user, secret=_read(secret_file), has_main=with_main)
        show.aside("the history behind what is published goes along: who reads the remote can read it")
    else:
        told = server.push_mirror(where) if now else server.mirror(where)
    show.out(told, as_json, _told)
    return int(told["condition"] in ("diverged", "failed"))


def _read(file: str) -> str | None:
    """The secret; never an argument, which others on the machine could see."""
    if not file:
        return None
    try:
        return (sys.stdin.read() if file == "-" else Path(file).expanduser().read_text()).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} cannot be read", "name a file that holds nothing but the secret") from error


def _told(told: Json) -> None:
    if not told["url"]:
        show.aside("no mirror: `gitcollab mirror COLLAB URL` makes one")
        return
    show.say(
        f"{SIGNS[told['condition']]} {told['url']}  {told['condition']}, {told['refs']} branches and tags there"
    )
    if told["told"]:
        show.say(f"    {told['told']}")
    if told["condition"] == "diverged":
        show.say("    nothing is forced: move what is there out of the way, or mirror to an empty repository")
    if told["next_at"]:
        show.say(f"    tried {told['at']}, again {told['next_at']}")
