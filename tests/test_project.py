"""The rules of the house, kept by machine: contracts, lint, format, types, words, docstrings, sizes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
SOURCES = sorted((HOME / "gitcollab").rglob("*.py"))
TESTS = sorted((HOME / "tests").rglob("*.py"))
HOOKS = sorted((HOME / "hooks").rglob("*.py"))

NEVER = {"manager", "helper", "helpers", "util", "utils", "common", "core", "handle", "process", "info"}
"""Words that say nothing about what a thing is; ``base`` names no module either (it is a good git word elsewhere)."""

IMPOSED = {"process_bind_param", "process_result_value", "render", "upgrade", "downgrade"}
"""Names that a library asks for, and documents."""

LONGEST, LONGEST_TEST = 400, 600
"""Lines of one file."""


@pytest.mark.parametrize(
    "command",
    [["lint-imports"], ["ruff", "check"], ["ruff", "format", "--check", "--diff"], ["mypy"]],
    ids=["contracts", "lint", "format", "types"],
)
def test_the_checkers_have_nothing_to_say(command: list[str]) -> None:
    ran = subprocess.run(
        [PROGRAMS / command[0], *command[1:]], cwd=HOME, capture_output=True, text=True, check=False
    )
    assert 0 == ran.returncode, ran.stdout + ran.stderr


def test_names_say_what_things_are() -> None:
    assert [] == [
        f"{where}: {name}"
        for path in SOURCES + HOOKS
        for where, name in names_in(path)
        if (NEVER & set(words_of(name)) and name not in IMPOSED)
        or (name == path.stem and "base" in words_of(name))
    ]


def test_every_public_name_says_what_it_promises() -> None:
    assert [] == [name for path in SOURCES for name in undocumented(path)]


def test_files_are_short_enough_to_be_read() -> None:
    longest = {path: LONGEST_TEST if path in TESTS else LONGEST for path in SOURCES + TESTS + HOOKS}
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in longest}
    assert {} == {
        str(path.relative_to(HOME)): lengths[path] for path in longest if lengths[path] > longest[path]
    }


def test_no_two_test_files_of_one_room_shadow_each_other() -> None:
    named = [path.relative_to(HOME) for path in TESTS if path.name.startswith("test_")]
    assert len(named) == len(set(named))


def test_nothing_names_a_place_on_the_machine_it_was_written_on() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=HOME, capture_output=True, check=True).stdout
    found = []
    for name in filter(None, tracked.decode().split("\0")):
        text = (HOME / name).read_bytes() if (HOME / name).is_file() else b""
        found += (
            [name]
            if re.search(rb"(?<![\w.])/(?:work|tmp/v|root)/(?:main|shared|bin|\.library)", text)
            else []
        )
    assert [] == [name for name in found if name != "tests/test_project.py"]


def names_in(path: Path) -> Iterator[tuple[str, str]]:
    """The names that a module gives: its own, and those of its classes and functions."""
    where = str(path.relative_to(HOME))
    yield where, path.stem
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{where}:{node.lineno}", node.name


def words_of(name: str) -> list[str]:
    """``ReadHTMLFile`` and ``read_html_file`` are read, html, file."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def undocumented(path: Path) -> Iterator[str]:
    """Public modules, classes, functions and methods of a file that have no docstring."""
    module = ast.parse(path.read_bytes())
    where = str(path.relative_to(HOME))
    if path.stat().st_size and ast.get_docstring(module) is None:
        yield where
    yield from _undocumented(module, where)


def _undocumented(scope: ast.Module | ast.ClassDef, where: str) -> Iterator[str]:
    for node in scope.body:
        is_named = isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if not is_named or node.name.startswith("_") or is_excused(node):
            continue
        if ast.get_docstring(node) is None:
            yield f"{where}:{node.lineno} {node.name}"
        if isinstance(node, ast.ClassDef):
            yield from _undocumented(node, where)


def is_excused(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Overloads and setters are told at their other half; what a library or a protocol asks for is told there."""
    names = {ast.unparse(mark) for mark in node.decorator_list}
    return (
        node.name in IMPOSED
        or ast.unparse(node.body[0]) == "..."
        or bool(names & {"overload", "typing.overload", "override"})
        or any(n.endswith(".setter") for n in names)
    )
