"""Pages of prompts and modules, and full text search."""

from __future__ import annotations

import string

import pytest
from bank import ADMIN, AUTHOR, TRIAGE, Bank, LiveTable, prompt_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops_server.access.policy import authorise
from promptops_server.infra.problems import BadRequest
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.modules import list_modules
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.projects import create_project

PATHS = ["a", "a-b/x", "a/b/c", "a/b/d", "a/z", "b/c", "b0/c", "B1/c", "zz"]


@pytest.fixture
def full(bank: Bank) -> Bank:
    import_prompts(
        bank.db, AUTHOR, authorise, "bank", [(p, prompt_text(f"says {p}")) for p in PATHS]
    )
    return bank


def listed(bank: Bank, limit: int = 500, **wanted: object) -> list[str]:
    """All pages, joined."""
    found: list[str] = []
    cursor = None
    with bank.db.read() as conn:
        while True:
            page = list_prompts(
                conn,
                bank.project,
                Wanted(**wanted),  # type: ignore[arg-type]
                limit=limit,
                cursor=cursor,
            )
            assert len(page.items) <= limit
            found += [p.path for p in page.items]
            cursor = page.next
            if cursor is None:
                return found


def modules(bank: Bank, module: str = "", limit: int = 500) -> list[str]:
    found: list[str] = []
    cursor = None
    with bank.db.read() as conn:
        while True:
            page = list_modules(conn, bank.project, module, limit=limit, cursor=cursor)
            found += page.items
            cursor = page.next
            if cursor is None:
                return found


def test_pages_follow_the_path_byte_by_byte_on_both_databases(full: Bank) -> None:
    for limit in (1, 2, 500):
        assert listed(full, limit) == sorted(PATHS)


def test_a_module_holds_what_is_below_it_and_no_neighbour(full: Bank) -> None:
    for limit in (1, 500):
        assert listed(full, limit, module="a") == ["a/b/c", "a/b/d", "a/z"]
        assert listed(full, limit, module="b") == ["b/c"]
        assert listed(full, limit, module="nothing") == []


def test_modules_are_those_directly_below(full: Bank) -> None:
    for limit in (1, 500):
        assert modules(full, limit=limit) == ["B1", "a-b", "a", "b", "b0"]
        assert modules(full, "a", limit) == ["a/b"]
        assert modules(full, "a/b", limit) == []


def test_many_prompts_beside_a_module_do_not_hide_it(bank: Bank) -> None:
    prompts = [(f"a/p{i:03}", prompt_text("x")) for i in range(250)] + [("a/q/x", TRIAGE)]
    import_prompts(bank.db, AUTHOR, authorise, "bank", prompts)
    assert modules(bank, "a") == ["a/q"]


def test_archived_prompts_are_listed_when_asked_for(full: Bank) -> None:
    archive_prompt(full.db, AUTHOR, authorise, LiveTable(), "bank", "b/c", parent=1)
    rest = [p for p in sorted(PATHS) if p != "b/c"]
    assert listed(full) == rest
    assert listed(full, archived=True) == ["b/c"]
    assert listed(full, archived=None) == sorted(PATHS)
    assert modules(full) == ["B1", "a-b", "a", "b0"]
    assert "b/c" not in listed(full, q="says")


def test_invalid_prompts_are_found(bank: Bank) -> None:
    prompts = [("good", TRIAGE), ("bad", "messages: [")]
    import_prompts(bank.db, AUTHOR, authorise, "bank", prompts, allow_invalid=True)
    assert listed(bank, valid=False) == listed(bank, valid=False, q="bad") == ["bad"]
    assert listed(bank, valid=True) == ["good"]
    assert listed(bank, valid=True, q="bad") == []


def test_tags_are_found_in_any_case_and_follow_the_newest_version(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    bank.put("m/b", prompt_text("x", tags="[motor]"))
    assert listed(bank, tags=("MOTOR",)) == ["a", "m/b"]
    assert listed(bank, tags=("motor",), module="m") == ["m/b"]
    assert listed(bank, tags=("motor",), q="x") == ["m/b"]
    bank.put("m/b", prompt_text("x", tags="[home]"), parent=1)
    assert listed(bank, tags=("motor",)) == ["a"]
    assert listed(bank, tags=("home",)) == ["m/b"]


def test_a_bad_cursor_is_refused(full: Bank) -> None:
    with full.db.read() as conn, pytest.raises(BadRequest):
        list_prompts(conn, full.project, Wanted(), limit=5, cursor="nonsense")


def test_search_reads_path_name_description_tags_and_messages(bank: Bank) -> None:
    bank.put("claims/motor/triage", TRIAGE)
    for words in ("motor", "Triage", "sorts claims", "one", "sort the cla", "CLAIMS MOT", "Motor"):
        assert listed(bank, q=words) == (["claims/motor/triage"] if words != "one" else [])
    bank.put("claims/motor/triage", prompt_text("Größe der Überweisung prüfen 银行"), parent=1)
    for words in ("grosse", "uberweisung", "ÜBERWEISUNG", "prü", "银", "行"):
        expected = [] if words == "grosse" else ["claims/motor/triage"]
        assert listed(bank, q=words) == expected, words
    assert listed(bank, q="sorts") == []


def test_matches_in_path_or_name_come_first_and_newest_first(bank: Bank) -> None:
    bank.put("one", prompt_text("about pensions"))
    bank.put("pensions/two", prompt_text("x"))
    bank.put("three", prompt_text("about a pensionsfund"))
    bank.put("four", prompt_text("x", name="Pensions"))
    bank.put("five", prompt_text("about pensions too"))
    for limit in (1, 2, 500):
        # The word itself comes before words that only begin with it.
        expected = ["four", "pensions/two", "five", "one", "three"]
        assert listed(bank, limit, q="pensions") == expected
        assert listed(bank, limit, q="about pension") == ["five", "three", "one"]


def test_search_stays_inside_the_project(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    create_project(bank.db, ADMIN, authorise, "other")
    put_prompt(bank.db, ADMIN, authorise, "other", "b", TRIAGE)
    assert listed(bank, q="triage") == ["a"]


HOSTILE = ['"', "'", "a'b", 'a"b', "*", "a*", "^a", "a:b", "title:a", "(a", "a)", "a OR b", "NOT a"]
HOSTILE += ["-a", "a & b", "a | !b", "<->", ":*", "\\", "\x00", "%", "NEAR(a b)", "'; DROP TABLE x"]


def test_what_users_type_is_never_query_syntax(full: Bank) -> None:
    for query in HOSTILE:
        assert set(listed(full, q=query)) <= set(PATHS), query


@given(st.text(alphabet=string.printable + "äß银\u0301\u2028", max_size=20))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_is_answered(full: Bank, query: str) -> None:
    listed(full, q=query)
