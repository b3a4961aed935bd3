"""What changes in a notebook that is merely opened or run again, and says nothing about its content."""

from __future__ import annotations

import copy
from typing import Any

from gitcollab.notebooks.reading import Notebook, Unreadable, read

CELL_KEYS = ("execution_count",)
CELL_METADATA = ("collapsed", "scrolled", "trusted", "ExecuteTime", "execution")
NOTEBOOK_METADATA = ("language_info", "widgets", "signature", "toc", "varInspector", "gitcollab")


def is_volatile(a: bytes, b: bytes) -> bool:
    """Whether two notebooks differ in volatile fields only, as when one was merely opened and saved."""
    if a == b:
        return True
    try:
        return _lasting(read(a)) == _lasting(read(b))
    except Unreadable:
        return False


def _lasting(notebook: Notebook) -> dict[str, Any]:
    whole = copy.deepcopy(notebook.top | {"cells": [cell.data for cell in notebook.cells]})
    for name in NOTEBOOK_METADATA:
        whole["metadata"].pop(name, None)
    kernel = whole["metadata"].get("kernelspec")
    if isinstance(kernel, dict):
        kernel.pop("display_name", None)
    for cell in whole["cells"]:
        for name in CELL_KEYS:
            cell.pop(name, None)
        for name in CELL_METADATA:
            cell["metadata"].pop(name, None)
        for output in cell.get("outputs", ()):
            if isinstance(output, dict):
                output.pop("execution_count", None)
    return whole
