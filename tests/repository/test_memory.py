"""Memory: what is light is recalled, and the whole never outgrows its limit by more than one value."""

from __future__ import annotations

from gitcollab.repository.memory import Memory


def test_the_longest_unused_goes_first():
    loaded = []

    def load(name: str) -> str:
        loaded.append(name)
        return name * 3

    memory = Memory(load, len, limit=9)
    assert [memory(name) for name in "abcab"] == ["aaa", "bbb", "ccc", "aaa", "bbb"]
    assert memory("d") == "ddd"
    assert memory("c") == "ccc"
    assert "".join(loaded) == "abcdc"


def test_what_is_over_the_limit_alone_is_given_all_the_same():
    memory = Memory(lambda name: name * 100, len, limit=9)
    assert memory("a") == "a" * 100
    assert memory("b") == "b" * 100


def test_what_fails_to_load_is_tried_again():
    tries = []

    def load(name: str) -> str:
        tries.append(name)
        if len(tries) == 1:
            raise KeyError(name)
        return name

    memory = Memory(load, len, limit=9)
    try:
        memory("a")
    except KeyError:
        assert memory("a") == "a"
    assert tries == ["a", "a"]
