"""`me …`: your own password, authenticator app, recovery codes and sessions.

Secrets are asked for hidden at a terminal, or read from standard input, one a line; never arguments.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from promptops.cli.command import command, group
from promptops.cli.failures import BadInput
from promptops.cli.output import JsonOption, Output, is_terminal, note, when
from promptops.cli.session import api, connect
from promptops.cli.signing_in import show_enrolment

app = group("Your own sign-in: password, authenticator app, sessions.")
totp = group("Your authenticator app (one-time codes).")
app.add_typer(totp, name="totp")

_FromStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from standard input, a code after it."
    ),
]


@command(totp, "enrol", ["promptops me totp enrol"])
def enrol(ctx: typer.Context, password_stdin: _FromStdin = False, json: JsonOption = False) -> None:
    """Show a QR code for your authenticator app; `confirm` takes it into use.

    With an app enrolled already, give a code of it as the second line of standard input, or when asked.
    """
    out = Output(json)
    with connect(ctx) as server:
        state = server.get(api("me", "totp"))
        body = _password(password_stdin)
        if state["enrolled"]:
            body["code"] = _secret("Code of the app you have", password_stdin)
        made = server.post(api("me", "totp"), body)
    out.json(made)
    if not json:
        show_enrolment(made)
        note("Then: promptops me totp confirm")


@command(totp, "confirm", ["promptops me totp confirm", "promptops me totp confirm 123456"])
def confirm(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="What the app shows now.")] = "",
    json: JsonOption = False,
) -> None:
    """Take the app into use. Prints ten recovery codes, this once."""
    out = Output(json)
    given = code or _secret("Code the app shows", False)
    with connect(ctx) as server:
        made = server.post(api("me", "totp", "confirm"), {"code": given})
    _print_codes(out, made["codes"])


@command(totp, "off", ["promptops me totp off"])
def off(ctx: typer.Context, password_stdin: _FromStdin = False, json: JsonOption = False) -> None:
    """Take your authenticator app away."""
    out = Output(json)
    with connect(ctx) as server:
        server.post(api("me", "totp", "off"), _password_and_code(password_stdin))
    out.json({"enrolled": False})
    out.line("Your authenticator app is gone.")


@command(app, "recovery-codes", ["promptops me recovery-codes"])
def recovery_codes(
    ctx: typer.Context, password_stdin: _FromStdin = False, json: JsonOption = False
) -> None:
    """Make ten new recovery codes; the old ones end."""
    out = Output(json)
    with connect(ctx) as server:
        made = server.post(api("me", "recovery-codes"), _password_and_code(password_stdin))
    _print_codes(out, made["codes"])


@command(
    app,
    "password",
    ["promptops me password", "promptops me password --password-stdin < old-and-new.txt"],
)
def password(
    ctx: typer.Context, password_stdin: _FromStdin = False, json: JsonOption = False
) -> None:
    """Change your password. On standard input: the old one, then the new one, a line each."""
    out = Output(json)
    old = _secret("Old password", password_stdin)
    new = _secret("New password", password_stdin, twice=True)
    with connect(ctx) as server:
        name = server.get(api("me"))["name"]
        body = {"old_password": old, "password": new}
        changed = server.request("PATCH", api("users", name), json=body).value
    out.json(changed)
    out.line("Your password is changed. Your browser sessions ended.")


@command(
    app,
    "sessions",
    ["promptops me sessions", "promptops me sessions --end-all"],
)
def sessions(
    ctx: typer.Context,
    end: Annotated[str, typer.Option("--end", metavar="ID", help="End this one.")] = "",
    end_all: Annotated[bool, typer.Option("--end-all", help="End all of them.")] = False,
    json: JsonOption = False,
) -> None:
    """List your browser sessions, or end them."""
    out = Output(json)
    with connect(ctx) as server:
        if end:
            server.request("DELETE", api("me", "sessions", end))
            out.json({"ended": 1})
            out.line(f"Session {end} is ended.")
            return
        if end_all:
            done = server.request("DELETE", api("me", "sessions")).value
            out.json(done)
            out.line(f"{done['ended']} sessions are ended.")
            return
        found = list(server.pages(api("me", "sessions")))
    out.json({"items": found})
    out.table(
        ("ID", "SIGNED IN BY", "FROM", "BROWSER", "SINCE", "LAST USED"),
        (
            (
                s["id"],
                s["auth_method"],
                s["ip"],
                s["agent"],
                when(s["created_at"]),
                when(s["seen_at"]),
            )
            for s in found
        ),
        "You have no browser sessions.",
    )


@command(app, "signing", ["promptops me signing"])
def signing(ctx: typer.Context, json: JsonOption = False) -> None:
    """Show what a signature of yours would ask for now."""
    out = Output(json)
    with connect(ctx) as server:
        asked = server.get(api("me", "signing"))
    out.json(asked)
    out.fields(
        [
            ("possible", asked["possible"]),
            ("asks for", " or ".join(" and ".join(c) for c in asked["components"])),
            ("until", when(asked["period_ends_at"])),
            ("because", asked["reason"]),
            ("do", asked["remedy"]),
        ]
    )


def _password_and_code(from_stdin: bool) -> dict[str, str]:
    body = _password(from_stdin)
    return {**body, "code": _secret("Code of the app, or a recovery code", from_stdin)}


def _password(from_stdin: bool) -> dict[str, str]:
    """Empty for people who have none: they prove themselves at the identity provider."""
    if from_stdin or not is_terminal(sys.stdin):
        return {"password": _secret("Password", from_stdin)}
    typed: str = typer.prompt(
        "Password (empty if you have none)",
        hide_input=True,
        default="",
        show_default=False,
        err=True,
    )
    return {"password": typed} if typed else {}


def _secret(what: str, from_stdin: bool, *, twice: bool = False) -> str:
    """Asked hidden, or the next line of standard input. Raises BadInput."""
    if from_stdin:
        text = sys.stdin.readline().rstrip("\r\n")
        if not text:
            raise BadInput(f"no {what.lower()} on standard input", remedy="write one a line")
        return text
    if not is_terminal(sys.stdin):
        raise BadInput(
            f"there is no terminal to ask for: {what.lower()}", remedy="use --password-stdin"
        )
    return str(typer.prompt(what, hide_input=True, confirmation_prompt=twice, err=True))


def _print_codes(out: Output, codes: list[str]) -> None:
    out.json({"codes": codes})
    for code in codes:
        out.line(code)
    if not out.as_json:
        note("Each of these recovery codes is good once. They are not shown again.")
