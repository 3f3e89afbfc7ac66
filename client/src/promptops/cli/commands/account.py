"""`login`, `logout`, `whoami`: whose token this machine uses, and where it is kept."""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer

from promptops.cli import config
from promptops.cli.can import show_can
from promptops.cli.command import command
from promptops.cli.failures import BadInput, Failure
from promptops.cli.output import JsonOption, Output, is_terminal, note, warn
from promptops.cli.session import Session, api, connect, settings_of, target
from promptops.cli.signing_in import sign_in_elsewhere, sign_in_here

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def add_to(app: typer.Typer) -> None:
    """Put the commands of this file at the top of the tree."""
    command(app, "login", _LOGIN)(login)
    command(app, "logout", ["promptops logout"])(logout)
    command(app, "whoami", _WHOAMI)(whoami)


_WHOAMI = [
    "promptops whoami",
    "promptops whoami --can write retail-bank/claims/triage",
    "promptops whoami --can publish retail-bank/claims/triage --in production",
]
_LOGIN = [
    "promptops login --url https://promptops.example.com --user anna",
    "promptops login --user anna --password-stdin < password.txt",
    "promptops login --sso --url https://promptops.example.com",
    'printf %s "$TOKEN" | promptops login --token-stdin',
]


def login(
    ctx: typer.Context,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="The server.")] = "",
    user: Annotated[str, typer.Option("--user", help="Your user name.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    token_stdin: Annotated[
        bool, typer.Option("--token-stdin", help="Read a token made elsewhere, keep that one.")
    ] = False,
    sso: Annotated[
        bool,
        typer.Option("--sso", help="Sign in with the company's identity provider, in a browser."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Sign in: makes a token for this machine and keeps it for later commands.

    The password is used once and never kept. Whoever has an authenticator app is asked for its
    code too; with --password-stdin it is the second line.
    """
    out = Output(json)
    if password_stdin + token_stdin + sso > 1:
        raise BadInput("--password-stdin, --token-stdin and --sso exclude each other")
    given = url or settings_of(ctx).url
    path = config.config_path()
    known = config.load(path)
    where = config.target_of(given, _without_token(), known)
    _warn_about_plain_http(where.url)
    if token_stdin:
        made = _check_token(where.url, _secret_from_stdin("token"))
    elif sso:
        made = sign_in_elsewhere(where.url, _token_name())
    else:
        made = _make_token(where.url, user, password_stdin)
    config.save(path, known.with_login(where.url, made))
    out.json({"url": where.url, "user": made.user, "config": str(path)})
    out.line(f"Signed in to {where.url} as {made.user}. The token is kept in {path}.")
    if "PROMPTOPS_TOKEN" in os.environ:
        warn("PROMPTOPS_TOKEN is set and goes before the token just stored")


def logout(ctx: typer.Context, json: JsonOption = False) -> None:
    """Revoke this machine's token and forget it."""
    out = Output(json)
    path = config.config_path()
    known = config.load(path)
    where = config.target_of(settings_of(ctx).url, _without_token(), known)
    found = known.servers.get(where.url)
    if found is None:
        raise BadInput(f"you are not signed in to {where.url}")
    revoked = False
    if found.token_id:
        try:
            with Session(where) as server:
                server.request("DELETE", api("tokens", found.token_id))
            revoked = True
        except Failure as failure:
            warn(f"the token is forgotten here but could not be revoked: {failure.detail}")
    config.save(path, known.without(where.url))
    out.json({"url": where.url, "revoked": revoked})
    out.line(f"Signed out of {where.url}.")


def whoami(
    ctx: typer.Context,
    address: Annotated[
        str,
        typer.Argument(metavar="[ADDRESS]", help="With --can: where. A module ends with a slash."),
    ] = "",
    can: Annotated[
        str,
        typer.Option(
            "--can",
            metavar="ACTION",
            help="May you do this? publish, rollback, suspend, write, archive, review, approve, …",
        ),
    ] = "",
    environment: Annotated[
        str, typer.Option("--in", metavar="ENVIRONMENT", help="With --can: in which environment.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """Show who you are to the server, and what your token is narrowed to.

    With --can: whether you may do something, by which rule, and what would satisfy it; exit code 1
    when not. For publish it also asks the gate what the prompt still lacks.
    """
    out = Output(json)
    if can:
        with connect(ctx) as server:
            show_can(out, server, can, address, environment)
        return
    if address or environment:
        raise BadInput("an address and --in go with --can ACTION")
    with connect(ctx) as server:
        me = server.get(api("me"))
    out.json({"url": server.target.url, **me})
    scope = me.get("token") or {}
    out.fields(
        [
            ("user", me["name"]),
            ("server", server.target.url),
            ("administrator", me.get("admin")),
            ("roles", me.get("roles")),
            ("signed in by", me.get("auth_method")),
            ("token role", scope.get("role")),
            ("token project", scope.get("project")),
            ("token environment", scope.get("environment")),
            ("token from", target(ctx).origin),
        ]
    )


def _without_token() -> dict[str, str]:
    """The variables but the token, which signing in and out is not about."""
    return {name: value for name, value in os.environ.items() if name != "PROMPTOPS_TOKEN"}


def _make_token(url: str, user: str, password_stdin: bool) -> config.Login:
    """Exchange a password, and a code where one is needed, for a token named after this host."""
    asking = is_terminal(sys.stdin) and not password_stdin
    if not user:
        if not asking:
            raise BadInput("no user name", remedy="give --user NAME")
        user = typer.prompt("User", err=True)
    if password_stdin:
        password = _secret_from_stdin("password")
    elif asking:
        password = typer.prompt(f"Password of {user}", hide_input=True, err=True)
    else:
        raise BadInput(
            "there is no terminal to ask for the password",
            remedy="use --password-stdin, --token-stdin, or set PROMPTOPS_TOKEN",
        )
    code = _code_from_stdin() if password_stdin else None
    return sign_in_here(url, user, password, code, _token_name(), asking=asking)


def _token_name() -> str:
    import platform

    return f"promptops on {platform.node() or 'this machine'}"[:200]


def _code_from_stdin() -> str | None:
    return sys.stdin.readline().strip() or None


def _check_token(url: str, token: str) -> config.Login:
    with Session(config.Target(url, token, "--token-stdin")) as server:
        me: dict[str, Any] = server.get(api("me"))
    return config.Login(token=token, user=me["name"])


def _secret_from_stdin(what: str) -> str:
    secret = sys.stdin.readline().rstrip("\r\n")
    if not secret or not secret.isprintable():
        raise BadInput(f"no {what} on standard input", remedy=f"write the {what} as its first line")
    return secret


def _warn_about_plain_http(url: str) -> None:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        note(f"note: {url} is not encrypted; anyone between here and there can read the token")
