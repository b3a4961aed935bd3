"""What is shown of a notebook, and that nothing of it runs, loads, hides or breaks out."""

from __future__ import annotations

import base64
import html.parser
import json
import re
import time
from typing import Any

import pytest

from gitcollab import notebooks
from gitcollab.web import render
from gitcollab.web.render import ansi, code, lines, markup, outputs
from gitcollab.web.render.text import escape, visible

PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
).decode()
BREAKOUT = """"><script>canary()</script><img src=x onerror=canary()>'--></style></textarea>"""
SAFE_TAGS = {
    "span", "mark", "pre", "img", "table", "thead", "tbody", "tfoot", "tr", "td", "th", "p", "a", "em", "strong", "h2",
    "h3", "h4", "h5", "h6", "ul", "ol", "li", "br", "hr", "code", "blockquote", "div", "del", "s", "b", "i", "caption",
}  # fmt: skip
SAFE_ATTRIBUTES = {
    "class", "src", "alt", "width", "height", "loading", "decoding", "href", "rel", "title", "colspan", "rowspan",
    "scope", "start",
}  # fmt: skip


class Elements(html.parser.HTMLParser):
    """Every element and attribute of a piece of HTML, as a browser finds them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def is_harmless(text: str) -> bool:
    for tag, attributes in Elements(text).found:
        if tag not in SAFE_TAGS or attributes.keys() - SAFE_ATTRIBUTES:
            return False
        if not (attributes.get("src") or "data:image/").startswith("data:image/"):
            return False
        if not (attributes.get("href") or "https:").startswith(("http:", "https:", "mailto:")):
            return False
    return True


def notebook(*cells: dict[str, Any], **more: Any) -> bytes:
    full = [{"id": f"c{i}", "metadata": {}, "source": "", **cell} for i, cell in enumerate(cells)]
    return json.dumps({"cells": full, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def output(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}, **more}


def all_html(value: object) -> list[str]:
    """Every string that the templates put in as markup."""
    if isinstance(value, dict):
        return [text for key, each in value.items() for text in ([each] if key == "html" else all_html(each))]
    if isinstance(value, list | tuple):
        is_row = (
            len(value) == 5
            and isinstance(value[0], str)
            and value[0] in {"same", "added", "removed", "changed"}
        )
        return [value[2], value[4]] if is_row else [text for each in value for text in all_html(each)]
    return []


FORMS = [
    "text/html", "image/svg+xml", "text/markdown", "text/latex", "application/javascript", "text/plain", "image/png",
    "application/vnd.vegalite.v5+json", "application/vnd.jupyter.widget-view+json", "application/geo+json",
    "application/pdf", "application/json", BREAKOUT,
]  # fmt: skip
HOSTILE = [
    BREAKOUT,
    "<script>canary()</script>",
    "<table><tr><td onclick=canary() style='position:fixed' id=x class=take>x</td></tr></table>",
    '<a href="javascript:canary()">x</a> <a href="//evil.invalid">y</a> <a href="/signout">z</a>',
    '<img src="https://evil.invalid/p.png"><img src="data:image/svg+xml;base64,PHN2Zz4=">',
    "<svg><use href='data:x'/><script>canary()</script></svg><math><mtext><style><img src onerror=canary()></style>",
    "<form action=https://evil.invalid><input name=x></form><meta http-equiv=refresh content=0><base href=//evil>",
    "[x](javascript:canary()) ![y](https://evil.invalid/p.png) <https://evil.invalid> [z](data:text/html,x)",
    "![a](attachment:x.png) ![b](attachment:nothing)",
    "<noscript><p title='</noscript><img src=x onerror=canary()>'>",
    "$</span><script>canary()</script>$ $$\\href{javascript:canary()}{x}$$",
    "<a data-commandlinker-command=x data-commandlinker-args='{}'>x</a>",
    "\x1b]8;;https://evil.invalid\x07x\x1b]8;;\x07 \x1b]52;c;eA==\x07 \x1b[31m<b>red</b>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_hostile_notebook_becomes_active(text: str) -> None:
    attachments = {"x.png": {"image/png": PNG, "text/html": text}, text: {text: text}}
    shown = [output({form: text}) for form in FORMS]
    errors = {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]}
    streams = {"output_type": "stream", "name": text, "text": [text, text]}
    data = notebook(
        {"cell_type": "markdown", "source": text, "attachments": attachments},
        {"cell_type": "code", "source": text, "outputs": [*shown, errors, streams], "execution_count": text},
        {"cell_type": text, "source": text, "id": text, "metadata": {text: text, "tags": [text]}},
        metadata={"kernelspec": {"language": text, "display_name": text}, "language_info": {"name": text}},
    )
    for cells in (
        render.render_notebook(data),
        render.render_diff(notebooks.diff(notebook(), data).cells, text),
        render.render_diff(notebooks.diff(data, notebook({"cell_type": "raw", "source": "x"})).cells),
        render.render_text(text.encode()),
        render.render_text_diff(text.encode(), b"x", "python"),
    ):
        pieces = all_html(list(cells))
        assert pieces
        for piece in pieces:
            assert is_harmless(piece), piece


@pytest.mark.parametrize(
    "metadata",
    [
        {"image/png": {"width": '1" onload="canary()', "height": 2}}, {"width": -1, "height": 2},
        {"width": True, "height": True}, {"image/png": "x"}, [], {"width": 10**9, "height": 1},
        {"width": 1.5, "height": 2},
    ],
)  # fmt: skip
def test_a_size_that_is_no_number_in_range_is_ignored(metadata: Any) -> None:
    shown = outputs.output_of(output({"image/png": PNG}, metadata=metadata))
    ((tag, attributes),) = Elements(shown["html"]).found
    assert ("img", "1", "1") == (tag, attributes["width"], attributes["height"])


def test_a_size_in_range_is_kept() -> None:
    shown = outputs.output_of(output({"image/png": PNG}, metadata={"image/png": {"width": 30, "height": 20}}))
    assert ' width="30" height="20"' in shown["html"]


@pytest.mark.parametrize(
    ("form", "data", "said"),
    [
        ("image/png", base64.b64encode(b"<html>").decode(), "is not"),
        ("image/png", '"><script>', "damaged"),
        ("image/png", "A" * 15_000_000, "too large"),
        (
            "image/png",
            base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 8 + b"\x00\x01\x00\x00" * 2).decode(),
            "pixels",
        ),
        ("image/svg+xml", "<!DOCTYPE s [<!ENTITY a 'b'>]><svg>&a;</svg>", "cannot"),
        ("image/svg+xml", "<html>", "cannot"),
    ],
)
def test_a_picture_that_cannot_be_trusted_is_named(form: str, data: str, said: str) -> None:
    shown = outputs.output_of(output({form: data}))
    assert ("none", "") == (shown["kind"], shown["html"])
    assert said in shown["note"]


def test_what_would_have_to_run_is_named() -> None:
    shown = outputs.output_of(output({"application/vnd.plotly.v1+json": {}, "text/plain": "Figure"}))
    assert ("text", "Figure", "application/vnd.plotly.v1+json is not run here") == (
        shown["kind"], shown["html"], shown["note"],
    )  # fmt: skip


def test_a_table_stays_a_table() -> None:
    source = '<table class="dataframe"><tr><th colspan="2">a</th></tr><tr><td>1</td><td>2</td></tr></table>'
    shown = outputs.output_of(output({"text/html": source, "text/plain": "a"}))
    assert "table" == shown["kind"]
    assert '<th colspan="2">a</th>' in shown["html"]
    assert "dataframe" not in shown["html"]


def test_pieces_of_one_stream_are_one_output() -> None:
    streams = [
        {"output_type": "stream", "name": name, "text": name} for name in ("stdout", "stdout", "stderr")
    ]
    shown = outputs.outputs_of({"outputs": streams})
    assert ["stdoutstdout", "stderr"] == [each["html"] for each in shown]


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x1b", "\x00", "\u2028", "\ud800"])
def test_hidden_characters_are_shown_by_their_number(mark: str) -> None:
    number = f"⟦U+{ord(mark):04X}⟧"
    assert f"a{number}b" == visible(f"a{mark}b") == escape(f"a{mark}b")
    data = notebook(
        {"cell_type": "code", "source": f"a{mark}b"}, {"cell_type": "markdown", "source": f"a{mark}b"}
    )
    for cell in render.render_notebook(data):
        assert number in re.sub("<[^>]*>", "", cell["html"])


def test_a_mark_that_html_spells_out_is_shown_too() -> None:
    assert "⟦U+202E⟧" in markup.table("<p title='&#x202e;'>a&#x202e;b</p>")
    assert "⟦U+202E⟧" in markup.markdown("a&#x202e;b", {})


def test_terminal_colours_become_classes_and_nothing_else_stays() -> None:
    assert '<span class="ansi-bold ansi-fg-1">x</span>y' == ansi.html_of("\x1b[1;31mx\x1b[0my")
    assert '<span class="ansi-fg-9">x</span>' == ansi.html_of("\x1b[38;2;255;10;10mx")
    assert "done" == ansi.html_of("10%\r50%\rdone")
    assert "ab" == ansi.html_of("a\x1b[2J\x1b]0;title\x07b")


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[" * 100_000,
        "\x1b[" + ";" * 200_000,
        "\x1b]" * 100_000,
        "\x1b[1m" * 60_000,
        "\r" * 300_000,
        "\x1b" * 300_000,
    ],
)
def test_terminal_text_takes_linear_time(text: str) -> None:
    start = time.process_time()
    ansi.html_of(text)
    assert time.process_time() - start < 6


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000, "*a " * 15_000, "`" * 50_000, "> " * 20_000, "![" * 20_000, "<" * 50_000, "- " * 20_000,
        "a | b\n" * 9_000, "$" * 50_000, "\\" * 50_000, "# " * 20_000, "[a](" * 12_000, "&" * 50_000, "|" * 50_000,
    ],
)  # fmt: skip
def test_markdown_takes_bounded_time(text: str) -> None:
    markup.markdown("warm", {})
    start = time.process_time()
    assert is_harmless(markup.markdown(text, {}))
    assert time.process_time() - start < 6


@pytest.mark.parametrize(
    "text", ["<div>" * 45_000, "<table><tr><td>" * 15_000, "<b>" * 49_000, "</p>" * 49_000]
)
def test_html_takes_bounded_time(text: str) -> None:
    start = time.process_time()
    assert is_harmless(markup.table(text))
    assert time.process_time() - start < 6


@pytest.mark.parametrize(
    "text", ["'" * 50_000, '"' * 50_000, "f'{" * 15_000, "0" * 50_000, "(" * 50_000, "a\n" * 20_000]
)
def test_code_takes_bounded_time(text: str) -> None:
    code.lines_of("warm", "python")
    start = time.process_time()
    assert text == "\n".join("".join(part for _, part in line) for line in code.lines_of(text, "python"))
    assert time.process_time() - start < 6


def test_code_is_coloured_and_keeps_every_character() -> None:
    source = "import os  # why\n\ndef f(x):\n    return 'é<&>' + str(1)\n"
    rows = code.lines_of(source, "python")
    assert source == "\n".join("".join(text for _, text in line) for line in rows)
    assert '<span class="k">import</span> os  <span class="c"># why</span>' == code.html_of(rows[0])
    assert "&lt;&amp;&gt;" in code.html_of(rows[3])


def test_marks_cross_colours() -> None:
    assert '<span class="k">im</span><mark><span class="k">port</span> o</mark>s' == code.html_of(
        [("k", "import"), ("", " os")], [(2, 8)]
    )


def test_a_changed_line_marks_the_words_that_changed() -> None:
    rows = lines.rows("a = 1\nb = 2\n", "a = 1\nb = 3\nc = 4\n")
    assert [
        ("same", 1, "a = 1", 1, "a = 1"),
        ("changed", 2, "b = <mark>2</mark>", 2, "b = <mark>3</mark>"),
        ("added", None, "", 3, "c = 4"),
        ("same", 3, "", 4, ""),
    ] == [tuple(row) for row in rows]


def test_lines_that_have_nothing_in_common_are_not_called_changed() -> None:
    assert ["removed", "added"] == [row.kind for row in lines.rows("import numpy", "x = 3 + 4")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n" * 19_000, "b\n" * 19_000),
        ("x " * 5_000, "y " * 5_000),
        ("a\n" * 15_000, "a\n" * 15_001),
        ("é" * 9_000, "e" * 9_000),
    ],
)
def test_comparing_lines_takes_bounded_time(old: str, new: str) -> None:
    start = time.process_time()
    lines.rows(old, new)
    assert time.process_time() - start < 6


def test_a_difference_says_what_happened_to_each_cell() -> None:
    before = notebook(
        *[{"cell_type": "code", "source": text, "outputs": []} for text in ("a", "b\n" * 40, "c")]
    )
    cells = json.loads(before)["cells"]
    cells[1]["source"] = "b\n" * 20 + "x\n" + "b\n" * 20
    cells[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1"}]
    after = json.dumps(
        {
            **json.loads(before),
            "cells": [cells[0], cells[1], {**cells[2], "id": "new", "source": "some other text"}],
        }
    ).encode()
    found = {each["id"]: each for each in render.render_diff(notebooks.diff(before, after).cells)}
    assert {"c0": "changed", "c1": "changed", "new": "added", "c2": "removed"} == {
        id: each["kind"] for id, each in found.items()
    }
    assert (1, 0) == (found["c1"]["plus"], found["c1"]["minus"])
    assert [True, False, True] == [each["is_folded"] for each in found["c1"]["blocks"]]
    assert [[], ["1"]] == [[each["html"] for each in side] for side in found["c0"]["outputs"]]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [1, null]}', b"\xff\xfe", b"[" * 100_000, b"\0" * 10,
     b'{"cells": [{}]}',
     b'{"cells": [{"cell_type": "code", "source": 3, "outputs": 4, "id": 5, "execution_count": 1e999}]}',
     b'{"cells": [{"cell_type": "code", "outputs": [1, {"output_type": "display_data", "data": {"image/png": 3}}]}]}'],
)  # fmt: skip
def test_what_is_no_notebook_is_shown_as_what_it_is(data: bytes) -> None:
    for cell in render.render_notebook(data):
        assert {"id", "index", "type", "title", "html", "outputs"} <= cell.keys()


def test_a_file_that_is_not_text_says_its_size() -> None:
    (cell,) = render.render_text_diff(None, b"\0" * 3)
    assert ("added", "Not text: not there → 3 bytes") == (cell["kind"], cell["title"])


def test_a_picture_has_a_place_of_its_own_and_is_had_there() -> None:
    words = {"output_type": "stream", "name": "stdout", "text": "x"}
    data = notebook(
        {"cell_type": "code", "outputs": [words, output({"image/png": PNG})]},
        {"cell_type": "markdown", "source": "![x](attachment:x.png) ![y](/c/caaaaaaaaa/o/1.2/y)",
         "attachments": {"x.png": {"image/png": PNG}}},
    )  # fmt: skip
    code_cell, prose = render.render_notebook(data, render.Place("/c/ID/o/COMMIT", "a b.ipynb"))
    assert 'src="/c/ID/o/COMMIT/0.1/a%20b.ipynb"' in code_cell["outputs"][1]["html"]
    assert 'src="/c/ID/o/COMMIT/1.a0/a%20b.ipynb"' in prose["html"]
    assert 1 == prose["html"].count("src=")
    cells = json.loads(data)["cells"]
    found = render.piece(cells[0], "1"), render.piece(cells[1], "a0")
    assert [("image/png", base64.b64decode(PNG))] * 2 == [tuple(each or ()) for each in found]


@pytest.mark.parametrize("key", ["0", "1", "a0", "9", "x", "", "1hh", "-1", "a0h" * 9])
def test_what_is_no_picture_is_not_had(key: str) -> None:
    cell = {
        "outputs": [output({"text/plain": "x"}), output({"image/png": "AAAA"})],
        "attachments": {"x": {"text/html": "x"}},
    }
    assert render.piece(cell, key) is None


def test_what_would_run_is_had_for_a_sandbox_and_named_on_the_page() -> None:
    cell = {"cell_type": "code", "outputs": [output({"text/html": "<script>1</script>", "text/plain": "x"})]}
    ((shown,),) = [
        each["outputs"] for each in render.render_notebook(notebook(cell), render.Place("/p", "a"))
    ]
    assert ("its HTML is not run here", "/p/0.0h/a") == (shown["note"], shown["frame"])
    found = render.piece(cell, "0h")
    assert found is not None
    assert (render.FRAME, True) == (found.kind, b"<script>1</script>" in found.data)


def test_when_a_page_is_full_long_outputs_are_fetched_as_they_are_seen() -> None:
    long = {"output_type": "stream", "name": "stdout", "text": "x" * 50_000}
    cells = render.render_notebook(
        notebook(*[{"cell_type": "code", "outputs": [long]}] * 40), render.Place("/p", "a")
    )
    kinds = [each["outputs"][0]["kind"] for each in cells]
    assert ("text", "later", "/p/39.0p/a") == (kinds[0], kinds[-1], cells[-1]["outputs"][0]["later"])
    found = render.piece({"cell_type": "code", "outputs": [long]}, "0p")
    assert ("text/x-fragment", 50_000) == (found and (found.kind, len(found.data)))


def test_long_runs_of_unchanged_cells_are_counted_until_they_are_asked_for() -> None:
    before = notebook(*[{"cell_type": "code", "source": f"x = {k}"} for k in range(30)])
    after = notebook(*[{"cell_type": "code", "source": f"x = {k}" + "0" * (k == 20)} for k in range(30)])
    cells = notebooks.diff(before, after).cells
    drawn = [each["is_drawn"] for each in render.render_diff(cells)]
    assert ([False] * 20, [True], [False] * 9) == (drawn[:20], drawn[20:21], drawn[21:])
    assert [True] * 5 == [each["is_drawn"] for each in render.render_diff(cells, wanted=range(3, 8))]


def test_a_cell_of_very_many_lines_is_cut_and_the_rest_counted() -> None:
    before = notebook({"cell_type": "code", "source": ""})
    after = notebook({"cell_type": "code", "source": "x\n" * 5_000})
    (cell,) = render.render_diff(notebooks.diff(before, after).cells)
    assert (2_000, 3_001) == (sum(len(block["rows"]) for block in cell["blocks"]), cell["left"])
