"""The same story in every Jupyter that people have: older Lab, and Notebook 7."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .jupyters import Stage, notebook, staged
from .labs import made

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", params=["lab-4.2", "notebook-7"])
def labs(
    request: pytest.FixtureRequest, server: Any, chromium: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(server, made(request.param), chromium, tmp_path_factory.mktemp("labs")) as found:
        yield found


def test_two_people_change_print_disagree_and_settle_without_a_dialog(stage: Stage) -> None:
    slow = "import time\nfor n in range(6):\n    print('tick', n)\n    time.sleep(1)"
    path = stage.shared("together", notebook("x = 1", slow, "rate = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    ben.has_a_kernel()
    ben.runs_cell(1)
    ben.shows(1, "tick 0")
    ana.replaces(0, "x = 2")
    ana.saves()
    ben.sees(0, "x = 2")
    ben.prints(1, "".join(f"tick {n}\n" for n in range(6)))
    ben.replaces(2, "rate = 3")
    ana.replaces(2, "rate = 2")
    ana.saves()
    ben.saves()
    ben.page.locator(".gitcollab-mark-contested").get_by_role("button", name="Take mine").click()
    for one in (ana, ben):
        one.sees(2, "rate = 3")
        one.page.locator(".gitcollab-mark-contested").wait_for(state="detached")
        one.has_no_dialog()
        one.has_on_disk("x = 2", slow, "rate = 3")
