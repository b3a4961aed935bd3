"""GIT: the only room that knows git. Refs, commits, trees, history and packs; it knows nothing of notebooks."""

from gitcollab.repository.errors import Damaged, RefLocked, RefMoved, TagExists
from gitcollab.repository.heal import Healed, heal
from gitcollab.repository.repository import Repository, barrier
from gitcollab.repository.tags import notebook_of, version_of, version_tag
from gitcollab.repository.values import (
    EMPTY_TREE,
    FILE,
    GITLINK,
    LINK,
    PROGRAM,
    TREE,
    Change,
    Clash,
    Commit,
    Entry,
    TreeMerge,
)

__all__ = [
    "EMPTY_TREE",
    "FILE",
    "GITLINK",
    "LINK",
    "PROGRAM",
    "TREE",
    "Change",
    "Clash",
    "Commit",
    "Damaged",
    "Entry",
    "Healed",
    "RefLocked",
    "RefMoved",
    "Repository",
    "TagExists",
    "TreeMerge",
    "barrier",
    "heal",
    "notebook_of",
    "version_of",
    "version_tag",
]
