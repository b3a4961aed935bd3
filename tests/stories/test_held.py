"""What is held back, from the save to the decision, with a served root: secrets, emptied files, deletions, skips."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path

import httpx2
import pytest

from gitcollab import errors
from gitcollab.demo.stage import Watch
from gitcollab.notebooks import strip

TOKEN = "ghp" + "_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"


def objects(repository: Path) -> bytes:
    """Everything that git has, reachable or not."""
    command = ["git", "--git-dir", str(repository), "cat-file", "--batch", "--batch-all-objects"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def page(person, address: str) -> str:
    headers = {"authorization": f"Bearer {person.token}", "accept": "text/html"}
    return httpx2.get(f"{person.client.url}{address}", headers=headers).text


def held(shared, who: str = "ana") -> list[dict[str, object]]:
    return getattr(shared.town, who).client.held(shared.collab)


@pytest.fixture
def bens_stream(shared):
    watch = Watch(shared.town.ben.client, shared.collab)
    watch.start()
    return watch


def test_a_secret_is_seen_by_its_author_alone_until_they_release_it(shared, actors, bens_stream) -> None:
    ana, ben, home = shared.town.ana, shared.town.ben, f"/c/{shared.collab}"
    mine = actors.edited(shared.ana.read_bytes(), a=f"key = '{TOKEN}'")
    shared.save("ana", mine)
    shared.until(lambda: held(shared), "Ana's save is held")
    (one,) = held(shared)
    assert ("secret", shared.path, "github-token") == (one["reason"], one["path"], one["findings"][0]["kind"])
    assert TOKEN.encode() not in objects(shared.town.repository(shared.collab))
    assert ([], mine) == (held(shared, "ben"), ana.client.held_file(shared.collab, one["id"]))
    with pytest.raises(errors.NotFound):
        ben.client.held_file(shared.collab, one["id"])

    shown = [page(person, home) for person in (ana, ben)]
    assert [True, False] == ["Waiting for you" in text for text in shown]
    assert not any(TOKEN in text for text in shown)
    told = ana.types("held", shared.collab)
    assert (1, True, False) == (told.returncode, "github-token" in told.stdout, TOKEN in told.stdout)
    assert f"held {one['id']}" in ana.types("status", shared.collab).stdout
    assert "held" not in ben.types("status", shared.collab).stdout

    shared.save("ben", actors.edited(shared.ben.read_bytes(), b="print('meanwhile')"))
    shared.until(lambda: b"meanwhile" in shared.main(), "Ben's work lands meanwhile")
    assert mine == shared.ana.read_bytes()
    assert 0 == ana.types("decide", shared.collab, one["id"], "--release").returncode
    both = {"a": f"key = '{TOKEN}'", "b": "print('meanwhile')"}
    shared.until(lambda: actors.sources(shared.main()) == both, "both are shared")
    shared.until(lambda: actors.sources(shared.ana.read_bytes()) == both, "Ana has Ben's")
    shared.until(lambda: actors.sources(shared.ben.read_bytes()) == both, "Ben has Ana's")
    shared.until(
        lambda: any(e["kind"] == "landed" and e["user"] == "ana" for e in bens_stream.events), "he hears"
    )
    told = lambda: [e["is_open"] for e in shared.watch.events if e["kind"] == "held"]  # noqa: E731
    shared.until(lambda: len(told()) > 1, "Ana hears of both")
    assert [True, False] == told()
    assert [] == [e for e in bens_stream.events if e["kind"] == "held"]
    again = Watch(ben.client, shared.collab)
    again.start()
    shared.until(lambda: len(again.events) >= len(bens_stream.events), "and from the journal")
    assert [] == [e for e in again.events if e["kind"] == "held"]


def test_an_emptied_notebook_comes_back_with_one_click(shared, actors) -> None:
    before, ana = shared.main(), shared.town.ana
    shared.save("ana", b"")
    shared.until(lambda: held(shared), "it is held")
    (one,) = held(shared)
    assert ("emptied", before) == (one["reason"], shared.main())
    assert "Go back to the version before" in page(ana, f"/c/{shared.collab}")
    form = {"take": "restore", "seen": one["mark"]}
    headers = {"authorization": f"Bearer {ana.token}", "sec-fetch-site": "same-origin"}
    address = f"{ana.client.url}/c/{shared.collab}/held/{one['id']}"
    assert 303 == httpx2.post(address, data=form, headers=headers).status_code
    shared.until(lambda: strip(shared.ana.read_bytes())[0] == before, "Ana's file is back")
    assert [] == held(shared)
    shared.save("ana", actors.edited(shared.ana.read_bytes(), a="x = 2"))
    shared.until(lambda: b"x = 2" in shared.main(), "and goes on")


def test_many_deletions_wait_for_an_answer(shared) -> None:
    client, there = shared.town.ben.client, shared.ben.parent
    names = [f"f{n:02}.txt" for n in range(20)]
    for name in names:
        (there / name).write_text(name)
    shared.until(lambda: set(names) <= on_main(shared), "they are shared")
    for name in names[:15]:
        (there / name).unlink()
    shared.until(lambda: [one["paths"] for one in held(shared, "ben")] == [names[:15]], "it is asked")
    (one,) = held(shared, "ben")
    assert "deleted" == one["reason"]
    assert (set(names) <= on_main(shared), []) == (True, held(shared))
    assert "Delete 15 files for everybody" in page(shared.town.ben, f"/c/{shared.collab}")
    client.decide_held(shared.collab, one["id"], "restore", one["mark"])
    shared.until(lambda: all((there / name).exists() for name in names), "they are back")
    (there / "later.txt").write_text("later")  # once this is seen, so is what was there before
    shared.until(lambda: "later.txt" in on_main(shared), "it is shared")

    for name in names[:15]:
        (there / name).unlink()
    shared.until(lambda: [one["paths"] for one in held(shared, "ben")] == [names[:15]], "it is asked again")
    assert 0 == shared.town.ben.types("decide", shared.collab, "--release").returncode
    assert set(names[15:]) == on_main(shared) & set(names)
    (there / names[15]).unlink()
    shared.until(lambda: names[15] not in on_main(shared), "a single one needs no answer, before and after")
    assert [] == held(shared, "ben")


def on_main(shared) -> set[str]:
    return {entry["path"] for entry in shared.town.ana.client.files(shared.collab)}


def test_every_file_that_is_not_taken_in_is_told(shared, tmp_path: Path) -> None:
    there = shared.ben.parent
    (tmp_path / "outside.txt").write_text("outside")
    (there / "link.txt").symlink_to(tmp_path / "outside.txt")
    (there / "loop.txt").symlink_to("loop.txt")
    os.mkfifo(there / "fifo.txt")
    with (there / "huge.bin").open("wb") as file:
        file.truncate(11_000_000)
    (there / os.fsdecode(b"caf\xe9.txt")).write_text("no UTF-8 name")
    os.link(tmp_path / "outside.txt", there / "hard.txt")
    with socket.socket(socket.AF_UNIX) as plug:
        here = os.open(there, os.O_RDONLY)
        plug.bind(f"/proc/self/fd/{here}/plug.txt")
        os.close(here)
        expected = {
            "link.txt": "outside",
            "loop.txt": "outside",
            "fifo.txt": "not-regular",
            "plug.txt": "not-regular",
            "huge.bin": "too-large",
            "hard.txt": "outside",
            "caf\N{REPLACEMENT CHARACTER}.txt": "name",
        }
        shared.until(lambda: skips(shared) == expected, "each is told")
        (standing,) = shared.town.ben.told("status", shared.collab)["collabs"]
        found = {row["path"]: row["reason"] for row in standing["sessions"][0]["skipped"]}
        assert sorted(expected.values()) == sorted(found.values())
        shown = page(shared.town.ana, f"/c/{shared.collab}")
        assert [] == [path for path in expected if path not in shown]
    assert {shared.path} == on_main(shared) - {"collab.toml"}
    shared.save("ben", shared.ben.read_bytes().replace(b"print(x)", b"print(7)"))
    shared.until(lambda: b"print(7)" in shared.main(), "and the others go on")
    for name in os.listdir(os.fsencode(there)):
        if name != os.fsencode(shared.path) and not name.startswith(b"."):
            os.unlink(os.path.join(os.fsencode(there), name))


def skips(shared) -> dict[str, str]:
    return {e["path"]: e["reason"] for e in shared.watch.events if e["kind"] == "skipped"}


def test_a_joined_directory_keeps_what_is_held(shared, actors) -> None:
    """Over HTTP the file stays as its author has it, too, and goes on once it is released."""
    cleo = shared.town.cleo
    shared.town.ana.client.set_member(shared.collab, "cleo", "editor")
    with cleo.runs("join", shared.collab, "here"):
        file = cleo.home / "here" / shared.path
        shared.until(file.exists, "Cleo has the file")
        shared.until(lambda: strip(file.read_bytes())[0] == shared.main(), "whole")
        mine = actors.edited(file.read_bytes(), a=f"key = '{TOKEN}'")
        file.write_bytes(mine)
        shared.until(lambda: held(shared, "cleo"), "her save is held")
        shared.save("ben", actors.edited(shared.ben.read_bytes(), b="print('meanwhile')"))
        shared.until(lambda: b"meanwhile" in shared.main(), "Ben's work lands meanwhile")
        assert (mine, False) == (file.read_bytes(), TOKEN.encode() in shared.main())
        (one,) = held(shared, "cleo")
        receipt = cleo.client.decide_held(shared.collab, one["id"], "release", one["mark"])
        both = {"a": f"key = '{TOKEN}'", "b": "print('meanwhile')"}
        assert (True, both) == (bool(receipt["landed"]), actors.sources(shared.main()))
        shared.until(lambda: actors.sources(file.read_bytes()) == both, "Cleo has both")
        assert "held" not in json.dumps(cleo.client.contested(shared.collab))


def test_a_purged_secret_is_gone_from_git_events_pages_and_workspaces(shared, actors, tmp_path: Path) -> None:
    ana, ben, words = shared.town.ana, shared.town.ben, "what Ana's bank told her"
    shared.save("ana", actors.edited(shared.ana.read_bytes(), a=f"note = '{words}'"))
    shared.until(lambda: words.encode() in shared.ben.read_bytes(), "Ben has it, too")
    doomed = ana.client.log(shared.collab, branch="main")[0]["commit"]
    (ana.home / "words").write_text(f"{words}\n")
    refused = ben.types("purge", shared.collab, "--text-file", "-")
    assert (3, 0) == (
        refused.returncode,
        ana.types("purge", shared.collab, "--text-file", "words").returncode,
    )
    (ana.home / "words").unlink()
    assert words.encode() not in objects(shared.town.repository(shared.collab))
    fsck = ["git", "--git-dir", str(shared.town.repository(shared.collab)), "fsck", "--full", "--strict"]
    assert 0 == subprocess.run(fsck, capture_output=True, check=False).returncode
    shared.until(lambda: any(e["kind"] == "purged" for e in shared.watch.events), "everybody is told")
    for file in (shared.ana, shared.ben):
        shared.until(lambda file=file: words.encode() not in file.read_bytes(), "their files follow")
    again = Watch(ben.client, shared.collab)
    again.start()
    shared.until(lambda: any(e["kind"] == "purged" for e in again.events), "and from the journal")
    assert words not in json.dumps(again.events)
    assert words not in page(ben, f"/c/{shared.collab}")
    with pytest.raises(errors.NotFound):
        ana.client.file(shared.collab, shared.path, doomed)
    shared.save("ben", actors.edited(shared.ben.read_bytes(), b="print('on')"))
    shared.until(lambda: b"print('on')" in shared.main(), "work goes on")
    assert {"a": "note = '[purged]'", "b": "print('on')"} == actors.sources(shared.main())
    assert 1 == ana.types("purge", shared.collab, "--text-file", "nothing").returncode // 2
