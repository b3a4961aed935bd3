"""How git is run for a mirror, and what is made of its answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitcollab.mirrors import Pushing, Standing, Wish, checked, judged
from gitcollab.mirrors.pushing import AT_ONCE, delay, missing

A, B = "a" * 40, "b" * 40


def pushing(url: str = "https://example.org/x.git", secret: str = "sesame-open") -> Pushing:
    wish = Wish(url=url, user="ana", secret=secret)
    refs = {"refs/heads/blessed": A, "refs/tags/x/v1.0.0": B}
    return Pushing(
        repository=Path("/r.git"),
        remote=checked(url),
        address="1.2.3.4",
        wish=wish,
        room=Path("/room"),
        refs=refs,
    )


@pytest.mark.parametrize("url", ["https://example.org/x.git", "git@example.org:x.git"])
def test_no_secret_is_among_the_arguments_and_nothing_is_forced(url):
    made = pushing(url)
    assert not [word for word in made.argv if "sesame" in word or "YW5h" in word]
    assert not [word for word in made.argv if word.startswith("+") or "force" in word or "mirror" in word]
    assert [f"{A}:refs/heads/blessed", f"{B}:refs/tags/x/v1.0.0"] == made.argv[-2:]
    assert "1.2.3.4" in " ".join([*made.argv, *made.environment.values()])
    assert made.remote.scheme == made.environment["GIT_ALLOW_PROTOCOL"]


def test_an_answer_says_what_was_taken_and_what_stands_apart():
    out = (
        "To x\n*\tb:refs/tags/x/v1.0.0\t[new tag]\n!\ta:refs/heads/blessed\t[rejected] (fetch first)\nDone\n"
    )
    made = judged(pushing(), Standing(), 100.0, 1, out, "error")
    assert ("diverged", {"refs/tags/x/v1.0.0": B}, 1, 100.0 + delay(1)) == (
        made.condition,
        made.refs,
        made.tries,
        made.next_at,
    )
    again = judged(pushing(), made, 200.0, 1, out.replace("fetch first", "protected branch"), "error")
    assert ("failed", 2, 200.0 + delay(2)) == (again.condition, again.tries, again.next_at)
    done = judged(pushing(), again, 300.0, 0, "=\ta:refs/heads/blessed\t[up to date]\n", "")
    assert ("done", "", 0, {"refs/heads/blessed": A, "refs/tags/x/v1.0.0": B}) == (
        done.condition,
        done.told,
        done.tries,
        done.refs,
    )


def test_what_git_says_is_told_without_the_secret():
    made = judged(
        pushing(), Standing(), 0.0, 128, "", "fatal: sesame-open and YW5hOnNlc2FtZS1vcGVu are wrong"
    )
    assert ("failed", False) == (made.condition, "sesame" in made.told or "YW5h" in made.told)


def test_it_waits_longer_each_time_up_to_an_hour():
    waits = [delay(n) for n in range(1, 40)]
    assert (waits, 3600.0) == (sorted(waits), waits[-1])


def test_so_many_go_at_once_and_the_rest_after_them():
    wanted = {f"refs/tags/x/v1.0.{n}": A for n in range(AT_ONCE + 3)}
    first = missing(wanted, {})
    assert (AT_ONCE, 3, 0) == (len(first), len(missing(wanted, first)), len(missing(wanted, wanted)))
