"""Two workspaces, one notebook: what both end up with, what git sees, and what the stream tells."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from gitcollab.demo import story
from gitcollab.demo.playing import shipped
from gitcollab.demo.stage import as_saved
from gitcollab.notebooks import problems


def versions(acts: tuple[story.Act, ...], first: dict[str, Any]) -> list[bytes]:
    """Successive versions of a real notebook: one more act in each."""
    notebook, found = copy.deepcopy(first), []
    for act in acts:
        act.apply(notebook)
        found.append(as_saved(notebook))
    return found


def test_successive_versions_copied_into_two_workspaces_converge(town, actors, tmp_path: Path) -> None:
    first = shipped("tides.ipynb")
    file = town.ana.home / "tides.ipynb"
    file.write_bytes(as_saved(first))
    (together,) = [next(told := actors.share(town, file))]
    ana = versions((*story.DIFFERENT_CELLS.ana, *story.SAME_CELL.ana, *story.MOVED.ana), first)
    ben = versions((*story.DIFFERENT_CELLS.ben, *story.SAME_CELL.ben, *story.FIX.ben), first)
    for number, (hers, his) in enumerate(zip(ana, ben, strict=True), 1):
        together.save("ana", hers)
        together.save("ben", his)
        for who in ("ana", "ben"):
            together.until(
                lambda who=who, number=number: saves(together, who) >= number + (who == "ana"),
                f"{who}'s save {number}",
            )
    wanted = copy.deepcopy(first)
    for act in (
        *story.DIFFERENT_CELLS.ana,
        *story.DIFFERENT_CELLS.ben,
        *story.SAME_CELL.ana,
        *story.SAME_CELL.ben,
        *story.MOVED.ana,
        *story.FIX.ben,
    ):
        act.apply(wanted)
    together.until(
        lambda: actors.sources(together.main()) == actors.sources(as_saved(wanted)), "main has all six edits"
    )
    together.until_all_have(together.main())
    assert [] == town.ana.client.contested(together.collab)
    assert () == problems(together.main())
    told.close()


def saves(together: Any, who: str) -> int:
    return sum(event["kind"] == "saved" and event["user"] == who for event in together.watch.events)


def test_a_stranger_s_git_sees_snapshots_landings_and_tags(shared, actors, tmp_path: Path) -> None:
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print(x, y)"))
    shared.until(lambda: b"x, y" in shared.ben.read_bytes(), "Ben has Ana's edit")
    shared.town.ana.client.publish(shared.collab, shared.path)
    git = shared.town.git
    git("clone", "-q", str(shared.town.repository(shared.collab)), "clone", cwd=tmp_path)
    clone = tmp_path / "clone"
    assert shared.main() == (clone / shared.path).read_bytes()
    said = git(
        "log",
        "--branches",
        "--remotes",
        "--tags",
        "--format=%(trailers:key=Gitcollab-Act,valueonly)",
        cwd=clone,
    )
    assert {"snapshot", "landing", "delivery", "publish"} <= set(said.split())
    assert f"{shared.name}/v1.0.0" in git("tag", cwd=clone).split()
    heads = git("branch", "-r", "--format=%(refname)", cwd=clone)
    assert {
        "origin/main",
        "origin/blessed",
        "origin/sessions/ana/default",
        "origin/sessions/ben/default",
    } <= {name.removeprefix("refs/remotes/") for name in heads.split()}
    git("fsck", "--full", "--strict", cwd=shared.town.repository(shared.collab))


def test_the_stream_tells_each_change_by_cell_before_and_after_it_lands(shared, actors) -> None:
    shared.save("ben", actors.edited(shared.ben.read_bytes(), b="print(x + 1)"))
    shared.until(lambda: b"x + 1" in shared.ana.read_bytes(), "Ana has Ben's edit")

    def since() -> list[dict[str, Any]]:
        kinds = [(event["kind"], event["user"]) for event in shared.watch.events]
        return shared.watch.events[kinds.index(("saved", "ben")) :]

    shared.until(lambda: "delivered" in [event["kind"] for event in since()], "the delivery is told")
    new = since()
    assert ["saved", "landed", "delivered"] == [event["kind"] for event in new]
    saved, landed, _ = new
    assert ("ben", "ben/default") == (saved["user"], saved["session"])
    for event in (saved, landed):
        (change,) = event["files"][0]["cells"]
        assert ("source", "b", "print(x)", "print(x + 1)") == (
            change["kind"],
            change["cell"],
            change["before"],
            change["after"],
        )
    numbers = [event["n"] for event in shared.watch.events]
    assert list(range(1, len(numbers) + 1)) == numbers


def test_a_notebook_merely_opened_lands_nowhere_and_is_not_announced(shared, actors) -> None:
    notebook = json.loads(shared.ben.read_bytes())
    notebook["metadata"]["language_info"] = {"name": "python", "version": "3.13.1"}
    landings = [e for e in shared.watch.events if e["kind"] == "landed"]
    shared.save("ben", as_saved(notebook))
    shared.until(
        lambda: (
            "snapshot"
            in [
                e["act"]
                for e in shared.town.ben.client.log(shared.collab, branch="sessions/ben/default", limit=1)
            ]
        ),
        "the save is a commit",
    )
    assert landings == [e for e in shared.watch.events if e["kind"] == "landed"]


@pytest.mark.slow
def test_work_done_while_the_server_is_down_is_taken_in_when_it_is_back(actors, tmp_path: Path) -> None:
    town = actors.opened(tmp_path)
    try:
        file = town.ana.home / "work.ipynb"
        file.write_bytes(actors.book(a="x = 1", b="y = 1"))
        told = actors.share(town, file)
        together = next(told)
        assert town.house.stop() == 0
        together.save("ana", actors.edited(together.ana.read_bytes(), a="x = 2"))
        together.save("ben", actors.edited(together.ben.read_bytes(), b="y = 2"))
        town.house.port = int(town.url.rpartition(":")[2])
        assert town.url == town.house.start()
        together.until(
            lambda: {"a": "x = 2", "b": "y = 2"} == actors.sources(together.main()), "both edits are on main"
        )
        together.until_all_have(together.main())
        told.close()
    finally:
        for person in town.people.values():
            person.client.close()
        town.house.stop()
