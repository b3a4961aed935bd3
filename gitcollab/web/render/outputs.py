"""Outputs: text, terminal colours, tables and pictures are shown; whatever would have to run is named."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from gitcollab.web.render import ansi, markup
from gitcollab.web.render.text import cut, joined, size, visible

LONGEST = 60_000
"""Characters of one text output that are shown."""
PICTURE = 4_000_000
"""Characters of base64 of one picture that are shown."""
PIXELS = 50_000_000
"""Pixels that a picture may have: it is packed small and unpacked large."""
MANY = 200
"""Outputs of one cell that are shown."""
MAGIC = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
RUNS = re.compile(r"<\s*(script|iframe|object|embed|form)\b", re.IGNORECASE)
Output = dict[str, str]
"""``kind`` (text, error, table, image, markdown, tex, none), ``html``, and ``note`` in plain text."""


def outputs_of(cell: Mapping[str, Any]) -> list[Output]:
    """The outputs of a cell, neighbouring pieces of one stream as one."""
    found = cell.get("outputs")
    given = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    shown = [output_of(each) for each in streams_joined(given[:MANY])]
    if len(given) > MANY:
        shown.append(unshown(f"{len(given) - MANY} more outputs"))
    return shown


def streams_joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outputs with the pieces of one stream put together."""
    joined_up: list[dict[str, Any]] = []
    for each in outputs:
        last = joined_up[-1] if joined_up else {}
        is_same = each.get("output_type") == "stream" == last.get("output_type")
        if is_same and each.get("name") == last.get("name"):
            joined_up[-1] = {**last, "text": joined(last.get("text")) + joined(each.get("text"))}
        else:
            joined_up.append(each)
    return joined_up


def output_of(output: Mapping[str, Any]) -> Output:
    """One output."""
    kind = output.get("output_type")
    if kind == "stream":
        is_error = output.get("name") == "stderr"
        return text_output(joined(output.get("text")), note="written to stderr" if is_error else "")
    if kind == "error":
        lines = output.get("traceback")
        trace = "\n".join(line for line in lines if isinstance(line, str)) if isinstance(lines, list) else ""
        name = f"{joined(output.get('ename'))}: {joined(output.get('evalue'))}"
        return {**text_output(trace or name), "kind": "error", "note": visible(name[:300])}
    data = output.get("data")
    if kind in {"display_data", "execute_result"} and isinstance(data, dict):
        return rich_output(data, output.get("metadata"))
    return unshown("an output of an unknown kind")


def rich_output(data: Mapping[str, Any], metadata: object) -> Output:
    """The best of an output's forms that can be shown safely."""
    for form in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        if form in data:
            return picture(form, joined(data[form]), size_in(metadata, form))
    if "image/svg+xml" in data:
        return drawing(joined(data["image/svg+xml"]))
    rich = sorted(str(form) for form in data if str(form).startswith("application/"))
    shown = formatted(data) or text_output(joined(data.get("text/plain")))
    if rich and "application/json" not in rich:
        shown["note"] = f"{visible(rich[0][:100])} is not run here"
    elif "text/html" in data and shown["kind"] != "table":
        shown["note"] = "its HTML is not run here"
    return shown


def formatted(data: Mapping[str, Any]) -> Output | None:
    """HTML, Markdown, TeX or JSON, if there is any that can be shown."""
    source = joined(data.get("text/html"))
    if source and not RUNS.search(source) and (html := markup.table(source)):
        return {"kind": "table", "html": html, "note": ""}
    if "text/markdown" in data:
        return {"kind": "markdown", "html": markup.markdown(joined(data["text/markdown"]), {}), "note": ""}
    if "text/latex" in data:
        return {**text_output(joined(data["text/latex"])), "kind": "tex"}
    if "application/json" in data:
        return text_output(json.dumps(data["application/json"], indent=1, ensure_ascii=False)[: LONGEST + 1])
    return None


def text_output(text: str, *, note: str = "") -> Output:
    """Terminal text, cut to a bounded length; what is left out is counted."""
    shown, left = cut(text.rstrip("\n"), LONGEST)
    if left:
        note = f"{note + ', ' if note else ''}{left:,} characters more"
    return {"kind": "text", "html": ansi.html_of(shown), "note": note}


def unshown(what: str) -> Output:
    """An output that is only named; ``what`` is our own words."""
    return {"kind": "none", "html": "", "note": what}


def size_in(metadata: object, form: str) -> tuple[int, int] | None:
    """Width and height that the output asks for, if they are whole numbers in range."""
    if not isinstance(metadata, dict):
        return None
    asked = metadata.get(form) if isinstance(metadata.get(form), dict) else metadata
    width, height = (asked.get("width"), asked.get("height")) if isinstance(asked, dict) else (None, None)
    is_meant = all(type(each) is int and 0 < each <= 4000 for each in (width, height))
    return (width, height) if is_meant else None  # type: ignore[return-value]


def picture(form: str, text: str, wanted: tuple[int, int] | None = None) -> Output:
    """A picture that is what it says it is, and not too large; else its name."""
    if len(text) > PICTURE:
        return unshown(f"a picture of {size(len(text) * 3 // 4)}, too large to be shown here")
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return unshown("a damaged picture")
    if not data.startswith(MAGIC[form]):
        return unshown(f"something that says it is {form} and is not")
    own = own_size(form, data)
    if own is not None and own[0] * own[1] > PIXELS:
        return unshown("a picture with too many pixels to be shown here")
    return image(form, data, wanted or own)


def image(form: str, data: bytes, wanted: tuple[int, int] | None) -> Output:
    """The element that shows the picture."""
    sizes = f' width="{wanted[0]}" height="{wanted[1]}"' if wanted else ""
    address = f"data:{form};base64,{base64.b64encode(data).decode()}"
    html = f'<img src="{address}" alt="Picture made by this cell"{sizes} loading="lazy" decoding="async">'
    return {"kind": "image", "html": html, "note": ""}


def own_size(form: str, data: bytes) -> tuple[int, int] | None:
    """Width and height by the header of a PNG (RFC 2083 §4.1.1) or GIF, so that nothing jumps when it is unpacked."""
    if form == "image/png" and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if form == "image/gif" and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    return None


def drawing(text: str) -> Output:
    """An SVG as a picture, where browsers run and load nothing of it; one that defines entities is only named."""
    data = text.encode("utf-8", "replace")
    if len(data) > PICTURE // 2 or b"<!ENTITY" in data.upper() or b"<svg" not in data.lower():
        return unshown("a drawing that cannot be shown here")
    return image("image/svg+xml", data, None)


def attachments_of(cell: Mapping[str, Any]) -> dict[str, str]:
    """The cell's attached pictures by name, as data URLs."""
    found: dict[str, str] = {}
    given = cell.get("attachments")
    for name, forms in given.items() if isinstance(given, dict) else ():
        for form in MAGIC.keys() & (forms.keys() if isinstance(forms, dict) else set()):
            shown = picture(form, joined(forms[form]))
            if shown["kind"] == "image":
                found[str(name)] = shown["html"].partition('src="')[2].partition('"')[0]
    return found
