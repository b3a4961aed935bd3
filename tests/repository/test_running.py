"""Running git: it ends when it is told to, with whatever it has started."""

from __future__ import annotations

import threading

from gitcollab.repository import running


def test_a_stop_ends_the_git_commands_under_way(tmp_path):
    results: list[tuple[int, str]] = []
    words = ("-c", "alias.wait=!echo waiting; sleep 60", "wait")
    thread = threading.Thread(target=lambda: results.append(running.attempt(tmp_path, *words, deadline=50)))
    thread.start()
    while thread.is_alive() and not results:
        running.end_all()
        thread.join(0.05)
    ((code, _),) = results
    assert code != 0
    assert running._under_way == set()
