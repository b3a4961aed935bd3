"""Receive: what a git client has pushed becomes a session's newest save, checked as any other; nothing is rewritten."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import msgspec

from gitcollab.errors import BadInput, Forbidden, Moved, TooLarge, Unusable
from gitcollab.flow.alter import is_ours, printable
from gitcollab.flow.arrivednames import remarks
from gitcollab.flow.points import CONFIG, MAIN, is_commit, line_beyond
from gitcollab.flow.pushed import AUTHORS, RECORDS, record_ref, subject
from gitcollab.model import Person, SessionName, checked_path
from gitcollab.repository import DOMAIN, Change, Commit, Repository
from gitcollab.workspace import Rules

COMMITS = 20_000
"""New commits that one push may bring."""

SERVICE = f"service@{DOMAIN}"
"""The address in the name of which only the service commits: its commits are believed."""

NAMED = 3
"""Paths that a refusal names."""


class Pushing(msgspec.Struct, frozen=True, kw_only=True):
    """A push as it came: the session is to go from ``old`` (None: it is new) to ``new``.

    ``emails`` are the addresses under which the pusher is known; ``at`` is the time in UTC.
    """

    session: SessionName
    old: str | None
    new: str
    at: str
    emails: frozenset[str] = frozenset()
    message: str = ""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What a push did: the session moved from ``parent`` to ``commit``, by ``count`` commits.

    ``authors`` of these are not known to be the pusher; ``remarks`` are what they should know of the files' names.
    """

    commit: str
    parent: str
    count: int
    authors: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def receive(repo: Repository, pushing: Pushing) -> Received:
    """Moves a session's branch forward to what was pushed, and records who did; the objects are there already.

    Raises Moved if the branch is elsewhere, Unusable if it would not go forward or has nothing to do with the shared
    branch, Forbidden for commits that pose as the service's, BadInput or TooLarge for files that could not be saved
    either. Moves the record and the session's branch; the caller holds the collab's lock.
    """
    session, new = pushing.session, pushing.new
    head = repo.head(session.ref)
    if not is_commit(repo, new):
        raise BadInput("what was pushed is no commit", "push a branch")
    if head != pushing.old:
        raise Moved(f"{session.branch} has moved meanwhile", "git fetch, then merge and push again")
    commits = _new_commits(repo, new)
    if head is not None and not repo.is_ancestor(head, new):
        raise Unusable(
            "not a fast-forward: history that was pushed is never rewritten",
            "merge what is there (git pull), or push to another session: a new name after sessions/USER/",
        )
    left = _left_main_at(repo, new)
    base = head or left
    changes = repo.changes(base, new)
    _check_files(changes, repo)
    authors = _foreign(commits, pushing)
    _record(repo, pushing, base, authors)
    repo.move(session.ref, new, head, f"push by {session.user}")
    told = remarks(repo, repo.head(MAIN) or new, new, changes)
    return Received(commit=new, parent=base, count=len(commits), authors=authors, remarks=told)


def _new_commits(repo: Repository, new: str) -> list[Commit]:
    held = [oid for prefix in ("refs/heads/", f"{RECORDS}/") for oid in repo.heads(prefix).values()]
    found = list(itertools.islice(repo.beyond(new, held), COMMITS + 1))
    if len(found) > COMMITS:
        raise TooLarge(f"more than {COMMITS:,} commits in one push", "push older ones first")
    for commit in found:
        if commit.is_ours or commit.committer_email.casefold() == SERVICE:
            raise Forbidden(
                f"commit {commit.oid[:12]} says that this service has made it, and it has not",
                "git rebase makes it yours; history of another collab cannot be pushed as it is",
            )
    return found


def _left_main_at(repo: Repository, new: str) -> str:
    """Where a session's line left the shared branch."""
    main = repo.head(MAIN)
    above = line_beyond(repo, new, main) if main else []
    if above and not above[-1].parents:
        raise Unusable(
            "this history does not begin at the collab's main",
            "begin with a clone, or there: git merge --allow-unrelated-histories YOURS",
        )
    return above[-1].parents[0] if above else new


def _check_files(changes: Iterable[Change], repo: Repository) -> None:
    new = [change for change in changes if change.new is not None and not is_ours(change.path)]
    for change in new:
        checked_path(change.path)
    if odd := [change.path for change in new if change.new and not change.new.is_file]:
        raise BadInput(
            f"links and submodules are not shared: {_named(odd)}", "take them out: git rm --cached PATH"
        )
    if any(change.path.startswith(f"{CONFIG}/") for change in new):
        raise BadInput(f"{CONFIG} is a file, not a directory", "use another directory")
    rules = Rules()
    sizes = ((change, repo.size(change.new.oid)) for change in new if change.new)
    if large := [change.path for change, size in sizes if size > rules.cap(change.path)]:
        raise TooLarge(f"too large to be shared: {_named(large)}", "keep large data outside the collab")


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return ", ".join(printable(path)[:200] for path in paths[:NAMED]) + more


def _foreign(commits: Iterable[Commit], pushing: Pushing) -> tuple[str, ...]:
    known = pushing.emails | {f"{pushing.session.user}@{DOMAIN}"}
    others = (one for one in commits if one.author_email.casefold() not in known)
    return tuple(dict.fromkeys(f"{one.author_name} <{one.author_email}>" for one in others))[:AUTHORS]


def _record(repo: Repository, pushing: Pushing, base: str, authors: Sequence[str]) -> None:
    """Records the push before its session moves: one whose session did not is left out of account."""
    session, ref = pushing.session, record_ref(pushing.session)
    before = repo.head(ref)
    trailers: dict[str, str | list[str]] = {
        "Gitcollab-Act": "push",
        "Gitcollab-Session": str(session),
        "Gitcollab-User": session.user,
        "Gitcollab-Base": base,
    }
    if authors:
        trailers["Gitcollab-Author"] = list(authors)
    message = " ".join(pushing.message.split())[:500] or subject(session)
    record = repo.commit(
        repo.tree_of(pushing.new),
        [*([before] if before else []), pushing.new],
        message,
        author=Person(name=session.user),
        at=pushing.at,
        trailers=trailers,
    )
    repo.move(ref, record, before, "push")
