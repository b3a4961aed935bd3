"""What a collab says of itself in ``collab.toml``: shown, and changed by a form without touching the rest of it."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitcollab import acts
from gitcollab.errors import BadInput, NotFound
from gitcollab.web.pages.frame import About, View

FILE = "collab.toml"
Key = tuple[str, str]
"""A table (empty: none) and a name in it."""
TEXTS: tuple[Key, ...] = (
    ("", "title"),
    ("", "description"),
    ("", "licence"),
    ("", "tracker"),
    ("gates", "status"),
)
"""What is said in words of one line."""
SHOWN: tuple[Key, ...] = (("gates", "command"),)
"""What this page only shows: which program the server runs is said in the file itself."""
CHOICES: dict[Key, tuple[str, ...]] = {
    ("policies", "landing"): ("save", "request"),
    ("policies", "delivery"): ("landing", "request"),
    ("policies", "secrets"): ("hold", "off"),
    ("gates", "agree"): ("no", "text", "all"),
}
"""What can be chosen, what holds unless said otherwise first."""
SWITCHES: dict[Key, bool] = {
    ("gates", "errors"): False,
    ("gates", "order"): False,
    ("gates", "run"): False,
    ("gates", "secrets"): True,
    ("gates", "licence"): False,
    ("gates", "approval"): False,
}
"""What is asked of a notebook before it is published, and whether it is unless said otherwise."""
GATES = {
    "secrets": "nothing in it looks like a secret",
    "errors": "no output is an error",
    "order": "every cell was run, once from top to bottom",
    "run": "it runs from top to bottom in a clean kernel",
    "licence": "there is a licence",
    "approval": "a second maintainer approves",
}
"""The switches among them, in words, in the order of the page."""
HEAD = re.compile(r"\s*\[")


@dataclass
class Said:
    """The file as it is written (``oid`` names it), and what it says, defaults included."""

    text: str
    oid: str
    values: dict[Key, Any]
    is_readable: bool = True

    def of(self, table: str, name: str) -> Any:
        """One value."""
        return self.values[table, name]


async def said_of(view: View, about: About) -> Said:
    """What the collab says of itself now."""
    try:
        found: acts.FileBytes = await view.read_act(acts.ReadFile, about.id, path=FILE)
    except NotFound:
        return read("", "")
    return read(found.data.decode("utf-8", "replace"), found.oid)


def read(text: str, oid: str) -> Said:
    """Reads the file; what is written wrongly in it is as if it were not there."""
    try:
        whole, is_readable = tomllib.loads(text), True
    except (tomllib.TOMLDecodeError, RecursionError):
        whole, is_readable = {}, False
    values: dict[Key, Any] = {}
    for key in (*TEXTS, *SHOWN):
        value = at(whole, key)
        values[key] = value if isinstance(value, str) else ""
    for key, choices in CHOICES.items():
        value = at(whole, key)
        values[key] = value if value in choices else choices[0]
    for key, usual in SWITCHES.items():
        value = at(whole, key)
        values[key] = value if isinstance(value, bool) else usual
    return Said(text, oid, values, is_readable)


def at(whole: Mapping[str, Any], key: Key) -> Any:
    """What stands at a key; None if nothing does."""
    table = whole.get(key[0]) if key[0] else whole
    return table.get(key[1]) if isinstance(table, dict) else None


def edited(text: str, changed: Mapping[Key, Any]) -> str:
    """The file with other values at some keys, everything else in it as it was; BadInput if it is written in a way that
    does not let them be set one by one."""
    wanted = copy.deepcopy(tomllib.loads(text))
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    for (table, name), value in changed.items():
        place = wanted.setdefault(table, {}) if table else wanted
        if not isinstance(place, dict):
            raise unfit()
        place[name] = value
        put(
            lines, table, name, f"{name} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")
        )
    made = "\n".join(lines) + "\n"
    try:
        is_right = tomllib.loads(made) == wanted
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        raise unfit()
    return made


def put(lines: list[str], table: str, name: str, line: str) -> None:
    """Puts a line in the place of the one that sets ``name`` in ``table``, or at the table's end."""
    heads = [number for number, each in enumerate(lines) if HEAD.match(each)]
    own = [number for number in heads if re.match(rf"\s*\[\s*{table}\s*\]\s*(#.*)?$", lines[number])]
    if table and not own:
        lines += ["", f"[{table}]", line] if lines else [f"[{table}]", line]
        return
    first = own[0] + 1 if table else 0
    end = next((number for number in heads if number >= first), len(lines))
    for number in range(first, end):
        if re.match(rf"\s*{name}\s*=", lines[number]):
            lines[number] = line
            return
    while end > first and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, line)


def unfit() -> BadInput:
    """The error for a file that cannot be changed by this form."""
    return BadInput(
        "collab.toml is written in a way that this page cannot change", "change it in an editor and save it"
    )


def asked(said: Mapping[str, str], now: Said) -> dict[Key, Any]:
    """What a form wants to be otherwise than it is now."""
    given: dict[Key, Any] = {key: one_line(said.get(".".join(filter(None, key)), "")) for key in TEXTS}
    for key, choices in CHOICES.items():
        value = said.get(".".join(key), choices[0])
        if value not in choices:
            raise BadInput(f"What shall {key[1]} be?", f"choose one of {', '.join(choices)}")
        given[key] = value
    given |= {key: said.get(".".join(key)) == "yes" for key in SWITCHES}
    if now.values["", "title"] and not given["", "title"]:
        raise BadInput("A collab needs a title", "say in a few words what it is about")
    for key, whose in ((("", "tracker"), "task"), (("gates", "status"), "status")):
        if given[key] and not given[key].startswith(("https://", "http://")):
            raise BadInput(f"The {whose}'s address is no address of the web", "it begins with https://")
    return {key: value for key, value in given.items() if value != now.values[key]}


def one_line(text: str) -> str:
    """A text that a form sent, bounded, its line ends as spaces."""
    return " ".join(text.split())[:2000]
