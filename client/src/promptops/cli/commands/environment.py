"""`env list|show|create|set|followers`: what is live where, now and earlier, what rules apply, and who follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from promptops.cli import addresses, environment_rules, spreading
from promptops.cli.command import command, group
from promptops.cli.failures import BadInput, ServerProblem
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.releasing import (
    ReasonOption,
    TicketOption,
)
from promptops.cli.session import Session, api, connect

_TRIES = 5

app = group("Environments: what is live where.")

_Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]
PlaceArgument = Annotated[
    str,
    typer.Argument(metavar="PROJECT[@ENVIRONMENT]", help="retail-bank@production, or two words."),
]
NameArgument = Annotated[
    str | None, typer.Argument(metavar="[ENVIRONMENT]", help="Unless it follows the @.")
]


@command(app, "list", ["promptops env list retail-bank"])
def list_(ctx: typer.Context, project: _Project, json: JsonOption = False) -> None:
    """List a project's environments in the order of promotion."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(api("projects", project, "environments"))["items"]
    out.json({"items": found})
    out.table(
        ("ENVIRONMENT", "RELEASE", "PROMPTS", "APPROVAL"),
        (
            (
                e["name"],
                f"r{e['release']}" if e.get("release") else "",
                e.get("count"),
                "required" if e.get("approval_required") else "",
            )
            for e in found
        ),
        f"{project} has no environments.",
    )


@command(
    app,
    "show",
    [
        "promptops env show retail-bank production",
        "promptops env show retail-bank@production --at 2026-01-31T09:00:00Z",
        "promptops env show retail-bank@production --at r41 --json",
    ],
)
def show(
    ctx: typer.Context,
    given: PlaceArgument,
    name: NameArgument = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME|rN", help="What was live then.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show what is live in an environment, or was at a time or release."""
    out = Output(json)
    project, environment = place_of(given, name)
    with connect(ctx) as server:
        found = _whole(server, project, environment, at)
    out.json(found)
    if not json:
        shown = found["at"]
        made = f"release r{shown['release']} of {when(shown['acknowledged_at'])}"
        note(f"{project}@{environment}: {made if shown['release'] else 'nothing released yet'}")
        _note_rules(found)
    out.table(
        ("PROMPT", "VERSION", "STATE", "SINCE", "RELEASE", "REASON"),
        (
            (
                p["path"],
                f"@{p['version']}",
                p["state"],
                when(p.get("since")),
                f"r{p['release']}" if p.get("release") else "",
                p.get("reason"),
            )
            for p in found["items"]
        ),
        "Nothing is live there.",
    )


@command(
    app,
    "followers",
    [
        "promptops env followers retail-bank@production",
        "promptops env followers retail-bank production --state silent --json",
    ],
)
def followers(
    ctx: typer.Context,
    given: PlaceArgument,
    name: NameArgument = None,
    state: Annotated[
        str, typer.Option("--state", metavar="current|behind|silent", help="Only these.")
    ] = "",
    release: Annotated[
        str, typer.Option("--release", metavar="rN", help="Only those that hold this release.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")] = 200,
    json: JsonOption = False,
) -> None:
    """List the processes that follow an environment, with the release each of them has."""
    out = Output(json)
    project, environment = place_of(given, name)
    path = api("projects", project, "environments", environment, "followers")
    asked = {
        "state": state or None,
        "release": addresses.release_number(release) if release else None,
    }
    with connect(ctx) as server:
        found = spreading.followers(server, path, asked, limit)
    out.json(found)
    if not json:
        note(f"{project}@{environment}: {spreading.summary(found['summary'])}")
    spreading.follower_table(
        out, found["items"], "No such process has given a sign within an hour."
    )


@command(
    app,
    "create",
    [
        "promptops env create retail-bank@canary",
        "promptops env create retail-bank@sandbox --no-approval",
    ],
)
def create(
    ctx: typer.Context,
    given: PlaceArgument,
    name: NameArgument = None,
    approval: Annotated[
        bool,
        typer.Option("--approval/--no-approval", help="Whether the publish gate applies."),
    ] = True,
    json: JsonOption = False,
) -> None:
    """Add an environment to a project."""
    out = Output(json)
    project, environment = place_of(given, name)
    with connect(ctx) as server:
        made = server.post(
            api("projects", project, "environments"),
            {"name": environment, "approval_required": approval},
        )
    out.json(made)
    out.line(f"Environment {project}@{made['name']} is there.")


@command(
    app,
    "set",
    [
        "promptops env set retail-bank@production --only-from staging --soak staging=60m",
        "promptops env set retail-bank@production --window 'mon-thu 09:00-17:00 Asia/Singapore'",
        "promptops env set retail-bank@production --freeze '..2027-01-05T00:00+08:00 Year-end'",
        "promptops env set retail-bank@production --unfreeze --clear windows --reason 'Over'",
        "promptops env set retail-bank@canary --position 2 --approval on",
    ],
)
def set_(
    ctx: typer.Context,
    given: PlaceArgument,
    name: NameArgument = None,
    position: Annotated[
        int | None, typer.Option("--position", min=1, help="Place in the order of promotion.")
    ] = None,
    approval: Annotated[
        str | None, typer.Option("--approval", metavar="on|off", help="The publish gate applies.")
    ] = None,
    only_from: Annotated[
        str | None,
        typer.Option("--only-from", metavar="ENVIRONMENT", help="Only what is live there."),
    ] = None,
    soak: Annotated[
        str | None,
        typer.Option(
            "--soak",
            metavar="ENVIRONMENT=SPAN",
            help="Only what is live there so long: staging=60m.",
        ),
    ] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(
            "--window",
            metavar="'DAYS HOURS ZONE'",
            help="When publishing is open; again for more. They replace those there are.",
        ),
    ] = None,
    freeze: Annotated[
        list[str] | None,
        typer.Option(
            "--freeze",
            metavar="'FROM..UNTIL REASON'",
            help="Nothing is published then, besides those frozen already; a time may be left out.",
        ),
    ] = None,
    unfreeze: Annotated[bool, typer.Option("--unfreeze", help="Lift every freeze.")] = False,
    ticket_required: Annotated[
        str | None,
        typer.Option(
            "--ticket-required", metavar="PATTERN|any", help="A ticket must be named and match."
        ),
    ] = None,
    max_prompts: Annotated[
        int | None, typer.Option("--max-prompts", min=1, help="So many go live in one release.")
    ] = None,
    max_tier: Annotated[
        str | None,
        typer.Option(
            "--max-tier", metavar="TIER", help="The highest residual tier: low or medium."
        ),
    ] = None,
    works_on: Annotated[
        str | None,
        typer.Option(
            "--works-on",
            metavar="'TARGET,TARGET [60%] [suite=NAME]'",
            help="It works on these targets, as the matrix says; with a lower bound, or of one suite.",
        ),
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option("--clear", metavar="RULE", help="Drop a rule; again for more."),
    ] = None,
    reason: ReasonOption = "",
    ticket: TicketOption = None,
    json: JsonOption = False,
) -> None:
    """Change an environment's order and rules. What is not said stays as it is.

    Rules restrict publishing. They never stop suspend, unpublish and rollback.
    """
    out = Output(json)
    project, environment = place_of(given, name)
    rules: dict[str, Any] = {rule.replace("-", "_"): None for rule in clear or ()}
    if unfreeze:
        rules["freeze"] = None
    if only_from:
        rules["only_from"] = {"environment": only_from}
    if soak:
        rules["min_minutes_in"] = environment_rules.soak(soak)
    if window:
        rules["windows"] = {"open": [environment_rules.window(text) for text in window]}
    if ticket_required:
        rules["ticket_required"] = environment_rules.ticket(ticket_required)
    if max_prompts:
        rules["max_prompts"] = {"prompts": max_prompts}
    if max_tier:
        rules["max_tier"] = {"tier": max_tier}
    if works_on:
        rules["works_on"] = environment_rules.works_on(works_on)
    body: dict[str, Any] = {
        **({"position": position} if position else {}),
        **({"approval_required": environment_rules.on_or_off(approval)} if approval else {}),
        **({"reason": reason} if reason else {}),
        **({"ticket": ticket} if ticket else {}),
    }
    if not rules and not freeze and not body.keys() & {"position", "approval_required"}:
        raise BadInput("nothing is to be changed", remedy="see `promptops env set --help`")
    path = api("projects", project, "environments", environment)
    with connect(ctx) as server:
        changed = _change(server, path, body, rules, freeze or (), lifted=unfreeze)
    out.json(changed)
    out.fields(
        (
            ("environment", f"{project}@{environment}"),
            ("position", changed["position"]),
            ("approval", "required" if changed["approval_required"] else "not required"),
            *changed["rules_in_words"].items(),
        )
    )


def place_of(given: str, name: str | None) -> tuple[str, str]:
    """Project and environment of `retail-bank@production`, or of the two words. Raises BadInput."""
    if name is not None and "@" not in given:
        given = f"{given}@{name}"
    elif name is not None:
        raise BadInput(
            f"{given!r} says the environment already, and {name!r} is another word",
            remedy="write project@environment, or project environment",
        )
    return addresses.environment(given)


def _change(
    server: Session,
    path: str,
    body: dict[str, Any],
    rules: dict[str, Any],
    freezes: Sequence[str],
    *,
    lifted: bool,
) -> dict[str, Any]:
    """Send the change; returns the environment as it is then.

    Freezes are added to those there are, and only to those that were read: when somebody changed the settings in
    between, they are read again. Whoever lifts freezes is told instead, since it may be one they have not seen.
    """
    if rules:
        body = {**body, "rules": rules}
    for last in (*[False] * (_TRIES - 1), True):
        headers: dict[str, str] = {}
        if freezes or lifted:
            read = server.request("GET", path, params={"limit": 1})
            headers["If-Match"] = read.headers.get("etag", "")
        if freezes:
            present = {} if lifted else read.value["rules"]
            added = environment_rules.with_period(present, freezes)
            body = {**body, "rules": {**rules, "freeze": added}}
        try:
            changed: dict[str, Any] = server.request(
                "PATCH", path, json=body, headers=headers, repeat=not lifted
            ).value
            return changed
        except ServerProblem as problem:
            if problem.status != 409 or last or lifted or not freezes:
                raise
    raise AssertionError("the last try returns or raises")


def _note_rules(found: Mapping[str, Any]) -> None:
    for rule, words in (found.get("rules_in_words") or {}).items():
        note(f"{rule}: {words}")


def _whole(server: Session, project: str, environment: str, at: str | None) -> dict[str, Any]:
    """The environment with all of its prompts, however many pages they are."""
    from promptops.cli.picks import environment_pages

    whole: dict[str, Any] = {}
    items: list[dict[str, Any]] = []
    for page in environment_pages(server, project, environment, at):
        whole = whole or {k: v for k, v in page.items() if k not in ("items", "next")}
        items += page["items"]
    return {**whole, "items": items}
