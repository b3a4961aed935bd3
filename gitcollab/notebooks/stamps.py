"""The version stamp of a delivered notebook: byte surgery that leaves every other byte as it was."""

from __future__ import annotations

import json
import re
from typing import NamedTuple

_decoder = json.JSONDecoder(strict=False)
_space = re.compile(r"[ \t\n\r]*")


class Member(NamedTuple):
    """A member of a JSON object: its name, and where it lies in the text."""

    name: str
    start: int  # of the name's quote
    value: int  # of the value
    end: int  # behind the value


class Span(NamedTuple):
    """A JSON object in a text: the position behind its brace, its members, the position of the closing brace."""

    open: int
    members: list[Member]
    close: int

    def last(self, name: str) -> Member | None:
        """Returns the member of that name that a JSON reader would take."""
        return next((m for m in reversed(self.members) if m.name == name), None)


def stamp(notebook: bytes, version: str) -> bytes:
    """Returns the notebook with ``metadata.gitcollab.version`` set; what is no notebook comes back as it is.

    ``strip`` gives back exactly the bytes that had no stamp.
    """
    plain, _ = strip(notebook)
    text, metadata = _metadata(plain)
    if metadata is None:
        return notebook
    value = json.dumps(version)
    own = metadata.last("gitcollab")
    if own is None or text[own.value] != "{":
        return _put(text, metadata, "gitcollab", value).encode("utf-8", "surrogatepass")
    inner = _span(text, own.value)
    if inner.members:
        return _put_member(text, inner, "version", value).encode()
    # No space after the colon says that the empty object was there before the stamp.
    return f'{text[: inner.open]}"version":{value}{text[inner.open :]}'.encode()


def strip(notebook: bytes) -> tuple[bytes, str | None]:
    """Returns the notebook without its stamp, and the version the stamp named (None without one)."""
    if b'"gitcollab"' not in notebook:
        return notebook, None
    text, metadata = _metadata(notebook)
    own = metadata.last("gitcollab") if metadata else None
    if metadata is None or own is None or text[own.value] != "{":
        return notebook, None
    inner = _span(text, own.value)
    version = inner.last("version")
    if version is None or text[version.value] != '"':
        return notebook, None
    named: str = _decoder.raw_decode(text, version.value)[0]
    was_empty = text.startswith('"version":"', inner.open)
    if len(inner.members) > 1 or was_empty:
        return _cut(text, inner, version).encode(), named
    return _cut(text, metadata, own).encode(), named


def _metadata(notebook: bytes) -> tuple[str, Span | None]:
    """The text and the span of the notebook's metadata object, None if this is no notebook."""
    try:
        text = notebook.decode("utf-8")
        at = _space.match(text, 1 if text.startswith("\ufeff") else 0).end()  # type: ignore[union-attr]
        if not text.startswith("{", at):
            return text, None
        whole = _span(text, at)
        if _space.match(text, whole.close + 1).end() != len(text):  # type: ignore[union-attr]
            return text, None
        found = {name: whole.last(name) for name in ("nbformat", "metadata")}
        metadata = found["metadata"]
        if found["nbformat"] is None or metadata is None or text[metadata.value] != "{":
            return text, None
        return text, _span(text, metadata.value)
    except (ValueError, IndexError, RecursionError):
        return "", None


def _span(text: str, at: int) -> Span:
    skip = _space.match
    start = at + 1
    at = skip(text, start).end()  # type: ignore[union-attr]
    members: list[Member] = []
    if text[at] == "}":
        return Span(start, members, at)
    while True:
        if text[at] != '"':
            raise ValueError("a name must be a string")
        name, colon = _decoder.raw_decode(text, at)
        colon = skip(text, colon).end()  # type: ignore[union-attr]
        if text[colon] != ":":
            raise ValueError("a name wants a colon")
        value = skip(text, colon + 1).end()  # type: ignore[union-attr]
        end = _decoder.raw_decode(text, value)[1]
        members.append(Member(name, at, value, end))
        at = skip(text, end).end()  # type: ignore[union-attr]
        if text[at] == "}":
            return Span(start, members, at)
        if text[at] != ",":
            raise ValueError("members want commas")
        at = skip(text, at + 1).end()  # type: ignore[union-attr]


def _put(text: str, into: Span, name: str, version: str) -> str:
    """Text with ``name: {"version": …}`` as a new member, laid out like its neighbours."""
    if not into.members:
        return f'{text[: into.open]}"{name}": {{"version": {version}}}{text[into.open :]}'
    before = text[into.open : into.members[0].start]
    if "\n" in before:
        return _put_member(text, into, name, f'{{{before} "version": {version}{before}}}')
    return _put_member(text, into, name, f'{{"version": {version}}}')


def _put_member(text: str, into: Span, name: str, value: str) -> str:
    member = f'"{name}": {value}'
    later = [m for m in into.members if m.name > name]
    if later and into.last(name) is None:
        place = later[0]
        i = into.members.index(place)
        before = (
            text[into.members[i - 1].end : place.start].partition(",")[2]
            if i
            else text[into.open : place.start]
        )
        return f"{text[: place.start]}{member},{before}{text[place.start :]}"
    last = into.members[-1]
    before = text[into.open : into.members[0].start]
    return f"{text[: last.end]},{before}{member}{text[last.end :]}"


def _cut(text: str, out_of: Span, member: Member) -> str:
    i = out_of.members.index(member)
    if i + 1 < len(out_of.members):
        return text[: member.start] + text[out_of.members[i + 1].start :]
    if i:
        return text[: out_of.members[i - 1].end] + text[member.end :]
    if member.start == out_of.open:  # as stamp puts it into an empty object, whose inside stays as it was
        return text[: member.start] + text[member.end :]
    return text[: out_of.open] + text[out_of.close :]
