"""Two people, each with a Jupyter of their own and a browser, at one gitcollab server."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitcollab.client import Client
from gitcollab.workers.limits import die_with

LONG = 120_000
"""Milliseconds within which anything that should happen must: CI is slow."""

PR_CAPBSET_DROP, DAC_OVERRIDE, DAC_READ_SEARCH = 24, 1, 2
"""Of Linux: what root may more than others with files."""

QUIETLY = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension/plugin.jupyterlab-settings": {"autosave": False},
}


@dataclass
class Jupyter:
    """A running Jupyter server of one person, serving ``directory``."""

    person: str
    directory: Path
    url: str
    token: str
    running: subprocess.Popen[bytes]
    log: Path

    @property
    def state(self) -> Path:
        """Where this person's programs remember things."""
        return self.directory.parent / f"{self.person}-state"


@contextmanager
def jupyter(programs: Path, person: str, place: Path, env: dict[str, str]) -> Iterator[Jupyter]:
    """Runs a person's Jupyter in ``place``; ``env`` says where gitcollab is."""
    directory, home = place / person, place / f"{person}-home"
    directory.mkdir(exist_ok=True)
    for name, said in QUIETLY.items():
        settings = home / ".jupyter" / "lab" / "user-settings" / name
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(json.dumps(said))
    port, token, log = free_port(), f"token-{person}", place / f"{person}.log"
    is_notebook = not (programs / "jupyter-lab").exists() or "notebook" in str(programs)
    command = [
        str(programs / ("jupyter-notebook" if is_notebook else "jupyter-lab")),
        "--no-browser",
        "--allow-root",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={directory}",
        f"--{'JupyterNotebookApp' if is_notebook else 'LabApp'}.expose_app_in_browser=True",
    ]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    me = os.getpid()
    with log.open("wb") as out:
        running = subprocess.Popen(
            command,
            cwd=directory,
            env={**kept, "HOME": str(home), "PATH": f"{programs}:{kept['PATH']}", **env},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=lambda: as_anybody(me),
        )
    with running:
        try:
            one = Jupyter(person, directory, f"http://127.0.0.1:{port}", token, running, log)
            answering(one)
            yield one
        finally:
            running.terminate()
            with suppress(subprocess.TimeoutExpired):
                running.wait(20)
            running.kill()


def as_anybody(parent: int) -> None:
    """Runs in a Jupyter that begins: it dies with the tests, and permissions hold for it, also where root runs them."""
    die_with(parent)
    libc = ctypes.CDLL(None)
    for capability in DAC_OVERRIDE, DAC_READ_SEARCH:
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def answering(one: Jupyter) -> None:
    """Waits until a Jupyter answers."""
    deadline = time.monotonic() + 120
    while one.running.poll() is None and time.monotonic() < deadline:
        asked = f"{one.url}/api/status?token={one.token}"
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(asked, timeout=5):
            return
        time.sleep(0.1)
    raise AssertionError(one.log.read_text())


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def notebook(*sources: str) -> bytes:
    """A notebook as Jupyter writes it, with a code cell of each source; ids c0, c1, …."""
    cells = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{n}",
            "metadata": {},
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        for n, source in enumerate(sources)
    ]
    spec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    made = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, sort_keys=True).encode() + b"\n"


CURRENT = "(window.jupyterapp.shell.currentWidget)"
MODEL = f"{CURRENT}.content.model.sharedModel"


def eventually(is_so: Callable[[], bool], why: Callable[[], object] = str) -> None:
    """Waits until something is so; a file half-written is not so yet."""
    deadline = time.monotonic() + LONG / 1000
    while True:
        with suppress(OSError, ValueError):
            if is_so():
                return
        assert time.monotonic() < deadline, why()
        time.sleep(0.05)


@dataclass
class Lab:
    """One person's browser at their Jupyter, with one notebook open."""

    jupyter: Jupyter
    page: Any
    path: str
    problems: list[str] = field(default_factory=list)

    def js(self, code: str, *given: Any) -> Any:
        """Evaluates an expression in the page."""
        return self.page.evaluate(code, *given)

    def until(self, code: str, arg: Any = None) -> None:
        """Waits until an expression is true; says how the page stood if it never was."""
        try:
            self.page.wait_for_function(code, arg=arg, timeout=LONG, polling=100)
        except Exception as why:
            raise AssertionError(f"{self.jupyter.person}: never {code} {arg}\n{self.standing()}") from why

    def standing(self) -> str:
        """How everything is, for whoever has to find out why."""
        told = self.js(
            "() => JSON.stringify({sources: [...document.querySelectorAll('.jp-Cell')].map(c => c.innerText),"
            " status: document.querySelector('.gitcollab-status')?.textContent,"
            " dialog: document.querySelector('.jp-Dialog')?.innerText}, null, 1)"
        )
        return f"{told}\n{self.problems}\n{self.jupyter.log.read_text()[-6000:]}"

    @property
    def model(self) -> str:
        """The expression that is the open notebook's shared model."""
        return MODEL

    def status(self) -> str:
        """How the notebook stands, as the status bar says it where there is one."""
        return self.js(f"() => {CURRENT}.node.dataset.gitcollab")  # type: ignore[no-any-return]

    def tool(self, name: str) -> Any:
        """A button of the open notebook's toolbar."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Toolbar").get_by_role(
            "button", name=name
        )

    def knows_its_collabs(self) -> None:
        """Waits until the server extension has looked for invitations once, so that a new one is new."""
        notes = self.jupyter.state / "gitcollab" / "jupyter.json"
        eventually(lambda: "collabs" in json.loads(notes.read_bytes()), self.standing)

    def sources(self) -> list[str]:
        """The cells as the open notebook has them."""
        return self.js(f"() => {MODEL}.cells.map(c => c.getSource())")  # type: ignore[no-any-return]

    def sees(self, cell: int, text: str) -> None:
        """Waits until a cell of the open notebook says just this."""
        self.until(f"([n, text]) => {MODEL}.cells[n]?.getSource() === text", [cell, text])

    def is_tracked(self) -> None:
        """Waits until the notebook is known to be shared, and its last save to have arrived."""
        self.until(f"() => {CURRENT}.node.dataset.gitcollab?.startsWith('saved · version')")

    def says(self, text: str) -> None:
        """Waits until the status bar says just this of the notebook."""
        self.until(f"text => {CURRENT}.node.dataset.gitcollab === text", text)

    def cell(self, n: int) -> Any:
        """A cell's widget."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").nth(n)

    def types(self, n: int, text: str, *, after: str = "End") -> None:
        """Puts the cursor into a cell, at its end, and types."""
        self.cell(n).locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.insert_text(text)

    def replaces(self, n: int, text: str) -> None:
        """Selects all of a cell and types."""
        self.cell(n).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def saves(self) -> None:
        """Saves by the keyboard, as people do, and waits until Jupyter has."""
        self.js(
            f"() => {{ const one = {CURRENT}.context; one.saves = 0;"
            " one.saveState.connect((_, state) => { one.saves += state === 'completed'; }); }"
        )
        self.page.keyboard.press("Control+s")
        self.until(f"() => {CURRENT}.context.saves > 0")

    def has_a_kernel(self) -> None:
        """Waits until the notebook's kernel is ready."""
        self.until(f"() => {CURRENT}.sessionContext.session?.kernel?.status === 'idle'")

    def runs_cell(self, n: int) -> None:
        """Runs one cell without moving on."""
        self.cell(n).locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def printed(self, n: int) -> str:
        """What a cell has printed so far."""
        return self.js(  # type: ignore[no-any-return]
            f"n => {MODEL}.cells[n].getOutputs().map(o => [o.text].flat().join('')).join('')", n
        )

    def shows(self, n: int, text: str) -> None:
        """Waits until a cell has printed ``text``, perhaps with more."""
        self.until(f"([n, text]) => JSON.stringify({MODEL}.cells[n].getOutputs()).includes(text)", [n, text])

    def prints(self, n: int, text: str) -> None:
        """Waits until a cell has printed just ``text``."""
        eventually(lambda: text == self.printed(n), self.standing)

    def is_idle(self, n: int) -> bool:
        """Whether a cell does not run."""
        return "*" not in self.cell(n).locator(".jp-InputArea-prompt").inner_text()

    def runs(self, command: str, given: dict[str, Any] | None = None) -> None:
        """Runs one of the application's commands."""
        self.js(
            "([name, given]) => { window.jupyterapp.commands.execute(name, given); }", [command, given or {}]
        )

    def goes_offline(self) -> None:
        """Cuts the page off; what Jupyter says of that itself is put aside before anything is clicked."""
        self.page.add_locator_handler(
            self.complaint, lambda one: one.get_by_role("button", name="Close").click()
        )
        self.page.context.set_offline(True)

    def comes_back(self) -> None:
        """Connects the page again."""
        self.page.context.set_offline(False)
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Toolbar .jp-Toolbar-item").first.hover()

    @property
    def complaint(self) -> Any:
        """Jupyter's own dialog when its server cannot be reached."""
        return self.page.locator(".jp-Dialog", has_text="Server Connection Error")

    def has_no_dialog(self) -> None:
        """There is no question on the screen, and none was in the console."""
        asked = self.page.locator(".jp-Dialog").count() - self.complaint.count()
        assert 0 == asked, self.standing()

    def on_disk(self) -> list[str]:
        """The cells as the file has them."""
        found = json.loads((self.jupyter.directory / self.path).read_bytes())
        return ["".join(cell["source"]) for cell in found["cells"]]

    def knows_its_file(self) -> None:
        """Waits until Jupyter in this page takes the file for what it is, so that a save asks no question."""
        file = self.jupyter.directory / self.path
        known = f"() => {CURRENT}.context.contentsModel.hash"
        eventually(
            lambda: hashlib.sha256(file.read_bytes()).hexdigest() == self.js(known),
            lambda: f"{self.js(known)}\n{self.standing()}",
        )

    def has_on_disk(self, *sources: str) -> None:
        """Waits until the file has just these cells."""
        eventually(lambda: list(sources) == self.on_disk(), self.standing)


@dataclass
class Stage:
    """A server, Ana and Ben, each with a Jupyter."""

    server: Any
    jupyters: dict[str, Jupyter]
    browser: Any
    contexts: list[Any] = field(default_factory=list)

    def shared(self, name: str, data: bytes, users: tuple[str, ...] = ("ben",)) -> str:
        """Ana shares a new notebook; Ben's Jupyter gets a link to his workspace. Returns the path for both."""
        directory = self.jupyters["ana"].directory / name
        directory.mkdir()
        (directory / "plan.ipynb").write_bytes(data)
        made = self.server.client("ana").share(list(users), [directory / "plan.ipynb"])
        for user in users:
            (self.jupyters[user].directory / name).symlink_to(made["directory"], target_is_directory=True)
        self.settled(self.jupyters["ben"].directory / name / "plan.ipynb")
        return f"{name}/plan.ipynb"

    def collab(self, path: str) -> str:
        """The collab of a notebook that Ana has shared."""
        client, place = self.client("ana"), str((self.jupyters["ana"].directory / path).parent)
        return next(
            one["id"]
            for one in client.collabs()
            if place in [each.get("workspace") for each in client.sessions(one["id"])]
        )

    @contextmanager
    def joined(self, person: str, collab: str, place: Path) -> Iterator[None]:
        """`gitcollab join` runs in a directory of a person's, as on a machine that the server cannot see."""
        env = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
        env |= environment(self.server, person, self.jupyters[person].directory.parent)
        me, log = os.getpid(), place.parent / f"{place.name}.join"
        command = (sys.executable, "-m", "gitcollab", "join", collab, str(place), "--session", "afar")
        with (
            log.open("wb") as out,
            subprocess.Popen(
                command,
                env={**env, "HOME": str(place.parent)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=lambda: die_with(me),
            ) as running,
        ):
            try:
                eventually((place / "plan.ipynb").exists, log.read_text)
                yield
            finally:
                running.terminate()

    def settled(self, path: Path) -> None:
        """Waits until a file has been delivered."""
        eventually(path.exists, lambda: path)

    def opens(self, person: str, path: str, **options: Any) -> Lab:
        """A person opens a notebook in a new window of their own."""
        one = self.jupyters[person]
        context = self.browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        context.set_default_timeout(LONG)
        self.contexts.append(context)
        page = context.new_page()
        lab = Lab(one, page, path)
        page.on("pageerror", lambda error: lab.problems.append(str(error)))
        page.on(
            "console",
            lambda said: lab.problems.append(said.text) if said.type in {"error", "warning"} else None,
        )
        kind = "notebooks" if "notebook-7" in str(one.running.args) else "lab/tree"
        page.goto(f"{one.url}/{kind}/{path}?token={one.token}&reset")
        lab.until(
            f"() => window.jupyterapp && {CURRENT}?.context?.isReady && {CURRENT}.content.widgets?.length > 0"
        )
        return lab

    def close(self) -> None:
        """Closes every window."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()

    def client(self, person: str) -> Client:
        """A person's client."""
        return self.server.client(person)  # type: ignore[no-any-return]


@contextmanager
def staged(server: Any, programs: Path, browser: Any, place: Path) -> Iterator[Stage]:
    """Starts Ana's and Ben's Jupyter."""
    where = {person: environment(server, person, place) for person in ("ana", "ben")}
    with (
        jupyter(programs, "ana", place, where["ana"]) as ana,
        jupyter(programs, "ben", place, where["ben"]) as ben,
    ):
        stage = Stage(server, {"ana": ana, "ben": ben}, browser)
        yield stage
        stage.close()


def environment(server: Any, person: str, place: Path) -> dict[str, str]:
    """How a person's Jupyter finds the server."""
    token = server.client(person).transport.token
    return {
        "GITCOLLAB_URL": server.url,
        "GITCOLLAB_TOKEN": token,
        "XDG_STATE_HOME": str(place / f"{person}-state"),
    }
