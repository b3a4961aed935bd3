"""What an editor has open is left to it: not written over, and not sent as news where it only took a delivery in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from gitcollab.client import Client
from gitcollab.flow.watch import Pace
from gitcollab.join import State, join
from gitcollab.join.editors import Editors
from gitcollab.notebooks import strip

Exchange = Callable[[], State]
SAID = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": []}


def book(source: str, **metadata: Any) -> bytes:
    made = {"cells": [SAID | {"source": source}], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, sort_keys=True).encode() + b"\n"


@pytest.fixture
def place(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ben's directory on a machine of his own, in which a notebook of Ana's lies."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    ana = server.client("ana")
    collab = ana.create("Analysis")["id"]
    ana.set_member(collab, "ben", "editor")
    ana.open_session(collab)
    ana.save(collab, "ana/default", "plan.ipynb", book("x = 1"))
    directory = tmp_path / collab
    directory.mkdir()
    return directory


@pytest.fixture
def exchange(server: Any, place: Path) -> Exchange:
    def exchange() -> State:
        ben = Client(server.url, server.tokens["ben"])
        pace = Pace(quiet=0.03, most=0.3, grace=0.15, period=5.0)
        return anyio.run(lambda: join(ben, place.name, place, name="desk", once=True, pace=pace))

    return exchange


def test_an_open_file_is_left_alone_until_it_is_closed(server: Any, place: Path, exchange: Exchange) -> None:
    state, file = exchange(), place / "plan.ipynb"
    ana, ben = server.client("ana"), server.client("ben")
    before = file.read_bytes()
    ben.hold(place.name, state.session, "plan.ipynb", client="tab")
    assert ["plan.ipynb"] == ben.open_files(place.name, state.session)
    ana.save(place.name, "ana/default", "plan.ipynb", book("x = 2"))
    exchange()
    assert before == file.read_bytes()
    ben.release(place.name, state.session, "plan.ipynb", client="tab")
    exchange()
    assert book("x = 2") == strip(file.read_bytes())[0]


def test_what_an_editor_took_in_itself_is_not_sent_as_its_persons_work(
    server: Any, place: Path, exchange: Exchange
) -> None:
    state, file = exchange(), place / "plan.ipynb"
    ana, ben = server.client("ana"), server.client("ben")
    ben.hold(place.name, state.session, "plan.ipynb", client="tab")
    ana.save(place.name, "ana/default", "plan.ipynb", book("x = 2"))
    file.write_bytes(ben.session_file(place.name, state.session, "plan.ipynb").body)
    ana.save(place.name, "ana/default", "plan.ipynb", book("x = 3"))
    state = exchange()
    mine = [one for one in ben.log(place.name, branch=f"sessions/{state.session}") if one["user"] == "ben"]
    assert [] == [one["act"] for one in mine if one["act"] == "snapshot"]
    assert book("x = 2") == strip(file.read_bytes())[0]
    editors = Editors(ben, state)
    assert editors.took_in("plan.ipynb", file.read_bytes())
    assert not editors.took_in("plan.ipynb", file.read_bytes().replace(b"x = 2", b"x = 4"))
    ben.release(place.name, state.session, "plan.ipynb", client="tab")
    assert not editors.took_in("plan.ipynb", file.read_bytes())
