"""The kinds of evaluators a file may name, with the keys and types of their settings.

Owns what can be said about an evaluator without running it. The server's evaluators hold the same
names; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Shape: TypeAlias = Literal["text", "texts", "number", "count", "flag", "mapping", "list", "any"]
"""`count` is a whole number from 0, `texts` a text or a list of them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The settings of a kind. `required` must be there; of `one_of`, where it has any, at least one.

    `lone` says that the value under the kind is itself a text, not a mapping.
    """

    settings: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    lone: bool = False


KINDS: Mapping[str, Kind] = {
    "string": Kind(
        {
            "equals": "text",
            "contains": "text",
            "startsWith": "text",
            "endsWith": "text",
            "ignoreCase": "flag",
        },
        one_of=("equals", "contains", "startsWith", "endsWith"),
    ),
    "llm": Kind(
        {
            "modelId": "text",
            "target": "text",
            "systemPrompt": "text",
            "prompt": "text",
            "choices": "list",
            "threshold": "number",
            "modelParameters": "mapping",
        },
        required=("prompt", "choices"),
        one_of=("modelId", "target"),
    ),
    "uses": Kind({}, lone=True),
    "regex": Kind(
        {"pattern": "text", "ignoreCase": "flag", "whole": "flag", "absent": "flag"},
        required=("pattern",),
    ),
    "jsonSchema": Kind({"schema": "mapping", "fenced": "flag"}),
    "jsonPath": Kind(
        {
            "path": "text",
            "exists": "flag",
            "equals": "any",
            "contains": "any",
            "minimum": "number",
            "maximum": "number",
            "fenced": "flag",
        },
        required=("path",),
    ),
    "number": Kind(
        {
            "expected": "number",
            "path": "text",
            "absolute": "number",
            "relative": "number",
            "fenced": "flag",
        }
    ),
    "similarity": Kind({"to": "text", "minimum": "number"}),
    "latency": Kind(
        {"maximum": "number", "firstToken": "number"}, one_of=("maximum", "firstToken")
    ),
    "cost": Kind({"maximum": "number"}, required=("maximum",)),
    "tokens": Kind(
        {"input": "count", "output": "count", "total": "count", "reasoning": "count"},
        one_of=("input", "output", "total", "reasoning"),
    ),
    "refusal": Kind({"expected": "flag"}),
    "language": Kind({"is": "texts"}, required=("is",)),
    "length": Kind(
        {
            "minimum": "count",
            "maximum": "count",
            "unit": "text",
        },
        one_of=("minimum", "maximum"),
    ),
    "toolCall": Kind(
        {"name": "text", "arguments": "mapping", "exactly": "flag", "none": "flag"},
        one_of=("name", "none"),
    ),
    "python": Kind({"name": "text", "settings": "mapping"}, required=("name",)),
}
"""By the key under which a file has the settings. Packages of the server may add others."""

USES: Mapping[str, str] = {"github/similarity": "similarity"}
"""Named evaluators of GitHub's format, and the kind that does the same here."""
USES_INSTEAD: Mapping[str, str] = dict.fromkeys(
    ("github/coherence", "github/fluency", "github/groundedness", "github/relevance"),
    "write an llm evaluator with a prompt and choices of your own",
)
"""Named evaluators without a counterpart, and what to do."""
