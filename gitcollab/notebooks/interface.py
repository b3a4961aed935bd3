"""What others can rely on in a notebook: functions, classes, constants, parameters, named results, figures."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from gitcollab.model import Json
from gitcollab.notebooks.reading import Cell, Notebook

LONGEST = 1_000_000
"""Characters of a cell's source that are still read as Python."""

CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*")
EXPORTED = re.compile(r"#\s*\|\s*exporti?s?\b")
"""The mark of a cell that becomes part of a module (nbdev: directives)."""

PARAMETERS = "parameters"
"""The tag of the cell whose variables are a notebook's arguments (papermill: parametrize)."""

SCRAP = "application/scrapbook.scrap."
"""Start of the types of outputs that are kept under a name for other programs (scrapbook)."""

FIGURES = ("image/", "text/html", "application/vnd.", "application/geo", "text/latex")
"""Starts of the types of outputs that are made to be looked at."""


class Argument(NamedTuple):
    """One argument of a function: how it may be given, and whether it must be."""

    name: str
    kind: str  # "positional", "any", "keyword", "*", "**"
    is_required: bool


class Offer(NamedTuple):
    """One thing that others can rely on. ``arguments`` is None for what is not called; ``value`` is its text."""

    name: str
    kind: str  # "function", "class", "constant", "parameter", "result", "figure"
    cell: str | None
    arguments: tuple[Argument, ...] | None = None
    value: str = ""


def interface(notebook: Notebook) -> dict[str, Offer]:
    """Returns what a notebook offers, by kind and name. Names that begin with an underscore are its own affair.

    Code is read where the kernel's language is Python; a cell that is not (a magic, an error) offers nothing.
    """
    offers: dict[str, Offer] = {}
    for cell in notebook.cells:
        if cell.kind != "code":
            continue
        found = [*_results(cell)]
        if is_python(notebook):
            found += [offer for offer in _names(cell) if not offer.name.rpartition(".")[2].startswith("_")]
        offers |= {f"{offer.kind} {offer.name}": offer for offer in found}
    return offers


def is_python(notebook: Notebook) -> bool:
    """Whether the notebook's code is Python, or does not say what it is."""
    metadata = notebook.metadata
    said = [_text(metadata, "kernelspec", "language"), _text(metadata, "language_info", "name")]
    known = [one.lower() for one in said if one]
    return not known or any(one in ("python", "ipython", "python3") for one in known)


def _text(data: Json, *keys: str) -> str:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, str) else ""


def tags(cell: Cell) -> tuple[str, ...]:
    """Returns a cell's tags."""
    metadata = cell.data.get("metadata")
    found = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(one for one in found if isinstance(one, str)) if isinstance(found, list) else ()


# --- code ----------------------------------------------------------------------------------------------------------


def _names(cell: Cell) -> Iterator[Offer]:
    tree = _parsed(cell.source)
    is_parameters, is_exported = PARAMETERS in tags(cell), bool(EXPORTED.search(cell.source))
    for node in tree.body if tree else ():
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield Offer(name, "function", cell.id, _arguments(node.args))
            case ast.ClassDef(name=name):
                yield from _class(node, cell)
            case ast.Assign() | ast.AnnAssign():
                for name in _targets(node):
                    if is_parameters:
                        yield Offer(name, "parameter", cell.id, value=_value(node))
                    elif is_exported or CONSTANT.fullmatch(name):
                        yield Offer(name, "constant", cell.id, value=_value(node))


def _class(node: ast.ClassDef, cell: Cell) -> Iterator[Offer]:
    methods = [one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    made = next((one for one in methods if one.name == "__init__"), None)
    yield Offer(node.name, "class", cell.id, _bound(made) if made else None)
    for method in methods:
        yield Offer(f"{node.name}.{method.name}", "function", cell.id, _bound(method))


def _bound(method: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[Argument, ...]:
    """A method's arguments as its caller gives them."""
    is_static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in method.decorator_list)
    return _arguments(method.args)[0 if is_static else 1 :]


def _parsed(source: str) -> ast.Module | None:
    """Python's own reading of a cell, without IPython's lines; None if it is no Python."""
    if len(source) > LONGEST or source.lstrip().startswith("%%"):
        return None
    lines = ["pass" if line.startswith(("%", "!", "?")) else line for line in source.split("\n")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _targets(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        for each in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            if isinstance(each, ast.Name):
                yield each.id


def _value(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.value) if node.value is not None else ""


def _arguments(given: ast.arguments) -> tuple[Argument, ...]:
    plain = [*given.posonlyargs, *given.args]
    needed = len(plain) - len(given.defaults)
    found = [
        Argument(one.arg, "positional" if place < len(given.posonlyargs) else "any", place < needed)
        for place, one in enumerate(plain)
    ]
    if given.vararg:
        found.append(Argument(given.vararg.arg, "*", False))
    found += [
        Argument(one.arg, "keyword", default is None)
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    if given.kwarg:
        found.append(Argument(given.kwarg.arg, "**", False))
    return tuple(found)


# --- outputs -------------------------------------------------------------------------------------------------------


def _results(cell: Cell) -> Iterator[Offer]:
    """The outputs that others find again: kept under a name, or made to be looked at."""
    shown = 0
    for output in cell.data.get("outputs") or ():
        data = output.get("data") if isinstance(output, dict) else None
        if not isinstance(data, dict):
            continue
        for name in _scraps(data):
            yield Offer(name, "result", cell.id)
        shown += any(str(kind).startswith(FIGURES) for kind in data)
    if shown:
        yield Offer(_title(cell), "figure", cell.id)


def _scraps(data: dict[str, Json]) -> Iterator[str]:
    for kind, value in data.items():
        if kind.startswith(SCRAP) and isinstance(value, dict) and isinstance(value.get("name"), str):
            yield value["name"]


def _title(cell: Cell) -> str:
    """What a figure is known by: its cell's id, which stays while the cell is edited or moved."""
    return cell.id or cell.source[:60]
