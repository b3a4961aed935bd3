"""The full command line: every command with its help, under headings."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from typer.main import get_command

from gitcollab.cli import (
    access,
    archives,
    carrying,
    decide,
    groups,
    held,
    history,
    hooks,
    house,
    mirroring,
    people,
    purge,
    safekeeping,
    show,
    work,
)

app = typer.Typer(
    name="gitcollab",
    help="Work on the same notebooks without being online in the same second.",
    epilog="Exit codes: 0 done, 1 contested or not clean, 2 usage or bad input, 3 no access, 4 server not reachable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version

        show.say(f"gitcollab {version('gitcollab')}")
        raise typer.Exit


@app.callback()
def everywhere(
    url: Annotated[str, typer.Option("--url", help="The server. [GITCOLLAB_URL]", metavar="URL")] = "",
    root: Annotated[
        str, typer.Option("--root", help="The server's root. [GITCOLLAB_ROOT]", metavar="DIR")
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", help="Print the program's version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Work on the same notebooks without being online in the same second."""
    for name, value in (("GITCOLLAB_URL", url), ("GITCOLLAB_ROOT", root)):
        if value:
            os.environ[name] = value


HEADINGS: dict[str, tuple[Callable[..., object], ...]] = {
    "Begin": (house.demo, house.serve, people.share, carrying.import_, work.join, work.leave, work.status),
    "See": (history.log, history.diff, history.blame, history.contributions, history.versions, history.cite),
    "Decide": (
        decide.contested,
        decide.settle,
        decide.undo,
        held.held,
        held.decide,
        purge.purge,
        decide.publish,
        house.merge,
    ),
    "People": (
        people.members,
        people.invite,
        people.revoke,
        people.token,
        groups.group,
        groups.invitations,
        access.visibility,
        access.approve,
        access.webhooks,
        access.transfer,
        access.audit,
    ),
    "House": (
        house.doctor,
        safekeeping.backup,
        safekeeping.restore,
        carrying.export,
        mirroring.mirror,
        archives.archives,
        house.git_config,
        house.git_credential,
        house.help_page,
    ),
}
NAMES = {
    "help_page": "help",
    "import_": "import",
    "git_config": "git-config",
    "git_credential": "git-credential",
}
for heading, commands in HEADINGS.items():
    for command in commands:
        name = NAMES.get(command.__name__, command.__name__)
        app.command(name, rich_help_panel=heading)(command)
app.add_typer(people.user_app, name="user", rich_help_panel="People")
app.add_typer(hooks.app, name="hooks", rich_help_panel="House")


def called(argv: Sequence[str]) -> int:
    """Runs one command; returns its exit code, 2 for a usage mistake (told on stderr)."""
    try:
        code = get_command(app).main(list(argv) or ["--help"], prog_name="gitcollab", standalone_mode=False)
    except typer.TyperException as mistake:
        show.aside(f"gitcollab: {_message(mistake)}")
        context = getattr(mistake, "ctx", None)
        if context is not None:
            show.aside(f"  {' '.join(context.get_usage().split())}")
            show.aside(f"  `{context.command_path} --help` tells more")
        return 2
    except typer.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _message(mistake: typer.TyperException) -> str:
    form = getattr(mistake, "format_message", None)
    return str(form() if form is not None else mistake)
