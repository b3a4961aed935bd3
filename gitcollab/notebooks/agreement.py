"""Agreement: whether the outputs that stand in a notebook are those that running it gives, volatile parts aside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gitcollab.model import Json, Shortcoming
from gitcollab.notebooks.reading import Unreadable, read_any

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
"""Where something lies in memory: another number with each run."""

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)")
WIDGETS = "application/vnd.jupyter.widget-"
SHOWN = 20
SHORT = 120


def disagreements(
    data: bytes, outputs: Mapping[int, Json], *, is_whole: bool = False
) -> tuple[Shortcoming, ...]:
    """Says which cells have other outputs than ``outputs``, which running the notebook has given by cell from 0.

    What is printed and the plain text of results and figures are compared, whole (``is_whole``) also pictures, HTML and
    the like. Not compared: execution counts, addresses in memory, colours, progress bars' earlier states, the order of
    standard output against standard error, metadata, widgets.
    """
    try:
        notebook = read_any(data)
    except (Unreadable, RecursionError) as error:
        return (Shortcoming(gate="run", text=f"this is no notebook: {error}"),)
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.kind != "code":
            continue
        stands, came = (
            list(_lasting(one, is_whole)) for one in (cell.data.get("outputs"), outputs.get(number, []))
        )
        if stands != came:
            text = (
                f"cell {number + 1} gives another output than the one in the notebook: {_first(stands, came)}"
            )
            found.append(Shortcoming(gate="agree", cell=cell.id, text=text))
    return tuple(found[:SHOWN])


def cell_id(data: bytes, number: int) -> str | None:
    """Returns the id of a notebook's cell, counted from 0; None if there is none."""
    try:
        cells = read_any(data).cells
    except (Unreadable, RecursionError):
        return None
    return cells[number].id if 0 <= number < len(cells) else None


def _lasting(outputs: Json, is_whole: bool) -> Iterator[tuple[str, str]]:
    """What of a cell's outputs is the same with each run: streams joined by name, then the others in order."""
    streams: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for one in outputs if isinstance(outputs, list) else []:
        if not isinstance(one, dict):
            continue
        if one.get("output_type") == "stream":
            name = str(one.get("name"))
            streams[name] = streams.get(name, "") + _text(one.get("text"))
        elif one.get("output_type") == "error":
            others.append(("error", _settled(f"{one.get('ename')}: {_text(one.get('evalue'))}")))
        else:
            others += _bundle(one.get("data"), is_whole)
    yield from ((name, text) for name in sorted(streams) if (text := _settled(streams[name])))
    yield from others


def _bundle(data: Json, is_whole: bool) -> Iterator[tuple[str, str]]:
    for kind in sorted(data if isinstance(data, dict) else {}):
        if kind == "text/plain" or (is_whole and not kind.startswith(WIDGETS)):
            yield kind, _settled(_text(data[kind]))


def _settled(text: str) -> str:
    plain = OVERWRITTEN.sub("", ESCAPE.sub("", text.replace("\r\n", "\n")))
    return "\n".join(line.rstrip() for line in ADDRESS.sub("0x…", plain).split("\n")).strip("\n")


def _text(value: Json) -> str:
    if isinstance(value, list):
        return "".join(str(part) for part in value)
    return value if isinstance(value, str) else repr(value)


def _first(stands: list[tuple[str, str]], came: list[tuple[str, str]]) -> str:
    """The first place where they part, as a person reads it."""
    for number in range(max(len(stands), len(came))):
        old, new = (side[number] if number < len(side) else None for side in (stands, came))
        if old != new:
            return f"{_excerpt(old, new)} stands there, {_excerpt(new, old)} came"
    return ""


def _excerpt(one: tuple[str, str] | None, other: tuple[str, str] | None) -> str:
    if one is None:
        return "nothing"
    lines, against = one[1].split("\n"), (other[1] if other else "").split("\n")
    line = next((text for n, text in enumerate(lines) if n >= len(against) or text != against[n]), lines[0])
    return f"{one[0]} {line[:SHORT]!r}"
