"""The extension is put where Jupyter looks, once or many times, and nothing of it is left behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gitcollab.cli.app import called


def tree(place: Path) -> dict[str, bytes]:
    return {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}


def test_it_is_installed_for_a_person_and_taken_back_without_a_trace(hermetic: Path) -> None:
    other = hermetic / ".jupyter" / "jupyter_server_config.d" / "other.json"
    other.parent.mkdir(parents=True)
    other.write_text("{}")
    before = tree(hermetic)
    assert 0 == called(["hooks", "install"])
    made = tree(hermetic)
    enabled = json.loads(made[".jupyter/jupyter_server_config.d/gitcollab_hooks.json"])
    assert {"ServerApp": {"jpserver_extensions": {"gitcollab_hooks": True}}} == enabled
    assert ".local/share/jupyter/labextensions/gitcollab/static/remoteEntry.js" in made
    assert (0, made) == (called(["hooks", "install"]), tree(hermetic))
    assert (0, before) == (called(["hooks", "uninstall"]), tree(hermetic))
    assert (0, before) == (called(["hooks", "uninstall"]), tree(hermetic))
    assert not (hermetic / ".local/share/jupyter/labextensions").exists()


def test_a_prefix_is_as_jupyter_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == called(["hooks", "install", "--prefix", str(tmp_path), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert str(tmp_path / "etc/jupyter/jupyter_server_config.d/gitcollab_hooks.json") == said["config"]
    package = json.loads((Path(said["extension"]) / "package.json").read_text())
    assert "static/remoteEntry.js" == package["jupyterlab"]["_build"]["load"]
    called(["hooks", "status", "--prefix", str(tmp_path), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert str(Path(said["config"])) in [one["config"] for one in found["installed"]]
    assert True is found["importable"]
    assert 0 == called(["hooks", "uninstall", "--prefix", str(tmp_path)])
    assert {} == tree(tmp_path)


def test_an_older_copy_is_replaced_whole(hermetic: Path) -> None:
    stale = hermetic / ".local/share/jupyter/labextensions/gitcollab/static/stale.js"
    stale.parent.mkdir(parents=True)
    stale.write_text("old")
    called(["hooks", "install"])
    assert (False, True) == (stale.exists(), (stale.parent / "plugin.js").exists())
