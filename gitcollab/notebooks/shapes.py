"""The shapes of cells that are surely valid, as types: most cells have one, and need not be checked by the schema."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from gitcollab.model import Json

Text = str | list[str]
Count = Annotated[int, msgspec.Meta(ge=0)] | None


class _Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """An empty object. What stands in a cell's metadata has rules of its own."""


class _Output(msgspec.Struct, forbid_unknown_fields=True, tag_field="output_type"):
    pass


class _Stream(_Output, tag="stream"):
    name: str
    text: Text


class _Error(_Output, tag="error"):
    ename: str
    evalue: str
    traceback: list[str]


class _Display(_Output, tag="display_data"):
    data: dict[str, Text]
    metadata: dict[str, Any]


class _Result(_Output, tag="execute_result"):
    data: dict[str, Text]
    metadata: dict[str, Any]
    execution_count: Count


class _Cell(msgspec.Struct, forbid_unknown_fields=True, tag_field="cell_type"):
    metadata: _Nothing
    source: Text


class _Markdown(_Cell, tag="markdown"):
    pass


class _Raw(_Cell, tag="raw"):
    pass


class _Code(_Cell, tag="code"):
    execution_count: Count
    outputs: list[_Stream | _Display | _Result | _Error]


class _NamedMarkdown(_Markdown, tag="markdown"):
    id: str


class _NamedRaw(_Raw, tag="raw"):
    id: str


class _NamedCode(_Code, tag="code"):
    id: str


class _Old(msgspec.Struct):
    """A cell below nbformat 4.5, held by a type of its own: what msgspec knows of a type is kept with it."""

    cell: _Code | _Markdown | _Raw


class _New(msgspec.Struct):
    """A cell of nbformat 4.5."""

    cell: _NamedCode | _NamedMarkdown | _NamedRaw


def is_surely_valid(cell: dict[str, Json], minor: int) -> bool:
    """Whether a cell with a valid id (below nbformat 4.5: with none) has one of the shapes that every schema takes.

    Says nothing of those that have not.
    """
    try:
        msgspec.convert({"cell": cell}, _New if minor >= 5 else _Old)
    except (ValueError, RecursionError):
        return False
    return True
