from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitcollab.notebooks.notation import Parser, laid_out, packed, parsed

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
TEXTS = (
    *(b'"\n"', b'"\x01"', b'"\x7f"', b'"\xed\xa0\x80"', b'"\\ud800"', b'"\\ud800\\udc00"', b'"\\u00e9\\/"', b"NaN"),
    *(b"[-Infinity]", b"1e999", b"-0", b"-0.0", b"01", b"1.", b"1E+5", b"9" * 400, b"9" * 5000, b'{"a": 1, "a": 2}'),
    *(b"[1,]", b"1 2", b"\xc2\xa01", b'"\xff"', b'{"\xff": 1}', b"[" * 3000 + b"]" * 3000, b"", b"\xef\xbb\xbf1", b"{"),
)  # fmt: skip


def told(read: Any, data: Any) -> tuple[str, str]:
    try:
        return "read", repr(read(data))
    except (ValueError, RecursionError) as error:
        return "refused", type(error).__name__


@pytest.mark.parametrize("data", TEXTS)
def test_odd_texts_are_read_or_refused_as_by_the_json_module(data: bytes) -> None:
    wanted = told(lambda text: json.loads(text.decode("utf-8-sig")), data)
    assert wanted == told(parsed, data)
    if not data.startswith(b"\xef"):
        assert wanted == told(lambda text: Parser()(text)[0], data)


@settings(max_examples=300, deadline=None)
@given(value=VALUES, indent=st.sampled_from([None, 1]), is_ascii=st.booleans())
def test_any_value_is_read_and_written_as_by_the_json_module(value: Any, indent: Any, is_ascii: bool) -> None:
    data = json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode()
    wanted = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode()
    found, may_have_fractions = Parser()(data)
    assert repr(value) == repr(found) == repr(parsed(data))
    assert wanted == laid_out(packed(found))
    if not may_have_fractions:
        assert wanted == laid_out(found)
