"""Rendering a version, or a text that is no version yet: to the document an application's SDK would make.

Owns which artifact is rendered, merging messages into placeholders, and when the template may be filled in this
process: plain templates whose result is small for certain. Limits on the rest are `limited`'s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from promptops.calls.rendered import Protocol, rendered
from promptops.errors import CannotExpress
from promptops.format import (
    FragmentError,
    MissingFeature,
    PromptFile,
    RenderError,
    compile_artifact,
    parse,
    resolve_fragments,
)
from promptops_server.infra.problems import TooLarge
from promptops_server.registry.content import MAX_FILE_BYTES, located
from promptops_server.registry.errors import CannotRender
from promptops_server.registry.model import Project, Version
from promptops_server.registry.rendering.limited import LimitedRenderer, Refused
from promptops_server.registry.rendering.limits import MAX_DEPTH, RenderLimits
from promptops_server.registry.versions import fragment_loader, version_bytes

Artifact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to render a prompt with. `messages` are those for its placeholders, by name."""

    inputs: Mapping[str, Any] = field(default_factory=dict)
    messages: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    model: str | None = None
    protocol: Protocol | None = None


def artifact_of_version(conn: Connection, project: Project, version: Version) -> Artifact:
    """The compiled form of a stored version. Raises CannotRender for one that is not valid, with its errors."""
    return _compiled(
        conn,
        project,
        version_bytes(conn, project.id, version),
        path=version.path,
        number=version.number,
        commit=version.commit,
        name=f"{project.name}/{version.path}@{version.number}",
    )


def artifact_of_text(conn: Connection, project: Project, content: bytes) -> Artifact:
    """The compiled form of a prompt file that is not stored, with this project's fragments.

    Raises:
        CannotRender: the file is not valid; `errors` says where.
        TooLarge: it has more than 1 MiB.
    """
    if len(content) > MAX_FILE_BYTES:
        raise TooLarge(
            f"A prompt file has at most {MAX_FILE_BYTES:,} bytes; this has {len(content):,}.",
            remedy="Split the prompt.",
        )
    return _compiled(conn, project, content, path="", number=0, commit="", name="The prompt file")


def prepare(artifact: Artifact, asked: Asked) -> dict[str, Any]:
    """What is asked for as the request that `limited` and `render_here` take.

    Raises:
        CannotRender: messages for what is no placeholder, or an input that is no JSON that can be sent on.
    """
    inputs = dict(asked.inputs)
    places = _placeholders(artifact)
    for name, messages in asked.messages.items():
        if name not in places:
            known = ", ".join(sorted(places)) or "none"
            raise CannotRender(
                f"The prompt has no placeholder {name[:100]!r}; it has: {known}.",
                slug="unknown-input",
                input=name[:100],
            )
        if name in inputs:
            raise CannotRender(
                f"The messages of {name!r} are given twice, under inputs and under messages.",
                slug="wrong-input-type",
                input=name,
            )
        inputs[name] = messages
    if asked.model is not None and _fault(asked.model, ""):
        raise CannotRender(f"The model {_fault(asked.model, '')}.")
    for name, value in inputs.items():
        fault = _fault(value, name)
        if fault:
            shown = name.encode("ascii", "backslashreplace").decode()[:100]
            raise CannotRender(
                f"The input {shown!r} {fault}.", slug="wrong-input-type", input=shown
            )
    return {
        "artifact": artifact,
        "inputs": inputs,
        "model": asked.model,
        "protocol": asked.protocol,
    }


def is_light(request: Mapping[str, Any], limits: RenderLimits) -> bool:
    """Whether filling is only copying, and the result fits the limit whatever is put where."""
    artifact = request["artifact"]
    if artifact.get("template") == "jinja2":
        return False
    text = json.dumps(artifact)
    defaults = [said.get("default") for said in (artifact.get("inputs") or {}).values()]
    given = len(json.dumps([request["inputs"], defaults]))
    places = text.count("{{") + text.count('"placeholder"')
    # Once more in `call`; and JSON as a text in JSON is at most twice as long.
    return 4 * (len(text) + places * given) <= limits.output_bytes


def render_here(request: Mapping[str, Any]) -> dict[str, Any]:
    """Render in this process. Raises CannotRender as `render_limited` does."""
    try:
        return rendered(
            request["artifact"],
            request["inputs"],
            model=request["model"],
            protocol=request["protocol"],
        )
    except (RenderError, MissingFeature, CannotExpress) as error:
        raise _refusal(error.code, str(error), getattr(error, "input", "")) from None


async def render_limited(limited: LimitedRenderer, request: Mapping[str, Any]) -> dict[str, Any]:
    """Render in a process with limits.

    Raises:
        CannotRender: an input is missing, unknown or of a wrong type, the template fails, or goes over a limit.
        Unavailable: too many wait already.
    """
    try:
        return await limited.run(request)
    except Refused as refused:
        over = _over_limit(refused.code, limited.limits)
        if over is not None:
            raise over from None
        raise _refusal(refused.code, refused.message, refused.input) from None


def _compiled(
    conn: Connection,
    project: Project,
    content: bytes,
    *,
    path: str,
    number: int,
    commit: str,
    name: str,
) -> Artifact:
    parsed = parse(content)
    if parsed.file is None:
        raise CannotRender(
            f"{name} is not a valid prompt file: {parsed.errors[0]}.",
            remedy="Correct it; only a valid prompt can be rendered.",
            slug="invalid-prompt",
            errors=located(f"{path or 'prompt'}.prompt.yml", [p.to_dict() for p in parsed.errors]),
        )
    try:
        file: PromptFile = resolve_fragments(parsed.file, fragment_loader(conn, project))
    except FragmentError as error:
        raise CannotRender(f"{name} cannot be compiled: {error}.", slug="invalid-prompt") from None
    made = compile_artifact(file, project=project.name, path=path, version=number, commit=commit)
    artifact: Artifact = json.loads(made.text)
    return artifact


def _placeholders(artifact: Artifact) -> set[str]:
    lists = [artifact.get("messages") or ()]
    lists += [v.get("messages") or () for v in (artifact.get("variants") or {}).values()]
    return {m["placeholder"] for messages in lists for m in messages if "placeholder" in m}


def _fault(value: Any, name: str) -> str:
    """What keeps a value from being passed on, or ""."""
    waiting: list[tuple[Any, int]] = [(name, 0), (value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return f"is nested more than {MAX_DEPTH} levels deep"
        if isinstance(item, str):
            try:
                item.encode()
            except UnicodeEncodeError:
                return "holds half of a surrogate pair, which is no character"
        elif isinstance(item, Mapping):
            waiting += [(key, depth + 1) for key in item]
            waiting += [(inner, depth + 1) for inner in item.values()]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
    return ""


def _over_limit(code: str, limits: RenderLimits) -> CannotRender | None:
    told = {
        "time": (f"longer than {limits.seconds:g} seconds", "limits.render_seconds"),
        "memory": (f"more than {limits.memory_mb} MB of memory", "limits.render_memory_mb"),
        "output": (
            f"an answer of more than {limits.output_bytes:,} bytes",
            "limits.render_output_bytes",
        ),
    }.get(code)
    if code == "crash":
        return CannotRender(
            "Rendering this prompt ended its process.",
            remedy="Simplify the template: it nests too deep or is too large.",
            slug="template-failed",
        )
    if told is None:
        return None
    return CannotRender(
        f"Rendering this prompt takes {told[0]} ({told[1]}).",
        remedy="Simplify the template or send less, or ask the operator to raise the limit.",
        slug="render-limit",
        limit=told[1],
    )


def _refusal(code: str, message: str, name: str) -> CannotRender:
    said = message.rstrip(".")
    if said.startswith(("the ", "a ", "line ", "this ")):  # and not the name of an input
        said = said[0].upper() + said[1:]
    return CannotRender(f"{said}.", slug=code, input=name[:100] or None)
