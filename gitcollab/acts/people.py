"""People and access: accounts, tokens, collabs, members, links."""

from __future__ import annotations

import msgspec

from gitcollab.acts.act import Act, CollabAct
from gitcollab.model import Json, Link, Member, Person, Role, Summary, Token, Visibility


class AddUser(Act):
    """Creates an account. Admins only."""

    name: str
    display: str = ""
    password: str = ""
    is_admin: bool = False


class CreateToken(Act):
    """Creates a token for the actor; its secret is in the answer and nowhere else."""

    label: str = ""
    scopes: tuple[str, ...] = ()
    expires_in: int | None = None  # seconds


class RevokeToken(Act):
    """Revokes one of the actor's tokens by its id."""

    token: str


class CreateCollab(Act):
    """Creates a collab owned by the actor; ``paths`` limits it to those files (relative, empty: all)."""

    title: str
    paths: tuple[str, ...] = ()


class DeleteCollab(CollabAct):
    """Ends a collab for everybody; its repository is kept aside. Owner only."""


class SetMember(CollabAct):
    """Gives a person a role, new or changed."""

    user: str
    role: Role


class RemoveMember(CollabAct):
    """Ends a person's access at once (their history stays). Everybody may remove themselves."""

    user: str


class CreateLink(CollabAct):
    """Creates an invitation link."""

    role: Role = Role.EDITOR
    expires_in: int = 7 * 86400  # seconds
    uses: int | None = None
    is_guest: bool = False  # opens without an account, to read


class RevokeLink(CollabAct):
    """Revokes a link by its id."""

    link: str


class RedeemLink(Act):
    """Makes the actor a member of the collab that the link opens."""

    code: str


class SetDisplay(Act):
    """Sets the name that people see of the actor."""

    display: str


class SetPassword(Act):
    """Sets the actor's password (empty: none); who has one says the old one, too."""

    password: str
    old_password: str = ""


class SuspendUser(Act):
    """Ends an account's access everywhere, or (``is_suspended`` false) gives it back. Admins only."""

    name: str
    is_suspended: bool = True


class AddIdentity(Act):
    """Says that another name is this person's, too: of the system, of Jupyter, of a hub, of git. Admins only."""

    user: str
    kind: str
    name: str


class RemoveIdentity(Act):
    """Says that a name is not this person's any more. Admins only."""

    user: str
    kind: str
    name: str


class AddGroup(Act):
    """Creates an empty group. Admins only."""

    name: str
    display: str = ""


class DropGroup(Act):
    """Ends a group and what it was granted. Admins only."""

    name: str


class SetInGroup(Act):
    """Puts a person into a group, or (``is_in`` false) takes them out. Admins only."""

    name: str
    user: str
    is_in: bool = True


class SetGrant(CollabAct):
    """Gives everybody in a group a role, new or changed; None ends it."""

    group: str
    role: Role | None


class HandOver(CollabAct):
    """Makes a person owner in the place of the actor, who stays as a maintainer."""

    user: str


class AcceptInvitation(CollabAct):
    """Says that the actor wants to take part where somebody has let them in."""


class SetVisibility(CollabAct):
    """Says who sees the collab besides its members: nobody, a group (all of it), everyone (published versions).

    ``needs_approval``: everyone sees a version only once a second person has approved it; None leaves that as it is.
    """

    visibility: Visibility
    group: str = ""  # with TEAM
    needs_approval: bool | None = None


class ApproveVersion(CollabAct):
    """Lets a published version out to everyone; not by who published it."""

    tag: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Answer of SetVisibility. ``warning`` says what to think of (a licence), if anything."""

    visibility: Visibility
    needs_approval: bool = False
    warning: str = ""


class AddWebhook(CollabAct):
    """Has a URL called from now on for events of these kinds (none: all that there are).

    The URL may be a secret: whoever knows that of a chat room may write there.
    """

    secret_url: str
    kinds: tuple[str, ...] = ()


class RemoveWebhook(CollabAct):
    """Calls a URL no more."""

    webhook: str


class ReadAudit(CollabAct):
    """Reads who did what to a collab's access; no process is asked, the door looks itself."""


ANSWERS: dict[type[Act], object] = {
    AddUser: Person,
    CreateToken: Token,
    RevokeToken: None,
    CreateCollab: Summary,
    DeleteCollab: None,
    SetMember: Member,
    RemoveMember: None,
    CreateLink: Link,
    RevokeLink: None,
    RedeemLink: Summary,
    SetDisplay: Person,
    SetPassword: None,
    SuspendUser: None,
    AddIdentity: None,
    RemoveIdentity: None,
    AddGroup: None,
    DropGroup: None,
    SetInGroup: None,
    SetGrant: None,
    HandOver: Member,
    AcceptInvitation: Summary,
    SetVisibility: Shown,
    ApproveVersion: None,
    AddWebhook: dict[str, Json],  # a webhook as the store has it, with its secret
    RemoveWebhook: None,
}
