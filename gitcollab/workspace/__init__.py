"""DISK: the files of a participant's directory, as other programs write them. No git, no notebooks."""

from gitcollab.workspace.leftovers import clear as clear_leftovers
from gitcollab.workspace.libc import is_remote
from gitcollab.workspace.reading import Skipped, Stat, Taken, Unstable, is_exactly, read_stable, take
from gitcollab.workspace.replacing import replace
from gitcollab.workspace.rules import Rules
from gitcollab.workspace.scanning import Table, identity, look, scan, shown, survey

__all__ = [
    "Rules",
    "Skipped",
    "Stat",
    "Table",
    "Taken",
    "Unstable",
    "clear_leftovers",
    "identity",
    "is_exactly",
    "is_remote",
    "look",
    "read_stable",
    "replace",
    "scan",
    "shown",
    "survey",
    "take",
]
