"""`gitcollab diff`: two files, or two versions of a collab; also git's textconv and difftool, so it is light."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gitcollab.cli.merge import read
from gitcollab.cli.show import as_text, say

SIGNS = {"added": "+", "removed": "-", "moved": "→", "source": "~", "outputs": "▸", "metadata": "·"}
OPTIONS = {"--json", "--textconv", "--exit-code"}


def quick(argv: Sequence[str]) -> int | None:
    """Compares two files that are there; None leaves everything else to the full command line."""
    names = [text for text in argv if not text.startswith("-")]
    wanted = set(argv) - set(names)
    if not wanted <= OPTIONS:
        return None
    if "--textconv" in wanted:
        return converted(Path(names[0])) if len(names) == 1 else None
    if len(names) != 2 or not all(is_file(name) for name in names):
        return None
    return compared(Path(names[0]), Path(names[1]), "--json" in wanted, "--exit-code" in wanted)


def is_file(text: str) -> bool:
    """Whether ``text`` names a file here (git names an absent side /dev/null)."""
    return Path(text).exists() and not Path(text).is_dir()


def compared(a: Path, b: Path, as_json: bool, is_telling: bool) -> int:
    """Prints what changed from one file to the other; 1 if ``is_telling`` and anything did, else 0."""
    sides = (read(a), read(b))
    found = difference(str(a), str(b), *sides)
    if as_json:
        print(as_text(found))
    else:
        tell(found)
    return int(is_telling and bool(found["files"]))


def difference(a: str, b: str, before: bytes, after: bytes) -> dict[str, Any]:
    """Returns the difference of two files in the form in which the server tells one: start, end, files, nbdime."""
    files: list[dict[str, Any]] = []
    nbdime = None
    if before != after and (a.endswith(".ipynb") or b.endswith(".ipynb")):
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
        from gitcollab.notebooks import diff

        made = diff(before, after)
        cells = [{name: getattr(c, name) for name in c.__struct_fields__} for c in made.changes]
        files = [{"path": b, "kind": "changed", "cells": cells, "summary": made.problem}]
        nbdime = made.nbdime() if not made.problem else None
    elif before != after:
        files = [{"path": b, "kind": "changed", "cells": [], "summary": _lines(a, b, before, after)}]
    return {"start": a, "end": b, "files": files, "nbdime": nbdime}


def _lines(a: str, b: str, before: bytes, after: bytes) -> str:
    if b"\0" in before or b"\0" in after:
        return f"binary files of {len(before)} and {len(after)} bytes"
    was, is_now = (side.decode("utf-8", "backslashreplace").splitlines() for side in (before, after))
    return "\n".join(difflib.unified_diff(was, is_now, a, b, lineterm=""))


def tell(found: dict[str, Any]) -> None:
    """Prints a difference for a person: a line for each change, the lines of a source below it."""
    for file in found["files"]:
        was = f"{file['old_path']} → " if file.get("old_path") else ""
        say(f"{was}{file['path']}  ({file['kind']})")
        for cell in file.get("cells", ()):
            say(f"  {SIGNS.get(cell['kind'], '?')} {_headline(cell)}")
            for line in _below(cell):
                say(f"      {line}")
        if file.get("summary"):
            say(file["summary"])


def _headline(cell: dict[str, Any]) -> str:
    before, after = cell.get("before_index"), cell.get("after_index")
    where = (
        f"from {before} to {after}" if cell["kind"] == "moved" else f"at {before if after is None else after}"
    )
    return f"{cell['kind']:<8} {cell['cell']}  {cell.get('cell_type', '')} {where}"


def _below(cell: dict[str, Any]) -> Iterator[str]:
    if cell["kind"] == "moved":
        return
    before, after = (str(cell.get(side) or "").splitlines() for side in ("before", "after"))
    for line in difflib.unified_diff(before, after, lineterm="", n=1):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def converted(path: Path) -> int:
    """Prints a notebook as lines that git's own diff can compare; what is none is printed as it is."""
    import json

    data = read(path)
    try:
        cells = json.loads(data)["cells"]
        text = "\n".join(line for number, cell in enumerate(cells) for line in _as_lines(number, cell))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sys.stdout.buffer.write(data)
        return 0
    say(text)
    return 0


def _as_lines(number: int, cell: dict[str, Any]) -> Iterator[str]:
    yield f"[{cell.get('id', number)}] {cell.get('cell_type', '')}"
    yield from _joined(cell.get("source", "")).splitlines()
    for output in cell.get("outputs", ()):
        kinds = ", ".join(sorted(output.get("data", {}))) or output.get("name") or output.get("ename") or ""
        yield f"  ▸ {output.get('output_type', 'output')} {kinds}".rstrip()
        yield from (f"    {line}" for line in _output_text(output).splitlines())
    yield ""


def _output_text(output: dict[str, Any]) -> str:
    return _joined(
        output.get("text") or output.get("data", {}).get("text/plain") or output.get("evalue") or ""
    )


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
