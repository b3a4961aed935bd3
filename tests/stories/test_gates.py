"""What a collab asks of a notebook before it is published, as maintainers meet it."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def asks(shared: Any, *gates: str) -> None:
    """Ana says in collab.toml what is asked."""
    text = "\n".join(["[gates]", *gates, ""]).encode()
    ana = shared.town.ana.client
    ana.save(shared.collab, "ana/default", "collab.toml", text)
    shared.until(lambda: ana.file(shared.collab, "collab.toml").body == text, "collab.toml has landed")


def publish(person: Any, shared: Any) -> tuple[int, str]:
    done = person.types("publish", shared.collab, "--", shared.name)
    return done.returncode, done.stdout + done.stderr


def test_a_notebook_is_run_before_it_is_published(town: Any, actors: Any) -> None:
    file: Path = town.ana.home / "seven.ipynb"
    cells = {f"c{n}": f"x{n} = {n}" for n in range(1, 7)}
    file.write_bytes(actors.book(**cells, c7="raise ValueError('seven')"))
    for shared in actors.share(town, file):
        asks(shared, "run = true")
        status, words = publish(town.ana, shared)
        assert (1, True) == (status, "cell 7 fails: ValueError: seven" in words), words
        assert [] == town.ana.client.versions(shared.collab)
        shared.save("ana", actors.edited(shared.ana.read_bytes(), c7="x7 = sum([x1, x2, x3])"))
        status, words = publish(town.ana, shared)
        assert (0, True) == (status, "seven.ipynb 1.0.0" in words), words


def test_a_second_maintainer_approves_what_the_first_has_proposed(shared: Any) -> None:
    ana, ben = shared.town.ana, shared.town.ben
    asks(shared, "approval = true")
    ana.told("members", shared.collab, "ben", "--role", "maintainer")
    status, words = publish(ana, shared)
    assert (0, True) == (status, "waits for another maintainer" in words), words
    assert [] == ana.client.versions(shared.collab)
    assert 3 == ana.types("approve", shared.collab, "1.0.0").returncode
    done = ben.types("approve", shared.collab, "1.0.0")
    assert (0, f"{shared.path} 1.0.0  ({shared.name}/v1.0.0)\n") == (done.returncode, done.stdout), (
        done.stderr
    )
    assert ["ana"] == [one["by"] for one in ben.told("versions", shared.collab)]
