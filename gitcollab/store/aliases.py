"""Aliases: ``alice,bob:analysis``, what people call a collab. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

import msgspec

from gitcollab.model import COLLAB_ID, NAME

VERSION = re.compile(r":v?(\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]*)?)$")


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """What a text asks for: an ``id``, or a ``stem`` and possibly its authors (empty: whoever)."""

    id: str = ""
    authors: frozenset[str] = frozenset()
    stem: str = ""


def alias(authors: Iterable[str], stem: str) -> str:
    """Returns the alias: the authors in order, a colon, the stem."""
    return f"{','.join(sorted(authors))}:{stem}"


def parse(text: str) -> Reference:
    """Reads an id, an alias with its authors in any order and with blanks, or a plain name; never fails."""
    text = text.strip()
    if COLLAB_ID.fullmatch(text):
        return Reference(id=text)
    before, colon, after = text.partition(":")
    names = frozenset(filter(None, (part.strip() for part in before.split(","))))
    if colon and names and all(NAME.fullmatch(name) for name in names):
        return Reference(authors=names, stem=bare(after))
    return Reference(stem=bare(text))


def split_version(text: str) -> tuple[str, str]:
    """Cuts a version off: ``analysis:1.2.0`` is ("analysis", "1.2.0"); without one the second is empty."""
    found = VERSION.search(text.strip())
    return (text.strip()[: found.start()], found[1]) if found else (text, "")


def stem_of(title: str, paths: Iterable[str] = ()) -> str:
    """Returns what a collab is called: the stem of its first notebook, else its title as a slug."""
    for path in paths:
        if path.endswith(".ipynb") and (stem := PurePosixPath(path).stem.strip()):
            return stem
    words = re.findall(r"\w+", unicodedata.normalize("NFC", title).casefold())
    return "-".join(words)[:64] or "untitled"


def folded(stem: str) -> str:
    """Returns the form in which stems are compared when none is equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def bare(stem: str) -> str:
    """Returns a stem as it is compared: composed characters, no blanks around, no suffix."""
    return unicodedata.normalize("NFC", stem.strip().removesuffix(".ipynb"))
