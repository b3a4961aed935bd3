"""How the command line prints: JSON for programs, lines for people, nothing that drives a terminal."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from gitcollab.errors import GitcollabError

DRIVING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that move a cursor, recolour, or turn text round (Unicode TR36, CVE-2021-42574); not tab and newline."""


def plain(text: object) -> str:
    """Returns ``text`` with every character that could drive a terminal written out."""
    return DRIVING.sub(lambda found: found.group().encode("unicode_escape").decode(), str(text))


def say(text: object = "") -> None:
    """Prints one line for a person."""
    print(plain(text))


def aside(text: object) -> None:
    """Prints one line on stderr, where it is in nobody's pipe."""
    print(plain(text), file=sys.stderr)


def unsaved(made: Any) -> None:
    """Says on stderr whose unsaved work is no part of a version that was just made."""
    if made.get("unsaved"):
        aside(f"not part of it, for it is not saved yet: what {', '.join(made['unsaved'])} has open")


def complain(error: GitcollabError) -> None:
    """Prints an error and what to do about it."""
    aside(f"gitcollab: {error.message}")
    for candidate in _listed(error.data.get("candidates")):
        aside(f"  {candidate}")
    if error.hint:
        aside(f"  {error.hint}")


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def out(value: Any, as_json: bool, tell: Callable[[Any], None]) -> None:
    """Prints ``value`` as JSON, or has ``tell`` say it."""
    if as_json:
        print(as_text(value))
    else:
        tell(value)


def as_text(value: Any) -> str:
    """Returns ``value`` as JSON in ASCII; bytes that are not text become ``{"bytes": base64}``."""
    return json.dumps(value, default=_coded, indent=1)


def _coded(value: Any) -> Any:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"bytes": base64.b64encode(value).decode()}
    if hasattr(value, "__struct_fields__"):
        return {name: getattr(value, name) for name in value.__struct_fields__}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(rows: Iterable[Sequence[object]], empty: str) -> None:
    """Prints rows in aligned columns, or ``empty`` if there are none."""
    texts = [[plain(cell).replace("\n", " ") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))] if texts else []
    for row in texts:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if not texts:
        aside(empty)


def short(commit: object) -> str:
    """Returns the first letters of a commit's id, as people quote it."""
    return str(commit or "")[:10]


def first_line(text: object, width: int = 72) -> str:
    """Returns the first line, cut to ``width`` characters."""
    line = str(text).partition("\n")[0]
    return line if len(line) <= width else line[: width - 1] + "…"


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Shows on a terminal that something takes its time; says nothing in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(plain(what), spinner="dots"):
        yield
