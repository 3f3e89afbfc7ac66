"""An old copy of a database: its projects take no change while an operator has to decide, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from promptops_server.audit import AuditEvent, AuditObject, record_denial
from promptops_server.audit.set_back import tell_set_back
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.set_back import SetBack, noted
from promptops_server.infra.tables import installation
from promptops_server.registry.tables import project


def test_the_project_lock_refuses_until_the_note_is_gone(any_database: Database) -> None:
    with any_database.write() as tx:
        tx.conn.execute(insert(installation).values(id=new_id(), epoch=1, created_at=tx.now))
        bank = new_id()
        row = {"id": bank, "name": "bank", "name_fold": "bank", "title": "", "description": ""}
        tx.conn.execute(insert(project).values(**row, created_at=tx.now, created_by=new_id()))
        lock_project(tx.conn, bank)
    for found in ("Redis holds r3", "Redis holds r4"):
        tell_set_back(any_database, found)
    with pytest.raises(SetBack, match="Redis holds r3") as refused, any_database.write() as tx:
        lock_project(tx.conn, bank)
    assert refused.value.status == 503
    assert "epoch --accept" in refused.value.remedy
    refusal = AuditEvent("release.publish", AuditObject("project", "bank"), SYSTEM, "denied")
    record_denial(any_database, refusal, project_id=bank)  # what was refused is kept all the same
    with any_database.read() as conn:
        actions = conn.execute(select(audit_event.c.action)).scalars().all()
    assert actions.count("installation.set_back") == 1
    assert "release.publish" in actions
    with any_database.write() as tx:
        tx.conn.execute(update(installation).values(set_back=None))
        assert noted(tx.conn) is None
        lock_project(tx.conn, bank)
