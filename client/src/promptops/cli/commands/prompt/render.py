"""`prompt render`: the messages a model would be called with."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.failures import BadInput
from promptops.cli.inputs import InputsFileOption, InputsOption, ModelOption, read_inputs, typed
from promptops.cli.messages import show_messages
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import Session, api, connect
from promptops.cli.texts import read_file, read_text
from promptops.format.names import EXTENSIONS, Address, Selector


@command(
    app,
    "render",
    [
        "promptops prompt render retail-bank/claims/triage -i claim='A tree fell on my car'",
        "promptops prompt render retail-bank/claims/triage@7 -i claim=@claim.txt --model claude",
        "promptops prompt render triage.prompt.yml --inputs case.json --json",
    ],
)
def render(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="ADDRESS|FILE", help="A version, or a prompt file here.")
    ],
    inputs: InputsOption = None,
    inputs_file: InputsFileOption = None,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Fill a prompt's variables and show the messages."""
    from promptops.format import MissingFeature, Renderer, RenderError

    out = Output(json)
    values = read_inputs(inputs or [], inputs_file)
    artifact = _artifact(ctx, given)
    try:
        renderer = Renderer(artifact)
        messages = renderer.render(typed(values, artifact.get("inputs") or {}), model)
        used, parameters = renderer.settings(model)
        variant = renderer.variant(model)
    except (RenderError, MissingFeature) as error:
        raise BadInput(str(error), remedy="give each variable with -i name=value") from None
    out.json(
        {
            "address": f"{artifact['project']}/{artifact['path']}"
            if artifact["project"]
            else given,
            "version": artifact["version"] or None,
            "variant": variant,
            "model": used,
            "parameters": parameters,
            "messages": messages,
        }
    )
    show_messages(out, messages)


def _artifact(ctx: typer.Context, given: str) -> dict[str, Any]:
    """The compiled form of what was named, without asking the server more than it must."""
    if given.endswith(EXTENSIONS):
        path = Path(given)
        return _compile(None, Address("", path.name), read_file(path), 0, given)
    address = addresses.prompt(given)
    with connect(ctx) as server:
        found = read_text(server, address)
        return _compile(server, address, found.content, found.number, found.address)


def _compile(
    server: Session | None, address: Address, content: bytes, version: int, source: str
) -> dict[str, Any]:
    from promptops.format import (
        FragmentError,
        PromptFile,
        compile_artifact,
        parse,
        resolve_fragments,
    )

    def read_valid(text: bytes, where: str) -> PromptFile:
        parsed = parse(text)
        if parsed.file is None:
            errors = [{"file": where, **problem.to_dict()} for problem in parsed.errors]
            raise BadInput(f"{where} is not a valid prompt file", errors=errors)
        return parsed.file

    def load(path: str, pin: int | str) -> PromptFile:
        if server is None:
            raise FragmentError(f"{path}@{pin} is on a server: put the file first, then render it")
        number = pin if isinstance(pin, int) else _by_digest(server, address.project, path, pin)
        found = read_text(server, Address(address.project, path, Selector(version=number)))
        return read_valid(found.content, found.address)

    try:
        file = resolve_fragments(read_valid(content, source), load)
    except FragmentError as error:
        raise BadInput(f"{source}: {error}") from None
    made = compile_artifact(
        file, project=address.project, path=address.path, version=version, commit=""
    )
    artifact: dict[str, Any] = json_module.loads(made.text)
    return artifact


def _by_digest(server: Session, project: str, path: str, digest: str) -> int:
    """The newest version of a fragment whose behaviour has this digest."""
    for version in server.pages(api("projects", project, "versions", path)):
        if version["behaviour"] == digest:
            return int(version["version"])
    raise BadInput(f"no version of the fragment {project}/{path} has the digest {digest}")
