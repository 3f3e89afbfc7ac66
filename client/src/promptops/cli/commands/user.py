"""`user create|password|list|grant|take`: people and service accounts, and the roles they hold."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, is_terminal, note, when
from promptops.cli.session import Session, api, connect

app = group("People and service accounts (for administrators).")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
_Role = Annotated[
    str,
    typer.Argument(
        metavar="ROLE",
        help="viewer, author, reviewer, validator, approver, risk, publisher, emergency or auditor.",
    ),
]
_Project = Annotated[
    str, typer.Option("--project", "-p", help="On one project; without it, on every project.")
]
_Module = Annotated[
    str,
    typer.Option("--module", "-m", help="Only for the prompts in this folder of the project."),
]
_Environment = Annotated[
    str, typer.Option("--in", metavar="ENVIRONMENT", help="Only in this environment.")
]


@command(
    app,
    "create",
    [
        "promptops user create anna --display-name 'Anna Keller' --role author -p retail-bank",
        "promptops user create checkout --kind service",
        "promptops user create ben --password-stdin < password.txt",
    ],
)
def create(
    ctx: typer.Context,
    name: _Name,
    display_name: Annotated[
        str | None, typer.Option("--display-name", help="As others read it.")
    ] = None,
    email: Annotated[str | None, typer.Option("--email")] = None,
    service: Annotated[bool, typer.Option("--service", help="The same as --kind service.")] = False,
    kind: Annotated[
        str, typer.Option("--kind", help="person, or service: a program, which has no password.")
    ] = "person",
    admin: Annotated[
        bool, typer.Option("--admin", help="An administrator of the installation.")
    ] = False,
    role: Annotated[str, typer.Option("--role", help="Grant this role at once.")] = "",
    project: _Project = "*",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Add a person or a service account.

    At a terminal it asks for the password, twice. A person without one cannot sign in until
    `promptops user password NAME`.
    """
    out = Output(json)
    if kind not in ("person", "service"):
        raise BadInput(f"there is no kind {kind!r}", remedy="write person or service")
    service = service or kind == "service"
    body: dict[str, Any] = {
        "name": name,
        "kind": "service" if service else "person",
        "admin": admin,
        "display_name": display_name,
        "email": email,
    }
    if service and password_stdin:
        raise BadInput("a service account has no password", remedy="make it a token instead")
    if not service:
        body["password"] = _password(name, password_stdin)
    with connect(ctx) as server:
        made = server.post(api("users"), {k: v for k, v in body.items() if v is not None})
        if role:
            _grant(server, name, role, project)
            made["role"] = {"project": project, "role": role}
    out.json(made)
    out.line(f"User {made['name']} is there.")
    if not service and body["password"] is None and not json:
        note(f"{name} has no password and cannot sign in yet: promptops user password {name}")


@command(
    app,
    "password",
    [
        "promptops user password anna",
        "promptops user password anna --password-stdin < password.txt",
    ],
)
def password(
    ctx: typer.Context,
    name: _Name,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Set a person's password: asked for at a terminal, twice, or read from standard input."""
    out = Output(json)
    secret = _password(name, password_stdin, needed=True)
    with connect(ctx) as server:
        changed = server.request("PATCH", api("users", name), json={"password": secret}).value
    out.json(changed)
    out.line(f"The password of {changed['name']} is set.")


@command(app, "deactivate", ["promptops user deactivate ben"])
def deactivate(ctx: typer.Context, name: _Name, json: JsonOption = False) -> None:
    """Close an account: its sessions and tokens end at once and for good, its history stays."""
    changed = _change(ctx, name, {"active": False})
    out = Output(json)
    out.json(changed)
    out.line(f"{changed['name']} is deactivated.")


@command(app, "activate", ["promptops user activate ben"])
def activate(ctx: typer.Context, name: _Name, json: JsonOption = False) -> None:
    """Open an account again; its earlier sessions and tokens stay ended."""
    changed = _change(ctx, name, {"active": True})
    out = Output(json)
    out.json(changed)
    out.line(f"{changed['name']} is active.")


@command(app, "reset-totp", ["promptops user reset-totp ben --reason 'phone lost, seen in person'"])
def reset_totp(
    ctx: typer.Context,
    name: _Name,
    reason: Annotated[str | None, typer.Option("--reason", help="Kept in the audit log.")] = None,
    json: JsonOption = False,
) -> None:
    """Take a person's lost authenticator app away. They sign nothing until they enrol again and
    another administrator confirms."""
    changed = _change(ctx, name, {"totp": "off", "reason": reason})
    out = Output(json)
    out.json(changed)
    out.line(f"The authenticator app of {changed['name']} is gone; they enrol a new one.")


@command(
    app,
    "confirm",
    ["promptops user confirm ben --reason 'met him, new phone shown, password changed'"],
)
def confirm(
    ctx: typer.Context,
    name: _Name,
    reason: Annotated[str, typer.Option("--reason", help="How you know; at least 15 characters.")],
    json: JsonOption = False,
) -> None:
    """Say that a person has their account back after another administrator's reset or link; they may sign again."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.post(api("users", name, "confirmation"), {"reason": reason})
    out.json(found)
    out.line(f"{found['name']} is confirmed and may sign again.")


@command(
    app,
    "end-sessions",
    ["promptops user end-sessions ben", "promptops user end-sessions ben --tokens"],
)
def end_sessions(
    ctx: typer.Context,
    name: _Name,
    tokens: Annotated[bool, typer.Option("--tokens", help="Revoke all their tokens too.")] = False,
    json: JsonOption = False,
) -> None:
    """End all browser sessions of a user now. The account stays open."""
    out = Output(json)
    asked = {"tokens": "true"} if tokens else {}
    with connect(ctx) as server:
        done = server.request("DELETE", api("users", name, "sessions"), params=asked).value
    out.json(done)
    out.line(f"{done['sessions']} sessions ended, {done['tokens']} tokens revoked.")


@command(
    app,
    "link",
    ["promptops user link anna-admin --same-person-as anna --reason 'her account for operations'"],
)
def link(
    ctx: typer.Context,
    name: _Name,
    same_person_as: Annotated[
        str, typer.Option("--same-person-as", metavar="NAME", help="Another account of theirs.")
    ],
    reason: Annotated[str | None, typer.Option("--reason", help="Kept in the audit log.")] = None,
    json: JsonOption = False,
) -> None:
    """Say that two accounts belong to one human: separation of duties then counts them as one."""
    changed = _change(ctx, name, {"same_person_as": same_person_as, "reason": reason})
    out = Output(json)
    out.json(changed)
    out.line(f"{changed['name']} and {same_person_as} are the same person.")


@command(
    app, "unlink", ["promptops user unlink anna-admin --reason 'linked by mistake, two people'"]
)
def unlink(
    ctx: typer.Context,
    name: _Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; at least 15 characters.")],
    json: JsonOption = False,
) -> None:
    """Undo `link`: the account is a person of its own again. Nobody unlinks their own."""
    changed = _change(ctx, name, {"own_person": True, "reason": reason})
    out = Output(json)
    out.json(changed)
    out.line(f"{changed['name']} is a person of its own.")


def _change(ctx: typer.Context, name: str, body: dict[str, Any]) -> dict[str, Any]:
    sent = {key: value for key, value in body.items() if value is not None}
    with connect(ctx) as server:
        changed: dict[str, Any] = server.request("PATCH", api("users", name), json=sent).value
    return changed


@command(app, "list", ["promptops user list"])
def list_(ctx: typer.Context, json: JsonOption = False) -> None:
    """List people and service accounts with their roles."""
    out = Output(json)
    with connect(ctx) as server:
        found = list(server.pages(api("users")))
        grants = server.get(api("grants"))["items"]
    roles: dict[str, list[str]] = {}
    for grant in grants:
        roles.setdefault(grant["user"], []).append(f"{grant['role']} on {_place(grant)}")
    for item in found:
        item["roles"] = roles.get(item["name"], [])
    out.json({"items": found})
    out.table(
        ("NAME", "DISPLAY NAME", "KIND", "ROLES", "CREATED", "STATE"),
        (
            (
                item["name"],
                item["display_name"],
                item["kind"],
                ["administrator"] * item["admin"] + item["roles"],
                when(item["created_at"]),
                _state(item),
            )
            for item in found
        ),
        "There are no users.",
    )


@command(
    app,
    "grant",
    [
        "promptops user grant anna author -p retail-bank",
        "promptops user grant anna publisher -p retail-bank --module claims --in production",
    ],
)
def grant(
    ctx: typer.Context,
    name: _Name,
    role: _Role,
    project: _Project = "*",
    module: _Module = "",
    environment: _Environment = "",
    json: JsonOption = False,
) -> None:
    """Give a user a role: on every project, one project, one of its modules, or in one environment."""
    out = Output(json)
    with connect(ctx) as server:
        made = _grant(server, name, role, project, module, environment)
    out.json(made)
    out.line(f"{name} is {role} on {_where(made)}.")


@command(app, "take", ["promptops user take anna publisher -p retail-bank"])
def take(
    ctx: typer.Context,
    name: _Name,
    role: _Role,
    project: _Project = "*",
    module: _Module = "",
    environment: _Environment = "",
    json: JsonOption = False,
) -> None:
    """Take a role back: the grant named, not wider or narrower ones."""
    out = Output(json)
    body = _body(name, role, project, module, environment)
    with connect(ctx) as server:
        server.request("DELETE", api("grants"), params=body)
    out.json(body)
    out.line(f"{name} is no longer {role} on {_where(body)}.")


def _grant(
    server: Session, name: str, role: str, project: str, module: str = "", environment: str = ""
) -> Any:
    return server.post(api("grants"), _body(name, role, project, module, environment))


def _body(name: str, role: str, project: str, module: str, environment: str) -> dict[str, str]:
    body = {"user": name, "project": project, "role": role}
    limits = {"module": module.strip("/"), "environment": environment}
    return body | {key: value for key, value in limits.items() if value}


def _state(item: dict[str, Any]) -> str:
    if not item["active"]:
        return "inactive"
    return "to be confirmed" if item.get("unconfirmed") else ""


def _place(grant: dict[str, str]) -> str:
    module = f"/{grant['module']}" if grant.get("module") else ""
    environment = f"@{grant['environment']}" if grant.get("environment") else ""
    return f"{grant['project']}{module}{environment}"


def _where(grant: dict[str, str]) -> str:
    if grant["project"] != "*":
        return _place(grant)
    environment = grant.get("environment")
    return "every project" + (f", environment {environment}" if environment else "")


def _password(name: str, from_stdin: bool, *, needed: bool = False) -> str | None:
    """A new password; None (sign-in by token only) when there is nobody to ask and it is not needed.

    Raises BadInput.
    """
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise BadInput("no password on standard input", remedy="write it as its first line")
        return password
    if not is_terminal(sys.stdin):
        if needed:
            raise BadInput(
                "there is no terminal to ask for the password",
                remedy="use --password-stdin: it is read from the first line of standard input",
            )
        return None
    if needed:
        return str(
            typer.prompt(
                f"New password of {name}", hide_input=True, confirmation_prompt=True, err=True
            )
        )
    entered: str = typer.prompt(
        f"Password of {name} (empty for none)",
        hide_input=True,
        confirmation_prompt=True,
        default="",
        show_default=False,
        err=True,
    )
    return entered or None
