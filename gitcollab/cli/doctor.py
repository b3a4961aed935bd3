"""`gitcollab doctor`: what is wrong with a root, and how to mend it."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Connection

from gitcollab import condition, store
from gitcollab.cli import accounts
from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import GitcollabError
from gitcollab.model import COLLAB_ID
from gitcollab.store.sessions import Registered
from gitcollab.store.upgrade import SCRIPTS

GIT = "git"
OLDEST_GIT = (2, 34)
FSCK_DEADLINE = 300  # seconds for one repository


def examined(root: Path) -> Json:
    """Returns ``{root, is_clean, checks: [{name, state, said, hint}]}``; ``state`` is good, bad or unknown."""
    checks = [check for look in LOOKS for check in look(root)]
    return {"root": str(root), "is_clean": all(check["state"] != "bad" for check in checks), "checks": checks}


def _check(name: str, state: str, said: str, hint: str = "") -> Json:
    return {"name": name, "state": state, "said": said, "hint": hint}


def the_git(root: Path) -> Iterator[Json]:
    """Git is there and new enough."""
    try:
        ran = subprocess.run([GIT, "--version"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as why:
        yield _check("git", "bad", f"does not run: {why}", "install git 2.34 or newer")
        return
    found = re.search(r"(\d+)\.(\d+)", ran.stdout)
    is_new = found is not None and (int(found[1]), int(found[2])) >= OLDEST_GIT
    yield _check(
        "git", "good" if is_new else "bad", ran.stdout.strip(), "" if is_new else "install git 2.34 or newer"
    )


def permissions(root: Path) -> Iterator[Json]:
    """The root can be written, and what is private is private."""
    if not root.is_dir():
        yield _check(
            "root",
            "bad",
            f"{root} is no directory",
            "`gitcollab serve` makes it; GITCOLLAB_ROOT names another",
        )
        return
    is_ours = os.access(root, os.W_OK | os.X_OK)
    yield _check(
        "root", "good" if is_ours else "bad", str(root), "" if is_ours else "it must be yours to write"
    )
    for name in ("private", "run"):
        mode = stat.S_IMODE((root / name).stat().st_mode) if (root / name).exists() else 0o700
        said = f"{root / name} has mode {mode:04o}"
        yield _check(
            name, "bad" if mode & 0o077 else "good", said, f"chmod 700 {root / name}" if mode & 0o077 else ""
        )


def surroundings(root: Path) -> Iterator[Json]:
    """The disk takes writes, and the clock goes as it should."""
    if not (root / "run").is_dir():
        return  # nobody has served it yet
    state = condition.disk(root)
    hints = {
        "full": "free some space; saves are refused until then, and taken again by themselves",
        "read-only": "mount it for writing; nothing is saved until then, reading goes on",
        "failing": "look at the system's log; the service starts again by itself once the disk is well",
    }
    yield _check("disk", "good" if state == "ok" else "bad", state, hints.get(state, ""))
    jumped = condition.noted(root).jumped
    said = f"has jumped by {jumped:+.0f} s within the last hour" if jumped else "goes as it should"
    yield _check("clock", "bad" if jumped else "good", said, "let the system keep its time" if jumped else "")


def troubles(root: Path) -> Iterator[Json]:
    """No collab is in trouble."""
    found = condition.noted(root).collabs
    for id, reason in sorted(found.items()):
        hint = "the others are served; it is tried again by itself, and saving lost content again heals it"
        yield _check(f"collab {id}", "bad", reason, hint)
    if not found:
        yield _check("collabs", "good", "none is in trouble")


def evening(root: Path) -> Iterator[Json]:
    """All workspaces were looked at when the last day ended."""
    last = condition.last_evening(root)
    if last is None:
        return  # no day has ended yet
    said = f"{last.at}: {last.workspaces} workspaces, {last.taken} files taken in, {last.unsaved} not saved, "
    said += f"{last.skipped} skipped, {last.held} held"
    hint = (
        "`gitcollab status` tells each person which, and why"
        if last.unsaved + last.skipped + last.held
        else ""
    )
    yield _check("evening", "good", said, hint)
    for id, reason in sorted(last.failed.items()):
        yield _check(f"evening of {id}", "bad", reason, "it is looked at again when the next day ends")


def archives(root: Path) -> Iterator[Json]:
    """What was thinned out of closed sessions is archived; see `gitcollab archives`."""
    found = sorted((root / "private" / "archive").rglob("*.bundle"))
    if found:
        size = sum(file.stat().st_size for file in found)
        yield _check("archives", "good", f"{len(found)}, {size:,} bytes: `gitcollab archives` names them")


def locks(root: Path) -> Iterator[Json]:
    """No lock file of git is left that nobody holds."""
    left = [str(path) for path in root.glob("collabs/*.git/**/*.lock")]
    is_running = _address(root) != ""
    if left and not is_running:
        yield _check(
            "locks", "bad", f"left by a crash: {', '.join(left)}", "the next `gitcollab serve` clears them"
        )
    else:
        yield _check(
            "locks", "good", "none left behind" if not left else f"{len(left)} held by the running server"
        )


def repositories(root: Path) -> Iterator[Json]:
    """Every repository passes git's own check."""
    found = sorted((root / "collabs").glob("*.git"))
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield from pool.map(_repository, found)
    if not found:
        yield _check("repositories", "good", "none yet")


def _repository(path: Path) -> Json:
    command = [GIT, "--git-dir", str(path), "fsck", "--full", "--strict", "--no-dangling", "--no-progress"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FSCK_DEADLINE)
    except (OSError, subprocess.SubprocessError) as why:
        return _check(f"repository {path.stem}", "unknown", str(why), f"run: {' '.join(command)}")
    if ran.returncode == 0:
        return _check(f"repository {path.stem}", "good", "sound")
    said = (ran.stderr or ran.stdout).strip().splitlines()
    hint = f"keep a copy of {path} before anything else; a participant's clone or a backup has the missing objects"
    return _check(f"repository {path.stem}", "bad", "; ".join(said[:5]), hint)


def database(root: Path) -> Iterator[Json]:
    """The database is this program's; the repositories and workspaces that it knows are there."""
    url = accounts.database(root)
    if not url.startswith("postgresql") and not (root / "private" / "gitcollab.sqlite").exists():
        yield _check("database", "bad", "not there", "`gitcollab serve` makes it")
        return
    opened = store.reading(store.engine(url))
    try:
        with opened.begin() as conn:
            if not _is_current(conn):
                yield _check(
                    "database", "bad", "of another version", "`gitcollab serve` brings it to this one"
                )
                return
            known = {each.id for each in store.collabs.every(conn)}
            watched = [each for each in store.sessions.watched(conn) if each.workspace]
    except GitcollabError as why:
        yield _check("database", "bad", why.message, why.hint)
        return
    finally:
        opened.dispose()
    yield _check("database", "good", f"{len(known)} collabs")
    yield from _missing(root, known)
    yield from _workspaces(watched)


def _is_current(conn: Connection) -> bool:
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    wanted = ScriptDirectory(str(SCRIPTS)).get_heads()
    return set(MigrationContext.configure(conn).get_current_heads()) == set(wanted)


def _missing(root: Path, known: set[str]) -> Iterator[Json]:
    there = {path.stem for path in (root / "collabs").glob("*.git") if COLLAB_ID.fullmatch(path.stem)}
    for id in sorted(known - there):
        hint = f"restore {root}/collabs/{id}.git from a backup"
        yield _check(f"collab {id}", "bad", "its repository is missing", hint)


def _workspaces(watched: Sequence[Registered]) -> Iterator[Json]:
    """Every watched workspace is a directory that can be read and written."""
    needed = os.R_OK | os.W_OK | os.X_OK
    lost = [each for each in watched if not os.access(each.workspace or "", needed)]
    for each in lost:
        hint = "mount or make it again, or `gitcollab leave`; nothing saved is lost"
        yield _check("workspace", "bad", f"{each.workspace} of {each.user} cannot be used", hint)
    if not lost:
        yield _check("workspaces", "good", f"{len(watched)} watched")


def server(root: Path) -> Iterator[Json]:
    """The server of the root answers."""
    url = _address(root)
    if not url:
        yield _check("server", "bad", "not running", f"start it: gitcollab serve --root {root}")
        return
    try:
        with Client(url, timeout=10) as client:
            client.health()
    except GitcollabError as why:
        yield _check("server", "bad", why.message, f"start it again: gitcollab serve --root {root}")
        return
    yield _check("server", "good", f"answers at {url}")


def _address(root: Path) -> str:
    try:
        return (root / "run" / "url").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


LOOKS: tuple[Callable[[Path], Iterator[Json]], ...] = (
    the_git,
    permissions,
    surroundings,
    troubles,
    evening,
    archives,
    locks,
    server,
    database,
    repositories,
)
