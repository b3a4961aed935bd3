from __future__ import annotations

import pathlib
import random
import subprocess

import pytest

from gitcollab.notebooks import Clash, Clean, hunks, is_text, split, weave


def edited(lines: list[str], seed: random.Random) -> list[str]:
    found = list(lines)
    for _ in range(seed.randint(1, 4)):
        at = seed.randint(0, len(found))
        found[at : at + seed.randint(0, 2)] = [f"{seed.choice('abc')}\n" for _ in range(seed.randint(0, 2))]
    return found


@pytest.mark.parametrize("block", range(4))
def test_verdict_and_bytes_are_those_of_git_merge_file(block: int, tmp_path: pathlib.Path) -> None:
    for n in range(40):
        seed = random.Random(f"{block} {n}")
        base = [f"{seed.choice('abcdefg')}\n" for _ in range(seed.randint(0, 12))]
        texts = ["".join(side).encode() for side in (edited(base, seed), base, edited(base, seed))]
        if seed.random() < 0.3:
            texts = [text.removesuffix(b"\n") for text in texts]
        names = ("ours", "base", "theirs")
        for name, text in zip(names, texts, strict=True):
            (tmp_path / name).write_bytes(text)
        ran = subprocess.run(
            ["git", "merge-file", "-p", *names], cwd=tmp_path, capture_output=True, check=False
        )
        woven = weave(texts[1], texts[0], texts[2])
        assert (ran.returncode == 0) == woven.is_clean
        if woven.is_clean:
            assert ran.stdout == woven.text("ours")


def test_every_side_can_be_read_back_from_a_weave() -> None:
    base, ours, theirs = b"a\nb\nc\nd\n", b"a\nB\nc\nd\n", b"a\nX\nc\ne\n"
    woven = weave(base, ours, theirs)
    assert (Clean(b"a\n"), Clash(b"b\n", b"B\n", b"X\n", 1), Clean(b"c\ne\n")) == woven.segments
    assert b"a\nB\nc\ne\n" == woven.text("ours")


def test_only_a_newline_ends_a_line() -> None:
    assert [b"a\x0cb\xe2\x80\xa8c\r\n", b"d"] == split(b"a\x0cb\xe2\x80\xa8c\r\nd")


def test_a_nul_hides_no_change() -> None:
    assert [(0, 1, 0, 1)] == [tuple(hunk) for hunk in hunks(b"a\0b\nc\n", b"a\0x\nc\n")]


def test_text_is_what_has_no_nul_at_its_beginning() -> None:
    assert (True, False, True) == (is_text(b"abc"), is_text(b"a\0"), is_text(b"x" * 9000 + b"\0"))
