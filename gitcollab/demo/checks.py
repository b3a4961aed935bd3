"""What has to be true after a step; each check returns why it is not, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable

from gitcollab.client import Client
from gitcollab.demo.stage import Actor
from gitcollab.demo.story import Notebook, joined
from gitcollab.notebooks import problems, strip


def unlike(shown: Notebook, told: Notebook) -> str:
    """Says how a notebook differs from the one told: cells, their order, sources and outputs."""
    order, wanted = ([cell["id"] for cell in notebook["cells"]] for notebook in (shown, told))
    if order != wanted:
        return f"the cells stand in another order: {' '.join(order)}"
    for cell, want in zip(shown["cells"], told["cells"], strict=True):
        if joined(cell["source"]) != joined(want["source"]):
            return f"cell {cell['id']} reads {joined(cell['source'])!r}"
        if cell.get("outputs") != want.get("outputs"):
            return f"cell {cell['id']} has other outputs"
    return ""


def everybody_has(told: Notebook, client: Client, collab: str, path: str, people: Iterable[Actor]) -> str:
    """Says why not everybody has the notebook as told, in the same bytes (the stamp aside), with nothing contested."""
    items = client.contested(collab)
    if items:
        return f"{len(items)} cells are contested: {items[0]['path']} {items[0]['cell']}"
    main = client.file(collab, path).body
    why = unlike(json.loads(main), told)
    if why:
        return f"on the shared branch {why}"
    if problems(main):
        return f"the shared notebook is not valid: {problems(main)[0]}"
    for actor in people:
        mine, _ = strip(actor.file.read_bytes())
        if mine != main:
            return f"{actor.name.title()}'s file differs: {unlike(json.loads(mine), told) or 'other bytes'}"
    return ""


def contested_as_told(
    client: Client, collab: str, cell: str, texts: set[str], people: Iterable[Actor]
) -> str:
    """Says why not exactly this cell is contested between these two texts, each person keeping their own."""
    items = client.contested(collab)
    if len(items) != 1:
        return f"{len(items)} items are contested instead of one"
    item = items[0]
    if item["cell"] != cell or {item["shared"], item["session"]} != texts:
        return f"the item is about {item['cell']} between {item['shared']!r} and {item['session']!r}"
    seen = [joined(c["source"]) for actor in people for c in actor.sees()["cells"] if c["id"] == cell]
    if set(seen) != texts:
        return f"their files read {seen}"
    main = json.loads(client.file(collab, item["path"]).body)
    on_main = next(joined(c["source"]) for c in main["cells"] if c["id"] == cell)
    return "" if on_main == item["shared"] else f"the shared branch reads {on_main!r}"


def published_as_told(client: Client, collab: str, path: str, version: str) -> str:
    """Says why the version is not there, tagged, readable and on the blessed branch."""
    found = [each for each in client.versions(collab) if each["version"] == version]
    if len(found) != 1:
        return f"{version} is listed {len(found)} times"
    at_version, blessed = client.file(collab, path, version).body, client.file(collab, path, "blessed").body
    if at_version != blessed:
        return f"the blessed notebook is not {version}"
    return "" if at_version == client.file(collab, path).body else f"{version} is not what everybody had"


def stream_as_told(events: list[dict[str, object]]) -> str:
    """Says why the event stream does not tell the whole story: every number once, every kind of thing."""
    numbers = [event["n"] for event in events]
    if numbers != list(range(1, len(numbers) + 1)):
        return f"the events' numbers are {numbers}"
    wanted = {"created", "joined", "saved", "landed", "delivered", "contested", "settled", "published"}
    missing = wanted - {str(event["kind"]) for event in events}
    return f"no event tells of {', '.join(sorted(missing))}" if missing else ""
