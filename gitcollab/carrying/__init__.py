"""Carrying: a history into a collab and out of it, beside the daily work. Stands on the client and the git program."""

from gitcollab.carrying.exporting import Exported, export
from gitcollab.carrying.importing import Imported, LeftOut, begin_from
from gitcollab.carrying.leaving import branch_left, is_in_repository, squashed_branch_left

__all__ = [
    "Exported",
    "Imported",
    "LeftOut",
    "begin_from",
    "branch_left",
    "export",
    "is_in_repository",
    "squashed_branch_left",
]
