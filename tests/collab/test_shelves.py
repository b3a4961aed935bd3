"""The shared directories: the master copies follow every landing, what is published is frozen, and both are copies."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gitcollab import acts
from gitcollab.collab import Collab, Place
from gitcollab.errors import NotClean
from gitcollab.events import Membership
from gitcollab.model import Actor, Role, SessionName
from gitcollab.store import collabs, identities, members
from gitcollab.workspace import rights

NB = "analysis.ipynb"
ID = "cabcdefghi"


def place(stage) -> Place:
    return stage.given.place


def master(stage, path: str = NB) -> Path:
    return place(stage).master(ID) / path


def publish(stage, notebook: str = NB):
    return stage.collab.publish(acts.Publish(actor=Actor(user="ana"), collab=ID, notebook=notebook))


def test_what_lands_is_in_the_master_directory_byte_for_byte(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ana.saves("src/tool.py", b"one = 1\n")
    assert notebook(("a", "1")) == master(stage).read_bytes()
    assert b"one = 1\n" == master(stage, "src/tool.py").read_bytes()
    ana.saves("src/tool.py", None)
    assert not master(stage, "src").exists()
    assert not master(stage, ".gitcollab").exists()


def test_a_contested_cell_is_there_as_it_is_on_main_and_no_item_lies_beside_it(stage, ana, ben, notebook):
    ana.saves(NB, notebook(("a", "1\n2\n")))
    ana.saves(NB, notebook(("a", "1\n3\n")))
    ben.saves(NB, notebook(("a", "1\n4\n")))
    assert stage.main(NB) == master(stage).read_bytes()
    assert {"collab.toml", NB} == {path.name for path in place(stage).master(ID).iterdir()}


def test_what_is_published_is_there_under_its_final_name_and_read_only(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ana.saves("data.csv", b"1,2\n")
    publish(stage)
    ana.saves(NB, notebook(("a", "2")))
    blessed = place(stage).blessed(ID)
    assert notebook(("a", "1")) == (blessed / "analysis_FINAL.ipynb").read_bytes()
    assert {"analysis_FINAL.ipynb", "collab.toml", "data.csv"} == {path.name for path in blessed.iterdir()}
    assert {0o444} == {path.stat().st_mode & 0o777 for path in blessed.iterdir()}


def test_the_final_name_can_be_chosen_and_a_wrong_choice_refuses_to_publish(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ana.saves("collab.toml", b'final_name = "Final of {name}"\n')
    publish(stage)
    assert (place(stage).blessed(ID) / "Final of analysis.ipynb").exists()
    ana.saves("collab.toml", b'final_name = "../../{name}"\n')
    with pytest.raises(NotClean, match="final_name"):
        publish(stage)
    assert (place(stage).blessed(ID) / "analysis_FINAL.ipynb").exists()


def test_a_start_finds_what_was_lost_and_keeps_what_somebody_wrote(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "1")))
    ana.saves("plan.txt", b"plan\n")
    publish(stage)
    master(stage).unlink()
    master(stage, "plan.txt").write_text("somebody's\n")
    master(stage, "mine.txt").write_text("mine\n")
    shutil.rmtree(place(stage).blessed(ID))
    stage.restart()
    assert notebook(("a", "1")) == master(stage).read_bytes()
    assert b"plan\n" == master(stage, "plan.txt").read_bytes()
    kept = [path.read_text() for path in place(stage).master(ID).glob("plan.txt.kept-*")]
    assert (["somebody's\n"], "mine\n") == (kept, master(stage, "mine.txt").read_text())
    assert (place(stage).blessed(ID) / "analysis_FINAL.ipynb").exists()


def test_a_disk_that_refuses_the_copies_holds_up_no_save(stage, ana, notebook, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gitcollab.workspace.shelving.put", refuse)
    receipt = ana.saves(NB, notebook(("a", "1")))
    assert receipt.landed
    monkeypatch.undo()
    ana.saves("other.txt", b"x\n")
    assert notebook(("a", "1")) == master(stage).read_bytes()


# --- who may look ----------------------------------------------------------------------------------------------------


@pytest.fixture
def open_root() -> Iterator[Path]:
    """A root to which other users of the system find their way."""
    root = Path(tempfile.mkdtemp(prefix="gitcollab-"))
    root.chmod(0o711)
    yield root
    shutil.rmtree(root)


def somebody(*names: str) -> tuple[str, int]:
    """A user of this system who is neither root nor us."""
    found = next(pwd.getpwnam(name) for name in names)
    return found.pw_name, found.pw_uid


def reads(uid: int, path: Path) -> bool:
    return (
        0
        == subprocess.run(
            ["/bin/cat", path], user=uid, group=uid, extra_groups=[], capture_output=True
        ).returncode
    )


def writes(uid: int, path: Path) -> bool:
    command = ["/bin/sh", "-c", 'echo hello > "$1"', "sh", path]
    return 0 == subprocess.run(command, user=uid, group=uid, extra_groups=[], capture_output=True).returncode


def test_exactly_the_participants_find_the_directories_open(stage, open_root, notebook):
    member, their_uid = somebody("daemon")
    _, other_uid = somebody("nobody")
    if os.geteuid() != 0:  # then nobody can be asked; what the lists say is tested below
        return
    other = "cbbbbbbbbb"
    given = msgspec.structs.replace(stage.given, place=Place(open_root), is_unix=True)
    (open_root / "collabs").mkdir(mode=0o700)
    with stage.engine.begin() as conn:
        collabs.add_collab(conn, other, "other", "", (), "ana")
        members.set_member(conn, other, "ben", Role.EDITOR)
        identities.add_identity(conn, "os", member, "ben")
    collab = Collab.begin(other, given, stage.given.charter, "ana")
    directory = given.place.workspace(other, "ben")
    directory.mkdir(parents=True, mode=0o700)
    collab.open_workspace("ben", directory)
    ana = {"actor": Actor(user="ana"), "collab": other}
    session = SessionName.parse(collab.open_session(acts.OpenSession(**ana)).session)
    collab.save(acts.Save(**ana, session=session, path=f"sub/{NB}", data=notebook(("a", "1"))))
    shared, own = given.place.master(other) / "sub" / NB, directory / "sub" / NB
    assert (True, False) == (reads(their_uid, shared), writes(their_uid, shared))
    assert (True, True) == (reads(their_uid, own), writes(their_uid, own))
    assert writes(their_uid, directory / "new.txt")
    assert (False, False) == (reads(other_uid, shared), reads(other_uid, own))
    assert not reads(their_uid, given.place.repository(other) / "HEAD")
    with stage.engine.begin() as conn:
        members.remove_member(conn, other, "ben", by="ana")
    collab.tell(Membership(collab=other, user="ana", member="ben", role=None))
    assert (False, False) == (reads(their_uid, shared), reads(their_uid, own))


def test_a_list_names_whom_it_was_given_and_nobody_else(tmp_path):
    (directory := tmp_path / "d").mkdir()
    if rights.grant(directory, {4242: rights.READ | rights.ENTER}):
        acl = os.getxattr(directory, rights.ACCESS)
        users = [acl[at : at + 8] for at in range(4, len(acl), 8)]
        assert [(4242, 5)] == [
            (int.from_bytes(one[4:8], "little"), one[2]) for one in users if one[0] == 0x02
        ]
        assert [0] == [one[2] for one in users if one[0] == 0x20]
    assert 0 == directory.stat().st_mode & 0o007


def test_what_is_withdrawn_before_a_purge_is_gone_but_for_what_others_wrote(stage, ana, notebook):
    ana.saves(NB, notebook(("a", "secret")))
    publish(stage)
    publish_again = notebook(("a", "secret, again"))
    ana.saves(NB, publish_again)
    publish(stage)
    master(stage, "mine.txt").write_text("mine\n")
    stage.collab._ground.shelves.withdraw()
    assert ["mine.txt"] == [path.name for path in place(stage).master(ID).iterdir()]
    assert [place(stage).master(ID)] == list(place(stage).master(ID).parent.iterdir())
    stage.collab._ground.shelves.keep_up()
    assert publish_again == master(stage).read_bytes()
    assert (place(stage).blessed(ID) / "analysis_FINAL.ipynb").exists()
