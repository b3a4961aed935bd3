"""nbformat's own schema, read from its files without importing it, as fast checks on parsed JSON."""

from __future__ import annotations

import functools
import importlib.util
import json
import pathlib
import re
from collections.abc import Callable

from gitcollab.model import Json

NEWEST = 5
"""The newest minor version of nbformat 4 that has a schema; later ones are checked by it, too."""

TEXT = [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
"""The schema's rule for texts of many lines, which are most of a notebook."""

Check = Callable[[Json], str]
"""Says what is wrong with a value, nothing if nothing is."""

_types: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
}


@functools.cache
def check_of(minor: int, part: str) -> Check:
    """Returns the check of ``code_cell``, ``markdown_cell``, ``raw_cell`` or ``metadata`` for a minor version."""
    schema = _schema(min(minor, NEWEST))
    rule = schema["properties"]["metadata"] if part == "metadata" else schema["definitions"][part]
    return _Reader(schema).check(rule)


@functools.cache
def _schema(minor: int) -> Json:
    found = importlib.util.find_spec("nbformat")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("nbformat is not installed")
    place = pathlib.Path(next(iter(found.submodule_search_locations)))
    return json.loads((place / "v4" / f"nbformat.v4.{minor}.schema.json").read_text("utf-8"))


class _Reader:
    """Makes checks of the JSON Schema keywords that nbformat's files use."""

    def __init__(self, schema: Json) -> None:
        self.schema = schema
        self.known: dict[str, Check] = {}

    def check(self, rule: Json) -> Check:
        if "$ref" in rule:
            return self._referred(rule["$ref"])
        checks = [
            self._keyword(name, rule)
            for name in rule
            if name not in ("description", "$schema", "definitions")
        ]
        found = [check for check in checks if check is not None]
        return found[0] if len(found) == 1 else _all(found)

    def _referred(self, ref: str) -> Check:
        if ref not in self.known:
            self.known[ref] = lambda value: self.known[ref](value)
            self.known[ref] = self.check(self._resolved({"$ref": ref}))
        return self.known[ref]

    def _keyword(self, name: str, rule: Json) -> Check | None:
        value = rule[name]
        match name:
            case "type":
                return _is_type(value)
            case "enum":
                return lambda found: "" if found in value else f"{found!r:.40} is none of {value}"
            case "required":
                return _has(value)
            case "properties":
                return self._members(rule)
            case "additionalProperties" | "patternProperties":
                return None if "properties" in rule else self._members(rule)
            case "items":
                return _are_strings if value == {"type": "string"} else _each(self.check(value))
            case "oneOf" | "anyOf":
                return self._one_of(value)
            case "pattern":
                return _matches(value)
            case "minimum":
                return lambda found: (
                    "" if isinstance(found, bool | str) or found is None or found >= value else "small"
                )
            case "maximum":
                return lambda found: (
                    "" if isinstance(found, bool | str) or found is None or found <= value else "large"
                )
            case "minLength":
                return lambda found: "too short" if isinstance(found, str) and len(found) < value else ""
            case "maxLength":
                return lambda found: "too long" if isinstance(found, str) and len(found) > value else ""
            case "uniqueItems":
                return _is_unique if value else None
            case "not":
                inner = self.check(value)
                return lambda found: "" if inner(found) else "not allowed"
        return None  # as JSON Schema has it, a keyword that nobody knows says nothing ("title", and a typing error)

    def _one_of(self, options: list[Json]) -> Check:
        if options == TEXT:
            return _is_text
        found = [self._resolved(option) for option in options]
        kinds = [option.get("properties", {}).get("output_type", {}).get("enum", ()) for option in found]
        if all(len(kind) == 1 for kind in kinds):
            return _by_kind(
                {kind[0]: self.check(option) for kind, option in zip(kinds, options, strict=True)}
            )
        return _any([self.check(option) for option in options])

    def _resolved(self, rule: Json) -> Json:
        found = rule
        if "$ref" in rule:
            found = self.schema
            for part in rule["$ref"].removeprefix("#/").split("/"):
                found = found[part]
        return found

    def _members(self, rule: Json) -> Check:
        named = {name: self.check(inner) for name, inner in rule.get("properties", {}).items()}
        patterns = [
            (re.compile(p), self.check(inner)) for p, inner in rule.get("patternProperties", {}).items()
        ]
        rest = rule.get("additionalProperties", True)
        other: Check | None = None if isinstance(rest, bool) else self.check(rest)

        def check(found: Json) -> str:
            if not isinstance(found, dict):
                return ""
            for name, value in found.items():
                known = named.get(name)
                wrong = _other(name, value) if known is None else known(value)
                if wrong:
                    return f"{name}: {wrong}" if isinstance(name, str) else wrong
            return ""

        def _other(name: str, value: Json) -> str:
            for pattern, inner in patterns:
                if pattern.search(name):
                    return inner(value)
            if other is not None:
                return other(value)
            return "" if rest else "not allowed"

        return check


def _all(checks: list[Check]) -> Check:
    def check(found: Json) -> str:
        for inner in checks:
            wrong = inner(found)
            if wrong:
                return wrong
        return ""

    return check


def _any(checks: list[Check]) -> Check:
    def check(found: Json) -> str:
        wrong = ""
        for inner in checks:
            wrong = inner(found)
            if not wrong:
                return ""
        return wrong

    return check


def _by_kind(checks: dict[str, Check]) -> Check:
    """The check of an output: each kind has its own."""

    def check(found: Json) -> str:
        kind = found.get("output_type") if isinstance(found, dict) else None
        if not isinstance(kind, str) or kind not in checks:
            return f"output_type {kind!r:.40} is none of {sorted(checks)}"
        return checks[kind](found)

    return check


def _is_text(found: Json) -> str:
    return (
        "" if isinstance(found, str) or (isinstance(found, list) and not _are_strings(found)) else "no text"
    )


def _each(inner: Check) -> Check:
    def check(found: Json) -> str:
        if isinstance(found, list):
            for value in found:
                wrong = inner(value)
                if wrong:
                    return wrong
        return ""

    return check


def _are_strings(found: Json) -> str:
    """The check of a list's items, for the most frequent kind of list by far."""
    try:
        if isinstance(found, list):
            "".join(found)
        return ""
    except TypeError:
        return "an item is no string"


def _is_type(names: str | list[str]) -> Check:
    wanted = [names] if isinstance(names, str) else names
    classes = tuple(kind for name in wanted for kind in _types.get(name, ()))
    is_integer, is_number = "integer" in wanted, "number" in wanted

    def check(found: Json) -> str:
        if isinstance(found, classes):
            return ""
        if not isinstance(found, bool):
            if is_integer and isinstance(found, int):
                return ""
            if is_number and isinstance(found, int | float):
                return ""
        return f"{found!r:.40} is no {' or '.join(wanted)}"

    return check


def _has(names: list[str]) -> Check:
    def check(found: Json) -> str:
        if isinstance(found, dict):
            for name in names:
                if name not in found:
                    return f"{name} is missing"
        return ""

    return check


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda found: (
        "" if not isinstance(found, str) or compiled.search(found) else f"{found!r:.40} has another form"
    )


def _is_unique(found: Json) -> str:
    if isinstance(found, list):
        for k, value in enumerate(found[:1000]):
            if value in found[:k]:
                return "not unique"
    return ""
