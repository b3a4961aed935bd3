"""Collab: every act on one collab, one after the other, decided and journalled in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from gitcollab import acts
from gitcollab.access import allow
from gitcollab.acts.holding import HeldSave
from gitcollab.collab.archives import Archives
from gitcollab.collab.deciding import Deciding
from gitcollab.collab.evening import Evening
from gitcollab.collab.exchange import Exchange
from gitcollab.collab.given import Given
from gitcollab.collab.ground import Ground
from gitcollab.collab.held import HeldSaves
from gitcollab.collab.master import Master
from gitcollab.collab.promotion import Promotion, Waiting
from gitcollab.collab.purging import Purging
from gitcollab.collab.pushes import Pushes
from gitcollab.collab.saves import Saves
from gitcollab.collab.talk import Talk
from gitcollab.collab.times import saved_at
from gitcollab.collab.together import credited
from gitcollab.collab.turns import LARGE, is_long
from gitcollab.collab.undoing import Undos
from gitcollab.errors import BadInput, Forbidden, NotFound, Unusable
from gitcollab.events import AnyEvent, Joined, Left, Membership
from gitcollab.flow.charter import Charter, written
from gitcollab.flow.pending import clear
from gitcollab.flow.points import CONFIG, MAIN, file_entry, is_bound
from gitcollab.flow.publish import Decided, roll_forward
from gitcollab.flow.settle import Decision, find_item, settle
from gitcollab.flow.snapshot import Saving
from gitcollab.model import (
    Actor,
    Person,
    Receipt,
    Session,
    SessionName,
    Thread,
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
        self._ground = ground = Ground.of(id, given)
        self._repo, self._turns, self._register = ground.repo, ground.turns, ground.register
        self._exchange = Exchange(ground)
        self._held = HeldSaves(ground)
        self._purging = Purging(ground)
        self.archives = Archives(ground)
        self._saves = Saves(ground, self._exchange, self._held, self._purging)
        self._deciding = Deciding(ground, self._saves, self._held)
        self.evening = Evening(ground, self._saves, self._held)
        self._talk = Talk(ground)
        self._promotion = Promotion(ground, self._held)
        self._pushes = Pushes(ground, self._exchange, self._held)
        self._master = Master(ground, self._enter, self.sweep_one)
        ground.followers.append(self._master.look)
        self.desks = ground.desks

    @classmethod
    def begin(cls, id: str, given: Given, charter: Charter, owner: str) -> Collab:
        """Makes the repository of a new collab, with its charter as the first commit."""
        repo = Repository.create(given.place.repository(id))
        tree = repo.edit(None, {CONFIG: file_entry(repo, written(charter))})
        person = Person(name=owner)
        root = repo.commit(tree, [], f"Begin {charter.title or id}", author=person, at=given.clock())
        repo.move(MAIN, root, None, "begin")
        begun = cls(id, given)
        begun._ground.main_moved()
        return begun

    def recover(self) -> tuple[AnyEvent, ...]:
        """Completes what a crash interrupted: the blessed branch, missing events, landings and deliveries."""
        with self._turns.alone():
            self._purging.finish()
            roll_forward(self._repo)
            clear(self._repo)
            told = self._ground.ledger.catch_up()
            with self._turns.taking() as turn:
                for session in self.open_sessions():
                    with turn.going_on():
                        self._exchange.land(session)
                self._exchange.deliver_all()
                self._held.recover()
            self._master.keep()
            self._ground.description.follow()
            self._ground.shelves.keep_up()
            self._ground.admit()
            return told

    # --- sessions --------------------------------------------------------------------------------------------------

    def open_session(self, act: acts.OpenSession) -> acts.Opened:
        """Opens a session of the actor's, or takes it up again; what the shared branch has since is delivered."""
        with self._acting(act):
            session = self._register.name_for(act)
            self._ground.make_room(session)
            self._enter(session, act.workspace, act.client)
            if act.workspace:  # what lies there is shared when the act is done, not when the watch comes
                self.desks.set_up(session, Path(act.workspace), self._register.rules(Path(act.workspace)))
                self._turns.then(lambda: self.sweep_one(session))
            return acts.Opened(
                session=str(session),
                branch=session.branch,
                head=self._ground.head(session),
                directory=act.workspace,
            )

    def open_workspace(self, user: str, directory: Path) -> None:
        """Opens a participant's session in a directory that the daemon has made for them."""
        with self._turns.taking():
            session = SessionName(user=user, name="default")
            self.desks.set_up(session, directory, Rules())
            self._ground.admit()
            self._enter(session, str(directory), "daemon")

    def _enter(self, session: SessionName, workspace: str | None, client: str) -> None:
        if self._repo.head(session.ref) is None:
            self._repo.move(session.ref, self._ground.main(), None, f"open {session}")
        self.archives.take_up(session)
        self._register.enter(session, workspace, client)
        self._turns.tell(Joined(collab=self.id, user=session.user, session=str(session)))
        self._turns.moved(session.ref)
        self._exchange.deliver(session)

    def end(self, target: Path) -> None:
        """Moves the repository aside; nothing may be asked of this collab any more."""
        with self._turns.alone():
            self._given.place.repository(self.id).rename(target)

    def close_session(self, act: acts.CloseSession) -> Session:
        """Closes a session: its branch and items stay, and what it holds has landed if saves land by policy."""
        with self._acting(act) as actor:
            self._register.require(act.session)
            self.sweep_one(act.session)
            self._exchange.land(act.session)
            self._turns.tell(Left(collab=self.id, user=actor.user, session=str(act.session)))
            self._turns.write(lambda conn: self._register.close(conn, act.session))
            self._turns.then(lambda: self.desks.clear(act.session))
            return msgspec.structs.replace(self._register.shown(act.session), is_open=False)

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
                authors=credited(self._ground, act),
                at=saved_at(self._repo, self._ground.head(act.session), act.at, self._ground.now()),
            )
            if act.is_draft:
                return self._saves.drafted(saving)
            if self.desks.lies_there(act.session, act.path, act.data):  # the watcher only has not come to it
                return self._saves.take_in(act.session, act.path, act.data, saving)
            return self._saves.saved(saving)

    def rename(self, act: acts.Rename) -> Receipt:
        """Renames a file in a session, as a save."""
        with self._acting(act):
            checked_path(act.path)
            checked_path(act.to)
            self._register.require(act.session)
            if self._repo.entry(self._ground.head(act.session), act.to) is not None:
                raise BadInput(
                    f"there is already a {act.to}", "choose another name, or delete that one first"
                )
            if self.desks.has_moved(act.session, act.path, act.to):
                return self._saves.take_in_rename(act.session, act.path, act.to)
            return self._saves.renamed(act.session, act.path, act.to, act.base)

    def push(self, act: acts.Push) -> acts.Pushed:
        """Takes in a branch that a git client has pushed, as a save; its objects are here already."""
        with self._acting(act):
            if act.new is not None:
                self.archives.complete(act.new)
            if act.new is not None and self._purging.comes_back(act.new):
                raise Unusable("this history holds what was purged", "clone anew, and put your work on top")
            return self._pushes.pushed(act)

    def land(self, act: acts.Land) -> Receipt:
        """Lands a session now."""
        with self._acting(act):
            self._register.require(act.session)
            landed = self._exchange.land(act.session, is_asked=True)
            self._exchange.deliver_all()
            return self._saves.receipt(act.session, landed)

    def deliver(self, act: acts.Deliver) -> Session:
        """Delivers the shared branch to a session now."""
        with self._acting(act):
            self._register.require(act.session)
            self._exchange.land(act.session)
            self._exchange.deliver(act.session)
            return self._register.shown(act.session)

    def sweep(self, act: acts.Sweep) -> tuple[Receipt, ...]:
        """Takes in at once what lies in the actor's watched workspaces."""
        with self._acting(act) as actor:
            mine = [session for session in self.open_sessions() if session.user == actor.user]
            return tuple(receipt for session in mine for receipt in self.sweep_one(session))

    def sweep_one(self, session: SessionName) -> tuple[Receipt, ...]:
        """Takes in everything that differs in one watched workspace; nothing if the daemon watches none."""
        with self._turns.taking():
            if not self._saves.is_admitted(session):
                return ()  # somebody who may only read by now: nothing of theirs is taken in
            return tuple(self._saves.swept(session))

    def hold(self, act: acts.Hold) -> None:
        """Lets deliveries of a file wait in the session's workspace while a client has it open."""
        with self._turns.alone():
            allow(act.actor, act, self._register.role(act.actor.user))
            checked_path(act.path)
            self._register.require(act.session)
            self.desks.holds.hold(act.session, act.path, act.client, act.seconds)

    def release(self, act: acts.Release) -> None:
        """Ends a client's hold, and delivers what has waited for it."""
        with self._turns.alone():
            allow(act.actor, act, self._register.role(act.actor.user))
            self.desks.holds.release(act.session, act.path, act.client)
            self.desks.mirror(act.session)

    def open_files(self, act: acts.ReadOpen) -> tuple[str, ...]:
        """Tells which files of a session clients have open."""
        with self._turns.alone():
            allow(act.actor, act, self._register.role(act.actor.user))
            return self.desks.holds.open_in(act.session)

    def take_in(self, session: SessionName, path: str, data: bytes | None) -> Receipt:
        """Takes in one file of a watched workspace as its person's save; ``data`` None: it was deleted there."""
        with self._turns.taking(is_long=len(data or b"") >= LARGE):
            self._saves.admit(session)
            return self._saves.take_in(session, path, data)

    def take_in_rename(self, session: SessionName, old: str, path: str) -> Receipt:
        """Takes in that a file of a watched workspace was renamed and not changed."""
        with self._turns.taking():
            self._saves.admit(session)
            return self._saves.take_in_rename(session, old, path)

    def forget(self, session: SessionName) -> None:
        """Forgets a session's workspace: it was closed, or the directory is no longer the one it was."""
        with self._turns.alone():
            self.desks.clear(session)

    def tell(self, event: AnyEvent) -> None:
        """Journals something that moved no ref, and tells it."""
        with self._turns.taking():
            self._turns.tell(event)
            if isinstance(event, Membership):
                self._turns.then(self._ground.admit)
                self._turns.then(self._master.keep)

    def admit(self) -> None:
        """Opens the collab's directories to its people of now, where they are users of this system."""
        with self._turns.alone():
            self._ground.admit()

    def mirror(self, session: SessionName) -> tuple[str, ...]:
        """Writes what the session's workspace still waits for; returns the paths that go on waiting."""
        with self._turns.alone():
            return self.desks.mirror(session)

    # --- decisions -------------------------------------------------------------------------------------------------

    def held(self, act: acts.ReadHeld) -> tuple[HeldSave, ...]:
        """Returns what waits for the actor; waits for no act that is under way."""
        allow(act.actor, act, self._register.role(act.actor.user))
        return self._held.of(act.actor.user)

    def held_file(self, act: acts.ReadHeldFile) -> bytes:
        """Returns the bytes of a save of the actor's that is held back; NotFound if none are."""
        allow(act.actor, act, self._register.role(act.actor.user))
        data = self._held.find(act.held, act.actor.user).data
        if data is None:
            raise NotFound("nothing of a file is held there", "see `gitcollab held`")
        return data

    def sift(self, act: acts.SiftSecrets) -> tuple[str, ...]:
        """Returns the digests of suspected secrets that nobody has said to be harmless; waits for no act."""
        return tuple(digest for digest in act.digests if not self._held.is_harmless(digest))

    def decide_held(self, act: acts.DecideHeld) -> Receipt:
        """Decides what becomes of a save that was held back."""
        with self._acting(act):
            return self._deciding.decide(act)

    def ask_deletions(self, session: SessionName, paths: tuple[str, ...]) -> None:
        """Asks a workspace's person whether many deletions at once are meant; nothing is deleted until they say so."""
        with self._turns.taking():
            self._saves.admit(session)
            self._held.deletions(session, paths)

    def settle(self, act: acts.Settle) -> Receipt:
        """Decides a contested item; the sessions that it binds are landed first."""
        with self._acting(act) as actor:
            item = find_item(self._repo, act.item)
            if item.path == CONFIG and not self._ground.is_maintainer(actor.user):
                raise Forbidden("only maintainers change collab.toml", "ask one of them to decide this")
            for branch, tip in self._repo.heads("refs/heads/sessions/").items():
                if is_bound(self._repo, item, branch.removeprefix("refs/heads/"), tip):
                    self._exchange.land(SessionName.parse(branch), is_asked=True)
            decision = Decision(
                item=act.item,
                take=act.take,
                user=actor.user,
                at=self._ground.now(),
                seen=act.seen,
                source=act.source,
            )
            commit = settle(self._repo, decision, self._given.merger)
            self._ground.main_moved()
            self._exchange.deliver_all()
            return Receipt(snapshot=None, landed=commit, version=commit)

    def undo(self, act: acts.Undo) -> Receipt:
        """Takes back what an event changed, as a save of the actor's."""
        with self._acting(act):
            enter = partial(self._enter, workspace=None, client="")
            return Undos(self._ground, self._exchange, self._saves, enter).undo(act)

    def say(self, act: acts.Comment | acts.Reply | acts.ResolveComment) -> Thread:
        """Keeps what a person says of a cell, a line or an output."""
        with self._acting(act):
            return self._talk.say(act)

    def publish(self, act: acts.Publish, passed: Decided | None = None) -> Version | Waiting:
        """Publishes a notebook; what lies unsaved in watched workspaces is taken in first, and everybody landed.

        Returns what is still to be passed elsewhere, if anything is: then once more with what was decided on.
        """
        with self._acting(act):
            if passed is not None:
                return self._promotion.finish(passed)
            for session in self.open_sessions():
                self.sweep_one(session)
                self._exchange.land(session)
            self._exchange.deliver_all()
            return self._promotion.begin(act)

    def decide_publish(self, act: acts.DecidePublish) -> Version | None:
        """Makes what waits for a second maintainer a version, or drops it."""
        with self._acting(act) as actor:
            return self._promotion.decide(act, actor)

    def unsaved(self, path: str) -> dict[SessionName, str]:
        """Returns the open sessions with unsaved work on a file, and when it was last told of; waits for no act."""
        return self._promotion.unsaved(path)

    def purge(self, act: acts.Purge) -> acts.PurgeDone:
        """Takes something out of all history for good; workspaces that hold it unchanged get what is left."""
        with self.archives.shelf.alone(), self._turns.alone():
            allow(act.actor, act, self._register.role(act.actor.user))
            self._ground.ledger.catch_up()
            done = self._purging.purge(act)
            self._ground.description.follow()
            for session in self.open_sessions():
                self.desks.mirror(session)
            self._ground.shelves.keep_up()
            return done

    # --- how it is done --------------------------------------------------------------------------------------------

    @contextmanager
    def _acting(self, act: acts.CollabAct) -> Iterator[Actor]:
        """Takes a turn, and lets the act in only if its actor may do it now."""
        with self._turns.taking(is_long=is_long(act)):
            allow(act.actor, act, self._register.role(act.actor.user))
            yield act.actor
