"""Reads that are events themselves: the audit log, evidence, the list of people, everybody's tokens, the inventory.

One place that knows their addresses, outside the application, so that no route can forget it. An event goes to the
installation's log, in a transaction of its own after the answer, once per person, kind and project in ten minutes.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import structlog
from starlette.concurrency import run_in_threadpool

from promptops_server import audit
from promptops_server.app.edge import App, Message, Receive, Scope, Send
from promptops_server.app.seldom import Seldom
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError

log = structlog.get_logger(__name__)

EVERY_SECONDS = 600.0
_NAME = r"(?P<project>[A-Za-z0-9][A-Za-z0-9._-]{0,99})"


class _Kind(NamedTuple):
    action: str
    object: str
    path: re.Pattern[str]
    query: re.Pattern[str]


def _kind(action: str, object_: str, path: str, query: str = "") -> _Kind:
    return _Kind(action, object_, re.compile(rf"^/api/v1/{path}$"), re.compile(query))


_PROJECT_IN_QUERY = rf"(?:^|&)project={_NAME}(?:&|$)|^"
KINDS = (
    _kind("audit.read", "audit_log", r"audit/events(?:/stream|/[0-9]+)?", _PROJECT_IN_QUERY),
    _kind("hold.read", "legal-hold", "holds", _PROJECT_IN_QUERY),
    _kind("user.list", "users", "users"),
    _kind("token.list", "tokens", "tokens", r"(?:^|&)all=(?:true|1|on|yes)(?:&|$)"),
    _kind("inventory.read", "inventory", rf"projects/{_NAME}/inventory(?:/.*|\..*)?"),
    _kind("evidence.read", "evidence", rf"projects/{_NAME}/evidence(?:/.*|\..*)?"),
)


class SensitiveReads:
    """Wraps the application."""

    def __init__(self, app: App, db: Database) -> None:
        self._app = app
        self._db = db
        self._noted = Seldom(EVERY_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; note it when it was answered with success."""
        found = _sensitive(scope)
        if found is None:
            await self._app(scope, receive, send)
            return
        kind, project = found

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                actor = scope.get("state", {}).get("actor")
                if isinstance(actor, Actor) and self._noted.is_new(
                    (actor.subject, kind.action, project)
                ):
                    await run_in_threadpool(self._note, actor, kind, project)
            await send(message)

        await self._app(scope, receive, noting)

    def _note(self, actor: Actor, kind: _Kind, project: str | None) -> None:
        event = audit.AuditEvent(
            kind.action,
            audit.AuditObject(kind.object, project or audit.INSTALLATION_LOG),
            actor,
            project=project,
        )
        try:
            with self._db.write() as tx:
                audit.record(tx, event)
        except ProblemError:  # the answer was made; a busy database must not take it back
            log.exception("read_not_audited", actor=actor.subject, action=kind.action)


def _sensitive(scope: Any) -> tuple[_Kind, str | None] | None:
    """Which kind of read a request is, and of which project."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    query = scope.get("query_string", b"").decode("latin-1")
    for kind in KINDS:
        path, asked = kind.path.match(scope["path"]), kind.query.search(query)
        if path and asked:
            return kind, (path.groupdict() | asked.groupdict()).get("project")
    return None
