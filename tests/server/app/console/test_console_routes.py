"""What a console shows in one call, asked of a real server on either database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from support.reviewed_files import reviewed_prompt
from support.server import RunningServer, untroubled

YAML = {"Content-Type": "application/yaml"}


@dataclass
class House:
    """root is an administrator, ada writes in bank, eve may read nothing."""

    root: httpx2.Client
    ada: httpx2.Client
    eve: httpx2.Client


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    with untroubled(request, tmp_path_factory.mktemp("console"), "console") as server:
        root = server.api(server.token("root", "admin"))
        _fill(root)
        people = {name: _sign_in(server, root, name) for name in ("ada", "eve")}
        for user, role in (("ada", "author"), ("bea", "approver"), ("carl", "reviewer")):
            more = {"module": "claims"} if user == "carl" else {}
            grant = {"user": user, "project": "bank", "role": role, **more}
            assert root.post("/grants", json=grant).is_success
        review = {"path": "claims/triage", "message": "Please look"}
        assert people["ada"].post("/projects/bank/reviews", json=review).status_code == 201
        yield House(root, people["ada"], people["eve"])
        for client in (root, *people.values()):
            client.close()


def _sign_in(server: RunningServer, root: httpx2.Client, name: str) -> httpx2.Client:
    password = f"correct horse {name}"
    assert root.post("/users", json={"name": name, "password": password}).is_success
    with httpx2.Client(auth=(name, password), base_url=server.url) as basic:
        made = basic.post("/api/v1/tokens", json={"name": "test"}).json()
    return server.api(made["token"])


def _put(root: httpx2.Client, path: str, text: str, tag: str = "") -> None:
    headers = {**YAML, **({"If-Match": tag} if tag else {})}
    answer = root.put(f"/projects/{path}", content=text, headers=headers)
    assert answer.status_code == 201, answer.text


def _fill(root: httpx2.Client) -> None:
    for name, title in (("bank", "Retail bank"), ("clinic", "The clinic")):
        assert root.post("/projects", json={"name": name, "title": title}).is_success
    shown = {"bea": "Beatrice van Dam", "carl": "Carl Ng"}
    for name, display in shown.items():
        assert root.post("/users", json={"name": name, "display_name": display}).is_success
    assert root.post("/users", json={"name": "robot", "kind": "service"}).is_success
    robot = {"user": "robot", "project": "bank", "role": "author"}
    assert root.post("/grants", json=robot).is_success
    for path in ("claims/triage", "claims/motor/total", "letters/decline", "welcome"):
        _put(root, f"bank/prompts/{path}", reviewed_prompt())
    _put(root, "clinic/prompts/triage", reviewed_prompt())
    staging = "/projects/bank/environments/staging"
    release = {"prompts": [{"path": "claims/triage"}, {"path": "welcome"}], "reason": "First use"}
    assert root.post(f"{staging}/releases", json=release).status_code == 201
    _put(root, "bank/prompts/welcome", reviewed_prompt(says="Welcome, {{ branch }}."), '"v1"')
    later = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    again = {"prompts": [{"path": "welcome"}], "reason": "Second use", "at": later}
    assert root.post(f"{staging}/releases", json=again).is_success


def got(api: httpx2.Client, path: str, **query: Any) -> dict[str, Any]:
    answer = api.get(path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_projects_home_says_what_is_live_where(house: House) -> None:
    home = got(house.ada, "/projects/bank/overview")
    counts = {name: home[name] for name in ("prompts", "invalid", "drafts", "behind")}
    assert counts == {"prompts": 4, "invalid": 0, "drafts": 3, "behind": 1}
    assert home["modules"] == {"number": 2, "more": False}
    assert home["open_requests"] == {"number": 1, "more": False}
    staging, production = home["environments"]
    assert (staging["name"], staging["live"], staging["suspended"]) == ("staging", 2, 0)
    assert staging["behind"] == {"number": 1, "more": False}
    assert (staging["release"]["number"], staging["release"]["by"]) == (1, "root")
    assert (staging["schedule"]["prompts"], staging["schedule"]["count"]) == (1, 1)
    assert (production["release"], production["live"], production["schedule"]) == (None, 0, None)
    assert home["activity"][0]["at"] >= home["activity"][1]["at"]
    assert {"publish", "edit"} <= {item["kind"] for item in home["activity"]}


def test_what_waits_is_counted_for_the_one_who_asks(house: House) -> None:
    assert got(house.ada, "/projects/bank/overview")["work"]["number"] == 0
    grant = {"user": "eve", "project": "clinic", "role": "approver"}
    assert house.root.post("/grants", json=grant).is_success
    assert got(house.eve, "/projects/clinic/overview")["work"]["number"] == 0
    asked = {"path": "triage", "message": "Please"}
    assert house.root.post("/projects/clinic/reviews", json=asked).is_success
    assert got(house.eve, "/projects/clinic/overview")["work"]["number"] == 1
    assert house.root.request("DELETE", "/grants", params=grant).is_success


def test_a_suspended_prompt_is_told_as_such(house: House) -> None:
    staging = "/projects/clinic/environments/staging"
    said = {"reason": "Something is wrong"}
    made = {"prompts": [{"path": "triage"}], **said}
    assert house.root.post(f"{staging}/releases", json=made).is_success
    assert house.root.post(f"{staging}/suspend", json={"prompts": ["triage"], **said}).is_success
    place = got(house.root, "/projects/clinic/overview")["environments"][0]
    assert (place["live"], place["suspended"], place["release"]["kind"]) == (0, 1, "suspend")


def test_the_tree_opens_level_by_level(house: House) -> None:
    top = got(house.ada, "/projects/bank/tree")
    assert [(m["path"], m["prompts"], m["more"]) for m in top["modules"]] == [
        ("claims", 2, False),
        ("letters", 1, False),
    ]
    (welcome,) = top["prompts"]
    assert (welcome["path"], welcome["version"], welcome["state"]) == ("welcome", 2, "draft")
    assert welcome["live"] == [{"environment": "staging", "version": 1}]
    below = got(house.ada, "/projects/bank/tree", module="claims")
    assert [m["path"] for m in below["modules"]] == ["claims/motor"]
    assert [(p["path"], p["state"]) for p in below["prompts"]] == [("claims/triage", "published")]


def test_pages_of_the_tree_meet(house: House) -> None:
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 1}
    while True:
        page = got(house.ada, "/projects/bank/tree", **query)
        seen += [one["path"] for one in (*page["modules"], *page["prompts"])]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == ["claims", "letters", "welcome"]
    for bad in ("x", "WyJ4IiwiIl0"):
        answer = house.ada.get("/projects/bank/tree", params={"cursor": bad})
        assert answer.status_code == 400


def test_accounts_are_called_by_their_display_names(house: House) -> None:
    asked = {"name": ["carl", "Bea", "nobody.here", "robot"]}
    found = house.ada.get("/projects/bank/names", params=asked).json()
    assert found == {
        "names": {"carl": "Carl Ng", "Bea": "Beatrice van Dam", "robot": "robot"},
    }
    assert house.eve.get("/projects/bank/names", params=asked).status_code == 404
    too_many = {"name": [f"somebody{n}" for n in range(101)]}
    assert house.ada.get("/projects/bank/names", params=too_many).status_code in (400, 422)


def test_people_are_found_by_the_beginning_of_a_name(house: House) -> None:
    def names(**query: Any) -> list[str]:
        return [one["name"] for one in got(house.ada, "/projects/bank/people", **query)["items"]]

    assert names() == ["ada", "bea", "carl"]  # no machine, and nobody without a role
    assert names(q="BEA") == ["bea"]
    assert names(q="van") == ["bea"]
    assert names(q="dam") == ["bea"]
    assert names(q="%") == []
    assert names(role="reviewer") == ["carl"]
    (carl,) = got(house.ada, "/projects/bank/people", q="carl")["items"]
    assert carl["grants"] == [
        {"role": "reviewer", "module": "claims", "environment": "", "everywhere": False}
    ]
    first = got(house.ada, "/projects/bank/people", limit=2)
    rest = got(house.ada, "/projects/bank/people", limit=2, cursor=first["next"])
    assert [one["name"] for one in rest["items"]] == ["carl"]


def hits(api: httpx2.Client, q: str) -> list[tuple[str, str]]:
    return [(hit["kind"], hit["address"]) for hit in got(api, "/search", q=q)["items"]]


def test_a_few_words_find_everything(house: House) -> None:
    assert hits(house.root, "bank")[0] == ("project", "bank")
    assert ("environment", "bank@staging") in hits(house.root, "stag")
    assert hits(house.root, "clinic stag") == [("environment", "clinic@staging")]
    assert ("release", "bank@staging") in hits(house.root, "r1")
    assert hits(house.root, "r1 bank") == [("release", "bank@staging")]
    assert ("review", "bank/claims/triage@1") in hits(house.root, "#1")
    assert hits(house.root, "triage")[-2:] == [
        ("prompt", "clinic/triage"),
        ("prompt", "bank/claims/triage"),
    ]
    assert hits(house.root, "bank/claims/tri") == [("prompt", "bank/claims/triage")]
    assert hits(house.root, "") == hits(house.root, "nothing like it") == []
    assert hits(house.root, "r99999999999") == []


def test_only_what_one_may_read_is_found(house: House) -> None:
    assert hits(house.ada, "triage") == [("prompt", "bank/claims/triage")]
    assert hits(house.ada, "clinic") == hits(house.ada, "clinic/triage") == []
    for words in ("bank", "stag", "r1", "#1", "triage"):
        assert hits(house.eve, words) == []


def test_what_is_documented_is_counted(house: House) -> None:
    found = got(house.ada, "/projects/bank/coverage")
    assert [tier["tier"] for tier in found["tiers"]] == ["high", "medium", "low", None]
    judged = sum(tier["complete"] + tier["incomplete"] for tier in found["tiers"])
    # One version is in review; the others were not judged yet.
    assert (judged, found["unknown"]) == (1, 3)
    assert [due["days"] for due in found["due"]] == [30, 60, 90]
    assert (found["approvals_lapsed"], found["overdue"]) == (0, 0)
