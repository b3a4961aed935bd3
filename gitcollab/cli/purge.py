"""The command that takes a secret out of all history."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson, Collab
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput


def purge(
    collab: Collab,
    path: Annotated[
        str, typer.Option("--path", help="The file that holds it; without a text, all its versions.")
    ] = "",
    text_file: Annotated[
        str,
        typer.Option(
            "--text-file",
            metavar="FILE",
            help="The secret, in a file; `-` reads it from the pipe. Never on the command line.",
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Take a secret out of all history, for good. Owners only; every version since then gets another id."""
    if not path and not text_file:
        raise BadInput("purge what?", "say --path FILE, --text-file FILE with the secret in it, or both")
    text = _secret(text_file) if text_file else ""
    server = place.client()
    with show.busy("purging"):
        made = server.purge(place.collab_id(server, collab), path, text)
    show.out(made, as_json, _purged)


def _secret(text_file: str) -> str:
    data = sys.stdin.buffer.read() if text_file == "-" else Path(text_file).read_bytes()
    try:
        return data.decode("utf-8").strip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput("the secret is not text", "purge the whole file with --path alone") from error


def _purged(made: Json) -> None:
    show.say(f"purged: {made['blobs']} versions of files, {made['commits']} commits rewritten")
    show.aside("clones, backups and what people have read keep it: change the secret itself, too")
