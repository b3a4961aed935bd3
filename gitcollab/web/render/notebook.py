"""A notebook as it stands, cell by cell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gitcollab.web.render import code, markup
from gitcollab.web.render.outputs import Budget, attachments_of, outputs_of
from gitcollab.web.render.place import NOWHERE, Place
from gitcollab.web.render.text import escape, joined, visible

Cell = dict[str, Any]
MOST = 5_000
"""Cells that are shown."""
MARKS = re.compile(r"^[#>\-*\s]+")


def render_notebook(data: bytes, place: Place = NOWHERE) -> tuple[Cell, ...]:
    """The cells of a notebook: ``id``, ``index``, ``type``, ``count``, ``title`` (plain), ``html``, ``outputs``.

    What is no notebook is shown as the text it is. ``place``: where its pictures can be fetched.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        cells = notebook["cells"]
        assert isinstance(cells, list)  # noqa: S101  # told below like every other fault
    except (ValueError, TypeError, KeyError, AssertionError, RecursionError):
        return render_text(data, problem="This is no notebook that can be read; here is its text.")
    language = language_of(notebook)
    shown = [each if isinstance(each, dict) else {} for each in cells[:MOST]]
    budget = Budget()
    found = [cell_of(each, index, language, place.of(index)) for index, each in enumerate(shown)]
    return tuple({**each, "outputs": budget.fit(each["outputs"])} for each in found)


def language_of(notebook: Mapping[str, Any]) -> str:
    """The language of a notebook's code by its metadata; python if it does not say."""
    metadata = notebook.get("metadata")
    for part, key in (("language_info", "name"), ("kernelspec", "language")):
        found = metadata.get(part) if isinstance(metadata, dict) else None
        name = found.get(key) if isinstance(found, dict) else None
        if isinstance(name, str) and name:
            return name
    return "python"


def cell_of(cell: Mapping[str, Any], index: int, language: str, place: Place = NOWHERE) -> Cell:
    """One cell."""
    source, kind = joined(cell.get("source")), kind_of(cell)
    count = cell.get("execution_count")
    return {
        "id": str(cell.get("id", ""))[:64],
        "index": index,
        "type": kind,
        "count": count if type(count) is int and 0 <= count < 10**9 else None,
        "title": title_of(source),
        "html": body_of(cell, source, language, place),
        "outputs": outputs_of(cell, place) if kind == "code" else [],
    }


def kind_of(cell: Mapping[str, Any]) -> str:
    """code, markdown or raw; anything else is raw."""
    kind = cell.get("cell_type")
    return kind if kind in {"code", "markdown"} else "raw"


def title_of(source: str) -> str:
    """The first words of a cell, for outlines and headings; plain text."""
    first = next((line for line in source.split("\n") if line.strip()), "")
    return visible(MARKS.sub("", first[:200]) or first[:200]).strip()[:80]


def body_of(cell: Mapping[str, Any], source: str, language: str, place: Place = NOWHERE) -> str:
    """A cell's source as people read it."""
    kind = kind_of(cell)
    if kind == "markdown":
        return markup.markdown(source, attachments_of(cell, place))
    if kind == "raw":
        return f'<pre class="plain">{escape(source)}</pre>'
    return "\n".join(map(code.html_of, code.lines_of(source, language)))


def render_text(data: bytes, *, problem: str = "", language: str = "") -> tuple[Cell, ...]:
    """A file that is no notebook, as one cell: its text, or in words what it is."""
    if b"\0" in data[:8000]:
        return (whole("raw", "", f"A file of {len(data):,} bytes that is not text."),)
    text = data[:1_000_000].decode("utf-8", "replace")
    if language == "markdown":
        return (whole("markdown", markup.markdown(text, {}), problem),)
    lines = code.lines_of(text, language)
    return (whole("text", "\n".join(map(code.html_of, lines)), problem),)


def render_source(source: str, language: str) -> Cell:
    """A text that somebody is writing, as it would be shown; ``markdown`` is formatted."""
    if language == "markdown":
        return whole("markdown", markup.markdown(source, {}), "")
    return whole("text", "\n".join(map(code.html_of, code.lines_of(source, language))), "")


def whole(kind: str, html: str, problem: str) -> Cell:
    """The one cell of a file that is no notebook; ``problem`` is said above it."""
    cell = {"id": "", "index": 0, "type": kind, "count": None, "title": "", "html": html, "outputs": []}
    return {**cell, "problem": problem}
