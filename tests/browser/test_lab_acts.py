"""Share, Publish and everything else that people press in JupyterLab."""

from __future__ import annotations

import pytest

from .jupyters import Stage, eventually, notebook

pytestmark = pytest.mark.timeout(900)


def test_a_notebook_is_shared_in_three_clicks_and_the_other_opens_it_from_the_invitation(
    stage: Stage,
) -> None:
    (stage.jupyters["ana"].directory / "trip.ipynb").write_bytes(notebook("miles = 1"))
    (stage.jupyters["ben"].directory / "own.ipynb").write_bytes(notebook("x"))
    ana, ben = stage.opens("ana", "trip.ipynb"), stage.opens("ben", "own.ipynb")
    ben.knows_its_collabs()
    ana.tool("Share").click()
    ana.page.locator(".jp-Dialog input[name=users]").fill("ben")
    ana.page.locator(".jp-Dialog").get_by_role("button", name="Share", exact=True).click()
    ana.is_tracked()
    ana.until("() => document.querySelector('.gitcollab-status').textContent.endsWith(' · shared with Ben')")
    ben.page.get_by_role("button", name="Open", exact=True).click()
    ben.page.wait_for_url("**/trip/trip.ipynb*")
    ben.path = "trip/trip.ipynb"
    ben.sees(0, "miles = 1")
    ben.is_tracked()
    ben.replaces(0, "miles = 2")
    ben.saves()
    ana.sees(0, "miles = 2")
    ana.has_on_disk("miles = 2")


def test_versions_are_published_from_the_toolbar(stage: Stage) -> None:
    ana = stage.opens("ana", stage.shared("published", notebook("x = 1")))
    ana.is_tracked()
    for version, source in (("1.0.0", "x = 2"), ("1.1.0", "x = 3")):
        ana.replaces(0, source)
        ana.tool("Publish").click()
        ana.page.locator(".jp-Dialog").get_by_role("button", name="Publish", exact=True).click()
        ana.page.get_by_text(f"Published {version}", exact=True).wait_for()
    found = [one for one in stage.client("ana").collabs() if stage.client("ana").versions(one["id"])]
    versions = stage.client("ana").versions(found[0]["id"])
    assert ["1.1.0", "1.0.0"] == [one["version"] for one in versions]
    at = stage.client("ana").file(found[0]["id"], "plan.ipynb", versions[0]["commit"]).body
    assert b"x = 3" in at


def test_the_panel_tells_who_takes_part_and_what_happens(stage: Stage) -> None:
    path = stage.shared("panel", notebook("x = 1", "y = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ana.runs("gitcollab:panel")
    panel = ana.page.locator("#gitcollab-panel")
    for name in ("Ana", "Ben"):
        panel.get_by_text(name, exact=True).wait_for()
    ben.types(1, "0  # not saved")
    panel.get_by_text("ben is writing a cell: y = 10  # not saved").wait_for()
    assert ["x = 1", "y = 1"] == ana.sources()
    ben.saves()
    panel.get_by_text("ben changed a cell: y = 10  # not saved").wait_for()
    ana.page.locator(".gitcollab-mark-changed").get_by_text("ben changed this cell").wait_for()
    panel.locator("summary", has_text="History").click()
    eventually(lambda: panel.locator("#gitcollab-history li").count() >= 2, ana.standing)


def test_a_paused_notebook_takes_nothing_in_until_it_is_asked_to(stage: Stage) -> None:
    path = stage.shared("paused", notebook("x = 1", "y = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ana.runs("gitcollab:panel")
    ana.runs("gitcollab:pause")
    ben.replaces(0, "x = 2")
    ben.saves()
    ana.page.locator("#gitcollab-panel").get_by_role("button", name="Apply now").wait_for()
    assert ["x = 1", "y = 1"] == ana.sources()
    ana.page.locator("#gitcollab-panel").get_by_role("button", name="Apply now").click()
    ana.sees(0, "x = 2")


def test_who_publishes_has_the_others_unsaved_work_saved_first(stage: Stage) -> None:
    path = stage.shared("wanted", notebook("x = 1", "y = 1"))
    ana = stage.opens("ana", path)
    ana.is_tracked()
    with ana.page.expect_response("**/gitcollab/api/draft*") as sent:
        ana.types(1, "000")
    assert 200 == sent.value.status
    assert ["x = 1", "y = 1"] == ana.on_disk()
    stage.client("ana").publish(stage.collab(path), "plan.ipynb")
    ana.has_on_disk("x = 1", "y = 1000")
    ana.is_tracked()
    ana.has_no_dialog()
