"""The rule `invalid-schema`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from promptops.format import key_text
from promptops.format.problem import KeyPath

from ..page import Hit, Page
from ..rule import codes, rule


@rule(
    "invalid-schema",
    severity="error",
    summary="`jsonSchema` or a tool's schema is not JSON, not a JSON schema, or cannot be met.",
    takes=codes("bad-schema", "bad-json"),
    fix="correct the schema: see json-schema.org for the draft it names",
)
def invalid_schema(page: Page) -> Iterator[Hit]:
    """The schema must be valid by the draft it names (else 2020-12), and some object must fit it.

    A provider refuses the call otherwise. An object that requires a property which it also forbids
    (`additionalProperties: false`, not among `properties`) fits nothing.

    Bad:

        messages:
          - role: user
            content: Sort the claim.
        responseFormat: json_schema
        jsonSchema:
          name: triage
          schema:
            type: objekt

    Good:

        messages:
          - role: user
            content: Sort the claim.
        responseFormat: json_schema
        jsonSchema:
          name: triage
          schema:
            type: object
            properties:
              team: {type: string}
            required: [team]
            additionalProperties: false
    """
    file = page.file
    if file.json_schema is not None and file.response_format == "json_schema":
        yield from _unmeetable(page, ("jsonSchema", "schema"), file.json_schema.get("schema"))
    for number, tool in enumerate(file.tools):
        path: KeyPath = ("tools", number)
        if (*path, "function") in page.parsed.source.spans:
            path = (*path, "function")
        key = "parameters" if (*path, "parameters") in page.parsed.source.spans else "schema"
        yield from _unmeetable(page, (*path, key), tool.parameters)


def _unmeetable(page: Page, path: KeyPath, schema: Any) -> Iterator[Hit]:
    """A hit for each property that a schema, or one within it, both requires and forbids."""
    if not isinstance(schema, Mapping):
        return
    properties = schema.get("properties", {})
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    if closed and schema.get("type") == "object" and isinstance(schema.get("required"), list):
        for number, name in enumerate(schema["required"]):
            if name not in properties:
                yield page.at(
                    (*path, "required", number),
                    f"{key_text(path)} requires {name!r}, which additionalProperties: false forbids",
                    f"add {name} to properties, or take it out of required",
                )
    for key in ("properties", "$defs", "definitions"):
        for name, inner in (schema.get(key) or {}).items():
            yield from _unmeetable(page, (*path, key, name), inner)
    yield from _unmeetable(page, (*path, "items"), schema.get("items"))
    for key in ("anyOf", "oneOf", "allOf"):
        for number, inner in enumerate(schema.get(key) or ()):
            yield from _unmeetable(page, (*path, key, number), inner)
