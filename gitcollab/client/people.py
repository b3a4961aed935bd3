"""The verbs about people and access that go beyond members and links."""

from __future__ import annotations

from gitcollab.client.asking import COLLABS, Asking
from gitcollab.client.transport import Answer, Json, listed, quoted, quoted_path


class People(Asking):
    """One part of ``Client``: accounts, groups, visibility, what was done to access."""

    def audit(self, collab: str = "", *, user: str = "", limit: int = 100, before: int = 0) -> list[Json]:
        """Lists what was done to a collab's access, or (admins) to anybody's, newest first.

        ``before`` is the number of the last page's last line.
        """
        where = f"{COLLABS}{quoted(collab)}/audit" if collab else "/api/audit"
        return listed(self._ask("GET", where, user=user, limit=limit, before=before or None))

    # --- myself ---------------------------------------------------------------------------------------------

    def set_display(self, display: str) -> Json:
        """Sets the name that people see of me."""
        return self._ask("PUT", "/api/me", {"display": display})

    def set_password(self, password: str, old_password: str = "") -> None:
        """Sets my password."""
        self._ask("PUT", "/api/me/password", {"password": password, "old_password": old_password})

    def invitations(self) -> list[Json]:
        """Lists the collabs that others have let me into and that I have not answered."""
        return listed(self._ask("GET", "/api/invitations"))

    def accept(self, collab: str) -> Json:
        """Takes part in a collab that somebody has let me into."""
        return self._ask("POST", f"/api/invitations{quoted(collab)}/accept", {})

    def decline(self, collab: str) -> None:
        """Does not take part."""
        self._ask("POST", f"/api/invitations{quoted(collab)}/decline", {})

    # --- accounts; admins only --------------------------------------------------------------------------------

    def suspend(self, user: str, is_suspended: bool = True) -> None:
        """Ends an account's access everywhere at once, or gives it back."""
        self._ask("PUT", f"/api/users{quoted(user)}/suspended", {"is_suspended": is_suspended})

    def names(self, user: str) -> list[Json]:
        """Lists the other names of a person, each with its ``kind``."""
        return listed(self._ask("GET", f"/api/users{quoted(user)}/names"))

    def add_name(self, user: str, kind: str, name: str) -> None:
        """Says that a name is this person, too; ``kind`` is os, jupyter, hub, oidc or git."""
        self._ask("POST", f"/api/users{quoted(user)}/names", {"kind": kind, "name": name})

    def remove_name(self, user: str, kind: str, name: str) -> None:
        """Says that a name is not this person any more."""
        self._ask("DELETE", f"/api/users{quoted(user)}/names", None, kind=kind, name=name)

    # --- groups -----------------------------------------------------------------------------------------------

    def groups(self) -> list[Json]:
        """Lists my groups with their people; an administrator's are all of them."""
        return listed(self._ask("GET", "/api/groups"))

    def add_group(self, name: str, display: str = "") -> None:
        """Creates a group; admins only."""
        self._ask("POST", "/api/groups", {"name": name, "display": display})

    def drop_group(self, group: str) -> None:
        """Ends a group and what it was given; admins only."""
        self._ask("DELETE", "/api/groups" + quoted(group))

    def put_in_group(self, group: str, user: str) -> None:
        """Puts a person into a group; admins only."""
        self._ask("PUT", f"/api/groups{quoted(group)}/people{quoted(user)}")

    def take_out_of_group(self, group: str, user: str) -> None:
        """Takes a person out of a group; admins only."""
        self._ask("DELETE", f"/api/groups{quoted(group)}/people{quoted(user)}")

    def grants(self, collab: str) -> list[Json]:
        """Lists the groups that have a role in a collab."""
        return listed(self._ask("GET", f"{COLLABS}{quoted(collab)}/groups"))

    def set_grant(self, collab: str, group: str, role: str = "viewer") -> None:
        """Gives everybody in a group a role."""
        self._ask("PUT", f"{COLLABS}{quoted(collab)}/groups{quoted(group)}", {"role": role})

    def remove_grant(self, collab: str, group: str) -> None:
        """Ends what a group was given."""
        self._ask("DELETE", f"{COLLABS}{quoted(collab)}/groups{quoted(group)}")

    # --- who sees it, whose it is -------------------------------------------------------------------------------

    def visibility(self, collab: str) -> Json:
        """Says who sees a collab besides its members."""
        return self._ask("GET", f"{COLLABS}{quoted(collab)}/visibility")

    def set_visibility(
        self, collab: str, visibility: str, group: str = "", needs_approval: bool | None = None
    ) -> Json:
        """Says who shall see it: private, team (a group, all of it), everyone (published versions only)."""
        asked = {"visibility": visibility, "group": group, "needs_approval": needs_approval}
        return self._ask("PUT", f"{COLLABS}{quoted(collab)}/visibility", asked)

    def mirror(self, collab: str) -> Json:
        """Says to which remote what is published goes, and how that stands."""
        return self._ask("GET", f"{COLLABS}{quoted(collab)}/mirror")

    def set_mirror(
        self, collab: str, url: str, *, user: str = "", secret: str | None = None, has_main: bool = False
    ) -> Json:
        """Has what is published pushed to a remote, now and after each publish; ``secret`` None: as it was."""
        asked = {"url": url, "user": user, "secret": secret, "has_main": has_main}
        return self._ask("PUT", f"{COLLABS}{quoted(collab)}/mirror", asked)

    def end_mirror(self, collab: str) -> None:
        """Ends that; the secret is forgotten."""
        self._ask("DELETE", f"{COLLABS}{quoted(collab)}/mirror")

    def push_mirror(self, collab: str) -> Json:
        """Has it pushed now."""
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/mirror/pushes", {})

    def approve(self, collab: str, tag: str) -> None:
        """Lets a version out to everyone that somebody else has published."""
        self._ask("POST", f"{COLLABS}{quoted(collab)}/approvals", {"tag": tag})

    def public(self) -> list[Json]:
        """Lists the collabs whose published versions are for everyone; needs no token, as the next three."""
        return listed(self._ask("GET", "/api/public"))

    def public_versions(self, collab: str) -> list[Json]:
        """Lists the versions of a collab that are for everyone, newest first."""
        return listed(self._ask("GET", f"/api/public{quoted(collab)}/versions"))

    def public_files(self, collab: str, at: str = "blessed") -> list[Json]:
        """Lists the files of a published version."""
        return listed(self._ask("GET", f"/api/public{quoted(collab)}/files", at=at))

    def public_file(self, collab: str, path: str, at: str = "blessed") -> Answer:
        """Reads a published file: ``.body`` its bytes."""
        where = f"/api/public{quoted(collab)}/files{quoted_path(path)}"
        return self.transport.ask("GET", where, None, {"at": at})

    def hand_over(self, collab: str, user: str) -> Json:
        """Makes somebody else owner; I stay as a maintainer."""
        return self._ask("POST", f"{COLLABS}{quoted(collab)}/owner", {"user": user})
