"""A prompt's history beyond its moves."""

from __future__ import annotations

from typing import Any

import pytest
from bank import Bank, LiveTable, client, prompt_text
from pusher import Pusher

from promptops_server.infra.cursor import encode
from promptops_server.registry.history.lineage import Place, walk


@pytest.fixture
def pusher(bank: Bank) -> Pusher:
    """Not the first push, which is one step however many commits it has."""
    bank.put("readme", prompt_text("hello"))
    return Pusher(bank)


def move(pusher: Pusher, source: str, target: str, text: str) -> None:
    pusher.add({f"{source}.prompt.yml": None, f"{target}.prompt.yml": text}, f"Move to {target}")


@pytest.fixture
def moved(pusher: Pusher) -> Pusher:
    """`a`@1, @2 → `m/b`@1, @2 → `c`@1, and `a` again, another prompt, from @3 on."""
    pusher.add({"a.prompt.yml": prompt_text("one")}, "One")
    pusher.add({"a.prompt.yml": prompt_text("two")}, "Two")
    move(pusher, "a", "m/b", prompt_text("two"))
    pusher.add({"m/b.prompt.yml": prompt_text("three")}, "Three")
    move(pusher, "m/b", "c", prompt_text("three"))
    pusher.add({"a.prompt.yml": prompt_text("other")}, "Another prompt")
    pusher.push()
    return pusher


def addresses(items: list[dict[str, Any]]) -> list[str]:
    return [f"{item['path']}@{item['version']}" for item in items]


LINE = ["c@1", "m/b@2", "m/b@1", "a@2", "a@1"]


def test_the_history_goes_on_at_the_earlier_address(moved: Pusher) -> None:
    with client(moved.bank.db, LiveTable(production={"c": 1, "a": 2})) as http:
        assert addresses(http.get("/projects/bank/versions/c").json()["items"]) == ["c@1"]
        items = http.get("/projects/bank/versions/c?follow=true").json()["items"]
        again = http.get("/projects/bank/versions/a?follow=true").json()["items"]
    assert addresses(items) == LINE
    assert [i["moved_from"] for i in items] == ["m/b@2", None, "a@2", None, None]
    assert [i["moved_to"] for i in items] == [None, "c@1", None, "m/b@1", None]
    assert [i["live"] for i in items] == [["production"], [], [], ["production"], []]
    assert len({i["commit"] for i in items}) == 5
    # The address was used again: its own numbers go on, and the older ones moved away.
    assert addresses(again) == ["a@3", "a@2", "a@1"]
    assert [i["moved_to"] for i in again] == [None, "m/b@1", None]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_go_on_across_the_seam(moved: Pusher, limit: int) -> None:
    seen: list[str] = []
    cursor = None
    with client(moved.bank.db) as http:
        while True:
            given = {"follow": True, "limit": limit, **({"cursor": cursor} if cursor else {})}
            page = http.get("/projects/bank/versions/c", params=given).json()
            seen += addresses(page["items"])
            cursor = page["next"]
            if cursor is None:
                break
    assert seen == LINE


def test_a_prompt_that_moved_away_and_back_has_one_line(pusher: Pusher) -> None:
    pusher.add({"a.prompt.yml": prompt_text("one")})
    for number in range(2, 40):  # more moves than versions are read at once
        source, target = ("a", "b") if number % 2 == 0 else ("b", "a")
        move(pusher, source, target, prompt_text("one"))
    pusher.push()
    with pusher.bank.db.read() as conn:
        found = [(v.path, v.number) for v in walk(conn, pusher.bank.project, Place("b"))]
        own = [v.number for v in walk(conn, pusher.bank.project, Place("b"), follow=False)]
    assert found[:3] == [("b", 19), ("a", 19), ("b", 18)]
    assert (len(found), len(set(found)), found[-1]) == (38, 38, ("a", 1))
    assert own == list(range(19, 0, -1))


def test_one_version_says_where_it_came_from_and_went(moved: Pusher) -> None:
    with client(moved.bank.db) as http:
        one = http.get("/projects/bank/versions/m/b@1").json()
        two = http.get("/projects/bank/versions/m/b@2").json()
    assert (one["moved_from"], one["moved_to"], one["archived"]) == ("a@2", None, True)
    assert (two["moved_from"], two["moved_to"]) == (None, "c@1")


@pytest.mark.parametrize(
    "cursor", ["x", encode(3), encode("a/../b", 3), encode(" ", 1), encode("a", "b")]
)
def test_a_foreign_cursor_is_bad_input(moved: Pusher, cursor: str) -> None:
    with client(moved.bank.db) as http:
        answer = http.get("/projects/bank/versions/c", params={"follow": True, "cursor": cursor})
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:promptops:problem:bad-cursor")


def test_strangers_see_no_history(moved: Pusher) -> None:
    with client(moved.bank.db, as_="sam") as http:
        for path in ("versions/c?follow=true", "blame/c", "diff/c"):
            assert http.get(f"/projects/bank/{path}").status_code == 404
    with client(moved.bank.db, as_="vera") as http:
        for path in ("versions/c?follow=true", "blame/c", "diff/c"):
            assert http.get(f"/projects/bank/{path}").status_code == 200
