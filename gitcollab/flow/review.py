"""Review: every move of the shared branch judges the open items anew and carries out what follows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from gitcollab import notebooks
from gitcollab.flow import spots
from gitcollab.flow.charter import policy_of
from gitcollab.flow.files import FileMerge, Merger, is_notebook, merge_file
from gitcollab.flow.items import as_bytes, as_json, new_id
from gitcollab.flow.judge import judge
from gitcollab.flow.points import (
    CONFIG,
    bytes_at,
    file_entry,
    is_blocked,
    is_bound,
    landed_point,
    session_branches,
)
from gitcollab.flow.renames import path_in
from gitcollab.model import Item, Json
from gitcollab.notebooks import STANDARD, Policy
from gitcollab.repository import Repository


class Trees(msgspec.Struct, frozen=True, kw_only=True):
    """The shared branch's tree as it is and as it is about to be."""

    before: str
    after: str


class Reviewed(msgspec.Struct, kw_only=True):
    """The shared branch's tree and items after a review.

    ``closed`` maps the ids of items that closed by themselves to the reason; ``binding`` are the last landed commits
    of the sessions they bound, which become parents of the commit. ``aside`` maps the path of a file that had to give
    way to a directory to the one it had.
    """

    repo: Repository
    merger: Merger
    policy: Policy
    before: str
    tree: str
    landed: dict[str, str]
    aside: dict[str, str] = {}
    items: list[Item] = []
    closed: dict[str, str] = {}
    binding: list[str] = []


def landed_points(repo: Repository, main: str, items: Sequence[Item]) -> dict[str, str]:
    """Returns, by branch, how far the sessions have landed that could be bound by one of the items."""
    people = {item.user for item in items}
    tips = {name: tip for name, tip in session_branches(repo).items() if name.split("/")[1] in people}
    return {name: landed_point(repo, main, tip) for name, tip in tips.items()}


def review(
    repo: Repository,
    trees: Trees,
    items: Sequence[Item],
    landed: dict[str, str],
    merger: Merger = notebooks.merge_file,
) -> Reviewed:
    """Judges ``items`` against the tree that the shared branch is about to get.

    ``landed`` says by branch which commit holds a session's own version. The policy is that of the tree to be. Items
    whose sides are equal or can be combined after all are closed and their spots set; the others take on the values
    of today.
    """
    policy = policy_of(repo, trees.after) if items else STANDARD
    merger = partial(merger, policy=policy)
    done = Reviewed(
        repo=repo, merger=merger, policy=policy, before=trees.before, tree=trees.after, landed=landed
    )
    by_path: dict[str, list[Item]] = {}
    for item in items:
        by_path.setdefault(item.path, []).append(item)
    for path, found in by_path.items():
        done.items += _review_path(done, path, found)
    return done


def bound_tips(repo: Repository, item: Item, landed: dict[str, str]) -> list[str]:
    """Returns the last landed commits of all sessions that an item binds."""
    return [tip for branch, tip in landed.items() if is_bound(repo, item, branch, tip)]


def _review_path(done: Reviewed, path: str, found: Sequence[Item]) -> list[Item]:
    if is_blocked(done.repo, done.tree, path):
        free = done.repo.free_path(done.tree, path, found[0].user)
        done.aside[free] = path
        path, found = free, [msgspec.structs.replace(item, path=free) for item in found]
    before = bytes_at(done.repo, done.tree, path)
    if before is None and (kept := _whole_file_item(done, path, found)):
        found = [kept]
    after, still = before, []
    for item in (one for one in found if one.field == "file"):
        after, kept_items = _judge_file(done, item, after)
        still += kept_items
    after, smaller = _judge_spots(done, [item for item in found if item.field != "file"], after)
    if after != before:
        was = done.repo.entry(done.tree, path)
        entry = None if after is None else file_entry(done.repo, after, was)
        done.tree = done.repo.edit(done.tree, {path: entry})
    return still + smaller


def _judge_spots(
    done: Reviewed, found: Sequence[Item], shared: bytes | None
) -> tuple[bytes | None, list[Item]]:
    still: list[Item] = []
    changed: list[tuple[Item, Json]] = []
    found = _joined(done, found, shared)
    for item in found:
        held = spots.get(shared, item, like=shared)
        verdict = judge(
            item,
            held,
            spots.get(_session_file(done, item), item, like=shared),
            before=_held_before(done, item),
            policy=done.policy,
        )
        if verdict.value != held:
            changed.append((item, verdict.value))
        if verdict.item is None:
            _close(done, item, verdict.reason)
        else:
            still.append(verdict.item)
    if not changed:
        return shared, still
    data = spots.put_all(shared, changed, like=shared)
    if data is not None and is_notebook(found[0].path) and notebooks.problems(data):
        return shared, list(found)  # what cannot be written as a valid notebook waits for a person
    return data, [_shifted(item, shared, data) for item in still]


def _joined(done: Reviewed, found: Sequence[Item], shared: bytes | None) -> list[Item]:
    """Makes one item of hunks that have run into each other; their sessions are as bound as before."""
    result = [item for item in found if item.field != "lines"]
    for branch in dict.fromkeys(item.branch for item in found if item.field == "lines"):
        hunks = [item for item in found if item.field == "lines" and item.branch == branch]
        kept = spots.joined(hunks, shared or b"", _session_file(done, hunks[0]) or b"")
        names = {item.id for item in kept}
        done.closed |= {item.id: "joined" for item in hunks if item.id not in names}
        result += kept
    return result


def _shifted(item: Item, before: bytes | None, after: bytes | None) -> Item:
    if item.range is None or before is None or after is None:
        return item
    return msgspec.structs.replace(item, range=spots.aligned(before, item.range, after))


def _whole_file_item(done: Reviewed, path: str, found: Sequence[Item]) -> Item | None:
    """The file was deleted under open items of its cells or hunks: the session's file stays, as one item."""
    mine = next((data for item in found if (data := _session_file(done, item)) is not None), None)
    if mine is None or any(item.field == "file" for item in found):
        return None
    was = as_json(bytes_at(done.repo, done.before, path))
    values = {"base": was, "shared": None, "session": None, "cell": None, "field": "file", "range": None}
    item = msgspec.structs.replace(
        found[0], **values, reason="one side deleted the file, the other edited it"
    )
    return msgspec.structs.replace(item, id=new_id(item, (one.id for one in done.items)))


def _judge_file(done: Reviewed, item: Item, held: bytes | None) -> tuple[bytes | None, list[Item]]:
    """Judges a whole-file item: it may close, stay, or turn into items of single cells or hunks."""
    mine, was_mine = _session_file(done, item), as_bytes(item.session)
    is_kept_edit = item.shared is None and was_mine is not None and held == was_mine
    if is_kept_edit and mine is not None:
        return mine, [msgspec.structs.replace(item, session=as_json(mine))]
    if held == mine:
        _close(done, item, "equal")
        return held, []
    if held is None and item.shared is None and was_mine is not None and mine == was_mine:
        return None, [item]  # deleted again by somebody who had seen the edit
    if item.path == CONFIG:
        return held, [msgspec.structs.replace(item, shared=as_json(held), session=as_json(mine))]
    merged = merge_file(item.path, (as_bytes(item.base), held, mine), done.merger)
    if not merged.contested:
        _close(done, item, "mergeable")
        return merged.data, []
    return merged.data, _successors(done, item, merged)


def _successors(done: Reviewed, item: Item, merged: FileMerge) -> list[Item]:
    found: list[Item] = []
    for spot in merged.contested:
        values = {name: getattr(spot, name) for name in spot.__struct_fields__}
        one = msgspec.structs.replace(item, **values)
        taken = [known.id for known in (*done.items, *found)]
        found.append(one if spot.field == "file" else msgspec.structs.replace(one, id=new_id(one, taken)))
    return found


def _session_file(done: Reviewed, item: Item) -> bytes | None:
    """The item's file as its session last landed it."""
    point = done.landed.get(item.branch)
    if point is None:
        return as_bytes(item.session) if item.field == "file" else None
    if was := done.aside.get(item.path):
        return bytes_at(done.repo, point, path_in(done.repo, point, was, done.before))
    return bytes_at(done.repo, point, path_in(done.repo, point, item.path, done.tree))


def _held_before(done: Reviewed, item: Item) -> Json:
    """What the item's spot held on the shared branch until now."""
    if item.field == "lines":
        return item.shared  # its range says where it is now; and lines that are none are still a text
    data = bytes_at(done.repo, done.before, path_in(done.repo, done.before, item.path, done.tree))
    return spots.get(data, item, like=data)


def _close(done: Reviewed, item: Item, reason: str) -> None:
    done.closed[item.id] = reason
    done.binding += bound_tips(done.repo, item, done.landed)
