"""Tokens and passwords against a real database."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable

import pytest
from sqlalchemy import select

from promptops_server.access import authenticate, grants, tokens, users
from promptops_server.access.authenticate import Authenticator, TooManyAttempts
from promptops_server.access.model import Token, User
from promptops_server.access.tables import token as token_table
from promptops_server.infra.actor import SYSTEM
from promptops_server.infra.clock import now_us
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Invalid, Unauthenticated


def make_user(db: Database, name: str = "ana", **kwargs: object) -> User:
    with db.write() as tx:
        return users.create_user(tx, SYSTEM, name, **kwargs)  # type: ignore[arg-type]


def mint(db: Database, holder: User, **kwargs: object) -> tuple[Token, str]:
    with db.write() as tx:
        return tokens.mint(tx, SYSTEM, holder, name="test", **kwargs)  # type: ignore[arg-type]


def test_a_token_names_its_holder_with_grants_and_scope(any_database: Database) -> None:
    ana = make_user(any_database)
    with any_database.write() as tx:
        grants.add_grant(tx, SYSTEM, "ana", "bank", "author")
    _, secret = mint(any_database, ana, role="author", project="bank")
    actor = Authenticator(any_database).by_token(secret)
    assert (actor.subject, actor.name) == (ana.id, "ana")
    assert actor.roles == {"bank:author"}
    assert (actor.scope.role, actor.scope.project) == ("author", "bank")


def test_the_secret_is_stored_nowhere(any_database: Database) -> None:
    _, secret = mint(any_database, make_user(any_database))
    with any_database.read() as conn:
        row = conn.execute(select(token_table)).one()
    assert secret not in str(row)


def test_a_revoked_token_is_refused(any_database: Database) -> None:
    made, secret = mint(any_database, make_user(any_database))
    with any_database.write() as tx:
        tokens.revoke(tx, SYSTEM, made.id, holder=None)
    with pytest.raises(Unauthenticated, match="revoked"):
        Authenticator(any_database).by_token(secret)


def test_an_expired_token_is_refused_with_the_time(any_database: Database) -> None:
    _, secret = mint(any_database, make_user(any_database), expires_at=now_us() + 150_000)
    authenticator = Authenticator(any_database)
    authenticator.by_token(secret)
    deadline = now_us() + 400_000
    while now_us() < deadline:
        pass
    with pytest.raises(Unauthenticated, match="expired at 20"):
        authenticator.by_token(secret)


def test_tokens_of_a_deactivated_user_stop(any_database: Database) -> None:
    _, secret = mint(any_database, make_user(any_database))
    with any_database.write() as tx:
        users.set_active(tx, SYSTEM, "ana", False)
    with pytest.raises(Unauthenticated, match="deactivated"):
        Authenticator(any_database).by_token(secret)


def test_user_names_differ_by_more_than_case(any_database: Database) -> None:
    make_user(any_database, "Ana")
    with pytest.raises(Conflict):
        make_user(any_database, "ana")


def test_an_environment_token_needs_its_project(any_database: Database) -> None:
    ana = make_user(any_database)
    with pytest.raises(Invalid, match="project"):
        mint(any_database, ana, environment="production")


def test_a_password_signs_in_and_a_wrong_one_does_not(database: Database) -> None:
    make_user(database, password="correct horse battery")
    authenticator = Authenticator(database)
    assert authenticator.by_basic("ANA", "correct horse battery").name == "ana"
    with pytest.raises(Unauthenticated):
        authenticator.by_basic("ana", "wrong horse battery")


def test_a_token_works_as_git_password_for_any_user_name(database: Database) -> None:
    _, secret = mint(database, make_user(database))
    header = "Basic " + base64.b64encode(f"git:{secret}".encode()).decode()
    assert asyncio.run(Authenticator(database)(header)).name == "ana"


def test_guessing_passwords_is_throttled_even_with_the_right_one(database: Database) -> None:
    make_user(database, password="correct horse battery")
    authenticator = Authenticator(database)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            authenticator.by_basic("ana", "wrong")
    with pytest.raises(TooManyAttempts):
        authenticator.by_basic("ana", "correct horse battery")


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer nope", "Basic ???", "Digest x", "Basic bm9jb2xvbg=="]
)
def test_bad_credentials_are_refused(database: Database, header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        asyncio.run(Authenticator(database)(header))


@pytest.mark.parametrize(
    "forge", [lambda s: s[:-1], lambda s: s[:10], lambda s: s + "x", str.lower]
)
def test_truncated_and_changed_tokens_are_refused(
    database: Database, forge: Callable[[str], str]
) -> None:
    _, secret = mint(database, make_user(database))
    with pytest.raises(Unauthenticated, match="not known"):
        Authenticator(database).by_token(forge(secret))


def test_another_process_notices_a_revocation_when_it_has_forgotten(
    any_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, secret = mint(any_database, make_user(any_database))
    here, elsewhere = Authenticator(any_database), Authenticator(any_database)
    here.by_token(secret)
    elsewhere.by_token(secret)
    with any_database.write() as tx:
        tokens.revoke(tx, SYSTEM, made.id, holder=None)
    here.forget()
    with pytest.raises(Unauthenticated, match="revoked"):
        here.by_token(secret)
    assert authenticate.REMEMBER_SECONDS <= 2
    monkeypatch.setattr(authenticate, "REMEMBER_SECONDS", 0.0)
    with pytest.raises(Unauthenticated, match="revoked"):
        elsewhere.by_token(secret)


def test_what_was_read_before_a_revocation_is_not_remembered_after_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, secret = mint(database, make_user(database))
    authenticator = Authenticator(database)
    granted = users.grants_of

    def revoked_meanwhile(*args: object) -> frozenset[str]:
        with database.write() as tx:
            tokens.revoke(tx, SYSTEM, made.id, holder=None)
        authenticator.forget()
        return granted(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(users, "grants_of", revoked_meanwhile)
    authenticator.by_token(secret)
    with pytest.raises(Unauthenticated, match="revoked"):
        authenticator.by_token(secret)
