"""Delivery's questions to the tables of `releases`: facts, heads, headers, entries, artifacts.

Owns the queries; every function takes a connection, so that the caller decides what is read in one snapshot.
Leaves keeping the answers to `timeline` and `environments`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, func, select, update

from promptops.delivery.header import Entry, Header, Position
from promptops_server.infra import clock
from promptops_server.infra.tables import installation
from promptops_server.registry.tables import project
from promptops_server.releases.tables import artifact, environment, live, release

CHUNK = 400
"""Values in one IN list; SQLite's limit of parameters is the smaller one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What never changes about an environment."""

    id: str
    project_id: str
    project: str
    name: str


class Head(NamedTuple):
    """Where an environment stands. `as_of` is in microseconds; `entries` counts suspended ones too."""

    environment_id: str
    epoch: int
    release: int
    as_of: int
    hash: str
    entries: int
    key_id: str = ""

    @property
    def position(self) -> Position:
        """Epoch and release."""
        return Position(self.epoch, self.release)


_FACTS = select(
    environment.c.id, environment.c.project_id, project.c.name, environment.c.name
).join(project, project.c.id == environment.c.project_id)
_FACTS_BY_ID = _FACTS.where(environment.c.id == bindparam("id"))
_FACTS_BY_NAME = _FACTS.where(
    project.c.name == bindparam("project"), environment.c.name == bindparam("name")
)
_HEADS = select(
    environment.c.id,
    release.c.epoch,
    release.c.number,
    release.c.as_of,
    release.c.statement_hash,
    environment.c.count,
    release.c.key_id,
).join(
    release,
    and_(release.c.environment_id == environment.c.id, release.c.number == environment.c.head),
)
_HEADER_COLUMNS = select(
    release.c.number,
    release.c.statement,
    release.c.statement_hash,
    release.c.as_of,
    release.c.key_id,
    release.c.signature,
)
_HEADERS_AFTER = (
    _HEADER_COLUMNS.where(
        release.c.environment_id == bindparam("id"), release.c.number > bindparam("after")
    )
    .order_by(release.c.number)
    .limit(bindparam("limit", type_=None))
)
_HEADER_AT = _HEADER_COLUMNS.where(
    release.c.environment_id == bindparam("id"), release.c.number == bindparam("number")
)
_HEAD_HEADER = _HEADER_COLUMNS.where(
    release.c.environment_id == bindparam("id"),
    release.c.number
    == select(environment.c.head).where(environment.c.id == bindparam("id")).scalar_subquery(),
)
_ENTRIES = select(
    live.c.path, live.c.state, live.c.version, live.c.from_release, live.c.digest, live.c.reason
).where(live.c.environment_id == bindparam("id"), live.c.to_release.is_(None))
_EVER_LIVE = (
    select(live.c.id)
    .where(
        live.c.environment_id == bindparam("id"),
        live.c.path == bindparam("path"),
        live.c.digest == bindparam("digest"),
    )
    .limit(1)
)
_LIVE_DIGESTS = select(func.count(live.c.digest.distinct())).where(
    live.c.environment_id == bindparam("id"), live.c.to_release.is_(None), live.c.state == "live"
)
# Tombstones of a redaction are as good as absent.
_ARTIFACT = select(artifact.c.digest, artifact.c.text).where(
    artifact.c.project_id == bindparam("project_id"),
    artifact.c.digest == bindparam("digest"),
    artifact.c.redacted_at.is_(None),
)
_ARTIFACTS = select(artifact.c.digest, artifact.c.text).where(
    artifact.c.project_id == bindparam("project_id"),
    artifact.c.digest.in_(bindparam("digests", expanding=True)),
    artifact.c.redacted_at.is_(None),
)
_REDACTED = select(artifact.c.digest).where(
    artifact.c.project_id == bindparam("project_id"), artifact.c.redacted_at.is_not(None)
)
_ENVIRONMENTS = select(environment.c.id).where(environment.c.project_id == bindparam("project_id"))


def facts(conn: Connection, environment_id: str) -> Facts | None:
    """An environment by its id."""
    row = conn.execute(_FACTS_BY_ID, {"id": environment_id}).first()
    return None if row is None else Facts(*row)


def facts_by_name(conn: Connection, project_name: str, name: str) -> Facts | None:
    """An environment by its names, exactly as written."""
    row = conn.execute(_FACTS_BY_NAME, {"project": project_name, "name": name}).first()
    return None if row is None else Facts(*row)


def installation_id(conn: Connection) -> str | None:
    """This installation's id."""
    found: str | None = conn.execute(select(installation.c.id)).scalar()
    return found


def heads(conn: Connection) -> list[Head]:
    """Every environment's head; environments without any release row are left out."""
    return [Head(*row) for row in conn.execute(_HEADS)]


def headers_after(conn: Connection, environment_id: str, after: int, limit: int) -> list[Header]:
    """The headers of the releases above a number, in order."""
    rows = conn.execute(_HEADERS_AFTER, {"id": environment_id, "after": after, "limit": limit})
    return [header_of(row) for row in rows]


def header_at(conn: Connection, environment_id: str, number: int) -> Header | None:
    """One release's header."""
    row = conn.execute(_HEADER_AT, {"id": environment_id, "number": number}).first()
    return None if row is None else header_of(row)


def head_header(conn: Connection, environment_id: str) -> Header | None:
    """The newest release's header."""
    row = conn.execute(_HEAD_HEADER, {"id": environment_id}).first()
    return None if row is None else header_of(row)


def entries(conn: Connection, environment_id: str) -> list[Entry]:
    """What is live or suspended now."""
    return [Entry(*row) for row in conn.execute(_ENTRIES, {"id": environment_id})]


def artifact_text(conn: Connection, project_id: str, digest: str) -> str | None:
    """One artifact's exact text."""
    row = conn.execute(_ARTIFACT, {"project_id": project_id, "digest": digest}).first()
    return None if row is None else str(row.text)


def artifact_ever_live(conn: Connection, facts: Facts, digest: str) -> str | None:
    """An artifact's text if it is, or once was, live in this environment; others are none of its business."""
    text = artifact_text(conn, facts.project_id, digest)
    if text is None:
        return None
    path = json.loads(text)["path"]  # the way to an index: history is kept by path
    found = conn.execute(_EVER_LIVE, {"id": facts.id, "path": path, "digest": digest}).first()
    return None if found is None else text


def live_digests(conn: Connection, environment_id: str) -> int:
    """How many different artifacts are live."""
    return int(conn.execute(_LIVE_DIGESTS, {"id": environment_id}).scalar_one())


def artifact_texts(conn: Connection, project_id: str, digests: Sequence[str]) -> dict[str, str]:
    """The texts of these artifacts; unknown digests are left out."""
    if len(digests) == 1:
        text = artifact_text(conn, project_id, digests[0])
        return {} if text is None else {digests[0]: text}
    found: dict[str, str] = {}
    for part in chunks(digests, CHUNK):
        rows = conn.execute(_ARTIFACTS, {"project_id": project_id, "digests": part})
        found.update((row.digest, row.text) for row in rows)
    return found


def redacted_digests(conn: Connection, project_id: str) -> list[str]:
    """The artifacts of the project whose text a redaction took away."""
    return list(conn.execute(_REDACTED, {"project_id": project_id}).scalars())


def environment_ids(conn: Connection, project_id: str) -> list[str]:
    """The project's environments."""
    return list(conn.execute(_ENVIRONMENTS, {"project_id": project_id}).scalars())


def renew_signature(
    conn: Connection, environment_id: str, number: int, *, as_of: int, key_id: str, signature: str
) -> None:
    """Store a newer `as_of` (microseconds) and its signature for a release."""
    conn.execute(
        update(release)
        .where(release.c.environment_id == environment_id, release.c.number == number)
        .values(as_of=as_of, key_id=key_id, signature=signature)
    )


def header_of(row: Row[*tuple[Any, ...]]) -> Header:
    """The signed header in a release row."""
    return Header(row.statement, clock.to_text(row.as_of), row.key_id, row.signature)


def chunks(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """The values in lists of at most `size`."""
    part: list[str] = []
    for value in values:
        part.append(value)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part
