"""Release: what is published is shown to everyone from a repository of its own, which holds that and nothing else.

Whoever may read a repository may read any object in it by its id, so hiding refs is no access control
(gitprotocol-v2, transfer-data-leaks). The versions here have the same trees, words and names as the collab's, and only
each other as parents; all of it follows from the collab's repository and can be made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gitcollab.flow.files import is_notebook
from gitcollab.flow.points import BLESSED, of_trailer
from gitcollab.model import Person
from gitcollab.repository import Commit, Entry, Repository

KEPT = ("Gitcollab-Act", "Gitcollab-User", "Gitcollab-Version", "Gitcollab-Path")


def release(repo: Repository, path: Path, let_out: set[str] | None) -> None:
    """Brings the public repository at ``path`` up to date, making it if it is missing.

    ``let_out`` holds the tags of the versions that may be shown; None: all. What is public stays public. A version that
    is let out after a newer one is tagged beside the line, and the blessed branch stays at the newer one.
    """
    public = Repository(path) if path.exists() else Repository.create(path, "blessed")
    known = {tag: commit for tag, (_, commit) in public.tags().items()}
    tip, tips = None, []
    for tag, version in published(repo):
        if tag not in known and (let_out is None or tag in let_out):
            known[tag] = _copied(repo, public, version, tip)
            public.sync()
            public.tag(tag, known[tag], _words(version), author=_author(version), at=version.at)
        tip = known.get(tag, tip)
        tips.append(tip)
    newest = _newest(public, known, [one for one in tips if one])
    if newest and newest != public.head(BLESSED):
        public.move(BLESSED, newest, public.head(BLESSED), "released")
    public.sync()


def published(repo: Repository) -> Iterator[tuple[str, Commit]]:
    """Yields the versions of a collab as their tags and commits, oldest first."""
    blessed, tags = repo.head(BLESSED), {commit: tag for tag, (_, commit) in repo.tags().items()}
    found = []
    for commit in repo.line(blessed) if blessed else ():
        if commit.oid not in tags:
            break  # the first version stands on the shared branch
        found.append((tags[commit.oid], commit))
    yield from reversed(found)


def made_by(repo: Repository, tag: str) -> str | None:
    """Returns who published a version; None if there is none of that tag."""
    return next((one.trailer("Gitcollab-User") for name, one in published(repo) if name == tag), None)


def _copied(repo: Repository, public: Repository, version: Commit, parent: str | None) -> str:
    """Writes a version's commit: what it published, upon what is public already."""
    tree = public.tree_of(parent) if parent else public.edit(None, {})
    here, there = public.entries(tree), repo.entries(version.tree)
    own = of_trailer(version.trailer("Gitcollab-Path"))
    edits: dict[str, Entry | None] = {}
    for path in here.keys() | there.keys():
        is_of_this = path == own or not is_notebook(path)
        if is_of_this and here.get(path) != there.get(path):
            edits[path] = _carried(repo, public, there.get(path))
    return public.commit(
        public.edit(tree, edits),
        [parent] if parent else [],
        _words(version),
        author=_author(version),
        at=version.at,
        trailers={key: version.trailer(key) for key in KEPT},
    )


def _carried(repo: Repository, public: Repository, entry: Entry | None) -> Entry | None:
    if entry is not None:
        public.write_blob(repo.blob(entry.oid))
    return entry


def _newest(public: Repository, known: dict[str, str], tips: list[str]) -> str | None:
    """The end of the public line: the last version that stands on the one before it."""
    newest = public.head(BLESSED)
    for tip in dict.fromkeys(tips):
        if newest is None or public.is_ancestor(newest, tip):
            newest = tip
    return newest


def _words(version: Commit) -> str:
    words, _, last = version.message.strip().rpartition("\n\n")
    return words if words and last.startswith("Gitcollab-") else version.message


def _author(version: Commit) -> Person:
    return Person(name=version.trailer("Gitcollab-User") or "nobody", display=version.author_name)
