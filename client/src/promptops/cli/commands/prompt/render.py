"""`prompt render`: the messages a model would be called with."""

from __future__ import annotations

import json as json_module
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.commands.prompt import app
from promptops.cli.failures import BadInput
from promptops.cli.inputs import InputsFileOption, InputsOption, ModelOption, read_inputs, typed
from promptops.cli.messages import show_messages
from promptops.cli.model_requests import show_request
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import Session, api, connect
from promptops.cli.texts import read_file, read_text
from promptops.format.names import EXTENSIONS, Address, Selector

if TYPE_CHECKING:
    from promptops.calls.rendered import Protocol


class Provider(StrEnum):
    """Whose SDK is called."""

    openai = "openai"
    anthropic = "anthropic"


@command(
    app,
    "render",
    [
        "promptops prompt render retail-bank/claims/triage -i claim='A tree fell on my car'",
        "promptops prompt render retail-bank/claims/triage@7 -i claim=@claim.txt --model claude",
        "promptops prompt render triage.prompt.yml --inputs case.json --json",
        "promptops prompt render retail-bank/claims/triage -i claim=x --for anthropic --json",
        "promptops prompt render draft.prompt.yml --on-server --project retail-bank",
        "promptops prompt render retail-bank/claims/triage -i claim=x --target gpt-eu",
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
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="NAME", help="A model target: the request for its endpoint."
        ),
    ] = None,
    provider: Annotated[
        Provider | None,
        typer.Option("--for", help="With --json, also the arguments for this provider's SDK."),
    ] = None,
    on_server: Annotated[
        bool,
        typer.Option("--on-server", help="There; by itself for Jinja2 that is not installed here."),
    ] = False,
    project: Annotated[
        str, typer.Option("--project", "-p", help="Of a file's fragments, with --on-server.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Fill a prompt's variables and show the messages.

    With --model or --target, the server also shows the request the model would get, what was
    changed in it for this model and why, its tokens, and the most the call can cost. A file here is
    rendered here, unless you say --on-server.
    """
    from promptops.calls.ask import NoModel
    from promptops.calls.rendered import rendered
    from promptops.errors import CannotExpress
    from promptops.format import MissingFeature, RenderError

    out = Output(json)
    values = read_inputs(inputs or [], inputs_file)
    protocol: Protocol | None = provider.value if provider else None
    is_file = given.endswith(EXTENSIONS)
    if is_file and on_server and not project:
        raise BadInput(
            "a file is rendered on the server within a project", remedy="name it with --project"
        )
    if project and not (is_file and on_server):
        raise BadInput("--project is for a file rendered --on-server", remedy="leave it away")
    if target is not None and model is not None:
        raise BadInput("a target has its model", remedy="give --model or --target")
    if target is not None and is_file and not on_server:
        raise BadInput(
            "targets are the server's", remedy="render the file there: --on-server --project NAME"
        )
    artifact = None if is_file and on_server else _artifact(ctx, given)
    there = on_server or (
        not is_file
        and artifact is not None
        and (model is not None or target is not None or _needs_server(artifact))
    )
    if there:
        asked = {"model": model, "target": target, "for": protocol}
        document = _on_server(ctx, given, project, artifact, values, asked)
    else:
        assert artifact is not None
        try:
            document = rendered(
                artifact,
                typed(values, artifact.get("inputs") or {}),
                model=model,
                protocol=protocol,
            )
        except NoModel as error:
            raise BadInput(
                error.why,
                remedy="give the id of a model with --model, or the prompt a variant that has one",
            ) from None
        except (RenderError, CannotExpress) as error:
            raise BadInput(str(error), remedy=_REMEDY) from None
        except MissingFeature as error:
            raise BadInput(
                str(error), remedy="or render it there: --on-server --project PROJECT"
            ) from None
    if document["address"] is None:
        document["address"] = given
    out.json(document)
    show_messages(out, document["messages"])
    if "tokens" in document:
        show_request(out, document)


def _needs_server(artifact: dict[str, Any]) -> bool:
    return artifact.get("template") == "jinja2" and find_spec("jinja2") is None


_REMEDY = "give each variable with -i name=value"


def _on_server(
    ctx: typer.Context,
    given: str,
    project: str,
    artifact: dict[str, Any] | None,
    values: dict[str, Any],
    asked: dict[str, str | None],
) -> dict[str, Any]:
    """The same document, made by the server. `artifact` is None for a file; `asked` are further members."""
    if artifact is None:
        content = read_file(Path(given))
        try:
            body: dict[str, Any] = {"content": content.decode()}
        except UnicodeDecodeError:
            raise BadInput(f"{given} is not UTF-8", remedy="save it as UTF-8") from None
        declared = _declared(content)
        route = api("projects", project, "render")
    else:
        body, declared = {}, artifact.get("inputs") or {}
        path = f"{artifact['path']}@{artifact['version']}"
        route = api("projects", artifact["project"], "render", path)
    body["inputs"] = typed(values, declared)
    body.update({name: value for name, value in asked.items() if value is not None})
    with connect(ctx) as server:
        document: dict[str, Any] = server.request("POST", route, json=body, repeat=True).value
    return document


def _declared(content: bytes) -> dict[str, dict[str, Any]]:
    """The types of a file's inputs, as far as it says; fragments may add texts."""
    from promptops.format import parse

    file = parse(content).file
    return {} if file is None else {name: {"type": i.type} for name, i in file.inputs.items()}


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
            raise FragmentError(
                f"{path}@{pin} is on a server: render it there, with --on-server --project PROJECT"
            )
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
