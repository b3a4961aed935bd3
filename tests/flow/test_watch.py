"""Watching a workspace: what editors, disks and kernels do, and what is told of it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import anyio.to_thread
import pytest
import watchfiles

from gitcollab import workspace
from gitcollab.flow import sight as sight_room
from gitcollab.flow.sight import Sight
from gitcollab.flow.watch import Changed, Found, Gone, Lost, MassGone, Moved, Pace, Skipped, watch
from gitcollab.workspace import Rules, Stat, Unstable, take
from gitcollab.workspace.reading import TICK

EVERYTHING = Rules()
QUICK = Pace(quiet=0.04, most=0.4, grace=0.25, period=30.0, poll=0.1)
PATIENT = Pace(quiet=0.04, most=0.4, grace=60.0, period=30.0, poll=0.1)
"""With it nothing counts as gone, however slow the machine is."""
MB = 1_000_000


class Watching:
    """A caller that takes in what it is told, as the daemon does, and remembers the bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seen: dict[str, Stat | None] = {}
        self.files: dict[str, bytes] = {}
        self.told: list[Found] = []
        self.taken: list[bytes] = []
        self.stop = asyncio.Event()
        self.is_taking = True
        self._news = asyncio.Event()

    async def follow(self, rules: Rules, pace: Pace) -> None:
        async for found in watch(self.root, rules, seen=self.seen, stop=self.stop, pace=pace):
            if isinstance(found, Changed | Moved) and self.is_taking:
                await self.take(found.path)
            for path in (
                [found.path] if isinstance(found, Gone) else [found.old] if isinstance(found, Moved) else []
            ):
                self.seen.pop(path, None)
                self.files.pop(path, None)
            self.told.append(found)
            self._news.set()

    async def take(self, path: str) -> None:
        with contextlib.suppress(Unstable, FileNotFoundError, workspace.Skipped):
            taken = await anyio.to_thread.run_sync(lambda: take(self.root, path, limit=100 * MB))
            self.seen[path], self.files[path] = taken.stat, taken.data
            self.taken.append(hashlib.sha256(taken.data).digest())

    async def until(self, is_so: Callable[[], bool], seconds: float = 60.0) -> None:
        async with asyncio.timeout(seconds):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    async def holds(self, files: dict[str, bytes]) -> None:
        await self.until(lambda: self.files == files)

    async def hears(self, found: Found) -> None:
        await self.until(lambda: found in self.told)

    def about(self, *kinds: type[Found]) -> list[Found]:
        return [found for found in self.told if isinstance(found, kinds)]


@contextlib.asynccontextmanager
async def watching(
    root: Path, rules: Rules = EVERYTHING, pace: Pace = QUICK, seen: dict[str, Stat | None] | None = None
) -> AsyncIterator[Watching]:
    actor = Watching(root)
    actor.seen.update(seen or {})
    task = asyncio.create_task(actor.follow(rules, pace))
    try:
        yield actor
        actor.stop.set()
        await asyncio.wait_for(task, 60)
    finally:
        task.cancel()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    root.mkdir()
    return root


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def ten(prefix: str = "f") -> dict[str, bytes]:
    return {f"{prefix}{n:02}.txt": b"%d" % n for n in range(10)}


async def test_tells_at_the_start_what_is_there(tree: Path) -> None:
    files = {"a.ipynb": b"{}", "b/c.txt": b"c"}
    write(tree, files | {".ipynb_checkpoints/a.ipynb": b"{}"})
    async with watching(tree) as daemon:
        await daemon.holds(files)


async def test_tells_at_the_start_only_what_differs_from_what_was_taken_in(tree: Path) -> None:
    write(tree, {"a.txt": b"a", "b.txt": b"b"})
    async with watching(tree) as daemon:
        await daemon.holds({"a.txt": b"a", "b.txt": b"b"})
    write(tree, {"b.txt": b"changed while nobody watched"})
    async with watching(tree, seen=daemon.seen) as again:
        await again.holds({"b.txt": b"changed while nobody watched"})


async def test_a_deletion_while_nobody_watched_is_told(tree: Path) -> None:
    async with watching(tree, seen={"gone.txt": None}) as daemon:
        await daemon.hears(Gone("gone.txt"))


class TestEditors:
    async def test_jupyters_save_in_place_is_never_seen_half(self, tree: Path) -> None:
        """Marker, truncate, write in pieces, remove the marker (jupyter_server, fileio.atomic_writing)."""
        notebook, versions = tree / "a.ipynb", [b'{"v": "%s"}' % (b"%d" % v * 100_000) for v in range(10)]
        write(tree, {"a.ipynb": versions[0]})

        def save(data: bytes) -> None:
            shutil.copy2(notebook, tree / ".~a.ipynb")
            with notebook.open("wb") as out:
                for at in range(0, len(data), 30_000):
                    out.write(data[at : at + 30_000])
                    out.flush()
                    time.sleep(0.005)
            (tree / ".~a.ipynb").unlink()

        async with watching(tree, pace=PATIENT) as daemon:
            for version in versions[1:]:
                await anyio.to_thread.run_sync(save, version)
                assert daemon.files.get("a.ipynb", versions[0]) in versions
            await daemon.holds({"a.ipynb": versions[-1]})
            assert daemon.about(Gone, Skipped) == []

    async def test_a_save_by_rename_is_a_change(self, tree: Path) -> None:
        write(tree, {"a.ipynb": b"{}"})
        async with watching(tree, pace=PATIENT) as daemon:
            await daemon.holds({"a.ipynb": b"{}"})
            for version in (b'{"v": 1}', b'{"v": 2}'):
                write(tree, {"a.ipynb.tmp": version})
                (tree / "a.ipynb.tmp").rename(tree / "a.ipynb")
                await daemon.holds({"a.ipynb": version})
            assert daemon.about(Gone, Moved, Skipped) == []

    async def test_a_save_by_vim_through_a_backup_is_a_change(self, tree: Path) -> None:
        write(tree, {"a.txt": b"old"})
        async with watching(tree, pace=PATIENT) as daemon:
            await daemon.holds({"a.txt": b"old"})
            write(tree, {".a.txt.swp": b"swap", "4913": b""})
            (tree / "4913").unlink()
            (tree / "a.txt").rename(tree / "a.txt~")
            write(tree, {"a.txt": b"new"})
            (tree / "a.txt~").unlink()
            await daemon.holds({"a.txt": b"new"})
            assert daemon.about(Gone, Moved, Skipped) == []

    def test_a_file_is_left_alone_until_it_is_quiet(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr(sight_room.time, "monotonic", lambda: now[0])
        eye = Sight(tree, Rules(), {}, Pace(quiet=0.3, most=5.0))
        assert [] == eye.look(10_000)
        write(tree, {"a.txt": b"a"})
        for _ in range(10):
            eye.hint("a.txt")
            now[0] += 0.2
            assert [] == eye.look(10_000)
        now[0] += 0.2
        assert [Changed("a.txt")] == eye.look(10_000)

    async def test_a_writer_that_never_pauses_is_not_waited_for_longer_than_the_maximum(
        self, tree: Path
    ) -> None:
        is_over = threading.Event()

        def log() -> None:
            with (tree / "log.txt").open("wb", buffering=0) as out:
                while not is_over.is_set():
                    out.write(b"line\n")
                    time.sleep(0.03)

        writer = threading.Thread(target=log)
        async with watching(tree, pace=Pace(quiet=0.2, most=0.5)) as daemon:
            writer.start()
            try:
                await daemon.until(lambda: len(daemon.files.get("log.txt", b"")) > 0)
            finally:
                is_over.set()
            await anyio.to_thread.run_sync(writer.join)
            whole = await anyio.to_thread.run_sync((tree / "log.txt").read_bytes)
            await daemon.holds({"log.txt": whole})

    async def test_a_notebook_left_half_written_is_taken_once_it_is_whole(self, tree: Path) -> None:
        write(tree, {"a.ipynb": b'{"cells": ['})
        async with watching(tree) as daemon:
            await daemon.hears(Changed("a.ipynb"))
            assert daemon.files == {}
            with (tree / "a.ipynb").open("ab") as out:
                out.write(b"]}")
            await daemon.holds({"a.ipynb": b'{"cells": []}'})


class TestNames:
    async def test_a_rename_is_told_as_one(self, tree: Path) -> None:
        write(tree, {"old.ipynb": b"{}"})
        async with watching(tree, pace=PATIENT) as daemon:
            await daemon.holds({"old.ipynb": b"{}"})
            (tree / "old.ipynb").rename(tree / "new.ipynb")
            await daemon.holds({"new.ipynb": b"{}"})
            assert daemon.told == [Changed("old.ipynb"), Moved("old.ipynb", "new.ipynb")]

    async def test_a_renamed_directory_renames_its_files(self, tree: Path) -> None:
        write(tree, {f"a/{path}": data for path, data in ten().items()})
        async with watching(tree, pace=PATIENT) as daemon:
            await daemon.until(lambda: len(daemon.files) == 10)
            (tree / "a").rename(tree / "b")
            await daemon.holds({f"b/{path}": data for path, data in ten().items()})
            assert len(daemon.about(Moved)) == 10
            assert daemon.about(Gone, MassGone) == []

    async def test_a_new_file_that_gets_the_inode_of_a_deleted_one_is_no_rename(self, tree: Path) -> None:
        write(tree, {"old.txt": b"old"})
        async with watching(tree) as daemon:
            await daemon.holds({"old.txt": b"old"})
            (tree / "old.txt").unlink()
            write(tree, {"new.txt": b"new"})
            await daemon.holds({"new.txt": b"new"})
            assert daemon.about(Moved) == []

    async def test_files_in_directories_made_the_same_moment_are_all_found(self, tree: Path) -> None:
        async with watching(tree) as daemon:
            await asyncio.sleep(0.2)
            files = {f"a{n % 30}/b/c{n}/f.txt": b"%d" % n for n in range(300)}
            await anyio.to_thread.run_sync(write, tree, files)
            await daemon.holds(files)

    async def test_a_name_that_is_not_utf_8_is_skipped_and_the_watch_goes_on(self, tree: Path) -> None:
        async with watching(tree) as daemon:
            await asyncio.sleep(0.2)
            Path(os.fsdecode(os.fsencode(tree) + b"/caf\xe9.txt")).write_bytes(b"x")
            await daemon.hears(Skipped("caf\ufffd.txt", "name"))
            write(tree, {"a.txt": b"a"})
            await daemon.holds({"a.txt": b"a"})

    async def test_pipes_links_and_big_files_are_skipped_visibly_and_once(self, tree: Path) -> None:
        (tree / "loop").symlink_to(tree)
        (tree / "out.txt").symlink_to("/etc/hostname")
        os.mkfifo(tree / "pipe")
        write(tree, {"big.txt": b"x" * 11, "a.txt": b"a"})
        async with watching(tree, Rules(file_cap=10)) as daemon:
            await daemon.holds({"a.txt": b"a"})
            write(tree, {"a.txt": b"A"})
            await daemon.holds({"a.txt": b"A"})
            assert sorted(daemon.about(Skipped), key=str) == [
                Skipped("big.txt", "too-large"),
                Skipped("loop", "outside"),
                Skipped("out.txt", "outside"),
                Skipped("pipe", "not-regular"),
            ]

    async def test_a_file_that_shrinks_under_the_cap_is_taken(self, tree: Path) -> None:
        write(tree, {"a.txt": b"x" * 11})
        async with watching(tree, Rules(file_cap=10)) as daemon:
            await daemon.hears(Skipped("a.txt", "too-large"))
            write(tree, {"a.txt": b"x"})
            await daemon.holds({"a.txt": b"x"})

    async def test_what_is_not_shared_is_not_told(self, tree: Path) -> None:
        async with watching(tree, Rules(paths=("a.ipynb",))) as daemon:
            write(tree, {"b.ipynb": b"{}", "a.ipynb": b"{}"})
            await daemon.holds({"a.ipynb": b"{}"})
            assert daemon.told == [Changed("a.ipynb")]


class TestDeletions:
    async def test_a_deletion_is_told_after_its_grace(self, tree: Path) -> None:
        write(tree, {"a.txt": b"a", "b.txt": b"b"})
        async with watching(tree) as daemon:
            await daemon.holds({"a.txt": b"a", "b.txt": b"b"})
            (tree / "a.txt").unlink()
            began = time.monotonic()
            await daemon.hears(Gone("a.txt"))
            assert time.monotonic() - began >= QUICK.grace

    def test_a_file_that_comes_back_in_time_was_never_gone(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr(sight_room.time, "monotonic", lambda: now[0])
        write(tree, {"a.txt": b"a"})
        seen: dict[str, Stat | None] = {"a.txt": Stat.of((tree / "a.txt").lstat())}
        eye = Sight(tree, Rules(), seen, Pace(quiet=0, grace=2))
        (tree / "a.txt").unlink()
        assert [] == eye.look(0)
        now[0] += 1
        assert [] == eye.look(0)
        write(tree, {"a.txt": b"again"})
        found = []
        for _ in range(10):
            now[0] += 1
            found += eye.look(0)
        assert {Changed("a.txt")} == set(found)

    async def test_many_at_once_are_one_question(self, tree: Path) -> None:
        write(tree, ten())
        async with watching(tree) as daemon:
            await daemon.holds(ten())
            for path in list(ten())[:4]:
                (tree / path).unlink()
            await daemon.hears(MassGone(("f00.txt", "f01.txt", "f02.txt", "f03.txt")))
            await asyncio.sleep(QUICK.grace)
            assert daemon.about(Gone) == []
            assert len(daemon.about(MassGone)) == 1

    async def test_a_confirmed_mass_deletion_is_over(self, tree: Path) -> None:
        write(tree, ten())
        async with watching(tree) as daemon:
            await daemon.holds(ten())
            for path in ten():
                (tree / path).unlink()
            await daemon.hears(MassGone(tuple(ten())))
            daemon.seen.clear()
            write(tree, ten())
            await daemon.until(lambda: len(daemon.about(Changed)) == 20)
            (tree / "f00.txt").unlink()
            await daemon.hears(Gone("f00.txt"))

    async def test_a_directory_that_goes_takes_its_files(self, tree: Path) -> None:
        write(tree, ten() | {"d/a.txt": b"a", "d/b.txt": b"b"})
        async with watching(tree) as daemon:
            await daemon.until(lambda: len(daemon.files) == 12)
            shutil.rmtree(tree / "d")
            await daemon.holds(ten())
            assert daemon.about(Gone, MassGone) == [Gone("d/a.txt"), Gone("d/b.txt")]

    async def test_a_root_that_vanishes_is_lost_and_nothing_in_it_deleted(self, tree: Path) -> None:
        write(tree, ten())
        async with watching(tree) as daemon:
            await daemon.holds(ten())
            shutil.rmtree(tree)
            await daemon.until(lambda: bool(daemon.about(Lost)))
            assert daemon.about(Gone, MassGone) == []

    async def test_a_root_that_is_replaced_is_lost_and_nothing_in_it_deleted(self, tree: Path) -> None:
        write(tree, ten())
        async with watching(tree) as daemon:
            await daemon.holds(ten())
            tree.rename(tree.parent / "elsewhere")
            tree.mkdir()
            await daemon.hears(Lost("replaced by another directory"))
            assert daemon.about(Gone, MassGone) == []

    async def test_a_missing_root_is_lost(self, tree: Path) -> None:
        async with watching(tree / "nowhere") as daemon:
            await daemon.hears(Lost("No such file or directory"))


class TestPermissions:
    @pytest.fixture(autouse=True)
    def _mortal(self, mortal: None) -> None:
        """Permissions count, for root too."""

    async def test_an_unreadable_file_is_skipped_never_gone(self, tree: Path) -> None:
        write(tree, {"a.txt": b"a"})
        async with watching(tree, pace=Pace(quiet=0.04, grace=0.2, is_polled=True, poll=0.05)) as daemon:
            await daemon.holds({"a.txt": b"a"})
            (tree / "a.txt").chmod(0)
            await daemon.hears(Skipped("a.txt", "unreadable"))
            (tree / "a.txt").chmod(0o600)
            write(tree, {"a.txt": b"b"})
            await daemon.holds({"a.txt": b"b"})
            assert daemon.about(Gone) == []

    def test_a_closed_directory_hides_its_files_but_deletes_none(self, tree: Path) -> None:
        write(tree, {"d/a.txt": b"a"})
        stat = Stat.of((tree / "d/a.txt").lstat())
        eye = Sight(tree, Rules(), {"d/a.txt": stat}, Pace(quiet=0, grace=0, period=0))
        (tree / "d").chmod(0)
        try:
            assert [eye.look(0.0), eye.look(0.0)] == [[Skipped("d/a.txt", "unreadable")], []]
        finally:
            (tree / "d").chmod(0o700)
        assert eye.look(0.0) == []


class TestWithoutEvents:
    async def test_polling_finds_every_save_where_inotify_cannot_see(self, tree: Path) -> None:
        async with watching(tree, pace=Pace(quiet=0.02, poll=0.05, grace=0.1, is_polled=True)) as daemon:
            for version in (b"1", b"2", b"3"):  # within one second: whole-second time stamps would miss it
                write(tree, {"a.txt": version})
                await daemon.holds({"a.txt": version})
            (tree / "a.txt").unlink()
            await daemon.holds({})

    async def test_a_dead_watcher_is_started_again_and_nothing_is_missed(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls, is_back = watchfiles.watch, [], threading.Event()

        def dying(*args: object, **kwargs: object) -> Iterator[object]:
            calls.append(args)
            if len(calls) == 1:
                yield set()
                write(tree, {"missed.txt": b"m"})
                raise RuntimeError("a name that is not UTF-8")
            is_back.set()
            yield from real(*args, **kwargs)

        monkeypatch.setattr("gitcollab.flow.hints.watchfiles.watch", dying)
        async with watching(tree) as daemon:
            await daemon.holds({"missed.txt": b"m"})
            await anyio.to_thread.run_sync(is_back.wait, 60)
            write(tree, {"later.txt": b"l"})
            await daemon.holds({"missed.txt": b"m", "later.txt": b"l"})

    @pytest.mark.timeout(900)
    def test_a_process_that_stood_still_while_the_queue_ran_over_finds_everything(self, tree: Path) -> None:
        """SIGSTOP, more files than the kernel's queue holds, SIGCONT."""
        count = min(20_000, int(Path("/proc/sys/fs/inotify/max_queued_events").read_text()) + 2_000)
        with subprocess.Popen(
            [sys.executable, "-c", FOLLOWER, str(tree)], stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            write(tree, {"first.txt": b"x"})
            assert other.stdout.readline() == "first.txt\n"
            other.send_signal(signal.SIGSTOP)
            for n in range(count):
                os.close(os.open(tree / f"{n:05}.txt", os.O_CREAT | os.O_WRONLY))
            other.send_signal(signal.SIGCONT)
            found = {other.stdout.readline().strip() for _ in range(count)}
            other.kill()
        assert found == {f"{n:05}.txt" for n in range(count)}


FOLLOWER = """
import asyncio, sys
from pathlib import Path
from gitcollab.flow.watch import Changed, Pace, watch
from gitcollab.workspace import Rules, Stat

async def main(root, seen={}):
    pace = Pace(quiet=0.05, period=2)
    async for found in watch(root, Rules(), seen=seen, stop=asyncio.Event(), pace=pace):
        if isinstance(found, Changed) and found.path not in seen:
            seen[found.path] = Stat.of((root / found.path).lstat())
            print(found.path, flush=True)

asyncio.run(main(Path(sys.argv[1])))
"""


class TestLooking:
    """The rules without events, step by step."""

    def test_what_is_not_taken_in_is_told_again_at_growing_intervals(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr(sight_room.time, "monotonic", lambda: now[0])
        write(tree, {"a.txt": b"a"})
        eye = Sight(tree, Rules(), {}, Pace(quiet=0, period=10_000))
        times = []
        for _ in range(400):
            times += [now[0] - 1000] * len(eye.look(10_000))
            now[0] += 0.25
        assert times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5]

    def test_a_time_stamp_in_whole_seconds_is_looked_at_once_more(self, tree: Path) -> None:
        write(tree, {"a.txt": b"a"})
        os.utime(tree / "a.txt", (1_000_000_000, 1_000_000_000))
        stat = Stat.of((tree / "a.txt").lstat())
        seen: dict[str, Stat | None] = {"a.txt": stat}
        assert Sight(tree, Rules(), seen, QUICK).look(1) == []
        racy = Stat(stat.ino, stat.size, stat.mtime_ns, stat.ctime_ns, is_racy=True)
        assert Sight(tree, Rules(), {"a.txt": racy}, QUICK).look(1) == [Changed("a.txt")]

    def test_a_dear_survey_comes_less_often(self, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        cpu = iter([0.0, 2.0, 2.0, 4.0])
        monkeypatch.setattr(sight_room.time, "thread_time", lambda: next(cpu))
        eye = Sight(tree, Rules(), {}, QUICK)
        eye.look(30)
        assert 99 < eye.rest() <= 100
        eye.want_all()
        assert 1 < eye.rest() <= 2

    def test_a_tracked_file_that_rules_no_longer_admit_is_not_gone(self, tree: Path) -> None:
        eye = Sight(tree, Rules(paths=("a.txt",)), {"b.txt": None}, Pace(grace=0))
        assert [eye.look(0), eye.look(0)] == [[], []]

    def test_a_mass_deletion_waits_until_no_more_files_go(
        self, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr(sight_room.time, "monotonic", lambda: now[0])
        write(tree, ten())
        seen: dict[str, Stat | None] = {path: Stat.of((tree / path).lstat()) for path in ten()}
        eye = Sight(tree, Rules(), seen, Pace(quiet=0, grace=2))
        for path in ten():
            (tree / path).unlink()
            assert eye.look(0) == []
            now[0] += 0.9 if len(list(tree.iterdir())) < 8 else 0.1
        found = []
        for _ in range(20):
            found += eye.look(0)
            now[0] += 0.5
        assert found == [MassGone(tuple(ten()))]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("is_marked", [True, False], ids=["atomic_writing", "simple_writing"])
async def test_in_a_hundred_saves_of_a_big_notebook_not_one_is_taken_torn(
    tree: Path, is_marked: bool
) -> None:
    """Jupyter's two ways to write (jupyter_server, fileio.py); both truncate the file and write it in place."""
    body, marker = "x" * 90, tree / ".~a.ipynb"
    versions = [
        json.dumps({"v": v, "cells": [f"{n} {body}" for n in range(30_000)]}).encode() for v in range(100)
    ]

    def jupyter() -> None:
        for version in versions:
            if is_marked:
                marker.write_bytes(b"the old one")
            with (tree / "a.ipynb").open("wb") as out:
                for at in range(0, len(version), 200_000):
                    out.write(version[at : at + 200_000])
                    out.flush()
            marker.unlink(missing_ok=True)
            time.sleep(TICK * 4 / 1e9)

    async with watching(tree, pace=Pace(quiet=0.001, most=0.002)) as daemon:
        await anyio.to_thread.run_sync(jupyter)
        await daemon.until(lambda: daemon.files.get("a.ipynb") == versions[-1], 60)
    whole = {hashlib.sha256(version).digest() for version in versions}
    assert set(daemon.taken) <= whole
    assert len(set(daemon.taken)) > 5
