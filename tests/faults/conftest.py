"""What the faults stand on: the invariants, people who save and remember what was acknowledged, disks of their own."""

from __future__ import annotations

import ctypes
import fcntl
import importlib.util
import itertools
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gitcollab.client import Client
from gitcollab.errors import GitcollabError, Unavailable, Unusable

LONG = float(os.environ.get("GITCOLLAB_LONG", "0"))
"""Asked here, before the tests' own environment begins: 1 lets thousands of faults happen, 0.1 a tenth of them."""

HERE = Path(__file__).parent
MEMORY = Path("/dev/shm")
NEW_MOUNTS = 0x00020000
FREEZE, THAW = 0xC0045877, 0xC0045878  # ioctl_fifreeze(2): writes wait, so that a copy is of one instant


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is written for other machines: there system calls have other numbers."""
    other = [
        item
        for item in items
        if any(platform.machine() not in one.args for one in item.iter_markers("machine"))
    ]
    items[:] = [item for item in items if item not in other]
    config.hook.pytest_deselected(items=other)


@pytest.fixture(scope="session")
def is_long() -> bool:
    """Whether this is the long run."""
    return LONG > 0


@pytest.fixture(scope="session")
def often() -> Callable[[int, int], int]:
    """Says how often: the first number in a short run, the second, or the wanted part of it, in a long one."""
    return lambda short, long: max(short, int(long * LONG))


@pytest.fixture(scope="session")
def invariants() -> ModuleType:
    """The module of this directory that knows what must hold after every fault."""
    spec = importlib.util.spec_from_file_location("faults_invariants", HERE / "invariants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says a figure that the end of the run prints."""
    return lambda text: record_property("figures", text)


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A directory where flushes cost nothing, for faults that leave the machine's memory alone."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as path:
        yield Path(path)


# --- people ----------------------------------------------------------------------------------------------------------


class Saver(threading.Thread):
    """Somebody who saves a growing file again and again and remembers what was acknowledged, and what was refused."""

    def __init__(self, client: Client, collab: str, session: str, path: str, wait: float = 0.0) -> None:
        super().__init__(name=f"{session} saves {path}")
        self.client, self.collab, self.session, self.path, self.wait = client, collab, session, path, wait
        self.saves: list[tuple[str, str, str, bytes, str]] = []
        self.refused: list[GitcollabError] = []
        self.failed: list[BaseException] = []
        self.is_over = threading.Event()

    def run(self) -> None:
        base, lines = None, [f"{self.path} of {self.session}"]
        chance = random.Random(self.path)
        while not self.is_over.is_set():
            data = content(self.path, lines)
            try:
                receipt = self.client.save(self.collab, self.session, self.path, data, base=base)
            except (GitcollabError, OSError) as error:
                self.refused.append(error)
                if getattr(error, "status", 500) == 500 and isinstance(error, GitcollabError):
                    self.failed.append(error)
                self.is_over.wait(0.05)
                continue
            base = receipt["version"]
            self.saves.append((self.collab, self.session, self.path, data, base))
            lines.append("x" * chance.randrange(1, 2000))
            self.is_over.wait(self.wait)
        self.client.close()

    def more(self, count: int, within: float = 240.0) -> float:
        """Waits for ``count`` more acknowledgements; returns the seconds it took."""
        began, before = time.monotonic(), len(self.saves)
        while len(self.saves) < before + count:
            assert time.monotonic() - began < within, self.refused[-1:]
            time.sleep(0.005)
        return time.monotonic() - began


def content(path: str, lines: list[str]) -> bytes:
    """A text, or a notebook with a cell for each of the last lines."""
    if not path.endswith(".ipynb"):
        return "\n".join(lines).encode()
    same = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    cells = [same | {"id": f"cell-{n}", "source": [line]} for n, line in enumerate(lines)][-20:]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


class Crowd:
    """Several people who save at once in one collab, and Ana who publishes now and then."""

    def __init__(self, server: Any, invariants: ModuleType, wait: float = 0.0) -> None:
        self.invariants = invariants
        self.ana = server.client("ana")
        self.id = self.ana.create("Crowd")["id"]
        self.ana.open_session(self.id)
        self.ana.set_member(self.id, "ben", "editor")
        server.client("ben").open_session(self.id)
        asked = [
            ("ana", "analysis.ipynb"),
            ("ben", "ben/model.ipynb"),
            ("ana", "notes.txt"),
            ("ben", "ben/log.txt"),
        ]
        self.savers = [
            Saver(Client(server.url, server.tokens[user]), self.id, f"{user}/default", path, wait)
            for user, path in asked
        ]
        self.versions: list[tuple[str, str]] = []
        self.numbers = itertools.count(1)

    def __enter__(self) -> Crowd:
        for saver in self.savers:
            saver.start()
        return self

    def __exit__(self, *_: object) -> None:
        for saver in self.savers:
            saver.is_over.set()
        for saver in self.savers:
            saver.join(400)
        failed = [error for saver in self.savers for error in saver.failed]
        assert failed == []

    def publishes(self) -> None:
        """Ana publishes what there is, if there is something new and the server can just now."""
        with suppress(Unusable, Unavailable):
            version = self.ana.publish(self.id, "analysis.ipynb", message=f"number {next(self.numbers)}")
            self.versions.append((self.id, version["tag"]))

    def promised(self) -> Any:
        """What has been acknowledged up to now."""
        saves = [self.invariants.Save(*one) for saver in self.savers for one in list(saver.saves)]
        return self.invariants.Promised(saves, [self.invariants.Publish(*one) for one in self.versions])


@pytest.fixture
def a_crowd(invariants: ModuleType) -> Callable[..., Crowd]:
    """Makes a crowd on a server: ``with a_crowd(server) as crowd``."""
    return lambda server, **more: Crowd(server, invariants, **more)


# --- disks -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_mounts() -> Iterator[Callable[..., None]]:
    """From here on this thread and what it starts have mounts of their own, which nobody else sees or inherits.

    Yields what runs a program that must succeed.
    """
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("mounting file systems needs root and mkfs.ext4")
    libc = ctypes.CDLL(None, use_errno=True)
    before, where = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY), Path.cwd()
    if libc.unshare(NEW_MOUNTS) != 0:
        pytest.skip("mounting file systems is not allowed here")
    run("mount", "--make-rprivate", "/")
    yield run
    assert libc.setns(before, NEW_MOUNTS) == 0
    os.chdir(where)
    os.close(before)


class Disk:
    """An ext4 file system in a file, mounted at ``top``, that can be cut from its power: a copy of one instant."""

    def __init__(self, within: Path, megabytes: int = 96) -> None:
        self.outer, self.top, self.megabytes = within / "outer", within / "disk", megabytes
        for path in (self.outer, self.top):
            path.mkdir()
        backing = within / "outer.img"
        self._made(backing, megabytes * 16)
        run("mount", "-o", "loop", str(backing), str(self.outer))
        self.image = self.outer / "disk.img"
        self._made(self.image, megabytes)
        self.mounted(self.image)

    def _made(self, path: Path, megabytes: int) -> None:
        with open(path, "wb") as file:
            file.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-F", str(path))

    def mounted(self, image: Path) -> None:
        """Mounts an image at ``top``; its journal is replayed."""
        run("mount", "-o", "loop", str(image), str(self.top))

    def unmount(self) -> None:
        """Takes the image from ``top`` again, once nobody holds a file there: what was killed may be ending still."""
        began = time.monotonic()
        while subprocess.run(["umount", str(self.top)], check=False, capture_output=True).returncode != 0:
            assert time.monotonic() - began < 240, "somebody holds the disk"
            time.sleep(0.05)

    def fail(self) -> None:
        """Has the file system refuse all writes, as ext4 does by itself after an error of the disk."""
        run("mount", "-o", "remount,abort", str(self.top))

    def repair(self) -> None:
        """Has the unmounted image checked, as a machine does when it starts; exit status 1 says: was repaired."""
        done = subprocess.run(["e2fsck", "-p", str(self.image)], capture_output=True, check=False)
        assert done.returncode in (0, 1), done.stdout

    def cut(self, name: str) -> Path:
        """Copies the image as it is in one instant, and returns the copy."""
        copy = self.outer / name
        handle = os.open(self.outer, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, FREEZE, 0)  # the copy cannot be made on the frozen file system itself
            try:
                data = _extents(self.image)
            finally:
                fcntl.ioctl(handle, THAW, 0)
        finally:
            os.close(handle)
        with open(copy, "wb") as file:
            file.truncate(self.image.stat().st_size)
            for at, piece in data:
                os.pwrite(file.fileno(), piece, at)
        return copy

    def close(self) -> None:
        """Unmounts everything."""
        subprocess.run(["umount", "-l", str(self.top)], check=False, capture_output=True)
        subprocess.run(["umount", "-l", str(self.outer)], check=False, capture_output=True)


@pytest.fixture
def a_disk(own_mounts: Callable[..., None]) -> Iterator[Callable[..., Any]]:
    """Makes a disk: ``with a_disk() as disk``; nothing is left of it."""

    @contextmanager
    def made(megabytes: int = 96) -> Iterator[Disk]:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as within:
            disk = Disk(Path(within), megabytes)
            try:
                yield disk
            finally:
                disk.close()

    return made


def run(*words: str) -> None:
    """Runs a program that must succeed."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"


def _extents(path: Path) -> list[tuple[int, bytes]]:
    """The parts of a sparse file that hold data."""
    found = []
    with open(path, "rb") as file:
        size, at = os.fstat(file.fileno()).st_size, 0
        while at < size:
            try:
                begin = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but a hole up to the end
                break
            at = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            found.append((begin, os.pread(file.fileno(), at - begin, begin)))
    return found
