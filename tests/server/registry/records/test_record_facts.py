"""What a record must agree with: people, limits, the version before. Told as warnings."""

from __future__ import annotations

import pytest
from bank import Bank, client

from promptops.format import parse
from promptops.format.record import Examined, examine, read_defaults
from promptops_server.access import users
from promptops_server.infra.actor import SYSTEM
from promptops_server.registry.records.facts import (
    KnownFacts,
    KnownPerson,
    Limits,
    fact_findings,
    named_people,
)
from support.record_files import DEFAULTS, MODULE, PROMPT, TYPED

HOURS = "branches/hours"
MARIA = KnownPerson("maria.lopez", "m", True)
TOM = KnownPerson("tom.becker", "t", True)
PEOPLE = {"maria.lopez": MARIA, "tom.becker": TOM}


def judged(more: str = "", text: str = PROMPT + TYPED) -> Examined:
    file = parse(text + more).file
    assert file is not None
    layers = [read_defaults("record-defaults.yml", DEFAULTS + MODULE)]
    return examine(file, defaults=layers)


def told(examined: Examined, known: KnownFacts) -> set[tuple[str, str, str]]:
    found = fact_findings(examined, known)
    assert {f.severity for f in found} <= {"warning"}
    return {(f.id, f.key, f.code) for f in found}


def test_nothing_is_said_where_all_agrees() -> None:
    assert told(judged(), KnownFacts(PEOPLE, previous=judged())) == set()
    assert named_people(judged()) == {"maria.lopez", "tom.becker"}


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ({"tom.becker": TOM}, ("D02", "owner", "unknown-person")),
        (
            {**PEOPLE, "tom.becker": KnownPerson("tom.becker", "t", False)},
            ("D02", "backup", "inactive-person"),
        ),
        (
            {**PEOPLE, "maria.lopez": KnownPerson("maria.lopez", "m", True, person=False)},
            ("D02", "owner", "no-person"),
        ),
        (
            {**PEOPLE, "tom.becker": KnownPerson("tom.becker", "m", True)},
            ("D02", "backup", "same-person"),
        ),
    ],
)
def test_owner_and_backup_are_two_active_people(
    people: dict[str, KnownPerson], expected: tuple[str, str, str]
) -> None:
    assert told(judged(), KnownFacts(people)) == {expected}


def test_the_accountable_manager_is_no_author() -> None:
    record = judged("  accountable_manager: maria.lopez\n")
    assert told(record, KnownFacts(PEOPLE)) == set()
    assert told(record, KnownFacts(PEOPLE, authors=frozenset("m"))) == {
        ("D22", "accountable_manager", "author")
    }


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (Limits(), set()),
        (Limits(frozenset({"sg-1"})), set()),
        (Limits(frozenset({"eu-1"})), {("D10", "third_party.region", "not-allowed-here")}),
        (Limits(data_classes=frozenset({"public"})), {("D30", "data_class", "not-allowed-here")}),
        (
            Limits(retired_use_cases=frozenset({"UC-RB-051"})),
            {("D01", "use_case_id", "retired")},
        ),
    ],
)
def test_limits_of_the_project_hold(limits: Limits, expected: set[tuple[str, str, str]]) -> None:
    record = judged("  third_party: {contract: C1, region: sg-1, change_notice: a, exit: b}\n")
    assert told(record, KnownFacts(PEOPLE, limits=limits)) == expected


@pytest.mark.parametrize(
    ("said", "fine"),
    [
        ("Responsible AI policy 4.2", True),
        ("https://bank.example/policies/ai", True),
        ("our policy", False),
        ("http://", False),
        ("'n/a: nothing of the kind applies here'", True),
    ],
)
def test_an_ethical_standard_can_be_found(said: str, fine: bool) -> None:
    found = told(judged(f"  ethics_ref: {said}\n"), KnownFacts(PEOPLE))
    assert found == (set() if fine else {("D19", "ethics_ref", "unresolved")})


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("AI helps us to sort claims. Call 1800 555 to reach a person.", set()),
        ("Wir nutzen KI. Rufen Sie an: 0800 555 111.", set()),
        ("We sort your claim carefully. Call 1800 555 to reach a person.", {"no-ai-named"}),
        ("Artificial intelligence sorts the claims.", {"no-way-to-a-person"}),
    ],
)
def test_a_disclosure_names_ai_and_a_way_to_a_person(text: str, codes: set[str]) -> None:
    record = judged(f"  disclosure: {{text: '{text}', place: form}}\n")
    assert {code for _, _, code in told(record, KnownFacts(PEOPLE))} == codes


def test_an_author_cannot_lower_the_class_of_a_change() -> None:
    new = judged(text=(PROMPT + TYPED).replace("When is", "Tell me when"))
    [found] = fact_findings(new, KnownFacts(PEOPLE, previous=judged()))
    assert (found.key, found.code) == ("change.class", "class-too-low")
    assert found.message == "the change counts as significant, not minor: other instructions"
    assert found.file == "record-defaults.yml"
    said = (PROMPT + TYPED).replace("When is", "Tell me when")
    said = said.replace("change: {", "change: {class: significant, ")
    assert told(judged(text=said), KnownFacts(PEOPLE, previous=judged())) == set()


def test_the_server_tells_them_beside_a_complete_record(bank: Bank) -> None:
    spelt = "".join(
        f"  {line}\n" for line in (DEFAULTS + MODULE).splitlines() if "change" not in line
    )
    text = PROMPT + TYPED.replace("change: {", "change: {class: minor, ") + spelt
    bank.put(HOURS, text)
    bank.put(HOURS, text.replace("When is", "Tell me when"), parent=1)
    with bank.db.write() as tx:
        users.create_user(tx, SYSTEM, "Maria.Lopez")
        users.create_user(tx, SYSTEM, "tom.becker")
        users.set_active(tx, SYSTEM, "tom.becker", False)
    got = client(bank.db).get(f"projects/bank/record/{HOURS}").json()
    assert got["complete"] is True
    codes = {f["key"]: f["code"] for f in got["findings"]}
    assert codes == {"backup": "inactive-person", "change.class": "class-too-low"}


def test_records_of_two_versions_are_compared_over_http(bank: Bank) -> None:
    bank.put(HOURS, PROMPT + TYPED)
    bank.put(HOURS, PROMPT + TYPED.replace("for staff", "for all staff"), parent=1)
    http = client(bank.db, as_="vera")
    got = http.get(f"projects/bank/record-diff/{HOURS}").json()
    assert (got["before"], got["after"]) == (f"bank/{HOURS}@1", f"bank/{HOURS}@2")
    assert [(f["id"], f["key"], f["after"]["value"]) for f in got["fields"]] == [
        ("D35", "change.reason", "First version for all staff")
    ]
    assert got["change"]["class"] == "minor"
    same = http.get(f"projects/bank/record-diff/{HOURS}", params={"from": "2", "to": "2"}).json()
    assert same["fields"] == []
    first = http.get(f"projects/bank/record-diff/{HOURS}", params={"to": "1"})
    assert first.status_code == 422
    assert http.get("projects/bank/record-diff/branches/none").status_code == 404
    assert client(bank.db, as_="sam").get(f"projects/bank/record-diff/{HOURS}").status_code == 404
