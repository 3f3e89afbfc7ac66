"""Two environments beside each other, or an environment and the newest versions."""

from __future__ import annotations

from typing import Any

import pytest
from release_world import AUTHOR, World, actor_with
from sqlalchemy import insert, select
from test_release_routes import client

from promptops_server.access.policy import authorise
from promptops_server.infra.cursor import encode
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.releases.compare import compare_sides
from promptops_server.releases.tables import environment, live

PIA = actor_with("author", "publisher", name="pia")


@pytest.fixture
def compared(world: World) -> World:
    """`a` differs, `m/b` is the same, `m/c` is suspended in staging, `n` and `z` are live on one side only."""
    for path in ("a", "m/b", "m/c", "n", "z"):
        world.put(path, "one")
    world.publish("a", "m/b", "m/c", "n")
    world.publish("a", "m/b", "m/c", "z", to="production", actor=PIA)
    world.put("a", "two", model="openai/gpt-4.1")
    world.publish("a")
    world.suspend("m/c")
    return world


def compare(world: World, start: str, end: str, **more: Any) -> Any:
    with client(world) as http:
        answer = http.get("/compare", params={"from": start, "to": end, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines(answer: Any) -> list[tuple[str, str, int | None, int | None]]:
    return [
        (
            item["path"],
            item["kind"],
            item["from"] and item["from"]["version"],
            item["to"] and item["to"]["version"],
        )
        for item in answer["items"]
    ]


def test_prompts_that_differ_are_told_by_path_with_what_differs(compared: World) -> None:
    answer = compare(compared, "production", "staging")
    assert lines(answer) == [
        ("a", "version", 1, 2),
        ("m/c", "suspended", 1, 1),
        ("n", "only_in_to", None, 1),
        ("z", "only_in_from", 1, None),
    ]
    a, c, n, z = answer["items"]
    assert (a["behaviour_changed"], a["record_changed"]) == (True, False)
    assert (a["sections"], a["classes"]) == (["messages", "model"], ["instructions", "model"])
    assert (c["from"]["state"], c["to"]["state"], c["sections"]) == ("live", "suspended", [])
    assert (n["behaviour_changed"], z["record_changed"]) == (None, None)
    assert answer["counts"] == {
        "only_in_from": 1, "only_in_to": 1, "version": 1, "suspended": 1, "same": 1,
    }  # fmt: skip
    assert (answer["from"]["name"], answer["to"]["name"]) == ("production@r1", "staging@r3")
    same = compare(compared, "production", "staging", same=True)
    assert [line[:2] for line in lines(same)][1] == ("m/b", "same")
    assert len(same["items"]) == 5


def test_what_publishing_would_change_is_main_against_an_environment(compared: World) -> None:
    compared.put("new", "one")
    compared.archive("z")
    answer = compare(compared, "production", "main")
    assert lines(answer) == [
        ("a", "version", 1, 2),
        ("n", "only_in_to", None, 1),
        ("new", "only_in_to", None, 1),
        ("z", "only_in_from", 1, None),
    ]
    assert answer["to"] == {
        "name": "main", "environment": None, "release": None, "acknowledged_at": None,
    }  # fmt: skip
    turned = compare(compared, "main", "production")
    assert [item["kind"] for item in turned["items"]] == [
        *("version", "only_in_from", "only_in_from", "only_in_to")
    ]
    assert compare(compared, "main", "main")["items"] == []


def test_a_side_may_be_a_release_or_a_time(compared: World) -> None:
    answer = compare(compared, "staging@r1", "staging")
    assert lines(answer) == [("a", "version", 1, 2), ("m/c", "suspended", 1, 1)]
    moment = answer["from"]["acknowledged_at"]
    assert compare(compared, f"staging@{moment}", "staging")["items"] == answer["items"]
    assert lines(compare(compared, "staging@r0", "staging@1")) == [
        (path, "only_in_to", None, 1) for path in ("a", "m/b", "m/c", "n")
    ]


def test_content_that_came_back_under_a_new_number_says_that_nothing_changed(world: World) -> None:
    for text in ("one", "two", "one"):
        world.put("a", text)
    world.publish("a@1")
    (item,) = compare(world, "staging", "main")["items"]
    assert (item["kind"], item["from"]["version"], item["to"]["version"]) == ("version", 1, 3)
    assert (item["behaviour_changed"], item["sections"], item["classes"]) == (False, [], [])


def test_a_module_is_compared_alone(compared: World) -> None:
    answer = compare(compared, "production", "staging", module="m", same=True)
    assert [line[0] for line in lines(answer)] == ["m/b", "m/c"]
    assert answer["counts"]["same"] == 1
    assert sum(answer["counts"].values()) == 2


def test_pages_stay_on_the_releases_of_the_first(compared: World) -> None:
    whole = compare(compared, "production", "staging", same=True)["items"]
    page = compare(compared, "production", "staging", same=True, limit=2)
    seen = page["items"]
    compared.put("a", "three")
    compared.publish("a")
    compared.publish("z")
    while page["next"]:
        page = compare(compared, "production", "staging", same=True, limit=2, cursor=page["next"])
        assert (page["counts"], page["to"]["release"]) == (None, 3)
        seen += page["items"]
    assert seen == whole


def test_paths_come_byte_by_byte_from_both_sides(world: World) -> None:
    paths = ["B", "a-b", "a/b", "a.b", "a_b", "b-", "C"]
    for number, path in enumerate(paths):
        world.put(path, "one")
        world.publish(path, to=("staging", "production")[number % 2], actor=PIA)
    answer = compare(world, "staging", "production")
    assert [item["path"] for item in answer["items"]] == sorted(paths)
    assert [i["path"] for i in compare(world, "main", "production", same=True)["items"]] == sorted(
        paths
    )


@pytest.mark.parametrize(
    ("given", "status", "kind"),
    [
        ({"from": "nowhere", "to": "main"}, 404, "unknown-environment"),
        ({"from": "staging@r9", "to": "main"}, 404, "unknown-release"),
        ({"from": "staging@", "to": "main"}, 400, "bad-side"),
        ({"from": "main@r1", "to": "main"}, 400, "bad-side"),
        ({"from": "staging@soon", "to": "main"}, 400, "bad-time"),
        ({"from": "staging@2999-01-01T00:00:00Z", "to": "main"}, 422, "future-time"),
        ({"from": "main", "to": "main", "module": "a//b"}, 400, "bad-path"),
        ({"from": "main", "to": "main", "cursor": "x"}, 400, "bad-cursor"),
        ({"from": "main", "to": "main", "cursor": encode("a", 1)}, 400, "bad-cursor"),
        ({"from": "main", "to": "main", "cursor": encode("../a", 1, 1)}, 400, "bad-cursor"),
        ({"from": "main", "to": "main", "cursor": encode("a", 2**40, 1)}, 400, "bad-cursor"),
        ({"from": "staging", "to": "main", "cursor": encode("a", 77, -1)}, 404, "unknown-release"),
        ({"to": "main"}, 422, None),
    ],
)
def test_bad_input_is_told(
    sqlite_world: World, given: dict[str, str], status: int, kind: str
) -> None:
    with client(sqlite_world) as http:
        answer = http.get("/compare", params=given)
    assert answer.status_code == status, answer.text
    if kind:
        assert answer.json()["type"] == f"urn:promptops:problem:{kind}"


def test_viewers_may_compare_and_strangers_see_no_project(compared: World) -> None:
    given = {"from": "staging", "to": "production"}
    with client(compared, as_="vic") as http:
        assert http.get("/compare", params=given).status_code == 200
    with client(compared, as_="sam") as http:
        assert http.get("/compare", params=given).status_code == 404


def test_an_invalid_newest_version_is_said_to_be_invalid(sqlite_world: World) -> None:
    world = sqlite_world
    world.put("a", "one")
    world.publish("a")
    import_prompts(
        *(world.db, AUTHOR, authorise, world.project.name),
        [("a", "messages: nonsense\n")],
        allow_invalid=True,
    )
    (item,) = compare(world, "staging", "main")["items"]
    assert (item["from"]["valid"], item["to"]["valid"]) == (True, False)
    assert (item["behaviour_changed"], item["sections"], item["classes"]) == (None, None, None)


def test_a_dry_run_tells_the_same_by_section(compared: World) -> None:
    with client(compared) as http:
        body = {"prompts": [{"path": "a"}, {"path": "n"}], "dry_run": True}
        shown = http.post("/environments/production/releases", json=body).json()
    a, n = shown["prompts"]
    assert (a["keys"], a["classes"]) == (
        ["model", "messages[0].content"],
        ["instructions", "model"],
    )
    assert [s["section"] for s in a["sections"]] == ["messages", "model"]
    assert (a["behaviour_changed"], a["record_changed"], a["words_complete"]) == (True, False, True)
    segments = a["sections"][0]["messages"][0]["text"]["segments"]
    assert segments == [{"op": "delete", "text": "one"}, {"op": "insert", "text": "two"}]
    assert (n["behaviour_changed"], n["record_changed"]) == (True, True)
    assert {m["kind"] for s in n["sections"] for m in s["messages"]} == {"added"}


def test_many_equal_prompts_are_compared_in_the_database(world: World) -> None:
    """What is the same on both sides is neither loaded nor parsed: a page holds what differs alone."""
    world.put("zz/last", "one")
    world.publish("zz/last")
    with world.db.write() as tx:
        places = tx.conn.execute(select(environment.c.id)).scalars().all()
        rows = [
            {
                "environment_id": place, "path": f"m/p{number:05d}", "bucket": 0, "state": "live",
                "version": 1, "digest": "", "extension": ".prompt.yml", "blob_oid": "0" * 40,
                "reason": "", "leaf": b"", "from_release": 1, "to_release": None,
            }
            for place in places
            for number in range(3_000)
        ]  # fmt: skip
        tx.conn.execute(insert(live), rows)
    with world.db.read() as conn:
        found = compare_sides(conn, world.project, "staging", "production", limit=10)
        assert [item.path for item in found.page.items] == ["zz/last"]
        assert found.counts is not None
        assert found.counts["same"] == 3_000
