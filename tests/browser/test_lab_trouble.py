"""What goes wrong around an open notebook, and costs nobody any work."""

from __future__ import annotations

import json

import pytest

from .jupyters import Stage, eventually, notebook

pytestmark = pytest.mark.timeout(900)


def test_unsaved_work_of_a_page_that_crashed_is_recovered(stage: Stage) -> None:
    path = stage.shared("crashed", notebook("x = 1", "y = 1"))
    ana = stage.opens("ana", path)
    ana.is_tracked()
    with ana.page.expect_response("**/gitcollab/api/draft*") as sent:
        ana.types(1, "000")
    assert 200 == sent.value.status
    stage.close()  # the page is gone, and nothing was saved
    ana = stage.opens("ana", path)
    assert ["x = 1", "y = 1"] == ana.sources()
    ana.page.get_by_role("button", name="Recover").click()
    ana.sees(1, "y = 1000")
    ana.saves()
    ana.has_on_disk("x = 1", "y = 1000")


def test_two_people_who_were_offline_for_a_while_meet_again(stage: Stage) -> None:
    path = stage.shared("offline", notebook("x = 1", "y = 1", "z = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ana.goes_offline()
    ana.replaces(0, "x = 2")
    ben.replaces(2, "z = 2")
    ben.saves()
    ana.comes_back()
    ana.sees(2, "z = 2")
    assert "x = 2" == ana.sources()[0]
    ana.saves()
    ben.sees(0, "x = 2")
    for one in (ana, ben):
        one.has_on_disk("x = 2", "y = 1", "z = 2")
        one.has_no_dialog()


def test_overwriting_a_file_that_another_program_wrote_loses_nothing(stage: Stage) -> None:
    path = stage.shared("overwritten", notebook("x = 1", "y = 1"))
    ana = stage.opens("ana", path)
    ana.is_tracked()
    ana.runs("gitcollab:pause")
    file = ana.jupyter.directory / path
    file.write_bytes(file.read_bytes().replace(b"y = 1", b"y = 2"))  # vim, say
    ana.replaces(0, "x = 2")
    ana.page.keyboard.press("Control+s")
    overwrite = ana.page.locator(".jp-Dialog").get_by_role("button", name="Overwrite")
    overwrite.wait_for()
    overwrite.click()
    collab = stage.collab(path)
    eventually(
        lambda: {"x = 2", "y = 2"} == set(cells(stage.client("ana").file(collab, "plan.ipynb").body)),
        ana.standing,
    )


def cells(data: bytes) -> list[str]:
    return ["".join(cell["source"]) for cell in json.loads(data)["cells"]]


def test_two_tabs_of_one_notebook_are_two_editors(stage: Stage) -> None:
    path = stage.shared("tabs", notebook("x = 1", "y = 1"))
    one, other = stage.opens("ana", path), stage.opens("ana", path)
    for tab in (one, other):
        tab.is_tracked()
    one.replaces(0, "x = 2")
    one.saves()
    other.sees(0, "x = 2")
    other.knows_its_file()
    other.replaces(1, "y = 2")
    other.saves()
    other.has_no_dialog()
    one.sees(1, "y = 2")
    one.knows_its_file()
    one.replaces(0, "x = 3")
    one.saves()
    one.has_no_dialog()
    one.has_on_disk("x = 3", "y = 2")


def test_cells_that_the_others_delete_move_and_add_do_so_here(stage: Stage) -> None:
    path = stage.shared("moved", notebook("a", "b", "c", "d"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ben.types(3, " mine")
    ana.js(
        f"() => {{ const m = {ana.model}; m.deleteCell(1); m.moveCell(0, 1);"
        " m.insertCell(1, {cell_type: 'markdown', source: '# new', metadata: {}, id: 'new'}); }"
    )
    wanted = [*ana.sources()[:3], "d mine"]
    ana.saves()
    eventually(lambda: wanted == ben.sources(), ben.standing)
    ben.has_no_dialog()
    ben.saves()
    ana.sees(3, "d mine")


def test_a_notebook_that_ends_being_shared_goes_on_as_ones_own(stage: Stage) -> None:
    path = stage.shared("ended", notebook("x = 1"))
    ana = stage.opens("ana", path)
    ana.is_tracked()
    stage.client("ana").end(stage.collab(path))
    ana.until("() => document.querySelector('.gitcollab-status').textContent === ''")
    ana.replaces(0, "x = 2")
    ana.saves()
    ana.has_on_disk("x = 2")
    ana.has_no_dialog()


def test_a_notebook_that_is_renamed_goes_on_under_its_new_name(stage: Stage) -> None:
    path = stage.shared("renamed", notebook("x = 1", "y = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    to = path.replace("plan", "new")
    ben.js("([old, to]) => window.jupyterapp.serviceManager.contents.rename(old, to)", [path, to])
    ben.path = to
    ben.is_tracked()
    ben.replaces(0, "x = 2")
    ben.saves()
    ana.replaces(1, "y = 2")
    ana.saves()
    ana.has_no_dialog()
    ben.sees(1, "y = 2")


def test_outputs_of_others_run_nothing_here(stage: Stage) -> None:
    path = stage.shared("hostile", notebook("x = 1", "y = 1"))
    ana = stage.opens("ana", path)
    ana.is_tracked()
    ben = stage.client("ben")
    collab = stage.collab(path)
    book = json.loads(ben.file(collab, "plan.ipynb").body)
    script = {"text/html": "<img src=x onerror='window.hacked = 1'><script>window.hacked = 1</script>seen"}
    output = {"output_type": "display_data", "data": script, "metadata": {}}
    book["cells"][1] |= {"outputs": [output], "metadata": {"trusted": True}}
    book["cells"].append({**book["cells"][1], "id": "new"})
    ben.save(collab, "ben/default", "plan.ipynb", json.dumps(book).encode())
    ana.until(f"() => {ana.model}.cells.length === 3")
    for cell in (1, 2):
        ana.cell(cell).locator(".jp-OutputArea-output", has_text="seen").wait_for()
    assert None is ana.js("() => window.hacked ?? null")


def test_a_file_that_jupyter_may_not_write_is_said_to_be_and_costs_no_work(stage: Stage) -> None:
    path = stage.shared("read-only", notebook("x = 1", "y = 1"))
    ana = stage.opens("ana", path)
    ana.is_tracked()
    file = ana.jupyter.directory / path
    file.chmod(0o444)
    ana.replaces(0, "x = 2")
    ana.page.keyboard.press("Control+s")
    ana.page.locator(".jp-Dialog").get_by_role("button").last.click()  # Jupyter says that it could not
    ana.says("⚠ not saved · your work is kept as a draft")
    stage.close()
    ana = stage.opens("ana", path)
    ana.says("read-only · what the others change shows here")
    stage.client("ben").save(
        stage.collab(path), "ben/default", "plan.ipynb", (file.read_bytes().replace(b"y = 1", b"y = 2"))
    )
    ana.sees(1, "y = 2")
    ana.page.get_by_role("button", name="Recover").click()
    ana.sees(0, "x = 2")
    ana.says("⚠ read-only · your work is kept as a draft")
    file.chmod(0o644)
    stage.close()
    ana = stage.opens("ana", path)
    ana.page.get_by_role("button", name="Recover").click()
    ana.sees(0, "x = 2")
    ana.saves()
    ana.has_on_disk("x = 2", "y = 2")
