"""Settling: a person decides a contested item; one commit on the shared branch sets the spot and takes the item out."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gitcollab import notebooks
from gitcollab.errors import BadInput, Moved, NotFound, Unusable
from gitcollab.flow import spots
from gitcollab.flow.files import Merger, is_notebook
from gitcollab.flow.items import as_bytes, as_json, printable, read_items, rewritten
from gitcollab.flow.points import MAIN, bytes_at, file_entry
from gitcollab.flow.review import Reviewed, Trees, bound_tips, landed_points, review
from gitcollab.model import Item, Json, Person, Take
from gitcollab.repository import Repository


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What a person decided: ``seen`` names the values they looked at, ``source`` is the text with ``Take.TEXT``."""

    item: str
    take: Take
    user: str
    at: str
    seen: Json = None
    source: str | None = None


def find_item(repo: Repository, item: str) -> Item:
    """Returns an open item by its id. NotFound if it is not open (any more)."""
    main = repo.head(MAIN)
    found = [one for one in read_items(repo, main) if one.id == item] if main else []
    if not found:
        raise NotFound(f"there is no open item {item!r}", "somebody may have settled it; list the open ones")
    return found[0]


def settle(repo: Repository, decision: Decision, merger: Merger = notebooks.merge_file) -> str:
    """Sets the item's spot on the shared branch and removes the item; returns the commit.

    The caller holds the collab's lock and has landed every session that the item binds: their last landed commits
    become parents, so that the decision is the merge base from which the next edit is judged. Raises NotFound, Moved
    (the values are not the ones that were seen; ``data["item"]`` holds the new item), BadInput, Unusable.
    """
    main = repo.head(MAIN) or ""
    item = find_item(repo, decision.item)
    _check_seen(item, decision.seen)
    shared = bytes_at(repo, main, item.path)
    data = spots.put(shared, item, _value(item, decision, shared), like=shared)
    if data is not None and is_notebook(item.path) and (faults := notebooks.problems(data)):
        raise Unusable(
            f"this would not leave a valid notebook: {faults[0]}", "take another side, or edit the text"
        )
    items = [one for one in read_items(repo, main) if one.id != item.id]
    landed = landed_points(repo, main, [item, *items])
    entry = None if data is None else file_entry(repo, data, repo.entry(main, item.path))
    tree = repo.edit(repo.tree_of(main), {item.path: entry})
    trees = Trees(before=repo.tree_of(main), after=tree)
    reviewed = review(repo, trees, [_shifted(one, item, shared, data) for one in items], landed, merger)
    parents = [main, *bound_tips(repo, item, landed), *reviewed.binding]
    commit = _commit(repo, item, decision, list(dict.fromkeys(parents)), reviewed)
    repo.move(MAIN, commit, main, f"settle {item.id}")
    return commit


def _check_seen(item: Item, seen: Json) -> None:
    shown = printable(item)
    if seen is None or seen == "" or seen == shown.digest:
        return
    sides = {"base": shown.base, "shared": shown.shared, "session": shown.session}
    if (
        isinstance(seen, dict)
        and seen
        and all(sides.get(name, seen) == value for name, value in seen.items())
    ):
        return
    raise Moved(
        "the item's values have changed since you looked",
        "look at it again and decide anew",
        item=msgspec.to_builtins(shown) | {"seen": shown.digest},
    )


def _value(item: Item, decision: Decision, shared: bytes | None) -> Json:
    held = spots.get(shared, item, like=shared)
    match decision.take:
        case Take.SHARED:
            return item.shared
        case Take.SESSION:
            return item.session
        case Take.BOTH:
            return _both(item, held)
        case Take.TEXT:
            return _edited(item, held, decision.source)


def _both(item: Item, held: Json) -> Json:
    if item.field == "file":
        return _both_files(item)
    if item.field == "lines":
        return as_json(spots.stacked([as_bytes(item.shared) or b"", as_bytes(item.session) or b""]))
    return notebooks.both(item.field, item.base, item.shared, item.session)


def _both_files(item: Item) -> Json:
    sides = [as_bytes(side) for side in (item.shared, item.session)]
    present = [side for side in sides if side is not None]
    if len(present) == 2 and not is_notebook(item.path) and all(map(notebooks.is_text, present)):
        return as_json(spots.stacked(present))
    if len(present) == 1:
        return as_json(present[0])
    raise Unusable(
        "both versions of this file cannot be one file", "take one, and save the other under a new name"
    )


def _edited(item: Item, held: Json, source: str | None) -> Json:
    if source is None:
        raise BadInput("taking an edited text needs the text", "send it as source")
    if item.field in {"source", "lines", "file"}:
        return source
    if item.field == "cell":
        whole = next(
            (side for side in (held, item.session, item.shared, item.base) if isinstance(side, dict)), None
        )
        if whole is not None:
            return whole | {"source": source}
    return _parsed(source)


def _parsed(source: str) -> Json:
    try:
        return msgspec.json.decode(source)
    except msgspec.DecodeError as error:
        raise BadInput(f"this field takes JSON: {error}", "send valid JSON as source") from error


def _shifted(one: Item, settled: Item, before: bytes | None, after: bytes | None) -> Item:
    if one.path != settled.path or one.range is None or before is None or after is None:
        return one
    return msgspec.structs.replace(one, range=spots.aligned(before, one.range, after))


def _commit(
    repo: Repository, item: Item, decision: Decision, parents: Sequence[str], reviewed: Reviewed
) -> str:
    tree = repo.edit(reviewed.tree, rewritten(repo, parents[0], reviewed.items), is_service=True)
    where = f"cell {item.cell} of {item.path}" if item.cell else item.path
    trailers: dict[str, str | list[str]] = {
        "Gitcollab-Act": "settlement",
        "Gitcollab-User": decision.user,
        "Gitcollab-Item": item.id,
        "Gitcollab-Take": decision.take.value,
    }
    if reviewed.closed:
        trailers["Gitcollab-Closed"] = [f"{name} {reason}" for name, reason in reviewed.closed.items()]
    author = Person(name=decision.user)
    message = f"Settle {where}: {decision.take.value}"
    return repo.commit(tree, list(parents), message, author=author, at=decision.at, trailers=trailers)
