"""The end of a restore: a check of the logs, and a new epoch in which the restored state counts.

The epoch is above any in the database and in Redis, and at least the seconds since 2020: applications may hold a release of an
epoch that neither knows any more, from an earlier restore of an older backup, and take nothing below it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import text

from promptops_server.app import migrate
from promptops_server.app.audit_logs import all_logs
from promptops_server.app.keeping.errors import CannotKeep
from promptops_server.app.keeping.lost import Given, given_up
from promptops_server.app.operator_token import OPERATOR
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.audit.checkpoints import behind_file, installation_id
from promptops_server.audit.recheck import recheck
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.survey import survey
from promptops_server.infra.database import Database
from promptops_server.releases.epoch import begin_epoch, epoch_of_now


@dataclass(frozen=True, slots=True)
class Finished:
    """The epoch that began, in how many environments, and what the restored database does not know."""

    epoch: int
    environments: int
    given_up: list[Given]
    logs_behind: list[str]


def finish(
    db: Database,
    secret: bytes,
    client: redis.Redis | None,
    *,
    manifest: dict[str, Any],
    checkpoints: Path,
    older_checkpoints: Path | None,
    above: int,
    reason: str,
) -> Finished:
    """Make a migrated database with restored rows one that servers may start on.

    Args:
        checkpoints: the file of checkpoints from the backup; every log must contain what it says.
        older_checkpoints: the file that was in use until now, for what the backup does not have.
        above: an epoch that may be out there, from a database that is replaced.

    Raises:
        CannotKeep: a log is not what its checkpoints say, or Redis does not answer.
        KeyUnreadable: the secret is not the one that sealed the signing keys.
    """
    keys = Keys(db, secret)
    keys.ensure()
    with db.read() as conn:
        logs = all_logs(conn)
        behind = behind_file(conn, older_checkpoints) if older_checkpoints else []
    for log in logs:
        fault = recheck(db, log, checkpoints)
        if fault is not None:
            raise CannotKeep(f"The audit log was not intact when the backup was made: {fault}")
    try:
        places = survey(db, client, keys)
    except redis.RedisError as error:
        raise CannotKeep(
            f"Redis does not answer ({error}); start it, or leave it out: servers rebuild it."
        ) from None
    above = max([above, epoch_of_now()] + [place.signed.epoch for place in places if place.signed])
    lost = given_up(places)
    with db.write() as tx:
        epoch, count = begin_epoch(tx, keys.sign, OPERATOR, reason, above=above)
        installation = installation_id(tx.conn)
        record(
            tx,
            AuditEvent(
                action="backup.restore",
                object=AuditObject("installation", installation),
                actor=OPERATOR,
                before={"given_up": {one.environment: one.out for one in lost}},
                after={
                    "snapshot_at": manifest["snapshot_at"],
                    "program": manifest["about"]["program"],
                    "epoch": epoch,
                },
                reason=reason,
            ),
        )
        tx.conn.execute(
            text("UPDATE alembic_version SET version_num = :head"),
            {"head": migrate.revisions()[-1]},
        )
    return Finished(epoch, count, lost, behind)
