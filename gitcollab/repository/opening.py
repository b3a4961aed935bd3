"""Makes and opens repositories: bare, sha1, loose-file refs, and with a configuration nobody else can colour."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import pygit2
from pygit2.enums import ConfigLevel

from gitcollab.errors import NotFound, Unusable
from gitcollab.repository.durable import sync_directory, sync_filesystem

CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tlogAllRefUpdates = always
\tfsync = committed,reference
\tfsyncMethod = fsync
\tprotectHFS = true
\tprotectNTFS = true
\tfsmonitor = false
\tuntrackedCache = false
\tcommitGraph = true
\tbigFileThreshold = 64m
[gc]
\tauto = 0
[maintenance]
\tauto = false
[receive]
\tautogc = false
\tunpackLimit = 100
\tdenyCurrentBranch = refuse
\tdenyDeletes = true
\tdenyNonFastForwards = true
\tadvertisePushOptions = false
[transfer]
\tfsckObjects = true
\thideRefs = refs/gitcollab
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = false
[protocol]
\tallow = never
[pack]
\twindowMemory = 64m
\tthreads = 1
"""
"""facts-git §2.4, §2.5 and §4 say why, line by line."""

UNFINISHED = ".new-"
"""How the names of repositories begin that are being made."""

ATTRIBUTES = "*.ipynb merge=binary\n"
"""A text merge of notebooks is often clean and wrong (facts-git 6)."""

for _level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL, ConfigLevel.PROGRAMDATA):
    pygit2.settings.search_path[_level] = ""


def created(path: Path, branch: str = "main") -> Path:
    """Makes an empty repository whose HEAD is ``branch``; it appears whole or not at all."""
    if path.exists():
        raise Unusable(f"{path.name} exists already", path=str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f"{UNFINISHED}{secrets.token_hex(8)}"
    try:
        _fill(temporary, branch)
        sync_filesystem(temporary)
        os.rename(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    sync_directory(path.parent)
    return path


def opened(path: Path) -> pygit2.Repository:
    """Opens a repository in libgit2. For one thread only: libgit2's handles must not be shared."""
    if not (path / "HEAD").is_file():
        raise NotFound(f"there is no repository {path.name}")
    try:
        return pygit2.Repository(str(path))
    except pygit2.GitError as error:
        raise Unusable(
            f"{path.name} cannot be opened: {error}",
            "it must be bare, in the sha1 object format, with file refs: no reftable, no partial clone",
        ) from error


def _fill(path: Path, branch: str) -> None:
    for directory in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
        (path / directory).mkdir(parents=True)
    (path / "HEAD").write_text(f"ref: refs/heads/{branch}\n")
    (path / "config").write_text(CONFIG)
    (path / "description").write_text("A gitcollab collab\n")
    (path / "info" / "attributes").write_text(ATTRIBUTES)
