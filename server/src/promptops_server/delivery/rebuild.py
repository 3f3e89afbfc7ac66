"""Write an environment to Redis anew: everything beside the old first, then one pointer is flipped.

Readers see the old generation until the flip and the new one after it. What a crash leaves half-built
expires by itself. Leaves the decision to rebuild to `standing`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from typing import Any

import redis
import structlog

from promptops.delivery.entries import EntryTree
from promptops.delivery.header import LIVE, Header
from promptops_server.delivery import scripts, store
from promptops_server.delivery.layout import LOG_LENGTH, Names, position_text
from promptops_server.delivery.standing import Seen
from promptops_server.delivery.store import Facts
from promptops_server.infra.database import Database

log = structlog.get_logger(__name__)

BUILD_SECONDS = 3600
"""How long a generation that was never finished stays."""

_CHUNK_ITEMS = 200
_CHUNK_BYTES = 512 * 1024


class OverTime(Exception):
    """The caller's time is over; the reconciler will do it without hurry."""


class Inconsistent(Exception):
    """SQL's entries do not give the root its newest statement signs; publishing them would reach nobody."""


def rebuild(
    db: Database,
    client: redis.Redis,
    facts: Facts,
    seen: Seen,
    *,
    until: float | None = None,
) -> Seen | None:
    """Write the newest release's state; returns what Redis holds then, or None when somebody else was faster.

    `until` is a `time.monotonic()` after which to give up.

    Raises:
        OverTime: `until` has passed.
        Inconsistent: the rows of `releases` contradict each other.
        redis.RedisError: Redis did not answer.
        Unavailable: the database did not answer.
    """
    with db.read() as conn:
        header = store.head_header(conn, facts.id)
        entries = store.entries(conn, facts.id)
        assert header is not None
        position = header.position
        after = max(-1, position.release - LOG_LENGTH)
        headers = store.headers_after(conn, facts.id, after, LOG_LENGTH + 1)
    tree = EntryTree.of(entries)
    if (tree.root, tree.count) != (header.statement.root, header.statement.count):
        raise Inconsistent(
            f"{facts.project}/{facts.name} release {position}: the entries stored are not the signed ones"
        )
    digests = list(dict.fromkeys(e.digest for e in entries if e.state == LIVE))
    names, generation = Names.of(facts.project, facts.name), secrets.token_hex(8)
    _fill(client, names.entries(generation), ((e.path, e.to_text()) for e in entries), until)
    _fill(client, names.artifacts(generation), _texts(db, facts, digests), until)
    _fill(client, names.new_log(generation), _logged(headers, position.epoch), until)
    keys = [
        names.state,
        names.entries(generation),
        names.artifacts(generation),
        names.new_log(generation),
        names.log,
        names.entries(seen.generation),
        names.artifacts(seen.generation),
    ]
    now = Seen(str(position.epoch), str(position.release), header.hash, generation)
    args = [
        *seen,
        tree.count,
        len(digests),
        now.epoch,
        now.release,
        now.hash,
        header.to_json(),
        header.as_of,
        generation,
        names.nudge,
        position_text(position),
    ]
    answer = scripts.FLIP(client, keys, args)
    if answer == 1:
        return now
    client.unlink(*keys[1:4])
    return None


def _fill(
    client: redis.Redis, key: str, items: Iterable[tuple[str, str]], until: float | None
) -> None:
    for part in _parts(items):
        if until is not None and time.monotonic() > until:
            raise OverTime
        pipe = client.pipeline(transaction=False)
        pipe.hset(key, mapping=dict[Any, Any](part))
        pipe.expire(key, BUILD_SECONDS)
        pipe.execute()


def _parts(items: Iterable[tuple[str, str]]) -> Iterator[dict[str, str]]:
    part: dict[str, str] = {}
    size = 0
    for name, text in items:
        part[name] = text
        size += len(text)
        if len(part) >= _CHUNK_ITEMS or size >= _CHUNK_BYTES:
            yield part
            part, size = {}, 0
    if part:
        yield part


def _texts(db: Database, facts: Facts, digests: list[str]) -> Iterator[tuple[str, str]]:
    for part in store.chunks(digests, _CHUNK_ITEMS):
        with (
            db.read() as conn
        ):  # artifacts never change, so that no one snapshot has to be held open for all
            found = store.artifact_texts(conn, facts.project_id, part)
        if len(found) != len(part):
            missing = next(d for d in part if d not in found)
            raise Inconsistent(f"{facts.project}/{facts.name}: artifact {missing} is not stored")
        yield from found.items()


def _logged(headers: Iterable[Header], epoch: int) -> Iterator[tuple[str, str]]:
    for header in headers:
        if header.position.epoch == epoch:  # a follower of another epoch takes a snapshot anyway
            yield str(header.position), header.to_json()
