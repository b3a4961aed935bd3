"""How values and errors leave as JSON: every field said, errors as ``{error, message, hint}``, never a traceback."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from starlette.responses import Response

from gitcollab.errors import GitcollabError
from gitcollab.model import Item


def full(value: Any) -> Any:
    """Returns ``value`` as plain JSON values with every field present, defaults too; an item says its digest as
    ``seen``, which a settlement sends back."""
    if isinstance(value, msgspec.Struct):
        fields = {field: full(getattr(value, field)) for field in value.__struct_fields__}
        tag = value.__struct_config__
        named = {tag.tag_field: tag.tag} if tag.tag_field else {}
        return {**named, **fields, **({"seen": value.digest} if isinstance(value, Item) else {})}
    if isinstance(value, dict):
        return {key: full(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [full(each) for each in value]
    return value


def encoded(value: Any) -> bytes:
    """``value`` as UTF-8 JSON."""
    return msgspec.json.encode(full(value))


def ascii_line(value: Any) -> bytes:
    """``value`` as one line of ASCII JSON: no byte of it can end a line of an event stream, U+2028 included."""
    plain = msgspec.to_builtins(full(value))
    return json.dumps(plain, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")


HEADERS = {
    401: {"www-authenticate": 'Bearer realm="gitcollab"'},
    429: {"retry-after": "60"},
    503: {"retry-after": "2"},
}
"""What an error's answer says besides: how to sign in, or when to try again (seconds)."""


class JsonAnswer(Response):
    """An answer of the API."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return b"" if self.status_code == 204 else encoded(content)


def refusal(error: GitcollabError) -> JsonAnswer:
    """The API's answer to an error; what a program needs to go on stands beside message and hint."""
    body = {**error.data, "error": error.code, "message": error.message, "hint": error.hint}
    return JsonAnswer(body, status_code=error.status, headers=HEADERS.get(error.status))
