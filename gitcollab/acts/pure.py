"""Pure work on bytes, done by workers for the writer."""

from __future__ import annotations

import msgspec

from gitcollab.acts.act import Act
from gitcollab.model import Json


class MergeBytes(Act):
    """Merges three versions of the file ``path``: ``notebooks.merge_file``. ``rules`` are the policy's."""

    base: bytes
    ours: bytes
    theirs: bytes
    path: str
    rules: dict[str, str] = msgspec.field(default_factory=dict)


class DiffBytes(Act):
    """Compares two versions of one notebook: ``notebooks.diff``."""

    before: bytes
    after: bytes


ANSWERS: dict[type[Act], object] = {
    MergeBytes: dict[str, Json],  # becomes a notebooks.Merge with msgspec.convert(…, builtin_types=(bytes,))
    DiffBytes: dict[str, Json],  # likewise a notebooks.Diff
}
