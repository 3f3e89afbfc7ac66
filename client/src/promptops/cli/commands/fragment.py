"""`promptops fragment …`: who includes a fragment, what would change if it moved, moving its pins."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from promptops.cli import addresses
from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command, group
from promptops.cli.commands.prompt.put import MessageOption
from promptops.cli.failures import Refused
from promptops.cli.output import JsonOption, Output, note, warn
from promptops.cli.releasing import YesOption
from promptops.cli.session import Session, api, connect

app = group("Fragments: prompts whose text others include.")


class By(StrEnum):
    """How a pin is written."""

    version = "version"
    digest = "digest"


_Given = Annotated[str, typer.Argument(metavar="ADDRESS", help="The fragment, without a version.")]
_To = Annotated[
    str, typer.Option("--to", metavar="PIN", help="A version, newest, or sha256:… (a digest).")
]
_Transitive = Annotated[
    bool, typer.Option("--transitive", help="Also what includes it through other fragments.")
]
_In = Annotated[
    str | None,
    typer.Option(
        "--in", "-e", metavar="ENVIRONMENT", help="What is live there, not the newest versions."
    ),
]
_Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many prompts.")]


@command(
    app,
    "uses",
    [
        "promptops fragment uses retail-bank/house/style",
        "promptops fragment uses retail-bank/house/style --transitive --in production",
    ],
)
def uses(
    ctx: typer.Context,
    given: _Given,
    transitive: _Transitive = False,
    environment: _In = None,
    limit: _Limit = 500,
    json: JsonOption = False,
) -> None:
    """List the prompts that include a fragment, and at which pin."""
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        found = list(
            server.pages(
                api("projects", address.project, "uses", address.path),
                at_most=limit,
                transitive=transitive,
                environment=environment,
            )
        )
    out.json({"items": found})
    out.table(
        ("PROMPT", "VERSION", "INCLUDES", "BEHIND", "LIVE"),
        (
            (
                use["path"],
                f"@{use['version']}",
                [_short(pin["fragment"], pin["pin"]) for pin in use["pins"]],
                any(pin["behind"] for pin in use["pins"]),
                [f"{place['environment']}@{place['version']}" for place in use["live"]],
            )
            for use in found
        ),
        f"Nothing includes {address}.",
    )


@command(
    app,
    "impact",
    [
        "promptops fragment impact retail-bank/house/style --to 4",
        "promptops fragment impact retail-bank/house/style --transitive --json",
    ],
)
def impact(
    ctx: typer.Context,
    given: _Given,
    to: _To = "newest",
    transitive: _Transitive = False,
    environment: _In = None,
    limit: _Limit = 50,
    json: JsonOption = False,
) -> None:
    """Show what would change in each prompt if its pins moved: the text, before and after.

    Exit code 1 when a prompt could not be compiled any more.
    """
    out = Output(json)
    address = addresses.bare_prompt(given)
    with connect(ctx) as server:
        found = list(
            server.pages(
                api("projects", address.project, "impact", address.path),
                at_most=limit,
                to=to,
                transitive=transitive,
                environment=environment,
            )
        )
    out.json({"items": found})
    for item in found:
        out.line(f"{item['path']}@{item['version']}: {_effect(item)}")
        out.diff(item["diff"])
    if not found:
        note(f"Nothing includes {address}.")
    broken = [item for item in found if item["error"]]
    if broken:
        raise Refused(
            f"{len(broken)} of {len(found)} prompts could not be compiled",
            errors=[{"path": item["path"], "message": item["error"]} for item in broken],
        )


@command(
    app,
    "upgrade",
    [
        "promptops fragment upgrade retail-bank/house/style --dry-run",
        "promptops fragment upgrade retail-bank/house/style --to 4 --from 3 -m 'New disclaimer'",
        "promptops fragment upgrade retail-bank/house/style --by digest --transitive --yes",
    ],
)
def upgrade(
    ctx: typer.Context,
    given: _Given,
    to: _To = "newest",
    pins: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="PIN", help="Only these pins; may be repeated."),
    ] = None,
    by: Annotated[
        By | None, typer.Option("--by", help="How to pin. Default: as each pin is now.")
    ] = None,
    module: Annotated[str, typer.Option("--module", help="Only prompts below this module.")] = "",
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="ADDRESS", help="Only this prompt; may be repeated."),
    ] = None,
    transitive: _Transitive = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Leave prompts that would be invalid.")
    ] = False,
    message: MessageOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change; exit 1 if refused.")
    ] = False,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Move the pins of a fragment in all prompts that include it, as one commit.

    At a terminal it shows what will change and asks.
    """
    out = Output(json)
    address = addresses.bare_prompt(given)
    body: dict[str, Any] = {
        "fragment": address.path,
        "to": to,
        "by": by.value if by else None,
        "module": module,
        "transitive": transitive,
        "skip_refused": skip_refused,
        "message": message,
    }
    if pins:
        body["from"] = pins
    if only:
        prompts = [addresses.bare_prompt(text) for text in only]
        addresses.one_project([address, *prompts])
        body["paths"] = [prompt.path for prompt in prompts]
    with connect(ctx) as server:
        if dry_run or (not yes and somebody_is_there()):
            preview = _send(server, address.project, {**body, "dry_run": True})
            shown = out if dry_run else Output(False, aside=True)
            if dry_run:
                out.json(preview)
            _show(shown, preview, diffs=dry_run or preview["changed"] == 1)
            _refuse(preview, skip_refused)
            if dry_run:
                return
            confirm(f"Move the pins of {preview['changed']} prompts to version {preview['to']}?")
            body["to"] = str(preview["to"])
        done = _send(server, address.project, body)
    out.json(done)
    _show(out, done, diffs=False)


def _send(server: Session, project: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = server.post(api("projects", project, "upgrade-pins"), body)
    return answer


def _show(out: Output, answer: Mapping[str, Any], *, diffs: bool) -> None:
    out.table(
        ("PROMPT", "RESULT", "VERSION", "NOTES"),
        (
            (
                item["path"],
                item["result"],
                f"@{item['version']}",
                item["reason"] or [f"{p['from']} → {p['to']}" for p in item["pins"]],
            )
            for item in answer["items"]
        ),
        f"Nothing includes {answer['fragment']}.",
    )
    if diffs:
        for item in answer["items"]:
            out.diff(item["diff"])
    if not out.as_json and answer["items"]:
        counts = [f"{answer[r]} {r}" for r in ("changed", "unchanged", "refused") if answer[r]]
        where = f" in commit {answer['commit'][:7]}" if answer["commit"] else ""
        note(f"{', '.join(counts)}{where}.")
        if answer["refused"] and answer["commit"]:
            warn("refused prompts are as they were")


def _refuse(preview: Mapping[str, Any], skip_refused: bool) -> None:
    refused = [item for item in preview["items"] if item["result"] == "refused"]
    if refused and not skip_refused:
        raise Refused(
            f"{len(refused)} of {len(preview['items'])} prompts would not be valid",
            errors=[{"path": item["path"], "message": item["reason"]} for item in refused],
        )


def _effect(item: Mapping[str, Any]) -> str:
    if item["error"]:
        return str(item["error"])
    said = ["its text changes" if item["changes_behaviour"] else "nothing changes for a model"]
    said += [
        f"new input {given['name']}" + (" (required)" if given["required"] else "")
        for given in item["inputs"]["added"]
    ]
    said += [f"input {given['name']} goes away" for given in item["inputs"]["removed"]]
    if item["live"]:
        places = [f"{place['environment']}@{place['version']}" for place in item["live"]]
        said.append(f"live in {', '.join(places)}")
    return "; ".join(said)


def _short(fragment: str, pin: str) -> str:
    return f"{fragment}@{pin[:15]}…" if pin.startswith("sha256:") else f"{fragment}@{pin}"
