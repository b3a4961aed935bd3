"""How a change is drawn: the lines of a source with their changed words, and outputs by kind."""

from __future__ import annotations

import re

import msgspec

from gitcollab.model import Json
from gitcollab.notebooks.lines import hunks, split
from gitcollab.notebooks.reading import joined
from gitcollab.notebooks.weighing import same

LONG = 4000
"""Characters of a line beyond which its words are not compared."""

_tokens = re.compile(r"\w+|\s+|[^\w\s]")

Spans = tuple[tuple[int, int], ...]
"""Changed stretches of a line as (start, end) in characters."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a source. ``sign`` is a space (kept), ``-`` or ``+``; numbers count from 1, None where it is not."""

    sign: str
    text: str
    before: int | None = None
    after: int | None = None
    spans: Spans = ()


class OutputDiff(msgspec.Struct, frozen=True, kw_only=True):
    """One output in both versions.

    ``kind`` is stream, error, image, table, html, markdown, latex, json, widget, text or other; ``sign`` a space
    (same), ``-``, ``+`` or ``~`` (changed). ``before`` and ``after`` are text; of an image its MIME type.
    """

    kind: str
    sign: str
    before: str = ""
    after: str = ""
    mime: str = ""


def drawn(before: str, after: str) -> tuple[Line, ...]:
    """Draws the change of a text line by line, and in replaced lines word by word."""
    texts = [text.encode("utf-8", "surrogatepass") for text in (before, after)]
    old, new = ([line.decode("utf-8", "surrogatepass") for line in split(text)] for text in texts)
    found: list[Line] = []
    i = j = 0
    for hunk in hunks(texts[0], texts[1]):
        found += [
            Line(sign=" ", text=old[i + k], before=i + k + 1, after=j + k + 1) for k in range(hunk.start - i)
        ]
        found += _replaced(old, new, (hunk.start, hunk.end), (hunk.new_start, hunk.new_end))
        i, j = hunk.end, hunk.new_end
    found += [Line(sign=" ", text=old[i + k], before=i + k + 1, after=j + k + 1) for k in range(len(old) - i)]
    return tuple(found)


def _replaced(old: list[str], new: list[str], gone: tuple[int, int], came: tuple[int, int]) -> list[Line]:
    is_pairwise = gone[1] - gone[0] == came[1] - came[0]
    spans = (
        [words(old[gone[0] + k], new[came[0] + k]) for k in range(gone[1] - gone[0])] if is_pairwise else []
    )
    minus = [
        Line(sign="-", text=old[n], before=n + 1, spans=spans[k][0] if spans else ())
        for k, n in enumerate(range(*gone))
    ]
    plus = [
        Line(sign="+", text=new[n], after=n + 1, spans=spans[k][1] if spans else ())
        for k, n in enumerate(range(*came))
    ]
    return minus + plus


def words(before: str, after: str) -> tuple[Spans, Spans]:
    """Returns the stretches of two lines that differ, word by word; none where hardly a word is the same."""
    if max(len(before), len(after)) > LONG:
        return (), ()
    old, new = _tokens.findall(before), _tokens.findall(after)
    texts = ["".join(token.replace("\n", "\v") + "\n" for token in side) for side in (old, new)]
    changed = hunks(*(text.encode("utf-8", "surrogatepass") for text in texts))
    if sum(h.end - h.start for h in changed) * 2 > len(old) and sum(
        h.new_end - h.new_start for h in changed
    ) * 2 > len(new):
        return (), ()
    ends = [_ends(old), _ends(new)]
    return (
        tuple((ends[0][h.start], ends[0][h.end]) for h in changed if h.end > h.start),
        tuple((ends[1][h.new_start], ends[1][h.new_end]) for h in changed if h.new_end > h.new_start),
    )


def _ends(tokens: list[str]) -> list[int]:
    found = [0]
    for token in tokens:
        found.append(found[-1] + len(token))
    return found


# --- outputs -------------------------------------------------------------------------------------------------------


def compared_outputs(before: list[Json], after: list[Json]) -> tuple[OutputDiff, ...]:
    """Compares two lists of outputs: equal ones at both ends, and in between the first with the first and so on."""
    head = 0
    while head < min(len(before), len(after)) and same(before[head], after[head]):
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and same(before[-1 - tail], after[-1 - tail]):
        tail += 1
    found = [_output(output, output) for output in after[:head]]
    middle = before[head : len(before) - tail], after[head : len(after) - tail]
    for k in range(max(map(len, middle))):
        was, now = (side[k] if k < len(side) else None for side in middle)
        if was is not None and now is not None and kind_of(was)[0] != kind_of(now)[0]:
            found += [_output(was, None), _output(None, now)]
        else:
            found.append(_output(was, now))
    return tuple(found + [_output(output, output) for output in after[len(after) - tail :]])


def _output(before: Json, after: Json) -> OutputDiff:
    kind, mime = kind_of(before if after is None else after)
    sign = (
        "+"
        if before is None
        else "-"
        if after is None
        else " "
        if before is after or same(before, after)
        else "~"
    )
    texts = [_text_of(output, kind, mime) if output is not None else "" for output in (before, after)]
    return OutputDiff(kind=kind, sign=sign, before=texts[0], after=texts[1], mime=mime)


KINDS = (
    ("image/svg+xml", "image"),
    ("application/vnd.jupyter.widget-view+json", "widget"),
    ("text/html", "html"),
    ("text/markdown", "markdown"),
    ("text/latex", "latex"),
    ("application/json", "json"),
    ("text/plain", "text"),
)
"""MIME types from the richest to the plainest, and what they are to a person; other images come first."""


def kind_of(output: Json) -> tuple[str, str]:
    """Returns what an output is to a person, and the MIME type that says so."""
    if not isinstance(output, dict):
        return "other", ""
    if output.get("output_type") in ("stream", "error"):
        return output["output_type"], ""
    data = output.get("data")
    if not isinstance(data, dict):
        return "other", ""
    image = next((mime for mime in sorted(data) if mime.startswith("image/")), "")
    if image:
        return "image", image
    for mime, kind in KINDS:
        if mime in data:
            return ("table" if kind == "html" and "<table" in _string(data[mime]) else kind), mime
    return "other", next(iter(sorted(data)), "")


def _text_of(output: Json, kind: str, mime: str) -> str:
    if not isinstance(output, dict):
        return ""
    if kind == "stream":
        return _string(output.get("text"))
    if kind == "error":
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    if kind == "image":
        return mime
    data = output.get("data")
    plain = data.get("text/plain") if isinstance(data, dict) and kind in ("table", "html", "widget") else None
    return _string(plain if plain is not None else data.get(mime) if isinstance(data, dict) else None)


def _string(text: Json) -> str:
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        return joined(text)
    return text if isinstance(text, str) else ""
