"""Python's words by one expression: most notebooks are written in it, and a whole grammar takes ten times as long."""

from __future__ import annotations

import builtins
import keyword
import re

WORD = re.compile(
    r"""
    (?P<c>\#[^\n]*)
  | (?P<s>(?:\b[rRbBuUfFtT]{1,2})?
        (?:\"{3}(?:[^\\]|\\.)*?(?:\"{3}|\Z) | '{3}(?:[^\\]|\\.)*?(?:'{3}|\Z)
         | \"(?:[^\"\\\n]|\\.)*\"? | '(?:[^'\\\n]|\\.)*'? ))
  | (?P<d>^[ \t]*@[\w.]+)
  | (?P<f>(?:(?<=def\ )|(?<=class\ ))\w+)
  | (?P<m>\b(?:0[xXoObB][\da-fA-F_]+ | \d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?[jJ]?))
  | (?P<w>[^\W\d]\w*)
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
"""Each alternative begins with another character or stops at the first one that does not fit: linear in the text."""
KINDS = dict.fromkeys((*keyword.kwlist, "match", "case"), "k") | dict.fromkeys(
    (name for name in dir(builtins) if name[0].islower()), "b"
)


def spans(text: str) -> list[tuple[str, str]]:
    """The text in pieces with their classes: c comment, s string, m number, k keyword, b built in, f what is being
    defined, d decorator; empty for the rest."""
    found: list[tuple[str, str]] = []
    at = 0
    for word in WORD.finditer(text):
        kind = word.lastgroup or ""
        if kind == "w":
            kind = KINDS.get(word[0], "")
            if not kind or text[word.start() - 1 : word.start()] == ".":
                continue
        if word.start() > at:
            found.append(("", text[at : word.start()]))
        found.append((kind, word[0]))
        at = word.end()
    if at < len(text):
        found.append(("", text[at:]))
    return found
