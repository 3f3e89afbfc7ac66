"""How well a project's prompts are documented, counted over the kept rows of their newest versions.

SQL aggregates alone: no file is read. Archived prompts do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select, text

from promptops_server.registry.model import Project
from promptops_server.registry.records.tables import version_documentation
from promptops_server.registry.tables import prompt, version

MOST_FIELDS = 100

_TIERS = (
    select(
        version_documentation.c.tier,
        version_documentation.c.complete,
        version_documentation.c.version_id.is_(None).label("unknown"),
        func.count().label("prompts"),
    )
    .select_from(
        prompt.join(
            version, (version.c.prompt_id == prompt.c.id) & (version.c.number == prompt.c.latest)
        ).outerjoin(version_documentation, version_documentation.c.version_id == version.c.id)
    )
    .where(prompt.c.project_id == bindparam("project"), prompt.c.archived_at.is_(None))
    .group_by(
        version_documentation.c.tier,
        version_documentation.c.complete,
        version_documentation.c.version_id.is_(None),
    )
)
_FINDINGS = (
    "SELECT {id} AS id, {key} AS key, count(DISTINCT p.id) AS prompts FROM prompt p"
    " JOIN version v ON v.prompt_id = p.id AND v.number = p.latest"
    " JOIN version_documentation d ON d.version_id = v.id AND d.complete = {no}"
    " CROSS JOIN {each}"
    " WHERE p.project_id = :project AND p.archived_at IS NULL"
    " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :most"
)
_FINDINGS_SQLITE = text(
    _FINDINGS.format(
        id="json_extract(f.value, '$.id')",
        key="json_extract(f.value, '$.key')",
        no="0",
        each="json_each(d.findings) f",
    )
)
_FINDINGS_POSTGRES = text(
    _FINDINGS.format(
        id="f ->> 'id'",
        key="f ->> 'key'",
        no="false",
        each="LATERAL jsonb_array_elements(CAST(d.findings AS jsonb)) f",
    )
)


@dataclass(frozen=True, slots=True)
class TierCount:
    """Prompts of one tier by whether their records are complete. `tier` is None where it is not known yet."""

    tier: str | None
    complete: int
    incomplete: int


@dataclass(frozen=True, slots=True)
class FieldCount:
    """A key of the record that is missing or wrong, and in how many prompts."""

    id: str
    key: str
    prompts: int


@dataclass(frozen=True, slots=True)
class Documented:
    """The counts. `unknown` are prompts whose newest version was not judged yet: that happens when it comes into review, or
    is published where approval is asked."""

    tiers: tuple[TierCount, ...]
    unknown: int
    fields: tuple[FieldCount, ...]


def documented(conn: Connection, project: Project) -> Documented:
    """The counts of a project; of the fields the most frequent ones."""
    complete: dict[str | None, int] = {}
    incomplete: dict[str | None, int] = {}
    unknown = 0
    for row in conn.execute(_TIERS, {"project": project.id}):
        if row.unknown:
            unknown += row.prompts
        else:
            (complete if row.complete else incomplete)[row.tier] = row.prompts
    statement = _FINDINGS_SQLITE if conn.dialect.name == "sqlite" else _FINDINGS_POSTGRES
    fields = conn.execute(statement, {"project": project.id, "most": MOST_FIELDS})
    return Documented(
        tuple(
            TierCount(tier, complete.get(tier, 0), incomplete.get(tier, 0))
            for tier in ("high", "medium", "low", None)
        ),
        unknown,
        tuple(FieldCount(str(row.id or ""), str(row.key or ""), row.prompts) for row in fields),
    )
