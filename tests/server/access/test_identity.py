"""One person, one identity, whatever the accounts."""

from __future__ import annotations

import pytest

from promptops_server.access import users
from promptops_server.access.standing import actor_now
from promptops_server.infra.database import Database
from promptops_server.infra.problems import ProblemError
from support.people import House


def test_an_account_is_its_own_person_until_it_is_linked(any_database: Database) -> None:
    house = House(any_database)
    ana, boss = house.user("ana"), house.user("ana.admin")
    house.user("root", admin=True)
    root = house.sign_in("root")
    with any_database.read() as conn:
        assert users.identity_of(conn, ana.id) == ana.id
        assert users.identity_of(conn, "system") == "system"
    body = {"same_person_as": "ANA", "reason": "her account for administration"}
    linked = root.call("PATCH", "/users/ana.admin", json=body)
    assert linked.json()["person"] == ana.id
    with any_database.read() as conn:
        assert users.identities_of(conn, {ana.id, boss.id, "system"}) == {
            ana.id: ana.id, boss.id: ana.id, "system": "system",
        }  # fmt: skip
        assert actor_now(conn, boss.id, auth_method="password", session=None).identity == ana.id
    browser = house.sign_in("ana.admin")
    assert browser.call("GET", "/me").json()["person"] == ana.id
    token = browser.call("POST", "/tokens", json={"name": "x"}).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert house.call("GET", "/me", headers=bearer).json()["person"] == ana.id
    assert [e["reason"] for e in house.events("user.link")] == ["her account for administration"]


def test_undoing_a_link_needs_a_reason_and_somebody_else(any_database: Database) -> None:
    house = House(any_database)
    house.user("ana")
    house.user("ben", admin=True)
    house.user("ben2")
    house.user("root", admin=True)
    root, ben = house.sign_in("root"), house.sign_in("ben")
    root.call("PATCH", "/users/ben2", json={"same_person_as": "ben"})
    assert root.call("PATCH", "/users/ben2", json={"own_person": True}).status_code == 422
    undo = {"own_person": True, "reason": "they were two people after all"}
    assert ben.call("PATCH", "/users/ben2", json=undo).json()["rule"] == "person.own"
    assert root.call("PATCH", "/users/ana", json=undo).status_code == 409
    first = root.call("PATCH", "/users/ben", json=undo).json()["person"]
    with any_database.read() as conn:
        other = users.find_user(conn, "ben2")
    assert other is not None
    assert first != other.person
    assert len(house.events("user.unlink")) == 1


@pytest.mark.parametrize(("name", "other"), [("ana", "ana"), ("ana", "robot"), ("robot", "ana")])
def test_only_two_people_are_linked(database: Database, name: str, other: str) -> None:
    house = House(database)
    house.user("ana")
    house.user("robot", None, kind="service")
    house.user("root", admin=True)
    body = {"same_person_as": other}
    assert house.sign_in("root").call("PATCH", f"/users/{name}", json=body).status_code == 422


def test_linking_is_for_administrators(database: Database) -> None:
    house = House(database)
    house.user("ana")
    house.user("ben")
    answer = house.sign_in("ana").call("PATCH", "/users/ana", json={"same_person_as": "ben"})
    assert answer.status_code == 403


def test_people_are_found_by_address_unless_it_is_ambiguous(any_database: Database) -> None:
    house = House(any_database)
    ana = house.user("ana", email="Ana.Müller@Bank.example")
    house.user("ben", email="team@bank.example")
    house.user("cleo", email="TEAM@bank.example")
    dora = house.user("dora", email="dora@bank.example")
    house.user("dora2", email="dora@bank.example")
    house.user("robot", None, kind="service", email="robot@bank.example")
    house.user("root", admin=True)
    root = house.sign_in("root")
    root.call("PATCH", "/users/dora2", json={"same_person_as": "dora"})
    root.call("PATCH", "/users/ana", json={"active": False})
    asked = [
        "ana.MÜLLER@bank.example",
        "team@bank.example",
        "dora@bank.example",
        "robot@bank.example",
        "no@x",
    ]
    with any_database.read() as conn:
        assert users.people_by_email(conn, asked) == {asked[0]: ana.id, asked[2]: dora.id}
        assert users.people_by_email(conn, []) == {}


def test_many_addresses_are_asked_in_parts(database: Database) -> None:
    with database.read() as conn:
        assert users.people_by_email(conn, [f"{i}@x" for i in range(1200)]) == {}


def test_what_a_failed_write_left_to_remember_is_done_afterwards(any_database: Database) -> None:
    done: list[str] = []

    def after() -> None:
        with any_database.write():
            done.append("after")

    with pytest.raises(ProblemError), any_database.write() as tx:
        tx.afterwards(after)
        raise ProblemError("no")
    assert done == ["after"]
