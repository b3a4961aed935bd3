"""The versions page: what was published, what is new since, and publishing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from gitcollab import acts
from gitcollab.errors import GitcollabError
from gitcollab.model import Bump, Suggestion, Version
from gitcollab.numbering import next_version
from gitcollab.web.api.versions import bump
from gitcollab.web.pages.frame import About, Page, View

SUGGESTED = 5
"""Notebooks for which the page says which number their changes suggest."""


@dataclass(frozen=True)
class Ready:
    """A notebook that can be published; ``newest`` is its version now, empty if it has none."""

    path: str
    newest: str

    @property
    def following(self) -> dict[str, str]:
        """The number that each kind of change would give it."""
        return {bump.value: next_version(self.newest, bump) for bump in Bump}


@dataclass
class Published:
    """A notebook with its versions, newest first, each with the one before it."""

    notebook: str
    versions: list[tuple[Version, Version | None]]
    suggestion: Suggestion | None = None


def by_notebook(versions: tuple[Version, ...]) -> list[Published]:
    """The versions of each notebook."""
    names = dict.fromkeys(version.notebook for version in versions)
    found = []
    for name in names:
        own = [version for version in versions if version.notebook == name]
        found.append(Published(name, list(zip(own, [*own[1:], None], strict=True))))
    return found


def ready(paths: Iterable[str], published: Iterable[Published]) -> list[Ready]:
    """The notebooks that can be published, each with its newest version."""
    newest = {each.notebook: each.versions[0][0].version for each in published}
    return [Ready(path, newest.get(path, "")) for path in sorted(paths) if path.endswith(".ipynb")]


async def versions(view: View) -> Response:
    """Shows the versions."""
    return await show(view, await view.about("versions"))


async def show(view: View, about: About, *, problem: str = "", status: int = 200) -> Response:
    """The page, with what went wrong if something did."""
    found, files, waiting = await asyncio.gather(
        view.read_act(acts.ReadVersions, about.id),
        view.read_act(acts.ListFiles, about.id),
        view.read_act(acts.ReadPending, about.id),
    )
    published, there = by_notebook(found), {file.path for file in files}
    for each in published[:SUGGESTED]:
        if each.notebook in there:
            each.suggestion = await view.read_act(acts.SuggestVersion, about.id, notebook=each.notebook)
    values: dict[str, Any] = {
        "about": about,
        "published": published,
        "notebooks": ready(there, published),
        "chosen": view.request.query_params.get("notebook", ""),
        "waiting": waiting,
        "unsaved": view.request.query_params.get("unsaved", "")[:200],
        "problem": problem,
    }
    return view.show("versions.html", values, status=status)


async def publish(view: View) -> Response:
    """Publishes a notebook and shows its versions."""
    said, collab = await view.fields(), await view.collab()
    act = acts.Publish(
        actor=view.actor,
        collab=collab,
        notebook=said.get("notebook", ""),
        bump=bump(said.get("bump") or None),
        message=said.get("message", "").replace("\r\n", "\n"),
    )
    return await done(view, act)


async def decide(view: View) -> Response:
    """Approves what waits for a second maintainer, or declines it, and shows the versions."""
    said, collab = await view.fields(), await view.collab()
    is_approved = said.get("decision") == "approve"
    act = acts.DecidePublish(
        actor=view.actor, collab=collab, pending=view.part("pending"), is_approved=is_approved
    )
    return await done(view, act)


async def done(view: View, act: acts.CollabAct) -> Response:
    """Does ``act`` and shows the versions, with what went wrong if something did."""
    try:
        made = await view.do(act)
    except GitcollabError as error:
        if error.status >= 500 or error.status in {403, 404}:
            raise
        problem = f"{error.message}. {error.hint}"
        return await show(view, await view.about("versions"), problem=problem, status=error.status)
    unsaved = f"?unsaved={quote(', '.join(made.unsaved))}" if made and made.unsaved else ""
    return view.go(f"/c/{act.collab}/versions{unsaved}")


PAGES = (
    Page("/c/{id}/versions", versions),
    Page("/c/{id}/publish", publish, "POST"),
    Page("/c/{id}/pending/{pending}", decide, "POST"),
)
