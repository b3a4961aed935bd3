"""The process that residue.py asks: the only place that imports nbformat and nbdime (``python -m`` this module)."""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import Any

from gitcollab.model import Json

MEMORY = 4 << 30
"""Bytes of address space that the process may have."""


def decided(base: Json, shared: Json, session: Json) -> Json:
    """Returns what nbdime makes of a metadata value that both sides changed; raises LookupError on a conflict.

    Only this one value travels, so that nbdime sees nothing that is decided.
    """
    from nbdime.diffing.generic import diff
    from nbdime.merging.decisions import apply_decisions
    from nbdime.merging.generic import decide_merge_with_diff

    trees = [{"value": value} for value in (base, shared, session)]
    decisions = decide_merge_with_diff(*trees, diff(trees[0], trees[1]), diff(trees[0], trees[2]))
    if any(decision.conflict for decision in decisions):
        raise LookupError("a conflict")
    return apply_decisions(trees[0], decisions)["value"]


def upgraded(text: str) -> Json:
    """Returns a notebook of an older format as nbformat 4 JSON, its made-up ids left out."""
    from nbformat import convert, reader

    told = json.dumps(_told(json.loads(text)))
    converted = convert(reader.reads(told), 4)  # type: ignore[no-untyped-call]
    plain: dict[str, Any] = json.loads(json.dumps(converted))
    for cell in plain["cells"]:
        cell.pop("id", None)
    plain["nbformat_minor"] = min(plain["nbformat_minor"], 4)
    return plain


def _told(notebook: Json) -> Json:
    """The notebook with the members that nbformat's converter takes for granted."""
    for sheet in notebook.get("worksheets", ()):
        for cell in sheet.get("cells", ()):
            cell.setdefault("metadata", {})
    notebook.setdefault("metadata", {})
    return notebook


def forget() -> None:
    """Empties the caches in which nbdime would keep every output it has seen."""
    for name in ("nbdime.diffing.notebooks", "nbdime.diffing.generic", "nbdime.utils"):
        module = sys.modules.get(name)
        for value in vars(module).values() if module else ():
            clear = getattr(value, "cache_clear", None)
            if callable(clear):
                clear()


def main() -> None:
    """Answers questions from standard input until it ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # compiles for a second what no schema uses
    out = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    _say(out, {"value": "ready"})
    while head := sys.stdin.buffer.read(8):
        question = json.loads(sys.stdin.buffer.read(int(head, 16)))
        try:
            answer = {
                "value": decided(*question["decide"])
                if "decide" in question
                else upgraded(question["upgrade"])
            }
        except Exception as error:  # whatever a library raises, the answer is that there is none
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        _say(out, answer)
        forget()


def _say(out: int, answer: Json) -> None:
    data = json.dumps(answer).encode()
    os.write(out, b"%08x" % len(data))
    view = memoryview(data)
    while view:
        view = view[os.write(out, view) :]


if __name__ == "__main__":
    main()
