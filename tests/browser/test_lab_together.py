"""Two people in two JupyterLabs on one notebook: what each does shows in the other's, and no question is ever asked."""

from __future__ import annotations

import base64
import json
import random

import pytest

from .jupyters import Stage, notebook

pytestmark = pytest.mark.timeout(900)  # the first test waits for the Jupyters, too


def test_what_two_people_change_in_different_cells_is_in_both_open_notebooks(stage: Stage) -> None:
    path = stage.shared("different", notebook("x = 1", "y = 1", "z = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ana.replaces(0, "x = 2")
    ana.saves()
    ben.sees(0, "x = 2")
    ben.replaces(2, "z = 2")
    ben.saves()
    ana.sees(2, "z = 2")
    for one in (ana, ben):
        one.is_tracked()
        one.has_no_dialog()
        assert ["x = 2", "y = 1", "z = 2"] == one.sources()
        one.has_on_disk("x = 2", "y = 1", "z = 2")


def test_a_cell_that_prints_meanwhile_keeps_all_of_its_outputs_on_both_sides(stage: Stage) -> None:
    over = stage.jupyters["ana"].directory.parent / "over"
    slow = (
        "import os, time\nfor n in range(6):\n    print('tick', n)\n    time.sleep(0.5)\n"
        f"while not os.path.exists('{over}'):\n    time.sleep(0.1)\nprint('over')"
    )
    path = stage.shared("printing", notebook("x = 1", slow, "z = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
        one.has_a_kernel()
    ticks = "".join(f"tick {n}\n" for n in range(6)) + "over\n"
    for one in (ana, ben):
        one.runs_cell(1)
        one.shows(1, "tick 0")
    ana.replaces(0, "x = 2")
    ana.saves()
    ben.sees(0, "x = 2")
    assert not ben.is_idle(1)
    ben.replaces(2, "z = 2")
    ben.saves()
    ana.sees(2, "z = 2")
    over.touch()
    for one in (ana, ben):
        one.prints(1, ticks)
        one.has_no_dialog()
        assert ["x = 2", slow, "z = 2"] == one.sources()


def test_the_same_line_is_contested_and_settled_in_place(stage: Stage) -> None:
    path = stage.shared("contested", notebook("rate = 1", "y = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ben.replaces(0, "rate = 3")
    ana.replaces(0, "rate = 2")
    ana.saves()
    ben.types(1, "0")
    ben.saves()
    for one in (ana, ben):
        one.page.locator(".gitcollab-mark-contested").wait_for()
    assert ("rate = 2", "rate = 3") == (ana.sources()[0], ben.sources()[0])
    ana.sees(1, "y = 10")
    ben.page.locator(".gitcollab-mark-contested").get_by_role("button", name="Take mine").click()
    ana.sees(0, "rate = 3")
    for one in (ana, ben):
        one.page.locator(".gitcollab-mark-contested").wait_for(state="detached")
        one.has_no_dialog()
        one.has_on_disk("rate = 3", "y = 10")


def test_undo_after_an_incoming_change_takes_back_ones_own_last_edit_only(stage: Stage) -> None:
    path = stage.shared("undo", notebook("x = 1", "y = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ben.types(1, "0")
    ana.replaces(0, "x = 2")
    ana.saves()
    ben.sees(0, "x = 2")
    ben.cell(1).locator(".cm-content").click()
    ben.page.keyboard.press("Control+z")
    ben.sees(1, "y = 1")
    for _ in range(3):
        ben.page.keyboard.press("Control+z")
    assert ["x = 2", "y = 1"] == ben.sources()
    ben.cell(0).locator(".cm-content").click()
    ben.page.keyboard.press("Control+z")
    assert ["x = 2", "y = 1"] == ben.sources()


def test_a_directory_that_join_looks_after_is_as_live_as_any(stage: Stage) -> None:
    path = stage.shared("afar", notebook("x = 1", "y = 1", "rate = 1"))
    place = (stage.jupyters["ben"].directory / path).parent
    place.unlink()  # instead of the workspace on the server's own machine
    place.mkdir()
    with stage.joined("ben", stage.collab(path), place):
        ana, ben = stage.opens("ana", path), stage.opens("ben", path)
        for one in (ana, ben):
            one.is_tracked()
        ana.replaces(0, "x = 2")
        ana.saves()
        ben.sees(0, "x = 2")
        ben.replaces(1, "y = 2")
        ben.saves()
        ana.sees(1, "y = 2")
        ben.replaces(2, "rate = 3")
        ana.replaces(2, "rate = 2")
        ana.saves()
        ben.saves()
        ben.page.locator(".gitcollab-mark-contested").get_by_role("button", name="Take mine").click()
        for one in (ana, ben):
            one.sees(2, "rate = 3")
            one.page.locator(".gitcollab-mark-contested").wait_for(state="detached")
            one.has_no_dialog()
            one.has_on_disk("x = 2", "y = 2", "rate = 3")


def test_a_notebook_of_50_mb_is_shared_like_any_but_for_drafts(stage: Stage) -> None:
    path = stage.shared("large", large("x = 1", "y = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
        one.until("() => window.jupyterapp.shell.currentWidget.node.dataset.gitcollab.includes('too large')")
    ana.replaces(0, "x = 2")
    ana.saves()
    ben.sees(0, "x = 2")
    ben.replaces(1, "y = 2")
    ben.saves()
    ana.sees(1, "y = 2")
    for one in (ana, ben):
        one.is_tracked()
        one.has_no_dialog()
    assert 50_000_000 < (ana.jupyter.directory / path).stat().st_size


def large(*sources: str) -> bytes:
    """A notebook of 50 MB: ten pictures below the cells that are worked in."""
    made = json.loads(notebook(*sources, *("picture" for _ in range(10))))
    for n, cell in enumerate(made["cells"][len(sources) :]):
        picture = base64.b64encode(random.Random(n).randbytes(3_800_000)).decode()
        said = {"text/plain": "a picture", "application/octet-stream": picture}
        cell["outputs"] = [{"output_type": "display_data", "data": said, "metadata": {}}]
    return json.dumps(made, indent=1, sort_keys=True).encode() + b"\n"
