"""An artifact whose text was redacted reaches nobody: not by digest, not by an event, not from Redis, not from memory."""

from __future__ import annotations

from delivery_world import World, artifact_text
from http_delivery import serve
from redis_follower import raw, snapshot

from promptops.delivery.header import digest_of
from promptops_server.delivery.layout import Names
from promptops_server.registry.projects import get_project
from promptops_server.registry.redaction.replace import Replacer
from promptops_server.releases.redact import ReleasedContent

NAMES = Names.of("retail-bank", "production")
SECRET = "Xaverina"


def redact(world: World) -> None:
    """What the redaction's transaction does to releases."""
    released, replacer = ReleasedContent(), Replacer([SECRET], "(redacted)")
    with world.db.write() as tx:
        project = get_project(tx.conn, world.project)
        found = released.find(tx.conn, project, replacer, {})
        assert len(found.artifacts) == 1 and not found.live
        released.redact(tx, project, replacer, found, {})


def test_nobody_gets_it_any_more(any_world: World, valkey: str) -> None:
    world = any_world
    digest = digest_of(artifact_text("retail-bank", "claims/triage", 1, f"For {SECRET}."))
    with serve(world, valkey) as served:
        world.release({"claims/triage": 1}, body=f"For {SECRET}.")
        served.delivery.project(world.environment.id)
        assert SECRET in served.get(f"/artifacts/{digest}").text
        assert SECRET in served.get().text
        world.release({"claims/triage": 2, "other": 1})
        served.delivery.project(world.environment.id)
        held = raw(valkey).hget(NAMES.state, "generation")
        assert raw(valkey).hexists(NAMES.artifacts(held), digest)

        redact(world)
        # Another process was not told: it looks itself.
        assert served.get(f"/artifacts/{digest}").status_code == 404
        with served.events(last_event_id="1-0") as stream:
            assert stream.next()[0] == "hello"
            told = [stream.next() for _ in range(2)]
        assert [event_id for _, event_id, _ in told] == ["1-1", "1-2"]
        assert told[0][2]["artifacts"] == {} and len(told[1][2]["artifacts"]) == 2
        assert SECRET not in served.get().text

        served.delivery.forget_redacted(world.project_id)
        served.delivery.forget_redacted(world.project_id)
        assert not raw(valkey).hexists(NAMES.artifacts(held), digest)
        whole = snapshot(world, valkey)
        assert whole.header is not None and whole.header.position == (1, 2)
        assert set(whole.live) == {"claims/triage", "other"}


def test_a_redis_that_was_behind_is_brought_up_without_it(world: World, valkey: str) -> None:
    projection = world.projection(valkey)
    projection.project(world.environment.id)
    world.release({"claims/triage": 1}, body=f"For {SECRET}.")
    world.release({"claims/triage": 2})
    redact(world)
    assert projection.project(world.environment.id) == "applied"
    assert set(snapshot(world, valkey).live) == {"claims/triage"}
    client = raw(valkey)
    generation = client.hget(NAMES.state, "generation")
    assert SECRET not in "".join(client.hvals(NAMES.artifacts(generation)))
