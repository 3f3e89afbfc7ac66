"""The sample workspace: loaded by people with their own rights, finished after an interruption, left alone afterwards."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

from promptops.format import parse
from promptops_server.access.policy import authorise
from promptops_server.access.signing import Components, Signer
from promptops_server.access.standing import actor_now
from promptops_server.app.demo import load as loading
from promptops_server.app.demo.load import Workspace, load
from promptops_server.app.demo.story import Release, Review, Write, people, stories
from promptops_server.app.installation import ensure_installation
from promptops_server.approvals.certification.read import overdue_for
from promptops_server.approvals.exceptions.read import waivers_for
from promptops_server.approvals.gate import gate
from promptops_server.approvals.retirement.read import retired_reasons
from promptops_server.approvals.workflow.demands import Tightening
from promptops_server.approvals.workflow.papers import Around, PaperReader
from promptops_server.approvals.workflow.ports import WorkflowDeps
from promptops_server.audit.tables import audit_event
from promptops_server.delivery.keys import Keys
from promptops_server.infra.actor import Actor
from promptops_server.infra.database import Database, Transaction
from promptops_server.registry.ports import NothingLive
from promptops_server.registry.projects import get_project
from promptops_server.registry.records.agree import Accounts, agreement
from promptops_server.registry.records.document import documentation_of
from promptops_server.registry.records.read import read_record
from promptops_server.registry.tables import version
from promptops_server.registry.versions import get_version
from promptops_server.releases.environments import create_defaults
from promptops_server.releases.live import LiveVersions
from promptops_server.releases.ports import ReleaseDeps
from promptops_server.releases.tables import release


@pytest.fixture
def workspace(any_database: Database) -> Workspace:
    ensure_installation(any_database)
    keys = Keys(any_database, b"s" * 32)
    keys.ensure()

    def sign(statement_text: str, as_of_text: str) -> tuple[str, str]:
        return keys.sign(statement_text, as_of_text)

    more = Tightening()
    papers = PaperReader(more, Around(waivers_for, overdue_for, retired_reasons))
    deps = ReleaseDeps(any_database, authorise, sign, lambda _: "applied", gate, actor_now, papers)
    workflow = WorkflowDeps(any_database, authorise, LiveVersions(), nobody_signs, more)
    return Workspace(any_database, deps, workflow, (create_defaults(sign),))


def nobody_signs(tx: Transaction, actor: Actor, components: Components) -> Signer:
    raise AssertionError("nobody of the sample workspace has a password")


def counts(workspace: Workspace) -> tuple[Any, ...]:
    with workspace.db.read() as conn:
        return tuple(
            conn.execute(select(func.count()).select_from(table)).scalar()
            for table in (version, release, audit_event)
        )


def test_every_prompt_of_the_story_is_valid_without_a_warning() -> None:
    for story in stories():
        for step in story.steps:
            if isinstance(step, Write):
                assert parse(step.text).problems == (), (story.project, step.path)


def test_what_goes_to_production_is_documented_for_its_tier(workspace: Workspace) -> None:
    """So that the publish gate has nothing to say about records; tiers are mixed, for people to see each."""
    assert load(workspace) is True
    tiers: dict[tuple[str, str], str | None] = {}
    for story in stories():
        released = {
            path
            for step in story.steps
            if isinstance(step, Review)
            or (isinstance(step, Release) and step.environment == "production")
            for path in step.paths
        }
        with workspace.db.read() as conn:
            project = get_project(conn, story.project)
            last = {path: get_version(conn, project, path).number for path in released}
            made = [
                get_version(conn, project, path, number)
                for path, newest in last.items()
                for number in range(1, newest + 1)
            ]
            documented = documentation_of(conn, project, made)
            accounts = Accounts()
            for one in made:
                found = documented[one.path, one.number]
                assert found is not None
                told = [f"{one.address}: {f.key}: {f.message}" for f in found.findings]
                assert (told, found.complete) == ([], True)
                tiers[story.project, one.path] = found.tier
                examined = read_record(
                    conn, project, one.path, str(one.number), NothingLive()
                ).examined
                assert examined is not None
                assert agreement(conn, project, one, examined, accounts) == ()
    kinds = Counter(tiers.values())
    assert (kinds["high"], kinds["medium"] > 0, kinds["low"] > kinds["medium"]) == (1, True, True)


def test_the_story_shows_what_the_product_can_do() -> None:
    steps = [step for story in stories() for step in story.steps]
    kinds = {step.kind for step in steps if isinstance(step, Release)}
    assert kinds == {"publish", "rollback", "suspend"}
    texts = [step.text for step in steps if isinstance(step, Write)]
    for feature in (
        "template: jinja2",
        "tools:",
        "jsonSchema:",
        "{{> ",
        "placeholder:",
        "variants:",
    ):
        assert any(feature in text for text in texts), feature
    assert {step.by for step in steps} <= {person.name for person in people()}


def test_loading_twice_changes_nothing(workspace: Workspace) -> None:
    assert load(workspace) is True
    loaded = counts(workspace)
    assert load(workspace) is False
    assert counts(workspace) == loaded


def test_an_interrupted_load_is_finished(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, calls = loading._release, 0

    def failing(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        original(*args)

    with monkeypatch.context() as patch:
        patch.setattr(loading, "_release", failing)
        with pytest.raises(KeyboardInterrupt):
            load(workspace)
    assert load(workspace) is True
    versions, releases, _ = counts(workspace)
    steps = [step for story in stories() for step in story.steps]
    assert versions == sum(isinstance(step, Write) for step in steps)
    made = sum(isinstance(step, Release) for step in steps)
    assert releases == made + 2 * len(stories())  # each environment begins with release 0
