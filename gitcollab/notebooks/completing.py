"""What some tools leave out of a notebook, or write into it too much, put right without losing a word."""

from __future__ import annotations

from collections.abc import Mapping

from gitcollab.model import Json
from gitcollab.notebooks.reading import Cell, Notebook

OUTPUTS: Mapping[str, Mapping[str, Json]] = {
    "stream": {"name": "stdout", "text": ""},
    "display_data": {"data": {}, "metadata": {}},
    "execute_result": {"data": {}, "metadata": {}, "execution_count": None},
    "error": {"ename": "", "evalue": "", "traceback": []},
}
"""The members that nbformat's schema wants of each kind of output, with what stands for nothing."""


MEMBERS = ("id", "cell_type", "metadata", "source", "attachments", "outputs", "execution_count")
"""The members that a cell may have. What else some editors write there (``language``) no other one reads."""


def completed(notebook: Notebook) -> Notebook:
    """Returns the notebook with members of outputs that its format wants and that are not there, without those that it
    does not know, without members of cells that it knows nowhere, or in no cell of that type and that say nothing, and
    without ids where it knows none."""
    cells = [_whole(cell, notebook.minor) for cell in notebook.cells]
    return Notebook(notebook.top, cells, is_converted=notebook.is_converted)


def _whole(cell: Cell, minor: int) -> Cell:
    data = {name: value for name, value in cell.data.items() if name in MEMBERS}
    if minor < 5:
        data.pop("id", None)
    if data["cell_type"] == "code":
        data["outputs"] = [_output(output) for output in data["outputs"]]
    else:
        for name in ("outputs", "execution_count"):
            if not data.get(name, True):
                del data[name]
    return cell if data == cell.data else Cell(data)


def _output(output: Json) -> Json:
    kind = output.get("output_type") if isinstance(output, dict) else None
    wanted = OUTPUTS.get(kind) if isinstance(kind, str) else None
    if wanted is None:
        return output
    known = {name: value for name, value in output.items() if name in wanted or name == "output_type"}
    return {**wanted, **known}
