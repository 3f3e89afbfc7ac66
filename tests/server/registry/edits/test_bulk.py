"""Editing many prompts at once: the smallest edits, one commit, and every refusal told."""

from __future__ import annotations

from typing import Any

import pytest
from bank import AUTHOR, STRANGER, TRIAGE, VIEWER, Bank, LiveTable, prompt_text, together
from hypothesis import given
from hypothesis import strategies as st

from promptops.format import parse
from promptops_server.access.policy import authorise
from promptops_server.infra.problems import BadRequest, Denied, NotFound, TooLarge
from promptops_server.registry.edits.bulk import BulkEdited, bulk_edit
from promptops_server.registry.edits.bulk_plan import Selection
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.edits.import_prompts import import_prompts
from promptops_server.registry.edits.operations import (
    AddOwners,
    AddTags,
    Archive,
    MoveTo,
    NotPossible,
    Operation,
    RemoveOwners,
    RemoveTags,
    Restore,
    SetModel,
    SetOwners,
    State,
    apply_operations,
)
from promptops_server.registry.errors import RefusedPrompts
from promptops_server.registry.finding.listing import list_prompts
from promptops_server.registry.finding.wanted import Wanted
from promptops_server.registry.git import read
from promptops_server.registry.versions import get_version, version_text

LIVE = LiveTable(production={"claims/triage": 1})


def bulk(bank: Bank, selection: Selection, *operations: Operation, **more: Any) -> BulkEdited:
    actor = more.pop("actor", AUTHOR)
    return bulk_edit(bank.db, actor, authorise, LIVE, "bank", selection, operations, **more)


def named(*paths: str, **versions: int) -> Selection:
    return Selection(prompts=tuple((path, versions.get(path)) for path in paths))


def results(done: BulkEdited) -> dict[str, tuple[str, str, int | None]]:
    return {item.path: (item.result, item.to, item.version) for item in done.items}


def text_of(bank: Bank, path: str) -> str:
    with bank.db.read() as conn:
        return version_text(conn, bank.project.id, get_version(conn, bank.project, path))


def edited(text: str, *operations: Operation) -> str:
    return apply_operations(State("m/a", text, False), operations).text


def test_only_the_lines_of_the_value_change() -> None:
    changed = edited(TRIAGE, AddTags(("urgent", "motor")), AddOwners(("maya",)))
    before, after = TRIAGE.splitlines(), changed.splitlines()
    assert [line for line in after if line not in before] == [
        "tags: [claims, Motor, urgent]",
        "owners:",
        "  - maya",
    ]
    assert "    content: Sort the claim.   # one word" in after
    assert after[0] == "# Sorts incoming claims."
    assert edited(TRIAGE, AddTags(("MOTOR",))) == TRIAGE
    assert "tags:" not in edited(TRIAGE, RemoveTags(("motor", "CLAIMS")))
    assert "tags: [Motor]" in edited(TRIAGE, RemoveTags(("claims", "none")))
    assert "model" not in edited(TRIAGE, SetModel(None))
    assert "model: qwen/qwen3\n" in edited(TRIAGE, SetModel("qwen/qwen3"))
    assert edited(TRIAGE, SetOwners(())) == TRIAGE


def test_operations_on_what_cannot_take_them() -> None:
    with pytest.raises(NotPossible, match="not a valid prompt"):
        edited("messages: 1", AddTags(("x",)))
    with pytest.raises(NotPossible, match="archived"):
        apply_operations(State("a", TRIAGE, True), [AddTags(("x",))])
    back = apply_operations(State("a", TRIAGE, True), [Restore(), AddTags(("x",)), MoveTo("m")])
    assert (back.path, back.archived) == ("m/a", False)


@given(
    st.lists(
        st.one_of(
            st.lists(st.sampled_from("aBbc"), max_size=2).map(lambda t: AddTags(tuple(t))),
            st.lists(st.sampled_from("aBbc"), max_size=2).map(lambda t: RemoveTags(tuple(t))),
            st.lists(st.sampled_from(["x", "y"]), max_size=2).map(lambda t: SetOwners(tuple(t))),
            st.lists(st.sampled_from(["x", "y"]), max_size=2).map(lambda t: AddOwners(tuple(t))),
            st.lists(st.sampled_from(["x", "y"]), max_size=2).map(lambda t: RemoveOwners(tuple(t))),
            st.sampled_from([None, "m1", "m2"]).map(SetModel),
        ),
        max_size=6,
    ),
    st.sampled_from(
        [
            TRIAGE,
            prompt_text("x"),
            prompt_text("x", tags="[]", owners="[ x,  y ]  # us"),
            prompt_text("x").replace("\n", "\r\n") + "tags:\r\n- a   # one\r\n- c\r\n",
        ]
    ),
)
def test_any_operations_leave_a_valid_prompt_that_says_the_same(
    operations: list[Operation], text: str
) -> None:
    before, after = parse(text).file, parse(edited(text, *operations)).file
    assert before is not None
    assert after is not None
    assert after.messages == before.messages
    assert after.name == before.name
    for operation in operations[-1:]:
        if isinstance(operation, AddTags):
            assert {t.lower() for t in operation.tags} <= {t.lower() for t in after.tags}
        if isinstance(operation, RemoveTags):
            assert not {t.lower() for t in operation.tags} & {t.lower() for t in after.tags}


def test_many_prompts_are_edited_in_one_commit(bank: Bank) -> None:
    for path in ("claims/triage", "claims/deep/other", "letters/apology"):
        bank.put(path, TRIAGE)
    seen = bulk(bank, Selection(wanted=Wanted(module="claims")), AddTags(("urgent",)), dry_run=True)
    assert [item.result for item in seen.items] == ["changed", "changed"]
    assert "+tags: [claims, Motor, urgent]" in seen.items[0].diff
    assert seen.commit is None
    assert bank.events("prompt.bulk_edit") == []
    done = bulk(
        bank, Selection(wanted=Wanted(module="claims")), AddTags(("urgent",)), SetModel("m")
    )
    assert results(done) == {
        "claims/deep/other": ("changed", "claims/deep/other", 2),
        "claims/triage": ("changed", "claims/triage", 2),
    }
    with bank.db.read() as conn:
        made = get_version(conn, bank.project, "claims/triage")
        assert (made.commit, made.message) == (done.commit, "Edit 2 prompts: add_tags, set_model")
        tagged = list_prompts(conn, bank.project, Wanted(tags=("urgent",)), limit=9)
        assert [p.path for p in tagged.items] == ["claims/deep/other", "claims/triage"]
    assert bank.events("prompt.bulk_edit") == ["bank"]
    again = bulk(bank, Selection(wanted=Wanted(tags=("urgent",))), AddTags(("urgent",)))
    assert (again.commit, again.count("unchanged")) == (None, 2)


def test_moving_archiving_and_restoring(bank: Bank) -> None:
    bank.put("claims/triage", TRIAGE)
    bank.put("claims/other", prompt_text("x"))
    done = bulk(bank, Selection(wanted=Wanted(module="claims")), AddTags(("old",)), MoveTo("attic"))
    assert results(done) == {
        "claims/other": ("changed", "attic/other", 1),
        "claims/triage": ("changed", "attic/triage", 1),
    }
    assert [p.environment for p in done.items[1].live] == ["production"]
    with bank.db.read() as conn:
        assert get_version(conn, bank.project, "attic/triage").moved_from == "claims/triage@1"
    bulk(bank, named("attic/triage", "attic/other"), Archive())
    with bank.db.read() as conn:
        tip = read.ref(conn, bank.project.id, MAIN)
        assert read.files(conn, bank.project.id, tip or "") == {}
    back = bulk(bank, Selection(wanted=Wanted(module="attic")), Restore())
    assert results(back) == {
        "attic/other": ("changed", "attic/other", 2),
        "attic/triage": ("changed", "attic/triage", 2),
    }
    assert "old" in text_of(bank, "attic/triage")


def test_what_cannot_be_done_is_told_for_every_prompt(bank: Bank) -> None:
    bank.put("claims/triage", TRIAGE)
    bank.put("letters/triage", prompt_text("x"))
    bank.put("other/a", prompt_text("x"))
    bank.put("attic/a", prompt_text("x"))
    import_prompts(
        bank.db, AUTHOR, authorise, "bank", [("broken", "messages: [")], allow_invalid=True
    )
    chosen = Selection(
        prompts=(
            ("claims/triage", 1),
            ("letters/triage", 1),
            ("other/a", 9),
            ("none", None),
            ("broken", None),
        )
    )
    with pytest.raises(RefusedPrompts) as refused:
        bulk(bank, chosen, AddTags(("x",)), MoveTo("attic"))
    assert {e["path"]: e["message"] for e in refused.value.members["errors"]} == {
        "claims/triage": "two prompts would get this address",
        "letters/triage": "two prompts would get this address",
        "other/a": "it is at version 1 now, not 9",
        "none": "there is no such prompt",
        "broken": "the file is not a valid prompt: correct it first",
    }
    done = bulk(bank, named("claims/triage", "other/a", "none"), MoveTo("attic"), skip_refused=True)
    assert {i.path: i.result for i in done.items} == {
        "claims/triage": "changed",
        "other/a": "refused",
        "none": "refused",
    }
    assert bulk(bank, named("broken"), MoveTo("attic")).count("changed") == 1


def test_a_refused_move_leaves_nothing_of_itself_at_the_taken_address(bank: Bank) -> None:
    bank.put("b/one", prompt_text("there", name="Mine"))
    bank.put("one", prompt_text("coming", name="Theirs"))
    done = bulk(bank, named("b/one", "one"), AddTags(("t",)), MoveTo("b"), skip_refused=True)
    assert results(done)["one"][0] == "refused"
    with bank.db.read() as conn:
        listed = list_prompts(conn, bank.project, Wanted(module="b"), limit=10).items
    assert [(prompt.path, prompt.name, prompt.tags) for prompt in listed] == [
        ("b/one", "Mine", ("t",))
    ]


def test_what_a_bulk_edit_refuses(small_bank: Bank) -> None:
    bank = small_bank
    bank.put("a", TRIAGE)
    with pytest.raises(BadRequest, match="Nothing is selected"):
        bulk(bank, Selection(), Archive())
    with pytest.raises(BadRequest, match="no operation"):
        bulk(bank, named("a"))
    with pytest.raises(BadRequest, match="not both"):
        bulk(bank, Selection(prompts=(("a", 1),), wanted=Wanted(tags=("x",))), Archive())
    with pytest.raises(BadRequest):
        bulk(bank, named("a"), MoveTo("no such"))
    with pytest.raises(TooLarge):
        bulk(bank, named(*(f"p{number}" for number in range(5_001))), Archive())
    with pytest.raises(Denied):
        bulk(bank, named("a"), Archive(), actor=VIEWER)
    with pytest.raises(NotFound):
        bulk(bank, named("a"), Archive(), actor=STRANGER)
    assert bulk(bank, Selection(everything=True), Archive()).count("changed") == 1


def test_an_edit_in_between_is_not_lost(bank: Bank) -> None:
    for number in range(6):
        bank.put(f"m/p{number}", prompt_text("x"))

    def edit() -> object:
        for number in range(6):
            bank.put(f"m/p{number}", prompt_text("mine"), parent=1)
        return "done"

    done = together(
        edit,
        lambda: bulk(
            bank, Selection(wanted=Wanted(module="m")), AddTags(("t",)), skip_refused=True
        ),
    )
    for number in range(6):
        text = text_of(bank, f"m/p{number}")
        assert "tags" in text or "mine" in text
    if done[0] == "done":
        assert all("mine" in text_of(bank, f"m/p{number}") for number in range(6))
