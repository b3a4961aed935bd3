"""What the front end asks for, at a real server: exact versions, patches, drafts, and trouble that costs no work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitcollab.errors import BadInput, NotFound

from .conftest import Partner, as_bytes, book, eventually, sources

Make = Callable[..., Partner]


@pytest.fixture
def ana(partner: Make) -> Partner:
    return partner("ana")


@pytest.fixture
def shared(server: Any, ana: Partner, partner: Make) -> tuple[Partner, Partner, str]:
    """Ana's notebook, which Ben has in a workspace of his own; both have it open."""
    (ana.one.root / "plan.ipynb").write_bytes(as_bytes(book(a="x = 1\n", b="y = 1\n")))
    made = ana.one.share({"path": "plan.ipynb", "users": "ben"})
    ben = partner("ben", Path(made["directory"]))
    eventually((ben.one.root / "plan.ipynb").exists)
    return ana, ben, made["id"]


def test_a_notebook_in_no_collab_is_left_alone(ana: Partner) -> None:
    (ana.one.root / "own.ipynb").write_bytes(as_bytes(book(a="x")))
    assert {"tracked": False} == ana.sync("own.ipynb")
    assert [] == ana.news


@pytest.mark.parametrize("path", ["../ben/plan.ipynb", "a/../../x", "a\0b"])
def test_no_path_leads_out_of_what_jupyter_serves(ana: Partner, path: str) -> None:
    with pytest.raises(BadInput):
        ana.one.sync({"path": path, "tab": "t"})


def test_a_save_is_brought_and_names_the_version_of_the_copy(shared: Any) -> None:
    ana, _, _ = shared
    first = ana.sync("plan.ipynb")
    assert (True, None, "ana/default") == (first["tracked"], first["patch"], first["session"])
    ana.write("plan.ipynb", a="x = 2\n", b="y = 1\n")
    second = ana.sync("plan.ipynb", version=first["version"])
    assert first["version"] != second["version"] == second["head"]


def test_what_the_other_saves_comes_as_a_patch_and_the_open_file_is_left_alone(shared: Any) -> None:
    ana, ben, _ = shared
    opened = ben.sync("plan.ipynb")
    ana.sync("plan.ipynb")
    before = (ben.one.root / "plan.ipynb").read_bytes()
    ana.write("plan.ipynb", a="x = 2\n", b="y = 1\n")
    ana.sync("plan.ipynb")
    found = ben.sync("plan.ipynb", is_saved=False, version=opened["version"])
    assert ("x = 1\n", "x = 2\n") == tuple(
        found["patch"]["cells"]["a"][side]["source"] for side in ("before", "after")
    )
    assert False is found["disk"]["is_head"]
    assert before == (ben.one.root / "plan.ipynb").read_bytes()
    ben.one.release("plan.ipynb", "tab")
    eventually(lambda: "x = 2\n" == sources((ben.one.root / "plan.ipynb").read_bytes())["a"])


def test_a_copy_that_leaves_a_cell_as_it_was_loses_nothing(shared: Any) -> None:
    """What the front end does with a cell that its person is changing: it stays, and so does the stamp."""
    ana, ben, _collab = shared
    ben.sync("plan.ipynb")
    ana.sync("plan.ipynb")
    ana.write("plan.ipynb", a="x = 2\n", b="y = 2\n")
    ana.sync("plan.ipynb")
    ben.write("plan.ipynb", a="x = 3\n", b="y = 2\n")
    saved = ben.sync("plan.ipynb")
    assert ("", "") == (saved["receipt"].get("forked", ""), saved["receipt"].get("question", ""))
    assert [("a", "x = 2\n", "x = 3\n")] == [
        (item["cell"], item["shared"], item["session"]) for item in saved["contested"]
    ]
    assert not saved["patch"] or "a" not in saved["patch"]["cells"]
    ben.one.settle({"path": "plan.ipynb", "item": saved["contested"][0]["id"], "take": "both"})
    after = ana.sync("plan.ipynb", is_saved=False, version=ana.sync("plan.ipynb")["version"])
    assert [] == after["contested"]
    assert "x = 2\nx = 3\n" == after["patch"]["cells"]["a"]["after"]["source"]


def test_a_digest_of_another_file_brings_nothing(shared: Any) -> None:
    ana, _, _ = shared
    found = ana.sync("plan.ipynb", is_saved=False, hash="0" * 64)
    assert (None, "", None) == (found["receipt"], found["version"], found["patch"])


def test_a_file_that_was_written_as_the_head_has_it_says_so(shared: Any) -> None:
    ana, ben, _ = shared
    opened = ben.sync("plan.ipynb")
    ben.one.release("plan.ipynb", "tab")
    ana.write("plan.ipynb", a="x = 2\n", b="y = 1\n")
    ana.sync("plan.ipynb")
    eventually(lambda: "x = 2\n" == sources((ben.one.root / "plan.ipynb").read_bytes())["a"])
    found = ben.sync("plan.ipynb", is_saved=False, version=opened["version"])
    assert True is found["disk"]["is_head"]


def test_what_another_program_wrote_is_not_lost_by_an_overwrite(shared: Any, server: Any) -> None:
    """The watcher waits a moment before it looks at a file: whoever overwrites sooner would lose what was there."""
    ana, _ben, collab = shared
    file = ana.one.root / "plan.ipynb"
    ana.sync("plan.ipynb")
    before = file.read_bytes()
    file.write_bytes(before.replace(b"y = 1", b"y = 2"))  # vim, say
    ana.one.saving("plan.ipynb")
    file.write_bytes(before.replace(b"x = 1", b"x = 2"))  # Jupyter, from its model
    ana.one.saved(str(file))
    wanted = {"a": "x = 2\n", "b": "y = 2\n"}
    eventually(lambda: wanted == sources(server.client("ana").file(collab, "plan.ipynb").body))


def test_a_save_of_what_came_in_brings_nothing_old_back(shared: Any, server: Any) -> None:
    """The file of an open notebook is older than its model, which has taken in what others did since."""
    ana, ben, collab = shared
    opened = ana.sync("plan.ipynb")
    ben.sync("plan.ipynb")
    ben.write("plan.ipynb", a="x = 1\n", b="y = 2\n")
    ben.one.saved(str(ben.one.root / "plan.ipynb"))
    ben.sync("plan.ipynb")
    head = ana.sync("plan.ipynb", is_saved=False, version=opened["version"])["head"]
    ana.sync("plan.ipynb", is_saved=False, version=head)
    ana.one.saving("plan.ipynb")
    ana.write("plan.ipynb", a="x = 2\n", b="y = 2\n")
    ana.one.saved(str(ana.one.root / "plan.ipynb"))
    ana.sync("plan.ipynb", version=head)
    found = sources(server.client("ana").file(collab, "plan.ipynb").body)
    assert {"a": "x = 2\n", "b": "y = 2\n"} == found


# --- a room of jupyter-collaboration -------------------------------------------------------------------------------


def test_of_two_tabs_in_a_room_one_takes_in(shared: Any) -> None:
    ana, ben, _ = shared
    opened = ben.sync("plan.ipynb", hash="live")
    ana.write("plan.ipynb", a="x = 2\n", b="y = 1\n")
    ana.sync("plan.ipynb")
    stamp = json.loads((ben.one.root / "plan.ipynb").read_bytes())["metadata"]["gitcollab"]["version"]

    def says(tab: str, **more: Any) -> Any:
        return ben.one.sync({"path": "plan.ipynb", "tab": tab, "hash": "live", "version": stamp, **more})

    assert opened["turn"]
    assert [(True, True), (False, True)] == [
        (said["turn"], bool(said["patch"])) for said in (says("tab"), says("other"))
    ]
    assert [False, True] == [says("tab", takes=False)["turn"], says("other")["turn"]]


def test_what_a_room_took_in_and_has_not_saved_does_not_come_again(shared: Any) -> None:
    ana, ben, _ = shared
    ben.sync("plan.ipynb", hash="live")
    ana.write("plan.ipynb", a="x = 2\n", b="y = 1\n")
    ana.sync("plan.ipynb")
    stamp = json.loads((ben.one.root / "plan.ipynb").read_bytes())["metadata"]["gitcollab"]["version"]
    said = ben.sync("plan.ipynb", hash="live", version=stamp)
    assert ["a"] == list(said["patch"]["cells"])
    again = ben.sync("plan.ipynb", hash="live", version=said["head"])
    assert (None, said["head"]) == (again["patch"], again["version"])


# --- drafts --------------------------------------------------------------------------------------------------------


def test_a_draft_can_be_taken_up_again_and_is_gone_once_the_file_is_saved(shared: Any, partner: Make) -> None:
    ana, _, _collab = shared
    opened = ana.sync("plan.ipynb")
    unsaved = book(a="x = 1\n", b="y = 1000\n")
    ana.one.draft({"path": "plan.ipynb", "tab": "tab", "version": opened["version"], "content": unsaved})
    later = partner("ana")  # Jupyter was started anew
    found = later.sync("plan.ipynb")
    assert "tab" == found["draft"]["tab"]
    patch = later.one.recover("plan.ipynb")["patch"]
    assert {"b": "y = 1000\n"} == {id: each["after"]["source"] for id, each in patch["cells"].items()}
    later.write("plan.ipynb", a="x = 1\n", b="y = 1000\n")
    later.one.saved(str(later.one.root / "plan.ipynb"))
    eventually(lambda: any(news["kind"] == "taken" for news in later.news))
    assert None is later.sync("plan.ipynb")["draft"]
    with pytest.raises(NotFound):
        later.one.recover("plan.ipynb")


def test_a_draft_is_seen_and_does_not_land(shared: Any, server: Any) -> None:
    ana, _, collab = shared
    before = server.client("ben").resolve(collab, "main")
    unsaved = book(a="x = 1\n", b="y = 1000\n")
    unsaved["cells"][0]["metadata"]["trusted"] = True
    unsaved["cells"][0]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": "secret"}]
    ana.one.draft({"path": "plan.ipynb", "tab": "t", "version": "", "content": unsaved, "outputs": False})
    drafted = next(one for one in server.client("ben").events(collab, 0) if one["kind"] == "drafted")
    assert "y = 1000" in json.dumps(drafted)
    data = server.client("ben").file(collab, "plan.ipynb", drafted["commit"]).body
    assert b"secret" not in data
    assert b"trusted" not in data
    assert before == server.client("ben").resolve(collab, "main")


# --- the hook ------------------------------------------------------------------------------------------------------


def test_a_save_that_cannot_be_brought_is_brought_when_the_server_is_back(
    shared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _ben, _ = shared
    monkeypatch.setattr("gitcollab_hooks.taking.PAUSE", 0.1)
    url = ana.one.server.client().transport.url
    ana.one.server.client().transport._port = 9  # nobody listens there
    ana.one.server.client().close()
    ana.write("plan.ipynb", a="x = 7\n", b="y = 1\n")
    ana.one.saved(str(ana.one.root / "plan.ipynb"))
    eventually(lambda: any(news["kind"] == "waiting" for news in ana.news))
    ana.one.server.client().transport._port = int(url.rpartition(":")[2])
    eventually(lambda: any(news["kind"] == "taken" for news in ana.news))
    assert "plan.ipynb" == next(news["path"] for news in ana.news if news["kind"] == "taken")


def test_the_hook_costs_a_save_next_to_nothing(ana: Partner, record_property: Any) -> None:
    import time

    start = time.perf_counter()
    for _ in range(1000):
        ana.one.saved(str(ana.one.root / "nowhere.ipynb"))
    each = time.perf_counter() - start
    record_property("figures", f"hook on a save: {each * 1000:.1f} µs (bound: 2 ms)")
    assert each / 1000 < 0.002


# --- all of them ---------------------------------------------------------------------------------------------------


def test_what_others_do_is_told_as_news(shared: Any) -> None:
    ana, ben, collab = shared
    ana.sync("plan.ipynb")
    ben.write("plan.ipynb", a="x = 1\n", b="y = 5\n")
    eventually(lambda: collab in ana.one.news._followed)

    def has_landed() -> bool:
        ben.sync("plan.ipynb")
        return any(news["kind"] == "landed" and news["user"] == "ben" for news in ana.news)

    eventually(has_landed, ana.news)


def test_an_invitation_is_told_once_and_opens_by_a_link(
    server: Any, ana: Partner, partner: Make, monkeypatch: Any
) -> None:
    monkeypatch.setattr("gitcollab_hooks.news.ROUND", 0.1)
    ben = partner("ben")
    ben.one.standing()
    eventually(lambda: ben.one.notes.get("collabs") is not None)
    (ana.one.root / "trip.ipynb").write_bytes(as_bytes(book(a="x")))
    made = ana.one.share({"path": "trip.ipynb", "users": "ben"})
    eventually(lambda: [made["id"]] == [news["collab"] for news in ben.news if news["kind"] == "invited"])
    opened = ben.one.open(made["id"])
    assert {"path": "trip/trip.ipynb", "is_notebook": True} == opened == ben.one.open(made["id"])
    eventually((ben.one.root / "trip" / "trip.ipynb").exists)
    assert ben.sync("trip/trip.ipynb")["tracked"]


def test_sharing_with_nobody_is_refused(ana: Partner) -> None:
    with pytest.raises(BadInput):
        ana.one.share({"path": "plan.ipynb", "users": " , "})


def test_a_version_is_published(shared: Any) -> None:
    ana, _, _ = shared
    ana.sync("plan.ipynb")
    assert "1.0.0" == ana.one.publish({"path": "plan.ipynb", "bump": "", "message": "first"})["version"]
    ana.write("plan.ipynb", a="x = 2\n", b="y = 1\n")
    ana.sync("plan.ipynb")
    assert "1.1.0" == ana.one.publish({"path": "plan.ipynb", "bump": "minor"})["version"]
    assert ["1.1.0", "1.0.0"] == [one["version"] for one in ana.one.overview("plan.ipynb")["versions"]]


def test_a_collab_that_has_ended_leaves_the_notebook_alone(shared: Any, server: Any) -> None:
    ana, _ben, collab = shared
    ana.sync("plan.ipynb")
    server.client("ana").end(collab)
    assert {"tracked": False} == ana.sync("plan.ipynb", fresh=True)
    assert {"a": "x = 1\n", "b": "y = 1\n"} == sources((ana.one.root / "plan.ipynb").read_bytes())


def test_a_file_deleted_by_the_others_is_said_to_be_gone_and_stays_while_it_is_open(
    shared: Any, server: Any
) -> None:
    ana, ben, collab = shared
    opened = ben.sync("plan.ipynb")
    ana.sync("plan.ipynb")
    ana.one.release("plan.ipynb", "tab")
    (ana.one.root / "plan.ipynb").unlink()
    eventually(lambda: server.client("ana").sweep(collab) or "plan.ipynb" not in names(server, collab))
    found = ben.sync("plan.ipynb", is_saved=False, version=opened["version"])
    assert True is found["gone"]
    assert (ben.one.root / "plan.ipynb").exists()


def names(server: Any, collab: str) -> list[str]:
    return [entry["path"] for entry in server.client("ana").files(collab)]
