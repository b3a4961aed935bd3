"""The three rules as a state machine: whatever people do in whatever order, no line that anybody typed is lost."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gitcollab import acts, notebooks, store
from gitcollab.collab import Collab, Given, Place
from gitcollab.errors import GitcollabError
from gitcollab.flow.charter import Charter
from gitcollab.flow.items import read_items
from gitcollab.flow.points import MAIN
from gitcollab.model import Actor, Item, Receipt, Role, SessionName, Take
from gitcollab.repository import Repository
from gitcollab.store import collabs, journal, members, people

PEOPLE = ("ana", "ben", "cy")
ID = "cabcdefghi"
WORD = re.compile(r"w\d+")
NUMBERS = st.integers(0, 1000)
PERSON = st.sampled_from(PEOPLE)


def words(*values: object) -> set[str]:
    """Every word that was typed, in whatever shape it is kept."""
    return set(WORD.findall(json.dumps([v.decode() if isinstance(v, bytes) else v for v in values])))


def notebook(cells: list[tuple[str, str]]) -> bytes:
    document = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": name,
                "metadata": {},
                "outputs": [],
                "source": source.splitlines(keepends=True),
            }
            for name, source in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(document, indent=1, sort_keys=True).encode() + b"\n"


def cells_of(data: bytes) -> list[tuple[str, list[str]]]:
    return [(cell["id"], "".join(cell["source"]).split("\n")) for cell in json.loads(data)["cells"]]


class ThreeRules(RuleBasedStateMachine):
    """Three people, one notebook and one text, saves from fresh and stale copies, decisions, restarts."""

    @initialize(landing=st.sampled_from(["save", "save", "request"]))
    def begin(self, landing: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="machine"))
        self.typed, self.deleted, self.doubled = set[str](), set[str](), set[str]()
        self.by: dict[str, str] = {}
        self.numbers = itertools.count()
        url = store.file_url(self.directory / "db.sqlite")
        store.migrate(url)
        self.engine = store.engine(url)
        place = Place(self.directory)
        place.repository(ID).parent.mkdir()
        clock = (f"2026-11-20T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in itertools.count())
        self.given = Given(
            place=place,
            engine=self.engine,
            clock=lambda: next(clock),
            tell=lambda event: None,
            charter=Charter(landing=landing),
        )
        with self.engine.begin() as conn:
            for name in PEOPLE:
                people.add_person(conn, name)
            collabs.add_collab(conn, ID, "work", "", (), "ana")
            members.set_member(conn, ID, "ben", Role.EDITOR)
            members.set_member(conn, ID, "cy", Role.EDITOR)
        self.collab = Collab.begin(ID, self.given, Charter(title="work"), "ana")
        self.repo = Repository(place.repository(ID))
        for name in PEOPLE:
            self.collab.open_session(acts.OpenSession(actor=Actor(user=name), collab=ID))
        first = notebook([(name, "\n".join(self.word() for _ in range(4))) for name in "abc"])
        self.save("ana", "work.ipynb", first, None)
        self.save("ana", "notes.md", ("\n".join(self.word() for _ in range(8)) + "\n").encode(), None)
        self.land("ana")
        self.deliver("ben")
        self.deliver("cy")
        self.old: list[tuple[str, str, bytes, str]] = []

    def teardown(self) -> None:
        if hasattr(self, "directory"):
            self.engine.dispose()
            shutil.rmtree(self.directory)

    # --- what people do ------------------------------------------------------------------------------------------

    @rule(user=PERSON, pick=NUMBERS, line=NUMBERS, kind=st.sampled_from(["change", "change", "add", "drop"]))
    def edits_a_cell(self, user: str, pick: int, line: int, kind: str) -> None:
        for path, data in self.notebooks(user):
            self.save(user, path, self.edited(data, pick, line, kind), data)

    @rule(user=PERSON, at=NUMBERS)
    def inserts_a_cell(self, user: str, at: int) -> None:
        for path, data in self.notebooks(user):
            cells = [(name, "\n".join(lines)) for name, lines in cells_of(data)]
            cells.insert(at % (len(cells) + 1), (f"n{next(self.numbers)}", self.word()))
            self.save(user, path, notebook(cells), data)

    @rule(user=PERSON, pick=NUMBERS)
    def deletes_a_cell(self, user: str, pick: int) -> None:
        for path, data in self.notebooks(user):
            cells = [(name, "\n".join(lines)) for name, lines in cells_of(data)]
            if len(cells) > 1:
                cells.pop(pick % len(cells))
                self.save(user, path, notebook(cells), data)

    @rule(user=PERSON, pick=NUMBERS, to=NUMBERS)
    def moves_a_cell(self, user: str, pick: int, to: int) -> None:
        for path, data in self.notebooks(user):
            cells = [(name, "\n".join(lines)) for name, lines in cells_of(data)]
            if cells:
                cells.insert(to % len(cells), cells.pop(pick % len(cells)))
                self.save(user, path, notebook(cells), data)

    @rule(user=PERSON, line=NUMBERS, kind=st.sampled_from(["change", "add", "drop"]))
    def edits_the_text(self, user: str, line: int, kind: str) -> None:
        data = self.file(user, "notes.md")
        if data is not None:
            lines = data.decode().splitlines()
            self.save(user, "notes.md", ("\n".join(self.changed(lines, line, kind)) + "\n").encode(), data)

    @rule(user=PERSON)
    def keeps_an_editor_open(self, user: str) -> None:
        head = self.head(user)
        self.old += [(user, path, data, head) for path, data in self.notebooks(user)]
        del self.old[:-4]

    @precondition(lambda self: self.old)
    @rule(choice=NUMBERS, pick=NUMBERS, line=NUMBERS, kind=st.sampled_from(["change", "add", "drop"]))
    def saves_from_an_old_copy(self, choice: int, pick: int, line: int, kind: str) -> None:
        """The client knows which commit its copy came from, and goes on from what the answer says."""
        index = choice % len(self.old)
        user, path, data, version = self.old[index]
        if self.is_open(user):
            edited = self.edited(data, pick, line, kind)
            receipt = self.save(user, path, edited, data, version)
            self.old[index] = (user, path, edited, receipt.version)

    @precondition(lambda self: self.old)
    @rule(choice=NUMBERS, pick=NUMBERS, line=NUMBERS, kind=st.sampled_from(["change", "add", "drop"]))
    def overwrites_from_an_old_editor(self, choice: int, pick: int, line: int, kind: str) -> None:
        """Only the stamp says where the copy came from; the same person's own later saves count as this editor's."""
        index = choice % len(self.old)
        user, path, data, version = self.old[index]
        if self.is_open(user):
            own = b"".join(data for _, data in self.notebooks(user))
            edited = self.edited(data, pick, line, kind)
            self.save(user, path, notebooks.stamp(edited, version), data, None)
            self.old[index] = (user, path, edited, version)
            own_words = {word for word in words(own) if self.by.get(word) == user}
            self.deleted |= own_words - self.known()

    @rule(user=PERSON, number=st.integers(0, 3))
    def renames_the_notebook(self, user: str, number: int) -> None:
        for path, _ in self.notebooks(user):
            to = f"work{number}.ipynb"
            if self.file(user, to) is None:
                act = acts.Rename(actor=Actor(user=user), collab=ID, session=session(user), path=path, to=to)
                self.collab.rename(act)
                return

    @rule(user=PERSON)
    def deletes_the_text(self, user: str) -> None:
        data = self.file(user, "notes.md")
        if data is not None:
            self.save(user, "notes.md", None, data)

    @rule(user=PERSON)
    def writes_the_text_anew(self, user: str) -> None:
        if self.is_open(user) and self.file(user, "notes.md") is None:
            self.save(user, "notes.md", f"{self.word()}\n".encode(), None)

    @rule(choice=NUMBERS, take=st.sampled_from(Take), user=PERSON)
    def settles(self, choice: int, take: Take, user: str) -> None:
        items = self.items()
        if not items:
            return
        item = items[choice % len(items)]
        text = self.word()
        before = words(self.everything_on_main(), item.shared, item.session, item.base)
        both = words(item.shared) & words(item.session)
        source = json.dumps(text) if item.field.startswith(("metadata", "notebook")) else text
        act = acts.Settle(actor=Actor(user=user), collab=ID, item=item.id, take=take, source=source)
        try:
            self.collab.settle(act)
        except GitcollabError as refused:
            note(f"refused: {refused.message} ({refused.hint})")
            if take is Take.TEXT:
                self.deleted.add(text)
            return
        self.deleted |= (before | {text}) - words(self.everything_on_main(), *self.sides())
        self.doubled |= both if take is Take.BOTH else set()

    @rule(user=PERSON)
    def lands(self, user: str) -> None:
        if self.is_open(user):
            self.land(user)

    @rule(user=PERSON)
    def gets_a_delivery(self, user: str) -> None:
        if self.is_open(user):
            self.deliver(user)

    @rule(user=PERSON)
    def leaves(self, user: str) -> None:
        if self.is_open(user):
            act = acts.CloseSession(actor=Actor(user=user), collab=ID, session=session(user))
            self.collab.close_session(act)

    @rule(user=PERSON)
    def joins_again(self, user: str) -> None:
        self.collab.open_session(acts.OpenSession(actor=Actor(user=user), collab=ID))

    @rule()
    def the_daemon_restarts(self) -> None:
        before = self.events()
        self.collab = Collab(ID, self.given)
        self.collab.recover()
        assert self.events() >= before

    # --- what holds ----------------------------------------------------------------------------------------------

    @invariant()
    def every_line_is_somewhere(self) -> None:
        if hasattr(self, "directory"):
            assert self.typed - self.deleted - self.known() == set()

    @invariant()
    def main_holds_valid_notebooks_and_each_line_once(self) -> None:
        if not hasattr(self, "directory"):
            return
        main = self.repo.head(MAIN)
        for path, entry in self.repo.entries(main).items():
            if path.endswith(".ipynb"):
                assert notebooks.problems(self.repo.blob(entry.oid)) == ()
        count = Counter(WORD.findall(json.dumps(self.everything_on_main())))
        assert [word for word, times in count.items() if times > 1 and word not in self.doubled] == []

    @invariant()
    def no_item_stays_open_once_both_sides_agree(self) -> None:
        if hasattr(self, "directory"):
            assert [item.id for item in self.items() if item.shared == item.session] == []

    @invariant()
    def events_are_numbered_without_gap(self) -> None:
        if hasattr(self, "directory"):
            with self.engine.connect() as conn:
                numbers = [event.n for event in journal.since(conn, ID, 0, 10_000)]
            assert numbers == list(range(1, len(numbers) + 1))

    # --- how the machine acts and looks ----------------------------------------------------------------------------

    def word(self) -> str:
        word = f"w{next(self.numbers)}"
        self.typed.add(word)
        return word

    def changed(self, lines: list[str], at: int, kind: str) -> list[str]:
        if not lines or kind == "add":
            at = at % (len(lines) + 1)
            return [*lines[:at], self.word(), *lines[at:]]
        at = at % len(lines)
        return [*lines[:at], *([self.word()] if kind == "change" else []), *lines[at + 1 :]]

    def edited(self, data: bytes, pick: int, line: int, kind: str) -> bytes:
        cells = cells_of(data)
        if not cells:
            return notebook([(f"n{next(self.numbers)}", self.word())])
        at = pick % len(cells)
        cells[at] = (cells[at][0], self.changed(cells[at][1], line, kind))
        return notebook([(name, "\n".join(lines)) for name, lines in cells])

    def save(
        self, user: str, path: str, data: bytes | None, loaded: bytes | None, base: str | None = "head"
    ) -> Receipt:
        """Saves what a person made of the copy that they had ``loaded`` from ``base``."""
        act = acts.Save(
            actor=Actor(user=user),
            collab=ID,
            session=session(user),
            path=path,
            data=data,
            base=self.head(user) if base == "head" else base,
        )
        self.deleted |= words(loaded or b"") - words(data or b"")
        self.by |= dict.fromkeys(words(data or b"") - set(self.by), user)
        return self.collab.save(act)

    def known(self) -> set[str]:
        return words(self.everything_on_main(), *self.sides(), *self.unlanded())

    def land(self, user: str) -> None:
        self.collab.land(acts.Land(actor=Actor(user=user), collab=ID, session=session(user)))

    def deliver(self, user: str) -> None:
        self.collab.deliver(acts.Deliver(actor=Actor(user=user), collab=ID, session=session(user)))

    def head(self, user: str) -> str:
        return self.repo.head(session(user).ref) or ""

    def is_open(self, user: str) -> bool:
        return session(user) in self.collab.open_sessions()

    def file(self, user: str, path: str) -> bytes | None:
        if not self.is_open(user):
            return None
        entry = self.repo.entry(self.head(user), path)
        return self.repo.blob(entry.oid) if entry else None

    def notebooks(self, user: str) -> list[tuple[str, bytes]]:
        if not self.is_open(user):
            return []
        entries = self.repo.entries(self.head(user))
        found = [
            (path, self.repo.blob(entry.oid)) for path, entry in entries.items() if path.endswith(".ipynb")
        ]
        return found[:1]

    def items(self) -> tuple[Item, ...]:
        return read_items(self.repo, self.repo.head(MAIN) or "")

    def sides(self) -> list[object]:
        return [value for item in self.items() for value in (item.shared, item.session)]

    def everything_on_main(self) -> list[str]:
        entries = self.repo.entries(self.repo.head(MAIN) or "")
        return [
            self.repo.blob(e.oid).decode()
            for path, e in entries.items()
            if not path.startswith(".gitcollab/")
        ]

    def unlanded(self) -> list[str]:
        main = self.repo.head(MAIN) or ""
        found = []
        for tip in self.repo.heads("refs/heads/sessions/").values():
            if not self.repo.is_ancestor(tip, main):
                files = self.repo.entries(tip).items()
                found += [
                    self.repo.blob(e.oid).decode() for path, e in files if not path.startswith(".gitcollab/")
                ]
        return found

    def events(self) -> int:
        with self.engine.connect() as conn:
            return journal.last(conn, ID)


def session(user: str) -> SessionName:
    return SessionName(user=user, name="default")


TestThreeRules = ThreeRules.TestCase
TestThreeRules.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
