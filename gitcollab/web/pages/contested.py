"""The contested page: the values of each item beside each other, and the decision."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from gitcollab.acts import Settle
from gitcollab.errors import BadInput, GitcollabError, Moved, NotFound, Unusable
from gitcollab.events import AnyEvent, Saved
from gitcollab.model import Item, Json, Take
from gitcollab.store import journal
from gitcollab.web.blames import Spot
from gitcollab.web.pages.frame import About, Page, View
from gitcollab.web.pages.who import NEEDED, blamed
from gitcollab.web.render.lines import Row, rows
from gitcollab.web.render.notebook import title_of
from gitcollab.web.words import count

SIGNS = re.compile(r"[=(\[{]|^\s*(?:import|from|def|class|return|for|if|with|@)\b")
FILES = 4
"""Notebooks of which it is told who made the shared version."""
LOOKED_BACK = 400
"""Events in which it is looked for how an item came."""
TOLD = 6
"""Saves that are told of it."""
LONGEST = 40_000
"""Characters of a value that are shown."""


@dataclass
class Side:
    """One value of an item: whose it is, and its lines, the changed ones marked."""

    title: str
    is_there: bool
    rows: list[list[Any]]


@dataclass
class Question:
    """An item as it is asked. ``text`` is what an edit begins with; None where there is nothing to edit.

    ``by`` made the shared version, as far as it is known; ``story``: the saves that led to it, newest first.
    """

    item: Item
    title: str
    what: str
    sides: list[Side]
    text: str | None
    language: str = ""
    by: str = ""
    story: Sequence[Step] = ()


class Step(NamedTuple):
    """A save that changed what an item is about. ``href`` leads to what it changed there."""

    user: str
    at: str
    href: str


def story(found: Iterable[AnyEvent], item: Item) -> list[Step]:
    """The saves that changed what the item is about, newest first."""
    steps = [
        Step(
            event.user, event.at, f"/c/{event.collab}/diff/{event.parent}..{event.commit}/{quote(file.path)}"
        )
        for event in found
        if isinstance(event, Saved)
        for file in event.files
        if file.path == item.path
        and (item.cell is None or any(each.cell == item.cell for each in file.cells))
    ]
    anchor = f"#cell-{quote(item.cell)}" if item.cell else ""
    return [step._replace(href=step.href + anchor) for step in steps[: -TOLD - 1 : -1]]


def question(item: Item, name: str, by: str = "", steps: Sequence[Step] = ()) -> Question:
    """The item with its values side by side, each compared with how it was before; ``by`` made the shared one."""
    base, shared, session = (text_of(each) for each in (item.base, item.shared, item.session))
    language = "python" if item.cell is not None and is_code(base + shared + session) else ""
    sides = [
        side("Before", item.base, rows(base, base, language)),
        side(
            f"Shared, by {by}" if by and by != name else "Shared", item.shared, rows(base, shared, language)
        ),
        side(f"{name}\u2019s", item.session, rows(base, session, language)),
    ]
    can_edit = item.field == "source" or (item.range is not None and isinstance(item.shared, str))
    text = (shared or session) if can_edit else None
    title = title_of(shared or session or base) if item.cell is not None else ""
    return Question(item, title, what(item), sides, text, language, by if by != name else "", steps)


def side(title: str, value: Json, compared: list[Row]) -> Side:
    """One value as lines; only what it has itself is shown."""
    kept = [[row.kind, row.new_html] for row in compared if row.new is not None]
    return Side(title, value is not None, kept)


def is_code(text: str) -> bool:
    """Whether most lines hold a sign that prose seldom does; an item does not say which kind of cell it is about."""
    lines = [line for line in text.split("\n") if line.strip()]
    return sum(bool(SIGNS.search(line)) for line in lines) * 3 > len(lines)


def text_of(value: Json) -> str:
    """A value as people read it: a text, a cell's source, or JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    elif isinstance(value, dict) and "source" in value:
        source = value["source"]
        text = source if isinstance(source, str) else "".join(map(str, source))
    elif isinstance(value, dict) and value.keys() == {"bytes"}:
        text = f"(a file of {len(str(value['bytes'])) * 3 // 4:,} bytes that is not text)"
    else:
        text = json.dumps(value, indent=1, ensure_ascii=False)
    return text[:LONGEST].rstrip("\n")


def what(item: Item) -> str:
    """What is contested, in words."""
    if item.field == "source":
        return "this cell"
    if item.field == "cell":
        is_gone = item.shared is None or item.session is None
        return "this cell: one changed it, the other deleted it" if is_gone else "this whole cell"
    if item.field == "file":
        is_gone = item.shared is None or item.session is None
        return "this file: one changed it, the other deleted it" if is_gone else "this file"
    if item.range is not None:
        first, last = item.range[0] + 1, max(item.range[1], item.range[0] + 1)
        return f"line {first}" if first == last else f"lines {first} to {last}"
    return f"the setting {item.field.removeprefix('notebook.').removeprefix('metadata.')}"


async def contested(view: View) -> Response:
    """Shows what waits for a decision."""
    return await show(view, await view.about("contested"))


async def show(view: View, about: About, *, problem: str = "", status: int = 200) -> Response:
    """The page, with what went wrong if something did."""
    makers, happened = await asyncio.gather(
        makers_of(view, about), view.site.look(journal.latest, about.id, LOOKED_BACK)
    )

    def ask() -> list[Question]:
        return [
            question(
                item,
                about.name(item.user),
                makers.get((item.path, item.cell), ""),
                story(happened, item),
            )
            for item in about.items
        ]

    asked = await run_in_threadpool(ask)
    values = {"about": about, "questions": asked, "problem": problem}
    return view.show("contested.html", values, status=status)


async def makers_of(view: View, about: About) -> dict[tuple[str, str | None], str]:
    """Who made the shared version of each cell that is contested, as far as a few notebooks tell it quickly."""
    paths = list(dict.fromkeys(item.path for item in about.items))[:FILES]
    spots = [Spot(about.id, about.now, path) for path in paths] if about.now else []
    found = await asyncio.gather(*(blamed(view, spot, NEEDED) for spot in spots))
    return {
        (spot.path, each.cell): about.name(each.user)
        for spot, blame in zip(spots, found, strict=True)
        for each in (blame or {}).values()
    }


async def settle_many(view: View) -> Response:
    """Takes one decision for several items; those whose values moved meanwhile, or that cannot be decided so, stay."""
    said, about = await view.fields(), await view.about("contested")
    take = taken(said)
    await view.admit(Settle(actor=view.actor, collab=about.id, item="", take=take))
    chosen = [item for item in about.items if said.get(f"seen-{item.id}")]
    left = 0
    for item in chosen:
        try:
            await view.do(
                Settle(
                    actor=view.actor,
                    collab=about.id,
                    item=item.id,
                    take=take,
                    seen=said[f"seen-{item.id}"],
                )
            )
        except (Moved, NotFound, Unusable, BadInput):
            left += 1
    if left:
        told = f"{count(left, 'of them', 'of them')} could not be decided so."
        return await show(view, await view.about("contested"), problem=told, status=409)
    if about.items and not chosen:
        return await show(view, about, problem="Tick those that you want to decide.", status=400)
    return view.go(f"/c/{about.id}/contested")


def taken(said: dict[str, str]) -> Take:
    """Whose version a form takes; BadInput if it does not say."""
    try:
        return Take(said.get("take", ""))
    except ValueError:
        raise BadInput("Whose version?", "choose one of the buttons") from None


async def settle(view: View) -> Response:
    """Takes a decision; if the values moved since the page was made, shows the new ones and asks again."""
    said = await view.fields()
    collab = await view.collab()
    take = taken(said)
    act = Settle(
        actor=view.actor,
        collab=collab,
        item=view.part("item"),
        take=take,
        seen=said.get("seen"),
        source=said.get("source", "").replace("\r\n", "\n") if take is Take.TEXT else None,
    )
    try:
        await view.do(act)
    except Moved:
        moved = "Somebody changed this cell while you were deciding. Here is how it stands now; please decide again."
        return await show(view, await view.about("contested"), problem=moved, status=409)
    except GitcollabError as error:
        if error.status >= 500 or error.status == 404:
            raise
        return await show(
            view, await view.about("contested"), problem=f"{error.message}. {error.hint}", status=error.status
        )
    return view.go(f"/c/{collab}/contested")


PAGES = (
    Page("/c/{id}/contested", contested),
    Page("/c/{id}/contested", settle_many, "POST"),
    Page("/c/{id}/contested/{item}", settle, "POST"),
)
