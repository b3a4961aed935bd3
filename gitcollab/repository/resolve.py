"""REV: the names of a point in history (design: HTTP). Never git's own revision language, which reaches anything."""

from __future__ import annotations

import re

from gitcollab.errors import BadInput, NotFound
from gitcollab.repository.commits import seconds_of
from gitcollab.repository.history import History
from gitcollab.repository.objects import Objects
from gitcollab.repository.refs import Refs
from gitcollab.repository.tags import VERSION, Tags, notebook_of, version_of, version_tag
from gitcollab.repository.values import OID

_SHORT = re.compile(r"[0-9a-f]{7,39}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


class Resolver:
    """Finds the commit that a REV names in one repository."""

    def __init__(self, objects: Objects, refs: Refs, tags: Tags, history: History) -> None:
        self._objects, self._refs, self._tags, self._history = objects, refs, tags, history

    def resolve(self, rev: str, path: str = "") -> str:
        """Returns a commit's id.

        ``rev`` is a full id, a branch (``main``, ``blessed``, ``sessions/ana/default``, or ``ana/default``), a version
        (``1.2.0`` or ``v1.2.0``, of the notebook ``path``, which may be left out where one notebook has that version),
        a tag, an ISO 8601 time (``main`` as it was then, UTC without a zone), or the first 7 or more digits of an id.
        NotFound otherwise, BadInput where it is ambiguous.
        """
        found = (
            self._full(rev)
            or self._branch(rev)
            or self._version(rev.removeprefix("v"), path)
            or self._tag(rev)
            or self._time(rev)
            or self._short(rev)
        )
        if found is None:
            raise NotFound(
                f"nothing in this collab is called {rev[:200]!r}",
                "name a branch, a version such as 1.2.0, a commit or a time",
            )
        return found

    def _full(self, rev: str) -> str | None:
        return self._commit(rev) if OID.fullmatch(rev) else None

    def _branch(self, rev: str) -> str | None:
        for prefix in ("refs/heads/", "refs/heads/sessions/"):
            found = self._ref(prefix + rev)
            if found:
                return found
        return None

    def _tag(self, rev: str) -> str | None:
        oid = self._ref(f"refs/tags/{rev}")
        return self._tags.target(oid) if oid else None

    def _ref(self, ref: str) -> str | None:
        try:
            return self._refs.read(ref)
        except BadInput:
            return None

    def _version(self, rev: str, path: str) -> str | None:
        if not VERSION.fullmatch(rev):
            return None
        if path:
            return self._tag(version_tag(path, rev))
        found = {}
        for ref, oid in self._refs.all("refs/tags/").items():
            stem = notebook_of(ref.removeprefix("refs/tags/"))
            if stem and version_of(ref) == rev:
                found[f"{stem}.ipynb"] = oid
        if len(found) > 1:
            raise BadInput(
                f"{rev} is a version of several notebooks", "say which one", notebooks=sorted(found)
            )
        return self._tags.target(next(iter(found.values()))) if found else None

    def _time(self, rev: str) -> str | None:
        main = self._refs.read("refs/heads/main")
        if main is None or not _TIME.fullmatch(rev):
            return None
        end = seconds_of(rev)
        return next((commit.oid for commit in self._history.line(main) if commit.seconds <= end), None)

    def _short(self, rev: str) -> str | None:
        if not _SHORT.fullmatch(rev):
            return None
        found = {oid for oid in self._objects.beginning_with(rev) if self._commit(oid)}
        if len(found) > 1:
            raise BadInput(f"{rev} begins several commits", "give more digits")
        return next(iter(found), None)

    def _commit(self, oid: str) -> str | None:
        return oid if self._objects.has(oid) and self._objects.header(oid)[0] == "commit" else None
