"""Changed: what changed in one file, as the pages of changes show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from gitcollab import acts
from gitcollab.model import BlameCell, Thread
from gitcollab.web.blames import Blame, Spot
from gitcollab.web.pages.frame import About
from gitcollab.web.pages.shape import Cell, Run, Shape, Span, counts, fitting, runs
from gitcollab.web.pages.talk import beside
from gitcollab.web.pages.who import address


@dataclass
class Changed:
    """One file between two points. ``blame`` is None while it is not known, ``was`` that of the older side.

    ``prefix`` stands before the ids of its cells where a page shows several files, and ``here`` is that page's address.
    """

    about: About
    asked: Span
    shape: Shape
    rendered: acts.Rendered
    threads: Sequence[Thread] = ()
    blame: Blame | None = field(default_factory=dict)
    was: Blame = field(default_factory=dict)
    prefix: str = ""
    here: str = ""
    say: str | None = None
    say_output: str = ""

    def __post_init__(self) -> None:
        own = [each for each in self.threads if each.path == self.asked.path]
        self.runs, self.hidden = fitting(runs(self.rendered.cells), self.shape, self.blame or {})
        self.talk, self.elsewhere = beside(own, dict(drawn(self.runs)))
        self.who_later = "" if self.blame is not None else address(self.spot, is_change=True)
        self.blame = self.blame or {}
        self.path, self.old_path = self.asked.path, self.rendered.title
        self.start, self.end = self.rendered.start, self.rendered.end
        self.here = self.here or self.own

    @property
    def spot(self) -> Spot:
        """The newer side."""
        return Spot(self.about.id, self.rendered.end, self.asked.path)

    @property
    def own(self) -> str:
        """The address of the page that shows this file alone."""
        return f"{self.about.home}/diff/{quote(self.asked.start)}..{quote(self.asked.end)}/{quote(self.asked.path)}"

    @property
    def lasting(self) -> str:
        """The address that always shows these two states."""
        return f"{self.about.home}/diff/{self.start}..{self.end}/{quote(self.path)}"

    @property
    def under(self) -> str:
        """What an address says besides to have cells with this ``prefix``."""
        return f"&under={self.prefix}" if self.prefix else ""

    @property
    def places(self) -> tuple[str, str]:
        """Where the pieces of either side are found."""
        return f"{self.about.home}/o/{self.start}", f"{self.about.home}/o/{self.end}"

    @property
    def place(self) -> dict[str, str]:
        """What a form of a comment says about the page that it stands on."""
        span = f"{self.asked.start}..{self.asked.end}/{self.path}"
        return {"span": span, "shape": self.shape.query[1:], "at": self.end}

    @property
    def can_say(self) -> bool:
        """Whether the reader may comment on it."""
        return self.about.may("editor")

    @property
    def counts(self) -> dict[str, int]:
        """How many cells were added, removed, changed and moved."""
        return counts(self.rendered.cells)

    @property
    def authors(self) -> list[str]:
        """Who changed any of the changed cells last."""
        return authors(self.rendered.cells, self.blame or {})


def drawn(shown: Iterable[Run]) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The changed cells that are shown, each with the outputs of its newer side."""
    for run in shown:
        if not run.is_same:
            (cell,) = run.cells
            yield cell["id"], (cell["outputs"] or [[], []])[1]


def authors(cells: Iterable[Cell], blame: Mapping[str, BlameCell]) -> list[str]:
    """Who changed any of the changed cells last."""
    changed = [cell["id"] for cell in cells if cell["kind"] in {"added", "changed"}]
    return sorted({blame[name].user for name in changed if name in blame and blame[name].user})
