"""An alias is authors, a colon and a stem; people may write it as they like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitcollab.store import aliases
from gitcollab.store.aliases import Reference


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cabcdefghi", Reference(id="cabcdefghi")),
        (" cabcdefghi\n", Reference(id="cabcdefghi")),
        ("alice,bob:analysis", Reference(authors=frozenset({"alice", "bob"}), stem="analysis")),
        ("bob , alice : analysis", Reference(authors=frozenset({"alice", "bob"}), stem="analysis")),
        ("alice:My Notes", Reference(authors=frozenset({"alice"}), stem="My Notes")),
        ("alice:a:b", Reference(authors=frozenset({"alice"}), stem="a:b")),
        ("analysis", Reference(stem="analysis")),
        ("analysis.ipynb", Reference(stem="analysis")),
        ("Alice:analysis", Reference(stem="Alice:analysis")),
        ("", Reference()),
        (":", Reference(stem=":")),
        ("cafe\u0301", Reference(stem="café")),
    ],
)
def test_a_text_asks_for_an_id_or_authors_and_a_stem(text: str, expected: Reference) -> None:
    assert expected == aliases.parse(text)


@given(st.text())
def test_any_text_can_be_parsed(text: str) -> None:
    assert isinstance(aliases.parse(text), Reference)
    aliases.split_version(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("analysis:1.2.0", ("analysis", "1.2.0")),
        ("a,b:analysis:1.2.0", ("a,b:analysis", "1.2.0")),
        ("a,b:analysis", ("a,b:analysis", "")),
        ("analysis:v1.2.0", ("analysis", "1.2.0")),
        ("cabcdefghi:10.20.30", ("cabcdefghi", "10.20.30")),
        ("analysis:1.2", ("analysis:1.2", "")),
    ],
)
def test_a_version_is_told_apart_from_an_alias(text: str, expected: tuple[str, str]) -> None:
    assert expected == aliases.split_version(text)


@pytest.mark.parametrize(
    ("title", "paths", "expected"),
    [
        ("Rain", ("notes.md", "sub/analysis.ipynb", "z.ipynb"), "analysis"),
        ("Rain in Kenya!", ("notes.md",), "rain-in-kenya"),
        ("Rain", ("directory",), "rain"),
        ("雨 2026", (), "雨-2026"),
        ("!?", (), "untitled"),
        ("", (".ipynb",), ".ipynb"),
        ("x" * 100, (), "x" * 64),
    ],
)
def test_the_stem_is_the_first_notebooks_or_the_titles(
    title: str, paths: tuple[str, ...], expected: str
) -> None:
    assert expected == aliases.stem_of(title, paths)


def test_authors_stand_in_order() -> None:
    assert "alice,bob,c.d:analysis" == aliases.alias({"c.d", "bob", "alice"}, "analysis")
