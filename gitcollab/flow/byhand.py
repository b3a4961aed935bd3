"""By hand: who merges the shared branch into a session with git has looked at its open items, and answered them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gitcollab.flow import spots
from gitcollab.flow.items import as_json, read_items
from gitcollab.flow.points import bytes_at, is_bound, landed_point
from gitcollab.flow.renames import path_in
from gitcollab.model import Item, SessionName
from gitcollab.repository import Commit, Repository

SHARED_ACTS = ("landing", "settlement", "closing")
"""What the service calls its commits on the shared branch."""


def merged_by_hand(repo: Repository, main: str, tip: str) -> str | None:
    """Returns the newest point of the shared branch that a person has merged into a session since it last landed.

    Fast-forwarding a session to the shared branch is the shortest such merge.
    """
    point = landed_point(repo, main, tip)
    found = [point] if is_shared(repo.read(point)) else []
    for commit in repo.beyond(tip, [main]):
        if not commit.is_ours and len(commit.parents) > 1:
            found += [parent for parent in commit.parents if is_shared(repo.read(parent))]
    newest = found[:1]
    for each in found[1:]:
        newest = [each] if repo.is_ancestor(newest[0], each) else newest
    return newest[0] if newest else None


def answered(
    repo: Repository, items: Sequence[Item], session: SessionName, main: str, tip: str
) -> tuple[list[Item], set[str]]:
    """Returns the items as they are to be judged, and the ids of those that a merge by hand has answered.

    Where the shared branch stood in that merge is where both sides part from now on: what the session holds is the
    answer, unless the shared branch has gone on there since.
    """
    bound = [item for item in items if is_bound(repo, item, session.branch, tip)]
    point = merged_by_hand(repo, main, tip) if bound else None
    if point is None:
        return list(items), set()
    asked = {item.id for item in read_items(repo, point)} & {item.id for item in bound}
    return [_anew(repo, item, main, point) if item.id in asked else item for item in items], asked


def is_shared(commit: Commit) -> bool:
    """Whether the service made the commit on the shared branch."""
    return commit.trailer("Gitcollab-Act") in SHARED_ACTS


def _anew(repo: Repository, item: Item, main: str, point: str) -> Item:
    now = bytes_at(repo, main, item.path)
    then = bytes_at(repo, point, path_in(repo, point, item.path, main))
    held = as_json(then) if item.field == "file" else spots.get(then, item, like=now)
    return msgspec.structs.replace(item, base=held, shared=held, session=None)
