"""Three sessions save and land in any order; when all have landed, the order has made no difference."""

from __future__ import annotations

import itertools
import json
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gitcollab.notebooks import merge, problems

Cell = dict[str, Any]
SESSIONS = st.integers(0, 2)
PLACES = st.integers(0, 9)


def cell(name: str, lines: list[str]) -> Cell:
    source = "\n".join(lines).splitlines(True)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def written(cells: list[Cell]) -> bytes:
    whole = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()


def shown(data: bytes) -> list[tuple[str, str]]:
    return [(cell["id"], "".join(cell["source"])) for cell in json.loads(data)["cells"]]


class ThreeSessions(RuleBasedStateMachine):
    """Each session edits lines of its own in cells of the base, and inserts cells of its own."""

    @initialize(size=st.integers(1, 5))
    def begin(self, size: int) -> None:
        self.count = 0
        lines = [[f"base_{k}_{n} = value_{k}_{n}()" for n in range(9)] for k in range(size)]
        self.base = written([cell(f"b{k}", text) for k, text in enumerate(lines)])
        self.sessions = [self.base] * 3

    def fresh(self) -> int:
        self.count += 1
        return self.count

    def change(self, session: int, edit: Any) -> None:
        cells = json.loads(self.sessions[session])["cells"]
        edit(cells)
        self.sessions[session] = written(cells)

    @rule(session=SESSIONS, at=PLACES)
    def edit_a_line(self, session: int, at: int) -> None:
        """A session has every third line for itself."""

        def edit(cells: list[Cell]) -> None:
            source = cells[at % len(cells)]["source"]
            line = 3 * session
            if len(source) == 9:
                source[line] = f"session_{session}_{self.fresh()} = changed()\n"

        self.change(session, edit)

    @rule(session=SESSIONS, at=PLACES)
    def insert_a_cell(self, session: int, at: int) -> None:
        name = f"s{session}n{self.fresh()}"
        new = cell(name, [f"{name}_{k} = inserted_by_{name}()" for k in range(3)])
        self.change(session, lambda cells: cells.insert(at % (len(cells) + 1), new))

    @rule(session=SESSIONS, at=PLACES)
    def tag_a_cell(self, session: int, at: int) -> None:
        tag = f"t{session}"

        def edit(cells: list[Cell]) -> None:
            tags = cells[at % len(cells)]["metadata"].setdefault("tags", [])
            if tag not in tags:
                tags.append(tag)

        self.change(session, edit)

    @invariant()
    def every_order_of_landing_gives_one_notebook(self) -> None:
        results = []
        for order in itertools.permutations(self.sessions):
            shared = self.base
            for session in order:
                merged = merge(self.base, shared, session)
                assert () == merged.contested
                shared = merged.notebook
            results.append(shared)
        assert () == problems(results[0])
        assert [results[0]] * 6 == results

    @invariant()
    def nothing_that_a_session_wrote_is_missing(self) -> None:
        shared = self.base
        for session in self.sessions:
            shared = merge(self.base, shared, session).notebook
        lines = {line for _, source in shown(shared) for line in source.split("\n")}
        old = {line for _, source in shown(self.base) for line in source.split("\n")}
        for session in self.sessions:
            mine = {line for _, source in shown(session) for line in source.split("\n")}
            assert mine - old <= lines

    @invariant()
    def delivering_what_landed_changes_nothing_further(self) -> None:
        shared = merge(self.base, self.sessions[0], self.sessions[1]).notebook
        assert shared == merge(self.sessions[1], shared, self.sessions[1]).notebook
        assert shared == merge(self.base, shared, self.sessions[1]).notebook


class ThreeRoamingSessions(ThreeSessions):
    """They also delete and move cells. Beside a deleted cell nobody knows any more on which side of it another session
    had inserted, and of two moves one is taken: the order may differ, the cells may not."""

    @rule(session=SESSIONS, at=PLACES)
    def delete_a_cell(self, session: int, at: int) -> None:
        """What another session edited stays, contested: each has cells of the base that only it deletes or edits."""

        def edit(cells: list[Cell]) -> None:
            mine = [k for k, found in enumerate(cells) if found["id"] in (f"b{session}", f"b{session + 3}")]
            if mine:
                del cells[mine[at % len(mine)]]

        self.change(session, edit)

    @rule(session=SESSIONS, at=PLACES, to=PLACES)
    def move_a_cell(self, session: int, at: int, to: int) -> None:
        def edit(cells: list[Cell]) -> None:
            if cells:
                cells.insert(to % len(cells), cells.pop(at % len(cells)))

        self.change(session, edit)

    @rule(session=SESSIONS, at=PLACES)
    def edit_a_line(self, session: int, at: int) -> None:
        def edit(cells: list[Cell]) -> None:
            for found in cells:
                if found["id"] in (f"b{session}", f"b{session + 3}") and len(found["source"]) == 9:
                    found["source"][at % 8] = f"session_{session}_{self.fresh()} = changed()\n"

        self.change(session, edit)

    @rule(session=SESSIONS, at=PLACES)
    def tag_a_cell(self, session: int, at: int) -> None:
        """A cell that somebody deletes takes its tags along: only one's own inserted cells are tagged here."""

        def edit(cells: list[Cell]) -> None:
            for found in cells:
                if found["id"].startswith(f"s{session}"):
                    found["metadata"]["tags"] = [f"t{at}"]

        self.change(session, edit)

    @invariant()
    def every_order_of_landing_gives_one_notebook(self) -> None:
        results = []
        for order in itertools.permutations(self.sessions):
            shared = self.base
            for session in order:
                merged = merge(self.base, shared, session)
                assert () == merged.contested
                shared = merged.notebook
            assert () == problems(shared)
            cells = json.loads(shared)["cells"]
            results.append(sorted(json.dumps(found, sort_keys=True) for found in cells))
        assert [results[0]] * 6 == results

    @invariant()
    def delivering_what_landed_changes_nothing_further(self) -> None:
        shared = merge(self.base, self.sessions[0], self.sessions[1]).notebook
        assert shared == merge(self.sessions[1], shared, self.sessions[1]).notebook


TestThreeSessions = ThreeSessions.TestCase
TestThreeSessions.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestThreeRoamingSessions = ThreeRoamingSessions.TestCase
TestThreeRoamingSessions.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
