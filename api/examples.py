"""Examples that fit a JSON schema, for the description of the API."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Schema: TypeAlias = "dict[str, Any]"

UUID_EXAMPLE = "0192f0c1-2345-7000-8000-000000000001"
BY_FORMAT = {
    "uuid": UUID_EXAMPLE,
    "date": "2026-03-01",
    "date-time": "2026-03-01T09:00:00+08:00",
}
TEXTS = (
    "说明",
    "371329",
    "deposit.rate_min_bp",
    "application/pdf",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "https://login.example.org",
    "2026-03",
    "a",
    "1",
)
"""The first of these that a pattern matches stands for it."""
OPTIONAL_EXAMPLES = ("reason",)


def example_of(schema: Schema, shared: Schema) -> Any:
    """Return a value that the schema accepts: required fields, and a reason."""
    schema = _resolved(schema, shared)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example_of(schema[choice][0], shared)
    make = _BY_TYPE.get(schema.get("type", ""), _nothing)
    return make(schema, shared)


def _resolved(schema: Schema, shared: Schema) -> Schema:
    while "$ref" in schema:
        schema = shared[schema["$ref"].rpartition("/")[2]]
    return schema


def _object(schema: Schema, shared: Schema) -> Any:
    required = schema.get("required", ())
    return {
        name: example_of(one, shared) if name in required else "说明"
        for name, one in schema.get("properties", {}).items()
        if name in required or name in OPTIONAL_EXAMPLES
    }


def _array(schema: Schema, shared: Schema) -> Any:
    count = max(schema.get("minItems", 1), 1)
    return [example_of(schema.get("items", {}), shared)] * count


def _text(schema: Schema, _: Schema) -> Any:
    if schema.get("format") in BY_FORMAT:
        return BY_FORMAT[schema["format"]]
    pattern = schema.get("pattern", "")
    fitting = next((text for text in TEXTS if re.search(pattern, text)), "说明")
    return fitting[: schema.get("maxLength")]


def _integer(schema: Schema, _: Schema) -> Any:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", 2**31) - 1)
    return max(least, min(most, 100))


def _boolean(_: Schema, __: Schema) -> Any:
    return True


def _nothing(_: Schema, __: Schema) -> Any:
    return None


_BY_TYPE = {
    "object": _object,
    "array": _array,
    "string": _text,
    "integer": _integer,
    "boolean": _boolean,
}
