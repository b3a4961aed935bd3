"""Showing: a file, or what changed in it, read from the repository and handed to ``web.render``."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from gitcollab import acts, notebooks
from gitcollab.errors import NotFound
from gitcollab.flow import compare
from gitcollab.model import Json
from gitcollab.repository import Repository
from gitcollab.web import render

LANGUAGES = {
    ".py": "python",
    ".r": "r",
    ".jl": "julia",
    ".md": "markdown",
    ".sh": "bash",
    ".sql": "sql",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".js": "javascript",
}
EMPTY = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


Showing = acts.RenderNotebook | acts.RenderDiff | acts.RenderPiece | acts.RenderSource


def shown(repository: Path, act: Showing) -> acts.Rendered | acts.PieceBytes:
    """Answers a rendering act; NotFound if there is no such file at that point (for a difference: at neither)."""
    if isinstance(act, acts.RenderNotebook):
        return file(repository, act)
    if isinstance(act, acts.RenderPiece):
        return piece(repository, act)
    if isinstance(act, acts.RenderSource):
        return acts.Rendered(start="", end="", cells=(render.render_source(act.source, act.language),))
    return difference(repository, act)


def place(act: Showing, commit: str, path: str) -> render.Place:
    """From where a notebook's pictures are fetched."""
    return render.Place(f"/{'p' if act.is_public else 'c'}/{act.collab}/o/{commit}", path)


def piece(repository: Path, act: acts.RenderPiece) -> acts.PieceBytes:
    """A piece of a cell; NotFound if there is none that a browser may have."""
    entry = compare.entry_at(repository, act.at, act.path)
    cells = cells_of(repository, entry.oid)
    cell = cells[act.cell] if act.cell < len(cells) else None
    found = render.piece(cell, act.key) if isinstance(cell, dict) else None
    if found is None:
        raise NotFound("There is no such output", "reload the page")
    return acts.PieceBytes(kind=found.kind, data=found.data)


@functools.lru_cache(maxsize=1)
def cells_of(repository: Path, oid: str) -> list[Json]:
    """The cells of a notebook, kept until another one is asked for: its pictures are fetched one after the other."""
    try:
        cells = json.loads(Repository(repository).blob(oid).decode("utf-8-sig"))["cells"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
    return cells if isinstance(cells, list) else []


def file(repository: Path, act: acts.RenderNotebook) -> acts.Rendered:
    """The file at a point, as safe HTML."""
    found = read(repository, act, act.path, act.at)
    if act.path.endswith(".ipynb"):
        cells = render.render_notebook(found.data, place(act, found.commit, act.path))
    else:
        cells = render.render_text(found.data, language=language(act.path))
    return acts.Rendered(start=found.commit, end=found.commit, cells=cells, title=act.path)


def difference(repository: Path, act: acts.RenderDiff) -> acts.Rendered:
    """What changed in the file from one point to another, as safe HTML; ``title`` is the name it had before."""
    start, end = (Repository(repository).resolve(point, act.path) for point in (act.start, act.end))
    name = act.path
    before, after = (data_at(repository, act, act.path, point) for point in (start, end))
    if before is None and after is not None:
        name = name_before(repository, act, start, end)
        before = data_at(repository, act, name, start)
    if before is None and after is None:
        raise NotFound(f"There is no file {act.path[:200]} at either point", "choose other versions")
    places = place(act, start, name), place(act, end, act.path)
    return acts.Rendered(start=start, end=end, cells=compared(places, (before, after), act.cells), title=name)


def compared(
    places: tuple[render.Place, render.Place],
    sides: tuple[bytes | None, bytes | None],
    cells: tuple[int, int] | None,
) -> tuple[dict[str, Json], ...]:
    """The cells of both versions; a notebook that cannot be read is compared as the text it is."""
    path, (before, after) = places[1].path, sides
    if path.endswith(".ipynb"):
        difference = notebooks.diff(before or EMPTY, after or EMPTY)
        if not difference.problem:
            language_of_code = notebook_language(after or before or EMPTY)
            wanted = range(*cells) if cells else None
            return render.render_diff(difference.cells, language_of_code, places, wanted)
    return render.render_text_diff(before, after, language(path))


def read(repository: Path, act: acts.Reading, path: str, at: str) -> acts.FileBytes:
    """A file's bytes at a point, and the commit that point is."""
    found = compare.answer(repository, acts.ReadFile(actor=act.actor, collab=act.collab, path=path, at=at))
    assert isinstance(found, acts.FileBytes)  # noqa: S101  # what acts.ANSWERS promises
    return found


def data_at(repository: Path, act: acts.Reading, path: str, at: str) -> bytes | None:
    """A file's bytes at a point; None if it is not there."""
    try:
        return read(repository, act, path, at).data
    except NotFound:
        return None


def name_before(repository: Path, act: acts.RenderDiff, start: str, end: str) -> str:
    """The name that the file had before it was renamed on the way; its own if it was not."""
    asked = acts.ReadDiff(actor=act.actor, collab=act.collab, start=start, end=end, path=act.path)
    found = compare.answer(repository, asked)
    assert isinstance(found, acts.Difference)  # noqa: S101  # what acts.ANSWERS promises
    return next((each.old_path for each in found.files if each.old_path), act.path)


def language(path: str) -> str:
    """The language of a file by its name; empty if unknown."""
    return LANGUAGES.get(Path(path).suffix.lower(), "")


def notebook_language(data: bytes) -> str:
    """The language of a notebook's code."""
    return render.language_of(json.loads(data.decode("utf-8-sig", "replace")))
