"""People and access: accounts, tokens, collabs, members, links."""

from __future__ import annotations

from gitcollab.acts.act import Act, CollabAct
from gitcollab.model import Link, Member, Person, Role, Summary, Token


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


class RevokeLink(CollabAct):
    """Revokes a link by its id."""

    link: str


class RedeemLink(Act):
    """Makes the actor a member of the collab that the link opens."""

    code: str


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
}
