"""Writing into a directory where an editor works."""

import errno
import os
import threading
from pathlib import Path

import pytest

from gitcollab import renaming
from gitcollab.workspace import Stat, libc, replace, replacing


@pytest.fixture(params=["renameat2", "link and rename", "rename only"])
def _every_file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "renameat2":
        return
    monkeypatch.setattr(renaming, "rename", lambda *_: False)
    if request.param == "rename only":
        link = os.link

        def no_links(*args: object, **kwargs: object) -> None:
            if "follow_symlinks" in kwargs:
                raise PermissionError(errno.EPERM, "no hard links here")
            link(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(os, "link", no_links)


def left(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


@pytest.mark.usefixtures("_every_file_system")
class TestReplace:
    def test_writes_over_exactly_the_bytes_expected(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"old")
        assert replace(tmp_path, "a.txt", b"new", b"old") is True
        assert left(tmp_path) == {"a.txt": b"new"}

    @pytest.mark.parametrize("found", [b"", b"OLD", b"old and more", b"ol"])
    @pytest.mark.parametrize("new", [b"new", None])
    def test_leaves_anything_else_as_it_is(self, tmp_path: Path, found: bytes, new: bytes | None) -> None:
        (tmp_path / "a.txt").write_bytes(found)
        before = Stat.of((tmp_path / "a.txt").stat())
        assert replace(tmp_path, "a.txt", new, b"old") is False
        assert left(tmp_path) == {"a.txt": found}
        assert Stat.of((tmp_path / "a.txt").stat()) == before

    def test_creates_with_directories_only_where_nothing_is(self, tmp_path: Path) -> None:
        assert replace(tmp_path, "x/y/a.txt", b"new", None) is True
        assert replace(tmp_path, "x/y/a.txt", b"newer", None) is False
        assert left(tmp_path) == {"x/y/a.txt": b"new"}

    def test_deletes_and_takes_empty_directories_along(self, tmp_path: Path) -> None:
        replace(tmp_path, "x/y/a.txt", b"new", None)
        replace(tmp_path, "x/b.txt", b"b", None)
        assert replace(tmp_path, "x/y/a.txt", None, b"new") is True
        assert left(tmp_path) == {"x/b.txt": b"b"}
        assert not (tmp_path / "x/y").exists()

    def test_says_whether_absent_is_absent(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"a")
        assert replace(tmp_path, "gone.txt", None, None) is True
        assert replace(tmp_path, "no/dir/gone.txt", None, None) is True
        assert replace(tmp_path, "a.txt", None, None) is False

    def test_a_missing_file_is_not_as_expected(self, tmp_path: Path) -> None:
        assert replace(tmp_path, "gone.txt", b"new", b"old") is False
        assert replace(tmp_path, "no/dir/gone.txt", b"new", b"old") is False
        assert replace(tmp_path, "gone.txt", None, b"old") is False
        assert left(tmp_path) == {}
        assert list(tmp_path.iterdir()) == []

    def test_keeps_the_mode(self, tmp_path: Path) -> None:
        (tmp_path / "a.sh").write_bytes(b"old")
        (tmp_path / "a.sh").chmod(0o754)
        assert replace(tmp_path, "a.sh", b"new", b"old") is True
        assert (tmp_path / "a.sh").stat().st_mode & 0o7777 == 0o754

    def test_leaves_a_file_that_an_editor_has_open_for_writing(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"old")
        with (tmp_path / "a.txt").open("r+b") as editor:
            assert replace(tmp_path, "a.txt", b"new", b"old") is False
            editor.write(b"my work")
        assert left(tmp_path) == {"a.txt": b"my work"}

    def test_a_mere_reader_hinders_nobody(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"old")
        with (tmp_path / "a.txt").open("rb") as reader:
            assert replace(tmp_path, "a.txt", b"new", b"old") is True
            assert reader.read() == b"old"

    @pytest.mark.parametrize("new", [b"new", None])
    def test_work_written_in_the_last_instant_is_brought_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bytes | None
    ) -> None:
        """No lease to be had (NFS): the editor writes between the comparison and the exchange."""
        (tmp_path / "a.txt").write_bytes(b"old")
        monkeypatch.setattr(libc, "lease", lambda _: None)
        editor = (tmp_path / "a.txt").open("r+b", buffering=0)
        self._interrupt(monkeypatch, "_swap" if new else "_move", lambda: editor.write(b"OLD"))
        assert replace(tmp_path, "a.txt", new, b"old") is False
        editor.write(b" and more")
        editor.close()
        assert left(tmp_path) == {"a.txt": b"OLD and more"}

    @pytest.mark.parametrize("new", [b"new", None])
    def test_a_rename_save_in_the_last_instant_is_brought_back(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new: bytes | None
    ) -> None:
        (tmp_path / "a.txt").write_bytes(b"old")

        def save() -> None:
            (tmp_path / "b").write_bytes(b"work")
            (tmp_path / "b").rename(tmp_path / "a.txt")

        self._interrupt(monkeypatch, "_swap" if new else "_move", save)
        assert replace(tmp_path, "a.txt", new, b"old") is False
        assert left(tmp_path) == {"a.txt": b"work"}

    @staticmethod
    def _interrupt(monkeypatch: pytest.MonkeyPatch, name: str, act: object) -> None:
        """Lets something happen right before the first call of the step."""
        step, is_first = getattr(replacing, name), [True]

        def interrupted(*args: object) -> object:
            if is_first.pop() if is_first else False:
                act()  # type: ignore[operator]
            return step(*args)

        monkeypatch.setattr(replacing, name, interrupted)


def test_an_editor_that_opens_the_file_meanwhile_waits_and_then_writes_into_the_file_it_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")
    swap, editor = replacing._swap, []

    def swap_while_opening(*args: object) -> bool:
        if not editor:
            editor.append(threading.Thread(target=lambda: (tmp_path / "a.txt").write_bytes(b"my work")))
            editor[0].start()
            editor[0].join(1.0)
            assert editor[0].is_alive(), "the lease makes the editor wait"
        return swap(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(replacing, "_swap", swap_while_opening)
    assert replace(tmp_path, "a.txt", b"new", b"old") is False
    editor[0].join()
    assert left(tmp_path) == {"a.txt": b"my work"}


def test_work_in_the_new_file_and_in_the_old_one_is_both_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.ipynb").write_bytes(b"old")
    monkeypatch.setattr(libc, "lease", lambda _: None)
    first, swap, calls = (tmp_path / "a.ipynb").open("r+b", buffering=0), replacing._swap, []

    def swap_between_two_editors(*args: object) -> bool:
        calls.append(args)
        if len(calls) == 2:
            (tmp_path / "a.ipynb").write_bytes(b"second editor")
        first.write(b"first editor") if len(calls) == 1 else None
        return swap(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(replacing, "_swap", swap_between_two_editors)
    assert replace(tmp_path, "a.ipynb", b"new", b"old") is False
    first.close()
    assert sorted(left(tmp_path).values()) == [b"first editor", b"second editor"]
    assert (tmp_path / "a.ipynb").read_bytes() == b"first editor"


def test_never_writes_through_a_link_and_never_out_of_the_root(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "a.txt").write_bytes(b"old")
    (root / "link.txt").symlink_to(outside / "a.txt")
    (root / "dir").symlink_to(outside)
    (root / "file").write_bytes(b"old")
    for path in ("link.txt", "dir/a.txt", "../outside/a.txt", "file/a.txt"):
        assert replace(root, path, b"new", b"old") is False
        assert replace(root, path, None, b"old") is False
        assert replace(root, path, b"new", None) is False
    assert replace(root, "dir/new/b.txt", b"new", None) is False
    assert left(outside) == {"a.txt": b"old"}


@pytest.mark.usefixtures("mortal")
def test_a_disk_that_refuses_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"old")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError):
            replace(tmp_path, "a.txt", b"new", b"old")
    finally:
        tmp_path.chmod(0o700)
    assert left(tmp_path) == {"a.txt": b"old"}


def test_a_full_disk_is_an_error_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.txt").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace(tmp_path, "a.txt", b"new", b"old")
    assert left(tmp_path) == {"a.txt": b"old"}


def test_deliveries_and_saves_that_race_lose_nobodys_bytes(tmp_path: Path) -> None:
    """An editor saves by truncating in place, as Jupyter does, while deliveries try to get in."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"start")
    saves = [b"save %d" % n for n in range(150)]
    lost: list[bytes] = []

    def editor() -> None:
        for data in saves:
            path.write_bytes(data)
            found = path.read_bytes()
            if found != data and not found.startswith(data + b" delivered"):
                lost.append(data)

    saver = threading.Thread(target=editor)
    saver.start()
    delivered = 0
    while saver.is_alive():
        expected = path.read_bytes()
        if expected and not expected.endswith(b" delivered"):
            delivered += replace(tmp_path, "a.txt", expected + b" delivered", expected)
    saver.join()
    assert lost == []
    assert left(tmp_path).keys() == {"a.txt"}
