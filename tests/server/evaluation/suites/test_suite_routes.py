"""Reading, writing and listing suites over HTTP: a commit on main, checked, audited, on what was seen."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from suite_world import SUITE, TRIAGE, World

from promptops_server.evaluation.suites import listing
from promptops_server.infra.database import Database
from promptops_server.registry.git import read

WHERE = "projects/bank/suites"
TRIAGES = f"{WHERE}/claims/triage"


@pytest.fixture
def world(any_database: Database) -> World:
    made = World(any_database)
    made.prompt("claims/triage")
    return made


@pytest.fixture
def http(world: World) -> TestClient:
    return world.http()


def put(http: TestClient, where: str, text: str, tag: str | None = None):  # type: ignore[no-untyped-def]
    headers = {} if tag is None else {"If-Match": tag}
    return http.put(where, json={"text": text, "message": "Cases"}, headers=headers)


def test_a_suite_is_written_read_replaced_and_removed(world: World, http: TestClient) -> None:
    assert http.get(TRIAGES).status_code == 404
    made = put(http, TRIAGES, SUITE)
    assert made.status_code == 200, made.text
    told = made.json()
    assert (told["name"], told["file"], told["prompt"]) == (
        "claims/triage",
        "claims/triage.suite.yml",
        "claims/triage",
    )
    assert (told["title"], told["cases"], told["exists"]) == ("Weather", 2, True)
    again = http.get(f"{TRIAGES}.suite.yml")
    assert again.json()["text"] == SUITE and again.headers["etag"] == made.headers["etag"]
    assert put(http, TRIAGES, SUITE + "# more\n").status_code == 428
    more = put(http, TRIAGES, SUITE + "# more\n", made.headers["etag"])
    assert more.json()["commit"] and more.json()["digest"] == told["digest"]
    stale = put(http, TRIAGES, SUITE, made.headers["etag"])
    assert (stale.status_code, stale.json()["current"]["content"]) == (409, SUITE + "# more\n")
    assert put(http, TRIAGES, SUITE + "# more\n", more.headers["etag"]).json()["commit"] is None
    gone = put(http, TRIAGES, " ", more.headers["etag"])
    assert (gone.json()["exists"], http.get(TRIAGES).status_code) == (False, 404)
    assert world.events("suite.put") == ["bank/claims/triage.suite.yml"] * 3


def test_no_version_of_a_prompt_is_made(world: World, http: TestClient) -> None:
    put(http, TRIAGES, SUITE)
    with world.db.read() as conn:
        head = read.head_commit(conn, world.project.id, "refs/heads/main")
        assert head is not None
        files = read.files(conn, world.project.id, head.oid)
    assert sorted(files) == ["claims/triage.prompt.yml", "claims/triage.suite.yml"]
    assert world.prompt("claims/triage", TRIAGE + "tags: [x]\n", parent=1).number == 2


def test_an_error_is_refused_and_what_the_prompt_cannot_take_is_told(http: TestClient) -> None:
    refused = put(http, TRIAGES, SUITE.replace("mot.r", "(?=a)"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["key"] == "evaluators[0].regex.pattern"
    assert refused.json()["errors"][0]["file"] == "claims/triage.suite.yml"
    odd = put(http, TRIAGES, SUITE.replace("claim: 42", "clam: 42"))
    assert odd.status_code == 200
    assert [(p["severity"], p["code"]) for p in odd.json()["problems"]] == [
        ("warning", "missing-input"),
        ("warning", "unknown-input"),
    ]


def test_only_who_may_write_prompts_there_may_write_suites(world: World, http: TestClient) -> None:
    put(http, TRIAGES, SUITE)
    reader = world.http("vera")
    assert reader.get(TRIAGES).status_code == 200
    assert put(reader, f"{WHERE}/other", SUITE).status_code == 403
    assert put(world.http("sam"), f"{WHERE}/other", SUITE).status_code == 404
    assert http.get(f"{WHERE}/a//b").status_code == 400
    assert http.get(f"{WHERE}/testData").status_code == 400
    assert http.put(TRIAGES, json={"text": SUITE, "more": 1}).status_code == 422


def names(http: TestClient, limit: int = 50, **params: str) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = http.get(WHERE, params={"limit": limit, **params, **more}).json()
        assert len(page["items"]) <= limit
        found += [item["name"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found


def test_suites_are_listed_by_path_in_pages(
    world: World, http: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [
        "a",
        "a.b",
        "a/z",
        "b/c/d",
        "b/c.x",
        "b-c/e",
        "claims/triage",
        "claims/triage.edge",
        "z",
    ]
    world.files({f"{path}.suite.yml": SUITE for path in paths})
    world.files({f"deep/{n}/more/{n}.txt": "x" for n in range(9)} | {"m.suite.yml": "cases: ["})
    listed = sorted([*paths, "m"], key=lambda path: f"{path}.suite.yml")
    for folders in (500, 4):
        monkeypatch.setattr(listing, "FOLDERS", folders)
        for limit in (1, 3, 50):
            assert names(http, limit) == listed
    items = {item["name"]: item for item in http.get(WHERE).json()["items"]} or {}
    assert set(items) <= set(listed)
    monkeypatch.setattr(listing, "FOLDERS", 500)
    items = {item["name"]: item for item in http.get(WHERE).json()["items"]}
    assert (items["m"]["cases"], items["m"]["errors"], items["a"]["prompt"]) == (None, 1, None)
    assert (items["claims/triage.edge"]["prompt"], items["a"]["cases"]) == ("claims/triage", 2)


def test_those_of_one_prompt_are_listed_with_its_own_first(world: World, http: TestClient) -> None:
    world.files({f"claims/triage.s{n}.suite.yml": SUITE for n in range(3)})
    expected = ["testData", *(f"claims/triage.s{n}" for n in range(3))]
    for limit in (1, 2, 50):
        assert names(http, limit, path="claims/triage") == expected
    assert http.get(WHERE, params={"path": "claims/none"}).status_code == 404
    assert http.get(WHERE, params={"cursor": "x"}).status_code == 400


def test_a_suite_is_shown_with_its_cases_and_checks(http: TestClient) -> None:
    put(http, TRIAGES, SUITE)
    contents = http.get(TRIAGES).json()["contents"]
    assert len(contents["cases"]) == 2
    assert {"name", "kind", "settings", "required"} == set(contents["checks"][0])
    assert contents["cases"][0]["inputs"]


def test_a_text_is_checked_without_being_written(world: World, http: TestClient) -> None:
    good = http.put(TRIAGES, json={"text": SUITE, "dry_run": True})
    assert (good.status_code, good.json()["cases"], good.json()["exists"]) == (200, 2, False)
    broken = http.put(TRIAGES, json={"text": "cases: 3\n", "dry_run": True}).json()
    assert broken["cases"] is None and broken["contents"] is None
    assert [p["line"] for p in broken["problems"] if p["severity"] == "error"] == [1]
    assert http.get(TRIAGES).status_code == 404
    assert world.events("suite.put") == []
