"""Exporting: a collab as an ordinary repository in a directory, which needs nothing of ours."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gitcollab.carrying.crediting import Squash, names_in, squashed, tree_without_notes
from gitcollab.carrying.scratch import FETCH, Far, Git, scratch
from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import BadInput, Unusable
from gitcollab.repository import DOMAIN

MAIN = "refs/heads/main"
SESSIONS = "refs/heads/sessions/"


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """What an export left in ``directory``: its ``branches`` and ``tags``, and the commit that ``main`` is at."""

    id: str
    directory: str
    head: str
    branches: tuple[str, ...]
    tags: tuple[str, ...] = ()


def export(
    server: Client, collab: str, directory: Path, *, has_sessions: bool = False, is_squashed: bool = False
) -> Exported:
    """Makes an ordinary repository of a collab, with its files: ``main``, ``blessed`` and all versions.

    ``has_sessions``: everybody's session branches, too. ``is_squashed``: ``main`` alone, as one commit that credits all
    authors. The directory is there whole or not at all; it has no remote, no hook and no token in it.

    :raises BadInput: there is something at ``directory``. Unusable: nothing can be fetched, with git's words.
    """
    if is_squashed and has_sessions:
        raise BadInput("one commit holds no sessions", "leave one of the two out")
    told = server.collab(collab)
    with _beside(directory) as made, scratch() as git:
        far = Far(server, told["id"])
        refs = {
            name: oid for name, oid in far.refs(git).items() if has_sessions or not name.startswith(SESSIONS)
        }
        if MAIN not in refs:
            raise Unusable("this collab has no main", "run `gitcollab doctor` on the server")
        own = Git.made(made / ".git")
        if is_squashed:
            far.fetch(git, f"{MAIN}:{MAIN}")
            commit = _one(server, git, told)
            refs = {MAIN: commit}
            own.run(*FETCH, "--", str(git.path), f"refs/squashed:{MAIN}", schemes="file")
        else:
            far.fetch(own, *(f"{name}:{name}" for name in refs))
        (own.path / "description").write_text(f"{told['title'] or told['alias']}, exported from gitcollab\n")
        own.run(f"--work-tree={made}", "checkout", "--quiet", "--force", "main")
        head = own.commit(MAIN)
    return Exported(
        id=told["id"],
        directory=str(directory),
        head=head,
        branches=_named(refs, "refs/heads/"),
        tags=_named(refs, "refs/tags/"),
    )


def _one(server: Client, git: Git, told: Json) -> str:
    """Writes the one commit that stands for all of ``main``."""
    me, tip = server.me(), git.commit(MAIN)
    author = f"{me.get('display') or me['name']} <{me['name']}@{DOMAIN}>"
    asked = Squash(
        tip=tip, title=told["title"] or told["alias"], author=author, names=names_in(server, told["id"])
    )
    commit = squashed(git, asked, tree_without_notes(git, tip))
    git.run("update-ref", "refs/squashed", commit)
    return commit


@contextmanager
def _beside(directory: Path) -> Iterator[Path]:
    """Yields a directory to fill, which then takes its place in one step."""
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise BadInput(f"{directory} is no directory", "name a new one")
    if directory.is_dir() and any(directory.iterdir()):
        raise BadInput(f"{directory} is not empty", "name a new directory: nothing is written over")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{directory.name}-exporting-", dir=directory.parent))
    except OSError as error:
        raise BadInput(f"{directory} cannot be made: {error.strerror}", "name another directory") from error
    try:
        yield made
        made.chmod(0o777 & ~_umask())
        if directory.exists():
            directory.rmdir()
        made.rename(directory)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _umask() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o077


def _named(refs: dict[str, str], prefix: str) -> tuple[str, ...]:
    return tuple(sorted(name.removeprefix(prefix) for name in refs if name.startswith(prefix)))
