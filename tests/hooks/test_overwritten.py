"""What another program wrote is kept before Jupyter writes over it, once, and within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitcollab_hooks.overwritten import Overwritten, shape_of


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "plan.ipynb"
    found.write_bytes(b"by Jupyter")
    return found


@pytest.fixture
def one(file: Path) -> Overwritten:
    made = Overwritten()
    made.took(file, shape_of(file), "v1")
    return made


def test_what_gitcollab_has_is_not_kept(one: Overwritten, file: Path) -> None:
    assert one.keep(str(file))
    file.write_bytes(b"by Jupyter again")
    one.wrote(str(file))
    assert one.keep(str(file))
    assert None is one.oldest(file)


def test_what_others_wrote_is_kept_in_its_order_and_with_what_it_was_written_over(
    one: Overwritten, file: Path
) -> None:
    file.write_bytes(b"by vim")
    assert one.keep(str(file))
    file.write_bytes(b"by Jupyter again")
    one.took(file, shape_of(file), "v2")
    file.write_bytes(b"by another program")
    assert one.keep(str(file))
    found = []
    while (kept := one.oldest(file)) is not None:
        found.append(tuple(kept))
        one.forget_oldest(file)
    assert [(b"by vim", "v1"), (b"by another program", "v2")] == found


def test_what_nobody_has_brought_from_here_is_left_to_the_watcher(file: Path) -> None:
    """Which version it was written over is not known; taken for the newest, it would undo what others did since."""
    one = Overwritten()
    one.wrote(str(file))
    file.write_bytes(b"by vim")
    assert one.keep(str(file))
    assert None is one.oldest(file)


def test_a_file_is_the_same_by_any_of_its_names(one: Overwritten, file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    file.write_bytes(b"by vim")
    assert one.keep(str(link))
    assert (b"by vim", "v1") == one.oldest(file)
    one.forget(str(link))
    assert None is one.oldest(file)


def test_what_is_too_much_is_said(one: Overwritten, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gitcollab_hooks.overwritten.LARGEST", 10)
    file.write_bytes(b"by vim")
    assert [True, False] == [one.keep(str(file)), one.keep(str(file))]
    one.forget_oldest(file)
    assert one.keep(str(file))


def test_what_is_not_there_is_nothing(one: Overwritten, file: Path) -> None:
    file.unlink()
    one.wrote(str(file))
    assert one.keep(str(file))
    assert None is one.oldest(file)
