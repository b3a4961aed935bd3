"""Beyond a quota it is said clearly, before anything is written, and what helps is always possible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gitcollab import acts, store
from gitcollab.collab import Given, Place
from gitcollab.errors import NoSpace, TooMany
from gitcollab.flow.charter import Charter
from gitcollab.model import Actor, Role, SessionName
from gitcollab.store import collabs, members, people
from gitcollab.store.clock import now
from gitcollab.writer.house import House
from gitcollab.writer.quotas import MIB, Allowance, Quotas, size_of

ANA, BEN = Actor(user="ana"), Actor(user="ben")
ID = "cabcdefghi"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Ana's collab in which Ben is an editor, with an open session of each."""
    url = store.file_url(tmp_path / "db.sqlite")
    store.migrate(url)
    engine = store.engine(url)
    (tmp_path / "collabs").mkdir()
    with engine.begin() as conn:
        for name in ("ana", "ben"):
            people.add_person(conn, name)
        collabs.add_collab(conn, ID, "work", "", (), "ana")
        members.set_member(conn, ID, "ben", Role.EDITOR)
    made = House(Given(place=Place(tmp_path), engine=engine, clock=now, tell=lambda _: None))
    collab = made.begin(ID, Charter(title="work"), "ana")
    for actor in (ANA, BEN):
        collab.open_session(acts.OpenSession(actor=actor, collab=ID, name="default"))
    yield made
    engine.dispose()


def save(
    actor: Actor, path: str = "a.txt", data: bytes | None = b"1", *, is_draft: bool = False
) -> acts.Save:
    """A save in a person's own session."""
    session = SessionName(user=actor.user, name="default")
    return acts.Save(actor=actor, collab=ID, session=session, path=path, data=data, is_draft=is_draft)


def test_saves_of_one_person_are_counted_for_a_minute_and_drafts_are_not(house: House) -> None:
    clock = [0.0]
    allowance = Allowance(Quotas(saves_per_minute=3), house, lambda: clock[0])
    for _ in range(3):
        allowance.check(save(ANA))
    with pytest.raises(TooMany, match="3 saves") as refused:
        allowance.check(save(ANA))
    assert "save again in 60 s" in refused.value.hint
    allowance.check(save(ANA, is_draft=True))
    allowance.check(save(BEN))
    clock[0] = 60.0
    allowance.check(save(ANA))


def test_a_collabs_bytes_count_what_is_saved_meanwhile_and_deleting_goes_on(house: House) -> None:
    allowance = Allowance(Quotas(collab_megabytes=1), house)
    allowance.check(save(ANA, data=b"x" * (MIB // 2)))
    with pytest.raises(NoSpace, match="1 MiB") as refused:
        allowance.check(save(BEN, data=b"x" * (MIB // 2)))
    assert "purge" in refused.value.hint
    allowance.check(save(BEN, data=None))


def test_a_person_is_counted_by_what_they_own(house: House) -> None:
    allowance = Allowance(Quotas(user_megabytes=1), house)
    with pytest.raises(NoSpace, match="ana, who owns this collab"):
        allowance.check(save(BEN, data=b"x" * MIB))


def test_no_new_file_beyond_the_number_and_changes_of_the_others_go_on(house: House) -> None:
    allowance = Allowance(Quotas(collab_files=2), house)  # collab.toml is one
    house.collab(ID).save(save(ANA))
    allowance.check(save(ANA, data=b"2"))
    with pytest.raises(NoSpace, match="2 files"):
        allowance.check(save(ANA, path="b.txt"))


def test_no_new_session_beyond_the_number_and_an_old_one_is_taken_up(house: House) -> None:
    allowance = Allowance(Quotas(collab_sessions=2), house)
    allowance.check(acts.OpenSession(actor=ANA, collab=ID, name="default"))
    with pytest.raises(NoSpace, match="2 open sessions"):
        allowance.check(acts.OpenSession(actor=ANA, collab=ID, name="other"))


def test_nothing_is_refused_where_nothing_is_said(house: House) -> None:
    allowance = Allowance(Quotas(), house)
    for _ in range(1000):
        allowance.check(save(ANA, data=b"x" * 1000))


def test_a_size_is_that_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    (tmp_path / "c").symlink_to("nowhere")
    assert 5 + len("nowhere") == size_of(tmp_path)
