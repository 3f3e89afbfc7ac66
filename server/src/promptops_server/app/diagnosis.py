"""What `doctor` looks at: each check a function from settings to findings, none of which changes anything."""

from __future__ import annotations

import os
import platform
import socket
import sqlite3
import stat
import time
from collections.abc import Callable

from sqlalchemy import func, select

from promptops_server.app import migrate
from promptops_server.app.data_dir import MIN_SECRET, SECRET_FILE
from promptops_server.app.database_role import standing
from promptops_server.app.findings import Finding, Level
from promptops_server.audit import checkpoints
from promptops_server.audit.recheck import recheck
from promptops_server.infra import set_back
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError
from promptops_server.infra.settings import Settings

MAX_CLOCK_DIFFERENCE_SECONDS = 5.0


def diagnose(settings: Settings, *, logs: bool = False) -> list[Finding]:
    """Run every check; `logs`: also read every entry of the audit logs, which takes a minute per million or two."""
    checks: list[Callable[[Settings], list[Finding]]] = [
        _python,
        _data_directory,
        _secret,
        _database,
        _redis,
        _port,
    ]
    found: list[Finding] = []
    for check in checks:
        found.extend(check(settings))
    if logs and not any(finding.level == "failed" for finding in found):
        found.extend(_audit_entries(settings))
    return found


def diagnose_running(settings: Settings, db: Database) -> list[Finding]:
    """The same of a server that runs, on its own connections: all but its port and what `system.health` says better."""
    return [
        *_python(settings),
        *_data_directory(settings),
        *_secret(settings),
        *_migrated(db),
        *_clock(db),
        *_audit(db, settings),
        *_audit_role(db),
        *_models(db, settings),
        *_followers(db),
        *_keys(db),
    ]


def diagnose_redis(settings: Settings) -> list[Finding]:
    """What `doctor` says of the Redis of the settings; it may wait three seconds for one that does not answer."""
    return _redis(settings)


def _python(_: Settings) -> list[Finding]:
    # SQLite comes with the interpreter; statements here use RETURNING.
    level: Level = "ok" if sqlite3.sqlite_version_info >= (3, 35) else "failed"
    return [
        Finding(
            "python",
            level,
            f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
            + ("" if level == "ok" else "; SQLite 3.35 or newer is needed."),
        )
    ]


def _data_directory(settings: Settings) -> list[Finding]:
    folder = settings.data_dir
    if not folder.exists():
        parent = next((p for p in folder.absolute().parents if p.exists()), None)
        if parent is not None and os.access(parent, os.W_OK):
            return [Finding("data directory", "ok", f"{folder} will be made at the first start")]
        return [Finding("data directory", "failed", f"{folder} cannot be made in {parent}.")]
    if not folder.is_dir():
        return [Finding("data directory", "failed", f"{folder} is a file.")]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [Finding("data directory", "failed", f"{folder} cannot be written by this user.")]
    out = [Finding("data directory", "ok", f"{folder} can be written")]
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        out.append(
            Finding("data directory", "advice", f"Others may enter {folder}: chmod 700 {folder}")
        )
    return out


def _secret(settings: Settings) -> list[Finding]:
    server = settings.server
    if server.secret_key is not None:
        return [Finding("secret key", "ok", "from the settings")]
    path = server.secret_key_file or settings.data_dir / SECRET_FILE
    if not path.exists():
        if server.secret_key_file is not None:
            return [Finding("secret key", "failed", f"{path} does not exist.")]
        return [Finding("secret key", "ok", f"{path} will be made at the first start")]
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        return [Finding("secret key", "failed", f"{path} cannot be read: {error}.")]
    if len(text) < MIN_SECRET:
        return [Finding("secret key", "failed", f"{path} has less than {MIN_SECRET} characters.")]
    out = [Finding("secret key", "ok", f"in {path}; keep a copy apart from the database")]
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        out.append(Finding("secret key", "failed", f"Others may read {path}: chmod 600 {path}"))
    if not settings.is_sqlite and server.secret_key_file is None:
        out.append(
            Finding(
                "secret key",
                "advice",
                "Every server of this database needs the same secret: set PROMPTOPS_SECRET_KEY_FILE.",
            )
        )
    return out


def _database(settings: Settings) -> list[Finding]:
    embedded = settings.data_dir / "promptops.sqlite"
    if settings.database.url is None and not embedded.exists():
        return [Finding("database", "ok", "SQLite, made at the first start")]
    try:
        db = Database(settings.database_url, pool_size=2)
    except (ValueError, OSError) as error:
        return [Finding("database", "failed", f"The database cannot be opened: {error}.")]
    try:
        found = [*_reachable(db), *_migrated(db), *_clock(db)]
        ready = _is_migrated(db)  # else tables may be missing
        if ready:
            found += _audit(db, settings)
        found += _audit_role(db)
        if ready:
            found += [*_set_back(db), *_models(db, settings), *_followers(db), *_keys(db)]
        return found
    except ProblemError as problem:
        return [Finding("database", "failed", f"{problem.detail} {_reason(problem)}".strip())]
    finally:
        db.close()


def _reason(problem: ProblemError) -> str:
    cause = problem.__cause__
    text = str(getattr(cause, "orig", cause) or "").strip()
    return text.splitlines()[0] if text else ""


def _reachable(db: Database) -> list[Finding]:
    with db.read() as conn:
        if db.is_sqlite:
            version = conn.exec_driver_sql("SELECT sqlite_version()").scalar()
            return [Finding("database", "ok", f"SQLite {version}")]
        number = int(conn.exec_driver_sql("SHOW server_version_num").scalar() or 0)
    major = number // 10_000
    level: Level = "ok" if major >= 14 else "failed"
    return [Finding("database", level, f"PostgreSQL {major}{'' if major >= 14 else '; 14+'}")]


def _set_back(db: Database) -> list[Finding]:
    with db.read() as conn:
        found = set_back.noted(conn)
    return [Finding("set back", "failed", f"{found} {set_back.REMEDY}")] if found else []


def _migrated(db: Database) -> list[Finding]:
    try:
        pending = migrate.pending(db)
    except migrate.NewerSchema as error:
        return [Finding("migrations", "failed", str(error))]
    if not pending:
        return [Finding("migrations", "ok", "the schema is up to date")]
    if db.is_sqlite:
        return [Finding("migrations", "ok", f"{len(pending)} pending, applied at the next start")]
    return [
        Finding("migrations", "failed", f"{len(pending)} pending: run promptops-server migrate")
    ]


def _is_migrated(db: Database) -> bool:
    try:
        return not migrate.pending(db)
    except migrate.NewerSchema:
        return False


def _audit(db: Database, settings: Settings) -> list[Finding]:
    file = settings.checkpoint_file
    try:
        with db.read() as conn:
            told = checkpoints.behind_file(conn, file)
    except FileNotFoundError:
        return [Finding("audit log", "ok", f"no checkpoint yet; {file} will have them")]
    except OSError as error:
        return [Finding("audit log", "failed", f"{file} cannot be read: {error.strerror}.")]
    if told:
        remedy = "An old copy of the database runs, or it was changed: promptops audit verify."
        return [Finding("audit log", "failed", f"{text} {remedy}") for text in told]
    return [Finding("audit log", "ok", f"holds everything that {file} says")]


def _audit_entries(settings: Settings) -> list[Finding]:
    from promptops_server.app.audit_logs import all_logs

    db = Database(settings.database_url, pool_size=2)
    try:
        if migrate.pending(db):
            return []
        with db.read() as conn:
            of_all = all_logs(conn)
        faults = [fault for of in of_all if (fault := recheck(db, of, settings.checkpoint_file))]
    except OSError as error:
        return [Finding("audit entries", "failed", f"{error.filename}: {error.strerror}.")]
    finally:
        db.close()
    if faults:
        return [Finding("audit entries", "failed", fault) for fault in faults]
    return [Finding("audit entries", "ok", f"all of {len(of_all)} logs are what was signed")]


def _audit_role(db: Database) -> list[Finding]:
    if db.is_sqlite or migrate.current(db) is None:
        return []
    with db.read() as conn:
        found = standing(conn)
    if found.owns or found.may_delete:
        return [
            Finding(
                "audit role",
                "advice",
                f"The role {found.role} {'owns' if found.owns else 'may change'} the audit tables: run "
                "promptops-server migrate --app-role as the owner, and the server with a role of its own.",
            )
        ]
    return [Finding("audit role", "ok", f"the role {found.role} can only add to the audit log")]


def _models(db: Database, settings: Settings) -> list[Finding]:
    """Whether the credential of each model target is there."""
    from promptops_server.app.diagnosis_models import missing_credentials

    count, missing = missing_credentials(db, settings)
    if not missing:
        return [Finding("models", "ok", f"{count} targets, all with their credential")] * (
            count > 0
        )
    return [Finding("models", "advice", f"{name}: {why}") for name, why in missing]


_REFUSED = {
    "unknown-key": "give them the key that signs (promptops-server keys list --trust), or the server's address",
    "revoked-key": "the heads are signed anew within seconds; is a server running?",
    "stale": "no server has signed there for a day: is one running, and does it reach Redis?",
    "older": "the database or Redis was set back: promptops-server epoch shows where both stand",
    "unknown-feature": "install a newer client there",
}


def _followers(db: Database) -> list[Finding]:
    """Which followers refuse what they are given, and what to do."""
    from promptops_server.delivery.receipts.store import refusing

    with db.read() as conn:
        found = refusing(conn, now_us())
    otherwise = "what they were given is not what was signed: who else may write to their Redis?"
    return [
        Finding(
            "followers",
            "advice",
            f"{one.followers} of {one.project}@{one.environment} keep what they have and refuse what they are given "
            f"({one.code}): {_REFUSED.get(one.code, otherwise)}",
        )
        for one in found[:50]
    ]


def _keys(db: Database) -> list[Finding]:
    """Which key signs, and which will."""
    from promptops_server.delivery.known_keys import announced_at, known_keys, signing_at

    with db.read() as conn:
        there, now = known_keys(conn), now_us()
    signs, coming = signing_at(there, now), announced_at(there, now)
    if signs is None:
        return []  # made at the first start
    text = f"{signs.key_id} signs"
    if coming is not None:
        text += (
            f"; {coming.key_id} will, from {to_text(coming.signs_from)} on: applications with trust_key need its line "
            "by then (promptops-server keys list --trust)"
        )
    return [Finding("signing keys", "ok", text)]


def _clock(db: Database) -> list[Finding]:
    if db.is_sqlite:
        return []
    with db.read() as conn:
        there = conn.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar()
    difference = abs(time.time() - float(there or 0))
    if difference > MAX_CLOCK_DIFFERENCE_SECONDS:
        return [
            Finding(
                "clock",
                "failed",
                f"This machine's clock differs from the database's by {difference:.0f} s; use NTP.",
            )
        ]
    return [Finding("clock", "ok", f"agrees with the database's within {difference:.1f} s")]


def _redis(settings: Settings) -> list[Finding]:
    from promptops_server.infra.redis_process import find_binary

    if settings.redis.url is None:
        if find_binary() is None:
            return [
                Finding(
                    "redis",
                    "advice",
                    "No embedded Redis exists for this machine; give redis.url, "
                    "or let applications follow over HTTP.",
                )
            ]
        return [Finding("redis", "ok", "embedded, started with the server")]
    from promptops_server.app.diagnosis_redis import redis_findings
    from promptops_server.app.redis_address import address_of

    return redis_findings(address_of(settings))


def _port(settings: Settings) -> list[Finding]:
    server = settings.server
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError as error:
            return [
                Finding(
                    "port",
                    "advice",
                    f"{server.host}:{server.port} cannot be listened on now ({error.strerror}): "
                    "a server runs there already, or choose another with --port.",
                )
            ]
    return [Finding("port", "ok", f"{server.host}:{server.port} is free")]
