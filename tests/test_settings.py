"""Settings come from the last source that names them, and a wrong one is told with its source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gitcollab import settings
from gitcollab.errors import BadInput


def test_defaults_need_nothing_but_a_root(root: Path) -> None:
    found = settings.read({}, root=root)
    assert (root, "127.0.0.1", 8474, "") == (found.root, found.host, found.port, found.database)


def test_arguments_win_over_the_environment_and_that_over_the_file(root: Path) -> None:
    (root / "gitcollab.toml").write_text('host = "file"\nport = 1\nland = "request"\ndebounce = 1\n')
    environment = {
        "GITCOLLAB_HOST": "environment",
        "GITCOLLAB_PORT": "2",
        "GITCOLLAB_URL": "http://elsewhere",
    }
    found = settings.read(environment, root=root, host="argument", port=None)
    assert ("argument", 2, "request", 1.0) == (found.host, found.port, found.land, found.debounce)


def test_the_root_is_named_by_argument_or_environment_or_lies_in_the_users_data(tmp_path: Path) -> None:
    environment = {"GITCOLLAB_ROOT": str(tmp_path / "a"), "HOME": str(tmp_path)}
    assert tmp_path / "b" == settings.read(environment, root=tmp_path / "b").root
    assert tmp_path / "a" == settings.read(environment).root
    assert tmp_path / ".local/share/gitcollab" == settings.read({"HOME": str(tmp_path)}).root


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("port = 70000", "port"),
        ('port = "many"', "port"),
        ("prot = 1", "no setting 'prot'"),
        ('root = "/elsewhere"', "no setting 'root'"),
        ('land = "never"', "land"),
        ("port =", "no TOML"),
        ("workers = -1", "workers"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(root: Path, content: str, told: str) -> None:
    (root / "gitcollab.toml").write_text(content)
    with pytest.raises(BadInput, match=told) as caught:
        settings.read({}, root=root)
    assert "gitcollab.toml" in caught.value.message
    assert caught.value.hint


def test_a_wrong_variable_is_named_with_its_source(root: Path) -> None:
    with pytest.raises(BadInput, match="environment: port"):
        settings.read({"GITCOLLAB_PORT": "http"}, root=root)


def test_the_manual_names_every_setting_with_its_default() -> None:
    manual = Path(settings.__file__).parent / "manual" / "running.md"
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", manual.read_text(encoding="utf-8"), re.MULTILINE)
    default = settings.read({}, root="/")
    assert {name: json.dumps(getattr(default, name)) for name in settings.NAMES} == dict(rows)
