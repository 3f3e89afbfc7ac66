"""Differences of two versions over HTTP: sections, classes, flags, fragments."""

from __future__ import annotations

from typing import Any

import pytest
from bank import AUTHOR, TRIAGE, Bank, LiveTable, client, prompt_text
from starlette.testclient import TestClient

from promptops_server.access.policy import authorise
from promptops_server.registry.edits.import_prompts import import_prompts


def diff(http: TestClient, path: str, **given: Any) -> Any:
    answer = http.get(f"/projects/bank/diff/{path}", params=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_sections_stand_beside_keys_and_text(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    second = TRIAGE.replace("Sort the claim.", "Sort each claim.").replace(
        "[claims, ", "[letters, "
    )
    bank.put("a", second + "record: {intent: Sorting}\n", parent=1)
    with client(bank.db) as http:
        found = diff(http, "a")
        turned = diff(http, "a", **{"from": "2", "to": "v1"})
        none = diff(http, "a", **{"from": "2", "to": "2"})
        first = diff(http, "a", to="1")
    assert found["text"].startswith("--- a@1\n+++ a@2\n@@ ")
    assert [c["key"] for c in found["changes"]] == ["messages[0].content", "tags[0]", "record"]
    assert [s["section"] for s in found["sections"]] == ["messages", "record", "about"]
    assert found["classes"] == ["instructions", "record", "metadata"]
    assert (found["behaviour_changed"], found["record_changed"]) == (True, True)
    assert found["sections"][0]["messages"] == [
        {
            "key": "messages[0]", "kind": "changed", "before": 0, "after": 0,
            "role_before": "system", "role_after": "system", "changes": [],
            "text": {
                "granularity": "words",
                "segments": [
                    {"op": "equal", "text": "Sort "},
                    {"op": "delete", "text": "the"},
                    {"op": "insert", "text": "each"},
                    {"op": "equal", "text": " claim."},
                ],
            },
        }
    ]  # fmt: skip
    assert turned["classes"] == found["classes"]
    assert (none["sections"], none["classes"], none["text"]) == ([], [], "")
    assert (none["behaviour_changed"], none["record_changed"]) == (False, False)
    assert (first["from"], first["behaviour_changed"]) == (None, True)
    assert {m["kind"] for s in first["sections"] for m in s["messages"]} == {"added"}


def test_a_comment_alone_is_cosmetic(small_bank: Bank) -> None:
    small_bank.put("a", TRIAGE)
    small_bank.put("a", "# Another comment\n" + TRIAGE, parent=1)
    with client(small_bank.db) as http:
        found = diff(http, "a")
    assert (found["sections"], found["classes"]) == ([], ["cosmetic"])
    assert (found["behaviour_changed"], found["record_changed"]) == (False, False)


def test_environments_and_other_prompts_are_compared(small_bank: Bank) -> None:
    for number, text in enumerate(("one", "two", "three")):
        small_bank.put("a", prompt_text(text), parent=number or None)
    small_bank.put("m/b", prompt_text("four", model="openai/gpt-4o"))
    live = LiveTable(staging={"a": 2}, production={"a": 1})
    with client(small_bank.db, live) as http:
        found = diff(http, "a", **{"from": "production", "to": "staging"})
        other = diff(http, "m/b", **{"from": "a@staging"})
    assert [s["text"] for s in found["sections"][0]["messages"][0]["text"]["segments"]] == [
        *("one", "two")
    ]
    assert (other["from"]["address"], other["to"]["address"]) == ("bank/a@2", "bank/m/b@1")
    assert other["classes"] == ["instructions", "model"]


def test_resolved_compares_what_a_model_receives(bank: Bank) -> None:
    bank.put("house", prompt_text("Be kind."))
    bank.put("house", prompt_text("Be very kind."), parent=1)
    for number in (1, 2):
        text = prompt_text(f"'Sort. {{{{> house@{number} }}}}'", description=f"Edition {number}")
        bank.put("a", text, parent=number - 1 or None)
    with client(bank.db) as http:
        plain, resolved = diff(http, "a"), diff(http, "a", resolved=True)
    assert [s["section"] for s in plain["sections"]] == ["messages", "about"]
    words = resolved["sections"][0]["messages"][0]["text"]["segments"]
    assert [s["text"] for s in words] == ["Sort. Be ", "very ", "kind."]
    assert "{{>" not in resolved["text"]
    assert "Edition" not in resolved["text"]  # documentation is nothing a model receives
    assert [c["key"] for c in resolved["changes"]] == ["messages[0].content"]


def test_an_invalid_side_has_only_its_text(small_bank: Bank) -> None:
    small_bank.put("a", prompt_text("one"))
    import_prompts(
        small_bank.db,
        AUTHOR,
        authorise,
        "bank",
        [("a", "messages: nonsense\n")],
        allow_invalid=True,
    )
    with client(small_bank.db) as http:
        found = diff(http, "a")
        refused = http.get("/projects/bank/diff/a?resolved=true")
    assert "+messages: nonsense" in found["text"]
    nothing = ("changes", "sections", "classes", "behaviour_changed", "record_changed")
    assert [found[name] for name in nothing] == [None] * 5
    assert (refused.status_code, refused.json()["type"]) == (
        *(422, "urn:promptops:problem:not-resolvable"),
    )


@pytest.mark.parametrize(
    ("given", "status"),
    [({"to": "9"}, 404), ({"from": "@"}, 400), ({"to": "nowhere"}, 404), ({"resolved": "x"}, 422)],
)
def test_what_cannot_be_compared_is_told(
    small_bank: Bank, given: dict[str, str], status: int
) -> None:
    small_bank.put("a", prompt_text("one"))
    with client(small_bank.db) as http:
        answer = http.get("/projects/bank/diff/a", params=given)
    assert answer.status_code == status, answer.text
