"""Publishing as a state machine: one commit for a version, no version without its tag, and no tag that ever moves."""

from __future__ import annotations

import itertools
import json
import shutil
import tempfile
import threading
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gitcollab import acts, store
from gitcollab.collab import Collab, Given, Place, Waiting
from gitcollab.errors import BadInput, Forbidden, GitcollabError, Moved, NotClean, Unusable
from gitcollab.events import Published
from gitcollab.flow.charter import Charter
from gitcollab.flow.gating import Allowed
from gitcollab.flow.points import BLESSED, MAIN
from gitcollab.flow.publish import Publishing, candidate, decide
from gitcollab.flow.versions import versions
from gitcollab.model import Actor, Bump, Person, Role, SessionName, Version
from gitcollab.numbering import next_version
from gitcollab.repository import Repository, version_tag
from gitcollab.store import collabs, journal, members, people

ID = "cabcdefghi"
MAINTAINERS = ("ana", "ben")
WHO = st.sampled_from(MAINTAINERS)
NOTEBOOKS = st.sampled_from(("a.ipynb", "b.ipynb"))
BUMPS = st.sampled_from((None, *Bump))
TOLD = (Moved, NotClean, Unusable)
"""How one is told that somebody was faster, that a gate is not passed, or that nothing is new."""


def notebook(text: str) -> bytes:
    cell = {"cell_type": "markdown", "id": "c", "metadata": {}, "source": [text]}
    whole = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, sort_keys=True).encode() + b"\n"


class Publications(RuleBasedStateMachine):
    """Two maintainers save, push, publish and approve, one after the other or at once; now and then all is killed."""

    @initialize()
    def begin(self) -> None:
        self.root = Path(tempfile.mkdtemp())
        store.migrate(url := store.file_url(self.root / "db.sqlite"))
        self.engine = store.engine(url)
        place = Place(self.root)
        place.repository(ID).parent.mkdir()
        clock = (f"2026-11-20T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in itertools.count())
        ticking = threading.Lock()

        def now() -> str:
            with ticking:
                return next(clock)

        self.given = Given(
            place=place, engine=self.engine, clock=now, tell=lambda event: None, gates=Allowed(running="yes")
        )
        with self.engine.begin() as conn:
            for name in MAINTAINERS:
                people.add_person(conn, name)
            collabs.add_collab(conn, ID, "work", "", (), "ana")
            members.set_member(conn, ID, "ben", Role.MAINTAINER)
        self.collab = Collab.begin(ID, self.given, Charter(title="work"), "ana")
        self.repo = Repository(place.repository(ID))
        for name in MAINTAINERS:
            self.collab.open_session(acts.OpenSession(actor=Actor(user=name), collab=ID))
        self.numbers = itertools.count()
        self.known: dict[str, tuple[str, str]] = {}
        self.waiting: list[Waiting] = []
        self.pending: list[Version] = []

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            shutil.rmtree(self.root)

    def save(self, who: str, path: str, data: bytes) -> None:
        session = SessionName(user=who, name="default")
        self.collab.save(acts.Save(actor=Actor(user=who), collab=ID, session=session, path=path, data=data))

    def asked(self, who: str, path: str, bump: Bump | None) -> acts.Publish:
        return acts.Publish(actor=Actor(user=who), collab=ID, notebook=path, bump=bump, message="why")

    def kept(self, made: Version | Waiting) -> None:
        if isinstance(made, Waiting):
            self.waiting.append(made)
        elif made.pending:
            self.pending.append(made)
        else:
            self.is_new(made)

    def is_new(self, version: Version) -> None:
        assert version.tag not in self.known, "one version, twice"

    @rule(who=WHO, path=NOTEBOOKS)
    def saves(self, who: str, path: str) -> None:
        self.save(who, path, notebook(f"text {next(self.numbers)}"))

    @rule(gates=st.sampled_from(("", "approval = true", "run = true")))
    def the_charter_changes(self, gates: str) -> None:
        self.save("ana", "collab.toml", f'title = "work"\n[gates]\n{gates}\n'.encode())

    @rule(who=WHO, path=NOTEBOOKS, bump=BUMPS)
    def publishes(self, who: str, path: str, bump: Bump | None) -> None:
        try:
            self.kept(self.collab.publish(self.asked(who, path, bump)))
        except (*TOLD, BadInput):
            return  # a bad input: there is no such notebook yet

    @rule(path=NOTEBOOKS, bump=BUMPS)
    def both_publish_at_once(self, path: str, bump: Bump | None) -> None:
        made: list[Version | Waiting] = []
        told: list[Exception] = []

        def publish(who: str) -> None:
            try:
                made.append(self.collab.publish(self.asked(who, path, bump)))
            except GitcollabError as error:
                told.append(error)

        threads = [threading.Thread(target=publish, args=(who,)) for who in MAINTAINERS]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 2 == len(made) + len(told)
        final = [one for one in made if isinstance(one, Version) and not one.pending]
        assert len(final) <= 1, "two have published the same"
        for one in made:
            self.kept(one)

    @precondition(lambda self: self.waiting)
    @rule()
    def a_gate_is_passed(self) -> None:
        waits = self.waiting.pop()
        act = self.asked(waits.decided.asked.user, waits.decided.path, None)
        try:
            made = self.collab.publish(act, waits.decided)
        except Moved:
            return
        assert isinstance(made, Version)
        assert (waits.decided.number, waits.decided.tree) == (
            made.version,
            self.repo.tree_of(made.commit),
        )
        self.kept(made)

    @precondition(lambda self: self.pending)
    @rule(is_approved=st.booleans())
    def the_other_decides(self, is_approved: bool) -> None:
        waits = self.pending.pop()
        other = next(name for name in MAINTAINERS if name != waits.by)
        act = acts.DecidePublish(
            actor=Actor(user=other), collab=ID, pending=waits.pending, is_approved=is_approved
        )
        try:
            made = self.collab.decide_publish(act)
        except Moved:
            return
        assert (waits.commit if is_approved else None) == (made.commit if made else None)
        if made:
            self.is_new(made)

    @rule(ref=st.sampled_from((BLESSED, "refs/tags/a/v1.0.0", "refs/tags/b/v9.9.9")))
    def somebody_pushes_a_tag_or_blessed(self, ref: str) -> None:
        main = self.repo.head(MAIN) or ""
        act = acts.Push(actor=Actor(user="ana"), collab=ID, ref=ref, old=self.repo.head(ref), new=main)
        try:
            self.collab.push(act)
        except Forbidden:
            return
        raise AssertionError(f"{ref} was pushed")

    @rule(path=NOTEBOOKS)
    def it_is_killed_between_the_tag_and_the_branch(self, path: str) -> None:
        asked = Publishing(notebook=path, bump=None, message="killed", user="ana", at="2026-11-21T00:00:00Z")
        try:
            decided = decide(self.repo, asked)
        except GitcollabError:
            return
        commit = candidate(self.repo, decided)
        name = version_tag(path, decided.number)
        self.repo.tag(name, commit, "killed", author=Person(name="ana"), at=asked.at)
        self.starts_again()

    @rule()
    def starts_again(self) -> None:
        self.collab = Collab(ID, self.given)
        self.collab.recover()

    @invariant()
    def no_tag_has_moved_or_gone(self) -> None:
        if not hasattr(self, "repo"):
            return
        now = self.repo.tags()
        assert self.known == {name: now.get(name) for name in self.known}
        self.known = now

    @invariant()
    def every_version_is_one_commit_on_the_blessed_line(self) -> None:
        if not hasattr(self, "repo"):
            return
        found = {one.tag: one.commit for one in versions(self.repo)}
        assert len(found) == len(set(found.values()))
        blessed, line = self.repo.head(BLESSED), []
        for commit in self.repo.line(blessed) if blessed else ():
            if commit.oid not in found.values():
                break
            line.append(commit.oid)
        assert sorted(found.values()) == sorted(line)

    @invariant()
    def numbers_follow_each_other_and_each_is_told_once(self) -> None:
        if not hasattr(self, "repo"):
            return
        for path in ("a.ipynb", "b.ipynb"):
            numbers = [one.version for one in versions(self.repo) if one.notebook == path]
            ordered = sorted(numbers, key=lambda number: tuple(map(int, number.split("."))))
            assert ordered[:1] in ([], ["1.0.0"])
            for before, after in itertools.pairwise(ordered):
                assert after in {next_version(before, bump) for bump in Bump}
        with self.engine.connect() as conn:
            told = Counter(
                one.tag for one in journal.since(conn, ID, 0, 10_000) if isinstance(one, Published)
            )
        assert dict.fromkeys((one.tag for one in versions(self.repo)), 1) == dict(told)


TestPublications = Publications.TestCase
TestPublications.settings = settings(max_examples=6, stateful_step_count=20, deadline=None)
