"""Put and remove policies of the installation: checked first, in force at once, audited with before and after."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from promptops_server import audit
from promptops_server.access.cedar import OwnPolicy, policy_set
from promptops_server.access.model import User
from promptops_server.access.own_policies import store
from promptops_server.access.own_policies.validate import MAX_TEXT, faults
from promptops_server.access.policy import Policies
from promptops_server.access.tables import user
from promptops_server.access.users import grants_of, user_by_id
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Resource
from promptops_server.infra.database import Transaction
from promptops_server.infra.problems import Conflict, Invalid, NotFound

MAX_POLICIES = 100
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
# Any constant works; it must only differ from the other advisory locks of this product.
_LOCK = text("SELECT pg_advisory_xact_lock(7310417890)")


@dataclass(frozen=True, slots=True)
class Changed:
    """What is in force after a change, by name, and its version."""

    in_force: tuple[OwnPolicy, ...]
    version: str


def put_policy(
    tx: Transaction,
    actor: Actor,
    policies: Policies,
    policy: OwnPolicy,
    *,
    rule: str | None = None,
    seen: str | None = None,
    only_new: bool = False,
) -> Changed:
    """Add a policy, or replace the one of its name.

    The caller brings `policies` up to date after the commit (`watch.PolicyWatch.reload`).

    Args:
        seen: the tag of the text the change was made from; None takes whatever is there.
        only_new: replace nothing.

    Raises:
        Invalid: the name, or the text; `errors` has each line and message.
        Conflict: it would keep every administrator from changing policies, there are too many, somebody else changed
            it since, or the name is taken.
    """
    check_policy(policy)
    _lock(tx.conn)
    before = store.find(tx.conn, policy.name)
    if only_new and before is not None:
        raise Conflict(
            f"There is a policy {policy.name} already.",
            remedy="Choose another name, or change that one.",
            slug="name-taken",
        )
    unchanged_since(before, policy.name, seen)
    others = tuple(p for p in store.in_force(tx.conn) if p.name != policy.name)
    if len(others) >= MAX_POLICIES:
        raise Conflict(
            f"There are {MAX_POLICIES} policies already.", remedy="Put several rules into one text."
        )
    after = tuple(sorted((*others, policy), key=lambda p: p.name))
    refuse_lockout(tx.conn, policies.with_own(after), policy.name)
    store.put(tx.conn, policy, author=actor.subject, now=tx.now)
    _record(
        tx, actor, "policy.put", policy.name, before.policy if before else None, policy, after, rule
    )
    return Changed(after, policy_set(after).version)


def remove_policy(
    tx: Transaction,
    actor: Actor,
    name: str,
    *,
    rule: str | None = None,
    seen: str | None = None,
) -> Changed:
    """Take a policy out of force. `seen` as in `put_policy`.

    Raises:
        NotFound: there is none of that name.
        Conflict: somebody else changed it since.
    """
    _lock(tx.conn)
    before = store.find(tx.conn, name)
    if before is None:
        raise no_such_policy(name)
    unchanged_since(before, name, seen)
    after = tuple(p for p in store.in_force(tx.conn) if p.name != name)
    store.deactivate(tx.conn, name)
    _record(tx, actor, "policy.remove", name, before.policy, None, after, rule)
    return Changed(after, policy_set(after).version)


def unchanged_since(before: store.Stored | None, name: str, seen: str | None) -> None:
    """Refuse a change made from a text that is not in force any more.

    Raises:
        Conflict: another text is, or none.
    """
    if seen is None or (before is not None and before.tag == seen):
        return
    what = "removed" if before is None else "changed"
    raise Conflict(
        f"Somebody else {what} the policy {name} since you read it.",
        remedy="Read it again and repeat your change.",
        slug="policy-changed",
        current=None if before is None else before.tag,
    )


def check_policy(policy: OwnPolicy) -> None:
    """Refuse what cannot be a policy of the installation.

    Raises:
        Invalid: the name, or the text; `errors` has each line and message.
    """
    if not _NAME.fullmatch(policy.name):
        raise Invalid(
            f"{policy.name[:100]!r} is no name of a policy.",
            remedy="Use lower-case letters, digits and dashes; at most 64.",
        )
    if len(policy.text) > MAX_TEXT:
        raise Invalid(f"The text has over {MAX_TEXT:,} characters.", remedy="Split it.")
    wrong = faults(policy.text)
    if wrong:
        raise Invalid(
            f"The policy {policy.name} is not valid: line {wrong[0].line}: {wrong[0].message}",
            remedy="Correct it, and try it with `promptops policy check`.",
            errors=[{"line": one.line, "message": one.message} for one in wrong],
        )


def refuse_lockout(conn: Connection, planned: Policies, name: str) -> None:
    """Refuse policies under which no administrator could change policies any more.

    Raises:
        Conflict: so it would be.
    """
    rows = conn.execute(select(user.c.id).where(user.c.admin, user.c.active)).scalars().all()
    for user_id in rows:
        found = user_by_id(conn, user_id)
        if (
            found is not None
            and planned.uncached(account_actor(conn, found), "policy:manage", Resource()).allowed
        ):
            return
    if rows:
        raise Conflict(
            f"With the policy {name} no administrator could change policies any more, so nobody could take it back.",
            remedy="Leave policy:manage to at least one administrator.",
            slug="policy-lockout",
        )


def account_actor(conn: Connection, found: User) -> Actor:
    """An account as it would act, signed in and not narrowed by a token."""
    return Actor(
        subject=found.id,
        name=found.name,
        kind="service" if found.kind == "service" else "person",
        roles=grants_of(conn, found.id),
        admin=found.admin,
        auth_method="password",
    )


def no_such_policy(name: str) -> NotFound:
    """The refusal of a name that no policy in force has."""
    return NotFound(
        f"There is no policy {name[:100]}.", remedy="`GET /api/v1/policies` lists them."
    )


def _lock(conn: Connection) -> None:
    # Two changes at once could each leave an administrator and together none.
    if conn.dialect.name != "sqlite":
        conn.execute(_LOCK)


def _record(
    tx: Transaction,
    actor: Actor,
    action: str,
    name: str,
    before: OwnPolicy | None,
    after: OwnPolicy | None,
    in_force: Sequence[OwnPolicy],
    rule: str | None,
) -> None:
    digest = hashlib.sha256(after.text.encode()).hexdigest() if after else None
    version = policy_set(in_force).version
    audit.record(
        tx,
        audit.AuditEvent(
            action,
            audit.AuditObject("policy", name, hash=digest),
            actor,
            before=_told(before),
            after={**(_told(after) or {}), "policy_version": version},
            rule=rule,
        ),
    )


def _told(policy: OwnPolicy | None) -> dict[str, Any] | None:
    return None if policy is None else {"text": policy.text, "comment": policy.comment}
