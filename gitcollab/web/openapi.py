"""The API's document, made of the very table and types that serve."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from gitcollab.web.doors import Door

PART = re.compile(r"\{(\w+)(?::path)?\}")


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Every answer of 400 and above: ``error`` is stable, ``hint`` says what to do next."""

    error: str
    message: str
    hint: str


def document(doors: Iterable[Door], version: str, prefix: str = "/") -> dict[str, Any]:
    """The OpenAPI 3.1 document of ``doors``, which stand below ``prefix``."""
    doors = tuple(doors)
    types = [kind for door in doors for kind in (door.answer, door.body) if kind not in {None, bytes}]
    schemas, components = msgspec.json.schema_components(
        [*types, Problem], ref_template="#/components/schemas/{name}"
    )
    known = dict(zip(map(repr, [*types, Problem]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for door in doors:
        path = PART.sub(r"{\1}", door.path)
        paths.setdefault(path, {})[door.method.lower()] = operation(door, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "gitcollab", "version": version},
        "servers": [{"url": prefix}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "a token as password"},
            },
        },
        "security": [{"bearer": []}, {"basic": []}],
    }


def operation(door: Door, known: dict[str, Any]) -> dict[str, Any]:
    """One method on one path."""
    answer: dict[str, Any] = {"description": door.summary}
    if door.answer is not None:
        answer["content"] = content(door.answer, known)
    problem = {"description": "refused", "content": content(Problem, known)}
    told: dict[str, Any] = {
        "summary": door.summary,
        "operationId": door.go.__module__.rpartition(".")[2] + "_" + door.go.__name__,
        "parameters": [*in_path(door), *in_query(door)],
        "responses": {str(door.status): answer, "4XX": problem, "5XX": problem},
    }
    if door.body is not None:
        told["requestBody"] = {"required": door.body is bytes, "content": content(door.body, known)}
    return told


def content(kind: object, known: dict[str, Any]) -> dict[str, Any]:
    """A body of that type, by its media type."""
    if kind is bytes:
        return {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    if kind is str:
        return {"text/event-stream": {"schema": {"type": "string"}}}
    return {"application/json": {"schema": known[repr(kind)]}}


def in_path(door: Door) -> list[dict[str, Any]]:
    """The parameters in the path."""
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in PART.findall(door.path)
    ]


def in_query(door: Door) -> list[dict[str, Any]]:
    """The parameters in the query, none of them required."""
    if door.query is None:
        return []
    (_,), components = msgspec.json.schema_components([door.query])
    properties = components[door.query.__name__]["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]
