"""The diff: what changed from one notebook to another, cell by cell, as a person would have drawn it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import msgspec

from gitcollab.model import CellChange, Json
from gitcollab.notebooks.drawing import Line, OutputDiff, compared_outputs, drawn
from gitcollab.notebooks.identity import align, increasing
from gitcollab.notebooks.lines import Hunk, hunks
from gitcollab.notebooks.reading import Cell, Known, Notebook, Unreadable, joined, read_any
from gitcollab.notebooks.viewing import as_nbdime
from gitcollab.notebooks.volatile import lasting_cell, lasting_metadata
from gitcollab.notebooks.weighing import same

SHOWN = 2000
"""Characters of a source that a CellChange carries."""
PIECE = 0.5
"""Share of a cell's lines that must have come from another one for it to be a piece of it."""


class CellDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One cell in both versions. ``kind`` is same, added, removed or changed; indexes count from 0.

    ``before`` and ``after`` are the cell's JSON, None where there is none. ``hunks`` are the changed lines of the
    source. ``is_volatile``: nothing but execution counts and the like changed. ``split_from`` names the cell that an
    added one was split from, ``joined_into`` the one that took a removed one's text.
    """

    kind: str
    id: str
    cell_type: str
    before: Json
    after: Json
    before_index: int | None = None
    after_index: int | None = None
    is_moved: bool = False
    hunks: tuple[Hunk, ...] = ()
    outputs_changed: bool = False
    metadata_changed: bool = False
    is_volatile: bool = False
    split_from: str = ""
    joined_into: str = ""

    def lines(self) -> tuple[Line, ...]:
        """The source's lines, kept, taken out and put in, with the words that changed within them."""
        return drawn(*(joined(cell["source"]) if cell else "" for cell in (self.before, self.after)))

    def outputs(self) -> tuple[OutputDiff, ...]:
        """The outputs, compared one by one, each by its kind."""
        return compared_outputs(*((cell or {}).get("outputs") or [] for cell in (self.before, self.after)))


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one notebook to another.

    ``cells`` are in the order of the newer notebook, each removed cell where it stood. ``notebook_metadata`` names
    the changed keys, ``volatile_metadata`` those that programs write at every save. ``problem`` says why a notebook
    could not be read; then there is nothing else.
    """

    cells: tuple[CellDiff, ...]
    notebook_metadata: tuple[str, ...] = ()
    volatile_metadata: tuple[str, ...] = ()
    problem: str = ""
    tops: tuple[Json, Json] = ({}, {})

    @property
    def changes(self) -> tuple[CellChange, ...]:
        """The changes alone, with bounded text, as events carry them."""
        return tuple(change for cell in self.cells for change in _changes(cell))

    def nbdime(self) -> list[Json]:
        """The same in nbdime's own diff format; ``nbdime.patch_notebook`` makes the newer notebook with it.

        A moved cell is removed and added there, for that format knows no moves.
        """
        return as_nbdime(self.cells, *self.tops)


def diff(a: bytes, b: bytes) -> Diff:
    """Compares two notebooks; never raises. No bytes at all stand for a notebook that does not exist."""
    known = Known()
    try:
        old, new = read_any(a, known), read_any(b, known)
        return compared(old, new)
    except Unreadable as error:
        return Diff(cells=(), problem=str(error))
    except RecursionError:
        return Diff(cells=(), problem="nested too deeply")


def compared(old: Notebook, new: Notebook) -> Diff:
    """Compares two notebooks that have been read."""
    pairs = align(old.cells, new.cells)
    found = sorted(pairs.items())
    kept = {found[k][0] for k in increasing([i for _, i in found])}
    cells = []
    for place, i, j in _places(pairs, kept, len(old.cells), len(new.cells)):
        del place
        before, after = (None if i is None else old.cells[i]), (None if j is None else new.cells[j])
        cells.append(_cell(before, after, i, j, i is not None and j is not None and j not in kept))
    tops = tuple({name: value for name, value in side.top.items() if name != "cells"} for side in (old, new))
    names = [name for name in {**old.metadata, **new.metadata} if not _is_equal(old, new, name)]
    lasting = [lasting_metadata(side.metadata) for side in (old, new)]
    volatile = [name for name in names if same(*(side.get(name) for side in lasting))]
    return Diff(
        cells=tuple(_with_pieces(cells)),
        notebook_metadata=tuple(sorted(set(names) - set(volatile))),
        volatile_metadata=tuple(sorted(volatile)),
        tops=(tops[0], tops[1]),
    )


def _is_equal(old: Notebook, new: Notebook, name: str) -> bool:
    return name in old.metadata and name in new.metadata and same(old.metadata[name], new.metadata[name])


def _places(
    pairs: dict[int, int], kept: set[int], olds: int, news: int
) -> list[tuple[tuple[int, int], int | None, int | None]]:
    """All cells as (place, old index, new index): in the new order, the removed ones behind what they followed."""
    found: list[tuple[tuple[int, int], int | None, int | None]] = [
        ((j, 0), pairs.get(j), j) for j in range(news)
    ]
    anchors = {pairs[j]: j for j in kept}
    matched = set(pairs.values())
    at = -1
    for i in range(olds):
        at = anchors.get(i, at)
        if i not in matched:
            found.append(((at, 1 + i), i, None))
    return sorted(found, key=lambda row: row[0])


def _cell(before: Cell | None, after: Cell | None, i: int | None, j: int | None, is_moved: bool) -> CellDiff:
    model = after or before
    assert model is not None  # noqa: S101 - a place has a cell
    name = model.id or f"#{i if j is None else j}"
    shown = {"id": name, "cell_type": model.kind, "before_index": i, "after_index": j, "is_moved": is_moved}
    if before is None or after is None:
        kind = "added" if before is None else "removed"
        return CellDiff(kind=kind, before=_data(before), after=_data(after), **shown)  # type: ignore[arg-type]
    if before is after or _is_same(before.data, after.data):
        return CellDiff(kind="same", before=before.data, after=after.data, **shown)  # type: ignore[arg-type]
    texts = [cell.source.encode("utf-8", "surrogatepass") for cell in (before, after)]
    runs = [{key: cell.data.get(key) for key in ("outputs", "execution_count")} for cell in (before, after)]
    rest = [[cell.data.get(key) or {} for key in ("metadata", "attachments")] for cell in (before, after)]
    return CellDiff(
        kind="changed",
        before=before.data,
        after=after.data,
        hunks=tuple(hunks(texts[0], texts[1])),
        outputs_changed=not same(runs[0], runs[1]),
        metadata_changed=not same(rest[0], rest[1]) or before.kind != after.kind or before.id != after.id,
        is_volatile=same(lasting_cell(before.data), lasting_cell(after.data)),
        **shown,  # type: ignore[arg-type]
    )


def _is_same(before: dict[str, Json], after: dict[str, Json]) -> bool:
    """Whether two cells are the same JSON; most that are say so in the same bytes, which is soon seen."""
    if before == after:  # though 1 may be true there
        with contextlib.suppress(ValueError):
            if msgspec.json.encode(before) == msgspec.json.encode(after):
                return True
    return same(before, after)


def _data(cell: Cell | None) -> Json:
    return None if cell is None else cell.data


def _with_pieces(cells: list[CellDiff]) -> list[CellDiff]:
    """Says of added cells what they were split from, and of removed ones what they were joined into."""
    found = list(cells)
    before, behind = _steady(cells), _steady(cells[::-1])[::-1]
    for k, cell in enumerate(cells):
        if cell.kind not in ("added", "removed"):
            continue
        for other in (before[k], behind[k]):
            if other is None or not other.hunks:
                continue
            if cell.kind == "added" and _is_from(cell.after, other.before, other.after):
                found[k] = msgspec.structs.replace(cell, split_from=other.id)
            elif cell.kind == "removed" and _is_from(cell.before, other.after, other.before):
                found[k] = msgspec.structs.replace(cell, joined_into=other.id)
    return found


def _steady(cells: Sequence[CellDiff]) -> list[CellDiff | None]:
    """For each cell the nearest before it that is in both versions."""
    found: list[CellDiff | None] = []
    last = None
    for cell in cells:
        found.append(last)
        last = last if cell.kind in ("added", "removed") else cell
    return found


def _is_from(piece: Json, whole: Json, rest: Json) -> bool:
    lines = Cell(piece).lines
    return (
        lines.total() > 0
        and (lines & (Cell(whole).lines - Cell(rest).lines)).total() >= PIECE * lines.total()
    )


def _changes(cell: CellDiff) -> list[CellChange]:
    if cell.kind in ("added", "removed"):
        kinds = [cell.kind]
    else:
        marks = (cell.is_moved, bool(cell.hunks), cell.outputs_changed, cell.metadata_changed)
        names = ("moved", "source", "outputs", "metadata")
        kinds = [kind for kind, is_so in zip(names, marks, strict=True) if is_so]
    return [_change(cell, kind) for kind in kinds]


def _change(cell: CellDiff, kind: str) -> CellChange:
    if kind == "outputs":
        before, after = (_summary((side or {}).get("outputs") or []) for side in (cell.before, cell.after))
    else:
        before, after = (joined(side["source"])[:SHOWN] if side else "" for side in (cell.before, cell.after))
    return CellChange(
        kind=kind,
        cell=cell.id,
        cell_type=cell.cell_type,
        before_index=cell.before_index,
        after_index=cell.after_index,
        before=before,
        after=after,
    )


def _summary(outputs: list[Json]) -> str:
    """The outputs in a few words: what kinds there are, and the beginning of what is text."""
    shown = [(one.after, one.kind) for one in compared_outputs([], outputs[:20])]
    return "\n".join(text if kind in ("stream", "text", "error") else f"[{kind}]" for text, kind in shown)[
        :SHOWN
    ]
