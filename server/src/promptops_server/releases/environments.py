"""Environments: made with their branch and the signed statement of release 0, listed, found by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Select, bindparam, insert, select

from promptops.delivery.entries import EMPTY_ROOT
from promptops.delivery.header import Statement
from promptops.format.names import InvalidName, check_environment, fold
from promptops_server.approvals.rulebook import from_text
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.clock import to_text
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict, Invalid, NotFound, TooLarge
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.tables import installation
from promptops_server.registry.git.write import commit_blobs
from promptops_server.registry.record import author_of
from promptops_server.releases.branch import message_of
from promptops_server.releases.model import Environment, branch_of
from promptops_server.releases.ports import ReleaseDeps, Sign
from promptops_server.releases.rows import AnyRow
from promptops_server.releases.seal import EMPTY_BUCKETS, write_release
from promptops_server.releases.tables import environment

if TYPE_CHECKING:
    from promptops_server.registry.model import Project

DEFAULTS = (("staging", False), ("production", True))
"""What a new project has, in the order of promotion: name, and whether the publish gate applies."""

MAX_ENVIRONMENTS = 50

_COLUMNS = (
    environment.c.id,
    environment.c.project_id,
    environment.c.name,
    environment.c.position,
    environment.c.approval_required,
    environment.c.head,
    environment.c.epoch,
    environment.c.count.label("entries"),
    environment.c.created_at,
    environment.c.rules,
)
_BY_NAME: Select[*tuple[object, ...]] = select(*_COLUMNS).where(
    environment.c.project_id == bindparam("project_id"), environment.c.name == bindparam("name")
)
_OF_PROJECT: Select[*tuple[object, ...]] = (
    select(*_COLUMNS)
    .where(environment.c.project_id == bindparam("project_id"))
    .order_by(environment.c.position, environment.c.name)
)


def get(conn: Connection, project_id: str, name: str) -> Environment:
    """The environment of this name.

    Raises:
        NotFound: there is none; the refusal names those there are.
    """
    row = (
        conn.execute(_BY_NAME, {"project_id": project_id, "name": name}).first()
        if _is_name(name)
        else None
    )
    if row is None:
        known = [e.name for e in list_environments(conn, project_id)]
        raise NotFound(
            f"There is no environment {name[:100]!r} in this project.",
            remedy=f"There {'are' if len(known) != 1 else 'is'}: {', '.join(known) or 'none'}.",
            slug="unknown-environment",
        )
    return _value(row)


def list_environments(conn: Connection, project_id: str) -> list[Environment]:
    """All environments of a project, in the order of promotion."""
    return [_value(row) for row in conn.execute(_OF_PROJECT, {"project_id": project_id})]


def create(
    deps: ReleaseDeps,
    actor: Actor,
    project: Project,
    name: str,
    *,
    approval_required: bool = True,
) -> Environment:
    """Add an environment after those there are; the publish gate applies unless it is said not to.

    Raises:
        Denied: the actor may not.
        Invalid: the name breaks the grammar, is `main`, or is all hexadecimal.
        Conflict: the name is taken, also by one that differs only in case.
    """
    require(deps.authorise, actor, "environment:create", Resource(project.name, environment=name))
    _check_name(name)
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        present = list_environments(tx.conn, project.id)
        for other in present:
            if fold(other.name) == fold(name):
                raise Conflict(
                    f"The environment {other.name} exists already"
                    + (
                        ", and a name differing only in case is refused."
                        if other.name != name
                        else "."
                    ),
                    remedy="Choose another name.",
                    slug="name-taken",
                )
        if len(present) >= MAX_ENVIRONMENTS:
            raise TooLarge(
                f"A project has at most {MAX_ENVIRONMENTS} environments.",
                remedy="Use one that exists.",
            )
        return _create(tx, deps.sign, actor, project, name, len(present) + 1, approval_required)


def create_defaults(sign: Sign) -> Callable[[Transaction, Actor, Project], None]:
    """The hook that gives a new project `staging` and `production`, in the transaction that makes the project."""

    def hook(tx: Transaction, actor: Actor, project: Project) -> None:
        for position, (name, approval_required) in enumerate(DEFAULTS, start=1):
            _create(tx, sign, actor, project, name, position, approval_required)

    return hook


def _create(
    tx: Transaction,
    sign: Sign,
    actor: Actor,
    project: Project,
    name: str,
    position: int,
    approval_required: bool,
) -> Environment:
    conn = tx.conn
    server = conn.execute(select(installation.c.id, installation.c.epoch)).one()
    made = Environment(
        id=new_id(),
        project_id=project.id,
        name=name,
        position=position,
        approval_required=approval_required,
        head=0,
        epoch=server.epoch,
        count=0,
        created_at=tx.now,
    )
    reason = f"Create environment {name}"
    commit = commit_blobs(
        tx,
        project.id,
        ref=branch_of(name),
        parent=None,
        changes={},
        author=author_of(conn, actor),
        message=message_of(0, "create", actor, reason, None),
    )
    conn.execute(
        insert(environment).values(
            id=made.id,
            project_id=project.id,
            name=name,
            name_fold=fold(name),
            position=position,
            approval_required=approval_required,
            head=0,
            epoch=made.epoch,
            buckets=EMPTY_BUCKETS,
            count=0,
            features=json.dumps({}),
            created_at=tx.now,
        )
    )
    statement = Statement(
        installation=server.id,
        project=project.name,
        environment=name,
        environment_id=made.id,
        epoch=made.epoch,
        release=0,
        previous="",
        changes=(),
        root=EMPTY_ROOT,
        count=0,
        acknowledged_at=to_text(tx.now),
    )
    _, digest = write_release(
        tx, sign, statement, project.id, "create", commit.oid, tx.now, actor, reason, None
    )
    record(
        tx,
        AuditEvent(
            action="environment.create",
            object=AuditObject("environment", f"{project.name}@{name}", "r0", digest),
            actor=actor,
            project=project.name,
            environment=name,
            before=None,
            after={
                "environment_id": made.id,
                "approval_required": approval_required,
                "position": position,
                "epoch": made.epoch,
                "commit": commit.oid,
            },
            reason=reason,
        ),
        project_id=project.id,
    )
    return made


def _is_name(name: str) -> bool:
    try:
        check_environment(name)
    except InvalidName:
        return False
    return True


def _check_name(name: str) -> None:
    try:
        check_environment(name)
    except InvalidName as error:
        raise Invalid(str(error), remedy="Choose another name.", slug="invalid-name") from None


def _value(row: AnyRow) -> Environment:
    return Environment(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        position=row.position,
        approval_required=bool(row.approval_required),
        head=row.head,
        epoch=row.epoch,
        count=row.entries,
        created_at=row.created_at,
        rules=from_text(row.rules),
    )
