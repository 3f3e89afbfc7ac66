"""Which prompts an event of the audit log touched, so that one prompt's activity is read without reading the log.

An event about one prompt names it itself; pushes, imports and releases are noted here, in their own transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, insert

from promptops_server.registry.finding.tables import prompt_activity

_INSERT = insert(prompt_activity)


def note_touched(
    conn: Connection, project_id: str, seq: int, versions: Mapping[str, int | None]
) -> None:
    """Remember path to version (None: archived, or no longer live) under the event `seq` of the project's log."""
    if versions:
        conn.execute(
            _INSERT,
            [
                {"project_id": project_id, "path": path, "seq": seq, "version": version}
                for path, version in versions.items()
            ],
        )
