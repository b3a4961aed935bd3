"""What everyone may see without an account: the published versions of the collabs whose visibility says so.

It is read from a repository of its own, which holds nothing else (see ``flow.release``), at addresses of its own: git
sends no credential before it is asked for one, so at a collab's own address a member would be taken for everyone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Scope

from gitcollab.acts import FileBytes, ListFiles, ReadFile, ReadVersions, RenderNotebook, RenderPiece
from gitcollab.errors import Forbidden, NotFound
from gitcollab.model import COLLAB_ID, Actor, FileEntry, Version
from gitcollab.store import collabs
from gitcollab.web.ask import Ask
from gitcollab.web.doors import Door
from gitcollab.web.git import GitDoor
from gitcollab.web.pages.pieces import shown, spot_of
from gitcollab.web.raw import file_answer
from gitcollab.web.site import Site
from gitcollab.web.templates import Templates

EVERYONE = Actor(user="", via="everyone")


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A collab as everyone sees it."""

    id: str
    title: str


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """``at``: a version, or ``blessed`` for the newest."""

    at: str = "blessed"


def opened(connection: Connection, collab: str) -> Work:
    """The collab if everyone may see its versions; else NotFound, as if there were none."""
    if COLLAB_ID.fullmatch(collab):
        for one in collabs.public(connection, collab):
            return Work(id=one.id, title=one.title)
    raise NotFound("There is nothing here", "check the address, or sign in")


def repository(root: Path, collab: str) -> Path:
    """Where the repository lies that everyone may read; ``root`` is the directory of all collabs' repositories."""
    return root.parent / "public" / f"{collab}.git"


async def works(ask: Ask) -> tuple[Work, ...]:
    """Lists the collabs whose published versions are for everyone; needs no sign-in."""
    found = await ask.site.look(collabs.public)
    return tuple(Work(id=one.id, title=one.title) for one in found)


async def versions(ask: Ask) -> tuple[Version, ...]:
    """Lists the versions that everyone may see, newest first; needs no sign-in."""
    work = await ask.site.look(opened, ask.part("id"))
    return await ask.site.workers.call(ReadVersions(actor=EVERYONE, collab=work.id, is_public=True))  # type: ignore[no-any-return]


async def listing(ask: Ask) -> tuple[FileEntry, ...]:
    """Lists the files of a version; needs no sign-in."""
    work, at = await ask.site.look(opened, ask.part("id")), ask.query(Point).at
    return await ask.site.workers.call(ListFiles(actor=EVERYONE, collab=work.id, at=at, is_public=True))  # type: ignore[no-any-return]


async def read(ask: Ask) -> Response:
    """Gives the bytes of a published file; needs no sign-in."""
    work, at = await ask.site.look(opened, ask.part("id")), ask.query(Point).at
    act = ReadFile(actor=EVERYONE, collab=work.id, path=ask.path, at=at, is_public=True)
    found: FileBytes = await ask.site.workers.call(act)
    return file_answer(ask.request, act.path, found, tag=found.oid)


class Pages:
    """What everyone sees in a browser: a collab's versions, and each of their notebooks and files."""

    def __init__(self, site: Site, templates: Templates) -> None:
        self.site, self.templates = site, templates

    def routes(self) -> list[BaseRoute]:
        """The routes, which need no sign-in."""
        at = "/p/{id}"
        return [
            Route(at, unsigned(self.versions)),
            Route(f"{at}/n/{{path:path}}", unsigned(self.file)),
            Route(f"{at}/o/{{commit}}/{{spot}}/{{path:path}}", unsigned(self.piece)),
        ]

    async def versions(self, request: Request) -> Response:
        """The versions of a collab, and the files of the newest."""
        ask = Ask(request, self.site)
        work = await self.site.look(opened, ask.part("id"))
        clone = f"{self.site.base_url}/public/{work.id}.git"
        values = {"work": work, "versions": await versions(ask), "clone": clone}
        return self.templates.page(request, "public.html", values)

    async def file(self, request: Request) -> Response:
        """A published notebook or file, as safe HTML."""
        ask = Ask(request, self.site)
        work, at = await self.site.look(opened, ask.part("id")), ask.query(Point).at
        act = RenderNotebook(actor=EVERYONE, collab=work.id, path=ask.path, at=at, is_public=True)
        rendered, every = await asyncio.gather(self.site.workers.call(act), versions(ask))
        values = {
            "work": work,
            "path": ask.path,
            "at": at,
            "commit": rendered.end,
            "cells": rendered.cells,
            "versions": [version for version in every if version.notebook == ask.path],
        }
        return await run_in_threadpool(self.templates.page, request, "public_file.html", values)

    async def piece(self, request: Request) -> Response:
        """A picture of a published notebook, or what of it may run in a sandbox."""
        ask = Ask(request, self.site)
        work, (cell, key) = await self.site.look(opened, ask.part("id")), spot_of(ask)
        act = RenderPiece(
            actor=EVERYONE,
            collab=work.id,
            path=ask.path,
            at=ask.part("commit"),
            cell=cell,
            key=key,
            is_public=True,
        )
        return shown(ask, await self.site.workers.call(act))


AT = "/api/public/{id}"
DOORS = (
    Door(method="GET", path="/api/public", go=works, answer=tuple[Work, ...]),
    Door(method="GET", path=f"{AT}/versions", go=versions, answer=tuple[Version, ...]),
    Door(method="GET", path=f"{AT}/files", go=listing, query=Point, answer=tuple[FileEntry, ...]),
    Door(method="GET", path=f"{AT}/files/{{path:path}}", go=read, query=Point, answer=bytes),
)


def routes(site: Site, templates: Templates, repositories: Path) -> list[BaseRoute]:
    """The routes that are for everyone, git's among them."""

    async def authorise(scope: Scope, collab: str, is_push: bool) -> None:
        await site.look(opened, collab)
        if is_push:
            raise Forbidden("everyone may read here, and nobody write", "push to the collab's own address")

    git = GitDoor(lambda collab: repository(repositories, collab), authorise)
    return [
        *(Route(door.path, unsigned(door.route(site).endpoint), methods=[door.method]) for door in DOORS),
        *Pages(site, templates).routes(),
        Mount("/public", git),
    ]


def unsigned(serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Serves whoever asks as everyone, whatever they show."""

    async def served(request: Request) -> Response:
        request.state.actor = EVERYONE
        return await serve(request)

    return served
