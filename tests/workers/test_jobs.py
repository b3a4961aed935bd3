"""Each act of the workers is answered as ``acts.ANSWERS`` promises, by the real pool on a real repository."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from gitcollab import acts, notebooks, wire
from gitcollab.errors import BadInput, NotFound
from gitcollab.model import Actor, Person
from gitcollab.repository import Entry, Repository

ANA = Actor(user="ana")
COLLAB = "caaaaaaaaa"
AT = "2026-11-20T10:00:00Z"


def notebook(*sources: str) -> bytes:
    """A notebook of code cells with ids a, b, c, …"""
    cells = [
        {
            "cell_type": "code",
            "id": chr(97 + n),
            "source": source,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with one collab: a notebook and a text, then the notebook changed."""
    root = tmp_path_factory.mktemp("jobs")
    repo = Repository.create(root / "collabs" / f"{COLLAB}.git")
    tip, tree = None, None
    for sources in (("x = 1", "y = 2"), ("x = 1", "y = 3")):
        entries = {
            "a.ipynb": Entry(repo.write_blob(notebook(*sources)), 0o100644),
            "b.txt": Entry(repo.write_blob(b"text\n"), 0o100644),
        }
        tree = repo.edit(tree, entries)
        new = repo.commit(
            tree, [tip] if tip else [], "A save", author=Person(name="ana", display="Ana"), at=AT
        )
        repo.move("refs/heads/main", new, tip)
        tip = new
    return root


@pytest.fixture(scope="module")
def errands(place: Path) -> Iterator[wire.Errands]:
    """The pool, as the daemon starts it."""
    path = place / "workers.sock"
    with wire.listen(path) as listener:
        words = ["--root", str(place), "--fd", str(listener.fileno()), "--count", "1"]
        command = [sys.executable, "-P", "-m", "gitcollab.workers", *words]
        with subprocess.Popen(command, pass_fds=[listener.fileno()]) as pool:
            yield wire.Errands(path)
            pool.terminate()


def reading(kind: Any, **more: Any) -> Any:
    """A reading act of Ana's on the collab."""
    return kind(actor=ANA, collab=COLLAB, **more)


async def test_history_and_files_are_read(errands: wire.Errands) -> None:
    assert 2 == len(await errands.call(reading(acts.ReadLog)))
    assert ["a.ipynb", "b.txt"] == [entry.path for entry in await errands.call(reading(acts.ListFiles))]
    found = await errands.call(reading(acts.ReadFile, path="b.txt"))
    assert (b"text\n", await errands.call(reading(acts.Resolve, at="main"))) == (found.data, found.commit)


async def test_what_changed_is_told_by_cell(errands: wire.Errands) -> None:
    first = (await errands.call(reading(acts.ReadLog)))[-1].commit
    found = await errands.call(reading(acts.ReadDiff, start=first, end="main"))
    assert [("a.ipynb", ("b",))] == [(file.path, tuple(c.cell for c in file.cells)) for file in found.files]


async def test_notebooks_and_differences_become_html(errands: wire.Errands) -> None:
    shown = await errands.call(reading(acts.RenderNotebook, path="a.ipynb"))
    assert ["a", "b"] == [cell["id"] for cell in shown.cells]
    first = (await errands.call(reading(acts.ReadLog)))[-1].commit
    changed = await errands.call(reading(acts.RenderDiff, path="a.ipynb", start=first, end="main"))
    assert ["same", "changed"] == [cell["kind"] for cell in changed.cells]


async def test_a_merge_travels_whole(errands: wire.Errands) -> None:
    sides = notebook("x = 1", "y = 1"), notebook("x = 2", "y = 1"), notebook("x = 3", "y = 4")
    act = acts.MergeBytes(actor=ANA, base=sides[0], ours=sides[1], theirs=sides[2], path="a.ipynb")
    answer = await errands.call(act)
    expected = await anyio.to_thread.run_sync(lambda: notebooks.merge(*sides, path="a.ipynb"))
    assert expected == msgspec.convert(answer, notebooks.Merge, builtin_types=(bytes,))


async def test_a_difference_travels_whole(errands: wire.Errands) -> None:
    sides = notebook("x = 1"), notebook("x = 2", "y = 1")
    answer = await errands.call(acts.DiffBytes(actor=ANA, before=sides[0], after=sides[1]))
    expected = await anyio.to_thread.run_sync(notebooks.diff, *sides)
    assert expected == msgspec.convert(answer, notebooks.Diff, builtin_types=(bytes,))


@pytest.mark.parametrize("collab", ["cbbbbbbbbb", "../../etc", ""])
async def test_what_is_no_collab_is_not_found(errands: wire.Errands, collab: str) -> None:
    with pytest.raises(NotFound):
        await errands.call(acts.Resolve(actor=ANA, collab=collab, at="main"))


async def test_what_changes_something_is_no_act_of_the_workers(errands: wire.Errands) -> None:
    with pytest.raises(BadInput, match="Publish is no act of the workers"):
        await errands.call(reading(acts.Publish, notebook="a.ipynb"))
