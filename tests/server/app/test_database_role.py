"""On PostgreSQL a server runs with a role that can only add to the audit log; retention and erasure take another."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from promptops_server.app.cli import app
from promptops_server.app.database_role import ADD_ONLY, standing
from promptops_server.app.diagnosis import diagnose
from promptops_server.infra.database import Database
from promptops_server.infra.settings import load
from support.server import RunningServer

ROLE = f"promptops_app_{os.getpid()}"


@pytest.fixture
def role_url(postgres_url: str) -> Iterator[str]:
    """The database's URL for a role of its own, which was given what a server needs."""
    with psycopg.connect(postgres_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'app'").format(sql.Identifier(ROLE)))
    try:
        run = CliRunner().invoke(
            app, ["migrate", "--database-url", postgres_url, "--app-role", ROLE]
        )
        assert run.exit_code == 0, run.output
        url = make_url(postgres_url).set(username=ROLE, password="app")
        yield url.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as conn, suppress(psycopg.Error):
            conn.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(ROLE)))
            conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(ROLE)))


def refused(db: Database, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        db.write() as tx,
    ):
        tx.conn.execute(text(statement))


def test_the_role_can_only_add_to_the_log(role_url: str, postgres_url: str) -> None:
    db = Database(role_url)
    for table in ADD_ONLY:
        refused(db, f"UPDATE {table} SET log_id = 'x'")
        refused(db, f"DELETE FROM {table}")
        refused(db, f"TRUNCATE {table}")
        refused(db, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        refused(db, f"DROP TABLE {table}")
    refused(db, "INSERT INTO audit_maintenance VALUES ('x')")
    with db.read() as conn:
        assert not standing(conn).owns and not standing(conn).may_delete
    db.close()
    found = {f.check: f for f in diagnose(load({"database.url": role_url}, environ={}))}
    assert found["audit role"].level == "ok"
    found = {f.check: f for f in diagnose(load({"database.url": postgres_url}, environ={}))}
    assert found["audit role"].level == "advice" and "--app-role" in found["audit role"].text


def test_a_server_runs_with_it_and_erases_through_the_other(
    role_url: str, postgres_url: str, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    server: Any = start_server("--database-url", role_url)
    with server.api(server.token("root", "admin")) as api:
        api.post("/projects", json={"name": "bank"}).raise_for_status()
        for name in ("una", "vera"):
            made = api.post("/users", json={"name": name, "display_name": "Their Name"})
            made.raise_for_status()
        done = api.post("/users/una/erasure", json={"reason": "asked for"}).json()
        assert done["pending"] is True
        assert "Their Name" in api.get("/audit/events").text
    assert server.stop() == 0
    env = {"PROMPTOPS_DATABASE_MAINTENANCE_URL": postgres_url}
    server = start_server("--database-url", role_url, env=env)
    with server.api(server.token("root", "admin")) as api:
        done = api.post("/users/vera/erasure", json={"reason": "asked for"}).json()
        assert done["pending"] is False
        assert "Their Name" not in api.get("/audit/events").text, "the one that waited as well"
    # The job that erases tells that the first server may not; nothing else may come by surprise.
    denied = "permission denied for table audit_maintenance"
    log = "\n".join(line for line in server.log.read_text().splitlines() if denied not in line)
    assert "Traceback" not in log, log[-6000:]


def test_what_it_would_execute_can_be_printed(postgres_url: str, sqlite_url: str) -> None:
    run = CliRunner()
    base = ["migrate", "--database-url", postgres_url]
    shown = run.invoke(app, [*base, "--app-role", "nobody_yet", "--sql"])
    assert shown.exit_code == 0
    assert 'GRANT SELECT, INSERT ON TABLE public."audit_event" TO "nobody_yet";' in shown.output
    unknown = run.invoke(app, [*base, "--app-role", "nobody_yet"])
    assert unknown.exit_code == 2 and "CREATE ROLE nobody_yet" in unknown.output
    evil = run.invoke(app, [*base, "--app-role", 'x"; DROP'])
    assert evil.exit_code == 2
    on_sqlite = run.invoke(app, ["migrate", "--database-url", sqlite_url, "--app-role", "x"])
    assert on_sqlite.exit_code == 2 and "SQLite" in on_sqlite.output
