"""What another program wrote is kept before Jupyter writes over it, once, and within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitcollab_hooks.overwritten import Overwritten


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "plan.ipynb"
    found.write_bytes(b"by Jupyter")
    return found


def test_what_jupyter_left_is_not_kept(file: Path) -> None:
    one = Overwritten()
    one.know(str(file))
    assert one.keep(str(file))
    assert None is one.oldest(file)


def test_what_others_wrote_is_kept_in_its_order(file: Path) -> None:
    one = Overwritten()
    one.know(str(file))
    for data in (b"by vim", b"by another"):
        file.write_bytes(data)
        assert one.keep(str(file))
    found = []
    while (data := one.oldest(file)) is not None:
        found.append(data)
        one.forget_oldest(file)
    assert [b"by vim", b"by another"] == found


def test_a_file_is_the_same_by_any_of_its_names(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    one = Overwritten()
    assert one.keep(str(link))
    assert b"by Jupyter" == one.oldest(file)
    one.forget(str(link))
    assert None is one.oldest(file)


def test_what_is_too_much_is_said(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitcollab_hooks.overwritten.LARGEST", 15)
    one = Overwritten()
    assert [True, False] == [one.keep(str(file)), one.keep(str(file))]
    one.forget_oldest(file)
    assert one.keep(str(file))


def test_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    one = Overwritten()
    one.know(str(tmp_path / "none"))
    assert one.keep(str(tmp_path / "none"))
    assert None is one.oldest(tmp_path / "none")
