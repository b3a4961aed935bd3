"""Contributions: who has saved how often, and whose cells and lines stand in the files as they are now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gitcollab.flow.blame import blame
from gitcollab.flow.files import is_notebook
from gitcollab.flow.points import NOTES
from gitcollab.flow.pushed import pushes_of
from gitcollab.flow.who import user_of
from gitcollab.model import Contribution
from gitcollab.repository import Commit, Repository

COMMITS = 20_000
"""Commits that are counted, newest first."""

FILES = 200
"""Files whose cells and lines are told apart."""


def contributions(repo: Repository, point: str, path: str = "") -> tuple[Contribution, ...]:
    """Returns what each person has done up to a point, of one file if given; whoever's cells stand there first.

    A save counts once, however much it changed; a cell or line is whose who gave it its present text. What came from
    outside, by ``git push``, is its pusher's.
    """
    saves = [commit for commit in repo.log(point, path, COMMITS) if _is_work(commit)]
    standing = [
        (is_notebook(one), line.commit)
        for one in _files(repo, point, path)
        for line in blame(repo, point, one)
        if line.is_exact
    ]
    own = {commit.oid for commit in [*saves, *(commit for _, commit in standing)] if not commit.is_ours}
    pushed = pushes_of(repo, own)

    def whose(commit: Commit) -> str:
        return user_of(commit, pushed.get(commit.oid))

    counted = Counter(map(whose, saves))
    cells = Counter(whose(commit) for is_cell, commit in standing if is_cell)
    lines = Counter(whose(commit) for is_cell, commit in standing if not is_cell)
    times: dict[str, list[str]] = {}
    sessions: dict[str, set[str]] = {}
    for commit in saves:
        times.setdefault(whose(commit), []).append(commit.at)
        sessions.setdefault(whose(commit), set()).add(commit.trailer("Gitcollab-Session"))
    found = [
        Contribution(
            user=user,
            saves=counted[user],
            sessions=len(sessions.get(user, ())),
            cells=cells[user],
            lines=lines[user],
            first_at=min(times.get(user, [""])),
            last_at=max(times.get(user, [""])),
        )
        for user in {*counted, *cells, *lines}
    ]
    return tuple(sorted(found, key=lambda one: (-one.cells, -one.lines, -one.saves, one.user)))


def _is_work(commit: Commit) -> bool:
    """Whether a commit is a person's save, not what the service made of it."""
    is_merged = len(commit.parents) > 1  # an older copy, whose own save counts
    return not commit.is_ours or (commit.trailer("Gitcollab-Act") == "snapshot" and not is_merged)


def _files(repo: Repository, point: str, path: str) -> Iterator[str]:
    """The files that are looked into, notebooks first."""
    if path:
        yield path
        return
    known = [
        one for one, entry in repo.entries(point).items() if entry.is_file and not one.startswith(f"{NOTES}/")
    ]
    yield from sorted(known, key=lambda one: (not is_notebook(one), one))[:FILES]
