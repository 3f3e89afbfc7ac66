"""What stands about a prompt beside its requests: exceptions, re-certifications, emergencies, retirement.

As plain JSON objects, oldest first; answers the port `ContinuityOf`. Row ids and user ids stay inside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from promptops_server.approvals.certification.tables import (
    certification_decision,
    certification_due,
)
from promptops_server.approvals.continuity import in_scope
from promptops_server.approvals.exceptions.tables import rule_exception
from promptops_server.approvals.retirement.tables import prompt_retirement
from promptops_server.infra.clock import to_text
from promptops_server.registry.model import Project
from promptops_server.releases.emergency.tables import (
    emergency_decision,
    emergency_prompt,
    emergency_release,
)
from promptops_server.releases.tables import environment

MOST = 500
"""Of each kind; nobody reads more."""
_TIMES = frozenset({"at", "deadline", "review_due"})
_INSIDE = frozenset({"id", "project_id", "environment_id", "due_id", "emergency_id", "position"})
_ACCOUNTS = ("_by", "_identity")


def continuity_of(
    conn: Connection, project: Project, path: str
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """By kind, what was decided about this address."""
    names = {
        row.id: row.name
        for row in conn.execute(
            select(environment.c.id, environment.c.name).where(
                environment.c.project_id == project.id
            )
        )
    }
    return {
        "exceptions": _exceptions(conn, project, path),
        "certifications": _certifications(conn, project, path, names),
        "emergencies": _emergencies(conn, project, path, names),
        "retirements": _rows(
            conn, prompt_retirement, project.id, prompt_retirement.c.path == path, "retired_at"
        ),
    }


def _exceptions(conn: Connection, project: Project, path: str) -> list[dict[str, Any]]:
    query = (
        select(rule_exception)
        .where(rule_exception.c.project_id == project.id)
        .order_by(rule_exception.c.number)
    )
    return [_told(row) for row in conn.execute(query) if in_scope(row.scope, path)][:MOST]


def _certifications(
    conn: Connection, project: Project, path: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    query = (
        select(certification_due)
        .where(certification_due.c.project_id == project.id, certification_due.c.path == path)
        .order_by(certification_due.c.started_at)
        .limit(MOST)
    )
    found = conn.execute(query).all()
    made = _children(conn, certification_decision, "due_id", [row.id for row in found])
    return [
        {
            "environment": names.get(row.environment_id, ""),
            **_told(row),
            "decisions": made.get(row.id, []),
        }
        for row in found
    ]


def _emergencies(
    conn: Connection, project: Project, path: str, names: Mapping[str, str]
) -> list[dict[str, Any]]:
    query = (
        select(emergency_release, emergency_prompt.c.version)
        .join(emergency_prompt, emergency_prompt.c.emergency_id == emergency_release.c.id)
        .where(emergency_release.c.project_id == project.id, emergency_prompt.c.path == path)
        .order_by(emergency_release.c.invoked_at)
        .limit(MOST)
    )
    found = conn.execute(query).all()
    made = _children(conn, emergency_decision, "emergency_id", [row.id for row in found])
    return [
        {
            "environment": names.get(row.environment_id, ""),
            **{k: v for k, v in _told(row).items() if k != "authors"},
            "decisions": made.get(row.id, []),
        }
        for row in found
    ]


def _children(
    conn: Connection, table: Table, of: str, ids: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    if ids:
        query = select(table).where(table.c[of].in_(ids)).order_by(table.c[of], table.c.position)
        for row in conn.execute(query):
            found.setdefault(row._mapping[of], []).append(_told(row))
    return found


def _rows(
    conn: Connection, table: Table, project_id: str, where: Any, order: str
) -> list[dict[str, Any]]:
    query = select(table).where(table.c.project_id == project_id, where).order_by(table.c[order])
    return [_told(row) for row in conn.execute(query.limit(MOST))]


def _told(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """A row as evidence shows it: times as text, signatures as objects, nobody's account ids."""
    told: dict[str, Any] = {}
    for name, value in row._mapping.items():
        if (
            value is None
            or name in _INSIDE
            or name == "subject"
            or name == "identity"
            or name.endswith(_ACCOUNTS)
        ):
            continue
        if name == "signature":
            told[name] = json.loads(value)
        elif isinstance(value, int) and (name in _TIMES or name.endswith("_at")):
            told[name] = to_text(value)
        else:
            told[name] = value
    return told
