"""Begin a new epoch: say what stands in every environment again, as a release above any that may be out there.

For a database that was set back: applications and Redis hold releases it does not know, and take nothing older. A
release of an epoch above all of theirs puts the database's state in force for everybody. It changes no prompt. Leaves
finding out how far others are to `app.epoch`.
"""

from __future__ import annotations

import json

from sqlalchemy import func, select, update

from promptops.delivery.header import Statement
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra import outbox
from promptops_server.infra.actor import Actor
from promptops_server.infra.clock import now_us, to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.tables import installation
from promptops_server.registry.git.read import ref
from promptops_server.registry.git.write import commit_blobs
from promptops_server.registry.record import author_of
from promptops_server.registry.tables import project
from promptops_server.releases import environments
from promptops_server.releases.branch import message_of
from promptops_server.releases.model import Environment
from promptops_server.releases.ports import Sign
from promptops_server.releases.seal import root, write_release
from promptops_server.releases.tables import environment, release

_START_OF_2020 = 1_577_836_800


def epoch_of_now() -> int:
    """The seconds since 2020, as an epoch that later ones are above.

    Applications may hold a release of an epoch that neither database nor Redis know any more, from an earlier restore.
    """
    return now_us() // 1_000_000 - _START_OF_2020


def begin_epoch(
    tx: Transaction, sign: Sign, actor: Actor, reason: str, *, above: int
) -> tuple[int, int]:
    """Raise the installation's epoch above `above` and above any in the database, with a release per environment.

    Changes are taken again if the database was found to be set back. One audit event in the installation's log and one in
    the project's per environment. Returns the epoch and the number of environments.
    """
    conn = tx.conn
    server = conn.execute(select(installation.c.id, installation.c.epoch)).one()
    # First, for the locks refuse as long as it stands there.
    conn.execute(update(installation).values(set_back=None))
    projects = conn.execute(select(project.c.id, project.c.name).order_by(project.c.id)).all()
    for row in projects:
        lock_project(conn, row.id)
    newest = conn.execute(select(func.max(environment.c.epoch))).scalar() or 0
    epoch = max(server.epoch, newest, above) + 1
    conn.execute(update(installation).values(epoch=epoch, epoch_began_at=tx.now))
    done = 0
    for row in projects:
        for place in environments.list_environments(conn, row.id):
            _say_again(tx, sign, actor, reason, server.id, row.name, place, epoch)
            done += 1
    record(
        tx,
        AuditEvent(
            action="epoch.begin",
            object=AuditObject("installation", server.id),
            actor=actor,
            before={"epoch": server.epoch},
            after={"epoch": epoch, "environments": done},
            reason=reason,
        ),
    )
    return epoch, done


def _say_again(
    tx: Transaction,
    sign: Sign,
    actor: Actor,
    reason: str,
    server: str,
    project_name: str,
    place: Environment,
    epoch: int,
) -> None:
    conn = tx.conn
    state = conn.execute(
        select(environment.c.buckets, environment.c.features).where(environment.c.id == place.id)
    ).one()
    last = conn.execute(
        select(release.c.statement_hash, release.c.acknowledged_at).where(
            release.c.environment_id == place.id, release.c.number == place.head
        )
    ).one()
    number, acknowledged = place.head + 1, max(tx.now, last.acknowledged_at + 1)
    commit = commit_blobs(
        tx,
        place.project_id,
        ref=place.branch,
        parent=ref(conn, place.project_id, place.branch),
        changes={},
        author=author_of(conn, actor),
        message=message_of(number, "epoch", actor, reason, None),
    )
    statement = Statement(
        installation=server,
        project=project_name,
        environment=place.name,
        environment_id=place.id,
        epoch=epoch,
        release=number,
        previous=last.statement_hash,
        changes=(),
        root=root(state.buckets),
        count=place.count,
        acknowledged_at=to_text(acknowledged),
        requires=tuple(sorted(json.loads(state.features))),
    )
    _, digest = write_release(
        tx,
        sign,
        statement,
        place.project_id,
        "epoch",
        commit.oid,
        acknowledged,
        actor,
        reason,
        None,
    )
    conn.execute(
        update(environment).where(environment.c.id == place.id).values(head=number, epoch=epoch)
    )
    outbox.add(
        conn, "release", place.id, {"epoch": epoch, "release": number}, tx.now, announce=True
    )
    record(
        tx,
        AuditEvent(
            action="release.epoch",
            object=AuditObject("release", f"{project_name}@{place.name}", f"r{number}", digest),
            actor=actor,
            project=project_name,
            environment=place.name,
            before={"release": place.head, "epoch": place.epoch},
            after={"release": number, "epoch": epoch, "commit": commit.oid},
            reason=reason,
        ),
        project_id=place.project_id,
    )
