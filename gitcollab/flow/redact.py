"""Redacting: a text taken out of bytes in every form in which files and events hold it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gitcollab import notebooks
from gitcollab.errors import BadInput, Unusable

GONE = b"[purged]"
"""What stands in the place of a text that was taken out; it may stand in JSON, too."""

SHORTEST = 6
"""Characters that a text has at least: a shorter one stands in too much else."""

LINE = 12
"""Characters from which on a line of a longer text is taken out by itself, as notebooks hold lines apart."""

FRAME = "-----"
"""How the first and last lines of a key begin, which are no secret."""


def forms(text: str) -> tuple[bytes, ...]:
    """Returns every form in which the text may stand: as it is, and written in JSON once or twice.

    Each longer line of several counts for itself. BadInput for a text that is too short to be taken out.
    """
    lines = [line.strip() for line in text.splitlines()]
    wanted = [text, *(line for line in lines if len(line) >= LINE and not line.startswith(FRAME))]
    if len(text.strip()) < SHORTEST:
        raise BadInput(f"a text of less than {SHORTEST} characters stands in too much else", "purge the file")
    found = {form for one in wanted for form in _written(one)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def redacted(data: bytes, wanted: Iterable[bytes]) -> bytes:
    """Returns the bytes without any of the forms."""
    for form in wanted:
        data = data.replace(form, GONE)
    return data


def redacted_file(path: str, data: bytes, wanted: Iterable[bytes]) -> bytes:
    """The same of a file. Unusable where a notebook would be none any more."""
    after = redacted(data, wanted)
    if after != data and path.endswith(".ipynb") and not notebooks.problems(data) and _is_broken(after):
        raise Unusable(
            f"{path} would be no notebook any more", "give just the secret, or purge the whole file"
        )
    return after


def emptied(path: str) -> bytes:
    """Returns what stands in the place of a whole file."""
    return notebooks.EMPTY if path.endswith(".ipynb") else GONE + b"\n"


def _is_broken(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return True
    return False


def _written(text: str) -> Iterable[bytes]:
    once = {json.dumps(text, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
    twice = {json.dumps(one, ensure_ascii=is_ascii)[1:-1] for one in once for is_ascii in (True, False)}
    return {one.encode("utf-8", "surrogatepass") for one in {text, *once, *twice}}
