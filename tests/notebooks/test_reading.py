from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitcollab.notebooks.reading import BORDER, FOOT, HEAD, Known, Notebook, Unreadable, read_any

ODD = (
    BORDER,
    FOOT,
    HEAD,
    b"\n  },\n",
    b'\\n  },\\n  {\\n"',
    b'"',
    b"{",
    b"}",
    b"[",
    b"1.5",
    b"NaN",
    b"\xff",
    b"\\ud800",
    b"",
)


def told(data: bytes, known: Known | None = None) -> Any:
    """What is read, with what the JSON is to the letter; None if it is no notebook."""
    try:
        found: Notebook = read_any(data, known)
    except Unreadable:
        return None
    return json.dumps([found.top, [cell.data for cell in found.cells]])


def test_versions_that_are_read_along_each_other_are_what_each_is_alone(making: Any) -> None:
    @settings(max_examples=making.examples(200), deadline=None)
    @given(seed=st.integers(0, 2**40))
    def check(seed: int) -> None:
        known = Known()
        for data in making.versions(seed, 3):
            assert told(data) == told(data, known)

    check()


def test_what_is_odd_is_read_as_the_json_module_reads_it(making: Any) -> None:
    @settings(max_examples=making.examples(300), deadline=None)
    @given(seed=st.integers(0, 2**40))
    def check(seed: int) -> None:
        known, chance = Known(), random.Random(seed)
        for data in making.versions(seed, 2):
            at = chance.randrange(len(data) + 1)
            odd = data[:at] + chance.choice(ODD) + data[at + chance.randint(0, 12) :]
            assert told(odd) == told(odd, known)

    check()


def test_borders_within_a_cell_and_behind_the_cells_are_none() -> None:
    objects = '{"x": [\n  {\n   "a": 1\n  },\n  {\n   "b": 2\n  }\n ],\n "y": 1}'
    for in_cell, behind in ((objects, "{}"), ("{}", objects), (objects, objects)):
        cell = f'   "cell_type": "raw",\n   "metadata": {in_cell},\n   "source": ""'
        rest = f'"metadata": {behind},\n "nbformat": 4,\n "nbformat_minor": 4\n}}\n'
        data = f'{{\n "cells": [\n  {{\n{cell}\n  }}\n ],\n {rest}'.encode()
        assert told(data) is not None
        assert told(data) == told(data, Known())
