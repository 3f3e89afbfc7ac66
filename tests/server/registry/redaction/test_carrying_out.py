"""Carrying out a redaction: what lists show, all or nothing, and what is left to clean up."""

from __future__ import annotations

import dataclasses

import pytest
from bank import AUTHOR, Bank, prompt_text
from sqlalchemy import select

from promptops_server.access.policy import authorise
from promptops_server.app.migrations.tables import metadata
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database
from promptops_server.infra.sealing import Sealer
from promptops_server.registry.redaction import approve as approving
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.approve import approve_redaction
from promptops_server.registry.redaction.deps import SEALED_FOR, RedactionDeps
from promptops_server.registry.redaction.model import Redaction
from promptops_server.registry.redaction.request import Wanted, request_redaction
from promptops_server.registry.redaction.upkeep import look_after
from promptops_server.registry.redaction.waiting import waiting_for
from promptops_server.registry.tables import facet, fragment_use, prompt
from support.leftovers import places_holding

BEA = Actor(subject="0190-bea", name="bea", admin=True)
SECRET = "Xaverina"


def deps_of(db: Database) -> RedactionDeps:
    return RedactionDeps(db, authorise, Sealer(b"a secret that is long enough", SEALED_FOR))


def ask(bank: Bank, path: str = "claims/triage", **more: object) -> Redaction:
    wanted = Wanted(path, [SECRET], reason="a name", **more)  # type: ignore[arg-type]
    return request_redaction(deps_of(bank.db), AUTHOR, "bank", wanted)


def rows(db: Database) -> dict[str, list[object]]:
    with db.read() as conn:
        return {
            name: sorted(map(repr, conn.execute(select(table))))
            for name, table in metadata.tables.items()
        }


@pytest.fixture
def bank(any_database: Database) -> Bank:
    return Bank(any_database)


def test_lists_searches_and_tags_forget_it(bank: Bank) -> None:
    bank.put(
        "claims/triage",
        prompt_text("hello", name=SECRET, description=f"For {SECRET}", tags=f"[{SECRET}, motor]"),
    )
    bank.put("claims/user", prompt_text("'{{> claims/triage@1 }}'"))
    approve_redaction(deps_of(bank.db), BEA, "bank", ask(bank).id)
    assert places_holding(bank.db, SECRET) == set()
    with bank.db.read() as conn:
        row = conn.execute(select(prompt).where(prompt.c.path == "claims/triage")).one()
        assert (row.name, row.description) == ("(redacted)", "For (redacted)")
        assert (row.tags, row.valid) == ('["(redacted)", "motor"]', True)
        tags = conn.execute(
            select(facet.c.value, facet.c.prompts).where(facet.c.kind == "tag")
        ).all()
        assert sorted(map(tuple, tags)) == [("(redacted)", 1), ("motor", 1)]
        uses = conn.execute(select(fragment_use.c.path, fragment_use.c.fragment)).all()
        assert list(map(tuple, uses)) == [("claims/user", "claims/triage")]
    # The project goes on as any other.
    assert bank.put("claims/triage", prompt_text("again"), parent=1).version.number == 2


def test_a_marker_that_breaks_a_file_is_told_before(bank: Bank) -> None:
    bank.put("claims/triage", prompt_text(SECRET))
    broken = ask(bank, marker="[gone]")
    assert broken.found["breaks"] == ["claims/triage@1"]
    assert ask(bank).found["breaks"] == []


def test_it_is_done_whole_or_not_at_all(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.put("claims/triage", prompt_text(SECRET))
    asked = ask(bank)
    before = rows(bank.db)
    for step in ("put_in_place", "redact_prompts", "redact_rows", "record"):
        whole = getattr(approving, step)

        def breaks(*given: object, whole: object = whole, **more: object) -> None:
            whole(*given, **more)  # type: ignore[operator]
            raise RuntimeError("the power went")

        with monkeypatch.context() as patch:
            patch.setattr(approving, step, breaks)
            with pytest.raises(RuntimeError, match="the power went"):
                approve_redaction(deps_of(bank.db), BEA, "bank", asked.id)
        assert rows(bank.db) == before, step
    assert approve_redaction(deps_of(bank.db), BEA, "bank", asked.id).state == "done"


def test_what_came_in_between_is_redacted_too(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    bank.put("claims/triage", prompt_text(SECRET))
    asked = ask(bank)
    plan = approving.plan

    def then_somebody_writes(*given: object) -> object:
        planned = plan(*given)  # type: ignore[arg-type]
        bank.put("claims/late", prompt_text(f"{SECRET} too"))
        return planned

    monkeypatch.setattr(approving, "plan", then_somebody_writes)
    done = approve_redaction(deps_of(bank.db), BEA, "bank", asked.id)
    assert done.done is not None
    assert done.done["versions"] == ["claims/late@1", "claims/triage@1"]


def test_cleaning_up_is_repeated_until_it_succeeds(bank: Bank) -> None:
    bank.put("claims/triage", prompt_text(SECRET))
    down = [True]

    def served(_: str) -> None:
        if down[0]:
            raise ConnectionError("Redis is down")

    deps = dataclasses.replace(deps_of(bank.db), served=served)
    done = approve_redaction(deps, BEA, "bank", ask(bank).id)
    assert (done.state, done.cleaned_at) == ("done", None)
    look_after(deps)
    down[0] = False
    look_after(deps)
    with bank.db.read() as conn:
        assert store.get(conn, bank.project, done.id).cleaned_at is not None
        assert store.uncleaned(conn) == []


def test_a_request_waits_for_a_second_person_until_it_has_ended(bank: Bank) -> None:
    deps = deps_of(bank.db)

    def waits_for(actor: Actor) -> list[str]:
        with bank.db.read() as conn:
            return [item.path for item in waiting_for(deps, conn, actor, bank.project)]

    bank.put("claims/triage", prompt_text(SECRET))
    request = ask(bank)
    assert waits_for(BEA) == ["claims/triage"]
    assert waits_for(AUTHOR) == []
    assert waits_for(dataclasses.replace(BEA, person=AUTHOR.identity)) == []
    assert waits_for(dataclasses.replace(BEA, kind="service")) == []
    assert waits_for(dataclasses.replace(BEA, admin=False)) == []
    approve_redaction(deps, BEA, "bank", request.id)
    assert waits_for(BEA) == []
