"""The RFC's two verbs as they are typed."""

from __future__ import annotations

from pathlib import Path

from gitcollab.notebooks import strip


def test_publish_types_as_the_rfc_writes_it(shared, actors) -> None:
    def publish(*words: str):
        return shared.town.ana.types(*words, program="publish_main")

    done = publish(shared.collab, "-version", "MINOR", "--", shared.name)
    assert (0, f"{shared.path} 1.0.0  ({shared.name}/v1.0.0)\n") == (done.returncode, done.stdout), (
        done.stderr
    )
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print(2)"))
    shared.until(lambda: b"print(2)" in shared.main(), "the edit has landed")
    done = publish(shared.collab, "--dry-run", "--", shared.name)
    assert (0, True) == (done.returncode, "since 1.0.0 suggest HOTFIX (1.0.1)" in done.stdout), done.stderr
    done = publish(shared.collab, "-version", "hotfix", "-m", "a repair", "--", shared.path)
    assert f"{shared.path} 1.0.1" in done.stdout, done.stderr
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print(3)"))
    done = publish(f"ben,ana:{shared.name}", "-version", "MAJOR", "--", shared.name)
    assert (2, True) == (done.returncode, "needs a message" in done.stderr)
    done = publish(f"ben,ana:{shared.name}", "-version", "MAJOR", "-m", "all new", "--", shared.name)
    assert f"{shared.path} 2.0.0" in done.stdout, done.stderr
    assert b"print(3)" in shared.main("2.0.0"), "what lay saved was not taken in first"
    assert b"print(2)" in shared.main("1.0.1")
    assert ["2.0.0", "1.0.1", "1.0.0"] == [
        v["version"] for v in shared.town.ben.told("versions", shared.collab)
    ]
    told = shared.town.ben.told("diff", f"{shared.collab}:1.0.1", f"{shared.collab}:2.0.0")
    assert "print(3)" == told["files"][0]["cells"][0]["after"]


def test_publish_in_a_workspace_needs_no_name(shared) -> None:
    done = shared.town.ana.types("publish", cwd=shared.ana.parent)
    assert (0, f"{shared.path} 1.0.0  ({shared.name}/v1.0.0)\n") == (done.returncode, done.stdout), (
        done.stderr
    )
    again = shared.town.ana.types("publish", "--", shared.name, cwd=shared.ana.parent)
    assert (2, True) == (again.returncode, "nothing has changed" in again.stderr)


def test_what_is_contested_is_not_published(shared, actors) -> None:
    for who, line in (("ana", "x = 2"), ("ben", "x = 3")):
        shared.save(who, actors.edited(getattr(shared, who).read_bytes(), a=f"{line}\ny = 1\nz = 1\n"))
    shared.until(lambda: shared.town.ana.client.contested(shared.collab), "a cell is contested")
    done = shared.town.ana.types("publish", shared.collab, "--", shared.name)
    assert (1, True) == (done.returncode, "contested" in done.stderr)
    assert [] == shared.town.ana.client.versions(shared.collab)


def test_an_editor_may_not_publish_and_a_stranger_sees_nothing(shared) -> None:
    assert 3 == shared.town.ben.types("publish", shared.collab, "--", shared.name).returncode
    done = shared.town.cleo.types("log", shared.collab)
    assert (3, True) == (done.returncode, "gitcollab: " in done.stderr)


def test_sharing_again_finds_the_same_collab_and_says_the_four_things(town) -> None:
    file = town.ana.home / "nb" / "one.ipynb"
    file.parent.mkdir()
    file.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n')
    (file.parent / "secret.txt").write_text("not shared\n")
    first = town.ana.types("ben", "nb/one.ipynb", "--json", program="share_main")
    assert 0 == first.returncode, first.stderr
    made, again = (town.ana.told("share", who, str(file)) for who in ("ben", "ben"))
    assert ["id", "alias", "link", "directory"] == list(made)
    assert (made["id"], "ana,ben:one") == (again["id"], made["alias"])
    assert made["link"].startswith(f"{town.url}/join/")
    assert made["link"] != again["link"]
    assert str(town.house.root / "workspaces" / made["id"] / "ben") == made["directory"]
    assert ["collab.toml", "one.ipynb"] == [entry["path"] for entry in town.ben.client.files(made["id"])]
    assert [] == [path.name for path in file.parent.iterdir() if path.name.startswith(".gitcollab")]
    for_two = town.ana.told("share", "ben,cleo", str(file))
    assert (made["id"], str(town.house.root / "workspaces" / made["id"])) == (
        for_two["id"],
        for_two["directory"],
    )


def test_a_directory_is_shared_whole(town, actors) -> None:
    (town.ana.home / "project" / "src").mkdir(parents=True)
    (town.ana.home / "project" / "src" / "tool.py").write_text("one = 1\n")
    (town.ana.home / "project" / "a.ipynb").write_bytes(actors.book(a="1"))
    made = town.ana.told("share", "ben", "project")
    paths = {entry["path"] for entry in town.ben.client.files(made["id"])}
    assert {"a.ipynb", "src/tool.py"} <= paths
    assert "one = 1\n" == (Path(made["directory"]) / "src" / "tool.py").read_text()
    assert actors.book(a="1") == strip((Path(made["directory"]) / "a.ipynb").read_bytes())[0]


def test_a_link_makes_an_editor_until_it_is_revoked(shared) -> None:
    ana, cleo = shared.town.ana, shared.town.cleo
    made = ana.told("invite", shared.collab, "--uses", "1")
    assert shared.collab == cleo.client.redeem(made["code"])["id"]
    assert ["ana", "ben", "cleo"] == sorted(m["user"] for m in cleo.told("members", shared.collab))
    second = ana.told("invite", shared.collab)
    assert 0 == ana.types("revoke", shared.collab, second["id"]).returncode
    assert 0 == ana.types("revoke", shared.collab, "cleo").returncode
    assert 3 == cleo.types("log", shared.collab).returncode


def test_leaving_takes_in_what_lies_there_and_keeps_everything(shared, actors) -> None:
    shared.save("ben", actors.edited(shared.ben.read_bytes(), b="print('last words')"))
    done = shared.town.ben.types("leave", shared.collab)
    assert 0 == done.returncode, done.stderr
    shared.until(lambda: b"last words" in shared.main(), "the last save has landed")
    assert shared.ben.exists()


def test_status_says_how_work_stands(shared) -> None:
    told = shared.town.ben.told("status", shared.collab)
    (collab,) = told["collabs"]
    (session,) = collab["sessions"]
    assert ("editor", "ben/default", 0, 0, []) == (
        collab["role"],
        session["session"],
        session["waiting"],
        session["behind"],
        collab["contested"],
    )
    assert str(shared.ben.parent) == session["workspace"]
