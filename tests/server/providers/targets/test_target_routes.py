"""`/models` over HTTP: entity tags, pages, who sees what, and checks through a scripted caller."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from promptops_server.app.http import HttpParts, create_app
from promptops_server.app.installation import ensure_installation
from promptops_server.app.refusals import DenialLog
from promptops_server.audit.read import Filter, read_log
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.setting_sections import LimitSettings
from promptops_server.providers.model import CallError, Reply, Usage
from promptops_server.providers.targets.ports import CheckDeps
from promptops_server.providers.targets.routes import router
from support.model_targets import (
    ADMIN,
    AUTHOR,
    VIEWER,
    FixedPrices,
    SomeEndpoints,
    deps_of,
)

KEY = "sk-very-secret-key-0123456789"
GPT: dict[str, Any] = {
    "provider": "hosted",
    "model": "gpt-5-mini",
    "credential": {"kind": "sealed", "secret": KEY},
}


PEOPLE = {"root": ADMIN, "anna": AUTHOR, "vera": VIEWER}


class ByName:
    """Signs in whoever names themself: what is tested here is what each may do."""

    async def __call__(
        self, authorization: str | None, *, ip: str | None, request_id: str | None
    ) -> Actor:
        assert authorization is not None
        return PEOPLE[authorization.removeprefix("Bearer ")]


class Site:
    """The routes of targets in a real application. `root` manages, `anna` writes, `vera` reads in bank."""

    def __init__(self, db: Database, directory: Path) -> None:
        ensure_installation(db)
        self.db = db
        self.endpoints = SomeEndpoints()
        self.caller = self.endpoints.caller
        self.environ = {"OPENAI_API_KEY": KEY}
        deps = deps_of(db, environ=self.environ, directory=directory)

        calls = CheckDeps(self.endpoints.open, FixedPrices())
        self.app = create_app(
            HttpParts(
                authenticate=ByName(),
                denials=DenialLog(db, per_minute=100),
                limits=LimitSettings(),
                api=(router(deps, calls),),
                root=(),
            )
        )

    def send(self, method: str, path: str, who: str = "root", **kwargs: Any) -> httpx2.Response:
        async def go() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            headers = {"Authorization": f"Bearer {who}", **kwargs.pop("headers", {})}
            async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, f"/api/v1{path}", headers=headers, **kwargs)

        return asyncio.run(go())

    def call(
        self, method: str, path: str, *, who: str = "root", status: int = 200, **kwargs: Any
    ) -> httpx2.Response:
        answer = self.send(method, path, who, **kwargs)
        assert answer.status_code == status, answer.text
        return answer

    def events(self, action: str = "") -> list[dict[str, Any]]:
        with self.db.read() as conn:
            where = Filter(action=action or None)
            page = read_log(conn, "installation", where, limit=200, after=None)
        return sorted(page.items, key=lambda e: e["seq"])

    def add(self, name: str = "gpt", **more: Any) -> httpx2.Response:
        return self.call("POST", "/models", status=201, json={"name": name, **GPT, **more})

    def check(self, name: str = "gpt", **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("json", {})
        found: dict[str, Any] = self.call("POST", f"/models/{name}/check", **kwargs).json()
        return found


@pytest.fixture
def site(any_database: Database, tmp_path: Path) -> Site:
    return Site(any_database, tmp_path)


def test_a_target_is_added_shown_changed_and_removed(site: Site) -> None:
    made = site.add(budget_month=50_000_000)
    assert made.headers["etag"] == '"t1"'
    shown = site.call("GET", "/models/gpt")
    assert shown.json() == made.json()
    assert shown.json()["credential"] == {
        "kind": "sealed",
        "name": "",
        "there": True,
        "missing": "",
    }
    body = {**GPT, "model": "gpt-6", "limits": {"concurrency": 32}}
    del body["credential"]
    tag = {"If-Match": '"t1"'}
    changed = site.call("PUT", "/models/gpt", json=body, headers=tag)
    assert (changed.headers["etag"], changed.json()["model"]) == ('"t2"', "gpt-6")
    assert changed.json()["credential"]["there"]
    assert changed.json()["budget_month"] is None
    late = site.call("PUT", "/models/gpt", json=body, headers=tag, status=409)
    assert late.json()["current"] == "t2"
    site.call("PUT", "/models/gpt", json=body, headers={"If-Match": '"x"'}, status=400)
    site.call("DELETE", "/models/gpt", headers=tag, status=409)
    site.call("DELETE", "/models/gpt", headers={"If-Match": '"t2"'}, status=204)
    site.call("GET", "/models/gpt", status=404)
    site.call("DELETE", "/models/gpt", status=404)


def test_a_secret_is_in_no_answer_no_event_and_no_row(site: Site) -> None:
    texts = [site.add().text]
    texts.append(site.call("GET", "/models").text)
    body = {**GPT, "base_url": "https://other.example"}
    texts.append(site.call("PUT", "/models/gpt", json=body).text)
    broken = {**GPT, "data_class": "none", "name": "x"}
    texts.append(site.call("POST", "/models", json=broken, status=422).text)
    wrong = {**GPT, "credential": {"kind": "sealed", "secret": KEY, "more": 1}, "name": "x"}
    texts.append(site.call("POST", "/models", json=wrong, status=422).text)
    texts.append(json.dumps(site.events()))
    with site.db.read() as conn:
        texts.append(str(conn.exec_driver_sql("SELECT * FROM model_target").all()))
    assert all(KEY not in text for text in texts)


@pytest.mark.parametrize("name", ["catalogue", "Catalogue", "no name", "-x", "", "a" * 101])
def test_a_name_must_be_one(site: Site, name: str) -> None:
    site.call("POST", "/models", json={"name": name, **GPT}, status=422)


@pytest.mark.parametrize("name", ["%00", "%ff", "a%2fb", "..", "%E2%80%AE"])
def test_a_name_that_cannot_be_is_not_found(site: Site, name: str) -> None:
    answer = site.send("GET", f"/models/{name}")
    assert answer.status_code in (400, 404), answer.text


def test_the_list_comes_in_pages(site: Site) -> None:
    for at in range(5):
        site.add(f"m{at}")
    names: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = site.call("GET", "/models", params=params).json()
        assert len(page["items"]) <= 2
        names += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == ["m0", "m1", "m2", "m3", "m4"]
    site.call("GET", "/models", params={"cursor": "nonsense"}, status=400)


def test_a_project_sees_what_it_may_use_and_nothing_of_address_and_credential(site: Site) -> None:
    site.add("mine", projects=["bank"], base_url="https://inside.example/v1")
    site.add("theirs", projects=["clinic"])
    site.add("lost", credential={"kind": "env", "name": "LOST_API_KEY"})
    answer = site.call("GET", "/projects/bank/models", who="vera")
    assert [(i["name"], i["credential_there"]) for i in answer.json()["items"]] == [
        *(("lost", False), ("mine", True)),
    ]
    assert "inside.example" not in answer.text
    assert "LOST_API_KEY" not in answer.text
    site.call("GET", "/projects/clinic/models", who="vera", status=404)
    site.call("GET", "/projects/nowhere/models", who="root", status=404)


@pytest.mark.parametrize("who", ["anna", "vera"])
def test_only_who_manages_models_sees_and_changes_targets(site: Site, who: str) -> None:
    site.add()
    for method, path, body in (
        ("GET", "/models", None),
        ("GET", "/models/gpt", None),
        ("GET", "/models/missing", None),
        ("POST", "/models", {"name": "x", **GPT}),
        ("PUT", "/models/gpt", GPT),
        ("DELETE", "/models/gpt", None),
        ("POST", "/models/gpt/check", {}),
    ):
        answer = site.call(method, path, who=who, json=body, status=403)
        assert answer.json()["action"] == "model:manage"


def test_a_check_is_one_small_call_whose_result_is_kept(site: Site) -> None:
    site.add()
    site.caller.answer = Reply(
        "ready",
        "stop",
        usage=Usage(12, 2),
        model="gpt-5-mini-2025-08-07",
        latency_ms=321.0,
        first_token_ms=80.0,
    )
    found = site.check()
    assert found["ok"]
    assert (found["stands_for"], found["cost"]) == ("gpt-5-mini-2025-08-07", 30)
    ((target, ask),) = site.caller.asked
    assert (target.name, ask.model, len(ask.messages)) == ("gpt", "gpt-5-mini", 1)
    shown = site.call("GET", "/models/gpt").json()
    assert shown["check"] == found
    assert shown["this_month"] | {"month": ""} == {
        "month": "",
        "spent": 30,
        "reserved": 0,
        "calls": 1,
    }
    (event,) = site.events("model.check")
    assert (event["outcome"], event["after"]["ok"]) == ("ok", True)
    assert (site.endpoints.opened, site.endpoints.closed) == (1, 1)


def test_a_check_that_fails_is_an_answer_that_says_what_is_wrong(site: Site) -> None:
    site.add()
    site.endpoints.models = ("gpt-5-nano", "gpt-4")
    site.caller.answer = CallError("not_found", "No such model.", status=404)
    found = site.check()
    assert not found["ok"]
    assert found["problem"] == (
        "The endpoint has no model gpt-5-mini; it lists: gpt-5-nano, gpt-4."
    )
    assert found["listed"] == ["gpt-5-nano", "gpt-4"]
    (event,) = site.events("model.check")
    assert (event["outcome"], event["after"]["fault"]) == ("failed", "not_found")
    site.endpoints.models = CallError("authentication", "No list for this key.")
    assert "nothing at this path" in site.check()["problem"]
    assert site.call("GET", "/models/gpt").json()["this_month"]["spent"] == 0


def test_a_check_without_its_credential_calls_nobody(site: Site) -> None:
    site.add(credential={"kind": "env", "name": "LOST_API_KEY"})
    found = site.check()
    assert (found["fault"], site.caller.asked) == ("no_credentials", [])
    assert "LOST_API_KEY is not set" in found["problem"]
    site.environ["LOST_API_KEY"] = KEY
    assert site.check()["ok"]


def test_a_check_stays_within_the_budget(site: Site) -> None:
    site.add(budget_month=1000)
    assert site.check()["ok"]
    found = site.check()
    assert (found["fault"], len(site.caller.asked)) == ("budget", 1)
    site.caller.answer = CallError("time_out", "It took too long.")
    site.call("PUT", "/models/gpt", json={**GPT, "budget_month": 1030})
    assert site.check()["fault"] == "time_out"
    # Nobody knows whether it was charged: all that was set aside counts.
    assert site.call("GET", "/models/gpt").json()["this_month"]["spent"] == 1030


def test_who_runs_tests_in_a_project_may_check_what_it_may_use(site: Site) -> None:
    site.add("mine", projects=["bank"])
    site.add("theirs", projects=["clinic"])
    assert site.check("mine", who="anna", json={"project": "bank"})["ok"]
    site.check("theirs", who="anna", json={"project": "bank"}, status=404)
    site.check("mine", who="anna", json={"project": "clinic"}, status=404)
    refused = site.check("mine", who="vera", json={"project": "bank"}, status=403)
    assert refused["action"] == "test:run"
    site.call("PUT", "/models/mine", json={**GPT, "projects": ["bank"], "enabled": False})
    site.check("mine", who="anna", json={"project": "bank"}, status=404)
    assert site.check("mine", who="root")["ok"]


def test_who_uses_a_target_does_not_learn_where_its_credential_should_be(site: Site) -> None:
    site.add(credential={"kind": "env", "name": "LOST_API_KEY"})
    assert "LOST_API_KEY" in site.check()["problem"]
    told = site.call("GET", "/projects/bank/models", who="vera")
    told_again = site.call("POST", "/models/gpt/check", who="anna", json={"project": "bank"})
    for answer in (told, told_again):
        assert "LOST_API_KEY" not in answer.text
        assert "Its credential is not there." in answer.text


def test_a_check_of_a_provider_that_is_gone_says_so(site: Site) -> None:
    site.add()
    with site.db.write() as tx:
        tx.conn.exec_driver_sql("UPDATE model_target SET provider = 'gone'")
    assert "No provider gone is installed" in site.check()["problem"]


def test_providers_are_listed_with_what_each_asks_for(site: Site) -> None:
    found = site.call("GET", "/model-providers").json()
    assert found["data_classes"][0] == "public"
    names = [one["name"] for one in found["items"]]
    assert "hosted" in names
    assert names == sorted(names)
    assert all(
        {"title", "base_url", "needs_credential", "options"} <= one.keys() for one in found["items"]
    )
    site.call("GET", "/model-providers", who="vera", status=403)
