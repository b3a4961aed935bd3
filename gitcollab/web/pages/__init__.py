"""PAGES: what people see. Made on the server, readable without script; scripts only keep them up to date."""

from __future__ import annotations

from starlette.routing import Route

from gitcollab.web.pages import (
    access,
    changes,
    contested,
    difference,
    held,
    home,
    me,
    notebook,
    overview,
    pieces,
    preview,
    restore,
    settings,
    talk,
    versions,
    who,
)
from gitcollab.web.pages.help import Manual
from gitcollab.web.pages.presence import Presence
from gitcollab.web.site import Site
from gitcollab.web.templates import Templates


def routes(site: Site, templates: Templates) -> list[Route]:
    """The routes of every page behind the sign-in."""
    pages = (
        *home.PAGES,
        *me.PAGES,
        *overview.PAGES,
        *notebook.PAGES,
        *pieces.PAGES,
        *preview.PAGES,
        *changes.PAGES,
        *difference.PAGES,
        *contested.PAGES,
        *held.PAGES,
        *versions.PAGES,
        *restore.PAGES,
        *settings.PAGES,
        *access.PAGES,
        *talk.PAGES,
        *who.PAGES,
        *Manual().routes(),
        *Presence().routes(),
    )
    return [page.route(site, templates) for page in pages]
