"""The manual, the command line, the client and the API agree; and each numbered case of merging is as it says."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from typer.main import get_command

from gitcollab import settings
from gitcollab.cli import pages
from gitcollab.cli.app import app
from gitcollab.client import Answer, Client
from gitcollab.notebooks import is_volatile, merge, problems
from gitcollab.web import public, stream
from gitcollab.web.api import DOORS

MANUAL = {name: pages.page(name) for name in pages.pages()}
ROUTES = {
    f"{door.method} {re.sub(r':path', '', door.path)}" for door in (*DOORS, *stream.DOORS, *public.DOORS)
}
COMMANDS = get_command(app).commands


def test_every_route_is_in_the_manual_and_no_other() -> None:
    written = set(re.findall(r"^\| `((?:GET|PUT|POST|DELETE) /[^`? ]+)", MANUAL["http"], re.MULTILINE))
    assert ROUTES | {"GET /health", "GET /api/openapi.json"} == written


def test_every_command_is_in_the_manual_and_no_other() -> None:
    written = set(
        re.findall(
            r"gitcollab ([a-z][a-z-]+)\b",
            "\n".join(re.findall(r"`[^`]*`|^    .*$", " ".join(MANUAL.values()), re.MULTILINE)),
        )
    )
    assert set(COMMANDS) - {"help"} <= written
    assert written <= set(COMMANDS)


def test_every_option_that_the_manual_writes_is_one_of_its_command() -> None:
    for page, text in MANUAL.items():
        for command, rest in re.findall(r"^    gitcollab ([a-z-]+)(.*)$", text, re.MULTILINE):
            for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest.partition("   ")[0]):
                assert option in options(command), f"{page}: gitcollab {command} has no {option}"


def test_every_variable_that_the_manual_writes_is_a_setting_or_the_clients() -> None:
    written = set(re.findall(r"GITCOLLAB_([A-Z_]+)", " ".join(MANUAL.values())))
    assert set() == written - {name.upper() for name in settings.NAMES} - {"ROOT", "URL", "TOKEN"}


def options(command: str) -> set[str]:
    known = COMMANDS[command]
    return {
        opt
        for one in (known, *getattr(known, "commands", {}).values())
        for p in one.params
        for opt in (*p.opts, *p.secondary_opts)
    }


@pytest.mark.parametrize("page", sorted(MANUAL))
def test_a_page_begins_with_its_title_and_its_references_are_there(page: str) -> None:
    assert re.match(r"# \w", MANUAL[page])
    assert "\r" not in MANUAL[page]
    for name in re.findall(r"gitcollab help ([a-z-]+)", MANUAL[page]):
        assert name in MANUAL


def test_every_verb_of_the_client_asks_a_route_that_there_is() -> None:
    asked = set()

    def noted(method: str, path: str, *_: Any, **__: Any) -> Answer:
        asked.add((method, path.partition("?")[0]))
        return Answer(200, {}, b"[]" if method == "GET" or path.endswith("/sweep") else b"{}")

    client = Client("http://127.0.0.1:9")
    client.transport.ask = noted  # type: ignore[method-assign]
    values = {
        "collab": "cabcdefg23",
        "session": "ana/default",
        "path": "nb/a.ipynb",
        "data": b"",
        "user": "ben",
    }
    for name, verb in inspect.getmembers(client, inspect.ismethod):
        if name.startswith("_") or name in {"close", "share", "events", "resolve"}:
            continue
        needed = [p.name for p in inspect.signature(verb).parameters.values() if p.default is p.empty]
        verb(*(values.get(parameter, "x") for parameter in needed))
    client.save("cabcdefg23", "ana/default", "nb/a.ipynb", None)
    client.audit("cabcdefg23")
    client.remove_name("ben", "git", "x")
    patterns = {
        route: re.compile(re.sub(r"\{path\}", ".+", re.sub(r"\{(?!path)\w+\}", "[^/]+", route)))
        for route in ROUTES
    }
    for method, path in sorted(asked - {("GET", "/health")}):
        assert any(p.fullmatch(f"{method} {path}") for p in patterns.values()), f"no route {method} {path}"
    unused = {r for r, p in patterns.items() if not any(p.fullmatch(f"{m} {path}") for m, path in asked)}
    assert {"GET /api/collabs/{id}/events", "GET /api/collabs/{id}/resolve"} == unused


# --- the numbered cases of merging.md ---------------------------------------------------------------------------------

Cell = dict[str, Any]


def cell(id: str, source: str = "", **more: Any) -> Cell:
    made = {
        "cell_type": "code",
        "execution_count": None,
        "id": id,
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    return {**made, **more}


def book(*cells: Cell, **metadata: Any) -> bytes:
    return json.dumps(
        {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    ).encode()


def run(text: str, count: int) -> dict[str, Any]:
    return {"outputs": [{"name": "stdout", "output_type": "stream", "text": text}], "execution_count": count}


A, B, C = cell("a", "x = 1"), cell("b", "y = 1"), cell("c", "z = 1")
THREE = book(A, B, C)
LINES = "first = 1\nsecond = 2\nthird = 3\n"


def sources(notebook: bytes) -> dict[str, str]:
    return {c["id"]: "".join(c["source"]) for c in json.loads(notebook)["cells"]}


def clean(base: bytes, ours: bytes, theirs: bytes) -> list[Cell]:
    """Merges, finds nothing contested, and returns the cells."""
    made = merge(base, ours, theirs)
    assert () == made.contested
    assert () == problems(made.notebook)
    cells: list[Cell] = json.loads(made.notebook)["cells"]
    return cells


def case_1() -> None:
    ana, ben = book(cell("a", "x = 2"), B, C), book(A, B, cell("c", "z = 2"))
    assert ["x = 2", "y = 1", "z = 2"] == ["".join(c["source"]) for c in clean(THREE, ana, ben)]


def case_2() -> None:
    ana, ben = LINES.replace("first = 1", "first = 10"), LINES.replace("third = 3", "third = 30")
    (merged,) = clean(book(cell("a", LINES)), book(cell("a", ana)), book(cell("a", ben)))
    assert "first = 10\nsecond = 2\nthird = 30\n" == "".join(merged["source"])


def case_3() -> None:
    made = merge(book(A), book(cell("a", "x = 2")), book(cell("a", "x = 3")))
    assert [("a", "source", "x = 1", "x = 2", "x = 3")] == [
        (i.cell, i.field, i.base, i.shared, i.session) for i in made.contested
    ]
    assert {"a": "x = 2"} == sources(made.notebook)


def case_4() -> None:
    same = book(cell("a", "x = 2"), B)
    assert ["x = 2", "y = 1"] == ["".join(c["source"]) for c in clean(book(A, B), same, same)]


def case_5() -> None:
    merged = clean(book(A, B), book(A, cell("n", "ana = 1"), B), book(A, cell("m", "ben = 1"), B))
    assert ["a", "b", "m", "n"] == sorted(c["id"] for c in merged)
    assert ("a", "b") == (merged[0]["id"], merged[-1]["id"])


def case_6() -> None:
    assert ["a", "c"] == [c["id"] for c in clean(THREE, book(A, C), THREE)]


def case_7() -> None:
    for sides in ((book(A, C), book(A, cell("b", "y = 2"), C)), (book(A, cell("b", "y = 2"), C), book(A, C))):
        made = merge(THREE, *sides)
        assert ["b"] == [item.cell for item in made.contested]
        assert "y = 2" == sources(made.notebook)["b"]


def case_8() -> None:
    merged = clean(THREE, book(C, A, B), book(A, B, cell("c", "z = 2")))
    assert [("c", "z = 2"), ("a", "x = 1"), ("b", "y = 1")] == [
        (c["id"], "".join(c["source"])) for c in merged
    ]


def case_9() -> None:
    base, ana, ben = (book(cell("a", "f()", **run(text, n))) for text, n in (("1", 1), ("2", 2), ("3", 3)))
    made = merge(base, ana, ben)
    assert () == made.contested
    (merged,) = json.loads(made.notebook)["cells"]
    assert ("3", 3) == ("".join(merged["outputs"][0]["text"]), merged["execution_count"])


def case_10() -> None:
    base = book(cell("a", "f()", **run("1", 1)))
    edited = book(cell("a", "g()", **run("edited", 5)))
    rerun = book(cell("a", "f()", **run("again", 9)))
    for sides in ((edited, rerun), (rerun, edited)):
        (merged,) = clean(base, *sides)
        assert ("g()", "edited") == ("".join(merged["source"]), "".join(merged["outputs"][0]["text"]))


def case_11() -> None:
    base, ana, ben = (
        book(cell("a", "", metadata={"tags": tags})) for tags in (["x"], ["x", "y"], ["x", "z"])
    )
    (merged,) = clean(base, ana, ben)
    assert ["x", "y", "z"] == sorted(merged["metadata"]["tags"])


def case_12() -> None:
    base, ana, ben = (
        book(A, language_info={"name": "python", "version": v}) for v in ("3.11", "3.12", "3.13")
    )
    made = merge(base, ana, ben)
    assert () == made.contested
    assert "3.13" == json.loads(made.notebook)["metadata"]["language_info"]["version"]
    assert is_volatile(base, ana)


def case_13() -> None:
    made = merge(THREE, THREE.replace(b"x = 1", b"x = 2"), b"\xff half")
    assert ["file"] == [item.field for item in made.contested]
    assert b"\xff half" == made.contested[0].session
    assert THREE.replace(b"x = 1", b"x = 2") == made.notebook


def one_source(base: str, ana: str, ben: str) -> str:
    (merged,) = clean(book(cell("a", base)), book(cell("a", ana)), book(cell("a", ben)))
    return "".join(merged["source"])


def case_14() -> None:
    assert "f(1)\ng(2)" == one_source("f(0)\ng(0)", "f(1)\ng(0)", "f(0)\ng(2)")
    assert "a.g(x)" == one_source("b.f(x)", "a.f(x)", "b.g(x)")
    assert merge(book(cell("a", "f(0)")), book(cell("a", "f(0, 1)")), book(cell("a", "f(2)"))).contested


def case_15() -> None:
    wrapped = "f(\n    one=1,\n    two=2,\n    three=3,\n)\ng()"
    base, ben = (f"f(one=1, two={n}, three=3)\ng()" for n in (2, 5))
    assert wrapped.replace("2", "5") == one_source(base, wrapped, ben)
    base, quoted, ben = "f('a b')\ng()", 'f("a b")\ng()', "f('a' 'b')\ng()"
    made = merge(*(book(cell("a", text)) for text in (base, quoted, ben)))
    assert ((), ["session"]) == (made.contested, [note.taken for note in made.noted])
    assert {"a": ben} == sources(made.notebook)


def case_16() -> None:
    base, ana = "import a\nfrom b import old_name\n", "import a\nfrom b import new_name\n"
    ben = "import z\nfrom b import new_name\nfrom d import e\n"
    assert ben == one_source(base, ana, ben)


def case_17() -> None:
    made = merge(*(book(cell("a", f"{text}\ng()")) for text in ("f(1)", "# f(1)", "f(2)")))
    assert ["source"] == [item.field for item in made.contested]


def case_18() -> None:
    assert "import a\nimport b\nx()" == one_source("x()", "import b\nx()", "import a\nx()")
    assert "import a, b\n" == one_source("import z\n", "import a\n", "import a, b\n")
    items = "- bee\n{}- fox\n"
    assert "- bee\n- cat\n- dog\n- fox\n" == one_source(*map(items.format, ("", "- dog\n", "- cat\n")))
    assert merge(book(cell("a", "f()")), book(cell("a", "f()\ng()")), book(cell("a", "f()\nh()"))).contested


def case_19() -> None:
    text = "first_line_of_it = 1\nsecond_line_of_it = 2\n"
    base = book(cell("b", "y = 1"))
    merged = clean(base, book(cell("b", f"{text}y = 1")), book(cell("n", text), cell("b", "y = 1")))
    assert [f"{text}y = 1"] == ["".join(c["source"]) for c in merged]


def case_20() -> None:
    half = {"outputs": [{"output_type": "error", "evalue": "too late", "traceback": []}]}
    merged = clean(book(A, B), book(cell("a", "x = 2"), B), book(A, cell("b", "y = 1", **half)))
    assert "too late" == merged[1]["outputs"][0]["evalue"]


def case_21() -> None:
    d, e = cell("d", "v = 1"), cell("e", "w = 1")
    base, ana, ben = book(A, B, C, d, e), book(B, C, A, d, e), book(B, C, d, e, A)
    made = merge(base, ana, ben)
    assert [("a", "place", 0, 2, 4, "shared")] == [
        (n.cell, n.field, n.base, n.shared, n.session, n.taken) for n in made.noted
    ]
    assert ["b", "c", "a", "d", "e"] == [c["id"] for c in json.loads(made.notebook)["cells"]]


CASES: dict[int, Callable[[], None]] = {
    int(name.removeprefix("case_")): case
    for name, case in list(globals().items())
    if name.startswith("case_")
}


def test_the_manual_and_the_tests_number_the_same_cases() -> None:
    assert sorted(CASES) == [int(n) for n in re.findall(r"^\| (\d+) \|", MANUAL["merging"], re.MULTILINE)]


@pytest.mark.parametrize("number", sorted(CASES))
def test_a_numbered_case_comes_out_as_the_manual_says(number: int) -> None:
    CASES[number]()
