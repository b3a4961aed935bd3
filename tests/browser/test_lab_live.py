"""With jupyter-collaboration: what comes in goes through the live document, once, whoever has it open."""

from __future__ import annotations

import pytest

from .jupyters import Stage, eventually, notebook

pytestmark = pytest.mark.timeout(900)
JUPYTER = "lab-live"


def test_two_in_one_room_and_one_elsewhere_have_the_same_cells_once(stage: Stage) -> None:
    path = stage.shared("live", notebook("x = 1", "y = 1"))
    one, other, ben = stage.opens("ana", path), stage.opens("ana", path), stage.opens("ben", path)
    for each in (one, other, ben):
        each.is_tracked()
    other.types(1, "  # typed in the room")
    one.sees(1, "y = 1  # typed in the room")
    other.page.keyboard.press("Control+s")
    ben.sees(1, "y = 1  # typed in the room")
    ben.js(
        f"() => {{ const m = {ben.model}; m.cells[0].setSource('x = 2');"
        " m.insertCell(1, {cell_type: 'code', source: 'new = 1', metadata: {}, outputs: [], id: 'new'}); }"
    )
    ben.page.keyboard.press("Control+s")
    wanted = ["x = 2", "new = 1", "y = 1  # typed in the room"]
    for each in (one, other, ben):
        eventually(lambda each=each: wanted == each.sources(), each.standing)
        each.has_no_dialog()
    one.page.keyboard.press("Control+s")
    for each in (one, other, ben):
        each.has_on_disk(*wanted)
