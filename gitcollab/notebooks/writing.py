"""Layer 7: a notebook becomes bytes, in exactly the form that Jupyter saves (nbformat's v4 writer)."""

from __future__ import annotations

import json

from gitcollab.model import Json
from gitcollab.notebooks.notation import laid_out, packed
from gitcollab.notebooks.reading import Cell, Notebook

TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")
SPLIT_TYPES = ("application/javascript", "image/svg+xml")


def write(notebook: Notebook) -> bytes:
    """Returns the bytes that nbformat would write: indent 1, sorted keys, lists of lines, a final newline."""
    top = notebook.top | {"metadata": _without(notebook.metadata, TRANSIENT)}
    try:
        rest = {name: packed(value) for name, value in top.items()}
        return laid_out(rest | {"cells": list(map(_cell, notebook.cells))}) + b"\n"
    except (ValueError, RecursionError):
        return _odd(top | {"cells": [plain_cell(cell.data) for cell in notebook.cells]})


def _cell(cell: Cell) -> Json:
    plain = plain_cell(cell.data)
    return packed(plain) if cell.may_have_fractions else plain


def _odd(whole: Json) -> bytes:
    """The slow way, for NaN and the like; a lone surrogate can only be written escaped."""
    text = json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()


def plain_cell(data: dict[str, Json]) -> dict[str, Json]:
    """Returns a cell's JSON with its texts split into lines and without what is not kept in files."""
    if _is_plain(data):
        return data
    found: dict[str, Json] = {
        "source": _lines(data["source"]),
        "metadata": _without(data["metadata"], ("trusted",)),
    }
    if isinstance(data.get("attachments"), dict):
        found["attachments"] = {name: _bundle(bundle) for name, bundle in data["attachments"].items()}
    if data["cell_type"] == "code":
        found["outputs"] = [_output(output) for output in data.get("outputs") or ()]
    return data | found


def _is_plain(data: dict[str, Json]) -> bool:
    """Whether a cell is so already, as nearly all are: the same, told much sooner."""
    if "attachments" in data or "trusted" in data["metadata"] or not _are_lines(data["source"]):
        return False
    if data["cell_type"] != "code":
        return True
    outputs = data.get("outputs")
    return isinstance(outputs, list) and (not outputs or all(map(_is_plain_output, outputs)))


def _is_plain_output(output: Json) -> bool:
    if isinstance(output, dict) and output.get("output_type") == "stream" and "text" in output:
        return _are_lines(output["text"])
    return bool(_output(output) == output)


def _are_lines(text: Json) -> bool:
    whole = _joined(text)
    return whole is not None and whole.splitlines(True) == text


def _without(metadata: dict[str, Json], names: tuple[str, ...]) -> dict[str, Json]:
    if metadata.keys().isdisjoint(names):
        return metadata
    return {name: value for name, value in metadata.items() if name not in names}


def _output(output: Json) -> Json:
    if not isinstance(output, dict):
        return output
    if output.get("output_type") in ("execute_result", "display_data"):
        return output | {"data": _bundle(output.get("data", {}))}
    if output.get("output_type") == "stream" and "text" in output:
        return output | {"text": _lines(output["text"])}
    return output


def _bundle(bundle: Json) -> Json:
    if not isinstance(bundle, dict):
        return bundle
    return {
        kind: _lines(value) if kind.startswith("text/") or kind in SPLIT_TYPES else _whole(kind, value)
        for kind, value in bundle.items()
    }


def _whole(kind: str, value: Json) -> Json:
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    joined = None if is_json or not isinstance(value, list) else _joined(value)
    return value if joined is None else joined


def _lines(text: Json) -> Json:
    whole = text if isinstance(text, str) else _joined(text)
    return text if whole is None else whole.splitlines(True)


def _joined(lines: Json) -> str | None:
    try:
        return "".join(lines) if isinstance(lines, list) else None
    except TypeError:  # not all of them are strings
        return None
