"""`mirror set|show|push|pause|resume|overwrite|remove`: a project's copy on another Git host."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from promptops.cli.asking import confirm, somebody_is_there
from promptops.cli.command import command, group
from promptops.cli.failures import BadInput, Refused
from promptops.cli.output import JsonOption, Output, note, when
from promptops.cli.releasing import YesOption
from promptops.cli.session import Session, api, connect

app = group("Mirrors: a project's refs, pushed to another Git host after every commit.")

_Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.")]
_Wait = Annotated[
    float | None,
    typer.Option(
        "--wait", metavar="SECONDS", help="Wait for the push; exit 1 if not everything arrived."
    ),
]
_LOOK_EVERY_SECONDS = 0.3


@command(
    app,
    "set",
    [
        'printf %s "$TOKEN" | promptops mirror set retail-bank https://git.example.com/bank/prompts.git \\',
        "    --user promptops --password-stdin",
        "promptops mirror set retail-bank git@git.example.com:bank/prompts.git \\",
        "    --ssh-key mirror_key --known-host known_hosts",
        "promptops mirror set retail-bank https://git.example.com/bank/prompts.git --all-branches",
    ],
)
def set_(
    ctx: typer.Context,
    project: _Project,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="https://HOST/PATH, ssh://USER@HOST/PATH or USER@HOST:PATH."
        ),
    ],
    user: Annotated[
        str | None, typer.Option("--user", help="HTTPS user; many hosts take any with a token.")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password or token from stdin.")
    ] = False,
    ssh_key: Annotated[
        Path | None, typer.Option("--ssh-key", metavar="FILE", help="Private key, no passphrase.")
    ] = None,
    known_host: Annotated[
        Path | None,
        typer.Option("--known-host", metavar="FILE", help="Lines as `ssh-keyscan HOST` prints."),
    ] = None,
    no_credentials: Annotated[
        bool, typer.Option("--no-credentials", help="Forget the credentials there are.")
    ] = False,
    all_branches: Annotated[
        bool, typer.Option("--all-branches", help="Also branches other than main and env/….")
    ] = False,
    wait: _Wait = None,
    json: JsonOption = False,
) -> None:
    """Set the mirror of a project and push to it. Credentials are kept sealed and never shown.

    Without credentials, those there are stay, as long as the address stays on the same host.
    """
    out = Output(json)
    credentials = _credentials(user, password_stdin, ssh_key, known_host, no_credentials)
    body = {"url": url, "all_branches": all_branches, "credentials": credentials}
    with connect(ctx) as server:
        made = server.request(
            "PUT", _route(project), json={k: v for k, v in body.items() if v is not None}
        ).value
        made = _waited(server, project, made, wait)
    out.json(made)
    _show(out, project, made)
    if made["credentials"]["public_key"] and not json:
        note("its public key, for the host's deploy keys: " + made["credentials"]["public_key"])
    _refuse_unless_arrived(made, wait)


@command(
    app, "show", ["promptops mirror show retail-bank", "promptops mirror show retail-bank --json"]
)
def show(
    ctx: typer.Context,
    project: _Project,
    refs: Annotated[
        bool, typer.Option("--refs", help="List every ref the mirror holds, with its id.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show the mirror: address, state, what kept it back, and what to do."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(_route(project))
        listed = list(server.pages(_route(project, "refs"))) if refs else []
    out.json({**found, "pushed": listed} if refs else found)
    _show(out, project, found)
    if refs:
        out.table(
            ("REF", "OBJECT", "PUSHED"),
            ((item["ref"], item["oid"], when(item["pushed_at"])) for item in listed),
            "The mirror holds nothing yet.",
        )


@command(
    app,
    "push",
    ["promptops mirror push retail-bank", "promptops mirror push retail-bank --wait 60"],
)
def push(
    ctx: typer.Context, project: _Project, wait: _Wait = None, json: JsonOption = False
) -> None:
    """Push now, whatever the last attempt said."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.post(_route(project, "push"), {})
        found = _waited(server, project, found, wait)
    out.json(found)
    _show(out, project, found)
    _refuse_unless_arrived(found, wait)


@command(app, "pause", ["promptops mirror pause retail-bank"])
def pause(ctx: typer.Context, project: _Project, json: JsonOption = False) -> None:
    """Push nothing until it is resumed; credentials stay."""
    _switch(ctx, project, False, Output(json))


@command(app, "resume", ["promptops mirror resume retail-bank"])
def resume(ctx: typer.Context, project: _Project, json: JsonOption = False) -> None:
    """Push again, at once everything that is missing."""
    _switch(ctx, project, True, Output(json))


@command(
    app,
    "overwrite",
    [
        "promptops mirror overwrite retail-bank",
        "promptops mirror overwrite retail-bank --ref refs/heads/main --yes --wait 60",
    ],
)
def overwrite(
    ctx: typer.Context,
    project: _Project,
    ref: Annotated[
        list[str] | None, typer.Option("--ref", metavar="REF", help="Only this one; repeatable.")
    ] = None,
    yes: YesOption = False,
    wait: _Wait = None,
    json: JsonOption = False,
) -> None:
    """Overwrite what somebody else pushed to the mirror. What is lost there is shown first."""
    out = Output(json)
    with connect(ctx) as server:
        found = server.get(_route(project))
        lost = {r["ref"]: r["there"] for r in found["held"] if r["why"] == "diverged"}
        missing = [name for name in ref or () if name not in lost]
        if missing:
            raise BadInput(
                f"{', '.join(missing)} has not diverged",
                remedy=f"see `promptops mirror show {project}`; names are whole, like refs/heads/main",
            )
        chosen = {name: lost[name] for name in ref} if ref else lost
        if not chosen:
            raise Refused(
                f"the mirror of {project} has not diverged: there is nothing to overwrite"
            )
        _show_held(Output(json, aside=True), found, chosen)
        if not yes:
            if not somebody_is_there():
                raise Refused("this loses commits on the mirror", remedy="add --yes to do it")
            confirm(f"Lose this on {found['url']}?")
        done = server.post(_route(project, "overwrite"), {"refs": chosen})
        done = _waited(server, project, done, wait)
    out.json(done)
    _show(out, project, done)
    _refuse_unless_arrived(done, wait)


@command(app, "remove", ["promptops mirror remove retail-bank --yes"])
def remove(
    ctx: typer.Context, project: _Project, yes: YesOption = False, json: JsonOption = False
) -> None:
    """Remove the mirror and forget its credentials. What lies on the other host stays there."""
    out = Output(json)
    with connect(ctx) as server:
        if not yes:
            if not somebody_is_there():
                raise Refused("this forgets the mirror's credentials", remedy="add --yes to do it")
            confirm(f"Remove the mirror of {project} and forget its credentials?")
        server.request("DELETE", _route(project))
    out.json({"project": project, "removed": True})
    out.line(f"{project} has no mirror any more.")


def _route(project: str, *more: str) -> str:
    return api("projects", project, "mirror", *more)


def _credentials(
    user: str | None,
    password_stdin: bool,
    ssh_key: Path | None,
    known_host: Path | None,
    none: bool,
) -> dict[str, str] | None:
    ways = [bool(user or password_stdin), bool(ssh_key or known_host), none]
    if sum(ways) > 1:
        raise BadInput("give either a user and password, or an SSH key, or --no-credentials")
    if none:
        return {"kind": "none"}
    if ways[0]:
        if not (user and password_stdin):
            raise BadInput(
                "--user and --password-stdin belong together",
                remedy='printf %s "$TOKEN" | promptops mirror set … --user NAME --password-stdin',
            )
        return {"kind": "password", "user": user, "password": sys.stdin.read().rstrip("\r\n")}
    if ways[1]:
        if ssh_key is None or known_host is None:
            raise BadInput(
                "--ssh-key and --known-host belong together",
                remedy="`ssh-keyscan HOST > known_hosts`; compare it with what the host publishes",
            )
        return {"kind": "ssh_key", "private_key": _read(ssh_key), "known_host": _read(known_host)}
    return None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise BadInput(f"{file} cannot be read: {reason}") from None


def _switch(ctx: typer.Context, project: str, enabled: bool, out: Output) -> None:
    with connect(ctx) as server:
        answer = server.request("GET", _route(project))
        found = answer.value
        body = {"url": found["url"], "all_branches": found["all_branches"], "enabled": enabled}
        headers = {"If-Match": answer.headers.get("etag", "")}
        done = server.request("PUT", _route(project), json=body, headers=headers).value
    out.json(done)
    _show(out, project, done)


def _waited(
    server: Session, project: str, found: Mapping[str, Any], seconds: float | None
) -> Mapping[str, Any]:
    end = time.monotonic() + (seconds or 0)
    while found["state"] == "pending" and time.monotonic() < end:
        time.sleep(_LOOK_EVERY_SECONDS)
        found = server.get(_route(project))
    return found


def _refuse_unless_arrived(found: Mapping[str, Any], wait: float | None) -> None:
    if wait is not None and found["state"] != "ok":
        raise Refused(f"not everything has arrived: the mirror is {found['state']}")


def _show(out: Output, project: str, found: Mapping[str, Any]) -> None:
    credentials = found["credentials"]
    signs_in = {
        "none": "",
        "password": f"{credentials['user']}, with a password",
        "ssh_key": f"{credentials['user']}, with the SSH key {credentials['fingerprint']}",
    }
    problem = found.get("problem") or {}
    out.fields(
        [
            ("mirror of", project),
            ("address", found["url"]),
            ("signs in as", signs_in[credentials["kind"]]),
            ("goes out", "every branch and tag" if found["all_branches"] else "main, env/*, tags"),
            ("state", found["state"]),
            ("problem", problem.get("detail")),
            ("what to do", problem.get("remedy")),
            ("failed attempts", found["attempts"] or None),
            ("next attempt", when(found.get("next_attempt_at"))),
            ("last attempt", when(found.get("attempted_at"))),
            ("all arrived", when(found.get("pushed_at"))),
            ("main there", (found.get("main") or "")[:7]),
            ("refs there", found["refs"] or None),
        ]
    )
    _show_held(out, found)


def _show_held(
    out: Output, found: Mapping[str, Any], only: Mapping[str, Any] | None = None
) -> None:
    rows = [
        (r["ref"], r["why"], (r["here"] or "deleted")[:12], (r["there"] or "")[:12], r["reason"])
        for r in found["held"]
        if only is None or r["ref"] in only
    ]
    if rows:
        out.table(("REF", "WHY HELD BACK", "HERE", "ON THE MIRROR", "REASON"), rows, "")
