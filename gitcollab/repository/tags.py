"""Tags: annotated, made once, never moved; and the names under which notebooks' versions are tagged."""

from __future__ import annotations

import re
from urllib.parse import unquote

from gitcollab.model import Person
from gitcollab.repository.commits import identity, seconds_of
from gitcollab.repository.errors import Damaged, RefMoved, TagExists
from gitcollab.repository.locks import checked_ref
from gitcollab.repository.objects import Objects
from gitcollab.repository.refs import Refs
from gitcollab.repository.values import checked_oid

PREFIX = "refs/tags/"

VERSION = re.compile(r"(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8})){2}")

_UNFIT = re.compile(r"[\x00-\x20\x7f~^:?*\[\\%]|@(?=\{)|^[.-]|\.(?=\.)|\.(?=lock$)|\.$")

_TAG_LIMIT = 1024 * 1024


class Tags:
    """The tags of one repository, by short name."""

    def __init__(self, objects: Objects, refs: Refs) -> None:
        self._objects = objects
        self._refs = refs

    def make(self, name: str, commit: str, message: str, author: Person, at: str) -> str:
        """Tags a commit; returns the tag object's id. TagExists if the name is taken, by whatever.

        Exclusive: the ref is created under its lock after the name was read again, so of several at once one wins.
        """
        ref = checked_ref(PREFIX + name)
        head = f"object {checked_oid(commit)}\ntype commit\ntag {name}\ntagger "
        tagger = identity(author) + b" %d +0000\n\n" % seconds_of(at)
        body = message.encode("utf-8", "replace")
        oid = self._objects.write("tag", head.encode("utf-8", "surrogateescape") + tagger + body)
        try:
            self._refs.move(ref, oid, None, "publish")
        except RefMoved as error:
            raise TagExists(name, str(error.data["current"])) from error
        return oid

    def all(self, prefix: str = "") -> dict[str, tuple[str, str]]:
        """Returns {name: (tag id, commit id)}; for a tag without an object of its own both are the commit's."""
        refs = self._refs.all(PREFIX + prefix)
        return {ref.removeprefix(PREFIX): (oid, self.target(oid)) for ref, oid in refs.items()}

    def target(self, oid: str) -> str:
        """Returns the commit that a tag object, or a tag of a tag, names."""
        for _ in range(8):
            kind, _ = self._objects.header(oid)
            if kind != "tag":
                return oid
            first = self._objects.read(oid, _TAG_LIMIT)[1].partition(b"\n")[0]
            oid = first.decode("ascii", "replace").removeprefix("object ")
        raise Damaged(oid, "a tag of a tag of a tag")

    def message(self, oid: str) -> tuple[str, str]:
        """Returns the tagger's display name and the message of a tag object; both '' if it is a commit."""
        kind, data = self._objects.read(oid, _TAG_LIMIT)
        if kind != "tag":
            return "", ""
        head, _, body = data.decode("utf-8", "replace").partition("\n\n")
        tagger = next((line for line in head.split("\n") if line.startswith("tagger ")), "")
        return tagger.removeprefix("tagger ").partition(" <")[0], body.strip()


def version_tag(notebook: str, version: str) -> str:
    """Returns the tag of a notebook's version: ``data/analysis.ipynb`` 1.2.0 → ``data/analysis/v1.2.0``.

    What a ref name cannot hold is percent-encoded, so that the name can be read back.
    """
    stem = notebook.removesuffix(".ipynb")
    return "/".join(_fit(part) for part in stem.split("/")) + f"/v{version}"


def notebook_of(tag: str) -> str | None:
    """Returns the path, without its suffix, of the notebook that a version tag belongs to; None for other tags."""
    stem, _, version = tag.rpartition("/v")
    return unquote(stem, errors="surrogateescape") if stem and VERSION.fullmatch(version) else None


def version_of(tag: str) -> str:
    """Returns the version in a version tag's name: ``data/analysis/v1.2.0`` → ``1.2.0``."""
    return tag.rpartition("/v")[2]


def _fit(part: str) -> str:
    return _UNFIT.sub(lambda match: f"%{ord(match[0]):02X}", part)
