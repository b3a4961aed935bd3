"""`gitcollab merge`: as typed, and as git calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitcollab import notebooks

TRIPLE = ("base.ipynb", "ours.ipynb", "theirs.ipynb")


def test_different_cells_merge_and_exit_with_0(typed, book, tmp_path: Path) -> None:
    book("base.ipynb", a="1", b="2")
    book("ours.ipynb", a="11", b="2")
    book("theirs.ipynb", a="1", b="22")
    done = typed("merge", *TRIPLE, "-o", "out.ipynb")
    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert ["11", "22"] == [
        "".join(c["source"]) for c in json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    ]


def test_the_same_line_is_contested_told_and_exits_with_1(typed, book, tmp_path: Path) -> None:
    for name, source in zip(TRIPLE, ("x = 1", "x = 2", "x = 3"), strict=True):
        book(name, a=source)
    done = typed("merge", *TRIPLE, "-o", "out.ipynb", "--path", "work/a.ipynb", "--json")
    told = json.loads(done.stdout)
    assert 1 == done.returncode
    assert [["work/a.ipynb", "a", "source", "x = 1", "x = 2", "x = 3"]] == [
        [item[name] for name in ("path", "cell", "field", "base", "shared", "session")]
        for item in told["contested"]
    ]
    assert [] == told["noted"]
    sides = [(tmp_path / name).read_bytes() for name in TRIPLE]
    assert notebooks.as_json(notebooks.merge(*sides, path="work/a.ipynb")).decode() == done.stdout
    assert (
        "contested: work/a.ipynb, cell a"
        in typed("merge", *TRIPLE, "-o", "out.ipynb", "--path", "work/a.ipynb").stderr
    )


def test_what_another_path_names_is_merged_as_what_it_is(typed, tmp_path: Path) -> None:
    for name, text in zip(TRIPLE, ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n"), strict=True):
        (tmp_path / name).write_text(text)
    assert 0 == typed("merge", *TRIPLE, "-o", "out", "--path", "notes.txt").returncode
    assert "A\nb\nC\n" == (tmp_path / "out").read_text()


def test_an_unreadable_side_leaves_ours_and_one_item_with_the_bytes(typed, book, tmp_path: Path) -> None:
    book("base.ipynb", a="1")
    ours = book("ours.ipynb", a="2").read_bytes()
    (tmp_path / "theirs.ipynb").write_bytes(b"\xff\x00half a noteb")
    done = typed("merge", *TRIPLE, "-o", "out.ipynb", "--json")
    told = json.loads(done.stdout)["contested"]
    assert (1, ours) == (done.returncode, (tmp_path / "out.ipynb").read_bytes())
    assert [("file", {"bytes": "/wBoYWxmIGEgbm90ZWI="})] == [
        (item["field"], item["session"]) for item in told
    ]


@pytest.mark.parametrize(
    "words", [(), ("a", "b", "-o", "c"), ("a", "b", "c"), ("a", "b", "c", "-o", "d", "--nonsense")]
)
def test_a_mistake_in_the_words_exits_with_2_and_says_how_it_is_written(
    typed, words: tuple[str, ...]
) -> None:
    done = typed("merge", *words)
    assert 2 == done.returncode
    assert "gitcollab merge" in done.stderr


def test_a_missing_file_exits_with_2_and_writes_nothing(typed, book, tmp_path: Path) -> None:
    book("base.ipynb", a="1")
    done = typed("merge", "base.ipynb", "none.ipynb", "base.ipynb", "-o", "out.ipynb")
    assert (2, False) == (done.returncode, (tmp_path / "out.ipynb").exists())
    assert "none.ipynb: No such file" in done.stderr


def test_the_result_replaces_a_file_in_one_step_and_keeps_its_mode(typed, book, tmp_path: Path) -> None:
    for name in TRIPLE:
        book(name, a="1")
    (tmp_path / "ours.ipynb").chmod(0o640)
    assert 0 == typed("merge", *TRIPLE, "-o", "ours.ipynb").returncode
    assert 0o640 == (tmp_path / "ours.ipynb").stat().st_mode & 0o777
    assert sorted(TRIPLE) == sorted(path.name for path in tmp_path.iterdir())


COUNTS = (1, 2, 3)


def test_the_policy_of_the_nearest_collab_toml_holds_for_a_file_that_git_names(
    typed, book, tmp_path: Path
) -> None:
    for name, count in zip(TRIPLE, COUNTS, strict=True):
        _count(book(name, a="x"), count)
    (tmp_path / "work" / "deep").mkdir(parents=True)
    (tmp_path / "collab.toml").write_text('[merge]\nexecution_count = "shared"\n')
    (tmp_path / "work" / "collab.toml").write_text('[merge]\nexecution_count = "clear"\nfoo = "newer"\n')

    def count_under(*path: str) -> int | None:
        assert 0 == typed("merge", *TRIPLE, "-o", "out.ipynb", *path).returncode
        return json.loads((tmp_path / "out.ipynb").read_text())["cells"][0]["execution_count"]

    assert 3 == count_under()  # files that somebody put together by hand are in no collab
    assert 2 == count_under("--path", "n.ipynb")
    assert None is count_under("--path", "work/deep/n.ipynb")
    told = typed("merge", *TRIPLE, "-o", "out.ipynb", "--path", "work/n.ipynb").stderr
    assert "collab.toml: [merge] 'foo' is no field with a rule" in told


def test_a_collab_toml_that_cannot_be_read_is_told_and_the_defaults_hold(typed, book, tmp_path: Path) -> None:
    for name, count in zip(TRIPLE, COUNTS, strict=True):
        _count(book(name, a="x"), count)
    (tmp_path / "collab.toml").write_bytes(b"[merge]\n<<<<<<< HEAD\n")
    done = typed("merge", *TRIPLE, "-o", "ours.ipynb", "--path", "n.ipynb")
    assert 0 == done.returncode
    assert "collab.toml: [merge] it cannot be read" in done.stderr
    assert 3 == json.loads((tmp_path / "ours.ipynb").read_text())["cells"][0]["execution_count"]


def _count(path: Path, count: int) -> None:
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["execution_count"] = count
    path.write_text(json.dumps(notebook))


def test_git_merges_notebooks_with_it_and_sees_a_contested_one_as_a_conflict(
    typed, book, tmp_path: Path
) -> None:
    def git(*words: str, code: int = 0) -> str:
        ran = subprocess.run(
            [
                "git",
                "-C",
                str(tmp_path),
                "-c",
                "user.name=Ana",
                "-c",
                "user.email=ana@example.invalid",
                *words,
            ],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            check=False,
        )
        assert code == ran.returncode, ran.stderr
        return ran.stdout

    git("init", "-q", "-b", "main")
    assert 0 == typed("git-config").returncode
    book("n.ipynb", a="x = 1", b="y = 1")
    git("add", "n.ipynb")
    git("commit", "-qm", "base")
    git("switch", "-qc", "ben")
    book("n.ipynb", a="x = 1", b="y = 3")
    git("commit", "-qam", "ben")
    git("switch", "-q", "main")
    book("n.ipynb", a="x = 2", b="y = 1")
    git("commit", "-qam", "ana")
    git("merge", "-q", "ben")
    assert ["x = 2", "y = 3"] == [
        "".join(c["source"]) for c in json.loads((tmp_path / "n.ipynb").read_text())["cells"]
    ]
    assert "+y = 3" in git("diff", "HEAD^", "HEAD").splitlines()
    shown = git("difftool", "-y", "-t", "gitcollab", "HEAD^", "HEAD")
    assert ["~ source   b  code at 1", "-y = 1", "+y = 3"] == [
        line.strip() for line in shown.splitlines()[1:]
    ]
    git("switch", "-qc", "ben2", "ben~1")
    book("n.ipynb", a="x = 9", b="y = 1")
    git("commit", "-qam", "ben again")
    git("switch", "-q", "main")
    git("merge", "-q", "ben2", code=1)
    assert "UU n.ipynb" in git("status", "--short")
    assert json.loads((tmp_path / "n.ipynb").read_text())["nbformat"] == 4


def test_the_driver_loads_none_of_the_heavy_libraries(book, tmp_path: Path) -> None:
    for name, (a, b) in zip(TRIPLE, (("1", "1"), ("2", "1"), ("1", "2")), strict=True):
        book(name, a=a, b=b)
    code = (
        "import sys\nfrom gitcollab.cli import run\n"
        f"assert run(['merge', *{TRIPLE!r}, '-o', 'out.ipynb']) == 0\n"
        f"assert run(['diff', 'base.ipynb', 'out.ipynb']) == 0\nprint(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    heavy = {
        "typer",
        "rich",
        "nbformat",
        "nbdime",
        "sqlalchemy",
        "pygit2",
        "starlette",
        "asyncio",
        "http.client",
        "subprocess",
        "tempfile",
    }
    assert set() == heavy & set(ran.stdout.split())
