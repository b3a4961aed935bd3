"""Talking: comments on cells, lines and outputs, in threads. Answered by the writer; reading them by the workers."""

from __future__ import annotations

from gitcollab.acts.act import Act, CollabAct
from gitcollab.acts.reading import Reading
from gitcollab.model import Thread


class Comment(CollabAct):
    """Begins a thread on a file, or on a cell of it, a line (from 0) of that cell or of a text, or an output of it.

    ``at``: the point at which that was seen, if it is not how the shared branch has it now.
    """

    path: str
    text: str
    cell: str | None = None
    line: int | None = None
    output: int | None = None
    at: str = ""


class Reply(CollabAct):
    """Answers in a thread, which opens it again if it was resolved."""

    thread: str
    text: str


class ResolveComment(CollabAct):
    """Marks a thread as resolved, or opens it again."""

    thread: str
    is_resolved: bool = True


class ReadThreads(Reading):
    """The threads of comments, each where its cell or line is by now; of one file if it is named."""

    path: str = ""


ANSWERS: dict[type[Act], object] = {
    Comment: Thread,
    Reply: Thread,
    ResolveComment: Thread,
    ReadThreads: tuple[Thread, ...],
}
