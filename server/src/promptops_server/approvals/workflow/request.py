"""Ask for a review of one version: the first step on its way to production."""

from __future__ import annotations

from collections.abc import Sequence

from promptops_server import audit
from promptops_server.access.users import find_user
from promptops_server.approvals.exceptions.read import rules_set_aside
from promptops_server.approvals.workflow import store
from promptops_server.approvals.workflow.demands import DAY_US, demands_of
from promptops_server.approvals.workflow.errors import NotNow
from promptops_server.approvals.workflow.events import announce
from promptops_server.approvals.workflow.model import CLOSED, Binding, Decision, Request, State
from promptops_server.approvals.workflow.papers import Case, cases_of
from promptops_server.approvals.workflow.ports import Keep, WorkflowDeps, keep_nothing
from promptops_server.approvals.workflow.progress import progress
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.database import Transaction
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Invalid
from promptops_server.infra.project_lock import lock_project
from promptops_server.registry.model import Project
from promptops_server.registry.projects import require_readable
from promptops_server.registry.records.document import store_documentation
from promptops_server.registry.versions import get_version

MAX_ASKED = 20
"""People who can be asked by name."""


def request_review(
    deps: WorkflowDeps,
    actor: Actor,
    project: Project,
    path: str,
    *,
    number: int | None = None,
    message: str = "",
    asked: Sequence[str] = (),
    keep: Keep[store.RequestRow] = keep_nothing,
) -> store.RequestRow:
    """Open a request for a version (None: the newest). An older open request about the prompt is withdrawn by it.

    Raises:
        NotFound: no such prompt or version.
        Denied: the actor may not ask here.
        Invalid: the file is invalid, the record incomplete (every gap is named), or somebody asked is unknown.
        NotNow: exactly this content is under review or approved already, or the prompt is archived.
    """
    require_readable(deps.authorise, actor, project.name)
    rule = require(
        deps.authorise, actor, "review:request", Resource(project=project.name, path=path)
    ).rule
    with deps.db.write() as tx:
        lock_project(tx.conn, project.id)
        version = get_version(tx.conn, project, path, number)
        case = cases_of(tx.conn, project, [version], more=deps.more, now=tx.now)[
            version.path, version.number
        ]
        binding = _check(case, rules_set_aside(tx.conn, project.id, version.path, tx.now))
        store_documentation(
            tx, project, [version], {(version.path, version.number): case.documentation}
        )
        people = _people(tx, asked)
        for older in store.open_of_prompt(tx.conn, version.prompt_id):
            _replace(tx, actor, project, older, rule)
        first = Request(store.next_number(tx.conn, project.id), binding, actor.identity, tx.now)
        assert case.documentation is not None
        standing = progress(
            first,
            (),
            now_bound_to=binding,
            authors=case.authors.identities,
            demands=demands_of(binding.tier, case.documentation.sectors, deps.more),
            now=tx.now,
            lapse_us=deps.more.lapse_days * DAY_US,
        )
        row = store.RequestRow(
            id=new_id(),
            project_id=project.id,
            prompt_id=version.prompt_id,
            path=version.path,
            version=version.number,
            message=message,
            asked=people,
            state=standing.state,
            opened_by=actor.subject,
            approved_at=None,
            request=first,
        )
        store.add_request(tx, row)
        announce(tx, project, row, "requested", actor)
        audit.record(
            tx,
            audit.AuditEvent(
                "review.request",
                audit.AuditObject(
                    "prompt", f"{project.name}/{path}", str(version.number), binding.behaviour
                ),
                actor,
                project=project.name,
                after={
                    "request": row.number,
                    "record": binding.record,
                    "state": row.state,
                    "asked": list(people),
                },
                reason=message or None,
                rule=rule,
                tier=binding.tier,
            ),
            project_id=project.id,
        )
        keep(tx, row)
        tx.after_commit(deps.wake)
    return row


def _check(case: Case, set_aside: frozenset[str]) -> Binding:
    """What decisions will be bound to. Gaps that an exception covers keep nobody from asking."""
    version, documentation = case.version, case.documentation
    if version.archived:
        raise NotNow(
            f"{version.address} is archived; nothing of it can be released.",
            remedy="Restore the prompt, then ask for a review of its newest version.",
            slug="archived",
        )
    if documentation is None or version.behaviour is None:
        raise Invalid(
            f"{version.address} is not a valid prompt file.",
            remedy="Correct it in a new version.",
            slug="invalid-version",
            errors=list(version.problems),
        )
    gaps = [gap for gap in case.gaps if f"record.{gap.key}" not in set_aside]
    if documentation.tier is None or gaps:
        missing = f"the tier is unknown ({', '.join(documentation.tier_missing)} not answered)"
        what = f"{len(gaps)} field{'s' if len(gaps) != 1 else ''} missing or wrong"
        raise NotNow(
            f"The record of {version.address} is not complete: "
            + (what if documentation.tier else missing)
            + (": " + ", ".join(f"{g.id} {g.key}" for g in gaps[:40]) if gaps else "")
            + ".",
            remedy=f"Complete it, then ask again: `promptops record check {version.address}`.",
            slug="record-incomplete",
            errors=[
                {"id": g.id, "key": f"record.{g.key}", "message": g.message, "fix": g.fix}
                for g in gaps
            ],
            tier=documentation.tier,
            tier_missing=list(documentation.tier_missing),
        )
    standing = case.progress
    if (
        case.request is not None
        and standing is not None
        and standing.state not in CLOSED
        and standing.state != "lapsed"
    ):
        raise NotNow(
            f"Request #{case.request.number} is about exactly this content; it is {standing.state.replace('_', ' ')}.",
            remedy=f"See it: `promptops review show {version.project}#{case.request.number}`.",
            slug="already-requested",
            current={"request": case.request.number, "state": standing.state},
        )
    binding = case.binding
    assert binding is not None
    return binding


def _people(tx: Transaction, names: Sequence[str]) -> tuple[str, ...]:
    if len(names) > MAX_ASKED:
        raise Invalid(f"{len(names)} people are asked; at most {MAX_ASKED} can be.")
    found = {name: find_user(tx.conn, name) for name in names}
    unknown = [name for name, user in found.items() if user is None or not user.active]
    if unknown:
        raise Invalid(
            f"Nobody active is called {', '.join(unknown)}.",
            remedy="Give user names, as `promptops user list` shows them.",
            slug="unknown-people",
        )
    return tuple(dict.fromkeys(user.id for user in found.values() if user is not None))


def _replace(
    tx: Transaction, actor: Actor, project: Project, older: store.RequestRow, rule: str
) -> None:
    """A newer request stands in the older one's place; its decisions stay on record and count for nothing."""
    state: State = "withdrawn"
    store.add_decision(
        tx,
        older,
        store.DecisionRow(
            Decision(
                "withdraw",
                actor.identity,
                actor.name,
                "author",
                tx.now,
                older.request.binding,
                "A newer request stands in its place.",
            ),
            actor.subject,
            actor.auth_method,
            "",
            None,
            None,
        ),
    )
    store.set_state(tx, older.id, state)
    binding = older.request.binding
    audit.record(
        tx,
        audit.AuditEvent(
            "review.withdraw",
            audit.AuditObject(
                "prompt", f"{project.name}/{older.path}", str(older.version), binding.behaviour
            ),
            actor,
            project=project.name,
            before={"state": older.state},
            after={"request": older.number, "record": binding.record, "state": state},
            reason="A newer request stands in its place.",
            rule=rule,
            tier=binding.tier,
        ),
        project_id=project.id,
    )
