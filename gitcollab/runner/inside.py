"""Inside: runs a notebook from top to bottom in a clean kernel. A program of its own, copied behind the walls.

It knows nothing of gitcollab. ``argv`` is the notebook's file. Each line on standard output is one JSON object:
``{"cell": N}`` before cell N runs, at the end ``{"outputs": {N: [...]}}``, or ``{"failed": N, "error", "text"}``.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

PR_SET_DUMPABLE = 4
SHORT = 300
"""Characters of an error's message that are told."""


def main() -> None:
    """Runs the notebook and tells what became of it."""
    # What the notebook's own code is must not be able to look into this process, and write in its place.
    ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    with os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace") as told:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)  # so that the kernel inherits nothing but that
        os.dup2(nothing, 2)
        try:
            _run(sys.argv[1], told)
        except ImportError as error:
            _tell(told, missing=str(error.name or error))
        except MemoryError:
            _tell(told, trouble="it takes more memory than is allowed")
        except Exception as error:  # nothing else is known of it; the reason is told
            _tell(told, trouble=f"{type(error).__name__}: {error}"[:SHORT])


def _run(file: str, told: Any) -> None:
    import jupyter_client.kernelspec
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    notebook = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    name = notebook.metadata.get("kernelspec", {}).get("name", "python3")
    known = jupyter_client.kernelspec.find_kernel_specs()
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    if name not in known and language == "python":
        name = "python3"  # called otherwise where it was written; it is the same language
    if name not in known:
        _tell(told, trouble=f"the kernel {str(name)[:80]!r} is not installed on the server")
        return
    at = 0

    def begin(cell: Any, cell_index: int) -> None:
        nonlocal at
        at = cell_index
        _tell(told, cell=cell_index)

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name=name,
        resources={"metadata": {"path": os.path.dirname(os.path.abspath(file))}},
        record_timing=False,
        store_widget_state=False,
        on_cell_start=begin,
    )
    try:
        client.execute()
    except CellExecutionError as error:
        _tell(told, failed=at, error=str(error.ename)[:SHORT], text=str(error.evalue)[:SHORT])
    except DeadKernelError:
        _tell(told, failed=at, error="", text="the kernel died: it ended itself, or took too much memory")
    else:
        code = {n: cell.outputs for n, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
        _tell(told, outputs=code)


def _tell(told: Any, **what: Any) -> None:
    told.write(json.dumps(what) + "\n")
    told.flush()


if __name__ == "__main__":
    main()
