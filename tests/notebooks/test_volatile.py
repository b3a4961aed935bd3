from __future__ import annotations

import json
from typing import Any

import pytest

from gitcollab.notebooks import is_volatile


def opened(notebook: Any, change: Any) -> Any:
    found = json.loads(json.dumps(notebook))
    change(found)
    return found


CHANGES = [
    (True, lambda nb: nb["cells"][0].update(execution_count=9)),
    (True, lambda nb: nb["metadata"].update(language_info={"name": "python", "version": "4"})),
    (True, lambda nb: nb["metadata"]["kernelspec"].update(display_name="Python (other)")),
    (True, lambda nb: nb["metadata"].update(widgets={"state": {}})),
    (True, lambda nb: nb["cells"][0]["metadata"].update(collapsed=True, trusted=True)),
    (False, lambda nb: nb["metadata"]["kernelspec"].update(name="julia")),
    (False, lambda nb: nb["cells"][0]["metadata"].update(tags=["x"])),
    (False, lambda nb: nb["cells"][0].update(source=["other"])),
    (False, lambda nb: nb["cells"].reverse()),
    (
        False,
        lambda nb: nb["cells"][0].update(
            outputs=[{"name": "stdout", "output_type": "stream", "text": ["x"]}]
        ),
    ),
]


@pytest.mark.parametrize(("is_so", "change"), CHANGES)
def test_only_what_programs_write_by_themselves_is_volatile(making: Any, is_so: bool, change: Any) -> None:
    notebook = making.Maker(2).notebook(3)
    notebook["cells"][0] |= {"cell_type": "code", "outputs": [], "execution_count": 1}
    assert is_so == is_volatile(making.written(notebook), making.written(opened(notebook, change)))
