"""Suggesting a version: what a notebook on the shared branch has changed since it was last published."""

from __future__ import annotations

import msgspec

from gitcollab import notebooks
from gitcollab.errors import NotFound
from gitcollab.flow.points import MAIN, bytes_at
from gitcollab.model import Bump, Reason, Suggestion
from gitcollab.numbering import FIRST as FIRST_VERSION
from gitcollab.numbering import next_version
from gitcollab.repository import Repository, version_tag

FIRST = Reason(bump=Bump.MINOR, text="it is the first version: 1.0.0 whatever number is asked for")


def suggestion(repo: Repository, path: str, newest: str) -> Suggestion:
    """Returns which number to raise and why, against the ``newest`` published version (empty: there is none).

    :raises NotFound: there is no such notebook on the shared branch.
    """
    now = bytes_at(repo, repo.head(MAIN) or "", path)
    if now is None:
        raise NotFound(f"there is no notebook {path[:200]!r}", "look at the list of files", path=path)
    if not newest:
        return Suggestion(bump=FIRST.bump, reasons=(FIRST,), version=FIRST_VERSION)
    _, commit = repo.tags(version_tag(path, newest))[version_tag(path, newest)]
    found = notebooks.suggested_bump(bytes_at(repo, commit, path) or b"", now)
    number = next_version(newest, found.bump) if found.bump else ""
    return msgspec.structs.replace(found, newest=newest, version=number)
