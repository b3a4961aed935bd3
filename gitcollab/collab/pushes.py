"""Pushes: a branch that a git client has pushed is a save of its session; it lands and is delivered like one."""

from __future__ import annotations

import itertools

from gitcollab import store
from gitcollab.acts.pushing import SHARED, Push, Pushed
from gitcollab.collab.exchange import Exchange
from gitcollab.collab.ground import Ground
from gitcollab.collab.held import HeldSaves
from gitcollab.collab.register import FORK
from gitcollab.errors import BadInput, GitcollabError, Moved, NotSignedIn, TooMany, Unusable
from gitcollab.events import Joined
from gitcollab.flow.items import read_items
from gitcollab.flow.points import is_bound, is_commit
from gitcollab.flow.pushed import GIT
from gitcollab.flow.receive import Pushing, Received, receive
from gitcollab.model import SessionName, checked_name
from gitcollab.repository import Arrivals
from gitcollab.store import audit, identities, tokens

BRANCHES = 200
"""Session branches that one person may have in one collab before no new one can be pushed."""

NAME = "push"
"""The session that takes what a maintainer pushes to main."""


class Pushes:
    """Takes in the pushes to one collab. Used in its turns only; who may push where has been decided."""

    def __init__(self, ground: Ground, exchange: Exchange, held: HeldSaves) -> None:
        self._ground, self._exchange, self._held = ground, exchange, held
        self._arrivals = Arrivals(ground.repo.path)

    def pushed(self, act: Push) -> Pushed:
        """Moves a session to what was pushed, lands and delivers it; the push stands where the landing does not."""
        ground = self._ground
        self._check_token(act)
        self._arrivals.sync()  # they came by another program: durable before any ref names them
        if act.new is None:
            raise BadInput("branches of a collab are not deleted", "close a session: `gitcollab leave`")
        session, old = self._taker(act, act.new)
        is_known = self._check_writer(session)
        self._decided(act)
        received = receive(ground.repo, self._pushing(act, session, old, act.new))
        if not is_known:
            ground.register.enter(session, client=GIT)
            ground.turns.tell(Joined(collab=ground.id, user=session.user, session=str(session)))
        ground.turns.moved(session.ref)
        return self._landed(act, session, received)

    def _decided(self, act: Push) -> None:
        """Writes down what suspected secrets the pusher has decided to share; nobody is asked about them again."""
        if not act.kept:
            return
        named = [f"{one.kind}: {one.place}" for one in act.kept]
        told = audit.Note(
            user=act.actor.user,
            act="KeepSecrets",
            collab=self._ground.id,
            detail={"ref": act.ref, "new": act.new, "secrets": named},
            via=act.actor.via,
            origin=act.actor.origin,
        )
        with self._ground.given.engine.begin() as conn:
            audit.note(conn, told)
        self._held.say_harmless(one.digest for one in act.kept)

    def _landed(self, act: Push, session: SessionName, received: Received) -> Pushed:
        landed, trouble = None, ""
        try:
            landed = self._exchange.land(session, is_asked=act.ref == SHARED and not act.session)
        except GitcollabError as error:
            trouble = error.message
        self._exchange.deliver_all()
        return Pushed(
            session=str(session),
            ref=act.ref,
            count=received.count,
            landed=landed,
            contested=self._contested(session),
            authors=received.authors,
            trouble=trouble,
            remarks=received.remarks,
        )

    def _contested(self, session: SessionName) -> tuple[str, ...]:
        ground = self._ground
        tip = ground.head(session)
        items = read_items(ground.repo, ground.main())
        return tuple(item.id for item in items if is_bound(ground.repo, item, session.branch, tip))

    def _pushing(self, act: Push, session: SessionName, old: str | None, new: str) -> Pushing:
        with store.reading(self._ground.given.engine).connect() as conn:
            names = identities.identities(conn, session.user)
        return Pushing(
            session=session,
            old=old,
            new=new,
            at=self._ground.now(),
            emails=frozenset(one.name for one in names if one.kind == "git"),
            message=act.message,
        )

    def _taker(self, act: Push, new: str) -> tuple[SessionName, str | None]:
        """Which session takes the push, and where it has to be for that."""
        if act.ref == SHARED:
            self._check_main(act, new)
            name = act.session and checked_name(act.session, "session")
            session = SessionName(user=act.actor.user, name=name) if name else self._for_main(act, new)
            old = self._ground.repo.head(session.ref)
        else:
            session, old = SessionName.parse(act.ref), act.old
            checked_name(session.name, "session")
            if act.session not in {"", session.name}:
                raise BadInput("the branch names the session already", "leave out -o session, or push main")
        return session, old

    def _check_main(self, act: Push, new: str) -> None:
        repo, main = self._ground.repo, self._ground.main()
        if act.old is None or not is_commit(repo, act.old) or not repo.is_ancestor(act.old, main):
            raise Moved("main has moved meanwhile", "git pull, then push again")
        if not act.session and (not is_commit(repo, new) or not repo.is_ancestor(act.old, new)):
            raise Unusable("main is never rewritten", "git pull, then push again")

    def _for_main(self, act: Push, new: str) -> SessionName:
        """The maintainer's session for pushes to main; the next one where that cannot go forward to this."""
        repo = self._ground.repo
        for number in itertools.count(1):
            session = SessionName(user=act.actor.user, name=NAME if number == 1 else f"{NAME}-{number}")
            holder, head = self._ground.register.holder(session), repo.head(session.ref)
            if holder in {None, GIT} and (head is None or repo.is_ancestor(head, new)):
                return session
        raise AssertionError("one of the names is free")

    def _check_writer(self, session: SessionName) -> bool:
        """A session has one writer: Unusable for one whose writer is not git, and which name is free.

        Returns whether it is open and was told of: a push that failed may have left it entered, with no branch.
        """
        holder, mine = self._ground.register.holder(session), f"refs/heads/sessions/{session.user}/"
        if holder not in {None, GIT}:
            who = "a copy that was forked" if holder == FORK else "the daemon, or by another client"
            raise Unusable(
                f"session {session} is written by {who}: every session has one writer",
                f"push to another one of yours: sessions/{session.user}/{self._free_name(session)}",
            )
        branches = self._ground.repo.heads(mine)
        if session.ref not in branches and len(branches) >= BRANCHES:
            raise TooMany(f"you have {BRANCHES} sessions in this collab", "push to one of them")
        return holder is not None and session.ref in branches

    def _free_name(self, session: SessionName) -> str:
        taken = self._ground.repo.heads(f"refs/heads/sessions/{session.user}/")
        names = (f"{session.name[:56]}-{number}" for number in itertools.count(2))
        return next(name for name in names if f"refs/heads/sessions/{session.user}/{name}" not in taken)

    def _check_token(self, act: Push) -> None:
        """A push takes its time: the token with which it began must still be good."""
        with store.reading(self._ground.given.engine).connect() as conn:
            good = {token.id for token in tokens.tokens(conn, act.actor.user)} if act.token else set()
        if act.token and act.token not in good:
            raise NotSignedIn("this token is no more", "use another one as password")
