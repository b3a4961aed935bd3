from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitcollab.notebooks import stamp, strip

NAMES = st.sampled_from(["gitcollab", "version", "a", "kernelspec", "zz", "é"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.just([]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
LAYOUTS = st.sampled_from([{"indent": None}, {"indent": 1}, {"indent": "\t"}, {"separators": (" , ", " : ")}])


def canonical(notebook: Any) -> bytes:
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


@settings(max_examples=400, deadline=None)
@given(
    metadata=st.dictionaries(NAMES, VALUES, max_size=4),
    layout=LAYOUTS,
    empty=st.sampled_from(["{}", "{ }", "{\n}"]),
)
def test_strip_gives_back_exactly_what_was_stamped(metadata: Any, layout: Any, empty: str) -> None:
    notebook = {"nbformat": 4, "metadata": metadata, "cells": [], "nbformat_minor": 5}
    plain = json.dumps(notebook, **layout).replace("{}", empty).encode()
    if strip(plain)[1] is None:
        stamped = stamp(plain, "abc123")
        assert "abc123" == json.loads(stamped)["metadata"]["gitcollab"]["version"]
        assert (plain, "abc123") == strip(stamped)


@settings(max_examples=200, deadline=None)
@given(
    metadata=st.dictionaries(NAMES.filter(lambda name: name != "gitcollab"), VALUES, max_size=4),
    layout=LAYOUTS,
)
def test_a_stamp_is_cut_cleanly_after_jupyter_saved_the_notebook(metadata: Any, layout: Any) -> None:
    notebook = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    saved = canonical(json.loads(stamp(json.dumps(notebook, **layout).encode(), "abc")))
    assert (canonical(notebook), "abc") == strip(saved)


def test_a_stamped_notebook_in_jupyters_form_stays_in_it() -> None:
    notebook = {
        "cells": [],
        "metadata": {"a": 1, "kernelspec": {"name": "x"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    stamped = stamp(canonical(notebook), "v")
    assert canonical(json.loads(stamped)) == stamped


def test_a_second_stamp_replaces_the_first() -> None:
    plain = canonical({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    assert (plain, "two") == strip(stamp(stamp(plain, "one"), "two"))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{", b"\xff\xfe", b'{"metadata": {}}', b"{" * 100_000, b'{"nbformat": 4}']
)
def test_what_is_no_notebook_passes_unchanged(data: bytes) -> None:
    assert data == stamp(data, "v")
    assert (data, None) == strip(data)
