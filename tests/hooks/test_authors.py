"""One Jupyter server that several people use: a save names those who have made it, and nobody who was made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gitcollab_hooks.authors import Authors, clocks, named

from gitcollab.repository import Repository

from .conftest import as_bytes, book, eventually
from .servers import Jupyter, running

CONFIG = """
from jupyter_server.auth import IdentityProvider, User

class Sharers(IdentityProvider):
    def get_user(self, handler):
        if "token" not in handler.request.headers.get("Authorization", ""):
            return None
        handler._token_authenticated = True
        who = handler.request.headers.get("X-Who", "ana")
        return User(username=who, display_name=who.title())

c.ServerApp.identity_provider_class = Sharers
"""


@pytest.fixture(scope="module")
def jupyter(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """Ana's, which Ben and Maya use, too."""
    place = tmp_path_factory.mktemp("jupyter")
    (place / "config.py").write_text(CONFIG)
    with running(server, "ana", place, f"--config={place / 'config.py'}") as one:
        yield one


def test_each_save_names_who_asked_jupyter_for_it(jupyter: Jupyter, server: Any) -> None:
    (jupyter.directory / "plan.ipynb").write_bytes(as_bytes(book(a="x = 1\n")))
    _, made = jupyter.ask("POST", "/gitcollab/api/share", {"path": "plan.ipynb", "users": "ben"})
    repo = Repository(server.root / "collabs" / f"{made['id']}.git")
    nobody = "0123456789abcdef" * 2
    for number, who in enumerate(("ben", "ana", "maya", nobody), 2):
        assert 200 == jupyter.save("plan.ipynb", book(a=f"x = {number}\n"), who=who)
        is_in = f"x = {number}".encode()
        eventually(lambda is_in=is_in: is_in in server.client("ben").file(made["id"], "plan.ipynb").body)
    wanted = {"Ben <ben@gitcollab.invalid>", "Maya <maya@jupyter.invalid>"}
    eventually(lambda: wanted <= credited(repo), lambda: credited(repo))
    assert wanted == credited(repo)


def credited(repo: Repository) -> set[str]:
    line = repo.line(repo.head("refs/heads/sessions/ana/default") or "")
    return {name for one in line for name in one.trailers.get("Co-authored-by", ())}


def test_what_is_brought_is_credited_once_under_whatever_name_the_file_has(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    one, file = Authors(), tmp_path.resolve() / "real" / "x.ipynb"
    one.note(str(tmp_path / "link" / "x.ipynb"), {"ben": "Ben"})
    one.note(str(file), {"maya": ""})
    one.note(str(file.with_name("y.ipynb")), {"dan": ""})
    assert {"ben": "Ben", "maya": ""} == one.of(file)
    one.forget(file, {"ben": "Ben"})
    assert {"maya": ""} == one.of(file)


def test_browsers_that_only_showed_a_token_are_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {} == named("f" * 32, "Anonymous Ananke")
    assert {"ben": ""} == named("ben", None)
    monkeypatch.setenv("JUPYTERHUB_USER", "ben")
    assert {} == named("ben", "Ben")


def test_a_state_vector_says_how_much_each_browser_has_written() -> None:
    """Two clients, 77 with 2 operations and 2 ** 31 + 5 with 300, as lib0 encodes them."""
    vector = bytes([2, 77, 2, 0x85, 0x80, 0x80, 0x80, 0x08, 0xAC, 0x02])
    assert {77: 2, 2**31 + 5: 300} == clocks(vector)
    assert {} == clocks(b"\0")
