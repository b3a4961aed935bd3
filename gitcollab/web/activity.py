"""Activity: the journal's events as lines that a person reads, a save and its merge being one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from gitcollab import events
from gitcollab.events import AnyEvent
from gitcollab.model import CellChange, FileChange, Take
from gitcollab.web.peek import Peek, peeks

SIGNS = {"added": "+", "removed": "\u2212", "moved": "→", "source": "~", "outputs": "▸", "metadata": "≡"}
NOUNS = {
    "added": "added",
    "removed": "removed",
    "moved": "moved",
    "source": "changed",
    "outputs": "with new outputs",
    "metadata": "with new settings",
}
TAKEN = {
    Take.SHARED: "the shared version stays",
    Take.SESSION: "their own version",
    Take.BOTH: "both versions",
    Take.TEXT: "a new text",
}
WHY = {
    "equal": "both sides now say the same",
    "mergeable": "the changes can be combined now",
    "merged-by-hand": "they were merged by hand",
}

NAMED = 5
"""Files that a line names of each kind."""


@dataclass
class Change:
    """How often one kind of change happened in a file."""

    kind: str
    count: int

    @property
    def sign(self) -> str:
        """Its sign, for those who see no colours and those who do."""
        return SIGNS[self.kind]

    @property
    def words(self) -> str:
        """``2 cells changed``."""
        return f"{self.count} {'cell' if self.count == 1 else 'cells'} {NOUNS[self.kind]}"


@dataclass
class Touched:
    """One file in a line of activity. ``href`` leads to what changed in it."""

    path: str
    what: str
    changes: list[Change]
    href: str
    cells: tuple[CellChange, ...] = ()

    @property
    def peeks(self) -> list[Peek]:
        """The lines that changed, as far as they fit; made when they are asked for."""
        return peeks(self.cells)


@dataclass
class Line:
    """One line of activity. ``sign`` and ``kind`` say at a glance what it is; ``text`` follows the person's name."""

    n: int
    at: str
    user: str
    kind: str
    sign: str
    text: str
    href: str = ""
    link: str = ""
    files: list[Touched] = field(default_factory=list)
    state: str = ""
    is_calling: bool = False


def lines(found: Iterable[AnyEvent], reader: str = "") -> list[Line]:
    """The events as lines, newest first; ``reader`` is told where somebody calls them."""
    made: list[Line] = []
    saves: dict[str, Line] = {}
    for event in found:
        made += unheard(event)
        if isinstance(event, events.Landed) and (line := saves.get(event.snapshot)):
            line.n, line.state = event.n, "contested" if event.contested else "merged"
            saves[event.commit] = line
            continue
        if isinstance(event, events.Contested) and (line := saves.get(event.commit)):
            line.n, line.state = event.n, "contested"
            continue
        line = told(event)
        if line is not None:
            line.is_calling = isinstance(event, events.Commented) and reader in event.mentioned
            made.append(line)
        if isinstance(event, events.Saved) and line is not None:
            saves[event.commit] = line
    return sorted(made, key=lambda line: -line.n)


def unheard(event: AnyEvent) -> list[Line]:
    """What a landed ``collab.toml`` says that cannot hold, as a line of its own."""
    noted = event.noted if isinstance(event, events.Landed) else ()
    faults = [note for note in noted if note.startswith("collab.toml: ")]
    if not faults:
        return []
    text = f"wrote what cannot hold: {'. '.join(faults)}"
    return [Line(n=event.n, at=event.at, user=event.user, kind="skipped", sign="!", text=text)]


def told(event: AnyEvent) -> Line | None:
    """The event as a line; None for what nobody needs to be told (a delivery, a notebook merely opened)."""
    found = of_work(event) or of_decisions(event) or of_people(event)
    if found is None:
        return None
    kind, sign, text, *link = found
    href, words = link or ("", "")
    line = Line(
        n=event.n, at=event.at, user=event.user, kind=kind, sign=sign, text=text, href=href, link=words
    )
    if isinstance(event, events.Saved | events.Drafted | events.Landed):
        line.files = [touched(event.collab, event.parent, event.commit, each) for each in event.files]
        if len(line.files) > 1 and event.parent and not line.link:
            line.href, line.link = f"/c/{event.collab}/diff/{event.parent}..{event.commit}", "See all changes"
    if isinstance(event, events.Saved):
        line.state = "waiting"
    return line


def of_work(event: AnyEvent) -> tuple[str, ...] | None:
    """Kind, sign, text (and a link's address and words) of an event about saves."""
    match event:
        case events.Saved():
            return "saved", "●", "saved"
        case events.Drafted():
            return "draft", "◌", "is working on, not saved yet,"
        case events.Landed():
            return "merged", "⇥", "merged"
        case events.Forked():
            text = f"saved from an older copy, which is kept beside the newer one as {event.fork}"
            return "forked", "⑂", text
        case events.Asked(question="mass-delete"):
            return "asked", "?", "deleted many files at once: nothing is deleted here until they say so"
        case events.Asked():
            link = f"{page(event.collab, event.path)}?at={event.commit}"
            return (
                "asked",
                "?",
                f"saved an older version of {event.path}: is it meant to come back?",
                link,
                "See it",
            )
        case events.Skipped():
            return "skipped", "!", f"has a file that was not taken in: {event.path} ({event.reason})"
        case events.Swept():
            return of_evening(event)
    return None


def of_evening(event: events.Swept) -> tuple[str, ...]:
    """The same of a day's last look at a workspace, which its own person alone gets to see."""
    left = {
        "not saved yet": event.unsaved,
        "not taken in": tuple(f"{path} ({reason})" for path, reason in event.skipped),
        "held until you decide": tuple(path for _, path in event.held),
    }
    found = [f"{what}: {named(paths)}" for what, paths in left.items() if paths]
    if not found:
        return "swept", "✓", f"ended the day with everything in {event.session} saved"
    return "skipped", "!", f"ended the day in {event.session} with {'; '.join(found)}"


def named(paths: tuple[str, ...]) -> str:
    """The first few of them, and how many there are besides."""
    more = len(paths) - NAMED
    return ", ".join(paths[:NAMED]) + (f" and {more} more" if more > 0 else "")


def of_decisions(event: AnyEvent) -> tuple[str, ...] | None:
    """The same of an event about contested cells and versions."""
    match event:
        case events.Contested():
            paths = ", ".join(sorted({item.path for item in event.items}))
            text = f"changed what somebody else changed, too, in {paths}"
            return "contested", "!", text, f"/c/{event.collab}/contested", "Decide"
        case events.Settled():
            return "settled", "✓", f"decided a contested cell of {event.path}: {TAKEN[event.take]}"
        case events.Undone():
            return "settled", "↶", "took back a change"
        case events.Closed():
            return (
                "settled",
                "✓",
                f"need decide no more in {event.path}: {WHY.get(event.reason, event.reason)}",
            )
        case events.Purged():
            what = f" of {event.path}" if event.path else ""
            return (
                "purged",
                "\u2326",
                f"took a secret{what} out of all history: every version since has a new id",
            )
        case events.Thinned():
            return "thinned", "\u2261", f"had {event.commits} saves of a closed session archived"
        case events.Commented():
            return of_talk(event)
        case events.Published():
            text = f"published {event.notebook} as {event.version}" + (
                f": {event.message}" if event.message else ""
            )
            return "published", "◆", text, f"/c/{event.collab}/versions", "Versions"
        case events.Proposed():
            return of_proposal(event)
    return None


def of_proposal(event: events.Proposed) -> tuple[str, ...]:
    """The same of a version that a second maintainer looks at before it is published."""
    where = f"/c/{event.collab}/versions", "Versions"
    what = f"{event.notebook} as {event.version}"
    if event.is_open:
        return "published", "◇", f"asks another maintainer to approve {what}", *where
    return "published", "◇", f"{'approved' if event.is_approved else 'declined'} {what}", *where


def of_talk(event: events.Commented) -> tuple[str, ...]:
    """The same of a remark."""
    verb = {"comment": "commented on", "reply": "answered on", "resolve": "resolved a comment on"}
    text = f"{verb.get(event.said, 'opened again a comment on')} {event.path}"
    said = f": {event.text[:140]}" if event.text else ""
    return (
        "comment",
        "\u201c",
        text + said,
        f"{page(event.collab, event.path)}#thread-{event.thread}",
        "See it",
    )


def of_people(event: AnyEvent) -> tuple[str, ...] | None:
    """The same of an event about who takes part."""
    match event:
        case events.Created():
            return "people", "✦", f"began {event.title}"
        case events.Membership(role=None):
            return (
                "people",
                "\u2212",
                "left" if event.member == event.user else f"ended the access of {event.member}",
            )
        case events.Membership():
            joined = event.member == event.user
            return "people", "+", "joined" if joined else f"made {event.member} {article(str(event.role))}"
        case events.Linked():
            what = "made an invitation link" if event.is_open else "ended an invitation link"
            return "people", "∞", f"{what} for {event.role}s"
        case events.Joined() | events.Left() if event.session.endswith("/web"):
            return None  # a form of these pages was sent: what it saved is told of
        case events.Joined():
            return "people", "▷", "began to work here"
        case events.Left():
            return "people", "□", "finished working here"
    return None


def article(role: str) -> str:
    """``an editor``, ``a viewer``."""
    return f"{'an' if role[0] in 'aeio' else 'a'} {role}"


def touched(collab: str, start: str, end: str, change: FileChange) -> Touched:
    """A file of a save."""
    what = {"added": "new", "removed": "deleted", "renamed": f"renamed from {change.old_path}"}.get(
        change.kind, ""
    )
    href = f"/c/{collab}/diff/{start}..{end}/{quote(change.path)}"
    return Touched(change.path, what, counted(change.cells), href, change.cells)


def counted(cells: Iterable[CellChange]) -> list[Change]:
    """The changes by kind, in the order of ``SIGNS``."""
    kinds = [cell.kind for cell in cells]
    return [Change(kind, kinds.count(kind)) for kind in SIGNS if kind in kinds]


def page(collab: str, path: str) -> str:
    """The address of a file's page."""
    return f"/c/{collab}/n/{quote(path)}"
