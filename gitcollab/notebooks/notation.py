"""JSON text as Python's json module reads and writes it, by msgspec wherever that can be told to be the same."""

from __future__ import annotations

import json

import msgspec

from gitcollab.model import Json

COMPACT = (",", ":")


def parsed(data: bytes) -> Json:
    """Returns what ``json.loads`` makes of UTF-8 bytes, a byte order mark left out; raises what it raises.

    msgspec accepts less than the json module (no NaN, no lone surrogates) and reads what it accepts as the same.
    """
    try:
        return msgspec.json.decode(data)
    except (ValueError, RecursionError):
        return json.loads(data.decode("utf-8-sig"))


class Parser:
    """Reads many short texts, and tells of each whether it holds fractions, which msgspec writes in its own way."""

    def __init__(self) -> None:
        self._fractions: list[str] = []
        self._decode = msgspec.json.Decoder(float_hook=self._fraction).decode

    def __call__(self, text: bytes) -> tuple[Json, bool]:
        """Returns the value, and whether it may hold a fraction; raises as :func:`parsed`."""
        self._fractions.clear()
        try:
            return self._decode(text), bool(self._fractions)
        except (ValueError, RecursionError):
            return json.loads(text.decode()), True

    def _fraction(self, text: str) -> float:
        self._fractions.append(text)
        return float(text)


def packed(value: Json) -> msgspec.Raw:
    """Returns a value in short, its numbers as Python writes them, to be put into what :func:`laid_out` writes.

    Raises UnicodeEncodeError for a lone surrogate.
    """
    return msgspec.Raw(json.dumps(value, sort_keys=True, ensure_ascii=False, separators=COMPACT).encode())


def laid_out(value: Json) -> bytes:
    """Returns the bytes of ``json.dumps`` with indent 1 and sorted names, non-ASCII as it is.

    Any part that may hold fractions must be packed. Raises ValueError for what msgspec cannot write: lone surrogates,
    and NaN in a packed part.
    """
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=1)
