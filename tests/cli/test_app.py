"""The command line as a whole: every command is there, explained, and fails as the design says."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from gitcollab.cli.app import app

COMMANDS = sorted(get_command(app).commands)
WORDS = {
    "settle": ("cabcdefghi", "i1", "--take", "shared"),
    "undo": ("cabcdefghi", "1"),
    "revoke": ("cabcdefghi", "x"),
    "join": ("cabcdefghi",),
}
ASKING = (
    "log",
    "status",
    "versions",
    "contested",
    "members",
    "invite",
    "publish",
    "leave",
    "settle",
    "undo",
    "revoke",
)


def test_every_command_of_the_design_is_there() -> None:
    wanted = (
        "demo serve share join leave status log diff merge contested settle publish versions members invite revoke "
        "blame token user doctor help git-config backup restore cite contributions undo"
    )
    assert set(wanted.split()) <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_explains_itself(command: str) -> None:
    known = get_command(app).commands[command]
    assert known.help
    for parameter in [
        *known.params,
        *(p for sub in getattr(known, "commands", {}).values() for p in sub.params),
    ]:
        assert getattr(parameter, "help", None), f"{command} does not explain {parameter.name}"


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"demo", "serve", "join", "git-credential"}))
def test_every_command_that_prints_takes_json(command: str) -> None:
    known = get_command(app).commands[command]
    commands = getattr(known, "commands", {command: known}).values()
    assert all("--json" in {opt for p in one.params for opt in p.opts} for one in commands)


def test_no_words_at_all_show_the_help(typed) -> None:
    done = typed()
    assert 0 == done.returncode
    assert "Exit codes" in done.stdout


@pytest.mark.parametrize("words", [("nonsense",), ("log", "--nonsense"), ("share",), ("settle", "c")])
def test_a_usage_mistake_exits_with_2_and_says_how_it_is_written(typed, words: tuple[str, ...]) -> None:
    done = typed(*words)
    assert (2, "") == (done.returncode, done.stdout)
    assert re.match(r"gitcollab: .+\n  Usage: gitcollab", done.stderr)


@pytest.mark.parametrize("command", ASKING)
def test_without_a_server_a_command_exits_with_4_and_says_what_to_do(
    typed, command: str, tmp_path: Path
) -> None:
    words = WORDS.get(command, ("cabcdefghi",))
    done = typed(command, *words, GITCOLLAB_URL="http://127.0.0.1:9")
    assert (4, "") == (done.returncode, done.stdout)
    assert "no answer from http://127.0.0.1:9: Connection refused\n  start it with" in done.stderr
    assert 4 == typed(command, *words, GITCOLLAB_ROOT=str(tmp_path)).returncode


@pytest.mark.parametrize("number", ["MINOR", "minor", "Hotfix", "MAJOR"])
def test_the_rfc_s_words_are_understood_literally(typed, number: str) -> None:
    done = typed(
        "cabcdefghi",
        "-version",
        number,
        "--",
        "Name",
        program="publish_main",
        GITCOLLAB_URL="http://127.0.0.1:9",
    )
    assert 4 == done.returncode, done.stderr
    done = typed("bob", "nb/x.ipynb", program="share_main", GITCOLLAB_URL="http://127.0.0.1:9")
    assert (2, "gitcollab: nb/x.ipynb does not exist") == (done.returncode, done.stderr.splitlines()[0])


def test_a_number_that_is_none_is_refused_before_anything_is_asked(typed) -> None:
    done = typed(
        "publish", "cabcdefghi", "-version", "HUGE", "--", "Name", GITCOLLAB_URL="http://127.0.0.1:9"
    )
    assert (2, True) == (done.returncode, "MAJOR, MINOR or HOTFIX" in done.stderr)


def test_an_account_is_made_on_a_root_without_a_server(typed, root: Path) -> None:
    made = json.loads(
        typed("user", "add", "ana", "--display", "Ana", "--json", GITCOLLAB_ROOT=str(root)).stdout
    )
    assert ("ana", "Ana", "gcp_") == (made["name"], made["display"], made["token"][:4])
    again = typed("user", "add", "ana", GITCOLLAB_ROOT=str(root))
    assert (2, True) == (again.returncode, "there is a user 'ana' already" in again.stderr)
    assert 2 == typed("user", "add", "Not A Name", GITCOLLAB_ROOT=str(root)).returncode
    assert "ana  Ana\n" == typed("user", "list", GITCOLLAB_ROOT=str(root)).stdout
    assert 0o700 == (root / "private").stat().st_mode & 0o777


def test_the_local_token_goes_to_the_local_server_only(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gitcollab.cli.place import token_for

    for name, text in (("run/url", "http://127.0.0.1:8474\n"), ("private/token", "gcp_local\n")):
        (root / name).parent.mkdir()
        (root / name).write_text(text)
    monkeypatch.setenv("GITCOLLAB_ROOT", str(root))
    assert "gcp_local" == token_for("http://127.0.0.1:8474/")
    assert "" == token_for("http://example.org")
    monkeypatch.setenv("GITCOLLAB_TOKEN", "gcp_mine")
    assert "gcp_mine" == token_for("http://example.org")


def test_python_m_gitcollab_is_the_same_program(typed) -> None:
    assert sys.executable  # the git driver is called through it
    assert "gitcollab 0." in typed("--version").stdout
