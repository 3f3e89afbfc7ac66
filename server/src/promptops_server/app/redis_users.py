"""Setting a user on every server of a Redis, or removing one, with an event in the installation's log."""

from __future__ import annotations

from dataclasses import dataclass

import redis

from promptops_server import audit
from promptops_server.app.operator_token import OPERATOR
from promptops_server.delivery.redis_users import RedisUser
from promptops_server.infra.database import Database
from promptops_server.infra.problems import NotFound
from promptops_server.infra.redis import RedisAddress
from promptops_server.infra.redis_nodes import Node, nodes_of


@dataclass(frozen=True, slots=True)
class Applied:
    """Where a user was set, and whether it is still there after a restart of all of them."""

    nodes: tuple[str, ...]
    kept: bool


def apply(db: Database, address: RedisAddress, user: RedisUser, about: str) -> Applied:
    """Set the user on every server. `about` is what it is for, in words for the log.

    Raises:
        redis.RedisError: a server did not answer or refuses; those before it have the user already. Say it again.
        Unavailable: the database did not answer.
    """
    with nodes_of(address) as nodes:
        for node in nodes:
            _run(node, "ACL", "SETUSER", user.name, *user.rules)
        kept = _keep(nodes)
        names = tuple(node.name for node in nodes)
    _note(db, "redis.user.set", user.name, {"for": about, "on": list(names), "kept": kept})
    return Applied(names, kept)


def remove(db: Database, address: RedisAddress, name: str) -> Applied:
    """Remove the user from every server that has it, and end its connections. Raises as `apply`.

    Raises:
        NotFound: no server has such a user.
    """
    with nodes_of(address) as nodes:
        gone = sum(_removed(node, name) for node in nodes)
        if not gone:
            where = ", ".join(node.name for node in nodes)
            raise NotFound(f"There is no user {name} on {where}; nothing was removed.")
        kept = _keep(nodes)
        names = tuple(node.name for node in nodes)
    _note(db, "redis.user.remove", name, {"on": list(names), "kept": kept})
    return Applied(names, kept)


def _keep(nodes: list[Node]) -> bool:
    """Write it where each server keeps users: its aclfile, else its configuration; whether all could."""
    unkept = 0
    for node in nodes:
        try:
            _run(node, "ACL", "SAVE")
        except redis.ResponseError:
            try:
                _run(node, "CONFIG", "REWRITE")
            except redis.ResponseError:
                unkept += 1
    return not unkept


def _removed(node: Node, name: str) -> int:
    return int(node.client.execute_command("ACL", "DELUSER", name))  # type: ignore[no-untyped-call]


def _run(node: Node, *words: str) -> None:
    node.client.execute_command(*words)  # type: ignore[no-untyped-call]


def _note(db: Database, action: str, name: str, after: dict[str, object]) -> None:
    with db.write() as tx:
        audit.record(
            tx,
            audit.AuditEvent(action, audit.AuditObject("redis_user", name), OPERATOR, after=after),
        )
