"""prompts of the releases made before the activity feed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BATCH = 200  # one body names up to 20,000 prompts
_READ = sa.text(
    "SELECT seq, body FROM audit_event WHERE log_id = :log AND seq > :last"
    " AND action LIKE 'release.%' AND outcome = 'ok' ORDER BY seq LIMIT :batch"
)
_NOTE = sa.text(
    "INSERT INTO prompt_activity (project_id, path, seq, version)"
    " VALUES (:log, :path, :seq, :version) ON CONFLICT DO NOTHING"
)


def upgrade() -> None:
    """Note what each release touched, as every release since does. Its audit event names them all, or a first hundred."""
    conn = op.get_bind()
    for log in conn.execute(sa.text("SELECT id FROM project")).scalars().all():
        for rows in _batches(conn, log):
            noted = [{"log": log, "seq": row.seq, **prompt} for row in rows for prompt in _prompts(row)]
            if noted:
                conn.execute(_NOTE, noted)


def downgrade() -> None:
    """What was noted stays right."""


def _batches(conn: sa.Connection, log: str) -> Iterator[list[Any]]:
    last = 0
    while rows := list(conn.execute(_READ, {"log": log, "last": last, "batch": _BATCH})):
        yield rows
        last = rows[-1].seq


def _prompts(row: Any) -> Iterator[dict[str, Any]]:
    after = json.loads(row.body).get("after") or {}
    for path, stood in (after.get("prompts") or {}).items():
        yield {"path": path, "version": stood["version"] if stood else None}
