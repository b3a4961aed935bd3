"""What goes wrong in real life: each is told clearly, loses nothing, and the daemon goes on."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gitcollab import errors
from gitcollab.client import Client
from gitcollab.notebooks import problems, strip

BAD = {
    "empty": b"",
    "half-written": b'{"cells": [{"cell_type": "code", "id": "a", "sour',
    "no notebook": b"\xff\xfe\x00 this is a picture",
    "invalid": json.dumps({"cells": "none", "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode(),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_notebook_harms_nobody(shared, actors, kind: str) -> None:
    good = shared.ana.read_bytes()
    shared.save("ana", BAD[kind])
    shared.save("ben", actors.edited(shared.ben.read_bytes(), b="print('Ben goes on')"))
    shared.until(lambda: b"Ben goes on" in shared.main(), "Ben's edit lands")
    assert () == problems(shared.main())
    assert () == problems(shared.ben.read_bytes())
    shared.save("ana", actors.edited(good, a="x = 7"))
    shared.until(lambda: actors.sources(shared.main()).get("a") == "x = 7", "Ana's next good save lands")
    shared.until(
        lambda: {"a": "x = 7", "b": "print('Ben goes on')"} == actors.sources(shared.main()),
        "and Ben's stays with it",
    )


def test_two_cells_of_one_id_reach_everybody_as_two(shared, actors) -> None:
    twice = json.loads(actors.book(a="x = 1", b="print('twice')"))
    twice["cells"].append(twice["cells"][1])
    shared.save("ana", actors.as_saved(twice))
    shared.until(lambda: shared.ben.read_bytes().count(b"print('twice')") == 2, "Ben has both cells")
    assert [] == shared.town.ana.client.contested(shared.collab)
    assert () == problems(shared.main())


def test_a_file_over_the_limit_is_skipped_and_that_is_told(shared) -> None:
    huge = shared.ben.with_name("huge.ipynb")
    with huge.open("wb") as file:
        file.truncate(101_000_000)
    shared.until(
        lambda: [e for e in shared.watch.events if e["kind"] == "skipped" and e["path"] == "huge.ipynb"],
        "it is told",
    )
    (told, *_) = [e for e in shared.watch.events if e["kind"] == "skipped"]
    assert "too-large" == told["reason"]
    (standing,) = shared.town.ben.told("status", shared.collab)["collabs"]
    assert [{"path": "huge.ipynb", "reason": "too-large"}] == standing["sessions"][0]["skipped"]
    assert "skipped huge.ipynb: too-large" in shared.town.ben.types("status").stdout
    huge.unlink()


def test_a_request_that_is_too_large_is_refused(shared) -> None:
    shared.town.ben.client.open_session(shared.collab, "big")
    with pytest.raises(errors.TooLarge):
        shared.town.ben.client.save(shared.collab, "ben/big", "big.bin", bytes(101 * 1024 * 1024))
    assert shared.town.ben.client.me()["name"] == "ben"


def test_an_unknown_collab_and_a_wrong_token_exit_with_3(town) -> None:
    unknown = town.ana.types("log", "cabcdefg23")
    assert (3, True) == (unknown.returncode, "gitcollab: " in unknown.stderr)
    assert 3 == town.ana.types("contested", "nobody:nothing").returncode
    with Client(town.url, "gcp_wrong") as stranger, pytest.raises(errors.NotSignedIn) as refused:
        stranger.me()
    assert (3, True) == (refused.value.exit_code, bool(refused.value.hint))


def test_sharing_with_nobody_known_leaves_nothing_behind(town, actors) -> None:
    (town.ana.home / "lonely.ipynb").write_bytes(actors.book(a="1"))
    before = len(town.ana.client.collabs())
    done = town.ana.types("share", "zoe", "lonely.ipynb")
    assert (3, True) == (done.returncode, "nobody called zoe" in done.stderr)
    assert before == len(town.ana.client.collabs())
    assert ["lonely.ipynb"] == [path.name for path in town.ana.home.iterdir()]


def test_a_workspace_that_vanishes_is_no_deletion(shared, actors) -> None:
    shutil.rmtree(shared.ben.parent)
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print('still here')"))
    shared.until(lambda: b"still here" in shared.main(), "Ana's edit lands")
    assert [shared.path] == [
        e["path"] for e in shared.town.ana.client.files(shared.collab) if e["path"] != "collab.toml"
    ]
    shared.ben.parent.mkdir()
    shared.until(shared.ben.exists, "what Ben had comes back with the directory")
    shared.until(lambda: strip(shared.ben.read_bytes())[0] == shared.main(), "and is up to date")


def serve(*words: str, root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "gitcollab", "serve", "--root", str(root), *words],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_a_second_daemon_on_a_root_is_refused_naming_the_first(town) -> None:
    done = serve("--port", "0", root=town.house.root)
    assert (2, "") == (done.returncode, done.stdout)
    assert str(town.house.server.pid) in done.stderr
    assert town.url in done.stderr
    assert "ana" == town.ana.client.me()["name"]


def test_a_port_that_is_taken_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve("--port", str(port), root=tmp_path / "root")
    assert (2, True, True) == (done.returncode, f"port {port}" in done.stderr, "--port" in done.stderr)


def test_a_root_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    done = serve("--port", "0", root=tmp_path / "file" / "root")
    assert (2, True, True) == (
        done.returncode,
        "cannot be written" in done.stderr,
        "GITCOLLAB_ROOT" in done.stderr,
    )
