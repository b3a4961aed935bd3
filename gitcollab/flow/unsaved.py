"""Unsaved: whose drafts of a file hold work that its session does not."""

from __future__ import annotations

from collections.abc import Iterable

from gitcollab.model import SessionName
from gitcollab.repository import Repository

DRAFTS = "refs/gitcollab/drafts/"


def unsaved(repo: Repository, path: str, sessions: Iterable[SessionName]) -> dict[SessionName, str]:
    """Returns the sessions with unsaved work on a file, and when it was last told of (UTC).

    A draft is the work of its session no more once the file was saved there since.
    """
    found = {}
    for session in sessions:
        draft, head = repo.head(f"{DRAFTS}{session.user}/{session.name}"), repo.head(session.ref)
        if draft is None or head is None:
            continue
        told = repo.read(draft)
        there = repo.entry(told.parents[0], path) if told.parents else None
        if repo.entry(draft, path) != there and repo.entry(head, path) == there:
            found[session] = told.at
    return found
