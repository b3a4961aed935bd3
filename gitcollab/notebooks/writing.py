"""Layer 7: a notebook becomes bytes, in exactly the form that Jupyter saves (nbformat's v4 writer)."""

from __future__ import annotations

import json
import re
from typing import Any

from gitcollab.model import Json
from gitcollab.notebooks.reading import Cell, Notebook

TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")
HUGE = 2_000_000
"""Characters of a cell's text beyond which its layout is enough to tell that nbformat wrote it."""
SPLIT_TYPES = ("application/javascript", "image/svg+xml")


def write(notebook: Notebook) -> bytes:
    """Returns the bytes that nbformat would write: indent 1, sorted keys, lists of lines, a final newline.

    A cell whose text in the file it came from is known to be in that form already is copied.
    """
    top = notebook.top | {"metadata": _without(notebook.metadata, TRANSIENT), "cells": ()}
    parts: list[str] = []  # joined once: a notebook may be large
    for name in sorted(top):
        parts += [",\n" if parts else "{\n", f' "{name}": ']
        parts += _cells(notebook.cells) if name == "cells" else [_text(top[name], 1)]
    text = "".join([*parts, "\n}\n"])
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate can only be written escaped
        return (json.dumps(json.loads(text), indent=1, sort_keys=True) + "\n").encode()


def _text(value: Json, depth: int) -> str:
    """A value as nbformat writes it at a depth; no string in JSON holds a raw newline, so lines can be indented."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    return text.replace("\n", "\n" + " " * depth) if "\n" in text else text


def _cells(cells: list[Cell]) -> list[str]:
    if not cells:
        return ["[]"]
    found = ["[\n  {\n"]
    for cell in cells:
        found += [_inner(cell), "\n  },\n  {\n"]
    found[-1] = "\n  }\n ]"
    return found


def _inner(cell: Cell) -> str:
    """A cell's text between the lines of its braces."""
    if cell.inner is not None and _is_in_form(cell.data, cell.inner):
        return cell.inner
    return _text(plain_cell(cell.data), 2)[2:-4]


def plain_cell(data: dict[str, Json]) -> dict[str, Json]:
    """Returns a cell's JSON with its texts split into lines and without what is not kept in files."""
    found = data | {"source": _lines(data["source"]), "metadata": _without(data["metadata"], ("trusted",))}
    if isinstance(data.get("attachments"), dict):
        found["attachments"] = {name: _bundle(bundle) for name, bundle in data["attachments"].items()}
    if data["cell_type"] == "code":
        found["outputs"] = [_output(output) for output in data.get("outputs") or []]
    return found


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


_indent = re.compile(r"\n +")


def _is_in_form(data: dict[str, Json], inner: str) -> bool:
    """Whether a cell's text in a file that is laid out as Jupyter does it is what nbformat would write."""
    if "\\u" in inner:
        return False
    layout = _layout(data, 2)
    if layout is None or layout[0] != inner.count("\n") + 2:
        return False
    indented = len(inner) - len(_indent.sub("\n", inner)) + len(inner) - len(inner.lstrip(" ")) + 2
    if indented != layout[1]:
        return False
    return len(inner) > HUGE or plain_cell(data) == data


def _layout(value: Any, depth: int) -> tuple[int, int] | None:
    """How many newlines and how much indentation nbformat would write for a value; None if its names are not sorted."""
    if not isinstance(value, dict | list) or not value:
        return 0, 0
    breaks, spaces = len(value) + 1, len(value) * (depth + 1) + depth
    if isinstance(value, list):
        inner = value if not isinstance(value[0], str) else ()
    else:
        names = list(value)
        if names != sorted(names):
            return None
        inner = value.values()  # type: ignore[assignment]
    for part in inner:
        if isinstance(part, dict | list):
            found = _layout(part, depth + 1)
            if found is None:
                return None
            breaks, spaces = breaks + found[0], spaces + found[1]
    return breaks, spaces
