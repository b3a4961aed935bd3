"""Mirrors: remotes that what is published goes to. The writer notes what is wanted, the daemon pushes it, with git."""

from gitcollab.mirrors.notes import Mirrors, Standing, Wish
from gitcollab.mirrors.places import Remote, checked, resolved
from gitcollab.mirrors.pushing import Pushing, judged

__all__ = [
    "Mirrors",
    "Pushing",
    "Remote",
    "Standing",
    "Wish",
    "checked",
    "judged",
    "resolved",
]
