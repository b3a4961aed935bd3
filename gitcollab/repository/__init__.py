"""GIT: the only room that knows git. Refs, commits, trees, history and packs; it knows nothing of notebooks."""

from gitcollab.repository.arrivals import Arrivals, sync_arrivals
from gitcollab.repository.barriers import Barrier
from gitcollab.repository.bundling import bundle, check, unbundle
from gitcollab.repository.commits import DOMAIN, iso, seconds_of, signature
from gitcollab.repository.errors import Damaged, RefLocked, RefMoved, TagExists, disk_errors
from gitcollab.repository.heal import Healed, clear_unfinished, heal
from gitcollab.repository.maintenance import Loose, loose, maintain
from gitcollab.repository.mending import Mended, Place, faults, mend, places
from gitcollab.repository.quarantine import Brought, Quarantine
from gitcollab.repository.repository import Repository
from gitcollab.repository.running import end_running
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
    "DOMAIN",
    "EMPTY_TREE",
    "FILE",
    "GITLINK",
    "LINK",
    "PROGRAM",
    "TREE",
    "Arrivals",
    "Barrier",
    "Brought",
    "Change",
    "Clash",
    "Commit",
    "Damaged",
    "Entry",
    "Healed",
    "Loose",
    "Mended",
    "Place",
    "Quarantine",
    "RefLocked",
    "RefMoved",
    "Repository",
    "TagExists",
    "TreeMerge",
    "bundle",
    "check",
    "clear_unfinished",
    "disk_errors",
    "end_running",
    "faults",
    "heal",
    "iso",
    "loose",
    "maintain",
    "mend",
    "notebook_of",
    "places",
    "seconds_of",
    "signature",
    "sync_arrivals",
    "unbundle",
    "version_of",
    "version_tag",
]
