"""`/record/fields`, `/projects/{p}/record/{path}` and `/projects/{p}/inventory`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from promptops.format.record import EVIDENCE, Tier, fields_for
from promptops.format.record.shown import record_json
from promptops_server.infra.http import ActorDep, Cursor, Limit, problem_responses
from promptops_server.registry.paths import address_path
from promptops_server.registry.projects import get_project, require_readable
from promptops_server.registry.records.agree import agreement
from promptops_server.registry.records.compare import compare_records
from promptops_server.registry.records.inventory import item_json, list_everywhere, list_inventory
from promptops_server.registry.records.read import read_record
from promptops_server.registry.routes.deps import LIMIT, RegistryDeps, split_selector
from promptops_server.registry.routes.differences import Selector
from promptops_server.registry.routes.records_out import (
    EvidenceOut,
    FieldOut,
    FieldsOut,
    InventoryItem,
    InventoryPage,
    RecordDiffOut,
    RecordOut,
)

TierQuery = Annotated[Tier | None, Query(description="`low`, `medium` or `high`")]


_INVALID: dict[str, Any] = {
    "tier": None,
    "tier_reasons": [],
    "tier_missing": [],
    "judged_at": None,
    "conditions": [],
    "complete": False,
    "findings": [
        {
            "severity": "error",
            "code": "invalid-file",
            "id": "",
            "key": "",
            "message": "the prompt file is not valid, so its record is not read",
            "fix": "repair the file",
            "file": None,
            "line": None,
            "column": None,
        }
    ],
    "record": {},
    "values": [],
}


def add_routes(router: APIRouter, deps: RegistryDeps) -> None:
    """Add the routes of records."""

    @router.get(
        "/record/fields",
        summary="List the fields of the record",
        description="With `tier` only those that may be required at it. Any signed-in person may read them.",
        responses=problem_responses(400, 401),
        tags=["records"],
    )
    def fields(actor: ActorDep, tier: TierQuery = None) -> FieldsOut:
        return FieldsOut(
            fields=[FieldOut(**field.to_json()) for field in fields_for(tier)],
            evidence=[EvidenceOut(**item.to_json()) for item in EVIDENCE],
        )

    @router.get(
        "/projects/{project}/record/{path:path}",
        summary="Read a prompt's record and what it lacks",
        description=(
            "With defaults filled in: those at the head of `main` for `{path}`, those at the "
            "version's own commit for `{path}@7`, `{path}@production` and `{path}@3f9c2ab`. `tier` "
            "judges it as if it had that tier."
        ),
        responses=problem_responses(400, 401, 404, 409),
        tags=["records"],
    )
    def record(project: str, path: str, actor: ActorDep, tier: TierQuery = None) -> RecordOut:
        require_readable(deps.authorise, actor, project)
        path, selector = split_selector(path)
        address_path(path)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            got = read_record(conn, found, path, selector, deps.live, tier=tier)
            told = _INVALID
            if got.examined is not None:
                told = record_json(got.examined)
                warned = agreement(conn, found, got.version, got.examined, deps.people, deps.limits)
                told["findings"] += [finding.to_json() for finding in warned]
        return RecordOut(
            address=got.version.address,
            path=got.version.path,
            version=got.version.number,
            commit=got.commit,
            digest=got.digest,
            valid=got.examined is not None,
            **told,
        )

    @router.get(
        "/projects/{project}/record-diff/{path:path}",
        summary="Compare the records of two versions",
        description=(
            "Field by field, each side with the defaults of its own commit; the tier on both sides; and "
            "the least class of the change. Without `to` the newest version, without `from` the "
            "one before `to`."
        ),
        response_model_by_alias=True,
        responses=problem_responses(400, 401, 404, 409, 422),
        tags=["records"],
    )
    def record_difference(
        project: str,
        path: str,
        actor: ActorDep,
        start: Annotated[Selector, Query(alias="from")] = None,
        end: Annotated[Selector, Query(alias="to")] = None,
    ) -> RecordDiffOut:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            done = compare_records(conn, found, path, deps.live, start=start, end=end)
        return RecordDiffOut(
            before=done.before.address, after=done.after.address, **done.difference.to_json()
        )

    @router.get(
        "/inventory",
        summary="List the prompts of all projects you may read, as each project's inventory does",
        description=(
            "Project by project, by name. A page has at most 100 prompts, may be short, and is the "
            "last one only when `next` is null."
        ),
        responses=problem_responses(400, 401, 404),
        tags=["records"],
    )
    def everywhere(actor: ActorDep, limit: Limit = LIMIT, cursor: Cursor = None) -> InventoryPage:
        with deps.db.read() as conn:
            page = list_everywhere(
                conn, actor, deps.authorise, deps.live, limit=limit, cursor=cursor
            )
        items = [InventoryItem(**item_json(item)) for item in page.items]
        return InventoryPage(items=items, next=page.next)

    @router.get(
        "/projects/{project}/inventory",
        summary="List the prompts of a project with use case, tier and completeness",
        description=(
            "Each prompt's newest version under the defaults at the head of `main`, by path. A "
            "page has at most 100 prompts, whatever the limit."
        ),
        responses=problem_responses(400, 401, 404),
        tags=["records"],
    )
    def inventory(
        project: str,
        actor: ActorDep,
        module: Annotated[str, Query(description="Only below this module")] = "",
        limit: Limit = LIMIT,
        cursor: Cursor = None,
    ) -> InventoryPage:
        require_readable(deps.authorise, actor, project)
        with deps.db.read() as conn:
            found = get_project(conn, project)
            page = list_inventory(
                conn, found, deps.live, module=module.strip("/"), limit=limit, cursor=cursor
            )
        items = [InventoryItem(**item_json(item)) for item in page.items]
        return InventoryPage(items=items, next=page.next)
