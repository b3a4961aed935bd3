"""The web application: every door in one house, none of them open without a sign-in but the named few."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Scope

from gitcollab.acts import Reading
from gitcollab.errors import BadInput, GitcollabError, NotFound, NotSignedIn, TooLarge
from gitcollab.store import collabs
from gitcollab.web import pages, public, stream
from gitcollab.web.answers import refusal
from gitcollab.web.api import DOORS
from gitcollab.web.ask import admitted
from gitcollab.web.assets import Assets
from gitcollab.web.auth import Credential, SignedIn, actor_of
from gitcollab.web.doors import routes
from gitcollab.web.front import Front
from gitcollab.web.gate import keep_gate
from gitcollab.web.git import Authorise, Find, GitDoor
from gitcollab.web.gitpush import any_push, receiver
from gitcollab.web.gitrun import Runs
from gitcollab.web.guard import Guard
from gitcollab.web.guests import Guests
from gitcollab.web.health import Health
from gitcollab.web.hub import Hub
from gitcollab.web.jupyterhub import HubProvider
from gitcollab.web.measuring import Counted, Measures, Scrape
from gitcollab.web.openapi import document
from gitcollab.web.pace import PacedPushes
from gitcollab.web.provider import Provider
from gitcollab.web.signin import SignIn
from gitcollab.web.site import MAX_BODY, Asked, Site, Told
from gitcollab.web.templates import Templates
from gitcollab.web.tidy import keep_tidy
from gitcollab.web.webhooks import Webhooks

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine


def version() -> str:
    """This program's version; ``0`` when it runs from a checkout that was never installed."""
    try:
        return metadata.version("gitcollab")
    except metadata.PackageNotFoundError:
        return "0"


VERSION = version()


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What an application is made of.

    ``key`` signs cookies; ``base_url`` is how people reach it (no slash at the end); ``hosts`` are names it answers
    under besides; ``proxies`` are addresses whose X-Forwarded-For counts;
    ``webhook_hosts`` are the only ones that webhooks call, if there are any; ``max_body`` is how many bytes one request
    may send; the collabs' repositories lie in
    ``repositories``.
    """

    store: AsyncEngine
    writer: Told
    workers: Asked
    key: bytes
    base_url: str
    repositories: Path
    hosts: frozenset[str] = frozenset()
    max_body: int = MAX_BODY
    proxies: tuple[str, ...] = ()
    providers: tuple[Provider, ...] = ()
    guests: bool = False
    webhook_hosts: tuple[str, ...] = ()
    run: Path | None = None  # what lives as long as the server; beside the repositories


@dataclass(frozen=True)
class Application:
    """The ASGI application, and the hub that is told to leave before the server stops."""

    asgi: ASGIApp
    hub: Hub


def create_app(given: Surroundings) -> Application:
    """Builds the application; nothing runs before its lifespan begins."""
    site = site_of(given)
    assets = Assets()
    front = Front(site.base_url, given.proxies)
    templates = Templates(assets, front)
    faces = Faces(templates)
    measures, root = Measures(site.hub), given.repositories.parent
    run = given.run or root / "run"
    health = Health(VERSION, parts_of(site), root, is_leaving=lambda: site.hub.is_leaving)
    app = Starlette(
        routes=[
            Route("/health", health.answer),
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
            Route("/metrics", Scrape(site, measures, run).answer),
            *SignIn(site, templates, given.providers).routes(),
            Route("/static/{name}", assets.serve),
            *Guests(site, templates).routes(),
            *public.routes(site, templates, given.repositories),
        ],
        exception_handlers={
            GitcollabError: faces.refused,
            HTTPException: faces.missed,
            Exception: faces.failed,
        },
        lifespan=lifespan(site, lambda: git.runs, Webhooks(site, given.webhook_hosts)),
    )
    app.router.redirect_slashes = False
    git = GitDoor(
        lambda collab: given.repositories / f"{collab}.git",
        authorising(site),
        receiver=receiver(site, run / "git-hooks"),
        find=finding(site),
    )
    app.router.default = SignedIn(
        Router(inner(site, templates, PacedPushes(git)), redirect_slashes=False),
        site,
        hub_of(given.providers),
    )
    guard = Guard(app, front, hosts=given.hosts, base_url=site.base_url, max_body=given.max_body)
    return Application(Counted(guard, measures), site.hub)


def hub_of(providers: Iterable[Provider]) -> HubProvider | None:
    """The JupyterHub among the providers."""
    return next((one for one in providers if isinstance(one, HubProvider)), None)


def site_of(given: Surroundings) -> Site:
    """What every door stands on."""
    return Site(
        store=given.store,
        writer=given.writer,
        workers=given.workers,
        hub=Hub(given.writer.follow),
        key=given.key,
        base_url=given.base_url.rstrip("/"),
        hosts=given.hosts,
        max_body=given.max_body,
        guests=given.guests,
    )


def authorising(site: Site) -> Authorise:
    """What the git door asks before and while it answers: whether the credential still opens the collab."""

    def check(connection: Connection, credential: Credential, collab: str, is_push: bool) -> None:
        actor = actor_of(connection, credential)
        if actor is None:
            raise NotSignedIn("This token is no more", "use another one as password")
        asked = any_push(actor, collab) if is_push else Reading(actor=actor, collab=collab)
        admitted(connection, actor, asked)

    async def authorise(scope: Scope, collab: str, is_push: bool) -> None:
        await site.look(check, scope["state"]["credential"], collab, is_push)

    return authorise


def finding(site: Site) -> Find:
    """How the git door finds a collab by the alias that a person calls it."""

    async def find(scope: Scope, alias: str) -> str:
        return await site.look(collabs.find, alias, scope["state"]["actor"].user)

    return find


def inner(site: Site, templates: Templates, git: ASGIApp) -> list[BaseRoute]:
    """Every route that needs a sign-in."""
    doors = (*DOORS, *stream.DOORS)
    told = document((*doors, *public.DOORS), VERSION, urlsplit(site.base_url).path.rstrip("/") or "/")

    async def openapi(request: Request) -> Response:
        return JSONResponse(told)

    return [
        Route("/api/openapi.json", openapi),
        *routes(doors, site),
        Mount("/git", git),
        *pages.routes(site, templates),
    ]


def parts_of(site: Site) -> dict[str, Callable[[], Awaitable[object]]]:
    """What ``/health`` asks of each part."""
    return {
        "writer": site.writer.ping,
        "workers": site.workers.ping,
        "database": lambda: site.look(lambda connection: connection.scalar(select(1))),
    }


def lifespan(
    site: Site, git: Callable[[], Runs], webhooks: Webhooks
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """What runs beside the requests: following the writer, and closing streams whose reader lost access."""

    @asynccontextmanager
    async def live(app: Starlette) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(site.hub.run()),
            asyncio.create_task(keep_gate(site, git)),
            asyncio.create_task(keep_tidy(site)),
            asyncio.create_task(webhooks.run()),
        ]
        try:
            yield
        finally:
            site.hub.leave()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await site.close()

    return live


class Faces:
    """How errors look: JSON for programs, a page for people."""

    def __init__(self, templates: Templates) -> None:
        self.templates = templates

    async def refused(self, request: Request, error: Exception) -> Response:
        """An error that says itself what it is."""
        assert isinstance(error, GitcollabError)  # noqa: S101  # registered for this class alone
        path = request.url.path
        if path.startswith(("/api/", "/git/")) or "text/html" not in request.headers.get("accept", ""):
            return refusal(error)
        return self.templates.page(request, "error.html", {"error": error}, status=error.status)

    async def missed(self, request: Request, error: Exception) -> Response:
        """No such route, or no such method on it."""
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for this class alone
        if error.status_code == 404:
            return await self.refused(request, NotFound("There is nothing here", "check the address"))
        if error.status_code == 413:
            return await self.refused(request, TooLarge("That is too much at once", "send less"))
        answer = await self.refused(request, BadInput(error.detail, "see /api/openapi.json"))
        answer.status_code = error.status_code
        answer.headers.update(error.headers or {})
        return answer

    async def failed(self, request: Request, error: Exception) -> Response:
        """Something that should not have happened; the server that called us logs it."""
        return await self.refused(
            request, GitcollabError("Something went wrong on the server", "try again; its log says more")
        )
