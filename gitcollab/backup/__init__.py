"""Backup: a root as files elsewhere, in a directory or in object storage, and a root made from them again."""

from gitcollab.backup.restoring import restore
from gitcollab.backup.taking import back_up
from gitcollab.backup.targets import Target, target
from gitcollab.backup.thinning import Keep, Thinned, keep_of, thin

__all__ = ["Keep", "Target", "Thinned", "back_up", "keep_of", "restore", "target", "thin"]
