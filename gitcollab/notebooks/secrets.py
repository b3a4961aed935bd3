"""Suspected secrets in a text or notebook: keys, tokens and passwords that somebody may not have meant to share.

A text is searched as it lies on the disk, so that outputs, metadata and what is no notebook at all are seen like
sources; only what is found is then looked for in the cells. A suspicion costs its author one answer, a miss costs them
a key: well-known forms are reported even where a manual gives them as its example.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator

import msgspec

from gitcollab.model import Json
from gitcollab.notebooks.forms import FORMS, Form

MOST = 100
"""Findings of one file; who holds so many will look at the whole."""

WINDOW = 1 << 20
"""Bytes looked through at once: between two windows other threads have their turn."""

OVERLAP = 8192
"""Bytes by which windows overlap; no form is longer."""

CANDIDATES = 100_000
"""Places of one file that begin like a secret and are none, of one form; a file with more is made to cost time."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A suspected secret, without the secret.

    ``cell`` is the id of its cell (or ``#3`` for the fourth one without an id), None outside of cells; ``field`` is
    source, outputs, attachments, metadata or file; ``line`` counts from 1 within that field. ``excerpt`` shows how it
    begins and how long it is. ``digest`` tells the same secret from another; it is for comparing and not to be shown.
    """

    kind: str
    cell: str | None
    field: str
    line: int
    excerpt: str
    digest: str


class _Hit(msgspec.Struct, frozen=True):
    form: Form
    secret: bytes
    start: int


def secrets(data: bytes) -> tuple[Finding, ...]:
    """Returns the suspected secrets of a file, at most ``MOST``, in the order in which they stand there.

    Takes time in proportion to the bytes, whatever they are.
    """
    text = _as_utf8(data)
    hits = _distinct(_hits(text))
    if not hits:
        return ()
    places = _Places(text)
    return tuple(_finding(hit, *places.of(hit)) for hit in hits)


def masked(text: str) -> str:
    """Returns the text with an ellipsis in place of each suspected secret: one name, as it can be shown."""
    data = text.encode("utf-8", "surrogateescape")
    for hit in _distinct(_hits(data)):
        data = data.replace(hit.secret, f"{hit.form.shown}\N{HORIZONTAL ELLIPSIS}".encode())
    return data.decode("utf-8", "surrogateescape")


def _hits(text: bytes) -> Iterator[_Hit]:
    spent: dict[str, int] = {}
    for start in range(0, max(len(text), 1), WINDOW):
        window = text[start : start + WINDOW + OVERLAP]
        lower = window.lower()
        found = [hit for form in FORMS for hit in _of_form(form, window, lower, spent)]
        for hit in sorted(found, key=lambda hit: hit.start):
            if hit.start < WINDOW:
                yield _Hit(hit.form, hit.secret, start + hit.start)


def _of_form(form: Form, window: bytes, lower: bytes, spent: dict[str, int]) -> Iterator[_Hit]:
    """Tries the form wherever one of its signs stands."""
    searched = lower if form.is_any_case else window
    for sign in form.signs:
        at = searched.find(sign)
        while at >= 0 and spent.get(form.kind, 0) < CANDIDATES:
            found = form.at(window, searched, at)
            if found is None:
                spent[form.kind] = spent.get(form.kind, 0) + 1
            else:
                yield _Hit(form, found[0], found[1])
            at = searched.find(sign, at + len(sign))


def _distinct(hits: Iterator[_Hit]) -> list[_Hit]:
    """Each secret once, by the form that is first in ``FORMS`` where two see one in the same bytes."""
    found: dict[bytes, _Hit] = {}
    ends: list[tuple[int, int]] = []
    for hit in hits:
        span = hit.start, hit.start + len(hit.secret)
        if hit.secret in found or any(start < span[1] and span[0] < end for start, end in ends[-4:]):
            continue
        found[hit.secret] = hit
        ends.append(span)
        if len(found) == MOST:
            break
    return list(found.values())


def _finding(hit: _Hit, cell: str | None, field: str, line: int) -> Finding:
    return Finding(
        kind=hit.form.kind,
        cell=cell,
        field=field,
        line=line,
        excerpt=f"{hit.form.shown}\N{HORIZONTAL ELLIPSIS} ({len(hit.secret)} characters)",
        digest=hashlib.sha256(hit.secret).hexdigest(),
    )


def _as_utf8(data: bytes) -> bytes:
    """The text in UTF-8 first, where its beginning says that it is in UTF-16; what says so may yet be anything."""
    if not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data
    return data.decode("utf-16", "replace").encode("utf-8", "replace") + b"\n" + data


class _Places:
    """Where in a notebook's cells a secret stands; in what is no notebook, on which line of the file."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._fields = list(_fields(text))

    def of(self, hit: _Hit) -> tuple[str | None, str, int]:
        """Returns the cell's id, the field, and the line in it."""
        secret = hit.secret.decode("utf-8", "replace").replace("\\n", "\n").partition("\n")[0]
        for cell, field, text in self._fields:
            at = text.find(secret)
            if at >= 0:
                return cell, field, text.count("\n", 0, at) + 1
        return None, "file", self._text.count(b"\n", 0, hit.start) + 1


def _fields(text: bytes) -> Iterator[tuple[str | None, str, str]]:
    """The fields of a notebook's cells as their texts; nothing for what is no notebook."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    cells = document.get("cells") if isinstance(document, dict) else None
    for number, cell in enumerate(cells if isinstance(cells, list) else []):
        if isinstance(cell, dict):
            said = cell.get("id")
            name = said if isinstance(said, str) and said else f"#{number}"
            for field in ("source", "outputs", "attachments", "metadata"):
                yield name, field, "\n".join(_texts(cell.get(field)))
    if isinstance(document, dict) and isinstance(cells, list):
        yield None, "metadata", "\n".join(_texts(document.get("metadata")))


def _texts(value: Json) -> Iterator[str]:
    """The texts of a JSON value, names included; a list of texts, as a source is, is one."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, list) and each and all(isinstance(one, str) for one in each):
            yield "".join(each)
        elif isinstance(each, list):
            waiting += reversed(each)
        elif isinstance(each, dict):
            waiting += [inner for name, one in reversed(each.items()) for inner in (one, f"{name}:")]
