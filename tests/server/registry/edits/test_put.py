"""Putting prompts: versions, conflicts, refusals, many at once."""

from __future__ import annotations

import pytest
from bank import AUTHOR, OTHER, STRANGER, TRIAGE, VIEWER, Bank, prompt_text, together
from sqlalchemy import func, select

from promptops.format import behaviour_digest, parse, record_digest
from promptops_server.access.policy import authorise
from promptops_server.infra.problems import (
    BadRequest,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    PreconditionRequired,
    ProblemError,
    TooLarge,
)
from promptops_server.infra.tables import outbox
from promptops_server.registry.edits.frame import MAIN
from promptops_server.registry.edits.put import put_prompt
from promptops_server.registry.git import read
from promptops_server.registry.history.log import list_versions
from promptops_server.registry.tables import git_object, prompt, version
from promptops_server.registry.versions import get_version, version_text, versions_of_commit


def test_a_put_is_a_commit_on_main_and_the_next_version(bank: Bank) -> None:
    first = bank.put("claims/triage", TRIAGE)
    second = bank.put(
        "claims/triage", TRIAGE.replace("one word", "briefly"), parent=1, message="Shorter"
    )
    assert (first.created, first.version.number, first.version.message) == (
        True,
        1,
        "Create claims/triage",
    )
    assert (second.created, second.version.number, second.version.parent) == (False, 2, 1)
    with bank.db.read() as conn:
        assert read.ref(conn, bank.project.id, MAIN) == second.version.commit
        commit = read.commit_info(conn, bank.project.id, second.version.commit)
        assert commit.parents == (first.version.commit,)
        assert commit.message.strip() == "Shorter"
        assert AUTHOR.name not in commit.author  # people are resolved in SQL alone
        files = read.files(conn, bank.project.id, second.version.commit)
        assert files == {"claims/triage.prompt.yml": second.version.blob}
        stored = get_version(conn, bank.project, "claims/triage", 1)
        assert version_text(conn, bank.project.id, stored) == TRIAGE
        assert versions_of_commit(conn, bank.project, second.version.commit) == [
            get_version(conn, bank.project, "claims/triage", 2)
        ]
        waiting = conn.execute(select(outbox.c.id).where(outbox.c.topic != "release")).all()
    assert bank.events("prompt.put") == ["bank/claims/triage"] * 2
    assert waiting == []  # no job follows from a version


def test_both_digests_are_those_of_the_format(bank: Bank) -> None:
    made = bank.put("claims/triage", TRIAGE).version
    file = parse(TRIAGE).file
    assert file is not None
    assert (made.behaviour, made.record) == (behaviour_digest(file), record_digest(file))


def test_equal_content_makes_no_version(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    again = bank.put("a", TRIAGE, parent=1)
    unseen = bank.put("a", TRIAGE)
    assert (again.changed, again.version.number) == (False, 1)
    assert (unseen.changed, unseen.version.number) == (False, 1)


def test_a_change_without_parent_is_asked_for_it(bank: Bank) -> None:
    bank.put("a", TRIAGE)
    with pytest.raises(PreconditionRequired, match="newest version is 1"):
        bank.put("a", prompt_text("other"))


def test_a_stale_parent_is_a_conflict_that_shows_all_sides(bank: Bank) -> None:
    bank.put("a", prompt_text("one"))
    bank.put("a", prompt_text("theirs"), parent=1, actor=OTHER, message="Better")
    with pytest.raises(Conflict) as refused:
        bank.put("a", prompt_text("mine"), parent=1)
    shown = refused.value.members
    assert shown["current"]["version"] == 2
    assert shown["current"]["message"] == "Better"
    assert shown["current"]["content"] == prompt_text("theirs")
    assert shown["base"]["content"] == prompt_text("one")
    assert shown["yours"]["content"] == prompt_text("mine")
    assert "-    content: theirs" in shown["diff"]
    assert "+    content: mine" in shown["diff"]


def test_a_parent_that_never_was(bank: Bank) -> None:
    with pytest.raises(Conflict, match="no version 3"):
        bank.put("a", prompt_text("one"), parent=3)
    bank.put("a", prompt_text("one"))
    with pytest.raises(BadRequest, match="no version 3"):
        bank.put("a", prompt_text("two"), parent=3)


@pytest.mark.parametrize(
    ("path", "text", "kind"),
    [
        ("", TRIAGE, BadRequest),
        ("a//b", TRIAGE, BadRequest),
        ("../up", TRIAGE, BadRequest),
        ("a/.git", TRIAGE, BadRequest),
        ("a b", TRIAGE, BadRequest),
        ("triage.prompt.yml", TRIAGE, BadRequest),
        ("a.prompt.yml/b", TRIAGE, BadRequest),
        ("/".join("abcdefghijk"), TRIAGE, BadRequest),
        ("/".join(["n" * 100] * 6), TRIAGE, BadRequest),
        ("a", "messages: [", Invalid),
        ("a", "name: no messages", Invalid),
        ("a", "", Invalid),
        ("a", prompt_text("x" * 1024 * 1024), TooLarge),
        ("a", prompt_text("{{> house/style@3 }}"), Invalid),
    ],
)
def test_bad_input_stores_nothing(
    small_bank: Bank, path: str, text: str, kind: type[ProblemError]
) -> None:
    with pytest.raises(kind):
        small_bank.put(path, text)
    with small_bank.db.read() as conn:
        assert conn.execute(select(func.count()).select_from(prompt)).scalar() == 0
        assert conn.execute(select(func.count()).select_from(git_object)).scalar() == 1


def test_an_invalid_file_is_refused_with_every_place(small_bank: Bank) -> None:
    with pytest.raises(Invalid) as refused:
        small_bank.put("claims/a", "template: mako\nmessages:\n  - role: robot\n    content: hi\n")
    places = [(e["file"], e["line"], e["key"]) for e in refused.value.members["errors"]]
    assert places == [
        ("claims/a.prompt.yml", 1, "template"),
        ("claims/a.prompt.yml", 3, "messages[0].role"),
    ]


@pytest.mark.parametrize("message", ["", "  ", "m" * 501])
def test_a_bad_message_is_refused(small_bank: Bank, message: str) -> None:
    with pytest.raises(BadRequest):
        small_bank.put("a", TRIAGE, message=message)


@pytest.mark.parametrize("twin", ["Claims/Triage", "CLAIMS/other", "claims/TRIAGE"])
def test_names_differing_only_by_case_are_refused(bank: Bank, twin: str) -> None:
    bank.put("claims/triage", TRIAGE)
    with pytest.raises(Invalid, match="differs only by case"):
        bank.put(twin, TRIAGE)


def test_a_prompt_may_have_the_name_of_a_module(bank: Bank) -> None:
    bank.put("claims/triage", TRIAGE)
    assert bank.put("claims", TRIAGE).created


def test_who_may_write(small_bank: Bank) -> None:
    with pytest.raises(NotFound):
        small_bank.put("a", TRIAGE, actor=STRANGER)
    with pytest.raises(Denied):
        small_bank.put("a", TRIAGE, actor=VIEWER)
    with pytest.raises(NotFound):
        put_prompt(small_bank.db, AUTHOR, authorise, "Bank", "a", TRIAGE)


def test_fragments_are_resolved_into_the_behaviour(bank: Bank) -> None:
    style = bank.put("house/style", prompt_text("Be brief.")).version
    pinned = bank.put("a", prompt_text('"{{> house/style@1 }}"')).version
    by_digest = bank.put("b", prompt_text(f'"{{{{> house/style@{style.behaviour} }}}}"')).version
    plain = bank.put("c", prompt_text("Be brief.")).version
    assert pinned.behaviour == by_digest.behaviour == plain.behaviour == style.behaviour
    with pytest.raises(Invalid, match="house/style@2"):
        bank.put("d", prompt_text('"{{> house/style@2 }}"'))


def test_two_edits_of_one_prompt_at_once_are_one_version_and_one_conflict(bank: Bank) -> None:
    bank.put("a", prompt_text("one"))
    done = together(
        lambda: bank.put("a", prompt_text("ben"), parent=1),
        lambda: bank.put("a", prompt_text("cleo"), parent=1, actor=OTHER),
    )
    assert sorted(type(d).__name__ for d in done) == ["Conflict", "Put"]


def test_edits_of_different_prompts_at_once_never_collide(bank: Bank) -> None:
    rounds = 12

    def edit(path: str) -> int:
        for number in range(rounds):
            bank.put(path, prompt_text(f"{path} {number}"), parent=number or None)
        return rounds

    names = [f"m{i % 3}/p{i}" for i in range(8)]
    assert together(*((lambda n=n: edit(n)) for n in names)) == [rounds] * 8
    with bank.db.read() as conn:
        for name in names:
            page = list_versions(conn, bank.project, name, limit=50)
            assert [v.number for v in page.items] == list(range(rounds, 0, -1))
        tip = read.ref(conn, bank.project.id, MAIN)
        assert tip is not None
        assert len(read.files(conn, bank.project.id, tip)) == 8
        assert conn.execute(select(func.count()).select_from(version)).scalar() == 8 * rounds
    assert len(bank.events("prompt.put")) == 8 * rounds
