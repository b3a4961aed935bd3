"""The git program as this service runs it: its arguments and its whole environment. Nothing is run here.

It stands on the ground, so that the git room (maintenance) and the git door (smart HTTP) run the same program in the
same surroundings, while the door knows nothing of repositories.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from gitcollab.errors import Unavailable

PROTOCOL = re.compile(r"version=[012]")
"""What a client may say in its Git-Protocol header."""

SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.packedGitLimit=1g",  # a run's memory is bounded, and maps of packs count
    "core.fsync=committed,reference",
    "core.fsyncMethod=fsync",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
)
"""Above whatever the repository's own configuration says (facts-security R4)."""


@lru_cache(1)
def git_path() -> str:
    """Returns where the git program lies; Unavailable if there is none."""
    found = shutil.which("git")
    if found is None:
        raise Unavailable("the git program is not installed", "install git 2.34 or newer on the server")
    return found


def command(*words: str, repository: Path) -> list[str]:
    """Returns the arguments that run a git command inside a bare repository."""
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    return [git_path(), f"--git-dir={repository.absolute()}", *settings, *words]


def service(name: str, *words: str, repository: Path, also: Sequence[str] = ()) -> list[str]:
    """Returns the arguments of upload-pack or receive-pack, which take the repository at their end.

    ``also`` are further settings, which win over ours.
    """
    settings = [word for setting in (*SETTINGS, *also) for word in ("-c", setting)]
    return [git_path(), *settings, name, *words, "--", str(repository.absolute())]


def environment(protocol: str = "") -> dict[str, str]:
    """Returns the whole environment: nobody's configuration, no prompts, no replaced objects, no transports.

    ``protocol`` is a client's Git-Protocol header; what is not one of the three versions is left out.
    """
    given = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "",
    }
    return given | ({"GIT_PROTOCOL": protocol} if PROTOCOL.fullmatch(protocol) else {})
