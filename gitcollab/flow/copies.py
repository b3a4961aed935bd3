"""Copies: which commit a saved copy came from, by its stamp, by what its client says, or by what it is nearest to."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
from rapidfuzz.distance import Indel

from gitcollab.flow.points import bytes_at, in_trailer, is_commit, is_delivery, line_beyond
from gitcollab.flow.renames import path_in
from gitcollab.model import SessionName
from gitcollab.repository import Commit, Repository

RECENT = 10
"""How many deliveries back an unstamped copy may come from."""

FURTHEST = 500
"""Commits of a session's line within which such a delivery is looked for."""

COMPARED = 2_000_000
"""Copies larger than this many bytes are not compared with older versions: they come from the newest."""


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """Where a saved copy came from: ``commit`` is the exact base of the save.

    ``is_stale`` says that the session has gone on with that file since, by other hands; ``fork`` names the session
    that this stale copy already goes on as, if it does.
    """

    commit: str
    is_stale: bool = False
    fork: SessionName | None = None


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of where a copy came from.

    ``base`` is the commit that its client names, which is exact. ``stamp`` is the version that rides along in a
    notebook's metadata: an editor keeps it while it saves again and again, so its own later saves count with it.
    ``is_seen``: the base is only what a directory was last seen to hold; who wrote into it may never have read that.
    """

    path: str
    base: str | None = None
    stamp: str | None = None
    is_seen: bool = False


def origin(repo: Repository, session: SessionName, claim: Claim, data: bytes | None) -> Copy:
    """Returns the exact base of a save.

    A stamp wins over a base that it contradicts: a stale editor may have overwritten what its client had just
    written. Without a claim, or with one that this session never knew, the nearest of the recently delivered
    versions is the base.
    """
    head = _required(repo.head(session.ref), session)
    stamp = claim.stamp if claim.stamp and is_commit(repo, claim.stamp) else None
    base = claim.base if claim.base and is_commit(repo, claim.base) else None
    if stamp is not None:
        followed = _continued(repo, session, head, claim.path, stamp) or _followed(
            repo, head, claim.path, stamp
        )
        is_said = (
            base is not None and followed is not None and _lies_between(repo, stamp, base, followed.commit)
        )
        if followed is not None and not is_said:
            return followed
    exact = None if base is None else _exact(repo, session, head, claim.path, base)
    if exact is not None and (exact.fork or stamp or not claim.is_seen):
        return exact
    return _nearest(repo, exact or Copy(commit=head), head, claim.path, data)


def forks(repo: Repository, session: SessionName) -> dict[SessionName, str]:
    """Returns the heads of the sessions that stale copies of this one went on as."""
    heads = repo.heads(f"{session.ref}-")
    return {SessionName.parse(ref): oid for ref, oid in heads.items() if ref.rsplit("-", 1)[1].isdigit()}


def taken_from_directory(repo: Repository, commit: Commit, path: str) -> str | None:
    """Returns the snapshot by which a commit of a session's line took in what a watched directory held at ``path``.

    That is the commit itself, or the older copy that it merged; None if it is no such save of that file.
    """
    is_save = commit.trailers.get("Gitcollab-Act") == ("snapshot",)
    if not is_save or commit.trailers.get("Gitcollab-Tool") != ("watch",):
        return None
    save = commit if len(commit.parents) == 1 else repo.read(commit.parents[1])
    is_changed = oid_at(repo, save.oid, path) != oid_at(repo, save.parents[0], path)
    return save.oid if is_changed else None


def guessed(repo: Repository, head: str, path: str, base: str, data: bytes | None) -> Commit | None:
    """Returns the commit of a session's line by which a watch took in just these bytes as coming from elsewhere.

    Who watches a directory sees what was written, not what it was made of; ``base`` is what their author says by now.
    """
    if data is None or not repo.is_ancestor(base, head):
        return None
    for commit in line_beyond(repo, head, base):
        save = taken_from_directory(repo, commit, path)
        if save is not None:
            is_it = bytes_at(repo, save, path) == data
            return (
                commit
                if is_it and oid_at(repo, commit.parents[0], path) != oid_at(repo, base, path)
                else None
            )
    return None


def _exact(repo: Repository, session: SessionName, head: str, path: str, base: str) -> Copy | None:
    """The copy came from ``base``: stale if the file there is not the one of today; None if no line holds it.

    A copy read from the shared branch may come from a commit that has not been delivered: what counts is the file.
    """
    if oid_at(repo, base, path_in(repo, base, path, head)) == oid_at(repo, head, path):
        return Copy(commit=head)
    if repo.is_ancestor(base, head):
        return Copy(commit=base, is_stale=True)
    for fork, tip in forks(repo, session).items():
        if tip == base:
            return Copy(commit=tip, is_stale=True, fork=fork)
        if repo.is_ancestor(base, tip):
            return Copy(commit=base, is_stale=True)
    return None


def has_own_saves(repo: Repository, head: str, base: str, path: str) -> bool:
    """Whether the session's person has saved the file, ``path`` in ``base``, since then from any other copy."""
    names = _names(repo, path, base, head)
    for commit in line_beyond(repo, head, base):
        is_own_copy = len(commit.parents) == 2 and repo.is_ancestor(commit.parents[1], base)
        is_changed = _file(repo, commit.oid, names) != _file(repo, commit.parents[0], names)
        if is_changed and not is_delivery(commit) and not is_own_copy:
            return True
    return False


def _continued(repo: Repository, session: SessionName, head: str, path: str, stamp: str) -> Copy | None:
    """A stale copy that was saved before goes on from that save, wherever it went."""
    for fork, tip in forks(repo, session).items():
        if _is_save_of(repo.read(tip), stamp, path):
            return Copy(commit=tip, is_stale=True, fork=fork)
    for commit in line_beyond(repo, head, stamp):
        stale = repo.read(commit.parents[1]) if len(commit.parents) == 2 and not is_delivery(commit) else None
        if stale is not None and _is_save_of(stale, stamp, path):
            return Copy(commit=stale.oid, is_stale=True)
    return None


def _lies_between(repo: Repository, stamp: str, base: str, last: str) -> bool:
    return repo.is_ancestor(stamp, base) and repo.is_ancestor(base, last)


def _is_save_of(commit: Commit, stamp: str, path: str) -> bool:
    trailers = commit.trailers
    return trailers.get("Gitcollab-Version") == (stamp,) and trailers.get("Gitcollab-Path") == (
        in_trailer(path),
    )


def _followed(repo: Repository, head: str, path: str, stamp: str) -> Copy | None:
    """Moves the base along the copy's own saves, up to the first commit that changed the file by other hands."""
    if not repo.is_ancestor(stamp, head):
        return None
    last, names = stamp, _names(repo, path, stamp, head)
    for commit in reversed(line_beyond(repo, head, stamp)):
        if _brought(repo, commit, names) and _file(repo, commit.oid, names) != _file(repo, last, names):
            return Copy(commit=last, is_stale=True)
        last = commit.oid
    return Copy(commit=head)


def _names(repo: Repository, path: str, base: str, head: str) -> tuple[str, ...]:
    """The names of a file called ``path`` in ``base``: as it is called by now, then as it was."""
    return tuple(dict.fromkeys((path_in(repo, head, path, base), path)))


def _file(repo: Repository, commit: str, names: tuple[str, ...]) -> str | None:
    """The blob id of a file under whichever of its names a commit has it."""
    return next((oid for name in names if (oid := oid_at(repo, commit, name))), None)


def _brought(repo: Repository, commit: Commit, names: tuple[str, ...]) -> bool:
    """Whether a commit of the session's line changed the file by other hands than the copy's own."""
    is_own_save = len(commit.parents) == 1
    return not is_own_save and _file(repo, commit.oid, names) != _file(repo, commit.parents[0], names)


def _nearest(repo: Repository, likely: Copy, head: str, path: str, data: bytes | None) -> Copy:
    if data is None or len(data) > COMPARED:
        return likely
    candidates = [likely, *_replaced(repo, head, path)]
    if len(candidates) == 1:
        return likely
    return min(candidates, key=lambda copy: _distance(bytes_at(repo, copy.commit, path), data))


def _replaced(repo: Repository, head: str, path: str) -> Iterator[Copy]:
    """Yields the versions that a copy may still be of, newest first: those just before each of the recent deliveries
    that changed the file, and the older copies that were merged since.
    """
    seen = 0
    for commit in itertools.islice(repo.line(head), FURTHEST):
        if len(commit.parents) < 2 or not commit.trailers.get("Gitcollab-Session"):
            continue
        if not is_delivery(commit) and commit.trailers.get("Gitcollab-Act") == ("snapshot",):
            yield Copy(commit=commit.parents[1], is_stale=True)
        elif is_delivery(commit) and _brought(repo, commit, (path,)) and repo.entry(commit.parents[0], path):
            yield Copy(commit=commit.parents[0], is_stale=True)
        seen += is_delivery(commit)
        if seen >= RECENT:
            return


def _distance(version: bytes | None, data: bytes) -> int:
    if version is None or len(version) > COMPARED:
        return len(data) + 1
    return Indel.distance(version.split(b"\n"), data.split(b"\n"))


def oid_at(repo: Repository, commit: str, path: str) -> str | None:
    """Returns the blob id of a file in a commit, None if it is not there."""
    entry = repo.entry(commit, path)
    return None if entry is None else entry.oid


def _required(head: str | None, session: SessionName) -> str:
    if head is None:
        raise AssertionError(f"session {session} has no branch")
    return head
