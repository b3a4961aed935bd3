"""The jobs: which act of the workers is answered by which room."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from gitcollab import acts
from gitcollab.errors import BadInput, NotFound
from gitcollab.model import COLLAB_ID


def answering(root: Path) -> Callable[[acts.Act], object]:
    """Returns what answers the workers' acts on the repositories under ``root``. Loads everything that takes time."""
    block_slow_import()
    from gitcollab import notebooks
    from gitcollab.flow import arriving, compare
    from gitcollab.workers.showing import shown

    def answer(act: acts.Act) -> object:
        match act:
            case acts.MergeBytes():
                policy = notebooks.Policy(rules=act.rules)
                return notebooks.merge_file(act.base, act.ours, act.theirs, path=act.path, policy=policy)
            case acts.DiffBytes():
                return notebooks.diff(act.before, act.after)
            case acts.RenderNotebook() | acts.RenderDiff() | acts.RenderPiece() | acts.RenderSource():
                return shown(repository(root, act.collab, is_public=act.is_public), act)
            case acts.SearchPush():
                return arriving.search(repository(root, act.collab), act)
            case acts.Reading():
                return compare.answer(repository(root, act.collab, is_public=act.is_public), act)
            case _:
                raise BadInput(f"{type(act).__name__} is no act of the workers")

    notebooks.diff(EMPTY, EMPTY)
    notebooks.has_driver("a")  # finds what is installed, before there are workers
    return answer


EMPTY = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'


def repository(root: Path, collab: str, *, is_public: bool = False) -> Path:
    """Returns where a collab's repository lies, or the one that is for everyone; NotFound if it cannot exist."""
    path = root / ("public" if is_public else "collabs") / f"{collab}.git"
    if not COLLAB_ID.fullmatch(collab) or not path.is_dir():
        raise NotFound("There is no such collab")
    return path


def block_slow_import() -> None:
    """Keeps jsonschema from compiling a grammar of IRIs at import: a second that nbformat has no use for.

    It does without the module where it is not installed (jsonschema#1428, jupyter-server#1559).
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
