from __future__ import annotations

import json
import warnings
from typing import Any

import pytest

from gitcollab.notebooks.reading import Cell, Known, Notebook, read_any
from gitcollab.notebooks.writing import write


@pytest.fixture(scope="session")
def nbjson() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("nbformat")
        from nbformat.v4 import nbjson

        return nbjson


def odd(notebook: Any) -> Any:
    """The same notebook as other tools write it."""
    notebook["metadata"]["signature"] = "sha256:0"
    for k, cell in enumerate(notebook["cells"]):
        cell["metadata"]["trusted"] = True
        if k % 2:
            cell["source"] = "".join(cell["source"])
        if cell["cell_type"] == "code":
            data = {
                "text/plain": "a\nb\u2028c",
                "image/png": ["QQ==\n"],
                "application/json": ["x\n", "y"],
                "text/html": [],
            }
            cell["outputs"].append({"data": data, "metadata": {}, "output_type": "display_data"})
    return notebook


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize(
    "layout", [{"indent": 1, "sort_keys": True}, {"indent": None}, {"indent": 1}, {"indent": 4}]
)
def test_bytes_are_those_that_nbformat_writes(making: Any, nbjson: Any, seed: int, layout: Any) -> None:
    notebook = odd(json.loads(making.triple(seed)[1])) if seed % 3 else json.loads(making.triple(seed)[1])
    data = (json.dumps(notebook, **layout) + "\n").encode()
    wanted = (nbjson.writes(nbjson.reads(data.decode())) + "\n").encode()
    found = read_any(data, Known())
    assert wanted == write(found)
    assert wanted == write(Notebook(found.top, [Cell(cell.data) for cell in found.cells]))


def test_a_lone_surrogate_is_written_escaped() -> None:
    cell = b'{"cell_type": "raw", "id": "a", "metadata": {}, "source": ["\\ud800"]}'
    data = b'{"cells": [' + cell + b'], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    assert json.loads(data) == json.loads(write(read_any(data)))
