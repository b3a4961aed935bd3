"""Layer 1: bytes become a notebook, or the reason why they are none."""

from __future__ import annotations

import json
from typing import Any

CELL_TYPES = ("code", "markdown", "raw")


class Unreadable(ValueError):
    """These bytes are no notebook; the message says why."""


def read(data: bytes) -> dict[str, Any]:
    """Parses a notebook. NaN and lone surrogates are kept, a byte order mark is dropped.

    Raises Unreadable for what is not UTF-8, not JSON, nested too deeply, or not of a notebook's shape.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"not JSON: {error}"[:200]) from None
    return _shaped(notebook)


def _shaped(notebook: Any) -> dict[str, Any]:
    if not isinstance(notebook, dict):
        raise Unreadable("not a JSON object")
    major = notebook.get("nbformat")
    if type(major) is not int or major != 4:
        raise Unreadable(f"nbformat is {major!r:.40}, not 4")
    if type(notebook.get("nbformat_minor")) is not int:
        raise Unreadable("nbformat_minor is no number")
    if not isinstance(notebook.get("metadata"), dict):
        raise Unreadable("metadata is no object")
    cells = notebook.get("cells")
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise Unreadable("cells is no list of cells")
    return notebook


def _is_cell(cell: Any) -> bool:
    return (
        isinstance(cell, dict)
        and isinstance(cell.get("cell_type"), str)
        and isinstance(cell.get("metadata"), dict)
        and _is_text(cell.get("source"))
        and (cell["cell_type"] != "code" or isinstance(cell.get("outputs"), list))
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value))


def joined(text: Any) -> str:
    """Returns a multi-line string of the format (a string or a list of them) as one string."""
    return text if isinstance(text, str) else "".join(text)
