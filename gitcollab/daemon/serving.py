"""Serving: one daemon's life, from an empty directory to the last part stopped."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

import anyio
import msgspec
import structlog

from gitcollab import logs, tracing, wire
from gitcollab.daemon import port
from gitcollab.daemon.backups import back_up_again_and_again
from gitcollab.daemon.mirroring import mirror_again_and_again
from gitcollab.daemon.parts import Part, Plan, stop_all
from gitcollab.daemon.root import Lock, prepare, share
from gitcollab.daemon.spare import Spare, Turn
from gitcollab.daemon.welcome import Owner, welcome, write
from gitcollab.errors import Unavailable
from gitcollab.settings import Settings

LOG_BYTES = 16 * 2**20
"""A log that is longer is set aside."""

QUOTAS = (
    *("saves_per_minute", "collab_megabytes", "user_megabytes"),
    *("collab_files", "collab_sessions", "collab_refs"),
)
"""Settings that the writer is told as its quotas."""

LOOK = 60.0
"""Seconds between two looks at how long the log is."""

log = structlog.get_logger("gitcollab.daemon")


def serve(settings: Settings) -> int:
    """Serves the root until SIGTERM or SIGINT and returns 0.

    Before anything is started it raises BadInput if the root cannot be written or the address cannot be used, and
    Unusable if another daemon serves the root (naming it) or the port is taken. Unavailable if a part does not work.
    """
    os.umask(0o077)
    prepare(settings.root)
    with ExitStack() as stack:
        was_killed = (settings.run / "url").exists()
        if settings.node:
            settings.run.mkdir(mode=0o700, exist_ok=True)
            stack.callback(os.close, share(settings.root))
        lock = Lock(settings.root, settings.run)
        stack.callback(lock.close)
        listener = stack.enter_context(port.bind(settings.host, settings.port, 6.0 if was_killed else 0.0))
        stack.callback(clear, settings.run)
        clear(settings.run)
        file = stack.enter_context(_log_file(settings)) if settings.log == "file" else None
        logs.to(file, "daemon") if file else logs.to_stderr("daemon")
        url = port.reachable(settings.host, listener)

        def run(turn: Turn | None = None) -> None:
            at, is_seen = database(settings), sys.stdout.isatty()
            owner = welcome(at, settings.private, wants_code=is_seen, is_alone=turn is None)
            with wire.listen(settings.run / "workers.sock") as calls:
                daemon = Daemon(settings, lock, listener, file)
                daemon.turn = turn
                daemon.plan(calls.fileno(), url, port.loopback(listener))
                asyncio.run(daemon.run(owner))

        if settings.node:
            spare = Spare(settings, listener, url)
            stack.callback(spare.close)
            spare.serve(run, lambda: stand_by(settings, lock, url))
        else:
            run()
    return 0


def stand_by(settings: Settings, lock: Lock, url: str) -> None:
    """Says that this node waits for its turn, and passes on who comes."""
    lock.note(url)
    write(settings.run / "url", url)
    with suppress(BrokenPipeError):  # nobody reads it: no reason to stop
        print(f"gitcollab stands by for {settings.root} as {settings.node}\n  at {url}", flush=True)


def clear(run: Path) -> None:
    """Removes what only a running daemon may leave there: its address and its sockets."""
    for path in (run / "url", *run.glob("*.sock*"), *run.glob("*.counts")):
        path.unlink(missing_ok=True)


def database(settings: Settings) -> str:
    """Returns the URL of the root's database."""
    from gitcollab import store

    return settings.database or store.file_url(settings.private / "gitcollab.sqlite")


class Daemon:
    """The parts of one root, in the order in which they start."""

    def __init__(
        self, settings: Settings, lock: Lock, listener: socket.socket, log_file: IO[bytes] | None
    ) -> None:
        self.settings = settings
        self.lock = lock
        self.listener = listener
        self.log_file = log_file
        self.parts: list[Part] = []
        self.url = ""
        self.turn: Turn | None = None  # of one node among several

    def plan(self, calls: int, url: str, loopback: tuple[str, int]) -> None:
        """Decides what is started and what each part is told."""
        settings = self.settings
        self.url = settings.base_url.rstrip("/") or url
        shared = {"root": str(settings.root), "database": database(settings), "run": str(settings.run)}
        self._add(
            Plan(
                module="gitcollab.workers",
                arguments=(
                    *("--root", str(settings.root), "--run", str(settings.run), "--fd", str(calls)),
                    *("--count", str(settings.workers or max(4, os.cpu_count() or 1))),
                    *("--seconds", str(settings.job_seconds), "--memory", str(settings.job_memory)),
                ),
                fds=(calls,),
                grace=5.0,
            ),
            self._workers_answer,
        )
        self._add(
            Plan(
                module="gitcollab.writer",
                arguments=("--told",),
                told=shared
                | {
                    "debounce": settings.debounce,
                    "longest_wait": settings.longest_wait,
                    "land": settings.land,
                    "deliver": settings.deliver,
                    "mirror_hosts": settings.hosts_of("mirror"),
                    "quotas": {name: getattr(settings, name) for name in QUOTAS},
                    "unix_accounts": settings.are_accounts_unix,
                    "gates": gates(settings),
                    "evening": settings.evening,
                    "thin_after": settings.thin_after,
                    **({"fence": self.turn.fence, "among": self.turn.among} if self.turn else {}),
                },
                fds=(self.lock.fd,),  # so that the root stays locked until the writer too has ended
                grace=30.0,
                environment=tracing.told(os.environ),
            ),
            self._writer_answers,
        )
        self._add(
            Plan(
                module="gitcollab.web",
                told=shared
                | {
                    "fds": [self.listener.fileno()],
                    "base_url": self.url,
                    "hosts": self._hosts(url),
                    "proxies": [address for address in settings.proxies.split(",") if address.strip()],
                    "guests": settings.guests,
                    "webhook_hosts": settings.hosts_of("webhook"),
                    **vouchers(settings, self.url),
                },
                fds=(self.listener.fileno(),),
                environment=tracing.told(os.environ),
            ),
            lambda: web_answers(*loopback),
        )

    async def run(self, owner: Owner) -> None:
        """Runs the parts until the daemon is asked to stop; Unavailable if one of them does not work."""
        try:
            await self._run(owner)
        except ExceptionGroup as failed:
            error = failed.exceptions[0]
            log.error("stopped", error=str(error), kind=type(error).__name__)
            raise error from None

    async def _run(self, owner: Owner) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async with anyio.create_task_group() as group:
                for part in self.parts:
                    part.start()
                group.start_soon(self._begin, group, owner)
                if self.turn:
                    group.start_soon(self._end_with, self.turn, group.cancel_scope)
                try:
                    async for number in signals:
                        log.info("asked to stop", signal=number.name)
                        self.listener.close()  # who comes now is refused at once, once web has closed its own
                        break
                finally:
                    with anyio.CancelScope(shield=True):
                        await stop_all(self.parts)
                group.cancel_scope.cancel()

    async def _end_with(self, turn: Turn, scope: anyio.CancelScope) -> None:
        """Ends everything at once when the turn to write is another node's: nothing that is under way can be done."""
        await turn.keep()
        for part in reversed(self.parts):
            part.is_wanted = False
            part.end()
        scope.cancel()

    async def _begin(self, group: anyio.abc.TaskGroup, owner: Owner) -> None:
        for part in self.parts:
            part.tell()
            group.start_soon(part.keep)
            await part.ready.wait()
        self.lock.note(self.url)
        write(self.settings.run / "url", self.url)
        log.info("ready", url=self.url)
        group.start_soon(back_up_again_and_again, self.settings)
        group.start_soon(keep_short, self.log_file)
        group.start_soon(mirror_again_and_again, self.settings, database(self.settings))
        with suppress(BrokenPipeError):  # nobody reads it: no reason to stop
            print(greeting(self.settings.root, self.url, owner), flush=True)

    def _add(self, plan: Plan, answers: object) -> None:
        plan = msgspec.structs.replace(plan, run=self.settings.run)
        self.parts.append(Part(plan, self.settings.root, answers, self.log_file))  # type: ignore[arg-type]

    def _hosts(self, url: str) -> list[str]:
        names = {urlsplit(url).hostname or "", self.settings.host}
        return sorted(name for name in names if name not in port.WILDCARDS)

    async def _workers_answer(self) -> None:
        await wire.Errands(self.settings.run / "workers.sock", patience=0).ping(within=10.0)

    async def _writer_answers(self) -> None:
        async with wire.Wire(self.settings.run / "writer.sock", patience=0) as line:
            await line.ping(within=10.0)


def gates(settings: Settings) -> dict[str, object]:
    """Returns what the writer is told of the gates that run something."""
    return {
        "running": settings.run_gates,
        "commands": settings.gate_commands,
        "network": settings.gate_network,
        "seconds": settings.gate_seconds,
        "memory": settings.gate_memory,
        "hosts": settings.hosts_of("status"),
    }


def vouchers(settings: Settings, url: str) -> dict[str, object]:
    """Returns what web is told of those who vouch for people: a provider by OpenID Connect, a JupyterHub."""
    told: dict[str, object] = {}
    if settings.oidc_issuer:
        names = ("issuer", "client", "secret", "title", "groups")
        told["oidc"] = {name: getattr(settings, f"oidc_{name}") for name in names}
    if settings.hub_api and settings.hub_client:
        hub = settings.hub_url or urljoin(url, "/hub/")
        told["jupyterhub"] = {
            "api": settings.hub_api,
            "token": settings.hub_token,
            "client": settings.hub_client,
            "hub": hub,
        }
    return told


async def web_answers(host: str, at: int) -> None:
    """Returns if web answers that it lives; OSError or Unavailable if not.

    It is not asked how the others are: where very many come at once that would wait behind them, and web be taken to
    hang.
    """
    with anyio.move_on_after(10.0):
        reader, writer = await asyncio.open_connection(host, at)
        try:
            name = f"[{host}]" if ":" in host else host
            request = f"GET /health/live HTTP/1.1\r\nHost: {name}:{at}\r\nConnection: close\r\n\r\n"
            writer.write(request.encode("ascii"))
            if b" 200 " in await reader.readline():
                return
        finally:
            writer.close()
    raise Unavailable("The web does not answer", "it may be starting; try again in a moment")


def greeting(root: Path, url: str, owner: Owner) -> str:
    """What a person is told when the daemon is ready."""
    lines = [f"gitcollab serves {root}", f"  at {url}"]
    if owner.code:
        lines.append(f"  sign in as {owner.name}, once: {owner.address(url)}")
    return "\n".join([*lines, "  stop with Ctrl-C"])


async def keep_short(file: IO[bytes] | None) -> None:
    """Sets the log's lines aside when they are many, for ever; the parts write on into the same file."""
    while file is not None:
        await anyio.sleep(LOOK)
        if os.fstat(file.fileno()).st_size > LOG_BYTES:
            await anyio.to_thread.run_sync(set_aside, Path(str(file.name)))


def set_aside(path: Path) -> None:
    """Copies a log that others are writing to beside it, and empties it; lines of that very moment may be lost."""
    try:
        shutil.copyfile(path, path.with_name("log.old"))
        os.truncate(path, 0)
    except OSError as error:
        log.warning("the log was not set aside", error=str(error))


def _log_file(settings: Settings) -> IO[bytes]:
    path = settings.run / "log"
    with suppress(FileNotFoundError):
        if path.stat().st_size > LOG_BYTES:
            path.rename(path.with_name("log.old"))
    return path.open("ab", buffering=0)
