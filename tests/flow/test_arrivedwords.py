"""Suspected secrets in the names and messages of a push: where they are told, and that they are not repeated."""

from __future__ import annotations

import pytest

from gitcollab.acts.pushing import PushedSecret
from gitcollab.flow.arrivedwords import Words
from gitcollab.repository import Brought

KEY = "ghp" + "_" + "abcdefghijklmnopqrstuvwxyz0123456789"
OID, COMMIT = "a" * 40, "c" * 40


def tree(*names: str) -> bytes:
    return b"".join(b"100644 " + name.encode() + b"\0" + b"7 \0\n" * 5 for name in names)


def brought(path: str, *, is_named: bool = True) -> Brought:
    return Brought(commit=COMMIT, path=path, oid=OID, old=None, is_named=is_named)


def places(words: Words) -> list[tuple[str, str, str]]:
    return [(one.field, one.path, one.commit) for one in words.told(lambda oid: True)]


@pytest.mark.parametrize(
    ("change", "there", "told"),
    [
        (brought(f"dir/{KEY}.txt"), set(), [("name", "dir/ghp\u2026.txt", COMMIT)]),
        (brought(f"dir/{KEY}.txt"), {f"dir/{KEY}.txt"}, []),
        (brought(f"dir/{KEY}.txt", is_named=False), set(), []),
        (brought("dir/another.txt"), set(), []),
    ],
)
def test_a_name_is_told_where_a_new_commit_gives_it(change, there, told) -> None:
    words = Words()
    words.look(OID, "tree", tree("clean.txt", f"{KEY}.txt"))
    assert words.has_names
    words.see(change, lambda path: path in there)
    assert told == places(words)


def test_a_message_is_told_with_its_line_and_only_of_a_new_commit() -> None:
    words = Words()
    words.look(COMMIT, "commit", f"tree {OID}\nauthor A <a@b>\n\nSubject\n\n{KEY}\n".encode())
    (one,) = words.told(lambda oid: True)
    assert ("message", 3, COMMIT, "") == (one.field, one.line, one.commit, one.path)
    assert KEY not in str(one)
    assert [] == list(words.told(lambda oid: False))


def test_clean_names_and_messages_ask_nothing() -> None:
    words = Words()
    words.look(OID, "tree", tree("a.txt", "b.txt") * 50)
    words.look(COMMIT, "commit", b"tree x\n\nSubject\n")
    assert (False, []) == (words.has_names, places(words))


@pytest.mark.parametrize(
    ("field", "path", "commit", "place"),
    [
        ("file", "a.txt", COMMIT, "a.txt, line 2 (commit cccccccc)"),
        ("source", "a.ipynb", COMMIT, "a.ipynb, cell c1, source, line 2 (commit cccccccc)"),
        ("name", "a.txt", COMMIT, "the name of a.txt (commit cccccccc)"),
        ("message", "", COMMIT, "message of commit cccccccc, line 2"),
        ("message", "", "", "the option message"),
        ("file", "", "", "an object that is in no file"),
    ],
)
def test_a_place_is_said_in_words(field: str, path: str, commit: str, place: str) -> None:
    cell = "c1" if field == "source" else None
    one = PushedSecret(
        kind="k", path=path, commit=commit, cell=cell, field=field, line=2, excerpt="", digest=""
    )
    assert place == one.place
