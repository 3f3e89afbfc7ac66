"""`get`: what an application gets, by the very way an application gets it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.command import command
from promptops.cli.failures import BadInput, Failure, Refused, Unreachable
from promptops.cli.inputs import InputsFileOption, InputsOption, ModelOption, read_inputs, typed
from promptops.cli.messages import show_messages
from promptops.cli.output import JsonOption, Output
from promptops.cli.session import Session, connect

if TYPE_CHECKING:
    from promptops.prompt import Prompt

_START_SECONDS = 10.0


def add_to(app: typer.Typer) -> None:
    """Put `get` at the top of the tree."""
    command(app, "get", _EXAMPLES)(get)


_EXAMPLES = [
    "promptops get retail-bank/claims/triage@production",
    "promptops get retail-bank/claims/triage@staging -i claim='A tree fell on my car'",
    "PROMPTOPS_TOKEN=$DELIVERY_TOKEN promptops get retail-bank/claims/triage@production --json",
]


def get(
    ctx: typer.Context,
    given: Annotated[
        str, typer.Argument(metavar="ADDRESS@ENVIRONMENT", help="A prompt, and where it is live.")
    ],
    inputs: InputsOption = None,
    inputs_file: InputsFileOption = None,
    model: ModelOption = None,
    json: JsonOption = False,
) -> None:
    """Get a live prompt as an application would: signed, verified, compiled.

    With variables it is rendered too. Nothing is kept on disk.
    """
    out = Output(json)
    address, environment = addresses.in_environment(given)
    values = read_inputs(inputs or [], inputs_file)
    with connect(ctx) as server:
        prompt = _live_prompt(server, address.project, environment, address.path)
    found: dict[str, Any] = {
        "address": prompt.address,
        "environment": environment,
        "version": prompt.version,
        "release": prompt.release,
        "commit": prompt.commit,
        "digest": prompt.digest,
        "model": prompt.model,
        "parameters": prompt.parameters,
        "inputs": prompt.inputs,
        "tools": prompt.tools,
        "responseFormat": prompt.response_format,
        "jsonSchema": prompt.json_schema,
        "messages": prompt.messages,
    }
    rendered = bool(values) or model is not None
    if rendered:
        found["messages"] = _render(prompt, values, model)
    out.json(found)
    out.fields(
        [
            ("prompt", f"{prompt.address}@{prompt.version}"),
            ("release", f"r{prompt.release} of {environment}"),
            ("commit", prompt.commit),
            ("digest", prompt.digest),
            ("model", prompt.model),
            ("parameters", [f"{k}={v}" for k, v in prompt.parameters.items()]),
            ("inputs", list(prompt.inputs) if not rendered else None),
        ]
    )
    out.line()
    show_messages(out, found["messages"])


def _live_prompt(server: Session, project: str, environment: str, path: str) -> Prompt:
    from promptops import NotConnected, PromptNotLive, PromptOps, PromptOpsError

    # The sentence is shown as this command's failure; the log would say it twice.
    logging.getLogger("promptops").addHandler(logging.NullHandler())
    logging.getLogger("promptops").propagate = False
    try:
        with PromptOps(
            url=server.target.url,
            token=server.target.token,
            project=project,
            environment=environment,
            start_timeout=_START_SECONDS,
            disk_cache=False,
            receipts=False,
        ) as ops:
            return ops.get(path)
    except PromptNotLive as error:
        raise Refused(str(error), code=error.code, reason=error.reason) from None
    except NotConnected as error:
        raise _why_not(server, project, environment, str(error)) from None
    except PromptOpsError as error:
        raise BadInput(str(error)) from None


def _why_not(server: Session, project: str, environment: str, sentence: str) -> Failure:
    """The server's own words for why there is no release, where it has some."""
    from urllib.parse import quote

    try:
        server.request("GET", f"/delivery/v1/{quote(project)}/{quote(environment)}")
    except Failure as failure:
        return failure
    return Unreachable(sentence)


def _render(prompt: Prompt, values: dict[str, Any], model: str | None) -> list[dict[str, Any]]:
    from promptops import RenderError

    try:
        return prompt.render(typed(values, prompt.inputs), model=model)
    except RenderError as error:
        raise BadInput(str(error), remedy="give each variable with -i name=value") from None
