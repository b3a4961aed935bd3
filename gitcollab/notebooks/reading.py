"""Layer 1: bytes become a notebook, or the reason why they are none."""

from __future__ import annotations

import re
from collections import Counter
from functools import cached_property
from typing import Any

from gitcollab.model import Json
from gitcollab.notebooks.notation import Parser, parsed
from gitcollab.notebooks.residue import upgraded

CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LONG = 20_000
"""Characters beyond which a source is compared by its lines, not by its words."""

_word = re.compile(r"\w+")


class Unreadable(ValueError):
    """These bytes are no notebook; the message says why. ``is_old`` if nbformat's converter may help."""

    def __init__(self, reason: str, is_old: bool = False) -> None:
        super().__init__(reason)
        self.is_old = is_old


class Cell:
    """One cell: the JSON as it is in the file, and what is asked of it again and again."""

    may_have_fractions = True
    """Whether there may be numbers in it that only Python writes as Python does."""

    def __init__(self, data: dict[str, Json]) -> None:
        self.data = data
        self.kind: str = data["cell_type"]
        self.source: str = joined(data["source"])
        name = data.get("id")
        self.id: str | None = name if isinstance(name, str) and CELL_ID.fullmatch(name) else None
        self.is_numbered = self.id is not None and self.id.isdecimal() and len(self.id) < 6

    @property
    def content(self) -> tuple[str, str]:
        """What makes a cell that cell, its id aside."""
        return self.kind, self.source

    @cached_property
    def words(self) -> Counter[str]:
        """The words of the source with their numbers (of a very long one the lines, of one without words the signs)."""
        source = self.source
        return Counter(
            (_word.findall(source) or source.split()) if len(source) <= LONG else source.split("\n")
        )

    @cached_property
    def lines(self) -> Counter[str]:
        """The lines that are not blank, stripped, with their numbers."""
        return Counter(line for line in map(str.strip, self.source.split("\n")) if line)

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing in it: no source, no output, no attachment."""
        return not (self.source.strip() or self.data.get("outputs") or self.data.get("attachments"))

    @property
    def is_telling(self) -> bool:
        """Whether the source is long enough to tell the cell from others."""
        return len(self.source) >= 24


class Notebook:
    """A parsed notebook: its cells, and the rest of the JSON (``top``, without the cells).

    ``is_converted`` if it was in an older format than nbformat 4.
    """

    def __init__(self, top: dict[str, Json], cells: list[Cell], is_converted: bool = False) -> None:
        self.top = top
        self.cells = cells
        self.is_converted = is_converted

    @property
    def minor(self) -> int:
        """The minor version of the format, 5 or more where cells have ids."""
        minor: int = self.top["nbformat_minor"]
        return minor

    @property
    def metadata(self) -> dict[str, Json]:
        """The notebook's own metadata."""
        metadata: dict[str, Json] = self.top["metadata"]
        return metadata


def read(data: bytes) -> Notebook:
    """Parses a notebook as it is. NaN and lone surrogates are kept, a byte order mark is dropped.

    Raises Unreadable for what is not UTF-8, not JSON, nested too deeply, or not of a notebook's shape.
    """
    return shaped(_parsed(data))


def _parsed(data: bytes) -> Json:
    try:
        return parsed(data)
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise Unreadable("nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"not JSON: {error}"[:200]) from None


def read_any(data: bytes, known: Known | None = None) -> Notebook:
    """Parses a notebook of any format there ever was; one of nbformat 1 to 3 is converted. Raises Unreadable.

    No bytes at all are a notebook without cells, as git gives them for a version that does not exist. Members that
    the format wants and some tools leave out (a cell's metadata, outputs, execution count) are added.

    ``known`` holds the cells of other versions; those that the notebook shares with them must not be changed.
    """
    if not data or data.isspace():
        return Notebook({"metadata": {}, "nbformat": 4, "nbformat_minor": 0}, [])
    cut = None if known is None else _cut(data, known)
    if cut is not None:
        return cut
    notebook = _parsed(data)
    try:
        return shaped(_completed(notebook))
    except Unreadable as error:
        converted = upgraded(data) if error.is_old else None
        if converted is None:
            raise
        found = shaped(converted)
        return Notebook(found.top, found.cells, is_converted=True)


HEAD = b'{\n "cells": [\n  {\n'
FOOT = b"\n  }\n ],\n"
BORDER = b"\n  },\n  {\n"


class Known:
    """The cells of several versions by their text: what is in several files is parsed once, and is one Cell."""

    def __init__(self) -> None:
        self._cells: dict[bytes, Cell] = {}
        self._parse = Parser()
        self._latest: list[tuple[bytes, Cell]] = []

    def cells(self, data: bytes, start: int, end: int) -> list[Cell]:
        """Returns the cells whose texts stand between two positions; ValueError or RecursionError if one is none.

        Goes along the version read before: comparing is faster than searching for a border and hashing what is found.
        """
        found: list[tuple[bytes, Cell]] = []
        latest, places = self._latest, {id(cell): n for n, (_, cell) in enumerate(self._latest)}
        at, n = start, 0
        while at <= end:
            text, cell = latest[n] if n < len(latest) else (b"", None)
            stop = at + len(text)
            if cell is None or not (data.startswith(text, at) and _is_border(data, stop, end)):
                stop = data.find(BORDER, at, end)
                stop = end if stop < 0 else stop
                text = data[at:stop]
                cell = self._cells.get(text) or self._kept(text)
                n = places.get(id(cell), n)
            found.append((text, cell))
            at, n = stop + len(BORDER), n + 1
        self._latest = found
        return [cell for _, cell in found]

    def _kept(self, text: bytes) -> Cell:
        data, may_have_fractions = self._parse(b"{%b}" % text)
        if not is_cell(data) or (data["cell_type"] == "code" and "execution_count" not in data):
            raise ValueError("no cell")
        self._cells[text] = cell = Cell(data)
        cell.may_have_fractions = may_have_fractions
        return cell


def _is_border(data: bytes, at: int, end: int) -> bool:
    return at == end or data.startswith(BORDER, at, end)


def _cut(data: bytes, known: Known) -> Notebook | None:
    """Parses a file that is laid out as Jupyter does it, cell by cell; None if it is not, or holds anything odd.

    Only between cells can a line of two spaces and a brace stand there: no string in JSON holds a raw newline. Each
    piece must be one object by itself, and so must the rest; then the whole is what the JSON parser would make of it.
    """
    end = data.rfind(FOOT)  # a later list of the same look makes the pieces fail below
    if end < len(HEAD) or not data.startswith(HEAD):
        return None
    try:
        rest = parsed(b'{"cells": []' + data[end + len(FOOT) - 2 :])
        if rest.pop("cells", None) != []:
            return None
        cells = known.cells(data, len(HEAD), end)
        return Notebook(shaped(rest | {"cells": []}).top, cells)
    except (ValueError, RecursionError):
        return None


def _completed(notebook: Json) -> Json:
    if isinstance(notebook, dict) and isinstance(notebook.get("cells"), list):
        for cell in notebook["cells"]:
            if isinstance(cell, dict):
                cell.setdefault("metadata", {})
                if cell.get("cell_type") == "code":
                    cell.setdefault("outputs", [])
                    cell.setdefault("execution_count", None)
    return notebook


def shaped(notebook: Json) -> Notebook:
    """Returns a parsed JSON document as a notebook; Unreadable if its shape is not that of one (nbformat 4)."""
    if not isinstance(notebook, dict):
        raise Unreadable("not a JSON object")
    major = notebook.get("nbformat")
    if type(major) is int and (major in (2, 3) or (major == 1 and "cells" in notebook)):
        raise Unreadable(f"nbformat {major}", is_old=True)
    if type(major) is not int or major != 4:
        raise Unreadable(f"nbformat is {major!r:.40}, not 4")
    minor = notebook.get("nbformat_minor")
    if type(minor) is not int or minor < 0:
        raise Unreadable("nbformat_minor is no number")
    if not isinstance(notebook.get("metadata"), dict):
        raise Unreadable("metadata is no object")
    cells = notebook.pop("cells", None)
    if not isinstance(cells, list) or not all(map(is_cell, cells)):
        raise Unreadable("cells is no list of cells")
    return Notebook(notebook, [Cell(cell) for cell in cells])


def is_cell(cell: Any) -> bool:
    """Whether a JSON value has the shape of a cell: its members are of the types that the engine works on."""
    return (
        isinstance(cell, dict)
        and isinstance(cell.get("cell_type"), str)
        and isinstance(cell.get("metadata"), dict)
        and _is_text(cell.get("source"))
        and (cell["cell_type"] != "code" or isinstance(cell.get("outputs"), list))
        and isinstance(cell.get("attachments", {}), dict)
    )


def _is_text(value: Any) -> bool:
    if not isinstance(value, list):
        return isinstance(value, str)
    try:
        "".join(value)
    except TypeError:  # not all of them are strings
        return False
    return True


def joined(text: Any) -> str:
    """Returns a multi-line string of the format (a string or a list of them) as one string."""
    return text if isinstance(text, str) else "".join(text)


def likeness(a: Cell, b: Cell) -> float:
    """Returns 0 to 1: the share of words that two sources have in common, a little less across cell types."""
    if a.source == b.source:
        return 1.0 if a.kind == b.kind else 0.95
    total = a.words.total() + b.words.total()
    if not total:
        return 0.9  # both blank
    small, large = (a.words, b.words) if len(a.words) < len(b.words) else (b.words, a.words)
    shared = sum(min(n, large[word]) for word, n in small.items() if word in large)
    return 2 * shared / total * (1.0 if a.kind == b.kind else 0.9)
