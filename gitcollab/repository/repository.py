"""Repository: the one value that ties the git room together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from gitcollab.model import Person
from gitcollab.repository.barriers import Barrier, barrier
from gitcollab.repository.changes import Kinship, changes, renames
from gitcollab.repository.commits import Commits, Trailers, with_trailers
from gitcollab.repository.durable import Pending, sync_filesystem
from gitcollab.repository.history import History
from gitcollab.repository.merging import merge
from gitcollab.repository.objects import BLOB_LIMIT, Objects
from gitcollab.repository.opening import created
from gitcollab.repository.refs import Refs
from gitcollab.repository.resolve import Resolver
from gitcollab.repository.tags import Tags
from gitcollab.repository.trees import Trees
from gitcollab.repository.values import Change, Commit, Entry, TreeMerge


class Repository:
    """A bare repository. Cheap to make, and for one thread at a time: make another where another is needed.

    A ref that has moved is durable, and with it everything written before; objects alone are durable after
    :meth:`sync`. Inside a :meth:`barrier` nothing is, until its end. Errors: NotFound (no repository),
    Unusable (one that libgit2 cannot read), Damaged, NoSpace, and those of the single methods.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending = Pending(path)
        self.objects = Objects(path, self.pending)
        self.refs = Refs(path, self.pending)
        self._trees = Trees(self.objects)
        self._commits = Commits(self.objects)
        self._history = History(self._commits, self._trees)
        self._tags = Tags(self.objects, self.refs)
        self._resolver = Resolver(self.objects, self.refs, self._tags, self._history)

    def reopen(self) -> None:
        """Begins anew, as if nothing had been read: another repository has taken this one's place."""
        self.__init__(self.path)  # type: ignore[misc]

    @classmethod
    def create(cls, path: Path, branch: str = "main") -> Repository:
        """Makes an empty repository whose HEAD is ``branch``; Unusable if something is there already."""
        return cls(created(path, branch))

    # --- refs ------------------------------------------------------------------------------------------------------

    def head(self, ref: str) -> str | None:
        """Returns the commit (or tag) that the full ref name holds, None if there is no such ref."""
        return self.refs.read(ref)

    def heads(self, prefix: str = "refs/heads/") -> dict[str, str]:
        """Returns {full ref name: id} of the refs that begin with ``prefix``, sorted."""
        return self.refs.all(prefix)

    def move(self, ref: str, new: str, old: str | None, why: str = "") -> None:
        """Moves a ref if it is at ``old`` (None: does not exist); RefMoved, RefLocked or Unusable if not."""
        self.refs.move(ref, new, old, why)

    def drop(self, ref: str, old: str) -> None:
        """Removes a ref if it is at ``old``; RefMoved or RefLocked if not."""
        self.refs.drop(ref, old)

    # --- objects ---------------------------------------------------------------------------------------------------

    def blob(self, oid: str, limit: int = BLOB_LIMIT) -> bytes:
        """Returns a file's bytes; TooLarge over ``limit`` bytes, which is found out before anything is read."""
        return self.objects.read(oid, limit)[1]

    def size(self, oid: str) -> int:
        """Returns an object's size in bytes without reading it."""
        return self.objects.header(oid)[1]

    def has(self, oid: str) -> bool:
        """Whether an object is there."""
        return self.objects.has(oid)

    def write_blob(self, data: bytes) -> str:
        """Writes a file's bytes and returns their id; known content costs a look only."""
        return self.objects.write("blob", data)

    # --- trees -----------------------------------------------------------------------------------------------------

    def tree_of(self, oid: str) -> str:
        """Returns the tree of a commit (or tag, or tree)."""
        return self._trees.tree_of(oid)

    def entries(self, oid: str, prefix: str = "") -> dict[str, Entry]:
        """Returns {path: entry} of all files of a commit or tree below ``prefix``."""
        return self._trees.entries(oid, prefix)

    def entry(self, oid: str, path: str) -> Entry | None:
        """Returns what a path of a commit or tree holds, None if nothing."""
        return self._trees.entry(oid, path)

    def names(self, oid: str, directory: str = "") -> tuple[str, ...]:
        """Returns what stands directly in a directory (``a/b/``, or nothing for the top) of a commit or tree."""
        top = self._trees.entry(oid, directory.rstrip("/")) if directory else None
        if directory and (top is None or not top.is_tree):
            return ()
        return tuple(self._trees.parsed(top.oid if top else self.tree_of(oid)))

    def edit(self, oid: str | None, edits: Mapping[str, Entry | None], *, is_service: bool = False) -> str:
        """Writes the tree that differs from ``oid``'s in these paths only (None removes); returns its id.

        ``is_service`` admits ``.gitcollab/``. BadInput for unsafe paths and for a file where a directory is.
        """
        return self._trees.edit(oid, edits, is_service=is_service)

    def merge(self, base: str | None, ours: str, theirs: str) -> TreeMerge:
        """Merges three trees (or commits) by object id; clashing paths stand as ours has them."""
        return merge(self._trees, base, ours, theirs)

    def changes(self, old: str | None, new: str | None) -> tuple[Change, ...]:
        """Returns every file that differs between two commits or trees (None: the empty one), by path."""
        return changes(self._trees, old, new)

    def renames(self, found: Iterable[Change], kinship: Kinship, limit: int = BLOB_LIMIT) -> dict[str, str]:
        """Pairs removed with added files, {old path: new path}: same content first, then by ``kinship``.

        Files over ``limit`` bytes are paired by their ids only.
        """

        def read(entry: Entry) -> bytes:
            return self.blob(entry.oid) if self.size(entry.oid) <= limit else b""

        return renames(tuple(found), read, kinship)

    def free_path(self, oid: str, path: str, mark: str) -> str:
        """Returns the first of ``name~mark.suffix``, ``name~mark-2.suffix``, … that nothing stands at or above."""
        directory, _, name = path.rpartition("/")
        stem, dot, suffix = name.rpartition(".") if "." in name.lstrip(".") else (name, "", "")
        while directory and (found := self.entry(oid, directory)) and not found.is_tree:
            directory = f"{directory}~{mark}"
        for count in range(1, 10_000):
            tried = f"{stem}~{mark}{'' if count == 1 else f'-{count}'}{dot}{suffix}"
            whole = f"{directory}/{tried}" if directory else tried
            if self.entry(oid, whole) is None:
                return whole
        raise RuntimeError(f"no free name beside {path}")

    # --- commits and history ---------------------------------------------------------------------------------------

    def commit(
        self,
        tree: str,
        parents: Sequence[str],
        message: str,
        *,
        author: Person,
        at: str,
        trailers: Trailers | None = None,
    ) -> str:
        """Writes a commit object, which moves no ref, and returns its id. ``at`` is ISO 8601."""
        return self._commits.write(tree, parents, message, author, at, trailers or {})

    def read(self, oid: str) -> Commit:
        """Returns a commit; BadInput if the id is something else's."""
        return self._commits.read(oid)

    def log(self, tip: str, path: str = "", limit: int | None = None, before: str = "") -> Iterator[Commit]:
        """Yields history newest first, of one path if given, after the commit ``before`` of the last page."""
        return self._history.log(tip, path, limit, before)

    def line(self, tip: str, stop: str | None = None) -> Iterator[Commit]:
        """Yields ``tip`` and its first parents, up to but without ``stop``."""
        return self._history.line(tip, stop)

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``newer`` is or descends from ``older``."""
        return self._history.is_ancestor(older, newer)

    def beyond(self, tip: str, held: Iterable[str]) -> Iterator[Commit]:
        """Yields what ``tip`` descends from and none of ``held`` does, each after what descends from it."""
        return self._history.beyond(tip, held)

    def merge_bases(self, a: str, b: str) -> list[str]:
        """Returns the best common ancestors; more than one in a criss-cross, none for strangers."""
        return self._history.merge_bases(a, b)

    def resolve(self, rev: str, path: str = "") -> str:
        """Returns the commit that a REV names, see :meth:`Resolver.resolve`; NotFound or BadInput if none."""
        return self._resolver.resolve(rev, path)

    # --- tags ------------------------------------------------------------------------------------------------------

    def tag(
        self,
        name: str,
        commit: str,
        message: str,
        *,
        author: Person,
        at: str,
        trailers: Trailers | None = None,
    ) -> str:
        """Tags a commit, exclusively and for ever; returns the tag object's id. TagExists if taken."""
        return self._tags.make(name, commit, with_trailers(message, trailers or {}), author, at)

    def tags(self, prefix: str = "") -> dict[str, tuple[str, str]]:
        """Returns {tag name: (tag id, commit id)} of the tags that begin with ``prefix``."""
        return self._tags.all(prefix)

    def tag_message(self, oid: str) -> tuple[str, str]:
        """Returns the tagger's display name and the message of a tag object."""
        return self._tags.message(oid)

    # --- durability ------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Makes everything written so far durable, whoever wrote it."""
        sync_filesystem(self.path)

    def barrier(self) -> AbstractContextManager[Barrier]:
        """Lets the acts in its block share one flush: objects, flush, refs, flush, all at its end.

        Inside, moves of refs are only noted, though visible to this repository's own readers; nothing may be
        acknowledged before its end. If the block raises, or somebody else moved or holds one of the refs (RefMoved,
        RefLocked), none moves.
        """
        return barrier(self.refs)

    def begin(self) -> Barrier:
        """Begins a barrier that its caller closes or abandons."""
        return Barrier(self.refs)
