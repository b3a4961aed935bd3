"""Times: a save that its client kept while the server was away has a time of its own, within bounds."""

from __future__ import annotations

from gitcollab.repository import Repository, iso, seconds_of


def saved_at(repo: Repository, head: str, said: str, now: str) -> str:
    """Returns when a save was made: what its client says, but never before its session's last save nor in the future.

    Times are ISO 8601 in UTC; BadInput if ``said`` is none, '' says nothing.
    """
    if not said:
        return now
    seconds = seconds_of(said)
    last = repo.read(head)
    if seconds >= seconds_of(now):
        return now
    return last.at if seconds < last.seconds else iso(seconds)
