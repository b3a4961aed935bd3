"""Makes notebooks and what people and tools do to them, from a seed, so that a failing example can be run again."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import hypothesis
import pytest

Notebook = dict[str, Any]
Cell = dict[str, Any]

WORDS = (
    "alpha",
    "beta",
    "gamma",
    "mean",
    "plot",
    "data",
    "frame",
    "model",
    "fit",
    "score",
    "train",
    "load",
    "save",
)


class Maker:
    """Makes base notebooks and edits them; every line it writes holds a token that occurs nowhere else."""

    def __init__(self, seed: int, minor: int = 5, side: str = "b") -> None:
        self.random = random.Random(f"{seed} {side}")
        self.minor, self.side, self.count = minor, side, 0

    def token(self) -> str:
        self.count += 1
        return f"{self.side}tok{self.count}"

    def line(self) -> str:
        a, b = self.random.choices(WORDS, k=2)
        return f"{a}_{self.token()} = {b}.{self.random.choice(WORDS)}({self.random.randrange(99)})"

    def cell(self) -> Cell:
        lines = [self.line() for _ in range(self.random.randint(1, 7))]
        kind = self.random.choice(("code", "code", "markdown", "raw"))
        cell: Cell = {"cell_type": kind, "metadata": {}, "source": "\n".join(lines).splitlines(True)}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        if self.minor >= 5:
            cell["id"] = f"{self.side}{self.random.getrandbits(40):010x}"
        return cell

    def notebook(self, size: int) -> Notebook:
        metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        cells = [self.cell() for _ in range(size)]
        return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": self.minor}

    def edited(self, notebook: Notebook, edits: list[str]) -> Notebook:
        found = copy.deepcopy(notebook)
        for edit in edits:
            if found["cells"] or edit == "insert":
                getattr(self, edit)(found["cells"])
        return found

    def _any(self, cells: list[Cell]) -> Cell:
        return self.random.choice(cells)

    def edit(self, cells: list[Cell]) -> None:
        source = self._any(cells)["source"]
        if source:
            k = self.random.randrange(len(source))
            end = "\n" if source[k].endswith("\n") else ""
            source[k] = self.line() + end

    def add_line(self, cells: list[Cell]) -> None:
        source = self._any(cells)["source"]
        source.insert(self.random.randint(0, max(0, len(source) - 1)), self.line() + "\n")

    def insert(self, cells: list[Cell]) -> None:
        cells.insert(self.random.randint(0, len(cells)), self.cell())

    def delete(self, cells: list[Cell]) -> None:
        cells.remove(self._any(cells))

    def move(self, cells: list[Cell]) -> None:
        cell = cells.pop(self.random.randrange(len(cells)))
        cells.insert(self.random.randint(0, len(cells)), cell)

    def rerun(self, cells: list[Cell]) -> None:
        cell = self._any(cells)
        if cell["cell_type"] == "code":
            text = [f"{self.token()}\n"]
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": text}]
            cell["execution_count"] = self.random.randint(1, 99)

    def tag(self, cells: list[Cell]) -> None:
        self._any(cells)["metadata"].setdefault("tags", []).append(self.token())

    def retype(self, cells: list[Cell]) -> None:
        cell = self._any(cells)
        if cell["cell_type"] == "code":
            cell["cell_type"] = "markdown"
            del cell["outputs"], cell["execution_count"]
        else:
            cell |= {"cell_type": "code", "outputs": [], "execution_count": None}

    def duplicate(self, cells: list[Cell]) -> None:
        twin = copy.deepcopy(self._any(cells))
        if "id" in twin:
            twin["id"] = f"{self.side}{self.random.getrandbits(40):010x}"
        cells.insert(self.random.randint(0, len(cells)), twin)

    def reid(self, cells: list[Cell]) -> None:
        for cell in cells:
            if "id" in cell:
                cell["id"] = f"{self.side}{self.random.getrandbits(40):010x}"


EDITS = ("edit", "add_line", "insert", "delete", "move", "rerun", "tag", "retype", "duplicate", "reid")


def written(notebook: Notebook) -> bytes:
    """The bytes that Jupyter saves."""
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def examples(wanted: int) -> int:
    """The number of examples for a property: ``wanted``, and in the long profile as much more as that one says."""
    return wanted * max(1, hypothesis.settings.default.max_examples // 100)


class Making:
    """What the tests use of this file."""

    Maker = Maker
    EDITS = EDITS
    written = staticmethod(written)
    examples = staticmethod(examples)

    @staticmethod
    def triple(seed: int, minor: int = 5, edits: tuple[str, ...] = EDITS) -> tuple[bytes, bytes, bytes]:
        """A base and two sides that each did up to four things to it."""
        base, *sides = Making.versions(seed, 2, minor, edits)
        return base, sides[0], sides[1]

    @staticmethod
    def versions(seed: int, sides: int, minor: int = 5, edits: tuple[str, ...] = EDITS) -> list[bytes]:
        """A base and any number of sides."""
        base = Maker(seed, minor).notebook(random.Random(seed).randint(0, 8))
        found = [written(base)]
        for name in "otxyz"[:sides]:
            maker = Maker(seed, minor, name)
            found.append(
                written(maker.edited(base, maker.random.choices(edits, k=maker.random.randint(0, 4))))
            )
        return found


@pytest.fixture(scope="session")
def making() -> type[Making]:
    return Making
