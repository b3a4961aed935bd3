"""collab.toml is changed at the places that a form names, and nowhere else."""

from __future__ import annotations

import tomllib

import pytest

from gitcollab.errors import BadInput
from gitcollab.web.pages.charter import CHOICES, SWITCHES, TEXTS, Said, asked, edited, read

WRITTEN = """\
# ours
title = "Rain"   # as on the cover
licence = 'MIT'

[merge]
outputs = "shared"

[gates]  # before publishing
errors = true

[other]
errors = 1
"""


def test_only_what_is_changed_is_written_anew() -> None:
    made = edited(
        WRITTEN, {("", "licence"): "CC-BY-4.0", ("", "tracker"): "https://a.org/1", ("gates", "order"): True}
    )
    assert made == WRITTEN.replace("'MIT'\n", '"CC-BY-4.0"\ntracker = "https://a.org/1"\n').replace(
        "errors = true\n", "errors = true\norder = true\n"
    )


def test_a_table_that_is_not_there_is_made() -> None:
    made = edited('title = "Rain"\n', {("policies", "landing"): "request"})
    assert made == 'title = "Rain"\n\n[policies]\nlanding = "request"\n'
    assert edited("", {("gates", "run"): True}) == "[gates]\nrun = true\n"


@pytest.mark.parametrize("text", ["\U0001f30a", '"\\', "\x7f\x1b", "'''", "a\u2028b\u0085c"])
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert text == tomllib.loads(edited(WRITTEN, {("", "description"): text}))["description"]


@pytest.mark.parametrize(
    "written",
    [
        'description = """\ntwo\nlines"""\n',
        "gates = {errors = true}\n",
        "gates.errors = true\n",
        "policies = 1\n",
    ],
)
def test_what_cannot_be_changed_line_by_line_is_left_alone(written: str) -> None:
    changed = {("", "description"): "one", ("gates", "errors"): False, ("policies", "landing"): "request"}
    with pytest.raises(BadInput):
        edited(written, changed)


def form(said: Said) -> dict[str, str]:
    """What a browser sends of the form as it was shown."""
    sent = {".".join(filter(None, key)): said.of(*key) for key in (*TEXTS, *CHOICES)}
    return sent | {".".join(key): "yes" for key in SWITCHES if said.of(*key)}


@pytest.mark.parametrize("written", [WRITTEN, "", "a = [", 'licence = 3\n[policies]\nlanding = "never"\n'])
def test_a_form_sent_back_as_it_was_changes_nothing(written: str) -> None:
    said = read(written, "x")
    assert {} == asked(form(said), said)


def test_a_form_says_what_shall_be_otherwise() -> None:
    said = read(WRITTEN, "x")
    sent = form(said) | {"policies.delivery": "request", "licence": " \n"}
    del sent["gates.errors"]
    wanted = {("policies", "delivery"): "request", ("", "licence"): "", ("gates", "errors"): False}
    assert wanted == asked(sent, said)
    for wrong in (
        {"policies.landing": "never"},
        {"tracker": "javascript:alert(1)"},
        {"gates.status": "file:///etc/passwd"},
        {"gates.agree": "maybe"},
        {"title": " "},
    ):
        with pytest.raises(BadInput):
            asked(form(said) | wrong, said)


def test_a_command_is_shown_and_no_form_can_set_one() -> None:
    said = read('[gates]\ncommand = "pytest"\n', "x")
    assert "pytest" == said.of("gates", "command")
    assert {} == asked(form(said) | {"gates.command": "rm -rf /"}, said)


def test_gates_that_are_passed_elsewhere_can_be_asked_for() -> None:
    said = read(WRITTEN, "x")
    sent = form(said) | {"gates.run": "yes", "gates.agree": "text", "gates.status": "https://ci.example.org/"}
    wanted = {
        ("gates", "run"): True, ("gates", "agree"): "text", ("gates", "status"): "https://ci.example.org/",
    }  # fmt: skip
    assert wanted == asked(sent, said)
    gates = tomllib.loads(edited(WRITTEN, wanted))["gates"]
    assert {"errors": True, "run": True, "agree": "text", "status": "https://ci.example.org/"} == gates
