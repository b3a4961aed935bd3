from __future__ import annotations

import json
from typing import Any

import pytest

from gitcollab.errors import BadInput
from gitcollab.notebooks import both, merge, pick, place, problems, weigh


@pytest.fixture
def notebook(making: Any) -> Any:
    return making.Maker(11).notebook(4)


def test_what_is_placed_is_picked(making: Any, notebook: Any) -> None:
    cell = notebook["cells"][0] | {"cell_type": "markdown"}
    cell = {name: value for name, value in cell.items() if name not in ("outputs", "execution_count")}
    notebook["cells"][0] = cell
    data, name = making.written(notebook), cell["id"]
    for field, value in (
        ("source", "new\ntext"),
        ("metadata.tags", ["x"]),
        ("metadata.a.b", 1),
        ("attachments.a.png", {"image/png": "AA=="}),
        ("cell", cell | {"source": ["other"]}),
    ):
        placed = place(data, name, field, value)
        assert value == pick(placed, name, field)
        assert () == problems(placed)
    assert "Julia" == pick(
        place(data, None, "notebook.metadata.title", "Julia"), None, "notebook.metadata.title"
    )


def test_none_takes_away(making: Any, notebook: Any) -> None:
    data, name = making.written(notebook), notebook["cells"][1]["id"]
    assert pick(place(data, name, "cell", None), name, "cell") is None
    assert (
        pick(place(place(data, name, "metadata.x", 1), name, "metadata.x", None), name, "metadata.x") is None
    )
    assert "" == pick(place(data, name, "source", None), name, "source")


def test_a_missing_cell_goes_behind_the_one_it_follows_elsewhere(making: Any, notebook: Any) -> None:
    whole = making.written(notebook)
    name = notebook["cells"][2]["id"]
    without = place(whole, name, "cell", None)
    assert whole == place(without, name, "cell", notebook["cells"][2], like=whole)


def test_a_cell_under_another_id_is_found_by_its_likeness(making: Any, notebook: Any) -> None:
    other = json.loads(making.written(notebook))
    for cell in other["cells"]:
        cell["id"] += "x"
    name = notebook["cells"][3]["id"]
    placed = place(making.written(other), name, "source", "here", like=making.written(notebook))
    assert "here" == pick(placed, name + "x", "source")
    assert "here" == pick(placed, name, "source", like=making.written(notebook))


def test_a_value_that_cannot_stand_there_is_refused(making: Any, notebook: Any) -> None:
    for field, value in (("cell", "text"), ("source", 5), ("outputs", "x"), ("attachments", 1)):
        with pytest.raises(BadInput):
            place(making.written(notebook), notebook["cells"][0]["id"], field, value)


def test_both_is_the_shared_lines_and_then_the_sessions() -> None:
    assert "a\nours\ntheirs\nz" == both("source", "a\nz", "a\nours\nz", "a\ntheirs\nz")
    assert "a\nours\ntheirs" == both("source", "a", "a\nours", "a\ntheirs")
    assert "mine" == both("source", "x", None, "mine")


def test_a_spot_is_weighed_as_it_was_merged(making: Any) -> None:
    for seed in range(300):
        merged = merge(*making.triple(seed))
        for item in merged.contested:
            weighed = weigh(item.field, item.base, item.shared, item.session)
            held = pick(merged.notebook, item.cell, item.field)
            if isinstance(held, dict) and isinstance(weighed.value, dict):
                held, weighed_value = ({**side, "id": ""} for side in (held, weighed.value))
                assert (True, held) == (weighed.is_contested, weighed_value)
            else:
                assert (True, held) == (weighed.is_contested, weighed.value)


def test_an_edit_against_a_deletion_keeps_the_edit_on_either_side(notebook: Any) -> None:
    cell = notebook["cells"][0]
    edited = cell | {"source": ["edited = True"]}
    for sides in ((edited, None), (None, edited)):
        weighed = weigh("cell", cell, *sides)
        assert (True, edited) == (weighed.is_contested, weighed.value)
    assert (False, None) == (
        weigh("cell", cell, None, cell).is_contested,
        weigh("cell", cell, None, cell).value,
    )
