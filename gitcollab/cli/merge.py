"""`gitcollab merge`: three files into one; also git's merge driver, so it imports next to nothing."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitcollab.cli.show import aside, first_line
from gitcollab.errors import BadInput

if TYPE_CHECKING:
    from gitcollab.notebooks import Policy

CONFIG = "collab.toml"
"""Where a collab says how its notebooks are merged."""

OPTIONS = {"-o": "out", "--out": "out", "--path": "path"}


def quick(argv: Sequence[str]) -> int | None:
    """Runs the command if its arguments are plain; None leaves help and mistakes to the full command line."""
    files: list[str] = []
    said = {"out": "", "path": ""}
    as_json, given = False, iter(argv)
    for text in given:
        if text == "--json":
            as_json = True
        elif text in OPTIONS:
            said[OPTIONS[text]] = next(given, "")
        elif text.startswith("-") and text != "-":
            return None
        else:
            files.append(text)
    if len(files) != 3 or not said["out"]:
        return None
    base, ours, theirs = map(Path, files)
    return merged(base, ours, theirs, Path(said["out"]), said["path"], as_json)


def merged(base: Path, ours: Path, theirs: Path, to: Path, path: str, as_json: bool) -> int:
    """Merges three files into ``to``; 0 if clean, 1 if contested.

    ``path`` names the file in what is reported, and says what it is: a notebook unless it has another ending. Given
    one, as git does, the merge follows the ``collab.toml`` that stands next to it or above.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    sides = [read(side) for side in (base, ours, theirs)]
    from gitcollab import notebooks

    is_notebook = not path or path.endswith(".ipynb")  # under whatever name git hands it over
    merge = notebooks.merge if is_notebook else notebooks.merge_file
    made = merge(*sides, path=path or to.name, policy=policy_for(path))
    write(to, made.notebook)
    if as_json:
        print(notebooks.as_json(made).decode(), end="")
    for item in made.contested if not as_json else ():
        aside(f"contested: {item.path}{place(item)}: {first_line(item.reason)}")
    return 1 if made.contested else 0


def policy_for(path: str) -> Policy:
    """Returns what the nearest collab.toml says in ``[merge]``, from the file's directory up to the current one, which
    for a driver is the top of the work tree; the defaults where there is none. What it says wrongly is told.
    """
    from gitcollab import notebooks

    found = (f"{above}/{CONFIG}" for above in Path(path).parents)
    said = next(filter(os.path.isfile, found), None) if path else None
    if said is None:
        return notebooks.STANDARD
    import tomllib  # not for those who have no such file: the start is most of a driver's run

    try:
        with open(said, "rb") as file:
            policy, faults = notebooks.policy_in(tomllib.load(file).get("merge", {}))
    except (OSError, ValueError, RecursionError) as why:
        policy, faults = notebooks.STANDARD, (f"it cannot be read: {first_line(str(why))}",)
    for fault in faults:
        aside(f"{CONFIG}: [merge] {fault}; the default holds")
    return policy


def place(item: Any) -> str:
    """Says where in the file an item is."""
    return f", cell {item.cell}, {item.field}" if item.cell else f", {item.field}"


def read(path: Path) -> bytes:
    """Returns a file's bytes; BadInput with the reason if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as why:
        raise BadInput(f"{path}: {why.strerror}", "name a file that can be read") from why


def write(path: Path, data: bytes) -> None:
    """Writes ``data`` in one step, so that a reader sees the old file or the new; keeps an old file's mode."""
    try:
        old = path.stat() if path.exists() else None
        if old is not None and not stat.S_ISREG(old.st_mode):
            path.write_bytes(data)
            return
        # The module tempfile would take a tenth of the whole run to import.
        beside = path.resolve().parent / f".gitcollab-merge-{os.getpid()}-{time.time_ns()}"
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(number, "wb") as file:
                file.write(data)
            os.chmod(beside, stat.S_IMODE(old.st_mode) if old else 0o666 & ~_umask())
            os.replace(beside, path.resolve())
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as why:
        raise BadInput(f"{path} cannot be written: {why.strerror}", "choose another place with -o") from why


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
