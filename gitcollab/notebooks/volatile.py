"""What changes in a notebook that is merely opened or run again, and says nothing about its content."""

from __future__ import annotations

from gitcollab.model import Json
from gitcollab.notebooks.reading import Known, Unreadable, read_any

CELL_METADATA = frozenset(
    (
        "collapsed",
        "scrolled",
        "trusted",
        "ExecuteTime",
        "execution",
        "executionInfo",
        "jp-MarkdownHeadingCollapsed",
    )
)
"""Keys of a cell's metadata that programs write by themselves."""
NOTEBOOK_METADATA = frozenset(
    ("language_info", "widgets", "signature", "toc", "varInspector", "gitcollab", "orig_nbformat", "trusted")
)
"""Keys of a notebook's metadata that programs write by themselves."""

Data = dict[str, Json]


def is_volatile(a: bytes, b: bytes) -> bool:
    """Whether two notebooks differ in volatile fields only, as when one was merely opened and saved."""
    if a == b:
        return True
    known = Known()
    try:
        old, new = read_any(a, known), read_any(b, known)
    except Unreadable:
        return False
    if len(old.cells) != len(new.cells) or lasting_metadata(old.metadata) != lasting_metadata(new.metadata):
        return False
    if [cell.id for cell in old.cells] != [cell.id for cell in new.cells] or old.minor != new.minor:
        return False
    return all(
        one is other or lasting_cell(one.data) == lasting_cell(other.data)
        for one, other in zip(old.cells, new.cells, strict=True)
    )


def lasting_metadata(metadata: Data) -> Data:
    """Returns a notebook's metadata without what is volatile."""
    found = {name: value for name, value in metadata.items() if name not in NOTEBOOK_METADATA}
    kernel = found.get("kernelspec")
    if isinstance(kernel, dict):
        found["kernelspec"] = {name: value for name, value in kernel.items() if name != "display_name"}
    return found


def lasting_cell(data: Data) -> Data:
    """Returns a cell without what is volatile, its source as one text."""
    found = {name: value for name, value in data.items() if name != "execution_count"}
    found["source"] = "".join(data["source"])
    found["metadata"] = {name: value for name, value in data["metadata"].items() if name not in CELL_METADATA}
    if isinstance(data.get("outputs"), list):
        found["outputs"] = [_lasting_output(output) for output in data["outputs"]]
    return found


def _lasting_output(output: Json) -> Json:
    if isinstance(output, dict):
        return {name: value for name, value in output.items() if name != "execution_count"}
    return output
