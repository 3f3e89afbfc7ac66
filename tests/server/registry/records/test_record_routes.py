"""Records over HTTP: defaults from the repository, what is missing, the inventory, and pushed defaults."""

from __future__ import annotations

import pytest
from bank import ADMIN, Bank, LiveTable, client
from pusher import Pusher

from promptops.format.record import FIELDS
from promptops_server.access.policy import authorise
from promptops_server.infra.cursor import encode
from promptops_server.infra.problems import Invalid
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.projects import create_project
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED

HOURS = "branches/hours"
FILE = f"{HOURS}.prompt.yml"
ROOT = "record-defaults.yml"
BRANCHES = "branches/record-defaults.yml"


@pytest.fixture
def hours(bank: Bank) -> Bank:
    """A complete prompt with its defaults, pushed."""
    pusher = Pusher(bank)
    pusher.add({ROOT: DEFAULTS, BRANCHES: MODULE, FILE: PROMPT + TYPED})
    pusher.push()
    return bank


def test_a_record_is_told_with_its_defaults_and_where_each_value_comes_from(hours: Bank) -> None:
    told = client(hours.db, as_="vera").get(f"projects/bank/record/{HOURS}").json()
    assert (told["complete"], told["tier"]) == (True, "low")
    assert {f["severity"] for f in told["findings"]} <= {"warning"}
    assert told["address"] == f"bank/{HOURS}@1"
    assert told["tier_reasons"] == ["impact 1 + complexity 1 + reliance 1 = 3: low"]
    origins = {v["key"]: (v["id"], v["from"], v["file"]) for v in told["values"]}
    assert origins["use_case_id"] == ("D01", "module", BRANCHES)
    assert origins["data_class"] == ("D30", "project", ROOT)
    assert origins["intent"] == ("D03", "record", None)
    assert origins["owner"] == ("D02", "file", None)
    assert origins["change.class"] == ("D35", "project", ROOT)
    assert origins["change.reason"] == ("D35", "record", None)
    assert told["record"]["model"] == {
        "hosting": "internal",
        "provider": "openai",
        "name": "gpt-4o-2024-08-06",
    }


def test_another_tier_may_be_tried(hours: Bank) -> None:
    http = client(hours.db, as_="vera")
    told = http.get(f"projects/bank/record/{HOURS}", params={"tier": "high"}).json()
    assert (told["complete"], told["tier"], told["judged_at"]) == (False, "low", "high")
    missing = {f["key"] for f in told["findings"] if f["code"] == "missing"}
    assert {"oversight", "contingency", "accountable_manager"} <= missing
    assert http.get(f"projects/bank/record/{HOURS}?tier=extreme").status_code in (400, 422)


def test_a_version_keeps_its_defaults_and_the_newest_state_has_the_newest(hours: Bank) -> None:
    pusher = Pusher(hours)
    pusher.add({ROOT: DEFAULTS.replace("score: 1, reason: A wrong", "score: 3, reason: A wrong")})
    pusher.push()
    http = client(hours.db, LiveTable(production={HOURS: 1}), as_="vera")
    assert http.get(f"projects/bank/record/{HOURS}").json()["tier"] == "medium"
    assert http.get(f"projects/bank/record/{HOURS}@1").json()["tier"] == "low"
    assert http.get(f"projects/bank/record/{HOURS}@production").json()["tier"] == "low"


def test_a_prompt_put_here_is_told_what_its_record_lacks(bank: Bank) -> None:
    bank.put(HOURS, PROMPT)
    told = client(bank.db).get(f"projects/bank/record/{HOURS}").json()
    assert (told["complete"], told["tier"]) == (False, None)
    assert "impact" in told["tier_missing"]
    [intent] = [f for f in told["findings"] if f["key"] == "intent"]
    assert (intent["id"], intent["code"]) == ("D03", "missing")
    assert intent["fix"].startswith("answer: What is this prompt for")


def test_variables_of_fragments_are_the_templates(bank: Bank) -> None:
    bank.put("house/greeting", "messages:\n  - {role: user, content: 'Hello {{ name }}'}\n")
    text = "messages:\n  - {role: user, content: '{{> house/greeting@1 }} and {{ branch }}'}\n"
    bank.put(HOURS, text)
    told = client(bank.db).get(f"projects/bank/record/{HOURS}").json()
    assert {v["name"] for v in told["record"]["variables"]} == {"name", "branch"}
    assert not [f for f in told["findings"] if f["key"].startswith("variables")]


def test_an_invalid_file_has_no_record(bank: Bank) -> None:
    pusher = Pusher(bank)
    pusher.add({FILE: "messages: 4\n"})
    pusher.push()
    http = client(bank.db)
    told = http.get(f"projects/bank/record/{HOURS}").json()
    assert (told["valid"], told["complete"]) == (False, False)
    assert [f["code"] for f in told["findings"]] == ["invalid-file"]
    [item] = http.get("projects/bank/inventory").json()["items"]
    assert (item["valid"], item["complete"], item["faults"]) == (False, False, None)


def test_readers_alone_may_see_records(hours: Bank) -> None:
    stranger = client(hours.db, as_="sam")
    assert stranger.get(f"projects/bank/record/{HOURS}").status_code == 404
    assert stranger.get("projects/bank/inventory").status_code == 404
    nobody = client(hours.db, as_="who")
    assert nobody.get("record/fields").status_code == 401
    assert nobody.get("projects/bank/inventory").status_code == 401
    http = client(hours.db)
    assert http.get("projects/bank/record/branches/none").status_code == 404
    assert http.get(f"projects/bank/record/{HOURS}@9").status_code == 404
    assert http.get(f"projects/bank/record/{HOURS}@nowhere").status_code == 404
    assert http.get("projects/bank/record/a//b").status_code == 400
    assert http.get("projects/bank/inventory?cursor=x").status_code == 400
    assert http.get("projects/bank/inventory?limit=0").status_code in (400, 422)


def test_the_fields_are_listed_with_what_a_form_needs(small_bank: Bank) -> None:
    http = client(small_bank.db, as_="sam")
    told = http.get("record/fields").json()
    assert [f["key"] for f in told["fields"]] == [f.key for f in FIELDS]
    notes = next(f for f in told["fields"] if f["key"] == "fairness_notes")
    assert notes["type"] == {
        "type": "text",
        "min_length": 30,
        "max_length": 4000,
        "min_length_high": 150,
    }
    assert notes["required"] == {"tier": "low", "condition": None, "text": "always"}
    assert (notes["id"], notes["serves"], notes["own"]) == (
        *("D13", ["P1", "P3"], ["fairness_notes"]),
    )
    assert {e["id"] for e in told["evidence"]} >= {"D15", "D16", "D23", "D36"}
    low = http.get("record/fields?tier=low").json()["fields"]
    assert {f["required"]["tier"] for f in low} == {"low"}
    assert http.get("record/fields?tier=none").status_code in (400, 422)


def test_the_inventory_lists_every_prompt_page_by_page(hours: Bank) -> None:
    for name in ("a", "b", "c"):
        hours.put(f"claims/{name}", PROMPT)
    http = client(hours.db, LiveTable(production={HOURS: 1}), as_="vera")
    seen: list[dict[str, object]] = []
    cursor = None
    for _ in range(4):
        page = http.get("projects/bank/inventory", params={"limit": 2, "cursor": cursor}).json()
        assert len(page["items"]) <= 2
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [item["path"] for item in seen] == [HOURS, "claims/a", "claims/b", "claims/c"]
    assert str(seen[0].pop("review_due")) > "2026"
    assert seen[0] == {
        "address": f"bank/{HOURS}",
        "project": "bank",
        "backup": "tom.becker",
        "provider": "openai",
        "hosting": "internal",
        "data_class": "internal",
        "path": HOURS,
        "version": 1,
        "use_case_id": "UC-RB-051",
        "owner": "maria.lopez",
        "decision_role": "none",
        "tier": "low",
        "residual_tier": "low",
        "complete": True,
        "faults": 0,
        "valid": True,
        "model": "openai/gpt-4o-2024-08-06",
        "live": [{"environment": "production", "version": 1}],
    }
    assert (seen[1]["complete"], seen[1]["use_case_id"], seen[1]["live"]) == (False, None, [])
    below = http.get("projects/bank/inventory?module=claims/").json()["items"]
    assert [item["path"] for item in below] == ["claims/a", "claims/b", "claims/c"]


def test_the_inventory_of_an_empty_project_is_empty(bank: Bank) -> None:
    assert client(bank.db).get("projects/bank/inventory").json() == {"items": [], "next": None}


def test_a_push_with_wrong_defaults_is_refused_with_file_and_line(hours: Bank) -> None:
    pusher = Pusher(hours)
    pusher.add({BRANCHES: "use_case_id: tbd\nintent: For everybody\n", "claims/README.md": "x"})
    with pytest.raises(Invalid) as refused:
        pusher.push()
    assert [(e["file"], e["line"], e["key"]) for e in refused.value.members["errors"]] == [
        (BRANCHES, 1, "use_case_id"),
        (BRANCHES, 2, "intent"),
    ]
    pusher.add({BRANCHES: "use_case_id: UC-RB-052\n"})
    pusher.push()
    told = client(hours.db).get(f"projects/bank/record/{HOURS}").json()
    assert told["record"]["use_case_id"] == "UC-RB-052"


def test_a_first_push_with_wrong_defaults_is_taken_and_told(bank: Bank) -> None:
    pusher = Pusher(bank)
    pusher.add({ROOT: "sector: [none\n", FILE: PROMPT + TYPED})
    lines = pusher.push()
    assert any(line.startswith(f"  {ROOT}:") for line in lines)
    told = client(bank.db).get(f"projects/bank/record/{HOURS}").json()
    [finding] = [f for f in told["findings"] if f["code"] == "unreadable-defaults"]
    assert finding["file"] == ROOT
    assert not told["complete"]


def test_defaults_that_are_removed_or_no_regular_file_give_nothing(hours: Bank) -> None:
    pusher = Pusher(hours)
    pusher.add({BRANCHES: None})
    pusher.push()
    told = client(hours.db).get(f"projects/bank/record/{HOURS}").json()
    assert [f["key"] for f in told["findings"] if f["severity"] == "error"] == ["use_case_id"]


def test_the_inventory_of_all_projects_has_those_one_may_read(bank: Bank) -> None:
    for path in ("a", "b", "m/c"):
        bank.put(path, PROMPT)
    for name in ("atlas", "empty", "zeta"):
        create_project(bank.db, ADMIN, authorise, name, name)
    for name in ("atlas", "zeta"):
        put_prompt(bank.db, ADMIN, authorise, name, "p", PROMPT)

    def listed(as_: str) -> list[str]:
        http, found, cursor = client(bank.db, as_=as_), list[str](), None
        for _ in range(20):
            page = http.get(
                "inventory", params={"limit": 2, **({"cursor": cursor} if cursor else {})}
            )
            assert page.status_code == 200, page.text
            found += [item["address"] for item in page.json()["items"]]
            cursor = page.json()["next"]
            if cursor is None:
                return found
        raise AssertionError("the list does not end")

    assert listed("ada") == ["atlas/p", "bank/a", "bank/b", "bank/m/c", "zeta/p"]
    assert listed("vera") == ["bank/a", "bank/b", "bank/m/c"]
    assert listed("sam") == []
    foreign = encode("atlas", "")
    assert client(bank.db, as_="vera").get(f"inventory?cursor={foreign}").status_code == 404
    assert client(bank.db).get("inventory?cursor=x").status_code == 400
