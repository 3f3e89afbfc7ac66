"""Somebody who acted earlier, as they stand now: today's roles, through the token they used then."""

from __future__ import annotations

import pytest

from promptops_server.access import grants, tokens, users
from promptops_server.access.model import User
from promptops_server.access.standing import actor_now
from promptops_server.infra.actor import SYSTEM, Actor
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Denied

HOUR = 3600 * 1_000_000


@pytest.fixture
def ana(any_database: Database) -> User:
    with any_database.write() as tx:
        made = users.create_user(tx, SYSTEM, "ana")
        grants.add_grant(tx, SYSTEM, "ana", "bank", "publisher")
        return made


def token(db: Database, ana: User, **more: object) -> str:
    with db.write() as tx:
        return tokens.mint(tx, SYSTEM, ana, name="t", **more)[0].id  # type: ignore[arg-type]


def now(db: Database, ana: User, session: str | None, how: str = "token", **more: int) -> Actor:
    with db.read() as conn:
        return actor_now(conn, ana.id, auth_method=how, session=session, **more)


def test_roles_are_those_of_today_and_the_scope_is_the_tokens(
    any_database: Database, ana: User
) -> None:
    session = token(any_database, ana, role="publisher", project="bank", auth_method="operator")
    with any_database.write() as tx:
        grants.remove_grant(tx, SYSTEM, "ana", "bank", "publisher")
        grants.add_grant(tx, SYSTEM, "ana", "bank", "viewer")
    actor = now(any_database, ana, session, "operator")
    assert actor.roles == {"bank:viewer"}
    assert (actor.scope.role, actor.scope.project) == ("publisher", "bank")
    assert (actor.auth_method, actor.session) == ("operator", session)


def test_a_token_that_was_revoked_or_expires_does_not_act(
    any_database: Database, ana: User
) -> None:
    session = token(any_database, ana, expires_at=now_us() + HOUR)
    assert now(any_database, ana, session).name == "ana"
    with pytest.raises(Denied, match="expires at") as refused:
        now(any_database, ana, session, at=now_us() + 2 * HOUR)
    assert refused.value.members["rule"] == "actor.token"
    with any_database.write() as tx:
        tokens.revoke(tx, SYSTEM, session, holder=None)
    with pytest.raises(Denied, match="was revoked at"):
        now(any_database, ana, session)


def test_a_password_narrows_nothing_and_only_the_person_counts(
    any_database: Database, ana: User
) -> None:
    assert now(any_database, ana, None, "password").scope.role is None
    with any_database.write() as tx:
        users.set_active(tx, SYSTEM, "ana", False)
    with pytest.raises(Denied, match="ana is deactivated"):
        now(any_database, ana, None, "password")
