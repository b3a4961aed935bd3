"""Acting: a small root with a past, and every act that changes one, as the writer does it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from invariants import Publish, Save, Withheld
from tracing import TOLD

from gitcollab import acts, store
from gitcollab.collab import Collab, Given, Place
from gitcollab.flow.charter import Charter
from gitcollab.flow.items import read_items
from gitcollab.flow.points import MAIN
from gitcollab.model import Actor, Receipt, Role, SessionName, Take
from gitcollab.repository import Repository
from gitcollab.repository.archiving import contents
from gitcollab.store import clock, collabs, people, sessions
from gitcollab.workspace import Rules
from gitcollab.writer.accounts import answer
from gitcollab.writer.house import House
from gitcollab.writer.upkeep import heal_all

BOOK, TEXT, TABLE = "analysis.ipynb", "notes.txt", "data/table.csv"
TOKEN = b"ghp" + b"_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"
PURGED = b"what nobody should have read"
OWN = b"Ana has not shown this to anybody yet\n"
"""What lies in Ana's workspace in a file that the rules leave alone."""


def notebook(*sources: str) -> bytes:
    """A notebook in Jupyter's own form whose cells have these sources."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{n}",
            "metadata": {},
            "outputs": [],
            "source": [text],
        }
        for n, text in enumerate(sources)
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


AT_ONCE, ON_REQUEST = Charter(), Charter(landing="request", delivery="request")


class World:
    """A root in one of this driver's children: opened as the writer opens it. Ana owns a collab, Ben edits in it."""

    def __init__(self, top: Path, charter: Charter = AT_ONCE) -> None:
        self.root = top / "root"
        self.place = Place(self.root)
        self.ana_at, self.ben_at = top / "ana", self.root / "workspaces"
        self.engine = store.engine(store.file_url(self.root / "private" / "gitcollab.sqlite"))
        given = Given(
            place=self.place, engine=self.engine, clock=clock.now, tell=lambda event: None, charter=charter
        )
        self.house = House(given)

    def begin(self) -> None:
        """Starts as the writer does: heals, recovers, and takes up the workspaces."""
        heal_all(self.place, 0.0)
        failed = self.house.recover()
        assert failed == {}, failed
        for collab, session, directory in self.workspaces():
            collab.desks.set_up(session, directory, Rules())
            collab.mirror(session)

    def sweep(self) -> None:
        """Does what the watches do first: takes in what is new in the workspaces."""
        for collab, session, _ in self.workspaces():
            collab.sweep_one(session)
            collab.mirror(session)

    def workspaces(self) -> Iterator[tuple[Collab, SessionName, Path]]:
        with store.reading(self.engine).connect() as conn:
            watched = sessions.watched(conn)
        for one in watched:
            yield self.house.collab(one.collab), one.session, Path(one.workspace or "")

    @property
    def id(self) -> str:
        with store.reading(self.engine).connect() as conn:
            return next(one.id for one in collabs.every(conn) if one.title == "work")

    @property
    def collab(self) -> Collab:
        return self.house.collab(self.id)

    @property
    def repo(self) -> Repository:
        return Repository(self.place.repository(self.id))

    def asks(self, who: str, kind: type[acts.Act], /, **given: object) -> object:
        """Somebody asks for an act; the collab is this one unless another is named."""
        if issubclass(kind, acts.CollabAct):
            given.setdefault("collab", self.id)
        act = kind(actor=Actor(user=who), **given)
        name = {acts.OpenSession: "open_session", acts.CloseSession: "close_session"}.get(
            kind, kind.__name__.lower()
        )
        collab = self.collab if name in COLLABS_OWN else None
        return getattr(collab, name)(act) if collab else answer(act, self.house)

    def saves(
        self, user: str, path: str, data: bytes | None, base: str | None = None, name: str = "default"
    ) -> Receipt:
        """Somebody saves a file, and what is acknowledged is told."""
        session = SessionName(user=user, name=name)
        receipt = self.asks(user, acts.Save, session=session, path=path, data=data, base=base)
        assert isinstance(receipt, Receipt)
        told(Save(self.id, str(session), path, data, receipt.version))
        return receipt

    def head(self, user: str, name: str = "default") -> str:
        return self.repo.head(SessionName(user=user, name=name).ref) or ""

    def unpurged(self) -> list[str]:
        """What was purged and is in an object or an event all the same."""
        path = self.place.repository(self.id)
        words = ["git", "cat-file", "--batch", "--batch-all-objects"]
        objects = subprocess.run(words, cwd=path, capture_output=True, check=True).stdout
        with store.reading(self.engine).connect() as conn:
            told = b"".join(body for _, body in store.journal.bodies(conn, self.id, 0, 10**6))
        return ["what was purged is there"] if PURGED in objects + told else []

    def unarchived(self) -> list[str]:
        """What Ben's closed session ever held and is neither in the repository nor in an archive."""
        path, archives = self.place.repository(self.id), self.collab.archives.shelf
        dense = (self.root / "dense").read_text().split()
        if not archives.all():
            return ["nothing was thinned"]
        held = frozenset().union(*(contents(path, archives.bundle(one)) for one in archives.all()))
        return [
            f"{oid} of a closed session is lost"
            for oid in dense
            if oid not in held and not self.repo.has(oid)
        ]

    def unlanded(self) -> list[str]:
        """What has neither landed nor is kept back as merely opened, though the collab lands every save."""
        path, found = self.place.repository(self.id), []
        told = "--format=%(trailers:key=Gitcollab-Act,valueonly)%(trailers:key=Gitcollab-Volatile,valueonly)"
        for ref in self.repo.heads("refs/heads/sessions/"):
            words = ["git", "log", "--first-parent", told, ref, "--not", "refs/heads/main"]
            acts_of = subprocess.run(
                words, cwd=path, capture_output=True, text=True, check=True
            ).stdout.split()
            if "snapshot" in acts_of and "yes" not in acts_of:
                found.append(f"{ref} has not landed")
        return found


COLLABS_OWN = {
    "open_session",
    "close_session",
    "save",
    "rename",
    "land",
    "deliver",
    "sweep",
    "settle",
    "publish",
    "push",
}


def build(top: Path) -> None:
    """Makes a root with a past: versions of three files by two people, a published one, and a contested cell."""
    for directory in ("root/collabs", "root/private", "root/workspaces", "ana"):
        (top / directory).mkdir(parents=True)
    store.migrate(store.file_url(top / "root" / "private" / "gitcollab.sqlite"))
    world = World(top)
    with world.engine.begin() as conn:
        for name in ("ana", "ben", "cleo"):
            people.add_person(conn, name)
    world.asks("ana", acts.CreateCollab, title="work")
    world.asks("ana", acts.OpenSession, workspace=str(world.ana_at))
    session = SessionName(user="ana", name="default")
    world.collab.desks.set_up(session, world.ana_at, Rules())
    world.asks("ana", acts.SetMember, user="ben", role=Role.EDITOR)
    for path, data in {BOOK: notebook(*"abcd"), TEXT: b"one\ntwo\nthree\n", TABLE: b"x,y\n1,2\n"}.items():
        (world.ana_at / path).parent.mkdir(exist_ok=True)
        (world.ana_at / path).write_bytes(data)
    (world.ana_at / ".~own").write_bytes(OWN)
    aged(world.ana_at)
    world.collab.sweep_one(session)
    world.asks("ana", acts.Publish, notebook=BOOK)
    base = {user: world.head(user) for user in ("ana", "ben")}
    world.saves("ana", BOOK, notebook("a", "b", "c", "Ana's"), base["ana"])
    world.saves("ben", BOOK, notebook("a", "b", "c", "Ben's"), base["ben"])
    assert len(read_items(world.repo, world.repo.head(MAIN) or "")) == 1
    merely_opens(world)
    cloned(top)
    world.engine.dispose()


CLONE = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ALLOW_PROTOCOL": "file"}
LAPTOP = SessionName(user="ana", name="laptop")
PUSHED = b"from Ana's laptop\n"


def cloned(top: Path) -> None:
    """Ana has a clone, and has committed there."""
    (source,) = (top / "root" / "collabs").glob("*.git")
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.invalid")
    git("clone", "-q", "--no-local", "--branch", "main", str(source), str(top / "clone"))
    (top / "clone" / "pushed.txt").write_bytes(PUSHED)
    git("-C", str(top / "clone"), "add", "pushed.txt")
    git("-C", str(top / "clone"), *who, "commit", "-q", "-m", "On the way")


def git(*words: str) -> str:
    ran = subprocess.run(
        ["git", *words], env={**os.environ, **CLONE}, capture_output=True, text=True, check=True
    )
    return ran.stdout.strip()


OLD = SessionName(user="ben", name="old")
EVER = "2999-01-01T00:00:00Z"


def merely_opens(world: World) -> None:
    """Ben runs a notebook again and again in a session that he closes: nothing of that lands."""
    world.asks("ben", acts.OpenSession, name="old")
    for count in range(14):
        run = notebook(*"abcd").replace(b'"execution_count": null', b'"execution_count": %d' % count)
        session = SessionName(user="ben", name="old")
        world.asks("ben", acts.Save, session=session, path="opened.ipynb", data=run)
    world.asks("ben", acts.CloseSession, session=OLD)
    dense = [commit.oid for commit in world.repo.line(world.repo.head(OLD.ref) or "")]
    (world.root / "dense").write_text("\n".join(dense))


def told(what: msgspec.Struct) -> None:
    """Tells the driver at once, if there is one: this child may not live to say it later."""
    try:
        os.write(TOLD, msgspec.json.encode(what) + b"\n")
    except OSError:
        return


def aged(directory: Path) -> None:
    """Makes files look as if nobody had written them just now."""
    for path in directory.rglob("*"):
        if path.is_file():
            os.utime(path, (1_700_000_000, 1_700_000_000))


@contextmanager
def copied(seed: Path, top: Path) -> Iterator[Path]:
    """Puts the root that was built at ``top``, and is kept at ``seed``, back there as it was."""
    shutil.rmtree(top, ignore_errors=True)
    shutil.copytree(seed, top, symlinks=True)
    yield top
    shutil.rmtree(top)


# --- the acts --------------------------------------------------------------------------------------------------------


def saves(world: World) -> None:
    world.saves("ana", BOOK, notebook("A", "b", "c", "Ana's"), world.head("ana"))


def saves_new(world: World) -> None:
    world.saves("ben", "deep/er/new.txt", b"new\n" * 5000, world.head("ben"))


def saves_stale(world: World) -> None:
    old = world.head("ben")
    world.saves("ben", TEXT, b"one\nBEN\nthree\n", old)
    world.saves("ben", TEXT, b"one\nben again, from an old copy\nthree\n", old)


def contests(world: World) -> None:
    old = world.head("ben")
    world.saves("ana", TEXT, b"one\nANA\nthree\n", world.head("ana"))
    world.saves("ben", TEXT, b"one\nBEN\nthree\n", old)


def drafts(world: World) -> None:
    session = SessionName(user="ana", name="default")
    world.asks("ana", acts.Save, session=session, path=TEXT, data=b"not yet\n", is_draft=True)


def renames(world: World) -> None:
    session = SessionName(user="ana", name="default")
    world.asks("ana", acts.Rename, session=session, path=TEXT, to="docs/notes.txt")


def deletes(world: World) -> None:
    world.saves("ben", TABLE, None, world.head("ben"))


def takes_in(world: World) -> None:
    (world.ana_at / TEXT).write_bytes(b"one\ntwo\nthree\nfour\n")
    (world.ana_at / TABLE).unlink(missing_ok=True)
    aged(world.ana_at)
    world.asks("ana", acts.Sweep)


def opens(world: World) -> None:
    directory = world.ana_at.parent / "second"
    directory.mkdir(exist_ok=True)
    opened = world.asks("ana", acts.OpenSession, workspace=str(directory))
    session = SessionName.parse(opened.session)  # type: ignore[attr-defined]
    world.collab.desks.set_up(session, directory, Rules())
    world.collab.mirror(session)


def closes(world: World) -> None:
    (world.ana_at / TEXT).write_bytes(b"the last word\n")
    aged(world.ana_at)
    world.asks("ana", acts.CloseSession, session=SessionName(user="ana", name="default"))


def settles(world: World) -> None:
    for item in read_items(world.repo, world.repo.head(MAIN) or ""):
        world.asks("ben", acts.Settle, item=item.id, take=Take.SESSION)


def publishes(world: World) -> None:
    (world.ana_at / TEXT).write_bytes(b"for the second version\n")
    aged(world.ana_at)
    for item in read_items(world.repo, world.repo.head(MAIN) or ""):
        world.asks("ana", acts.Settle, item=item.id, take=Take.SHARED)
    version = world.asks("ana", acts.Publish, notebook=BOOK)
    told(Publish(world.id, version.tag))  # type: ignore[attr-defined]


def lands(world: World) -> None:
    """In a collab that lands and delivers on request."""
    session = SessionName(user="ana", name="default")
    world.saves("ana", BOOK, notebook("on", "request", "c", "Ana's"), world.head("ana"))
    world.asks("ana", acts.Land, session=session)
    world.asks("ben", acts.Deliver, session=SessionName(user="ben", name="default"))


def holds(world: World) -> None:
    """A save that waits for its author: once it is acknowledged it is kept."""
    data = b"key = " + TOKEN
    session = SessionName(user="ana", name="default")
    receipt = world.asks("ana", acts.Save, session=session, path=TEXT, data=data)
    told(Withheld(world.id, receipt.held, data))  # type: ignore[attr-defined]


def releases(world: World) -> None:
    data = b"key = " + TOKEN
    session = SessionName(user="ben", name="default")
    receipt = world.asks("ben", acts.Save, session=session, path=TEXT, data=data)
    if receipt.held:  # type: ignore[attr-defined]
        act = acts.DecideHeld(
            actor=Actor(user="ben"),
            collab=world.id,
            held=receipt.held,  # type: ignore[attr-defined]
            take="release",
        )
        receipt = world.collab.decide_held(act)
        told(Save(world.id, str(session), TEXT, data, receipt.version))


def purges(world: World) -> None:
    session = SessionName(user="ben", name="default")
    world.asks("ben", acts.Save, session=session, path=TEXT, data=b"one\n" + PURGED + b"\nthree\n")
    world.collab.purge(acts.Purge(actor=Actor(user="ana"), collab=world.id, text=PURGED.decode()))


def pushes(world: World) -> None:
    """What git has pushed is here; the writer takes it in."""
    clone, path = str(world.ana_at.parent / "clone"), str(world.place.repository(world.id))
    git("-C", path, "fetch", "-q", "--no-write-fetch-head", clone, "main")
    new, old = git("-C", clone, "rev-parse", "main"), world.repo.head(LAPTOP.ref)
    if old != new:
        world.asks("ana", acts.Push, ref=LAPTOP.ref, old=old, new=new)
    told(Save(world.id, str(LAPTOP), "pushed.txt", PUSHED, new))


def thins(world: World) -> None:
    """A session that is closed is archived, and what only the archive is needed for is dropped."""
    world.collab.archives.thin(EVER)
    world.collab.archives.drop(EVER)


def takes_up(world: World) -> None:
    """A thinned session is taken up again."""
    thins(world)
    world.asks("ben", acts.OpenSession, name="old")


def creates(world: World) -> None:
    made = world.asks("ben", acts.CreateCollab, title="another")
    world.asks("ben", acts.OpenSession, collab=made.id)  # type: ignore[attr-defined]


def ends(world: World) -> None:
    world.asks("ana", acts.DeleteCollab)


def admits(world: World) -> None:
    world.asks("ana", acts.SetMember, user="cleo", role=Role.EDITOR)


def removes(world: World) -> None:
    world.asks("ana", acts.RemoveMember, user="ben")


ACTS: dict[str, tuple[Callable[[World], None], ...]] = {
    "saves": (saves, saves_new, saves_stale, contests, drafts, renames, deletes),
    "workspaces": (takes_in, opens, closes, lands),
    "decisions": (settles, publishes),
    "houses": (creates, ends, admits, removes),
    "held": (holds, releases, purges),
    "archives": (thins, takes_up),
    "pushes": (pushes,),
}
