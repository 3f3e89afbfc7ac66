"""Redaction of texts that stand in suite files: asked for there, found in every form, taken out of every state."""

from __future__ import annotations

import json

import pytest
from bank import AUTHOR, Bank, prompt_text
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select

from promptops_server.access.policy import authorise
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.problems import Invalid, NotFound
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.edits.frame import MAIN, locked
from promptops_server.registry.git import read
from promptops_server.registry.git.write import commit_blobs, prepare_blob
from promptops_server.registry.record import author_of
from promptops_server.registry.redaction.approve import approve_redaction
from promptops_server.registry.redaction.cancel import cancel_redaction
from promptops_server.registry.redaction.deps import SEALED_FOR, RedactionDeps
from promptops_server.registry.redaction.model import Redaction
from promptops_server.registry.redaction.other_files import hides
from promptops_server.registry.redaction.replace import Replacer
from promptops_server.registry.redaction.request import Wanted, preview_redaction, request_redaction
from support.leftovers import places_holding

BEA = Actor(subject="0190-bea", name="bea", admin=True)
SECRET = "Xaverina O'Quibble"
SUITE = "claims/triage.suite.yml"


@pytest.fixture
def bank(any_database: Database) -> Bank:
    made = Bank(any_database)
    made.put("claims/triage", prompt_text("one"))
    return made


def deps_of(db: Database) -> RedactionDeps:
    return RedactionDeps(db, authorise, Sealer(b"a secret that is long enough", SEALED_FOR))


def wanted(path: str, *texts: str, version: int | None = None) -> Wanted:
    return Wanted(path, texts or (SECRET,), version, reason="a name")


def ask(bank: Bank, path: str, *texts: str) -> Redaction:
    return request_redaction(deps_of(bank.db), AUTHOR, "bank", wanted(path, *texts))


def write(bank: Bank, path: str, text: str | None) -> None:
    with locked(bank.db, "bank") as (tx, (found,)):
        commit_blobs(
            tx,
            found.id,
            ref=MAIN,
            parent=read.head_commit(tx.conn, found.id, MAIN),
            changes={path: None if text is None else prepare_blob(text.encode())},
            author=author_of(tx.conn, AUTHOR),
            message="A suite",
        )


def case_of(value: str) -> str:
    return f"cases:\n  - inputs:\n      claim: {value}\n"


def test_a_text_that_stands_only_in_a_suite_is_taken_out(bank: Bank) -> None:
    write(bank, SUITE, case_of(f"from {SECRET}"))
    asked = ask(bank, SUITE)
    assert asked.found["other_files"] == [SUITE] and asked.found["versions"] == []
    done = approve_redaction(deps_of(bank.db), BEA, "bank", asked.id)
    assert done.state == "done"
    assert places_holding(bank.db, SECRET) == set()
    with bank.db.read() as conn:
        tip = read.ref(conn, bank.project.id, MAIN) or ""
        blob = read.file_at(conn, bank.project.id, tip, SUITE)
        assert read.blob(conn, bank.project.id, blob or "").decode() == case_of("from (redacted)")
        query = select(audit_event.c.object_type, audit_event.c.object_id).where(
            audit_event.c.action.like("redaction.%")
        )
        kinds = {tuple(row) for row in conn.execute(query)}
    assert kinds == {("suite", f"bank/{SUITE}")}


def test_an_earlier_state_of_a_suite_counts_also_when_the_file_is_gone(bank: Bank) -> None:
    write(bank, SUITE, case_of(SECRET))
    write(bank, SUITE, case_of("nobody"))
    assert ask(bank, SUITE).found["other_files"] == ["triage.suite.yml"]
    write(bank, SUITE, None)
    asked = ask(bank, SUITE)
    approve_redaction(deps_of(bank.db), BEA, "bank", asked.id)
    assert places_holding(bank.db, SECRET) == set()
    cancelled = ask(bank, "claims/triage", "content")
    assert cancel_redaction(deps_of(bank.db), AUTHOR, "bank", cancelled.id).state == "cancelled"
    assert bank.events("redaction.cancel") == ["bank/claims/triage"]


def test_who_names_the_prompt_is_told_which_suite_holds_it(bank: Bank) -> None:
    write(bank, "claims/triage.edge.suite.yml", case_of(SECRET))
    with pytest.raises(Invalid, match="does not stand in claims/triage") as refused:
        ask(bank, "claims/triage")
    assert refused.value.remedy.startswith("It stands in claims/triage.edge.suite.yml")
    with pytest.raises(Invalid, match="does not stand in"):
        ask(bank, "claims/triage.edge.suite.yml", "Somebody Else")
    with pytest.raises(NotFound, match="no prompt or file"):
        ask(bank, "claims/nothing.suite.yml")
    with pytest.raises(NotFound, match="no version") as refused_too:
        preview_redaction(deps_of(bank.db), AUTHOR, "bank", wanted(SUITE, version=1))
    assert "Only prompts have versions" in refused_too.value.remedy


OTHER_FORMS = [
    '"Xaverina O\\x27Quibble"',
    '"Xaverina\\u0020O\'Quibble"',
    "'Xaverina O''Quibble'",
    "Xaverina\n        O'Quibble",
    ">\n        Xaverina\n        O'Quibble",
]


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_another_form_is_told_with_its_file_and_can_be_given_too(bank: Bank, form: str) -> None:
    write(bank, SUITE, case_of(form))
    with pytest.raises(Invalid) as refused:
        ask(bank, SUITE)
    assert refused.value.type == "text-in-other-form"
    assert [e["address"] for e in refused.value.members["errors"]] == [SUITE]
    given = form.strip("\"'>\n ")
    approve_redaction(deps_of(bank.db), BEA, "bank", ask(bank, SUITE, SECRET, given).id)
    assert places_holding(bank.db, "Quibble") == set()


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_suite_on_main_with_another_form_stops_a_redaction_asked_for_elsewhere(
    bank: Bank, form: str
) -> None:
    bank.put("claims/late", prompt_text(f"To {SECRET}"))
    write(bank, SUITE, case_of(form))
    with pytest.raises(Invalid, match=r"claims/triage\.suite\.yml"):
        ask(bank, "claims/late")


def test_both_forms_in_one_file_are_told(bank: Bank) -> None:
    write(bank, SUITE, f"# {SECRET}\n" + case_of(OTHER_FORMS[0]))
    with pytest.raises(Invalid, match="another form"):
        ask(bank, SUITE)


def test_a_broken_file_and_one_of_json_are_searched_for_escapes() -> None:
    replacer = Replacer(["Zoë Quibble"], "(redacted)")
    assert hides(b'{"name": "Zo\\u00eb Quibble"}', replacer)
    assert hides(b'cases: [\n  "Zo\\u00eb Quibble"\n', replacer)
    assert not hides(b'{"name": "Zo\\u00ea Quibble"}', replacer)


@example("a\xa0b\u2028c\x85d")
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=3, max_size=30))
def test_json_never_hides_a_text(text: str) -> None:
    if len(text.strip()) < 3:
        return
    replacer = Replacer([text], "(redacted)")
    for ascii_only in (True, False):
        data = json.dumps({"cases": [f"to {text}."]}, ensure_ascii=ascii_only).encode()
        assert hides(data, replacer)
