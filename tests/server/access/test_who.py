"""Who may do this here: accounts and the grants that open it, asked of a real server on either database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from support.server import RunningServer, untroubled

GRANTS = [
    ("anna", "bank", "publisher", "", ""),
    ("bert", "bank", "publisher", "claims", ""),
    ("carla", "*", "publisher", "", "production"),
    ("dora", "bank", "viewer", "", ""),
    ("emil", "bank", "author", "", ""),
    ("frida", "clinic", "publisher", "", ""),
    ("gone", "bank", "publisher", "", ""),
    ("audrey", "bank", "auditor", "", ""),
    ("robot", "bank", "publisher", "", ""),
    ("robot", "bank", "approver", "", ""),
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with untroubled(request, tmp_path_factory.mktemp("who"), "who_may") as server:
        yield server


@pytest.fixture(scope="module")
def root(running: RunningServer) -> Iterator[httpx2.Client]:
    with running.api(running.token("root", "admin")) as api:
        for project in ("bank", "clinic"):
            assert api.post("/projects", json={"name": project}).is_success
        for name in dict.fromkeys(grant[0] for grant in GRANTS):
            kind = "service" if name == "robot" else "person"
            made = {"name": name, "display_name": name.title(), "kind": kind}
            assert api.post("/users", json=made).is_success
        for user, project, role, module, environment in GRANTS:
            body = {"user": user, "project": project, "role": role}
            more = {"module": module, "environment": environment}
            assert api.post("/grants", json=body | more).is_success
        assert api.patch("/users/gone", json={"active": False}).is_success
        yield api


def ask(api: httpx2.Client, **query: Any) -> dict[str, dict[str, Any]]:
    answer = api.get("/access/who", params={"project": "bank", **query})
    assert answer.status_code == 200, answer.text
    return {item["user"]: item for item in answer.json()["items"]}


def test_people_come_with_the_grants_that_open_it(root: httpx2.Client) -> None:
    found = ask(root, action="publish", environment="production")
    # An author may not where approval is asked; who is deactivated may nothing.
    assert list(found) == ["admin", "anna", "bert", "carla", "robot", "root"]
    (grant,) = found["anna"]["grants"]
    assert (grant["role"], grant["project"], grant["granted_by"]) == ("publisher", "bank", "root")
    assert found["anna"]["everywhere"] is True
    assert found["anna"]["display_name"] == "Anna"
    assert found["bert"]["everywhere"] is False
    assert found["bert"]["grants"][0]["module"] == "claims"
    assert found["root"]["rule"] == "admin"
    assert found["root"]["grants"] == []
    assert [grant["role"] for grant in found["robot"]["grants"]] == ["publisher"]
    assert {"emil", "carla"} & ask(root, action="publish", environment="staging").keys() == {"emil"}


def test_a_module_narrows_the_question(root: httpx2.Client) -> None:
    there = ask(root, action="publish", environment="production", module="claims")
    assert there["bert"]["everywhere"] is True
    elsewhere = ask(root, action="publish", environment="production", module="letters")
    assert "bert" not in elsewhere


def test_a_machine_decides_nothing_whatever_it_holds(root: httpx2.Client) -> None:
    assert ask(root, action="approve") == {}
    one = ask(root, action="approve", user="robot")["robot"]
    assert (one["allowed"], one["rule"]) == (False, "service.decision")


def test_without_an_environment_those_of_some_are_told_with_it(root: httpx2.Client) -> None:
    found = ask(root, action="publish")
    assert found["carla"]["everywhere"] is False
    assert found["carla"]["grants"][0]["environment"] == "production"


def test_one_person_is_answered_yes_or_no_with_the_reason(root: httpx2.Client) -> None:
    no = ask(root, action="publish", environment="production", user="dora")["dora"]
    assert (no["allowed"], no["rule"]) == (False, "role.missing")
    assert "dora may not publish on bank" in no["reason"]
    assert "publisher" in no["remedy"]
    yes = ask(root, action="publish", environment="production", user="anna")["anna"]
    assert yes["allowed"] is True
    assert yes["reason"] == "anna holds publisher on bank."
    gone = ask(root, action="publish", user="gone")["gone"]
    assert (gone["allowed"], gone["rule"]) == (False, "actor.inactive")
    assert (
        root.get(
            "/access/who", params={"project": "bank", "action": "publish", "user": "nobody"}
        ).status_code
        == 404
    )


def test_a_policy_of_the_installation_counts(root: httpx2.Client) -> None:
    text = 'forbid (principal, action == Action::"release:publish", resource) when { principal.name == "anna" };'
    assert root.put("/policies/not-anna", json={"text": text}).is_success
    try:
        assert "anna" not in ask(root, action="publish", environment="production")
        one = ask(root, action="publish", environment="production", user="anna")["anna"]
        assert one["rule"] == "policy.not-anna"
    finally:
        assert root.delete("/policies/not-anna").is_success


def test_pages_meet(root: httpx2.Client) -> None:
    whole = list(ask(root, action="read"))
    seen: list[str] = []
    query: dict[str, Any] = {"project": "bank", "action": "read", "limit": 2}
    while True:
        page = root.get("/access/who", params=query).json()
        seen += [item["user"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == whole


def test_what_cannot_be_asked_is_refused(root: httpx2.Client) -> None:
    for query, status in (
        ({"action": "fly"}, 422),
        ({"action": "publish", "environment": "moon"}, 404),
        ({"action": "publish", "module": "a//b"}, 422),
        ({"action": "publish", "cursor": "x"}, 400),
    ):
        answer = root.get("/access/who", params={"project": "bank", **query})
        assert answer.status_code == status, answer.text


def test_users_are_found_by_the_beginning_of_a_name_and_by_kind(root: httpx2.Client) -> None:
    def names(**query: str) -> list[str]:
        return [
            u["name"] for u in root.get("/users", params=query).raise_for_status().json()["items"]
        ]

    assert names(q="CARL") == ["carla"]
    assert names(q="arla") == []
    assert names(q="%") == []
    assert names(kind="service") == ["robot"]
    assert "robot" not in names(kind="person")
    assert names(kind="service", q="carla") == []
    assert root.get("/users", params={"kind": "group"}).status_code == 422
    one = root.get("/users", params={"q": "carla"}).json()["items"][0]
    assert one["second_factor"] is False


def test_the_reason_for_deactivating_somebody_is_in_the_audit_log(root: httpx2.Client) -> None:
    assert root.post("/users", json={"name": "leaver"}).is_success
    left = {"active": False, "reason": "Left the bank"}
    root.patch("/users/leaver", json=left).raise_for_status()
    found = root.get("/audit/events", params={"action": "user.deactivate"}).raise_for_status()
    assert "Left the bank" in [event["reason"] for event in found.json()["items"]]
