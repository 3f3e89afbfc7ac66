"""`promptops-server keys`: the keys that sign what applications receive; the next one, and taking one back."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    fail,
    one_line_failures,
    open_database,
    settings_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from promptops_server.delivery.keys import Keys
    from promptops_server.infra.database import Database

ReasonOption = Annotated[
    str, typer.Option("--reason", help="Why; it is kept in the audit log.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def add_to(app: typer.Typer) -> None:
    """Put the group into the tree."""
    group = typer.Typer(help="The keys that sign what applications receive.", no_args_is_help=True)
    group.command("list")(list_)
    group.command("rotate")(rotate)
    group.command("revoke")(revoke)
    app.add_typer(group, name="keys")


def list_(
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Only the lines of a trust_key file for applications.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show every key, what it is good for, and the text to give to applications.

    Example: promptops-server keys list --data /srv/promptops

    Example: promptops-server keys list --data /srv/promptops --trust > promptops-keys.txt
    """
    with one_line_failures(), _opened(config, data, database_url) as (db, _):
        found, trusted = _listed(db), _trusted(db)
    if as_json:
        typer.echo(json.dumps({"items": found}, indent=2))
        return
    if trust:
        for line in trusted:
            typer.echo(line)
        return
    for key in found:
        typer.echo(f"{key['id']}  {key['state']:9}  {_when(key)}\n    {key['public']}")


def rotate(
    reason: ReasonOption,
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    after: Annotated[
        float, typer.Option("--after", metavar="HOURS", help="When it begins to sign.")
    ] = 24.0,
    as_json: JsonOption = False,
) -> None:
    """Announce the next signing key; it signs later, and the older one stays good for what it signed.

    Applications that reach the server learn of it by themselves. Give its line to those that are
    given keys by trust_key before it signs (promptops-server keys list --trust).

    Example: promptops-server keys rotate --data /srv/promptops --after 24 --reason 'Yearly'
    """
    from promptops_server.app.operator_token import OPERATOR
    from promptops_server.delivery.rotate_key import rotate_key
    from promptops_server.releases.model import check_reason

    with one_line_failures(), _opened(config, data, database_url) as (db, keys):
        check_reason(reason)
        made = rotate_key(db, keys, OPERATOR, hours=after, reason=reason)
        (key,) = (one for one in _listed(db) if one["id"] == made.key_id)
    if as_json:
        typer.echo(json.dumps(key))
        return
    typer.echo(
        f"Key {key['id']} is announced and signs from {key['signs_from']} on:\n{key['public']}"
    )


def revoke(
    key: Annotated[str, typer.Argument(help="The key's id.")],
    reason: ReasonOption,
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Take a key back: from now on nothing it signed counts, and another key signs every environment anew.

    Example: promptops-server keys revoke 3f9c2ab41d0e5566 --data /srv/promptops --reason 'Secret leaked' --yes
    """
    from promptops_server.app.operator_token import OPERATOR
    from promptops_server.delivery.revoke_key import revoke_key
    from promptops_server.releases.model import check_reason

    with one_line_failures(), _opened(config, data, database_url) as (db, keys):
        check_reason(reason)
        if not yes:
            _confirm(key)
        signs = revoke_key(db, keys, OPERATOR, key, reason=reason)
        found = _listed(db)
    if as_json:
        typer.echo(json.dumps({"revoked": key, "signing": signs.key_id, "items": found}))
        return
    typer.echo(f"Key {key} is revoked; {signs.key_id} signs:\n{signs.public}")
    typer.echo("Applications that are given keys by trust_key need this line now.", err=True)


@contextmanager
def _opened(
    config: Path | None, data: Path | None, database_url: str | None
) -> Iterator[tuple[Database, Keys]]:
    from promptops_server.app.data_dir import secret_of
    from promptops_server.delivery.keys import Keys
    from promptops_server.infra import logging

    settings = settings_of(config, data_dir=data, database__url=database_url)
    logging.configure("warning", settings.log.format)
    db = open_database(settings)
    try:
        keys = Keys(db, secret_of(settings, create=False))
        keys.ensure()
        yield db, keys
    finally:
        db.close()


def _listed(db: Database) -> list[dict[str, Any]]:
    from promptops_server.delivery.known_keys import known_keys, state_of
    from promptops_server.infra.clock import now_us, to_text

    with db.read() as conn:
        found = known_keys(conn)
    now = now_us()
    return [
        {
            "id": key.key_id,
            "state": state_of(key, found, now),
            "public": key.public,
            "fingerprint": key.fingerprint,
            "created_at": to_text(key.created_at),
            "signs_from": to_text(key.signs_from),
            "retired_at": None if key.retired_at is None else to_text(key.retired_at),
            "revoked_at": None if key.revoked_at is None else to_text(key.revoked_at),
            "signed_by": key.signed_by,
        }
        for key in found
    ]


def _trusted(db: Database) -> list[str]:
    from promptops_server.delivery.known_keys import known_keys, trust_lines
    from promptops_server.infra.clock import now_us

    with db.read() as conn:
        return trust_lines(known_keys(conn), now_us())


def _when(key: dict[str, Any]) -> str:
    if key["state"] == "revoked":
        return f"revoked {key['revoked_at']}"
    if key["state"] == "retired":
        return f"signed until {key['retired_at']}"
    return f"signs from {key['signs_from']}"


def _confirm(key: str) -> None:
    if not sys.stdin.isatty():
        fail("there is no terminal to ask: say --yes, and nothing was changed")
    if not typer.confirm(f"Followers will refuse what key {key} signed. Revoke it?", err=True):
        fail("nothing was changed")
