"""Leaving a collab from inside a repository of one's own: what the session holds stays there as an ordinary branch.

HEAD, index, other branches, hooks and configuration are not touched: the branch is there to be looked at, merged, or
pushed elsewhere.
"""

from __future__ import annotations

import itertools
import os
import re
import subprocess
from pathlib import Path

from gitcollab.carrying.crediting import Squash, names_in, squashed
from gitcollab.carrying.scratch import Far, Git, scratch
from gitcollab.client import Client
from gitcollab.errors import BadInput, Unusable
from gitcollab.flow.points import NOTES
from gitcollab.repository import DOMAIN

GIT = "git"
TRIES = 100
FETCH = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance")


def branch_left(server: Client, collab: str, session: str, directory: Path) -> str:
    """Fetches a session into a new branch of the repository around ``directory``; returns its name.

    '' where there is no repository.
    """
    if not is_in_repository(directory):
        return ""
    told = server.collab(collab)
    if not (name := _free_name(told["alias"].rpartition(":")[2], told["id"], directory)):
        return ""
    far = Far(server, told["id"])
    wanted = f"refs/heads/sessions/{session}:refs/heads/{name}"
    done = _git(directory, *FETCH, "--no-recurse-submodules", far.url, wanted, **far.secret)
    return name if done.returncode == 0 else ""


def squashed_branch_left(server: Client, collab: str, session: str, directory: Path) -> str:
    """Leaves a session as one commit upon the repository's HEAD, in a new branch; returns its name.

    The commit holds what HEAD holds, and in ``directory`` what the session does; it credits everybody who worked on
    that. '' where that changes nothing.

    :raises BadInput: there is no repository around ``directory``. Unusable: git refuses, with its words.
    """
    if not is_in_repository(directory):
        raise BadInput(f"{directory} is in no repository of yours", "`gitcollab export --squash` makes one")
    told = server.collab(collab)
    name = _free_name(told["alias"].rpartition(":")[2], told["id"], directory)
    head = _git(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").stdout.strip()
    prefix = _git(directory, "rev-parse", "--show-prefix").stdout.rstrip("\n")
    with scratch() as git:
        Far(server, told["id"]).fetch(git, f"refs/heads/sessions/{session}:refs/heads/left")
        git.borrow(
            Path(
                _git(directory, "rev-parse", "--path-format=absolute", "--git-path", "objects").stdout.strip()
            )
        )
        tip = git.commit("refs/heads/left")
        tree = _tree(git, head, os.fsencode(prefix), tip)
        if head and tree == git.run("rev-parse", f"{head}^{{tree}}").decode().strip():
            return ""
        asked = Squash(
            tip=tip,
            title=f"{told['alias']}: what {session} holds",
            author=_author(server, directory),
            names=names_in(server, told["id"]),
        )
        commit = squashed(git, asked, tree, (head,) if head else ())
        git.run("update-ref", "refs/heads/squashed", commit)
        wanted = f"refs/heads/squashed:refs/heads/{name}"
        done = _git(directory, *FETCH, "--no-recurse-submodules", str(git.path), wanted)
    if done.returncode:
        raise Unusable(f"git fetch failed: {done.stderr.strip()[-300:]}", "your repository is as it was")
    return name


def is_in_repository(directory: Path) -> bool:
    """Whether a directory lies in somebody's repository."""
    return directory.is_dir() and _git(directory, "rev-parse", "--git-dir").returncode == 0


def _tree(git: Git, head: str, prefix: bytes, tip: str) -> str:
    """What ``head`` holds, but under ``prefix`` the collab's files as the session has them."""
    index = {"GIT_INDEX_FILE": str(git.path / "leaving-index")}
    git.run("read-tree", *([head] if head else ["--empty"]), also=index)
    gone = set(
        git.run("log", "--diff-filter=D", "--no-renames", "--name-only", "-z", "--format=", tip).split(b"\0")
    )
    rows = [b"0 %s\t%s%s\0" % (b"0" * 40, prefix, path.strip(b"\n")) for path in gone if path.strip(b"\n")]
    for line in git.run("ls-tree", "-r", "-z", "--full-tree", tip).split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        if not path.startswith(f"{NOTES}/".encode()):
            mode, _, oid = about.split(b" ")
            rows.append(b"%s %s\t%s%s\0" % (mode, oid, prefix, path))
    git.run("update-index", "-z", "--index-info", given=b"".join(rows), also=index)
    return git.run("write-tree", also=index).decode().strip()


def _author(server: Client, directory: Path) -> str:
    """Who makes the commit: as git knows them here, else as the collab does."""
    known = _git(directory, "var", "GIT_AUTHOR_IDENT")
    if known.returncode == 0 and (found := re.fullmatch(r"(.*<[^<>]+>) .*", known.stdout.strip())):
        return found[1]
    me = server.me()
    return f"{me.get('display') or me['name']} <{me['name']}@{DOMAIN}>"


def _free_name(wanted: str, collab: str, directory: Path) -> str:
    """A branch that is not there yet; '' if too many are."""
    stem = re.sub(r"[^\w.-]+", "-", wanted).strip("-.") or collab
    names = (f"gitcollab/{stem}{'' if n == 1 else f'-{n}'}" for n in itertools.count(1))
    for name in itertools.islice(names, TRIES):
        if _git(directory, "check-ref-format", "--branch", name).returncode:
            return f"gitcollab/{collab}"
        if _git(directory, "show-ref", "--verify", "--quiet", f"refs/heads/{name}").returncode:
            return name
    return ""


def _git(directory: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GIT, "-C", str(directory), *words],
        env=os.environ | {"GIT_TERMINAL_PROMPT": "0"} | more,
        capture_output=True,
        text=True,
        check=False,
    )
