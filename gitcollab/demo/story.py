"""The demo's story as data: who does what to which cell, scene by scene. Nothing here runs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

Notebook = dict[str, Any]


class NotAsTold(Exception):
    """Something is not as the story says."""


@dataclass(frozen=True)
class Edit:
    """A person replaces a piece of a cell's source."""

    cell: str
    old: str
    new: str

    def apply(self, notebook: Notebook) -> None:
        """Does it; NotAsTold if the piece is not there."""
        cell = named(notebook, self.cell)
        text = joined(cell["source"])
        if text.count(self.old) != 1:
            raise NotAsTold(f"cell {self.cell} should hold {self.old!r} once, and reads {text!r}")
        cell["source"] = text.replace(self.old, self.new).splitlines(keepends=True)

    def back(self) -> Edit:
        """Returns the edit that takes this one back."""
        return replace(self, old=self.new, new=self.old)


@dataclass(frozen=True)
class Move:
    """A person drags a cell to below another one."""

    cell: str
    below: str
    from_below: str

    def apply(self, notebook: Notebook) -> None:
        """Does it."""
        cell = named(notebook, self.cell)
        notebook["cells"].remove(cell)
        notebook["cells"].insert(notebook["cells"].index(named(notebook, self.below)) + 1, cell)

    def back(self) -> Move:
        """Returns the move that takes this one back."""
        return replace(self, below=self.from_below, from_below=self.below)


@dataclass(frozen=True)
class Rerun:
    """A person runs the notebook: outputs and execution counts become those of ``after`` (really made by a kernel)."""

    after: Notebook
    before: Notebook

    def apply(self, notebook: Notebook) -> None:
        """Does it; NotAsTold if a source differs from what was really run."""
        for ran in self.after["cells"]:
            if ran["cell_type"] == "code":
                cell = named(notebook, ran["id"])
                if joined(cell["source"]) != joined(ran["source"]):
                    raise NotAsTold(f"cell {ran['id']} is not as it was when its outputs were made")
                cell["outputs"] = copy.deepcopy(ran["outputs"])
                cell["execution_count"] = ran["execution_count"]

    def back(self) -> Rerun:
        """Returns the run of the notebook as it was before."""
        return replace(self, after=self.before, before=self.after)


Act = Edit | Move | Rerun


@dataclass(frozen=True)
class Scene:
    """What Ana and Ben do at the same time.

    ``agreed``: the line on which they settle, where they disagree.
    """

    title: str
    look: str
    ana: tuple[Act, ...] = ()
    ben: tuple[Act, ...] = ()
    agreed: Edit | None = None

    def back(self) -> Scene:
        """Returns the scene in which they take it all back."""
        if self.agreed is None:
            return replace(self, ana=tuple(a.back() for a in self.ana), ben=tuple(b.back() for b in self.ben))
        return replace(
            self,
            ana=tuple(_from(act, self.agreed.new) for act in self.ana),
            ben=tuple(_from(act, self.agreed.new) for act in self.ben),
            agreed=self.agreed.back(),
        )


def _from(act: Act, old: str) -> Act:
    return replace(act, old=old) if isinstance(act, Edit) else act


DIFFERENT_CELLS = Scene(
    "Ana and Ben change different cells in the same minute",
    "both changes appear on the page, each with its author; nobody is asked anything",
    ana=(Edit("question", "3. When is high water next?", "3. When is high water next, and how high?"),),
    ben=(Edit("fortnight", 'ax.set_ylabel("level")', 'ax.set_ylabel("level (m)")'),),
)
SAME_CELL = Scene(
    "They change the same cell, on different lines",
    "one cell holds both: Ana's new tide N2 and Ben's note on O1",
    ana=(
        Edit(
            "constituents",
            'twice a day\n    "K1"',
            'twice a day\n    "N2": 12.6583,  # the moon\'s distance\n    "K1"',
        ),
    ),
    ben=(Edit("constituents", '"O1": 25.8193,', '"O1": 25.8193,  # the moon, once a day'),),
)
SAME_LINE = Scene(
    "They change the same line: that needs a person",
    "the contested cell is listed; both go on working, each sees their own number, and nobody is blocked",
    ana=(Edit("surges", "threshold = 0.30  # metres", "threshold = 0.25  # metres"),),
    ben=(Edit("surges", "threshold = 0.30  # metres", "threshold = 0.35  # metres"),),
    agreed=Edit("surges", "threshold = 0.30  # metres", "threshold = 0.28  # metres"),
)
MOVED = Scene(
    "Ben moves the findings to the top while Ana edits them",
    "the cell is shown as moved, not as deleted and added; Ana's sentence moved with it",
    ana=(Edit("findings", "one in February and one in October", "on 1 February and on 18 October"),),
    ben=(Move("findings", below="question", from_below="forecast"),),
)
FIX = Scene(
    "After publishing, Ben finds a misspelt unit",
    "one small change; the published version stays as it was",
    ben=(Edit("findings", "a few centimeter.", "a few centimetres."),),
)


def rerun(before: Notebook, after: Notebook) -> Scene:
    """Returns the scene in which Ben runs everything again."""
    return Scene(
        "Ben runs the whole notebook again",
        "new numbers, a new table and two new figures; execution counts never contest anything",
        ben=(Rerun(after, before),),
    )


def after_edits(sources: Mapping[str, str]) -> dict[str, str]:
    """Returns the sources of the cells after all edits up to the re-run, as a kernel has to run them."""
    scratch: Notebook = {"cells": [{"id": name, "source": text} for name, text in sources.items()]}
    for scene in (DIFFERENT_CELLS, SAME_CELL, MOVED):
        for act in (*scene.ana, *scene.ben):
            act.apply(scratch)
    assert SAME_LINE.agreed is not None  # noqa: S101  the scene above says so
    SAME_LINE.agreed.apply(scratch)
    return {cell["id"]: joined(cell["source"]) for cell in scratch["cells"]}


def named(notebook: Notebook, cell: str) -> dict[str, Any]:
    """Returns the cell with that id; NotAsTold if it is not there exactly once."""
    found: list[dict[str, Any]] = [each for each in notebook["cells"] if each.get("id") == cell]
    if len(found) != 1:
        raise NotAsTold(f"the notebook holds {len(found)} cells called {cell}")
    return found[0]


def joined(source: str | list[str]) -> str:
    """Returns a source as one text."""
    return source if isinstance(source, str) else "".join(source)
