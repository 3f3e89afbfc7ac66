"""Checking a prompt that is no version yet: what is wrong, and where in the message it stands."""

from __future__ import annotations

from bank import Bank
from desk import http

URL = "/projects/bank/check"
FILE = """\
# Ours.
inputs:
  claim: {}
messages:
  - role: user
    content: |
      Hello {{ claim }},
      this is {{ clam }}.
"""


def test_a_finding_says_its_place_in_the_message(bank: Bank) -> None:
    with http(bank.db) as api:
        answer = api.post(URL, json={"content": FILE}).json()
    (problem,) = answer["problems"]
    content = answer["prompt"]["messages"][0]["content"]
    assert (problem["rule"], problem["key"]) == ("undefined-variable", "messages[0].content")
    assert content[problem["start"] : problem["end"]] == "{{ clam }}"
    assert (answer["valid"], problem["fix"]) == (False, "did you mean 'claim'?")


def test_the_json_form_is_written_as_an_edit_of_its_base(bank: Bank) -> None:
    with http(bank.db) as api:
        prompt = api.post(URL, json={"content": FILE}).json()["prompt"]
        prompt["messages"][0]["content"] = "Hello {{ claim }}\n"
        answer = api.post(URL, json={"prompt": prompt, "base": FILE}).json()
    assert answer["text"].startswith("# Ours.\ninputs:\n  claim: {}\n")
    assert (answer["valid"], answer["problems"]) == (True, [])


def test_a_fragment_that_is_not_there_is_a_finding(bank: Bank) -> None:
    text = 'messages:\n  - role: user\n    content: "{{> house/style@7 }} Go."\n'
    with http(bank.db) as api:
        answer = api.post(URL, json={"content": text}).json()
    assert answer["valid"] is False
    assert [p["rule"] for p in answer["problems"]] == ["fragment"]


def test_what_is_no_yaml_has_no_json_form(bank: Bank) -> None:
    with http(bank.db) as api:
        answer = api.post(URL, json={"content": "messages: ["})
        both = api.post(URL, json={"content": "a", "prompt": {}})
    assert (answer.status_code, answer.json()["prompt"]) == (200, None)
    assert answer.json()["problems"][0]["line"] == 1
    assert both.status_code == 400


def test_the_record_of_a_draft_is_judged_at_its_address(bank: Bank) -> None:
    bank.put("claims/triage", FILE.replace("clam ", "claim "))
    with http(bank.db) as api:
        text = FILE.replace("clam ", "claim ") + "record: {use_case_id: UC-7}\n"
        record = api.post(URL, json={"content": text, "path": "claims/new"}).json()["record"]
        bare = api.post(URL, json={"content": text}).json()
    assert bare["record"] is None
    assert record["complete"] is False
    assert {
        "id": "D01",
        "key": "use_case_id",
        "value": "UC-7",
        "from": "record",
        "file": None,
    } in record["values"]
    assert "use_case_id" not in {finding["key"] for finding in record["findings"]}
