"""Policies of the installation and limited grants, kept in both databases."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops_server.access import grants, users
from promptops_server.access.cedar import OwnPolicy
from promptops_server.access.own_policies import store
from promptops_server.access.own_policies.change import account_actor, put_policy, remove_policy
from promptops_server.access.own_policies.validate import faults
from promptops_server.access.own_policies.watch import PolicyWatch
from promptops_server.access.policy import Policies
from promptops_server.infra.actor import SYSTEM, Actor, Grant
from promptops_server.infra.authorise import Resource
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Invalid, NotFound

HALT = 'forbid (principal, action == Action::"prompt:write", resource);'
NO_ROOT = """
forbid (principal, action == Action::"policy:manage", resource)
when { principal.name == "root" };
"""


@pytest.fixture
def root(any_database: Database) -> Actor:
    """The only administrator."""
    with any_database.write() as tx:
        made = users.create_user(tx, SYSTEM, "root", admin=True)
        return account_actor(tx.conn, made)


def put(db: Database, root: Actor, policies: Policies, name: str, text: str) -> str:
    with db.write() as tx:
        return put_policy(tx, root, policies, OwnPolicy(name, text)).version


def test_a_change_is_noticed_by_another_process_within_two_seconds(
    any_database: Database, root: Actor
) -> None:
    here, there = Policies(), Policies()
    watch = PolicyWatch(any_database, there)
    watch.start()
    try:
        version = put(any_database, root, here, "halt", HALT)
        began = time.monotonic()
        while there.version != version and time.monotonic() - began < 2:
            time.sleep(0.02)
        assert there.version == version
        author = Actor("a", "ana", roles=frozenset({"bank:author"}))
        assert there(author, "prompt:write", Resource("bank")).rule == "policy.halt"
    finally:
        watch.close()


def test_policies_are_replaced_removed_and_named_by_who_put_them(
    any_database: Database, root: Actor
) -> None:
    policies = Policies()
    first = put(any_database, root, policies, "halt", HALT)
    second = put(any_database, root, policies, "halt", HALT + "\n// again")
    assert first != second
    with any_database.read() as conn:
        (found,) = store.active(conn)
    assert (found.name, found.author, found.text) == ("halt", "root", HALT + "\n// again")
    with any_database.write() as tx:
        assert remove_policy(tx, root, "halt").version == policies.version
    with any_database.write() as tx, pytest.raises(NotFound):
        remove_policy(tx, root, "halt")
    assert put(any_database, root, policies, "halt", HALT) == first


def test_a_change_made_from_another_text_is_refused_and_so_is_a_new_one_of_a_taken_name(
    any_database: Database, root: Actor
) -> None:
    policies = Policies()
    put(any_database, root, policies, "halt", HALT)
    with any_database.read() as conn:
        (read,) = store.active(conn)
    put(any_database, root, policies, "halt", HALT + "\n// theirs")
    mine = OwnPolicy("halt", HALT + "\n// mine")
    with any_database.write() as tx, pytest.raises(Conflict, match="changed the policy halt"):
        put_policy(tx, root, policies, mine, seen=read.tag)
    with any_database.write() as tx, pytest.raises(Conflict, match="changed the policy halt"):
        remove_policy(tx, root, "halt", seen=read.tag)
    with any_database.write() as tx, pytest.raises(Conflict, match="already"):
        put_policy(tx, root, policies, mine, only_new=True)
    with any_database.read() as conn:
        (now,) = store.active(conn)
    assert now.text.endswith("// theirs")
    with any_database.write() as tx:
        put_policy(tx, root, policies, mine, seen=now.tag)
        remove_policy(tx, root, "halt")
    with any_database.write() as tx, pytest.raises(Conflict, match="removed the policy halt"):
        put_policy(tx, root, policies, mine, seen=now.tag)


def test_the_last_administrator_is_not_locked_out_but_one_of_two_may_be(
    any_database: Database, root: Actor
) -> None:
    policies = Policies()
    with pytest.raises(Conflict) as refused:
        put(any_database, root, policies, "no-root", NO_ROOT)
    assert refused.value.type == "policy-lockout"
    with any_database.write() as tx:
        users.create_user(tx, SYSTEM, "second", admin=True)
    put(any_database, root, policies, "no-root", NO_ROOT)
    policies.use([OwnPolicy("no-root", NO_ROOT)])
    assert policies(root, "policy:manage", Resource()).rule == "policy.no-root"
    with pytest.raises(Conflict):
        put(any_database, root, policies, "no-second", NO_ROOT.replace("root", "second"))


def test_limited_grants_are_kept_listed_and_taken_one_by_one(
    any_database: Database, root: Actor
) -> None:
    with any_database.write() as tx:
        ana = users.create_user(tx, SYSTEM, "ana")
        limits = ({}, {"module": "claims"}, {"module": "claims", "environment": "production"})
        for limit in limits:
            assert grants.add_grant(tx, root, "ana", "bank", "publisher", **limit)
            assert not grants.add_grant(tx, root, "ana", "bank", "publisher", **limit)
        assert users.grants_of(tx.conn, ana.id) == {
            "bank:publisher",
            "bank/claims:publisher",
            "bank/claims@production:publisher",
        }
        grants.remove_grant(tx, root, "ana", "bank", "publisher")
        assert [held.grant for held in grants.list_grants(tx.conn, "bank")] == [
            Grant("bank", "publisher", "claims"),
            Grant("bank", "publisher", "claims", "production"),
        ]
        with pytest.raises(Conflict):
            grants.add_grant(tx, root, "root", "bank", "author", module="claims")


def test_nobody_grants_to_another_account_of_theirs(any_database: Database, root: Actor) -> None:
    with any_database.write() as tx:
        other = users.create_user(tx, SYSTEM, "root-at-home")
        same = Actor(root.subject, "root", admin=True, person=other.id)
        with pytest.raises(Conflict, match="your account too"):
            grants.add_grant(tx, same, "root-at-home", "bank", "approver")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("permit (principal, action, resource);", 1, "Only forbid"),
        ("// only a comment", 1, "no policy"),
        (f"{HALT}\n\npermit (principal, action, resource);", 3, "Only forbid"),
        (
            f'{HALT}\nforbid (principal, action, resource)\nwhen {{ principal.nme == "x" }};',
            3,
            "nme",
        ),
        ('forbid (principal, action == Action::"fly", resource);', 1, "fly"),
        ("forbid (principal == ?principal, action, resource);", 1, "template"),
        (
            'forbid (principal, action, resource) when { principal.name == "; //" && principal.name == 1 };',
            1,
            "compatible",
        ),
        ("forbid (principal, action, resource)", 1, ""),
        ("forbid (principal, action, resource) when { context.nothing };", 1, "nothing"),
    ],
)
def test_a_fault_is_told_with_its_line(text: str, line: int, words: str) -> None:
    found = faults(text)
    assert found
    assert found[0].line == line
    assert words in found[0].message


def test_names_of_policies_are_plain(any_database: Database, root: Actor) -> None:
    for name in ("", "A", "a b", "a/b", "x" * 65):
        with pytest.raises(Invalid):
            put(any_database, root, Policies(), name, HALT)


@given(st.text(alphabet='forbid permit(){};"\\/`=?,:\n\0é☃', max_size=60))
def test_no_text_makes_the_check_fail(text: str) -> None:
    for fault in faults(text):
        assert 1 <= fault.line <= text.count("\n") + 1
        assert fault.message
