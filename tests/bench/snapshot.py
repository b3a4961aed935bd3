"""What one durable save costs in the git room, beside git itself and beside the disk. Run it on a quiet machine:

    python tests/bench/snapshot.py [--quick] [--only save,group,slow,stall,growth,disk]

``slow`` is ``group`` on a disk whose flushes take 5 ms, as those of most disks do; where there is none, a shim before
fsync and its like makes them take so long (see SHIM), which needs a C compiler.

Everything is interleaved in one run, so that the ratios hold on a noisy machine: trust them, not the milliseconds.
``floor`` is the least that anybody can do: hash, deflate (level 1), write and fsync the same objects and one ref.
The targets are those of facts-git §7.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pygit2

from gitcollab.model import Person
from gitcollab.repository import Entry, Repository, maintain
from gitcollab.repository.durable import sync_directory

MAIN = "refs/heads/main"
ANA = Person(name="ana")
AT = "2026-11-20T10:00:00Z"
ENV = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "ana",
    "GIT_AUTHOR_EMAIL": "ana@example.invalid",
    "GIT_COMMITTER_NAME": "ana",
    "GIT_COMMITTER_EMAIL": "ana@example.invalid",
}
DURABLE = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync", "-c", "gc.auto=0")


def notebook(size: int, seed: int) -> bytes:
    """Text that compresses like a notebook with pictures: half of it does not."""
    chance = random.Random(seed)
    noise = chance.randbytes(size // 4).hex().encode()
    lines = b"".join(
        b'    "x = x + %d  # step by step\\n",\n' % chance.randrange(1000) for _ in range(size // 70)
    )
    return (noise + lines)[:size]


def names(count: int) -> list[str]:
    """The other files of a tree: a hundred in each directory."""
    return [f"d{n // 100:04}/f{n:06}.txt" for n in range(count - 1)]


class Ours:
    """The git room."""

    def __init__(self, top: Path, files: int) -> None:
        self.repo = Repository.create(top / "ours.git")
        entry = Entry(self.repo.write_blob(b"x\n"))
        tree = (
            self.repo.edit(None, dict.fromkeys(names(files), entry))
            if files > 1
            else self.repo.edit(None, {})
        )
        self.tip = self.repo.commit(tree, [], "Start", author=ANA, at=AT)
        self.repo.move(MAIN, self.tip, None)

    def save(self, data: bytes) -> None:
        tree = self.repo.edit(self.tip, {"d0000/n.ipynb": Entry(self.repo.write_blob(data))})
        new = self.repo.commit(
            tree, [self.tip], "Save", author=ANA, at=AT, trailers={"Gitcollab-User": "ana"}
        )
        self.repo.move(MAIN, new, self.tip)
        self.tip = new


class Git:
    """``git add && git commit`` of the same file, flushed as ours is."""

    def __init__(self, top: Path, files: int) -> None:
        self.path = top / "git"
        (self.path / "d0000").mkdir(parents=True)
        for name in names(files):
            (self.path / name).parent.mkdir(exist_ok=True)
            (self.path / name).write_bytes(b"x\n")
        self.run("init", "-q", ".")
        self.run("add", "-A")
        self.run("commit", "-q", "--allow-empty", "-m", "Start")

    def run(self, *words: str) -> None:
        subprocess.run(["git", *DURABLE, *words], cwd=self.path, env=ENV, check=True)

    def save(self, data: bytes) -> None:
        (self.path / "d0000/n.ipynb").write_bytes(data)
        self.run("add", "d0000/n.ipynb")
        self.run("commit", "-q", "-m", "Save")


class Floor:
    """Hash, deflate, write and fsync what a save must at least write: a blob, two trees, a commit, a ref."""

    def __init__(self, top: Path, files: int) -> None:
        self.path = top / "floor"
        self.path.mkdir()
        self.trees = [b"t" * 40 * min(files, 100), b"t" * 40 * (1 + files // 100)]

    def save(self, data: bytes) -> None:
        mark = os.urandom(8)
        for each in (data, *(tree + mark for tree in self.trees), b"c" * 250 + mark):
            self.write(zlib.compress(each, 1), hashlib.sha1(each).hexdigest())
        self.write(b"0" * 41, "ref")

    def write(self, data: bytes, name: str) -> None:
        temporary = self.path / f"{name}.new"
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self.path / name)


def timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def bench_save(top: Path, is_quick: bool) -> None:
    print(
        "one save (ms, median)   files  size      floor     ours   git add+commit   ours/floor   ours/git  unchanged"
    )
    for files in (1, 1000) if is_quick else (1, 1000, 50_000):
        for size, rounds in ((50_000, 25), (1_000_000, 9), (20_000_000, 3)):
            place = Path(tempfile.mkdtemp(dir=top))
            sides = {"floor": Floor(place, files), "ours": Ours(place, files), "git": Git(place, files)}
            found: dict[str, list[float]] = {name: [] for name in (*sides, "same")}
            for n in range(rounds):
                data = notebook(size, n)
                for name, side in sides.items():
                    found[name].append(timed(lambda side=side, data=data: side.save(data)))
                found["same"].append(timed(lambda data=data, repo=sides["ours"].repo: repo.write_blob(data)))
            floor, ours, git, same = (statistics.median(each) for each in found.values())
            print(
                f"{'':22}{files:7} {size // 1000:6} kB {floor:8.1f} {ours:8.1f} {git:16.1f} "
                f"{ours / floor:12.2f} {ours / git:10.2f} {same / ours:16.2f}"
            )
            shutil.rmtree(place)


class PerObject:
    """A save as it is made durable object by object: each file flushed, then its directory, then the ref."""

    def __init__(self, top: Path, name: str) -> None:
        self.path, self.number = top / f"single-{name}", 0
        for directory in ("objects", "refs"):
            (self.path / directory).mkdir(parents=True)

    def save(self, data: bytes) -> None:
        self.number += 1
        for each in (data, b"t" * 40 + os.urandom(8), b"c" * 250 + os.urandom(8)):
            oid = hashlib.sha1(each).hexdigest()
            (self.path / "objects" / oid[:2]).mkdir(exist_ok=True)
            self.write(self.path / "objects" / oid[:2] / oid[2:], zlib.compress(each, 0))
        self.write(self.path / "refs" / "main", b"0" * 41)

    def write(self, path: Path, data: bytes) -> None:
        temporary = path.with_name(f"{path.name}.{self.number}")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        sync_directory(path.parent)


class Libgit2:
    """A save by libgit2 with its flushes switched on: one for each object, with Python's lock held."""

    def __init__(self, top: Path, name: str) -> None:
        pygit2.option(pygit2.enums.Option.ENABLE_FSYNC_GITDIR, True)
        self.repo = pygit2.init_repository(str(top / f"libgit2-{name}"), bare=True)
        self.who, self.tips = pygit2.Signature("ana", "ana@example.invalid", 0, 0), list[Any]()

    def save(self, data: bytes) -> None:
        tree = self.repo.TreeBuilder()
        tree.insert("n.ipynb", self.repo.create_blob(data), pygit2.enums.FileMode.BLOB)
        made = self.repo.create_commit(MAIN, self.who, self.who, "Save", tree.write(), self.tips)
        self.tips = [made]


class Alone:
    """One writer who saves into a collab of their own, each save in a barrier."""

    def __init__(self, top: Path, name: str) -> None:
        self.ours = Ours(top / name, 1)

    def save(self, data: bytes) -> None:
        with self.ours.repo.barrier():
            self.ours.save(data)


def per_second(writers: Sequence[Any], saves: list[list[bytes]]) -> float:
    """Durable saves per second of writers that save at the same time, each its own."""
    with ThreadPoolExecutor(len(writers)) as pool:
        began = time.perf_counter()
        list(pool.map(lambda n: [writers[n].save(data) for data in saves[n]], range(len(writers))))
        return sum(map(len, saves)) / (time.perf_counter() - began)


def bench_group(top: Path, is_quick: bool) -> None:
    writers, each, rounds = 32, 8, 3 if is_quick else 9
    sides = {
        "libgit2, each object flushed": [Libgit2(top, f"{n}") for n in range(writers)],
        "bare files, each flushed": [PerObject(top, f"{n}") for n in range(writers)],
        "32 collabs, a barrier for who waits": [Alone(top, f"c{n}") for n in range(writers)],
    }
    one, tips = Repository.create(top / "group.git"), dict[str, str]()

    def together(saves: list[list[bytes]]) -> float:
        began = time.perf_counter()
        for number in range(each):
            with one.barrier():
                for n, mine in enumerate(saves):
                    ref, tip = f"refs/heads/s{n}", tips.get(f"{n}")
                    tree = one.edit(None, {"n.ipynb": Entry(one.write_blob(mine[number]))})
                    tips[f"{n}"] = one.commit(tree, [tip] if tip else [], "Save", author=ANA, at=AT)
                    one.move(ref, tips[f"{n}"], tip)
        return writers * each / (time.perf_counter() - began)

    found: dict[str, list[float]] = {name: [] for name in (*sides, "one collab, 32 in a round")}
    for turn in range(rounds):
        saves = [
            [notebook(50_000, (turn * writers + n) * each + k) for k in range(each)] for n in range(writers)
        ]
        for name, side in sides.items():
            found[name].append(per_second(side, saves))
        found["one collab, 32 in a round"].append(together(saves))
    slow = statistics.median(found["libgit2, each object flushed"])
    print(f"durable saves of 50 kB per second, {writers} writers at once (median of {rounds}):")
    for name, rates in found.items():
        print(f"{name:>37}: {statistics.median(rates):7.0f}  ({statistics.median(rates) / slow:.1f}x)")


def bench_stall(top: Path, is_quick: bool) -> None:
    ours = Ours(top, 1)
    data = notebook(20_000_000, 1)

    async def beat() -> float:
        worst, is_done = 0.0, threading.Event()

        def work() -> None:
            ours.save(data)
            is_done.set()

        working = asyncio.get_running_loop().run_in_executor(None, work)
        while not is_done.is_set():
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, time.perf_counter() - before - 0.001)
        await working
        return worst

    print(
        f"the event loop's longest stall while a thread saves 20 MB: {asyncio.run(beat()) * 1000:.0f} ms (target 50)"
    )


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t over = PTHREAD_COND_INITIALIZER;
static long begun, done;
static int busy;

static void flush(void) {
    const char *said = getenv("FLUSH_MS");
    long ms = said ? atol(said) : 0;
    struct timespec wait = {ms / 1000, ms % 1000 * 1000000};
    pthread_mutex_lock(&guard);
    long mine = begun + 1;
    while (done < mine) {
        if (busy) { pthread_cond_wait(&over, &guard); continue; }
        busy = 1;
        long now = ++begun;
        pthread_mutex_unlock(&guard);
        nanosleep(&wait, 0);
        pthread_mutex_lock(&guard);
        done = now;
        busy = 0;
        pthread_cond_broadcast(&over);
    }
    pthread_mutex_unlock(&guard);
}

#define SLOW(name) int name(int file) { \
    static int (*real)(int); \
    if (!real) real = dlsym(RTLD_NEXT, #name); \
    int result = real(file); \
    flush(); \
    return result; }
SLOW(fsync) SLOW(fdatasync) SLOW(syncfs)
"""
"""A disk that flushes once at a time and takes FLUSH_MS for it: who asks meanwhile shares the next one, as in ext4."""


def bench_slow(top: Path, is_quick: bool) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        print("slow: there is no C compiler")
        return
    source, shim = top / "shim.c", top / "shim.so"
    source.write_text(SHIM)
    subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(shim), str(source), "-ldl", "-lpthread"], check=True
    )
    print("a flush of the disk takes 5 ms more, by a shim:", flush=True)
    words = [
        sys.executable,
        __file__,
        "--only",
        "group",
        "--at",
        str(top),
        *(["--quick"] if is_quick else []),
    ]
    subprocess.run(words, env={**os.environ, "LD_PRELOAD": str(shim), "FLUSH_MS": "5"}, check=True)


def bench_growth(top: Path, is_quick: bool) -> None:
    """Saves to a repository with a long past and to one with a short one take turns, so that the ratio holds."""
    last, rounds = 1000 if is_quick else 10_000, 100 if is_quick else 300
    sides = {100: Ours(top / "few", 100), last: Ours(top / "many", 100)}
    for count, side in sides.items():
        for n in range(count):
            side.save(notebook(50_000, n))
            if n % 300 == 299:
                maintain(side.repo.path)
    found: dict[int, list[float]] = {count: [] for count in sides}
    for n in range(rounds):
        data = notebook(50_000, last + n)
        for count, side in list(sides.items())[:: 1 if n % 2 else -1]:
            found[count].append(timed(lambda side=side, data=data: side.save(data)))
    few, many = map(statistics.median, found.values())
    print(f"a save after 100: {few:.2f} ms, after {last}, in turns: {many:.2f} ms ({many / few:.2f}x)")


def bench_disk(top: Path, is_quick: bool) -> None:
    ours, git = Ours(top, 1), Git(top, 1)
    count = 300 if is_quick else 3000
    picture = random.Random(0).randbytes(15_000).hex()
    packing = []
    for n in range(count):
        cells = "".join(
            f'{{"id": "c{k}", "source": "x{k} = {n if k == n % 40 else 0}"}},\n' for k in range(40)
        )
        if n % 20 == 0:
            picture = random.Random(n).randbytes(15_000).hex()
        data = (cells + picture + cells * 8).encode()
        ours.save(data)
        git.save(data)
        if n % 300 == 299:
            packing.append(timed(lambda: maintain(ours.repo.path)))
    git.run("gc", "-q", "--aggressive", "--prune=now")
    mine, theirs = (bytes_below(path / "objects") for path in (ours.repo.path, git.path / ".git"))
    files = sum(1 for each in (ours.repo.path / "objects").rglob("*") if each.is_file())
    print(
        f"{count} saves: {mine / 1e6:.1f} MB ({mine / count:.0f} bytes each, {files} files) with packing every 300 "
        f"({sum(packing) / count:.1f} ms a save); git gc --aggressive: {theirs / 1e6:.1f} MB ({mine / theirs:.2f}x)"
    )


def bytes_below(path: Path) -> int:
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


BENCHES = {
    "save": bench_save,
    "group": bench_group,
    "slow": bench_slow,
    "stall": bench_stall,
    "growth": bench_growth,
    "disk": bench_disk,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds and files")
    parser.add_argument("--only", default=",".join(BENCHES), help="names, with commas between")
    parser.add_argument("--at", type=Path, help="a directory on the disk to measure")
    given = parser.parse_args()
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory(dir=given.at) as top:
            BENCHES[name](Path(top), given.quick)


if __name__ == "__main__":
    main()
