"""Add a model target."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from promptops.format.names import fold
from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.database import again_if_taken
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Conflict
from promptops_server.providers.model import Credential, Target
from promptops_server.providers.targets import store
from promptops_server.providers.targets.credentials import BadCredential, Given, check_given
from promptops_server.providers.targets.ports import TargetDeps
from promptops_server.providers.targets.store import Stored
from promptops_server.providers.targets.values import Wanted, audited, checked, refuse


def add_target(
    deps: TargetDeps, actor: Actor, wanted: Wanted, given: Given | None = None
) -> Stored:
    """Add a target; a secret in `given` is sealed and never shown again.

    Raises:
        Denied: the actor may not manage models.
        Invalid: `errors` names each field that is wrong.
        Conflict: the name is taken.
    """
    rule = require(deps.authorise, actor, "model:manage", Resource()).rule
    target = checked(
        wanted,
        deps.kinds,
        target_id=new_id(),
        revision=1,
        plain_http=deps.plain_http,
        lookup=deps.lookup,
    )
    given = given or Given("none")
    target = replace(target, credential=credential_of(deps, target, given))
    sealed = deps.credentials.seal(target, given)

    def write() -> Stored:
        with deps.db.write() as tx:
            there = store.by_name(tx.conn, target.name)
            if there is not None:
                raise name_taken(target.name, there.target.name)
            check_projects(deps, tx.conn, target)
            store.add(tx.conn, target, sealed=sealed, now=tx.now, created_by=actor.subject)
            record(
                tx,
                AuditEvent(
                    "model.add",
                    AuditObject("model", target.name),
                    actor,
                    after=audited(target),
                    rule=rule,
                ),
            )
            return Stored(target, tx.now, actor.subject, tx.now)

    return again_if_taken(write)


def credential_of(deps: TargetDeps, target: Target, given: Given) -> Credential:
    """The reference the target keeps. Raises Invalid."""
    kind = deps.kinds[target.provider]
    wrong = ""
    credential = Credential()
    try:
        credential = check_given(given, deps.credentials.places)
        deps.credentials.refuse_unfit(replace(target, credential=credential))
    except BadCredential as error:
        wrong = str(error)
    if not wrong and credential.kind == "none" and kind.needs_credential:
        wrong = f"{kind.title} needs a credential"
    fix = "name a variable (--env OPENAI_API_KEY), a file (--file NAME), or seal a secret (--secret-stdin)"
    refuse([{"key": "credential", "message": wrong, "fix": fix}] if wrong else [], target.name)
    return credential


def check_projects(deps: TargetDeps, conn: Connection, target: Target) -> None:
    """Raises Invalid when one of the target's projects does not exist."""
    if target.projects is None:
        return
    known = deps.projects.known(conn, target.projects)
    missing = [name for name in target.projects if name not in known]
    if missing:
        message = f"there is no project {', '.join(repr(name[:100]) for name in missing[:5])}"
        fix = "names are case-sensitive; `promptops project list` shows them"
        refuse([{"key": "projects", "message": message, "fix": fix}], target.name)


def name_taken(name: str, existing: str) -> Conflict:
    """The refusal of a name that a target has."""
    if existing == name:
        detail = f"There is a model target {name!r} already."
    else:
        detail = f"{name!r} differs only by case from the model target {existing!r}."
        assert fold(name) == fold(existing)
    return Conflict(
        detail,
        remedy="Choose another name, or change that one with `promptops models set`.",
        slug="name-taken",
        current=existing,
    )
