"""Templates: strict, escaping, showing what is hidden in names, and told what every page needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from gitcollab.web import words
from gitcollab.web.assets import Assets
from gitcollab.web.front import Front
from gitcollab.web.render.text import visible
from gitcollab.web.rows import unified, with_names

HERE = Path(__file__).parent


class Templates:
    """Makes pages of the templates beside this file."""

    def __init__(self, assets: Assets, front: Front) -> None:
        self.front = front
        self.environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=shown,
        )
        self.environment.filters.update(words.FILTERS)
        self.environment.filters["unified"] = unified
        self.environment.filters["with_names"] = with_names
        self.environment.globals["asset"] = assets.address
        for name in self.environment.list_templates():
            self.environment.get_template(name)  # kept from now on, so that no request waits for the disk

    def page(self, request: Request, name: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        """The page ``name`` with ``values``; who is signed in is always known to it."""
        actor = getattr(request.state, "actor", None)
        given = {"me": actor.user if actor else "", "from_here": getattr(request.state, "about", None)}
        text = self.environment.get_template(name).render(given | dict(values))
        return HTMLResponse(self.front.page(text).encode("utf-8", "replace"), status_code=status)


def shown(value: Any) -> Any:
    """``value`` with hidden characters shown, unless it is markup already (``|e`` in a form's field keeps a text as it
    is, for it is sent back)."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
