"""Commits: written as objects that move no ref, and read back with their trailers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from gitcollab.errors import BadInput
from gitcollab.model import Person
from gitcollab.repository.errors import Damaged
from gitcollab.repository.memory import Memory
from gitcollab.repository.objects import Objects
from gitcollab.repository.values import Commit, checked_oid

COMMIT_LIMIT = 4 * 1024 * 1024
"""Bytes of one commit object."""

REMEMBERED = 40_000_000
"""Bytes of commits that are kept in memory, some 20,000 of them."""

DOMAIN = "gitcollab.invalid"
"""Where the addresses of people and of the service are: nobody receives mail there (RFC 2606)."""

SERVICE = f"gitcollab <service@{DOMAIN}>".encode()
"""The committer of every commit that the service makes for a person.

No push may bring a commit that says so: thus it can be believed, and with it the trailers, which anybody can write.
"""

Trailers = Mapping[str, str | Sequence[str]]

_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): (.*)")
_PERSON = re.compile(r"(.*?) ?<([^<>]*)> (-?\d+)(?: ([+-]\d{4}))?")


class Commits:
    """The commits of one repository."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.read = Memory(self._read, lambda commit: 1000 + 4 * len(commit.message), REMEMBERED)

    def write(
        self, tree: str, parents: Sequence[str], message: str, author: Person, at: str, trailers: Trailers
    ) -> str:
        """Writes a commit object and returns its id."""
        seconds = seconds_of(at)
        lines = [b"tree " + checked_oid(tree).encode()]
        lines += [b"parent " + checked_oid(parent).encode() for parent in parents]
        lines.append(b"author %s %d +0000" % (identity(author), seconds))
        lines.append(b"committer %s %d +0000" % (SERVICE, seconds))
        body = with_trailers(message, trailers).encode("utf-8", "replace")
        return self._objects.write("commit", b"\n".join(lines) + b"\n\n" + body)

    def _read(self, oid: str) -> Commit:
        kind, data = self._objects.read(oid, COMMIT_LIMIT)
        if kind != "commit":
            raise BadInput(f"{oid} is a {kind}, not a commit")
        return parsed(oid, data)


def parsed(oid: str, data: bytes) -> Commit:
    """Returns the commit that these bytes are; Damaged if they are none."""
    head, _, body = data.partition(b"\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(" ")
        fields.setdefault(name, []).append(value)
    author = _PERSON.match(fields.get("author", [""])[0])
    committer = _PERSON.match(fields.get("committer", [""])[0])
    if "tree" not in fields or not author or not committer:
        raise Damaged(oid, "not a commit")
    message = body.decode("utf-8", "replace")
    seconds = int(committer[3])
    is_ours = f"{committer[1]} <{committer[2]}>".encode() == SERVICE
    return Commit(
        oid=oid,
        tree=fields["tree"][0],
        parents=tuple(fields.get("parent", ())),
        message=message,
        trailers=trailers_of(message) if is_ours else {},
        author_name=author[1],
        author_email=author[2],
        at=iso(seconds),
        seconds=seconds,
        is_ours=is_ours,
        committer_email=committer[2],
    )


def with_trailers(message: str, trailers: Trailers) -> str:
    """Returns the message with trailers as a last paragraph of its own, so that no text can pose as one."""
    text = message.replace("\0", "").strip() or "(no message)"
    lines = [f"{key}: {_one_line(value)}" for key, values in trailers.items() for value in _each(values)]
    return "\n\n".join((text, "\n".join(lines))) + "\n" if lines else f"{text}\n"


def trailers_of(message: str) -> dict[str, tuple[str, ...]]:
    """Returns the trailers of a message: its last paragraph, if every line of it is ``Key: value``."""
    _, gap, last = message.strip().rpartition("\n\n")
    matches = [_TRAILER.fullmatch(line) for line in last.splitlines()] if gap else []
    found: dict[str, tuple[str, ...]] = {}
    if all(matches):
        for match in filter(None, matches):
            found[match[1]] = (*found.get(match[1], ()), match[2])
    return found


def identity(person: Person, domain: str = DOMAIN) -> bytes:
    """Returns the person as git writes one; the address is under .invalid, since nobody receives mail there."""
    display = re.sub(r"[<>\x00-\x1f\x7f]", "", person.display).strip(" .,:;\"'\\") or person.name
    return f"{display} <{person.name}@{domain}>".encode("utf-8", "replace")


def signature(person: Person, domain: str = DOMAIN) -> str:
    """Returns the person as the value of a trailer."""
    return identity(person, domain).decode("utf-8", "replace")


def seconds_of(at: str) -> int:
    """Returns the Unix time of an ISO 8601 time; without a zone it is UTC."""
    try:
        time = datetime.fromisoformat(at)
    except ValueError as error:
        raise BadInput(f"{at[:80]!r} is no time", "write it like 2026-11-20T10:00:00Z") from error
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


def iso(seconds: int) -> str:
    """Returns a Unix time as ISO 8601 with Z; times no calendar can hold come back as its ends."""
    bounded = min(max(seconds, -62135596800), 253402300799)
    return datetime.fromtimestamp(bounded, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _one_line(value: str) -> str:
    return " ".join(value.replace("\0", "").split())


def _each(values: str | Sequence[str]) -> Sequence[str]:
    return (values,) if isinstance(values, str) else values
