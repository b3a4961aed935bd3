"""Two people, one line: what each sees, what waits, how it ends; and editors that save old copies."""

from __future__ import annotations

import json

import pytest

from gitcollab import errors

START = "x = 1\ny = 1\nz = 1\n"


def both_change_a_line(shared, actors, ana: str = "y = 2", ben: str = "y = 3"):
    """Both save at the same moment; returns the item."""
    hers = actors.edited(shared.ana.read_bytes(), a=START.replace("y = 1", ana))
    his = actors.edited(shared.ben.read_bytes(), a=START.replace("y = 1", ben))
    shared.save("ana", hers)
    shared.save("ben", his)
    shared.until(lambda: len(shared.town.ana.client.contested(shared.collab)) == 1, "one cell is contested")
    return shared.town.ana.client.contested(shared.collab)[0]


def test_a_contested_line_leaves_each_their_own_and_the_rest_flows(shared, actors) -> None:
    item = both_change_a_line(shared, actors)
    assert (shared.path, "a", "source", START) == (item["path"], item["cell"], item["field"], item["base"])
    assert {START.replace("y = 1", "y = 2"), START.replace("y = 1", "y = 3")} == {
        item["shared"],
        item["session"],
    }
    assert item["shared"] == actors.sources(shared.main())["a"]
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print(x, 'from Ana')"))
    shared.until(lambda: b"from Ana" in shared.ben.read_bytes(), "what is not contested reaches Ben")
    assert ["y = 2", "y = 3"] == [
        actors.sources(f.read_bytes())["a"].split("\n")[1] for f in (shared.ana, shared.ben)
    ]
    done = shared.town.ben.types("contested", shared.collab)
    assert (1, True) == (done.returncode, item["id"] in done.stdout)


def test_settling_by_command_reaches_both_and_leaves_nothing_open(shared, actors) -> None:
    item = both_change_a_line(shared, actors)
    settled = START.replace("y = 1", "y = 23")
    done = shared.town.ben.types("settle", shared.collab, item["id"], "--text", settled)
    assert (0, "") == (done.returncode, done.stderr)
    for file in (shared.ana, shared.ben):
        shared.until(
            lambda file=file: actors.sources(file.read_bytes())["a"] == settled, "both have the text"
        )
    assert [] == shared.town.ana.client.contested(shared.collab)
    shared.until(lambda: "settled" in [e["kind"] for e in shared.watch.events], "the settlement is told")
    clean = shared.town.ana.types("contested", shared.collab)
    assert (0, "nothing is contested\n") == (clean.returncode, clean.stderr)


def test_what_landed_is_taken_back_by_command_for_both(shared, actors) -> None:
    before = actors.sources(shared.main())["b"]
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print('too early')"))
    shared.until(lambda: b"too early" in shared.ben.read_bytes(), "it reaches Ben")
    landed = next(row for row in shared.town.ben.client.log(shared.collab) if row["act"] == "landing")
    done = shared.town.ben.types("undo", shared.collab, landed["commit"])
    assert (0, f"undid {landed['commit']}; everybody gets it\n") == (done.returncode, done.stdout)
    for file in (shared.ana, shared.ben):
        shared.until(
            lambda file=file: actors.sources(file.read_bytes())["b"] == before, "both have it as it was"
        )
    shared.until(lambda: "undone" in [e["kind"] for e in shared.watch.events], "the undo is told")


def test_settling_what_has_moved_is_refused_with_the_new_item(shared, actors) -> None:
    item = both_change_a_line(shared, actors)
    loser = "ben" if item["user"] == "ben" else "ana"
    file = getattr(shared, loser)
    shared.save(loser, actors.edited(file.read_bytes(), a=START.replace("y = 1", "y = 99")))
    shared.until(
        lambda: "y = 99" in str(shared.town.ana.client.contested(shared.collab)[0]["session"]),
        "the item has moved",
    )
    with pytest.raises(errors.Moved) as refused:
        shared.town.ana.client.settle(shared.collab, item["id"], "shared", seen=item["seen"])
    assert "y = 99" in json.dumps(refused.value.data)
    assert len(shared.town.ana.client.contested(shared.collab)) == 1


def test_an_item_closes_by_itself_when_both_agree(shared, actors) -> None:
    item = both_change_a_line(shared, actors)
    file = getattr(shared, item["user"])
    shared.save(item["user"], actors.edited(file.read_bytes(), a=item["shared"]))
    shared.until(
        lambda: [] == shared.town.ana.client.contested(shared.collab), "nothing is contested any more"
    )
    shared.until(lambda: "closed" in [e["kind"] for e in shared.watch.events], "the closing is told")


def test_a_stale_editor_that_saves_over_a_delivery_is_merged(shared, actors) -> None:
    opened = shared.ben.read_bytes()  # Ben's editor holds this all day
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print(x, y)"))
    shared.until(lambda: b"x, y" in shared.ben.read_bytes(), "Ana's edit reaches Ben's file")
    shared.save("ben", actors.edited(opened, a=START.replace("z = 1", "z = 5")))
    both = {"a": START.replace("z = 1", "z = 5"), "b": "print(x, y)"}
    shared.until(lambda: both == actors.sources(shared.main()), "main has both edits")
    shared.until_all_have(shared.main())


def test_a_stale_save_over_http_is_merged_too(shared, actors) -> None:
    client = shared.town.ben.client
    client.open_session(shared.collab, "laptop")
    old = client.session_file(shared.collab, "ben/laptop", shared.path)
    shared.save("ana", actors.edited(shared.ana.read_bytes(), b="print(1)"))
    shared.until(lambda: b"print(1)" in shared.main(), "Ana's edit has landed")
    changed = actors.edited(old.body, a=START.replace("z = 1", "z = 7"))
    made = client.save(shared.collab, "ben/laptop", shared.path, changed, base=old.etag)
    assert made["landed"]
    assert {"a": START.replace("z = 1", "z = 7"), "b": "print(1)"} == actors.sources(shared.main())
    client.close_session(shared.collab, "ben/laptop")
