"""The invariants: what must hold of a root after any fault, once it was started again and stopped.

I1 to I6 and I8 of the fault model. Read with the git program and the store, not with the code that is being tested.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from gitcollab import events, store
from gitcollab.store import collabs, journal

LEFT = ("*.lock", "tmp_obj*", "incoming-*", "packed-refs.new", ".new-*", "tmp_*", ".tmp-*")
"""Names that a finished piece of work does not leave in a repository."""


class Save(msgspec.Struct, frozen=True, tag=True):
    """A save that was acknowledged: its bytes (None: deleted) are in ``version`` on the session's branch."""

    collab: str
    session: str
    path: str
    data: bytes | None
    version: str


class Withheld(msgspec.Struct, frozen=True, tag=True):
    """A save that was acknowledged as held back: its bytes are kept under that id until its author decides."""

    collab: str
    held: str
    data: bytes


class Publish(msgspec.Struct, frozen=True, tag=True):
    """A version that was acknowledged."""

    collab: str
    tag: str


class Promised(msgspec.Struct):
    """What was acknowledged, and what people have on their disks and nobody may change."""

    saves: list[Save] = []
    versions: list[Publish] = []
    works: dict[Path, bytes] = {}
    withheld: list[Withheld] = []


def check(root: Path, promised: Promised) -> list[str]:
    """Returns what is wrong with a root that nobody serves just now; nothing, if all is as promised."""
    opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
    try:
        with store.reading(opened).connect() as conn:
            living = [one.id for one in collabs.every(conn)]
            told = {id: journal.since(conn, id, 0, 10**6) for id in living}
            heads = {id: journal.heads(conn, id) for id in living}
    finally:
        opened.dispose()
    found = [*_houses(root, living), *_works(promised), *_withheld(root, promised)]
    for id in living:
        if (root / "collabs" / f"{id}.git").is_dir():
            one = _Collab(root / "collabs" / f"{id}.git", id, promised)
            found += [f"{id}: {fault}" for fault in one.faults(told[id], heads[id])]
    return found


def _houses(root: Path, living: Iterable[str]) -> Iterator[str]:
    """The database and the directories name the same collabs, and nothing unfinished lies between them."""
    there = {path.name.removesuffix(".git") for path in (root / "collabs").iterdir()}
    if there != set(living):
        yield f"collabs in the database {sorted(living)}, on disk {sorted(there)}"


def _withheld(root: Path, promised: Promised) -> Iterator[str]:
    for one in promised.withheld:
        file = root / "private" / "held" / one.collab / f"{one.held}.held"
        if not file.is_file() or msgspec.msgpack.decode(file.read_bytes())["data"] != one.data:
            yield f"I2 acknowledged held save {one.held} is not there"


def _works(promised: Promised) -> Iterator[str]:
    for path, data in promised.works.items():
        if not path.is_file() or path.read_bytes() != data:
            yield f"I8 {path} is not as its person left it"


class _Collab:
    """One repository, as the git program sees it."""

    def __init__(self, path: Path, id: str, promised: Promised) -> None:
        self.path, self.id, self.promised = path, id, promised

    def git(self, *words: str) -> str:
        ran = subprocess.run(["git", *words], cwd=self.path, capture_output=True, text=True, check=True)
        return ran.stdout

    def faults(self, told: tuple[events.AnyEvent, ...], heads: dict[str, str]) -> Iterator[str]:
        """Everything that is wrong with it."""
        self.refs = dict(
            line.split(" ")[::-1]
            for line in self.git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        )
        self.lines = {
            ref: self._line(ref)
            for ref in self.refs
            if ref in ("refs/heads/main", "refs/heads/blessed") or ref.startswith("refs/heads/sessions/")
        }
        yield from self._sound()
        yield from self._saves()
        yield from self._versions()
        yield from self._left()
        yield from self._journal(told)
        yield from self._heads(heads)

    def _line(self, ref: str) -> list[dict[str, str]]:
        keys = ("Act", "Session", "Volatile", "Version", "Path")
        trailers = "%x00".join(f"%(trailers:key=Gitcollab-{key},valueonly,separator=%x20)" for key in keys)
        text = self.git("log", "--first-parent", f"--format=%H%x00%P%x00{trailers}%x01", ref)
        rows = [line.strip("\n").split("\0") for line in text.split("\x01") if line.strip("\n")]
        return [dict(zip(("commit", "parents", *keys), row, strict=True)) for row in rows]

    def _sound(self) -> Iterator[str]:
        words = ["git", "fsck", "--full", "--strict", "--no-dangling", "--no-progress"]
        ran = subprocess.run(words, cwd=self.path, capture_output=True, text=True, check=False)
        if ran.returncode or ran.stdout or ran.stderr:
            yield f"I1 fsck: {ran.stdout}{ran.stderr}"

    def _saves(self) -> Iterator[str]:
        mine = [save for save in self.promised.saves if save.collab == self.id]
        held = {session: self._held(session) for session in {save.session for save in mine}}
        for save, data in zip(mine, self._blobs(mine), strict=True):
            if save.version not in held[save.session]:
                yield f"I2 acknowledged {save.version} of {save.session} is not in its branch"
            elif data != save.data:
                yield f"I2 {save.path} in {save.version} is not what was acknowledged"

    def _held(self, session: str) -> set[str]:
        """The commits that a session and its forks hold."""
        pattern = re.compile(re.escape(f"refs/heads/sessions/{session}") + r"(-\d+)?")
        refs = [ref for ref in self.refs if pattern.fullmatch(ref)]
        return set(self.git("rev-list", *refs).split()) if refs else set()

    def _blobs(self, saves: list[Save]) -> Iterator[bytes | None]:
        """What the files of acknowledged saves hold; None: there is none."""
        asked = "".join(f"{save.version}:{save.path}\n" for save in saves).encode()
        words = ["git", "cat-file", "--batch"]
        told = subprocess.run(words, cwd=self.path, input=asked, capture_output=True, check=True).stdout
        for _ in saves:
            head, _, told = told.partition(b"\n")
            if head.endswith(b" missing"):
                yield None
                continue
            size = int(head.rsplit(b" ", 1)[1])
            yield told[:size]
            told = told[size + 1 :]

    def _versions(self) -> Iterator[str]:
        tags = {ref.removeprefix("refs/tags/"): ref for ref in self.refs if ref.startswith("refs/tags/")}
        blessed = self.lines.get("refs/heads/blessed", [])
        names = {row["commit"]: row for row in blessed}
        commits = {tag: self.git("rev-parse", f"{ref}^{{commit}}").strip() for tag, ref in tags.items()}
        published = {row["commit"] for row in blessed if row["Act"] == "publish"}
        for tag, commit in commits.items():
            if commit not in names:
                yield f"I3 {tag} is not on blessed"
        if published != set(commits.values()) or len(set(commits.values())) != len(commits):
            yield f"I3 blessed holds {sorted(published)}, tags {sorted(commits.values())}"
        if blessed and blessed[0]["commit"] not in commits.values():
            yield "I3 blessed is not the newest version"
        yield from self._numbers(tags)
        for one in self.promised.versions:
            if one.collab == self.id and one.tag not in tags:
                yield f"I3 acknowledged version {one.tag} is not there"

    def _numbers(self, tags: Iterable[str]) -> Iterator[str]:
        stems: dict[str, list[tuple[int, ...]]] = {}
        for tag in tags:
            stem, _, number = tag.rpartition("/v")
            stems.setdefault(stem, []).append(tuple(map(int, number.split("."))))
        for stem, numbers in stems.items():
            numbers.sort()
            if numbers[0] != (1, 0, 0):
                yield f"I3 {stem} begins with {numbers[0]}"
            for (a, b, c), after in itertools.pairwise(numbers):
                if after not in {(a + 1, 0, 0), (a, b + 1, 0), (a, b, c + 1)}:
                    yield f"I3 {stem}: {after} follows {(a, b, c)}"

    def _left(self) -> Iterator[str]:
        for pattern in LEFT:
            yield from (f"I4 left over: {path.relative_to(self.path)}" for path in self.path.rglob(pattern))

    def _journal(self, told: tuple[events.AnyEvent, ...]) -> Iterator[str]:
        numbers = [event.n for event in told]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"I5 numbers {numbers}"
        sessions = [
            row for ref, rows in self.lines.items() if ref.startswith("refs/heads/sessions/") for row in rows
        ]
        main = self.lines["refs/heads/main"]
        tags = [ref.removeprefix("refs/tags/") for ref in self.refs if ref.startswith("refs/tags/")]
        snapshots = {row["commit"] for row in sessions if _is(row, "snapshot")}
        pushed = self._pushed() & {row["commit"] for row in sessions}
        yield from _once("Saved", told, snapshots | pushed)
        yield from _once("Delivered", told, {row["commit"] for row in sessions if _is(row, "delivery")})
        yield from _once("Landed", told, {row["commit"] for row in main if _is(row, "landing")})
        yield from _once("Settled", told, {row["commit"] for row in main if _is(row, "settlement")})
        yield from _once("Published", told, set(tags), "tag")
        saved = {event.commit: event.n for event in told if isinstance(event, events.Saved)}
        for event in told:
            if isinstance(event, events.Landed) and saved.get(event.snapshot, 0) > event.n:
                yield f"I5 {event.snapshot} landed before it was saved"

    def _pushed(self) -> set[str]:
        """What was ever pushed, as it was recorded."""
        refs = [ref for ref in self.refs if ref.startswith("refs/gitcollab/pushed/")]
        told = "--format=%(trailers:key=Gitcollab-Act,valueonly,separator=%x20) %P"
        said = self.git("log", "--first-parent", told, *refs).splitlines() if refs else []
        return {line.split()[-1] for line in said if line.startswith("push ")}

    def _heads(self, heads: dict[str, str]) -> Iterator[str]:
        ours = {ref: oid for ref, oid in self.refs.items() if ref.startswith(("refs/heads/", "refs/tags/"))}
        if ours != heads:
            differing = {ref for ref in (*ours, *heads) if ours.get(ref) != heads.get(ref)}
            yield f"I6 the journal has told of other positions: {sorted(differing)}"


def _is(row: dict[str, str], act: str) -> bool:
    return row["Act"] == act and not row["Volatile"]


def _once(
    kind: str, told: tuple[events.AnyEvent, ...], wanted: set[str], name: str = "commit"
) -> Iterator[str]:
    counted = Counter(getattr(event, name) for event in told if type(event).__name__ == kind)
    twice = [one for one, count in counted.items() if count > 1]
    if set(counted) != wanted or twice:
        lost, invented = sorted(wanted - set(counted)), sorted(set(counted) - wanted)
        yield f"I5 {kind}: lost {lost}, doubled {twice}, of nothing {invented}"
