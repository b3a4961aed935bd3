"""Landing: a session's saves reach the shared branch, cell by cell; what is contested stays and becomes an item."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from gitcollab import notebooks
from gitcollab.flow import spots
from gitcollab.flow.bases import base_tree
from gitcollab.flow.byhand import answered, is_shared
from gitcollab.flow.charter import faults_in, told_of, under_policy
from gitcollab.flow.files import Bytes3, FileMerge, Merger, Spot, is_notebook, merge_file_around, whole_file
from gitcollab.flow.items import new_id, read_items, rewritten
from gitcollab.flow.points import (
    CONFIG,
    MAIN,
    NOTES,
    bytes_at,
    file_entry,
    is_blocked,
    is_bound,
    is_volatile,
    of_trailer,
    unlanded,
    with_notes,
)
from gitcollab.flow.pushed import push_of
from gitcollab.flow.renames import Paired, pair, path_in
from gitcollab.flow.review import Reviewed, Trees, landed_points, review
from gitcollab.model import Item, Person, SessionName
from gitcollab.repository import Clash, Commit, Entry, Repository


class Landed(msgspec.Struct, frozen=True, kw_only=True):
    """What a landing did: the shared branch moved from ``parent`` to ``commit``."""

    commit: str
    parent: str
    snapshot: str
    contested: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()


class Landing(msgspec.Struct, kw_only=True):
    """A landing in the making: the shared branch's files as they will be, its known items, and the new ones."""

    repo: Repository
    session: SessionName
    main: str
    tip: str
    at: str
    merger: Merger
    is_maintainer: bool
    tree: str = ""
    items: list[Item] = []
    opened: list[Item] = []
    noted: list[str] = []
    joined: dict[str, str] = {}
    answered: set[str] = set()


def land(
    repo: Repository,
    session: SessionName,
    *,
    at: str,
    is_maintainer: bool,
    merger: Merger = notebooks.merge_file,
) -> Landed | None:
    """Merges what the session has saved since it last landed into the shared branch.

    ``at`` is the time in UTC, ``is_maintainer`` whether the session's person may change ``collab.toml``. Returns None
    if there is nothing to land: no save, or only saves in which nothing but volatile fields changed. Moves the shared
    branch and nothing else; the caller holds the collab's lock.
    """
    main, tip = repo.head(MAIN), repo.head(session.ref)
    if main is None or tip is None:
        return None
    waiting = unlanded(repo, main, tip)
    if waiting and all(is_volatile(commit) for commit in waiting):
        return None
    if not waiting and not _may_answer(repo, session, main, tip):
        return None
    merger = under_policy(repo, main, merger)
    landing = Landing(
        repo=repo, session=session, main=main, tip=tip, at=at, merger=merger, is_maintainer=is_maintainer
    )
    _merge_trees(landing, _parted(waiting))
    landed = landed_points(repo, main, landing.items) | {session.branch: tip}
    before = repo.tree_of(main)
    reviewed = review(repo, Trees(before=before, after=landing.tree), landing.items, landed, merger)
    if not waiting and not reviewed.closed:
        return None
    commit = _commit(landing, waiting, reviewed)
    repo.move(MAIN, commit, main, f"land {session}")
    contested = tuple(item.id for item in landing.opened)
    return Landed(commit=commit, parent=main, snapshot=tip, contested=contested, noted=tuple(landing.noted))


def _may_answer(repo: Repository, session: SessionName, main: str, tip: str) -> bool:
    """Whether somebody has fast-forwarded a session with open items to the shared branch by hand."""
    if not is_shared(repo.read(tip)):
        return False
    return any(item.branch == session.branch for item in read_items(repo, main))


def _own_items(landing: Landing, bound: Collection[str]) -> list[Item]:
    """Items of this session's own for spots where an item of the line that it went on from binds it.

    As long as both say the same, one item is enough; from where they differ, neither's words may replace the other's.
    """
    repo, branch = landing.repo, landing.session.branch
    mine = {(item.path, item.cell, item.field, item.range) for item in landing.items if item.branch == branch}
    found: list[Item] = []
    for item in landing.items:
        if item.id not in bound or (item.path, item.cell, item.field, item.range) in mine:
            continue
        shared = bytes_at(repo, landing.tree, item.path)
        own = bytes_at(repo, landing.tip, path_in(repo, landing.tip, item.path, landing.tree))
        held, value = (spots.get(data, item, like=shared) for data in (shared, own))
        if value not in (item.session, held):
            base = item.session if held == item.session else item.base
            spot = Spot(
                cell=item.cell, field=item.field, base=base, shared=held, session=value, range=item.range
            )
            one = msgspec.structs.replace(_opened(landing, item.path, spot), reason=item.reason)
            found.append(one)
    return _numbered(found, landing.items)


def _parted(waiting: Sequence[Commit]) -> dict[str, tuple[str, str]]:
    """Where single files parted from the shared branch before git's merge base, by path: (commit, path there).

    A save from a stale copy says so when it disagreed with what had been delivered meanwhile.
    """
    found: dict[str, tuple[str, str]] = {}
    for commit in waiting:  # newest first: the oldest parting of a file counts
        for path, told in zip(
            commit.trailers.get("Gitcollab-Path", ()), commit.trailers.get("Gitcollab-Base", ()), strict=False
        ):
            base, _, then = told.partition(" ")
            found[of_trailer(path)] = (base, of_trailer(then))
    return found


def _merge_trees(landing: Landing, parted: dict[str, tuple[str, str]]) -> None:
    """Merges the files; leaves tree, known items (with their new places) and new items in ``landing``."""
    repo, main, tip = landing.repo, landing.main, landing.tip
    notes = repo.entry(main, NOTES)
    base = with_notes(repo, base_tree(repo, main, tip, landing.merger), notes)
    items, landing.answered = answered(repo, read_items(repo, main), landing.session, main, tip)
    followed = {item.path for item in items}
    paired = pair(repo, base, repo.tree_of(main), with_notes(repo, tip, notes), followed)
    merged = repo.merge(paired.base, paired.shared, paired.session)
    known = _joined(landing, paired, [_moved(item, paired) for item in items])
    bound = [item for item in known if is_bound(repo, item, landing.session.branch, tip)]
    edits: dict[str, Entry | None] = {}
    ranges: dict[str, tuple[int, int]] = {}
    apart = [clash for clash in merged.clashes if clash.is_blocked or not _are_files(clash)]
    known_paths = {clash.path for clash in merged.clashes} | {item.path for item in bound} | set(parted)
    known_paths |= _paths_to_check(repo, paired, merged.tree)
    for path in sorted(known_paths - {clash.path for clash in apart}):
        if is_blocked(repo, merged.tree, path):
            continue
        sides = _sides(repo, paired, path)
        if path in parted:
            sides = (bytes_at(repo, *parted[path]), *sides[1:])
        done = _merge_path(landing, path, sides, [one for one in bound if one.path == path])
        edits[path] = (
            None if done.data is None else file_entry(repo, done.data, repo.entry(merged.tree, path))
        )
        landing.noted += [*done.noted, *(told_of(faults_in(done.data)) if path == CONFIG else ())]
        ranges |= done.ranges
    landing.tree = _set_apart(landing, repo.edit(merged.tree, edits), apart)
    landing.items = [_reanchored(repo, item, ranges, landing.tree, paired) for item in known]
    landing.items += _own_items(landing, {item.id for item in bound})
    landing.opened = _numbered(landing.opened, landing.items)


def _joined(landing: Landing, paired: Paired, items: Sequence[Item]) -> list[Item]:
    """Makes one item of the session's open hunks that its saves have made run into each other."""
    mine = [item for item in items if item.branch == landing.session.branch and item.field == "lines"]
    kept: dict[str, Item] = {}
    for path in dict.fromkeys(item.path for item in mine):
        shared, own = (bytes_at(landing.repo, tree, path) for tree in (paired.shared, paired.session))
        hunks = [item for item in mine if item.path == path]
        kept |= {item.id: item for item in spots.joined(hunks, shared or b"", own or b"")}
    landing.joined = {item.id: "joined" for item in mine if item.id not in kept}
    return [kept.get(item.id, item) for item in items if item.id not in landing.joined]


def _are_files(clash: Clash) -> bool:
    return all(side is None or side.is_file for side in (clash.base, clash.ours, clash.theirs))


def _set_apart(landing: Landing, tree: str, apart: Sequence[Clash]) -> str:
    """Puts the session's side beside the shared one, where no merge can hold both.

    A file where a directory is, a link that both changed. A broken notebook gets the suffix that Jupyter gives one.
    """
    repo = landing.repo
    for clash in apart:
        if clash.theirs is None:
            continue
        free = repo.free_path(tree, clash.path, landing.session.user)
        if is_notebook(free) and clash.theirs.is_file and notebooks.problems(repo.blob(clash.theirs.oid)):
            free = repo.free_path(tree, f"{clash.path}.invalid", landing.session.user)
        tree = repo.edit(tree, {free: clash.theirs})
        landing.noted.append(f"{clash.path}: the name is taken by something else, it is now {free}")
    return tree


def _merge_path(landing: Landing, path: str, sides: Bytes3, bound: Sequence[Item]) -> FileMerge:
    if path == CONFIG and not landing.is_maintainer and sides[2] not in (sides[0], sides[1]):
        done = whole_file(sides, sides[1], "only maintainers change collab.toml")
        done = FileMerge(data=done.data) if bound else done
    else:
        done = merge_file_around(path, sides, bound, landing.merger)
    landing.opened += [_opened(landing, path, spot) for spot in done.contested]
    return done


def _paths_to_check(repo: Repository, paired: Paired, merged: str) -> set[str]:
    """Paths that the shared branch may not hold unchecked."""
    files = [each for each in repo.changes(paired.shared, merged) if each.new is None or each.new.is_file]
    return {each.path for each in files if is_notebook(each.path) or each.path == CONFIG}


def _sides(repo: Repository, paired: Paired, path: str) -> Bytes3:
    base, shared, session = (
        bytes_at(repo, tree, path) for tree in (paired.base, paired.shared, paired.session)
    )
    if session is not None and is_notebook(path):
        session = notebooks.strip(session)[0]  # a push may bring a file with the stamp that a workspace gets
    return base, shared, session


def _moved(item: Item, paired: Paired) -> Item:
    return msgspec.structs.replace(item, path=paired.moved.get(item.path, item.path))


def _opened(landing: Landing, path: str, spot: Spot) -> Item:
    return Item(
        id="",
        path=path,
        cell=spot.cell,
        field=spot.field,
        base=spot.base,
        shared=spot.shared,
        session=spot.session,
        user=landing.session.user,
        commit=landing.tip,
        at=landing.at,
        branch=landing.session.branch,
        reason=spot.reason,
        range=spot.range,
    )


def _reanchored(
    repo: Repository, item: Item, ranges: dict[str, tuple[int, int]], tree: str, paired: Paired
) -> Item:
    """Returns the item with its range in the shared text as it will be."""
    if item.range is None:
        return item
    if item.id in ranges:
        return msgspec.structs.replace(item, range=ranges[item.id])
    before, after = bytes_at(repo, paired.shared, item.path), bytes_at(repo, tree, item.path)
    if before is None or after is None or before == after:
        return item
    return msgspec.structs.replace(item, range=spots.aligned(before, item.range, after))


def _numbered(opened: Sequence[Item], known: Sequence[Item]) -> list[Item]:
    numbered: list[Item] = []
    for item in opened:
        taken = [one.id for one in (*known, *numbered)]
        numbered.append(msgspec.structs.replace(item, id=new_id(item, taken)))
    return numbered


def _commit(landing: Landing, waiting: Sequence[Commit], reviewed: Reviewed) -> str:
    repo, session = landing.repo, landing.session
    tree = repo.edit(
        reviewed.tree, rewritten(repo, landing.main, [*reviewed.items, *landing.opened]), is_service=True
    )
    parents = list(dict.fromkeys([landing.main, landing.tip, *reviewed.binding]))
    trailers: dict[str, str | list[str]] = {
        "Gitcollab-Act": "landing",
        "Gitcollab-Session": str(session),
        "Gitcollab-User": session.user,
    }
    if push := push_of(repo, session, landing.tip):
        trailers |= {"Gitcollab-Author": list(push.authors)} if push.authors else {}
    by_hand = dict.fromkeys(landing.answered & set(reviewed.closed), "merged by hand")
    if closed := landing.joined | reviewed.closed | by_hand:
        trailers["Gitcollab-Closed"] = [f"{name} {reason}" for name, reason in closed.items()]
    told = push.message if push and push.message else _subject(waiting) if waiting else "main, merged by hand"
    subject = f"Land {session}: {told}"
    noted = "".join(f"\n- {line}" for line in landing.noted)
    message = f"{subject}\n\nDecided by policy:{noted}" if noted else subject
    author = Person(name=session.user)
    return repo.commit(tree, parents, message, author=author, at=landing.at, trailers=trailers)


def _subject(waiting: Sequence[Commit]) -> str:
    newest = next((commit for commit in waiting if not is_volatile(commit)), waiting[0])
    return newest.subject if len(waiting) == 1 else f"{newest.subject} (and {len(waiting) - 1} more)"
