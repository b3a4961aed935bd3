"""What every test stands on: a hermetic home and git, an event loop that may not block, and a served root."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from gitcollab import store
from gitcollab.client import Client
from gitcollab.workers.limits import die_with

# what a run finds does not depend on chance, nor on how busy the machine is: new examples are for the long run
hypothesis.settings.register_profile(
    "default", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

FOREIGN = ("GIT_", "GITCOLLAB_", "XDG_", "JUPYTER", "PG")
"""Variables that begin so would let the surroundings into a test."""

HERMETIC = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@pytest.fixture
def anyio_backend() -> str:
    """The service runs on asyncio alone."""
    return "asyncio"


@pytest.fixture(autouse=True)
def hermetic(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh HOME, no git configuration but the test's own, and no gitcollab settings from outside."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(FOREIGN)]:
        monkeypatch.delenv(name)
    for name, value in {**HERMETIC, "HOME": str(home)}.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture(autouse=True)
def unblocked() -> Iterator[BlockBuster]:
    """Code of gitcollab that blocks the event loop fails its test."""
    with blockbuster_ctx("gitcollab") as blockbuster:
        yield blockbuster


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty directory for a daemon's root."""
    path = tmp_path / "root"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def mortal() -> Iterator[None]:
    """Permissions count for this thread and those it starts, for root too, as in a container (capset(2))."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, powers = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    override = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE | CAP_DAC_READ_SEARCH
    assert libc.capget(header, powers) == 0
    powers[0] &= ~override
    assert libc.capset(header, powers) == 0
    yield
    powers[0] |= powers[1] & override
    assert libc.capset(header, powers) == 0


# --- a server ------------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A running ``gitcollab serve``: where it answers, and a token for each person."""

    root: Path
    url: str
    running: subprocess.Popen[bytes]
    tokens: dict[str, str] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, user: str) -> Client:
        """The client of a person, who gets an account on first use."""
        if user not in self.clients:
            self.tokens[user] = add_user(self.root, user)
            self.clients[user] = Client(self.url, self.tokens[user])
        return self.clients[user]

    def parts(self) -> dict[str, int]:
        """The process ids of workers, writer and web."""
        found = {}
        children = Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children").read_text().split()
        for pid in children:
            with suppress(OSError, ValueError):  # it has just ended, or is not yet what it will be
                words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                found[words[words.index("-m") + 1].removeprefix("gitcollab.")] = int(pid)
        return {name: pid for name, pid in found.items() if name in {"workers", "writer", "web"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real ``gitcollab serve`` on a free port, with accounts and tokens for ana and ben; one per module."""
    with served(tmp_path_factory.mktemp("server") / "root") as running:
        yield running


@pytest.fixture
def a_server() -> Callable[..., AbstractContextManager[Server]]:
    """Starts a server of the test's own: ``with a_server(root, "--port", "0") as server``."""
    return served


@contextmanager
def served(root: Path, *words: str, users: tuple[str, ...] = ("ana", "ben")) -> Iterator[Server]:
    """Runs ``gitcollab serve`` on ``root`` and stops it as a person would; it must stop cleanly."""
    told = root.parent / f"{root.name}.out"
    with told.open("wb") as out, serving(root, out, *words) as running:
        one = Server(root, ready(root, running, told), running)
        for user in users:
            one.client(user)
        yield one
        for client in one.clients.values():
            client.close()
        if running.poll() is None:
            running.terminate()
            assert 0 == running.wait(120), told.read_text() + (root / "run" / "log").read_text()


@contextmanager
def serving(root: Path, out: object, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Starts ``gitcollab serve`` on ``root``; whatever happens, nothing of it is left at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    home = root.parent / "home"
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-P", "-m", "gitcollab", "serve", "--root", str(root), "--port", "0", *words]
    me = os.getpid()
    running = subprocess.Popen(
        command,
        env={**kept, **HERMETIC, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        preexec_fn=lambda: die_with(me),  # a run of tests that is killed leaves no server behind
    )
    with running:
        try:
            yield running
        finally:
            running.kill()


def ready(root: Path, running: subprocess.Popen[bytes], told: Path) -> str:
    """Waits until the server answers and returns its address."""
    deadline = time.monotonic() + 240
    while running.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            holder = json.loads((root / "run" / "lock").read_bytes())
            if holder["pid"] == running.pid and holder.get("url") and (root / "run" / "url").exists():
                return str(holder["url"])
        time.sleep(0.02)
    log = root / "run" / "log"
    raise AssertionError(f"no server: {told.read_text()}\n{log.read_text() if log.exists() else ''}")


def add_user(root: Path, name: str) -> str:
    """Makes an account on the root and returns its token."""
    opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
    try:
        with opened.begin() as conn:
            store.people.add_person(conn, name, name.title())
            return store.tokens.add_token(conn, name, "a test").secret
    finally:
        opened.dispose()


# --- figures -------------------------------------------------------------------------------------------------------


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints what tests have measured: the property ``figures`` of those that passed."""
    found = [
        text
        for report in terminalreporter.getreports("passed")
        for name, text in report.user_properties
        if name == "figures"
    ]
    if found:
        terminalreporter.section("figures")
        for text in found:
            terminalreporter.line(text)


# --- skips ---------------------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--no-skips``: a test that skips itself has failed; so a missing program cannot pass for a green run."""
    parser.addoption("--no-skips", action="store_true", help="a skipped test has failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Turns skips into failures where none is wanted."""
    report = yield
    return unskipped(item.config, report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for whole files that skip themselves."""
    report = yield
    return unskipped(collector.config, report)


def unskipped(config: pytest.Config, report: object) -> object:
    """Returns the report, failed if it was skipped (an expected failure is none) and skips are not wanted."""
    is_skip = getattr(report, "skipped", False) and not hasattr(report, "wasxfail")
    if is_skip and config.getoption("--no-skips"):
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"skipped, and nothing may be: {report.longrepr}"  # type: ignore[attr-defined]
    return report
