"""Writing the defaults of records over HTTP: a commit on main, checked, audited, on what was seen."""

from __future__ import annotations

import pytest
from bank import Bank, client
from starlette.testclient import TestClient

from promptops_server.registry.git import read
from promptops_server.registry.versions import get_version
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED

HOURS = "branches/hours"
ROOT = "projects/bank/record-defaults"
BRANCHES = f"{ROOT}/branches"


@pytest.fixture
def http(bank: Bank) -> TestClient:
    bank.put(HOURS, PROMPT)
    bank.put("other/prompt", PROMPT)
    return client(bank.db)


def put(http: TestClient, where: str, text: str, tag: str | None = None):  # type: ignore[no-untyped-def]
    headers = {} if tag is None else {"If-Match": tag}
    return http.put(where, json={"text": text, "message": "Defaults"}, headers=headers)


def test_defaults_are_written_read_and_counted_with_the_prompts_below(
    bank: Bank, http: TestClient
) -> None:
    none = http.get(BRANCHES)
    assert (none.json()["exists"], none.json()["affected"]) == (False, 1)
    made = put(http, BRANCHES, MODULE, none.headers["etag"])
    assert made.status_code == 200, made.text
    assert made.json()["prompts"] == [HOURS]
    assert put(http, ROOT, DEFAULTS).json()["affected"] == 2
    again = http.get(BRANCHES)
    assert again.json()["record"] == {"use_case_id": "UC-RB-051"}
    assert again.headers["etag"] == made.headers["etag"]
    with bank.db.read() as conn:
        head = read.head_commit(conn, bank.project.id, "refs/heads/main")
        assert head is not None
        files = read.files(conn, bank.project.id, head.oid)
    assert {"record-defaults.yml", "branches/record-defaults.yml"} <= set(files)
    assert bank.events("record.set_defaults") == [
        "bank/branches/record-defaults.yml",
        "bank/record-defaults.yml",
    ]


def test_prompts_take_defaults_up_with_their_next_version(bank: Bank, http: TestClient) -> None:
    put(http, BRANCHES, MODULE)
    put(http, ROOT, DEFAULTS)
    assert http.get(f"projects/bank/record/{HOURS}@1").json()["tier"] is None
    with bank.db.read() as conn:
        assert get_version(conn, bank.project, HOURS).number == 1
    bank.put(HOURS, PROMPT + TYPED, parent=1)
    told = http.get(f"projects/bank/record/{HOURS}@2").json()
    assert (told["tier"], told["complete"]) == ("low", True)


def test_a_change_names_what_it_was_made_from(http: TestClient) -> None:
    first = put(http, ROOT, MODULE).headers["etag"]
    assert put(http, ROOT, DEFAULTS).status_code == 428
    second = put(http, ROOT, DEFAULTS, first)
    assert second.status_code == 200
    stale = put(http, ROOT, MODULE, first)
    assert (stale.status_code, stale.json()["current"]["content"]) == (409, DEFAULTS)
    assert put(http, ROOT, DEFAULTS, second.headers["etag"]).json()["commit"] is None


def test_a_blank_text_removes_the_file(http: TestClient) -> None:
    tag = put(http, ROOT, DEFAULTS).headers["etag"]
    gone = put(http, ROOT, " ", tag)
    assert (gone.json()["exists"], gone.headers["etag"]) == (False, '"none"')
    assert put(http, ROOT, "", '"none"').json()["commit"] is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("intent: Everybody wants the same of every prompt, and it says so here.\n", "intent"),
        ("impact: {score: 7}\n", "impact.score"),
        ("a: [\n", ""),
    ],
)
def test_defaults_with_errors_are_refused_with_their_place(
    bank: Bank, http: TestClient, text: str, key: str
) -> None:
    refused = put(http, ROOT, text)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["key"] == key
    assert refused.json()["errors"][0]["file"] == "record-defaults.yml"
    assert bank.events("record.set_defaults") == []


def test_only_who_may_write_prompts_there_may_write_defaults(bank: Bank, http: TestClient) -> None:
    reader = client(bank.db, as_="vera")
    assert reader.get(ROOT).status_code == 200
    assert put(reader, ROOT, MODULE).status_code == 403
    assert put(client(bank.db, as_="sam"), ROOT, MODULE).status_code == 404
    assert http.get(f"{ROOT}/a//b").status_code == 400
    assert http.put(ROOT, json={"text": MODULE, "more": 1}).status_code == 422
