"""Sources: the repository that a history comes from. It is nobody we trust: its hooks and configuration are never read.

Of a directory only refs and objects are read, by our own repository, which borrows the objects; from an address or a
bundle git fetches into it. Borrowed objects are believed only as far as their ids say what they hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from gitcollab.carrying.scratch import FETCH, Git
from gitcollab.errors import BadInput, NotFound, Unusable

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
BRANCH = re.compile(r"[^\x00-\x20\x7f~^:?*\[\\]{1,250}")
OID = re.compile(r"[0-9a-f]{40}")
LONGEST = 4096
"""Bytes of a file that names a ref or a directory."""

PACKED = 64 << 20
"""Bytes of a file of packed refs."""

FETCHED = "refs/import/tip"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where a history comes from: a commit that the scratch repository can read, and what people call it."""

    tip: str
    branch: str
    title: str


def opened(where: str, branch: str, by: Git) -> Source:
    """Makes a branch of a repository readable to ``by``; empty: the one it stands at.

    ``where`` is a directory (a repository, bare or with its files), a git bundle, or an https address.

    :raises BadInput, NotFound: it is none of these, or there is no such branch. Unusable: history that is not whole,
        or that this program cannot read.
    """
    if branch and (not BRANCH.fullmatch(branch) or ".." in branch or branch.startswith(("-", "/"))):
        raise BadInput(f"{branch[:100]!r} cannot be a branch", "name one of the repository's branches")
    if re.match(r"[a-z][a-z0-9+.-]*://", where):
        return _fetched(_checked_address(where), branch, by, "https:http")
    path = Path(where).expanduser().absolute()
    if path.is_file():
        return _fetched(str(path), branch, by, "file")
    if not path.is_dir():
        raise BadInput(
            f"{where} is no directory, bundle or https address",
            "by ssh: `git clone --bare` it yourself, and import that",
        )
    return _borrowed(path, branch, by)


def _checked_address(where: str) -> str:
    parts = urlsplit(where)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise BadInput(
            f"{parts.scheme}:// is not fetched from here", "`git clone --bare` it yourself, and import that"
        )
    if parts.username or parts.password:
        raise BadInput(
            "an address with a password in it is seen by others",
            "`git clone --bare` it yourself, and import that",
        )
    return where


def _fetched(where: str, branch: str, by: Git, schemes: str) -> Source:
    wanted = f"refs/heads/{branch}" if branch else "HEAD"
    done = by.attempt(*FETCH, "--", where, f"+{wanted}:{FETCHED}", schemes=schemes)
    tip = by.commit(FETCHED)
    if done.returncode or not tip:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise Unusable(
            f"nothing can be fetched from there: {said}", "is it public, and is there such a branch?"
        )
    return Source(tip=tip, branch=branch or "HEAD", title=_title(where))


def _borrowed(path: Path, branch: str, by: Git) -> Source:
    own = git_directory(path)
    shared = _shared(own)
    _check_whole(shared)
    name, tip = _tip(own, shared, branch)
    by.borrow(shared / "objects")
    if not by.commit(tip):
        raise Unusable(f"branch {name} names a commit that is not there", "look after it: `git fsck`")
    named = path if own.parent == path or own == path else own
    return Source(tip=tip, branch=name, title=_title(str(named)))


def git_directory(path: Path) -> Path:
    """Returns the git directory of a repository's top directory, of a worktree, or of a bare repository.

    :raises BadInput: it is none of these.
    """
    inside = path / ".git"
    if inside.is_file():
        named = _line(inside).removeprefix("gitdir: ")
        inside = (path / named).resolve()
    if _is_repository(inside):
        return inside
    if _is_repository(path):
        return path
    above = next((one for one in path.parents if (one / ".git").exists()), None)
    if above is not None:
        raise BadInput(f"{path} is a part of a repository", f"a history is imported whole: name {above}")
    raise BadInput(f"{path} is no git repository", "share it as it is: `gitcollab share USER PATH`")


def _is_repository(path: Path) -> bool:
    return (path / "HEAD").is_file() and ((path / "objects").is_dir() or (path / "commondir").is_file())


def _shared(own: Path) -> Path:
    """What the worktrees of one repository share."""
    return (own / _line(own / "commondir")).resolve() if (own / "commondir").is_file() else own


def _check_whole(shared: Path) -> None:
    if (shared / "reftable").exists():
        raise Unusable(
            "this repository keeps its refs in a form that is not read here", "make a bundle of it"
        )
    if (shared / "shallow").exists():
        raise Unusable("this clone holds only a part of the history", "first: git fetch --unshallow")
    if (shared / "objects" / "info" / "alternates").exists():
        raise Unusable(
            "this repository reads objects of another one",
            "first: git repack -a -d, and remove the alternates",
        )
    if next((shared / "objects" / "pack").glob("*.promisor"), None):
        raise Unusable("this is a partial clone", "clone all of it, and import that")


def _tip(own: Path, shared: Path, branch: str) -> tuple[str, str]:
    """The name of the branch and the commit it is at."""
    if not branch:
        head = _line(own / "HEAD")
        if not head.startswith("ref: refs/heads/"):
            return "HEAD", _checked_id(head, "HEAD")
        branch = head.removeprefix("ref: refs/heads/")
        if not BRANCH.fullmatch(branch) or ".." in branch or branch.startswith("/"):
            raise BadInput("this repository stands at no branch", "name one: --branch NAME")
    loose = shared / "refs" / "heads" / branch
    if loose.is_file():
        return branch, _checked_id(_line(loose), branch)
    for name, oid in _packed(shared / "packed-refs"):
        if name == f"refs/heads/{branch}":
            return branch, _checked_id(oid, branch)
    raise NotFound(f"there is no branch {branch}", "name one of the repository's branches: --branch NAME")


def _packed(file: Path) -> Iterator[tuple[str, str]]:
    if not file.is_file():
        return
    with open(file, "rb") as lines:
        for line in lines.read(PACKED).decode("utf-8", "replace").splitlines():
            oid, _, name = line.partition(" ")
            yield name, oid


def _checked_id(text: str, name: str) -> str:
    if len(text) == 64:
        raise Unusable("this repository names objects by SHA-256, which is not read here", "")
    if not OID.fullmatch(text):
        raise Unusable(f"{name} names no commit", "look after it: `git fsck`")
    return text


def _line(file: Path) -> str:
    with open(file, "rb") as lines:
        return lines.read(LONGEST).decode("utf-8", "replace").partition("\n")[0].strip()


def _title(where: str) -> str:
    last = where.rstrip("/").removesuffix("/.git").rpartition("/")[2]
    return last.removesuffix(".git").removesuffix(".bundle") or "imported"
