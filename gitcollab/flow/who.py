"""Who: whose work a commit is, whatever it says of itself."""

from __future__ import annotations

from gitcollab.flow.alter import printable
from gitcollab.flow.pushed import Push
from gitcollab.repository import DOMAIN, Commit


def user_of(commit: Commit, push: Push | None = None) -> str:
    """Returns who made a commit: the participant's name, or who pushed it; its own word is never taken for it.

    One that nobody is known to have pushed is named by its author as ``Name <address>``, which no participant is.
    """
    if push is not None:
        return push.user
    if not commit.is_ours:
        return printable(f"{commit.author_name} <{commit.author_email}>")
    name, _, domain = commit.author_email.partition("@")
    return commit.trailer("Gitcollab-User") or (name if domain == DOMAIN else commit.author_name)
