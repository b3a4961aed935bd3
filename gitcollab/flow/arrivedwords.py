"""Words of a push: suspected secrets in the messages of its commits and in the names that they give to files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from gitcollab import notebooks
from gitcollab.acts.pushing import PushedSecret
from gitcollab.flow.alter import printable
from gitcollab.notebooks import Finding
from gitcollab.repository import Brought

MESSAGE, NAME = "message", "name"

_ENTRY = re.compile(rb"[0-7]{5,6} ([^\0]+)\0.{20}", re.DOTALL)
"""One entry of a tree, and in it the name of a file or directory."""


class Words:
    """What of a push is neither a file nor leads to one. A name is looked at once, in however many trees it stands."""

    def __init__(self) -> None:
        self._messages: dict[str, tuple[Finding, ...]] = {}
        self._names: dict[str, Finding] = {}
        self._looked_at: set[bytes] = set()
        self._named: dict[str, Brought] = {}

    def look(self, oid: str, kind: str, data: bytes) -> None:
        """Looks into one tree or commit."""
        if kind == "tree":
            self._look_at_names(data)
        elif kind == "commit" and (found := notebooks.secrets(data.partition(b"\n\n")[2])):
            self._messages[oid] = found

    def _look_at_names(self, tree: bytes) -> None:
        new = set(_ENTRY.findall(tree)) - self._looked_at
        self._looked_at |= new
        if notebooks.secrets(b"\n".join(new)):
            named = ((name.decode("utf-8", "surrogateescape"), notebooks.secrets(name)) for name in new)
            self._names |= {name: found[0] for name, found in named if found}

    @property
    def has_names(self) -> bool:
        """Whether a name has to be looked for in what the commits change."""
        return bool(self._names)

    def see(self, change: Brought, is_there: Callable[[str], bool]) -> None:
        """Takes in one change of a new commit; ``is_there``: whether everybody has a file of that path already."""
        named = set(change.path.split("/")) & self._names.keys() if change.is_named else set()
        for name in named - self._named.keys():
            if not is_there(change.path):
                self._named[name] = change

    def told(self, is_new: Callable[[str], bool]) -> Iterator[PushedSecret]:
        """Yields what was found in names that a new commit gives, and in the messages of commits that ``is_new``."""
        for name, change in self._named.items():
            yield told(self._names[name], NAME, change.commit, change.path)
        for oid, found in self._messages.items():
            yield from (told(one, MESSAGE, oid) for one in found if is_new(oid))


def told(one: Finding, field: str, commit: str, path: str = "") -> PushedSecret:
    """Returns a finding with its place; what looks like a secret in the path is not told."""
    return PushedSecret(
        kind=one.kind,
        path=printable("/".join(map(notebooks.masked, path.split("/")))),
        commit=commit,
        cell=one.cell,
        field=field,
        line=one.line,
        excerpt=one.excerpt,
        digest=one.digest,
    )
