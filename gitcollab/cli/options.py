"""The arguments that several commands take, said once."""

from __future__ import annotations

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Collab = Annotated[
    str,
    typer.Argument(
        metavar="COLLAB", help="Its id, alias (`ana,ben:tides`, any order) or name.", show_default=False
    ),
]
MaybeCollab = Annotated[
    str | None,
    typer.Argument(
        metavar="COLLAB",
        help="Its id, alias or name. Left out: the one this directory is in.",
        show_default=False,
    ),
]
