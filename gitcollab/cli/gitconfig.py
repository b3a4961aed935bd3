"""`gitcollab git-config`: makes a repository use gitcollab to merge and compare notebooks, and for its tokens."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from gitcollab.client.finding import address
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, Unusable

GIT = "git"
ATTRIBUTES = "*.ipynb merge=gitcollab diff=gitcollab"


def program() -> str:
    """Returns how this very program is called from a shell; never from a directory that happens to be current."""
    return shlex.join([sys.executable, "-P", "-m", "gitcollab"])


def wanted() -> dict[str, str]:
    """Returns the settings of git that notebooks need (gitattributes(5), "Defining a custom merge driver")."""
    call = program()
    return {
        "merge.gitcollab.name": "gitcollab, cell by cell",
        "merge.gitcollab.driver": f"{call} merge %O %A %B -o %A --path %P",
        "diff.gitcollab.textconv": f"{call} diff --textconv",
        "difftool.gitcollab.cmd": f'{call} diff "$LOCAL" "$REMOTE"',
    }


def credentials(server: str) -> tuple[str, str]:
    """Returns the setting by which git asks this program for the token to a server, and its value."""
    parts = urlsplit(server)
    return f"credential.{parts.scheme}://{parts.netloc}.helper", f"!{program()} git-credential"


def install(directory: Path, everywhere: bool) -> Json:
    """Sets them in the repository of ``directory``, or for all of this user's; returns what was set and where."""
    scope = ["--global"] if everywhere else ["--local"]
    file = attributes_file(directory, everywhere)
    settings = wanted() | (dict([credentials(server)]) if (server := address()) else {})
    for name, value in settings.items():
        git(directory, "config", *scope, name, value)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    if ATTRIBUTES not in lines:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([*lines, ATTRIBUTES, ""]), encoding="utf-8")
    return {"settings": settings, "attributes": str(file)}


def uninstall(directory: Path, everywhere: bool) -> Json:
    """Takes everything back that ``install`` did."""
    scope = ["--global"] if everywhere else ["--local"]
    for section in ("merge.gitcollab", "diff.gitcollab", "difftool.gitcollab"):
        subprocess.run(
            [GIT, "-C", str(directory), "config", *scope, "--remove-section", section],
            capture_output=True,
            check=False,
        )
    _forget_credentials(directory, scope)
    file = attributes_file(directory, everywhere)
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if line.strip() != ATTRIBUTES), encoding="utf-8")
    return {"settings": {}, "attributes": str(file)}


def _forget_credentials(directory: Path, scope: list[str]) -> None:
    """Takes back what sends git here for a token, whichever server it is for."""
    found = git(directory, "config", *scope, "--get-regexp", r"^credential\..*\.helper$")
    for name, _, value in (line.partition(" ") for line in found.splitlines()):
        if value.endswith(" git-credential") and "gitcollab" in value:
            git(directory, "config", *scope, "--unset", name, r" git-credential$")


def attributes_file(directory: Path, everywhere: bool) -> Path:
    """Returns the file that says which files are notebooks: nobody's work tree is touched."""
    if not everywhere:
        return directory / git(directory, "rev-parse", "--git-path", "info/attributes")
    said = git(directory, "config", "--global", "--type=path", "--default", "", "core.attributesFile")
    return Path(said) if said else Path.home() / ".config" / "git" / "attributes"


def git(directory: Path, *words: str) -> str:
    """Returns what git prints; Unusable with git's own words if it fails."""
    try:
        ran = subprocess.run([GIT, "-C", str(directory), *words], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Unusable("git is not installed", "install git 2.34 or newer") from None
    if ran.returncode == 128 and "not a git repository" in ran.stderr:
        raise BadInput(f"{directory} is in no git repository", "go into one, or use --global")
    if ran.returncode and words[0] != "config":
        raise Unusable(ran.stderr.strip() or f"git {words[0]} failed", "see `git config --list`")
    if ran.returncode and ran.stderr.strip():
        raise Unusable(ran.stderr.strip(), "see `git config --list`")
    return ran.stdout.strip()
