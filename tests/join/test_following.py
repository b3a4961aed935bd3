"""What the stream tells is handed on before it counts as heard: who stops between the two hears it again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from gitcollab.client import Client
from gitcollab.client.transport import Json
from gitcollab.errors import GitcollabError
from gitcollab.join.following import Following
from gitcollab.join.state import State

MINE, OTHERS = "ben/desk", "ana/desk"


class Stream(Client):
    """A client whose stream tells what a test has prepared, and then nothing more."""

    def __init__(self, events: list[Json]) -> None:
        super().__init__("http://127.0.0.1:9")
        self.prepared = events
        self.is_over = threading.Event()

    def events(self, collab: str, after: int | None = None, **_: object) -> Iterator[Json]:
        yield from self.prepared
        self.prepared = []
        self.is_over.set()


def test_an_event_is_handed_on_before_its_number_is_told() -> None:
    events = [{"n": n, "session": OTHERS if n == 6 else MINE} for n in (5, 6, 7)]
    state = State(url="", collab="c", session=MINE, client="", directory="", identity=(0, 0), event=4)
    known: list[tuple[int, int | None]] = []

    def notice(news: Json | GitcollabError) -> None:
        assert isinstance(news, dict)
        known.append((news["n"], following.event))

    following = Following(Stream(events), state, notice)
    following.start()
    assert following.client.is_over.wait(60)
    following.close()
    assert ([(5, 4), (7, 6)], 7) == (known, following.event)
