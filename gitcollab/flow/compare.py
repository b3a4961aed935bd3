"""Comparing and reading: what stands in a collab's history, answered without changing anything."""

from __future__ import annotations

from functools import singledispatch
from pathlib import Path

from gitcollab import acts, notebooks
from gitcollab.errors import BadInput, NotFound, TooLarge
from gitcollab.flow.alter import changes_between, is_ours, printable
from gitcollab.flow.blame import blame
from gitcollab.flow.comments import read_threads
from gitcollab.flow.contributions import contributions
from gitcollab.flow.items import printable as printable_item
from gitcollab.flow.items import read_items
from gitcollab.flow.logbook import logbook
from gitcollab.flow.pending import pending
from gitcollab.flow.pushed import pushes_of
from gitcollab.flow.suggest import suggestion
from gitcollab.flow.versions import newest_version, versions
from gitcollab.flow.who import user_of
from gitcollab.model import BlameCell, Contribution, FileEntry, Item, LogEntry, Suggestion, Thread, Version
from gitcollab.repository import Entry, Repository

__all__ = ["answer", "changes_between"]

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of a file that a worker, which has a time limit, still looks into."""


def answer(path: Path, act: acts.Act) -> object:
    """Answers a reading act on the repository at ``path``, as ``acts.ANSWERS`` says.

    Raises NotFound for a point or file that is not there, BadInput for an act that does not read, TooLarge for a
    file that cannot be held in memory, Damaged.
    """
    return _answer(act, Repository(path))


@singledispatch
def _answer(act: acts.Act, repo: Repository) -> object:
    raise BadInput(f"{type(act).__name__} is not answered by reading a repository")


@_answer.register
def _(act: acts.Resolve, repo: Repository) -> str:
    return repo.resolve(act.at)


@_answer.register
def _(act: acts.ListFiles, repo: Repository) -> tuple[FileEntry, ...]:
    files = repo.entries(repo.resolve(act.at))
    return tuple(
        FileEntry(path=printable(path), oid=entry.oid, size=repo.size(entry.oid))
        for path, entry in files.items()
        if entry.is_file and not is_ours(path)
    )


@_answer.register
def _(act: acts.ReadFile, repo: Repository) -> acts.FileBytes:
    commit = repo.resolve(act.at, act.path)
    entry = file_at(repo, commit, act.path)
    data = repo.blob(entry.oid)
    if act.is_stamped and act.path.endswith(".ipynb"):
        data = notebooks.stamp(data, commit)
    return acts.FileBytes(commit=commit, oid=entry.oid, data=data)


@_answer.register
def _(act: acts.ReadRestored, repo: Repository) -> acts.FileBytes:
    main, then = repo.resolve("main"), repo.resolve(act.at, act.path)
    now, old = (file_at(repo, point, act.path) for point in (main, then))
    was = repo.blob(old.oid)
    value = notebooks.pick(was, act.cell, "cell")
    if value is None:
        raise NotFound("there is no such cell", "look at that version", path=act.path)
    data = notebooks.place(repo.blob(now.oid), act.cell, "cell", value, like=was)
    return acts.FileBytes(commit=main, oid=now.oid, data=data)


@_answer.register
def _(act: acts.ReadLog, repo: Repository) -> tuple[LogEntry, ...]:
    return logbook(repo.path).page(act)


@_answer.register
def _(act: acts.ReadDiff, repo: Repository) -> acts.Difference:
    start, end = (repo.resolve(point, act.path) for point in (act.start, act.end))
    files = changes_between(repo, start, end, act.path, SIZE_LIMIT)
    nbdime = None
    if len(files) == 1 and act.path.endswith(".ipynb") and not files[0].summary:
        names = files[0].old_path or files[0].path, files[0].path
        sides = (repo.entry(point, name) for point, name in zip((start, end), names, strict=True))
        nbdime = notebooks.diff(*(repo.blob(side.oid) if side else b"" for side in sides)).nbdime()
    return acts.Difference(start=start, end=end, files=files, nbdime=nbdime)


@_answer.register
def _(act: acts.ReadBlame, repo: Repository) -> tuple[BlameCell, ...]:
    commit = repo.resolve(act.at, act.path)
    file_at(repo, commit, act.path)
    lines = blame(repo, commit, act.path)
    pushed = pushes_of(repo, {line.commit.oid for line in lines if not line.commit.is_ours})
    return tuple(
        BlameCell(
            cell=line.key,
            index=line.index,
            commit=line.commit.oid,
            user=user_of(line.commit, pushed.get(line.commit.oid)) if line.is_exact else "",
            at=line.commit.at,
            preview=printable(line.preview),
        )
        for line in lines
    )


@_answer.register
def _(act: acts.ReadContributions, repo: Repository) -> tuple[Contribution, ...]:
    commit = repo.resolve(act.at, act.path)
    if act.path:
        file_at(repo, commit, act.path)
    return contributions(repo, commit, act.path)


@_answer.register
def _(act: acts.ReadItems, repo: Repository) -> tuple[Item, ...]:
    return tuple(printable_item(item) for item in read_items(repo, repo.resolve(act.at)))


@_answer.register
def _(act: acts.ReadPending, repo: Repository) -> tuple[Version, ...]:
    return tuple(pending(repo))


@_answer.register
def _(act: acts.SuggestVersion, repo: Repository) -> Suggestion:
    path = act.notebook
    return suggestion(repo, path, newest_version(repo, path))


@_answer.register
def _(act: acts.ReadThreads, repo: Repository) -> tuple[Thread, ...]:
    return read_threads(repo, repo.resolve("main"), act.path)


@_answer.register
def _(act: acts.ReadVersions, repo: Repository) -> tuple[Version, ...]:
    wanted = act.notebook.removesuffix(".ipynb")
    found = [each for each in versions(repo) if not wanted or each.notebook.removesuffix(".ipynb") == wanted]
    return tuple(sorted(found, key=_newness, reverse=True))


def entry_at(path: Path, at: str, file: str) -> Entry:
    """Returns a file's entry at a point; NotFound if there is no such point or file, TooLarge for one too large to look
    into."""
    repo = Repository(path)
    entry = file_at(repo, repo.resolve(at, file), file)
    if repo.size(entry.oid) > SIZE_LIMIT:
        raise TooLarge("this file is too large to be looked into", "download it")
    return entry


def file_at(repo: Repository, commit: str, path: str) -> Entry:
    """Returns a file's entry in a commit; NotFound if it is none there, or the service's own."""
    entry = None if is_ours(path) else repo.entry(commit, path)
    if entry is None or not entry.is_file:
        raise NotFound(f"there is no file {path[:200]} at {commit[:12]}", "list the files there", path=path)
    return entry


def _newness(version: Version) -> tuple[str, str, tuple[int, ...]]:
    return version.at, version.notebook, tuple(map(int, version.version.split(".")))
