"""How many prompts have each tag, owner, model, environment and state: read from the counters kept with the facets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from promptops_server.registry.facets import Kind
from promptops_server.registry.model import Project
from promptops_server.registry.tables import facet

KINDS: Sequence[Kind] = ("tag", "owner", "model", "family", "environment", "state")


@dataclass(frozen=True, slots=True)
class Count:
    """A value with the number of its prompts."""

    value: str
    prompts: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The most frequent values of one kind; `more` says that there are others."""

    values: Sequence[Count]
    more: bool


def count_facets(
    conn: Connection, project: Project, *, archived: bool, limit: int
) -> dict[Kind, Counts]:
    """Per kind the `limit` most frequent values, most frequent first."""
    found: dict[Kind, Counts] = {}
    for kind in KINDS:
        rows = conn.execute(
            select(facet.c.value, facet.c.prompts)
            .where(
                facet.c.project_id == project.id,
                facet.c.archived.is_(archived),
                facet.c.kind == kind,
                facet.c.prompts > 0,
            )
            .order_by(facet.c.prompts.desc(), facet.c.value.desc())
            .limit(limit + 1)
        ).all()
        values = [Count(row.value, row.prompts) for row in rows[:limit]]
        values.sort(key=lambda count: (-count.prompts, count.value))
        found[kind] = Counts(values, len(rows) > limit)
    return found
