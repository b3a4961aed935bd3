"""Merging where it is safe: small notebooks here, large ones and what other packages merge in a worker with limits."""

from __future__ import annotations

from pathlib import Path

import anyio.from_thread
import msgspec

from gitcollab import acts, notebooks
from gitcollab.errors import GitcollabError
from gitcollab.notebooks import STANDARD, Policy
from gitcollab.wire import Errands
from gitcollab.wire.calls import SERVICE

SMALL = 4_000_000
"""Bytes of all three sides up to which a merge is cheap enough to run where it is."""

WITHIN = 60.0
"""Seconds that a large merge may take, waiting for a free worker included."""


class Merging:
    """A merger for the flow; called in threads that the event loop has started."""

    def __init__(self, workers: Path) -> None:
        self._errands = Errands(workers)

    def __call__(
        self, base: bytes, ours: bytes, theirs: bytes, *, path: str, policy: Policy = STANDARD
    ) -> notebooks.Merge:
        """Merges three versions of a file; what a worker cannot do within its limits is contested as a whole file.

        Raises Unavailable while the workers are away: then the landing waits.
        """
        if len(base) + len(ours) + len(theirs) <= SMALL and not notebooks.has_driver(path):
            return notebooks.merge_file(base, ours, theirs, path=path, policy=policy)
        rules = dict(policy.rules)
        act = acts.MergeBytes(actor=SERVICE, base=base, ours=ours, theirs=theirs, path=path, rules=rules)
        try:
            done = anyio.from_thread.run(self._ask, act)
        except GitcollabError as error:
            if not error.data.get("was_stopped"):
                raise
            return _whole_file(base, ours, theirs, f"too much to merge: {error.message}")
        return msgspec.convert(done, notebooks.Merge, builtin_types=(bytes,))

    async def _ask(self, act: acts.MergeBytes) -> object:
        return await self._errands.call(act, within=WITHIN)


def _whole_file(base: bytes, ours: bytes, theirs: bytes, reason: str) -> notebooks.Merge:
    spot = notebooks.Contested(
        id=notebooks.item_id(None, "file"),
        path="",
        cell=None,
        field="file",
        base=base,
        shared=ours,
        session=theirs,
        reason=reason,
    )
    return notebooks.Merge(notebook=ours, contested=(spot,))
