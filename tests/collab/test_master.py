"""The master directory as a workspace: its edits are a session's, land and meet others', and nothing fights them."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gitcollab import store
from gitcollab.events import Membership
from gitcollab.model import Role, SessionName
from gitcollab.notebooks import strip
from gitcollab.store import identities, members

NB = "analysis.ipynb"
ID = "cabcdefghi"
MASTER = SessionName(user="ben", name="master")
POLICY = b'title = "work"\n[policies]\nmaster = "ben"\n'


def master(stage, path: str = "") -> Path:
    return stage.given.place.master(ID) / path


def is_open(stage) -> bool:
    return MASTER in stage.collab.open_sessions()


def policy(ana, data: bytes = POLICY) -> None:
    ana.saves("collab.toml", data, base=ana.head)


@pytest.fixture
def edited(stage, ana, notebook):
    """Ana's notebook, with the master directory Ben's workspace."""
    ana.saves(NB, notebook(("a", "1"), ("b", "1")))
    policy(ana)
    return stage


def test_the_charter_makes_the_directory_a_workspace(edited, notebook):
    assert is_open(edited)
    assert notebook(("a", "1"), ("b", "1")) == strip(master(edited, NB).read_bytes())[0]
    assert POLICY == master(edited, "collab.toml").read_bytes()


def test_an_edit_there_is_a_save_of_that_session_and_lands(edited, ana, notebook):
    master(edited, NB).write_bytes(notebook(("a", "2"), ("b", "1")))
    master(edited, "new.txt").write_bytes(b"new\n")
    edited.collab.sweep_one(MASTER)
    assert notebook(("a", "2"), ("b", "1")) == edited.main(NB)
    assert b"new\n" == edited.main("new.txt") == ana.reads("new.txt")


def test_what_others_land_comes_there_and_never_over_what_was_not_taken_in(edited, ana, notebook):
    ana.saves("plan.txt", b"plan\n")
    assert b"plan\n" == master(edited, "plan.txt").read_bytes()
    mine = notebook(("a", "1"), ("b", "mine"))
    master(edited, NB).write_bytes(mine)  # nobody has looked yet
    ana.saves(NB, notebook(("a", "hers"), ("b", "1")), base=ana.head)
    assert mine == master(edited, NB).read_bytes()
    edited.collab.sweep_one(MASTER)
    both = notebook(("a", "hers"), ("b", "mine"))
    assert (both, both) == (edited.main(NB), strip(master(edited, NB).read_bytes())[0])


def test_a_start_goes_on_where_it_was(edited, ana, notebook):
    mine = notebook(("a", "1"), ("b", "mine"))
    master(edited, NB).write_bytes(mine)
    edited.restart()
    assert (True, mine) == (is_open(edited), master(edited, NB).read_bytes())
    edited.collab.desks.set_up(MASTER, master(edited), edited.collab._register.rules(master(edited)))
    edited.collab.sweep_one(MASTER)
    assert mine == edited.main(NB)


def test_once_it_is_nobodys_it_is_a_copy_again_and_what_lay_there_stays_beside_it(edited, ana, notebook):
    mine = notebook(("a", "1"), ("b", "mine"))
    master(edited, NB).write_bytes(mine)
    master(edited, "scratch.tmp").write_bytes(b"never shared\n")
    policy(ana, b'title = "work"\n')
    assert not is_open(edited)
    assert mine == edited.main(NB) == master(edited, NB).read_bytes()
    aside = master(edited).with_name("main.left-1")
    assert (b"never shared\n", False) == (
        (aside / "scratch.tmp").read_bytes(),
        master(edited, "scratch.tmp").exists(),
    )
    policy(ana)
    assert is_open(edited)


@pytest.mark.parametrize("user", ["vic", "out", "nobody-known", "../x"])
def test_nobody_who_may_not_save_gets_it(stage, ana, notebook, user):
    ana.saves(NB, notebook(("a", "1")))
    policy(ana, POLICY.replace(b"ben", user.encode()))
    assert [] == [one for one in stage.collab.open_sessions() if one.name.startswith("master")]
    assert notebook(("a", "1")) == master(stage, NB).read_bytes()


def test_who_is_let_in_or_sent_away_gets_or_loses_it(edited, ana, notebook):
    told = {"collab": ID, "user": "ana", "member": "ben"}
    with edited.engine.begin() as conn:
        members.set_member(conn, ID, "ben", Role.VIEWER)
    edited.collab.tell(Membership(**told, role=Role.VIEWER))
    assert not is_open(edited)
    ana.saves("after.txt", b"after\n")
    assert b"after\n" == master(edited, "after.txt").read_bytes()
    with edited.engine.begin() as conn:
        members.set_member(conn, ID, "ben", Role.EDITOR)
    edited.collab.tell(Membership(**told, role=Role.EDITOR))
    assert is_open(edited)


# --- as a user of the system -----------------------------------------------------------------------------------------


@pytest.fixture
def open_root() -> Iterator[Path]:
    """A root to which other users of the system find their way."""
    above = Path(tempfile.mkdtemp(prefix="gitcollab-"))
    above.chmod(0o711)
    (above / "root").mkdir(mode=0o700)
    yield above / "root"
    shutil.rmtree(above)


def alias(root: Path, user: str, system: str) -> None:
    """Says who somebody is on this system."""
    opened = store.engine(store.file_url(root / "private" / "gitcollab.sqlite"))
    with opened.begin() as conn:
        identities.add_identity(conn, "os", system, user)
    opened.dispose()


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 240
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def runs(name: str, script: str, *words: Path) -> bool:
    uid = pwd.getpwnam(name).pw_uid
    command = ["/bin/sh", "-c", script, "sh", *map(str, words)]
    return 0 == subprocess.run(command, user=uid, group=uid, extra_groups=[], capture_output=True).returncode


def test_the_account_edits_it_with_a_running_server_and_nobody_else_does(open_root, a_server, notebook):
    if os.geteuid() != 0:  # nobody else can be asked then
        return
    with a_server(open_root) as server:
        ana, ben = server.client("ana"), server.client("ben")
        for user, system in (("ben", "daemon"), ("ana", "bin")):
            alias(open_root, user, system)
        made = ana.create("work", [])["id"]
        ana.set_member(made, "ben", "editor")
        session = ana.open_session(made)["session"]
        ana.save(made, session, f"sub/{NB}", notebook(("a", "1")))
        ana.save(made, session, "collab.toml", POLICY, base=ana.session(made, session)["head"])
        file = open_root / "shared" / made / "main" / "sub" / NB
        until(file.exists)
        theirs = open_root.parent / "theirs"
        theirs.write_bytes(notebook(("a", "2")))
        theirs.chmod(0o644)
        assert runs("bin", 'cat "$1"', file)
        assert not runs("bin", 'cat "$2" > "$1"', file, theirs)
        assert not runs("nobody", 'cat "$1"', file)
        assert runs("daemon", 'cat "$2" > "$1" && echo new > "$(dirname "$1")/new.txt"', file, theirs)
        until(lambda: ana.file(made, f"sub/{NB}").body == notebook(("a", "2")))
        until(lambda: [one for one in ana.files(made, "main") if one["path"] == "sub/new.txt"])
        assert runs("bin", 'cat "$1"', file.with_name("new.txt"))
        ana.deliver(made, session)
        ana.save(made, session, f"sub/{NB}", notebook(("a", "3")), base=ana.session(made, session)["head"])
        until(lambda: strip(file.read_bytes())[0] == notebook(("a", "3")))
        theirs.write_bytes(notebook(("a", "4")))
        assert runs("daemon", 'cat "$2" > "$1"', file, theirs)
        until(lambda: ana.file(made, f"sub/{NB}").body == notebook(("a", "4")))
        assert {"ben"} == {one["user"] for one in ben.sessions(made) if one["name"] == "master"}
