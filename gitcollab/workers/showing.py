"""Showing: a file, or what changed in it, read from the repository and handed to ``web.render``."""

from __future__ import annotations

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


def shown(repository: Path, act: acts.RenderNotebook | acts.RenderDiff) -> acts.Rendered:
    """Answers a rendering act; NotFound if there is no such file at that point (for a difference: at neither)."""
    if isinstance(act, acts.RenderNotebook):
        return file(repository, act)
    return difference(repository, act)


def file(repository: Path, act: acts.RenderNotebook) -> acts.Rendered:
    """The file at a point, as safe HTML."""
    found = read(repository, act, act.path, act.at)
    if act.path.endswith(".ipynb"):
        cells = render.render_notebook(found.data)
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
    return acts.Rendered(start=start, end=end, cells=compared(act.path, before, after), title=name)


def compared(path: str, before: bytes | None, after: bytes | None) -> tuple[dict[str, Json], ...]:
    """The cells of both versions; a notebook that cannot be read is compared as the text it is."""
    if path.endswith(".ipynb"):
        difference = notebooks.diff(before or EMPTY, after or EMPTY)
        if not difference.problem:
            return render.render_diff(difference.cells, notebook_language(after or before or EMPTY))
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
