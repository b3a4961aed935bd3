"""Leaving a collab from inside a repository of one's own: what the session holds stays there as an ordinary branch."""

from __future__ import annotations

import base64
import itertools
import os
import re
import subprocess
from pathlib import Path

from gitcollab.client import Client

GIT = "git"
TRIES = 100


def branch_left(server: Client, collab: str, session: str, directory: Path) -> str:
    """Fetches a session into a new branch of the repository around ``directory``; returns its name.

    '' where there is no repository. HEAD, index, other branches, hooks and configuration are not touched: the branch is
    there to be looked at, merged, or pushed elsewhere.
    """
    if not directory.is_dir() or _git(directory, "rev-parse", "--git-dir").returncode:
        return ""
    told = server.collab(collab)
    stem = re.sub(r"[^\w.-]+", "-", told["alias"].rpartition(":")[2]).strip("-.") or told["id"]
    names = (f"gitcollab/{stem}{'' if n == 1 else f'-{n}'}" for n in itertools.count(1))
    for name in itertools.islice(names, TRIES):
        if _git(directory, "check-ref-format", "--branch", name).returncode:
            return _fetched(server, told["id"], session, directory, f"gitcollab/{told['id']}")
        if _git(directory, "show-ref", "--verify", "--quiet", f"refs/heads/{name}").returncode:
            return _fetched(server, told["id"], session, directory, name)
    return ""


def _fetched(server: Client, collab: str, session: str, directory: Path, name: str) -> str:
    url = f"{server.url}/git/{collab}.git"
    basic = base64.b64encode(f"gitcollab:{server.transport.token}".encode()).decode()
    header = {  # not among the arguments, which every user of the machine may read
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{server.url}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
    words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")
    wanted = f"refs/heads/sessions/{session}:refs/heads/{name}"
    done = _git(directory, *words, "--no-recurse-submodules", url, wanted, **header)
    return name if done.returncode == 0 else ""


def _git(directory: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GIT, "-C", str(directory), *words],
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0"} | more,
        capture_output=True,
        text=True,
        check=False,
    )
