"""A web process's application over a real store. Accounts and membership are really kept; a small recorder stands where
the writer's and the workers' sockets end, and the stories in ``tests/stories`` use the real ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import Connection, Engine

from gitcollab import acts, store
from gitcollab.errors import BadInput, GitcollabError
from gitcollab.events import AnyEvent
from gitcollab.model import Role
from gitcollab.store import collabs, journal, links, people, sessions, tokens
from gitcollab.web.app import Application, Surroundings, create_app

BASE = "http://127.0.0.1:8474"


class Recorder:
    """Where a process would be asked: keeps what was asked, answers what a test has prepared."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.asked: list[acts.Act] = []
        self.prepared: dict[type[acts.Act], Any] = {}
        self.streams: set[asyncio.Queue[AnyEvent]] = set()
        self.followed = asyncio.Event()

    async def ping(self) -> None:
        """Answers."""

    async def call(self, act: acts.Act) -> Any:
        self.asked.append(act)
        answer = self.prepared.get(type(act))
        if isinstance(answer, GitcollabError):
            raise answer
        if answer is not None:
            return answer(act) if callable(answer) else answer
        if type(act) in DONE:
            return await asyncio.to_thread(self.done, act)
        raise BadInput(f"nothing prepared for {type(act).__name__}")

    def done(self, act: Any) -> Any:
        with self.engine.begin() as conn:
            return DONE[type(act)](conn, act)

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[AsyncIterator[AnyEvent]]:
        queue: asyncio.Queue[AnyEvent] = asyncio.Queue()
        self.streams.add(queue)
        self.followed.set()

        async def told() -> AsyncIterator[AnyEvent]:
            while True:
                yield await queue.get()

        try:
            yield told()
        finally:
            self.streams.discard(queue)

    async def happens(self, *events: AnyEvent) -> tuple[AnyEvent, ...]:
        """Journals and tells the events, as the writer does."""

        def write() -> tuple[AnyEvent, ...]:
            with self.engine.begin() as conn:
                return journal.append(conn, events[0].collab, events)

        told = await asyncio.to_thread(write)
        for event in told:
            for queue in self.streams:
                queue.put_nowait(event)
        return told


DONE: dict[type[acts.Act], Callable[[Connection, Any], Any]] = {
    acts.AddUser: lambda c, a: people.add_person(
        c, a.name, a.display, password=a.password, is_admin=a.is_admin
    ),
    acts.CreateToken: lambda c, a: tokens.add_token(c, a.actor.user, a.label, a.scopes),
    acts.RevokeToken: lambda c, a: tokens.revoke_token(c, a.actor.user, a.token),
    acts.CreateCollab: lambda c, a: collabs.add_collab(
        c, collabs.new_id(), a.title, "", a.paths, a.actor.user
    ),
    acts.DeleteCollab: lambda c, a: collabs.end_collab(c, a.collab),
    acts.SetMember: lambda c, a: collabs.set_member(c, a.collab, a.user, a.role),
    acts.RemoveMember: lambda c, a: collabs.remove_member(c, a.collab, a.user, by=a.actor.user),
    acts.CreateLink: lambda c, a: links.add_link(
        c, a.collab, a.actor.user, a.role, a.expires_in, a.uses, a.is_guest
    ),
    acts.RevokeLink: lambda c, a: links.revoke_link(c, a.collab, a.link),
    acts.RedeemLink: lambda c, a: collabs.summary(
        c, links.redeem(c, a.code, a.actor.user).collab, a.actor.user
    ),
    acts.OpenSession: lambda c, a: opened(c, a),
    acts.ReadHeld: lambda c, a: (),
    acts.ReadMirror: lambda c, a: acts.Mirror(),
}


def opened(conn: Connection, act: acts.OpenSession) -> acts.Opened:
    row = sessions.open_session(conn, act.collab, act.actor.user, act.name, act.workspace, act.client)
    return acts.Opened(session=str(row.session), branch=row.session.branch, head="0" * 40)


@dataclass(frozen=True)
class Begun:
    """A database in which Ana (who administers), Ben and Cleo have accounts, and a token of each."""

    path: Path
    secrets: dict[str, str]


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    path = tmp_path_factory.mktemp("web") / "begun.sqlite"
    url = store.file_url(path)
    store.migrate(url)
    engine = store.engine(url)
    with engine.begin() as conn:
        people.add_person(conn, "ana", "Ana Lima", password="a sentence to keep", is_admin=True)
        people.add_person(conn, "ben", "Ben Okri")
        people.add_person(conn, "cleo", "Cleo")
        secrets = {name: tokens.add_token(conn, name).secret for name in ("ana", "ben", "cleo")}
    engine.dispose()
    return Begun(path, secrets)


@pytest.fixture
def url(begun: Begun, tmp_path: Path) -> str:
    path = tmp_path / "gitcollab.sqlite"
    path.write_bytes(begun.path.read_bytes())
    return store.file_url(path)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    opened = store.engine(url)
    yield opened
    opened.dispose()


@pytest.fixture
def secrets(begun: Begun, url: str) -> dict[str, str]:
    """Tokens of Ana, Ben and Cleo."""
    return begun.secrets


@pytest.fixture
def collab(engine: Engine, secrets: dict[str, str]) -> str:
    """The id of a collab of Ana's where Ben is an editor."""
    with engine.begin() as conn:
        made = collabs.add_collab(conn, collabs.new_id(), "Rain in Kenya", "analysis", (), "ana")
        collabs.set_member(conn, made.id, "ben", Role.EDITOR)
        return made.id


@pytest.fixture
def recorder(engine: Engine) -> Recorder:
    return Recorder(engine)


@pytest.fixture
def built(url: str, recorder: Recorder, secrets: dict[str, str], tmp_path: Path) -> Application:
    (tmp_path / "run").mkdir()  # as in a root, where a probe is written
    given = Surroundings(
        store=store.async_engine(url),
        writer=recorder,
        workers=recorder,
        key=b"k" * 32,
        base_url=BASE,
        repositories=tmp_path / "collabs",
        max_body=1 << 20,
    )
    return create_app(given)


@pytest.fixture
async def application(built: Application, recorder: Recorder) -> AsyncIterator[Application]:
    async with running(built):
        await asyncio.wait_for(recorder.followed.wait(), 60)
        yield built


@asynccontextmanager
async def running(made: Application) -> AsyncIterator[None]:
    """Runs the application's lifespan."""
    asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    life = asyncio.create_task(
        made.asgi({"type": "lifespan", "asgi": {"version": "3.0"}}, asked.get, said.put)
    )
    await asked.put({"type": "lifespan.startup"})
    assert {"type": "lifespan.startup.complete"} == await said.get()
    try:
        yield
    finally:
        await asked.put({"type": "lifespan.shutdown"})
        await life


@pytest.fixture
async def visitor(application: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """A client that is not signed in."""
    transport = httpx2.ASGITransport(app=application.asgi, raise_app_exceptions=True)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


@pytest.fixture
def ana(secrets: dict[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {secrets['ana']}"}


@pytest.fixture
def ben(secrets: dict[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {secrets['ben']}"}


@pytest.fixture
def cleo(secrets: dict[str, str]) -> dict[str, str]:
    return {"authorization": f"Bearer {secrets['cleo']}"}
