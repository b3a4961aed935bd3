"""A door: one route of the API as data, so that what serves is also what the API document says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gitcollab.web.answers import JsonAnswer
from gitcollab.web.ask import Ask
from gitcollab.web.once import once
from gitcollab.web.site import Site

Go = Callable[[Ask], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Door:
    """One method on one path. ``answer`` and ``body`` are types; bytes means raw bytes.

    ``query`` is a struct whose fields are the query's parameters. ``go`` answers with a value of type ``answer``, or
    with a response of its own; ``is_secret``: which holds what is shown once.
    """

    method: str
    path: str
    go: Go
    answer: object = None
    body: object = None
    query: type | None = None
    status: int = 200
    is_secret: bool = False

    async def answered(self, ask: Ask) -> Response:
        """The answer to one request."""
        answer = await self.go(ask)
        return answer if isinstance(answer, Response) else JsonAnswer(answer, status_code=self.status)

    @property
    def summary(self) -> str:
        """What it does, in the words of its function."""
        return (self.go.__doc__ or "").strip().split("\n")[0]

    def route(self, site: Site) -> Route:
        """The route that serves it."""

        async def serve(request: Request) -> Response:
            ask = Ask(request, site)
            if self.method == "POST":
                return await once(ask, lambda: self.answered(ask), is_secret=self.is_secret)
            return await self.answered(ask)

        return Route(self.path, serve, methods=[self.method], name=f"{self.method} {self.path}")


def routes(doors: Iterable[Door], site: Site) -> list[Route]:
    """The routes of ``doors``, in their order."""
    return [door.route(site) for door in doors]
