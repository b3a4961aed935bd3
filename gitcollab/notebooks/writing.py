"""Layer 7: a notebook becomes bytes, in exactly the form that Jupyter saves."""

from __future__ import annotations

import json
from typing import Any

from gitcollab.notebooks.reading import Notebook, joined


def write(notebook: Notebook) -> bytes:
    """Returns the bytes that nbformat would write: indent 1, sorted keys, lists of lines, a final newline."""
    plain = notebook.top | {"cells": [_cell(cell.data) for cell in notebook.cells]}
    text = json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate can only be written escaped
        return (json.dumps(plain, indent=1, sort_keys=True) + "\n").encode()


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    return cell | {"source": joined(cell["source"]).splitlines(True)}
