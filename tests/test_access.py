"""Access is one table: every act by every role, and nothing else is allowed."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from gitcollab import access, acts
from gitcollab.access import allow
from gitcollab.acts import Act, CollabAct
from gitcollab.errors import Forbidden, GitcollabError, NotFound, NotSignedIn, Unusable
from gitcollab.model import Actor, Role, SessionName, Take, Visibility

COLLAB, OTHER = "caaaaaaaaa", "cbbbbbbbbb"
MINE, THEIRS = SessionName(user="ana", name="default"), SessionName(user="ben", name="default")
ANA = Actor(user="ana")
ROLES = (None, *Role)
FIELDS = {
    "collab": COLLAB,
    "session": MINE,
    "user": "ben",
    "role": Role.EDITOR,
    "take": Take.SHARED,
    "data": b"",
    "name": "default",
    "title": "Rain",
    "rules": {},
    "visibility": Visibility.TEAM,
    "ref": "refs/heads/sessions/ana/desk",
}


def every_act() -> list[type[Act]]:
    """Every act that can be asked for: those of ``acts`` that are no base of others, and Reading."""

    def below(kind: type[Act]) -> list[type[Act]]:
        return [kind, *itertools.chain.from_iterable(below(one) for one in kind.__subclasses__())]

    ours = [kind for kind in below(Act) if kind.__module__.startswith(f"{acts.__name__}.")]
    return [kind for kind in ours if not kind.__subclasses__() or kind is acts.Reading]


def made(kind: type[Act], actor: Actor = ANA, **fields: object) -> Act:
    """An act of that kind, with a value for each field that needs one."""
    needed = {
        field.name: FIELDS.get(field.name, b"" if field.type is bytes else "x")
        for field in msgspec.structs.fields(kind)
        if field.required and field.name != "actor"
    }
    return kind(actor=actor, **(needed | fields))


def outcome(
    actor: Actor, act: Act | type[Act], role: Role | None, owners: int = 2
) -> type[GitcollabError] | None:
    try:
        allow(actor, act, role, owners=owners)
    except GitcollabError as error:
        return type(error)
    return None


# Who may do what, told once more in another way than the code does. Whoever changes the one must change the other.
ANYBODY = {
    acts.CreateToken,
    acts.RevokeToken,
    acts.RedeemLink,
    acts.CreateCollab,
    acts.SetDisplay,
    acts.SetPassword,
}
ADMINS = {
    acts.AddUser,
    acts.Status,
    acts.Measure,
    acts.Follow,
    acts.SuspendUser,
    acts.AddIdentity,
    acts.RemoveIdentity,
    acts.AddGroup,
    acts.DropGroup,
    acts.SetInGroup,
}
NOBODY = {acts.MergeBytes, acts.DiffBytes, acts.SearchPush, acts.SiftSecrets}
OWNERS = {acts.DeleteCollab, acts.SetMember, acts.RemoveMember, acts.CreateLink, acts.RevokeLink} | {
    acts.Purge,
    acts.ReadAudit,
    acts.SetGrant,
    acts.HandOver,
    acts.SetVisibility,
    acts.SetMirror,
}
CALLING = {acts.AddWebhook, acts.RemoveWebhook}
MAINTAINERS = {
    acts.ApproveVersion,
    acts.DecidePublish,
    acts.Publish,
    acts.ReadMirror,
    acts.PushMirror,
} | CALLING
EDITORS = {
    acts.OpenSession,
    acts.Save,
    acts.Rename,
    acts.Land,
    acts.Deliver,
    acts.Hold,
    acts.Sweep,
    acts.Push,
    acts.Settle,
    acts.Undo,
    acts.Comment,
    acts.Reply,
    acts.ResolveComment,
    acts.DecideHeld,
}


def expected(kind: type[Act], role: Role | None) -> type[GitcollabError] | None:
    if kind in ANYBODY:
        return None
    if role is None and kind in NOBODY and issubclass(kind, CollabAct):
        return NotFound
    if kind in ADMINS | NOBODY:
        return Forbidden
    if role is None:
        return NotFound
    least = next(
        (
            least
            for least, kinds in ((Role.OWNER, OWNERS), (Role.MAINTAINER, MAINTAINERS), (Role.EDITOR, EDITORS))
            if kind in kinds
        ),
        Role.VIEWER,
    )
    order = [Role.VIEWER, Role.EDITOR, Role.MAINTAINER, Role.OWNER]
    return None if order.index(role) >= order.index(least) else Forbidden


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", every_act())
def test_every_act_by_every_role(kind: type[Act], role: Role | None) -> None:
    assert expected(kind, role) is outcome(ANA, made(kind), role)
    assert expected(kind, role) is outcome(ANA, kind, role)


def test_every_act_is_in_the_table_or_named_as_nobodys() -> None:
    assert set(every_act()) == set(access.TABLE) | access.INTERNAL
    assert set(acts.ANSWERS) <= set(every_act())


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", every_act())
def test_who_is_not_signed_in_may_nothing(kind: type[Act], role: Role | None) -> None:
    assert NotSignedIn is outcome(Actor(user="", is_admin=True), made(kind), role)


@pytest.mark.parametrize("kind", sorted(ADMINS, key=str))
def test_administrators_run_the_server(kind: type[Act]) -> None:
    assert None is outcome(Actor(user="ana", is_admin=True), made(kind), None)


@pytest.mark.parametrize("kind", [kind for kind in every_act() if issubclass(kind, CollabAct)])
def test_administrators_are_nobody_in_a_collab_that_they_are_not_in(kind: type[Act]) -> None:
    assert NotFound is outcome(Actor(user="ana", is_admin=True), made(kind), None)


@pytest.mark.parametrize("role", ROLES)
def test_what_the_table_does_not_know_is_denied(role: Role | None) -> None:
    class NewAct(CollabAct):
        pass

    class NewReading(acts.ReadFile):
        pass

    assert outcome(ANA, NewAct(actor=ANA, collab=COLLAB), role) is (NotFound if role is None else Forbidden)
    assert outcome(ANA, made(NewReading), role) is (NotFound if role is None else Forbidden)
    assert Forbidden is outcome(ANA, Act(actor=ANA), role)


# --- oneself and others --------------------------------------------------------------------------------------------

OWN = [kind for kind, rule in access.TABLE.items() if rule.is_own]


def test_these_acts_are_on_a_session() -> None:
    expected = {
        kind
        for kind in every_act()
        if any(
            field.name == "session" and field.type is SessionName for field in msgspec.structs.fields(kind)
        )
    }
    assert expected == set(OWN)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", OWN)
def test_nobody_not_even_an_owner_works_in_somebody_elses_session(kind: type[Act], role: Role) -> None:
    assert Forbidden is outcome(ANA, made(kind, session=THEIRS), role)


@pytest.mark.parametrize("role", Role)
def test_everybody_may_leave(role: Role) -> None:
    assert None is outcome(ANA, made(acts.RemoveMember, user="ana"), role, owners=2)


def test_an_outsider_cannot_even_leave() -> None:
    assert NotFound is outcome(ANA, made(acts.RemoveMember, user="ana"), None)


def test_the_last_owner_can_neither_leave_nor_step_down() -> None:
    assert Unusable is outcome(ANA, made(acts.RemoveMember, user="ana"), Role.OWNER, owners=1)
    assert Unusable is outcome(ANA, made(acts.SetMember, user="ana", role=Role.EDITOR), Role.OWNER, owners=1)
    assert None is outcome(ANA, made(acts.SetMember, user="ana", role=Role.OWNER), Role.OWNER, owners=1)
    assert None is outcome(ANA, made(acts.RemoveMember, user="ben"), Role.OWNER, owners=1)
    assert None is outcome(ANA, made(acts.SetMember, user="ana", role=Role.EDITOR), Role.OWNER, owners=2)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.MAINTAINER])
def test_nobody_raises_themselves(role: Role) -> None:
    assert Forbidden is outcome(ANA, made(acts.SetMember, user="ana", role=Role.OWNER), role)


def test_only_who_may_make_links_has_theirs_work() -> None:
    assert [Role.OWNER] == [role for role in Role if access.may_invite(role)]


# --- tokens --------------------------------------------------------------------------------------------------------

SCOPE_OF = (
    dict.fromkeys(ANYBODY | OWNERS | (ADMINS - {acts.Measure}) | {acts.AcceptInvitation}, "admin")
    | dict.fromkeys(
        EDITORS | {acts.CloseSession, acts.Release, acts.ReadOpen, acts.ReadHeld, acts.ReadHeldFile}, "write"
    )
    | dict.fromkeys(MAINTAINERS, "publish")
    | dict.fromkeys(CALLING, "admin")
)


@pytest.mark.parametrize("scope", access.SCOPES)
@pytest.mark.parametrize("kind", [kind for kind in every_act() if kind not in NOBODY])
def test_a_token_may_what_its_scope_says_and_no_more(kind: type[Act], scope: str) -> None:
    actor = Actor(user="ana", scopes=(scope,), is_admin=True, via="token")
    fields: dict[str, object] = {"scopes": (scope,)} if kind is acts.CreateToken else {}
    expected = None if SCOPE_OF.get(kind, "read") == scope else Forbidden
    assert expected is outcome(actor, made(kind, actor, **fields), Role.OWNER)


@pytest.mark.parametrize("kind", [kind for kind in every_act() if kind not in NOBODY])
def test_a_token_bound_to_a_collab_reaches_no_other_and_nothing_of_the_server(kind: type[Act]) -> None:
    actor = Actor(user="ana", scopes=(f"collab:{COLLAB}",), is_admin=True)
    is_inside = issubclass(kind, CollabAct)
    assert (None if is_inside else Forbidden) is outcome(actor, made(kind, actor), Role.OWNER)
    if is_inside:
        assert NotFound is outcome(actor, made(kind, actor, collab=OTHER), Role.OWNER)


def test_a_bound_token_has_its_scope_too() -> None:
    actor = Actor(user="ana", scopes=(f"collab:{COLLAB}", "read"))
    assert None is outcome(actor, made(acts.ReadFile), Role.OWNER)
    assert Forbidden is outcome(actor, made(acts.Save), Role.OWNER)


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [
        ((), (), None),
        ((), ("publish",), None),
        (("admin", "read"), ("read",), None),
        (("admin", "read"), ("read", f"collab:{COLLAB}"), None),
        (("admin", "read"), (), Forbidden),
        (("admin", "read"), (f"collab:{COLLAB}",), Forbidden),
        (("admin", "read"), ("write",), Forbidden),
        (("read",), ("read",), Forbidden),
        (("admin", f"collab:{COLLAB}"), ("admin",), Forbidden),
    ],
)
def test_no_token_makes_one_that_may_more(
    own: tuple[str, ...], asked: tuple[str, ...], expected: type[GitcollabError] | None
) -> None:
    assert expected is outcome(Actor(user="ana", scopes=own), made(acts.CreateToken, scopes=asked), None)


def test_an_unknown_scope_gives_nothing() -> None:
    actor = Actor(user="ana", scopes=("everything",))
    assert all(outcome(actor, made(kind), Role.OWNER) is Forbidden for kind in every_act())
