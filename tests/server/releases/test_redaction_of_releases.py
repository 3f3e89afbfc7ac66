"""A redaction in a project that releases: nothing live, everything gone, every number and signature still there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from release_world import AUTHOR, PUBLISHER, World, prompt_file
from sqlalchemy import select, update

from promptops_server.access.policy import authorise
from promptops_server.audit.tables import audit_event
from promptops_server.infra.actor import Actor
from promptops_server.infra.problems import Conflict, Denied, Invalid, NotFound
from promptops_server.infra.sealing import Sealer
from promptops_server.infra.tables import idempotency_key
from promptops_server.registry.git.read import resolve_commit
from promptops_server.registry.redaction import store
from promptops_server.registry.redaction.approve import approve_redaction
from promptops_server.registry.redaction.cancel import cancel_redaction
from promptops_server.registry.redaction.deps import SEALED_FOR, RedactionDeps
from promptops_server.registry.redaction.model import KEEP_US, Redaction
from promptops_server.registry.redaction.request import (
    Wanted,
    preview_redaction,
    request_redaction,
)
from promptops_server.registry.redaction.tables import redaction
from promptops_server.registry.redaction.upkeep import look_after
from promptops_server.registry.redaction.versions import redacted_versions
from promptops_server.registry.versions import find_version, version_text
from promptops_server.registry.working_copies.save import save_copy
from promptops_server.releases.redact import ReleasedContent
from promptops_server.releases.tables import artifact, environment, release
from support.git_remote import Remote, serve
from support.leftovers import places_holding
from support.stock_git import Git

SECRET = "Xaverina Quibblethwaite"
ADA = Actor(subject="0190-ada", name="ada", admin=True)
BEA = Actor(subject="0190-bea", name="bea", admin=True)
BEA_TOO = Actor(subject="0190-bea-2", name="bea-2", admin=True, person="0190-bea")


@pytest.fixture
def deps(world: World) -> RedactionDeps:
    """Without Redis; the releases are the world's."""
    return RedactionDeps(
        world.db, authorise, Sealer(b"a secret that is long enough", SEALED_FOR), ReleasedContent()
    )


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """The stock client."""
    return Git(tmp_path / "home")


@pytest.fixture
def remote(world: World) -> Iterator[Remote]:
    """The project's Git remote."""
    with serve(world.db) as running:
        yield running


def wanted(path: str = "claims/triage", **more: object) -> Wanted:
    return Wanted(path, [SECRET], reason="a customer's name", **more)  # type: ignore[arg-type]


def redact(deps: RedactionDeps, world: World, **more: object) -> Redaction:
    asked = request_redaction(deps, ADA, world.project.name, wanted(**more))  # type: ignore[arg-type]
    return approve_redaction(deps, BEA, world.project.name, asked.id)


def lived_in(world: World, reason: str = "better") -> None:
    """The text in a version that was live, its fragment's users, another prompt, a message, a tag and a working copy."""
    world.put("claims/other", "nothing here")
    world.put("claims/triage", "first")
    world.put("claims/triage", f"Write to {SECRET} at once")
    world.put("claims/letter", '"{{> claims/triage@2 }}"')
    world.publish("claims/triage@2", "claims/letter", reason=reason)
    world.put("claims/triage", "third")
    world.put("claims/letter", "plain")
    world.publish("claims/triage", "claims/letter")


def test_the_text_is_nowhere_afterwards(
    world: World, deps: RedactionDeps, git: Git, remote: Remote, tmp_path: Path
) -> None:
    lived_in(world)
    db, name = world.db, world.project.name
    save_copy(db, AUTHOR, authorise, name, "claims/triage", prompt_file(f"Dear {SECRET}"), parent=3)
    with db.write() as tx:
        tx.conn.execute(
            idempotency_key.insert().values(
                actor="x", key="k", request_hash="h", status=200, created_at=tx.now,
                body=json.dumps({"content": f"for {SECRET}"}),
            )
        )  # fmt: skip
    before = tmp_path / "before"
    git("clone", "-q", remote.url(name), str(before))
    first, *_, old_head = git("rev-list", "--reverse", "main", cwd=before).split()
    old_two = git("log", "-1", "--format=%H", "--", "claims/triage.prompt.yml", cwd=before)
    shown = preview_redaction(deps, ADA, name, wanted(version=2))
    assert shown["versions"] == ["claims/triage@2"] and shown["users"] == ["claims/letter@1"]
    assert shown["rows"] == {"working_copies": 1, "kept_answers": 1}
    assert (shown["artifacts"], shown["releases"], shown["release_reasons"]) == (2, 1, 0)
    assert shown["kept"] == {"audit_events": 0, "signed_statements": 0, "names": 0}
    assert {"git_object.z", "artifact.text", "working_copy.text"} <= places_holding(db, SECRET)
    assert shown["refs"] == ["refs/heads/env/staging", "refs/heads/main"]
    assert not shown["live"]
    done = redact(deps, world)
    assert (done.state, done.ended_name) == ("done", "bea")
    assert done.cleaned_at is not None

    assert places_holding(db, SECRET) == set()
    after = tmp_path / "after"
    git("clone", "-q", "--mirror", remote.url(name), str(after))
    assert git.run("fsck", "--strict", "--full", cwd=after).code == 0
    everything = git.run("cat-file", "--batch", "--batch-all-objects", cwd=after).out
    assert SECRET not in everything and "(redacted)" in everything
    assert first in git("rev-list", "main", cwd=after).split()
    assert git("rev-list", "--count", "main", cwd=after) == git(
        "rev-list", "--count", "main", cwd=before
    )
    world.check("staging")

    with db.read() as conn:
        two = find_version(conn, world.project, "claims/triage", 2)
        assert two is not None and two.redacted_at is not None and two.valid
        assert "Write to (redacted) at once" in version_text(conn, world.project.id, two)
        marked = redacted_versions(
            conn, world.project.id, ["claims/triage", "claims/letter", "claims/other"]
        )
        assert resolve_commit(conn, world.project.id, old_two[:9]) != old_two
        assert resolve_commit(conn, world.project.id, old_head[:9]) in git(
            "rev-list", "main", cwd=after
        )
        rows = conn.execute(select(artifact).where(artifact.c.redacted_at.is_not(None))).all()
        assert [row.text for row in rows] == ["", ""]
        assert conn.execute(select(redaction.c.texts_sealed)).scalar() is None
        bodies = (
            conn.execute(select(audit_event.c.body).where(audit_event.c.action.like("redaction.%")))
            .scalars()
            .all()
        )
    assert marked == {"claims/triage": frozenset({2}), "claims/letter": frozenset({1})}
    assert len(bodies) == 2 and not any(SECRET in body for body in bodies)

    # A clone from before is refused, whatever it adds; a fetch that gives its own up is not.
    (before / "new.txt").write_text("x")
    git("add", "-A", cwd=before)
    git("commit", "-q", "-m", "More", cwd=before)
    refused = git.run("push", "origin", "HEAD:refs/heads/mine", cwd=before)
    assert refused.code != 0 and "taken out of this project by a redaction" in refused.err
    git("fetch", "-q", "origin", cwd=before)
    git("reset", "-q", "--hard", "origin/main", cwd=before)
    git("commit", "-q", "--allow-empty", "-m", "New", cwd=before)
    assert git.run("push", "origin", "HEAD:refs/heads/mine", cwd=before).code == 0


def test_reasons_are_redacted_but_what_was_signed_or_audited_stays_and_is_told(
    world: World, deps: RedactionDeps
) -> None:
    lived_in(world, reason=f"as {SECRET} asked")
    world.suspend("claims/triage", reason=f"{SECRET} complained")
    done = redact(deps, world).done
    assert done is not None and done["release_reasons"] == 2
    assert done["kept"] == {"audit_events": 2, "signed_statements": 1, "names": 0}
    assert places_holding(world.db, SECRET) - {"file", "file-wal"} == {
        "audit_event.body",
        "live.reason",
        "release.statement",
    }
    world.check("staging")


def test_tickets_and_environment_rules_are_redacted(world: World, deps: RedactionDeps) -> None:
    lived_in(world)
    rules = json.dumps([{"kind": "freeze", "reason": f"until {SECRET} is back"}])
    with world.db.write() as tx:
        tx.conn.execute(release.update().values(ticket=f"CHG {SECRET}"))
        tx.conn.execute(environment.update().values(rules=rules))
    redact(deps, world)
    assert places_holding(world.db, SECRET) - {"file", "file-wal"} == set()
    with world.db.read() as conn:
        kept = conn.execute(environment.select()).first()
    assert kept is not None
    assert json.loads(kept.rules)[0]["reason"] == "until (redacted) is back"


def test_what_is_live_is_not_redacted(world: World, deps: RedactionDeps) -> None:
    world.put("claims/triage", f"Write to {SECRET}")
    world.publish("claims/triage")
    asked = request_redaction(deps, ADA, world.project.name, wanted())
    assert asked.found["live"] == [
        {"environment": "staging", "path": "claims/triage", "version": 1}
    ]
    with pytest.raises(Conflict) as refused:
        approve_redaction(deps, BEA, world.project.name, asked.id)
    assert refused.value.type == "redaction-live"
    with world.db.read() as conn:
        found = find_version(conn, world.project, "claims/triage")
        assert found is not None and SECRET in version_text(conn, world.project.id, found)
    world.suspend("claims/triage")
    assert approve_redaction(deps, BEA, world.project.name, asked.id).state == "done"
    world.check("staging")
    assert world.live() == {"claims/triage": "suspended 1"}


def test_a_redacted_version_never_goes_live_again(world: World, deps: RedactionDeps) -> None:
    lived_in(world)
    redact(deps, world)
    for attempt in (
        lambda: world.publish("claims/triage@2"),
        lambda: world.publish("claims/letter@1", actor=PUBLISHER, to="production"),
        lambda: world.rollback("claims/triage"),
        lambda: world.rollback(to_release=1),
    ):
        with pytest.raises(Denied) as refused:
            attempt()
        assert "gate.redacted" in {unmet["rule"] for unmet in refused.value.members["unmet"]}
    assert world.put("claims/triage", "fourth") == 4
    world.publish("claims/triage")
    world.check("staging")


def test_it_takes_two_people(world: World, deps: RedactionDeps) -> None:
    world.put("claims/triage", f"Write to {SECRET}")
    name = world.project.name
    asked = request_redaction(deps, BEA, name, wanted())
    robot = Actor(subject="0190-bot", name="bot", kind="service", admin=True)
    for actor, rule in (
        (BEA, "redaction.two_persons"),
        (BEA_TOO, "redaction.two_persons"),
        (robot, "service.decision"),
    ):
        with pytest.raises(Denied) as refused:
            approve_redaction(deps, actor, name, asked.id)
        assert refused.value.members["rule"] == rule
    with pytest.raises(Denied):
        approve_redaction(deps, AUTHOR, name, asked.id)
    with pytest.raises(NotFound):
        approve_redaction(deps, ADA, name, "0190-none")
    assert approve_redaction(deps, ADA, name, asked.id).state == "done"
    with pytest.raises(Conflict):
        approve_redaction(deps, ADA, name, asked.id)


def test_a_hold_stops_it(world: World, deps: RedactionDeps) -> None:
    world.put("claims/triage", f"Write to {SECRET}")
    asked = request_redaction(deps, ADA, world.project.name, wanted())

    def held(*_: object) -> None:
        raise Denied("A legal hold stands.", rule="hold.legal")

    stopped = RedactionDeps(deps.db, deps.authorise, deps.sealer, deps.released, deps.served, held)
    with pytest.raises(Denied, match="legal hold"):
        approve_redaction(stopped, BEA, world.project.name, asked.id)
    with pytest.raises(Denied, match="legal hold"):
        request_redaction(stopped, ADA, world.project.name, wanted())


def test_a_request_ends_by_itself_or_is_cancelled_and_its_texts_are_wiped(
    world: World, deps: RedactionDeps
) -> None:
    world.put("claims/triage", f"Write to {SECRET}")
    name = world.project.name
    late = request_redaction(deps, ADA, name, wanted())
    other = request_redaction(deps, AUTHOR, name, wanted())
    with pytest.raises(Denied):
        cancel_redaction(deps, PUBLISHER, name, other.id)
    assert cancel_redaction(deps, AUTHOR, name, other.id).state == "cancelled"
    with world.db.write() as tx:
        tx.conn.execute(
            update(redaction)
            .where(redaction.c.id == late.id)
            .values(expires_at=late.requested_at - KEEP_US)
        )
    with pytest.raises(Conflict, match="expired"):
        approve_redaction(deps, BEA, name, late.id)
    look_after(deps)
    with world.db.read() as conn:
        page = store.listed(conn, world.project, limit=1, cursor=None)
        rest = store.listed(conn, world.project, limit=5, cursor=page.next)
        assert [r.state for r in (*page.items, *rest.items)] == ["cancelled", "expired"]
        assert set(conn.execute(select(redaction.c.texts_sealed)).scalars()) == {None}


def test_what_cannot_be_asked_for_is_told(world: World, deps: RedactionDeps) -> None:
    world.put("claims/triage", f"Write to {SECRET}")
    world.put("claims/escaped", '"Anna \\x4Durr"')
    name = world.project.name

    def refused(**more: object) -> str:
        asked = {"path": "claims/triage", "texts": [SECRET], "reason": "a name", **more}
        with pytest.raises((Invalid, NotFound)) as error:
            request_redaction(deps, ADA, name, Wanted(**asked))  # type: ignore[arg-type]
        assert SECRET not in str(error.value.document())
        return error.value.type

    assert refused(path="claims/none") == "not-found"
    assert refused(version=2) == "not-found"
    assert refused(texts=["not there at all"]) == "text-not-found"
    assert refused(path="claims/escaped", texts=["Anna Murr"]) == "text-in-other-form"
    assert refused(texts=["ab"]) == "invalid"
    assert refused(marker="<gone>") == "invalid"
    assert refused(marker=f"not {SECRET}") == "invalid"
    assert refused(reason=f"because of {SECRET}") == "invalid"
    assert refused(reason=" ") == "invalid"


def test_redacting_twice_leads_from_the_first_ids_to_the_last(
    world: World, deps: RedactionDeps
) -> None:
    world.put("claims/triage", f"Write to {SECRET} and Bartholomea")
    world.put("claims/triage", "second")
    with world.db.read() as conn:
        first = find_version(conn, world.project, "claims/triage", 1)
        assert first is not None
    redact(deps, world)
    asked = request_redaction(
        deps, ADA, world.project.name, Wanted("claims/triage", ["Bartholomea"], reason="another")
    )
    approve_redaction(deps, BEA, world.project.name, asked.id)
    with world.db.read() as conn:
        now = find_version(conn, world.project, "claims/triage", 1)
        assert now is not None
        assert resolve_commit(conn, world.project.id, first.commit) == now.commit
        commits = conn.execute(select(release.c.commit_oid)).scalars().all()
        assert all(resolve_commit(conn, world.project.id, oid) == oid for oid in commits)
    # The very content cannot be put again either.
    with pytest.raises(Invalid) as refused:
        world.put("claims/again", f"Write to {SECRET} and Bartholomea")
    assert refused.value.type == "redacted-content"
