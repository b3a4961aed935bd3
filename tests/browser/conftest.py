"""Browsers: a real server, and people who look at it in Chromium. Any console error, CSP report or foreign request
that a test does not announce fails it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gitcollab.client import Client
from gitcollab.demo.stage import House

from .gallery import Gallery, hung
from .jupyters import Stage, staged
from .labs import made

playwright = pytest.importorskip("playwright.sync_api")
playwright.expect.set_options(timeout=60_000)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            if not CHROMIUM:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(autouse=True)
def unblocked() -> None:
    """Playwright has an event loop of its own in this thread, which the tests' calls of the client may block."""


@dataclass
class Town:
    """A server, and a client for each of Ana (who administers), Ben, Cleo and Dan."""

    house: House
    url: str
    clients: dict[str, Client]

    def __getattr__(self, name: str) -> Client:
        try:
            return self.clients[name]
        except KeyError:
            raise AttributeError(name) from None


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    house = House(tmp_path_factory.mktemp("browser"))
    tokens = {
        name: house.run("user", "add", name, *(["--admin"] if name == "ana" else []))["token"]
        for name in ("ana", "ben", "cleo", "dan")
    }
    url = house.start()
    clients = {name: Client(url, token) for name, token in tokens.items()}
    yield Town(house, url, clients)
    for client in clients.values():
        client.close()
    assert house.stop() == 0


@pytest.fixture(scope="session")
def gallery(town: Town) -> Gallery:
    """A collab in which everything that pages can show has happened."""
    return hung(town.clients)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Only for the module: while it lives, this thread seems to run an event loop, which other tests cannot bear."""
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def labs(
    request: pytest.FixtureRequest, server: Any, chromium: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Ana's and Ben's Jupyters, for all stories of a module; its ``JUPYTER`` says which of those in ``labs.py``."""
    programs = made(getattr(request.module, "JUPYTER", "lab-4.6"))
    with staged(server, programs, chromium, tmp_path_factory.mktemp("labs")) as found:
        yield found


@pytest.fixture
def stage(labs: Stage) -> Iterator[Stage]:
    """The Jupyters, with no window open before and after."""
    yield labs
    labs.close()


@dataclass
class Window:
    """One person's browser."""

    town: Town
    context: Any
    page: Any
    problems: list[str] = field(default_factory=list)

    def see(self, path: str) -> Any:
        """Opens a page and returns it."""
        self.page.goto(self.town.url + path)
        return self.page

    @contextmanager
    def expecting(self, text: str) -> Iterator[None]:
        """Takes problems that hold ``text`` as announced."""
        yield
        self.problems = [problem for problem in self.problems if text not in problem]


@pytest.fixture
def opened(town: Town, chromium: Any) -> Iterator[Callable[..., Window]]:
    """Opens a browser: ``opened("ana", color_scheme="dark")``; no name: nobody is signed in."""
    windows: list[Window] = []

    def open_window(name: str = "", **options: Any) -> Window:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        context.set_default_timeout(60_000)
        if name:
            form = {"token": town.clients[name].transport.token}
            assert context.request.post(f"{town.url}/signin", form=form, max_redirects=0).status == 303
        page = context.new_page()
        window = Window(town, context, page)
        windows.append(window)
        page.on(
            "console", lambda said: said.type in {"error", "warning"} and window.problems.append(said.text)
        )
        page.on("pageerror", lambda error: window.problems.append(str(error)))
        page.on("request", lambda asked: foreign(asked.url, town.url) and window.problems.append(asked.url))
        return window

    yield open_window
    for window in windows:
        window.context.close()
    assert [] == [problem for window in windows for problem in window.problems]


def foreign(asked: str, url: str) -> bool:
    """Whether a request leaves the server."""
    return not asked.startswith((url + "/", "data:", "about:"))


def book(**sources: str) -> dict[str, Any]:
    """A notebook of cells by id; those whose id begins with ``md`` are Markdown."""
    cells = []
    for id, source in sources.items():
        cell: dict[str, Any] = {"id": id, "metadata": {}, "source": source.splitlines(keepends=True)}
        if id.startswith("md"):
            cells.append(cell | {"cell_type": "markdown"})
        else:
            cells.append(cell | {"cell_type": "code", "outputs": [], "execution_count": None})
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def as_bytes(notebook: dict[str, Any]) -> bytes:
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


@dataclass
class Work:
    """A collab of Ana's with Ben in it and one notebook, both having a session."""

    town: Town
    id: str
    path: str = "rain.ipynb"

    def save(self, who: str, base: str | None = None, **sources: str) -> str:
        """Saves the notebook with these cells; returns the version of the copy."""
        data = as_bytes(book(**sources))
        return self.save_bytes(who, data, base)

    def save_bytes(self, who: str, data: bytes, base: str | None = None) -> str:
        saved = self.town.clients[who].save(self.id, f"{who}/default", self.path, data, base=base)
        return str(saved["version"])

    def version(self, who: str) -> str:
        """The version that a person's copy would come from now."""
        return (
            self.town.clients[who]
            .session_file(self.id, f"{who}/default", self.path)
            .headers["gitcollab-version"]
        )


@pytest.fixture
def work(town: Town, request: pytest.FixtureRequest) -> Work:
    made = town.ana.create(request.node.name[:60])
    town.ana.set_member(made["id"], "ben", "editor")
    for name in ("ana", "ben"):
        town.clients[name].open_session(made["id"])
    started = Work(town, made["id"])
    started.save("ana", md1="# Rain\n\nHow much, and when?", b="print(rain)", a="rain = 3\nsun = 4\n")
    return started
