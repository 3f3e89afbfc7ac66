"""The file of checkpoints tells an old copy of the database from the newest."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert

from promptops.audit.checkpoint import Checkpoint, SignedCheckpoint
from promptops_server.audit.checkpoints import append, shorter_than
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
from promptops_server.infra.tables import installation


def test_a_copy_is_old_also_when_an_older_one_has_run_since(
    database: Database, tmp_path: Path
) -> None:
    file, owner = tmp_path / "checkpoints.jsonl", new_id()
    with database.write() as tx:
        tx.conn.execute(insert(installation).values(id=owner, epoch=1, created_at=tx.now))

    def signed(size: int) -> None:
        said = Checkpoint(owner, "installation", "installation", size, "00" * 32, to_text(size))
        append(file, SignedCheckpoint(said.to_text(), "0" * 16, ""))

    signed(0)
    with database.read() as conn:
        assert shorter_than(conn, file) is None
        signed(9)
        signed(0)  # by a copy that an operator put back first, and then gave up for this one
        found = shorter_than(conn, file)
    assert found is not None
    assert "has 0 entries" in found
    assert "over 9" in found
