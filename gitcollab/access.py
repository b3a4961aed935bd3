"""Who may do what: one pure function, asked at every door and again where the act is done.

``TABLE`` is all of it. What is not in it is denied. Membership and links are the owner's alone; everybody may leave.
"""

from __future__ import annotations

from typing import NamedTuple

from gitcollab import acts
from gitcollab.acts import Act, CollabAct
from gitcollab.acts.pushing import SESSIONS, SHARED
from gitcollab.errors import BadInput, Forbidden, NotFound, NotSignedIn, Unusable
from gitcollab.model import COLLAB_ID, NAME, Actor, Role, SessionName

SCOPES = ("read", "write", "publish", "admin")
"""What a token can be limited to: reading, one's own sessions, publishing, everything about access.

A token may also hold ``collab:ID``, once or more: then it is good for these collabs only.
"""


class Rule(NamedTuple):
    """What an act asks of its actor: a token's scope, the least role in the collab (None: the act is on none)."""

    scope: str
    role: Role | None = None
    is_own: bool = False  # the session must be the actor's
    is_admin: bool = False  # the actor must administer the server


TABLE: dict[type[Act], Rule] = {
    # the server
    acts.AddUser: Rule("admin", is_admin=True),
    acts.Status: Rule("admin", is_admin=True),
    acts.Measure: Rule("read", is_admin=True),
    acts.Follow: Rule("admin", is_admin=True),  # every collab's events: the web process asks, as the daemon
    acts.SuspendUser: Rule("admin", is_admin=True),
    acts.AddIdentity: Rule("admin", is_admin=True),
    acts.RemoveIdentity: Rule("admin", is_admin=True),
    acts.AddGroup: Rule("admin", is_admin=True),
    acts.DropGroup: Rule("admin", is_admin=True),
    acts.SetInGroup: Rule("admin", is_admin=True),
    # oneself
    acts.SetDisplay: Rule("admin"),
    acts.SetPassword: Rule("admin"),
    acts.CreateToken: Rule("admin"),
    acts.RevokeToken: Rule("admin"),
    acts.RedeemLink: Rule("admin"),
    acts.CreateCollab: Rule("admin"),
    # who takes part
    acts.DeleteCollab: Rule("admin", Role.OWNER),
    acts.Purge: Rule("admin", Role.OWNER),
    acts.SetMember: Rule("admin", Role.OWNER),
    acts.RemoveMember: Rule("admin", Role.OWNER),  # oneself: anybody who is in it
    acts.CreateLink: Rule("admin", Role.OWNER),
    acts.RevokeLink: Rule("admin", Role.OWNER),
    acts.ReadAudit: Rule("admin", Role.OWNER),
    acts.SetGrant: Rule("admin", Role.OWNER),
    acts.HandOver: Rule("admin", Role.OWNER),
    acts.AcceptInvitation: Rule("admin", Role.VIEWER),
    acts.SetVisibility: Rule("admin", Role.OWNER),
    acts.AddWebhook: Rule("admin", Role.MAINTAINER),
    acts.RemoveWebhook: Rule("admin", Role.MAINTAINER),
    acts.DecidePublish: Rule("publish", Role.MAINTAINER),
    acts.SetMirror: Rule("admin", Role.OWNER),
    acts.ReadMirror: Rule("publish", Role.MAINTAINER),
    acts.PushMirror: Rule("publish", Role.MAINTAINER),
    acts.ApproveVersion: Rule("publish", Role.MAINTAINER),
    # one's own work
    acts.OpenSession: Rule("write", Role.EDITOR),
    acts.CloseSession: Rule("write", Role.VIEWER, is_own=True),  # an editor made viewer can still close
    acts.Save: Rule("write", Role.EDITOR, is_own=True),
    acts.Rename: Rule("write", Role.EDITOR, is_own=True),
    acts.Land: Rule("write", Role.EDITOR, is_own=True),
    acts.Deliver: Rule("write", Role.EDITOR, is_own=True),
    acts.Hold: Rule("write", Role.EDITOR, is_own=True),
    acts.Release: Rule("write", Role.VIEWER, is_own=True),  # an editor made viewer can still close
    acts.ReadOpen: Rule("write", Role.VIEWER, is_own=True),
    acts.Sweep: Rule("write", Role.EDITOR),
    acts.Push: Rule("write", Role.EDITOR),  # which branches: see _keep_to_own_branches
    acts.ReadHeld: Rule("write", Role.VIEWER),  # one's own held saves; an editor made viewer keeps theirs
    acts.ReadHeldFile: Rule("write", Role.VIEWER),
    acts.DecideHeld: Rule("write", Role.EDITOR),
    # the shared work
    acts.Settle: Rule("write", Role.EDITOR),
    acts.Undo: Rule("write", Role.EDITOR),
    acts.Comment: Rule("write", Role.EDITOR),
    acts.Reply: Rule("write", Role.EDITOR),
    acts.ResolveComment: Rule("write", Role.EDITOR),
    acts.Publish: Rule("publish", Role.MAINTAINER),
    # reading; Reading itself stands for what a door reads without an act: events, members, sessions, a clone
    acts.Reading: Rule("read", Role.VIEWER),
    acts.ListFiles: Rule("read", Role.VIEWER),
    acts.ReadFile: Rule("read", Role.VIEWER),
    acts.ReadLog: Rule("read", Role.VIEWER),
    acts.ReadDiff: Rule("read", Role.VIEWER),
    acts.ReadBlame: Rule("read", Role.VIEWER),
    acts.ReadContributions: Rule("read", Role.VIEWER),
    acts.ReadItems: Rule("read", Role.VIEWER),
    acts.ReadThreads: Rule("read", Role.VIEWER),
    acts.ReadRestored: Rule("read", Role.VIEWER),
    acts.ReadVersions: Rule("read", Role.VIEWER),
    acts.ReadPending: Rule("read", Role.VIEWER),
    acts.SuggestVersion: Rule("read", Role.VIEWER),
    acts.Resolve: Rule("read", Role.VIEWER),
    acts.RenderNotebook: Rule("read", Role.VIEWER),
    acts.RenderDiff: Rule("read", Role.VIEWER),
    acts.RenderPiece: Rule("read", Role.VIEWER),
    acts.RenderSource: Rule("read", Role.VIEWER),
}

INTERNAL = frozenset({acts.MergeBytes, acts.DiffBytes, acts.SearchPush, acts.SiftSecrets})
"""What only our own processes ask of each other: no door takes it, and nobody is allowed it."""


def allow(actor: Actor, act: Act | type[Act], role: Role | None = None, *, owners: int | None = None) -> None:
    """Returns if the actor may; otherwise raises the error that tells no more than they may know.

    ``role`` is the actor's in the act's collab, ``owners`` how many the collab has (needed for an owner who leaves
    or steps down). A class instead of an act asks whether they might, with fields of their own. NotSignedIn without
    a user; NotFound without a role, and for a token bound to other collabs; Forbidden for a role or scope that does
    not suffice, somebody else's session, and any act that ``TABLE`` does not know; Unusable for the last owner.
    """
    kind = act if isinstance(act, type) else type(act)
    if not actor.user:
        raise NotSignedIn("this needs a sign-in", "sign in, or give a token")
    if issubclass(kind, CollabAct):
        _see(actor, act, role)
    elif _bound_to(actor.scopes):
        raise _beyond_the_token("this token is for some collabs only")
    rule = TABLE.get(kind)
    if rule is None:
        raise Forbidden("nobody may do this", "the server does not know this act")
    _may(actor, act, role, rule)
    if actor.scopes and rule.scope not in actor.scopes and _powers(actor.scopes):
        raise _beyond_the_token(f"this token does not have the scope {rule.scope!r}")
    if isinstance(act, acts.Push):
        _keep_to_own_branches(actor, act, role)
    if isinstance(act, acts.CreateToken):
        _keep_within(actor, act)
    if isinstance(act, acts.RemoveMember | acts.SetMember):
        _keep_an_owner(actor, act, role, owners)


def may_invite(role: Role) -> bool:
    """Tells whether a person of that role may make links; theirs stop working when it no longer may."""
    needed = TABLE[acts.CreateLink].role
    return needed is not None and role.rank >= needed.rank


def checked_scopes(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the scopes in order and once each; BadInput for one that there is not."""
    for scope in scopes:
        if scope not in SCOPES and not all(map(COLLAB_ID.fullmatch, _bound_to((scope,)) or ("",))):
            raise BadInput(f"{scope!r} is no scope", f"use {', '.join(SCOPES)} or collab:ID")
    return tuple(sorted(set(scopes)))


def _see(actor: Actor, act: Act | type[Act], role: Role | None) -> None:
    bound = _bound_to(actor.scopes)
    is_elsewhere = isinstance(act, CollabAct) and bound and act.collab not in bound
    if role is None or is_elsewhere:
        raise NotFound("no such collab", "`gitcollab status` lists yours")


def _may(actor: Actor, act: Act | type[Act], role: Role | None, rule: Rule) -> None:
    if rule.is_admin and not actor.is_admin:
        raise Forbidden("only an administrator of this server may do this", "ask one")
    is_leaving = isinstance(act, acts.RemoveMember) and act.user == actor.user
    needed = Role.VIEWER if is_leaving and rule.role else rule.role
    if needed is not None and (role is None or role.rank < needed.rank):
        raise Forbidden(f"this needs the role {needed.value}", "ask an owner of the collab")
    session = getattr(act, "session", None) if rule.is_own and not isinstance(act, type) else None
    if isinstance(session, SessionName) and session.user != actor.user:
        raise Forbidden("this is somebody else's session", "work in your own; it lands on main like theirs")


def _keep_to_own_branches(actor: Actor, act: acts.Push, role: Role | None) -> None:
    """Keeps a push to branches of the actor's own sessions; a maintainer may push main, too."""
    mine = f"{SESSIONS}{actor.user}/"
    if act.ref.startswith(SESSIONS):
        if not act.ref.startswith(mine) or not NAME.fullmatch(act.ref.removeprefix(mine)):
            raise Forbidden(
                "this is not a session of yours", f"push to sessions/{actor.user}/NAME, of a-z 0-9 . _ -"
            )
    elif act.ref != SHARED:
        raise Forbidden(
            "nobody pushes there: blessed and tags move by `gitcollab publish` only",
            f"push to sessions/{actor.user}/NAME",
        )
    elif not act.session and (role is None or role.rank < Role.MAINTAINER.rank):
        raise Forbidden(
            "only maintainers push main",
            f"push to sessions/{actor.user}/NAME, or with -o session=NAME: it lands on main like any save",
        )


def _keep_within(actor: Actor, act: acts.CreateToken) -> None:
    """Keeps a token from making one that may more than itself."""
    if not set(_powers(act.scopes) or SCOPES) <= set(actor.scopes or SCOPES):
        raise _beyond_the_token("a token cannot make one that may more than itself")


def _keep_an_owner(
    actor: Actor, act: acts.RemoveMember | acts.SetMember, role: Role | None, owners: int | None
) -> None:
    is_staying = isinstance(act, acts.SetMember) and act.role is Role.OWNER
    if act.user == actor.user and role is Role.OWNER and owners == 1 and not is_staying:
        raise Unusable(
            "a collab needs an owner, and this is the last one",
            "make somebody else owner first, or end the collab",
        )


def _powers(scopes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(scope for scope in scopes if not scope.startswith("collab:"))


def _bound_to(scopes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(scope.removeprefix("collab:") for scope in scopes if scope.startswith("collab:"))


def _beyond_the_token(message: str) -> Forbidden:
    return Forbidden(message, "make a token with more scopes, or sign in")
