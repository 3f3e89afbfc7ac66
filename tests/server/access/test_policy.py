"""The decision, for every role, scope and action."""

from __future__ import annotations

import re
from itertools import product

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from role_model import ACTIONS, DECISIONS, expected

from promptops_server.access.cedar import OwnPolicy, schema, shipped
from promptops_server.access.policy import ERROR, Policies, authorise
from promptops_server.access.roles import GRANTED_ROLES, ROLES
from promptops_server.infra.actor import SYSTEM, Actor, Grant, Scope
from promptops_server.infra.authorise import (
    Action,
    Decision,
    Resource,
    decide_paths,
    decide_somewhere,
)


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


projects = st.sampled_from(["bank", "clinic"])
modules = st.sampled_from(["", "claims", "claims/motor"])
environments = st.sampled_from(["", "staging", "production"])
grants = st.frozensets(
    st.builds(
        Grant,
        st.sampled_from(["bank", "clinic", "*"]),
        st.sampled_from(ROLES),
        modules,
        environments,
    ).map(str),
    max_size=4,
)
resources = st.builds(
    Resource,
    project=st.sampled_from([None, "bank", "clinic"]),
    path=st.sampled_from(
        [None, "claims", "claims/", "claims/triage", "claims/motor/triage", "claimsx/a", "hr/a"]
    ),
    environment=st.sampled_from([None, "staging", "production"]),
    approval_required=st.booleans(),
)
scopes = st.builds(
    lambda role, project, environment: Scope(role, project, environment if project else None),
    st.sampled_from([None, *ROLES]),
    st.sampled_from([None, "bank", "clinic"]),
    st.sampled_from([None, "staging", "production"]),
)
actors = st.builds(
    Actor,
    subject=st.just("u"),
    name=st.just("u"),
    kind=st.sampled_from(["person", "service"]),
    roles=grants,
    admin=st.booleans(),
    scope=scopes,
    auth_method=st.sampled_from(["password", "token", "operator"]),
)
STRICT = Policies(operator_tokens_decide=False)


@settings(max_examples=500)
@given(actors, st.sampled_from(ACTIONS), resources, st.booleans())
def test_cedar_answers_as_the_model_does(
    who: Actor, action: Action, place: Resource, decide: bool
) -> None:
    ask = authorise if decide else STRICT
    decision = ask(who, action, place)
    assert decision.allowed == expected(who, action, place, operator_tokens_decide=decide)
    assert decision.rule
    assert decision.allowed or (decision.reason and decision.remedy)
    assert decision == ask.uncached(who, action, place)


LIMITS = ["", "/claims", "@production", "/claims@production"]
PLACES = [
    Resource("bank"),
    Resource("bank", "claims/triage"),
    Resource("bank", "hr/letter"),
    Resource("bank", "claims/triage", "production", approval_required=True),
    Resource("bank", "claims/triage", "staging"),
    Resource("bank", "hr/letter", "production", approval_required=True),
    Resource("clinic", "claims/triage", "production", approval_required=True),
    Resource(),
]


@pytest.mark.parametrize("role", GRANTED_ROLES)
@pytest.mark.parametrize("limit", LIMITS)
def test_the_table_of_roles_and_actions_at_every_place(role: str, limit: str) -> None:
    who = actor(f"bank{limit}:{role}")
    for action, place in product(ACTIONS, PLACES):
        assert authorise(who, action, place).allowed == expected(who, action, place), (
            action,
            place,
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


def test_an_administrator_narrowed_to_a_role_does_not_decide_without_its_grant() -> None:
    for role in GRANTED_ROLES:
        narrowed = Actor("u", "root", admin=True, scope=Scope(role=role))
        for action in sorted(DECISIONS):
            assert not authorise(narrowed, action, PRODUCTION).allowed  # type: ignore[arg-type]
    granted = Actor(
        "u", "root", admin=True, roles=frozenset({"bank:approver"}), scope=Scope(role="approver")
    )
    assert authorise(granted, "review:approve", PRODUCTION).rule == "role.approver"


def test_a_service_account_never_decides_whatever_it_was_granted() -> None:
    robot = Actor(
        "r", "robot", "service", roles=frozenset(f"bank:{role}" for role in GRANTED_ROLES)
    )
    for action in sorted(DECISIONS):
        decision = authorise(robot, action, PRODUCTION)  # type: ignore[arg-type]
        assert (decision.allowed, decision.rule) == (False, "service.decision")
    assert authorise(robot, "release:publish", PRODUCTION).allowed


def test_an_operators_token_decides_only_while_the_setting_says_so() -> None:
    who = Actor("u", "ana", roles=frozenset({"bank:approver"}), auth_method="operator")
    assert authorise(who, "review:approve", PRODUCTION).allowed
    refused = STRICT(who, "review:approve", PRODUCTION)
    assert (refused.allowed, refused.rule) == (False, "token.operator")
    assert "access.operator_tokens_decide" in refused.remedy
    assert STRICT(who, "release:stop", PRODUCTION).allowed


FAILS = """
forbid (principal, action == Action::"release:publish", resource)
when { 9223372036854775807 + 1 > 0 };
"""


def test_a_policy_that_cannot_be_evaluated_refuses_instead_of_being_passed_over() -> None:
    asked = Policies([OwnPolicy("overflow", FAILS)])
    decision = asked(actor("bank:publisher"), "release:publish", PRODUCTION)
    assert (decision.allowed, decision.rule) == (False, ERROR)
    assert decision.remedy
    assert asked(actor("bank:publisher"), "release:stop", PRODUCTION).allowed


def test_what_cedar_cannot_read_is_refused_and_never_raised() -> None:
    odd = Actor("u\ud800", "ana", roles=frozenset({"bank:viewer"}))
    assert authorise(odd, "project:read", Resource("bank\ud800")).rule == ERROR


def test_an_own_policy_forbids_names_itself_and_tells_its_comment() -> None:
    text = """
    forbid (principal, action == Action::"prompt:write", resource)
    when { resource.project == "bank" && resource.path like "claims/secret*" }
    unless { principal.name == "ben" };
    """
    asked = Policies([OwnPolicy("secrets", text, "Ben keeps these.")])
    ana = actor("bank:author")
    refused = asked(ana, "prompt:write", Resource("bank", "claims/secret-1"))
    assert (refused.allowed, refused.rule, refused.remedy) == (
        False,
        "policy.secrets",
        "Ben keeps these.",
    )
    assert asked(ana, "prompt:write", Resource("bank", "claims/open")).allowed
    assert refused.policy_version == asked.version != authorise.version
    many = decide_paths(
        asked, ana, "prompt:write", Resource("bank"), ["claims/open", "claims/secret-2"]
    )
    assert (many.allowed, many.paths) == (False, ("claims/secret-2",))


def test_new_policies_are_asked_at_once() -> None:
    asked = Policies()
    ana = actor("bank:author")
    assert asked(ana, "prompt:write", BANK).allowed
    asked.use(
        [OwnPolicy("halt", 'forbid (principal, action == Action::"prompt:write", resource);')]
    )
    assert asked(ana, "prompt:write", BANK).rule == "policy.halt"
    asked.use([])
    assert asked(ana, "prompt:write", BANK).allowed


def test_many_paths_cost_one_question_a_folder_and_name_what_is_refused() -> None:
    asked: list[Resource] = []

    def ask(who: Actor, action: Action, place: Resource) -> Decision:
        asked.append(place)
        return authorise(who, action, place)

    ana = actor("bank/claims:author")
    inside = [f"claims/a/p{n}" for n in range(1000)]
    assert decide_paths(ask, ana, "prompt:write", BANK, inside).allowed
    assert len(asked) == 2
    outside = [f"hr/p{n}" for n in range(7)]
    refused = decide_paths(ask, ana, "prompt:write", BANK, [*inside, *outside])
    assert refused.paths == tuple(outside[:5])
    assert "and 2 more" in refused.reason
    assert not decide_paths(ask, ana, "prompt:write", BANK, ["claims"]).allowed
    asked.clear()
    assert decide_paths(ask, actor("bank:author"), "prompt:write", BANK, inside).allowed
    assert len(asked) == 1


def test_a_policy_about_some_paths_leaves_the_others_open_at_every_door() -> None:
    text = """
    forbid (principal, action == Action::"prompt:write", resource)
    unless { resource["p\\u{61}th"] like "claims/*" };
    """
    asked = Policies([OwnPolicy("claims-only", text)])
    ana = actor("bank:author")
    assert asked.speaks_of_paths
    assert decide_somewhere(asked, ana, "prompt:write", BANK).allowed
    assert decide_paths(asked, ana, "prompt:write", BANK, ["claims/a", "claims/b"]).allowed
    refused = decide_paths(asked, ana, "prompt:write", BANK, ["claims/a", "hr/b"])
    assert (refused.allowed, refused.rule, refused.paths) == (
        False,
        "policy.claims-only",
        ("hr/b",),
    )


def test_at_the_door_a_grant_on_a_part_is_enough() -> None:
    ana = actor("bank/claims@production:publisher")
    assert decide_somewhere(authorise, ana, "release:publish", BANK).allowed
    assert decide_somewhere(authorise, ana, "release:publish", PRODUCTION).allowed
    assert not decide_somewhere(authorise, ana, "release:publish", STAGING).allowed
    assert not decide_somewhere(authorise, ana, "release:publish", Resource("clinic")).allowed
    assert not decide_somewhere(authorise, ana, "prompt:write", BANK).allowed


def test_every_action_has_its_word_in_the_schema_and_every_shipped_policy_its_name() -> None:
    named = set(re.findall(r'"([a-z]+:[a-z]+)"', schema()))
    assert named == set(ACTIONS)
    for text in shipped().values():
        assert cedarpy.validate_policies(text, schema()).validation_passed
        assert text.count("\n@id(") == len(re.findall(r"^(?:permit|forbid)", text, re.MULTILINE))


@given(
    st.builds(Grant, st.sampled_from(["bank", "*"]), st.sampled_from(ROLES), modules, environments)
)
def test_a_grant_reads_back_as_it_was_written(grant: Grant) -> None:
    assert Grant.parse(str(grant)) == grant
