"""Releases after a redaction: their commits' new ids, emptied artifacts, reasons without the text.

What was signed stays as it was signed: statements name digests, and a digest says nothing. The text behind it is gone
and its row is a tombstone. Answers the port `Released` of `registry.redaction`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from promptops_server.approvals.certification.tables import (
    certification_decision,
    certification_due,
)
from promptops_server.approvals.exceptions.tables import rule_exception
from promptops_server.approvals.retirement.tables import prompt_retirement
from promptops_server.approvals.workflow.tables import (
    review_comment,
    review_decision,
    review_request,
)
from promptops_server.infra.database import Transaction
from promptops_server.registry.model import Project
from promptops_server.registry.redaction.ports import LiveText, ReleasedTexts
from promptops_server.registry.redaction.replace import Replacer
from promptops_server.registry.redaction.text_rows import Place, redact_place
from promptops_server.releases.emergency.tables import emergency_decision, emergency_release
from promptops_server.releases.rows import chunks
from promptops_server.releases.schedule.tables import scheduled_release
from promptops_server.releases.tables import artifact, environment, live, release

_BATCH = 500
_ARTIFACTS = (
    select(artifact.c.digest, artifact.c.text)
    .where(
        artifact.c.project_id == bindparam("project"),
        artifact.c.digest > bindparam("last"),
        artifact.c.redacted_at.is_(None),
    )
    .order_by(artifact.c.digest)
    .limit(_BATCH)
)
_RELEASES = (
    select(release.c.id, release.c.reason, release.c.statement)
    .where(release.c.project_id == bindparam("project"), release.c.id > bindparam("last"))
    .order_by(release.c.id)
    .limit(_BATCH)
)
_IN_FORCE = (
    select(environment.c.name, live.c.path, live.c.version, live.c.digest)
    .join(environment, environment.c.id == live.c.environment_id)
    .where(
        environment.c.project_id == bindparam("project"),
        live.c.to_release.is_(None),
        live.c.state == "live",
    )
)
_FOLLOW_COMMIT = (
    update(release)
    .where(release.c.project_id == bindparam("project"), release.c.commit_oid == bindparam("b_old"))
    .values(commit_oid=bindparam("b_new"))
)
_PLACES = (
    Place("releases", release, ("reason", "ticket"), of=release.c.project_id),
    Place("rules", environment, (), ("rules",), environment.c.project_id),
    Place(
        "schedules",
        scheduled_release,
        ("reason", "ticket"),
        ("problem",),
        scheduled_release.c.project_id,
    ),
    Place("reviews", review_request, ("message",), of=review_request.c.project_id),
    Place(
        "decisions",
        review_decision,
        ("reason", "conditions"),
        of=review_decision.c.project_id,
    ),
    Place("comments", review_comment, ("body", "suggestion"), of=review_comment.c.project_id),
    Place(
        "exceptions",
        rule_exception,
        ("reason", "control", "accepted_reason", "revoked_reason"),
        of=rule_exception.c.project_id,
    ),
    Place("certifications", certification_due, ("kept_reason",), of=certification_due.c.project_id),
    Place(
        "certification_decisions",
        certification_decision,
        ("reason",),
        of=certification_decision.c.project_id,
    ),
    Place(
        "emergencies", emergency_release, ("reason", "incident"), of=emergency_release.c.project_id
    ),
    Place("emergency_decisions", emergency_decision, ("reason",)),
    Place(
        "retirements",
        prompt_retirement,
        ("reason", "undone_reason"),
        of=prompt_retirement.c.project_id,
    ),
)


class ReleasedContent:
    """Answers the port; holds nothing."""

    def find(
        self,
        conn: Connection,
        project: Project,
        replacer: Replacer,
        versions: Mapping[str, frozenset[int]],
    ) -> ReleasedTexts:
        """See the port. An artifact is live when its digest is, or when its version is among `versions`."""
        given = {"project": project.id}
        holding = [
            row.digest
            for row in _pages(conn, _ARTIFACTS, given, "digest", "")
            if replacer.in_json(row.text)
        ]
        digests = frozenset(holding)
        places = tuple(
            LiveText(row.name, row.path, row.version)
            for row in conn.execute(_IN_FORCE.order_by(environment.c.name, live.c.path), given)
            if row.digest in digests or row.version in versions.get(row.path, ())
        )
        reasons = statements = 0
        for row in _pages(conn, _RELEASES, given, "id", 0):
            reasons += replacer.in_text(row.reason)
            statements += replacer.in_json(row.statement)
        return ReleasedTexts(
            artifacts=tuple(holding),
            live=places,
            releases=_count_releases(conn, project.id, holding),
            statements=statements,
            reasons=reasons,
        )

    def redact(
        self,
        tx: Transaction,
        project: Project,
        replacer: Replacer,
        found: ReleasedTexts,
        ids: Mapping[str, str],
    ) -> None:
        """See the port."""
        conn = tx.conn
        for some in chunks(found.artifacts):
            conn.execute(
                update(artifact)
                .where(artifact.c.project_id == project.id, artifact.c.digest.in_(some))
                .values(text="", redacted_at=tx.now)
            )
        commits = conn.execute(
            select(release.c.commit_oid).where(release.c.project_id == project.id).distinct()
        ).scalars()
        moved = [
            {"project": project.id, "b_old": old, "b_new": ids[old]}
            for old in commits
            if old in ids
        ]
        if moved:
            conn.execute(_FOLLOW_COMMIT, moved)
        _follow_files(conn, project.id, ids)
        for place in _PLACES:
            redact_place(conn, place, project.id, replacer)


def _follow_files(conn: Connection, project_id: str, ids: Mapping[str, str]) -> None:
    rows = conn.execute(
        select(live.c.id, live.c.blob_oid)
        .join(environment, environment.c.id == live.c.environment_id)
        .where(environment.c.project_id == project_id)
    )
    moved = [{"b_id": row.id, "b_blob": ids[row.blob_oid]} for row in rows if row.blob_oid in ids]
    if moved:
        conn.execute(
            update(live).where(live.c.id == bindparam("b_id")).values(blob_oid=bindparam("b_blob")),
            moved,
        )


def _count_releases(conn: Connection, project_id: str, digests: list[str]) -> int:
    found: set[tuple[str, int]] = set()
    for some in chunks(digests):
        rows = conn.execute(
            select(live.c.environment_id, func.min(live.c.from_release))
            .join(environment, environment.c.id == live.c.environment_id)
            .where(environment.c.project_id == project_id, live.c.digest.in_(some))
            .group_by(live.c.environment_id, live.c.from_release)
        )
        found.update((row[0], row[1]) for row in rows)
    return len(found)


def _pages(
    conn: Connection, query: Any, given: Mapping[str, Any], key: str, first: Any
) -> Iterator[Row[*tuple[Any, ...]]]:
    last = first
    while rows := conn.execute(query, {**given, "last": last}).all():
        yield from rows
        last = getattr(rows[-1], key)
