"""Talk: what people say about cells, lines and outputs, in threads that are kept on the shared branch."""

from __future__ import annotations

from gitcollab.acts import Comment, Reply, ResolveComment
from gitcollab.collab.ground import Ground
from gitcollab.flow import comments
from gitcollab.model import Thread, checked_path


class Talk:
    """Does what people say. Used in the collab's turns only; that they may has been found out."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def say(self, act: Comment | Reply | ResolveComment) -> Thread:
        """Begins a thread, answers in it or settles it."""
        thread = self._said(act)
        self._ground.main_moved()
        return thread

    def _said(self, act: Comment | Reply | ResolveComment) -> Thread:
        repo, who, at = self._ground.repo, act.actor.user, self._ground.now()
        if isinstance(act, Comment):
            path = checked_path(act.path)
            spot = comments.Spot(path=path, cell=act.cell, line=act.line, output=act.output, at=act.at)
            return comments.begin(repo, spot, comments.Said(user=who, at=at, text=act.text))
        if isinstance(act, Reply):
            return comments.reply(repo, act.thread, comments.Said(user=who, at=at, text=act.text))
        said = comments.Said(user=who, at=at, is_resolved=act.is_resolved)
        return comments.resolve(repo, act.thread, said)
