"""Disks that are full or refuse: nothing is acknowledged wrongly, it is said honestly, and work goes on after it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gitcollab.client import Client
from gitcollab.errors import NoSpace

pytestmark = [pytest.mark.slow, pytest.mark.mounts]


@pytest.fixture
def small(own_mounts: Callable[..., None]) -> Iterator[Path]:
    """A file system of 16 MB in memory."""
    with tempfile.TemporaryDirectory() as within:
        own_mounts("mount", "-t", "tmpfs", "-o", "size=16m", "none", within)
        try:
            yield Path(within)
        finally:
            own_mounts("umount", "-l", within)


def test_a_full_disk_refuses_saves_and_takes_them_again_when_there_is_space(
    a_server: Any, a_crowd: Any, small: Path, invariants: ModuleType, figures: Callable[[str], None]
) -> None:
    root = small / "root"
    with a_server(root) as server, a_crowd(server) as crowd:
        crowd.savers[0].more(2)
        with filled(small):
            for saver in crowd.savers:
                until(lambda saver=saver: any(isinstance(one, NoSpace) for one in saver.refused))
            assert {507} == {one.status for one in crowd.savers[0].refused if isinstance(one, NoSpace)}
            assert "notes.txt" in [file["path"] for file in server.client("ben").files(crowd.id)]
            until(lambda: server.client("ben").health()["disk"] == "full")
        back = max(saver.more(1) for saver in crowd.savers)
        until(lambda: server.client("ben").health()["status"] == "ok")
        crowd.__exit__()
        promised = crowd.promised()
    assert [] == invariants.check(root, promised)
    refused = sum(len(saver.refused) for saver in crowd.savers)
    figures(f"full disk: {refused} saves refused, {len(promised.saves)} kept, back after {back:.1f} s")


def test_a_disk_that_fails_refuses_saves_and_keeps_what_was_acknowledged(
    a_server: Any, a_crowd: Any, a_disk: Any, invariants: ModuleType
) -> None:
    with a_disk() as disk:
        root = disk.top / "root"
        with stopped_anyhow(a_server, root) as server, a_crowd(server) as crowd:
            crowd.savers[0].more(2)
            disk.fail()
            before = [len(saver.refused) for saver in crowd.savers]
            for saver, count in zip(crowd.savers, before, strict=True):
                until(lambda saver=saver, count=count: len(saver.refused) > count)
            files = [file["path"] for file in server.client("ben").files(crowd.id)]
            assert "notes.txt" in files
            promised = crowd.promised()
        disk.unmount()
        disk.repair()
        disk.mounted(disk.image)
        with a_server(root, users=()) as server:
            client = Client(server.url, crowd.ana.transport.token)
            client.save(crowd.id, "ana/default", "after.txt", b"all is well again\n")
            client.close()
        assert [] == invariants.check(root, promised)
        disk.unmount()


@contextmanager
def stopped_anyhow(a_server: Any, root: Path) -> Iterator[Any]:
    """A server whose disk fails: how it ends is not judged."""
    with a_server(root) as server:
        try:
            yield server
        finally:
            for client in server.clients.values():
                client.close()
            server.running.kill()
            server.running.wait(120)


@contextmanager
def filled(directory: Path) -> Iterator[None]:
    """Takes all the space there is, down to the last byte, until the end."""
    path = directory / "filler"
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with _until_full():
                while True:
                    file.write(b"\0" * size)
        yield
    path.unlink()


@contextmanager
def _until_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        assert "No space" in str(error)  # noqa: PT017


def until(holds: Callable[[], bool]) -> None:
    """Waits until it holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < 240
        time.sleep(0.02)
