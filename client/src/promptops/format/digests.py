"""The two digests of a version: what a model can receive, and what people documented.

Owns which members enter which digest. Both are `sha256:` + hexadecimal over canonical JSON
(RFC 8785) of an object from which empty members (null, "", {}, []) are left out, so that a member
a later version of the format adds does not change the digest of files without it.

`behaviour`: template, model, parameters, messages (fragments resolved), inputs (per name: type,
required, default, trust), variants (per key: model, parameters after laying over the prompt's own,
messages), tools, responseFormat, jsonSchema (parsed), retrieval. Not in it: name, description, tags,
owners, record, testData, evaluators, unknown keys, comments, order of keys, descriptions and pii
marks of inputs.

`record`: description, owners, record (defaults resolved, see `record.digest`), and per input
description, pii and trust. Approvals bind to both digests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from .canonical import digest_of
from .fragment import refuse_unresolved
from .model import AnyMessage, Input, PromptFile


def behaviour_digest(file: PromptFile) -> str:
    """The digest of everything a model can receive. Resolve fragments first.

    Raises UnresolvedFragment when the file still refers to fragments.
    """
    refuse_unresolved(file)
    return digest_of(without_empty(behaviour_members(file)))


def record_digest(file: PromptFile, inherited: Mapping[str, Any] | None = None) -> str:
    """The digest of the authored documentation, over `inherited` defaults for the record."""
    return documented_digest(documented(file), inherited)


def documented(file: PromptFile) -> dict[str, Any]:
    """What a file says that enters its record digest: enough to take it under other defaults later."""
    inputs = {
        name: without_empty(
            {"description": i.description, "pii": _pii(i) or None, "trust": i.trust}
        )
        for name, i in file.inputs.items()
    }
    return {
        "description": file.description,
        "owners": list(file.owners),
        "record": file.record,
        "inputs": {name: said for name, said in inputs.items() if said},
    }


def documented_digest(said: Mapping[str, Any], inherited: Mapping[str, Any] | None = None) -> str:
    """The record digest of what `documented` gave."""
    return digest_of(
        without_empty({**said, "record": resolve_record(said["record"], inherited or {})})
    )


def resolve_record(record: Mapping[str, Any], inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The record with defaults filled in: mappings are merged, all else (an n/a too) is the file's.

    A null in the file counts as not said.
    """
    resolved = dict(inherited)
    for key, value in record.items():
        default = inherited.get(key)
        if _merges(value) and _merges(default):
            resolved[key] = resolve_record(value, default)
        elif value is not None or key not in inherited:
            resolved[key] = value
    return resolved


def _merges(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and set(value) != {"n/a"}


def behaviour_members(file: PromptFile) -> dict[str, Any]:
    """The artifact's members that the behaviour digest covers, before empty ones are left out."""
    return {
        "template": file.template,
        "model": file.model,
        "messages": messages_json(file.messages),
        "parameters": dict(file.parameters),
        "tools": [tool.to_json() for tool in file.tools],
        "responseFormat": file.response_format,
        "jsonSchema": file.json_schema,
        "inputs": {name: _input_json(i) for name, i in file.inputs.items()},
        "variants": variants_json(file),
        "retrieval": file.retrieval,
    }


def messages_json(messages: tuple[AnyMessage, ...]) -> list[dict[str, Any]]:
    """Messages as an artifact holds them."""
    return [message.to_json() for message in messages]


def variants_json(file: PromptFile) -> dict[str, Any]:
    """Per variant what differs from the prompt; `parameters`, where given, are the whole set."""
    variants: dict[str, Any] = {}
    for key, variant in file.variants.items():
        said: dict[str, Any] = {}
        if variant.model is not None:
            said["model"] = variant.model
        if variant.parameters is not None:
            merged = {**file.parameters, **variant.parameters}
            said["parameters"] = {k: v for k, v in merged.items() if v is not None}
        if variant.messages is not None:
            said["messages"] = messages_json(variant.messages)
        variants[key] = said
    return variants


def _input_json(given: Input) -> dict[str, Any]:
    said: dict[str, Any] = {"type": given.type, "required": given.required}
    if given.has_default:
        said["default"] = given.default
    if given.trust:
        said["trust"] = given.trust
    return said


def _pii(given: Input) -> bool | str | list[str]:
    return list(given.pii) if isinstance(given.pii, tuple) else given.pii


def without_empty(members: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in members.items() if v is not None and v != "" and v != {} and v != []}
