"""`gitcollab git-credential` speaks git's own words: it gives tokens of ours, keeps them, and forgets them."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from gitcollab.cli import credential
from gitcollab.errors import BadInput

SERVER = ["protocol=https\n", "host=notes.example\n"]
GIVEN = [*SERVER, "username=ana\n", "password=gcp_secret\n"]


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server runs on this root."""
    monkeypatch.setenv("GITCOLLAB_ROOT", str(tmp_path / "root"))


def test_a_token_that_worked_is_kept_until_it_does_not(hermetic: Path) -> None:
    assert "" == credential.asked("get", SERVER)
    credential.asked("store", GIVEN)
    assert "username=gitcollab\npassword=gcp_secret\n" == credential.asked("get", SERVER)
    assert 0o600 == stat.S_IMODE((hermetic / ".config" / "gitcollab" / "tokens.json").stat().st_mode)
    credential.asked("erase", [*SERVER, "password=gcp_another\n"])
    assert "username=ben\npassword=gcp_secret\n" == credential.asked("get", [*SERVER, "username=ben\n"])
    credential.asked("erase", GIVEN)
    assert "" == credential.asked("get", SERVER)


def test_passwords_of_other_servers_are_not_kept(hermetic: Path) -> None:
    credential.asked("store", [*SERVER, "password=ghp_secret\n"])
    credential.asked("store", ["protocol=ssh\n", "host=notes.example\n", "password=gcp_secret\n"])
    assert {} == credential.read()
    assert "" == credential.asked("get", ["host=notes.example\n"])


def test_the_environments_token_is_for_its_own_server_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITCOLLAB_URL", "https://notes.example/hub")
    monkeypatch.setenv("GITCOLLAB_TOKEN", "gcp_environment")
    assert "gcp_environment" in credential.asked("get", SERVER)
    assert "" == credential.asked("get", ["protocol=https\n", "host=evil.example\n"])


def test_this_roots_own_server_needs_no_token(tmp_path: Path) -> None:
    for name, text in (("run/url", "http://127.0.0.1:8474"), ("private/token", "gcp_own")):
        (tmp_path / "root" / name).parent.mkdir(parents=True)
        (tmp_path / "root" / name).write_text(text)
    assert "gcp_own" in credential.asked("get", ["protocol=http\n", "host=127.0.0.1:8474\n"])


def test_what_git_never_asks_is_refused() -> None:
    with pytest.raises(BadInput):
        credential.asked("approve", [])


def test_git_asks_it_once_it_is_configured(typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    before = (tmp_path / ".git" / "config").read_bytes()
    monkeypatch.setenv("GITCOLLAB_URL", "https://notes.example/hub")
    monkeypatch.setenv("GITCOLLAB_TOKEN", "gcp_environment")
    assert 0 == typed("git-config").returncode
    filled = subprocess.run(
        ["git", "-C", str(tmp_path), "credential", "fill"],
        input="".join([*SERVER, "path=git/x.git\n", "\n"]),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert "password=gcp_environment\n" in filled.stdout, filled.stderr
    assert 0 == typed("git-config", "--undo").returncode
    assert before == (tmp_path / ".git" / "config").read_bytes()
