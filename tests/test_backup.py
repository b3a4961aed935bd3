"""Backup and restore: of a root with everything in it, again and again, to a directory and to object storage."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from gitcollab import acts, store
from gitcollab.backup import back_up, keep_of, restore, target, thin
from gitcollab.backup.manifest import FOLDER
from gitcollab.backup.thinning import kept
from gitcollab.collab import Collab, Given, Place
from gitcollab.errors import BadInput, NotFound, Unavailable, Unusable
from gitcollab.flow.charter import Charter
from gitcollab.model import Actor, Role, SessionName
from gitcollab.repository import Repository, check
from gitcollab.store import collabs, members, people
from gitcollab.store.clock import now
from gitcollab.store.dump import dump, load

ID = "cabcdefghi"
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


class Root:
    """A root in which Ana saves and publishes; nothing runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("private", "collabs", "run", "private/held/c"):
            (path / name).mkdir(parents=True)
        (path / "private" / "held" / "c" / "1.held").write_bytes(b"waits for its author")
        self.url = store.file_url(path / "private" / "gitcollab.sqlite")
        store.migrate(self.url)
        self._clock = itertools.count()
        self._opens()
        with self.engine.begin() as conn:
            for name in ("ana", "ben"):
                people.add_person(conn, name, password="as it should be" if name == "ana" else "")
            collabs.add_collab(conn, ID, "work", "", (), "ana")
            members.set_member(conn, ID, "ben", Role.EDITOR)
        self.collab = Collab.begin(ID, self.given, Charter(title="work"), "ana")
        self._ana = {"actor": Actor(user="ana"), "collab": ID}
        self.session = SessionName.parse(self.collab.open_session(acts.OpenSession(**self._ana)).session)

    def _opens(self) -> None:
        self.engine = store.engine(self.url)
        self.given = Given(
            place=Place(self.path), engine=self.engine, clock=self.now, tell=lambda event: None
        )

    def now(self) -> str:
        seconds = next(self._clock)
        return f"2026-11-20T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"

    def saves(self, path: str, data: bytes, **more: object) -> None:
        self.collab.save(acts.Save(**self._ana, session=self.session, path=path, data=data, **more))

    def publishes(self, notebook: str) -> None:
        self.collab.publish(acts.Publish(**self._ana, notebook=notebook))

    def holds(self) -> dict[str, object]:
        return contents(self.path)


def contents(root: Path) -> dict[str, object]:
    """What has to be the same in a root that was restored: every ref, every row, what is held."""
    opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
    try:
        rows = sorted(dump(opened))
    finally:
        opened.dispose()
    refs = {path.name: Repository(path).heads("refs/") for path in (root / "collabs").glob("*.git")}
    held = [path.read_bytes() for path in (root / "private" / "held").rglob("*.held")]
    return {"rows": rows, "refs": refs, "held": held}


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Root]:
    made = Root(tmp_path / "root")
    made.saves("a.ipynb", json.dumps(NOTEBOOK).encode())
    made.saves("data.csv", b"1,2\n")
    made.publishes("a.ipynb")
    made.saves("plan.txt", b"unsaved", is_draft=True)
    yield made
    made.engine.dispose()


def free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket of an S3 server that answers as Amazon's does."""
    port = free_port()
    running = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    known = {
        "AWS_ENDPOINT": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
    }
    before = dict(os.environ)
    os.environ.update(known)
    try:
        make_bucket(port, running)
        yield "s3://copies/of/this/root"
    finally:
        os.environ.clear()
        os.environ.update(before)
        running.kill()
        running.wait()


def make_bucket(port: int, running: subprocess.Popen[bytes]) -> None:
    import http.client

    while running.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("PUT", "/copies")
            assert 200 == connection.getresponse().status
            connection.close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("no S3 server")


@pytest.fixture(params=["directory", pytest.param("bucket", marks=pytest.mark.slow)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "directory":
        return str(tmp_path / "copies")
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"


def test_what_is_restored_is_what_was_there(root, where, tmp_path):
    back_up(root.path, root.url, target(where), "2026-11-21T00:00:00Z")
    restore(target(where), tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


def test_a_restored_root_goes_on(root, where, tmp_path):
    back_up(root.path, root.url, target(where), "2026-11-21T00:00:00Z")
    restore(target(where), tmp_path / "again")
    engine = store.engine(store.file_url(tmp_path / "again" / "private" / "gitcollab.sqlite"))
    given = msgspec.structs.replace(root.given, place=Place(tmp_path / "again"), engine=engine)
    collab = Collab(ID, given)
    assert () == collab.recover()
    act = acts.Save(actor=Actor(user="ana"), collab=ID, session=root.session, path="b.txt", data=b"more\n")
    assert collab.save(act).landed
    engine.dispose()


def test_a_second_backup_stores_only_what_is_new(root, where, tmp_path):
    first = back_up(root.path, root.url, target(where), "2026-11-21T00:00:00Z")
    root.saves("big.bin", os.urandom(300_000))
    second = back_up(root.path, root.url, target(where), "2026-11-22T00:00:00Z")
    root.saves("small.txt", b"small\n")
    third = back_up(root.path, root.url, target(where), "2026-11-23T00:00:00Z")
    assert [1, 2, 3] == [len(one.collabs[ID].bundles) for one in (first, second, third)]
    assert first.collabs[ID].bundles + second.collabs[ID].bundles[1:] == third.collabs[ID].bundles[:2]
    assert second.collabs[ID].bundles[1].size > 300_000
    assert third.collabs[ID].bundles[2].size < 30_000
    restore(target(where), tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


def test_nothing_new_stores_no_bundle(root, where):
    first = back_up(root.path, root.url, target(where), "2026-11-21T00:00:00Z")
    second = back_up(root.path, root.url, target(where), "2026-11-22T00:00:00Z")
    assert first.collabs == second.collabs
    assert first.store == second.store


def test_a_draft_that_moved_aside_is_in_the_next_backup(root, where, tmp_path):
    back_up(root.path, root.url, target(where), "2026-11-21T00:00:00Z")
    root.saves("plan.txt", b"otherwise", is_draft=True)
    back_up(root.path, root.url, target(where), "2026-11-22T00:00:00Z")
    restore(target(where), tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


def test_an_earlier_moment_can_be_restored(root, tmp_path):
    where = target(str(tmp_path / "copies"))
    before = root.holds()
    back_up(root.path, root.url, where, "2026-11-21T00:00:00Z")
    root.saves("later.txt", b"later\n")
    back_up(root.path, root.url, where, "2026-11-22T00:00:00Z")
    restore(where, tmp_path / "again", "2026-11-21T12:00:00Z")
    assert before == contents(tmp_path / "again")
    with pytest.raises(NotFound):
        restore(where, tmp_path / "never", "2026-11-20T00:00:00Z")


def test_stock_git_reads_the_bundles(root, tmp_path):
    made = back_up(root.path, root.url, target(str(tmp_path / "copies")), "2026-11-21T00:00:00Z")
    (bundle,) = made.collabs[ID].bundles
    file = tmp_path / "copies" / bundle.name
    subprocess.run(
        ["git", "clone", "-q", "-b", "main", file, tmp_path / "clone"], check=True, capture_output=True
    )
    assert b"1,2\n" == (tmp_path / "clone" / "data.csv").read_bytes()


# --- bad places, bad copies, bad moments -------------------------------------------------------------------------


def test_a_root_that_lives_is_never_written_over(root, tmp_path):
    where = target(str(tmp_path / "copies"))
    back_up(root.path, root.url, where, "2026-11-21T00:00:00Z")
    before = root.holds()
    with pytest.raises(BadInput, match="is not empty"):
        restore(where, root.path)
    assert before == root.holds()


@pytest.mark.parametrize("kind", ["store", "collabs", "files"])
def test_a_damaged_copy_is_refused_and_nothing_is_made(root, tmp_path, kind):
    copies = tmp_path / "copies"
    back_up(root.path, root.url, target(str(copies)), "2026-11-21T00:00:00Z")
    file = next(path for path in (copies / kind).rglob("*") if path.is_file())
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(Unusable, match="damaged in the backup"):
        restore(target(str(copies)), tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert [] == list(tmp_path.glob(".again*"))


def test_a_manifest_that_leads_out_of_the_root_is_refused(root, tmp_path):
    copies = tmp_path / "copies"
    made = back_up(root.path, root.url, target(str(copies)), "2026-11-21T00:00:00Z")
    evil = msgspec.structs.replace(made, files={"../evil": next(iter(made.files.values()))})
    (copies / made.name).write_bytes(msgspec.json.encode(evil))
    with pytest.raises(Unusable, match="outside of the root"):
        restore(target(str(copies)), tmp_path / "again")
    assert not (tmp_path / "evil").exists()


def test_a_place_that_is_gone_is_said(root, tmp_path):
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(Unavailable, match="cannot be used"):
        back_up(root.path, root.url, target(str(tmp_path / "file")), "2026-11-21T00:00:00Z")
    with pytest.raises(NotFound):
        restore(target(str(tmp_path / "nowhere")), tmp_path / "again")
    with pytest.raises(BadInput, match="no place for backups"):
        target("ftp://somewhere")


def test_killed_at_any_file_the_last_backup_is_whole(root, tmp_path, monkeypatch):
    copies, before = tmp_path / "copies", root.holds()
    back_up(root.path, root.url, target(str(copies)), "2026-11-21T00:00:00Z")
    root.saves("more.txt", b"more\n")
    put, count = type(target(str(copies))).put, itertools.count()

    class Killed(BaseException):
        """The moment at which nothing goes on."""

    def die_at(moment: int) -> Callable[..., None]:
        def dies(self: object, name: str, file: Path) -> None:
            if next(count) == moment:
                raise Killed
            put(self, name, file)  # type: ignore[arg-type]

        return dies

    for moment in itertools.count():
        count = itertools.count()
        monkeypatch.setattr(type(target(str(copies))), "put", die_at(moment))
        try:
            back_up(root.path, root.url, target(str(copies)), "2026-11-22T00:00:00Z")
        except Killed:
            shutil.rmtree(tmp_path / "again", ignore_errors=True)
            restore(target(str(copies)), tmp_path / "again")
            assert before == contents(tmp_path / "again")
        else:
            break
    assert moment >= 2
    shutil.rmtree(tmp_path / "again")
    restore(target(str(copies)), tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


@pytest.mark.slow
def test_a_kill_in_the_middle_of_either_leaves_a_whole_backup_and_no_half_root(root, bucket, tmp_path):
    where = f"{bucket}/kill"
    root.saves("big.bin", os.urandom(3_000_000))
    back_up(root.path, root.url, target(where), "2026-11-21T00:00:00Z")
    wanted = root.holds()
    root.saves("more.bin", os.urandom(3_000_000))
    for delay in (0.3, 0.6, 0.9, 1.2):
        killed_after(delay, "backup", where, env={"GITCOLLAB_ROOT": str(root.path)})
        killed_after(delay, "restore", where, str(tmp_path / "again"))
        if (tmp_path / "again").exists():  # then it was whole before it was killed
            assert "" == check(tmp_path / "again" / "collabs" / f"{ID}.git")
            shutil.rmtree(tmp_path / "again")
    restore(target(where), tmp_path / "again", "2026-11-21T00:00:00Z")
    assert wanted == contents(tmp_path / "again")


def killed_after(seconds: float, *words: str, env: dict[str, str] | None = None) -> None:
    command = [sys.executable, "-m", "gitcollab", *words]
    running = subprocess.Popen(
        command, env=os.environ | (env or {}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
        running.wait()


# --- old ones ----------------------------------------------------------------------------------------------------


def test_the_rule_keeps_the_last_of_each_day_week_and_month_and_all_of_today():
    days = [
        f"2026-{month:02}-{day:02}T{hour:02}:00:00Z"
        for month in (9, 10, 11)
        for day in range(1, 31)
        for hour in (1, 13)
    ]
    stay = kept(days, keep_of("3d, 2w,3m"), "2026-11-30T14:00:00Z")
    assert {
        "2026-11-30T13:00:00Z",  # the newest; of its day, week and month
        "2026-11-30T01:00:00Z",  # of the last day
        "2026-11-29T13:00:00Z",  # of a day, and of the week before
        "2026-11-28T13:00:00Z",
        "2026-10-30T13:00:00Z",
        "2026-09-30T13:00:00Z",
    } == stay - {"2026-11-29T14:00:00Z"}
    assert {"2020-01-01T00:00:00Z"} == kept(["2020-01-01T00:00:00Z"], keep_of("1d"), "2026-11-30T14:00:00Z")


@pytest.mark.parametrize("rule", ["", "7", "d", "7x", "7d,7d", "0d", "-1d", "7d;4w", "99999d"])
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(BadInput):
        keep_of(rule)


def test_old_backups_go_and_those_that_stay_are_whole(root, where, tmp_path, monkeypatch):
    place, held = target(where), {}
    for day in (1, 2, 3):
        root.saves(f"day{day}.bin", os.urandom(10_000))
        at = f"2026-11-0{day}T00:00:00Z"
        back_up(root.path, root.url, place, at)
        held[at] = root.holds()
    thin(place, keep_of("2d"), "2026-11-05T00:00:00Z")  # files are too young to go
    monkeypatch.setattr("gitcollab.backup.thinning.GRACE", -3600.0)
    monkeypatch.setattr("gitcollab.backup.thinning._when", later)
    gone = thin(place, keep_of("2d"), "2026-11-05T00:00:00Z")
    assert (["2026-11-02", "2026-11-03"], True) == (
        [one[10:20] for one in place.names(FOLDER)],
        bool(gone.files),
    )
    assert all(name.startswith("store/") for name in gone.files)  # later backups stand on the same bundles
    for at in ("2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"):
        restore(place, tmp_path / at[:10], at)
        assert held[at] == contents(tmp_path / at[:10])


def later(at: str) -> datetime:
    """Years later, so that what was just stored is old."""
    return datetime.fromisoformat(at).replace(year=int(at[:4]) + 10)


def test_what_a_killed_backup_left_goes_and_what_is_not_ours_stays(root, tmp_path):
    copies = tmp_path / "copies"
    made = back_up(root.path, root.url, target(str(copies)), "2026-11-21T00:00:00Z")
    left = [
        copies / "store" / f"{'0' * 32}.jsonl",
        copies / f"collabs/{ID}" / f"{'1' * 32}.bundle.0123abcd.part",
    ]
    theirs = [copies / "store" / "notes.txt", copies / "mine.txt", copies / f"{'2' * 32}.jsonl"]
    young = copies / "files" / ("3" * 32)
    for file in (*left, *theirs, young):
        file.write_bytes(b"x")
    for file in (*left, *theirs, *(copies / one.name for one in made.pieces)):
        os.utime(file, (0, 0))
    gone = thin(target(str(copies)), keep_of("1d"), now())
    assert ((), sorted(one.relative_to(copies).as_posix() for one in left)) == (
        gone.backups,
        list(gone.files),
    )
    assert [True] * 4 == [one.exists() for one in (*theirs, young)]
    restore(target(str(copies)), tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


def test_a_manifest_that_cannot_be_read_stops_thinning_and_is_not_built_upon(root, tmp_path):
    copies = tmp_path / "copies"
    back_up(root.path, root.url, target(str(copies)), "2026-11-21T00:00:00Z")
    (copies / FOLDER / "2026-11-22T000000Z.json").write_bytes(b'{"at": "2026')
    before = set(target(str(copies)).names(""))
    with pytest.raises(Unusable, match="nothing is removed"):
        thin(target(str(copies)), keep_of("1d"), now())
    assert before == set(target(str(copies)).names(""))
    with pytest.raises(Unusable, match="cannot be read"):
        restore(target(str(copies)), tmp_path / "again")
    root.saves("later.txt", b"later\n")
    back_up(root.path, root.url, target(str(copies)), "2026-11-23T00:00:00Z")
    restore(target(str(copies)), tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


def test_what_somebody_removed_is_stored_again(root, tmp_path):
    copies = tmp_path / "copies"
    first = back_up(root.path, root.url, target(str(copies)), "2026-11-21T00:00:00Z")
    shutil.rmtree(copies / "collabs")
    (copies / first.store.name).unlink()
    back_up(root.path, root.url, target(str(copies)), "2026-11-22T00:00:00Z")
    restore(target(str(copies)), tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


def test_after_many_bundles_a_repository_is_stored_whole(root, tmp_path, monkeypatch):
    monkeypatch.setattr("gitcollab.backup.taking.LONGEST", 2)
    place = target(str(tmp_path / "copies"))
    counts = []
    for day in (1, 2, 3, 4):
        root.saves("data.csv", b"%d\n" % day)
        counts.append(
            len(back_up(root.path, root.url, place, f"2026-11-0{day}T00:00:00Z").collabs[ID].bundles)
        )
    assert [1, 2, 1, 2] == counts
    restore(place, tmp_path / "again")
    assert root.holds() == contents(tmp_path / "again")


# --- the store alone ---------------------------------------------------------------------------------------------


def test_a_dump_is_loaded_into_an_empty_database_only(root, tmp_path):
    lines = list(dump(root.engine))
    url = store.file_url(tmp_path / "other.sqlite")
    counts = load(url, lines)
    assert len(lines) - 1 == sum(counts.values())
    with pytest.raises(BadInput, match="there is a database already"):
        load(url, lines)
    with pytest.raises(BadInput, match="no dump"):
        load(store.file_url(tmp_path / "third.sqlite"), [b"nonsense"])


def test_names_are_by_content_and_a_manifest_names_all(root, tmp_path):
    made = back_up(root.path, root.url, target(str(tmp_path / "copies")), "2026-11-21T00:00:00Z")
    names = set(target(str(tmp_path / "copies")).names(""))
    assert names == {one.name for one in made.pieces} | {f"{FOLDER}2026-11-21T000000Z.json"}
    for one in made.pieces:
        assert one.sha256 == hashlib.sha256((tmp_path / "copies" / one.name).read_bytes()).hexdigest()
