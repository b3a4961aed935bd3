"""`gitcollab git-config` sets what notebooks need and takes all of it back."""

from __future__ import annotations

import subprocess
from pathlib import Path


def test_what_is_set_is_taken_back_and_nothing_else(typed, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    attributes = tmp_path / ".git" / "info" / "attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("*.png binary\n")
    before = (tmp_path / ".git" / "config").read_bytes()
    for _ in range(2):
        assert 0 == typed("git-config").returncode
    assert "*.png binary\n*.ipynb merge=gitcollab diff=gitcollab\n" == attributes.read_text()
    assert [] == [path.name for path in tmp_path.iterdir() if path.name != ".git"]
    assert 0 == typed("git-config", "--undo").returncode
    assert ("*.png binary\n", before) == (attributes.read_text(), (tmp_path / ".git" / "config").read_bytes())


def test_outside_a_repository_it_says_so(typed) -> None:
    done = typed("git-config")
    assert (2, True) == (done.returncode, "no git repository" in done.stderr)


def test_for_all_repositories_of_a_person(typed, tmp_path: Path, hermetic: Path) -> None:
    done = typed("git-config", "--global")
    assert 0 == done.returncode, done.stderr
    assert "merge=gitcollab" in (hermetic / ".config" / "git" / "attributes").read_text()
    assert "gitcollab" in (hermetic / ".gitconfig").read_text()
