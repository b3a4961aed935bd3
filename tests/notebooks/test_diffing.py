from __future__ import annotations

import io
import json
import re
import sys
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitcollab.notebooks import Diff, diff

TOKEN = re.compile(r"[bot]tok\d+")


@pytest.fixture(scope="session")
def patched() -> Any:
    """nbdime's own patch of nbformat's own reading."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("nbdime")
        from nbdime.diff_format import validate_diff
        from nbdime.diff_utils import to_diffentry_dicts
        from nbdime.patching import patch_notebook
        from nbformat.v4 import nbjson

    def patched(before: bytes, found: Diff) -> Any:
        ops = to_diffentry_dicts(found.nbdime())
        validate_diff(ops, deep=True)
        return patch_notebook(nbjson.reads(before.decode()), ops), nbjson.reads

    return patched


def test_nbdimes_patch_makes_the_newer_notebook(making: Any, patched: Any) -> None:
    @settings(max_examples=making.examples(300), deadline=None)
    @given(seed=st.integers(0, 2**40))
    def check(seed: int) -> None:
        _, before, after = making.triple(seed, 4 if seed % 5 == 0 else 5)
        found, reads = patched(before, diff(before, after))
        assert reads(after.decode()) == found

    check()


@pytest.fixture(scope="session")
def viewed() -> Any:
    """What nbdime's own viewer prints of a diff."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("nbdime")
        from nbdime.diff_utils import to_diffentry_dicts
        from nbdime.prettyprint import PrettyPrintConfig, pretty_print_notebook_diff
        from nbformat.v4 import nbjson

    def viewed(before: bytes, found: Diff) -> str:
        out = io.StringIO()
        config = PrettyPrintConfig(out=out, use_git=False, use_diff=False, use_color=False)
        notebook = nbjson.reads(before.decode())
        pretty_print_notebook_diff("a", "b", notebook, to_diffentry_dicts(found.nbdime()), config)
        return out.getvalue()

    return viewed


def test_nbdimes_viewer_shows_every_change(making: Any, viewed: Any) -> None:
    @settings(max_examples=making.examples(60), deadline=None)
    @given(seed=st.integers(0, 2**40))
    def check(seed: int) -> None:
        _, before, after = making.triple(seed, 4 if seed % 5 == 0 else 5)
        shown = viewed(before, diff(before, after))
        new = set(TOKEN.findall(after.decode())) - set(TOKEN.findall(before.decode()))
        assert [] == [token for token in new if token not in shown]

    check()


def changed(making: Any, edit: Any) -> Diff:
    maker = making.Maker(7)
    before = maker.notebook(5)
    for cell in before["cells"]:
        cell |= {"cell_type": "code", "outputs": [], "execution_count": None}
    after = json.loads(making.written(before))
    edit(after["cells"])
    return diff(making.written(before), making.written(after))


def kinds(found: Diff) -> list[str]:
    return [change.kind for change in found.changes]


def test_a_moved_cell_is_moved_and_nothing_else(making: Any) -> None:
    found = changed(making, lambda cells: cells.insert(4, cells.pop(0)))
    assert ["moved"] == kinds(found)
    assert (0, 4) == (found.changes[0].before_index, found.changes[0].after_index)


def test_a_moved_and_edited_cell_is_one_cell(making: Any) -> None:
    def edit(cells: Any) -> None:
        cells[0]["source"].append("\nmore()")
        cells.insert(4, cells.pop(0))

    assert ["moved", "source"] == kinds(changed(making, edit))


def test_a_run_changes_outputs_and_is_told_by_kind(making: Any) -> None:
    def edit(cells: Any) -> None:
        html = {"text/html": ["<table>\n", "</table>"], "text/plain": ["a  b"]}
        cells[1]["outputs"] = [
            {"name": "stdout", "output_type": "stream", "text": ["hello\n"]},
            {"data": html, "metadata": {}, "output_type": "display_data"},
            {"data": {"image/png": "AA=="}, "metadata": {}, "output_type": "display_data"},
        ]

    found = changed(making, edit)
    assert ["outputs"] == kinds(found)
    assert [("stream", "+"), ("table", "+"), ("image", "+")] == [
        (o.kind, o.sign) for o in found.cells[1].outputs()
    ]
    assert "hello\n\n[table]\n[image]" == found.changes[0].after


def test_a_count_alone_is_volatile(making: Any) -> None:
    found = changed(making, lambda cells: cells[0].update(execution_count=4))
    assert [True, False] == [found.cells[0].is_volatile, found.cells[1].is_volatile]


def test_a_split_cell_is_told_as_one(making: Any) -> None:
    def edit(cells: Any) -> None:
        whole = ["a = first()\n", "b = second()\n", "c = third()\n", "d = fourth()"]
        cells[2]["source"] = whole[:2]
        cells.insert(3, cells[2] | {"id": "piece", "source": whole[2:]})

    maker = making.Maker(7)
    before = maker.notebook(5)
    before["cells"][2] |= {
        "cell_type": "code",
        "outputs": [],
        "execution_count": None,
        "source": ["a = first()\n", "b = second()\n", "c = third()\n", "d = fourth()"],
    }
    after = json.loads(making.written(before))
    edit(after["cells"])
    found = diff(making.written(before), making.written(after))
    assert [before["cells"][2]["id"]] == [cell.split_from for cell in found.cells if cell.kind == "added"]
    back = diff(making.written(after), making.written(before))
    assert [before["cells"][2]["id"]] == [cell.joined_into for cell in back.cells if cell.kind == "removed"]


def test_lines_and_then_words_within_them(making: Any) -> None:
    def edit(cells: Any) -> None:
        cells[0]["source"] = ["plot(alpha, beta)\n", "end"]

    def begin(cells: Any) -> None:
        cells[0]["source"] = ["plot(alpha, gamma)\n", "end"]

    maker = making.Maker(7)
    before = maker.notebook(1)
    begin(before["cells"])
    after = json.loads(making.written(before))
    edit(after["cells"])
    lines = diff(making.written(before), making.written(after)).cells[0].lines()
    assert [("-", ((12, 17),)), ("+", ((12, 16),)), (" ", ())] == [(line.sign, line.spans) for line in lines]


def test_metadata_that_programs_write_is_told_apart(making: Any) -> None:
    before = making.Maker(7).notebook(1)
    after = json.loads(making.written(before))
    after["metadata"] |= {"language_info": {"name": "python", "version": "3.13"}, "title": "x"}
    found = diff(making.written(before), making.written(after))
    assert (("title",), ("language_info",)) == (found.notebook_metadata, found.volatile_metadata)


@pytest.mark.parametrize("data", [b"{", b"\xff", b"[1]"])
def test_what_cannot_be_read_is_said_and_not_raised(making: Any, data: bytes) -> None:
    found = diff(making.triple(3)[0], data)
    assert ((), True) == (found.cells, bool(found.problem))
