"""Change a model target: the whole of it, from the revision it was read at."""

from __future__ import annotations

from dataclasses import replace

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource, require
from promptops_server.infra.problems import Conflict, NotFound
from promptops_server.providers.model import Target
from promptops_server.providers.targets import store
from promptops_server.providers.targets.add import check_projects, credential_of
from promptops_server.providers.targets.credentials import Given
from promptops_server.providers.targets.ports import TargetDeps
from promptops_server.providers.targets.store import Stored
from promptops_server.providers.targets.values import (
    Wanted,
    audited,
    checked,
    place_of,
    refuse,
)


def change_target(
    deps: TargetDeps,
    actor: Actor,
    wanted: Wanted,
    given: Given | None = None,
    *,
    seen: int | None = None,
) -> Stored:
    """Replace the target of this name.

    A credential stays when `given` is None, as long as provider and address do: nobody sends a key that is kept here,
    or one they only know by name, to a host it was not given for.

    Args:
        seen: the revision the change was made from; None takes whatever is there.

    Raises:
        Denied: the actor may not manage models.
        NotFound: there is no such target.
        Invalid: `errors` names each field that is wrong.
        Conflict: somebody else changed or removed it since.
    """
    rule = require(deps.authorise, actor, "model:manage", Resource()).rule
    with deps.db.read() as conn:
        before = existing(store.by_name(conn, wanted.name), wanted.name)
    unchanged_since(before, seen)
    old = before.target
    target = checked(
        wanted,
        deps.kinds,
        target_id=old.id,
        revision=old.revision + 1,
        plain_http=deps.plain_http,
        lookup=deps.lookup,
    )
    moved = place_of(old, deps.kinds) != place_of(target, deps.kinds)
    if given is not None:
        target = replace(target, credential=credential_of(deps, target, given))
    else:
        _refuse_moved(deps, old, target, moved)
        target = replace(target, credential=old.credential)
    with deps.db.write() as tx:
        if given is not None:
            sealed = deps.credentials.seal(target, given)
        else:
            sealed = store.sealed_secret(tx.conn, old.id)
        check_projects(deps, tx.conn, target)
        forget = moved or given is not None or old.model != target.model
        if not store.change(
            tx.conn, target, sealed=sealed, now=tx.now, seen=old.revision, forget=forget
        ):
            raise changed_meanwhile(old.name)
        record(
            tx,
            AuditEvent(
                "model.change",
                AuditObject("model", target.name),
                actor,
                before=audited(old),
                after={**audited(target), "credential_given": given is not None},
                rule=rule,
            ),
        )
        kept = store.by_id(tx.conn, old.id)
    assert kept is not None
    return kept


def _refuse_moved(deps: TargetDeps, old: Target, target: Target, moved: bool) -> None:
    if old.credential.kind == "none":
        credential_of(deps, target, Given("none"))  # the new provider may need one
        return
    if moved:
        refuse(
            [
                {
                    "key": "credential",
                    "message": "the credential belongs to the provider and address the target had",
                    "fix": "give the credential for the new address with it",
                }
            ],
            target.name,
        )


def existing(found: Stored | None, name: str) -> Stored:
    """Raises NotFound. A name in another case is another name."""
    if found is None or found.target.name != name:
        raise no_target(name)
    return found


def no_target(name: str) -> NotFound:
    """The refusal of a name no target has, or none that the actor may use."""
    return NotFound(
        f"There is no model target {name[:120]!r} that you may use.",
        remedy="Names are case-sensitive; `promptops models list` shows them.",
    )


def unchanged_since(found: Stored, seen: int | None) -> None:
    """Raises Conflict when the target is not the one seen any more."""
    if seen is not None and seen != found.target.revision:
        raise changed_meanwhile(found.target.name, found.target.revision)


def changed_meanwhile(name: str, revision: int | None = None) -> Conflict:
    """The refusal of a change made from a revision that is not there any more."""
    return Conflict(
        f"Somebody else changed the model target {name} since you read it.",
        remedy="Read it again and repeat your change.",
        current=None if revision is None else f"t{revision}",
    )
