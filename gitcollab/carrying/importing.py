"""Importing: a collab that begins with a history which is there already. It comes by a push, and is checked as one.

The newest files become ``main``, the history stands behind them. What cannot be shared stays in the history and is
named; a notebook that is none waits as a contested item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from gitcollab.carrying.scratch import Far, Git, scratch
from gitcollab.carrying.sources import Source, opened
from gitcollab.client import Client
from gitcollab.errors import BadInput, GitcollabError, TooLarge, Unusable
from gitcollab.flow.points import CONFIG, NOTES
from gitcollab.flow.receive import COMMITS, SERVICE
from gitcollab.model import checked_path
from gitcollab.repository import DOMAIN
from gitcollab.workspace import Rules

FILES = 50_000
"""Files that the newest commit may hold."""

NOWHERE = "0" * 40


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A file that stays in the history alone, and why."""

    path: str
    reason: str


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import made: ``commits`` of history up to ``tip``; what is ``left_out``; ``contested`` items."""

    id: str
    alias: str
    branch: str
    tip: str
    commits: int
    left_out: tuple[LeftOut, ...] = ()
    contested: tuple[str, ...] = ()


class Held(msgspec.Struct, frozen=True):
    """A file of the newest commit; ``path`` is as git has it."""

    path: bytes
    mode: str
    oid: str
    size: int


def begin_from(
    server: Client, where: str, *, branch: str = "", title: str = "", keeps_secrets: bool = False
) -> Imported:
    """Makes a collab whose ``main`` holds the files and the history of a branch; its owner is who asks.

    Nothing is made where the history cannot come in. ``where`` is a directory, a bundle or an https address;
    ``keeps_secrets``: what looks like a secret, anywhere in the history, is shared all the same.

    :raises BadInput, NotFound, Unusable: see :func:`opened`, or the server refuses the history, with its words.
        TooLarge: more commits or files than one collab takes at once.
    """
    with scratch() as git:
        source = opened(where, branch, git)
        count = _checked_count(git, source.tip)
        held = tuple(_files(git, source.tip))
        made = server.create(title or source.title, [])
        try:
            left = {file.path: reason for file in held if (reason := _unfit(file))}
            options = ("-o", "keep-secrets") if keeps_secrets else ()
            _carry(server, git, made["id"], source, (*left,), options)
        except GitcollabError:
            server.end(made["id"])
            raise
    return Imported(
        id=made["id"],
        alias=server.collab(made["id"])["alias"],
        branch=source.branch,
        tip=source.tip,
        commits=count,
        left_out=tuple(LeftOut(path=_told(path), reason=reason) for path, reason in left.items()),
        contested=tuple(f"{item['id']} {item['path']}" for item in server.contested(made["id"])),
    )


def _checked_count(git: Git, tip: str) -> int:
    """How many commits there are; what a push would be refused for is said before anything is made."""
    asked = ("log", f"--max-count={COMMITS + 1}", "--format=%ce", tip)
    committers = git.run(*asked).decode("utf-8", "replace").splitlines()
    if len(committers) >= COMMITS:
        raise TooLarge(f"more than {COMMITS - 1:,} commits", "import a branch with less history")
    if any(one.casefold() == SERVICE for one in committers):
        raise Unusable(
            "this history was made by a gitcollab service, whose commits nobody else can vouch for",
            "import what `gitcollab export --squash` makes, or share the files",
        )
    return len(committers)


def _files(git: Git, tip: str) -> Iterator[Held]:
    listed = git.run("ls-tree", "-r", "-z", "-l", "--full-tree", tip).split(b"\0")[:-1]
    if len(listed) > FILES:
        raise TooLarge(f"more than {FILES:,} files", "import a smaller repository")
    for line in listed:
        about, _, path = line.partition(b"\t")
        mode, _, oid, size = about.decode().split()
        yield Held(path, mode, oid, int(size) if size != "-" else 0)


def _carry(
    server: Client, git: Git, collab: str, source: Source, left: Sequence[bytes], options: Sequence[str]
) -> None:
    """Puts one commit on top of the collab's begin and of the history, and pushes it."""
    far = Far(server, collab)
    far.fetch(git, "refs/heads/main:refs/import/main")
    begun, name = git.commit("refs/import/main"), server.me()["name"]
    own = git.run("rev-parse", f"{begun}:{CONFIG}").decode().strip()
    tree = _tree(git, source.tip, left, own)
    words = f"Import {source.title}: branch {source.branch}"
    who = {f"GIT_{role}_NAME": name for role in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{role}_EMAIL": f"{name}@{DOMAIN}" for role in ("AUTHOR", "COMMITTER")}
    parents = ("-p", begun, "-p", source.tip)
    given = words.encode("utf-8", "replace")
    commit = git.run("commit-tree", *parents, "-F", "-", tree, given=given, also=who).decode().strip()
    message = f"message={words}".encode("ascii", "replace").decode()
    try:
        far.push(git, "-o", message, *options, "--", far.url, f"{commit}:refs/heads/main")
    except Unusable as refused:
        if "keep-secrets" not in refused.message:
            raise
        hint = "take it out of the history first, or share it knowingly: --keep-secrets"
        raise Unusable(refused.message, hint) from None


def _unfit(file: Held) -> str:
    """Why a file cannot be on ``main``; empty if it can."""
    try:
        path = file.path.decode("utf-8")
        if path == NOTES or path.startswith(f"{NOTES}/"):
            return "the service's own notes"
        checked_path(path)
    except (UnicodeDecodeError, BadInput):
        return "a name that no file system would stand"
    if path == CONFIG or path.startswith(f"{CONFIG}/"):
        return "the collab has a collab.toml of its own"
    if not file.mode.startswith("100"):
        return "a submodule" if file.mode == "160000" else "a link"
    cap = Rules().cap(path)
    return f"larger than {cap // 1_000_000} MB" if file.size > cap else ""


def _tree(git: Git, tip: str, left: Sequence[bytes], charter: str) -> str:
    index = {"GIT_INDEX_FILE": str(git.path / "import-index")}
    git.run("read-tree", tip, also=index)
    rows = [b"0 %s\t%s\0" % (NOWHERE.encode(), path) for path in left]
    rows.append(b"100644 %s\t%s\0" % (charter.encode(), CONFIG.encode()))
    git.run("update-index", "-z", "--index-info", given=b"".join(rows), also=index)
    return git.run("write-tree", also=index).decode().strip()


def _told(path: bytes) -> str:
    return path.decode("utf-8", "backslashreplace")
