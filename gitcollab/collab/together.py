"""Together: who else has worked on a save, as a program that several people share says."""

from __future__ import annotations

from sqlalchemy import Connection

from gitcollab import store
from gitcollab.acts import Save
from gitcollab.collab.ground import Ground
from gitcollab.errors import NotFound
from gitcollab.model import Person
from gitcollab.repository import signature
from gitcollab.store import identities, members, people

MOST = 20
"""People that one save is credited to besides its own."""

ELSEWHERE = "jupyter.invalid"
"""The domain of people who are nobody here."""


def credited(ground: Ground, act: Save) -> tuple[str, ...]:
    """Returns those who have worked on a save besides the person whose session it is, as values of ``Co-authored-by``.

    Each is the account that is known by that name on notebook servers or hubs, or the member of the collab who is
    called so; whoever is neither is named as the program named them, with an address that is nobody's here.
    """
    if not act.authors:
        return ()
    with store.reading(ground.given.engine).connect() as conn:
        known = [(_known(conn, ground.id, one.name), one) for one in act.authors[:MOST]]
    return tuple(
        dict.fromkeys(
            signature(person) if person else signature(said, ELSEWHERE)
            for person, said in known
            if (person or said).name != act.session.user
        )
    )


def _known(conn: Connection, collab: str, name: str) -> Person | None:
    for kind in ("jupyter", "hub"):
        if person := identities.person_of(conn, kind, name):
            return person
    try:
        return people.person(conn, name) if members.role_of(conn, collab, name) else None
    except NotFound:
        return None
