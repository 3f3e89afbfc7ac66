"""`models add|set|remove`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from promptops.cli.amounts import millionths
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command
from promptops.cli.commands.models import app
from promptops.cli.commands.models.shown import fields
from promptops.cli.failures import BadInput, Refused
from promptops.cli.output import JsonOption, Output, is_terminal
from promptops.cli.releasing import YesOption
from promptops.cli.session import api, connect

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The target's name.")]
_Provider = Annotated[
    str | None,
    typer.Option(
        "--provider",
        help="openai, anthropic, azure_openai, bedrock, ollama, vllm, … (docs/providers.md).",
    ),
]
_Model = Annotated[
    str | None, typer.Option("--model", metavar="ID", help="The model as the endpoint knows it.")
]
_BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Where it is, if not where the provider is."),
]
_CatalogueId = Annotated[
    str | None,
    typer.Option("--catalogue-id", metavar="ID", help="Price and adapt it as this model."),
]
_Alias = Annotated[
    bool | None,
    typer.Option("--alias/--pinned", help="Whether the id may come to mean another model."),
]
_Region = Annotated[str | None, typer.Option("--region", help="Where it computes; for people.")]
_DataClass = Annotated[
    str | None,
    typer.Option(
        "--data-class",
        help="The most protected data it may be given: public, internal, confidential, personal or "
        "sensitive_personal.",
    ),
]
_Projects = Annotated[
    list[str] | None,
    typer.Option("--project", "-p", help="Only for this project; repeatable."),
]
_Env = Annotated[
    str | None, typer.Option("--env", metavar="NAME", help="The key is this variable's value.")
]
_File = Annotated[
    str | None,
    typer.Option(
        "--file", metavar="NAME", help="The key is in this file of the server's directory."
    ),
]
_SecretStdin = Annotated[
    bool, typer.Option("--secret-stdin", help="Read the key from stdin; it is kept sealed.")
]
_AskSecret = Annotated[
    bool, typer.Option("--ask-secret", help="Type the key, unseen; it is kept sealed.")
]
_Concurrency = Annotated[int | None, typer.Option("--concurrency", help="Calls at the same time.")]
_Requests = Annotated[int | None, typer.Option("--requests-per-minute")]
_Tokens = Annotated[int | None, typer.Option("--tokens-per-minute")]
_Budget = Annotated[
    str | None, typer.Option("--budget", metavar="DOLLARS", help="At most this in a month (UTC).")
]
_Options = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="The provider's own; repeatable."),
]


@command(
    app,
    "add",
    [
        "promptops models add gpt-mini --provider openai --model gpt-5-mini-2025-08-07 --env OPENAI_API_KEY",
        "promptops models add claude --provider anthropic --model claude-sonnet-4-5 --secret-stdin < key.txt",
        "promptops models add local --provider ollama --model llama3.2 --base-url http://127.0.0.1:11434/v1",
    ],
)
def add(
    ctx: typer.Context,
    name: _Name,
    provider: _Provider = None,
    model: _Model = None,
    base_url: _BaseUrl = None,
    catalogue_id: _CatalogueId = None,
    alias: _Alias = None,
    region: _Region = None,
    data_class: _DataClass = None,
    project: _Projects = None,
    env: _Env = None,
    file: _File = None,
    secret_stdin: _SecretStdin = False,
    ask_secret: _AskSecret = False,
    concurrency: _Concurrency = None,
    requests_per_minute: _Requests = None,
    tokens_per_minute: _Tokens = None,
    budget: _Budget = None,
    option: _Options = None,
    json: JsonOption = False,
) -> None:
    """Add a model target. A key is referred to or kept sealed; it is never an argument, and never shown again."""
    out = Output(json)
    if not provider or not model:
        raise BadInput("--provider and --model are needed", remedy="see --help for examples")
    body: dict[str, Any] = {
        "name": name,
        "provider": provider,
        "model": model,
        "base_url": base_url,
        "catalogue_id": catalogue_id,
        "alias": alias,
        "region": region,
        "data_class": data_class,
        "projects": project or None,
        "limits": _limits({}, concurrency, requests_per_minute, tokens_per_minute) or None,
        "budget_month": None if budget is None else millionths(budget),
        "options": _options(option) or None,
        "credential": _credential(name, env, file, secret_stdin, ask_secret, False),
    }
    with connect(ctx) as server:
        sent = {key: value for key, value in body.items() if value is not None}
        made = server.request("POST", api("models"), json=sent).value
    out.json(made)
    out.fields(fields(made))


@command(
    app,
    "set",
    [
        "promptops models set gpt-mini --budget 50 --concurrency 16",
        "promptops models set gpt-mini --model gpt-5-mini-2025-08-07 --pinned",
        "promptops models set claude --ask-secret",
        "promptops models set gpt-mini --disable",
    ],
)
def set_(
    ctx: typer.Context,
    name: _Name,
    provider: _Provider = None,
    model: _Model = None,
    base_url: _BaseUrl = None,
    catalogue_id: _CatalogueId = None,
    alias: _Alias = None,
    region: _Region = None,
    data_class: _DataClass = None,
    project: _Projects = None,
    all_projects: Annotated[
        bool, typer.Option("--all-projects", help="Every project may use it.")
    ] = False,
    env: _Env = None,
    file: _File = None,
    secret_stdin: _SecretStdin = False,
    ask_secret: _AskSecret = False,
    no_credential: Annotated[
        bool, typer.Option("--no-credential", help="Forget the credential.")
    ] = False,
    concurrency: _Concurrency = None,
    requests_per_minute: _Requests = None,
    tokens_per_minute: _Tokens = None,
    budget: _Budget = None,
    no_budget: Annotated[bool, typer.Option("--no-budget", help="No limit of costs.")] = False,
    option: _Options = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether it may be called.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Change a model target; what is not named stays. An empty text takes a value away.

    A new provider or address needs the credential again: a key never follows to another host by itself.
    """
    out = Output(json)
    if project and all_projects:
        raise BadInput("give either --project or --all-projects")
    if budget is not None and no_budget:
        raise BadInput("give either --budget or --no-budget")
    credential = _credential(name, env, file, secret_stdin, ask_secret, no_credential)
    with connect(ctx) as server:
        answer = server.request("GET", api("models", name))
        before = answer.value
        given: dict[str, Any] = {
            "provider": provider,
            "model": model,
            "base_url": base_url,
            "catalogue_id": catalogue_id,
            "alias": alias,
            "region": region,
            "data_class": data_class,
            "projects": project or None,
            "budget_month": None if budget is None else millionths(budget),
            "enabled": enabled,
            "credential": credential,
        }
        kept = ("provider", "model", "base_url", "catalogue_id", "alias", "region", "data_class")
        body: dict[str, Any] = {
            key: before[key] for key in (*kept, "projects", "budget_month", "enabled")
        }
        if model is not None and model != before["model"]:
            body["alias"] = None  # as the new id suggests
        body |= {key: value for key, value in given.items() if value is not None}
        body |= {key: body[key] or None for key in ("base_url", "catalogue_id")}
        body["limits"] = _limits(
            before["limits"], concurrency, requests_per_minute, tokens_per_minute
        )
        body["options"] = {
            key: value
            for key, value in {**before["options"], **_options(option)}.items()
            if value != ""
        }
        if all_projects:
            body["projects"] = None
        if no_budget:
            body["budget_month"] = None
        changed = server.request(
            "PUT",
            api("models", name),
            json=body,
            headers={"If-Match": answer.headers.get("etag", "")},
        ).value
    out.json(changed)
    out.fields(fields(changed))


@command(app, "remove", ["promptops models remove gpt-mini --yes"])
def remove(
    ctx: typer.Context, name: _Name, yes: YesOption = False, json: JsonOption = False
) -> None:
    """Remove a model target and forget its key. Results of its tests stay; its name is free again."""
    out = Output(json)
    with connect(ctx) as server:
        answer = server.request("GET", api("models", name))
        if not yes:
            if not somebody_is_there():
                raise Refused(
                    f"this removes {name}, and forgets its credential", remedy="add --yes to do it"
                )
            confirm(f"Remove the model target {name} and forget its credential?")
        headers = {"If-Match": answer.headers.get("etag", "")}
        server.request("DELETE", api("models", name), headers=headers)
    out.json({"name": name, "removed": True})
    out.line(f"{name} is removed.")


def _credential(
    name: str, env: str | None, file: str | None, stdin: bool, ask: bool, none: bool
) -> dict[str, str] | None:
    if sum((env is not None, file is not None, stdin, ask, none)) > 1:
        raise BadInput("give one credential: --env, --file, --secret-stdin or --ask-secret")
    if none:
        return {"kind": "none"}
    if env is not None:
        return {"kind": "env", "name": env}
    if file is not None:
        return {"kind": "file", "name": file}
    if stdin:
        try:
            secret = sys.stdin.buffer.read().decode().strip()
        except UnicodeDecodeError:
            raise BadInput(
                "the key on standard input is no text in UTF-8", remedy="… --secret-stdin < key.txt"
            ) from None
        if not secret:
            raise BadInput("there is no key on standard input", remedy="… --secret-stdin < key.txt")
        return {"kind": "sealed", "secret": secret}
    if ask:
        if not is_terminal(sys.stdin):
            raise BadInput(
                "there is no terminal to ask for the key", remedy="use --secret-stdin instead"
            )
        return {
            "kind": "sealed",
            "secret": str(typer.prompt(f"Key of {name}", hide_input=True, err=True)),
        }
    return None


def _limits(
    before: dict[str, Any], concurrency: int | None, requests: int | None, tokens: int | None
) -> dict[str, Any]:
    given = {
        "concurrency": concurrency,
        "requests_per_minute": requests,
        "tokens_per_minute": tokens,
    }
    return before | {key: value for key, value in given.items() if value is not None}


def _options(given: Sequence[str] | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given or ():
        key, sign, value = text.partition("=")
        if not sign or not key:
            raise BadInput(
                f"{text!r} is no option", remedy="write NAME=VALUE: --option api_version=2025-01-01"
            )
        found[key] = value
    return found
