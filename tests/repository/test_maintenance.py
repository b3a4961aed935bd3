"""Maintenance: packs early and loses nothing, whoever reads and writes meanwhile."""

from __future__ import annotations

import threading

from gitcollab.repository import Entry, Repository, loose, maintain

MAIN = "refs/heads/main"


def test_what_is_loose_is_packed_and_stays_readable_by_those_who_had_it_open(repo, git, commit):
    tip, made = None, []
    for _ in range(4):
        for n in range(6):
            new = commit({"a.txt": f"{n} {len(made)}\n"}, *([tip] if tip else []))
            repo.move(MAIN, new, tip)
            tip = new
            made.append(new)
        before = maintain(repo.path)
        assert (before.count > 0, loose(repo.path).count) == (True, 0)
        for each in made:
            assert repo.objects.read(each)[0] == "commit"
            assert repo.objects.read(repo.objects.read(each)[1][5:45].decode())[0] == "tree"
    maintain(repo.path, is_thorough=True)
    assert [each.oid for each in repo.log(tip)] == made[::-1]
    assert repo.heads() == {MAIN: tip}
    git(repo.path, "fsck", "--full", "--strict")


def test_what_nothing_reaches_is_kept(repo, commit):
    orphan = repo.write_blob(b"held by nobody")
    repo.move(MAIN, commit({"a": "1"}), None)
    maintain(repo.path)
    maintain(repo.path, is_thorough=True)
    assert Repository(repo.path).blob(orphan) == b"held by nobody"


def test_packs_and_what_nothing_reaches_do_not_pile_up(repo, git, commit, monkeypatch):
    monkeypatch.setattr("gitcollab.repository.maintenance.PACKS_DUE", 3)
    monkeypatch.setattr("gitcollab.repository.maintenance.COUNT_DUE", 5)
    tip = None
    for n in range(12):
        new = commit({"a.txt": str(n)}, *([tip] if tip else []))
        repo.move(MAIN, new, tip)
        tip = new
        repo.write_blob(b"orphan %d" % n)
        maintain(repo.path)
    assert loose(repo.path).count < 5
    assert len(list((repo.path / "objects/pack").glob("*.pack"))) <= 4
    assert Repository(repo.path).has(repo.write_blob(b"orphan 0"))
    git(repo.path, "fsck", "--full", "--strict")


def test_it_is_due_by_count_and_by_size(repo):
    assert not loose(repo.path).is_due
    for n in range(1000):
        repo.objects.write("blob", b"%d" % n)
    assert loose(repo.path).is_due


def test_saves_go_on_while_it_packs(repo, git, ana):
    is_done = threading.Event()

    def pack() -> None:
        while not is_done.is_set():
            maintain(repo.path)

    packing = threading.Thread(target=pack)
    packing.start()
    try:
        tip = None
        for n in range(60):
            tree = repo.edit(tip, {"a.txt": Entry(repo.write_blob(b"%d" % (n % 7)))})
            new = repo.commit(tree, [tip] if tip else [], f"{n}", author=ana, at="2026-11-20T10:00:00Z")
            repo.move(MAIN, new, tip)
            tip = new
    finally:
        is_done.set()
        packing.join()
    assert len(list(Repository(repo.path).line(tip))) == 60
    git(repo.path, "fsck", "--full", "--strict")
