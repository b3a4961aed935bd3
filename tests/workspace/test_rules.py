"""Which files are shared."""

import pytest

from gitcollab.workspace import Rules


@pytest.mark.parametrize(
    "path",
    [
        ".~analysis.ipynb",
        "a/.~analysis.ipynb",
        ".ipynb_checkpoints/analysis-checkpoint.ipynb",
        "a/.ipynb_checkpoints/x.ipynb",
        "analysis.ipynb.invalid",
        ".jupyter_ystore.db",
        ".jupyter/config.json",
        ".git/config",
        "sub/.git",
        ".gitcollab/contested/x.json",
        ".gitcollab-0011.tmp",
        "analysis.ipynb.tmp12",
        "notes.txt~",
        ".#notes.txt",
        ".notes.txt.swp",
        "4913",
    ],
)
def test_what_programs_leave_beside_the_work_is_never_shared(path: str) -> None:
    assert Rules().admits(path) is False
    assert Rules(paths=("analysis.ipynb", "a", "**")).admits(path) is False


@pytest.mark.parametrize(
    "path", ["analysis.ipynb", "a/b/c.py", ".gitignore", "page.tmpl", "données/été.csv", "-x"]
)
def test_everything_else_is_shared_with_the_whole_directory(path: str) -> None:
    assert Rules().admits(path) is True


@pytest.mark.parametrize(
    ("paths", "path", "is_admitted"),
    [
        (("analysis.ipynb",), "analysis.ipynb", True),
        (("./analysis.ipynb",), "analysis.ipynb", True),
        (("analysis.ipynb",), "other.ipynb", False),
        (("analysis.ipynb",), "sub/analysis.ipynb", False),
        (("data/",), "data/deep/x.csv", True),
        (("data",), "database.csv", False),
        (("*.ipynb",), "x.ipynb", True),
        (("*.ipynb",), "sub/x.ipynb", False),
        (("**/*.ipynb",), "sub/x.ipynb", True),
        (("src/*/x.py",), "src/a/x.py", True),
        ((".",), "anything", True),
    ],
)
def test_paths_limit_what_is_shared(paths: tuple[str, ...], path: str, is_admitted: bool) -> None:
    assert Rules(paths=paths).admits(path) is is_admitted


@pytest.mark.parametrize(
    ("paths", "directory", "may_hold"),
    [
        ((), "a", True),
        (("a/b/x.ipynb",), "a", True),
        (("a/b/x.ipynb",), "a/b", True),
        (("a/b/x.ipynb",), "c", False),
        (("a",), "a/deep", True),
        (("src/*/x.py",), "src/a", True),
        (("src/*/x.py",), "docs", False),
        (("**/*.ipynb",), "docs", True),
        ((), ".ipynb_checkpoints", False),
        ((), "node_modules", False),
    ],
)
def test_directories_that_can_hold_nothing_shared_are_not_walked(
    paths: tuple[str, ...], directory: str, may_hold: bool
) -> None:
    assert Rules(paths=paths).may_hold(directory) is may_hold


def test_own_patterns_are_written_as_in_gitignore() -> None:
    rules = Rules(ignore=("*.csv", "!keep.csv", "/build/"))
    assert [rules.admits(path) for path in ("a.csv", "keep.csv", "x/keep.csv", "build/x", "x/build/y")] == [
        False,
        True,
        True,
        False,
        True,
    ]


def test_notebooks_and_other_files_have_caps_of_their_own() -> None:
    rules = Rules(notebook_cap=7, file_cap=3)
    assert (rules.cap("a.ipynb"), rules.cap("a.csv")) == (7, 3)
    assert (Rules().cap("a.ipynb"), Rules().cap("a.csv")) == (100_000_000, 10_000_000)
