"""A preview: what somebody is writing, coloured or formatted as it will be shown."""

from __future__ import annotations

from starlette.responses import HTMLResponse, Response

from gitcollab import acts
from gitcollab.errors import TooLarge
from gitcollab.web.pages.frame import Page, View

LONGEST = 100_000
"""Characters that are shown while they are written."""


async def preview(view: View) -> Response:
    """Answers with harmless HTML for a page to take in."""
    said, collab = await view.fields(), await view.collab()
    source = said.get("source", "").replace("\r\n", "\n")
    if len(source) > LONGEST:
        raise TooLarge("This is too long to be shown while it is written", "decide, and see it then")
    rendered = await view.read_act(
        acts.RenderSource, collab, source=source, language=said.get("language", "")[:20]
    )
    (cell,) = rendered.cells
    tag = ("div class=prose", "div") if cell["type"] == "markdown" else ("pre class=lines tabindex=0", "pre")
    return HTMLResponse(f"<{tag[0]}>{cell['html']}</{tag[1]}>")


PAGES = (Page("/c/{id}/preview", preview, "POST"),)
