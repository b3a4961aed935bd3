"""The exchange between a directory and a session: saves go up, deliveries come down, nothing is written over work.

The files themselves are the truth; what is held is only what both sides last agreed on. Everything here blocks.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath

import msgspec

from gitcollab import notebooks
from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, NotFound, TooLarge, Unusable
from gitcollab.join.editors import Editors
from gitcollab.join.kept import Keeping, Kept
from gitcollab.join.news import News, Progress, Tell
from gitcollab.join.state import Held, State
from gitcollab.workspace import Rules, Skipped, Stat, Taken, Unstable, replace, scan, take

TOOL = "join"
MASS = 10
MASS_PERCENT = 30
KIN = 0.5  # kinship from which a file that is gone and a new one are one that was renamed
PAIRED = 20  # files that are gone, and new ones, that are looked at for that
REMEMBERED = 1000  # own snapshots, so that their events are known for what they are


HELD_FOR = {
    "secret": "it holds what looks like a secret",
    "emptied": "nothing is left of it",
    "unreadable": "it is no notebook any more",
}


class Exchange:
    """One directory and one session. Not to be used from two threads at once."""

    def __init__(self, client: Client, state: State, rules: Rules, tell: Tell) -> None:
        self.client, self.state, self.rules, self.tell = client, state, rules, tell
        self.root, self.editors = Path(state.directory), Editors(client, state)
        self.seen: dict[str, Stat | None] = dict.fromkeys(state.held)
        self.unsettled: set[str] = set()  # being written, so that they could not be read
        self.is_fetch_wanted = False
        self._refused_deletions: frozenset[str] = frozenset()
        self._listed: dict[str, dict[str, str]] = {}  # of the commit that was asked about last
        self._snapshots: deque[str] = deque(maxlen=REMEMBERED)

    # --- up ---

    def save(self, path: str) -> bool:
        """Sends a file as it is on disk, if it is news to the server; says whether it was.

        The server takes the version that it was last seen to hold for the likeliest, no more: whoever has just had a
        file written under their editor may save what they had before.
        """
        self.unsettled.discard(path)
        try:
            taken = take(self.root, path, limit=self.rules.cap(path))
        except FileNotFoundError:
            return False
        except Unstable:
            self.unsettled.add(path)
            return False
        except Skipped as why:
            self.tell(Progress(News.SKIPPED, path, why.reason))
            return False
        held = self._held(path)
        is_news = content_id(path, taken.data) not in {held.oid, held.refused}
        if is_news and self.editors.took_in(path, taken.data):
            self.state.held[path] = Held(oid=content_id(path, taken.data))
        elif is_news:
            self._put(path, taken.data, held)
        self.seen[path] = taken.stat
        return is_news

    def delete(self, path: str) -> bool:
        """Deletes at the server what was deleted here."""
        self.seen.pop(path, None)
        held = self.state.held.get(path)
        if held is None or (self.root / path).is_file():
            return False
        if held.version and all(path != entry["path"] for entry in self.client.files(*self._branch())):
            del self.state.held[path]  # renamed by whoever has said so already; a deletion would follow it
            return False
        receipt = self._send(path, None, held.version)
        self.state.held.pop(path, None)
        self._told(News.DELETED, path, receipt)
        return True

    def rename(self, old: str, path: str) -> bool:
        """Renames at the server what was renamed here; what cannot be is a new file and a deletion."""
        held = self.state.held.get(old)
        if held is None or not held.oid:
            return self.save(path) | self.delete(old)
        try:
            where = self.state.collab, self.state.session, old, path
            self.client.rename(*where, base=held.version or None)
        except NotFound:  # it is gone there, too: who has renamed it, in an editor say, has said so already
            del self.state.held[old]
            self.seen.pop(old, None)
            return self.save(path)
        self.state.held[path] = self.state.held.pop(old)
        self.seen[path] = self.seen.pop(old, None)
        self.tell(Progress(News.RENAMED, path, f"from {old}"))
        return True

    def _put(self, path: str, data: bytes, held: Held) -> None:
        oid = content_id(path, data)
        try:
            receipt = self._send(path, data, held.version)
        except (BadInput, TooLarge, Unusable) as why:
            held.refused = oid
            self.state.held[path] = held
            self.tell(
                Progress(News.REFUSED, path, f"{why.message} ({why.hint})" if why.hint else why.message)
            )
            return
        if receipt.get("held"):  # the server keeps it, the collab has it not: both agree on what was before
            held.refused = oid
            self.state.held[path] = held
            self._told_held(path, receipt)
            return
        self.state.held[path] = _agreed(oid, receipt)
        self._told(News.SAVED, path, receipt)

    def send_kept(self, kept: Kept, version: str) -> str:
        """Sends a save that was kept while the server was away; returns the version that the file's next comes from."""
        path, held = kept.path, self._held(kept.path)
        oid = "" if kept.data is None else content_id(path, kept.data)
        try:
            receipt = self._send(path, kept.data, version or kept.base, kept.at)
        except (BadInput, TooLarge, Unusable) as why:
            self.state.held[path] = msgspec.structs.replace(held, refused=oid)
            self.tell(Progress(News.REFUSED, path, why.message))
            return ""
        if receipt.get("held"):
            self.state.held[path] = msgspec.structs.replace(held, refused=oid)
            self._told_held(path, receipt)
            return ""
        if kept.data is None:
            self.state.held.pop(path, None)
        else:
            self.state.held[path] = _agreed(oid, receipt)
        self._told(News.DELETED if kept.data is None else News.SAVED, path, receipt)
        return str(receipt["version"])

    def keep(self, path: str, keeping: Keeping) -> bool:
        """Keeps a file as it is on disk, or that it is gone, for when the server is back; says whether it was news."""
        found, is_known = self._present(path)
        held = self.state.held.get(path)
        if not is_known or (found is None and held is None):
            return False
        if found:
            self.seen[path] = found.stat
        data, last = found.data if found else None, keeping.last(path)
        is_agreed = held is not None and data is not None and content_id(path, data) == held.oid
        if last.data == data if last else is_agreed:
            return False
        keeping.keep(path, data, held.version if held else "")
        self.tell(Progress(News.KEPT, path, "until the server is back"))
        return True

    def _send(self, path: str, data: bytes | None, version: str, at: str = "") -> Json:
        where = self.state.collab, self.state.session, path
        receipt: Json = self.client.save(*where, data, base=version or None, tool=TOOL, at=at)
        self._snapshots.append(receipt["snapshot"])
        self.is_fetch_wanted |= receipt["snapshot"] != receipt["version"]
        return receipt

    def _told(self, news: News, path: str, receipt: Json) -> None:
        forked = receipt.get("forked")
        self.tell(Progress(news, path, f"goes on as {forked}" if forked else ""))
        if question := receipt.get("question"):
            self.tell(Progress(News.ASKED, path, str(question)))
        if items := receipt.get("contested"):
            self.tell(
                Progress(News.CONTESTED, path, ", ".join(map(str, items if isinstance(items, list) else [])))
            )

    def _told_held(self, path: str, receipt: Json) -> None:
        """Says that a save waits for its author; their file stays here as it is."""
        why = HELD_FOR.get(str(receipt.get("question", "")), "")
        self.tell(
            Progress(News.HELD, path, f"{why}; nobody else has it: `gitcollab held` says more".lstrip("; "))
        )

    # --- down ---

    def fetch(self) -> frozenset[str]:
        """Writes what the session holds otherwise than the directory; returns the paths that have to wait.

        A file is written only over the exact bytes that were last exchanged, and never while an editor has it open
        that takes deliveries in by itself. What waits is somebody's work: it has to be saved first, or its editor to be
        done.
        """
        self.is_fetch_wanted = False
        self.editors.ask_again()
        entries = {entry["path"]: entry["oid"] for entry in self.client.files(*self._branch())}
        wanted = {path: oid for path, oid in entries.items() if self.rules.admits(path)}
        gone = [path for path, held in self.state.held.items() if path not in wanted and held.oid]
        waiting = [
            path for path, oid in wanted.items() if self._held(path).oid != oid and not self._bring(path, oid)
        ]
        waiting += [path for path in gone if not self._withdraw(path)]
        return frozenset(waiting)

    def _bring(self, path: str, oid: str) -> bool:
        held = self.state.held.get(path)
        found, is_known = self._present(path)
        if not is_known or (found is None and held is not None and held.oid):
            return False  # unreadable now; or deleted here, which is to be said first
        here = content_id(path, found.data) if found else None
        if here == oid:
            self.state.held[path] = Held(oid=oid, version=self._version_with(path, oid))
            return True
        if here != (held.oid if held and held.oid else None):
            return held is not None and here == held.refused  # nothing to wait for until it is edited
        if self.editors.has_open(path):
            return False
        try:
            answer = self.client.session_file(self.state.collab, self.state.session, path)
        except NotFound:
            return False  # it has moved on since the listing
        return self._write(path, answer.body, answer.etag, found)

    def _version_with(self, path: str, oid: str) -> str:
        """A commit of the session in which a file is what it is here; empty if the session has gone on just now."""
        head = str(self.client.session(self.state.collab, self.state.session)["head"])
        if head not in self._listed:
            entries = self.client.files(self.state.collab, head)
            self._listed = {head: {entry["path"]: entry["oid"] for entry in entries}}
        return head if self._listed[head].get(path) == oid else ""

    def _write(self, path: str, data: bytes, version: str, found: Taken | None) -> bool:
        if not self._replace(path, data, found):
            return False
        self.state.held[path] = Held(oid=content_id(path, data), version=version)
        self.seen.setdefault(path, None)
        self.tell(Progress(News.DELIVERED, path))
        return True

    def _withdraw(self, path: str) -> bool:
        found, is_known = self._present(path)
        if not is_known or (found and content_id(path, found.data) != self._held(path).oid):
            return False
        if found and (self.editors.has_open(path) or not self._replace(path, None, found)):
            return False
        self.state.held.pop(path, None)
        self.seen.pop(path, None)
        if found:
            self.tell(Progress(News.WITHDRAWN, path))
        return True

    def _replace(self, path: str, data: bytes | None, found: Taken | None) -> bool:
        try:
            return replace(self.root, path, data, found.data if found else None)
        except OSError as why:
            self.tell(Progress(News.REFUSED, path, f"cannot be written here: {why.strerror}"))
            return False

    def _present(self, path: str) -> tuple[Taken | None, bool]:
        """The file as it is, None if there is none; and whether that could be seen."""
        try:
            return take(self.root, path, limit=self.rules.cap(path)), True
        except FileNotFoundError:
            return None, not os.path.lexists(self.root / path)
        except (Unstable, Skipped):
            return None, False

    def is_news(self, event: Json) -> bool:
        """Whether an event tells that the session has gone on by other hands than this directory's."""
        if event.get("session") != self.state.session:
            return False
        is_others = event["kind"] == "saved" and event["commit"] not in self._snapshots
        return event["kind"] == "delivered" or is_others

    def learn(self, event: Json) -> None:
        """Takes in what was decided about a held save of this directory, from which its file may go on now."""
        is_mine = event["kind"] == "held" and event.get("session") == self.state.session
        held = self.state.held.get(event["path"]) if is_mine else None
        if held is not None and held.refused and event.get("take") in {"release", "restore"}:
            held.oid, held.refused, held.version = held.refused, "", ""
            self.is_fetch_wanted = True

    def _branch(self) -> tuple[str, str]:
        return self.state.collab, f"sessions/{self.state.session}"

    def _held(self, path: str) -> Held:
        return self.state.held.get(path) or Held(oid="")

    # --- both ---

    def catch_up(self) -> bool:
        """Compares everything, in both directions, once; says whether anything moved."""
        before = msgspec.json.encode(self.state.held)
        self.fetch()
        there = scan(self.root, self.rules)
        gone = {
            path
            for path, held in self.state.held.items()
            if held.oid and not os.path.lexists(self.root / path)
        }
        new = [path for path in there if path not in self.state.held]
        for old, path in self._renamed(gone, new):
            self._follow(old, path)
            gone.discard(old)
        for path in there:
            self.save(path)
        for path in self.confirmed(sorted(gone)):
            self.delete(path)
        self.fetch()
        return msgspec.json.encode(self.state.held) != before

    def confirmed(self, gone: Iterable[str]) -> tuple[str, ...]:
        """The deletions that count: all, if they are few; else those that a person says are meant."""
        paths = tuple(gone)
        if len(self.state.held) < MASS or len(paths) * 100 <= len(self.state.held) * MASS_PERCENT:
            return paths
        if frozenset(paths) == self._refused_deletions:
            return ()
        is_meant = self.tell(Progress(News.MASS_DELETION, "", f"{len(paths)} files are gone", paths)) is True
        self._refused_deletions = frozenset() if is_meant else frozenset(paths)
        return paths if is_meant else ()

    def _renamed(self, gone: Iterable[str], new: Iterable[str]) -> list[tuple[str, str]]:
        """Pairs a file that is gone with a new one: of the same content, else of the nearest kin."""
        lost: dict[str, str] = {self.state.held[path].oid: path for path in gone}
        pairs: list[tuple[str, str]] = []
        left: dict[str, bytes] = {}
        for path in new if lost else ():
            found, _ = self._present(path)
            old = lost.pop(content_id(path, found.data), None) if found else None
            if old is not None:
                pairs.append((old, path))
            elif found and len(left) < PAIRED:
                left[path] = found.data
        return pairs + self._kin(sorted(lost.values())[:PAIRED], left)

    def _follow(self, old: str, path: str) -> None:
        """Renames what was renamed; an edit goes first, under the name by which its copy is known."""
        found, _ = self._present(path)
        held = self.state.held[old]
        if found and content_id(path, found.data) not in {held.oid, held.refused}:
            self._put(old, found.data, held)
        self.rename(old, path)

    def _kin(self, lost: Sequence[str], new: Mapping[str, bytes]) -> list[tuple[str, str]]:
        """Pairs what was renamed and then edited, as far as the server still has what it was."""
        scores: list[tuple[float, str, str]] = []
        for old in lost if new else ():
            try:
                before = self.client.session_file(self.state.collab, self.state.session, old).body
            except NotFound:
                continue
            alike = (path for path in new if PurePath(path).suffix == PurePath(old).suffix)
            scores += ((notebooks.kinship(before, new[path]), old, path) for path in alike)
        pairs: dict[str, str] = {}
        for score, old, path in sorted(scores, key=lambda each: (-each[0], *each[1:])):
            if score >= KIN and old not in pairs and path not in pairs.values():
                pairs[old] = path
        return list(pairs.items())


def _agreed(oid: str, receipt: Json) -> Held:
    """A file as the server has taken it."""
    return Held(oid=oid, version=str(receipt["version"]), refused=oid if receipt.get("question") else "")


def content_id(path: str, data: bytes) -> str:
    """Returns the blob id of a file's content, as the collab has it: without a notebook's version stamp."""
    content = notebooks.strip(data)[0] if path.endswith(".ipynb") else data
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()
