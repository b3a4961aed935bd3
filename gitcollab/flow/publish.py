"""Publishing: what is ready on the shared branch becomes a version on the blessed branch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from gitcollab import notebooks
from gitcollab.errors import BadInput, Moved, NotClean, Unusable
from gitcollab.flow.charter import Charter
from gitcollab.flow.files import is_notebook
from gitcollab.flow.items import read_items
from gitcollab.flow.notes import authors, notes
from gitcollab.flow.points import BLESSED, MAIN, NOTES, bytes_at, in_trailer, with_notes
from gitcollab.flow.versions import credit, newest_version, version_at
from gitcollab.model import Bump, Person, Shortcoming, Version
from gitcollab.numbering import next_version
from gitcollab.repository import Entry, Repository, signature, version_tag


class Publishing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be published. ``bump`` None means MINOR; the first version of a notebook is 1.0.0.

    ``is_only``: the notebook alone, and no other file of the shared branch. ``charter`` names the gates, and the task
    that is noted with the version. ``is_harmless`` tells by their digests the suspected secrets that are none.
    """

    notebook: str
    bump: Bump | None
    message: str
    user: str
    at: str
    is_only: bool = False
    charter: Charter = Charter()
    is_harmless: Callable[[str], bool] = lambda digest: False


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What is published, and what that was decided on: commits and a tree, which stay what they are.

    ``main`` is the shared branch's commit, ``blessed`` where the blessed branch was (None: nowhere), ``newest`` the
    notebook's newest version then (empty: none).
    """

    path: str
    number: str
    main: str
    blessed: str | None
    newest: str
    tree: str
    asked: Publishing


def decide(repo: Repository, asked: Publishing) -> Decided:
    """Decides what a version is, and whether it may be one as far as reading tells; moves no version.

    The caller holds the collab's lock and has landed the sessions. Raises BadInput (no such notebook, MAJOR without a
    message), NotClean (open items on it, or a gate that it does not pass), Unusable (not a valid notebook, or nothing
    new).
    """
    main = repo.head(MAIN) or ""
    path = _notebook(repo, main, asked.notebook)
    _check_ready(repo, main, path)
    _check_gates(asked, bytes_at(repo, main, path) or b"")
    roll_forward(repo)
    newest = newest_version(repo, path)
    number = _next(newest, asked)
    blessed = repo.head(BLESSED)
    tree = _blessed_tree(repo, main, blessed, path, asked.is_only)
    if (
        newest
        and blessed
        and repo.entry(tree, path) == repo.entry(blessed, path)
        and tree == repo.tree_of(blessed)
    ):
        raise Unusable(f"nothing has changed since {path} {newest}", "save a change first")
    return Decided(
        path=path, number=number, main=main, blessed=blessed, newest=newest, tree=tree, asked=asked
    )


def publish(repo: Repository, decided: Decided, approved_by: str = "") -> Version:
    """Publishes what was decided on: a notebook with every file of the shared branch that is not a notebook.

    The tag tells what has changed since the last version of that notebook, cell by cell, and who worked on it. What has
    been saved since it was decided is no part of it.

    The tag is the commit point: it is created exclusively and never moves; the blessed branch follows, at the next
    start if not now. The caller holds the collab's lock. Moved if another version was published meanwhile.
    """
    _check_still(repo, decided)
    return tag(repo, candidate(repo, decided), decided.path, decided.number, approved_by)


def candidate(repo: Repository, decided: Decided) -> str:
    """Writes the commit that a version will be, and returns it; no ref moves."""
    asked, path = decided.asked, decided.path
    message = asked.message or f"Publish {path} {decided.number}"
    people = authors(repo, _last_main(repo, path, decided.newest)) or (asked.user,)
    trailers: dict[str, str | list[str]] = {
        "Gitcollab-Act": "publish",
        "Gitcollab-User": asked.user,
        "Gitcollab-Version": decided.number,
        "Gitcollab-Path": in_trailer(path),
    }
    if asked.charter.tracker:
        trailers["Tracker"] = asked.charter.tracker
    trailers["Co-authored-by"] = credit(tuple(one for one in people if one != asked.user))
    parents = [one for one in (decided.blessed, decided.main) if one]
    author = Person(name=asked.user)
    return repo.commit(decided.tree, parents, message, author=author, at=asked.at, trailers=trailers)


def tag(repo: Repository, commit: str, path: str, number: str, approved_by: str = "") -> Version:
    """Makes a candidate the version: its tag, then the blessed branch, which stands at its first parent."""
    made = repo.read(commit)
    newest = newest_version(repo, path)
    last = repo.tags()[version_tag(path, newest)][1] if newest else None
    message = made.message.strip().rpartition("\n\n")[0]
    told = notes(repo, last, made.tree, path)
    kept: dict[str, str | list[str]] = {
        name: list(made.trailers[name]) for name in ("Tracker", "Co-authored-by") if name in made.trailers
    }
    if approved_by:
        kept["Approved-by"] = signature(Person(name=approved_by))
    author = Person(name=made.trailer("Gitcollab-User"))
    name = version_tag(path, number)
    words = "\n\n".join(filter(None, (message, told)))
    repo.tag(name, commit, words, author=author, at=made.at, trailers=kept)
    repo.move(BLESSED, commit, repo.head(BLESSED), f"publish {path} {number}")
    return version_at(repo, name)


def _check_still(repo: Repository, decided: Decided) -> None:
    """Raises Moved unless everything is still so that the version was decided on."""
    roll_forward(repo)
    newest = newest_version(repo, decided.path)
    if newest != decided.newest:
        raise Moved(
            f"somebody has published {decided.path} {newest} meanwhile",
            "look at it, and publish again",
            version=newest,
        )
    if repo.head(BLESSED) != decided.blessed:
        raise Moved(
            "another notebook was published meanwhile", "publish again: what comes with it may differ"
        )
    if not repo.is_ancestor(decided.main, repo.head(MAIN) or ""):
        raise Moved("history has been rewritten meanwhile", "publish again")


def _last_main(repo: Repository, path: str, newest: str) -> str | None:
    """The shared branch's commit that the newest version came from."""
    if not newest:
        return None
    return repo.read(repo.tags()[version_tag(path, newest)][1]).parents[-1]


def refused(found: Sequence[Shortcoming]) -> NotClean:
    """Returns the error of gates that were not passed."""
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return NotClean(
        f"{found[0].text}{more}",
        "mend it and publish again; collab.toml says what is asked (manual: publishing)",
        shortcomings=[{"gate": one.gate, "cell": one.cell, "text": one.text} for one in found],
    )


def roll_forward(repo: Repository) -> str | None:
    """Moves the blessed branch to a version that was tagged before a crash; returns its commit if one was.

    A tag is the commit point of its publish; versions are published one after the other, so at most the newest
    can be ahead of the branch.
    """
    blessed = repo.head(BLESSED)
    for _, commit in repo.tags().values():
        parents = repo.read(commit).parents
        is_next = parents[0] == blessed if blessed else len(parents) == 1
        if is_next and commit != blessed:
            repo.move(BLESSED, commit, blessed, "publish, rolled forward")
            return commit
    return None


def stem(path: str) -> str:
    """Returns a notebook's path without its suffix."""
    return path.removesuffix(".ipynb")


def _notebook(repo: Repository, main: str, asked: str) -> str:
    """Finds the notebook that is meant: its path, with or without suffix, or its name where only one has it."""
    known = [path for path in repo.entries(main) if is_notebook(path) and not path.startswith(f"{NOTES}/")]
    if not asked and len(known) == 1:
        return known[0]
    exact = [path for path in known if asked in (path, stem(path))]
    found = exact or [path for path in known if asked in (path.split("/")[-1], stem(path.split("/")[-1]))]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(
            f"{asked!r} could be {' or '.join(found)}", "name it by its whole path", candidates=found
        )
    raise BadInput(
        f"there is no notebook {asked!r}", f"there are: {', '.join(known) or 'none'}", candidates=known
    )


def _check_ready(repo: Repository, main: str, path: str) -> None:
    waiting = [item for item in read_items(repo, main) if item.path == path]
    if waiting:
        ids = [item.id for item in waiting]
        raise NotClean(f"{path} has {len(ids)} contested items", "settle them first", items=ids)
    faults = notebooks.problems(bytes_at(repo, main, path) or b"")
    if faults:
        raise Unusable(f"{path} is not a valid notebook: {faults[0]}", "save it from Jupyter again")


def _check_gates(asked: Publishing, data: bytes) -> None:
    gates = asked.charter.gates
    found = list(notebooks.shortcomings(data, gates.of_notebooks, asked.is_harmless))
    if gates.licence and not asked.charter.licence:
        found.append(
            Shortcoming(gate="licence", text='collab.toml names no licence: licence = "CC-BY-4.0", say')
        )
    if found:
        raise refused(found)


def _next(newest: str, asked: Publishing) -> str:
    if asked.bump is Bump.MAJOR and not asked.message:
        raise BadInput("a MAJOR version needs a message", "say with -m what breaks for those who rely on it")
    return next_version(newest, asked.bump or Bump.MINOR)


def _blessed_tree(repo: Repository, main: str, blessed: str | None, path: str, is_only: bool) -> str:
    """The last blessed tree with the notebook and, unless it alone, every file of the shared branch that is none."""
    tree = repo.edit(None, {}) if blessed is None else repo.tree_of(blessed)
    shared = with_notes(repo, main, None)
    changed = () if is_only else repo.changes(tree, shared)
    edits: dict[str, Entry | None] = {one.path: one.new for one in changed if not is_notebook(one.path)}
    return repo.edit(tree, edits | {path: repo.entry(shared, path)})
