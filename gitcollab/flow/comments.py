"""Comments: threads on a cell, a line or an output, kept on the shared branch in ``.gitcollab/comments/``.

A thread is anchored to a cell's id, so it follows its cell through edits, moves and merges; a line is found again by
its text. The daemon alone writes here, one commit for each remark, and a clone brings all of it along.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence

import msgspec

from gitcollab import notebooks
from gitcollab.errors import BadInput, NotFound, TooLarge
from gitcollab.events import Commented
from gitcollab.flow.points import MAIN, bytes_at, file_entry
from gitcollab.flow.renames import path_in
from gitcollab.model import Person, Remark, Thread
from gitcollab.repository import Commit, Entry, Repository

FOLDER = ".gitcollab/comments"
LONGEST = 10_000
"""Characters of one remark."""
MOST = 1_000
"""Remarks of one thread."""
QUOTE = 300
"""Characters of what a thread is about that it keeps."""
MENTION = re.compile(r"(?<![\w@.])@([a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?)")
THREAD = re.compile(r"[0-9a-f]{16}")


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """What a comment is about: a file, a cell of it, a line of the cell (or of a text) or an output, from 0.

    ``at``: where it was seen; empty for the shared branch as it is now.
    """

    path: str
    cell: str | None = None
    line: int | None = None
    output: int | None = None
    at: str = ""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says: ``text``, and whether the thread is settled by it (None: as it was)."""

    user: str
    at: str
    text: str = ""
    is_resolved: bool | None = None


def begin(repo: Repository, spot: Spot, said: Said) -> Thread:
    """Begins a thread; NotFound if there is no such file, cell, line or output where it was seen, BadInput for no text.

    What was seen elsewhere than on the shared branch is looked for there like what a thread was begun on earlier.
    """
    main = repo.head(MAIN) or ""
    seen = repo.resolve(spot.at, spot.path) if spot.at else main
    quote = quoted(bytes_at(repo, seen, spot.path), spot)
    seed = json.dumps([said.user, said.at, spot.path, spot.cell, said.text, main]).encode()
    thread = Thread(
        id=hashlib.sha256(seed).hexdigest()[:16],
        path=path_in(repo, main, spot.path, seen),
        cell=spot.cell,
        line=spot.line,
        output=spot.output,
        quote=quote,
        commit=main,
        remarks=(remark(said),),
    )
    return _kept(repo, thread, said, "comment")


def reply(repo: Repository, id: str, said: Said) -> Thread:
    """Adds a remark to a thread. NotFound, BadInput, TooLarge."""
    thread = find(repo, id)
    if len(thread.remarks) >= MOST:
        raise TooLarge(f"this thread has {MOST} remarks", "begin another one")
    grown = msgspec.structs.replace(
        thread, remarks=(*thread.remarks, remark(said)), resolved_by="", resolved_at=""
    )
    return _kept(repo, grown, said, "reply")


def resolve(repo: Repository, id: str, said: Said) -> Thread:
    """Marks a thread as settled, or opens it again; as it is already, nothing is written. NotFound."""
    thread = find(repo, id)
    if bool(thread.resolved_by) == bool(said.is_resolved):
        return thread
    by, at = (said.user, said.at) if said.is_resolved else ("", "")
    changed = msgspec.structs.replace(thread, resolved_by=by, resolved_at=at)
    return _kept(repo, changed, said, "resolve" if said.is_resolved else "reopen")


def remark(said: Said) -> Remark:
    """What was said, as it is kept; BadInput for nothing, TooLarge for too much."""
    text = said.text.replace("\r\n", "\n").strip()
    if not text:
        raise BadInput("a comment needs words", "say something")
    if len(text) > LONGEST:
        raise TooLarge(f"a comment has at most {LONGEST:,} characters", "put the rest into the notebook")
    return Remark(user=said.user, at=said.at, text=text)


def read_threads(repo: Repository, commit: str, path: str = "") -> tuple[Thread, ...]:
    """Returns the threads of a commit of the shared branch, oldest first, each where its cell or line is by now; those
    of one file if it is named."""
    folder = repo.entries(commit, FOLDER)
    found = [located(repo, commit, _read(repo, entry)) for entry in folder.values()]
    wanted = [thread for thread in found if not path or thread.path == path]
    return tuple(sorted(wanted, key=lambda thread: (thread.remarks[0].at, thread.id)))


def find(repo: Repository, id: str) -> Thread:
    """Returns a thread by its id; NotFound if there is none."""
    entry = repo.entry(repo.head(MAIN) or "", f"{FOLDER}/{id}.json") if THREAD.fullmatch(id) else None
    if entry is None:
        raise NotFound("there is no such comment", "reload the page")
    return _read(repo, entry)


def located(repo: Repository, commit: str, thread: Thread) -> Thread:
    """Returns the thread with the path and line that it has by now; ``is_outdated`` if what it is about is gone."""
    path = path_in(repo, commit, thread.path, thread.commit) if thread.commit else thread.path
    data = bytes_at(repo, commit, path)
    text = source(data, path, thread.cell) if data is not None else None
    if data is None or text is None or not has_output(data, thread.cell, thread.output):
        return msgspec.structs.replace(thread, path=path, is_outdated=True)
    line = None if thread.line is None else nearest(text.split("\n"), thread.quote, thread.line)
    is_outdated = thread.line is not None and line is None
    return msgspec.structs.replace(thread, path=path, line=line, is_outdated=is_outdated)


def nearest(lines: Sequence[str], quote: str, line: int) -> int | None:
    """Returns where the quoted line is by now: the equal one nearest to where it was; None if there is none."""
    equal = [number for number, text in enumerate(lines) if text[:QUOTE] == quote]
    return min(equal, key=lambda number: abs(number - line), default=None)


def quoted(data: bytes | None, spot: Spot) -> str:
    """Returns the text that a thread will be about; NotFound if there is none."""
    text = None if data is None else source(data, spot.path, spot.cell)
    if text is None:
        raise NotFound("there is nothing to comment on there", "reload the page")
    if not has_output(data or b"", spot.cell, spot.output):
        raise NotFound("there is no such output", "reload the page")
    lines = text.split("\n")
    if spot.line is None:
        return next((line for line in lines if line.strip()), "")[:QUOTE]
    if not 0 <= spot.line < len(lines):
        raise NotFound("there is no such line", "reload the page")
    return lines[spot.line][:QUOTE]


def has_output(data: bytes, cell: str | None, output: int | None) -> bool:
    """Returns whether a cell has an output of that number; always true where none is meant."""
    if output is None:
        return True
    found = notebooks.pick(data, cell, "outputs") if cell is not None else None
    return isinstance(found, list) and 0 <= output < len(found)


def source(data: bytes, path: str, cell: str | None) -> str | None:
    """Returns a cell's source, or a whole text; None if there is none."""
    if cell is None:
        return data[:2_000_000].decode("utf-8", "replace") if notebooks.is_text(data) else ""
    if not path.endswith(".ipynb"):
        return None
    found = notebooks.pick(data, cell, "source")
    return found if isinstance(found, str) else None


def mentioned(text: str) -> tuple[str, ...]:
    """Returns the names that a remark calls with an @, each once."""
    return tuple(dict.fromkeys(MENTION.findall(text)))


def commented(repo: Repository, collab: str, commit: Commit) -> list[Commented]:
    """Returns what a commit of this room tells of."""
    id, said = commit.trailer("Gitcollab-Thread"), commit.trailer("Gitcollab-Said")
    entry = repo.entry(commit.oid, f"{FOLDER}/{id}.json")
    if entry is None:
        return []
    thread = _read(repo, entry)
    text = thread.remarks[-1].text if said in {"comment", "reply"} else ""
    told = Commented(
        collab=collab,
        user=commit.trailer("Gitcollab-User"),
        at=commit.at,
        commit=commit.oid,
        thread=id,
        said=said,
        path=thread.path,
        cell=thread.cell,
        text=text[:500],
        mentioned=mentioned(text),
    )
    return [told]


def _read(repo: Repository, entry: Entry) -> Thread:
    return msgspec.json.decode(repo.blob(entry.oid), type=Thread)


def _kept(repo: Repository, thread: Thread, said: Said, what: str) -> Thread:
    main = repo.head(MAIN) or ""
    data = msgspec.json.format(msgspec.json.encode(thread), indent=1) + b"\n"
    edits: dict[str, Entry | None] = {f"{FOLDER}/{thread.id}.json": file_entry(repo, data)}
    tree = repo.edit(repo.tree_of(main), edits, is_service=True)
    trailers: dict[str, str | list[str]] = {
        "Gitcollab-Act": "comment",
        "Gitcollab-User": said.user,
        "Gitcollab-Thread": thread.id,
        "Gitcollab-Said": what,
    }
    words = {"comment": "Comment on", "reply": "Reply on", "resolve": "Resolve a comment on"}
    message = f"{words.get(what, 'Open again a comment on')} {thread.path}"
    author = Person(name=said.user)
    commit = repo.commit(tree, [main], message, author=author, at=said.at, trailers=trailers)
    repo.move(MAIN, commit, main, f"{what} {thread.id}")
    return thread
