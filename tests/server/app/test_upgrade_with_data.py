"""A database of the first schema that holds data, brought to today's."""

from __future__ import annotations

import json

from alembic import command
from sqlalchemy import insert, text

from promptops_server.app import migrate
from promptops_server.audit.tables import audit_event
from promptops_server.infra.database import Database
from promptops_server.registry.tables import project


def test_the_feed_tells_what_releases_before_it_touched(any_database: Database) -> None:
    with any_database.engine.begin() as conn:
        command.downgrade(migrate.alembic_config(conn), "0001")
        conn.execute(
            insert(project).values(
                id="p", name="bank", name_fold="bank", title="Bank", description="",
                created_at=1, created_by="ada",
            )
        )  # fmt: skip
        for seq, action, outcome, after in (
            (1, "project.create", "ok", {"name": "bank"}),
            (2, "release.publish", "denied", {"prompts": {"a": {"state": "live", "version": 9}}}),
            (
                3,
                "release.publish",
                "ok",
                {
                    "release": 1,
                    "prompts": {
                        "a": {"state": "live", "version": 2},
                        "b": {"state": "suspended", "version": 1},
                    },
                },
            ),
            (4, "release.unpublish", "ok", {"release": 2, "prompts": {"a": None}}),
        ):
            conn.execute(
                insert(audit_event).values(
                    log_id="p", seq=seq, event_id=f"e{seq}", occurred_at=seq, action=action,
                    outcome=outcome, actor="ada", object_type="release", object_id="bank@staging",
                    body=json.dumps({"after": after}), entry_hash="",
                )
            )  # fmt: skip
    assert migrate.upgrade(any_database)[0] == "0002"
    with any_database.read() as conn:
        noted = conn.execute(
            text("SELECT seq, path, version FROM prompt_activity ORDER BY seq, path")
        ).all()
    assert [tuple(row) for row in noted] == [(3, "a", 2), (3, "b", 1), (4, "a", None)]
