"""Pictures: only what is what it says it is, of a bounded size; never unpacked on the server."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from gitcollab.web.render.text import joined, size

LARGEST = 14_000_000
"""Characters of base64 of one picture that are shown."""
PIXELS = 50_000_000
"""Pixels that a picture may have: it is packed small and unpacked large."""
MAGIC = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
    "image/webp": b"RIFF",
}
NO_SPACE = {ord(char): None for char in " \n\r\t"}
SVG = "image/svg+xml"
Size = tuple[int, int] | None


class Unfit(Exception):
    """A picture that is not shown; its text says why in our own words."""


def picture(form: str, text: str) -> bytes:
    """The bytes of a picture in base64; Unfit if it is not what it says, or too large."""
    if len(text) > LARGEST:
        raise Unfit(f"a picture of {size(len(text) * 3 // 4)}, too large to be shown here")
    try:
        data = base64.b64decode(text.translate(NO_SPACE), validate=True)
    except (binascii.Error, ValueError):
        raise Unfit("a damaged picture") from None
    if not data.startswith(MAGIC[form]):
        raise Unfit(f"something that says it is {form} and is not")
    own = own_size(form, data)
    if own is not None and own[0] * own[1] > PIXELS:
        raise Unfit("a picture with too many pixels to be shown here")
    return data


def drawing(text: str) -> bytes:
    """The bytes of an SVG, which is shown as a picture only, where browsers run and load nothing of it; Unfit if it is
    none or defines entities."""
    data = text.encode("utf-8", "replace")
    if b"<!ENTITY" in data.upper() or b"<svg" not in data.lower() or len(data) > LARGEST // 2:
        raise Unfit("a drawing that cannot be shown here")
    return data


def own_size(form: str, data: bytes) -> Size:
    """Width and height by the header of a PNG (RFC 2083 §4.1.1) or GIF, so that nothing jumps when it is unpacked."""
    if form == "image/png" and len(data) >= 24:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if form == "image/gif" and len(data) >= 10:
        return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    return None


def size_in(metadata: object, form: str) -> Size:
    """Width and height that the output asks for, if they are whole numbers in range."""
    if not isinstance(metadata, dict):
        return None
    asked = metadata.get(form) if isinstance(metadata.get(form), dict) else metadata
    width, height = (asked.get("width"), asked.get("height")) if isinstance(asked, dict) else (None, None)
    is_meant = all(type(each) is int and 0 < each <= 4000 for each in (width, height))
    return (width, height) if is_meant else None  # type: ignore[return-value]


def element(address: str, wanted: Size = None, alt: str = "Picture made by this cell") -> str:
    """The element that shows the picture at ``address``; it is fetched when it comes into sight."""
    sizes = f' width="{wanted[0]}" height="{wanted[1]}"' if wanted else ""
    return f'<img src="{address}" alt="{alt}"{sizes} loading="lazy" decoding="async">'


def inline(form: str, data: bytes) -> str:
    """A picture as the address that holds it."""
    return f"data:{form};base64,{base64.b64encode(data).decode()}"


def attached(cell: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The cell's attached pictures in order: name, form and base64."""
    given = cell.get("attachments")
    return [
        (str(name), form, joined(forms[form]))
        for name, forms in (given.items() if isinstance(given, dict) else ())
        for form in sorted(MAGIC.keys() & (forms.keys() if isinstance(forms, dict) else set()))
    ]
