"""Which saves are held back: by what is new in them, and by what is left of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitcollab import notebooks
from gitcollab.flow.hold import LARGE, SUBSTANCE, doubt, earlier
from gitcollab.flow.points import MAIN
from gitcollab.flow.snapshot import Saving, snapshot
from gitcollab.model import Person, SessionName
from gitcollab.repository import Repository

ANA = SessionName(user="ana", name="default")
AT = "2026-11-20T10:00:00Z"
TOKEN = b"ghp" + b"_0a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R"
OTHER = b"ghp" + b"_9z8Y7x6W5v4U3t2S1r0Q9p8O7n6M5l4K3j2I"


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    made = Repository.create(tmp_path / "r.git")
    root = made.commit(made.edit(None, {}), [], "Begin", author=Person(name="ana"), at=AT)
    made.move(MAIN, root, None)
    made.move(ANA.ref, root, None)
    return made


def saving(data: bytes | None, path: str = "run.py", **more: object) -> Saving:
    return Saving(session=ANA, path=path, data=data, at=AT, **more)


def why(repo: Repository, data: bytes | None, path: str = "run.py", **more: object) -> str:
    found = doubt(repo, saving(data, path), lambda digest: False, **more)
    return found.reason if found else ""


def test_a_secret_counts_when_it_is_new_to_the_file(repo: Repository) -> None:
    assert "secret" == why(repo, TOKEN)
    snapshot(repo, saving(TOKEN + b"\n"))
    assert "" == why(repo, TOKEN + b"\nmore\n")
    assert "secret" == why(repo, TOKEN + b"\n" + OTHER)
    assert "secret" == why(repo, TOKEN, "other.py")


def test_only_the_new_ones_are_told(repo: Repository) -> None:
    snapshot(repo, saving(TOKEN + b"\n"))
    found = doubt(repo, saving(TOKEN + b"\n" + OTHER), lambda digest: False)
    assert [2] == [one.line for one in found.findings]


def test_a_secret_that_the_copy_came_with_is_shared_already(repo: Repository) -> None:
    base = snapshot(repo, saving(TOKEN)).version
    snapshot(repo, saving(b"gone\n"))
    stale = saving(TOKEN + b"\nedit\n", base=base)
    assert None is doubt(repo, stale, lambda digest: False)


def test_the_stamp_of_a_notebook_says_where_it_came_from(repo: Repository, notebook) -> None:
    book = notebook(("a", TOKEN.decode()))
    base = snapshot(repo, saving(book, "nb.ipynb")).version
    snapshot(repo, saving(notebook(("a", "x")), "nb.ipynb"))
    stamped = notebooks.stamp(notebook(("a", TOKEN.decode() + "\nmore")), base)
    assert "" == why(repo, stamped, "nb.ipynb")


def test_what_is_known_to_be_harmless_is_not_asked_about(repo: Repository) -> None:
    (found,) = notebooks.secrets(TOKEN)
    assert None is doubt(repo, saving(TOKEN), lambda digest: digest == found.digest)
    assert None is doubt(repo, saving(TOKEN), lambda digest: False, is_searched=False)


@pytest.mark.parametrize("data", [None, b"", b"plain\n"])
def test_deletions_and_plain_work_go_on(repo: Repository, data: bytes | None) -> None:
    assert "" == why(repo, data)


def test_in_a_large_file_a_new_secret_is_found_and_an_old_one_is_not(repo: Repository) -> None:
    lines = b"".join(b"%d\n" % n for n in range(LARGE // 6))
    snapshot(repo, saving(lines + TOKEN + b"\n"))
    assert "" == why(repo, b"first\n" + lines + TOKEN + b"\n")
    assert "secret" == why(repo, lines + OTHER + b"\n" + TOKEN + b"\n")


@pytest.mark.parametrize(("size", "expected"), [(SUBSTANCE - 1, ""), (SUBSTANCE, "emptied")])
def test_emptying_counts_from_some_substance_on(repo: Repository, size: int, expected: str) -> None:
    snapshot(repo, saving(b"x" * size))
    assert [expected, expected] == [why(repo, b""), why(repo, b" \n")]
    assert "" == why(repo, b"", is_draft=True)


def test_a_notebook_that_parsed_has_to_parse(repo: Repository, notebook) -> None:
    assert "" == why(repo, b"{", "nb.ipynb")
    snapshot(repo, saving(notebook(("a", "x")), "nb.ipynb"))
    assert "unreadable" == why(repo, b'{"cells": [', "nb.ipynb")
    assert "" == why(repo, b'{"cells": [], "x": NaN}', "nb.ipynb")
    snapshot(repo, saving(b"{", "nb.ipynb"))
    assert "" == why(repo, b"{{", "nb.ipynb")


def test_the_earlier_version_is_the_session_s(repo: Repository) -> None:
    assert None is earlier(repo, saving(b"two"))
    snapshot(repo, saving(b"one"))
    assert b"one" == earlier(repo, saving(b"two"))
