"""What is printable in a binary file, and long enough to be a secret."""

from __future__ import annotations

from gitcollab.flow.arriving import rows


def test_the_printable_rows_of_a_binary_file_are_all_that_is_looked_at() -> None:
    data = b"\x89PNG\0\0short\0exactly12345\xff\0two\nlines of text\x01" + b"x" * 12
    assert [b"exactly12345", b"two\nlines of text", b"x" * 12] == list(rows(data))
    assert [] == list(rows(b"\0" * 99))
    assert [] == list(rows(b""))
