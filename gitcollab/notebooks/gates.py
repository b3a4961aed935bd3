"""Gates: what may be asked of a notebook before it is published, from what stands in it; nothing is run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gitcollab.model import Json, Shortcoming
from gitcollab.notebooks.reading import Cell, Notebook, Unreadable, read_any
from gitcollab.notebooks.secrets import secrets

SHOWN = 20
"""Shortcomings that are listed."""


def shortcomings(
    data: bytes, gates: frozenset[str], is_known: Callable[[str], bool] = lambda digest: False
) -> tuple[Shortcoming, ...]:
    """Says what keeps a notebook from passing the named gates, in the order of its cells; empty if nothing does.

    ``errors``: no output is an error. ``order``: every code cell was run, once from top to bottom in a fresh kernel.
    ``secrets``: nothing in it looks like a key or password; ``is_known`` tells by their digests those that are none.
    Bytes that are no notebook have the shortcoming that they are none.
    """
    try:
        notebook = read_any(data)
    except (Unreadable, RecursionError) as error:
        return (Shortcoming(gate="notebook", text=f"this is no notebook: {error}"),)
    found: list[Shortcoming] = []
    if "errors" in gates:
        found += _errors(notebook)
    if "order" in gates:
        found += _disorder(notebook)
    if "secrets" in gates:
        found += _secrets(data, is_known)
    return tuple(found[:SHOWN])


def _errors(notebook: Notebook) -> Iterator[Shortcoming]:
    for number, cell in enumerate(notebook.cells, 1):
        for output in _outputs(cell):
            if output.get("output_type") == "error":
                text = f"cell {number} ends in an error: {_short(output.get('ename'))}"
                yield Shortcoming(gate="errors", cell=cell.id, text=text)


def _disorder(notebook: Notebook) -> Iterator[Shortcoming]:
    due = 1
    for number, cell in enumerate(notebook.cells, 1):
        if cell.kind != "code" or not cell.source.strip():
            continue
        count = cell.data.get("execution_count")
        if count is None:
            yield Shortcoming(gate="order", cell=cell.id, text=f"cell {number} was not run")
        elif count != due:
            text = f"cell {number} was run as number {_short(count)}, and would be number {due} in a fresh kernel"
            yield Shortcoming(gate="order", cell=cell.id, text=text)
        due += 1


def _secrets(data: bytes, is_known: Callable[[str], bool]) -> Iterator[Shortcoming]:
    for one in secrets(data):
        if not is_known(one.digest):
            yield Shortcoming(
                gate="secrets", cell=one.cell, text=f"in {one.field}: {one.kind}, {one.excerpt}"
            )


def _outputs(cell: Cell) -> Iterator[dict[str, Json]]:
    found = cell.data.get("outputs")
    yield from (one for one in found if isinstance(one, dict)) if isinstance(found, list) else ()


def _short(value: Json) -> str:
    return str(value)[:80]
