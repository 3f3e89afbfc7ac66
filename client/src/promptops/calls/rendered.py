"""One rendered prompt as a JSON document: what the server answers and `prompt render --json` prints.

Owns the document's members. Rendering is `format.Renderer`, providers' terms are `openai` and
`anthropic`, so whoever renders elsewhere gets what an application gets here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from promptops.calls.ask import ask_of

Protocol: TypeAlias = Literal["openai", "anthropic"]
PROTOCOLS: tuple[str, ...] = ("openai", "anthropic")


def rendered(
    artifact: Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    model: str | None = None,
    protocol: Protocol | None = None,
) -> dict[str, Any]:
    """The messages for `inputs` and all that calling a model needs, in the variant for `model`.

    With a `protocol`, `call` holds the arguments that `Prompt.for_openai` or `for_anthropic` give.
    Members of a prompt that is not stored (address, version, …) are None. Raises RenderError,
    MissingFeature, CannotExpress.
    """
    from promptops.format import Renderer

    renderer = Renderer(artifact)
    messages = renderer.render(inputs, model)
    configured, parameters = renderer.settings(model)
    path = artifact.get("path") or None
    document: dict[str, Any] = {
        "address": f"{artifact['project']}/{path}" if path and artifact.get("project") else None,
        "path": path,
        "version": artifact.get("version") or None,
        "commit": artifact.get("commit") or None,
        "behaviour": artifact.get("behaviour") or None,
        "variant": renderer.variant(model),
        "model": configured,
        "parameters": parameters,
        "messages": messages,
        "tools": artifact.get("tools") or [],
        "responseFormat": artifact.get("responseFormat"),
        "jsonSchema": artifact.get("jsonSchema") or None,
        "retrieval": artifact.get("retrieval") or None,
        "requires": artifact.get("requires") or [],
    }
    if protocol is not None:
        document["call"] = _call(ask_of(artifact, renderer, messages, model), protocol)
    return document


def _call(ask: Any, protocol: Protocol) -> dict[str, Any]:
    if protocol == "openai":
        from promptops.calls.openai import for_openai

        return for_openai(ask, {})
    from promptops.calls.anthropic import for_anthropic

    return for_anthropic(ask, None, {})
