"""Snapshot: one save becomes one commit on its session's branch; never touches a HEAD, an index or a worktree."""

from __future__ import annotations

import itertools

import msgspec

from gitcollab import notebooks
from gitcollab.errors import BadInput
from gitcollab.flow.charter import under_policy
from gitcollab.flow.copies import Claim, Copy, forks, guessed, has_own_saves, oid_at, origin
from gitcollab.flow.files import Bytes3, FileMerge, Merger, is_notebook, kept_own, merge_file
from gitcollab.flow.points import (
    CONFIG,
    MAIN,
    bytes_at,
    file_entry,
    in_trailer,
    is_blocked,
    is_commit,
    is_delivery,
)
from gitcollab.flow.renames import path_in
from gitcollab.model import Person, SessionName
from gitcollab.repository import Commit, Entry, Repository

WATCHED = ("watch", "join")
"""The tools that see what any program writes into a directory."""

FURTHEST = 200
"""Commits back in a session's line within which a delivery of a file is looked for."""

NEAR = 10
"""Commits back within which a snapshot is looked for that says too little of its authors."""

Trailers = dict[str, str | list[str]]


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """One save as it came: ``data`` None deletes the file, ``to`` renames it.

    ``authors`` have worked on it, too, as values of ``Co-authored-by``.
    ``base`` is the commit that the client says its copy came from; a version stamp in a notebook says so with more
    right, because it rides along in the editor itself. ``at`` is the time in UTC.
    """

    session: SessionName
    path: str
    data: bytes | None
    at: str
    base: str | None = None
    tool: str = ""
    authors: tuple[str, ...] = ()
    to: str = ""
    is_stamped: bool = False


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a save became.

    ``commit`` is the snapshot, ``session`` where it went (a fork for a stale copy that could not be combined), ``path``
    the file's path there. ``version`` is the commit that the copy now comes from: the snapshot, or where an unchanged
    copy came from; never a merge or delivery that the copy has not seen. ``question`` is set, and nothing has
    changed, when the copy equals an old version of the file.
    """

    session: SessionName
    path: str
    version: str
    commit: str | None = None
    is_volatile: bool = False
    question: str = ""


def snapshot(repo: Repository, saving: Saving, merger: Merger = notebooks.merge_file) -> Snapshot:
    """Commits a save to its session branch, on the very commit its copy came from.

    A save from a stale copy is merged into its session. Where it disagrees with what others had delivered meanwhile,
    the session keeps the copy's version, and its landing is contested from where the two parted. Where it disagrees
    with its session's own saves, it goes on as a forked session ``<name>-2``. An unchanged file makes no commit.
    Moves one session branch; the caller holds the collab's lock.
    """
    if saving.to:
        return _saved_on(repo, saving, saving.session, _head(repo, saving.session))
    data, stamp = _stripped(saving)
    claim = Claim(path=saving.path, base=saving.base, stamp=stamp, is_seen=saving.tool in WATCHED)
    copy = origin(repo, saving.session, claim, data)
    saving = msgspec.structs.replace(saving, data=data, base=stamp or saving.base, is_stamped=bool(stamp))
    head = _head(repo, copy.fork or saving.session)
    if copy.fork is not None:
        return _saved_on(repo, saving, copy.fork, head)
    if not copy.is_stale:
        return _saved_on(repo, saving, saving.session, head)
    return _saved_stale(repo, saving, copy, head, merger)


def is_guessed(repo: Repository, saving: Saving) -> bool:
    """Whether a watch has taken in just this save before its author said what it was made of, and took it wrongly."""
    if saving.base is None or not is_commit(repo, saving.base):
        return False
    data, _ = _stripped(saving)
    return guessed(repo, _head(repo, saving.session), saving.path, saving.base, data) is not None


def draft(repo: Repository, saving: Saving, ref: str) -> str:
    """Keeps unsaved work as a commit of its own at a draft ref; it is shown and never lands."""
    data, _ = _stripped(saving)
    head = _head(repo, saving.session)
    tree = repo.edit(repo.tree_of(head), {saving.path: None if data is None else file_entry(repo, data)})
    commit = _commit(repo, saving, tree, [head], {"Gitcollab-Act": "draft"})
    repo.move(ref, commit, repo.head(ref), "draft")
    return commit


def credit(repo: Repository, saving: Saving) -> str | None:
    """Says on a session's branch who has worked on a save that was taken off the disk before anybody said so.

    Returns the commit, which changes nothing else; None if there is nothing to say.
    """
    head = _head(repo, saving.session)
    told: set[str] = set()
    for last in itertools.islice(repo.line(head), NEAR):
        told.update(last.trailers.get("Co-authored-by", ()))
        if last.parents and _changed(repo, last, saving.path):
            break
    if last.trailer("Gitcollab-Tool") not in WATCHED or set(saving.authors) <= told:
        return None
    commit = _commit(repo, saving, repo.tree_of(head), [head], {"Gitcollab-Volatile": "yes"})
    repo.move(saving.session.ref, commit, head, f"authors of {saving.path}")
    return commit


def _saved_on(repo: Repository, saving: Saving, session: SessionName, head: str) -> Snapshot:
    """Commits on top of the session's head; the file may have another name there by now."""
    path = _path_now(repo, saving, head)
    tree, extra = _edited(repo, head, path, saving)
    here = Snapshot(session=session, path=saving.to or path, version=head)
    if tree == repo.tree_of(head):
        return here
    is_volatile = "Gitcollab-Volatile" in extra
    if session != saving.session:
        extra |= _copy_trailers(saving)
    commit = _commit(repo, saving, tree, [head], extra)
    repo.move(session.ref, commit, head, f"save {path}")
    return msgspec.structs.replace(here, commit=commit, version=commit, is_volatile=is_volatile)


def _saved_stale(repo: Repository, saving: Saving, copy: Copy, head: str, merger: Merger) -> Snapshot:
    path = _path_now(repo, saving, head)
    here = Snapshot(session=saving.session, path=path, version=copy.commit)
    name = path_in(repo, copy.commit, saving.path, head)  # as it was called there
    tree, extra = _edited(repo, copy.commit, name, saving)
    if tree == repo.tree_of(copy.commit):
        is_there = oid_at(repo, copy.commit, name) == oid_at(repo, head, path)
        return here if is_there else msgspec.structs.replace(here, question="restore")
    stale = _commit(repo, saving, tree, [copy.commit], extra | _copy_trailers(saving))
    here = msgspec.structs.replace(here, commit=stale, version=stale)
    merger = under_policy(repo, repo.head(MAIN), merger)
    before, there = bytes_at(repo, copy.commit, name), bytes_at(repo, head, path)
    sides = before, there, saving.data
    guess = guessed(repo, head, path, copy.commit, saving.data) if saving.tool not in WATCHED else None
    corrected = _corrected(repo, guess, path, sides, merger) if guess else None
    merged = corrected or merge_file(path, sides, merger)
    told: Trailers = {}
    if merged.contested:
        if has_own_saves(repo, head, copy.commit, name):
            return _forked(repo, saving, stale)
        told = {
            "Gitcollab-Base": f"{copy.commit} {in_trailer(name)}",
            "Gitcollab-Path": in_trailer(path),
        }
    data = kept_own(merged, saving.data)
    entry = None if data is None else file_entry(repo, data, repo.entry(head, path))
    combined = repo.edit(repo.tree_of(head), {path: entry})
    commit = _commit(repo, saving, combined, [head, stale], told)
    repo.move(saving.session.ref, commit, head, f"save {path} from an older copy")
    return here


def _corrected(repo: Repository, guess: Commit, path: str, sides: Bytes3, merger: Merger) -> FileMerge | None:
    """Merges as if the guess had not been made; None where that cannot be told from what came after it."""
    before, there, data = sides
    guessed_of = bytes_at(repo, guess.parents[0], path)
    without = merge_file(path, (bytes_at(repo, guess.oid, path), there, guessed_of), merger)
    if without.contested:
        return None
    merged = merge_file(path, (before, without.data, data), merger)
    return None if merged.contested else merged


def _forked(repo: Repository, saving: Saving, stale: str) -> Snapshot:
    taken = {fork.name for fork in forks(repo, saving.session)}
    number = next(n for n in range(2, len(taken) + 3) if f"{saving.session.name}-{n}" not in taken)
    fork = SessionName(user=saving.session.user, name=f"{saving.session.name}-{number}")
    repo.move(fork.ref, stale, None, f"fork of {saving.session}")
    return Snapshot(session=fork, path=saving.path, version=stale, commit=stale)


def _edited(repo: Repository, commit: str, path: str, saving: Saving) -> tuple[str, Trailers]:
    """Returns the commit's tree with the save in it, and what the snapshot's trailers say of it."""
    before, tree = bytes_at(repo, commit, path), repo.tree_of(commit)
    if (saving.to or path).startswith(f"{CONFIG}/"):
        raise BadInput(f"{CONFIG} is a file, not a directory", "use another directory")
    if saving.to:
        return repo.edit(tree, {path: None, saving.to: repo.entry(tree, path)}), {}
    if saving.data == before:
        return tree, {}
    entry: Entry | None = (
        None if saving.data is None else file_entry(repo, saving.data, repo.entry(commit, path))
    )
    extra: Trailers = {}
    if is_notebook(path) and before is not None and saving.data is not None:
        is_opened = notebooks.is_volatile(before, saving.data) and not _is_replaced(
            repo, commit, path, saving
        )
        extra |= {"Gitcollab-Volatile": "yes"} if is_opened else {}
    return repo.edit(tree, {path: entry}), extra


def _is_replaced(repo: Repository, commit: str, path: str, saving: Saving) -> bool:
    """Whether a workspace's file was exchanged for one from elsewhere.

    Then even a change of volatile fields is meant. It shows by the stamp that is missing: every copy that was delivered
    has one, and an editor that merely opens and saves a copy keeps it.
    """
    if saving.tool not in WATCHED or saving.is_stamped:
        return False
    line = itertools.islice(repo.line(commit), FURTHEST)
    return any(is_delivery(one) and _changed(repo, one, path) for one in line)


def _changed(repo: Repository, commit: Commit, path: str) -> bool:
    return oid_at(repo, commit.oid, path) != oid_at(repo, commit.parents[0], path)


def _path_now(repo: Repository, saving: Saving, head: str) -> str:
    """A save under the old path of a renamed file goes to the new one.

    What a workspace holds where others have made a directory meanwhile (or a file above it) goes beside that.
    """
    if saving.tool in WATCHED and saving.data is not None and is_blocked(repo, head, saving.path):
        return repo.free_path(head, saving.path, saving.session.user)
    if saving.base is None or not is_commit(repo, saving.base) or repo.entry(head, saving.path) is not None:
        return saving.path
    return path_in(repo, head, saving.path, saving.base)


def _commit(repo: Repository, saving: Saving, tree: str, parents: list[str], extra: Trailers) -> str:
    session = saving.session
    trailers: Trailers = {
        "Gitcollab-Act": "snapshot",
        "Gitcollab-Session": str(session),
        "Gitcollab-User": session.user,
    }
    if saving.tool:
        trailers["Gitcollab-Tool"] = saving.tool
    if saving.authors:
        trailers["Co-authored-by"] = list(saving.authors)
    author = Person(name=session.user)
    return repo.commit(
        tree, parents, _subject(saving), author=author, at=saving.at, trailers=trailers | extra
    )


def _subject(saving: Saving) -> str:
    if saving.to:
        return f"Rename {saving.path} to {saving.to}"
    return f"Delete {saving.path}" if saving.data is None else f"Save {saving.path}"


def _copy_trailers(saving: Saving) -> Trailers:
    """What a stale copy's next save needs to find this one."""
    return (
        {"Gitcollab-Version": saving.base or "", "Gitcollab-Path": in_trailer(saving.path)}
        if saving.base
        else {}
    )


def _stripped(saving: Saving) -> tuple[bytes | None, str | None]:
    if saving.data is None or not is_notebook(saving.path):
        return saving.data, None
    return notebooks.strip(saving.data)


def _head(repo: Repository, session: SessionName) -> str:
    head = repo.head(session.ref)
    if head is None:
        raise AssertionError(f"session {session} has no branch")
    return head
