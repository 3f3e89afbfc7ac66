"""Where every environment stands in the database and in Redis, side by side. Writes no state; acting is `projection`'s."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import redis

from promptops.delivery.header import Header, Position
from promptops.errors import InvalidHeader
from promptops_server.delivery import store
from promptops_server.delivery.keys import Keys
from promptops_server.delivery.layout import Names
from promptops_server.delivery.projection import look
from promptops_server.delivery.standing import Origin, judge, origin_of
from promptops_server.infra.database import Database


@dataclass(frozen=True, slots=True)
class Place:
    """One environment. `signed` is the position Redis holds, if this installation signed it; `standing` the verdict."""

    name: str
    database: Position
    signed: Position | None
    standing: str


def survey(db: Database, client: redis.Redis | None, keys: Keys) -> list[Place]:
    """Every environment, by name; without a client as the database has it.

    Raises:
        redis.RedisError: Redis did not answer.
        Unavailable: the database did not answer.
    """
    found: list[Place] = []
    with db.read() as conn:
        installation = store.installation_id(conn)
        for head in store.heads(conn):
            facts = store.facts(conn, head.environment_id)
            assert facts is not None
            name = f"{facts.project}/{facts.name}"
            if client is None:
                found.append(Place(name, head.position, None, "no Redis"))
                continue
            seen, text = look(client, Names.of(facts.project, facts.name))

            def known_hash(release: int, environment_id: str = facts.id) -> str | None:
                at = store.header_at(conn, environment_id, release)
                return None if at is None else at.hash

            origin = origin_of(text, facts, installation, keys.signed_here)
            standing = judge(seen, head.position, known_hash, partial(_same, origin))
            signed = _position(text) if origin[0] == "ours" else None
            found.append(Place(name, head.position, signed, standing.verdict))
    return sorted(found, key=lambda place: place.name)


@dataclass(frozen=True, slots=True)
class Lag:
    """An environment that Redis is behind in: its newest release, and the one Redis holds (None: none of ours)."""

    project: str
    environment: str
    release: int
    in_redis: int | None


def lags(db: Database, client: redis.Redis, environment_ids: Iterable[str]) -> list[Lag]:
    """How far Redis is behind in these environments; those that are gone are left out.

    Raises:
        redis.RedisError: Redis did not answer.
    """
    found: list[Lag] = []
    with db.read() as conn:
        for environment_id in environment_ids:
            facts, header = (
                store.facts(conn, environment_id),
                store.head_header(conn, environment_id),
            )
            if facts is None or header is None:
                continue
            _, text = look(client, Names.of(facts.project, facts.name))
            position = _position(text) if text else None
            release = position.release if position is not None else None
            found.append(Lag(facts.project, facts.name, header.position.release, release))
    return found


def _same(answer: tuple[Origin, Header | None]) -> tuple[Origin, Header | None]:
    return answer


def _position(header_text: str) -> Position | None:
    try:
        return Header.from_json(header_text).position
    except InvalidHeader:
        return None
