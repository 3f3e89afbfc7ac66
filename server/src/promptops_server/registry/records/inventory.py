"""The inventory: every prompt of a project with its use case, owner, tier and whether its record is complete.

Owns one page of it. All of a page is read at the head of `main`, so defaults written there count at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from promptops.format.record import Examined
from promptops_server.infra.courtesy import Courtesy
from promptops_server.infra.cursor import Page
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.git import read
from promptops_server.registry.model import LivePlace, Project, Prompt
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.records.read import RecordReader, head_of_main
from promptops_server.registry.tables import prompt, version

MOST = 100
"""Prompts on a page: each file is read and judged."""


@dataclass(frozen=True, slots=True)
class Item:
    """A prompt in the inventory. `examined` is None when its newest version is no valid file."""

    prompt: Prompt
    live: tuple[LivePlace, ...]
    examined: Examined | None

    def said(self, key: str) -> str | None:
        """What the record says under a key, if that is a text."""
        value = self.examined.resolved.record.get(key) if self.examined else None
        return value if isinstance(value, str) else None


def list_inventory(
    conn: Connection,
    project: Project,
    live: LiveVersion,
    *,
    module: str = "",
    limit: int,
    cursor: str | None = None,
) -> Page[Item]:
    """A page by path, of at most `MOST` prompts; archived ones are left out.

    Raises:
        BadRequest: the cursor is not from this list, or the module breaks the grammar.
    """
    wanted = Wanted(module=module)
    page = list_prompts(conn, project, wanted, limit=min(limit, MOST), cursor=cursor)
    head = head_of_main(conn, project)
    if not page.items or head is None:
        return Page([], page.next)
    places = live.where(conn, project.id, [p.path for p in page.items])
    blobs = _blobs(conn, page.items)
    data = read.blobs(conn, project.id, blobs.values())
    reader, courtesy = RecordReader(conn, project), Courtesy()
    items: list[Item] = []
    for found in page.items:
        courtesy()
        examined = reader.examine(found.path, data[blobs[found.id]], head)
        items.append(Item(found, tuple(places.get(found.path, ())), examined))
    return Page(items, page.next)


def item_json(item: Item) -> dict[str, Any]:
    """An item's members on the wire."""
    examined = item.examined
    return {
        "address": item.prompt.address,
        "path": item.prompt.path,
        "version": item.prompt.latest,
        "use_case_id": item.said("use_case_id"),
        "owner": item.said("owner"),
        "decision_role": item.said("decision_role"),
        "tier": examined.tier.tier if examined else None,
        "residual_tier": item.said("residual_tier"),
        "complete": examined is not None and examined.complete,
        "faults": examined.count if examined else None,
        "valid": examined is not None,
        "model": item.prompt.model,
        "live": [{"environment": p.environment, "version": p.version} for p in item.live],
    }


def _blobs(conn: Connection, prompts: Sequence[Prompt]) -> Mapping[int, str]:
    """Per prompt the blob of its newest version."""
    rows = conn.execute(
        select(version.c.prompt_id, version.c.blob_oid)
        .join(prompt, prompt.c.id == version.c.prompt_id)
        .where(
            version.c.prompt_id.in_([p.id for p in prompts]), version.c.number == prompt.c.latest
        )
    )
    return {row.prompt_id: row.blob_oid for row in rows}
