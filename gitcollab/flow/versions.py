"""Versions: what has been published, read from its tags."""

from __future__ import annotations

from collections.abc import Iterator

import semver

from gitcollab.flow.points import of_trailer
from gitcollab.model import Person, Version
from gitcollab.repository import DOMAIN, Commit, Repository, notebook_of, signature, version_of


def versions(repo: Repository) -> Iterator[Version]:
    """Yields the published versions, in the order of their tags."""
    for tag, (oid, target) in repo.tags().items():
        if notebook_of(tag) is not None:
            yield _version(repo, tag, oid, repo.read(target))


def version_at(repo: Repository, tag: str) -> Version:
    """Returns the version that a tag is."""
    oid, target = repo.tags(tag)[tag]
    return _version(repo, tag, oid, repo.read(target))


def newest_version(repo: Repository, path: str) -> str:
    """Returns the newest published version of a notebook, empty if there is none."""
    stem = path.removesuffix(".ipynb")
    tags = [tag for tag in repo.tags() if notebook_of(tag) == stem]
    numbers = [semver.Version.parse(version_of(tag)) for tag in tags]
    return str(max(numbers)) if numbers else ""


def credit(users: tuple[str, ...]) -> list[str]:
    """Returns people as the values of a ``Co-authored-by`` trailer; who is nobody here is signed already."""
    return [user if user.endswith(">") else signature(Person(name=user)) for user in users]


def credited(signed: str) -> str:
    """Returns whom such a value names: the account, or all of it where that is nobody here."""
    name = signed.rpartition(" <")[2]
    return name.removesuffix(f"@{DOMAIN}>") if name.endswith(f"@{DOMAIN}>") else signed


def _version(repo: Repository, tag: str, oid: str, commit: Commit) -> Version:
    message, _, trailers = commit.message.strip().rpartition("\n\n")
    if not commit.trailers:
        message = f"{message}\n\n{trailers}".strip()
    told = repo.tag_message(oid)[1]
    if not told.startswith(message):  # tagged by somebody else's hand: what they wrote there is the message
        message = told
    by = commit.trailer("Gitcollab-User") or commit.author_name
    others = [_shown(credited(one)) for one in commit.trailers.get("Co-authored-by", ())]
    return Version(
        notebook=of_trailer(commit.trailer("Gitcollab-Path")) or f"{notebook_of(tag)}.ipynb",
        version=version_of(tag),
        tag=tag,
        commit=commit.oid,
        at=commit.at,
        by=by,
        message=message,
        notes=_notes(told.removeprefix(message).strip()),
        authors=tuple(dict.fromkeys([by, *others])),
        tracker=commit.trailer("Tracker"),
    )


def _notes(text: str) -> str:
    """The list in a tag's message; what follows it are trailers."""
    return "\n".join(line for line in text.split("\n") if line.startswith("- "))


def _shown(user: str) -> str:
    return user.rpartition(" <")[0] or user
