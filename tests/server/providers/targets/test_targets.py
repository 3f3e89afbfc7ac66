"""Adding, changing and removing model targets: who may, what is refused, and what stays behind."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from promptops_server.audit.read import Filter, read_log
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.providers.model import Limits
from promptops_server.providers.tables import model_target
from promptops_server.providers.targets import store
from promptops_server.providers.targets.add import add_target
from promptops_server.providers.targets.change import change_target
from promptops_server.providers.targets.credentials import Given
from promptops_server.providers.targets.remove import remove_target
from promptops_server.providers.targets.values import Wanted
from support.model_targets import ADMIN, AUTHOR, deps_of

KEY = "sk-very-secret-key-0123456789"
SEALED = Given("sealed", secret=KEY)
ENV = Given("env", "OPENAI_API_KEY")
GPT = Wanted("gpt-mini", "hosted", "gpt-5-mini-2025-08-07")
HERE = Wanted("here", "local", "llama", base_url="http://127.0.0.1:8000/v1")


def events(db: Database, action: str = "") -> list[dict[str, Any]]:
    with db.read() as conn:
        page = read_log(conn, "installation", Filter(action=action or None), limit=50, after=None)
    return sorted(page.items, key=lambda e: e["seq"])


def faults(error: Invalid) -> dict[str, str]:
    return {e["key"]: e["message"] for e in error.members["errors"]}


def test_a_target_is_kept_as_it_was_added(any_database: Database) -> None:
    deps = deps_of(any_database)
    wanted = replace(
        GPT,
        base_url="https://Gateway.Bank.example/openai/",
        projects=("bank",),
        limits=Limits(600, 100_000, 16),
        budget_month=50_000_000,
        region="eu",
        data_class="confidential",
        catalogue_id="gpt-5-mini",
    )
    made = add_target(deps, ADMIN, wanted, SEALED)
    with any_database.read() as conn:
        found = store.by_name(conn, "GPT-Mini")
    assert found == made
    target = made.target
    assert target.base_url == "https://gateway.bank.example/openai"
    assert (target.limits.concurrency, target.budget_month, target.alias) == (16, 50_000_000, False)
    assert target.may_be_used_by("bank")
    assert not target.may_be_used_by("clinic")
    assert deps.credentials.secret_of(target) == KEY
    (event,) = events(any_database, "model.add")
    assert event["object"]["id"] == "gpt-mini"
    assert event["after"]["credential"] == "sealed"
    assert KEY not in json.dumps(event)


def test_only_who_manages_models_may_do_any_of_it(database: Database) -> None:
    deps = deps_of(database)
    with pytest.raises(Denied):
        add_target(deps, AUTHOR, GPT, ENV)
    add_target(deps, ADMIN, GPT, ENV)
    with pytest.raises(Denied):
        change_target(deps, AUTHOR, GPT)
    with pytest.raises(Denied):
        remove_target(deps, AUTHOR, "gpt-mini")


def test_every_fault_is_told_at_once_with_its_field(database: Database) -> None:
    wanted = Wanted(
        "no name",
        "hostd",
        "a b",
        base_url="https://u:p@x.example",
        data_class="secret",
        projects=(),
        limits=Limits(0, -1, 100_000),
        budget_month=-1,
    )
    with pytest.raises(Invalid) as told:
        add_target(deps_of(database), ADMIN, wanted)
    assert set(faults(told.value)) == {
        *("name", "provider", "model", "base_url", "data_class", "projects", "budget_month"),
        *("limits.requests_per_minute", "limits.tokens_per_minute", "limits.concurrency"),
    }
    fix = {e["key"]: e.get("fix", "") for e in told.value.members["errors"]}
    assert fix["provider"] == "did you mean hosted?"


@pytest.mark.parametrize(
    ("wanted", "given", "key"),
    [
        (replace(GPT, name="Catalogue"), ENV, "name"),
        (replace(GPT, name="a/b"), ENV, "name"),
        (GPT, None, "credential"),
        (GPT, Given("env", "PATH"), "credential"),
        (replace(GPT, projects=("bank", "nowhere")), ENV, "projects"),
        (replace(HERE, base_url=None), None, "base_url"),
        (replace(GPT, options={"x": "1"}), ENV, "options.x"),
        (Wanted("r", "regional", "m"), ENV, "options.place"),
        (Wanted("r", "regional", "m", options={"place": "u:p@evil.example/"}), ENV, "options"),
        (Wanted("r", "regional", "m", options={"place": "a\nb"}), ENV, "options.place"),
        (Wanted("p", "placed", "m"), ENV, "region"),
        (replace(GPT, base_url="https://169.254.169.254/latest"), ENV, "base_url"),
        (replace(GPT, base_url="http://8.8.8.8/v1"), ENV, "base_url"),
    ],
)
def test_what_cannot_be_a_target_is_refused(
    database: Database, wanted: Wanted, given: Given | None, key: str
) -> None:
    with pytest.raises(Invalid) as told:
        add_target(deps_of(database), ADMIN, wanted, given)
    assert list(faults(told.value)) == [key]
    assert events(database) == []


def test_an_id_that_says_latest_is_an_alias_unless_it_is_said_otherwise(database: Database) -> None:
    deps = deps_of(database)
    latest = replace(GPT, model="gpt-latest")
    assert add_target(deps, ADMIN, latest, ENV).target.alias
    assert not change_target(deps, ADMIN, replace(latest, alias=False)).target.alias


def test_a_name_is_taken_in_every_case_until_it_is_removed(any_database: Database) -> None:
    deps = deps_of(any_database)
    first = add_target(deps, ADMIN, GPT, SEALED)
    for name in ("gpt-mini", "GPT-Mini"):
        with pytest.raises(Conflict, match="gpt-mini"):
            add_target(deps, ADMIN, replace(GPT, name=name), ENV)
    remove_target(deps, ADMIN, "gpt-mini")
    second = add_target(deps, ADMIN, replace(GPT, name="GPT-mini"), ENV)
    assert second.target.id != first.target.id
    remove_target(deps, ADMIN, "GPT-mini")
    with any_database.read() as conn:
        assert store.by_name(conn, "gpt-mini") is None
        assert store.some(conn, limit=10) == []
        gone = store.by_ids(conn, [first.target.id, second.target.id, "nobody"])
        secrets = conn.execute(select(model_target.c.secret_sealed)).scalars().all()
    assert {one.target.name for one in gone.values()} == {"gpt-mini", "GPT-mini"}
    assert all(one.removed_at and not one.target.enabled for one in gone.values())
    assert secrets == [None, None]
    assert [e["action"] for e in events(any_database)] == [
        *("model.add", "model.remove", "model.add", "model.remove")
    ]
    with pytest.raises(NotFound):
        remove_target(deps, ADMIN, "gpt-mini")


def test_one_of_two_at_once_gets_the_name(any_database: Database) -> None:
    deps = deps_of(any_database)
    results: list[str] = []
    gate = threading.Barrier(4)

    def add(at: int) -> None:
        gate.wait()
        try:
            add_target(deps, ADMIN, replace(GPT, name="GPT-mini" if at % 2 else "gpt-mini"), ENV)
            results.append("added")
        except Conflict:
            results.append("taken")

    threads = [threading.Thread(target=add, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["added", "taken", "taken", "taken"]
    assert len(events(any_database)) == 1


def test_a_change_keeps_the_credential_while_the_address_stays(any_database: Database) -> None:
    deps = deps_of(any_database)
    add_target(deps, ADMIN, GPT, SEALED)
    changed = change_target(
        deps, ADMIN, replace(GPT, model="gpt-6", budget_month=5, enabled=False), seen=1
    )
    assert (changed.target.revision, changed.target.model) == (2, "gpt-6")
    assert deps.credentials.secret_of(changed.target) == KEY
    (event,) = events(any_database, "model.change")
    assert (event["before"]["model"], event["after"]["model"]) == (GPT.model, "gpt-6")
    assert event["after"]["credential_given"] is False


@pytest.mark.parametrize("given", [SEALED, ENV])
@pytest.mark.parametrize(
    "moved",
    [
        replace(GPT, base_url="https://evil.example/v1"),
        replace(GPT, base_url="https://api.hosted.example:444/v1"),
        replace(GPT, base_url="https://api.hosted.example/other"),
        replace(GPT, provider="local", base_url="https://evil.example/v1"),
        replace(GPT, provider="regional", options={"place": "eu-1"}),
    ],
)
def test_no_credential_follows_to_another_address(
    database: Database, given: Given, moved: Wanted
) -> None:
    deps = deps_of(database, environ={"OPENAI_API_KEY": KEY, "OTHER_API_KEY": "other"})
    add_target(deps, ADMIN, GPT, given)
    with pytest.raises(Invalid) as told:
        change_target(deps, ADMIN, moved)
    assert list(faults(told.value)) == ["credential"]
    changed = change_target(deps, ADMIN, moved, Given("env", "OTHER_API_KEY"))
    assert deps.credentials.secret_of(changed.target) == "other"
    with database.read() as conn:
        assert store.sealed_secret(conn, changed.target.id) is None


def test_no_credential_follows_an_option_to_another_host(database: Database) -> None:
    deps = deps_of(database)
    there = Wanted("r", "regional", "m", options={"place": "eu-1"})
    add_target(deps, ADMIN, there, SEALED)
    same = replace(there, options={"place": "eu-1", "api_version": "2026-01-01"})
    assert change_target(deps, ADMIN, same).target.revision == 2
    with pytest.raises(Invalid):
        change_target(deps, ADMIN, replace(there, options={"place": "us-1"}))


def test_no_credential_follows_a_region_to_another_host(database: Database) -> None:
    deps = deps_of(database)
    there = Wanted("p", "placed", "m", region="eu-1")
    add_target(deps, ADMIN, there, SEALED)
    with pytest.raises(Invalid):
        change_target(deps, ADMIN, replace(there, region="us-1"))
    assert change_target(deps, ADMIN, replace(there, region="us-1"), SEALED).target.revision == 2


def test_a_change_from_an_old_revision_is_refused(any_database: Database) -> None:
    deps = deps_of(any_database)
    add_target(deps, ADMIN, GPT, ENV)
    change_target(deps, ADMIN, replace(GPT, region="eu"), seen=1)
    for late in (
        lambda: change_target(deps, ADMIN, replace(GPT, region="us"), seen=1),
        lambda: remove_target(deps, ADMIN, "gpt-mini", seen=1),
    ):
        with pytest.raises(Conflict) as told:
            late()
        assert told.value.members["current"] == "t2"


def test_of_changes_at_once_none_is_lost_unseen(any_database: Database) -> None:
    deps = deps_of(any_database)
    add_target(deps, ADMIN, GPT, ENV)
    results: list[bool] = []
    gate = threading.Barrier(4)

    def change(at: int) -> None:
        gate.wait()
        try:
            change_target(deps, ADMIN, replace(GPT, region=f"r{at}"), seen=1)
            results.append(True)
        except Conflict:
            results.append(False)

    threads = [threading.Thread(target=change, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]
    assert len(events(any_database, "model.change")) == 1


def test_a_name_in_another_case_is_not_the_target(database: Database) -> None:
    deps = deps_of(database)
    add_target(deps, ADMIN, GPT, ENV)
    with pytest.raises(NotFound):
        change_target(deps, ADMIN, replace(GPT, name="GPT-MINI"))


def test_a_change_of_model_or_address_forgets_the_last_check(database: Database) -> None:
    deps = deps_of(database)
    made = add_target(deps, ADMIN, GPT, ENV).target
    with database.write() as tx:
        assert store.keep_check(tx.conn, made.id, 1, {"ok": True}, tx.now)
        assert not store.keep_check(tx.conn, made.id, 7, {"ok": False}, tx.now)
    assert change_target(deps, ADMIN, replace(GPT, region="eu")).checked == {"ok": True}
    assert change_target(deps, ADMIN, replace(GPT, model="other")).checked is None


def test_a_list_goes_page_by_page_and_a_projects_list_holds_what_it_may_use(
    any_database: Database,
) -> None:
    deps = deps_of(any_database)
    for name, projects, enabled in (
        ("all", None, True),
        ("Bank-only", ("bank",), True),
        ("clinic-only", ("clinic",), True),
        ("both", ("clinic", "bank"), True),
        ("off", None, False),
    ):
        wanted = replace(HERE, name=name, projects=projects, enabled=enabled)
        add_target(deps, ADMIN, wanted)
    with any_database.read() as conn:
        names = [one.target.name for one in store.some(conn, limit=10)]
        assert names == ["all", "Bank-only", "both", "clinic-only", "off"]
        after = [one.target.name for one in store.some(conn, after="bank-only", limit=2)]
        assert after == ["both", "clinic-only"]
        usable = [one.target.name for one in store.some(conn, limit=10, project="bank")]
        assert usable == ["all", "Bank-only", "both"]
        assert [o.target.name for o in store.some(conn, limit=10, project="b_nk")] == ["all"]
        found = store.by_names(conn, ["BOTH", "all", "nobody"])
        assert {key: one.target.name for key, one in found.items()} == {
            "both": "both",
            "all": "all",
        }


def test_a_variable_that_cannot_be_a_key_is_refused_before_it_is_called(database: Database) -> None:
    deps = deps_of(database, environ={ENV.name: "sk-one\nsk-two"})
    with pytest.raises(Invalid) as told:
        add_target(deps, ADMIN, GPT, ENV)
    assert "line breaks" in faults(told.value)["credential"]
