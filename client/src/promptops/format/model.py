"""The values a prompt file consists of: frozen, checked elsewhere, free of any framework.

Owns the shape only. Reading is `parse`, checking `validate`, what a model receives `compile`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

KEYS: tuple[str, ...] = (
    *("name", "description", "model", "modelParameters", "template", "inputs", "messages"),
    *("responseFormat", "jsonSchema", "tools", "variants", "retrieval", "testData", "evaluators"),
    *("tags", "owners", "record"),
)
"""The top-level keys of a prompt file, in our house order."""

Role: TypeAlias = Literal["system", "user", "assistant", "developer", "tool"]
ROLES: tuple[str, ...] = ("system", "user", "assistant", "developer", "tool")
TemplateKind: TypeAlias = Literal["plain", "jinja2"]
TEMPLATES: tuple[str, ...] = ("plain", "jinja2")
InputType: TypeAlias = Literal["string", "number", "integer", "boolean", "array", "object"]
INPUT_TYPES: tuple[str, ...] = ("string", "number", "integer", "boolean", "array", "object")
TRUST: tuple[str, ...] = ("trusted", "untrusted")
RESPONSE_FORMATS: tuple[str, ...] = ("text", "json_object", "json_schema")


@dataclass(frozen=True, slots=True)
class ContentPart:
    """One part of a message's content: text, an image or a file. `value` is the part as written."""

    type: str
    value: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return dict(self.value)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `content` is None only when `extra` holds `tool_calls`.

    `extra` holds the other members a model may receive: name, tool_call_id, tool_calls,
    cache_control.
    """

    role: str
    content: str | tuple[ContentPart, ...] | None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        content: Any = self.content
        if isinstance(content, tuple):
            content = [part.to_json() for part in content]
        return {"role": self.role, "content": content, **self.extra}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Where messages given at render time are put: `{placeholder: history}`."""

    name: str

    def to_json(self) -> dict[str, Any]:
        return {"placeholder": self.name}


AnyMessage: TypeAlias = Message | Placeholder


@dataclass(frozen=True, slots=True)
class Input:
    """One variable of the prompt.

    `declared` is False for a variable found in the text of a file without `inputs`: a required
    string (or, for a placeholder, a required list of messages). `default` counts only when
    `has_default`. `trust` is "" when the file does not say.
    """

    name: str
    type: str = "string"
    description: str = ""
    required: bool = True
    default: Any = None
    has_default: bool = False
    trust: str = ""
    pii: bool | str | tuple[str, ...] = False
    declared: bool = True


@dataclass(frozen=True, slots=True)
class Variant:
    """The same prompt for one model family or model id.

    None means "as in the prompt". `parameters` lists the differences: laid over the prompt's own,
    a null removes one.
    """

    key: str
    model: str | None = None
    parameters: Mapping[str, Any] | None = None
    messages: tuple[AnyMessage, ...] | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call. `parameters` is a JSON schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    strict: bool | None = None

    def to_json(self) -> dict[str, Any]:
        value: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "parameters": dict(self.parameters),
        }
        if self.strict is not None:
            value["strict"] = self.strict
        return value


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A valid prompt file.

    `inputs` are all variables a caller must or may give, also those the file does not declare.
    `json_schema` is the parsed schema, however the file wrote it. `unknown` holds top-level keys
    this version does not know. `data` is the whole file as plain values, as written.
    """

    messages: tuple[AnyMessage, ...]
    name: str = ""
    description: str = ""
    model: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    response_format: str | None = None
    json_schema: Mapping[str, Any] | None = None
    test_data: tuple[Mapping[str, Any], ...] = ()
    evaluators: tuple[Mapping[str, Any], ...] = ()
    inputs: Mapping[str, Input] = field(default_factory=dict)
    inputs_declared: bool = False
    variants: Mapping[str, Variant] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    retrieval: Mapping[str, Any] | None = None
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    template: str = "plain"
    unknown: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
