"""The inventory: every prompt of a project with its use case, owner, tier and whether its record is complete.

Owns one page of it. All of a page is read at the head of `main`, so defaults written there count at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from promptops.format.names import fold
from promptops.format.record import Examined
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.courtesy import Courtesy
from promptops_server.infra.cursor import Page, decode, encode
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.git import read
from promptops_server.registry.model import LivePlace, Project, Prompt
from promptops_server.registry.ports import LiveVersion
from promptops_server.registry.projects import get_project, list_projects, require_readable
from promptops_server.registry.records.documentation import review_due
from promptops_server.registry.records.read import RecordReader, head_of_main
from promptops_server.registry.tables import prompt, version

MOST = 100
"""Prompts on a page: each file is read and judged."""
_EMPTY = 50
"""Projects without a prompt that one page looks past."""


@dataclass(frozen=True, slots=True)
class Item:
    """A prompt in the inventory. `examined` is None when its newest version is no valid file."""

    prompt: Prompt
    live: tuple[LivePlace, ...]
    examined: Examined | None
    made_at: int
    """When its newest version was acknowledged, in microseconds."""

    def said(self, *path: str) -> str | None:
        """What the record says at a path, if that is a text."""
        value: Any = self.examined.resolved.record if self.examined else None
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
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
    newest = _newest(conn, page.items)
    data = read.blobs(conn, project.id, {blob for blob, _ in newest.values()})
    reader, courtesy = RecordReader(conn, project), Courtesy()
    items: list[Item] = []
    for found in page.items:
        courtesy()
        blob, made_at = newest[found.id]
        examined = reader.examine(found.path, data[blob], head)
        items.append(Item(found, tuple(places.get(found.path, ())), examined, made_at))
    return Page(items, page.next)


def list_everywhere(
    conn: Connection,
    actor: Actor,
    authorise: Authorise,
    live: LiveVersion,
    *,
    limit: int,
    cursor: str | None = None,
) -> Page[Item]:
    """A page of all projects the actor may read, project by project; it never mixes two and may be short.

    Raises:
        BadRequest: the cursor is not from this list.
        NotFound: the project it continues in is gone, or not readable any more.
    """
    name, inner = decode(cursor, str, str) if cursor else ("", "")
    if name:
        require_readable(authorise, actor, name)
        project: Project | None = get_project(conn, name)
    else:
        project = _project_after(conn, actor, authorise, None)
    for _ in range(_EMPTY):
        if project is None:
            return Page([], None)
        page = list_inventory(conn, project, live, limit=limit, cursor=inner or None)
        if page.next is not None:
            return Page(page.items, encode(project.name, page.next))
        following = _project_after(conn, actor, authorise, project)
        if page.items:
            return Page(page.items, None if following is None else encode(following.name, ""))
        project, inner = following, ""
    return Page([], None if project is None else encode(project.name, ""))


def _project_after(
    conn: Connection, actor: Actor, authorise: Authorise, before: Project | None
) -> Project | None:
    after = None if before is None else encode(fold(before.name))
    found = list_projects(conn, actor, authorise, limit=1, cursor=after).items
    return found[0] if found else None


def item_json(item: Item) -> dict[str, Any]:
    """An item's members on the wire."""
    examined = item.examined
    tier = examined.tier.tier if examined else None
    due = review_due(tier, item.made_at)
    return {
        "address": item.prompt.address,
        "project": item.prompt.project,
        "path": item.prompt.path,
        "version": item.prompt.latest,
        "use_case_id": item.said("use_case_id"),
        "owner": item.said("owner"),
        "backup": item.said("backup"),
        "decision_role": item.said("decision_role"),
        "tier": tier,
        "residual_tier": item.said("residual_tier"),
        "complete": examined is not None and examined.complete,
        "faults": examined.count if examined else None,
        "valid": examined is not None,
        "model": item.prompt.model,
        "provider": item.said("model", "provider"),
        "hosting": item.said("model", "hosting"),
        "data_class": item.said("data_class"),
        "review_due": None if due is None else due.isoformat(),
        "live": [{"environment": p.environment, "version": p.version} for p in item.live],
    }


def _newest(conn: Connection, prompts: Sequence[Prompt]) -> Mapping[int, tuple[str, int]]:
    """Per prompt the blob of its newest version, and when that was acknowledged."""
    rows = conn.execute(
        select(version.c.prompt_id, version.c.blob_oid, version.c.created_at)
        .join(prompt, prompt.c.id == version.c.prompt_id)
        .where(
            version.c.prompt_id.in_([p.id for p in prompts]), version.c.number == prompt.c.latest
        )
    )
    return {row.prompt_id: (row.blob_oid, row.created_at) for row in rows}
