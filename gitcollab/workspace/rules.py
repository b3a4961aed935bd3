"""Which files of a workspace are shared: the collab's paths, less what is ignored, up to a size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from pathspec import GitIgnoreSpec

from gitcollab.errors import BadInput
from gitcollab.model import checked_path

MB = 1_000_000

IGNORED = (
    ".~*",  # Jupyter's backup of a save in progress
    ".ipynb_checkpoints/",
    "*.invalid",
    ".jupyter*",
    ".virtual_documents/",
    ".git",  # a directory, or the file of a worktree or submodule
    ".gitcollab*",
    "*.tmp*",
    "!*.tmpl",  # a template, not a temporary
    "*.crdownload",
    "*~",
    ".#*",
    "#*#",
    "*.swp",
    "*.swx",
    "*.swo",
    ".goutputstream-*",
    ".nfs[0-9a-f]*",
    "4913",  # vim tries whether it may write here
    ".DS_Store",
    "__pycache__/",
    "node_modules/",
    ".venv/",
)
"""Never shared, whatever a collab or a .gitignore says: what editors, kernels and git leave beside the work."""

_ALWAYS = GitIgnoreSpec.from_lines(IGNORED)
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Rules:
    """Which files are shared.

    ``paths``: files, directories, or globs as in .gitignore, relative to the root; empty shares all.
    ``ignore``: further patterns as in .gitignore. ``notebook_cap`` and ``file_cap`` are in bytes.
    """

    paths: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    notebook_cap: int = 100 * MB
    file_cap: int = 10 * MB
    is_gitignore_read: bool = True

    def admits(self, path: str) -> bool:
        """Whether a file of this name is shared (a ``.gitignore`` in the tree may still say no, see ``scan``)."""
        return self.is_within(path) and not self.is_ignored(path)

    def is_within(self, path: str) -> bool:
        """Whether the path is one of those the collab shares."""
        return (
            not self.paths or any(_covers(each, path) for each in self._plain) or self._globs.match_file(path)
        )

    def may_hold(self, directory: str) -> bool:
        """Whether files below the directory can be shared at all, so that others need not be walked."""
        if self.is_ignored(f"{directory}/"):
            return False
        if (
            not self.paths
            or self.is_within(directory)
            or any(_covers(directory, each) for each in self._plain)
        ):
            return True
        return any(_may_meet(each, directory) for each in self.paths if _GLOB.search(each))

    def is_ignored(self, path: str) -> bool:
        """Whether the name is one that is never shared; a directory is written with a slash at its end."""
        return _ALWAYS.match_file(path) or self._ignored.match_file(path)

    def cap(self, path: str) -> int:
        """The largest size in bytes that is taken in."""
        return self.notebook_cap if path.endswith(".ipynb") else self.file_cap

    @cached_property
    def _plain(self) -> tuple[str, ...]:
        return tuple(each.removeprefix("./").strip("/") for each in self.paths if not _GLOB.search(each))

    @cached_property
    def _globs(self) -> GitIgnoreSpec:
        return GitIgnoreSpec.from_lines(f"/{each.lstrip('/')}" for each in self.paths if _GLOB.search(each))

    @cached_property
    def _ignored(self) -> GitIgnoreSpec:
        return GitIgnoreSpec.from_lines(self.ignore)


def is_name(path: str) -> bool:
    """Whether the path can be one in a collab at all (UTF-8, no control characters, no ``.git`` in disguise)."""
    try:
        checked_path(path)
    except BadInput:
        return False
    return True


def _covers(above: str, path: str) -> bool:
    return path == above or path.startswith(f"{above}/") or above in {"", "."}


def _may_meet(glob: str, directory: str) -> bool:
    """Whether a match of the glob can lie below the directory, judged by the part before its first wildcard."""
    first = _GLOB.search(glob)
    fixed = glob[: first.start()].rpartition("/")[0].strip("/") if first else glob
    return not fixed or _covers(fixed, directory) or _covers(directory, fixed)
