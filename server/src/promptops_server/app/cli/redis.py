"""`promptops-server redis acl`: users of Redis with no more rights than an application, or the server, needs."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from promptops_server.delivery.redis_users import RedisUser
    from promptops_server.infra.database import Database
    from promptops_server.infra.redis import RedisAddress
    from promptops_server.infra.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Put the group into the tree."""
    group = typer.Typer(help="The Redis that carries releases.", no_args_is_help=True)
    group.command("acl")(acl)
    app.add_typer(group, name="redis")


def acl(
    data: DataOption = None,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    redis_url: RedisOption = None,
    project: Annotated[
        str | None, typer.Option("--project", help="The project an application reads.")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", help="The environment it reads.")
    ] = None,
    server: Annotated[
        bool, typer.Option("--server", help="The servers' own user instead of an application's.")
    ] = False,
    user: Annotated[
        str | None, typer.Option("--user", help="Its name; default promptops.PROJECT.ENVIRONMENT.")
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="FILE", help="Its password; default a random one."),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Set it on every server, instead of printing it.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Remove it from every server.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a user for Redis, or set it there.

    An application's user reads one environment and writes its receipts, nothing else. The servers' user (--server)
    reads and writes what delivery needs. Setting and removing goes by redis.admin_url, the address with a user that may
    manage users, else by redis.url.

    Example: promptops-server redis acl --project retail-bank --environment production

    Example: promptops-server redis acl --server --apply --redis-url redis://cache:6379/0 --json
    """
    from promptops_server.app.redis_address import admin_address_of
    from promptops_server.delivery.redis_users import (
        SERVER_USER,
        application_user,
        application_user_name,
        check_user_name,
        server_user,
    )

    with one_line_failures():
        settings = settings_of(
            config, data_dir=data, database__url=database_url, redis__url=redis_url
        )
        if server == bool(project or environment) or bool(project) != bool(environment):
            fail("say --project and --environment, or --server")
        if apply and remove:
            fail("say --apply or --remove, not both")
        try:
            name = check_user_name(
                user
                or (
                    SERVER_USER
                    if server
                    else application_user_name(project or "", environment or "")
                )
            )
        except ValueError as error:
            fail(str(error))
        about = "the servers" if server else f"{project}/{environment}"
        if remove:
            _change(settings, about, admin_address_of(settings), None, name, None, as_json)
            return
        given = None if password_file is None else _password_in(password_file)
        password = given or secrets.token_urlsafe(24)
        made = (
            server_user(name, password)
            if server
            else application_user(name, password, project or "", environment or "")
        )
        shown = None if given else password
        if apply:
            address = admin_address_of(settings)
            _change(settings, about, address, made, name, shown, as_json)
            return
        if not server:
            _check_place(settings, project or "", environment or "")
    if as_json:
        typer.echo(
            json.dumps({"user": name, "password": shown, "line": made.line, "rules": made.rules})
        )
        return
    typer.echo(made.line)
    if shown:
        typer.echo(f"The password, shown this once: {shown}", err=True)


def _change(
    settings: Settings,
    about: str,
    address: RedisAddress | None,
    made: RedisUser | None,
    name: str,
    password: str | None,
    as_json: bool,
) -> None:
    from redis import RedisError

    from promptops_server.app import redis_users

    if address is None:
        fail(
            "there is no address: give redis.url or redis.admin_url; the embedded Redis has no users"
        )
    db = open_database(settings)
    try:
        if made is not None and about != "the servers":
            _check_in(db, *about.split("/"))
        done = (
            redis_users.remove(db, address, name)
            if made is None
            else redis_users.apply(db, address, made, about)
        )
    except RedisError as error:
        fail(f"{address.without_password()}: {error}")
    finally:
        db.close()
    if as_json:
        typer.echo(
            json.dumps({"user": name, "password": password, "nodes": done.nodes, "kept": done.kept})
        )
        return
    word = "removed from" if made is None else "set on"
    typer.echo(f"{name} is {word} {', '.join(done.nodes)}.")
    if not done.kept:
        typer.echo("It is not kept over a restart of Redis: give Redis an aclfile.", err=True)
    if password:
        typer.echo(f"The password, shown this once: {password}", err=True)


def _password_in(file: Path) -> str:
    try:
        text = file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}")
    if len(text) < 16 or not text.isprintable():
        fail(f"{file} holds no password of at least 16 printable characters on one line")
    return text


def _check_place(settings: Settings, project: str, environment: str) -> None:
    """A misspelt name would make a user that reads nothing; told where a database is at hand."""
    if settings.database.url is None and not (settings.data_dir / "promptops.sqlite").exists():
        return
    db = open_database(settings)
    try:
        _check_in(db, project, environment)
    finally:
        db.close()


def _check_in(db: Database, project: str, environment: str) -> None:
    from promptops_server.delivery import store

    with db.read() as conn:
        if store.facts_by_name(conn, project, environment) is None:
            fail(f"there is no environment {project}@{environment}")
