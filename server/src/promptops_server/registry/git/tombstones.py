"""Objects that a redaction took out: what their ids lead to now, and that nobody brings them back.

Reads `redacted_object` only; rewriting is `registry.redaction`'s.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, select, text

from promptops_server.infra.problems import Invalid
from promptops_server.registry.git import store
from promptops_server.registry.git.objects import COMMIT
from promptops_server.registry.git.store import batches
from promptops_server.registry.redaction.tables import redacted_object

_ANY = (
    select(redacted_object.c.old_oid)
    .where(redacted_object.c.project_id == bindparam("project"))
    .limit(1)
)
_AMONG = select(redacted_object.c.old_oid).where(
    redacted_object.c.project_id == bindparam("project")
)
_STATEMENTS = {
    "sqlite": _AMONG.where(text("old_oid IN (SELECT value FROM json_each(:oids))")),
    "postgresql": _AMONG.where(text("old_oid = ANY(CAST(:oids AS text[]))")),
}
_MOVED = (
    select(redacted_object.c.old_oid, redacted_object.c.new_oid)
    .where(
        redacted_object.c.project_id == bindparam("project"),
        redacted_object.c.type == COMMIT,
        redacted_object.c.old_oid >= bindparam("first"),
        redacted_object.c.old_oid < bindparam("after"),
    )
    .limit(3)
)


class RedactedContent(Invalid):
    """Content that a redaction took out of this project's history."""

    slug = "redacted-content"


def any_redacted(conn: Connection, project_id: str, oids: Iterable[str]) -> bool:
    """Whether one of the objects was taken out. Costs one look in a project that was never redacted."""
    if conn.execute(_ANY, {"project": project_id}).first() is None:
        return False
    statement = _STATEMENTS[conn.dialect.name]
    for some in batches(oids):
        given = json.dumps(some) if conn.dialect.name == "sqlite" else some
        if conn.execute(statement, {"project": project_id, "oids": given}).first() is not None:
            return True
    return False


def refuse_push(conn: Connection, project_id: str, oids: Iterable[str]) -> None:
    """Keep a clone from before a redaction from bringing the text back.

    Raises:
        RedactedContent: the push holds an object that was taken out.
    """
    if any_redacted(conn, project_id, oids):
        raise RedactedContent(
            "This push holds content that was taken out of this project by a redaction: it was made on a clone from "
            "before.",
            remedy="Clone the project anew and make your change there; then delete the old clone.",
        )


def refuse_content(conn: Connection, project_id: str, oids: Iterable[str]) -> None:
    """The same for files that are put.

    Raises:
        RedactedContent: a file has exactly the content that was taken out.
    """
    if any_redacted(conn, project_id, oids):
        raise RedactedContent(
            "This is, byte for byte, content that was taken out of this project by a redaction.",
            remedy="Take the text that was redacted out of it first.",
        )


def moved_commits(conn: Connection, project_id: str, prefix: str) -> dict[str, str]:
    """Rewritten commits whose old id starts so (at most three), each with the id it has now."""
    given = {"project": project_id, "first": prefix, "after": prefix + "g"}
    return {row.old_oid: row.new_oid for row in conn.execute(_MOVED, given)}


def rewritten_notice(conn: Connection, project_id: str, commit: str | None) -> str | None:
    """What to say to whoever named a commit by the beginning of an id it had before a redaction."""
    if commit is None or store.commits_with_prefix(conn, project_id, commit.lower()):
        return None
    moved = moved_commits(conn, project_id, commit.lower())
    if not moved:
        return None
    return (
        f"Commit {commit} was rewritten by a redaction: it is {sorted(moved.values())[0][:12]} now."
    )
