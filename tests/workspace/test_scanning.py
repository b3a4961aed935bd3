"""Looking at a whole directory."""

import os
from pathlib import Path

import pytest

from gitcollab.workspace import Rules, Stat, identity, look, scan, shown, survey


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)


def test_finds_shared_files_with_their_stats(tmp_path: Path) -> None:
    write(tmp_path, "a.ipynb", "b/c/d.txt", ".ipynb_checkpoints/a.ipynb", ".git/config")
    assert scan(tmp_path, Rules()) == {
        path: Stat.of((tmp_path / path).lstat()) for path in ("a.ipynb", "b/c/d.txt")
    }


def test_obeys_gitignore_in_every_directory_the_last_one_deciding(tmp_path: Path) -> None:
    write(
        tmp_path, "a.csv", "x/a.csv", "x/keep.csv", "x/y/a.csv", "out/z.txt", "x/out.txt", "x/only-here.txt"
    )
    (tmp_path / ".gitignore").write_text("*.csv\nout/\n")
    (tmp_path / "x/.gitignore").write_text("!keep.csv\n/only-here.txt\n")
    files = {".gitignore", "x/.gitignore", "x/keep.csv", "x/out.txt"}
    assert set(scan(tmp_path, Rules())) == files
    every = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert set(look(tmp_path, Rules(), every, lambda _: False).files) == files
    assert "a.csv" in scan(tmp_path, Rules(is_gitignore_read=False))


def test_a_tracked_file_stays_shared_when_gitignore_names_it_later(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "b.csv")
    (tmp_path / ".gitignore").write_text("*.csv\n")
    assert set(survey(tmp_path, Rules(), ["a.csv", "gone.csv"]).files) == {".gitignore", "a.csv"}


def test_says_what_it_skips_and_why(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write(root, "good.txt", "big.txt", "sub/x.txt")
    write(outside, "secret.txt")
    (root / "big.txt").write_bytes(b"x" * 101)
    (root / "link.txt").symlink_to(outside / "secret.txt")
    (root / "hard.txt").hardlink_to(outside / "secret.txt")
    (root / "dir").symlink_to(outside)
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    (root / "bad\nname").write_text("")
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.txt")).write_text("")
    table = survey(root, Rules(file_cap=100))
    assert set(table.files) == {"good.txt", "sub/x.txt"}
    assert {shown(path): reason for path, reason in table.skipped.items()} == {
        "big.txt": "too-large",
        "link.txt": "outside",
        "hard.txt": "outside",
        "dir": "outside",
        "loop": "outside",
        "pipe": "not-regular",
        "bad\nname": "name",
        "caf\ufffd.txt": "name",
    }


def test_a_gitignore_that_is_no_file_ignores_nothing_and_does_not_block(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    os.mkfifo(tmp_path / ".gitignore")
    assert set(scan(tmp_path, Rules())) == {"a.txt"}


def test_looking_at_one_path_never_leaves_the_root(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path, "outside/x.txt", "root/y.txt")
    (root / "dir").symlink_to(tmp_path / "outside")
    table = look(root, Rules(), ["dir/x.txt", "y.txt", "gone.txt"], lambda _: False)
    assert (set(table.files), table.skipped) == ({"y.txt"}, {"dir": "outside"})
    assert table.is_blind_to("dir/x.txt") is True


@pytest.mark.usefixtures("mortal")
def test_what_cannot_be_listed_is_blind_not_absent(tmp_path: Path) -> None:
    write(tmp_path, "closed/x.txt", "y.txt")
    (tmp_path / "closed").chmod(0)
    try:
        table = survey(tmp_path, Rules())
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert (set(table.files), table.blind) == ({"y.txt"}, {"closed"})
    assert (table.is_blind_to("closed/x.txt"), table.is_blind_to("closed.txt")) == (True, False)


def test_a_root_that_is_gone_is_an_error_not_an_empty_table(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        survey(tmp_path / "gone", Rules())


def test_identity_names_the_directory_not_its_path(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    before = identity(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / "b")
    (tmp_path / "a").mkdir()
    assert (identity(tmp_path / "b") == before, identity(tmp_path / "a") == before) == (True, False)
