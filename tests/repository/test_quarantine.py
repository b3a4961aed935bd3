"""What git says that new commits have changed."""

from __future__ import annotations

from gitcollab.repository.quarantine import Brought, read_changes

A, B, NONE = "a" * 40, "b" * 40, "0" * 40


def test_changes_are_read_with_what_the_file_was_before_under_whatever_name() -> None:
    said = (
        f"\x01{A}\0\n:000000 100644 {NONE} {A} A\0new.txt\0:100644 100644 {A} {B} R090\0old: name\0a: b\0"
        f"\x01{B}\0\x01{A}\0\n:100644 000000 {A} {NONE} D\0gone\0:100644 100644 {A} {B} M\0odd\nname\0"
    )
    assert [
        Brought(commit=A, path="new.txt", oid=A, old=None, is_named=True),
        Brought(commit=A, path="a: b", oid=B, old=A, is_named=True),
        Brought(commit=A, path="odd\nname", oid=B, old=A),
    ] == list(read_changes(iter(said.split("\0"))))
