"""The diff in nbdime's own format (documented in nbdime's manual, "diff format"), for nbdime's viewers and patch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from gitcollab.model import Json
from gitcollab.notebooks.lines import hunks

Op = dict[str, Json]


class _Compared(Protocol):
    """A cell in both versions, as a CellDiff has it."""

    @property
    def before(self) -> Json: ...
    @property
    def after(self) -> Json: ...
    @property
    def before_index(self) -> int | None: ...
    @property
    def after_index(self) -> int | None: ...
    @property
    def is_moved(self) -> bool: ...
    @property
    def kind(self) -> str: ...


def as_nbdime(cells: Sequence[_Compared], old_top: Json, new_top: Json) -> list[Op]:
    """Returns the list of operations that turn the older notebook, as nbformat reads it, into the newer one."""
    found = []
    inner = _cells(cells)
    if inner:
        found.append(_patch("cells", inner))
    return found + _object(old_top, new_top)


def _cells(cells: Sequence[_Compared]) -> list[Op]:
    olds = sum(cell.before_index is not None for cell in cells)
    added: dict[int, list[Json]] = {}
    ops: dict[int, Op] = {}
    at = 0
    for cell in sorted((c for c in cells if c.after_index is not None), key=lambda c: c.after_index or 0):
        if cell.before_index is not None and not cell.is_moved:
            at = cell.before_index + 1
            inner = [] if cell.kind == "same" else _object(as_read(cell.before), as_read(cell.after))
            if inner:
                ops[cell.before_index] = _patch(cell.before_index, inner)
        else:
            added.setdefault(at, []).append(as_read(cell.after))
    for cell in cells:
        if cell.before_index is not None and (cell.after_index is None or cell.is_moved):
            ops[cell.before_index] = {"op": "removerange", "key": cell.before_index, "length": 1}
    found: list[Op] = []
    for k in range(olds + 1):
        if k in added:
            found.append({"op": "addrange", "key": k, "valuelist": added[k]})
        if k in ops:
            found.append(ops[k])
    return found


def as_read(cell: Json) -> Json:
    """Returns a cell as nbformat reads it: its texts joined, and without what is not kept in files."""
    found: dict[str, Any] = cell | {"source": _joined(cell["source"])}
    found["metadata"] = {name: value for name, value in cell["metadata"].items() if name != "trusted"}
    if isinstance(cell.get("attachments"), dict):
        found["attachments"] = {name: _bundle(bundle) for name, bundle in cell["attachments"].items()}
    if cell["cell_type"] == "code":
        found["outputs"] = [_output(output) for output in cell.get("outputs") or []]
    return found


def _output(output: Json) -> Json:
    if not isinstance(output, dict):
        return output
    if output.get("output_type") in ("execute_result", "display_data"):
        return output | {"data": _bundle(output.get("data", {}))}
    return output | {"text": _joined(output["text"])} if "text" in output else output


def _bundle(bundle: Json) -> Json:
    if not isinstance(bundle, dict):
        return bundle
    return {kind: value if _is_json(kind) else _joined(value) for kind, value in bundle.items()}


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _joined(text: Json) -> Json:
    return "".join(text) if isinstance(text, list) and all(isinstance(line, str) for line in text) else text


# --- any value -----------------------------------------------------------------------------------------------------


def _patch(key: str | int, inner: list[Op]) -> Op:
    return {"op": "patch", "key": key, "diff": inner}


def _object(old: dict[str, Json], new: dict[str, Json]) -> list[Op]:
    found: list[Op] = []
    for name in sorted({**old, **new}):
        if name not in new:
            found.append({"op": "remove", "key": name})
        elif name not in old:
            found.append({"op": "add", "key": name, "value": new[name]})
        else:
            found += _member(name, old[name], new[name])
    return found


def _member(name: str | int, old: Json, new: Json) -> list[Op]:
    if type(old) is type(new) and old == new and repr(old) == repr(new):
        return []
    inner: list[Op] = []
    if isinstance(old, dict) and isinstance(new, dict):
        inner = _object(old, new)
    elif isinstance(old, list) and isinstance(new, list):
        inner = _list(old, new)
    elif isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        inner = _text(old, new)
    return [_patch(name, inner)] if inner else [{"op": "replace", "key": name, "value": new}]


def _list(old: list[Json], new: list[Json]) -> list[Op]:
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    gone, came = old[head : len(old) - tail], new[head : len(new) - tail]
    if len(gone) == len(came) and all(map(_is_alike, gone, came)):
        return [
            op
            for k, (was, now) in enumerate(zip(gone, came, strict=True), head)
            for op in _member(k, was, now)
        ]
    found: list[Op] = [{"op": "addrange", "key": head, "valuelist": came}] if came else []
    return found + ([{"op": "removerange", "key": head, "length": len(gone)}] if gone else [])


def _is_alike(old: Json, new: Json) -> bool:
    """Whether two outputs are of one type, so that one can be patched into the other."""
    return (
        isinstance(old, dict) and isinstance(new, dict) and old.get("output_type") == new.get("output_type")
    )


def _text(old: str, new: str) -> list[Op]:
    """Changed lines, as Python splits them, for so nbdime does."""
    lines = [text.splitlines(True) for text in (old, new)]
    marks = ["".join(f"{line.encode('unicode_escape').decode()}\n" for line in side) for side in lines]
    found: list[Op] = []
    for hunk in hunks(marks[0].encode(), marks[1].encode()):
        if hunk.new_end > hunk.new_start:
            new_lines = lines[1][hunk.new_start : hunk.new_end]
            found.append({"op": "addrange", "key": hunk.start, "valuelist": new_lines})
        if hunk.end > hunk.start:
            found.append({"op": "removerange", "key": hunk.start, "length": hunk.end - hunk.start})
    return found
