"""The extension in a real Jupyter server: enabled, signed in or silent, and never in the way of a save."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from gitcollab_hooks.doors import DOING, READING

from .conftest import LIMIT, as_bytes, book, eventually
from .servers import Jupyter, running


@pytest.fixture(scope="module")
def jupyter(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with running(server, "ana", tmp_path_factory.mktemp("jupyter")) as one:
        yield one


def test_no_door_opens_without_a_sign_in(jupyter: Jupyter) -> None:
    doors = [("GET", name) for name in READING] + [("POST", name) for name in DOING]
    for token in ("", "wrong"):
        refused = {
            name: jupyter.ask(
                method, f"/gitcollab/api/{name}", {} if method == "POST" else None, token=token
            )[0]
            for method, name in doors
        }
        assert dict.fromkeys((name for _, name in doors), 403) == refused


def test_jupyter_itself_finds_no_door_that_forgot_to_ask_for_a_sign_in() -> None:
    script = """
import warnings
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import JupyterServerAuthWarning
app = ServerApp(allow_unauthenticated_access=False, jpserver_extensions={"gitcollab_hooks": True},
                reraise_server_extension_failures=True, open_browser=False, allow_root=True, port=0)
with warnings.catch_warnings(record=True) as found:
    warnings.simplefilter("always", JupyterServerAuthWarning)
    app.initialize(argv=[], new_httpserver=False)
print([str(one.message) for one in found if "gitcollab" in str(one.message)])
"""
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT * 2, check=False)
    assert (0, "[]") == (ran.returncode, ran.stdout.strip().rpartition("\n")[2]), ran.stderr


def test_what_is_no_question_is_refused_in_words(jupyter: Jupyter) -> None:
    status, said = jupyter.ask("POST", "/gitcollab/api/sync", {"no": "path"})
    assert (400, "bad-input") == (status, json.loads(said)["error"])
    assert 400 == jupyter.ask("POST", "/gitcollab/api/sync", ["list"])[0]


def test_a_saved_notebook_is_brought_at_once(jupyter: Jupyter, server: Any) -> None:
    (jupyter.directory / "plan.ipynb").write_bytes(as_bytes(book(a="x = 1\n")))
    status, made = jupyter.ask("POST", "/gitcollab/api/share", {"path": "plan.ipynb", "users": "ben"})
    assert 200 == status
    assert 200 == jupyter.save("plan.ipynb", book(a="x = 2\n"))
    ben = server.client("ben")
    eventually(lambda: b"x = 2" in ben.file(made["id"], "plan.ipynb").body)
    _, said = jupyter.ask("POST", "/gitcollab/api/sync", {"path": "plan.ipynb", "tab": "t"})
    assert (True, made["id"], "ana") == (said["tracked"], said["collab"], said["me"])


def test_what_jupyter_renames_and_deletes_is_renamed_and_deleted(jupyter: Jupyter, server: Any) -> None:
    """Two files that say the same: from the bytes alone nobody could tell which one went where."""
    (jupyter.directory / "work").mkdir()
    for name in ("one", "two", "three"):
        (jupyter.directory / "work" / f"{name}.ipynb").write_bytes(as_bytes(book(a="x = 1\n")))
    _, made = jupyter.ask("POST", "/gitcollab/api/share", {"path": "work", "users": "ben"})
    ana, session = server.client("ana"), "sessions/ana/default"
    for old, new in (("one", "first"), ("two", "second")):
        told = {"path": f"work/{new}.ipynb"}
        assert 200 == jupyter.ask("PATCH", f"/api/contents/work/{old}.ipynb", told)[0]
    assert 204 == jupyter.ask("DELETE", "/api/contents/work/three.ipynb")[0]
    wanted = {"collab.toml", "first.ipynb", "second.ipynb"}
    eventually(lambda: wanted == {one["path"] for one in ana.files(made["id"], session)})
    said = {one["message"].strip() for one in ana.log(made["id"], branch=session)}
    assert {"Rename one.ipynb to first.ipynb", "Rename two.ipynb to second.ipynb"} <= said, said


def test_a_notebook_of_nobody_elses_is_saved_as_ever(jupyter: Jupyter) -> None:
    assert 201 == jupyter.save("own.ipynb", book(a="x"))
    assert {"tracked": False} == jupyter.ask(
        "POST", "/gitcollab/api/sync", {"path": "own.ipynb", "tab": "t"}
    )[1]


def test_importing_the_extension_is_light() -> None:
    script = """
import time
begin = time.process_time(); import gitcollab_hooks; ours = time.process_time() - begin
begin = time.process_time(); import nbformat; theirs = time.process_time() - begin
print(ours / theirs)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert float(ran.stdout) <= 0.15
