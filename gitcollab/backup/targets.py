"""Targets: where backups lie. Files are whole or not there, named by what is in them, and never written over."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from gitcollab.errors import BadInput, Unavailable
from gitcollab.repository.durable import sync_directory

AT_ONCE = 500
"""Files that are removed with one request."""

PIECE = 8 << 20
"""Bytes that are moved at once."""


class Target(Protocol):
    """A place for files. Names have slashes; every call raises Unavailable when the place cannot be reached."""

    def names(self, prefix: str) -> list[str]:
        """Returns the names of the files that begin so, sorted."""

    def ages(self, prefix: str) -> dict[str, float]:
        """Returns when each file that begins so was stored (seconds since 1970), unfinished ones too."""

    def remove(self, names: Sequence[str]) -> None:
        """Removes files; one that is gone already is no error."""

    def put(self, name: str, file: Path) -> None:
        """Stores a file, durably when it returns; one that is there is written over as a whole."""

    def get(self, name: str, file: Path) -> None:
        """Fetches a file; NotFound is said as Unavailable, for what a manifest names must be there."""


def target(where: str) -> Target:
    """Returns the place that a person means: a directory, or s3://BUCKET/PREFIX (gs:// and az:// likewise).

    Credentials and endpoints of object storage come from the environment, as its programs know them.

    :raises BadInput: there is no such kind of place. Unavailable: the extra ``s3`` is not installed.
    """
    kind, sign, _ = where.partition("://")
    if not sign:
        return Directory(Path(where).expanduser().absolute())
    if kind not in ("s3", "s3a", "gs", "az"):
        raise BadInput(f"{kind[:20]}:// is no place for backups", "name a directory, or s3://BUCKET/PREFIX")
    return Bucket(where)


class Directory:
    """A directory of this machine, or what is mounted there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self, prefix: str) -> list[str]:
        """Returns the names of the files that begin so, sorted."""
        with _reaching(str(self._path)):
            found = (
                each.relative_to(self._path).as_posix() for each in self._path.rglob("*") if each.is_file()
            )
            return sorted(name for name in found if name.startswith(prefix) and not name.endswith(".part"))

    def ages(self, prefix: str) -> dict[str, float]:
        """Returns when each file that begins so was stored, unfinished ones too."""
        with _reaching(str(self._path)):
            found = (self._path / prefix).rglob("*")
            return {
                one.relative_to(self._path).as_posix(): one.stat().st_mtime for one in found if one.is_file()
            }

    def remove(self, names: Sequence[str]) -> None:
        """Removes files; one that is gone already is no error."""
        with _reaching(str(self._path)):
            for name in names:
                (self._path / name).unlink(missing_ok=True)

    def put(self, name: str, file: Path) -> None:
        """Stores a file under a name of its own, and gives it its name once it is durable."""
        with _reaching(str(self._path)):
            goal = self._path / name
            goal.parent.mkdir(parents=True, exist_ok=True)
            part = goal.with_name(f"{goal.name}.{secrets.token_hex(4)}.part")
            try:
                with open(file, "rb") as source, open(part, "wb") as out:
                    shutil.copyfileobj(source, out, PIECE)
                    out.flush()
                    os.fsync(out.fileno())
                os.replace(part, goal)
            finally:
                part.unlink(missing_ok=True)
            sync_directory(goal.parent)

    def get(self, name: str, file: Path) -> None:
        """Fetches a file."""
        with _reaching(str(self._path)):
            shutil.copyfile(self._path / name, file)


class Bucket:
    """Object storage: a bucket, and what all names in it begin with."""

    def __init__(self, url: str) -> None:
        try:
            import obstore
            from obstore.store import from_url
        except ImportError as error:
            raise Unavailable(
                "object storage needs one more package", "pip install 'gitcollab[s3]' on this machine"
            ) from error
        self._url, self._obstore = url, obstore
        with _reaching(url):
            self._store: Any = from_url(url, client_options={"allow_http": True})

    def names(self, prefix: str) -> list[str]:
        """Returns the names of the files that begin so, sorted."""
        with _reaching(self._url):
            return sorted(
                str(each["path"]) for page in self._obstore.list(self._store, prefix) for each in page
            )

    def ages(self, prefix: str) -> dict[str, float]:
        """Returns when each file that begins so was stored."""
        with _reaching(self._url):
            listed = [each for page in self._obstore.list(self._store, prefix) for each in page]
            return {str(each["path"]): each["last_modified"].timestamp() for each in listed}

    def remove(self, names: Sequence[str]) -> None:
        """Removes files; one that is gone already is no error."""
        with _reaching(self._url):
            for at in range(0, len(names), AT_ONCE):
                self._obstore.delete(self._store, list(names[at : at + AT_ONCE]))

    def put(self, name: str, file: Path) -> None:
        """Stores a file; large ones go in several parts and are there once all are."""
        with _reaching(self._url), open(file, "rb") as source:
            self._obstore.put(self._store, name, source)

    def get(self, name: str, file: Path) -> None:
        """Fetches a file."""
        with _reaching(self._url), open(file, "wb") as out:
            for piece in self._obstore.get(self._store, name).stream(min_chunk_size=PIECE):
                out.write(piece)


@contextlib.contextmanager
def _reaching(where: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # obstore's errors have no common kind but Exception
        raise Unavailable(
            f"{where} cannot be used: {error}"[:500], "is it there, and may you write to it?"
        ) from error
