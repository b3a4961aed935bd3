"""Outputs: text, terminal colours, tables and pictures are shown; whatever would have to run is named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from gitcollab.web.render import ansi, markup, pictures
from gitcollab.web.render.place import NOWHERE, Place
from gitcollab.web.render.text import cut, joined, size, visible

LONGEST = 60_000
"""Characters of one text output that are shown."""
ROOM = 1_500_000
"""Characters of long outputs that stand in one page."""
SHORT = 1_500
"""Characters of an output that is always in the page."""
MANY = 200
"""Outputs of one cell that are shown."""
RUNS = re.compile(r"<\s*(script|iframe|object|embed|form)\b", re.IGNORECASE)
RUNNABLE = ("text/html", "application/javascript", "text/javascript")
"""Forms of an output that a reader may have run in a sandbox."""
Output = dict[str, str]
"""``kind`` (text, error, table, image, markdown, tex, none), ``html``, and ``note`` in plain text; ``frame``: where
a sandbox can fetch what is not run here; ``number``: which output of its cell it is, from 0."""


class Budget:
    """How much of outputs may stand in one page: when it is used up, what is long is fetched as it comes into sight."""

    def __init__(self, room: int = ROOM) -> None:
        self.room = room

    def fit(self, outputs: list[Output]) -> list[Output]:
        """The outputs, those that are too long by now only named, with the address (``later``) that gives them."""
        return [self.fitted(each) for each in outputs]

    def fitted(self, output: Output) -> Output:
        """One output; the short ones always stand in the page."""
        length = len(output["html"])
        if length < SHORT or not output.get("later"):
            return output
        self.room -= length
        if self.room > 0:
            return {**output, "later": ""}
        return {**output, "kind": "later", "html": "", "note": f"{size(length)} of output", "frame": ""}


def outputs_of(cell: Mapping[str, Any], place: Place = NOWHERE) -> list[Output]:
    """The outputs of a cell, neighbouring pieces of one stream as one."""
    found = given(cell)
    shown = [
        {**output_of(each, place, str(k)), "later": place.address(f"{k}p"), "number": str(k)}
        for k, each in streams_joined(found[:MANY])
    ]
    if len(found) > MANY:
        shown.append(unshown(f"{len(found) - MANY} more outputs"))
    return shown


def given(cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The outputs of a cell that are any."""
    found = cell.get("outputs")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def streams_joined(outputs: list[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
    """The outputs, each with its number, with the pieces of one stream put together."""
    joined_up: list[tuple[int, dict[str, Any]]] = []
    for k, each in enumerate(outputs):
        first, last = joined_up[-1] if joined_up else (0, {})
        is_same = each.get("output_type") == "stream" == last.get("output_type")
        if is_same and each.get("name") == last.get("name"):
            joined_up[-1] = (
                first,
                {**last, "text": joined(last.get("text")) + joined(each.get("text"))},
            )
        else:
            joined_up.append((k, each))
    return joined_up


def output_of(output: Mapping[str, Any], place: Place = NOWHERE, key: str = "0") -> Output:
    """One output; ``key`` is its number in the cell."""
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
        return rich_output(data, output.get("metadata"), place, key)
    return unshown("an output of an unknown kind")


def rich_output(data: Mapping[str, Any], metadata: object, place: Place, key: str) -> Output:
    """The best of an output's forms that can be shown safely."""
    for form in pictures.MAGIC:
        if form in data:
            return picture(form, joined(data[form]), pictures.size_in(metadata, form), place.address(key))
    if pictures.SVG in data:
        return drawing(joined(data[pictures.SVG]), place.address(key))
    shown = formatted(data) or text_output(joined(data.get("text/plain")))
    return {**shown, **unrun(data, shown, place.address(f"{key}h"))}


def unrun(data: Mapping[str, Any], shown: Output, address: str) -> Output:
    """What of an output is named because it is not run, and where a sandbox can fetch it."""
    rich = sorted(str(form) for form in data if str(form).startswith("application/"))
    can_run = address and any(form in data for form in RUNNABLE)
    if rich and "application/json" not in rich:
        return {
            "note": f"{visible(rich[0][:100])} is not run here",
            "frame": address if can_run else "",
        }
    if "text/html" in data and shown["kind"] != "table":
        return {"note": "its HTML is not run here", "frame": address}
    return {}


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


def picture(form: str, text: str, wanted: pictures.Size = None, address: str = "") -> Output:
    """A picture that is what it says it is, and not too large; else its name."""
    try:
        data = pictures.picture(form, text)
    except pictures.Unfit as why:
        return unshown(str(why))
    return image(address or pictures.inline(form, data), wanted or pictures.own_size(form, data))


def drawing(text: str, address: str = "") -> Output:
    """An SVG as a picture."""
    try:
        data = pictures.drawing(text)
    except pictures.Unfit as why:
        return unshown(str(why))
    return image(address or pictures.inline(pictures.SVG, data), None)


def image(address: str, measure: pictures.Size) -> Output:
    """An output that is a picture."""
    return {"kind": "image", "html": pictures.element(address, measure), "note": ""}


def attachments_of(cell: Mapping[str, Any], place: Place = NOWHERE) -> dict[str, str]:
    """The addresses of the cell's attached pictures by name."""
    found: dict[str, str] = {}
    for k, (name, form, text) in enumerate(pictures.attached(cell)):
        shown = picture(form, text, None, place.address(f"a{k}"))
        if shown["kind"] == "image":
            found[name] = shown["html"].partition('src="')[2].partition('"')[0]
    return found
