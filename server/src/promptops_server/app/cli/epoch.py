"""`promptops-server epoch`: is Redis ahead of a database that was set back, and the way on."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from promptops_server.app.cli.common import (
    ConfigOption,
    DatabaseOption,
    DataOption,
    RedisOption,
    fail,
    one_line_failures,
    open_database,
    settings_of,
)


def add_to(app: typer.Typer) -> None:
    """Put the command into the tree."""
    app.command("epoch")(run)


def run(
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    redis_url: RedisOption = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Begin a new epoch: what the database holds counts.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it is kept in the audit log.")
    ] = "The database was set back",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show where database and Redis stand, per environment; exit 1 when Redis is or was ahead.

    After a restore from an older backup, applications and Redis hold releases that the database does not know, and
    take nothing older; changes are refused. With --accept the database's state becomes a release of a new epoch, which they take.

    Example: promptops-server epoch --data /srv/promptops --redis-url redis://cache:6379/0 --accept
    """
    from redis import RedisError

    from promptops_server.app.data_dir import secret_of
    from promptops_server.app.operator_token import OPERATOR
    from promptops_server.app.redis_address import address_of
    from promptops_server.delivery.keys import Keys
    from promptops_server.delivery.survey import survey
    from promptops_server.infra import logging, set_back
    from promptops_server.infra.redis import connect
    from promptops_server.releases.epoch import begin_epoch, epoch_of_now
    from promptops_server.releases.model import check_reason

    with one_line_failures():
        settings = settings_of(
            config, data_dir=data, database__url=database_url, redis__url=redis_url
        )
        logging.configure("warning", settings.log.format)
        db = open_database(settings)
        try:
            keys = Keys(db, secret_of(settings, create=False))
            keys.ensure()
            client = connect(address_of(settings)) if settings.redis.url else None
            try:
                places = survey(db, client, keys)
            except RedisError as error:
                fail(f"Redis does not answer: {error}")
            if not as_json:
                for place in places:
                    held = place.signed or "-"
                    typer.echo(f"{place.name}\t{place.database}\t{held}\t{place.standing}")
            if client is None:
                typer.echo(
                    "No redis.url: an embedded Redis keeps nothing over a restart.", err=True
                )
            with db.read() as conn:
                found = set_back.noted(conn)
            if found:
                typer.echo(f"Changes are refused: {found}", err=True)
            said = {
                "environments": [
                    {
                        "environment": place.name,
                        "database": str(place.database),
                        "redis": None if place.signed is None else str(place.signed),
                        "standing": place.standing,
                    }
                    for place in places
                ],
                "set_back": found,
            }
            if not accept:
                if as_json:
                    typer.echo(json.dumps(said))
                ahead = found or any(p.standing == "ahead" for p in places)
                raise typer.Exit(1 if ahead else 0)
            check_reason(reason)
            _confirm(yes)
            above = max([epoch_of_now(), *(p.signed.epoch for p in places if p.signed)])
            with db.write() as tx:
                epoch, count = begin_epoch(tx, keys.sign, OPERATOR, reason, above=above)
        finally:
            db.close()
    if as_json:
        typer.echo(json.dumps({**said, "epoch": epoch, "begun_in": count}))
        return
    typer.echo(f"Epoch {epoch} has begun in {count} environments; running servers bring it out.")


def _confirm(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        fail("there is no terminal to ask: say --yes, and nothing was changed")
    question = "Releases that the database does not know are given up for good. Begin a new epoch?"
    if not typer.confirm(question, err=True):
        fail("nothing was changed")
