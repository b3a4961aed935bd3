"""More around an open notebook: a token that ends, a notebook of nobody else's, pages below Jupyter's own address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from gitcollab.repository import Repository

from .jupyters import Stage, environment, eventually, jupyter, notebook
from .labs import made

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("labs")


@pytest.fixture(scope="module")
def labs(server: Any, chromium: Any, place: Path) -> Iterator[Stage]:
    """Ana's Jupyter finds its token where the root of a server on the same machine keeps it; Ben's as ever."""
    root = place / "ana-root"
    for name, said in (("run/url", server.url), ("private/token", server.client("ana").transport.token)):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(said)
    mine = {"GITCOLLAB_ROOT": str(root), "XDG_STATE_HOME": str(place / "ana-state")}
    with ExitStack() as last:
        labs = {
            person: last.enter_context(jupyter(made("lab-4.6"), person, place, env))
            for person, env in (("ana", mine), ("ben", environment(server, "ben", place)))
        }
        found = Stage(server, labs, chromium)
        last.callback(found.close)
        yield found


def test_a_notebook_in_no_collab_is_left_in_peace(stage: Stage) -> None:
    (stage.jupyters["ana"].directory / "own.ipynb").write_bytes(notebook("x = 1"))
    with_answer = "() => performance.getEntriesByType('resource').some(one => one.name.includes('/api/sync'))"
    ana = stage.opens("ana", "own.ipynb")
    ana.until(with_answer)
    ana.replaces(0, "x = 2")
    ana.saves()
    ana.has_on_disk("x = 2")
    assert "" == ana.page.locator(".gitcollab-status").inner_text()
    assert 0 == ana.page.locator("[class*=gitcollab-mark], .Toastify__toast").count()
    assert "gitcollab" not in json.loads((ana.jupyter.directory / "own.ipynb").read_bytes())["metadata"]
    ana.has_no_dialog()


def test_who_is_signed_out_is_told_so_goes_on_and_is_caught_up_after_a_new_sign_in(
    stage: Stage, place: Path
) -> None:
    path = stage.shared("expired", notebook("x = 1", "y = 1"))
    ana, ben = stage.opens("ana", path), stage.opens("ben", path)
    for one in (ana, ben):
        one.is_tracked()
    kept = place / "ana-root" / "private" / "token"
    secret = kept.read_text()
    kept.write_text(secret[:-4] + "aaaa")
    ana.replaces(0, "x = 2")
    ana.saves()
    ana.until(
        "() => document.querySelector('.gitcollab-status').title.includes('Saving works as ever')"
        " || document.querySelector('.gitcollab-status').title.includes('ign in')"
    )
    ana.has_on_disk("x = 2", "y = 1")
    ana.has_no_dialog()
    ben.replaces(1, "y = 2")
    ben.saves()
    kept.write_text(secret)
    ana.runs("gitcollab:panel")
    ana.js("() => window.dispatchEvent(new Event('focus'))")
    ana.sees(1, "y = 2")
    ben.sees(0, "x = 2")
    for one in (ana, ben):
        one.has_on_disk("x = 2", "y = 2")
        one.has_no_dialog()


def test_the_pages_are_seen_live_under_jupyters_own_address(stage: Stage) -> None:
    path = stage.shared("viewed", notebook("x = 1", "y = 1"))
    ana = stage.opens("ana", path)
    ana.is_tracked()
    ana.runs("gitcollab:panel")
    link = ana.page.get_by_role("link", name="Open in the browser")
    link.wait_for()
    there = str(link.get_attribute("href")).removeprefix(stage.server.url)
    page = ana.page.context.new_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(f"{ana.jupyter.url}/gitcollab/view{there}")
    page.get_by_text("x = 1").first.wait_for()
    ana.page.bring_to_front()
    ana.replaces(0, "x = 2000")
    ana.saves()
    page.bring_to_front()
    pill = page.locator("#pill")
    pill.wait_for()
    pill.click()
    eventually(lambda: "2000" in page.inner_text("main"), lambda: page.inner_text("main"))
    assert [] == problems


SHARERS = """
from jupyter_server.auth import IdentityProvider, User

class Sharers(IdentityProvider):
    def get_user(self, handler):
        who = handler.get_cookie("who")
        if not who:
            return super().get_user(handler)
        handler._token_authenticated = True
        return User(username=who, name=who.title(), display_name=who.title())

c.ServerApp.identity_provider_class = Sharers
"""
"""A Jupyter that several people use, each by a name of their own."""


def test_those_who_write_in_one_live_document_are_named_in_its_saves(
    server: Any, chromium: Any, tmp_path: Path
) -> None:
    config = tmp_path / "ana-home" / ".jupyter" / "jupyter_server_config.py"
    config.parent.mkdir(parents=True)
    config.write_text(SHARERS)
    with jupyter(made("lab-live"), "ana", tmp_path, environment(server, "ana", tmp_path)) as shared:
        (shared.directory / "plan.ipynb").write_bytes(notebook("x = 1", "y = 1"))
        made_of = server.client("ana").share(["ben"], [shared.directory / "plan.ipynb"])
        stage = Stage(server, {"ana": shared}, chromium)
        cookie = {"name": "who", "domain": "127.0.0.1", "path": "/"}
        for who, cell in (("ben", 0), ("maya", 1)):
            cookies = [{**cookie, "value": who, "expires": -1, "httpOnly": False, "secure": False}]
            lab = stage.opens("ana", "plan.ipynb", storage_state={"cookies": cookies, "origins": []})
            lab.until("() => Boolean(window.jupyterapp.shell.currentWidget.context.model.collaborative)")
            lab.is_tracked()
            lab.types(cell, f"  # {who}")
            lab.page.keyboard.press("Control+s")
            data = f"# {who}".encode()
            eventually(
                lambda data=data: data in server.client("ben").file(made_of["id"], "plan.ipynb").body,
                lab.standing,
            )
        repo = Repository(server.root / "collabs" / f"{made_of['id']}.git")
        wanted = {"Ben <ben@gitcollab.invalid>", "Maya <maya@jupyter.invalid>"}
        eventually(lambda: wanted <= credited(repo), lab.standing)
        assert wanted == credited(repo)
        stage.close()
        assert "cannot tell who" not in shared.log.read_text()


def credited(repo: Repository) -> set[str]:
    line = repo.line(repo.head("refs/heads/sessions/ana/default") or "")
    return {name for one in line for name in one.trailers.get("Co-authored-by", ())}
