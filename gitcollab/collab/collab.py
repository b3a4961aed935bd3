"""Collab: every act on one collab, one after the other, decided and journalled in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gitcollab import acts
from gitcollab.access import allow
from gitcollab.collab.desks import Desks
from gitcollab.collab.given import Given
from gitcollab.collab.ledger import Ledger
from gitcollab.collab.register import FORK, Register
from gitcollab.collab.turns import Turns
from gitcollab.errors import BadInput, Forbidden, NotFound, TooLarge, Unusable
from gitcollab.events import AnyEvent, Asked, Drafted, Joined, Left, Skipped
from gitcollab.flow.alter import changes_between
from gitcollab.flow.charter import Charter, read_charter, written
from gitcollab.flow.deliver import deliver
from gitcollab.flow.items import read_items
from gitcollab.flow.land import land
from gitcollab.flow.points import BLESSED, CONFIG, MAIN, file_entry, is_bound
from gitcollab.flow.publish import Publishing, publish, roll_forward
from gitcollab.flow.settle import Decision, find_item, settle
from gitcollab.flow.snapshot import Saving, Snapshot, draft, snapshot
from gitcollab.model import (
    Actor,
    Person,
    Receipt,
    Role,
    Session,
    SessionName,
    Version,
    checked_path,
)
from gitcollab.repository import Repository
from gitcollab.workspace import Rules


class Collab:
    """One collab. Its acts may be called from any thread; each holds the collab's lock from beginning to end.

    An act that has returned is durable. Errors are those of :mod:`gitcollab.errors`; an act that raised may be done
    again, and what it had done by then is completed at the next act or start.
    """

    def __init__(self, id: str, given: Given) -> None:
        self.id, self._given = id, given
        self._repo = Repository(given.place.repository(id))
        self._ledger = Ledger(self._repo, id, given.engine, given.tell)
        self._turns = Turns(self._repo, self._ledger)
        self._register = Register(self._repo, id, given.engine, given.place)
        self.desks = Desks(self._repo, id, given.place)

    @classmethod
    def begin(cls, id: str, given: Given, charter: Charter, owner: str) -> Collab:
        """Makes the repository of a new collab, with its charter as the first commit."""
        repo = Repository.create(given.place.repository(id))
        tree = repo.edit(None, {CONFIG: file_entry(repo, written(charter))})
        person = Person(name=owner)
        root = repo.commit(tree, [], f"Begin {charter.title or id}", author=person, at=given.clock())
        repo.move(MAIN, root, None, "begin")
        begun = cls(id, given)
        begun._turns.moved(MAIN)
        return begun

    def recover(self) -> tuple[AnyEvent, ...]:
        """Completes what a crash interrupted: the blessed branch, missing events, landings and deliveries."""
        with self._turns.alone():
            roll_forward(self._repo)
            told = self._ledger.catch_up()
            with self._turns.taking() as turn:
                for session in self.open_sessions():
                    with turn.going_on():
                        self._land(session)
                self._deliver_all()
            return told

    # --- sessions --------------------------------------------------------------------------------------------------

    def open_session(self, act: acts.OpenSession) -> acts.Opened:
        """Opens a session of the actor's, or takes it up again; what the shared branch has since is delivered."""
        with self._acting(act):
            session = self._register.name_for(act)
            self._enter(session, act.workspace, act.client)
            if (
                act.workspace
            ):  # what lies there is shared when the act is done, not when the watch comes to it
                self.desks.set_up(session, Path(act.workspace), self._register.rules(Path(act.workspace)))
                self._turns.then(lambda: self.sweep_one(session))
            return acts.Opened(
                session=str(session),
                branch=session.branch,
                head=self._head(session),
                directory=act.workspace,
            )

    def open_workspace(self, user: str, directory: Path) -> None:
        """Opens a participant's session in a directory that the daemon has made for them."""
        with self._turns.taking():
            session = SessionName(user=user, name="default")
            self.desks.set_up(session, directory, Rules())
            self._enter(session, str(directory), "daemon")

    def _enter(self, session: SessionName, workspace: str | None, client: str) -> None:
        if self._repo.head(session.ref) is None:
            self._repo.move(session.ref, self._main(), None, f"open {session}")
        self._register.enter(session, workspace, client)
        self._turns.tell(Joined(collab=self.id, user=session.user, session=str(session)))
        self._turns.moved(session.ref)
        self._deliver(session)

    def end(self, target: Path) -> None:
        """Moves the repository aside; nothing may be asked of this collab any more."""
        with self._turns.alone():
            self._given.place.repository(self.id).rename(target)

    def close_session(self, act: acts.CloseSession) -> Session:
        """Closes a session: its branch and items stay, and what it holds has landed if saves land by policy."""
        with self._acting(act) as actor:
            self._register.require(act.session)
            self.sweep_one(act.session)
            self._land(act.session)
            self._turns.tell(Left(collab=self.id, user=actor.user, session=str(act.session)))
            self._turns.then(
                lambda: self._closed(act.session)
            )  # a start lands open sessions only, so what it holds is first
            return msgspec.structs.replace(self._register.shown(act.session), is_open=False)

    def _closed(self, session: SessionName) -> None:
        self._register.close(session)
        self.desks.clear(session)

    def open_sessions(self) -> tuple[SessionName, ...]:
        """Returns the open sessions that have a branch."""
        return self._register.open_now()

    # --- saves -----------------------------------------------------------------------------------------------------

    def save(self, act: acts.Save) -> Receipt:
        """Commits a save, lands it and delivers it, as the policies say."""
        with self._acting(act):
            checked_path(act.path)
            self._register.require(act.session)
            saving = Saving(
                session=act.session,
                path=act.path,
                data=act.data,
                base=act.base,
                tool=act.tool,
                at=self._now(),
            )
            return self._drafted(saving) if act.is_draft else self._saved(saving)

    def rename(self, act: acts.Rename) -> Receipt:
        """Renames a file in a session, as a save."""
        with self._acting(act):
            checked_path(act.path)
            checked_path(act.to)
            self._register.require(act.session)
            if self._repo.entry(self._head(act.session), act.to) is not None:
                raise BadInput(
                    f"there is already a {act.to}", "choose another name, or delete that one first"
                )
            return self._renamed(act.session, act.path, act.to, act.base)

    def land(self, act: acts.Land) -> Receipt:
        """Lands a session now."""
        with self._acting(act):
            self._register.require(act.session)
            landed = self._land(act.session, is_asked=True)
            self._deliver_all()
            return self._receipt(act.session, landed)

    def deliver(self, act: acts.Deliver) -> Session:
        """Delivers the shared branch to a session now."""
        with self._acting(act):
            self._register.require(act.session)
            self._land(act.session)
            self._deliver(act.session)
            return self._register.shown(act.session)

    def sweep(self, act: acts.Sweep) -> tuple[Receipt, ...]:
        """Takes in at once what lies in the actor's watched workspaces."""
        with self._acting(act) as actor:
            mine = [session for session in self.open_sessions() if session.user == actor.user]
            return tuple(receipt for session in mine for receipt in self.sweep_one(session))

    def sweep_one(self, session: SessionName) -> tuple[Receipt, ...]:
        """Takes in everything that differs in one watched workspace; nothing if the daemon watches none."""
        with self._turns.taking():
            try:
                self._admit(session)
            except (Forbidden, NotFound):
                return ()  # somebody who may only read by now: nothing of theirs is taken in
            return tuple(self._swept(session))

    def take_in(self, session: SessionName, path: str, data: bytes | None) -> Receipt:
        """Takes in one file of a watched workspace as its person's save; ``data`` None: it was deleted there."""
        with self._turns.taking():
            self._admit(session)
            return self._take_in(session, path, data)

    def take_in_rename(self, session: SessionName, old: str, path: str) -> Receipt:
        """Takes in that a file of a watched workspace was renamed and not changed."""
        with self._turns.taking():
            self._admit(session)
            if not self.desks.has_seen(session, path):
                raise Unusable(f"others have made a {path} meanwhile", "it is merged with theirs")
            receipt = self._renamed(session, old, path, None)
            self._turns.then(lambda: self.desks.renamed(session, old, path))
            return receipt

    def forget(self, session: SessionName) -> None:
        """Forgets a session's workspace: it was closed, or the directory is no longer the one it was."""
        with self._turns.alone():
            self.desks.clear(session)

    def tell(self, event: AnyEvent) -> None:
        """Journals something that moved no ref, and tells it."""
        with self._turns.taking():
            self._turns.tell(event)

    def mirror(self, session: SessionName) -> tuple[str, ...]:
        """Writes what the session's workspace still waits for; returns the paths that go on waiting."""
        with self._turns.alone():
            return self.desks.mirror(session)

    # --- decisions -------------------------------------------------------------------------------------------------

    def settle(self, act: acts.Settle) -> Receipt:
        """Decides a contested item; the sessions that it binds are landed first."""
        with self._acting(act) as actor:
            item = find_item(self._repo, act.item)
            if item.path == CONFIG and not self._is_maintainer(actor.user):
                raise Forbidden("only maintainers change collab.toml", "ask one of them to decide this")
            for branch, tip in self._repo.heads("refs/heads/sessions/").items():
                if is_bound(self._repo, item, branch.removeprefix("refs/heads/"), tip):
                    self._land(SessionName.parse(branch), is_asked=True)
            decision = Decision(
                item=act.item,
                take=act.take,
                user=actor.user,
                at=self._now(),
                seen=act.seen,
                source=act.source,
            )
            commit = settle(self._repo, decision, self._given.merger)
            self._turns.moved(MAIN)
            self._deliver_all()
            return Receipt(snapshot=None, landed=commit, version=commit)

    def publish(self, act: acts.Publish) -> Version:
        """Publishes a notebook; what lies unsaved in watched workspaces is taken in first, and everybody landed."""
        with self._acting(act) as actor:
            for session in self.open_sessions():
                self.sweep_one(session)
                self._land(session)
            self._deliver_all()
            asked = Publishing(
                notebook=act.notebook, bump=act.bump, message=act.message, user=actor.user, at=self._now()
            )
            version = publish(self._repo, asked)
            self._turns.moved(f"refs/tags/{version.tag}", BLESSED)
            return version

    # --- how it is done --------------------------------------------------------------------------------------------

    @contextmanager
    def _acting(self, act: acts.CollabAct) -> Iterator[Actor]:
        """Takes a turn, and lets the act in only if its actor may do it now."""
        with self._turns.taking():
            allow(act.actor, act, self._register.role(act.actor.user))
            yield act.actor

    def _saved(self, saving: Saving) -> Receipt:
        saved = snapshot(self._repo, saving, self._given.merger)
        if saved.question:
            self._turns.tell(
                Asked(
                    collab=self.id,
                    user=saving.session.user,
                    session=str(saving.session),
                    question=saved.question,
                    path=saved.path,
                    commit=saved.version,
                )
            )
        if saved.session != saving.session and saved.commit:
            self._register.enter(saved.session, client=FORK)
        self._turns.moved(saved.session.ref)
        landed = None
        with self._turns.taking() as turn, turn.going_on():
            landed = self._land(saved.session) if saved.commit else None
        self._deliver_all()
        return self._receipt(saving.session, landed, saved)

    def _drafted(self, saving: Saving) -> Receipt:
        session = saving.session
        parent = self._head(session)
        commit = draft(self._repo, saving, f"refs/gitcollab/drafts/{session.user}/{session.name}")
        told = Drafted(
            collab=self.id,
            user=session.user,
            session=str(session),
            commit=commit,
            parent=parent,
            files=changes_between(self._repo, parent, commit),
        )
        self._turns.tell(told)
        return Receipt(snapshot=commit, landed=None, version=parent)

    def _renamed(self, session: SessionName, path: str, to: str, base: str | None) -> Receipt:
        head = self._head(session)
        if self._repo.entry(head, path) is None:
            raise NotFound(f"there is no {path}", "look at the list of files")
        saving = Saving(session=session, path=path, to=to, data=None, base=base, at=self._now())
        return self._saved(saving)

    def _take_in(self, session: SessionName, path: str, data: bytes | None) -> Receipt:
        base = self.desks.base(session, path)
        receipt = self._saved(
            Saving(session=session, path=path, data=data, base=base, tool="watch", at=self._now())
        )
        self._turns.then(lambda: self.desks.took(session, path, data))
        return receipt

    def _swept(self, session: SessionName) -> Iterator[Receipt]:
        for path, data in self.desks.changed(session):
            try:
                yield self._take_in(session, path, data)
            except (BadInput, TooLarge, Unusable) as refused:  # this file's own trouble, and nobody else's
                who, name = session.user, str(session)
                self._turns.tell(
                    Skipped(collab=self.id, user=who, session=name, path=path, reason=refused.code)
                )

    def _admit(self, session: SessionName) -> None:
        """Lets a workspace's save in only while its session is open and its person may save."""
        self._register.require(session)
        allow(Actor(user=session.user, via="daemon"), acts.Save, self._register.role(session.user))

    def _is_maintainer(self, user: str) -> bool:
        role = self._register.role(user)
        return role is not None and role.rank >= Role.MAINTAINER.rank

    def _land(self, session: SessionName, *, is_asked: bool = False) -> str | None:
        """Lands a session as far as the policy wants it; returns the commit on the shared branch."""
        if not is_asked and read_charter(self._repo, self._given.charter).landing == "request":
            return None
        is_maintainer = self._is_maintainer(session.user)
        landed = land(
            self._repo, session, at=self._now(), is_maintainer=is_maintainer, merger=self._given.merger
        )
        self._turns.moved(MAIN)
        return landed.commit if landed else None

    def _deliver_all(self) -> None:
        """Delivers to every open session, if the policy wants it at once; forks have nobody to deliver to."""
        if read_charter(self._repo, self._given.charter).delivery == "request":
            return
        for session in self._register.waiting():
            with self._turns.taking() as turn, turn.going_on():
                deliver(self._repo, session, at=self._now(), merger=self._given.merger)
            self._follow(session)

    def _deliver(self, session: SessionName) -> None:
        deliver(self._repo, session, at=self._now(), merger=self._given.merger)
        self._follow(session)

    def _follow(self, session: SessionName) -> None:
        """Notes that a session may have moved and its workspace, if the daemon watches one, follows."""
        self._turns.moved(session.ref)
        self._turns.then(lambda: self.desks.mirror(session))

    def _receipt(self, session: SessionName, landed: str | None, saved: Snapshot | None = None) -> Receipt:
        where = saved.session if saved else session
        items = read_items(self._repo, self._main())
        mine = [item.id for item in items if item.branch in (where.branch, session.branch)]
        return Receipt(
            snapshot=saved.commit if saved else None,
            landed=landed,
            version=saved.version if saved else self._head(session),
            contested=tuple(mine),
            forked=str(where) if where != session else "",
            question=saved.question if saved else "",
        )

    def _head(self, session: SessionName) -> str:
        return self._repo.head(session.ref) or ""

    def _main(self) -> str:
        return self._repo.head(MAIN) or ""

    def _now(self) -> str:
        return self._given.clock()
