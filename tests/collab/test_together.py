"""Several people who work through one program, a notebook server for example: each save says who they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitcollab import store
from gitcollab.repository import Repository

BEN = "Ben Okri <ben@gitcollab.invalid>"
MAYA = "Maya Lin <maya@jupyter.invalid>"


def book(source: str) -> bytes:
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": []}
    made = {"cells": [cell | {"execution_count": None}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made).encode()


@pytest.fixture(scope="module")
def collab(server: Any) -> str:
    """Ana's, with Ben in it, whom notebook servers know as okri."""
    ana = server.client("ana")
    made = str(ana.create("Together")["id"])
    ana.set_member(made, "ben", "editor")
    ana.open_session(made)
    engine = store.engine(f"sqlite:///{server.root / 'private' / 'gitcollab.sqlite'}")
    with engine.begin() as conn:
        store.identities.add_identity(conn, "jupyter", "okri", "ben")
        store.people.set_display(conn, "ben", "Ben Okri")
    engine.dispose()
    return made


def authors(server: Any, collab: str) -> list[tuple[str, tuple[str, ...]]]:
    """The tool and the co-authors of each snapshot of Ana's session, newest first."""
    repo = Repository(server.root / "collabs" / f"{collab}.git")
    line = repo.line(repo.head("refs/heads/sessions/ana/default") or "")
    snapshots = [one for one in line if one.trailer("Gitcollab-Act") == "snapshot"]
    return [(one.trailer("Gitcollab-Tool"), one.trailers.get("Co-authored-by", ())) for one in snapshots]


def test_a_save_names_all_who_worked_on_it_by_who_they_are_here(server: Any, collab: str) -> None:
    said = {"okri": "", "maya": "Maya <b>\nLin, @home", "ana": "Ana", "stranger, of=course": ""}
    server.client("ana").save(collab, "ana/default", "one.ipynb", book("x"), tool="jupyter", authors=said)
    assert [
        (
            "jupyter",
            (
                BEN,
                "Maya bLin, home <maya@jupyter.invalid>",
                "stranger, of=course <stranger, of=course@jupyter.invalid>",
            ),
        )
    ] == authors(server, collab)


def test_who_is_a_member_is_known_by_the_name_alone(server: Any, collab: str) -> None:
    server.client("ana").save(
        collab, "ana/default", "one.ipynb", book("y"), authors={"ben": "", "dan": "Dan"}
    )
    assert (BEN, "Dan <dan@jupyter.invalid>") == authors(server, collab)[0][1]


def test_what_the_watcher_took_in_first_is_credited_after_it_and_once(server: Any, tmp_path: Path) -> None:
    file = tmp_path / "plan.ipynb"
    file.write_bytes(book("x"))
    ana = server.client("ana")
    made = ana.share(["ben"], [file])
    took = [("watch", ()), *[("watch", ())] * (len(authors(server, made["id"])) - 1)]
    assert took == authors(server, made["id"])
    for _ in range(2):
        ana.save(
            made["id"], "ana/default", "plan.ipynb", book("x"), tool="jupyter", authors={"maya": "Maya Lin"}
        )
        assert [("jupyter", (MAYA,)), *took] == authors(server, made["id"])
    ana.save(made["id"], "ana/default", "plan.ipynb", book("x = 2"))
    version = ana.publish(made["id"], "plan.ipynb")
    assert ["Maya Lin", "ana"] == sorted(version["authors"])
