"""Set a project's mirror: make it, change its address, credentials or refs, pause and resume it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from promptops_server.audit import AuditEvent, AuditObject, record
from promptops_server.infra.actor import Actor
from promptops_server.infra.authorise import Authorise
from promptops_server.infra.database import Database
from promptops_server.infra.ids import new_id
from promptops_server.infra.problems import Invalid
from promptops_server.infra.project_lock import lock_project
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.git.mirrored import queue_push
from promptops_server.registry.mirror import store
from promptops_server.registry.mirror.access import may_manage, unchanged_since
from promptops_server.registry.mirror.address import Address, parse_address
from promptops_server.registry.mirror.credentials import (
    Secret,
    seal,
    with_password,
    with_ssh_key,
)
from promptops_server.registry.mirror.errors import BadAddress, BadCredentials, PushFailed
from promptops_server.registry.mirror.hosts import resolve
from promptops_server.registry.mirror.model import Credentials, Mirror
from promptops_server.registry.mirror.remote import Limits
from promptops_server.registry.projects import get_project


@dataclass(frozen=True, slots=True)
class PasswordGiven:
    """HTTPS user and password or token."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class KeyGiven:
    """SSH private key, and lines by which the host is known."""

    private_key: str
    known_host: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The mirror as it shall be. `given` None keeps the credentials there are; ``"none"`` drops them."""

    url: str
    all_branches: bool = False
    enabled: bool = True
    given: PasswordGiven | KeyGiven | str | None = None


def set_mirror(
    db: Database,
    actor: Actor,
    authorise: Authorise,
    sealer: Sealer,
    limits: Limits,
    project: str,
    wanted: Wanted,
    *,
    seen: int | None = None,
) -> tuple[Mirror, bool]:
    """Make or replace the project's mirror, and push to it; returns it, and whether it is new.

    Args:
        seen: the revision the change was made from.

    Raises:
        NotFound, Denied: see `may_manage`.
        BadAddress, BadCredentials: the address or credentials cannot be used, or do not go together.
        Invalid: the host is refused by the operator's rules.
        Conflict: somebody else changed the mirror.
    """
    may_manage(authorise, actor, project)
    address = parse_address(wanted.url, plain_http=limits.plain_http)
    _refuse_host(address, limits)
    read = _read_given(address, wanted.given)
    with db.write() as tx:
        found = get_project(tx.conn, project)
        lock_project(tx.conn, found.id)
        before = store.mirror_of(tx.conn, found.id)
        unchanged_since(before, seen)
        mirror_id = before.id if before is not None else new_id()
        if read is not None:
            credentials, secret = read
            sealed = seal(sealer, mirror_id, secret)
        else:
            credentials, sealed = _kept(address, before, limits), None
            if before is not None and credentials.kind != "none":
                sealed = store.sealed_secret(tx.conn, before.id)
        values: dict[str, Any] = {
            "url": address.url,
            "all_branches": wanted.all_branches,
            "enabled": wanted.enabled,
            "credentials": credentials,
            "secret_sealed": sealed,
            "revision": 1 if before is None else before.revision + 1,
            # An attempt under way belongs to the mirror as it was: its result will be dropped.
            "lease": None,
            "lease_until": None,
            "next_attempt_at": None,
            "requested_at": tx.now if wanted.enabled else None,
            "updated_at": tx.now,
        }
        fresh: dict[str, Any] = {
            "state": "pending",
            "problem": None,
            "held": (),
            "overwrite": {},
            "attempts": 0,
        }
        if before is None:
            store.add(
                tx.conn,
                {
                    "id": mirror_id,
                    "project_id": found.id,
                    "created_at": tx.now,
                    "created_by": actor.subject,
                    **values,
                    **fresh,
                },
            )
        else:
            if before.url != address.url:
                store.forget_pushed(tx.conn, mirror_id)
                values |= {**fresh, "attempted_at": None, "pushed_at": None}
            store.change(tx.conn, mirror_id, values)
        if wanted.enabled:
            queue_push(tx, found.id)
        after = store.mirror_of(tx.conn, found.id)
        assert after is not None
        record(
            tx,
            AuditEvent(
                action="mirror.set",
                object=AuditObject("mirror", found.name),
                actor=actor,
                project=found.name,
                before=None if before is None else audited(before),
                after={**audited(after), "credentials_given": read is not None},
            ),
            project_id=found.id,
        )
    return after, before is None


def audited(mirror: Mirror) -> dict[str, Any]:
    """What the audit log keeps of a mirror: nothing secret."""
    return {
        "url": mirror.url,
        "all_branches": mirror.all_branches,
        "enabled": mirror.enabled,
        "credentials": {
            "kind": mirror.credentials.kind,
            "user": mirror.credentials.user,
            "fingerprint": mirror.credentials.fingerprint,
        },
    }


def _refuse_host(address: Address, limits: Limits) -> None:
    """The operator's rules, told to whoever sets the mirror; every attempt asks them again."""
    try:
        resolve(address.host, address.port, limits.hosts, limits.lookup)
    except PushFailed as failed:
        if failed.problem.code == "host-refused":
            raise Invalid(
                failed.problem.detail, remedy=failed.problem.remedy, slug="mirror-host-refused"
            ) from None


def _read_given(
    address: Address, given: PasswordGiven | KeyGiven | str | None
) -> tuple[Credentials, Secret] | None:
    match given:
        case PasswordGiven(user, password):
            return with_password(address, user, password)
        case KeyGiven(private_key, known_host):
            return with_ssh_key(address, private_key, known_host)
        case "none":
            _need_key(address)
            return Credentials(), Secret()
        case _:
            return None


def _kept(address: Address, before: Mirror | None, limits: Limits) -> Credentials:
    """The credentials of before, which only their own host may get."""
    if before is None or before.credentials.kind == "none":
        _need_key(address)
        return Credentials()
    try:
        origin = parse_address(before.url, plain_http=True).origin
    except BadAddress:
        origin = None
    user = before.credentials.user
    if origin != address.origin or (address.scheme == "ssh" and address.user != user):
        raise BadCredentials(
            "The mirror's credentials belong to another host, scheme, port or user.",
            remedy="Give the credentials for the new address with it.",
        )
    return before.credentials


def _need_key(address: Address) -> None:
    if address.scheme == "ssh":
        raise BadCredentials(
            "An SSH mirror needs a private key and the host's key.",
            remedy="Give --ssh-key FILE --known-host FILE.",
        )
