"""What every door of one running web process stands on: where things are asked, and under which name it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar
from urllib.parse import urlsplit

from gitcollab.store import beside, reading
from gitcollab.web.blames import Blames

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine

    from gitcollab.acts import Act
    from gitcollab.events import AnyEvent
    from gitcollab.web.hub import Hub

Args = ParamSpec("Args")
Found = TypeVar("Found")

READERS = 4
"""Threads that read the store."""

MAX_BODY = 100 * 1024 * 1024
"""Bytes that one request may send, unless told otherwise."""


class Asked(Protocol):
    """A process that acts can be asked of: the writer, or a worker."""

    async def call(self, act: Act) -> Any:
        """Returns the act's answer; raises the GitcollabError that it met."""

    async def ping(self) -> None:
        """Returns if it answers; raises Unavailable if not."""


class Told(Protocol):
    """A process that also tells what happens: the writer."""

    async def call(self, act: Act) -> Any:
        """Returns the act's answer; raises the GitcollabError that it met."""

    async def ping(self) -> None:
        """Returns if it answers; raises Unavailable if not."""

    def follow(self) -> AbstractAsyncContextManager[AsyncIterator[AnyEvent]]:
        """Opens the stream of every event from then on; iterating raises Unavailable when it is lost."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """The web process's surroundings. ``base_url`` is how people reach it, without a slash at the end."""

    store: AsyncEngine
    writer: Asked
    workers: Asked
    hub: Hub
    key: bytes
    base_url: str
    hosts: frozenset[str]
    max_body: int = MAX_BODY
    guests: bool = False  # whether links may open a collab to read without an account
    blames: Blames = field(default_factory=Blames)
    underway: set[tuple[str, str]] = field(default_factory=set)  # whose requests with a key are being done

    @cached_property
    def reader(self) -> AsyncEngine:
        """The store for transactions that only read."""
        return reading(self.store)

    @cached_property
    def beside(self) -> Engine | None:
        """The same for threads, where those are quicker."""
        return beside(self.store)

    @cached_property
    def threads(self) -> ThreadPoolExecutor:
        """Those that read the store."""
        return ThreadPoolExecutor(READERS, "store")

    async def close(self) -> None:
        """Closes the store; whoever asks it again opens it again."""
        made = self.__dict__  # where what is made once is kept
        if threads := made.pop("threads", None):
            threads.shutdown(wait=False)
        if opened := made.pop("beside", None):
            opened.dispose()
        await self.store.dispose()

    @property
    def is_secure(self) -> bool:
        """Whether people reach it by https."""
        return self.base_url.startswith("https://")

    @property
    def port(self) -> int:
        """The port that people reach it at."""
        parts = urlsplit(self.base_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    async def look(
        self, query: Callable[Concatenate[Connection, Args], Found], *args: Args.args, **kwargs: Args.kwargs
    ) -> Found:
        """Returns what ``query`` finds in the store, without holding up other requests."""
        if self.beside:
            asked = partial(looked, self.beside, lambda connection: query(connection, *args, **kwargs))
            return await asyncio.get_running_loop().run_in_executor(self.threads, asked)
        async with self.reader.connect() as connection:
            return await connection.run_sync(query, *args, **kwargs)

    async def note(
        self, change: Callable[Concatenate[Connection, Args], Found], *args: Args.args, **kwargs: Args.kwargs
    ) -> Found:
        """Makes ``change`` in the store, in one transaction."""
        async with self.store.begin() as connection:
            return await connection.run_sync(change, *args, **kwargs)


def looked(engine: Engine, query: Callable[[Connection], Found]) -> Found:
    """What ``query`` finds, in a transaction that only reads."""
    with engine.connect() as connection:
        return query(connection)
