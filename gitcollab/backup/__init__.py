"""Backup: a root as files elsewhere, in a directory or in object storage, and a root made from them again."""

from gitcollab.backup.restoring import restore
from gitcollab.backup.taking import back_up
from gitcollab.backup.targets import Target, target

__all__ = ["Target", "back_up", "restore", "target"]
