"""Crediting: one commit that stands for a whole history, and names everybody who worked on it (requirement S28)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gitcollab.carrying.scratch import Git
from gitcollab.client import Client
from gitcollab.flow.points import NOTES
from gitcollab.flow.receive import SERVICE
from gitcollab.repository import DOMAIN

PIECE, END = "\x1f", "\x1e"

FORM = PIECE.join(
    ("%an", "%ae", "%(trailers:key=Gitcollab-Act,valueonly)", "%(trailers:key=Co-authored-by,valueonly)")
)


class Squash(msgspec.Struct, frozen=True, kw_only=True):
    """One commit in the place of many: where they end, what it is called, and who makes it, as ``Name <address>``.

    ``names`` says by address how people of the collab want to be called.
    """

    tip: str
    title: str
    author: str
    names: dict[str, str] = {}


def squashed(git: Git, asked: Squash, tree: str, parents: tuple[str, ...] = ()) -> str:
    """Writes one commit that holds ``tree`` and credits every author up to ``asked.tip``; moves no ref."""
    everybody = authors(git, asked.tip)
    me = address(asked.author)
    others = [_called(one, asked.names) for one in everybody if address(one) != me]
    lines = [asked.title, "", f"Squashed from {asked.tip}."]
    if others:
        lines += ["", *(f"Co-authored-by: {one}" for one in others)]
    name, _, rest = asked.author.rpartition(" <")
    who = {f"GIT_{role}_NAME": name for role in ("AUTHOR", "COMMITTER")}
    who |= {f"GIT_{role}_EMAIL": rest.rstrip(">") for role in ("AUTHOR", "COMMITTER")}
    above = [word for parent in parents for word in ("-p", parent)]
    given = "\n".join(lines).encode("utf-8", "replace") + b"\n"
    return git.run("commit-tree", *above, "-F", "-", tree, given=given, also=who).decode().strip()


def authors(git: Git, tip: str) -> tuple[str, ...]:
    """Returns everybody who worked on what a commit holds, as ``Name <address>``, the first first, each once."""
    found: dict[str, str] = {}
    for one in _named(git, tip):
        if (key := address(one)) and key != SERVICE:
            found.setdefault(key, one)
    return tuple(found.values())


def names_in(server: Client, collab: str) -> dict[str, str]:
    """Returns how the people of a collab want to be called, by the addresses in their commits."""
    return {
        f"{one['user']}@{DOMAIN}": str(one["display"]) for one in server.members(collab) if one.get("display")
    }


def address(signed: str) -> str:
    """Returns the address in ``Name <address>``, as addresses are compared; '' if there is none."""
    return signed.rpartition("<")[2].rstrip("> ").casefold() if "<" in signed else ""


def tree_without_notes(git: Git, tip: str) -> str:
    """Returns the tree of a commit without what the service notes there."""
    index = {"GIT_INDEX_FILE": str(git.path / "squash-index")}
    git.run("read-tree", tip, also=index)
    listed = git.run("ls-files", "-z", "--", f"{NOTES}/", also=index).split(b"\0")[:-1]
    rows = b"".join(b"0 %s\t%s\0" % (b"0" * 40, path) for path in listed)
    git.run("update-index", "-z", "--index-info", given=rows, also=index)
    return git.run("write-tree", also=index).decode().strip()


def _called(signed: str, names: dict[str, str]) -> str:
    name = " ".join(names.get(address(signed), "").translate({ord("<"): None, ord(">"): None}).split())
    return f"{name} <{address(signed)}>" if name else signed


def _named(git: Git, tip: str) -> Iterator[str]:
    said = git.run("log", "--reverse", f"--format={FORM}{END}", tip).decode("utf-8", "replace")
    for row in said.split(END):
        name, address, act, credited = [*row.strip("\n").split(PIECE), "", "", "", ""][:4]
        if act.strip() != "delivery" and name:
            yield f"{name} <{address}>"
        yield from filter(None, (line.strip() for line in credited.splitlines()))
