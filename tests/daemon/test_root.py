"""One root belongs to one daemon and to one user, and says so when it does not."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from gitcollab.daemon.root import Lock, prepare
from gitcollab.errors import BadInput, Unusable


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def test_a_root_is_made_private(tmp_path: Path) -> None:
    root = tmp_path / "new" / "root"
    prepare(root)
    assert {"0o700"} == {mode(path) for path in (root, root / "private", root / "run", root / "collabs")}
    assert [] == list((root / "run").iterdir())


def test_what_a_looser_hand_left_open_is_closed(root: Path) -> None:
    (root / "private").mkdir(mode=0o755)
    prepare(root)
    assert "0o700" == mode(root / "private")


def test_a_root_that_others_may_write_is_refused_with_the_remedy(root: Path) -> None:
    root.chmod(0o770)
    with pytest.raises(BadInput, match="can be written by other users") as caught:
        prepare(root)
    assert f"chmod go-w {root}" == caught.value.hint


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot be written"):
        prepare(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which takes root")
def test_a_root_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)
    assert "cannot be written: permission denied" in told_to_nobody(place / "root")


def told_to_nobody(root: Path) -> str:
    """Returns the error that ``prepare`` raises for another user of the machine."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            prepare(root)
        except BadInput as error:
            os.write(writer, error.message.encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as told:
        text = told.read().decode()
    os.waitpid(pid, 0)
    return text


def test_a_second_daemon_is_refused_and_told_who_the_first_is(root: Path) -> None:
    prepare(root)
    first = Lock(root)
    first.note("http://127.0.0.1:1")
    for _ in range(20):
        with pytest.raises(Unusable, match=rf"by process {os.getpid()} since .* at http://127\.0\.0\.1:1"):
            Lock(root)
    first.close()
    Lock(root).close()


def test_a_lock_outlives_its_daemon_for_as_long_as_the_writer_has_it(root: Path) -> None:
    prepare(root)
    first = Lock(root)
    with subprocess.Popen(["sleep", "0.5"], pass_fds=[first.fd]):
        os.close(first.fd)
        ended = subprocess.run(["true"], check=True)
        assert 0 == ended.returncode
        content = json.loads((root / "run" / "lock").read_bytes()) | {"pid": 2**22 + 1}  # no such process
        (root / "run" / "lock").write_text(json.dumps(content))
        second = Lock(root)  # waits
    assert os.getpid() == second.holder.pid
    second.close()
