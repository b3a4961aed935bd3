"""Python's colours."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from gitcollab.web.render import python

SOURCE = '''@cached
def rain(day, *, unit="mm"):  # a comment with "quotes" in it
    """Of one day.

    for example"""
    return sum(x.print for x in f'{day}') + 0xFF + 1_000.5e-3j if day is not None else r"\\d"
class Tide(Rain): pass
matches = 3; λ = "unclosed
%matplotlib inline'''  # a name in Greek


def kinds(text: str) -> list[tuple[str, str]]:
    return [(kind, piece) for kind, piece in python.spans(text) if kind]


def test_words_are_what_they_are_in_python() -> None:
    found = kinds(SOURCE)
    for expected in (
        ("d", "@cached"), ("k", "def"), ("f", "rain"), ("s", '"mm"'), ("c", '# a comment with "quotes" in it'),
        ("s", '"""Of one day.\n\n    for example"""'), ("b", "sum"), ("k", "not"), ("k", "None"), ("m", "0xFF"),
        ("m", "1_000.5e-3j"), ("f", "Tide"), ("s", "f'{day}'"), ("s", 'r"\\d"'), ("s", '"unclosed'),
    ):  # fmt: skip
        assert expected in found
    assert "print" not in [piece for _, piece in found]


@pytest.mark.parametrize(
    "text", ["", "'", '"""', "\\", "'\\", "def ", "@", "0x", "\u0301", SOURCE, "\t\n\n", "r'''\\'''"]
)
def test_nothing_is_lost_or_added(text: str) -> None:
    assert text == "".join(piece for _, piece in python.spans(text))


@pytest.mark.parametrize(
    "text", ['"' * 60_000, "'''" + "\\'" * 30_000, "@" * 60_000, "0" * 60_000, "r" * 60_000]
)
def test_hostile_text_takes_as_long_as_any(text: str) -> None:
    begun = time.process_time()
    python.spans(text)
    assert time.process_time() - begun < 10


def test_our_own_sources_come_out_whole() -> None:
    for path in sorted(Path(python.__file__).parent.glob("*.py")):
        text = path.read_text()
        assert text == "".join(piece for _, piece in python.spans(text))
