"""Who counts as an author: whoever contributed since the last approved version, under every name and address."""

from __future__ import annotations

from flow_world import PROJECT, Flow
from sqlalchemy import update

from promptops_server.access.policy import authorise
from promptops_server.registry.edits.archive import archive_prompt
from promptops_server.registry.edits.move import move_prompts
from promptops_server.registry.tables import version
from promptops_server.registry.versions import get_version
from promptops_server.releases.live import LiveVersions


def written_by(flow: Flow, line: str, number: int = 1) -> None:
    """As if the commit that was pushed named this author."""
    with flow.db.write() as tx:
        tx.conn.execute(update(version).where(version.c.number == number).values(author_text=line))


def move(flow: Flow, source: str, target: str, by: str) -> None:
    move_prompts(
        *(flow.db, flow.actors[by], authorise, LiveVersions(), PROJECT, source, target),
        message="Move it",
    )


def archive(flow: Flow, path: str, by: str = "ada") -> None:
    with flow.db.read() as conn:
        parent = get_version(conn, flow.project, path).number
    archive_prompt(
        flow.db, flow.actors[by], authorise, LiveVersions(), PROJECT, path, parent=parent
    )


def test_everybody_since_the_last_approved_version_counts(flow: Flow) -> None:
    flow.put(by="ada")
    flow.put(by="ben", says="Ben's?")
    assert flow.authors() == {"ada", "ben"}
    flow.decide(flow.ask(), "abe")
    assert flow.authors() == {"ada", "ben"}
    flow.put(by="ada", says="Ada's again?")
    assert flow.authors() == {"ada"}
    flow.decide(1, "abe", "revoke")
    assert flow.authors() == {"ada", "ben"}


def test_the_pusher_and_the_owner_of_the_commits_address_both_count(flow: Flow) -> None:
    flow.put(by="ada")
    written_by(flow, "Abe Lin <ABE@bank.example>")
    assert flow.authors() == {"ada", "abe"}


def test_two_accounts_of_one_human_are_one_author(flow: Flow) -> None:
    flow.put(by="ada")
    found = flow.case().authors
    assert found.identities == {flow.actors["ada"].identity}
    assert not found.unmapped


def test_an_address_of_nobody_blocks_high_tier_and_no_other(flow: Flow) -> None:
    for tier, rules in (("low", []), ("high", ["separation.unmapped_author"])):
        flow.approved(tier, tier)
        with flow.db.write() as tx:
            tx.conn.execute(update(version).values(author_text="Mallory <mal@elsewhere.example>"))
        if rules:
            assert flow.refused(tier) == rules
        else:
            flow.publish(tier)


def test_an_author_without_an_address_is_nobody_known(sqlite_flow: Flow) -> None:
    for line in ("Mallory <>", "Mallory", "Lin, May <", "x" * 400):
        sqlite_flow.put(path=f"p{len(line)}")
        written_by(sqlite_flow, line)
        assert sqlite_flow.case(f"p{len(line)}").authors.unmapped, line
    sqlite_flow.put(path="comma")
    written_by(sqlite_flow, "Lin, Abe <abe@bank.example>")
    assert sqlite_flow.authors("comma") == {"ada", "abe"}


def test_a_moved_prompt_brings_its_authors_along(flow: Flow) -> None:
    flow.add_person("cid", "author")
    flow.put("first", by="ada")
    move(flow, "first", "second", "ben")
    move(flow, "second", "third", "cid")
    assert flow.authors("third") == {"ada", "ben", "cid"}


def test_authors_also_follow_to_an_address_that_had_a_prompt_before(flow: Flow) -> None:
    flow.put("target", by="ben", says="Old?")
    archive(flow, "target", "ben")
    flow.put("source", by="ada", says="Hidden?")
    move(flow, "source", "target", "ben")
    assert flow.case("target").version.number > 1
    assert flow.authors("target") == {"ada", "ben"}


def test_what_was_approved_before_it_moved_adds_only_who_moved_it(flow: Flow) -> None:
    flow.approved("first")
    move(flow, "first", "second", "ben")
    assert flow.state("second") == "draft"
    assert flow.refused("second") == ["approval.missing"]
    assert flow.authors("second") == {"ben"}


def test_archived_and_made_again_it_is_approved_only_if_it_is_the_same(flow: Flow) -> None:
    flow.approved()
    archive(flow, "hours")
    flow.put(says="Something else?")
    assert flow.refused() == ["approval.missing"]
