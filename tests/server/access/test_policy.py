"""The decision, for every role, scope and action."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.access.policy import authorise
from promptops_server.access.roles import ROLES
from promptops_server.infra.actor import SYSTEM, Actor, Scope
from promptops_server.infra.authorise import Action, Resource

ACTIONS: tuple[Action, ...] = get_args(Action)


def actor(*roles: str, admin: bool = False, scope: Scope = Scope()) -> Actor:
    return Actor("u1", "ana", roles=frozenset(roles), admin=admin, scope=scope)


BANK = Resource(project="bank")
PRODUCTION = Resource(project="bank", environment="production", approval_required=True)
STAGING = Resource(project="bank", environment="staging")


def test_author_writes_and_publishes_where_no_approval_is_asked() -> None:
    ana = actor("bank:author")
    assert authorise(ana, "prompt:write", BANK).allowed
    assert authorise(ana, "release:publish", STAGING).allowed


def test_author_does_not_publish_to_a_gated_environment_and_is_told_who_may() -> None:
    decision = authorise(actor("bank:author"), "release:publish", PRODUCTION)
    assert not decision.allowed
    assert decision.rule == "role.missing"
    assert "publisher" in decision.remedy
    assert "production" in decision.reason


def test_publisher_publishes_but_does_not_write() -> None:
    pia = actor("bank:publisher")
    assert authorise(pia, "release:publish", PRODUCTION).rule == "role.publisher"
    assert not authorise(pia, "prompt:write", BANK).allowed


def test_a_role_on_one_project_says_nothing_about_another() -> None:
    assert not authorise(actor("bank:author"), "project:read", Resource(project="clinic")).allowed


def test_a_role_on_every_project_holds_on_each() -> None:
    assert authorise(actor("*:viewer"), "project:read", Resource(project="clinic")).allowed


def test_delivery_token_reads_only_its_own_environment() -> None:
    app = actor(admin=True, scope=Scope("delivery", "bank", "production"))
    assert authorise(app, "delivery:read", PRODUCTION).allowed
    assert not authorise(app, "delivery:read", STAGING).allowed
    assert not authorise(app, "project:read", BANK).allowed
    assert not authorise(app, "release:publish", PRODUCTION).allowed


def test_a_token_with_a_role_narrows_an_administrator() -> None:
    decision = authorise(
        actor(admin=True, scope=Scope(role="author")), "release:publish", PRODUCTION
    )
    assert not decision.allowed


def test_a_token_cannot_widen_what_its_holder_was_granted() -> None:
    ana = actor("bank:viewer", scope=Scope(role="publisher"))
    assert not authorise(ana, "release:publish", PRODUCTION).allowed


def test_the_system_may_do_everything() -> None:
    assert all(authorise(SYSTEM, action, PRODUCTION).allowed for action in ACTIONS)


@pytest.mark.parametrize("action", ACTIONS)
def test_no_role_means_no(action: Action) -> None:
    decision = authorise(actor(), action, PRODUCTION)
    assert not decision.allowed
    assert decision.remedy


names = st.sampled_from(["bank", "clinic"])
grants = st.frozensets(
    st.builds(
        lambda p, r: f"{p}:{r}", st.sampled_from(["bank", "clinic", "*"]), st.sampled_from(ROLES)
    )
)
resources = st.builds(
    Resource,
    project=names,
    environment=st.sampled_from([None, "staging", "production"]),
    approval_required=st.booleans(),
)


@given(
    grants,
    resources,
    st.sampled_from(ACTIONS),
    st.sampled_from([None, *ROLES]),
    st.sampled_from([None, "bank"]),
    st.sampled_from([None, "staging"]),
)
def test_narrowing_a_token_never_allows_more(
    held: frozenset[str],
    resource: Resource,
    action: Action,
    role: str | None,
    project: str | None,
    environment: str | None,
) -> None:
    wide = Actor("u", "u", roles=held)
    narrow = Actor(
        "u", "u", roles=held, scope=Scope(role, project, environment if project else None)
    )
    if authorise(narrow, action, resource).allowed and role != "delivery":
        assert authorise(wide, action, resource).allowed


def test_publishers_change_environments_and_only_administrators_weaken_them() -> None:
    publisher = Actor("u", "pia", roles=frozenset({"bank:publisher"}))
    author = Actor("u", "ada", roles=frozenset({"bank:author"}))
    admin = Actor("u", "root", admin=True)
    for place in (STAGING, PRODUCTION):
        assert authorise(publisher, "environment:change", place).allowed
        assert not authorise(author, "environment:change", place).allowed
        assert not authorise(publisher, "environment:weaken", place).allowed
        assert authorise(admin, "environment:weaken", place).allowed


def test_a_token_for_one_environment_does_not_change_the_rules_it_is_bound_by() -> None:
    scope = Scope("publisher", "bank", "production")
    pipeline = Actor("u", "ci", roles=frozenset({"bank:publisher"}), scope=scope)
    assert authorise(pipeline, "release:publish", PRODUCTION).allowed
    for action in ("environment:change", "environment:weaken"):
        decision = authorise(pipeline, action, PRODUCTION)  # type: ignore[arg-type]
        assert (decision.allowed, decision.rule) == (False, "scope.environment")
