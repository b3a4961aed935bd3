"""People: the acts on oneself, on accounts and their other names, and on groups."""

from __future__ import annotations

from gitcollab import acts
from gitcollab.errors import NotSignedIn
from gitcollab.model import Person
from gitcollab.store import groups, identities, passwords, people
from gitcollab.writer.accounts import answer
from gitcollab.writer.house import House


@answer.register
def _(act: acts.SetDisplay, house: House) -> Person:
    with house.deciding(act) as conn:
        return people.set_display(conn, act.actor.user, act.display)


@answer.register
def _(act: acts.SetPassword, house: House) -> None:
    house.admit(act)
    with house.engine.connect() as conn:
        stored = people.password_of(conn, act.actor.user)
    is_right = not stored or passwords.is_right(stored, act.old_password)  # slow: in no transaction
    with house.deciding(act) as conn:
        if not is_right or people.password_of(conn, act.actor.user) != stored:
            raise NotSignedIn("that is not the old password", "try again, or have an administrator help")
        people.set_password(conn, act.actor.user, act.password)


@answer.register
def _(act: acts.SuspendUser, house: House) -> None:
    with house.deciding(act) as conn:
        if act.is_suspended:
            people.suspend(conn, act.name)
        else:
            people.restore(conn, act.name)


@answer.register
def _(act: acts.AddIdentity, house: House) -> None:
    with house.deciding(act) as conn:
        identities.add_identity(conn, act.kind, act.name, act.user)


@answer.register
def _(act: acts.RemoveIdentity, house: House) -> None:
    with house.deciding(act) as conn:
        identities.remove_identity(conn, act.kind, act.name, act.user)


@answer.register
def _(act: acts.AddGroup, house: House) -> None:
    with house.deciding(act) as conn:
        groups.add_group(conn, act.name, act.display)


@answer.register
def _(act: acts.DropGroup, house: House) -> None:
    with house.deciding(act) as conn:
        groups.drop_group(conn, act.name)


@answer.register
def _(act: acts.SetInGroup, house: House) -> None:
    with house.deciding(act) as conn:
        if act.is_in:
            groups.put_in(conn, act.name, act.user)
        else:
            groups.take_out(conn, act.name, act.user)
