"""`gitcollab hooks`: puts the Jupyter extension where Jupyter looks, for a person or for all, and takes it back.

`pip install gitcollab[jupyter]` does this for the environment it installs into; these commands are for Jupyters of
other environments that can import this one's packages, and for administrators. Directories: jupyter_core's paths.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from gitcollab.cli import place, show
from gitcollab.cli.options import AsJson
from gitcollab.client.transport import Json
from gitcollab.errors import GitcollabError, Unusable

CONFIG = Path("jupyter_server_config.d") / "gitcollab_hooks.json"
EXTENSION = Path("labextensions") / "gitcollab"
ENABLED = {"ServerApp": {"jpserver_extensions": {"gitcollab_hooks": True}}}

AllUsers = Annotated[bool, typer.Option("--all-users", help="For every user of this machine, in /usr/local.")]
Prefix = Annotated[
    Path | None,
    typer.Option(help="Below this directory instead: PREFIX/etc and PREFIX/share.", show_default=False),
]

app = typer.Typer(
    help="Put the Jupyter extension where Jupyter looks, or take it back.", no_args_is_help=True
)


@app.command()
def install(all_users: AllUsers = False, prefix: Prefix = None, as_json: AsJson = False) -> None:
    """Put the extension into Jupyter's directories; again changes nothing."""
    config, extension = places(all_users, prefix)
    source = shipped()
    try:
        written(config, json.dumps(ENABLED, indent=2) + "\n")
        mirrored(source, extension)
    except OSError as why:
        raise Unusable(
            f"{why.filename} cannot be written: {why.strerror}",
            "leave out --all-users, or ask an administrator",
        ) from why
    show.out({"config": str(config), "extension": str(extension)}, as_json, _installed)


@app.command()
def uninstall(all_users: AllUsers = False, prefix: Prefix = None, as_json: AsJson = False) -> None:
    """Take back all that install did; again changes nothing."""
    removed = []
    for path in places(all_users, prefix):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except FileNotFoundError:
            continue
        except OSError as why:
            raise Unusable(f"{path} cannot be removed: {why.strerror}", "ask an administrator") from why
        removed.append(str(path))
        _prune(path.parent)
    show.out({"removed": removed}, as_json, _removed)


@app.command()
def status(prefix: Prefix = None, as_json: AsJson = False) -> int:
    """Say where the extension is, and what is missing; exits with 1 if it cannot work."""
    found = standing(prefix)
    show.out(found, as_json, _told)
    return int(not found["is_ready"])


def standing(prefix: Path | None = None) -> Json:
    """Returns where the extension is found, whether Python can import it, and whether a server answers."""
    where = [places(False, None), places(True, None), _under(Path(sys.prefix))]
    where += [_under(prefix)] if prefix else []
    there = [
        (str(config), str(extension)) for config, extension in where if config.exists() or extension.exists()
    ]
    is_importable = importlib.util.find_spec("gitcollab_hooks") is not None
    has_jupyter = importlib.util.find_spec("jupyter_server") is not None
    is_whole = any(config.exists() for config, _ in where) and any(
        extension.exists() for _, extension in where
    )
    return {
        "installed": [{"config": config, "extension": extension} for config, extension in there],
        "importable": is_importable,
        "jupyter": has_jupyter,
        "server": _server(),
        "is_ready": is_whole and is_importable and has_jupyter,
    }


def places(all_users: bool, prefix: Path | None) -> tuple[Path, Path]:
    """Returns where the configuration and the extension go (jupyter_core.paths)."""
    if prefix is not None:
        return _under(prefix)
    if all_users:
        return _under(Path("/usr/local"))
    config = Path(os.environ.get("JUPYTER_CONFIG_DIR") or Path.home() / ".jupyter")
    share = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    data = Path(os.environ.get("JUPYTER_DATA_DIR") or Path(share) / "jupyter")
    return config / CONFIG, data / EXTENSION


def shipped() -> Path:
    """Returns the extension that came with this program; Unusable if it did not."""
    found = importlib.util.find_spec("gitcollab_hooks")
    beside = Path(found.origin).parents[1] / "labextension" if found and found.origin else Path(os.devnull)
    for source in (beside, Path(sys.prefix) / "share" / "jupyter" / EXTENSION):
        if (source / "package.json").is_file():
            return source
    raise Unusable("the Jupyter extension is not here", "install it: pip install gitcollab[jupyter]")


def written(path: Path, text: str) -> None:
    """Writes a file that is not so already."""
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def mirrored(source: Path, target: Path) -> None:
    """Makes ``target`` a copy of ``source``, whole or as it was."""
    if target.resolve() == source.resolve():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}.new")
    shutil.copytree(source, fresh)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)


def _under(prefix: Path) -> tuple[Path, Path]:
    return prefix / "etc" / "jupyter" / CONFIG, prefix / "share" / "jupyter" / EXTENSION


def _prune(directory: Path) -> None:
    """Removes the directory that install may have made, if nothing else is in it."""
    if directory.name in {CONFIG.parent.name, EXTENSION.parent.name} and not any(directory.iterdir()):
        directory.rmdir()


def _server() -> str:
    try:
        server = place.client(timeout=5)
        return f"{server.url}, as {server.me()['name']}"
    except GitcollabError as why:
        return f"none: {why.message}"


def _installed(made: Json) -> None:
    show.say(f"enabled in {made['config']}")
    show.say(f"copied to {made['extension']}")
    show.say("start Jupyter anew and reload the page")


def _removed(made: Json) -> None:
    for path in made["removed"]:
        show.say(f"removed {path}")
    if not made["removed"]:
        show.say("nothing was there")


def _told(found: Json) -> None:
    for each in found["installed"]:
        show.say(f"✓ {each['config']}")
        show.say(f"✓ {each['extension']}")
    if not found["installed"]:
        show.say("✗ not installed: `gitcollab hooks install`")
    show.say(f"{'✓' if found['importable'] else '✗'} gitcollab_hooks can be imported by {sys.executable}")
    show.say(f"{'✓' if found['jupyter'] else '✗'} jupyter_server is there")
    show.say(f"server: {found['server']}")
