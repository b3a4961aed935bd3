"""Looking at a whole directory at once: what is there, what is skipped and why, what could not be seen."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from gitcollab.workspace import beneath
from gitcollab.workspace.reading import Stat
from gitcollab.workspace.rules import Rules, is_name

DEEPEST = 200  # directories; what lies deeper counts as not seen
GITIGNORE_CAP = 1_000_000  # bytes


@dataclass(slots=True)
class Table:
    """What a scan found. Paths are relative to the root, with slashes.

    ``files``: shared files with their stats. ``skipped``: files that rules admit but that are not taken in, and
    why. ``blind``: directories that could not be read, or are links, so that nothing can be said of what they hold.
    """

    files: dict[str, Stat] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)

    def is_blind_to(self, path: str) -> bool:
        """Whether the path lies where the scan could not look."""
        return any(not each or path == each or path.startswith(f"{each}/") for each in self.blind)


def scan(root: Path, rules: Rules) -> dict[str, Stat]:
    """Returns the shared files beneath the root with their stats; links are never followed."""
    return survey(root, rules).files


def survey(root: Path, rules: Rules, tracked: Iterable[str] = (), below: str = "") -> Table:
    """Walks the tree, or the part of it below a directory, by directory entries: no file is opened.

    ``tracked``: paths that are shared already; as with git, a ``.gitignore`` written later does not end that.

    :raises OSError: the root itself cannot be listed.
    """
    table = Table()
    os.scandir(root).close()
    ignores = _Ignores(root, rules)
    if not below or (_is_directory(root, below) and rules.may_hold(below) and not ignores.says(f"{below}/")):
        _Walk(root, rules, table).directory(below, ignores.above(below))
    for path in tracked:
        if path not in table.files and path not in table.skipped and rules.admits(path):
            _look(root, path, rules, table)
    return table


def look(root: Path, rules: Rules, paths: Iterable[str], tracked: Callable[[str], bool]) -> Table:
    """Looks at single paths, as ``survey`` would see them."""
    table = Table()
    ignores = _Ignores(root, rules)
    for path in paths:
        if rules.admits(path) and (tracked(path) or not ignores.says(path)):
            _look(root, path, rules, table)
    return table


def identity(root: Path) -> tuple[int, int]:
    """Names the directory itself, whatever path leads to it (device and inode)."""
    found = os.stat(root)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(root))
    return found.st_dev, found.st_ino


def shown(path: str) -> str:
    """The path as text that can be printed and sent, whatever bytes the name has."""
    return os.fsencode(path).decode("utf-8", "replace")


Spec = tuple[str, GitIgnoreSpec]


class _Walk:
    def __init__(self, root: Path, rules: Rules, table: Table) -> None:
        self.root, self.rules, self.table = root, rules, table

    def directory(self, above: str, specs: tuple[Spec, ...]) -> None:
        try:
            with os.scandir(self.root / above) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                self.table.blind.add(above)
            return
        if self.rules.is_gitignore_read and any(entry.name == ".gitignore" for entry in entries):
            specs = (*specs, *_spec(self.root, above))
        for entry in entries:
            self.entry(entry, f"{above}/{entry.name}" if above else entry.name, specs)

    def entry(self, entry: os.DirEntry[str], path: str, specs: tuple[Spec, ...]) -> None:
        if entry.is_dir(follow_symlinks=False):
            if path.count("/") >= DEEPEST:
                self.table.blind.add(path)
            elif self.rules.may_hold(path) and not _says(specs, f"{path}/"):
                self.directory(path, specs)
        elif self.rules.admits(path) and not _says(specs, path):
            _judge(path, lambda: entry.stat(follow_symlinks=False), self.rules, self.table)


class _Ignores:
    """The ``.gitignore`` files that bear on single paths, each read once."""

    def __init__(self, root: Path, rules: Rules) -> None:
        self.root, self.is_read = root, rules.is_gitignore_read
        self.known: dict[str, tuple[Spec, ...]] = {}

    def says(self, path: str) -> bool:
        specs = self.above(path)
        return any(_says(specs, f"{directory}/") for directory in _ancestors(path) if directory) or _says(
            specs, path
        )

    def above(self, path: str) -> tuple[Spec, ...]:
        """The ones in the directories above the path, the outermost first."""
        if not self.is_read or not path:
            return ()
        return tuple(spec for directory in _ancestors(path.rstrip("/")) for spec in self.of(directory))

    def of(self, directory: str) -> tuple[Spec, ...]:
        if directory not in self.known:
            self.known[directory] = tuple(_spec(self.root, directory))
        return self.known[directory]


def _ancestors(path: str) -> Iterator[str]:
    """The directories above a path, from the root (written as nothing) down."""
    yield ""
    for at, char in enumerate(path):
        if char == "/":
            yield path[:at]


def _spec(root: Path, directory: str) -> Iterator[Spec]:
    path = f"{directory}/.gitignore" if directory else ".gitignore"
    try:
        with beneath.opened(root, path) as fd:
            is_file = stat.S_ISREG(os.fstat(fd).st_mode)
            text = os.read(fd, GITIGNORE_CAP).decode("utf-8", "replace") if is_file else ""
        yield directory, GitIgnoreSpec.from_lines(text.splitlines())
    except (OSError, ValueError):  # one that cannot be read ignores nothing
        return


def _says(specs: tuple[Spec, ...], path: str) -> bool:
    """The last ``.gitignore`` with an opinion decides, as in git."""
    for directory, spec in reversed(specs):
        below = path.removeprefix(f"{directory}/") if directory else path
        if directory and below == path:
            continue
        verdict = spec.check_file(below).include
        if verdict is not None:
            return verdict
    return False


def _look(root: Path, path: str, rules: Rules, table: Table) -> None:
    link = _link_above(root, path)
    if link:
        table.blind.add(link)
    _judge(link or path, lambda: os.lstat(root / (link or path)), rules, table)


def _link_above(root: Path, path: str) -> str:
    """The first directory on the way that is a link, and so a way out; nothing if there is none."""
    for directory in _ancestors(path):
        try:
            if directory and stat.S_ISLNK(os.lstat(root / directory).st_mode):
                return directory
        except OSError:  # the file's own lstat will say it
            return ""
    return ""


def _is_directory(root: Path, path: str) -> bool:
    try:
        return not _link_above(root, path) and stat.S_ISDIR(os.lstat(root / path).st_mode)
    except OSError:
        return False


def _judge(path: str, find: Callable[[], os.stat_result], rules: Rules, table: Table) -> None:
    try:
        found = find()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        table.skipped[path] = "outside" if error.errno == errno.ELOOP else "unreadable"
        return
    if stat.S_ISDIR(found.st_mode):
        return
    reason = _reason(path, found, rules)
    if reason:
        table.skipped[path] = reason
    else:
        table.files[path] = Stat.of(found)


def _reason(path: str, found: os.stat_result, rules: Rules) -> str:
    if not is_name(path):
        return "name"
    if stat.S_ISLNK(found.st_mode):
        return "outside"
    if not stat.S_ISREG(found.st_mode):
        return "not-regular"
    if found.st_nlink > 1:  # a hard link may be another person's file
        return "outside"
    return "too-large" if found.st_size > rules.cap(path) else ""
